//! Tracker data behind program indicators: enrollments and their events.
//!
//! Loaded from the form that `POST /api/tracker` takes (`trackedEntities[].enrollments[].events[]`, as
//! `fixtures/recorded/setup/tracker.json`), and from event programs' plain `events[]`. Only what program indicators
//! ask of them is kept; tracked entity attributes are not.

use std::collections::HashMap;

use jiff::civil::Date;
use serde_json::Value;

/// An enrollment of a tracked entity in a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrollment {
    /// Its id.
    pub id: String,
    /// The tracked entity.
    pub tracked_entity: String,
    /// Program id.
    pub program: String,
    /// Org unit id.
    pub org_unit: String,
    /// When the entity was enrolled.
    pub enrolled: Option<Date>,
    /// When the incident behind it occurred.
    pub occurred: Option<Date>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// The place of its enrollment in [`Events::enrollments`]; none in an event program.
    pub enrollment: Option<usize>,
    /// Program id.
    pub program: String,
    /// Program stage id.
    pub stage: String,
    /// Org unit id.
    pub org_unit: String,
    /// When it occurred; scheduled events have no date.
    pub occurred: Option<Date>,
    /// Data element id → value.
    pub values: HashMap<String, String>,
}

/// All tracker data of an instance.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// Enrollments, in the order they came.
    pub enrollments: Vec<Enrollment>,
    /// Events, in the order they came.
    pub events: Vec<Event>,
}

impl Events {
    /// Loads a tracker payload. What lacks an id or a program is left out.
    pub fn load(payload: &Value) -> Self {
        let mut loaded = Self::default();
        for entity in list(payload, "trackedEntities") {
            for enrollment in list(entity, "enrollments") {
                loaded.add_enrollment(entity, enrollment);
            }
        }
        for event in list(payload, "events") {
            loaded.add_event(event, None);
        }
        loaded
    }

    fn add_enrollment(&mut self, entity: &Value, enrollment: &Value) {
        let (Some(id), Some(program)) = (text(enrollment, "enrollment"), text(enrollment, "program")) else { return };
        self.enrollments.push(Enrollment {
            id,
            tracked_entity: text(entity, "trackedEntity").unwrap_or_default(),
            program,
            org_unit: text(enrollment, "orgUnit").or_else(|| text(entity, "orgUnit")).unwrap_or_default(),
            enrolled: day(enrollment, "enrolledAt"),
            occurred: day(enrollment, "occurredAt"),
        });
        let place = self.enrollments.len() - 1;
        for event in list(enrollment, "events") {
            self.add_event(event, Some(place));
        }
    }

    fn add_event(&mut self, event: &Value, enrollment: Option<usize>) {
        let within = enrollment.and_then(|place| self.enrollments.get(place));
        let program = text(event, "program").or_else(|| within.map(|enrollment| enrollment.program.clone()));
        let (Some(id), Some(program)) = (text(event, "event"), program) else { return };
        let org_unit = text(event, "orgUnit").or_else(|| within.map(|enrollment| enrollment.org_unit.clone()));
        self.events.push(Event {
            id,
            enrollment,
            program,
            stage: text(event, "programStage").unwrap_or_default(),
            org_unit: org_unit.unwrap_or_default(),
            occurred: day(event, "occurredAt"),
            values: list(event, "dataValues")
                .filter_map(|value| text(value, "dataElement").zip(text(value, "value")))
                .collect(),
        });
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.enrollments.is_empty() && self.events.is_empty()
    }
}

fn list<'payload>(payload: &'payload Value, member: &str) -> impl Iterator<Item = &'payload Value> {
    payload.get(member).and_then(Value::as_array).into_iter().flatten()
}

/// A member as text; numbers and booleans count as their text, as the tracker import takes them.
fn text(object: &Value, member: &str) -> Option<String> {
    match object.get(member)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn day(object: &Value, member: &str) -> Option<Date> {
    object.get(member).and_then(Value::as_str).and_then(|text| text.get(..10)).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Events;

    #[test]
    fn events_inherit_what_their_enrollment_says() {
        let events = Events::load(&json!({"trackedEntities": [{
            "trackedEntity": "TePerson001", "orgUnit": "OuFacility1",
            "enrollments": [{
                "enrollment": "EnPerson001", "program": "PrgVisits01", "enrolledAt": "2024-01-02T00:00:00.000",
                "events": [
                    {"event": "Ev1Visit001", "programStage": "PstVisit001", "occurredAt": "2024-01-11",
                     "dataValues": [{"dataElement": "DemTrackWgt", "value": 51}]},
                    {"event": "Ev1Visit002", "orgUnit": "OuFacility2"}
                ]
            }]
        }]}));
        let first = &events.events[0];
        assert_eq!((first.program.as_str(), first.org_unit.as_str()), ("PrgVisits01", "OuFacility1"));
        assert_eq!(first.values.get("DemTrackWgt").map(String::as_str), Some("51"));
        assert_eq!((events.events[1].org_unit.as_str(), events.events[1].occurred), ("OuFacility2", None));
        assert_eq!(events.enrollments[0].enrolled, Some(jiff::civil::date(2024, 1, 2)));
    }
}
