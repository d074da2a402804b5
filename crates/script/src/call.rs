//! Calling the functions of a script again and again, with everything that stays the same made once.
//!
//! The engine's own way to call a function (`call_fn`) looks up every operator afresh in each call, makes its state anew
//! and forgets where a limit stopped the function. A run calls a hook once for every cell, so here the state, the
//! operators that were found and `ctx` are kept from call to call, and the statements of a hook are run without the
//! detour over its name. That needs the engine's internal interface (the feature `internals`); this and [`super::handed`]
//! use it to call, and [`super::hooks`] to see whether anything stands outside of the functions.
//!
//! What a script can see of it is nothing: each call finds its parameters as they were given and no variable of an
//! earlier call.

use std::mem;

use rhai::{AST, ASTNode, Caches, Dynamic, Engine, EvalAltResult, GlobalRuntimeState, Scope, Stmt};

use super::hook::Hook;

/// The functions of one script, ready to be called.
pub(super) struct Caller {
    engine: Engine,
    functions: Vec<Function>,
    state: GlobalRuntimeState,
    /// Which functions the script's calls and operators lead to.
    caches: Caches,
}

/// The function of a hook.
struct Function {
    hook: Hook,
    parameters: Vec<String>,
    statements: Vec<Stmt>,
    /// The variables of a call. Between calls there are the parameters only, and nothing in them.
    scope: Scope<'static>,
}

/// How a call ended.
pub(super) type Called = Result<Dynamic, Box<EvalAltResult>>;

impl Caller {
    /// For a script's text that this engine has compiled.
    pub(super) fn new(engine: Engine, ast: &AST, hooks: impl Iterator<Item = Hook>) -> Self {
        let mut state = engine.new_global_runtime_state();
        state.lib.push(ast.shared_lib().clone());
        let functions = hooks.map(|hook| Function::of(ast, hook)).collect();
        Self { engine, functions, state, caches: Caches::new() }
    }

    /// Calls the function of a hook with one argument, and with `ctx` where it takes it. What `ctx` holds afterwards is
    /// what the function left in its place.
    pub(super) fn call(&mut self, hook: Hook, given: Dynamic, context: &mut Dynamic) -> Called {
        let Some(function) = self.functions.iter_mut().find(|function| function.hook == hook) else {
            return Ok(Dynamic::UNIT);
        };
        function.put(0, given);
        function.put(1, mem::take(context));
        // The hook itself counts among the calls on the way.
        self.state.level = 1;
        let Function { statements, scope, .. } = function;
        let result = run(&self.engine, &mut self.state, &mut self.caches, scope, statements);
        function.scope.rewind(function.parameters.len());
        drop(function.take(0));
        *context = function.take(1);
        result
    }

    /// What rides along for the functions that ask where they are called.
    pub(super) fn tag(&mut self) -> &mut Dynamic {
        &mut self.state.tag
    }
}

#[expect(deprecated, reason = "the engine has no other door for statements without a function around them")]
fn run(
    engine: &Engine,
    state: &mut GlobalRuntimeState,
    caches: &mut Caches,
    scope: &mut Scope<'static>,
    statements: &[Stmt],
) -> Called {
    engine.eval_statements_raw(state, caches, scope, statements)
}

impl Function {
    fn of(ast: &AST, hook: Hook) -> Self {
        let mut only = ast.clone();
        only.clear_statements().retain_functions(|_, _, name, _| name == hook.name());
        let parameters: Vec<String> =
            only.iter_functions().flat_map(|function| function.params).map(str::to_owned).collect();
        let mut statements = Vec::new();
        only.walk(&mut |path: &[ASTNode]| {
            if let [ASTNode::Stmt(statement)] = path {
                statements.push((*statement).clone());
            }
            true
        });
        let scope = parameters.iter().map(|name| (name.as_str(), Dynamic::UNIT)).collect();
        Self { hook, parameters, statements, scope }
    }

    /// The variable of a parameter, where there is such a one.
    fn parameter(&mut self, index: usize) -> Option<&mut Dynamic> {
        self.scope.get_mut(self.parameters.get(index)?)
    }

    fn put(&mut self, index: usize, argument: Dynamic) {
        if let Some(parameter) = self.parameter(index) {
            *parameter = argument;
        }
    }

    fn take(&mut self, index: usize) -> Dynamic {
        self.parameter(index).map(mem::take).unwrap_or_default()
    }
}
