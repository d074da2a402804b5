//! `xfer script new`, `check`, `test`, `run`, `bench`, `repl` and `definitions`: for whoever writes a script.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::arguments::parameter::parameter;
use crate::cli::commands::files::write_file;
use crate::cli::commands::replay::{FromRun, replay};
use crate::cli::error::CliError;
use crate::cli::line_reader::LineReader;
use crate::cli::ui::{Ui, printable};
use crate::ops::home::Home;
use crate::ops::script_tools::{self, Answer, Session, Tried};
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::period::Period;
use xfer_domain::script::Hook;
use xfer_domain::script::{self as kept, ParameterValue};
use xfer_domain::shell::shell_word;
use xfer_script::Script;
use xfer_script::testing::{RowGiven, Scalar};
use xfer_transfer::hooks::Kind;

/// `xfer script new`
#[derive(Debug, Args)]
pub struct New {
    /// Its first function: value, combine, period or rows (see `xfer script --help`)
    #[arg(value_name = "FUNCTION", value_parser = hook)]
    pub hook: Hook,
    /// Its file, such as cases.rhai [default: named after the function]
    pub file: Option<PathBuf>,
}

/// `xfer script check`
#[derive(Debug, Args)]
pub struct Check {
    /// Scripts, or folders with scripts
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

/// `xfer script test`
#[derive(Debug, Args)]
pub struct Test {
    /// Scripts, or folders with scripts [default: this folder]
    pub files: Vec<PathBuf>,
    /// Whether a past run is tried as well.
    #[command(flatten)]
    pub from_run: FromRun,
    /// With --from-run, a parameter of the script: factor=0.07 (may be repeated); tests have their own
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter, requires = "from_run")]
    pub parameters: Vec<(String, ParameterValue)>,
}

/// Parameters as they are set where a script is attached.
#[derive(Debug, Args)]
pub struct Parameters {
    /// A parameter of the script: `factor=0.07`, `on=true`, `limits=[1,5]` (may be repeated)
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, ParameterValue)>,
}

/// `xfer script run`
#[derive(Debug, Args)]
pub struct Run {
    /// The script's file, or plugin:NAME for one of `xfer plugin list`
    pub file: PathBuf,
    /// A value and its context (may be repeated)
    ///
    /// value=12,data=Malaria,org_unit=Jacmel,period=202401,coc=Male,aoc=default; only the value is required
    #[arg(long = "row", value_name = "ROW", value_parser = row, required_unless_present = "from_run")]
    pub rows: Vec<RowGiven>,
    /// Whether a past run is tried instead.
    #[command(flatten)]
    pub from_run: FromRun,
    /// Only this function of the script: value, combine, period or rows [default: all]
    #[arg(long, value_name = "FUNCTION", value_parser = hook)]
    pub hook: Option<Hook>,
    /// Its parameters.
    #[command(flatten)]
    pub parameters: Parameters,
}

/// `xfer script bench`
#[derive(Debug, Args)]
pub struct Bench {
    /// The script's file, or plugin:NAME for one of `xfer plugin list`
    pub file: PathBuf,
    /// Its parameters.
    #[command(flatten)]
    pub parameters: Parameters,
}

/// `xfer script repl`
#[derive(Debug, Args)]
pub struct Repl {
    /// Its parameters.
    #[command(flatten)]
    pub parameters: Parameters,
}

/// `xfer script definitions`
#[derive(Debug, Args)]
pub struct Definitions {
    /// The file to write, such as xfer.d.rhai [default: standard output]
    pub file: Option<PathBuf>,
}

fn hook(text: &str) -> Result<Hook, String> {
    Hook::from_name(text).ok_or_else(|| "the functions are value, combine, period and rows".to_owned())
}

/// The members of a row, as `--row` names them.
const MEMBERS: [&str; 6] = ["value", "data", "coc", "aoc", "org_unit", "period"];

/// A row as `value=12,org_unit=Jacmel`. A comma in a name does no harm: only one before a member's name divides.
fn row(text: &str) -> Result<RowGiven, String> {
    let mut members: Vec<(&str, String)> = Vec::new();
    for part in text.split(',') {
        let named = part.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
        match (named.filter(|(name, _)| MEMBERS.contains(name)), members.last_mut()) {
            (Some((name, value)), _) => members.push((name, value.to_owned())),
            (None, Some((_, value))) => {
                value.push(',');
                value.push_str(part);
            }
            (None, None) => {
                return Err(format!(
                    "`{part}` is not a member of a row; write value=12,data=NAME,org_unit=NAME,period=202401"
                ));
            }
        }
    }
    let member = |wanted: &str| members.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone());
    let period = member("period").map(|text| Period::parse(&text).map_err(|error| error.to_string())).transpose()?;
    Ok(RowGiven {
        data: member("data"),
        coc: member("coc"),
        aoc: member("aoc"),
        org_unit: member("org_unit"),
        period,
        value: member("value").map(|text| Scalar::from(&ParameterValue::parse(&text))),
    })
}

/// `xfer script new`: a script and its tests.
pub(super) fn new(arguments: &New, ui: &Ui) -> Result<ExitCode, CliError> {
    let file = arguments.file.clone().unwrap_or_else(|| PathBuf::from(format!("{}.rhai", arguments.hook)));
    let tests = script_tools::begin(arguments.hook, &file)?;
    ui.say(&format!("wrote {} (script) and {} (tests)", file.display(), tests.display()));
    ui.say(&format!("next: xfer script test {}", shell_word(&file.to_string_lossy())));
    Ok(ExitCode::Success)
}

/// `xfer script check`: whether scripts compile, and what they define.
pub(super) fn check(arguments: &Check, ui: &Ui) -> Result<ExitCode, CliError> {
    for file in found(&arguments.files)? {
        let script = script_tools::open(&file)?;
        let hooks: Vec<String> = script.hooks().map(|hook| hook.to_string()).collect();
        ui.data(&format!("{}: {}\n", file.display(), hooks.join(", ")));
    }
    Ok(ExitCode::Success)
}

/// `xfer script test`: every case that failed, with what it was given, what was expected and what came.
pub(super) fn test(arguments: &Test, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let (mut passed, mut failed) = (0, 0);
    let here = [PathBuf::from(".")];
    let files = found(if arguments.files.is_empty() { &here } else { &arguments.files })?;
    let tried_on = match (&arguments.from_run.run, files.as_slice()) {
        (None, _) => None,
        (Some(run), [file]) => Some((run, file)),
        (Some(_), several) => {
            return Err(CliError::usage(format!("--from-run needs one script, not {}", several.len()))
                .hint("name it: xfer script test FILE --from-run last"));
        }
    };
    for file in &files {
        for result in script_tools::test(file)? {
            if result.passed() {
                passed += 1;
                continue;
            }
            failed += 1;
            let mut text = format!("{}: {}\n", file.display(), result.name);
            let given = result.given.lines().map(|line| ("  given     ", line.to_owned()));
            let difference = result.difference().into_iter().map(|line| ("  ", line));
            let printed = result.printed.iter().map(|line| ("  printed   ", line.clone()));
            for (lead, line) in given {
                text.push_str(&[lead, &line, "\n"].concat());
            }
            text.push_str("  - expected, + got\n");
            for (lead, line) in difference.chain(printed) {
                text.push_str(&[lead, &line, "\n"].concat());
            }
            ui.data(&printable(&text));
        }
    }
    ui.say(&format!("{} passed, {failed} failed", counted(passed, "case")));
    let code = if failed == 0 { ExitCode::Success } else { ExitCode::Incomplete };
    match &tried_on {
        None => Ok(code),
        Some((run, file)) => match test_on(run, file, arguments, home, ui)? {
            ExitCode::Success => Ok(code),
            of_run => Ok(of_run),
        },
    }
}

/// The second half of a test: no value of a past run may be too much for the script.
fn test_on(run: &str, file: &Path, arguments: &Test, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let script = script_tools::open(file)?;
    let replay = replay(&script, &arguments.from_run, run, None, &arguments.parameters, home, ui)?;
    match replay.number(Kind::Rejected) {
        0 => ui.say("the run: passed, no value was refused"),
        refused => ui.say(&format!("the run: failed, {} refused", counted(refused, "value"))),
    }
    Ok(replay.code())
}

fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(script_tools::scripts_at(path)?);
    }
    Ok(files)
}

/// `xfer script run`: before → after.
pub(super) fn run(arguments: &Run, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let script = script_tools::open_named(home, &arguments.file)?;
    let parameters = &arguments.parameters.parameters;
    if let Some(run) = &arguments.from_run.run {
        if !arguments.rows.is_empty() {
            return Err(CliError::usage("give --row or --from-run, not both".to_owned()).hint("leave out one of them"));
        }
        let hook = arguments.hook.and_then(|hook| kept::Hook::from_name(hook.name()));
        return Ok(replay(&script, &arguments.from_run, run, hook, parameters, home, ui)?.code());
    }
    let hooks: Vec<Hook> = script.hooks().filter(|hook| arguments.hook.is_none_or(|wanted| wanted == *hook)).collect();
    if hooks.is_empty() {
        let defined: Vec<String> = script.hooks().map(|hook| hook.to_string()).collect();
        return Err(CliError::usage(format!("{} does not have that function", script.name()))
            .hint(format!("its functions: {}", defined.join(", "))));
    }
    let mut code = ExitCode::Success;
    for hook in hooks {
        for tried in script_tools::run(&script, hook, &arguments.rows, parameters) {
            ui.data(&printable(&shown(&tried, &script, hook)));
            if tried.refused {
                code = ExitCode::Incomplete;
            }
        }
    }
    Ok(code)
}

/// `12 → 0.84   scale.rhai:3`, or several lines where there are several rows.
fn shown(tried: &Tried, script: &Script, hook: Hook) -> String {
    let line = script.acted(hook).map(|acted| acted.to_string()).unwrap_or_default();
    let printed: String = tried.printed.iter().map(|line| ["  printed: ", line, "\n"].concat()).collect();
    match &tried.after[..] {
        [after] if !tried.before.contains('\n') => format!("{} → {after}   ({hook}, {line})\n{printed}", tried.before),
        after => {
            let indented = |text: &str| text.lines().map(|line| ["  ", line, "\n"].concat()).collect::<String>();
            format!("{hook}, {line}\n{}→\n{}{printed}", indented(&tried.before), indented(&after.join("\n")))
        }
    }
}

/// `xfer script bench`: calls per second.
pub(super) fn bench(arguments: &Bench, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let script = script_tools::open_named(home, &arguments.file)?;
    for measured in script_tools::bench(&script, &arguments.parameters.parameters)? {
        let each = measured.taken.as_secs_f64() / f64::from(measured.calls);
        ui.data(&format!(
            "{}: {:.0} calls per second, {:.2} µs each, with {} a call\n",
            measured.hook,
            1.0 / each,
            each * 1e6,
            counted(measured.values.unsigned_abs(), "value"),
        ));
    }
    Ok(ExitCode::Success)
}

/// `xfer script repl`: expressions, one a line, until nothing more comes.
pub(super) fn repl(arguments: &Repl, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut session = Session::new(arguments.parameters.parameters.clone());
    if ui.can_ask() {
        ui.say(
            "v is 12, ctx is available; `let x = 1` and `fn name(n) { … }` stay defined; Tab completes, `exit` ends",
        );
    }
    let mut reader = LineReader::new(ui, "xfer", script_tools::completed);
    while let Some(line) = reader.next_line()? {
        match line.trim() {
            "" => {}
            "exit" | "quit" => break,
            line => match session.enter(line) {
                Answer::Shown(lines) => {
                    ui.data(&printable(&(lines.join("\n") + "\n")));
                    if ui.is_unread() {
                        break;
                    }
                }
                Answer::Kept => {}
                Answer::Mistake(what) => ui.warn(&what),
            },
        }
    }
    Ok(ExitCode::Success)
}

/// `xfer script definitions`: for editors.
pub(super) fn definitions(arguments: &Definitions, ui: &Ui) -> Result<ExitCode, CliError> {
    let text = script_tools::definitions();
    match &arguments.file {
        None => ui.raw_data(&text),
        Some(file) => {
            write_file(Some(file), text.as_bytes(), ui)?;
            ui.say(&format!("{} tells editors what scripts can use", file.display()));
        }
    }
    Ok(ExitCode::Success)
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn rows_are_read_and_names_may_hold_commas() {
        let read = row("value=12.5, data=Malaria, severe,org_unit=Jacmel,period=202402").unwrap();
        assert_eq!((read.data.as_deref(), read.org_unit.as_deref()), (Some("Malaria, severe"), Some("Jacmel")));
        assert_eq!(read.period.unwrap().to_string(), "202402");
        assert!(row("12").unwrap_err().contains("not a member of a row"));
        assert!(row("value=1,period=2024-13").unwrap_err().contains("2024-13"));
    }
}
