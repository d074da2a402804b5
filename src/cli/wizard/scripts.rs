//! Changing values: a plugin, or the person's own script, on a job, one of its items, or a routine.
//!
//! What is chosen acts only after the person has seen an example of what it does, before and after.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::render::item::{address_names, source_names};
use crate::cli::ui::printable;
use crate::cli::wizard::plugin::steps as ask_for;
use crate::cli::wizard::prompter::{Leave, Prompter, ask_until};
use crate::cli::wizard::server::explain;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::scripts::{self, FileState, Place};
use crate::ops::{jobs, plugins, script_tools};
use xfer_domain::counted::{counted, noun_for};
use xfer_domain::script::{Attachment, Hook, ParameterValue};
use xfer_domain::shell::shell_word;
use xfer_script::plugin::{self, Plugin};
use xfer_script::testing::Sample;

/// What is offered.
const NOTHING: &str = "no, transfer them unchanged";
const NO_MORE: &str = "no, that is all";
const PLUGIN: &str = "yes, with a plugin: ready-made, a few questions";
const SCRIPT: &str = "yes, with our own script";
const AWAY: &str = "detach one";

/// Offers plugins and scripts until the person wants no more. Each that is attached, or taken away, adds the command
/// that does the same.
pub(super) fn offer(
    prompter: &mut dyn Prompter,
    home: &Home,
    whole: &Place,
    commands: &mut Vec<String>,
) -> Result<(), Leave> {
    loop {
        let there = at_work(home, whole)?;
        for (place, attachment) in &there {
            prompter.say(&format!("{} is attached to {}.", in_words(attachment), place.in_words()));
        }
        let mut choices = vec![if there.is_empty() { NOTHING } else { NO_MORE }, PLUGIN, SCRIPT];
        choices.extend((!there.is_empty()).then_some(AWAY));
        let words: Vec<String> = choices.iter().map(|choice| (*choice).to_owned()).collect();
        match choices.get(prompter.choose("Do you want to change values during the transfer", &words, 0)?) {
            Some(&PLUGIN) => by_plugin(prompter, home, whole, commands)?,
            Some(&SCRIPT) => by_script(prompter, home, whole, commands)?,
            Some(&AWAY) => take_away(prompter, home, &there, commands)?,
            _ => return Ok(()),
        }
    }
}

/// What acts on a routine, or on a job and its items.
fn at_work(home: &Home, whole: &Place) -> Result<Vec<(Place, Attachment)>, Leave> {
    let belongs = |place: &Place| match (place, whole) {
        (Place::Item { job, .. } | Place::Job { job }, Place::Job { job: wanted }) => job == wanted,
        (place, whole) => place == whole,
    };
    let all = scripts::list(home)?.into_iter().map(|at_work| (at_work.place, at_work.attachment));
    Ok(all.filter(|(place, _)| belongs(place)).collect())
}

fn in_words(attachment: &Attachment) -> String {
    let parameters: Vec<String> = attachment.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if parameters.is_empty() {
        attachment.script.clone()
    } else {
        format!("{} ({})", attachment.script, parameters.join(", "))
    }
}

fn by_plugin(prompter: &mut dyn Prompter, home: &Home, whole: &Place, commands: &mut Vec<String>) -> Result<(), Leave> {
    let mut usable: Vec<Plugin> = Vec::new();
    for found in plugins::list(home)? {
        match found.plugin {
            Ok(plugin) => usable.push(plugin),
            Err(error) => prompter.say(&format!("The plugin {} cannot be used: {error}.", found.name)),
        }
    }
    let choices: Vec<String> =
        usable.iter().map(|plugin| format!("{}: {}", plugin.manifest.name, plugin.manifest.description)).collect();
    let Some(chosen) = prompter.search("Which plugin (type to search, Esc: none)", &choices)? else { return Ok(()) };
    let plugin = &usable[chosen];
    let manifest = &plugin.manifest;
    prompter.say(&format!("{}: {}", manifest.name, manifest.description));
    let Some(place) = where_it_acts(prompter, home, whole, manifest.hooks.contains(&Hook::Rows))? else {
        return Ok(());
    };
    let asked: Vec<_> = manifest.parameters.iter().collect();
    loop {
        let given: BTreeMap<_, _> = ask_for(prompter, &asked)?.into_iter().collect();
        let parameters = plugin::check(manifest, &given).map_err(OpsError::from)?;
        let used = plugin::to_params(&parameters).map_err(OpsError::from)?;
        let sample = plugin.sample(&used).map_err(OpsError::from)?;
        match is_wanted(prompter, sample.as_ref(), !asked.is_empty())? {
            Wanted::Yes => {
                let (attachment, _) = scripts::attach_plugin(home, &place, &manifest.name, &parameters)?;
                let told = parameters.iter().filter(|(name, value)| {
                    manifest.parameter(name).is_none_or(|parameter| parameter.default.as_ref() != Some(value))
                });
                commands.push(command(&attachment.script, &place, told));
                return Ok(());
            }
            Wanted::Otherwise => {}
            Wanted::No => return Ok(()),
        }
    }
}

fn by_script(prompter: &mut dyn Prompter, home: &Home, whole: &Place, commands: &mut Vec<String>) -> Result<(), Leave> {
    let Some(file) = choose_file(prompter, home)? else { return Ok(()) };
    let script = script_tools::open(&file)?;
    let hooks: Vec<&str> = script.hooks().map(Hook::name).collect();
    let many = noun_for(hooks.len() as u64, "function");
    prompter.say(&format!("{} has the {many} {}.", script.name(), hooks.join(", ")));
    let Some(place) = where_it_acts(prompter, home, whole, hooks.contains(&Hook::Rows.name()))? else {
        return Ok(());
    };
    let asked = script.parameters();
    let needed = script.missing_parameters(|_| false);
    loop {
        let mut parameters = BTreeMap::new();
        for name in &asked {
            let question =
                format!("Its parameter {name}{}", if needed.contains(name) { "" } else { " (Enter: not set)" });
            let value = ask_until(prompter, &question, None, |answer| match answer {
                "" if needed.contains(name) => Err(format!("{} fails where {name} is not set", script.name())),
                "" => Ok(None),
                answer => Ok(Some(ParameterValue::parse(answer))),
            })?;
            parameters.extend(value.map(|value| (name.clone(), value)));
        }
        let sample = script_tools::sample(&file, &script, &parameters)?;
        match is_wanted(prompter, sample.as_ref(), !asked.is_empty())? {
            Wanted::Yes => {
                match scripts::attach(home, &place, &file, parameters.clone(), &scripts::check) {
                    Ok(_) => commands.push(command(&file.to_string_lossy(), &place, parameters.iter())),
                    Err(error) => explain(prompter, &CliError::from(error)),
                }
                return Ok(());
            }
            Wanted::Otherwise => {}
            Wanted::No => return Ok(()),
        }
    }
}

/// A script's file: one that is at work somewhere already, or another one.
fn choose_file(prompter: &mut dyn Prompter, home: &Home) -> Result<Option<PathBuf>, Leave> {
    let mut known: Vec<String> = scripts::list(home)?
        .into_iter()
        .filter(|at_work| at_work.file == Some(FileState::Same))
        .filter_map(|at_work| at_work.attachment.file)
        .collect();
    known.sort();
    known.dedup();
    if !known.is_empty() {
        let choices: Vec<String> = known.iter().cloned().chain(["another file …".to_owned()]).collect();
        let chosen = prompter.choose("Which script", &choices, 0)?;
        if let Some(file) = known.get(chosen) {
            return Ok(Some(PathBuf::from(file)));
        }
    }
    prompter.say("A script is your own file; `xfer script new value` makes one with an example.");
    ask_until(prompter, "The script's file (Enter: none)", None, |answer| {
        if answer.is_empty() {
            return Ok(None);
        }
        let file = Path::new(answer);
        match script_tools::open(file) {
            Ok(_) => Ok(Some(file.to_path_buf())),
            Err(error) => {
                let CliError { message, causes, hints, .. } = CliError::from(error);
                Err([vec![message], causes, hints].concat().join("\n"))
            }
        }
    })
}

/// All of a job, or one of its items, which nothing that sees whole slices can act on.
fn where_it_acts(
    prompter: &mut dyn Prompter,
    home: &Home,
    whole: &Place,
    sees_slices: bool,
) -> Result<Option<Place>, Leave> {
    let Place::Job { job } = whole else { return Ok(Some(whole.clone())) };
    let open = jobs::open(home, job)?;
    if sees_slices || open.job.items.len() < 2 {
        return Ok(Some(whole.clone()));
    }
    let all = counted(open.job.items.len() as u64, "item");
    let choices = [format!("all {all} of the job {job}"), "one of them …".to_owned()];
    if prompter.choose("Attach it to", &choices, 0)? == 0 {
        return Ok(Some(whole.clone()));
    }
    let items: Vec<String> = open
        .job
        .items
        .iter()
        .map(|item| format!("{} → {}", source_names(&open, &item.source), address_names(&open, item)))
        .collect();
    let chosen = prompter.search("Which item (type to search, Esc: none)", &items)?;
    Ok(chosen.map(|index| Place::Item { job: job.clone(), number: index + 1 }))
}

/// What a person says to an example.
enum Wanted {
    Yes,
    Otherwise,
    No,
}

fn is_wanted(prompter: &mut dyn Prompter, sample: Option<&Sample>, has_parameters: bool) -> Result<Wanted, Leave> {
    match sample {
        Some(Sample { before, after, failed }) => {
            let indented = |text: &str| printable(text).replace('\n', "\n  ");
            if *failed {
                prompter.say("It fails on all examples that it would change.");
            }
            prompter.say(&format!("For example:\n  {}\nbecomes\n  {}", indented(before), indented(&after.join("\n"))));
        }
        None => prompter.say("It changes none of its examples; a dry run shows what it does."),
    }
    let mut choices = vec!["yes".to_owned(), "no, do not attach it".to_owned()];
    if has_parameters {
        choices.insert(1, "answer the questions again".to_owned());
    }
    let again = usize::from(has_parameters && sample.is_some_and(|sample| sample.failed));
    Ok(match (prompter.choose("Attach it with these settings", &choices, again)?, has_parameters) {
        (0, _) => Wanted::Yes,
        (1, true) => Wanted::Otherwise,
        _ => Wanted::No,
    })
}

fn take_away(
    prompter: &mut dyn Prompter,
    home: &Home,
    there: &[(Place, Attachment)],
    commands: &mut Vec<String>,
) -> Result<(), Leave> {
    let choices: Vec<String> =
        there.iter().map(|(place, attachment)| format!("{} from {}", in_words(attachment), place.in_words())).collect();
    let (place, attachment) = &there[prompter.choose("Which one", &choices, 0)?];
    scripts::detach(home, place, &attachment.script)?;
    commands.push(format!("xfer script detach {} {}", shell_word(&attachment.script), options(place)));
    Ok(())
}

/// The command that attaches the same.
fn command<'value>(
    script: &str,
    place: &Place,
    parameters: impl Iterator<Item = (&'value String, &'value ParameterValue)>,
) -> String {
    let parameters = parameters.map(|(name, value)| format!(" --param {}", shell_word(&format!("{name}={value}"))));
    format!("xfer script attach {} {}{}", shell_word(script), options(place), parameters.collect::<String>())
}

/// A place as a command says it.
fn options(place: &Place) -> String {
    match place {
        Place::Item { job, number } => format!("--job {} --item {number}", shell_word(job)),
        Place::Job { job } => format!("--job {}", shell_word(job)),
        Place::Routine { routine } => format!("--routine {}", shell_word(routine)),
    }
}
