//! What the item matcher finds between the two shipped servers, against what is known to be true of them.

use std::collections::{BTreeMap, BTreeSet};

use xfer::ops::home::Home;
use xfer::ops::jobs::{self, OpenJob};
use xfer_domain::item::{Item, SourceItem};
use xfer_domain::org_unit_map::MatchClass;
use xfer_sandbox::country::TrueKind;
use xfer_sandbox::fixtures;

use crate::support::office::Office;

/// A data element's value at one server: data element, COC and AOC.
type Operand = [String; 3];

/// Where each operand of the source may go.
fn truth() -> BTreeMap<Operand, BTreeSet<Operand>> {
    let mut truth: BTreeMap<Operand, BTreeSet<Operand>> = BTreeMap::new();
    let items = fixtures::country().true_jobs().into_iter().flat_map(|job| job.items);
    for item in items.filter(|item| item.kind == TrueKind::DataElement) {
        let source = [
            item.source,
            item.source_category_option_combo.unwrap_or_default(),
            item.source_attribute_option_combo.unwrap_or_default(),
        ];
        let destination =
            [item.destination, item.destination_category_option_combo, item.destination_attribute_option_combo];
        truth.entry(source).or_default().insert(destination);
    }
    truth
}

fn operands(item: &Item) -> Option<(Operand, Operand)> {
    let SourceItem::DataElement { id, category_option_combo, attribute_option_combo } = item.source else {
        return None;
    };
    let address = item.destination;
    Some((
        [id.to_string(), category_option_combo?.to_string(), attribute_option_combo?.to_string()],
        [
            address.data_element.to_string(),
            address.category_option_combo.to_string(),
            address.attribute_option_combo.to_string(),
        ],
    ))
}

fn proposed(open: &OpenJob, data_set: &str) -> Vec<(Operand, Operand, MatchClass)> {
    let selection = open.selection_of_data_set(data_set).unwrap();
    let proposals = open.propose_items(&selection, None).proposals;
    let known = proposals.iter().filter_map(|proposal| {
        let (source, destination) = operands(&proposal.item)?;
        Some((source, destination, proposal.class))
    });
    known.collect()
}

#[test]
fn what_is_sure_or_likely_between_the_shipped_servers_is_true() {
    let office = Office::mapped();
    let open = jobs::open(&Home::at(office.xfer.home().to_path_buf()), "malaria").unwrap();
    let truth = truth();
    let (mut right, mut wrong) = (0, Vec::new());
    for data_set in ["Rapport mensuel de soins", "Vaccination (PEV)", "Gestion des intrants", "Activités par bailleur"]
    {
        for (source, destination, class) in proposed(&open, data_set) {
            if class == MatchClass::Ask {
                continue;
            }
            match truth.get(&source) {
                Some(targets) if targets.contains(&destination) => right += 1,
                Some(_) => wrong.push((source, destination)),
                None => {}
            }
        }
    }
    assert_eq!(wrong, [], "of {}", right + wrong.len());
    assert!(right > 30, "only {right} of {}", truth.len());
}

#[test]
fn what_a_data_set_is_split_by_is_matched_where_names_or_codes_say_so() {
    let office = Office::mapped();
    let open = jobs::open(&Home::at(office.xfer.home().to_path_buf()), "malaria").unwrap();
    let truth = truth();
    let data_set = "Activités par bailleur";
    let found = proposed(&open, data_set);
    assert_eq!(found.len(), 2, "both data elements for PEPFAR, which both servers call so: {found:?}");
    for (source, destination, _) in &found {
        assert!(truth[source].contains(destination), "{source:?} to {destination:?}");
    }
    // Nothing on either server says that the government is the state, and the Global Fund FMSTP: a person has to.
    let unmatched = open.propose_items(&open.selection_of_data_set(data_set).unwrap(), None).unmatched;
    let reasons: Vec<&String> = unmatched.iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.ends_with("no attribute option combo that matches Fonds mondial")));
}
