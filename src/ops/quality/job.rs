//! What speaks against a job.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::ops::copies::Copies;
use crate::ops::error::OpsError;
use crate::ops::home::{Home, server};
use crate::ops::jobs::{CheckedItem, OpenJob};
use crate::ops::quality::CheckOptions;
use crate::ops::quality::reading::{Question, ReadProgress, Reader};
use crate::ops::quality::window::{CheckWindow, DEFAULT_WINDOW};
use crate::ops::review;
use xfer_domain::data_value::DataValue;
use xfer_domain::fingerprint::ItemFingerprint;
use xfer_domain::item::{Item, SourceItem};
use xfer_domain::job::ReadFrom;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::Referent;
use xfer_matching::finding::{self, VALUES_ARE_SOURCE_IDS, of_runs};
use xfer_matching::item_rules::changes_values;
use xfer_matching::job_rules::{JobQuestion, Refusals, RefusedValue, check_job as findings, may_refuse};
use xfer_matching::review::Finding;
use xfer_storage::store::ConfigStore;

/// What a check of a job says.
#[derive(Debug, Clone)]
pub struct JobCheck {
    /// What only shows when items, map, rights and routines are seen together.
    pub review: Vec<Finding>,
    /// What speaks against its items.
    pub findings: Vec<CheckedItem>,
    /// The window.
    pub window: CheckWindow,
    /// Values that were looked at, because the destination may refuse some of them.
    pub looked_at: u64,
}

/// Checks a job; looks at the values that the destination may refuse unless told to stay offline.
pub async fn check_job(
    home: &Home,
    open: &OpenJob,
    options: &CheckOptions,
    progress: &(dyn Fn(ReadProgress) + Send + Sync),
) -> Result<JobCheck, OpsError> {
    let window = CheckWindow::new(&options.periods, None)?;
    let doubtful = doubtful(open);
    if options.offline || doubtful.is_empty() {
        return check(home, open, window, &BTreeMap::new());
    }
    let source = server(&open.config, &open.job.source)?;
    let reader = Reader::open(&open.config, &source, &open.source).await?;
    let window = CheckWindow::new(&options.periods, Some(reader.today))?;
    let mapped: BTreeSet<Uid> =
        open.rows()?.iter().filter(|row| row.target().is_some()).map(|row| row.source).collect();
    let mut items: HashMap<Uid, Vec<(usize, &Item)>> = HashMap::new();
    for (number, item) in &doubtful {
        items.entry(item.source.data().id()).or_default().push((*number, item));
    }
    // Every doubtful item has an answer, also one that the source has no values for.
    let mut refusals: BTreeMap<usize, Refusals> =
        doubtful.iter().map(|(number, _)| (*number, Refusals::default())).collect();
    // The store must not be shared between threads; what is looked at are metadata alone.
    let destination = &open.destination;
    let (one_system, unscripted) = (one_system(open)?, open.job.scripts.is_empty() && open.scripts.is_empty());
    let names_source_unit = |item: &Item| {
        let target = destination.data_elements.get(&item.destination.data_element);
        let names_unit = target.is_some_and(|element| element.value_type.referent() == Some(Referent::OrgUnit));
        names_unit && !one_system && item.scripts.is_empty() && unscripted
    };
    let look = |found: &mut BTreeMap<usize, Refusals>, value: DataValue| {
        // Values of units without destination are not sent, whatever they are.
        if !mapped.contains(&value.cell.org_unit) {
            return;
        }
        for (number, item) in items.get(&value.cell.data_element).into_iter().flatten() {
            if reads(&item.source, &value) {
                let value = RefusedValue {
                    org_unit: value.cell.org_unit,
                    period: value.cell.period,
                    value: value.value.clone().unwrap_or_default(),
                };
                let refusals = found.entry(*number).or_default();
                if names_source_unit(item) {
                    refusals.look_at_org_unit(&mapped, value);
                } else {
                    refusals.look_at(destination, item, value);
                }
            }
        }
    };
    let mut keep = |found: BTreeMap<usize, Refusals>| {
        for (number, more) in found {
            refusals.entry(number).or_default().add(more);
        }
    };
    reader.read(&questions(open, items.keys().copied(), &window), &look, &mut keep, progress).await?;
    check(home, open, window, &refusals)
}

fn check(
    home: &Home,
    open: &OpenJob,
    window: CheckWindow,
    refusals: &BTreeMap<usize, Refusals>,
) -> Result<JobCheck, OpsError> {
    let words = window.words();
    let [source_user, destination_user] = users(&open.config, [&open.job.source, &open.job.destination])?;
    let question = JobQuestion {
        source: &open.source,
        destination: &open.destination,
        job: &open.job,
        rows: &open.rows()?,
        seen: &open.config.item_fingerprints(&open.job.name)?,
        refusals,
        window: &words,
        users: [&source_user, &destination_user],
        scripts: &open.scripts,
    };
    // Periods that were asked for by name are those that the review is about, too.
    let asked = Some(window.given()).filter(|given| *given != [DEFAULT_WINDOW]);
    let copies = Copies::new(&open.config);
    let review = review::of_job(home, &copies, &open.job, asked)?;
    copies.all_read()?;
    let one_system = one_system(open)?;
    let findings = findings(&question)
        .into_iter()
        .filter(|(number, finding)| !told_by_review(&review, *number, finding.code))
        // On one system an id stands for the same thing on both sides.
        .filter(|(_, finding)| !(one_system && finding.code == VALUES_ARE_SOURCE_IDS.word))
        .map(|(number, finding)| CheckedItem { number, finding })
        .collect();
    let looked_at = refusals.values().map(|refusals| refusals.looked_at).sum();
    Ok(JobCheck { review, findings, window, looked_at })
}

/// Who looks at each of two servers, in words: `xfer at national`.
pub(in crate::ops) fn users(config: &ConfigStore, names: [&str; 2]) -> Result<[String; 2], OpsError> {
    let of = |name: &str| {
        let account = config.server_settings(server(config, name)?.id)?.account;
        let user = account.map(|account| account.username).filter(|user| !user.is_empty());
        Ok::<_, OpsError>(format!("{} at {name}", user.as_deref().unwrap_or("the user")))
    };
    Ok([of(names[0])?, of(names[1])?])
}

/// Whether source and destination are one system, as far as is known.
fn one_system(open: &OpenJob) -> Result<bool, OpsError> {
    let (source, destination) = (server(&open.config, &open.job.source)?, server(&open.config, &open.job.destination)?);
    Ok(source.is_one_system_with(&destination))
}

/// Items that share a cell have no operator to choose where one of them has to go.
pub(in crate::ops) fn told_by_review(review: &[Finding], number: usize, code: &str) -> bool {
    let missing = |found: &Finding| found.code.word == code && found.items.contains(&number);
    if code == of_runs::COMBINE_MISSING.word && review.iter().any(missing) {
        return true;
    }
    let twice = |found: &&Finding| found.code == &finding::VALUE_COUNTED_TWICE;
    code == finding::ITEMS_SHARE_CELL.word && review.iter().filter(twice).any(|found| found.items.contains(&number))
}

/// Takes how the objects of all items look now for what was seen when the items were made. Gives how many items.
pub fn accept_job_drift(open: &mut OpenJob) -> Result<usize, OpsError> {
    let look = |item: &Item| ItemFingerprint::of(&open.source, &open.destination, item);
    open.config.renew_item_fingerprints(&open.job.name, &look)?;
    Ok(open.job.items.iter().filter(|item| look(item).is_some()).count())
}

/// The items for which only values can tell whether they fit. What is read through analytics is summed up before it is
/// sent; single values say nothing about the sums.
fn doubtful(open: &OpenJob) -> Vec<(usize, Item)> {
    if open.job.read == ReadFrom::Analytics || open.job.scripts.iter().chain(&open.scripts).any(changes_values) {
        return Vec::new();
    }
    let numbered = (1..).zip(&open.job.items);
    numbered
        .filter(|(_, item)| may_refuse(&open.source, &open.destination, item))
        .map(|(number, item)| (number, item.clone()))
        .collect()
}

fn reads(source: &SourceItem, value: &DataValue) -> bool {
    let SourceItem::DataElement { id, category_option_combo, attribute_option_combo } = *source else { return false };
    let cell = value.cell;
    id == cell.data_element
        && category_option_combo.is_none_or(|combo| combo == cell.category_option_combo)
        && attribute_option_combo.is_none_or(|combo| combo == cell.attribute_option_combo)
}

fn questions(open: &OpenJob, elements: impl Iterator<Item = Uid>, window: &CheckWindow) -> Vec<Question> {
    let period_type = open.job.source_period_type;
    let (mut data_sets, mut data_elements) = (BTreeSet::new(), BTreeSet::new());
    for element in elements {
        let of_type = open.source.data_sets_of(element).filter(|data_set| data_set.period_type == period_type);
        let of_type: Vec<Uid> = of_type.map(|data_set| data_set.id).collect();
        // What is collected nowhere in the job's periods cannot be asked for by data set.
        if !of_type.is_empty() {
            data_sets.extend(of_type);
            data_elements.insert(element);
        }
    }
    if data_elements.is_empty() {
        return Vec::new();
    }
    vec![Question {
        data_sets: data_sets.into_iter().collect(),
        data_elements: data_elements.into_iter().collect(),
        periods: window.periods(period_type),
    }]
}
