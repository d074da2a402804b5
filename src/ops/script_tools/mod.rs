//! Tools for whoever writes a script: begin one, check it, test it, try it on a few values, measure it.
//!
//! None of them needs a server or a store, but to replay a past run and to find a plugin; all of them call a script as a transfer does.

mod bench;
mod definitions;
mod replay;
mod session;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use bench::{Measured, bench};
pub use definitions::definitions;
pub use replay::{Replay, ReplayOptions, replay};
pub use session::{Answer, Session, completed};

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::scripts::Refusal;
use crate::ops::{plugins, scripts};
use xfer_domain::script::Hook;
use xfer_domain::script::ParameterValue;
use xfer_script::plugin::PREFIX;
use xfer_script::testing::{Case, CaseResult, CombineGiven, Expected, Given, RowGiven, Sample, Scalar, Suite};
use xfer_script::{Params, Script, limits, with_room};
use xfer_storage::platform::{Existing, Prepared};

/// The ending of a script's file.
const SCRIPT: &str = "rhai";

/// Reads and compiles a script; `plugin:NAME` means that of a plugin.
pub fn open_named(home: &Home, file: &Path) -> Result<Script, OpsError> {
    match file.to_str().and_then(|name| name.strip_prefix(PREFIX)) {
        Some(plugin) => Ok(plugins::find(home, plugin)?.script),
        None => open(file),
    }
}

/// Reads and compiles a script.
pub fn open(file: &Path) -> Result<Script, OpsError> {
    let source = scripts::read(file)?;
    Ok(Script::compile(&source.name, &source.content).map_err(Box::new)?)
}

/// Where the tests of a script lie: `scale.tests.ron` beside `scale.rhai`.
pub fn tests_of(script: &Path) -> PathBuf {
    script.with_extension("tests.ron")
}

/// The scripts below a path: the file itself, or those of a folder in the order of their names.
pub fn scripts_at(path: &Path) -> Result<Vec<PathBuf>, OpsError> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let failed = |source| OpsError::LocalFile { path: path.to_path_buf(), action: "read", source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_some_and(|extension| extension == SCRIPT) {
            found.push(file);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(OpsError::invalid(
            format!("there is no script in {}", path.display()),
            "script files end with .rhai; `xfer script new value scale.rhai` makes one",
        ));
    }
    Ok(found)
}

/// Runs the tests that lie beside a script.
pub fn test(file: &Path) -> Result<Vec<CaseResult>, OpsError> {
    let script = open(file)?;
    let suite = suite(&tests_of(file), file)?;
    Ok(with_room(|| suite.run(&script, &Params::new())))
}

/// What parameters make of an example from the tests beside a script; none where there are no tests, or none of their
/// examples comes out differently.
pub fn sample(
    file: &Path,
    script: &Script,
    parameters: &BTreeMap<String, ParameterValue>,
) -> Result<Option<Sample>, OpsError> {
    let tests = tests_of(file);
    if !tests.is_file() {
        return Ok(None);
    }
    let suite = suite(&tests, file)?;
    let parameters = parameters.iter().map(|(name, value)| (name.clone(), Scalar::from(value).to_param())).collect();
    Ok(with_room(|| suite.sample(script, &parameters)))
}

fn suite(tests: &Path, script: &Path) -> Result<Suite, OpsError> {
    let text = scripts::read_text(tests, limits::TESTS, "a file with tests").map_err(|refusal| match refusal {
        Refusal::NotRead(source) if source.kind() == std::io::ErrorKind::NotFound => OpsError::invalid(
            format!("{} has no tests: there is no {}", script.display(), tests.display()),
            "docs/scripting.md shows how to write them; `xfer script new` makes a script with tests",
        ),
        Refusal::NotRead(source) => OpsError::LocalFile { path: tests.to_path_buf(), action: "read", source },
        Refusal::Refused(error) => *error,
    })?;
    Suite::parse(&text).map_err(|error| {
        let (line, column) = error.position;
        OpsError::invalid(
            format!("{}:{line}:{column}: {}", tests.display(), error.what),
            "docs/scripting.md shows how tests are written",
        )
    })
}

/// The script that a hook begins with, and its tests.
pub fn template(hook: Hook) -> (&'static str, &'static str) {
    match hook {
        Hook::Value => (include_str!("templates/value.rhai"), include_str!("templates/value.tests.ron")),
        Hook::Period => (include_str!("templates/period.rhai"), include_str!("templates/period.tests.ron")),
        Hook::Combine => (include_str!("templates/combine.rhai"), include_str!("templates/combine.tests.ron")),
        Hook::Rows => (include_str!("templates/rows.rhai"), include_str!("templates/rows.tests.ron")),
    }
}

/// Begins a script with its tests; gives the file of the tests. What is there already is never overwritten; one of the
/// two as it is begun is what a killed call left, and the other is made.
pub fn begin(hook: Hook, file: &Path) -> Result<PathBuf, OpsError> {
    let (script, cases) = template(hook);
    let tests = tests_of(file);
    if file.extension().is_none_or(|extension| extension != SCRIPT) {
        return Err(OpsError::invalid(
            format!("{} does not end with .rhai", file.display()),
            "name it like scale.rhai",
        ));
    }
    let is_begun = |path: &Path, text: &str| std::fs::read(path).is_ok_and(|found| found == text.as_bytes());
    let there: Vec<(&Path, &str)> =
        [(file, script), (&tests, cases)].into_iter().filter(|(path, _)| path.symlink_metadata().is_ok()).collect();
    if let [(there, text), more @ ..] = there.as_slice()
        && !(more.is_empty() && is_begun(there, text))
    {
        return Err(OpsError::invalid(format!("{} exists already", there.display()), "give another name"));
    }
    let is_missing = |path: &Path| !there.iter().any(|(known, _)| *known == path);
    let failed = |path: &Path, source| OpsError::LocalFile { path: path.to_path_buf(), action: "written", source };
    // Both are on the disk before one of them appears.
    let of_tests = prepared(&tests, cases, is_missing(&tests)).map_err(|cause| failed(&tests, cause))?;
    let of_script = prepared(file, script, is_missing(file)).map_err(|cause| failed(file, cause))?;
    let makes_tests = of_tests.is_some();
    of_tests.map_or(Ok(()), Prepared::place).map_err(|cause| failed(&tests, cause))?;
    of_script.map_or(Ok(()), Prepared::place).map_err(|cause| {
        if makes_tests {
            let _ = std::fs::remove_file(&tests);
        }
        failed(file, cause)
    })?;
    Ok(tests)
}

/// A file that is written where it is missing, before it has its name.
fn prepared<'file>(
    path: &'file Path,
    text: &'static str,
    is_missing: bool,
) -> std::io::Result<Option<Prepared<'file>>> {
    is_missing.then(|| Prepared::new(path, text.as_bytes(), Existing::Refuse)).transpose()
}

/// What a script made of rows that a person gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What it was given.
    pub before: String,
    /// What came out, line by line.
    pub after: Vec<String>,
    /// What it printed.
    pub printed: Vec<String>,
    /// Whether it refused what it was given or some of it, or failed on it.
    pub refused: bool,
}

/// Tries a hook: `value` and `period` on each row by itself, `combine` and `rows` on all of them together.
pub fn run(script: &Script, hook: Hook, rows: &[RowGiven], params: &[(String, ParameterValue)]) -> Vec<Tried> {
    let case = |row: Option<&RowGiven>, given: Given| {
        let mut at = xfer_script::testing::Where::default();
        if let Some(row) = row {
            at = row.place();
        }
        let others = if hook == Hook::Rows { Vec::new() } else { rows.to_vec() };
        Case { name: String::new(), params: BTreeMap::new(), at, others, given, expected: Expected::Unchanged }
    };
    let nothing = || Scalar::from(&ParameterValue::Text(String::new()));
    let value_of = |row: &RowGiven| row.value.clone().unwrap_or_else(nothing);
    let cases = match hook {
        // Each by itself, which needs no case for each.
        Hook::Value | Hook::Period => Vec::new(),
        Hook::Combine => {
            let part = |row: &RowGiven| CombineGiven {
                value: value_of(row),
                org_unit: row.org_unit.clone(),
                period: row.period,
            };
            vec![case(rows.first(), Given::Combine(rows.iter().map(part).collect()))]
        }
        Hook::Rows => vec![case(None, Given::Rows(rows.to_vec()))],
    };
    let params = params.iter().map(|(name, value)| (name.clone(), Scalar::from(value))).collect();
    let suite = Suite::of(params, cases);
    let results = with_room(|| match hook {
        Hook::Value | Hook::Period => suite.run_each(script, hook, rows),
        Hook::Combine | Hook::Rows => suite.run(script, &Params::new()),
    });
    let tried = |result: CaseResult| Tried {
        after: result.got(),
        refused: result.refused(),
        before: result.given,
        printed: result.printed,
    };
    results.into_iter().map(tried).collect()
}

#[cfg(test)]
mod tests {
    use super::{run, template};
    use xfer_domain::script::Hook;
    use xfer_domain::script::ParameterValue;
    use xfer_script::testing::{RowGiven, Scalar, Suite};
    use xfer_script::{Params, Script};

    fn rows(number: usize, text: &str) -> Vec<RowGiven> {
        let row = |index: usize| RowGiven {
            org_unit: Some(format!("Clinic {index}")),
            value: Some(Scalar::from(&ParameterValue::Text(text.to_owned()))),
            data: None,
            coc: None,
            aoc: None,
            period: None,
        };
        (0..number).map(row).collect()
    }

    fn script(source: &str) -> Script {
        Script::compile("tried.rhai", source).unwrap()
    }

    #[test]
    fn many_rows_are_tried_by_themselves() {
        let tried =
            run(&script("fn value(v, ctx) { `${v} at ${ctx.org_unit.name}` }"), Hook::Value, &rows(10_000, "5"), &[]);
        assert_eq!(tried.len(), 10_000);
        assert_eq!(tried[9_999].after, ["\"5 at Clinic 9999\""]);
    }

    #[test]
    fn a_script_that_was_stopped_stays_so_for_all_rows() {
        let endless = script("fn value(v) { let n = 0; while true { n += 1; } v }");
        let tried = run(&endless, Hook::Value, &rows(100, "5"), &[]);
        assert!(tried.iter().all(|row| row.refused));
        let before = tried.iter().filter(|row| row.after[0].contains("not tried: at an earlier value")).count();
        assert_eq!(before, 99, "{:?} {:?}", tried[0].after, tried[1].after);
    }

    #[test]
    fn what_all_rows_give_back_counts_together() {
        let much = script("fn value(v) { let t = `0123456789abcdef`; while t.len() < 100000 { t += t; } t }");
        let tried = run(&much, Hook::Value, &rows(200, "5"), &[]);
        let refused = tried.iter().filter(|row| row.refused).count();
        assert!((100..200).contains(&refused), "{refused}: {:?}", tried[199].after);
    }

    #[test]
    fn every_template_defines_its_hook_and_passes_its_tests() {
        for hook in Hook::ALL {
            let (script, cases) = template(hook);
            let script = Script::compile("template.rhai", script).unwrap();
            assert_eq!(script.hooks().collect::<Vec<_>>(), [hook]);
            let results = Suite::parse(cases).unwrap().run(&script, &Params::new());
            assert!(results.len() >= 2, "{hook}");
            for result in results {
                assert!(result.passed(), "{hook}: {}: {:#?}", result.name, result.difference());
            }
        }
    }
}
