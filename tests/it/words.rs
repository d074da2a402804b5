//! The glossary `docs/words.md` is held: what its last column rules out is in no help text, finding, message or page.

use std::fs;
use std::path::{Path, PathBuf};

use xfer_matching::finding as of_checks;
use xfer_transfer::finding as of_runs;

use crate::support::Xfer;

/// Tables of these pages show what a benchmark prints, with its own labels.
const GENERATED_PAGES: [&str; 1] = ["matching.md"];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The words between backticks in the last column of every table of the glossary.
fn ruled_out() -> Vec<String> {
    let glossary = fs::read_to_string(project("docs/words.md")).unwrap();
    let last_cells =
        glossary.lines().filter_map(|line| line.strip_prefix('|')?.trim_end().strip_suffix('|')?.rsplit('|').next());
    last_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_lowercase)).collect()
}

/// Whether words stand in a text as whole words.
fn has(text: &str, words: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    text.match_indices(words)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + words.len()..].chars().next()))
}

/// A text on one line, in small letters, so that a break between two words does not hide them.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
}

/// The product's part of a source file without comments, texts that go on over several lines in one piece.
fn messages(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let product = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code = product.lines().filter(|line| !line.trim_start().starts_with("//"));
    plain(&code.map(|line| line.trim_end().trim_end_matches('\\')).collect::<Vec<_>>().join("\n"))
}

fn assert_plain(place: &str, text: &str, ruled_out: &[String]) {
    let found: Vec<&String> = ruled_out.iter().filter(|words| has(text, words)).collect();
    assert!(found.is_empty(), "{place} says {found:?}; docs/words.md has the plain words");
}

#[test]
fn the_glossary_rules_something_out() {
    let ruled_out = ruled_out();
    assert!(ruled_out.len() > 20 && ruled_out.contains(&"mend".to_owned()), "{ruled_out:?}");
    assert!(has("the list, mend it", "mend") && !has("recommended", "mend"));
}

#[test]
fn help_texts_use_the_words_of_the_glossary() {
    let (xfer, ruled_out) = (Xfer::new(), ruled_out());
    let _ = xfer.run("man --to pages").expect_code(0);
    let mut pages = Vec::new();
    files(&xfer.home().join("pages"), "1", &mut pages);
    assert!(pages.len() > 60, "{}", pages.len());
    for page in pages {
        let text = plain(&fs::read_to_string(&page).unwrap().replace("\\-", "-").replace("\\*(Aq", "'"));
        assert_plain(&page.display().to_string(), &text, &ruled_out);
    }
}

#[test]
fn findings_use_the_words_of_the_glossary() {
    let ruled_out = ruled_out();
    for code in of_runs::ALL.iter().chain(of_checks::ALL).chain(xfer::ops::doctor_codes::ALL) {
        assert_plain(code.word, &plain(&format!("{} {}", code.cause, code.remedy)), &ruled_out);
    }
}

#[test]
fn messages_use_the_words_of_the_glossary() {
    let (ruled_out, mut sources) = (ruled_out(), Vec::new());
    files(&project("src"), "rs", &mut sources);
    files(&project("crates"), "rs", &mut sources);
    let is_test = |path: &PathBuf| {
        let path = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
        path.contains("test") || path.contains("/engine/world") || path.contains("/engine/histories")
    };
    sources.retain(|path| !is_test(path));
    assert!(sources.len() > 300, "{}", sources.len());
    for source in sources {
        assert_plain(&source.display().to_string(), &messages(&source), &ruled_out);
    }
}

#[test]
fn the_documentation_uses_the_words_of_the_glossary() {
    let (ruled_out, mut pages) = (ruled_out(), vec![project("README.md")]);
    files(&project("docs"), "md", &mut pages);
    for page in pages {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        if name != "words.md" && !GENERATED_PAGES.contains(&name.as_str()) {
            assert_plain(&name, &plain(&fs::read_to_string(&page).unwrap()), &ruled_out);
        }
    }
}
