//! How many rows should a POST have? The controller, which finds out by measured speed, against every fixed size, on the
//! cost model of real servers (`sandbox::cost`, from measured curves). Time is virtual: nothing waits.
//!
//! `cargo bench --bench batching`. Figures are values per second; the share is of the best fixed size in the same run.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::cast_precision_loss, reason = "some hundred thousand values")]

use xfer_domain::value_type::ImportEngine;
use xfer_sandbox::cost::{Work, seconds};
use xfer_sandbox::profile::Profile;
use xfer_transfer::batch::controller::{BatchController, BatchLimit, DataSetKind, PostOutcome};

/// Values to be written.
const VALUES: usize = 200_000;
/// Values that one org unit has in a slice of twelve months.
const VALUES_PER_UNIT: usize = 80;
const FIXED: [usize; 9] = [100, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];

fn main() {
    for (profile, engine) in [(Profile::V43, ImportEngine::SetBased), (Profile::V42, ImportEngine::RowByRow)] {
        for kind in [DataSetKind::Plain, DataSetKind::Restricted] {
            let cost = |rows: usize, org_units: usize| {
                seconds(profile, Work::Import { rows, org_units, restricted: kind == DataSetKind::Restricted })
            };
            println!("\n{} {kind:?}, sorted by org unit", profile.name());
            let fixed: Vec<(usize, f64)> =
                FIXED.into_iter().map(|rows| (rows, speed(|| limit(rows), |_, _, _| (), &cost))).collect();
            let best = fixed.iter().map(|(_, speed)| *speed).fold(0.0, f64::max);
            for (rows, speed) in &fixed {
                println!("  {rows:>7} rows per POST {speed:>8.0} values/s {:>6.0} %", 100.0 * speed / best);
            }
            let controller = std::cell::RefCell::new(BatchController::new(engine, kind, None));
            let found = speed(
                || controller.borrow().limit(),
                |rows, org_units, seconds| {
                    controller.borrow_mut().record(rows, org_units, seconds, PostOutcome::Answered);
                },
                &cost,
            );
            let size = controller.borrow().remembered();
            println!("  the controller        {found:>8.0} values/s {:>6.0} % (ends at {size})", 100.0 * found / best);
        }
    }
}

fn limit(rows: usize) -> BatchLimit {
    BatchLimit { rows, org_units: usize::MAX }
}

/// Values per virtual second when everything is written in POSTs of these limits, one at a time.
fn speed(
    limit: impl Fn() -> BatchLimit,
    record: impl Fn(usize, usize, f64),
    cost: &impl Fn(usize, usize) -> f64,
) -> f64 {
    let (mut left, mut clock) = (VALUES, 0.0);
    while left > 0 {
        let BatchLimit { rows, org_units } = limit();
        let rows = rows.min(org_units.saturating_mul(VALUES_PER_UNIT)).clamp(1, left);
        let units = rows.div_ceil(VALUES_PER_UNIT);
        let taken = cost(rows, units);
        record(rows, units, taken);
        clock += taken;
        left -= rows;
    }
    VALUES as f64 / clock
}
