//! Scripts: small functions in Rhai that an analyst writes and that act on the data on its way. The only code that knows
//! the language's engine.
//!
//! A [`Script`] is compiled once, which checks what it defines; a [`Runner`] calls its [`Hook`](xfer_domain::script::Hook)s with plain values and
//! says what became of them. Nothing here reads a file, a clock (but to stop a script) or a server, and neither can a
//! script: the same input gives the same output.
//!
//! - `hooks`, `runner`, `outcome`: what the rest of the program uses
//! - `call`, `handed`, `returned`: how hooks and functions of functions are called fast, and what a hook gave back
//! - [`limits`], `extent`, `leaving`, `memory`, `stack`, `watch`, `work`: what keeps a script within its bounds
//! - `number`, `arithmetic`, `text`, `list`, `period_type`, `things`, `row`, `context`, `lookup`, `slice`: what scripts can see
//!   and do
//! - [`testing`]: the tests that analysts write
//! - [`plugin`]: scripts with a manifest, and those that come with the program
//! - `failing`, `source`, `error`: mistakes in plain words

mod arithmetic;
mod call;
mod context;
mod convert;
mod engine;
mod entry;
mod error;
mod extent;
mod failing;
mod handed;
mod hooks;
mod leaving;
pub mod limits;
mod list;
mod lookup;
mod marks;
mod memory;
mod number;
mod outcome;
mod params;
mod period_type;
pub mod plugin;
pub mod reference;
mod returned;
mod row;
mod runner;
mod script_row;
mod slice;
mod source;
mod stack;
mod stop;
mod suggest;
pub mod testing;
mod text;
mod things;
mod watch;
mod work;

pub use context::{Contribution, Place, RunContext};
pub use error::ScriptError;
pub use hooks::Script;
pub use leaving::too_much;
pub use number::Number;
pub use outcome::{Acted, KeptRow, LeftOut, Origin, Outcome, Row, RowsOutcome, Value};
pub use params::{Param, Params};
pub use runner::Runner;
pub use slice::Slice;
pub use stack::with_room;
pub use stop::Stop;
pub use things::{ItemNames, Named, NamedData, OrgUnit};
pub use watch::Log;

#[cfg(test)]
mod tests;
