//! What a server of a given version can do and how it behaves, as one value.
//!
//! The table is that of dhis2-api 11.2: 2.40 to 2.43 were run, the others were read in dhis2-core's source. Nothing
//! else in the client compares version numbers.

use crate::domain::server::ServerVersion;
use crate::domain::value_type::ImportEngine;

/// How far personal access tokens are supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenSupport {
    /// Not at all (2.36).
    Absent,
    /// Off unless the server's configuration switches them on (2.37).
    OffByDefault,
    /// On by default (from 2.38).
    On,
}

/// How an unchanged row is counted by an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnchangedCount {
    /// As `updated` (2.36, 2.37 and from 2.43).
    Updated,
    /// As `ignored`, without a conflict (2.38 to 2.42).
    Ignored,
}

/// What a server can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a table of yes and no is what this is")]
pub struct Capabilities {
    /// Which generation of the import judges rows.
    pub import_engine: ImportEngine,
    /// Personal access tokens.
    pub tokens: TokenSupport,
    /// Import summaries come inside a web message (from 2.38).
    pub wrapped_import_answer: bool,
    /// Conflicts carry code and row numbers (from 2.37).
    pub conflict_codes: bool,
    /// How an unchanged row is counted.
    pub unchanged_counted: UnchangedCount,
    /// Raw reads take `dataElement` (from 2.39).
    pub raw_by_data_element: bool,
    /// Raw reads take `lastUpdated` in place of a period (up to 2.42).
    pub raw_by_last_updated_alone: bool,
    /// Raw reads put common keys on top and leave them out of rows (from 2.43).
    pub raw_hoists_common_keys: bool,
    /// A raw read without values is `{}` (2.36, 2.37).
    pub raw_empty_is_bare: bool,
    /// A raw read outside the user's org units is an empty 200 (seen on 2.40 to 2.42).
    pub raw_out_of_scope_is_empty: bool,
    /// Missing analytics tables are E7144 (from 2.38) instead of an empty grid.
    pub analytics_says_tables_missing: bool,
    /// Analytics answers with nothing unless output period types are configured (from 2.43).
    pub analytics_needs_output_period_types: bool,
    /// `system/info` takes `fields` (from 2.38).
    pub info_fields: bool,
    /// Lists have a `/gist` form (from 2.37).
    pub gist: bool,
    /// Program indicators may name the data element of their values (from 2.42).
    pub program_indicator_export_data_element: bool,
    /// Insignificant zeros are dropped or deleted on import without being counted (up to 2.42).
    pub drops_insignificant_zeros: bool,
}

impl Capabilities {
    /// The capabilities of a version.
    pub fn of(version: &ServerVersion) -> Self {
        let major = version.major;
        Self {
            import_engine: version.import_engine(),
            tokens: match major {
                ..=36 => TokenSupport::Absent,
                37 => TokenSupport::OffByDefault,
                38.. => TokenSupport::On,
            },
            wrapped_import_answer: major >= 38,
            conflict_codes: major >= 37,
            unchanged_counted: if (38..=42).contains(&major) {
                UnchangedCount::Ignored
            } else {
                UnchangedCount::Updated
            },
            raw_by_data_element: major >= 39,
            raw_by_last_updated_alone: major <= 42,
            raw_hoists_common_keys: major >= 43,
            raw_empty_is_bare: major <= 37,
            raw_out_of_scope_is_empty: major <= 42,
            analytics_says_tables_missing: major >= 38,
            analytics_needs_output_period_types: major >= 43,
            info_fields: major >= 38,
            gist: major >= 37,
            program_indicator_export_data_element: major >= 42,
            drops_insignificant_zeros: major <= 42,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Capabilities, TokenSupport, UnchangedCount};
    use crate::domain::value_type::ImportEngine;

    /// One line per version, in the columns of dhis2-api 11.2.
    #[test]
    fn the_table_is_the_one_that_was_measured() {
        let table: Vec<String> = (36..=44)
            .map(|major| {
                let version = format!("2.{major}.1").parse().unwrap();
                let can = Capabilities::of(&version);
                let yes = |flag: bool| if flag { 'y' } else { '-' };
                format!(
                    "{major} {} {} {}{}{} {}{}{}{} {}{}{}{}{}{}",
                    match can.tokens {
                        TokenSupport::Absent => "none",
                        TokenSupport::OffByDefault => "off ",
                        TokenSupport::On => "on  ",
                    },
                    if can.import_engine == ImportEngine::SetBased { "new" } else { "old" },
                    yes(can.wrapped_import_answer),
                    yes(can.conflict_codes),
                    if can.unchanged_counted == UnchangedCount::Ignored { 'i' } else { 'u' },
                    yes(can.raw_by_data_element),
                    yes(can.raw_by_last_updated_alone),
                    yes(can.raw_hoists_common_keys),
                    yes(can.raw_empty_is_bare),
                    yes(can.analytics_says_tables_missing),
                    yes(can.analytics_needs_output_period_types),
                    yes(can.info_fields),
                    yes(can.gist),
                    yes(can.program_indicator_export_data_element),
                    yes(can.drops_insignificant_zeros),
                )
            })
            .collect();
        assert_eq!(
            table,
            [
                "36 none old --u -y-y -----y",
                "37 off  old -yu -y-y ---y-y",
                "38 on   old yyi -y-- y-yy-y",
                "39 on   old yyi yy-- y-yy-y",
                "40 on   old yyi yy-- y-yy-y",
                "41 on   old yyi yy-- y-yy-y",
                "42 on   old yyi yy-- y-yyyy",
                "43 on   new yyu y-y- yyyyy-",
                "44 on   new yyu y-y- yyyyy-",
            ]
        );
    }
}
