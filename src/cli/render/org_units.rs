//! An org unit map in words, the same wherever it is told.

use xfer_domain::counted::{counted, grouped};
use xfer_matching::map_rules::Tally;

/// "185 org units: 150 mapped, 5 ignored, 30 unmapped (12 of these are proposed)". The parts add up.
pub fn tally_in_words(tally: &Tally, noun: &str) -> String {
    let proposed = match tally.proposed {
        0 => String::new(),
        1 => " (1 of these is proposed)".to_owned(),
        number => format!(" ({} of these are proposed)", grouped(number)),
    };
    format!(
        "{}: {} mapped, {} ignored, {} unmapped{proposed}",
        counted(tally.units, noun),
        grouped(tally.mapped),
        grouped(tally.ignored),
        grouped(tally.unmapped),
    )
}
