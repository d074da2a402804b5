//! The programs of the source, their indicators, and the events behind them.
//!
//! Two programs: antenatal care, which registers women, and a line list of cholera cases, which registers nobody.
//! Each event says which indicators count it ([`Fact`]), worked out here next to the values, so that an indicator's
//! figure can be checked without an interpreter of DHIS2's expressions.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::combos::DEFAULT_COMBO;
use super::export::{Export, named, references, sharing};
use super::facilities::{Facility, Kind};
use super::ids::Ids;
use crate::chance::Chance;
use crate::events::{Enrollment, Event as StoredEvent, Events};
use xfer_domain::period::Period;

/// A program indicator.
struct ProgramIndicator {
    key: &'static str,
    name: &'static str,
    program: &'static str,
    /// Expression and filter, with keys of data elements in the place of `stage.element`.
    expression: &'static str,
    filter: Option<&'static str>,
    aggregation: &'static str,
}

const fn counted(
    key: &'static str,
    name: &'static str,
    program: &'static str,
    filter: Option<&'static str>,
) -> ProgramIndicator {
    ProgramIndicator { key, name, program, expression: "V{event_count}", filter, aggregation: "COUNT" }
}

const ANTENATAL: &str = "PRG_CPN";
const CHOLERA: &str = "PRG_CHOLERA";

const PROGRAM_INDICATORS: [ProgramIndicator; 9] = [
    counted("PI_CPN_VISITES", "CPN - visites enregistrées", ANTENATAL, None),
    counted("PI_CPN_HTA", "CPN - visites avec hypertension", ANTENATAL, Some("#{CPN_TA} >= 140")),
    counted("PI_CPN_ANEMIE", "CPN - visites avec anémie", ANTENATAL, Some("#{CPN_HB} < 11")),
    counted("PI_CPN_VIH", "CPN - tests VIH positifs", ANTENATAL, Some("#{CPN_VIH} == 'POS'")),
    counted("PI_CPN_VAT", "CPN - VAT administrés", ANTENATAL, Some("#{CPN_VAT} == true")),
    ProgramIndicator {
        expression: "#{CPN_POIDS}",
        aggregation: "AVERAGE",
        ..counted("PI_CPN_POIDS", "CPN - poids moyen", ANTENATAL, None)
    },
    counted("PI_CHO_CAS", "Choléra - cas notifiés", CHOLERA, None),
    counted("PI_CHO_DECES", "Choléra - décès", CHOLERA, Some("#{CHO_ISSUE} == 'DECEDE'")),
    counted("PI_CHO_U5", "Choléra - cas de moins de 5 ans", CHOLERA, Some("#{CHO_AGE} < 5")),
];

/// Data elements of events: key, name, value type, program.
const EVENT_ELEMENTS: [(&str, &str, &str, &str); 7] = [
    ("CPN_TA", "Tension artérielle systolique", "INTEGER_POSITIVE", ANTENATAL),
    ("CPN_HB", "Hémoglobine (g/dl)", "NUMBER", ANTENATAL),
    ("CPN_POIDS", "Poids (kg)", "NUMBER", ANTENATAL),
    ("CPN_VIH", "Résultat du test VIH", "TEXT", ANTENATAL),
    ("CPN_VAT", "VAT administré", "TRUE_ONLY", ANTENATAL),
    ("CHO_AGE", "Âge du cas (ans)", "INTEGER_ZERO_OR_POSITIVE", CHOLERA),
    ("CHO_ISSUE", "Issue", "TEXT", CHOLERA),
];

/// One event's contribution to a program indicator: 1 for a count, the measured value for an average.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Id of the program indicator.
    pub program_indicator: String,
    /// Id of the org unit of the event.
    pub org_unit: String,
    /// Day of the event.
    pub date: Date,
    /// The contribution, as exact text.
    pub value: String,
}

/// Whether a facility keeps the registers.
fn keeps_registers(facility: &Facility) -> bool {
    facility.kind != Kind::Dispensary
}

/// Adds programs, stages, event data elements and program indicators.
pub(super) fn write(export: &mut Export, ids: Ids, facilities: &[Facility]) {
    let person = ids.object("trackedEntityTypes", "PERSONNE");
    let mut object = named(&person, "Personne", None);
    object["sharing"] = sharing("rwr-----");
    export.add("trackedEntityTypes", object);
    for (key, name, value_type, _) in EVENT_ELEMENTS {
        let mut object = named(&ids.object("dataElements", key), name, Some(key));
        object["valueType"] = value_type.into();
        object["aggregationType"] = if value_type == "NUMBER" { "AVERAGE" } else { "NONE" }.into();
        object["domainType"] = "TRACKER".into();
        object["zeroIsSignificant"] = false.into();
        object["categoryCombo"] = default_combo();
        object["sharing"] = sharing("rw------");
        export.add("dataElements", object);
    }
    let units: Vec<&str> =
        facilities.iter().filter(|facility| keeps_registers(facility)).map(|facility| facility.id.as_str()).collect();
    for (key, name, stage_name) in
        [(ANTENATAL, "Suivi prénatal", "Visite prénatale"), (CHOLERA, "Liste linéaire du choléra", "Cas de choléra")]
    {
        let (program, stage) = (ids.object("programs", key), ids.object("programStages", key));
        let registers = key == ANTENATAL;
        let mut object = named(&program, name, Some(key));
        object["programType"] = if registers { "WITH_REGISTRATION" } else { "WITHOUT_REGISTRATION" }.into();
        if registers {
            object["trackedEntityType"] = json!({"id": person});
            object["enrollmentDateLabel"] = "Inscription".into();
            object["onlyEnrollOnce"] = false.into();
        }
        object["categoryCombo"] = default_combo();
        object["programStages"] = references([stage.as_str()]);
        object["organisationUnits"] = references(units.iter().copied());
        object["sharing"] = sharing("rwr-----");
        object["version"] = 0.into();
        export.add("programs", object);
        let elements: Vec<Value> = EVENT_ELEMENTS
            .iter()
            .filter(|element| element.3 == key)
            .enumerate()
            .map(|(number, element)| {
                json!({
                    "id": ids.object("programStageDataElements", element.0),
                    "dataElement": {"id": ids.object("dataElements", element.0)},
                    "programStage": {"id": stage}, "compulsory": false, "sortOrder": number + 1,
                })
            })
            .collect();
        export.add(
            "programStages",
            json!({
                "id": stage, "name": stage_name, "program": {"id": program}, "repeatable": registers, "sortOrder": 1,
                "minDaysFromStart": 0, "sharing": sharing("rwr-----"), "programStageDataElements": elements,
            }),
        );
    }
    for indicator in &PROGRAM_INDICATORS {
        export.add("programIndicators", program_indicator(ids, indicator));
    }
}

fn program_indicator(ids: Ids, indicator: &ProgramIndicator) -> Value {
    let stage = ids.object("programStages", indicator.program);
    let with_ids = |keys: &str| {
        EVENT_ELEMENTS.iter().fold(keys.to_owned(), |text, element| {
            let operand = format!("#{{{stage}.{}}}", ids.object("dataElements", element.0));
            text.replace(&format!("#{{{}}}", element.0), &operand)
        })
    };
    let boundary = |boundary: &str| json!({"boundaryTarget": "EVENT_DATE", "analyticsPeriodBoundaryType": boundary});
    let mut object = named(&ids.object("programIndicators", indicator.key), indicator.name, Some(indicator.key));
    object["program"] = json!({"id": ids.object("programs", indicator.program)});
    object["expression"] = with_ids(indicator.expression).into();
    if let Some(filter) = indicator.filter {
        object["filter"] = with_ids(filter).into();
    }
    object["aggregationType"] = indicator.aggregation.into();
    object["analyticsType"] = "EVENT".into();
    object["decimals"] = i32::from(indicator.aggregation == "AVERAGE").into();
    object["sharing"] = sharing("rw------");
    object["analyticsPeriodBoundaries"] =
        json!([boundary("AFTER_START_OF_REPORTING_PERIOD"), boundary("BEFORE_END_OF_REPORTING_PERIOD")]);
    object
}

/// An event with its values by key.
#[derive(Debug, Clone)]
struct Event {
    program: &'static str,
    org_unit: String,
    date: Date,
    values: Vec<(&'static str, String)>,
}

/// Every event of the given months.
fn events(chance: Chance, facilities: &[Facility], months: &[Period]) -> Vec<Event> {
    let mut events = Vec::new();
    for facility in facilities.iter().filter(|facility| keeps_registers(facility)) {
        for month in months {
            let own = chance.of("events").of(&facility.key).of(&month.to_string());
            let visits = 1 + own.of("visits").below(facility.kind.size());
            events.extend((0..visits).map(|number| visit(own.of("visit").at(number), facility, *month)));
            let cases = own.of("cases").below(6).saturating_sub(4);
            events.extend((0..cases).map(|number| case(own.of("case").at(number), facility, *month)));
        }
    }
    events
}

fn day_in(chance: Chance, month: Period) -> Date {
    let days = u64::try_from(month.days()).unwrap_or(1);
    let day = i64::try_from(chance.of("day").below(days)).unwrap_or(0);
    month.start().checked_add(day.days()).unwrap_or(month.start())
}

/// A number with one decimal between two bounds, given in tenths.
fn tenths(chance: Chance, low: u64, high: u64) -> String {
    let number = low + chance.below(high - low);
    format!("{}.{}", number / 10, number % 10)
}

fn visit(chance: Chance, facility: &Facility, month: Period) -> Event {
    let mut values = vec![
        ("CPN_TA", (90 + chance.of("pressure").below(70)).to_string()),
        ("CPN_HB", tenths(chance.of("haemoglobin"), 80, 150)),
        ("CPN_POIDS", tenths(chance.of("weight"), 420, 900)),
        ("CPN_VIH", if chance.of("hiv").happens(1, 25) { "POS" } else { "NEG" }.to_owned()),
    ];
    if chance.of("tetanus").happens(2, 3) {
        values.push(("CPN_VAT", "true".to_owned()));
    }
    Event { program: ANTENATAL, org_unit: facility.id.clone(), date: day_in(chance, month), values }
}

fn case(chance: Chance, facility: &Facility, month: Period) -> Event {
    let outcome = if chance.of("outcome").happens(1, 20) { "DECEDE" } else { "GUERI" };
    let values = vec![("CHO_AGE", chance.of("age").below(60).to_string()), ("CHO_ISSUE", outcome.to_owned())];
    Event { program: CHOLERA, org_unit: facility.id.clone(), date: day_in(chance, month), values }
}

impl Event {
    fn text(&self, key: &str) -> &str {
        self.values.iter().find(|value| value.0 == key).map(|value| value.1.as_str()).unwrap_or_default()
    }

    /// A value in tenths, so that comparisons are exact.
    fn tenths(&self, key: &str) -> u64 {
        let (whole, tenth) = self.text(key).split_once('.').unwrap_or((self.text(key), "0"));
        whole.parse::<u64>().unwrap_or(0) * 10 + tenth.parse::<u64>().unwrap_or(0)
    }

    /// What it contributes to an indicator of its program.
    fn contribution(&self, indicator: &ProgramIndicator) -> Option<String> {
        if indicator.program != self.program {
            return None;
        }
        let counts = match indicator.key {
            "PI_CPN_HTA" => self.tenths("CPN_TA") >= 1400,
            "PI_CPN_ANEMIE" => self.tenths("CPN_HB") < 110,
            "PI_CPN_VIH" => self.text("CPN_VIH") == "POS",
            "PI_CPN_VAT" => self.text("CPN_VAT") == "true",
            "PI_CHO_DECES" => self.text("CHO_ISSUE") == "DECEDE",
            "PI_CHO_U5" => self.tenths("CHO_AGE") < 50,
            "PI_CPN_POIDS" => return Some(self.text("CPN_POIDS").to_owned()),
            _ => true,
        };
        counts.then(|| "1".to_owned())
    }
}

/// What the program indicators count in the given months.
pub(super) fn facts(chance: Chance, ids: Ids, facilities: &[Facility], months: &[Period]) -> Vec<Fact> {
    let keys: Vec<String> =
        PROGRAM_INDICATORS.iter().map(|indicator| ids.object("programIndicators", indicator.key)).collect();
    let mut facts = Vec::new();
    for event in events(chance, facilities, months) {
        for (indicator, id) in PROGRAM_INDICATORS.iter().zip(&keys) {
            if let Some(value) = event.contribution(indicator) {
                facts.push(Fact {
                    program_indicator: id.clone(),
                    org_unit: event.org_unit.clone(),
                    date: event.date,
                    value,
                });
            }
        }
    }
    facts
}

/// The same events as the source stores them: each visit with an enrollment of its own, cases without.
pub(super) fn stored(chance: Chance, ids: Ids, facilities: &[Facility], months: &[Period]) -> Events {
    let elements: BTreeMap<&str, String> =
        EVENT_ELEMENTS.iter().map(|element| (element.0, ids.object("dataElements", element.0))).collect();
    let places = [ANTENATAL, CHOLERA]
        .map(|key| (key, (ids.object("programs", key), ids.object("programStages", key))))
        .into_iter()
        .collect::<BTreeMap<_, _>>();
    let [event_ids, enrollment_ids, entity_ids] =
        ["events", "enrollments", "trackedEntities"].map(|plural| ids.chance.of(plural));
    let mut stored = Events::default();
    for (number, event) in (0..).zip(events(chance, facilities, months)) {
        let Some((program, stage)) = places.get(event.program) else { continue };
        let enrollment = (event.program == ANTENATAL).then(|| {
            stored.enrollments.push(Enrollment {
                id: enrollment_ids.at(number).uid(),
                tracked_entity: entity_ids.at(number).uid(),
                program: program.clone(),
                org_unit: event.org_unit.clone(),
                enrolled: Some(event.date),
                occurred: Some(event.date),
            });
            stored.enrollments.len() - 1
        });
        stored.events.push(StoredEvent {
            id: event_ids.at(number).uid(),
            enrollment,
            program: program.clone(),
            stage: stage.clone(),
            org_unit: event.org_unit,
            occurred: Some(event.date),
            values: event
                .values
                .into_iter()
                .filter_map(|(key, value)| Some((elements.get(key)?.clone(), value)))
                .collect(),
        });
    }
    stored
}

/// The combo of programs, which have no attribute.
fn default_combo() -> Value {
    json!({"id": DEFAULT_COMBO})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_those_of_the_events() {
        let event = Event {
            program: ANTENATAL,
            org_unit: "OuFacility1".into(),
            date: Date::constant(2026, 10, 3),
            values: vec![
                ("CPN_TA", "140".into()),
                ("CPN_HB", "10.9".into()),
                ("CPN_POIDS", "61.5".into()),
                ("CPN_VIH", "NEG".into()),
            ],
        };
        let contributions: Vec<(&str, String)> = PROGRAM_INDICATORS
            .iter()
            .filter_map(|indicator| Some((indicator.key, event.contribution(indicator)?)))
            .collect();
        assert_eq!(
            contributions,
            [
                ("PI_CPN_VISITES", "1".to_owned()),
                ("PI_CPN_HTA", "1".to_owned()),
                ("PI_CPN_ANEMIE", "1".to_owned()),
                ("PI_CPN_POIDS", "61.5".to_owned()),
            ]
        );
    }
}
