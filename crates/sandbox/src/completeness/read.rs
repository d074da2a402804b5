//! `GET completeDataSetRegistrations`.
//!
//! Of several faults the last one in the server's list is told (`validate` overwrites its error), except that org units
//! out of scope are told before all (`decideAccess`).

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::access::access;
use crate::exchange::{Request, Response};
use crate::import::access::Reach;
use crate::import::options::Scheme;
use crate::import::timeliness;
use crate::profile::Profile;
use crate::state::{State, User};
use crate::values::{Registration, RegistrationKey};
use crate::world::catalog::{Catalog, Names};
use crate::world::references;
use xfer_domain::period::Period;

/// What is asked for.
struct Query {
    data_sets: Vec<usize>,
    org_units: Vec<usize>,
    groups: Vec<String>,
    periods: Vec<String>,
    dates: Option<(Date, Date)>,
    children: bool,
    since: Option<Date>,
    limit: Option<i64>,
}

/// Answers it.
pub(super) fn get(state: &State, user: &User, request: &Request) -> Response {
    if state.profile == Profile::V40 && request.parameter("dataSet").is_none() {
        return Response::html(400, "<html><body><h1>HTTP Status 400 – Bad Request</h1></body></html>");
    }
    let catalog = state.world.catalog();
    let query = Query::of(state, user, request, &catalog);
    let reach = Reach::of(&state.world, &catalog, user);
    if let Some(outside) = query.org_units.iter().find(|&&unit| !reach.captures_at(unit)) {
        let units = if state.profile.imports_set_based() { "org unit(s)" } else { "org unit" };
        let id = &catalog.org_units[*outside].names.id;
        return refusal("E2012", &format!("User is not allowed to view {units}: `{id}`"));
    }
    if let Some((code, message)) = query.fault(request) {
        return refusal(code, &message);
    }
    let roots = query.roots(state, &catalog);
    let schemes = OutputSchemes::of(request);
    let mut found: Vec<Value> = state
        .values
        .registrations
        .iter()
        .filter(|(key, registration)| query.wants(&catalog, &roots, key, registration))
        .map(|(key, registration)| schemes.entry(&catalog, key, registration))
        .collect();
    if let Some(limit) = query.limit.and_then(|limit| usize::try_from(limit).ok()) {
        found.truncate(limit);
    }
    let mut body = Map::new();
    if !found.is_empty() {
        body.insert("completeDataSetRegistrations".into(), found.into());
    }
    Response::json(200, &Value::Object(body))
}

fn refusal(code: &str, message: &str) -> Response {
    Response::web_message(409, Some(message), Some(code))
}

/// A duration such as `10d`, `3h`, `5m`, `30s`, in whole days; zero where it is shorter.
fn days(duration: &str) -> Option<i32> {
    let (number, unit) = duration.split_at_checked(duration.len().checked_sub(1)?)?;
    let number: i32 = number.parse().ok()?;
    match unit {
        "d" => Some(number),
        "h" => Some(number / 24),
        "m" | "s" => Some(0),
        _ => None,
    }
}

impl Query {
    fn of(state: &State, user: &User, request: &Request, catalog: &Catalog) -> Self {
        let list = |name: &str| request.parameter_list(name);
        let date = |name: &str| request.parameter(name).and_then(|text| timeliness::day(&text));
        let readable = |id: &String| state.world.get("dataSets", id).is_some_and(|object| access(user, object).read);
        let now = timeliness::now(&state.settings).date();
        let ago = |duration: String| now.checked_sub(jiff::Span::new().try_days(days(&duration)?).ok()?).ok();
        let periods: Vec<String> = list("period")
            .iter()
            .filter_map(|text| timeliness::period(text, state.profile))
            .map(|period| period.to_string())
            .collect();
        let dates = if periods.is_empty() { date("startDate").zip(date("endDate")) } else { None };
        Self {
            data_sets: list("dataSet")
                .iter()
                .filter(|id| readable(id))
                .filter_map(|id| catalog.data_sets.find(id))
                .collect(),
            org_units: list("orgUnit").iter().filter_map(|id| catalog.org_units.find(id)).collect(),
            groups: list("orgUnitGroup")
                .into_iter()
                .filter(|id| state.world.get("organisationUnitGroups", id).is_some())
                .collect(),
            periods,
            dates,
            children: request.flag("children"),
            since: date("created").or_else(|| request.parameter("createdDuration").and_then(ago)),
            limit: request.parameter("limit").and_then(|text| text.parse().ok()),
        }
    }

    /// The last of the faults.
    fn fault(&self, request: &Request) -> Option<(&'static str, String)> {
        let duration = request.parameter("createdDuration");
        let timeless = self.periods.is_empty()
            && self.dates.is_none()
            && request.parameter("created").is_none()
            && duration.is_none();
        let rules: [(bool, &'static str, &str); 7] = [
            (self.data_sets.is_empty(), "E2013", "At least one data set must be specified"),
            (
                timeless,
                "E2002",
                "At least one period, start/end dates, last updated or last updated duration must be specified",
            ),
            (self.dates.is_some_and(|(start, end)| start > end), "E2004", "Start date must be before end date"),
            (
                self.org_units.is_empty() && self.groups.is_empty(),
                "E2006",
                "At least one organisation unit or organisation unit group must be specified",
            ),
            (
                self.children && !self.groups.is_empty(),
                "E2007",
                "Organisation unit children cannot be included for organisation unit groups",
            ),
            (
                self.children && self.org_units.is_empty(),
                "E2008",
                "At least one organisation unit must be specified when children are included",
            ),
            (self.limit.is_some_and(|limit| limit < 0), "E2009", "Limit cannot be less than zero"),
        ];
        let last = rules.into_iter().enumerate().rfind(|(_, (applies, _, _))| *applies);
        let bad_duration = duration.filter(|text| days(text).is_none());
        match (last, bad_duration) {
            // An unreadable duration stands between the dates and the org units.
            (Some((position, (_, code, message))), duration) if position > 2 || duration.is_none() => {
                Some((code, message.to_owned()))
            }
            (_, Some(duration)) => Some(("E2005", format!("Duration is not valid: `{duration}`"))),
            _ => None,
        }
    }

    /// The org units whose registrations are wanted: those named, and the members of groups.
    fn roots(&self, state: &State, catalog: &Catalog) -> std::collections::HashSet<usize> {
        let members = self
            .groups
            .iter()
            .filter_map(|id| state.world.get("organisationUnitGroups", id))
            .flat_map(|group| references(group, "organisationUnits"))
            .filter_map(|id| catalog.org_units.find(id));
        self.org_units.iter().copied().chain(members).collect()
    }

    fn wants(
        &self,
        catalog: &Catalog,
        roots: &std::collections::HashSet<usize>,
        key: &RegistrationKey,
        registration: &Registration,
    ) -> bool {
        let in_data_sets = self.data_sets.iter().any(|&set| catalog.data_sets[set].names.id == key.data_set);
        let in_time = if self.periods.is_empty() {
            self.dates.is_none_or(|(start, end)| {
                Period::parse(&key.period).is_ok_and(|period| period.start() >= start && period.end() <= end)
            })
        } else {
            self.periods.contains(&key.period)
        };
        let at_org_unit = catalog
            .org_units
            .find(&key.org_unit)
            .is_some_and(|unit| if self.children { catalog.is_below(unit, roots) } else { roots.contains(&unit) });
        let recent = self.since.is_none_or(|since| timeliness::day(&registration.date).is_some_and(|day| day >= since));
        in_data_sets && in_time && at_org_unit && recent
    }
}

/// By which property objects are named in the answer: id, code or name, nothing else.
struct OutputSchemes {
    data_set: Scheme,
    org_unit: Scheme,
    attribute_option_combo: Scheme,
}

impl OutputSchemes {
    fn of(request: &Request) -> Self {
        let plain = |name: &str| {
            let scheme = request.parameter(name).map(|text| Scheme::parse(&text));
            scheme.filter(|scheme| !matches!(scheme, Scheme::Attribute(_)))
        };
        let all = plain("idScheme").unwrap_or_default();
        Self {
            data_set: plain("dataSetIdScheme").unwrap_or_else(|| all.clone()),
            org_unit: plain("orgUnitIdScheme").unwrap_or_else(|| all.clone()),
            attribute_option_combo: plain("attributeOptionComboIdScheme").unwrap_or(all),
        }
    }

    fn entry(&self, catalog: &Catalog, key: &RegistrationKey, registration: &Registration) -> Value {
        let name = |names: Option<&Names>, scheme: &Scheme, id: &str| -> Value {
            match (names, scheme) {
                (Some(names), Scheme::Code) => names.code.as_deref().into(),
                (Some(names), Scheme::Name) => names.name.as_str().into(),
                _ => id.into(),
            }
        };
        let set = catalog.data_sets.get(&key.data_set).map(|set| &set.names);
        let unit = catalog.org_units.get(&key.org_unit).map(|unit| &unit.names);
        let combo = catalog.option_combos.get(&key.attribute_option_combo).map(|combo| &combo.names);
        json!({
            "period": key.period,
            "dataSet": name(set, &self.data_set, &key.data_set),
            "organisationUnit": name(unit, &self.org_unit, &key.org_unit),
            "attributeOptionCombo": name(combo, &self.attribute_option_combo, &key.attribute_option_combo),
            "date": registration.date,
            "storedBy": registration.stored_by,
            "completed": registration.completed,
        })
    }
}
