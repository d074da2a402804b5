//! What of the architecture the compiler cannot hold: who may print and read the environment, which of the layers that
//! share a package may name which, that no modules name each other in a circle, who names which I/O crate, and how long
//! and how documented a file is. The walls between packages stand in their `Cargo.toml`.

mod circles;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Layers that share a package, and what each may name of it.
const LAYERS: &[(&str, &[&str])] = &[
    // crates/storage
    ("platform", &[]),
    ("sealing", &[]),
    ("store", &["sealing", "platform"]),
    ("xferfile", &["sealing", "platform"]),
    // src
    ("mail", &[]),
    ("ops", &["mail"]),
    ("cli", &["ops", "mail"]),
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
    /// From the root of the project.
    path: PathBuf,
    /// The package or, where several layers share one, the folder within it.
    layer: String,
    text: String,
    /// The text without what is compiled for tests only, which may print and unwrap: empty for a file that is a test.
    product: String,
}

/// Every source file of every package.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    folders.extend(fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path().join("src")));
    folders.sort();
    let mut found = Vec::new();
    for folder in &folders {
        collect(root, folder, folder, &mut found);
    }
    assert!(found.len() > 500, "only {} source files found below {}", found.len(), root.display());
    let tests: BTreeSet<PathBuf> = found.iter().flat_map(test_files).collect();
    for source in &mut found {
        let path = root.join(&source.path);
        if tests.iter().any(|test| path == test.with_extension("rs") || path.starts_with(test)) {
            source.product.clear();
        }
    }
    found
}

fn collect(root: &Path, package: &Path, folder: &Path, found: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, package, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let first = path.strip_prefix(package).unwrap().components().next().unwrap();
            let first = Path::new(&first).with_extension("").display().to_string();
            let name = package.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
            let shared = LAYERS.iter().any(|(layer, _)| *layer == first) || package == root.join("src");
            let path = path.strip_prefix(root).unwrap().to_path_buf();
            let product = without_tests(&text);
            found.push(Source { layer: if shared { first } else { name }, path, text, product });
        }
    }
}

/// Whether a line says that what follows is compiled for tests only.
fn is_for_tests(line: &str) -> bool {
    let line = line.trim_start();
    ["#[cfg(test)]", "#[cfg(any(test, "].iter().any(|gate| line.starts_with(gate))
}

/// A text with an empty line for every line of an item that is compiled for tests only. Formatted source is taken for
/// granted: what an item opens at some depth, a line of the same depth closes.
fn without_tests(text: &str) -> String {
    let mut product = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if is_for_tests(line) {
            let depth = line.len() - line.trim_start().len();
            product.push('\n');
            for line in lines.by_ref() {
                product.push('\n');
                let own = line.len() - line.trim_start().len() == depth;
                let attribute = line.trim_start().starts_with('#') || line.trim_start().starts_with("//");
                if own && !attribute && line.ends_with(['}', ';', ',']) {
                    break;
                }
            }
        } else {
            product.push_str(line);
            product.push('\n');
        }
    }
    product
}

/// The files, without their ending, and folders of the modules that a file declares for tests only.
fn test_files(source: &Source) -> Vec<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&source.path);
    let owner = match path.file_stem().unwrap().to_str().unwrap() {
        "mod" | "lib" | "main" => path.parent().unwrap().to_path_buf(),
        _ => path.with_extension(""),
    };
    let lines: Vec<&str> = source.text.lines().map(str::trim_start).collect();
    let declared = lines.windows(2).filter(|pair| is_for_tests(pair[0]));
    let names = declared.filter_map(|pair| pair[1].split("mod ").nth(1)?.strip_suffix(';'));
    names.map(|name| owner.join(name)).collect()
}

#[test]
fn lines_after_a_test_are_seen() {
    let text = "a\n#[cfg(test)]\nmod tests {\n    {\n    }\n}\nb\n    #[cfg(test)]\n    fn f() {\n    }\n#[cfg(test)]\nmod c;\nd\n";
    let seen: Vec<String> = without_tests(text).lines().map(str::to_owned).collect();
    assert_eq!(seen.len(), text.lines().count(), "lines keep their numbers");
    assert_eq!(seen.concat(), "abd");
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
fn layers_of_one_package_name_only_what_lies_below_them() {
    let mut findings = String::new();
    for source in sources() {
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == source.layer) else { continue };
        for (number, line) in code_lines(&source.product) {
            for (layer, _) in LAYERS {
                let named = line.contains(&format!("crate::{layer}"));
                // A list of imports is one line for each layer; what hides in braces is refused as such.
                let hidden = line.contains("use crate::{");
                if (named && *layer != source.layer && !allowed.contains(layer)) || hidden {
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

/// Who may write down how a run ended, and who reads it out of a report: everybody else shows what these say.
const ENDS: &[(&str, &str)] = &[
    (".exit_code = ", "crates/transfer/src/report.rs"),
    ("ExitCode::from_number(", "src/ops/run/end.rs"),
    (".verdict()", "crates/transfer/src/report.rs"),
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

/// What writes to standard output or error without looking at what became of it.
const STREAMS: &[&str] = &["println!", "print!", "::stdout()", "::stderr()", "Term::stdout", "refusal.print", "dbg!"];

#[test]
fn one_module_prints() {
    let mut findings = String::new();
    for source in sources() {
        if source.path == Path::new("src/cli/output.rs") {
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
