//! The design's invariants, read from the source itself: which layer may name which, which crate lives where, and
//! how long and how documented a file is.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A layer and the layers it may name. Arrows point down only (design, section 4).
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &["domain"]),
    ("platform", &["platform", "domain"]),
    ("sealing", &["sealing", "domain"]),
    ("dhis2", &["dhis2", "domain"]),
    ("script", &["script", "domain"]),
    ("store", &["store", "sealing", "domain", "platform"]),
    ("xferfile", &["xferfile", "sealing", "domain", "platform"]),
    ("mail", &["mail", "domain"]),
    ("matching", &["matching", "domain"]),
    ("sandbox", &["sandbox", "domain"]),
    ("transfer", &["transfer", "dhis2", "script", "domain"]),
    (
        "ops",
        &[
            "ops", "transfer", "store", "xferfile", "sandbox", "mail", "matching", "script", "dhis2", "sealing",
            "domain", "platform",
        ],
    ),
    (
        "cli",
        &[
            "cli", "ops", "transfer", "store", "xferfile", "sandbox", "mail", "matching", "script", "dhis2", "sealing",
            "domain", "platform",
        ],
    ),
];

/// A crate that does I/O or draws, and the only layers that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("reqwest", &["dhis2"]),
    ("rustls", &["dhis2"]),
    ("backon", &["dhis2"]),
    ("lettre", &["mail"]),
    ("rhai", &["script"]),
    ("rust_decimal", &["script"]),
    ("rusqlite", &["store"]),
    ("chacha20poly1305", &["sealing"]),
    ("argon2", &["sealing"]),
    ("ron", &["xferfile", "script"]),
    ("rustix", &["platform"]),
    ("hyper", &["sandbox"]),
    ("hyper_util", &["sandbox"]),
    ("http_body_util", &["sandbox"]),
    ("etcetera", &["platform"]),
    ("clap", &["cli"]),
    ("dialoguer", &["cli"]),
    ("indicatif", &["cli"]),
    ("comfy_table", &["cli"]),
    ("console", &["cli"]),
    ("tracing_subscriber", &["cli"]),
];

/// What only `cli` may do: print, read the environment or arguments, end the process.
const CLI_ONLY: &[&str] = &["println!", "eprintln!", "print!", "eprint!", "std::env", "process::exit", "stdin()"];

const LONGEST_FILE: usize = 800;

struct Source {
    path: PathBuf,
    layer: String,
    text: String,
    /// The text before the unit tests, which may print and unwrap.
    product: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 20, "only {} source files found below {}", found.len(), root.display());
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let relative = path.strip_prefix(root).unwrap().to_path_buf();
            let first = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
            let product = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            found.push(Source { layer: first.trim_end_matches(".rs").to_owned(), path: relative, text, product });
        }
    }
}

/// Lines of code without comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim_start()))
        .filter(|(_, line)| !line.starts_with("//"))
}

fn fail_with(findings: &str) {
    assert!(findings.is_empty(), "the design is broken here:\n{findings}");
}

#[test]
fn layers_name_only_what_lies_below_them() {
    let mut findings = String::new();
    for source in sources() {
        if source.layer == "lib" || source.layer == "main" {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == source.layer) else {
            writeln!(findings, "{}: no layer of that name in the design", source.path.display()).unwrap();
            continue;
        };
        for (number, line) in code_lines(&source.product) {
            for named in line.match_indices("crate::").map(|(at, _)| &line[at + "crate::".len()..]) {
                let layer: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if LAYERS.iter().any(|(known, _)| *known == layer) && !allowed.contains(&layer.as_str()) {
                    writeln!(findings, "{}:{number}: `{}` names `{layer}`", source.path.display(), source.layer)
                        .unwrap();
                }
            }
        }
    }
    fail_with(&findings);
}

#[test]
fn each_io_crate_is_named_in_its_layer_only() {
    let mut findings = String::new();
    for source in sources() {
        for (number, line) in code_lines(&source.product) {
            for (name, layers) in CRATES {
                let named = line.contains(&format!("{name}::")) || line.starts_with(&format!("use {name};"));
                if named && !layers.contains(&source.layer.as_str()) {
                    writeln!(findings, "{}:{number}: names `{name}`", source.path.display()).unwrap();
                }
            }
        }
    }
    fail_with(&findings);
}

#[test]
fn only_cli_prints_prompts_and_reads_the_environment() {
    let mut findings = String::new();
    for source in sources() {
        if source.layer == "cli" || source.layer == "main" {
            continue;
        }
        for (number, line) in code_lines(&source.product) {
            for forbidden in CLI_ONLY {
                if line.contains(forbidden) {
                    writeln!(findings, "{}:{number}: `{forbidden}`", source.path.display()).unwrap();
                }
            }
        }
    }
    fail_with(&findings);
}

/// What writes to standard output or error without looking at what became of it.
const STREAMS: &[&str] = &["println!", "print!", "::stdout()", "::stderr()", "Term::stdout", "refusal.print", "dbg!"];

#[test]
fn one_module_prints() {
    let mut findings = String::new();
    for source in sources() {
        if source.path == Path::new("cli/output.rs") {
            continue;
        }
        for (number, line) in code_lines(&source.product) {
            // A question at a terminal is drawn on it.
            let line = line.replace("Term::stderr()", "");
            for stream in STREAMS.iter().filter(|stream| line.contains(**stream)) {
                writeln!(findings, "{}:{number}: `{stream}`", source.path.display()).unwrap();
            }
        }
    }
    fail_with(&findings);
}

/// Who may write down how a run ended, and who reads it out of a report: everybody else shows what these say.
const ENDS: &[(&str, &str)] = &[
    (".exit_code = ", "transfer/report.rs"),
    ("ExitCode::from_number(", "ops/run/end.rs"),
    (".verdict()", "transfer/report.rs"),
];

#[test]
fn the_end_of_a_run_is_decided_in_one_place() {
    let mut findings = String::new();
    for (decides, place) in ENDS {
        let named = |source: &Source| code_lines(&source.product).any(|(_, line)| line.contains(decides));
        let places: Vec<PathBuf> = sources().into_iter().filter(named).map(|source| source.path).collect();
        if places != [Path::new(place)] {
            writeln!(findings, "`{decides}` stands in {places:?}, and should in {place} alone").unwrap();
        }
    }
    fail_with(&findings);
}

#[test]
fn every_module_says_what_it_is_and_stays_readable() {
    let mut findings = String::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            writeln!(findings, "{}: does not open with //!", source.path.display()).unwrap();
        }
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE {
            writeln!(findings, "{}: {lines} lines, at most {LONGEST_FILE}", source.path.display()).unwrap();
        }
    }
    fail_with(&findings);
}

#[test]
fn no_test_file_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        // What the snapshot tool leaves beside a test that failed is no test.
        if name.starts_with('.') {
            continue;
        }
        assert!(name == "main" || main.contains(&format!("mod {name};")), "tests/it/{name} is not in main.rs");
    }
}
