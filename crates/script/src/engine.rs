//! The engine, built from nothing: no package of functions but our own, every limit set, and no way out.
//!
//! There is no `eval`, `import`, clock, randomness, file, network or waiting, because nothing registers them; `eval`, which
//! is part of the language, is switched off. What is left is the same for the same input on every machine.
//!
//! Each worker has an engine of its own: one that is shared makes two threads no faster than one (measured).

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, INT, ImmutableString, Position};
use rust_decimal::Decimal;

use super::failing::{Failed, failure};
use super::marks::UNLIKE;
use super::params::Params;
use super::watch::Watch;
use super::{arithmetic, context, limits, list, lookup, period_type, row, text, things};
use xfer_domain::shown::cut;

/// What `skip("why")` ends a hook with.
#[derive(Debug, Clone)]
pub(super) struct Skip(pub(super) String);

/// An engine for scripts with these parameters, under a watch.
pub(super) fn build(params: &Params, watch: &Arc<Watch>) -> Engine {
    let mut engine = Engine::new_raw();
    restrict(&mut engine);
    arithmetic::register(&mut engine);
    text::register(&mut engine);
    list::register(&mut engine);
    period_type::register(&mut engine);
    things::register(&mut engine);
    row::register(&mut engine);
    context::register(&mut engine, params);
    lookup::register(&mut engine);
    register_rest(&mut engine, watch);
    let watch = Arc::clone(watch);
    engine.on_progress(move |_| watch.check().map(super::stop::Stop::token));
    engine
}

fn restrict(engine: &mut Engine) {
    engine
        .set_max_operations(0) // counted by the watch, which counts those of closures too
        .set_max_call_levels(limits::CALL_LEVELS)
        .set_max_expr_depths(limits::EXPRESSION_DEPTH, limits::EXPRESSION_DEPTH)
        .set_max_string_size(0) // our own functions check texts, and the meter all that grows (see limits::MEMORY)
        .set_max_array_size(0)
        .set_max_map_size(0)
        .set_max_variables(limits::VARIABLES)
        .set_max_functions(limits::FUNCTIONS)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_fast_operators(false) // the operators of numbers are ours
        .disable_symbol("eval");
}

fn register_rest(engine: &mut Engine, watch: &Arc<Watch>) {
    engine.register_iterator::<Range<INT>>().register_iterator::<RangeInclusive<INT>>();
    for name in ["print", "debug"] {
        let watch = Arc::clone(watch);
        engine.register_fn(name, move |value: Dynamic| watch.print(&text::shown(&value)));
    }
    engine.register_fn("skip", |reason: &str| -> Failed<Dynamic> {
        let reason = cut(reason, limits::REASON).into_owned();
        Err(Box::new(EvalAltResult::ErrorTerminated(Dynamic::from(Skip(reason)), Position::NONE)))
    });
    engine.register_fn("!", |truth: bool| !truth);
    // `"5" == 5` is simply false to the engine, and `"5" - "3"` removes a letter: both hide a mistake.
    for name in ["==", "!=", "<", "<=", ">", ">="] {
        engine
            .register_fn(name, move |_: INT, _: ImmutableString| unlike(name, "number", "text"))
            .register_fn(name, move |_: Decimal, _: ImmutableString| unlike(name, "number", "text"))
            .register_fn(name, move |_: ImmutableString, _: INT| unlike(name, "text", "number"))
            .register_fn(name, move |_: ImmutableString, _: Decimal| unlike(name, "text", "number"));
    }
    engine.register_fn("-", |_: ImmutableString, _: ImmutableString| -> Failed<Dynamic> {
        Err(Box::new(EvalAltResult::ErrorFunctionNotFound("- (string, string)".to_owned(), Position::NONE)))
    });
}

fn unlike(operator: &str, left: &str, right: &str) -> Failed<bool> {
    Err(failure(format!("{UNLIKE}{operator}\t{left}\t{right}")))
}
