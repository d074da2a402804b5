//! The wizard for a routine: which jobs, which periods, and the rules of a run as plain questions.

use crate::cli::arguments::routine::New;
use crate::cli::error::CliError;
use crate::cli::prompt::capitalised;
use crate::cli::render::review;
use crate::cli::wizard::alert;
use crate::cli::wizard::prompter::{Leave, Prompter, ask_until, say_commands};
use crate::cli::wizard::scripts;
use crate::ops;
use crate::ops::copies::Copies;
use crate::ops::home::Home;
use crate::ops::jobs;
use crate::ops::routines::{self, NewRoutine, RoutineChange};
use crate::ops::scripts::Place;
use xfer_domain::item::WhenEmpty;
use xfer_domain::job::Job;
use xfer_domain::period::PeriodType;
use xfer_domain::routine::{Policies, Routine, USUAL_DELETE_SHARE};
use xfer_domain::shell::shell_word;

/// Makes a routine. Gives its name.
pub(crate) fn new(prompter: &mut dyn Prompter, home: &Home, known: &New) -> Result<String, Leave> {
    let name = match &known.name {
        Some(name) => name.clone(),
        None => ask_until(prompter, "Name of the routine", Some("monthly"), |name| free_name(home, name, None))?,
    };
    let chosen = if known.jobs.is_empty() { choose_jobs(prompter, home)? } else { known.jobs.clone() };
    let window =
        if known.periods.is_empty() { periods(prompter, period_type(home, &chosen)?)? } else { known.periods.clone() };
    let policies = rules(prompter, known)?;
    let routine = routines::new(home, NewRoutine { name, jobs: chosen, window, policies })?;
    let mut commands = vec![command(&routine)];
    // Whoever names the job has been asked about its values with it.
    let outcome =
        if known.jobs.is_empty() { offer_scripts(prompter, home, &routine.name, &mut commands) } else { Ok(()) };
    say_commands(prompter, &commands);
    outcome?;
    say_review(prompter, home, &routine.name)?;
    alert::add(prompter, home, &routine.name)?;
    Ok(routine.name)
}

/// What speaks against a routine that its jobs do not show by themselves.
fn say_review(prompter: &mut dyn Prompter, home: &Home, name: &str) -> Result<(), Leave> {
    let findings = ops::review::of_routine(home, &Copies::new(&home.config()?), name)?;
    for line in review::lines(&findings, "xfer doctor") {
        prompter.say(&format!("Check this: {line}"));
    }
    Ok(())
}

/// Plugins and scripts that act on all jobs of a routine.
fn offer_scripts(
    prompter: &mut dyn Prompter,
    home: &Home,
    name: &str,
    commands: &mut Vec<String>,
) -> Result<(), Leave> {
    scripts::offer(prompter, home, &Place::Routine { routine: name.to_owned() }, commands)
}

/// Asks what is to be different about a routine.
pub(crate) fn edit(prompter: &mut dyn Prompter, home: &Home, name: &str) -> Result<(), Leave> {
    let old = routines::routine(&home.config()?, name)?;
    prompter.say(&format!("{} has {} for {}.", old.name, old.jobs.join(", "), old.window.join(", ")));
    let choices = [
        "its periods",
        "its jobs",
        "what to do where the source has no value",
        "its name",
        "plugins and scripts that change values",
        "alerts",
        "nothing",
    ]
    .map(str::to_owned);
    let mut change = RoutineChange::default();
    let called = shell_word(&old.name);
    let command = match prompter.choose("What do you want to change", &choices, 0)? {
        0 => {
            let window = periods(prompter, period_type(home, &old.jobs)?)?;
            let command = format!("xfer routine edit {called} --periods {}", window.join(","));
            change.window = Some(window);
            command
        }
        1 => {
            let chosen = choose_jobs(prompter, home)?;
            let words: Vec<String> = chosen.iter().map(|job| format!(" --job {}", shell_word(job))).collect();
            change.jobs = Some(chosen);
            format!("xfer routine edit {called}{}", words.concat())
        }
        2 => {
            let when_empty = when_empty(prompter)?;
            let mut command = format!("xfer routine edit {called} --when-empty {}", when_empty.name());
            let mut policies = Policies { when_empty, ..old.policies };
            if when_empty != WhenEmpty::Keep {
                policies.max_delete_share = max_delete_share(prompter)?;
                write_share(&mut command, policies.max_delete_share);
            }
            change.policies = Some(policies);
            command
        }
        3 => {
            let new = ask_until(prompter, "New name", Some(&old.name), |name| free_name(home, name, Some(&old.name)))?;
            let command = format!("xfer routine edit {called} --rename {}", shell_word(&new));
            change.name = Some(new);
            command
        }
        4 => {
            let mut commands = Vec::new();
            let outcome = offer_scripts(prompter, home, &old.name, &mut commands);
            say_commands(prompter, &commands);
            return outcome;
        }
        5 => return alert::add(prompter, home, &old.name),
        _ => return Ok(()),
    };
    let routine = routines::edit(home, &old.name, change)?;
    prompter.say(&format!("changed the routine {}", routine.name));
    say_review(prompter, home, &routine.name)?;
    say_commands(prompter, &[command]);
    Ok(())
}

fn free_name(home: &Home, name: &str, own: Option<&str>) -> Result<String, String> {
    let taken = routines::list(home).map_err(|error| error.to_string())?;
    let same = |other: &str| other.to_lowercase() == name.to_lowercase();
    match () {
        () if name.is_empty() => Err("a name is needed".to_owned()),
        () if taken.iter().any(|routine| same(&routine.name)) && !own.is_some_and(same) => {
            Err(format!("there is a routine {name} already"))
        }
        () => Ok(name.to_owned()),
    }
}

/// Jobs of one pair: the first is chosen, then as many others as there are.
fn choose_jobs(prompter: &mut dyn Prompter, home: &Home) -> Result<Vec<String>, Leave> {
    let all: Vec<Job> = jobs::list(home)?.into_iter().filter(|job| !job.items.is_empty()).collect();
    let mut chosen: Vec<Job> = Vec::new();
    loop {
        let fits = |job: &&Job| {
            let first = chosen.first();
            !chosen.iter().any(|other| other.name == job.name)
                && first.is_none_or(|first| (&first.source, &first.destination) == (&job.source, &job.destination))
        };
        let open: Vec<Job> = all.iter().filter(fits).cloned().collect();
        match (chosen.is_empty(), open.as_slice()) {
            (true, []) => {
                let error = CliError::usage("there is no job with items yet".to_owned());
                return Err(error.hint("make one first: xfer job new").into());
            }
            (true, [only]) => {
                prompter.say(&format!("It has the job {}.", only.name));
                return Ok(vec![only.name.clone()]);
            }
            (false, []) => break,
            _ => {}
        }
        let mut choices: Vec<String> =
            open.iter().map(|job| format!("{} (from {} to {})", job.name, job.source, job.destination)).collect();
        if !chosen.is_empty() {
            choices.insert(0, "no more".to_owned());
        }
        let question = if chosen.is_empty() { "Which job" } else { "Which other job" };
        let answer = prompter.choose(question, &choices, 0)?;
        match (chosen.is_empty(), answer) {
            (false, 0) => break,
            (false, number) => chosen.push(open[number - 1].clone()),
            (true, number) => chosen.push(open[number].clone()),
        }
    }
    Ok(chosen.into_iter().map(|job| job.name).collect())
}

fn period_type(home: &Home, names: &[String]) -> Result<PeriodType, Leave> {
    let all = jobs::list(home)?;
    let of = |name: &String| all.iter().find(|job| job.name == *name).map(|job| job.source_period_type);
    Ok(names.first().and_then(of).unwrap_or(PeriodType::Monthly))
}

/// The usual windows of a period type: what a person says, and DHIS2's word for it.
fn usual_windows(period_type: PeriodType) -> Vec<(&'static str, &'static str)> {
    match period_type {
        PeriodType::Daily => vec![
            ("the last 7 days", "LAST_7_DAYS"),
            ("the last 30 days", "LAST_30_DAYS"),
            ("the last 90 days", "LAST_90_DAYS"),
        ],
        PeriodType::Weekly
        | PeriodType::WeeklyWednesday
        | PeriodType::WeeklyThursday
        | PeriodType::WeeklyFriday
        | PeriodType::WeeklySaturday
        | PeriodType::WeeklySunday => vec![
            ("the last 4 weeks", "LAST_4_WEEKS"),
            ("the last week", "LAST_WEEK"),
            ("the last 12 weeks", "LAST_12_WEEKS"),
            ("the last 52 weeks", "LAST_52_WEEKS"),
        ],
        PeriodType::Quarterly => vec![
            ("the last quarter", "LAST_QUARTER"),
            ("the last 4 quarters", "LAST_4_QUARTERS"),
            ("all quarters of this year", "QUARTERS_THIS_YEAR"),
        ],
        PeriodType::Yearly => vec![("the last year", "LAST_YEAR"), ("the last 5 years", "LAST_5_YEARS")],
        PeriodType::Monthly => vec![
            ("the last 3 months", "LAST_3_MONTHS"),
            ("the last month", "LAST_MONTH"),
            ("the last 6 months", "LAST_6_MONTHS"),
            ("the last 12 months", "LAST_12_MONTHS"),
        ],
        _ => vec![("the last year", "LAST_YEAR"), ("this year", "THIS_YEAR")],
    }
}

/// Which periods a run covers; each choice says which those are today.
fn periods(prompter: &mut dyn Prompter, period_type: PeriodType) -> Result<Vec<String>, Leave> {
    prompter.say(
        "Each run transfers this time window, counted back from its own date. A longer window also transfers late \
         corrections; unchanged values are not sent again.",
    );
    let fits = |(_, keyword): &(&str, &str)| today(&[(*keyword).to_owned()], period_type).is_ok();
    let usual: Vec<(&str, &str)> = usual_windows(period_type).into_iter().filter(fits).collect();
    let mut choices: Vec<String> = usual
        .iter()
        .map(|(words, keyword)| {
            format!("{words}: {}", today(&[(*keyword).to_owned()], period_type).unwrap_or_default())
        })
        .collect();
    choices.push("other periods …".to_owned());
    let chosen = prompter.choose("Periods of each run", &choices, 0)?;
    if let Some((_, keyword)) = usual.get(chosen) {
        return Ok(vec![(*keyword).to_owned()]);
    }
    prompter.say(&format!("{}; several with commas.", capitalised(routines::WINDOW_HINT)));
    let window = ask_until(prompter, "Which periods", None, |text| {
        let window: Vec<String> =
            text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
        if window.is_empty() {
            return Err("nothing was entered".to_owned());
        }
        today(&window, period_type).map(|periods| (window, periods))
    })?;
    prompter.say(&format!("Today that is {}.", window.1));
    Ok(window.0)
}

/// The periods of a window today, in a few words.
fn today(window: &[String], period_type: PeriodType) -> Result<String, String> {
    let periods = routines::periods_today(window, period_type).map_err(|error| error.to_string())?;
    Ok(match periods.as_slice() {
        [first, .., last] => format!("{first} to {last} ({})", periods.len()),
        _ => periods.concat(),
    })
}

/// The rules of a run that are not given already.
fn rules(prompter: &mut dyn Prompter, known: &New) -> Result<Policies, Leave> {
    let mut policies = known.policies();
    if known.when_empty.is_none() {
        policies.when_empty = when_empty(prompter)?;
    }
    if policies.when_empty != WhenEmpty::Keep && known.max_delete_share.is_none() {
        policies.max_delete_share = max_delete_share(prompter)?;
    }
    if known.max_change.is_none() {
        let choices = [
            "write them and report it",
            "hold them back if more than half of the cells would change",
            "hold them back if more than a fifth of the cells would change",
        ]
        .map(str::to_owned);
        let question = "If a run would change very many values";
        policies.max_change = [None, Some(50), Some(20)][prompter.choose(question, &choices, 0)?];
    }
    if !known.tolerate_unmapped {
        let choices = ["the run is incomplete", "they are only reported"].map(str::to_owned);
        prompter.say("Values of unmapped org units cannot be sent.");
        policies.tolerate_unmapped = prompter.choose("What to do with them", &choices, 0)? == 1;
    }
    Ok(policies)
}

fn when_empty(prompter: &mut dyn Prompter) -> Result<WhenEmpty, Leave> {
    let rules = [WhenEmpty::Keep, WhenEmpty::Zero, WhenEmpty::Delete];
    let choices = ["keep it", "write a zero", "delete it, if this routine wrote it"].map(str::to_owned);
    prompter.say("The destination may have a value where the source has none.");
    Ok(rules[prompter.choose("What to do then", &choices, 0)?])
}

fn max_delete_share(prompter: &mut dyn Prompter) -> Result<u32, Leave> {
    let choices = [
        "delete nothing if more than a fifth would be deleted",
        "delete nothing if more than half would be deleted",
        "delete without this limit",
    ]
    .map(str::to_owned);
    prompter.say("If the source answers with no values by mistake, it looks as if all values were deleted.");
    Ok([USUAL_DELETE_SHARE, 50, 100][prompter.choose("What to do then", &choices, 0)?])
}

fn write_share(command: &mut String, share: u32) {
    if share != USUAL_DELETE_SHARE {
        command.push_str(" --max-delete-share ");
        command.push_str(&share.to_string());
    }
}

/// The command that makes the same routine.
fn command(routine: &Routine) -> String {
    let mut words = vec![format!("xfer routine new {}", shell_word(&routine.name))];
    words.extend(routine.jobs.iter().map(|job| format!("--job {}", shell_word(job))));
    words.push(format!("--periods {}", shell_word(&routine.window.join(","))));
    let policies = &routine.policies;
    if policies.when_empty != WhenEmpty::Keep {
        words.push(format!("--when-empty {}", policies.when_empty.name()));
    }
    words.extend(policies.max_change.map(|percent| format!("--max-change {percent}")));
    if policies.tolerate_unmapped {
        words.push("--tolerate-unmapped".to_owned());
    }
    if !policies.only_changed {
        words.push("--send-unchanged".to_owned());
    }
    if !policies.verify {
        words.push("--no-verify".to_owned());
    }
    let default = Policies::default();
    if policies.max_delete != default.max_delete {
        words.extend(policies.max_delete.map(|number| format!("--max-delete {number}")));
    }
    words.extend(policies.max_analytics_age_hours.map(|hours| format!("--max-analytics-age {hours}")));
    if policies.parallel != default.parallel {
        words.push(format!("--parallel {}", policies.parallel));
    }
    let mut command = words.join(" ");
    write_share(&mut command, policies.max_delete_share);
    command
}
