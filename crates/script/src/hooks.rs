//! Scripts and the hooks they define.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rhai::{AST, Engine, OptimizationLevel, Scope, Stmt};

use super::engine;
use super::entry::Entry;
use super::error::{ScriptError, parse};
use super::extent::{self, TooMany};
use super::limits;
use super::outcome::Acted;
use super::params::Params;
use super::source::{self, Ending};
use super::watch::Watch;
use xfer_domain::script::Hook;

/// A script that compiles and defines at least one hook, with the parameters that a hook's function takes.
#[derive(Debug, Clone)]
pub struct Script {
    name: Arc<str>,
    source: Arc<str>,
    hooks: Vec<Entry>,
}

impl Script {
    /// Compiles a script and looks for its hooks. The name is that of its file, for messages.
    ///
    /// # Errors
    /// [`ScriptError`] where it does not compile, defines no hook, defines one with other parameters than it is called
    /// with, or has statements outside of functions, which would never run.
    pub fn compile(name: &str, source: &str) -> Result<Self, ScriptError> {
        let watch = Arc::new(Watch::new(Duration::ZERO));
        let ast = parsed(&mut engine::build(&Params::new(), &watch), name, source)?;
        let hooks = entries(&ast, name, source)?;
        Ok(Self { name: name.into(), source: source.into(), hooks })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The hooks that it defines.
    pub fn hooks(&self) -> impl Iterator<Item = Hook> + '_ {
        self.hooks.iter().map(|entry| entry.hook)
    }

    /// Whether it defines a hook.
    pub fn defines(&self, hook: Hook) -> bool {
        self.entry(hook).is_some()
    }

    /// The script and line of a hook's function, for the plan; none where it is not defined.
    pub fn acted(&self, hook: Hook) -> Option<Acted> {
        self.entry(hook).map(|entry| Acted { script: self.name.to_string(), line: entry.line })
    }

    /// The names of the parameters that its text asks for.
    pub fn parameters(&self) -> Vec<String> {
        source::parameters(&self.source)
    }

    /// The first of some names that its text does not know as a parameter.
    pub fn unknown_parameter<'name>(&self, given: impl IntoIterator<Item = &'name str>) -> Option<&'name str> {
        source::unknown(&self.source, given)
    }

    /// The parameters that are not given and without which it fails.
    pub fn missing_parameters(&self, is_given: impl Fn(&str) -> bool) -> Vec<String> {
        source::missing(&self.source, is_given)
    }

    pub(super) fn entry(&self, hook: Hook) -> Option<Entry> {
        self.hooks.iter().find(|entry| entry.hook == hook).copied()
    }
}

/// Compiles a text for an engine.
pub(super) fn parsed(engine: &mut Engine, name: &str, source: &str) -> Result<AST, ScriptError> {
    if source.len() > limits::SOURCE {
        return Err(ScriptError::compile(name, "the script is too long", "a script has at most 256 KiB"));
    }
    let too_many = extent::watch(engine);
    // A text as deeply nested as the limit allows takes more stack than a worker thread has.
    engine.set_optimization_level(OptimizationLevel::None);
    let ast = super::stack::with_room(|| engine.compile(source)).map_err(|error| {
        let found = *too_many.lock().unwrap_or_else(PoisonError::into_inner);
        found.map_or_else(
            || parse::translate(&error, name, source),
            |TooMany { kind, place: (line, column) }| {
                let (what, hint) = kind.in_words();
                ScriptError::compile(name, &what, hint).at(source, line, column)
            },
        )
    })?;
    if let Some((line, column)) = extent::deep_switch(&ast) {
        let what = format!("more than {} `switch` inside each other", limits::SWITCHES);
        return Err(ScriptError::compile(name, &what, "put a part into a function").at(source, line, column));
    }
    Ok(super::stack::with_room(|| engine.optimize_ast(&Scope::new(), ast, OptimizationLevel::Simple)))
}

/// The hooks among a script's functions.
fn entries(ast: &AST, name: &str, source: &str) -> Result<Vec<Entry>, ScriptError> {
    // The text tells of what the engine makes nothing of, the engine of what the text hides in braces and texts.
    let compiled = ast.statements().iter().find(|statement| !matches!(statement, Stmt::Noop(_)));
    let compiled = || compiled.map(|statement| statement.position().line().unwrap_or(1));
    if let Some(line) = source::statement_outside(source).or_else(compiled) {
        let error = ScriptError::compile(
            name,
            "this is outside every function, so it would never run",
            "move it into the function that needs it; a fixed number can be a function: `fn factor() { 100 }`",
        );
        return Err(error.at(source, line, 1));
    }
    let mut found = Vec::new();
    for function in ast.iter_functions() {
        let Some(hook) = Hook::from_name(function.name) else { continue };
        let line = source::line_of_function(source, hook.name());
        let takes_context = match function.params.len() {
            1 => false,
            2 => true,
            number => {
                let what = format!("`{hook}` takes {number} parameters, but is called with two");
                let error = ScriptError::compile(name, &what, &format!("write `{}`", hook.signature()));
                return Err(error.at(source, line, 1));
            }
        };
        if found.iter().any(|entry: &Entry| entry.hook == hook) {
            let what = format!("`{hook}` is defined twice");
            return Err(ScriptError::compile(name, &what, "keep one of the two functions").at(source, line, 1));
        }
        if let Some(error) = gives_nothing(hook, name, source) {
            return Err(error);
        }
        found.push(Entry { hook, takes_context, line });
    }
    if found.is_empty() {
        let functions: Vec<&str> = ast.iter_functions().map(|function| function.name).collect();
        return Err(no_hook(name, source, &functions));
    }
    found.sort_unstable_by_key(|entry| entry.hook);
    Ok(found)
}

/// A hook whose last line throws its value away would leave out every value without a message.
fn gives_nothing(hook: Hook, name: &str, source: &str) -> Option<ScriptError> {
    let (ending, (line, column)) = source::without_value(source, hook.name())?;
    let (what, hint) = match ending {
        Ending::ThrownAway => (
            format!("`{hook}` returns nothing: the `;` at its end discards the value"),
            "remove the last `;`; to leave a value out on purpose, end with `skip(\"why\")`".to_owned(),
        ),
        Ending::PutInto(variable) => (
            format!("`{hook}` returns nothing: it ends with an assignment to `{variable}`"),
            format!("return it in a last line without `;`: `{variable}`"),
        ),
    };
    Some(ScriptError::compile(name, &what, &hint).at(source, line, column))
}

fn no_hook(name: &str, source: &str, functions: &[&str]) -> ScriptError {
    let hooks = || Hook::ALL.iter().map(|hook| hook.name());
    for function in functions {
        if let Some(meant) = super::suggest::nearest(function, hooks()) {
            let what = format!("the script has a function `{function}`, but no hook");
            let line = source::line_of_function(source, function);
            return ScriptError::compile(name, &what, &format!("did you mean `{meant}`?")).at(source, line, 1);
        }
    }
    ScriptError::compile(
        name,
        "the script has none of the hook functions",
        "write at least one of `fn value(v, ctx)`, `fn period(p, ctx)`, `fn combine(values, ctx)`, `fn rows(rows, ctx)`",
    )
}
