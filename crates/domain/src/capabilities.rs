//! What a server can do and how it behaves, by its version, patches included.
//!
//! Version numbers are compared here and nowhere else. 2.40 to 2.43 were run, and 2.44 as it was in development; older
//! ones were read in dhis2-core's source (dhis2-api 11.2, dhis2-2.44). A newer version is taken for the newest known
//! one, which the report of a run and `server test` say. What is configured and not built in (zeros in analytics, output
//! period types) no table can know: a sync asks for it and keeps the answer.

use crate::server::ServerVersion;
use crate::value_type::ImportEngine;

/// The oldest version whose rules are known.
pub const OLDEST_MAJOR: u16 = 38;
/// The newest version whose rules are known.
pub const NEWEST_MAJOR: u16 = 44;

/// How a server reads data input periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputPeriods {
    /// As they are meant.
    Right,
    /// The wrong way round: 2.43.0 and 2.43.1 refuse those that are open and take closed ones (DHIS2-21981,
    /// `import/input-period-open`).
    Inverted,
    /// One or the other: an unreleased build of 2.43, which does not name its patch. The safe side is to send what is open,
    /// which it refuses by name if it must, and to hold back what is closed.
    Unknown,
}

/// What a server can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a table of yes and no is what this is")]
pub struct Capabilities {
    /// Which generation of the import judges rows: row by row up to 2.42, set-based from 2.43.
    pub import_engine: ImportEngine,
    /// Raw reads take `dataElement` (from 2.39).
    pub raw_by_data_element: bool,
    /// A raw read without values is `{}` (2.36, 2.37).
    pub raw_empty_is_bare: bool,
    /// Missing analytics tables are E7144 (from 2.38) instead of an empty grid.
    pub analytics_says_tables_missing: bool,
    /// Analytics answers with nothing unless output period types are configured (from 2.43).
    pub analytics_needs_output_period_types: bool,
    /// How data input periods are read.
    pub input_periods: InputPeriods,
    /// An import may lose rows to another one and say that all went well (2.43 and 2.44, `import/race-new-period-loser`).
    pub loses_rows_silently: bool,
    /// A metadata list may leave out what the user may not read inside an object (from 2.44,
    /// `extra/metadata/paged-unreadable-category-option`).
    pub lists_hide_unreadable: bool,
}

impl Capabilities {
    /// The capabilities of a version.
    pub fn of(version: &ServerVersion) -> Self {
        let major = version.major.min(NEWEST_MAJOR);
        let patch = version.patch.first().copied();
        let input_periods = match (major, patch) {
            (43, Some(0 | 1)) => InputPeriods::Inverted,
            (43, None) => InputPeriods::Unknown,
            _ => InputPeriods::Right,
        };
        Self {
            import_engine: if major >= 43 { ImportEngine::SetBased } else { ImportEngine::RowByRow },
            raw_by_data_element: major >= 39,
            raw_empty_is_bare: major <= 37,
            analytics_says_tables_missing: major >= 38,
            analytics_needs_output_period_types: major >= 43,
            input_periods,
            loses_rows_silently: major >= 43,
            lists_hide_unreadable: major >= 44,
        }
    }

    /// What of it changes how transfers are made, one sentence each. Where a version does not say enough to tell, the
    /// others are those of all its patches, and losing rows is expected of it.
    pub fn in_words(self) -> Vec<&'static str> {
        let by_data_set =
            "raw values are read by data set, so the user needs the right to read all data sets of what is read";
        let refused_together = "one bad row of an import refuses the rows beside it: xfer takes out what the server names \
                                and sends the rest again";
        let period_types = "analytics returns nothing if no output period types are set: xfer checks that there are \
                            some";
        let inverted = "data input periods are reversed: open ones are refused and closed ones accepted; xfer does \
                        not check them";
        let unknown = "its patch version is not known, so data input periods may be reversed, as in 2.43.0 and \
                       2.43.1: xfer sends open periods, which such a server refuses, and holds back closed ones";
        let loses = "an import may lose rows to another import and still report success: xfer reads back what it wrote";
        let hides = "lists of metadata leave out of an object what the user may not read: xfer takes an option combo \
                     without options for one that may not be read";
        let said = [
            (!self.raw_by_data_element, by_data_set),
            (self.import_engine == ImportEngine::SetBased, refused_together),
            (self.analytics_needs_output_period_types, period_types),
            (self.input_periods == InputPeriods::Inverted, inverted),
            (self.input_periods == InputPeriods::Unknown, unknown),
            (self.loses_rows_silently, loses),
            (self.lists_hide_unreadable, hides),
        ];
        said.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words).collect()
    }
}

/// Why the rules of a version are not known for certain, in words; none for one whose rules are.
pub fn doubt_about(version: &ServerVersion) -> Option<String> {
    let known = format!("xfer knows the rules of 2.{OLDEST_MAJOR} to 2.{NEWEST_MAJOR}");
    if version.major > NEWEST_MAJOR {
        return Some(format!("{known}; {version} is treated like 2.{NEWEST_MAJOR} and may have other rules"));
    }
    (version.major < OLDEST_MAJOR).then(|| format!("{known}; {version} may have others"))
}

#[cfg(test)]
mod tests {
    use super::{Capabilities, InputPeriods, doubt_about};
    use crate::value_type::ImportEngine;

    /// One line per version, in the order of the fields.
    #[test]
    fn the_table_is_the_one_that_was_measured() {
        let versions = [
            "2.36.13",
            "2.38.1",
            "2.39.0",
            "2.42.5.2",
            "2.43.0",
            "2.43.1",
            "2.43.2",
            "2.43-SNAPSHOT",
            "2.44.0",
            "2.51.3",
        ];
        let table = versions.map(|text| {
            let can = Capabilities::of(&text.parse().unwrap());
            let yes = |flag: bool| if flag { 'y' } else { '-' };
            format!(
                "{text:<13} {} {}{}{}{}{}{}{} {}",
                if can.import_engine == ImportEngine::SetBased { "new" } else { "old" },
                yes(can.raw_by_data_element),
                yes(can.raw_empty_is_bare),
                yes(can.analytics_says_tables_missing),
                yes(can.analytics_needs_output_period_types),
                match can.input_periods {
                    InputPeriods::Right => '-',
                    InputPeriods::Inverted => 'y',
                    InputPeriods::Unknown => '?',
                },
                yes(can.loses_rows_silently),
                yes(can.lists_hide_unreadable),
                can.in_words().len(),
            )
        });
        assert_eq!(
            table,
            [
                "2.36.13       old -y----- 1",
                "2.38.1        old --y---- 1",
                "2.39.0        old y-y---- 0",
                "2.42.5.2      old y-y---- 0",
                "2.43.0        new y-yyyy- 4",
                "2.43.1        new y-yyyy- 4",
                "2.43.2        new y-yy-y- 3",
                "2.43-SNAPSHOT new y-yy?y- 4",
                "2.44.0        new y-yy-yy 4",
                "2.51.3        new y-yy-yy 4",
            ]
        );
    }

    #[test]
    fn a_newer_version_is_taken_for_the_newest_known_and_that_is_said() {
        let doubt = |text: &str| doubt_about(&text.parse().unwrap());
        for known in ["2.38.0", "2.44-SNAPSHOT", "2.44.3"] {
            assert_eq!(doubt(known), None, "{known}");
        }
        let newer = doubt("2.45.0").unwrap();
        assert!(newer.contains("2.45.0 is treated like 2.44"), "{newer}");
        assert!(doubt("2.37.9").is_some_and(|words| words.contains("2.38 to 2.44")));
    }
}
