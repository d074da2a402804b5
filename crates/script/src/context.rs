//! `ctx`: what a hook may know of the value it is given. Read-only, and nothing of a server but its name.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};

use crate::convert::to_dynamic;
use crate::failing::{Failed, failure};
use crate::marks::{NO_PARAM, NO_SLICE, NOT_KNOWN};
use crate::outcome::Value;
use crate::params::Params;
use crate::period_type::ScriptPeriod;
use crate::slice::Slice;
use crate::things::{ItemNames, Named, OrgUnit, ScriptNamed, ScriptUnit};
use xfer_domain::period::Period;
use xfer_domain::script::Hook;

/// What stays the same through a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunContext {
    /// The job's name.
    pub job: String,
    /// The name of the source server.
    pub source: String,
    /// The name of the destination server.
    pub destination: String,
    /// The run's time, as `2024-03-01T10:00:00Z`. The only time that scripts know.
    pub now: String,
    /// The parameters of the script where it is attached.
    pub params: Params,
}

/// Where the value of a cell stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its item.
    pub item: Arc<ItemNames>,
    /// Its org unit at the destination.
    pub org_unit: Arc<OrgUnit>,
    /// Its period at the destination.
    pub period: Period,
}

/// One of several values that become one.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The value.
    pub value: Value,
    /// The org unit it had at the source.
    pub org_unit: Arc<OrgUnit>,
    /// The period it had at the source.
    pub period: Period,
}

/// `ctx` as scripts hold it. What a hook does not know is none: `rows` has a whole slice before it, and `period` decides
/// for all org units at once.
#[derive(Debug, Clone)]
pub(super) struct ScriptContext {
    pub(super) run: Arc<RunContext>,
    pub(super) slice: Arc<Slice>,
    pub(super) hook: Hook,
    pub(super) item: Option<Arc<ItemNames>>,
    pub(super) org_unit: Option<Arc<OrgUnit>>,
    pub(super) period: Option<Period>,
    pub(super) contributions: Option<Arc<[Contribution]>>,
}

/// Where a call stands: what `ctx` says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'call> {
    pub(super) hook: Hook,
    pub(super) item: Option<&'call Arc<ItemNames>>,
    pub(super) org_unit: Option<&'call Arc<OrgUnit>>,
    pub(super) period: Option<Period>,
    pub(super) contributions: &'call [Contribution],
}

impl<'call> Standing<'call> {
    /// In a hook that knows no single place.
    pub(super) fn nowhere(hook: Hook) -> Self {
        Self { hook, item: None, org_unit: None, period: None, contributions: &[] }
    }

    /// At a cell.
    pub(super) fn at(hook: Hook, place: &'call Place) -> Self {
        let (item, org_unit) = (Some(&place.item), Some(&place.org_unit));
        Self { hook, item, org_unit, period: Some(place.period), contributions: &[] }
    }
}

impl ScriptContext {
    fn new(run: &Arc<RunContext>, slice: &Arc<Slice>, standing: &Standing<'_>) -> Self {
        Self {
            run: Arc::clone(run),
            slice: Arc::clone(slice),
            hook: standing.hook,
            item: standing.item.cloned(),
            org_unit: standing.org_unit.cloned(),
            period: standing.period,
            contributions: shared(standing.contributions),
        }
    }

    /// Goes on to where the next call stands. Neighbours share most of it, and comparing costs less than counting.
    fn go_on(&mut self, slice: &Arc<Slice>, standing: &Standing<'_>) {
        if !Arc::ptr_eq(&self.slice, slice) {
            self.slice = Arc::clone(slice);
        }
        self.hook = standing.hook;
        go_on_to(&mut self.item, standing.item);
        go_on_to(&mut self.org_unit, standing.org_unit);
        self.period = standing.period;
        self.contributions = shared(standing.contributions);
    }
}

fn shared(contributions: &[Contribution]) -> Option<Arc<[Contribution]>> {
    (!contributions.is_empty()).then(|| contributions.into())
}

fn go_on_to<T>(at: &mut Option<Arc<T>>, next: Option<&Arc<T>>) {
    let stays = at.as_ref().zip(next).is_some_and(|(at, next)| Arc::ptr_eq(at, next));
    if !stays {
        *at = next.cloned();
    }
}

/// Makes `ctx` of what the last call left of it: anew only where the script put something else in its place, or keeps it.
pub(super) fn renew(context: &mut Dynamic, run: &Arc<RunContext>, slice: &Arc<Slice>, standing: &Standing<'_>) {
    if !context.is_shared()
        && let Some(mut context) = context.write_lock::<ScriptContext>()
    {
        context.go_on(slice, standing);
        return;
    }
    *context = Dynamic::from(ScriptContext::new(run, slice, standing));
}

/// The same for what rides along with a call, which the engine copies whenever a function calls a function: shared, that
/// costs little.
pub(super) fn renew_shared(tag: &mut Dynamic, run: &Arc<RunContext>, slice: &Arc<Slice>, standing: &Standing<'_>) {
    if let Some(mut context) = tag.write_lock::<ScriptContext>() {
        context.go_on(slice, standing);
        return;
    }
    *tag = Dynamic::from(ScriptContext::new(run, slice, standing)).into_shared();
}

/// `ctx.params` as scripts hold it.
#[derive(Debug, Clone)]
struct ScriptParams(Arc<RunContext>);

/// `ctx.item` as scripts hold it, and the slice, which knows what else the job brings the same source item to.
#[derive(Debug, Clone)]
struct ScriptItem(Arc<ItemNames>, Arc<Slice>);

/// Registers `ctx`. Parameters are registered by name, which is faster than being asked for by name.
pub(super) fn register(engine: &mut Engine, params: &Params) {
    for (name, param) in params {
        let value = param.to_dynamic();
        engine.register_get(name, move |_: &mut ScriptParams| value.clone());
    }
    engine
        .register_type_with_name::<ScriptContext>("Context")
        .register_get("job", |context: &mut ScriptContext| context.run.job.clone())
        .register_get("source", |context: &mut ScriptContext| context.run.source.clone())
        .register_get("destination", |context: &mut ScriptContext| context.run.destination.clone())
        .register_get("now", |context: &mut ScriptContext| context.run.now.clone())
        .register_get("params", |context: &mut ScriptContext| ScriptParams(Arc::clone(&context.run)))
        .register_get("item", |context: &mut ScriptContext| -> Failed<ScriptItem> {
            known(context, context.item.as_ref(), "item")
                .map(|item| ScriptItem(Arc::clone(item), Arc::clone(&context.slice)))
        })
        .register_get("org_unit", |context: &mut ScriptContext| -> Failed<ScriptUnit> {
            known(context, context.org_unit.as_ref(), "org_unit").map(|unit| ScriptUnit(Arc::clone(unit)))
        })
        .register_get("period", |context: &mut ScriptContext| -> Failed<ScriptPeriod> {
            known(context, context.period, "period").map(ScriptPeriod)
        })
        .register_get("sources", |context: &mut ScriptContext| -> Failed<Array> {
            known(context, (context.hook == Hook::Combine).then(|| sources(context)), "sources")
        })
        .register_type_with_name::<ScriptItem>("Item")
        .register_get("source", |item: &mut ScriptItem| ScriptNamed::Data(Arc::clone(&item.0.source)))
        .register_get("destination", |item: &mut ScriptItem| named(&item.0.destination))
        .register_get("coc", |item: &mut ScriptItem| named(&item.0.category_option_combo))
        .register_get("aoc", |item: &mut ScriptItem| named(&item.0.attribute_option_combo))
        .register_get("parts", |item: &mut ScriptItem| -> Array {
            item.1.parts(&item.0).iter().map(|part| Dynamic::from(named(part))).collect()
        })
        .register_type_with_name::<ScriptParams>("Params")
        .register_indexer_get(|params: &mut ScriptParams, name: &str| parameter(params, name))
        .register_fn("contains", |params: &mut ScriptParams, name: &str| params.0.params.contains_key(name));
}

/// A member of `ctx`, in the hooks that know it.
fn known<T>(context: &ScriptContext, value: Option<T>, member: &str) -> Failed<T> {
    value.ok_or_else(|| failure(format!("{NOT_KNOWN}{member}\t{}", context.hook)))
}

fn named(named: &Arc<Named>) -> ScriptNamed {
    ScriptNamed::Object(Arc::clone(named))
}

/// `ctx.params["NAME"]`, and `ctx.params.NAME` where there is no such parameter.
fn parameter(params: &ScriptParams, name: &str) -> Failed<Dynamic> {
    params.0.params.get(name).map(super::params::Param::to_dynamic).ok_or_else(|| {
        let known: Vec<&str> = params.0.params.keys().map(String::as_str).collect();
        failure(format!("{NO_PARAM}{name}\t{}", known.join("\t")))
    })
}

/// The contributions of a combined value, as maps.
fn sources(context: &ScriptContext) -> Array {
    let each = context.contributions.iter().flat_map(|all| all.iter()).map(|contribution| {
        let mut map = Map::new();
        map.insert("value".into(), to_dynamic(&contribution.value));
        map.insert("org_unit".into(), Dynamic::from(ScriptUnit(Arc::clone(&contribution.org_unit))));
        map.insert("period".into(), Dynamic::from(ScriptPeriod(contribution.period)));
        Dynamic::from_map(map)
    });
    each.collect()
}

/// The context of the running call; it rides along as the call's tag.
pub(super) fn current(context: &NativeCallContext) -> Failed<ScriptContext> {
    let tag = context.tag().and_then(Dynamic::read_lock::<ScriptContext>);
    tag.map(|current| (*current).clone()).ok_or_else(|| failure(NO_SLICE))
}

/// The slice of the running call.
pub(super) fn slice_of(context: &NativeCallContext) -> Failed<Arc<Slice>> {
    current(context).map(|current| current.slice)
}
