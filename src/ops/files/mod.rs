//! The CSV files that people edit in a spreadsheet (design, section 5.1), read and written as pure functions.
//!
//! Every line is checked before anything is applied, and every finding names its line and column.

pub mod job_items;
pub mod org_unit_map;
pub mod sheet;
mod sheet_text;
