//! How many calls of its hooks a script takes per second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ops::error::OpsError;
use xfer_domain::data_item::DataItem;
use xfer_domain::period::PeriodType;
use xfer_domain::script::Hook;
use xfer_domain::script::ParameterValue;
use xfer_domain::uid::Uid;
use xfer_script::testing::Scalar;
use xfer_script::{
    Contribution, ItemNames, Named, Number, OrgUnit, Place, Row, RunContext, Runner, Script, ScriptError, Slice, Value,
    with_room,
};

/// How long each hook is called.
const EACH: Duration = Duration::from_millis(500);

/// Calls between two looks at the clock.
const BATCH: u32 = 100;

/// Values that `combine` is given, and rows that `rows` is given, in one call.
const MANY: i64 = 100;

/// What a hook takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The hook.
    pub hook: Hook,
    /// Values that one call was given.
    pub values: i64,
    /// How often it was called.
    pub calls: u32,
    /// How long that took.
    pub taken: Duration,
}

/// Calls every hook that a script has for half a second.
pub fn bench(script: &Script, params: &[(String, ParameterValue)]) -> Result<Vec<Measured>, OpsError> {
    let run = RunContext {
        job: "bench".to_owned(),
        source: "source".to_owned(),
        destination: "destination".to_owned(),
        now: "2024-07-01T12:00:00Z".to_owned(),
        params: params.iter().map(|(name, value)| (name.clone(), Scalar::from(value).to_param())).collect(),
    };
    let measured = with_room(|| -> Result<Vec<Measured>, ScriptError> {
        let mut runner = Runner::new(script, run)?;
        let place = place();
        runner.enter(Arc::new(slice(&place)));
        script.hooks().map(|hook| measure(&mut runner, hook, &place)).collect()
    });
    Ok(measured.map_err(Box::new)?)
}

fn measure(runner: &mut Runner, hook: Hook, place: &Place) -> Result<Measured, ScriptError> {
    let value = |number: i64| Value::Number(Number::from(number));
    let part =
        |number| Contribution { value: value(number), org_unit: Arc::clone(&place.org_unit), period: place.period };
    let row = |number| Row {
        data: place.item.source.id,
        category_option_combo: None,
        attribute_option_combo: None,
        org_unit: place.org_unit.id,
        period: place.period,
        value: Some(value(number)),
    };
    let (parts, rows): (Vec<_>, Vec<_>) = ((1..=MANY).map(part).collect(), (1..=MANY).map(row).collect());
    let one = value(120);
    let values = if matches!(hook, Hook::Combine | Hook::Rows) { MANY } else { 1 };
    let begun = Instant::now();
    let mut calls = 0;
    loop {
        for _ in 0..BATCH {
            match hook {
                Hook::Value => drop(runner.value(&one, place)?),
                Hook::Period => drop(runner.period(&place.item, place.period)?),
                Hook::Combine => drop(runner.combine(&parts, place)?),
                Hook::Rows => drop(runner.rows(&rows)?),
            }
        }
        calls += BATCH;
        let taken = begun.elapsed();
        if taken >= EACH {
            return Ok(Measured { hook, values, calls, taken });
        }
    }
}

fn place() -> Place {
    let named = |name: &str| Arc::new(Named { id: Uid::DEFAULT_OPTION_COMBO, code: None, name: name.to_owned() });
    let unit = OrgUnit {
        id: Uid::DEFAULT_OPTION_COMBO,
        code: None,
        name: "Facility".to_owned(),
        path: "Country / District / Facility".to_owned(),
        level: 3,
    };
    Place {
        item: Arc::new(ItemNames {
            source: Arc::new(Named {
                id: DataItem::DataElement(Uid::DEFAULT_OPTION_COMBO),
                code: None,
                name: "Data".to_owned(),
            }),
            destination: named("Data"),
            category_option_combo: named("default"),
            attribute_option_combo: named("default"),
        }),
        org_unit: Arc::new(unit),
        period: PeriodType::Monthly.containing(jiff::civil::date(2024, 1, 1)),
    }
}

fn slice(place: &Place) -> Slice {
    let mut slice = Slice::new();
    slice.add_data(Arc::clone(&place.item.source));
    slice.add_org_unit(Arc::clone(&place.org_unit));
    slice
}
