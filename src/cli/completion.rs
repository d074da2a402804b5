//! Dynamic completion in a shell: commands, options, and names from the store.
//!
//! `xfer completions SHELL` prints what the shell has to be told once. From then on it starts this program with
//! `XFER_COMPLETE` and the words so far, and gets candidates. Nothing is asked, made or logged then.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use clap::{Arg, Command};
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{EnvCompleter, Shells};

use crate::ops::home::Home;
use crate::ops::names::{Noun, names};
use xfer_domain::shell::shell_word;
use xfer_storage::platform;

/// Holds the name of the shell that asks.
const VARIABLE: &str = "XFER_COMPLETE";

const PROGRAM: &str = "xfer";

fn completer(shell: &str) -> io::Result<&'static dyn EnvCompleter> {
    let known = Shells::<'static>::builtins().0.iter().copied().find(|known| known.is(shell));
    known.ok_or_else(|| io::Error::other(format!("`{shell}` is not a supported shell")))
}

/// What a shell is to be told once.
pub(super) fn registration(shell: Shell) -> io::Result<String> {
    let mut text = Vec::new();
    completer(&shell.to_string())?.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The candidates that a shell asks for, in the form that it takes them; none where no shell asks.
pub(super) fn candidates(arguments: &[OsString], tree: impl FnOnce() -> Command) -> Option<io::Result<String>> {
    let shell = std::env::var(VARIABLE).ok().filter(|shell| !shell.is_empty())?;
    let words = arguments.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    Some(candidates_for(&shell, words, tree()))
}

fn candidates_for(shell: &str, words: Vec<OsString>, tree: Command) -> io::Result<String> {
    let shell = completer(shell)?;
    let asked = Asked { home: home_in(&words), quoted: shell.is("bash") };
    let mut tree = with_names(tree, &asked, &[]);
    tree.build();
    let mut text = Vec::new();
    let here = std::env::current_dir().ok();
    shell.write_complete(&mut tree, words, here.as_deref(), &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Whose names, and how they are written.
#[derive(Debug, Clone)]
struct Asked {
    home: Option<Home>,
    /// Whether names are quoted where they have to be: other shells do that themselves.
    quoted: bool,
}

/// The home that the words so far or the environment name.
fn home_in(words: &[OsString]) -> Option<Home> {
    let mut words = words.iter();
    let mut named = None;
    while let Some(word) = words.next() {
        if word == "--home" {
            named = words.next().cloned();
        } else if let Some(folder) = word.to_str().and_then(|word| word.strip_prefix("--home=")) {
            named = Some(folder.into());
        }
    }
    let named = named.or_else(|| std::env::var_os("XFER_HOME")).filter(|folder| !folder.is_empty());
    platform::home_folder(named.as_deref().map(Path::new)).ok().map(Home::at)
}

/// The same commands, whose arguments know the names that are kept.
fn with_names(command: Command, asked: &Asked, path: &[&str]) -> Command {
    let command = command.mut_args(|argument| match noun(path, argument.get_id().as_str()) {
        Some(noun) => named(argument, noun, asked),
        None => argument,
    });
    let below: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    below.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |below| with_names(below, asked, &[path, &[name]].concat()))
    })
}

fn named(argument: Arg, noun: Noun, asked: &Asked) -> Arg {
    let asked = asked.clone();
    argument.add(ArgValueCompleter::new(move |typed: &OsStr| {
        let Some(home) = &asked.home else { return Vec::new() };
        let typed = typed.to_string_lossy();
        let typed = typed.trim_start_matches(['\'', '"']);
        let found = names(home, noun).into_iter().filter(|name| name.starts_with(typed));
        found.map(|name| CompletionCandidate::new(if asked.quoted { shell_word(&name) } else { name })).collect()
    }))
}

/// What an argument of a command names, where it names something that is kept.
fn noun(path: &[&str], argument: &str) -> Option<Noun> {
    match (path, argument) {
        // What is made has a name that is not there yet.
        ([.., "add" | "new"], "name") => None,
        (["server", ..], "name" | "names")
        | (["orgunit", ..], "source" | "destination")
        | (["job", "new" | "auto"], "from" | "to") => Some(Noun::Server),
        (["job", ..], "name" | "job") | (["routine", ..], "jobs") | (["runs" | "script" | "plugin", _], "job") => {
            Some(Noun::Job)
        }
        (["routine", ..], "name" | "routine")
        | (["run"] | ["runs" | "script" | "plugin" | "schedule", _], "routine") => Some(Noun::Routine),
        (["plugin", ..], "name" | "plugin") => Some(Noun::Plugin),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::ValueEnum;

    use clap_complete::Shell;

    use super::{candidates_for, noun, registration};
    use crate::cli::root;
    use crate::ops::names::Noun;

    #[test]
    fn every_shell_is_told_how_to_ask() {
        for shell in Shell::value_variants() {
            let text = registration(*shell).unwrap();
            assert!(text.contains("XFER_COMPLETE") && text.contains("xfer"), "{shell:?}: {text}");
        }
    }

    #[test]
    fn commands_and_words_of_lists_are_offered() {
        let words = ["xfer", "--home", "/nonexistent", "rou"].map(OsString::from);
        // fish says a line for each candidate, whatever the position that bash would say.
        let text = candidates_for("fish", words.to_vec(), root::tree()).unwrap();
        assert!(text.starts_with("routine\t"), "{text}");
        assert!(candidates_for("tcsh", Vec::new(), root::tree()).is_err());
    }

    #[test]
    fn arguments_that_name_what_is_kept_are_known() {
        let mut known = Vec::new();
        let mut waiting = vec![(Vec::new(), root::tree())];
        while let Some((path, command)) = waiting.pop() {
            let words: Vec<&str> = path.iter().map(String::as_str).collect();
            for argument in command.get_arguments() {
                if let Some(noun) = noun(&words, argument.get_id().as_str()) {
                    known.push((words.join(" "), argument.get_id().to_string(), noun));
                }
            }
            let below = command.get_subcommands().cloned();
            waiting.extend(below.map(|below| ([path.clone(), vec![below.get_name().to_owned()]].concat(), below)));
        }
        for (path, argument, noun) in [
            ("run", "routine", Noun::Routine),
            ("server sync", "names", Noun::Server),
            ("job show", "name", Noun::Job),
            ("orgunit auto", "source", Noun::Server),
            ("routine export", "name", Noun::Routine),
            ("routine new", "jobs", Noun::Job),
            ("runs list", "routine", Noun::Routine),
        ] {
            assert!(known.contains(&(path.to_owned(), argument.to_owned(), noun)), "{path} {argument}: {known:?}");
        }
        assert!(
            !known
                .iter()
                .any(|(path, argument, _)| (path.ends_with(" new") || path.ends_with(" add")) && argument == "name"),
            "{known:?}"
        );
    }
}
