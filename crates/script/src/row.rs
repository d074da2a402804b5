//! Rows of a slice, for the hook `rows`.
//!
//! A row keeps where it came from through every change and copy, so that the accounting can tell a changed row from a
//! new one and none disappears without being counted.

use std::sync::Arc;

use rhai::{Dynamic, Engine, INT, ImmutableString, Map, NativeCallContext};
use rust_decimal::Decimal;

use crate::context::slice_of;
use crate::failing::{Failed, failure};
use crate::limits;
use crate::marks::{AMBIGUOUS, NOT_IN_SLICE, ROW_NEEDS, WRONG_MEMBER};
use crate::outcome::Row;
use crate::period_type::ScriptPeriod;
use crate::script_row::{Fate, ScriptRow};
use crate::slice::{NotFound, Slice};
use crate::suggest;
use crate::things::{Named, NamedData, OrgUnit, ScriptNamed, ScriptUnit, identity};
use xfer_domain::period::Period;
use xfer_domain::shown::cut;

/// The members that a row is made of.
const MEMBERS: [&str; 6] = ["data", "coc", "aoc", "org_unit", "period", "value"];

impl ScriptRow {
    pub(super) fn given(row: &Row, index: usize, slice: &Slice) -> Self {
        Self {
            origin: Some(index),
            data: slice.data(row.data),
            category_option_combo: row.category_option_combo.map(|id| slice.option_combo(id)),
            attribute_option_combo: row.attribute_option_combo.map(|id| slice.option_combo(id)),
            org_unit: slice.org_unit(row.org_unit),
            period: row.period,
            value: row.value.as_ref().map_or(Dynamic::UNIT, super::convert::to_dynamic),
            fate: None,
        }
    }

    /// Sets a member by name.
    fn set(&mut self, member: &str, value: &Dynamic, slice: &Slice) -> Failed<()> {
        match member {
            "value" => self.value = plain_value(value)?,
            "period" => self.period = period(value)?,
            "org_unit" => self.org_unit = org_unit(value, slice)?,
            "data" => self.data = data_item(value, slice)?,
            "coc" if value.is_unit() => self.category_option_combo = None,
            "coc" => self.category_option_combo = Some(option_combo(value, slice)?),
            "aoc" if value.is_unit() => self.attribute_option_combo = None,
            "aoc" => self.attribute_option_combo = Some(option_combo(value, slice)?),
            _ => return Err(failure(format!("{ROW_NEEDS}no\t{member}"))),
        }
        Ok(())
    }
}

/// Registers rows and what can be done with them.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<ScriptRow>("Row")
        .register_get("data", |row: &mut ScriptRow| ScriptNamed::Data(Arc::clone(&row.data)))
        .register_get("coc", |row: &mut ScriptRow| combo(row.category_option_combo.as_ref()))
        .register_get("aoc", |row: &mut ScriptRow| combo(row.attribute_option_combo.as_ref()))
        .register_get("org_unit", |row: &mut ScriptRow| ScriptUnit(Arc::clone(&row.org_unit)))
        .register_get("period", |row: &mut ScriptRow| ScriptPeriod(row.period))
        .register_get("value", |row: &mut ScriptRow| row.value.clone())
        .register_fn("copy", |context: NativeCallContext, row: ScriptRow, members: Map| -> Failed<ScriptRow> {
            let slice = slice_of(&context)?;
            let mut row = row;
            for (member, value) in &members {
                row.set(member, value, &slice)?;
            }
            Ok(row)
        })
        .register_fn("with_value", |row: ScriptRow, value: Dynamic| -> Failed<ScriptRow> {
            Ok(ScriptRow { value: plain_value(&value)?, ..row })
        })
        .register_fn("with_period", |row: ScriptRow, value: Dynamic| -> Failed<ScriptRow> {
            Ok(ScriptRow { period: period(&value)?, ..row })
        })
        .register_fn("skip", |row: ScriptRow, reason: &str| ScriptRow {
            fate: Some(Fate::Skipped(cut(reason, limits::REASON).into())),
            ..row
        })
        .register_fn("reject", |row: ScriptRow, reason: &str| ScriptRow {
            fate: Some(Fate::Rejected(cut(reason, limits::REASON).into())),
            ..row
        })
        .register_fn("row", |context: NativeCallContext, members: Map| -> Failed<ScriptRow> {
            let slice = slice_of(&context)?;
            new_row(&slice, &members)
        });
    for member in MEMBERS {
        engine.register_set(
            member,
            move |context: NativeCallContext, row: &mut ScriptRow, value: Dynamic| -> Failed<()> {
                let slice = slice_of(&context)?;
                row.set(member, &value, &slice)
            },
        );
    }
}

fn new_row(slice: &Slice, members: &Map) -> Failed<ScriptRow> {
    let needed = |member: &str| members.get(member).ok_or_else(|| failure(format!("{ROW_NEEDS}{member}")));
    let mut row = ScriptRow {
        origin: None,
        data: data_item(needed("data")?, slice)?,
        category_option_combo: None,
        attribute_option_combo: None,
        org_unit: org_unit(needed("org_unit")?, slice)?,
        period: period(needed("period")?)?,
        value: plain_value(needed("value")?)?,
        fate: None,
    };
    for (member, value) in members {
        row.set(member, value, slice)?;
    }
    Ok(row)
}

fn combo(combo: Option<&Arc<Named>>) -> Dynamic {
    combo.map_or(Dynamic::UNIT, |combo| Dynamic::from(ScriptNamed::Object(Arc::clone(combo))))
}

fn plain_value(value: &Dynamic) -> Failed<Dynamic> {
    let plain = value.is::<INT>() || value.is::<Decimal>() || value.is_string() || value.is_bool() || value.is_unit();
    if plain { Ok(value.clone()) } else { Err(failure(format!("{WRONG_MEMBER}value\t{}", value.type_name()))) }
}

/// The period that a value of a script means.
pub(super) fn period(value: &Dynamic) -> Failed<Period> {
    if let Some(period) = value.read_lock::<ScriptPeriod>() {
        return Ok(period.0);
    }
    let text = super::text::shown(value);
    Period::parse(&text).map_err(|_| failure(format!("{}`{text}`", super::period_type::NO_PERIOD)))
}

pub(super) fn data_item(value: &Dynamic, slice: &Slice) -> Failed<Arc<NamedData>> {
    let text = name_of(value, "data item")?;
    found(slice.find_data(&text), "data item", &text, slice.data_names())
}

pub(super) fn option_combo(value: &Dynamic, slice: &Slice) -> Failed<Arc<Named>> {
    let text = name_of(value, "option combo")?;
    found(slice.find_option_combo(&text), "option combo", &text, slice.option_combo_names())
}

pub(super) fn org_unit(value: &Dynamic, slice: &Slice) -> Failed<Arc<OrgUnit>> {
    let text = name_of(value, "org unit")?;
    found(slice.find_org_unit(&text), "org unit", &text, slice.org_unit_names())
}

/// What an object is looked up by: the text, or the id of an object that the script holds. It is looked up in either
/// case: an option combo is no data item.
fn name_of(value: &Dynamic, kind: &str) -> Failed<String> {
    if let Some((id, _)) = identity(value) {
        return Ok(id.to_string());
    }
    let text = value.read_lock::<ImmutableString>().map(|text| text.to_string());
    text.ok_or_else(|| failure(format!("{WRONG_MEMBER}{kind}\t{}", value.type_name())))
}

fn found<'name, T>(
    found: Result<T, NotFound>,
    kind: &str,
    text: &str,
    names: impl Iterator<Item = &'name str>,
) -> Failed<T> {
    found.map_err(|why| {
        let text: String = text.chars().take(60).collect();
        match why {
            NotFound::Unknown => {
                let near = suggest::nearest(&text, names).unwrap_or_default();
                failure(format!("{NOT_IN_SLICE}{kind}\t{text}\t{near}"))
            }
            NotFound::Ambiguous => failure(format!("{AMBIGUOUS}{kind}\t{text}")),
        }
    })
}
