//! The guided setup, section by section: servers, metadata, org units, job, routine, first run. What is there already is
//! not asked again, so that `xfer init` goes on where it was left.

use crate::cli::arguments::{job, routine};
use crate::cli::render::clock;
use crate::cli::ui::Ui;
use crate::cli::wizard::job as job_wizard;
use crate::cli::wizard::pair::{One, say_if_one};
use crate::cli::wizard::prompter::{Leave, Prompter};
use crate::cli::wizard::server::Known;
use crate::cli::wizard::{
    export, org_units as org_unit_wizard, routine as routine_wizard, server as server_wizard, trial,
};
use crate::ops::dashboard;
use crate::ops::home::Home;
use crate::ops::{jobs, org_units, routines, servers};
use xfer_domain::counted::counted;
use xfer_domain::job::Job;
use xfer_domain::org_unit_map::MappingState;
use xfer_domain::shell::shell_word;

/// What a source and a destination are called unless the person knows better.
const SUGGESTED: [&str; 2] = ["tracker", "national"];

/// Source and destination by name.
type PairNames = (String, String);

/// Leads from wherever things stand to a first run.
pub(crate) fn lead(prompter: &mut dyn Prompter, home: &Home, ui: &Ui) -> Result<(), Leave> {
    prompter.say(
        "Guided setup, from two DHIS2 servers to a first transfer. Nothing is written to a server before you agree at \
         the end. Stop at any question with Esc or Ctrl-C; finished steps are saved, and `xfer init` resumes there.",
    );
    prompter.heading("1 of 7 · Servers");
    let pair = choose_servers(prompter, home, ui)?;
    prompter.heading("2 of 7 · Metadata");
    copy_metadata(prompter, home, ui, &pair)?;
    prompter.heading("3 of 7 · Org units");
    map_org_units(prompter, home, &pair)?;
    prompter.heading("4 of 7 · Job: which figures go where");
    let job = choose_job(prompter, home, &pair)?;
    prompter.heading("5 of 7 · Routine: periods and rules");
    let routine = choose_routine(prompter, home, &job)?;
    prompter.heading("6 of 7 · First run");
    if trial::was_run(home, &routine)? {
        prompter.say(&format!("{routine} has run before."));
    }
    trial::try_out(prompter, home, ui, &routine)?;
    prompter.heading("7 of 7 · Unattended: the xfer file");
    export::export(prompter, home, &routine)?;
    prompter.say("\nThe setup is complete. `xfer` alone shows the state of everything and the next step.");
    Ok(())
}

/// The two servers; those that are missing are added.
fn choose_servers(prompter: &mut dyn Prompter, home: &Home, ui: &Ui) -> Result<PairNames, Leave> {
    let names: Vec<String> = servers::list(home)?.into_iter().map(|line| line.server.name).collect();
    let [source, destination] = SUGGESTED;
    match names.as_slice() {
        [] => {
            prompter.say("First the source: the server that has the figures.");
            let first = server_wizard::add(prompter, home, ui, Known::default(), source)?;
            let second =
                add_other(prompter, home, ui, "Now the destination: the server that gets the figures.", destination)?;
            with_direction(prompter, home, ui, (first, second), Servers::Added)
        }
        [only] => {
            let choices = [
                format!("values come from {only}"),
                format!("values go to {only}"),
                format!("values stay within {only}: from tracker to aggregate"),
            ];
            prompter.say(&format!("You already have {only}."));
            let chosen = prompter.choose("Is it the source or the destination", &choices, 0)?;
            if chosen == 2 {
                with_direction(prompter, home, ui, (only.clone(), only.clone()), Servers::Known)
            } else if chosen == 0 {
                let other = add_other(
                    prompter,
                    home,
                    ui,
                    "Now the destination: the server that gets the figures.",
                    destination,
                )?;
                with_direction(prompter, home, ui, (only.clone(), other), Servers::Added)
            } else {
                let other = add_other(prompter, home, ui, "Now the source: the server that has the figures.", source)?;
                with_direction(prompter, home, ui, (other, only.clone()), Servers::Added)
            }
        }
        [first, second] => {
            let begun = dashboard::dashboard(home)?;
            let begun =
                begun.pairs.first().map(|pair| (pair.source.clone(), pair.destination.clone())).or(begun.first_pair);
            let (from, to) = begun.unwrap_or_else(|| (first.clone(), second.clone()));
            let choices =
                [format!("from {from} to {to}"), format!("from {to} to {from}"), "another server …".to_owned()];
            match prompter.choose("Which direction", &choices, 0)? {
                0 => with_direction(prompter, home, ui, (from, to), Servers::Known),
                1 => with_direction(prompter, home, ui, (to, from), Servers::Known),
                _ => {
                    let other = add_other(prompter, home, ui, "Another server.", "other")?;
                    choose_two(prompter, home, ui, &[vec![other], names].concat())
                }
            }
        }
        _ => choose_two(prompter, home, ui, &names),
    }
}

fn add_other(
    prompter: &mut dyn Prompter,
    home: &Home,
    ui: &Ui,
    words: &str,
    suggestion: &str,
) -> Result<String, Leave> {
    prompter.say(&format!("\n{words}"));
    server_wizard::add(prompter, home, ui, Known::default(), suggestion)
}

fn choose_two(prompter: &mut dyn Prompter, home: &Home, ui: &Ui, names: &[String]) -> Result<PairNames, Leave> {
    let from = names[prompter.choose("Which server has the figures", names, 0)?].clone();
    let others: Vec<String> = names.iter().filter(|name| **name != from).cloned().collect();
    let to = others[prompter.choose("Which server gets the figures", &others, 0)?].clone();
    with_direction(prompter, home, ui, (from, to), Servers::Known)
}

/// Whether a server of the pair was added just now. Of an address that another server has, it was asked then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Servers {
    Known,
    Added,
}

/// The pair, once the user at the destination may write there or the person knows that it may not.
fn with_direction(
    prompter: &mut dyn Prompter,
    home: &Home,
    ui: &Ui,
    pair: PairNames,
    servers_now: Servers,
) -> Result<PairNames, Leave> {
    let meant = |one| pair.0 == pair.1 || servers_now == Servers::Added && one == One::SameAddress;
    if say_if_one(prompter, home, &pair)?.is_some_and(|one| !meant(one)) {
        let choices = [format!("correct the address of {}", pair.1), "continue: this is intended".to_owned()];
        if prompter.choose("What now", &choices, 0)? == 0 {
            server_wizard::edit(prompter, home, ui, &pair.1)?;
            return with_direction(prompter, home, ui, pair, Servers::Known);
        }
    }
    loop {
        let Some(account) = servers::show(home, &pair.1)?.account else { return Ok(pair) };
        if account.may_import() {
            prompter.say(&format!("Values go from {} to {}.", pair.0, pair.1));
            return Ok(pair);
        }
        prompter.say(&format!(
            "{} may not write data values at {}: it does not have the authority F_DATAVALUE_ADD. You can map, but a \
             run would end with refused values.",
            account.username, pair.1
        ));
        let choices = [
            format!("log in to {} as another user", pair.1),
            "continue anyway".to_owned(),
            format!("change the direction: from {} to {}", pair.1, pair.0),
        ];
        match prompter.choose("What now", &choices, 0)? {
            0 => server_wizard::log_in_otherwise(prompter, home, ui, &pair.1)?,
            1 => return Ok(pair),
            _ => return Ok((pair.1, pair.0)),
        }
    }
}

/// Copies what was never copied.
fn copy_metadata(prompter: &mut dyn Prompter, home: &Home, ui: &Ui, pair: &PairNames) -> Result<(), Leave> {
    let mut missing = Vec::new();
    let both = if pair.0 == pair.1 { vec![&pair.0] } else { vec![&pair.0, &pair.1] };
    for name in both {
        let details = servers::show(home, name)?;
        match &details.server.synced_at {
            Some(at) => prompter.say(&format!(
                "{name} was synced at {}; to sync again: `xfer server sync {}`.",
                clock::in_words(at),
                shell_word(name)
            )),
            None => missing.push(name.clone()),
        }
    }
    if missing.is_empty() { Ok(()) } else { server_wizard::sync(prompter, home, ui, &missing) }
}

/// Maps what is not mapped. A map need not be complete for the next section.
fn map_org_units(prompter: &mut dyn Prompter, home: &Home, pair: &PairNames) -> Result<(), Leave> {
    let later = match org_unit_wizard::map(prompter, home, &pair.0, &pair.1) {
        Ok(()) => false,
        Err(Leave::Later) => true,
        Err(other) => return Err(other),
    };
    let mapped = org_units::open(home, &pair.0, &pair.1)?.count(MappingState::Confirmed);
    if mapped == 0 {
        prompter.say("No org unit is mapped, so there is nothing to transfer yet.");
        return Err(Leave::Later);
    }
    if later {
        let choices = [
            format!("continue with the {} that are mapped", counted(mapped as u64, "org unit")),
            "stop here".to_owned(),
        ];
        if prompter.choose("What now", &choices, 0)? == 1 {
            return Err(Leave::Later);
        }
    }
    Ok(())
}

/// A job of the pair with items: one that is there, or a new one.
fn choose_job(prompter: &mut dyn Prompter, home: &Home, pair: &PairNames) -> Result<String, Leave> {
    let of_pair = |job: &Job| job.source == pair.0 && job.destination == pair.1;
    let known: Vec<_> = jobs::list(home)?.into_iter().filter(of_pair).collect();
    if !known.is_empty() {
        let in_words = |job: &Job| match job.items.len() {
            0 => format!("{} (no items yet)", job.name),
            number => format!("{} ({})", job.name, counted(number as u64, "item")),
        };
        let mut choices: Vec<String> = known.iter().map(in_words).collect();
        choices.push("another job …".to_owned());
        let chosen = prompter.choose("Which job", &choices, 0)?;
        if let Some(job) = known.get(chosen) {
            if job.items.is_empty() {
                job_wizard::fill_more(prompter, home, &job.name)?;
            }
            return filled(prompter, home, &job.name);
        }
    }
    let arguments = job::New::between(&pair.0, &pair.1);
    let name = job_wizard::new(prompter, home, &arguments)?;
    filled(prompter, home, &name)
}

fn filled(prompter: &mut dyn Prompter, home: &Home, name: &str) -> Result<String, Leave> {
    if jobs::open(home, name)?.job.items.is_empty() {
        prompter.say(&format!("{name} has no items yet, so there is nothing to transfer."));
        return Err(Leave::Later);
    }
    Ok(name.to_owned())
}

/// A routine with the job: one that is there, or a new one.
fn choose_routine(prompter: &mut dyn Prompter, home: &Home, job: &str) -> Result<String, Leave> {
    let known: Vec<_> =
        routines::list(home)?.into_iter().filter(|routine| routine.jobs.iter().any(|name| name == job)).collect();
    if !known.is_empty() {
        let mut choices: Vec<String> =
            known.iter().map(|routine| format!("{} ({})", routine.name, routine.window.join(", "))).collect();
        choices.push("another routine …".to_owned());
        let chosen = prompter.choose("Which routine", &choices, 0)?;
        if let Some(routine) = known.get(chosen) {
            return Ok(routine.name.clone());
        }
    }
    routine_wizard::new(prompter, home, &routine::New::with_job(job))
}
