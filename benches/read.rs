//! Reading alone: the same bytes of raw data values through plain `serde_json`, through the client's parser, and through
//! the parser into a comparison with what another answer brought. No network, no disk.
//!
//! `cargo bench --bench read [-- ROWS]`. The first two are what reading costs at least; the third is what a run makes of it.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and stops when it cannot"
)]

use std::hint::black_box;
use std::io::BufReader;
use std::time::{Duration, Instant};

use serde::Deserialize;
use xfer_dhis2::raw_stream::{Expectation, read_values};
use xfer_domain::cell::CellKey;
use xfer_domain::data_value::DataValue;
use xfer_domain::hashed::Hashed;

/// The values of a national programme in one answer, as many as real servers were seen to send.
const ROWS: usize = 188_697;

/// Rounds; the best of them counts, because everything else on the machine only makes it slower.
const ROUNDS: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    data_values: Vec<PlainRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed, which is what is measured")]
struct PlainRow {
    data_element: String,
    period: String,
    org_unit: String,
    category_option_combo: String,
    attribute_option_combo: String,
    value: String,
}

fn main() {
    let rows = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ROWS);
    let body = body(rows);
    println!("{rows} rows, {} bytes each", body.len() / rows.max(1));
    let from_slice = best(|| {
        let plain: Plain = serde_json::from_slice(&body).expect("an answer");
        black_box(plain.data_values.len())
    });
    let from_reader = best(|| {
        let plain: Plain = serde_json::from_reader(BufReader::new(body.as_slice())).expect("an answer");
        black_box(plain.data_values.len())
    });
    let parsed = best(|| {
        let mut values = 0;
        read(&body, &mut |value| values += usize::from(black_box(value).value.is_some()));
        values
    });
    let compared = best(|| {
        let mut stored: Hashed<CellKey, Option<String>> = Hashed::default();
        read(&body, &mut |value| drop(stored.insert(value.cell, value.value)));
        let mut unchanged = 0;
        read(&body, &mut |value| unchanged += usize::from(stored.get(&value.cell) == Some(&value.value)));
        unchanged
    });
    for (name, took, reads) in [
        ("serde_json, one slice", from_slice, 1),
        ("serde_json, a reader", from_reader, 1),
        ("parse", parsed, 1),
        ("parse twice and compare", compared, 2),
    ] {
        let each = took.as_secs_f64() * 1e9 / u32::try_from(rows.max(1)).map_or(1.0, f64::from);
        println!(
            "{name:<24} {:>7.1} ms {each:>7.0} ns a row, {:.0} for each read",
            took.as_secs_f64() * 1e3,
            each / f64::from(reads)
        );
    }
}

fn read(body: &[u8], take: &mut dyn FnMut(DataValue)) {
    let expected = Expectation { most_bytes: u64::MAX, ..Expectation::default() };
    let read = read_values(body, &expected, &mut |value| {
        take(value);
        true
    });
    read.expect("an answer");
}

fn best(mut act: impl FnMut() -> usize) -> Duration {
    let round = |_| {
        let start = Instant::now();
        black_box(act());
        start.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

/// An answer as a 2.42 server writes it.
fn body(rows: usize) -> Vec<u8> {
    let row = |number: usize| {
        let (element, unit, month) = (number % 60, number / 720, number / 60 % 12 + 1);
        format!(
            r#"{{"dataElement":"DeElem{element:05}","period":"2024{month:02}","orgUnit":"OuUnit{unit:05}","categoryOptionCombo":"HllvX50cXC0","attributeOptionCombo":"HllvX50cXC0","value":"{}","storedBy":"admin","created":"2024-11-02T09:12:33.000+0000","lastUpdated":"2024-11-02T09:12:33.000+0000","followup":false}}"#,
            number % 997
        )
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!(r#"{{"dataValues":[{}]}}"#, rows.join(",")).into_bytes()
}
