//! Items found automatically: what can be selected, what the matcher says about it, and what of it is taken.

use crate::ops::error::OpsError;
use crate::ops::files::sheet::SheetStyle;
use crate::ops::files::{item_cells, job_items};
use crate::ops::jobs::OpenJob;
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::{DataItem, DataKind};
use xfer_domain::item::Item;
use xfer_domain::metadata::{CategoryOptionCombo, DataSet};
use xfer_domain::run::Severity;
use xfer_domain::spelling::settled;
use xfer_domain::uid::Uid;
use xfer_matching::figures::{Reading, key};
use xfer_matching::item_match::pattern::Pattern;
use xfer_matching::item_match::{ItemMatching, ItemProposal, ItemRules, propose_items};
use xfer_matching::item_rules::check_item;
use xfer_matching::names::{folded, nearest};
use xfer_matching::review::aggregation::Merging;
use xfer_matching::review::overlap;

/// Something of the source that a person can pick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selectable {
    /// What it is.
    pub selected: DataItem,
    /// Its name.
    pub name: String,
    /// Its code, where it has one.
    pub code: Option<String>,
}

/// What became of items that were to be added.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Added {
    /// How many the job has gained.
    pub added: usize,
    /// How many it had already.
    pub known: usize,
    /// Items that cannot work, with the reason and what to do.
    pub refused: Vec<(Item, String)>,
}

impl OpenJob {
    /// Everything that the source has to offer, by name.
    pub fn selectable(&self) -> Vec<Selectable> {
        let source = &self.source;
        let one =
            |selected: DataItem| Selectable { selected, name: source.data_name(selected), code: selected.code(source) };
        let mut all: Vec<Selectable> = DataItem::all(source).map(one).collect();
        all.sort_by(|a, b| (&a.name, a.selected).cmp(&(&b.name, b.selected)));
        all
    }

    /// The data elements of a data set of the source, which is named by id, code or name.
    pub fn selection_of_data_set(&self, text: &str) -> Result<Vec<DataItem>, OpsError> {
        let sets = &self.source.data_sets;
        let (typed, wanted) = (settled(text), key(text));
        let ways: [&dyn Fn(&DataSet) -> bool; 4] = [
            &|set| set.id.as_str() == text,
            &|set| set.code.as_deref() == Some(text) || set.name == text,
            &|set| set.code.as_deref().is_some_and(|code| settled(code) == typed) || settled(&set.name) == typed,
            &|set| !wanted.is_empty() && key(&set.name) == wanted,
        ];
        let found = ways.iter().map(|way| sets.values().filter(|set| way(set)).collect::<Vec<_>>());
        let found = found.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
        let set = match found.as_slice() {
            [only] => *only,
            [] => {
                let near = nearest(text, sets.values().map(|set| set.name.as_str()), 3);
                return Err(unknown(&self.job.source, "data set", text, &near));
            }
            several => {
                let names: Vec<String> = several.iter().map(|set| format!("{} ({})", set.name, set.id)).collect();
                return Err(OpsError::invalid(
                    format!("{} data sets of {} are called `{text}`", several.len(), self.job.source),
                    format!("give the id of one of them: {}", names.join(", ")),
                ));
            }
        };
        let mut members: Vec<Uid> = set.data_set_elements.iter().map(|member| member.data_element).collect();
        members.sort_by_key(|id| self.source.name_of(*id));
        Ok(members.into_iter().map(DataItem::DataElement).collect())
    }

    /// Data items of a kind whose name, code or id begins with, or whose name contains what a person typed.
    pub fn selection_of(&self, text: &str, kind: DataKind) -> Result<Vec<DataItem>, OpsError> {
        let (typed, wanted, part) = (settled(text), key(text), folded(text));
        let signs = Reading::of(text).says_figures();
        let all = self.selectable();
        let of_kind: Vec<&Selectable> = all.iter().filter(|one| one.selected.kind() == kind).collect();
        let code_is = |one: &Selectable| one.code.as_deref().is_some_and(|code| settled(code) == typed);
        // A part of a name with numbers or signs has to have all of them: `CPN 1` is not in `CPN 10`.
        let holds = |name: &str| {
            if signs { is_part_of(&wanted, &key(name)) } else { folded(name).contains(&part) }
        };
        let begins = |one: &Selectable| {
            !part.is_empty()
                && (holds(&one.name)
                    || one.code.as_ref().is_some_and(|code| code.to_lowercase().starts_with(&text.to_lowercase())))
        };
        let ways: [&dyn Fn(&Selectable) -> bool; 6] = [
            &|one| one.selected.to_string() == text,
            &|one| one.code.as_deref() == Some(text) || one.name == text,
            &|one| one.code.as_deref().is_some_and(|code| code.eq_ignore_ascii_case(text)),
            &|one| code_is(one) || settled(&one.name) == typed,
            &|one| !wanted.is_empty() && key(&one.name) == wanted,
            &begins,
        ];
        let found = ways.iter().map(|way| of_kind.iter().filter(|one| way(one)).map(|one| one.selected).collect());
        let found: Vec<DataItem> =
            found.into_iter().find(|found: &Vec<DataItem>| !found.is_empty()).unwrap_or_default();
        if found.is_empty() {
            let near = nearest(text, of_kind.iter().map(|one| one.name.as_str()), 3);
            return Err(unknown(&self.job.source, kind.words(), text, &near));
        }
        Ok(found)
    }

    /// What the matcher finds for a selection; items that the job has are left out, and nothing is kept yet.
    pub fn propose_items(&self, selection: &[DataItem], pattern: Option<Pattern>) -> ItemMatching {
        let rules = ItemRules { pattern, period_type: self.job.destination_period_type };
        let mut matching = propose_items(&self.source, &self.destination, selection, &rules);
        matching.proposals.retain(|proposal| !self.has(&proposal.item));
        self.choose_operators(&mut matching.proposals);
        matching
    }

    /// Gives proposals the operator that fits what they are: a job's one operator adds up averages and stocks, too.
    fn choose_operators(&self, proposals: &mut [ItemProposal]) {
        // Without a map nothing is merged that the metadata does not say.
        let rows = self.rows().unwrap_or_default();
        let merging = Merging::new(&self.source, &self.destination, &self.job, &rows);
        let mut items: Vec<Item> = proposals.iter().map(|proposal| proposal.item.clone()).collect();
        items.extend(self.job.items.iter().cloned());
        for proposal in proposals {
            let item = &proposal.item;
            // Items of one cell have one operator, and which of them is right is not for one of them to say.
            let of_another =
                |other: &Item| other.destination == item.destination && other.source.data() != item.source.data();
            let chosen = item.combine.unwrap_or(self.job.combine);
            if items.iter().any(of_another) {
                continue;
            }
            if let Some(operator) = merging.operator(item, &items).filter(|operator| *operator != chosen) {
                proposal.item.combine = Some(operator);
                let words = format!(
                    "{}; combined by {}, as its aggregation type requires",
                    proposal.explanation,
                    operator.name()
                );
                proposal.explanation = words;
            }
        }
    }

    /// Adds items, all in one transaction. Items that cannot work are refused by name; the others are taken.
    pub fn add_items(&mut self, items: Vec<Item>) -> Result<Added, OpsError> {
        let mut added = Added::default();
        for item in items {
            if self.has(&item) {
                added.known += 1;
                continue;
            }
            let findings = check_item(&self.source, &self.destination, &self.job, &self.scripts, &item);
            let overlap = || overlap::refusal(&self.source, &self.destination, &self.job, &item, None);
            let error = findings.into_iter().find(|finding| finding.severity == Severity::Error);
            if let Some((message, hint)) = error.map(|error| (error.message, error.hint)).or_else(overlap) {
                added.refused.push((item, format!("{message}; {hint}")));
            } else {
                self.job.items.push(item);
                added.added += 1;
            }
        }
        self.save()?;
        Ok(added)
    }

    /// Proposals as a CSV file that a person edits and `import` reads back.
    pub fn export_proposals(&self, proposals: &[(ItemProposal, bool)], style: SheetStyle) -> Vec<u8> {
        job_items::export_proposals(&self.source, &self.destination, proposals, style)
    }

    /// Every cell of the destination that the job could write, by name.
    pub fn destination_cells(&self) -> Vec<(String, CellAddress)> {
        let destination = &self.destination;
        let mut cells: Vec<(String, CellAddress)> = Vec::new();
        for data_set in destination.data_sets.values() {
            if data_set.period_type != self.job.destination_period_type {
                continue;
            }
            let combos = |category_combo: Uid| {
                let of_combo = move |combo: &&CategoryOptionCombo| combo.category_combo == category_combo;
                destination.category_option_combos.values().filter(of_combo).map(|combo| combo.id)
            };
            for member in &data_set.data_set_elements {
                let Some(category_combo) = destination.effective_category_combo(data_set, member.data_element) else {
                    continue;
                };
                for coc in combos(category_combo) {
                    for aoc in combos(data_set.category_combo) {
                        let name = item_cells::names(
                            destination,
                            DataItem::DataElement(member.data_element),
                            Some(coc),
                            Some(aoc),
                        );
                        let address = CellAddress {
                            data_element: member.data_element,
                            category_option_combo: coc,
                            attribute_option_combo: aoc,
                        };
                        cells.push((name, address));
                    }
                }
            }
        }
        cells.sort();
        cells.dedup();
        cells
    }

    pub(super) fn has(&self, item: &Item) -> bool {
        self.job.items.iter().any(|other| other.source == item.source && other.destination == item.destination)
    }
}

/// Whether a text stands in another one with whole words at its end.
fn is_part_of(part: &str, whole: &str) -> bool {
    let ends = |position: usize| {
        whole.get(position + part.len()..).is_none_or(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    whole.match_indices(part).any(|(position, _)| ends(position))
}

fn unknown(server: &str, what: &str, text: &str, near: &[&str]) -> OpsError {
    let hint = if near.is_empty() {
        format!("check the name on the server; if it is new there: xfer server sync {server}")
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    OpsError::invalid(format!("{server} has no {what} `{text}`"), hint)
}
