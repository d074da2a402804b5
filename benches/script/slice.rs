//! A slice of a run with scripts and without: from source values through mapping to combined values, by the functions
//! that a run calls.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::metadata::{
    CategoryCombo, CategoryOptionCombo, DataAccess, DataElement, DataSet, DataSetElement, Metadata, OrganisationUnit,
};
use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::routine::{Policies, Routine, RoutineDocument};
use xfer_domain::script::{Attachment, ParameterValue, ScriptSource};
use xfer_domain::server::ServerIdentity;
use xfer_domain::source_value::SourceValue;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;
use xfer_transfer::combine::combine;
use xfer_transfer::hooks::{self, Scene};
use xfer_transfer::map::Mapping;
use xfer_transfer::plan::{self, Plan, PlanRequest};

const CLINICS: u32 = 300;
const ELEMENTS: u32 = 20;
const YEAR: i16 = 2023;

/// What a script costs a slice, for each of its cells. `period` is not among them: it is asked when a run is planned, once
/// for each item and period.
pub(super) fn measure(native: f64) {
    let metadata = metadata();
    let values = values();
    let plain = per_cell(&metadata, &values, None);
    super::show("a slice without scripts, per cell", plain, native);
    for (name, source) in [
        ("a slice with value(v): v * 2", "fn value(v) { v * 2 }"),
        ("a slice with value(v, ctx): a parameter", "fn value(v, ctx) { v * ctx.params.factor }"),
        ("a slice with combine: sum", "fn combine(values, ctx) { values.sum() }"),
        ("a slice with rows: filter", "fn rows(rows, ctx) { rows.filter(|r| r.value != ()) }"),
        (
            "a slice with all three",
            "fn value(v) { v * 2 } fn combine(values) { values.sum() }
             fn rows(rows) { rows.filter(|r| r.value != ()) }",
        ),
    ] {
        let cost = per_cell(&metadata, &values, Some(source));
        super::show(name, cost, native);
        println!("{:<44} {:>11.1} times the slice without scripts", "", cost / plain);
    }
}

/// Nanoseconds for each cell; reading, comparing and sending are not in it.
fn per_cell(metadata: &Metadata, values: &[SourceValue], script: Option<&str>) -> f64 {
    let document = document(script);
    let now = Timestamp::UNIX_EPOCH;
    let hooks = hooks::ready(&document, now).unwrap();
    let server = ServerIdentity {
        system_id: "one".to_owned(),
        system_name: None,
        version: "2.42.5".parse().unwrap(),
        calendar: "iso8601".to_owned(),
    };
    let plan = plan::plan(&PlanRequest {
        document: &document,
        source_metadata: metadata,
        destination_metadata: metadata,
        source: &server,
        destination: &server,
        today: jiff::civil::date(2024, 11, 15),
        relative: &RelativeOptions::default(),
        source_view_roots: &[],
        source_reader: xfer_domain::access::Reader::new(metadata, None),
        hooks: &hooks,
    })
    .unwrap();
    let scene = Scene { source: metadata, destination: metadata, now };
    let rounds = (0..super::ROUNDS).map(|_| {
        let (taken, cells) = through(&plan, &scene, values);
        assert_eq!(cells, values.len(), "every value has a cell of its own");
        taken
    });
    super::middle(rounds.collect(), values.len())
}

fn through(plan: &Plan, scene: &Scene<'_>, values: &[SourceValue]) -> (Duration, usize) {
    let (mut taken, mut cells) = (Duration::ZERO, 0);
    for job in &plan.jobs {
        for slice in &job.slices {
            let own: Vec<SourceValue> =
                values.iter().filter(|value| slice.sources.contains(&value.org_unit)).cloned().collect();
            let before = super::spent();
            let mut mapping = Mapping::new(job, slice, &plan.units);
            for value in own {
                mapping.take(value);
            }
            let mapped = mapping.finish(scene);
            let combined = black_box(combine(mapped.contributions, job, scene, &mapped.slice_values));
            taken += super::spent().saturating_sub(before);
            cells += combined.cells.len();
        }
    }
    (taken, cells)
}

fn uid(kind: char, number: u32) -> Uid {
    Uid::parse(&format!("{kind}{number:010}")).unwrap()
}

fn months() -> impl Iterator<Item = Period> {
    (1..=12).map(|month| PeriodType::Monthly.containing(jiff::civil::date(YEAR, month, 1)))
}

fn values() -> Vec<SourceValue> {
    let mut values = Vec::new();
    for clinic in 0..CLINICS {
        for element in 0..ELEMENTS {
            values.extend(months().enumerate().map(|(month, period)| SourceValue {
                data: DataItem::DataElement(uid('e', element)),
                category_option_combo: Some(Uid::DEFAULT_OPTION_COMBO),
                attribute_option_combo: Some(Uid::DEFAULT_OPTION_COMBO),
                org_unit: uid('c', clinic),
                period,
                value: Some((month + 12).to_string()),
                remark: None,
            }));
        }
    }
    values
}

fn document(script: Option<&str>) -> RoutineDocument {
    let scripts: Vec<ScriptSource> = script.iter().map(|text| ScriptSource::new("bench.rhai", *text)).collect();
    let attached = scripts.iter().map(|source| Attachment {
        script: source.name.clone(),
        hash: source.hash.clone(),
        hooks: Vec::new(),
        parameters: BTreeMap::from([("factor".to_owned(), ParameterValue::Number("0.07".parse().unwrap()))]),
        file: None,
    });
    let job = Job {
        name: "job".to_owned(),
        source: "source".to_owned(),
        destination: "destination".to_owned(),
        source_period_type: PeriodType::Monthly,
        destination_period_type: PeriodType::Monthly,
        period_shift: 0,
        combine: Combine::Sum,
        read: ReadFrom::Raw,
        round: None,
        coverage: None,
        comments: xfer_domain::job::Comments::default(),
        scripts: attached.collect(),
        items: (0..ELEMENTS).map(item).collect(),
    };
    let mapping = |clinic| OrgUnitMapping::manual(uid('c', clinic), Some(uid('c', clinic)), MappingState::Confirmed);
    RoutineDocument {
        routine: Routine {
            id: Uuid::nil(),
            name: "routine".to_owned(),
            jobs: vec![job.name.clone()],
            window: months().map(|month| month.to_string()).collect(),
            policies: Policies::default(),
            scripts: Vec::new(),
            alerts: Vec::new(),
        },
        jobs: vec![job],
        org_unit_map: (0..CLINICS).map(mapping).collect(),
        scripts,
    }
}

fn item(element: u32) -> Item {
    let default = Uid::DEFAULT_OPTION_COMBO;
    let source = SourceItem::DataElement {
        id: uid('e', element),
        category_option_combo: Some(default),
        attribute_option_combo: Some(default),
    };
    Item::new(
        source,
        CellAddress {
            data_element: uid('e', element),
            category_option_combo: default,
            attribute_option_combo: default,
        },
    )
}

fn metadata() -> Metadata {
    let (country, district) = (uid('n', 0), uid('d', 0));
    let clinics = (0..CLINICS).map(|number| {
        organisation_unit(uid('c', number), &format!("Clinic {number}"), &[country, district, uid('c', number)])
    });
    let above = [
        organisation_unit(country, "Country", &[country]),
        organisation_unit(district, "District", &[country, district]),
    ];
    let organisation_units: BTreeMap<Uid, OrganisationUnit> = above.into_iter().chain(clinics).collect();
    let data_elements: BTreeMap<Uid, DataElement> = (0..ELEMENTS).map(data_element).collect();
    let data_set = DataSet {
        id: uid('s', 0),
        code: None,
        name: "Monthly report".to_owned(),
        period_type: PeriodType::Monthly,
        category_combo: Uid::DEFAULT_CATEGORY_COMBO,
        open_future_periods: 0,
        open_periods_after_co_end_date: 0,
        expiry_days: 0.0,
        data_set_elements: data_elements
            .keys()
            .map(|id| DataSetElement { data_element: *id, category_combo: None })
            .collect(),
        organisation_units: organisation_units.keys().copied().collect(),
        data_input_periods: Vec::new(),
        access: DataAccess::default(),
    };
    let combo = CategoryCombo {
        id: Uid::DEFAULT_CATEGORY_COMBO,
        code: None,
        name: "default".to_owned(),
        is_default: true,
        category_option_combos: [Uid::DEFAULT_OPTION_COMBO].into(),
    };
    let option_combo = CategoryOptionCombo {
        id: Uid::DEFAULT_OPTION_COMBO,
        code: None,
        name: "default".to_owned(),
        category_combo: Uid::DEFAULT_CATEGORY_COMBO,
        category_options: Vec::new(),
    };
    Metadata {
        organisation_units,
        data_elements,
        data_sets: BTreeMap::from([(data_set.id, data_set)]),
        category_combos: BTreeMap::from([(combo.id, combo)]),
        category_option_combos: BTreeMap::from([(option_combo.id, option_combo)]),
        ..Metadata::default()
    }
}

fn organisation_unit(id: Uid, name: &str, path: &[Uid]) -> (Uid, OrganisationUnit) {
    let unit = OrganisationUnit {
        id,
        code: None,
        name: name.to_owned(),
        short_name: None,
        path: path.to_vec(),
        opening_date: None,
        closed_date: None,
        attribute_values: Vec::new(),
    };
    (id, unit)
}

fn data_element(number: u32) -> (Uid, DataElement) {
    let element = DataElement {
        id: uid('e', number),
        code: None,
        name: format!("Element {number}"),
        short_name: None,
        value_type: ValueType::Number,
        aggregation_type: "SUM".to_owned(),
        zero_is_significant: true,
        category_combo: Uid::DEFAULT_CATEGORY_COMBO,
        option_set: None,
        comment_option_set: None,
        attribute_values: Vec::new(),
    };
    (element.id, element)
}
