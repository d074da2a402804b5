//! Names of files from names that people give to routines and servers.
//!
//! Such a name may hold anything but controls: `../x` is a fine name of a routine, and no place for a file. What comes out
//! is a single name that every system takes, and the same for the same name.

/// The longest name in bytes; systems take 255, and endings are added.
const LONGEST: usize = 120;

/// What Windows takes for devices, whatever stands behind a dot.
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name as a name of a file, without ending.
pub fn file_name(name: &str) -> String {
    let plain = |character: char| if is_plain(character) { character } else { '_' };
    let tamed: String = super::spelling::composed(name).chars().map(plain).collect();
    let tamed = tamed.trim_matches([' ', '.']);
    // Leading dots hide a file, a leading dash makes it an option.
    let first = if tamed.starts_with('-') { "_" } else { "" };
    let kept = tamed.get(..tamed.floor_char_boundary(LONGEST)).unwrap_or_default().trim_end_matches([' ', '.']);
    let kept = if kept.is_empty() { "unnamed" } else { kept };
    let last = if is_reserved(kept) { "_" } else { "" };
    format!("{first}{kept}{last}")
}

/// Letters, digits and signs that mean nothing to a file system and are seen.
fn is_plain(character: char) -> bool {
    let meaning = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];
    let shown = super::shown::tame(character.encode_utf8(&mut [0; 4])).starts_with(character);
    shown && !meaning.contains(&character) && (character == ' ' || !character.is_whitespace())
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt")).is_some_and(|number| {
        let mut digits = number.chars();
        matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    });
    numbered || RESERVED.contains(&stem.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST, file_name};

    #[test]
    fn ordinary_names_stay_and_others_become_one_name() {
        for (name, file) in [
            ("monthly", "monthly"),
            ("Santé du mois", "Santé du mois"),
            ("Sante\u{301}", "Santé"),
            ("../x", "_x"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("..", "unnamed"),
            (".hidden", "hidden"),
            ("C:\\windows", "C__windows"),
            ("a/b\\c:d*e?f\"g<h>i|j", "a_b_c_d_e_f_g_h_i_j"),
            ("nul", "nul_"),
            ("CON.report", "CON.report_"),
            ("com1", "com1_"),
            ("company", "company"),
            ("-rf", "_-rf"),
            ("ends. ", "ends"),
            ("a\u{202e}b\u{7}c", "a_b_c"),
            ("疟疾", "疟疾"),
            ("", "unnamed"),
        ] {
            assert_eq!(file_name(name), file, "{name:?}");
        }
        assert_eq!(file_name(&"é".repeat(100)).len(), LONGEST);
    }

    proptest! {
        #[test]
        fn no_name_leads_elsewhere(name in "\\PC{0,40}|[./\\\\:a ]{0,20}|[\u{0}-\u{ff}]{0,300}") {
            let file = file_name(&name);
            let path = std::path::Path::new(&file);
            prop_assert_eq!(path.components().count(), 1);
            prop_assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(file.as_str()));
            prop_assert!(file.len() <= LONGEST + 2 && !file.starts_with(['.', '-']), "{}", file);
        }
    }
}
