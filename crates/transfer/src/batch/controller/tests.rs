//! The controller against cost curves in virtual time: those that were measured, invented ones, and noise.

use super::{BatchController, BatchLimit, DataSetKind, LADDER, PostOutcome};
use xfer_domain::value_type::ImportEngine;

/// POSTs within which the controller must have found its size on servers like those that were measured.
const SOON: usize = 15;
/// The same for servers whose best size is many rungs from where it starts.
const FAR: usize = 40;
/// The share of the curve's best throughput that it must reach.
const GOOD: f64 = 0.8;

/// Values per second by rows per POST, interpolated on a logarithmic scale, flat beyond its ends.
#[derive(Clone, Copy)]
struct Curve(&'static [(f64, f64)]);

impl Curve {
    fn speed(self, rows: f64) -> f64 {
        let points = self.0;
        let (first, last) = (points[0], points[points.len() - 1]);
        if rows <= first.0 {
            return first.1 * rows / first.0;
        }
        if rows >= last.0 {
            return last.1;
        }
        let index = points.iter().position(|point| point.0 >= rows).unwrap();
        let (left, right) = (points[index - 1], points[index]);
        let share = (rows / left.0).ln() / (right.0 / left.0).ln();
        left.1 + share * (right.1 - left.1)
    }

    fn best(self) -> f64 {
        LADDER.iter().map(|rows| self.speed(count(*rows))).fold(0.0, f64::max)
    }
}

fn count(rows: usize) -> f64 {
    f64::from(u32::try_from(rows).unwrap())
}

/// `measured.md`, "Writing is dear", plain set, 2.43.1 new.
const PLAIN_43: Curve = Curve(&[
    (100.0, 1280.0),
    (250.0, 3130.0),
    (500.0, 2850.0),
    (1_000.0, 3140.0),
    (2_000.0, 2440.0),
    (5_000.0, 2190.0),
    (10_000.0, 1840.0),
    (20_000.0, 817.0),
    (50_000.0, 256.0),
]);
/// The same, 2.42.5.2 new.
const PLAIN_42: Curve = Curve(&[
    (1_000.0, 2780.0),
    (2_000.0, 3710.0),
    (5_000.0, 2780.0),
    (10_000.0, 2850.0),
    (20_000.0, 2950.0),
    (50_000.0, 2980.0),
]);
/// Restricted set, 2.43.1, sorted by org unit.
const RESTRICTED_43: Curve =
    Curve(&[(50.0, 298.0), (200.0, 281.0), (500.0, 301.0), (1_000.0, 231.0), (2_000.0, 150.0)]);
/// Restricted set, 2.42.5.2: 0.3 s per POST, so it rises on and on.
const RESTRICTED_42: Curve = Curve(&[
    (50.0, 171.0),
    (200.0, 529.0),
    (500.0, 855.0),
    (1_000.0, 1159.0),
    (2_000.0, 1410.0),
    (5_000.0, 1620.0),
    (10_000.0, 1705.0),
    (20_000.0, 1750.0),
]);
/// A weak server that wants the smallest POSTs.
const WANTS_SMALL: Curve = Curve(&[(50.0, 400.0), (100.0, 300.0), (500.0, 120.0), (5_000.0, 40.0)]);
/// A fast server that wants the biggest.
const WANTS_BIG: Curve = Curve(&[(50.0, 500.0), (1_000.0, 4_000.0), (20_000.0, 20_000.0)]);

/// A seeded, reproducible ±`width` factor (splitmix64).
struct Noise {
    state: u64,
    width: f64,
}

impl Noise {
    fn factor(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let unit = f64::from(u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap()) / f64::from(u32::MAX);
        1.0 + self.width * (2.0 * unit - 1.0)
    }
}

/// Sends `batches` full POSTs and returns the controller with the throughput of the second half of them.
fn run(mut controller: BatchController, curve: Curve, batches: usize, noise: &mut Noise) -> (BatchController, f64) {
    let (mut rows, mut seconds) = (0.0, 0.0);
    for batch in 0..batches {
        let size = controller.limit().rows;
        let took = count(size) / curve.speed(count(size)) * noise.factor();
        controller.record(size, 1, took, PostOutcome::Answered);
        if batch >= batches / 2 {
            rows += count(size);
            seconds += took;
        }
    }
    (controller, rows / seconds)
}

#[test]
fn it_finds_a_good_size_on_every_curve_with_and_without_noise() {
    let cases = [
        (SOON, "plain 2.43", ImportEngine::SetBased, DataSetKind::Plain, PLAIN_43),
        (SOON, "plain 2.42", ImportEngine::RowByRow, DataSetKind::Plain, PLAIN_42),
        (SOON, "restricted 2.42", ImportEngine::RowByRow, DataSetKind::Restricted, RESTRICTED_42),
        (FAR, "wants small", ImportEngine::SetBased, DataSetKind::Plain, WANTS_SMALL),
        (FAR, "wants small", ImportEngine::RowByRow, DataSetKind::Plain, WANTS_SMALL),
        (FAR, "wants big", ImportEngine::RowByRow, DataSetKind::Plain, WANTS_BIG),
        (FAR, "wants big", ImportEngine::SetBased, DataSetKind::Plain, WANTS_BIG),
    ];
    for (batches, name, engine, kind, curve) in cases {
        for (seed, width) in std::iter::once((0, 0.0)).chain((1..=100).map(|seed| (seed, 0.2))) {
            let mut noise = Noise { state: seed, width };
            let controller = BatchController::new(engine, kind, None);
            let (controller, _) = run(controller, curve, batches, &mut noise);
            let found = controller.remembered();
            let share = curve.speed(count(found)) / curve.best();
            assert!(share >= GOOD, "{name} {engine:?}: {found} rows reach {share:.2} of the best, seed {seed}");
            // Looking around must not eat what was found: all POSTs together stay good too.
            let (_, throughput) = run(controller, curve, 200, &mut noise);
            let share = throughput / curve.best();
            assert!(share >= GOOD * 0.95, "{name} {engine:?}: running at {share:.2} of the best, seed {seed}");
        }
    }
}

#[test]
fn it_starts_where_the_generation_wants_it_or_where_it_was_last_time() {
    let start = |engine, kind, remembered| BatchController::new(engine, kind, remembered).limit();
    let (set_based, row_by_row) = (ImportEngine::SetBased, ImportEngine::RowByRow);
    let plain = DataSetKind::Plain;
    assert_eq!(start(set_based, plain, None), BatchLimit { rows: 500, org_units: usize::MAX });
    assert_eq!(start(row_by_row, plain, None), BatchLimit { rows: 2_000, org_units: usize::MAX });
    assert_eq!(start(row_by_row, plain, Some(10_000)).rows, 10_000);
    assert_eq!(start(row_by_row, plain, Some(1_000_000)).rows, 20_000);
    assert_eq!(start(row_by_row, plain, Some(1)).rows, 50);
    assert_eq!(start(set_based, DataSetKind::Restricted, None), BatchLimit { rows: 500, org_units: 1 });
    assert_eq!(start(row_by_row, DataSetKind::Restricted, None).org_units, usize::MAX);
}

#[test]
fn one_org_unit_at_a_time_leaves_the_size_alone() {
    let mut controller = BatchController::new(ImportEngine::SetBased, DataSetKind::Restricted, None);
    for _ in 0..100 {
        controller.record(79, 1, 79.0 / RESTRICTED_43.speed(79.0), PostOutcome::Answered);
    }
    assert_eq!(controller.limit(), BatchLimit { rows: 500, org_units: 1 });
}

#[test]
fn what_is_too_big_is_halved_and_not_tried_again_soon() {
    let mut controller = BatchController::new(ImportEngine::RowByRow, DataSetKind::Plain, Some(10_000));
    controller.record(10_000, 5, 300.0, PostOutcome::TooBig);
    assert_eq!(controller.limit().rows, 5_000);
    controller.record(5_000, 5, 300.0, PostOutcome::TooBig);
    assert_eq!(controller.limit().rows, 2_000);
    // A proxy that takes 2,000 rows, on a server that would love 20,000.
    for _ in 0..50 {
        let rows = controller.limit().rows;
        assert!(rows < 5_000, "barred");
        controller.record(rows, 5, count(rows) / WANTS_BIG.speed(count(rows)), PostOutcome::Answered);
    }
    for _ in 0..20 {
        let rows = controller.limit().rows;
        controller.record(rows, 5, 300.0, PostOutcome::TooBig);
    }
    assert_eq!(controller.limit().rows, 50, "never below the smallest");
}

#[test]
fn a_post_never_grows_beyond_what_proxies_wait_for() {
    // 200 values per second at any size: 5,000 rows would take 25 s, 10,000 rows 50 s.
    const FLAT_BUT_RISING: Curve = Curve(&[(50.0, 100.0), (1_000.0, 150.0), (20_000.0, 220.0)]);
    let mut controller = BatchController::new(ImportEngine::RowByRow, DataSetKind::Plain, None);
    for _ in 0..300 {
        let rows = controller.limit().rows;
        let seconds = count(rows) / FLAT_BUT_RISING.speed(count(rows));
        assert!(seconds < 30.0, "{rows} rows take {seconds} s");
        controller.record(rows, 9, seconds, PostOutcome::Answered);
    }
}

#[test]
fn refusals_and_remainders_teach_nothing() {
    let mut controller = BatchController::new(ImportEngine::SetBased, DataSetKind::Plain, None);
    let before = controller.limit();
    for _ in 0..100 {
        controller.record(500, 9, 0.001, PostOutcome::Refused);
        controller.record(1, 1, 0.001, PostOutcome::Answered);
        controller.record(0, 0, f64::NAN, PostOutcome::Answered);
    }
    assert_eq!(controller.limit(), before);
}

#[test]
fn it_follows_a_server_that_changes() {
    let mut noise = Noise { state: 7, width: 0.2 };
    let controller = BatchController::new(ImportEngine::RowByRow, DataSetKind::Plain, None);
    let (controller, _) = run(controller, WANTS_BIG, 100, &mut noise);
    assert!(controller.remembered() >= 10_000);
    let (controller, _) = run(controller, WANTS_SMALL, 250, &mut noise);
    assert!(controller.remembered() <= 100, "{}", controller.remembered());
}
