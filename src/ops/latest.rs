//! The last period for which a source has values: what a person asks next when a run found nothing.
//!
//! Only asked after a run that read nothing, within a bound, with answers of one value each. It is a courtesy: whatever
//! goes wrong here costs the sentence, never the run.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use xfer_dhis2::analytics::AnalyticsQuery;
use xfer_dhis2::client::Client;
use xfer_dhis2::data_value_sets::RawQuery;
use xfer_dhis2::error::ClientError;
use xfer_domain::data_item::DataItem;
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{Finding, FindingObject, Report};
use xfer_domain::uid::Uid;
use xfer_transfer::finding;

/// How long the search may take.
const LONGEST_SEARCH: Duration = Duration::from_secs(15);

/// How far back it goes: five years of months, but never fewer or more periods than these.
const DAYS_BACK: u16 = 1830;
const FEWEST_PERIODS: u16 = 10;
const MOST_PERIODS: u16 = 120;

/// So many org units are named one by one; of more, those above them are.
const MOST_ORG_UNITS: usize = 50;

/// What the object of the finding is called.
pub const KIND: &str = "last period with values";

/// Whether a finding says that a run read nothing at all; where a job is named, it had values before and has none now.
pub fn is_of_the_run(finding: &Finding) -> bool {
    finding.code == finding::SOURCE_EMPTY.word && finding.severity == finding::SOURCE_EMPTY.severity
}

/// Says in the report of a run that found nothing which period has values.
pub(super) async fn name_latest(report: &mut Report, client: &Client, metadata: &Metadata, document: &RoutineDocument) {
    let Some(finding) = report.findings.iter_mut().find(|finding| is_of_the_run(finding)) else { return };
    let periods = match report.periods.as_slice() {
        [] => return,
        [only] => only.clone(),
        [first, .., last] => format!("{first} to {last}"),
    };
    finding.example = Some(format!("nothing was read for {periods}"));
    let found = tokio::time::timeout(LONGEST_SEARCH, latest(client, metadata, document)).await;
    if let Ok(Some(period)) = found {
        let name = period.to_string();
        finding.object = Some(FindingObject { kind: KIND.to_owned(), id: name.clone(), name });
    }
}

/// The last period with values of any of the jobs; none where there is none, or it could not be found out.
async fn latest(client: &Client, metadata: &Metadata, document: &RoutineDocument) -> Option<Period> {
    let mapped: BTreeSet<Uid> =
        document.org_unit_map.iter().filter(|row| row.target().is_some()).map(|row| row.source).collect();
    let (org_units, children) = places(metadata, &mapped);
    let mut latest: Option<Period> = None;
    for job in &document.jobs {
        match of_job(client, metadata, job, &org_units, children).await {
            Ok(found) => {
                latest = [latest, found].into_iter().flatten().max_by_key(Period::end);
            }
            Err(cause) => tracing::debug!(job = job.name, %cause, "the last period with values was not found out"),
        }
    }
    latest
}

async fn of_job(
    client: &Client,
    metadata: &Metadata,
    job: &Job,
    org_units: &[Uid],
    children: bool,
) -> Result<Option<Period>, ClientError> {
    let asked = Asked::of(job);
    let periods = newest_first(job);
    let mut found: Option<Period> = None;
    for data in [asked.aggregated, asked.indicators] {
        let query = AnalyticsQuery {
            data: data.into_iter().collect(),
            option_combos: false,
            org_units: org_units.to_vec(),
            periods: periods.clone(),
        };
        let values = client.read_analytics(&query).await?;
        found = values.into_iter().map(|value| value.period).chain(found).max();
    }
    if asked.raw.is_empty() {
        return Ok(found);
    }
    let query = RawQuery {
        data_sets: asked.raw.iter().flat_map(|data| metadata.data_sets_of(*data)).map(|set| set.id).collect(),
        data_elements: asked.raw.iter().copied().collect(),
        org_units: org_units.to_vec(),
        children,
        periods: Vec::new(),
        authors: false,
    };
    let mut search = Search::new(&periods);
    while let Some(range) = search.next() {
        let there = client.has_raw(&RawQuery { periods: range.to_vec(), ..query.clone() }).await?;
        search.learn(there);
    }
    Ok(search.found().into_iter().chain(found).max())
}

/// What a job asks for, by the way it is read.
#[derive(Default)]
struct Asked {
    raw: BTreeSet<Uid>,
    aggregated: BTreeSet<DataItem>,
    indicators: BTreeSet<DataItem>,
}

impl Asked {
    fn of(job: &Job) -> Self {
        let mut asked = Self::default();
        for item in &job.items {
            let data = item.source.data();
            match data {
                DataItem::DataElement(id) if job.read == ReadFrom::Raw => asked.raw.insert(id),
                DataItem::DataElement(_) => asked.aggregated.insert(data),
                DataItem::Indicator(_) | DataItem::ProgramIndicator(_) => asked.indicators.insert(data),
                // Reports are expected of every period, past or future: that it has a figure says nothing.
                DataItem::ReportingRate { .. } => false,
            };
        }
        asked
    }
}

/// The periods that are looked at: from the next one backwards.
fn newest_first(job: &Job) -> Vec<Period> {
    let period_type = job.source_period_type;
    let number = (DAYS_BACK / period_type.nominal_days().max(1)).clamp(FEWEST_PERIODS, MOST_PERIODS);
    let today = period_type.containing(Timestamp::now().to_zoned(TimeZone::UTC).date());
    let first = today.next().unwrap_or(today);
    std::iter::successors(Some(first), Period::previous).take(usize::from(number)).collect()
}

/// Which org units to name, and whether what is below them is meant too: the mapped ones, or so few above them that a
/// request can name them.
fn places(metadata: &Metadata, mapped: &BTreeSet<Uid>) -> (Vec<Uid>, bool) {
    if mapped.len() <= MOST_ORG_UNITS {
        return (mapped.iter().copied().collect(), false);
    }
    let paths: Vec<&[Uid]> = mapped
        .iter()
        .filter_map(|unit| metadata.organisation_units.get(unit))
        .map(|unit| unit.path.as_slice())
        .collect();
    let deepest = paths.iter().map(|path| path.len()).max().unwrap_or_default();
    let at = |level: usize| -> BTreeSet<Uid> {
        paths.iter().filter_map(|path| path.get(level.min(path.len()).checked_sub(1)?)).copied().collect()
    };
    let above = (1..=deepest).rev().map(at).find(|units| units.len() <= MOST_ORG_UNITS);
    (above.unwrap_or_default().into_iter().collect(), true)
}

/// A search for the first of some periods of which something is true, by questions about ranges: ranges twice as long
/// each time until one is right, then halves of that one.
struct Search<'periods> {
    periods: &'periods [Period],
    /// The range that is asked about, as far as it is narrowed down.
    range: std::ops::Range<usize>,
    /// What is left once the range was right: the answer is within.
    within: Option<std::ops::Range<usize>>,
}

impl<'periods> Search<'periods> {
    fn new(periods: &'periods [Period]) -> Self {
        Self { periods, range: 0..periods.len().min(1), within: None }
    }

    /// The next range to ask about; none where the search is over.
    fn next(&self) -> Option<&'periods [Period]> {
        if self.within.as_ref().is_some_and(|within| within.len() <= 1) {
            return None;
        }
        self.periods.get(self.range.clone()).filter(|range| !range.is_empty())
    }

    /// Takes the answer: whether anything is in the range.
    fn learn(&mut self, there: bool) {
        let asked = self.range.clone();
        match (&self.within, there) {
            (None, false) => {
                let end = (asked.end + asked.len() * 2).min(self.periods.len());
                self.range = asked.end..end;
                return;
            }
            (_, true) => self.within = Some(asked),
            (Some(within), false) => self.within = Some(asked.end..within.end),
        }
        let Some(within) = &self.within else { return };
        // Of one that is left, nothing more is asked.
        self.range = within.start..within.start + within.len().div_ceil(2);
    }

    fn found(&self) -> Option<Period> {
        let within = self.within.as_ref().filter(|within| within.len() == 1)?;
        self.periods.get(within.start).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Search;
    use xfer_domain::period::Period;

    #[test]
    fn the_newest_is_found_wherever_it_is_and_with_few_questions() {
        let first = Period::parse("202612").unwrap();
        let periods: Vec<Period> = std::iter::successors(Some(first), Period::previous).take(60).collect();
        for newest in 0..=periods.len() {
            // Whatever is older has values too, or has none.
            for others in [true, false] {
                let mut search = Search::new(&periods);
                let mut questions = 0;
                while let Some(range) = search.next() {
                    let has = |period: &Period| {
                        let at = periods.iter().position(|known| known == period).unwrap();
                        at == newest || (others && at > newest)
                    };
                    let there = range.iter().any(has);
                    search.learn(there);
                    questions += 1;
                }
                assert_eq!(search.found(), periods.get(newest).copied(), "{newest} {others}");
                assert!(questions <= 14, "{questions} for {newest}");
            }
        }
        assert!(Search::new(&[]).next().is_none());
    }
}
