//! What reads and writes cost real servers, as measured on 2.42.5 and 2.43.1 with 1,332 org units and 188,697 values.
//!
//! A pure function of the work, so that benchmarks count seconds without spending them. Between measured points the
//! curve is straight on a double logarithmic scale; beyond them it goes on at its last slope. Absolutes belong to one
//! small machine; what is worth having is how cost depends on rows and org units per request, and on the version.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use crate::exchange::{Request, Response};
use crate::import::unpack::unpack;
use crate::profile::Profile;
use crate::world::{World, references};

/// What a request asks of a server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Work {
    /// An import of data values.
    Import {
        /// Rows in the request.
        rows: usize,
        /// Different org units in the request.
        org_units: usize,
        /// Whether its attribute options are limited to org units.
        restricted: bool,
    },
    /// A raw read.
    RawRead {
        /// Rows in the answer.
        rows: usize,
    },
    /// An analytics query.
    Analytics {
        /// Rows in the answer.
        rows: usize,
    },
    /// Anything else.
    Other,
}

/// A request alone, whatever it asks.
const REQUEST: f64 = 0.025;

/// Rows per POST and seconds: 2.43, unrestricted. Each row is checked against all rows of its POST.
const PLAIN_SET_BASED: &[(f64, f64)] = &[
    (100.0, 0.078),
    (250.0, 0.080),
    (500.0, 0.175),
    (1_000.0, 0.32),
    (2_000.0, 0.820),
    (5_000.0, 2.28),
    (10_000.0, 5.43),
    (20_000.0, 24.5),
    (50_000.0, 195.0),
];

/// Rows per POST and seconds: up to 2.42, unrestricted.
const PLAIN_ROW_BY_ROW: &[(f64, f64)] =
    &[(100.0, 0.085), (1_000.0, 0.36), (2_000.0, 0.54), (5_000.0, 1.80), (10_000.0, 3.51), (50_000.0, 16.8)];

/// Seconds that a server of a version takes for some work.
pub fn seconds(profile: Profile, work: Work) -> f64 {
    match work {
        Work::RawRead { rows } => {
            let per_second = if profile.imports_set_based() { 44_000.0 } else { 200_000.0 };
            REQUEST + number(rows) / per_second
        }
        Work::Analytics { rows } => REQUEST + 0.025 + number(rows) * 1.2e-5,
        Work::Other | Work::Import { rows: 0, .. } => REQUEST,
        Work::Import { rows, restricted: false, .. } => {
            curve(if profile.imports_set_based() { PLAIN_SET_BASED } else { PLAIN_ROW_BY_ROW }, number(rows))
        }
        // 2.43 asks the database once per row with all org units of the POST; 2.42 loads the options' org units once
        // per POST. Both lines are fitted to the four measured orders.
        Work::Import { rows, org_units, restricted: true } if profile.imports_set_based() => {
            REQUEST + number(rows) * (0.0026 + 1.07e-4 * number(org_units))
        }
        Work::Import { rows, org_units, restricted: true } => {
            0.28 + number(rows) * (5.5e-4 + 2.2e-5 * number(org_units))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
fn number(count: usize) -> f64 {
    count as f64
}

/// The value of a measured curve at `x`.
fn curve(points: &[(f64, f64)], x: f64) -> f64 {
    let Some(((first, second), last)) = points.first().zip(points.get(1)).zip(points.last()) else { return REQUEST };
    if x <= first.0 {
        return REQUEST + (first.1 - REQUEST) * x / first.0;
    }
    let pair = points.windows(2).find(|pair| x <= pair[1].0);
    let (from, to) = match (pair, points.len()) {
        (Some(pair), _) => (pair[0], pair[1]),
        (None, 2) => (*first, *second),
        (None, length) => (points[length - 2], *last),
    };
    let slope = (to.1 / from.1).ln() / (to.0 / from.0).ln();
    from.1 * (x / from.0).powf(slope)
}

/// The rows of an import as far as costs ask for them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Payload {
    org_unit: Option<String>,
    attribute_option_combo: Option<String>,
    data_values: Vec<Row>,
    complete_data_set_registrations: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Row {
    org_unit: Option<Value>,
    attribute_option_combo: Option<Value>,
}

/// What is known of a write before it is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows in the request.
    pub rows: usize,
    /// Different org units in it.
    pub org_units: usize,
    /// Whether an attribute option of it is limited to org units.
    pub restricted: bool,
}

/// Counts the rows of a write; none for any other request, or where the body cannot be read.
pub fn written(request: &Request, world: &World) -> Option<Written> {
    let path = request.path();
    let writes =
        ["/api/dataValueSets", "/api/completeDataSetRegistrations"].iter().any(|start| path.starts_with(start));
    if request.method != "POST" || !writes {
        return None;
    }
    let body = unpack(&request.body).ok()?;
    let payload: Payload = serde_json::from_str(&body).ok()?;
    let mut org_units = HashSet::new();
    let mut combos = HashSet::new();
    for row in &payload.data_values {
        org_units.extend(row.org_unit.as_ref().and_then(Value::as_str).or(payload.org_unit.as_deref()));
        combos.extend(
            row.attribute_option_combo.as_ref().and_then(Value::as_str).or(payload.attribute_option_combo.as_deref()),
        );
    }
    Some(Written {
        rows: payload.data_values.len() + payload.complete_data_set_registrations.len(),
        org_units: org_units.len(),
        restricted: combos.iter().any(|combo| is_restricted(world, combo)),
    })
}

fn is_restricted(world: &World, combo: &str) -> bool {
    let Some(combo) = world.get("categoryOptionCombos", combo) else { return false };
    references(combo, "categoryOptions")
        .into_iter()
        .filter_map(|option| world.get("categoryOptions", option))
        .any(|option| !references(option, "organisationUnits").is_empty())
}

/// The work of a request and its answer.
pub fn work(request: &Request, written: Option<Written>, response: &Response) -> Work {
    let path = request.path();
    if let Some(Written { rows, org_units, restricted }) = written {
        return Work::Import { rows, org_units, restricted };
    }
    if path.starts_with("/api/dataValueSets") {
        // every row names its data element, hoisted or not there is one `value` per row
        return Work::RawRead { rows: occurrences(&response.body, b"\"value\"") };
    }
    if path.starts_with("/api/analytics") {
        return Work::Analytics { rows: occurrences(&response.body, b"],[") };
    }
    Work::Other
}

fn occurrences(body: &[u8], needle: &[u8]) -> usize {
    body.windows(needle.len()).filter(|window| *window == needle).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(profile: Profile, rows: usize, org_units: usize, restricted: bool) -> f64 {
        number(rows) / seconds(profile, Work::Import { rows, org_units, restricted })
    }

    fn is_near(found: f64, measured: f64) {
        assert!((found / measured - 1.0).abs() < 0.25, "{found} per second, {measured} measured");
    }

    #[test]
    fn measured_rates_are_met() {
        is_near(rate(Profile::V43, 1_000, 13, false), 3_140.0);
        is_near(rate(Profile::V43, 20_000, 250, false), 817.0);
        is_near(rate(Profile::V42, 1_000, 13, false), 2_780.0);
        is_near(rate(Profile::V42, 50_000, 600, false), 2_980.0);
        is_near(rate(Profile::V43, 79, 1, true), 385.0);
        is_near(rate(Profile::V43, 500, 6, true), 301.0);
        is_near(rate(Profile::V43, 500, 76, true), 93.0);
        is_near(rate(Profile::V42, 1_000, 13, true), 1_159.0);
        is_near(rate(Profile::V42, 500, 76, true), 366.0);
    }

    #[test]
    fn each_generation_wants_its_own_size() {
        assert!(rate(Profile::V43, 500, 6, false) > 5.0 * rate(Profile::V43, 50_000, 600, false));
        assert!(rate(Profile::V42, 1_000, 13, true) > 2.0 * rate(Profile::V42, 100, 1, true));
    }

    #[test]
    fn cost_grows_with_rows() {
        for profile in Profile::ALL {
            let mut last = 0.0;
            for rows in [0, 1, 50, 100, 101, 999, 5_000, 80_000] {
                let cost = seconds(profile, Work::Import { rows, org_units: 1, restricted: false });
                assert!(cost > last, "{rows} rows on {}", profile.name());
                last = cost;
            }
        }
    }

    #[test]
    fn reads_are_cheap() {
        is_near(seconds(Profile::V42, Work::RawRead { rows: 188_697 }), 0.94);
        is_near(seconds(Profile::V43, Work::RawRead { rows: 188_697 }), 4.3);
    }
}
