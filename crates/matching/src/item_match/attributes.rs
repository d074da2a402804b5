//! Which attribute option combo of the destination the values of a source one go to: by funding agency, by partner, or
//! however else a whole data set is split.

use crate::item_match::combos::{ComboMatch, counterpart, no_counterpart};
use crate::items::attribute_combos_of;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::{Combine, SourceItem};
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::MatchClass;
use xfer_domain::uid::Uid;

/// A source attribute option combo and where its values go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttributePair {
    /// None reads every one of them; indicators have none.
    pub source: Option<Uid>,
    pub target: Uid,
    pub combine: Option<Combine>,
    pub class: MatchClass,
    /// Why; nothing where there was no choice.
    pub words: Option<String>,
}

/// What was found, and source combos without a counterpart, with the reason.
#[derive(Debug, Default)]
pub(super) struct AttributePairs {
    pub pairs: Vec<AttributePair>,
    pub unmatched: Vec<(SourceItem, String)>,
}

/// Finds the counterparts; `told` is the destination's combo where an export field or a pattern names it.
pub(super) fn attribute_pairs(
    source: &Metadata,
    destination: &Metadata,
    selected: DataItem,
    target: Uid,
    told: Option<Uid>,
) -> Result<AttributePairs, String> {
    let own = match selected {
        DataItem::DataElement(id) => attribute_option_combos(source, id),
        DataItem::Indicator(_) | DataItem::ProgramIndicator(_) | DataItem::ReportingRate { .. } => Vec::new(),
    };
    let targets = told.map_or_else(|| attribute_option_combos(destination, target), |combo| vec![combo]);
    let pair = |source, target| AttributePair { source, target, combine: None, class: MatchClass::Sure, words: None };
    let mut found = AttributePairs::default();
    match (own.as_slice(), targets.as_slice()) {
        ([], [only]) => found.pairs.push(pair(None, *only)),
        ([one], [only]) => found.pairs.push(if told.is_some() || splits_nothing(*one, *only) {
            pair(Some(*one), *only)
        } else {
            alone(source, *one, destination, *only)
        }),
        (several, [only]) => found.pairs.push(AttributePair {
            combine: Some(Combine::Sum),
            class: MatchClass::Ask,
            words: Some(format!("the values of {} attribute option combos are added up", several.len())),
            ..pair(None, *only)
        }),
        ([] | [_], several) => {
            return Err(format!(
                "{} has {} attribute option combos, and it is not clear which one to use; choose one",
                destination.name_of(target),
                several.len()
            ));
        }
        (several, targets) => {
            for combo in several {
                match counterpart(source, *combo, destination, targets) {
                    Some(ComboMatch { combo: target, class, words }) => {
                        found.pairs.push(AttributePair { class, words: Some(words), ..pair(Some(*combo), target) });
                    }
                    None => found.unmatched.push((
                        SourceItem::DataElement {
                            id: selected.id(),
                            category_option_combo: None,
                            attribute_option_combo: Some(*combo),
                        },
                        no_counterpart(source, *combo, destination, targets, || {
                            let (target, name) = (destination.name_of(target), source.name_of(*combo));
                            format!("{target} has no attribute option combo that matches {name}")
                        }),
                    )),
                }
            }
        }
    }
    Ok(found)
}

/// Whether one side is not split by attributes at all, so that there is nothing to compare.
fn splits_nothing(source: Uid, target: Uid) -> bool {
    [source, target].contains(&Uid::DEFAULT_OPTION_COMBO)
}

/// The only combo of either side: where they do not mean the same, a person has to say that it is right.
fn alone(source: &Metadata, combo: Uid, destination: &Metadata, target: Uid) -> AttributePair {
    let (class, words) = match counterpart(source, combo, destination, &[target]) {
        Some(found) => (found.class, found.words),
        None => (
            MatchClass::Ask,
            format!(
                "all values are {} at the source and would become {} at the destination",
                source.name_of(combo),
                destination.name_of(target)
            ),
        ),
    };
    AttributePair { source: Some(combo), target, combine: None, class, words: Some(words) }
}

/// The attribute option combos that values of a data element can have, by name; `default` where it is in no data set.
fn attribute_option_combos(metadata: &Metadata, data_element: Uid) -> Vec<Uid> {
    let category_combos = attribute_combos_of(metadata, data_element);
    let of_data_sets = metadata
        .category_option_combos
        .values()
        .filter(|combo| category_combos.contains(&combo.category_combo))
        .map(|combo| (combo.name.as_str(), combo.id));
    let mut combos: Vec<(&str, Uid)> = of_data_sets.collect();
    if combos.is_empty() {
        return vec![Uid::DEFAULT_OPTION_COMBO];
    }
    combos.sort_unstable();
    combos.into_iter().map(|(_, id)| id).collect()
}
