//! What the facilities of the source have reported.
//!
//! Small whole numbers mostly, in the order of magnitude that such a facility sees; zeros that were written and cells
//! that were left blank; a chain of figures where each is a part of the one before (suspected, confirmed, treated).

use jiff::ToSpan;

use super::catalogue::{Amount, SOURCE_ELEMENTS, SourceElement, SourceSet};
use super::combos::Combo;
use super::facilities::{Facility, Kind};
use super::ids::{Ids, options_key};
use super::ranks::Ranks;
use super::source_metadata::STOCK_STATES;
use crate::chance::Chance;
use crate::values::{Registration, RegistrationKey, StoredValue, ValueKey, Values};
use xfer_domain::period::Period;

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
    /// All of them.
    fn all(&self) -> impl Iterator<Item = &Period> {
        self.months.iter().chain(&self.weeks).chain(&self.quarters)
    }

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
    /// What it is a share of, first the whole, then the cell itself; the cell alone where it is no share.
    chain: Vec<(Amount, u64)>,
    /// How many option combos share what the element counts.
    cells: u64,
    /// The partner who reports it; empty for everyone.
    partner: String,
}

/// The order of a stored value: element, period, org unit, COC, AOC.
type Place5 = (u32, u32, u32, u32, u32);

/// Everything that the source stores.
pub(super) fn generate(chance: Chance, ids: Ids, facilities: &[Facility], calendar: &Calendar) -> Values {
    let chance = chance.of("values");
    let forms: Vec<(SourceSet, String, Vec<FormCell>)> =
        SourceSet::ALL.into_iter().map(|set| (set, set.id(ids), form(ids, set))).collect();
    let cells = || forms.iter().flat_map(|form| &form.2);
    let elements = Ranks::of(cells().map(|cell| cell.element_id.as_str()));
    let combos = Ranks::of(cells().flat_map(|cell| [cell.combo_id.as_str(), cell.attribute_id.as_str()]));
    let units = Ranks::of(facilities.iter().map(|facility| facility.id.as_str()));
    let texts: Vec<String> = calendar.all().map(ToString::to_string).collect();
    let periods = Ranks::of(texts.iter().map(String::as_str));

    let mut values = Values::default();
    let mut data: Vec<(Place5, StoredValue)> = Vec::new();
    for (set, data_set, form) in &forms {
        let places: Vec<(u32, u32, u32)> = form
            .iter()
            .filter_map(|cell| {
                let place = |id: &str| combos.place(id);
                Some((elements.place(&cell.element_id)?, place(&cell.combo_id)?, place(&cell.attribute_id)?))
            })
            .collect();
        for facility in facilities.iter().filter(|facility| set.is_reported_by(facility.kind, facility.sentinel)) {
            let own = chance.of(&facility.key);
            for &period in calendar.of(*set) {
                let text = period.to_string();
                let place = Place { facility, period, chance: own.of(&text) };
                if place.chance.of("report").at(*set as u64).happens(8, 100) {
                    continue; // not reported
                }
                let written = written_on(period);
                register(place, data_set, form, &written, &mut values);
                let (Some(unit), Some(when)) = (units.place(&facility.id), periods.place(&text)) else { continue };
                for (cell, (element, combo, attribute)) in form.iter().zip(&places) {
                    if let Some(stored) = fill_in(place, cell, &written) {
                        data.push(((*element, when, unit, *combo, *attribute), stored));
                    }
                }
            }
        }
    }
    data.sort_unstable_by_key(|(place, _)| *place);
    let key = |(element, when, unit, combo, attribute): Place5| ValueKey {
        data_element: elements.text(element).to_owned(),
        period: periods.text(when).to_owned(),
        org_unit: units.text(unit).to_owned(),
        category_option_combo: combos.text(combo).to_owned(),
        attribute_option_combo: combos.text(attribute).to_owned(),
    };
    values.data = data.into_iter().map(|(place, stored)| (key(place), stored)).collect();
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
                chain: chain(element, &format!("{}/{partner}", options_key(combo))),
                cells: combos.len() as u64,
                partner: partner.clone(),
            }));
        }
    }
    form
}

/// An element with all that it is a share of, each with the number that its chance goes by.
fn chain(element: &'static SourceElement, cell: &str) -> Vec<(Amount, u64)> {
    let mut chain = Vec::new();
    let mut next = Some(element);
    while let Some(element) = next {
        chain.push((element.amount, Chance::new(0).of(element.key).of(cell).bits()));
        next = match element.amount {
            Amount::Share(whole, _, _) => SOURCE_ELEMENTS.iter().find(|other| other.key == whole),
            _ => None,
        };
    }
    chain.reverse();
    chain
}

/// Registers a report as complete, for each partner who is active there.
fn register(place: Place<'_>, data_set: &str, form: &[FormCell], written: &str, values: &mut Values) {
    let mut registered: Option<&str> = None;
    for cell in form.iter().filter(|cell| is_filled_in(place, cell)) {
        if registered.replace(&cell.attribute_id) == Some(cell.attribute_id.as_str()) {
            continue; // cells of one partner stand together
        }
        let key = RegistrationKey {
            data_set: data_set.to_owned(),
            period: place.period.to_string(),
            org_unit: place.facility.id.clone(),
            attribute_option_combo: cell.attribute_id.clone(),
        };
        let registration = Registration { date: written.to_owned(), stored_by: "saisie".into(), completed: true };
        values.registrations.insert(key, registration);
    }
}

/// Whether a facility fills a cell in: dispensaries have a shorter form, partners are not active everywhere.
fn is_filled_in(place: Place<'_>, cell: &FormCell) -> bool {
    let on_form = place.facility.kind != Kind::Dispensary || cell.element.everywhere;
    on_form && (cell.partner.is_empty() || place.chance.of("partner").of(&cell.partner).happens(2, 3))
}

/// What a facility writes into a cell, if anything.
fn fill_in(place: Place<'_>, cell: &FormCell, written: &str) -> Option<StoredValue> {
    let (_, own) = cell.chain.last()?;
    let own = place.chance.at(*own);
    let text = is_filled_in(place, cell).then(|| value(place, cell, own)).flatten()?;
    Some(stored(own, text, written))
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
fn value(place: Place<'_>, cell: &FormCell, own: Chance) -> Option<String> {
    match cell.element.amount {
        Amount::Count(_) | Amount::Share(..) => {
            let number = cell
                .chain
                .iter()
                .fold(0, |whole, (amount, part)| number(place, cell, *amount, whole, place.chance.at(*part)));
            // A third of the zeros are written down, the others are left blank.
            (number > 0 || own.of("zero").happens(1, 3)).then(|| number.to_string())
        }
        Amount::Days => own.of("any").happens(1, 3).then(|| own.below(20).to_string()),
        Amount::Quantity(usual) => {
            let whole = usual * place.facility.kind.size() * (50 + own.below(100)) / 100;
            let fraction = ["", ".25", ".5"];
            own.of("fraction").pick(&fraction).map(|fraction| format!("{whole}{fraction}"))
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

/// The number of a counting element's cell, given what it may be a share of.
fn number(place: Place<'_>, cell: &FormCell, amount: Amount, whole: u64, own: Chance) -> u64 {
    match amount {
        Amount::Count(0) => u64::from(own.happens(place.facility.kind.size(), 40)),
        Amount::Count(usual) => {
            let month = usize::try_from(place.period.start().month()).unwrap_or(1);
            let season = if cell.element.combo == Combo::AgeAndSex { SEASON[(month + 11) % 12] } else { 100 };
            let expected = usual * place.facility.kind.size() * season;
            // Rounded to the nearest, so that small facilities do not always come out at nothing.
            (expected * (40 + own.below(120)) + 5_000 * cell.cells) / (10_000 * cell.cells)
        }
        Amount::Share(_, low, high) => whole * (low + own.below(high - low + 1)) / 100,
        _ => 0,
    }
}
