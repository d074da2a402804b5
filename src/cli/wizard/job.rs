//! The wizard for a job: which figures, where they go, and what is doubtful about it.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::arguments::job::{New, command as job_command};
use crate::cli::render::item::item_ids;
use crate::cli::render::review as review_lines;
use crate::cli::wizard::element::{Group, add, one_by_one, place_by_hand, unmatched_lines};
use crate::cli::wizard::pair::choose_pair;
use crate::cli::wizard::portion::Portion;
use crate::cli::wizard::prompter::{Leave, Prompter, ask_until, say_commands};
use crate::cli::wizard::scripts;
use crate::ops::home::Home;
use crate::ops::jobs::edit::JobChange;
use crate::ops::jobs::{self, OpenJob};
use crate::ops::org_units;
use crate::ops::scripts::Place;
use xfer_domain::counted::counted;
use xfer_domain::data_item::{DataItem, DataKind};
use xfer_domain::item::{Combine, Item};
use xfer_domain::org_unit_map::{MatchClass, OrgUnitMapping};
use xfer_domain::period::PeriodType;
use xfer_domain::shell::shell_word;
use xfer_domain::uid::Uid;
use xfer_matching::item_match::ItemProposal;

/// Makes a job with items; what the arguments say is not asked. Gives its name.
pub(crate) fn new(prompter: &mut dyn Prompter, home: &Home, known: &New) -> Result<String, Leave> {
    let (source, destination) = choose_pair(prompter, home, known.from.as_deref(), known.to.as_deref())?;
    let name = match &known.name {
        Some(name) => name.clone(),
        None => ask_until(prompter, "Name of the job", Some("monthly figures"), |name| {
            let taken = jobs::list(home).map_err(|error| error.to_string())?;
            match () {
                () if name.is_empty() => Err("a name is needed".to_owned()),
                () if taken.iter().any(|job| job.name.to_lowercase() == name.to_lowercase()) => {
                    Err(format!("there is a job {name} already"))
                }
                () => Ok(name.to_owned()),
            }
        })?,
    };
    let combine = match known.combine {
        Some(combine) => combine.into(),
        None => combine(prompter, home, &source, &destination)?,
    };
    let job = jobs::new(home, known.job(&name, &source, &destination, combine))?;
    let mut commands = vec![job_command(&job)];
    let outcome = fill(prompter, home, &job.name, &mut commands)
        .and_then(|()| say_review(prompter, home, &job.name))
        .and_then(|()| offer_scripts(prompter, home, &job.name, &mut commands));
    say_commands(prompter, &commands);
    outcome.map(|()| job.name)
}

/// Plugins and scripts for a job that carries something.
fn offer_scripts(
    prompter: &mut dyn Prompter,
    home: &Home,
    name: &str,
    commands: &mut Vec<String>,
) -> Result<(), Leave> {
    if jobs::open(home, name)?.job.items.is_empty() {
        return Ok(());
    }
    scripts::offer(prompter, home, &Place::Job { job: name.to_owned() }, commands)
}

/// Goes on with a job that was made but not filled.
pub(crate) fn fill_more(prompter: &mut dyn Prompter, home: &Home, name: &str) -> Result<(), Leave> {
    let mut commands = Vec::new();
    let outcome = fill(prompter, home, name, &mut commands).and_then(|()| say_review(prompter, home, name));
    say_commands(prompter, &commands);
    outcome
}

/// What speaks against a job when its items are seen together.
fn say_review(prompter: &mut dyn Prompter, home: &Home, name: &str) -> Result<(), Leave> {
    let findings = jobs::open(home, name)?.review(home)?;
    for line in review_lines::lines(&findings, &format!("xfer job check {}", shell_word(name))) {
        prompter.say(&format!("Check this: {line}"));
    }
    Ok(())
}

/// Adds items to a job, or changes its settings.
pub(crate) fn edit(prompter: &mut dyn Prompter, home: &Home, name: &str) -> Result<(), Leave> {
    let open = jobs::open(home, name)?;
    prompter.say(&format!(
        "{name} has {} from {} to {}, {} to {}, combine {}.",
        counted(open.job.items.len() as u64, "item"),
        open.job.source,
        open.job.destination,
        open.job.source_period_type.name(),
        open.job.destination_period_type.name(),
        open.job.combine.name()
    ));
    let choices = [
        "add items",
        "how several values are combined",
        "the period types",
        "plugins and scripts that change values",
        "nothing",
    ]
    .map(str::to_owned);
    let mut commands = Vec::new();
    match prompter.choose("What do you want to change", &choices, 0)? {
        0 => return fill_more(prompter, home, name),
        1 => {
            let combine = operator(prompter)?;
            let change = JobChange { combine: Some(combine), ..JobChange::default() };
            jobs::open(home, name)?.edit(change)?;
            commands.push(format!("xfer job edit {} --combine {}", shell_word(name), combine.name()));
        }
        2 => {
            let source = period_type(prompter, "Period type at the source", open.job.source_period_type)?;
            let target = period_type(prompter, "Period type at the destination", source)?;
            let change = JobChange {
                source_period_type: Some(source),
                destination_period_type: Some(target),
                ..JobChange::default()
            };
            jobs::open(home, name)?.edit(change)?;
            commands.push(format!(
                "xfer job edit {} --period-type {} --to-period-type {}",
                shell_word(name),
                source.name(),
                target.name()
            ));
        }
        3 => {
            let outcome = offer_scripts(prompter, home, name, &mut commands);
            say_commands(prompter, &commands);
            return outcome;
        }
        _ => return Ok(()),
    }
    say_commands(prompter, &commands);
    Ok(())
}

/// Asks for an operator only where two org units go to one.
fn combine(prompter: &mut dyn Prompter, home: &Home, source: &str, destination: &str) -> Result<Combine, Leave> {
    let map = org_units::open(home, source, destination)?;
    let mut sources: BTreeMap<Uid, u64> = BTreeMap::new();
    for target in map.rows.iter().filter_map(OrgUnitMapping::target) {
        *sources.entry(target).or_default() += 1;
    }
    let shared = sources.values().filter(|number| **number > 1).count();
    if shared == 0 {
        return Ok(Combine::Error);
    }
    prompter.say(&format!(
        "{} of the destination get values from more than one org unit of the source: several values for one cell.",
        counted(shared as u64, "org unit")
    ));
    operator(prompter)
}

fn operator(prompter: &mut dyn Prompter) -> Result<Combine, Leave> {
    let operators =
        [Combine::Sum, Combine::Average, Combine::Max, Combine::Min, Combine::Last, Combine::First, Combine::Error];
    let choices = [
        "their sum",
        "their mean",
        "the largest",
        "the smallest",
        "the value of the latest period",
        "the value of the earliest period",
        "several values for one cell: refused",
    ]
    .map(str::to_owned);
    Ok(operators[prompter.choose("How are several values combined", &choices, 0)?])
}

fn period_type(prompter: &mut dyn Prompter, question: &str, suggestion: PeriodType) -> Result<PeriodType, Leave> {
    let names: Vec<String> = PeriodType::ALL.iter().map(|of| of.name().to_owned()).collect();
    let position = PeriodType::ALL.iter().position(|of| *of == suggestion).unwrap_or_default();
    Ok(PeriodType::ALL[prompter.choose(question, &names, position)?])
}

/// What a person can pick from.
#[derive(Clone, Copy)]
enum Figures {
    /// All data elements of a data set.
    OfDataSet,
    /// Data items of a kind, one by one.
    Single(DataKind),
}

/// Picks figures, matches them, and asks about what is doubtful, until the person has enough.
fn fill(prompter: &mut dyn Prompter, home: &Home, name: &str, commands: &mut Vec<String>) -> Result<(), Leave> {
    let called = shell_word(name);
    loop {
        let mut open = jobs::open(home, name)?;
        let mut choices = Vec::new();
        let mut kinds = Vec::new();
        if !open.source.data_sets.is_empty() {
            choices.push("the data elements of a data set".to_owned());
            kinds.push(Figures::OfDataSet);
        }
        let there: BTreeSet<DataKind> = DataItem::all(&open.source).map(DataItem::kind).collect();
        for kind in there {
            choices.push(format!("{}s", kind.words()));
            kinds.push(Figures::Single(kind));
        }
        choices.push("nothing more".to_owned());
        let suggestion = if open.job.items.is_empty() { 0 } else { choices.len() - 1 };
        let chosen = prompter.choose("What do you want to transfer", &choices, suggestion)?;
        let Some(kind) = kinds.get(chosen) else { return Ok(()) };
        let (selection, argument) = match *kind {
            Figures::OfDataSet => match data_set(prompter, &mut open, commands)? {
                Some((selection, name)) => (selection, format!("--data-set {}", shell_word(&name))),
                None => continue,
            },
            Figures::Single(kind) => {
                let (selection, names) = objects(prompter, &open, kind)?;
                let option = kind.facts().option;
                let word = |name: &Option<String>| match name {
                    Some(name) => format!("--{option} {}", shell_word(name)),
                    None => format!("--{option}"),
                };
                (selection, names.iter().map(word).collect::<Vec<_>>().join(" "))
            }
        };
        if selection.is_empty() {
            continue;
        }
        let before = open.job.items.len();
        let reviewed = review(prompter, &mut open, &selection)?;
        commands.extend(reviewed.commands(&called, &argument, &open.job.items[before..]));
        prompter.say(&format!("{name} now has {}.", counted(open.job.items.len() as u64, "item")));
    }
}

/// A data set of the source; an empty job takes its period type over.
fn data_set(
    prompter: &mut dyn Prompter,
    open: &mut OpenJob,
    commands: &mut Vec<String>,
) -> Result<Option<(Vec<DataItem>, String)>, Leave> {
    let mut sets: Vec<(String, PeriodType)> =
        open.source.data_sets.values().map(|set| (set.name.clone(), set.period_type)).collect();
    sets.sort();
    let choices: Vec<String> = sets.iter().map(|(name, of)| format!("{name} ({})", of.name())).collect();
    let Some(chosen) = prompter.search("Which data set (type to search)", &choices)? else { return Ok(None) };
    let (name, period_type) = &sets[chosen];
    if open.job.items.is_empty() && open.job.source_period_type != *period_type {
        let change = JobChange {
            source_period_type: Some(*period_type),
            destination_period_type: Some(*period_type),
            ..JobChange::default()
        };
        open.edit(change)?;
        let of = period_type.name();
        prompter.say(&format!("The job reads and writes {of} periods, as the data set has them."));
        commands.push(format!("xfer job edit {} --period-type {of} --to-period-type {of}", shell_word(&open.job.name)));
    }
    Ok(Some((open.selection_of_data_set(name)?, name.clone())))
}

/// Objects of one kind with their names, picked one after the other; the first choice takes all of them, which need no
/// name.
fn objects(
    prompter: &mut dyn Prompter,
    open: &OpenJob,
    kind: DataKind,
) -> Result<(Vec<DataItem>, Vec<Option<String>>), Leave> {
    let all: Vec<_> = open.selectable().into_iter().filter(|one| one.selected.kind() == kind).collect();
    let mut picked: Vec<usize> = Vec::new();
    loop {
        let open: Vec<usize> = (0..all.len()).filter(|index| !picked.contains(index)).collect();
        let first = if picked.is_empty() { format!("all {}", all.len()) } else { "no more".to_owned() };
        let mut choices = vec![first];
        choices.extend(open.iter().map(|index| match &all[*index].code {
            Some(code) => format!("{} [{code}]", all[*index].name),
            None => all[*index].name.clone(),
        }));
        let question = format!("Which {} (type to search, Esc: no more)", kind.words());
        match prompter.search(&question, &choices)? {
            Some(0) if picked.is_empty() => {
                return Ok((all.iter().map(|one| one.selected).collect(), vec![None]));
            }
            Some(0) | None => break,
            Some(chosen) => picked.push(open[chosen - 1]),
        }
    }
    let names = picked.iter().map(|index| Some(all[*index].code.clone().unwrap_or_else(|| all[*index].name.clone())));
    Ok((picked.iter().map(|index| all[*index].selected).collect(), names.collect()))
}

/// How a selection was gone through.
struct Reviewed {
    /// What the matcher was sure of, or nearly so, was taken as it was.
    as_a_whole: bool,
    /// So many items of the job come from that.
    taken: usize,
}

/// So many items are shown, or named by command, each in a line of its own.
const LINES: usize = 8;

impl Reviewed {
    /// The commands that do the same; `added` is what the job has gained.
    fn commands(&self, job: &str, argument: &str, added: &[Item]) -> Vec<String> {
        let mut commands = Vec::new();
        if self.as_a_whole {
            commands.push(format!("xfer job auto {job} {argument} --accept likely"));
        }
        let by_hand = added.get(self.taken..).unwrap_or_default();
        if by_hand.len() > LINES {
            commands.push(format!("xfer job auto {job} {argument} --accept none --export items.csv"));
            commands.push(format!("xfer job import {job} items.csv"));
            return commands;
        }
        commands.extend(by_hand.iter().map(|item| {
            let (source, destination) = item_ids(item);
            let combine = item.combine.map(|combine| format!(" --combine {}", combine.name())).unwrap_or_default();
            format!("xfer job add-item {job} {} {destination}{combine}", shell_word(&source))
        }));
        commands
    }
}

/// Matches a selection and takes of it what fits or the person says.
fn review(prompter: &mut dyn Prompter, open: &mut OpenJob, selection: &[DataItem]) -> Result<Reviewed, Leave> {
    let matching = open.propose_items(selection, None);
    let (fitting, doubtful): (Vec<ItemProposal>, Vec<ItemProposal>) =
        matching.proposals.into_iter().partition(|proposal| proposal.class != MatchClass::Ask);
    if !matching.unmatched.is_empty() {
        let number = counted(matching.unmatched.len() as u64, "item");
        prompter.say(&format!("{number} of the source without a match at the destination:"));
        say_lines(prompter, &unmatched_lines(open, &matching.unmatched));
    }
    let before = open.job.items.len();
    let as_a_whole = fits(prompter, open, fitting)?;
    let taken = if as_a_whole { open.job.items.len() - before } else { 0 };
    if !doubtful.is_empty() {
        let (number, have) = (counted(doubtful.len() as u64, "item"), if doubtful.len() == 1 { "has" } else { "have" });
        prompter.say(&format!("{number} {have} to be decided."));
        one_by_one(prompter, open, doubtful)?;
    }
    if !matching.unmatched.is_empty() {
        place_by_hand(prompter, open, matching.unmatched.into_iter().map(|(item, _)| item).collect())?;
    }
    Ok(Reviewed { as_a_whole, taken })
}

/// Shows what fits, portion by portion, and takes what was shown together or element by element. Says whether all of it
/// was taken as it is.
fn fits(prompter: &mut dyn Prompter, open: &mut OpenJob, fitting: Vec<ItemProposal>) -> Result<bool, Leave> {
    if fitting.is_empty() {
        return Ok(false);
    }
    prompter.say(&format!("{} fit:", counted(fitting.len() as u64, "item")));
    let groups = Group::of(fitting);
    let mut all_taken = true;
    for (portion, groups) in Portion::of(&groups) {
        if !portion.is_everything() {
            prompter.say(&format!("Data elements{}:", portion.in_words()));
        }
        for line in groups.iter().flat_map(|group| group.lines(open)) {
            prompter.say(&format!("  {line}"));
        }
        let shown: Vec<ItemProposal> = groups.iter().flat_map(|group| group.proposals.iter().cloned()).collect();
        let all_of_them = if portion.is_everything() { "accept all" } else { "accept these" };
        let none = if portion.is_everything() { "none" } else { "none of these" };
        let choices = [format!("{all_of_them} {}", shown.len()), "decide each".to_owned(), none.to_owned()];
        match prompter.choose("What to do with them", &choices, 0)? {
            0 => add(prompter, open, shown.into_iter().map(|proposal| proposal.item).collect())?,
            1 => {
                all_taken = false;
                one_by_one(prompter, open, shown)?;
            }
            _ => all_taken = false,
        }
    }
    Ok(all_taken)
}

/// The first of several lines, and how many more there are.
fn say_lines(prompter: &mut dyn Prompter, lines: &[String]) {
    let more = lines.len().saturating_sub(LINES);
    for line in lines.iter().take(LINES) {
        prompter.say(&format!("  {line}"));
    }
    if more > 0 {
        prompter.say(&format!("  … and {more} more"));
    }
}
