//! What speaks against the org unit map of a pair.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::ops::error::OpsError;
use crate::ops::org_units::PairMap;
use crate::ops::quality::CheckOptions;
use crate::ops::quality::job::users;
use crate::ops::quality::reading::{Question, ReadProgress, Reader};
use crate::ops::quality::window::CheckWindow;
use xfer_domain::access;
use xfer_domain::fingerprint::MappingFingerprint;
use xfer_domain::item::SourceItem;
use xfer_domain::job::Job;
use xfer_domain::metadata::{DataSet, Metadata};
use xfer_domain::period::PeriodType;
use xfer_domain::server::{Server, ServerId};
use xfer_domain::uid::Uid;
use xfer_matching::finding::of_runs;
use xfer_matching::map_rules::{
    Arrivals, Coverage, MapFinding, MapQuestion, UnitValues, check_map as findings, coverage,
};
use xfer_storage::store::ConfigStore;

/// What a check of a map says.
#[derive(Debug, Clone)]
pub struct MapCheck {
    /// The map in numbers.
    pub coverage: Coverage,
    /// What speaks against it, what would be lost first.
    pub findings: Vec<MapFinding>,
    /// The window.
    pub window: CheckWindow,
    /// Whether the source was asked for its values.
    pub asked: bool,
    /// Whether the values are those that the pair's jobs read; otherwise those of every data set.
    pub of_jobs: bool,
}

/// Checks a map; asks the source which units have data unless told to stay offline.
pub async fn check_map(
    map: &PairMap,
    options: &CheckOptions,
    progress: &(dyn Fn(ReadProgress) + Send + Sync),
) -> Result<MapCheck, OpsError> {
    let jobs = jobs_of(map)?;
    // Refused before a server is asked.
    let window = CheckWindow::new(&options.periods, None)?;
    if options.offline {
        return check(map, &jobs, window, None);
    }
    let reader = Reader::open(&map.config, &server(&map.config, map.pair.source)?, &map.source).await?;
    let window = CheckWindow::new(&options.periods, Some(reader.today))?;
    let wanted = Wanted::of(&map.source, &jobs);
    let arrivals = Arrivals::new(&map.destination, &map.rows, &jobs);
    let mut values = UnitValues::default();
    reader
        .read(
            &wanted.questions(&map.source, &window),
            &|counts: &mut UnitValues, value| {
                let cell = value.cell;
                if wanted.takes(cell.data_element, cell.category_option_combo, cell.attribute_option_combo) {
                    counts.count(cell.org_unit, cell.data_element, arrivals.loss(&cell));
                }
            },
            &mut |counts| values.add(counts),
            progress,
        )
        .await?;
    check(map, &jobs, window, Some(&values))
}

fn check(map: &PairMap, jobs: &[Job], window: CheckWindow, values: Option<&UnitValues>) -> Result<MapCheck, OpsError> {
    let seen = map.config.org_unit_fingerprints(map.pair)?;
    let (from, to) = (server(&map.config, map.pair.source)?, server(&map.config, map.pair.destination)?);
    let [source_user, destination_user] = users(&map.config, [&from.name, &to.name])?;
    let question = MapQuestion {
        source: &map.source,
        destination: &map.destination,
        rows: &map.rows,
        jobs,
        seen: &seen,
        values,
        window: window.days(),
        users: [&source_user, &destination_user],
    };
    Ok(MapCheck {
        coverage: coverage(&question),
        findings: out_of_view(map)?.into_iter().chain(findings(&question)).collect(),
        window,
        asked: values.is_some(),
        of_jobs: matches!(Wanted::of(&map.source, jobs), Wanted::Items(_)),
    })
}

/// Mapped units that a server's user may not read. A destination that gets values of several units is held back as a whole
/// where one of them is hidden.
fn out_of_view(map: &PairMap) -> Result<Vec<MapFinding>, OpsError> {
    let mut found = Vec::new();
    let sides = [
        (map.pair.source, &map.source, &of_runs::SOURCE_NOT_READABLE),
        (map.pair.destination, &map.destination, &of_runs::DESTINATION_NOT_READABLE),
    ];
    for (position, (id, metadata, code)) in sides.into_iter().enumerate() {
        let account = map.config.server_settings(id)?.account;
        let eyes = access::Reader::new(metadata, account.as_ref());
        let name = server(&map.config, id)?.name;
        for row in &map.rows {
            let Some(target) = row.target() else { continue };
            let unit = if position == 0 { row.source } else { target };
            // Units that the server does not have are told by the rules of the map.
            if !metadata.organisation_units.contains_key(&unit) || eyes.org_unit(unit).is_none() {
                continue;
            }
            let partners = map.rows.iter().filter(|other| other.target() == Some(target)).count() > 1;
            let whole = if position == 0 && partners {
                format!("; {} also gets values of other org units, and is held back", map.destination.name_of(target))
            } else {
                String::new()
            };
            let own = metadata.name_of(unit);
            found.push(MapFinding {
                code,
                unit: Some(row.source),
                place: map.source.org_unit_path_names(row.source),
                values: None,
                message: format!("{own} is outside the org units that the user at {name} may read{whole}"),
            });
        }
    }
    Ok(found)
}

/// Takes how the units of all rows in force look now for what was seen when they were confirmed. Gives how many.
pub fn accept_map_drift(map: &mut PairMap) -> Result<usize, OpsError> {
    let seen: BTreeMap<Uid, MappingFingerprint> = map
        .rows
        .iter()
        .filter_map(|row| Some((row.source, MappingFingerprint::of(&map.source, &map.destination, row)?)))
        .collect();
    map.config.renew_org_unit_fingerprints(map.pair, &seen)?;
    Ok(seen.len())
}

/// The jobs of a pair that have items.
fn jobs_of(map: &PairMap) -> Result<Vec<Job>, OpsError> {
    let (source, destination) = (server(&map.config, map.pair.source)?, server(&map.config, map.pair.destination)?);
    let of_pair = |job: &Job| job.source == source.name && job.destination == destination.name;
    Ok(map.config.jobs()?.into_iter().filter(|job| of_pair(job) && !job.items.is_empty()).collect())
}

fn server(config: &ConfigStore, id: ServerId) -> Result<Server, OpsError> {
    let found = config.servers()?.into_iter().find(|server| server.id == id);
    found.ok_or_else(|| OpsError::invalid("the server was removed in the meantime", "see `xfer server list`"))
}

/// Option combos of an item's source; none stands for every one.
type Combos = (Option<Uid>, Option<Uid>);

/// Which values count.
enum Wanted {
    /// Those that an item of a job reads, by period type and data element.
    Items(BTreeMap<PeriodType, HashMap<Uid, Vec<Combos>>>),
    /// Every value of every data set that the user may read: no job says yet what is to be transferred.
    Everything,
}

impl Wanted {
    fn of(source: &Metadata, jobs: &[Job]) -> Self {
        let mut wanted: BTreeMap<PeriodType, HashMap<Uid, Vec<Combos>>> = BTreeMap::new();
        for job in jobs {
            for item in &job.items {
                let SourceItem::DataElement { id, category_option_combo, attribute_option_combo } = item.source else {
                    continue;
                };
                // What is collected nowhere in the job's periods cannot be asked for by data set.
                if source.data_sets_of(id).any(|data_set| data_set.period_type == job.source_period_type) {
                    let elements = wanted.entry(job.source_period_type).or_default();
                    elements.entry(id).or_default().push((category_option_combo, attribute_option_combo));
                }
            }
        }
        if wanted.is_empty() { Self::Everything } else { Self::Items(wanted) }
    }

    fn takes(&self, element: Uid, coc: Uid, aoc: Uid) -> bool {
        let Self::Items(wanted) = self else { return true };
        let names =
            |(own_coc, own_aoc): &Combos| own_coc.is_none_or(|own| own == coc) && own_aoc.is_none_or(|own| own == aoc);
        wanted.values().filter_map(|elements| elements.get(&element)).flatten().any(names)
    }

    fn questions(&self, source: &Metadata, window: &CheckWindow) -> Vec<Question> {
        let mut questions: BTreeMap<PeriodType, (BTreeSet<Uid>, BTreeSet<Uid>)> = BTreeMap::new();
        let readable = |data_set: &&DataSet| data_set.access.read;
        match self {
            Self::Items(wanted) => {
                for (period_type, elements) in wanted {
                    let (sets, asked) = questions.entry(*period_type).or_default();
                    for element in elements.keys() {
                        let of_type = source.data_sets_of(*element).filter(|set| set.period_type == *period_type);
                        sets.extend(of_type.map(|data_set| data_set.id));
                        asked.insert(*element);
                    }
                }
            }
            Self::Everything => {
                for data_set in source.data_sets.values().filter(readable) {
                    questions.entry(data_set.period_type).or_default().0.insert(data_set.id);
                }
            }
        }
        let with_periods = |(period_type, (sets, elements)): (PeriodType, (BTreeSet<Uid>, BTreeSet<Uid>))| Question {
            data_sets: sets.into_iter().collect(),
            data_elements: elements.into_iter().collect(),
            periods: window.periods(period_type),
        };
        questions.into_iter().map(with_periods).collect()
    }
}
