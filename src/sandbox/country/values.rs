//! What the facilities of the source have reported.
//!
//! Small whole numbers mostly, in the order of magnitude that such a facility sees; zeros that were written and cells
//! that were left blank; a chain of figures where each is a part of the one before (suspected, confirmed, treated).

use jiff::ToSpan;

use super::catalogue::{Amount, SOURCE_ELEMENTS, SourceElement, SourceSet};
use super::combos::Combo;
use super::facilities::{Facility, Kind};
use super::ids::{Ids, options_key};
use super::random::Chance;
use super::source_metadata::STOCK_STATES;
use crate::domain::period::Period;
use crate::sandbox::values::{Registration, RegistrationKey, StoredValue, ValueKey, Values};

/// Malaria follows the rains: per cent of the usual, January to December.
const SEASON: [u64; 12] = [110, 90, 70, 70, 90, 120, 110, 90, 90, 110, 150, 160];

/// Periods of the data, by the type of their sets.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    /// Complete months.
    pub(super) months: Vec<Period>,
    /// Complete weeks.
    pub(super) weeks: Vec<Period>,
    /// Complete quarters.
    pub(super) quarters: Vec<Period>,
}

impl Calendar {
    fn of(&self, set: SourceSet) -> &[Period] {
        match set.period_type() {
            "Weekly" => &self.weeks,
            "Quarterly" => &self.quarters,
            _ => &self.months,
        }
    }
}

/// What is known about the facility and period of a value.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    facility: &'a Facility,
    period: Period,
    /// Chance of everything in this facility and period.
    chance: Chance,
}

/// A cell of a data set's form, the same in all facilities.
struct FormCell {
    element: &'static SourceElement,
    element_id: String,
    combo_id: String,
    attribute_id: String,
    /// How many option combos share what the element counts.
    cells: u64,
    /// What its chance goes by.
    key: String,
    /// The partner who reports it; empty for everyone.
    partner: String,
}

/// Everything that the source stores.
pub(super) fn generate(chance: Chance, ids: Ids, facilities: &[Facility], calendar: &Calendar) -> Values {
    let chance = chance.of("values");
    let mut values = Values::default();
    let mut data = Vec::new();
    for set in SourceSet::ALL {
        let form = form(ids, set);
        for facility in facilities.iter().filter(|facility| set.is_reported_by(facility.kind, facility.sentinel)) {
            for &period in calendar.of(set) {
                let place = Place { facility, period, chance: chance.of(&facility.key).of(&period.to_string()) };
                let reported = !place.chance.of("report").at(set as u64).happens(8, 100);
                if reported {
                    report(place, &set.id(ids), &form, &mut data, &mut values);
                }
            }
        }
    }
    // Built from a sorted list: many times faster than one insertion after the other.
    values.data = data.into_iter().collect();
    values
}

fn form(ids: Ids, set: SourceSet) -> Vec<FormCell> {
    let mut form = Vec::new();
    for attribute in set.combo().option_combos(ids.chance) {
        let partner = options_key(&attribute);
        for element in SOURCE_ELEMENTS.iter().filter(|element| element.set == set) {
            let combos = element.combo.option_combos(ids.chance);
            form.extend(combos.iter().map(|combo| FormCell {
                element,
                element_id: ids.object("dataElements", element.key),
                combo_id: combo.id.clone(),
                attribute_id: attribute.id.clone(),
                cells: combos.len() as u64,
                key: format!("{}/{partner}", options_key(combo)),
                partner: partner.clone(),
            }));
        }
    }
    form
}

/// One facility's report for one period: its cells, and the registration for each partner.
fn report(
    place: Place<'_>,
    data_set: &str,
    form: &[FormCell],
    data: &mut Vec<(ValueKey, StoredValue)>,
    values: &mut Values,
) {
    let period = place.period.to_string();
    let written = written_on(place.period);
    for cell in form.iter().filter(|cell| is_filled_in(place, cell)) {
        let attribute = &cell.attribute_id;
        let registration = RegistrationKey {
            data_set: data_set.to_owned(),
            period: period.clone(),
            org_unit: place.facility.id.clone(),
            attribute_option_combo: attribute.clone(),
        };
        values.registrations.entry(registration).or_insert_with(|| Registration {
            date: written.clone(),
            stored_by: "saisie".into(),
            completed: true,
        });
        let Some(text) = value(place, cell.element, cell.cells, &cell.key) else { continue };
        let key = ValueKey {
            data_element: cell.element_id.clone(),
            period: period.clone(),
            org_unit: place.facility.id.clone(),
            category_option_combo: cell.combo_id.clone(),
            attribute_option_combo: attribute.clone(),
        };
        let own = place.chance.of(cell.element.key).of(&cell.key);
        data.push((key, stored(own, text, &written)));
    }
}

/// Whether a facility fills a cell in: dispensaries have a shorter form, partners are not active everywhere.
fn is_filled_in(place: Place<'_>, cell: &FormCell) -> bool {
    let on_form = place.facility.kind != Kind::Dispensary || cell.element.everywhere;
    on_form && (cell.partner.is_empty() || place.chance.of("partner").of(&cell.partner).happens(2, 3))
}

/// The day on which a report came in.
fn written_on(period: Period) -> String {
    let days = if period.period_type().is_weekly() { 3 } else { 6 };
    period.end().checked_add(days.days()).unwrap_or(period.end()).to_string()
}

fn stored(chance: Chance, value: String, written: &str) -> StoredValue {
    const COMMENTS: [&str; 4] = ["à vérifier", "rapport en retard", "estimation", "corrigé après supervision"];
    let comment = chance.of("comment").happens(1, 150).then(|| chance.of("which").pick(&COMMENTS)).flatten();
    let moment = format!("{written}T13:{:02}:00.000", chance.of("minute").below(60));
    StoredValue {
        value: Some(value),
        comment: comment.map(|comment| (*comment).to_owned()),
        followup: chance.of("follow-up").happens(1, 400),
        deleted: false,
        stored_by: "saisie".into(),
        created: moment.clone(),
        last_updated: moment,
    }
}

/// The text of a cell; none where it was left blank.
fn value(place: Place<'_>, element: &SourceElement, cells: u64, cell: &str) -> Option<String> {
    let own = place.chance.of(element.key).of(cell);
    match element.amount {
        Amount::Count(_) | Amount::Share(..) => {
            let number = number(place, element, cells, cell);
            // A third of the zeros are written down, the others are left blank.
            (number > 0 || own.of("zero").happens(1, 3)).then(|| number.to_string())
        }
        Amount::Days => own.of("any").happens(1, 3).then(|| own.below(20).to_string()),
        Amount::Quantity(usual) => {
            let hundredths = usual * place.facility.kind.size() * (50 + own.below(100));
            let fraction = own.of("fraction").below(3) * 25;
            Some(format!("{}.{:02}", hundredths / 100, fraction)).map(|text| text.replace(".00", ""))
        }
        Amount::Degrees => Some(format!("{}.{}", 2 + own.below(6), own.of("tenth").below(10))),
        Amount::StockState => own.pick(&STOCK_STATES).map(|state| state.0.to_owned()),
        Amount::YesNo => Some(own.happens(4, 5).to_string()),
        Amount::Remark => {
            const REMARKS: [&str; 4] = [
                "Livraison attendue depuis deux semaines",
                "Route coupée par les pluies, pas de supervision",
                "Générateur en panne; chaîne de froid sur glace",
                "RAS",
            ];
            own.of("any").happens(1, 12).then(|| own.pick(&REMARKS)).flatten().map(|remark| (*remark).to_owned())
        }
    }
}

/// The number of a counting element's cell.
fn number(place: Place<'_>, element: &SourceElement, cells: u64, cell: &str) -> u64 {
    let own = place.chance.of(element.key).of(cell);
    match element.amount {
        Amount::Count(0) => u64::from(own.happens(place.facility.kind.size(), 40)),
        Amount::Count(usual) => {
            let month = usize::try_from(place.period.start().month()).unwrap_or(1);
            let season = if element.combo == Combo::AgeAndSex { SEASON[(month + 11) % 12] } else { 100 };
            let expected = usual * place.facility.kind.size() * season;
            // Rounded to the nearest, so that small facilities do not always come out at nothing.
            (expected * (40 + own.below(120)) + 5_000 * cells) / (10_000 * cells)
        }
        Amount::Share(whole, low, high) => {
            let Some(whole) = SOURCE_ELEMENTS.iter().find(|other| other.key == whole) else { return 0 };
            number(place, whole, cells, cell) * (low + own.below(high - low + 1)) / 100
        }
        _ => 0,
    }
}
