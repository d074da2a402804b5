//! A script's hook `value` on the cells of a past run.
//!
//! The journal keeps one value per cell, as it was to be sent: after combining, and after the scripts of that run. So
//! `value` can be replayed and the other hooks cannot, and a script that acted in the run acts a second time here.

use crate::domain::cell::CellKey;
use crate::domain::metadata::Metadata;
use crate::domain::script::ParameterValue;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::runs;
use crate::ops::script_tools::Tried;
use crate::script::testing::{Case, Expected, Given, Scalar, Suite, Where};
use crate::script::{Hook, Params, Script, Value, with_room};

/// What a script made of a past run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// The cells that came out differently, the first of them.
    pub changed: Vec<Replayed>,
    /// How many were given to the script.
    pub given: usize,
    /// How many came out differently.
    pub differ: usize,
    /// Cells that could not be: without a value, or beyond the limit.
    pub left_out: usize,
}

/// A cell that came out differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The cell in words.
    pub cell: String,
    /// Before and after.
    pub tried: Tried,
}

/// Most cells of a run that are replayed; each is set up by itself.
const MOST_CELLS: usize = 1_000;

/// Most changed cells that are shown.
const SHOWN: usize = 20;

/// Replays a run, found by its id, the beginning of it, or `last`.
pub fn replay(
    home: &Home,
    script: &Script,
    run: &str,
    params: &[(String, ParameterValue)],
) -> Result<Replay, OpsError> {
    if !script.defines(Hook::Value) {
        return Err(OpsError::invalid(
            format!("{} has no function `value`, and a run's journal keeps finished values only", script.name()),
            "try the other hooks with `xfer script run FILE --row …`",
        ));
    }
    let run = runs::find(home, run)?;
    let metadata = runs::destination_metadata(home, &run)?.ok_or_else(|| {
        OpsError::invalid(
            format!("the destination of {} is not there any more", run.routine.name),
            "its metadata says what a value is; add the server again and sync it",
        )
    })?;
    let mut cases = Vec::new();
    let mut replay = Replay::default();
    runs::cells(home, &run, &[], None, &mut |record| match record
        .value
        .and_then(|text| case(&record.cell, &text, &metadata))
    {
        Some(case) if cases.len() < MOST_CELLS => cases.push(case),
        _ => replay.left_out += 1,
    })?;
    replay.given = cases.len();
    let params = params.iter().map(|(name, value)| (name.clone(), Scalar::from(value))).collect();
    let results = with_room(|| Suite::of(params, cases).run(script, &Params::new()));
    for result in results.into_iter().filter(|result| !result.passed()) {
        replay.differ += 1;
        if replay.changed.len() < SHOWN {
            let tried = Tried { after: result.got(), before: result.given, printed: result.printed };
            replay.changed.push(Replayed { cell: result.name, tried });
        }
    }
    Ok(replay)
}

fn case(cell: &CellKey, text: &str, metadata: &Metadata) -> Option<Case> {
    let value_type = metadata.data_elements.get(&cell.data_element)?.value_type;
    let value = Value::read(text, value_type)?;
    let at = Where {
        data: metadata.name_of(cell.data_element),
        destination: None,
        coc: metadata.name_of(cell.category_option_combo),
        aoc: metadata.name_of(cell.attribute_option_combo),
        org_unit: metadata.name_of(cell.org_unit),
        period: cell.period,
    };
    Some(Case {
        name: format!("{} at {} in {}", at.data, at.org_unit, at.period),
        params: std::collections::BTreeMap::new(),
        at,
        others: Vec::new(),
        given: Given::Value(value.into()),
        expected: Expected::Unchanged,
    })
}
