//! `dataElementOperands`: computed from data elements and their category combos, never stored.

use serde_json::json;

use crate::exchange::Request;
use crate::metadata_lists::derive::Context;
use crate::metadata_lists::schema::Schema;
use crate::world::filling::DEFAULT_COMBO;
use crate::world::{Object, reference, references, text};

/// The operands that a request asks for, by data element; none for every other type.
pub(super) fn of_request(context: Context<'_>, schema: &Schema, request: &Request) -> Option<Vec<Object>> {
    if schema.plural != "dataElementOperands" {
        return None;
    }
    let totals = request.flag("totals");
    let mut elements: Vec<(&Object, Vec<&str>)> = if let Some(id) = request.parameter("dataSet") {
        of_data_set(context, &id)
    } else {
        let all = context.world.list("dataElements").iter();
        all.map(|element| (element, reference(element, "categoryCombo").into_iter().collect())).collect()
    };
    elements.sort_by_key(|(element, _)| text(element, "id"));
    Some(elements.into_iter().flat_map(|(element, combos)| operands(context, element, &combos, totals)).collect())
}

/// The data elements of a data set, each with the combo that it has there.
fn of_data_set<'state>(context: Context<'state>, id: &str) -> Vec<(&'state Object, Vec<&'state str>)> {
    let Some(set) = context.world.get("dataSets", id) else { return Vec::new() };
    let entries = set.get("dataSetElements").and_then(serde_json::Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.as_object())
        .filter_map(|entry| {
            let element = context.world.get("dataElements", reference(entry, "dataElement")?)?;
            let combo = reference(entry, "categoryCombo").or_else(|| reference(element, "categoryCombo"));
            Some((element, combo.into_iter().collect()))
        })
        .collect()
}

/// One data element's operands: with totals the element alone first, then one per option combo; an element with the
/// default combo is its own and only operand (`metadata/data-element-operands-totals`).
fn operands(context: Context<'_>, element: &Object, combos: &[&str], totals: bool) -> Vec<Object> {
    let plain = combos.is_empty() || combos.contains(&DEFAULT_COMBO);
    let mut operands = Vec::new();
    if plain || totals {
        operands.extend(operand(element, None));
    }
    if !plain {
        for combo in combos.iter().filter_map(|id| context.world.get("categoryCombos", id)) {
            for option_combo in references(combo, "categoryOptionCombos") {
                operands.extend(operand(element, context.world.get("categoryOptionCombos", option_combo)));
            }
        }
    }
    operands
}

fn operand(element: &Object, option_combo: Option<&Object>) -> Option<Object> {
    let id = text(element, "id")?;
    let name = text(element, "name").unwrap_or_default();
    let whole = match option_combo {
        Some(option_combo) => {
            let combo_id = text(option_combo, "id")?;
            let combo_name = text(option_combo, "name").unwrap_or_default();
            json!({
                "id": format!("{id}.{combo_id}"), "name": format!("{name} {combo_name}"),
                "shortName": format!("{name} {combo_name}"), "dataElement": {"id": id},
                "categoryOptionCombo": {"id": combo_id},
            })
        }
        None => json!({"id": id, "name": name, "shortName": name, "dataElement": {"id": id}}),
    };
    whole.as_object().cloned()
}
