//! Routine, jobs, items and org unit map, as they stand in a file of version 1.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::xferfile::wire::script::{Attachment, attachments};
use crate::xferfile::wire::{Unknown, word};
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::ReportingMetric;
use xfer_domain::item::{self, Combine, WhenEmpty};
use xfer_domain::job::{self, Comments, ReadFrom};
use xfer_domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};
use xfer_domain::period::PeriodType;
use xfer_domain::routine::{self, USUAL_DELETE_SHARE};
use xfer_domain::uid::Uid;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Routine {
    id: Uuid,
    name: String,
    window: Vec<String>,
    policies: Policies,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scripts: Vec<Attachment>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Policies {
    only_changed: bool,
    verify: bool,
    when_empty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_change: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_delete: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_delete_share: Option<u32>,
    tolerate_unmapped: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_analytics_age_hours: Option<u32>,
    parallel: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Job {
    name: String,
    source_period_type: PeriodType,
    destination_period_type: PeriodType,
    #[serde(default, skip_serializing_if = "is_zero")]
    period_shift: i32,
    combine: String,
    read: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    round: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coverage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comments: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scripts: Vec<Attachment>,
    items: Vec<Item>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    source: SourceItem,
    data_element: Uid,
    category_option_combo: Uid,
    attribute_option_combo: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    combine: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    factor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when_empty: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    round: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coverage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    share: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scripts: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum SourceItem {
    DataElement {
        id: Uid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category_option_combo: Option<Uid>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attribute_option_combo: Option<Uid>,
    },
    Indicator {
        id: Uid,
    },
    ProgramIndicator {
        id: Uid,
    },
    ReportingRate {
        data_set: Uid,
        metric: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    source: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destination: Option<Uid>,
    method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &i32) -> bool {
    *number == 0
}

impl Routine {
    pub(super) fn of(routine: &routine::Routine) -> Self {
        let routine::Routine { id, name, jobs: _, window, policies, scripts, alerts: _ } = routine;
        let policies = Policies {
            only_changed: policies.only_changed,
            verify: policies.verify,
            when_empty: policies.when_empty.name().to_owned(),
            max_change: policies.max_change,
            max_delete: policies.max_delete,
            // Left out where it is the usual one: versions from before it open the file.
            max_delete_share: Some(policies.max_delete_share).filter(|share| *share != USUAL_DELETE_SHARE),
            tolerate_unmapped: policies.tolerate_unmapped,
            max_analytics_age_hours: policies.max_analytics_age_hours,
            parallel: policies.parallel,
        };
        let scripts = scripts.iter().map(Attachment::of).collect();
        Self { id: *id, name: name.clone(), window: window.clone(), policies, scripts }
    }

    pub(super) fn into_routine(self, jobs: Vec<String>) -> Result<routine::Routine, Unknown> {
        let Self { id, name, window, policies, scripts } = self;
        let policies = routine::Policies {
            only_changed: policies.only_changed,
            verify: policies.verify,
            when_empty: word(&policies.when_empty, WhenEmpty::from_name)?,
            max_change: policies.max_change,
            max_delete: policies.max_delete,
            max_delete_share: policies.max_delete_share.unwrap_or(USUAL_DELETE_SHARE),
            tolerate_unmapped: policies.tolerate_unmapped,
            max_analytics_age_hours: policies.max_analytics_age_hours,
            parallel: policies.parallel,
        };
        Ok(routine::Routine { id, name, jobs, window, policies, scripts: attachments(scripts)?, alerts: Vec::new() })
    }
}

impl Job {
    pub(super) fn of(job: &job::Job) -> Self {
        let job::Job {
            name,
            source: _,
            destination: _,
            source_period_type,
            destination_period_type,
            period_shift,
            combine,
            read,
            round,
            coverage,
            comments,
            scripts,
            items,
        } = job;
        Self {
            name: name.clone(),
            source_period_type: *source_period_type,
            destination_period_type: *destination_period_type,
            period_shift: *period_shift,
            combine: combine.name().to_owned(),
            read: read.name().to_owned(),
            round: round.as_ref().map(ToString::to_string),
            coverage: coverage.as_ref().map(ToString::to_string),
            comments: Some(*comments).filter(|rule| !rule.is_keep()).map(|rule| rule.name().to_owned()),
            scripts: scripts.iter().map(Attachment::of).collect(),
            items: items.iter().map(Item::of).collect(),
        }
    }

    pub(super) fn into_job(self, source: &str, destination: &str) -> Result<job::Job, Unknown> {
        Ok(job::Job {
            name: self.name,
            source: source.to_owned(),
            destination: destination.to_owned(),
            source_period_type: self.source_period_type,
            destination_period_type: self.destination_period_type,
            period_shift: self.period_shift,
            combine: word(&self.combine, Combine::from_name)?,
            read: word(&self.read, ReadFrom::from_name)?,
            round: parsed(self.round.as_deref())?,
            coverage: parsed(self.coverage.as_deref())?,
            comments: self.comments.map(|text| word(&text, Comments::from_name)).transpose()?.unwrap_or_default(),
            scripts: attachments(self.scripts)?,
            items: self.items.into_iter().map(Item::into_item).collect::<Result<_, _>>()?,
        })
    }
}

impl Item {
    fn of(item: &item::Item) -> Self {
        let item::Item { source, destination, combine, factor, when_empty, note, round, coverage, share, scripts } =
            item;
        Self {
            source: match *source {
                item::SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
                    SourceItem::DataElement { id, category_option_combo, attribute_option_combo }
                }
                item::SourceItem::Indicator { id } => SourceItem::Indicator { id },
                item::SourceItem::ProgramIndicator { id } => SourceItem::ProgramIndicator { id },
                item::SourceItem::ReportingRate { data_set, metric } => {
                    SourceItem::ReportingRate { data_set, metric: metric.name().to_owned() }
                }
            },
            data_element: destination.data_element,
            category_option_combo: destination.category_option_combo,
            attribute_option_combo: destination.attribute_option_combo,
            combine: combine.map(|combine| combine.name().to_owned()),
            factor: factor.as_ref().map(ToString::to_string),
            when_empty: when_empty.map(|rule| rule.name().to_owned()),
            round: round.as_ref().map(ToString::to_string),
            coverage: coverage.as_ref().map(ToString::to_string),
            share: share.as_ref().map(ToString::to_string),
            scripts: scripts.iter().map(Attachment::of).collect(),
            note: note.clone(),
        }
    }

    fn into_item(self) -> Result<item::Item, Unknown> {
        Ok(item::Item {
            source: match self.source {
                SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
                    item::SourceItem::DataElement { id, category_option_combo, attribute_option_combo }
                }
                SourceItem::Indicator { id } => item::SourceItem::Indicator { id },
                SourceItem::ProgramIndicator { id } => item::SourceItem::ProgramIndicator { id },
                SourceItem::ReportingRate { data_set, metric } => {
                    item::SourceItem::ReportingRate { data_set, metric: word(&metric, ReportingMetric::from_name)? }
                }
            },
            destination: CellAddress {
                data_element: self.data_element,
                category_option_combo: self.category_option_combo,
                attribute_option_combo: self.attribute_option_combo,
            },
            combine: self.combine.map(|text| word(&text, Combine::from_name)).transpose()?,
            factor: parsed(self.factor.as_deref())?,
            when_empty: self.when_empty.map(|text| word(&text, WhenEmpty::from_name)).transpose()?,
            round: parsed(self.round.as_deref())?,
            coverage: parsed(self.coverage.as_deref())?,
            share: parsed(self.share.as_deref())?,
            scripts: attachments(self.scripts)?,
            note: self.note,
        })
    }
}

/// A rule as people write it.
fn parsed<T: FromStr>(text: Option<&str>) -> Result<Option<T>, Unknown> {
    text.map(|text| word(text, |text| text.parse().ok())).transpose()
}

impl Mapping {
    pub(super) fn of(row: &OrgUnitMapping) -> Self {
        let OrgUnitMapping { source, destination, method, score, class, explanation, state, note } = row;
        Self {
            source: *source,
            destination: *destination,
            method: method.name().to_owned(),
            score: *score,
            class: class.map(|class| class.name().to_owned()),
            explanation: explanation.clone(),
            state: state.name().to_owned(),
            note: note.clone(),
        }
    }

    pub(super) fn into_mapping(self) -> Result<OrgUnitMapping, Unknown> {
        Ok(OrgUnitMapping {
            source: self.source,
            destination: self.destination,
            method: word(&self.method, MatchMethod::from_name)?,
            score: self.score,
            class: self.class.map(|text| word(&text, MatchClass::from_name)).transpose()?,
            explanation: self.explanation,
            state: word(&self.state, MappingState::from_name)?,
            note: self.note,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, item};
    use xfer_domain::cell::CellAddress;
    use xfer_domain::data_item::{DataItem, DataKind, ReportingMetric};
    use xfer_domain::uid::Uid;

    #[test]
    fn every_kind_stands_in_files_under_the_word_of_the_table() {
        let id = Uid::parse("aObject0001").unwrap();
        for kind in DataKind::ALL {
            let data = match kind {
                DataKind::DataElement => DataItem::DataElement(id),
                DataKind::Indicator => DataItem::Indicator(id),
                DataKind::ProgramIndicator => DataItem::ProgramIndicator(id),
                DataKind::ReportingRate => {
                    DataItem::ReportingRate { data_set: id, metric: ReportingMetric::ActualReportsOnTime }
                }
            };
            let address = CellAddress {
                data_element: id,
                category_option_combo: Uid::DEFAULT_OPTION_COMBO,
                attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
            };
            let item = item::Item::new(item::SourceItem::all_of(data), address);
            let wire = Item::of(&item);
            let text = ron::to_string(&wire.source).unwrap();
            assert!(text.starts_with(&format!("{}(", kind.facts().file_word)), "{text}");
            assert_eq!(wire.into_item().ok(), Some(item), "{text}");
        }
    }
}
