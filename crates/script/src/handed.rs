//! Functions that a script passes to functions of lists: the `|r| r.value > 0` of `rows.filter(|r| r.value > 0)`.
//!
//! The engine's own way to call them (`call_within_context`) copies its state and looks everything up anew for every
//! element; here both are done once for a list (see [`super::call`], which does the same for hooks).

use rhai::{
    Caches, Dynamic, Engine, EvalAltResult, EvalContext, FnPtr, GlobalRuntimeState, NativeCallContext, Position,
};
use rhai::{Scope, StaticVec};

use super::failing::Failed;

/// A function at work on the elements of a list.
pub(super) struct Handed<'call> {
    engine: &'call Engine,
    function: &'call FnPtr,
    state: GlobalRuntimeState,
    caches: Caches,
    scope: Scope<'static>,
}

impl<'call> Handed<'call> {
    pub(super) fn new(context: &'call NativeCallContext<'_>, function: &'call FnPtr) -> Self {
        let mut state = context.global_runtime_state().clone();
        // The way to a function by its name counts as two calls, and this is one.
        state.level = state.level.saturating_sub(1);
        let mut caches = Caches::new();
        caches.push_fn_resolution_cache();
        Self { engine: context.engine(), function, state, caches, scope: Scope::new() }
    }

    /// What the function gives for these arguments, behind the variables that it has captured.
    pub(super) fn call<const N: usize>(&mut self, arguments: [Dynamic; N]) -> Failed<Dynamic> {
        let captured = self.function.curry().iter().cloned();
        let mut values: StaticVec<Dynamic> = captured.chain(arguments).collect();
        let mut values: StaticVec<&mut Dynamic> = values.iter_mut().collect();
        let (state, caches, scope) = (&mut self.state, &mut self.caches, &mut self.scope);
        EvalContext::new(self.engine, state, caches, scope, None).call_fn_raw(
            self.function.fn_name(),
            false,
            false,
            &mut values,
        )
    }

    /// Whether something holds for an element.
    pub(super) fn holds(&mut self, element: &Dynamic) -> Failed<bool> {
        let result = self.call([element.clone()])?;
        result.as_bool().map_err(|kind| {
            let kind = self.engine.map_type_name(kind).to_owned();
            Box::new(EvalAltResult::ErrorMismatchOutputType("bool".to_owned(), kind, Position::NONE))
        })
    }
}
