//! What does a script cost? Each hook's path alone, beside a native closure that does the same to exact decimals; and all
//! of them as a run calls them, a slice of cells from mapping to combined values, beside the same slice without scripts.
//!
//! `cargo bench --bench script`. Figures are the median of some rounds, in nanoseconds per call or row; the ratio is to
//! the closure of the same run. Where the system tells (Linux), it is the thread's processor time that is measured, so
//! that what else the machine does counts less. `docs/attaching-scripts.md` has the last table.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its figures")]
#![expect(clippy::cast_precision_loss, reason = "some hundred thousand calls")]

#[path = "script/slice.rs"]
mod slice;

use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bigdecimal::BigDecimal;
use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;
use xfer_script::{
    Contribution, ItemNames, Named, Number, OrgUnit, Param, Place, Row, RunContext, Runner, Script, Slice, Value,
    with_room,
};

/// Calls of a round: many, because the system counts processor time in steps of some milliseconds.
const CALLS: usize = 300_000;

/// Calls of a round of the native closure.
const NATIVE_CALLS: usize = 20 * CALLS;

/// Rows that `rows` is given in one call.
const ROWS: usize = 50_000;

/// Rounds, of which the median is shown.
const ROUNDS: usize = 7;

fn main() {
    with_room(|| {
        let place = place();
        let values: Vec<Value> = (0..1000).map(|n| Value::Number(Number::from(n))).collect();
        let exact: Vec<BigDecimal> = (0..1000).map(BigDecimal::from).collect();
        let factor: BigDecimal = "0.07".parse().unwrap();
        let native_calls = || (0..NATIVE_CALLS).for_each(|index| drop(black_box(&exact[index % 1000] * &factor)));
        let native = median(NATIVE_CALLS, native_calls);
        show("native closure, exact decimals", native, native);
        for (name, source) in [
            ("value(v): v * 2", "fn value(v) { v * 2 }"),
            ("value(v): v * 0.07", "fn value(v) { v * 0.07 }"),
            ("value(v, ctx): v * 2", "fn value(v, ctx) { v * 2 }"),
            ("value(v, ctx): v * ctx.params.factor", "fn value(v, ctx) { v * ctx.params.factor }"),
            (
                "value(v, ctx): branches, rounding, a text",
                "fn value(v, ctx) { if v < 5 { skip(\"small\") } if ctx.org_unit.level > 3 { v } else { (v / 3).round(1) } }",
            ),
        ] {
            let mut runner = runner(source);
            let cost = per_call(|index| drop(black_box(runner.value(&values[index % 1000], &place).unwrap())));
            show(name, cost, native);
        }
        let mut runner_of = runner("fn period(p, ctx) { p.shift(-1) }");
        let cost = per_call(|_| drop(black_box(runner_of.period(&place.item, place.period).unwrap())));
        show("period(p, ctx): p.shift(-1)", cost, native);
        let parts: Vec<Contribution> = values.iter().take(3).map(|value| part(value, &place)).collect();
        let mut runner_of = runner("fn combine(values, ctx) { values.sum() }");
        let cost = per_call(|_| drop(black_box(runner_of.combine(&parts, &place).unwrap())));
        show("combine(values, ctx): sum of 3", cost, native);
        rows(&values, &place, native);
        slice::measure(native);
    });
}

fn rows(values: &[Value], place: &Place, native: f64) {
    let given: Vec<Row> = (0..ROWS)
        .map(|index| Row {
            data: place.item.source.id,
            category_option_combo: None,
            attribute_option_combo: None,
            org_unit: place.org_unit.id,
            period: place.period,
            value: Some(values[index % values.len()].clone()),
        })
        .collect();
    for (name, source) in [
        ("rows: as they are, per row", "fn rows(rows, ctx) { rows }"),
        ("rows: filter, per row", "fn rows(rows, ctx) { rows.filter(|r| r.value != 0) }"),
        ("rows: map to v * 2, per row", "fn rows(rows, ctx) { rows.map(|r| r.with_value(r.value * 2)) }"),
    ] {
        let mut runner = runner(source);
        let mut slice = Slice::new();
        slice.add_data(Arc::clone(&place.item.source));
        slice.add_org_unit(Arc::clone(&place.org_unit));
        runner.enter(Arc::new(slice));
        let cost = median(ROWS, || drop(black_box(runner.rows(&given).unwrap())));
        show(name, cost, native);
    }
}

fn per_call(mut call: impl FnMut(usize)) -> f64 {
    median(CALLS, || (0..CALLS).for_each(&mut call))
}

/// Nanoseconds for each of so many, in the round that stands in the middle.
fn median(each: usize, mut round: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let before = spent();
        round();
        spent().saturating_sub(before)
    });
    middle(rounds.collect(), each)
}

fn middle(mut rounds: Vec<Duration>, each: usize) -> f64 {
    rounds.sort();
    rounds[rounds.len() / 2].as_nanos() as f64 / each as f64
}

/// The processor time of this thread, or the time by the clock where the system does not tell.
fn spent() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let counted = counted.and_then(|text| text.split(' ').next()?.parse().ok());
    counted.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

fn show(name: &str, nanoseconds: f64, native: f64) {
    let per_second = 1e9 / nanoseconds;
    println!("{name:<44} {nanoseconds:>8.0} ns {per_second:>12.0} /s {:>7.1} x", nanoseconds / native);
}

fn runner(source: &str) -> Runner {
    let run = RunContext {
        job: "job".to_owned(),
        source: "source".to_owned(),
        destination: "destination".to_owned(),
        now: "2024-03-05T06:00:00Z".to_owned(),
        params: [("factor".to_owned(), Param::Number(Number::parse("0.07").unwrap()))].into(),
    };
    Runner::new(&Script::compile("bench.rhai", source).unwrap(), run).unwrap()
}

fn named(id: &str) -> Arc<Named> {
    Arc::new(Named { id: Uid::parse(id).unwrap(), code: None, name: id.to_owned() })
}

fn place() -> Place {
    Place {
        item: Arc::new(ItemNames {
            source: Arc::new(Named {
                id: DataItem::DataElement(Uid::parse("aaaaaaaaaaa").unwrap()),
                code: None,
                name: "aaaaaaaaaaa".to_owned(),
            }),
            destination: named("bbbbbbbbbbb"),
            category_option_combo: named("HllvX50cXC0"),
            attribute_option_combo: named("HllvX50cXC0"),
        }),
        org_unit: Arc::new(OrgUnit {
            id: Uid::parse("uuuuuuuuuuu").unwrap(),
            code: None,
            name: "Jacmel".to_owned(),
            path: "Haiti / Jacmel".to_owned(),
            level: 2,
        }),
        period: Period::parse("202402").unwrap(),
    }
}

fn part(value: &Value, place: &Place) -> Contribution {
    Contribution { value: value.clone(), org_unit: Arc::clone(&place.org_unit), period: place.period }
}
