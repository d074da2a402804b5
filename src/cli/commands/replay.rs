//! `--from-run` of `xfer script run` and `xfer script test`: a script on the values of a past run, before → after.

use clap::Args;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::render::clock;
use crate::cli::render::listing::{Listing, number, text};
use crate::cli::running::progress::RunProgress;
use crate::cli::runtime::wait;
use crate::cli::ui::{Format, Ui, printable};
use crate::ops::home::Home;
use crate::ops::script_tools::{self, Replay, ReplayOptions};
use xfer_domain::counted::{counted, grouped};
use xfer_domain::script::{Hook, ParameterValue};
use xfer_script::Script;
use xfer_transfer::events::Event;
use xfer_transfer::hooks::{Counts, Kind};

/// Changes of each kind that a table shows unless more are asked for.
const SHOWN: usize = 20;

/// Which past run is tried, and how much of it is shown.
#[derive(Debug, Args)]
pub struct FromRun {
    /// Try it on the values of a past run: `last`, or a run from `xfer runs list`
    ///
    /// The values are read from the source again, for the same items and periods; later corrections are
    /// included. Nothing is written, and the destination is not contacted.
    #[arg(id = "from_run", long = "from-run", value_name = "RUN")]
    pub run: Option<String>,
    /// With --from-run, other periods than those of the run: 202401, 202401..202403, LAST_MONTH; several with commas
    #[arg(long, value_name = "PERIODS", value_delimiter = ',', requires = "from_run")]
    pub periods: Vec<String>,
    /// With --from-run, the most changes of each kind to show [default: 20; all with --format json or csv]
    #[arg(long, value_name = "NUMBER", requires = "from_run")]
    pub limit: Option<usize>,
}

/// Replays a run and prints what came out differently.
pub(super) fn replay(
    script: &Script,
    arguments: &FromRun,
    run: &str,
    hook: Option<Hook>,
    parameters: &[(String, ParameterValue)],
    home: &Home,
    ui: &Ui,
) -> Result<Replay, CliError> {
    let all = if ui.format == Format::Table { SHOWN } else { usize::MAX };
    let options = ReplayOptions {
        run: run.to_owned(),
        parameters: parameters.to_vec(),
        hook,
        periods: (!arguments.periods.is_empty()).then(|| arguments.periods.clone()),
        most: arguments.limit.unwrap_or(all),
    };
    let progress = RunProgress::new(ui, script.name());
    let replay = wait(async {
        let events = |event: Event| progress.show(&event);
        Ok(Box::pin(script_tools::replay(home, script, options, &events)).await?)
    });
    progress.finish();
    let replay = replay?;
    print(&replay, ui);
    Ok(replay)
}

fn print(replay: &Replay, ui: &Ui) {
    let columns = [
        text("hook", "Function").whole(),
        text("result", "Result").whole(),
        text("data", "Data"),
        text("org_unit", "Org unit"),
        text("period", "Period").whole(),
        text("before", "Before"),
        text("after", "After"),
        text("reason", "Reason"),
        number("line", "Line").detail(),
        text("job", "Job").detail(),
    ];
    let mut listing = Listing::new(&columns, "no value changed");
    for change in &replay.changes {
        listing.row(vec![
            json!(change.hook.name()),
            json!(change.kind.name()),
            json!(change.data),
            json!(change.org_unit),
            json!(change.period),
            json!(change.before),
            json!(change.after),
            json!(change.reason),
            json!(change.line),
            json!(change.job),
        ]);
    }
    listing.print(ui);
    ui.say(&format!(
        "{} again from {}: {} as the run of {} at {} asked for them, with what stands there now; nothing was written, \
         and the destination was not contacted",
        if replay.stopped.is_some() { "partly read" } else { "read" },
        replay.source,
        counted(replay.values.fetched, "value"),
        replay.routine,
        clock::of(replay.started),
    ));
    if let [first, .., last] = replay.periods.as_slice() {
        ui.say(&format!("source periods: {first} to {last} ({})", replay.periods.len()));
    } else if let [only] = replay.periods.as_slice() {
        ui.say(&format!("source period: {only}"));
    }
    for (hook, counts) in &replay.counts {
        let shown = |kind| replay.changes.iter().filter(|change| change.hook == *hook && change.kind == kind).count();
        ui.say(&in_words(*hook, counts, &shown));
    }
    for line in &replay.printed.lines {
        ui.say(&printable(&format!("printed: {line}")));
    }
    if replay.printed.left_out > 0 {
        ui.say(&format!("printed: … and {} more", grouped(replay.printed.left_out)));
    }
    for (part, reason) in &replay.failed {
        ui.warn(&format!("{part} could not be read, so it was not tried: {reason}"));
    }
}

/// `value: 5,120 cells given; 4,112 changed (20 shown), 12 dropped`
fn in_words(hook: Hook, counts: &Counts, shown: &dyn Fn(Kind) -> usize) -> String {
    let thing = match hook {
        Hook::Rows => "row",
        Hook::Period => "period of an item",
        Hook::Combine | Hook::Value => "cell",
    };
    let given = match (hook, counts.given) {
        (Hook::Period, number) if number != 1 => format!("{} periods of items", grouped(number)),
        (_, number) => counted(number, thing),
    };
    let kinds: Vec<String> = Kind::ALL
        .into_iter()
        .filter(|kind| counts.of(*kind) > 0)
        .map(|kind| match (counts.of(kind), shown(kind) as u64) {
            (all, shown) if shown < all => {
                format!("showing {} of {} {}", grouped(shown), grouped(all), kind.name())
            }
            (all, _) => format!("{} {}", grouped(all), kind.name()),
        })
        .collect();
    let kinds = if kinds.is_empty() { "all unchanged".to_owned() } else { kinds.join(", ") };
    format!("{}: {given} given; {kinds}", hook.name())
}
