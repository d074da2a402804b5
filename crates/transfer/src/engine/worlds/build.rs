//! The servers and the routine of a small world, as the engine knows them, and the way back to the world's own words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::case::{Address, Aoc, Case, Cell, Coc, Cover, El, Job, Kind, Said, Source, Target, Unit, Values};
use super::number::{Number, Round, Way};
use crate::engine::world::{Server, World};
use crate::fixture;
use xfer_domain::cell::{CellAddress, CellKey};
use xfer_domain::coverage::Coverage;
use xfer_domain::data_item::DataItem;
use xfer_domain::data_value::DataValue;
use xfer_domain::item::{Item, SourceItem};
use xfer_domain::metadata::{CategoryCombo, CategoryOption, CategoryOptionCombo, DataElement, DataSet, Metadata};
use xfer_domain::org_unit_map::MappingState;
use xfer_domain::period::Period;
use xfer_domain::rounding::{Direction, Rounding};
use xfer_domain::routine::RoutineDocument;
use xfer_domain::source_value::SourceValue;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

/// Ids of both servers, made once.
struct Ids {
    elements: [Uid; 6],
    units: [Uid; 6],
    cocs: [Uid; 3],
    aocs: [Uid; 3],
    options: [Uid; 2],
    sets: [Uid; 2],
}

static IDS: LazyLock<Ids> = LazyLock::new(|| Ids {
    elements: [1, 2, 3, 4, 5, 6].map(fixture::element),
    units: [
        fixture::country(),
        fixture::district_a(),
        fixture::district_b(),
        fixture::unit(1),
        fixture::unit(2),
        fixture::unit(5),
    ],
    cocs: [Uid::DEFAULT_OPTION_COMBO, fixture::male(), fixture::female()],
    aocs: [Uid::DEFAULT_OPTION_COMBO, fixture::uid("CocProjc", 1), fixture::uid("CocProjc", 2)],
    options: [1, 2].map(|number| fixture::uid("OptProjc", number)),
    sets: [1, 2].map(|number| fixture::uid("DataSet", number)),
});

impl El {
    fn id(self) -> Uid {
        IDS.elements[self as usize]
    }
}

impl Coc {
    fn id(self) -> Uid {
        IDS.cocs[self as usize]
    }
}

impl Aoc {
    fn id(self) -> Uid {
        IDS.aocs[self as usize]
    }
}

impl Unit {
    fn id(self) -> Uid {
        IDS.units[self as usize]
    }
}

impl Address {
    fn key(self) -> CellAddress {
        CellAddress {
            data_element: self.element.id(),
            category_option_combo: self.coc.id(),
            attribute_option_combo: self.aoc.id(),
        }
    }
}

impl Cell {
    pub(super) fn key(&self) -> CellKey {
        CellKey::new(self.address.key(), self.unit.id(), Period::parse(&self.period).unwrap())
    }

    /// The cell of a key.
    pub(super) fn of(key: &CellKey) -> Self {
        let find = |id: Uid| NAMES.get(&id).unwrap_or_else(|| panic!("an id that no world has: {id}"));
        let (Some(unit), Some(element)) = (find(key.org_unit).unit, find(key.data_element).element) else {
            panic!("a key of other kinds: {key:?}");
        };
        let coc = find(key.category_option_combo).coc.unwrap();
        let aoc = find(key.attribute_option_combo).aoc.unwrap();
        Self { unit, period: key.period.to_string(), address: Address { element, coc, aoc } }
    }
}

/// What an id stands for; the default option combo is two things.
#[derive(Debug, Default)]
struct Named {
    unit: Option<Unit>,
    element: Option<El>,
    coc: Option<Coc>,
    aoc: Option<Aoc>,
}

static NAMES: LazyLock<BTreeMap<Uid, Named>> = LazyLock::new(|| {
    let mut names: BTreeMap<Uid, Named> = BTreeMap::new();
    for unit in Unit::ALL {
        names.entry(unit.id()).or_default().unit = Some(unit);
    }
    for element in El::ALL {
        names.entry(element.id()).or_default().element = Some(element);
    }
    for coc in [Coc::Default, Coc::Male, Coc::Female] {
        names.entry(coc.id()).or_default().coc = Some(coc);
    }
    for aoc in [Aoc::Default, Aoc::P, Aoc::Q] {
        names.entry(aoc.id()).or_default().aoc = Some(aoc);
    }
    names
});

/// What both servers have in common.
static COMMON: LazyLock<Metadata> = LazyLock::new(|| {
    let mut metadata = fixture::metadata();
    let project = fixture::uid("ComboPrj", 1);
    let members = [Aoc::P.id(), Aoc::Q.id()];
    let combo = metadata.category_combos[&fixture::sex_combo()].clone();
    let combo = CategoryCombo {
        id: project,
        name: "Project".to_owned(),
        category_option_combos: members.into_iter().collect(),
        ..combo
    };
    metadata.category_combos.insert(project, combo);
    for (number, id) in members.into_iter().enumerate() {
        let name = ["project P", "project Q"][number].to_owned();
        let combo = CategoryOptionCombo {
            id,
            name: name.clone(),
            category_combo: project,
            category_options: vec![IDS.options[number]],
            ..metadata.category_option_combos[&fixture::male()].clone()
        };
        metadata.category_option_combos.insert(id, combo);
        let some_option = metadata.category_options.values().next().unwrap().clone();
        let option = CategoryOption { id: IDS.options[number], name, ..some_option };
        metadata.category_options.insert(option.id, option);
    }
    for (element, like) in [(El::Funded, El::Plain), (El::Both, El::Sexed)] {
        let other = metadata.data_elements[&like.id()].clone();
        let element = DataElement { id: element.id(), name: format!("{element:?}"), ..other };
        metadata.data_elements.insert(element.id, element);
    }
    let plain = metadata.data_sets[&fixture::data_set()].clone();
    let members = [El::Funded, El::Both].map(|element| {
        let mut member = plain.data_set_elements[0];
        member.data_element = element.id();
        member
    });
    let funded = DataSet {
        id: IDS.sets[1],
        name: "Funded report".to_owned(),
        category_combo: project,
        data_set_elements: members.to_vec(),
        ..plain
    };
    metadata.data_sets.insert(funded.id, funded);
    metadata.data_sets.values_mut().for_each(|set| set.open_future_periods = 3);
    metadata
});

/// Makes of the source's metadata what its user sees.
fn update_metadata(metadata: &mut Metadata, case: &Case) {
    for number in 0..2 {
        let read = case.rights.reads_option[number] || !case.rights.synced;
        metadata.category_options.get_mut(&IDS.options[number]).unwrap().access.read = read;
        metadata.data_sets.get_mut(&IDS.sets[number]).unwrap().access.read = case.rights.reads_set[number];
    }
    let male = metadata.category_options.values_mut().find(|option| option.name == "male").unwrap();
    male.access.read = case.rights.reads_male;
}

fn destination_metadata(case: &Case) -> Metadata {
    let mut metadata = COMMON.clone();
    let rights = &case.rights;
    for number in 0..2 {
        let option = metadata.category_options.get_mut(&IDS.options[number]).unwrap();
        option.access.read = rights.destination_reads_option[number];
        option.access.write = rights.destination_writes_option[number];
        let set = metadata.data_sets.get_mut(&IDS.sets[number]).unwrap();
        set.access.write = rights.destination_writes_set[number];
        set.period_type = case.set_cuts[number].period_type();
        if let Some(unit) = case.unassigned {
            set.organisation_units.remove(&unit.id());
        }
    }
    for element in El::ALL {
        let keeps = case.keeps(element);
        let stored = metadata.data_elements.get_mut(&element.id()).unwrap();
        stored.value_type = match keeps.kind {
            Kind::Integer => ValueType::Integer,
            Kind::NotNegative => ValueType::IntegerZeroOrPositive,
            Kind::Number => ValueType::Number,
            Kind::Text => ValueType::Text,
        };
        stored.zero_is_significant = keeps.zeros;
        let aggregation = if keeps.averaged { "AVERAGE" } else { "SUM" };
        aggregation.clone_into(&mut stored.aggregation_type);
    }
    metadata
}

/// What somebody remarked at the destination on each value that was there before the first run.
pub(super) const COMMENT: &str = "seen";

/// Both servers as they are before the first run.
pub(super) fn world(case: &Case) -> World {
    let source = Server::with(if case.source_is_new { "2.44.0" } else { "2.42.4" }, COMMON.clone());
    let version = if case.destination_is_new { "2.43.1" } else { "2.42.5" };
    let mut world = World::of(source, Server::with(version, destination_metadata(case)));
    world.one_system = case.one_system;
    world.source.includes_zeros = case.zeros_in_analytics;
    let at_destination = case.destination.iter().chain(case.source.iter().filter(|_| case.one_system));
    for (cell, text) in at_destination {
        let value = DataValue { comment: Some(COMMENT.to_owned()), ..data_value(cell.key(), text) };
        world.destination.state.lock().unwrap().values.insert(cell.key(), value);
    }
    update_source(&mut world, case);
    world
}

/// Gives the source the values and rights that it has in a world by now.
pub(super) fn update_source(world: &mut World, case: &Case) {
    update_metadata(&mut world.source.metadata, case);
    world.source.account.data_view_organisation_units = case.rights.view.map(Unit::id).into_iter().collect();
    let mut state = world.source.state.lock().unwrap();
    // What the server knows in any case.
    state.unreadable =
        (0..2).filter(|number| !case.rights.reads_option[*number]).map(|number| IDS.options[number]).collect();
    state.values = case.source.iter().map(|(cell, text)| (cell.key(), data_value(cell.key(), text))).collect();
    state.aggregated = if case.jobs.iter().any(|job| job.analytics) { tables(case) } else { Vec::new() };
}

fn data_value(cell: CellKey, text: &str) -> DataValue {
    DataValue { cell, value: Some(text.to_owned()), comment: None, followup: false, stored_by: None, deleted: false }
}

/// The analytics tables: for each org unit the sum of what lies in it, numbers only, texts where they stand.
fn tables(case: &Case) -> Vec<SourceValue> {
    let mut sums: BTreeMap<Cell, Number> = BTreeMap::new();
    let mut rows = Vec::new();
    for (cell, text) in &case.source {
        match Number::read(text) {
            _ if cell.address.element == El::Words => rows.push((cell.clone(), text.clone())),
            None => {}
            Some(number) if number.is_zero() && !case.zeros_in_analytics => {}
            Some(number) => {
                for unit in Unit::ALL.into_iter().filter(|unit| cell.unit.is_in(*unit)) {
                    let sum = sums.entry(Cell { unit, ..cell.clone() }).or_insert(Number::ZERO);
                    *sum = sum.plus(number);
                }
            }
        }
    }
    // As Java prints them.
    rows.extend(sums.into_iter().map(|(cell, sum)| {
        let text = sum.written();
        (cell, if text.contains('.') { text } else { format!("{text}.0") })
    }));
    let row = |(cell, value): (Cell, String)| {
        let key = cell.key();
        SourceValue {
            data: DataItem::DataElement(key.data_element),
            category_option_combo: Some(key.category_option_combo),
            attribute_option_combo: Some(key.attribute_option_combo),
            org_unit: key.org_unit,
            period: key.period,
            value: Some(value),
            remark: None,
        }
    };
    rows.into_iter().map(row).collect()
}

/// The routine as it stands by now.
pub(super) fn document(case: &Case) -> RoutineDocument {
    let jobs = case.jobs.iter().enumerate().map(|(number, job)| job_of(number, job)).collect();
    let mut document = fixture::document(jobs, &[]);
    document.routine.window = vec![case.window_text()];
    document.routine.policies.when_empty = case.when_empty;
    document.routine.policies.max_delete = case.max_delete;
    // Of a few cells a share says nothing; `diff::vanishing` tests it.
    document.routine.policies.max_delete_share = 100;
    document.org_unit_map = case
        .map
        .iter()
        .map(|row| {
            let state = match row.said {
                Said::Confirmed => MappingState::Confirmed,
                Said::Proposed => MappingState::Proposed,
                Said::Ignored => MappingState::Ignored,
            };
            fixture::mapping_in_state(row.source.id(), row.destination.map(Unit::id), state)
        })
        .collect();
    document
}

fn job_of(number: usize, job: &Job) -> xfer_domain::job::Job {
    let items = job.targets.iter().flat_map(|target| target.sources.iter().map(|source| item_of(target, source)));
    xfer_domain::job::Job {
        source_period_type: job.from.period_type(),
        destination_period_type: job.to.period_type(),
        period_shift: job.shift,
        combine: job.combine,
        read: if job.analytics { xfer_domain::job::ReadFrom::Analytics } else { xfer_domain::job::ReadFrom::Raw },
        round: job.round.map(rounding),
        ..fixture::job(&format!("job {number}"), items.collect())
    }
}

fn item_of(target: &Target, source: &Source) -> Item {
    let from = SourceItem::DataElement {
        id: source.element.id(),
        category_option_combo: source.coc.map(Coc::id),
        attribute_option_combo: source.aoc.map(Aoc::id),
    };
    Item {
        combine: target.combine,
        factor: source.factor.map(|factor| factor.parse().unwrap()),
        when_empty: target.when_empty,
        round: target.round.map(rounding),
        share: target.share.map(|weight| u32::from(weight).into()),
        coverage: target.cover.map(|cover| match cover {
            Cover::All => Coverage::All,
            Cover::AtLeast(number) => Coverage::Periods(number),
        }),
        ..Item::new(from, target.address.key())
    }
}

fn rounding(round: Round) -> Rounding {
    let direction = match round.way {
        Way::Half => Direction::Half,
        Way::Up => Direction::Up,
        Way::Down => Direction::Down,
    };
    Rounding { direction, digits: round.decimals }
}

/// What the destination holds.
pub(super) fn destination(world: &World) -> Values {
    world.destination.texts().iter().map(|(key, text)| (Cell::of(key), text.clone())).collect()
}

/// The cells of the destination that have the remark.
pub(super) fn remarked(world: &World) -> BTreeSet<Cell> {
    let state = world.destination.state.lock().unwrap();
    let remarked = state.values.values().filter(|value| value.comment.as_deref() == Some(COMMENT));
    remarked.map(|value| Cell::of(&value.cell)).collect()
}
