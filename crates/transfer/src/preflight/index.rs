//! The destination's metadata as preflight asks it: one look-up per object of a cell.
//!
//! Built once per run. A run asks some ten questions about each of a million cells, and the synced metadata answers
//! several of them only by a walk (which data sets hold the element, which options make up the combo).

use std::collections::HashSet;

use jiff::civil::Date;

use xfer_domain::hashed::{Hashed, HashedSet};
use xfer_domain::metadata::{CategoryOption, DataElement, DataInputPeriod, DataSet, Metadata, OrganisationUnit};
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::uid::Uid;

/// A data element: itself, the codes of its option set, the data sets that hold it.
#[derive(Debug)]
pub(super) struct ElementIndex<'metadata> {
    pub(super) element: &'metadata DataElement,
    pub(super) option_codes: Option<HashSet<&'metadata str>>,
    /// The codes that its comments must come from; none where any comment will do.
    pub(super) comment_codes: Option<HashSet<&'metadata str>>,
    pub(super) memberships: Vec<Membership>,
}

/// A data set that holds a data element, and the combo that the element has there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Membership {
    /// Position in [`Index::data_sets`].
    pub(super) data_set: usize,
    pub(super) category_combo: Uid,
}

/// An org unit and whether the user may enter data there.
#[derive(Debug)]
pub(super) struct UnitIndex<'metadata> {
    pub(super) unit: &'metadata OrganisationUnit,
    pub(super) in_capture: bool,
}

/// An option combo with what its options restrict.
#[derive(Debug)]
pub(super) struct ComboIndex<'metadata> {
    pub(super) category_combo: Uid,
    /// The first option that the user may not write.
    pub(super) unwritable: Option<Uid>,
    /// Options that are valid in some org units only.
    pub(super) restricted: Vec<&'metadata CategoryOption>,
    /// The latest start and the earliest end of its options.
    pub(super) start_date: Option<Date>,
    pub(super) end_date: Option<Date>,
}

/// A data set with today's answer to "which periods are open".
#[derive(Debug)]
pub(super) struct DataSetIndex<'metadata> {
    pub(super) data_set: &'metadata DataSet,
    pub(super) assigned: HashedSet<Uid>,
    /// The latest period that may be entered; none where the calendar ends.
    pub(super) latest_open: Option<Period>,
    pub(super) input_periods: Hashed<Period, Vec<&'metadata DataInputPeriod>>,
}

/// Where the user may enter data.
#[derive(Debug, Clone, Copy)]
pub(super) enum Capture<'account> {
    /// Everywhere: 2.43 does not ask a superuser.
    Everywhere,
    /// At these org units and below them.
    Below(&'account [Uid]),
}

/// Everything, by id.
#[derive(Debug)]
pub(super) struct Index<'metadata> {
    pub(super) elements: Hashed<Uid, ElementIndex<'metadata>>,
    pub(super) units: Hashed<Uid, UnitIndex<'metadata>>,
    pub(super) combos: Hashed<Uid, ComboIndex<'metadata>>,
    pub(super) data_sets: Vec<DataSetIndex<'metadata>>,
}

impl<'metadata> Index<'metadata> {
    pub(super) fn new(metadata: &'metadata Metadata, capture: Capture<'_>, today: Date) -> Self {
        let data_sets: Vec<DataSetIndex<'metadata>> =
            metadata.data_sets.values().map(|data_set| DataSetIndex::new(data_set, today)).collect();
        let in_capture = |unit: &OrganisationUnit| match capture {
            Capture::Everywhere => true,
            Capture::Below(roots) => roots.iter().any(|root| unit.id == *root || unit.is_within(*root)),
        };
        let units = metadata
            .organisation_units
            .iter()
            .map(|(id, unit)| (*id, UnitIndex { unit, in_capture: in_capture(unit) }));
        Self {
            elements: elements(metadata, &data_sets),
            units: units.collect(),
            combos: metadata.category_option_combos.keys().map(|id| (*id, ComboIndex::new(metadata, *id))).collect(),
            data_sets,
        }
    }
}

fn elements<'metadata>(
    metadata: &'metadata Metadata,
    data_sets: &[DataSetIndex<'metadata>],
) -> Hashed<Uid, ElementIndex<'metadata>> {
    let mut elements: Hashed<Uid, ElementIndex<'metadata>> = metadata
        .data_elements
        .iter()
        .map(|(id, element)| {
            let codes = |option_set: Option<Uid>| {
                let option_set = option_set.and_then(|option_set| metadata.option_sets.get(&option_set))?;
                Some(option_set.options.iter().map(|option| option.code.as_str()).collect::<HashSet<&str>>())
            };
            let option_codes = codes(element.option_set);
            // Without any option there is nothing to choose from, and servers do not ask.
            let comment_codes = codes(element.comment_option_set).filter(|codes| !codes.is_empty());
            (*id, ElementIndex { element, option_codes, comment_codes, memberships: Vec::new() })
        })
        .collect();
    for (position, data_set) in data_sets.iter().enumerate() {
        for member in &data_set.data_set.data_set_elements {
            if let Some(element) = elements.get_mut(&member.data_element) {
                let category_combo = member.category_combo.unwrap_or(element.element.category_combo);
                element.memberships.push(Membership { data_set: position, category_combo });
            }
        }
    }
    elements
}

impl<'metadata> ComboIndex<'metadata> {
    fn new(metadata: &'metadata Metadata, id: Uid) -> Self {
        let combo = metadata.category_option_combos.get(&id);
        let options: Vec<&CategoryOption> = combo
            .into_iter()
            .flat_map(|combo| &combo.category_options)
            .filter_map(|option| metadata.category_options.get(option))
            .collect();
        // Everybody may write the default option; servers do not ask (`CategoryOption.isDefault`).
        let checked = id != Uid::DEFAULT_OPTION_COMBO;
        Self {
            category_combo: combo.map_or(id, |combo| combo.category_combo),
            unwritable: options.iter().find(|option| checked && !option.access.write).map(|option| option.id),
            restricted: options.iter().copied().filter(|option| !option.organisation_units.is_empty()).collect(),
            start_date: options.iter().filter_map(|option| option.start_date).max(),
            end_date: options.iter().filter_map(|option| option.end_date).min(),
        }
    }
}

impl<'metadata> DataSetIndex<'metadata> {
    fn new(data_set: &'metadata DataSet, today: Date) -> Self {
        let mut input_periods: Hashed<Period, Vec<&DataInputPeriod>> = Hashed::default();
        for input in &data_set.data_input_periods {
            input_periods.entry(input.period).or_default().push(input);
        }
        Self {
            data_set,
            assigned: data_set.organisation_units.iter().copied().collect(),
            latest_open: latest_open(data_set.period_type, data_set.open_future_periods, today),
            input_periods,
        }
    }
}

/// With 0 open future periods the running period is closed too (`import/period-current-month`), with 1 it is the last.
fn latest_open(period_type: PeriodType, open_future_periods: i32, today: Date) -> Option<Period> {
    period_type.containing(today).shift(open_future_periods.saturating_sub(1))
}
