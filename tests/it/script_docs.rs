//! The commands of the manuals of scripts and plugins, carried out line by line by the real program.

use std::fs;
use std::path::Path;

use crate::support::office::Office;

fn text(document: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(document)).unwrap()
}

/// The first block of a language.
fn block(document: &str, language: &str) -> String {
    let text = text(document);
    let (_, rest) = text.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

/// The lines of `sh` blocks that call xfer, as words, without their comments.
fn commands(document: &str) -> Vec<Vec<String>> {
    let text = text(document);
    let blocks = text.split("\n```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    let lines = blocks.flat_map(str::lines).filter(|line| line.starts_with("xfer "));
    lines.map(|line| words(line.split(" #").next().unwrap())[1..].to_vec()).collect()
}

/// Words as a shell reads them: quotes hold blanks together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quote, mut inside) = (Vec::new(), None, false);
    for letter in line.chars() {
        match (letter, quote) {
            (' ', None) => inside = false,
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            _ => {
                if !inside {
                    words.push(String::new());
                    inside = true;
                }
                words.last_mut().unwrap().push(letter);
            }
        }
    }
    words
}

fn carried_out(office: &Office, document: &str) -> usize {
    let commands = commands(document);
    for words in &commands {
        let output = office.xfer.args(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(output.code, 0, "{document}: xfer {}\n{output}", words.join(" "));
        if let [.., new, _, file] = words.as_slice()
            && new == "new"
        {
            // The manual goes on with its own example in the file that was begun.
            office.xfer.file(file, block(document, "rhai"));
            office.xfer.file(&file.replace(".rhai", ".tests.ron"), block(document, "ron"));
        }
    }
    commands.len()
}

#[test]
fn every_command_of_the_manuals_works() {
    let office = Office::ready();
    let _ = office.xfer.run("run monthly").expect_code(3);
    for name in ["scale", "suppress"] {
        let script = "fn value(v, ctx) { if ctx.params.contains(\"factor\") { v * ctx.params.factor } else { v } }";
        office.xfer.file(&format!("{name}.rhai"), script);
    }
    let written = carried_out(&office, "scripting.md");
    let plugins = carried_out(&office, "plugins.md");
    let attached = carried_out(&office, "attaching-scripts.md");
    assert!(attached >= 6 && plugins >= 8 && written >= 6, "{attached}, {plugins}, {written}");
}
