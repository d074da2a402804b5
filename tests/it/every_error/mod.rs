//! Every variant of every error, of every layer: one exit code, wherever it turns up. Each table is a `match` that does not
//! compile when a variant is added, so that nobody forgets to say how a program ends because of it.
//!
//! | module | what it walks |
//! |---|---|
//! | [`servers`] | what goes wrong between us and a server, and whatever holds such an error |
//! | [`runs`] | plans, scripts, journals, runs |
//! | [`local`] | what lies on this machine: stores, keys, files, alerts |
//! | [`typed`] | what a person types, and what was written by hand |
//! | [`ends`] | the same end to end: process, report, journal, JSON |

mod ends;
mod local;
mod runs;
mod servers;
mod typed;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use xfer::cli::error::CliError;
use xfer::ops::error::OpsError;
use xfer::ops::run::end::RunEnd;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::{Fault, InWords};
use xfer_domain::run::RunOutcome;
use xfer_transfer::verdict::Evidence;

/// Compares samples of every variant with the code that stands beside it. The rows are those of one `match`: a variant
/// that stands in none of them does not compile, nor does a row without a sample.
macro_rules! walk {
    ($type:ty { $($pattern:pat => $code:ident [$($sample:expr),+ $(,)?])+ }) => {{
        let row = |error: &$type| match error {
            $($pattern => (stringify!($pattern), xfer_domain::exit_code::ExitCode::$code)),+
        };
        $(for sample in [$($sample),+] {
            let (pattern, code) = row(&sample);
            assert_eq!(pattern, stringify!($pattern), "`{sample}` is a sample of another row");
            crate::every_error::check(&sample, code);
        })+
    }};
}
pub(crate) use walk;

/// The codes that `docs/exit-codes.md` explains.
fn documented() -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exit-codes.md")).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(' ').map(|(code, _)| code.to_owned())).collect()
}

/// One error has one code: for whoever asks it, in words, at the terminal, in the documentation, and as the end of a run
/// that could do nothing because of it.
#[track_caller]
fn check(error: &dyn Fault, code: ExitCode) {
    assert_eq!(error.code(), code, "{error}");
    assert_ne!(code, ExitCode::Success, "{error}: an error is none");
    let words = InWords::of(error);
    assert_eq!((words.code, &words.hints), (code, &error.hints()), "{error}");
    assert!(!words.message.is_empty() && words.hints.iter().all(|hint| !hint.is_empty()), "{words:?}");
    let drawn = CliError::of(error);
    assert_eq!((drawn.code, &drawn.message, &drawn.hints), (code, &words.message, &words.hints));
    assert!(documented().contains(&code.number().to_string()), "{code:?} is not in the documentation");
    let evidence = Evidence { failures: [code].into(), nothing_done: true, ..Evidence::default() };
    let verdict = evidence.verdict();
    assert_eq!((verdict.code, verdict.outcome), (code, RunOutcome::Failed), "{error}: in a run that came to nothing");
}

/// A run that came to no report ends as the error says, and tells so.
#[track_caller]
fn check_end(error: OpsError, code: ExitCode) {
    check(&error, code);
    let message = error.to_string();
    let end = RunEnd::of("monthly", None, Err(error), &[]);
    assert_eq!(end.code, code, "{message}");
    if let Some(notice) = end.notice {
        assert_eq!(notice.exit_code, code.number(), "{message}");
    }
}

/// Errors that are no answer of ours: the look-alike servers write them into their own answers, or they never leave the
/// file that they are made in.
const OF_THE_LOOK_ALIKE: [&str; 8] = [
    "Hangup",
    "QueryError",
    "Duplicate",
    "DamagedBody",
    "JsonError",
    "UnknownStrategy",
    "ExpressionError",
    "CaUsedAsEndEntity",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_error_type_answers_for_itself() {
    let mut files = Vec::new();
    for folder in ["src", "crates"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    let text: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let text = text.join("\n");
    let first_word = |line: &str| line.chars().take_while(|c| c.is_alphanumeric()).collect::<String>();
    let mut errors = BTreeSet::new();
    for (at, _) in text.match_indices("thiserror::Error)]") {
        let declared = text[at..].lines().find_map(|line| {
            let line = line.trim_start();
            ["pub ", ""]
                .iter()
                .find_map(|_| line.split_once("struct ").or_else(|| line.split_once("enum ")))
                .filter(|(before, _)| before.is_empty() || before.starts_with("pub"))
        });
        errors.insert(first_word(declared.unwrap().1));
    }
    for (at, _) in text.match_indices("Error for ") {
        let line = &text[..at];
        let before = line.rsplit('\n').next().unwrap_or_default();
        if matches!(before.trim(), "impl" | "impl std::error::") {
            errors.insert(first_word(&text[at + "Error for ".len()..]));
        }
    }
    assert!(errors.len() > 45, "{errors:?}");
    let silent: Vec<&String> = errors
        .iter()
        .filter(|name| !OF_THE_LOOK_ALIKE.contains(&name.as_str()))
        // What the tests of the trait itself are made of.
        .filter(|name| !["Full", "Unwritten"].contains(&name.as_str()))
        .filter(|name| !text.contains(&format!("Fault for {name} {{")))
        .collect();
    assert!(silent.is_empty(), "these errors do not say how a program ends because of them: {silent:?}");
}
