//! The CSV files that people edit in a spreadsheet (design, section 5.1), read and written as pure functions.
//!
//! Every line is checked before anything is applied, and every finding names its line and column.

pub mod cell;
pub mod damage;
pub mod item_cells;
pub mod job_items;
mod org_unit_cells;
pub mod org_unit_map;
pub mod sheet;
mod sheet_text;
