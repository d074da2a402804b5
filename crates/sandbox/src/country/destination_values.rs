//! What the destination holds before the first transfer.
//!
//! Someone typed the figures of the older months by hand: most are right, some are wrong, some are missing, and a few
//! belong to nothing at the source. So a first run has cells of every kind: to create, to update, unchanged, stale.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::DESTINATION_ELEMENTS;
use super::combos::DEFAULT_OPTION_COMBO;
use super::counterparts::Counterpart;
use super::ids::Ids;
use crate::chance::Chance;
use crate::values::{StoredValue, ValueKey, Values};
use xfer_domain::period::Period;

/// The months that somebody typed: every second one, and never the last. So windows of three months and of twelve hold
/// both kinds.
pub(super) fn typed_months(months: &[Period]) -> impl Iterator<Item = Period> {
    months.iter().rev().skip(1).step_by(2).copied()
}

/// Everything that the destination stores.
pub(super) fn generate(
    chance: Chance,
    ids: Ids,
    facilities: &[Counterpart],
    expected: &BTreeMap<ValueKey, String>,
    months: &[Period],
) -> Values {
    let chance = chance.of("typed by hand");
    let typed: BTreeMap<String, Period> = typed_months(months).map(|month| (month.to_string(), month)).collect();
    let fragile: BTreeSet<String> = DESTINATION_ELEMENTS
        .iter()
        .filter(|element| !element.zeros)
        .map(|element| ids.object("dataElements", element.key))
        .collect();
    let closed: BTreeMap<&str, &str> =
        facilities.iter().filter_map(|own| Some((own.id.as_str(), own.closed?))).collect();
    let mut data: Vec<(ValueKey, StoredValue)> = expected
        .iter()
        .filter(|(key, _)| key.attribute_option_combo == DEFAULT_OPTION_COMBO)
        .filter_map(|(key, text)| {
            let month = typed.get(&key.period)?;
            let open =
                closed.get(key.org_unit.as_str()).is_none_or(|closed| month.start().to_string().as_str() < *closed);
            let dropped = text == "0" && fragile.contains(&key.data_element);
            let of_report = chance.of(&key.org_unit).of(&key.period);
            let own = of_report.of(&key.data_element).of(&key.category_option_combo);
            if !open || dropped || of_report.happens(15, 100) || own.happens(5, 100) {
                return None;
            }
            Some((key.clone(), stored(own, mistyped(own, text))))
        })
        .collect();
    data.extend(
        facilities.iter().filter(|own| own.sources.is_empty()).flat_map(|own| strangers(chance, ids, own, &typed)),
    );
    Values { data: data.into_iter().collect(), ..Values::default() }
}

/// Now and then a wrong number.
fn mistyped(chance: Chance, text: &str) -> String {
    match text.parse::<u64>() {
        Ok(number) if chance.of("wrong").happens(6, 100) => (number + 1 + chance.of("off").below(9)).to_string(),
        _ => text.to_owned(),
    }
}

/// Figures of facilities that the source does not know.
fn strangers(
    chance: Chance,
    ids: Ids,
    own: &Counterpart,
    typed: &BTreeMap<String, Period>,
) -> Vec<(ValueKey, StoredValue)> {
    let cell = |period: &String| {
        let chance = chance.of(&own.id).of(period);
        let key = ValueKey {
            data_element: ids.object("dataElements", "N_CPN1"),
            period: period.clone(),
            org_unit: own.id.clone(),
            category_option_combo: DEFAULT_OPTION_COMBO.to_owned(),
            attribute_option_combo: DEFAULT_OPTION_COMBO.to_owned(),
        };
        (key, stored(chance, (3 + chance.below(20)).to_string()))
    };
    typed.keys().map(cell).collect()
}

fn stored(chance: Chance, value: String) -> StoredValue {
    let moment = format!("2026-09-{:02}T09:15:00.000", 1 + chance.of("day").below(28));
    StoredValue {
        value: Some(value),
        comment: chance.of("comment").happens(1, 80).then(|| "SAISI D'APRES RAPPORT PAPIER".to_owned()),
        followup: chance.of("follow-up").happens(1, 200),
        deleted: false,
        stored_by: "writer".into(),
        created: moment.clone(),
        last_updated: moment,
    }
}
