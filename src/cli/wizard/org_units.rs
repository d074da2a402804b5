//! The wizard for an org unit map: what is sure is taken, what is likely is shown, and what is doubtful is decided one
//! by one. Each decision is kept at once.

use std::sync::Arc;

use crate::cli::render::org_units::tally_in_words;
use crate::cli::wizard::portion::Portion;
use crate::cli::wizard::prompter::{Leave, Prompter, say_commands};
use crate::ops::home::Home;
use crate::ops::org_units::{self, PairMap};
use xfer_domain::counted::counted;
use xfer_domain::metadata::{Metadata, OrganisationUnit};
use xfer_domain::org_unit_map::{MappingState, MatchClass, OrgUnitMapping};
use xfer_domain::shell::shell_word;
use xfer_domain::uid::Uid;
use xfer_matching::org_units::{Candidate, Candidates, MatchRules};

/// So many candidates are shown for a unit.
const CANDIDATES: usize = 5;

/// So many hits of a search are shown.
const HITS: usize = 30;

/// What became of the question about one unit.
enum Decision {
    /// It is mapped, left out or skipped: on to the next.
    Done,
    /// Everything below this unit is skipped, too.
    SkippedWithAllBelow(Uid),
}

/// Maps the org units of a pair as far as the person wants to.
pub(crate) fn map(prompter: &mut dyn Prompter, home: &Home, source: &str, destination: &str) -> Result<(), Leave> {
    let mut map = org_units::open(home, source, destination)?;
    let before = map.tally();
    let found = map.propose(&MatchRules::default(), Some(MatchClass::Sure));
    if !found.is_empty() {
        map.keep(&found)?;
    }
    let sure = found.iter().filter(|row| row.class == Some(MatchClass::Sure)).count();
    let likely_now = proposed(&map, |class| class == Some(MatchClass::Likely)).len();
    prompter.say(&format!(
        "{} of {source}: {} mapped before, {} ignored before, {} sure matches now, {} likely, {} doubtful, {} without \
         a match.",
        counted(before.units, "org unit"),
        before.mapped,
        before.ignored,
        sure,
        likely_now,
        map.count(MappingState::Proposed) - likely_now,
        map.without_row().len(),
    ));
    let (left, right) = (shell_word(source), shell_word(destination));
    let outcome = likely(prompter, &mut map).and_then(|()| doubtful(prompter, &mut map));
    say_state(prompter, &map);
    say_commands(
        prompter,
        &[
            format!("xfer orgunit auto {left} {right}"),
            format!("xfer orgunit export {left} {right} map.csv"),
            format!("xfer orgunit import {left} {right} map.csv"),
        ],
    );
    if matches!(outcome, Err(Leave::Later)) {
        prompter.say(&format!("Your decisions are saved. To resume with the rest:\n  xfer orgunit map {left} {right}"));
    }
    outcome
}

fn say_state(prompter: &mut dyn Prompter, map: &PairMap) {
    prompter.say(&tally_in_words(&map.tally(), "org unit"));
}

/// Shows what is likely, portion by portion, and takes what was shown together or one by one.
fn likely(prompter: &mut dyn Prompter, map: &mut PairMap) -> Result<(), Leave> {
    let all = proposed(map, |class| class == Some(MatchClass::Likely));
    for (portion, rows) in Portion::of(&all) {
        // A destination that was given away since is asked about again: two units go to one only if the person says so.
        let (taken, rows): (Vec<&OrgUnitMapping>, Vec<&OrgUnitMapping>) =
            rows.iter().partition(|row| row.destination.is_some_and(|unit| map.owner_of(unit, row.source).is_some()));
        one_by_one(prompter, map, &taken.iter().map(|row| row.source).collect::<Vec<_>>())?;
        if rows.is_empty() {
            continue;
        }
        prompter.say(&format!("These are likely{}:", portion.in_words()));
        for row in &rows {
            prompter.say(&format!("  {}", described(map, row)));
        }
        let all_of_them = if portion.is_everything() { "accept all" } else { "accept these" };
        let choices = [format!("{all_of_them} {}", rows.len()), "decide each".to_owned(), portion.leave().to_owned()];
        match prompter.choose("What to do with them", &choices, 0)? {
            0 => {
                let confirmed: Vec<OrgUnitMapping> = rows
                    .into_iter()
                    .map(|row| OrgUnitMapping { state: MappingState::Confirmed, ..row.clone() })
                    .collect();
                map.keep(&confirmed)?;
            }
            1 => one_by_one(prompter, map, &rows.iter().map(|row| row.source).collect::<Vec<_>>())?,
            _ => break,
        }
    }
    Ok(())
}

/// Asks about units with a doubtful proposal, then about those with none.
fn doubtful(prompter: &mut dyn Prompter, map: &mut PairMap) -> Result<(), Leave> {
    let rows = proposed(map, |class| class != Some(MatchClass::Likely));
    one_by_one(prompter, map, &rows.iter().map(|row| row.source).collect::<Vec<_>>())?;
    let without = map.without_row();
    if !without.is_empty() {
        let number = counted(without.len() as u64, "org unit");
        let have = if without.len() == 1 { "has" } else { "have" };
        prompter.say(&format!("{number} of the source {have} no match."));
    }
    for (portion, units) in Portion::of(&without) {
        prompter.say(&format!("Without a match{}:", portion.in_words()));
        for unit in units {
            prompter.say(&format!("  {}", map.source.org_unit_path_names(*unit)));
        }
        let them = if portion.is_everything() { "all of them" } else { "these" };
        let choices = [
            "decide each".to_owned(),
            format!("ignore {them}: never transfer their values"),
            portion.leave().to_owned(),
        ];
        match prompter.choose("What to do with them", &choices, 2)? {
            0 => one_by_one(prompter, map, units)?,
            1 => {
                let ignored: Vec<OrgUnitMapping> =
                    units.iter().map(|unit| OrgUnitMapping::manual(*unit, None, MappingState::Ignored)).collect();
                map.keep(&ignored)?;
            }
            _ => break,
        }
    }
    Ok(())
}

fn proposed(map: &PairMap, wanted: impl Fn(Option<MatchClass>) -> bool) -> Vec<OrgUnitMapping> {
    let mut rows: Vec<OrgUnitMapping> =
        map.rows.iter().filter(|row| row.state == MappingState::Proposed && wanted(row.class)).cloned().collect();
    rows.sort_by_cached_key(|row| map.source.org_unit_path_names(row.source));
    rows
}

fn described(map: &PairMap, row: &OrgUnitMapping) -> String {
    let target = row.destination.map(|id| map.destination.name_of(id)).unwrap_or_default();
    let reason = row.explanation.as_deref().unwrap_or_default();
    format!("{} → {target}: {reason}", map.source.name_of(row.source))
}

fn one_by_one(prompter: &mut dyn Prompter, map: &mut PairMap, units: &[Uid]) -> Result<(), Leave> {
    let (source, destination) = (Arc::clone(&map.source), Arc::clone(&map.destination));
    let candidates = Candidates::new(&source, &destination, &map.rows);
    let mut skipped_below: Vec<Uid> = Vec::new();
    for (position, unit) in units.iter().enumerate() {
        let below = |above: &Uid| source.organisation_units.get(unit).is_some_and(|unit| unit.is_within(*above));
        if skipped_below.iter().any(below) {
            continue;
        }
        let progress = format!("{} of {}", position + 1, units.len());
        if let Decision::SkippedWithAllBelow(above) = decide(prompter, map, &candidates, *unit, &progress)? {
            skipped_below.push(above);
        }
    }
    Ok(())
}

/// Asks about one unit.
pub(crate) fn one(prompter: &mut dyn Prompter, home: &Home, pair: (&str, &str), unit: &str) -> Result<(), Leave> {
    let mut map = org_units::open(home, pair.0, pair.1)?;
    let unit = map.source_unit(unit)?;
    let (source, destination) = (Arc::clone(&map.source), Arc::clone(&map.destination));
    let candidates = Candidates::new(&source, &destination, &map.rows);
    decide(prompter, &mut map, &candidates, unit, "1 of 1")?;
    say_state(prompter, &map);
    Ok(())
}

/// What can be answered about a unit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Candidate(usize),
    Search,
    LeaveOut,
    Skip,
    SkipWithAllBelow,
    Stop,
}

fn decide(
    prompter: &mut dyn Prompter,
    map: &mut PairMap,
    candidates: &Candidates<'_>,
    unit: Uid,
    progress: &str,
) -> Result<Decision, Leave> {
    let source = Arc::clone(&map.source);
    let row = map.rows.iter().find(|row| row.source == unit).cloned();
    let shown = candidates_of(candidates, row.as_ref(), unit);
    say_unit(prompter, map, unit, progress, &shown);
    let mut answers: Vec<(String, Answer)> = shown
        .iter()
        .enumerate()
        .map(|(index, candidate)| (in_a_line(&map.destination, candidate.destination), Answer::Candidate(index)))
        .collect();
    answers.push(("search for another …".to_owned(), Answer::Search));
    answers.push(("ignore it: never transfer its values".to_owned(), Answer::LeaveOut));
    answers.push(("skip it for now".to_owned(), Answer::Skip));
    if source.organisation_units.values().any(|other| other.parent() == Some(unit)) {
        answers.push(("skip it and everything below it".to_owned(), Answer::SkipWithAllBelow));
    }
    answers.push(("stop here and resume later".to_owned(), Answer::Stop));
    let first = if shown.is_empty() { Answer::Skip } else { Answer::Candidate(0) };
    let suggestion = answers.iter().position(|(_, answer)| *answer == first).unwrap_or_default();
    let choices: Vec<String> = answers.iter().map(|(words, _)| words.clone()).collect();
    loop {
        let (_, answer) = answers[prompter.choose("Map it to", &choices, suggestion)?];
        let picked = match answer {
            Answer::Candidate(index) => shown.get(index).cloned(),
            Answer::Search => search(prompter, map, candidates, unit)?,
            Answer::LeaveOut => {
                map.keep(&[OrgUnitMapping::manual(unit, None, MappingState::Ignored)])?;
                return Ok(Decision::Done);
            }
            Answer::Skip => return Ok(Decision::Done),
            Answer::SkipWithAllBelow => return Ok(Decision::SkippedWithAllBelow(unit)),
            Answer::Stop => return Err(Leave::Later),
        };
        if let Some(candidate) = picked
            && may_be_taken(prompter, map, unit, candidate.destination)?
        {
            keep(map, row.as_ref(), unit, &candidate)?;
            return Ok(Decision::Done);
        }
    }
}

/// What the matcher proposed, then the next best.
fn candidates_of(candidates: &Candidates<'_>, row: Option<&OrgUnitMapping>, unit: Uid) -> Vec<Candidate> {
    let proposed = row.and_then(|row| {
        Some(Candidate {
            destination: row.destination?,
            score: row.score.unwrap_or_default(),
            explanation: row.explanation.clone().unwrap_or_default(),
        })
    });
    let mut shown: Vec<Candidate> = proposed.into_iter().collect();
    for candidate in candidates.of(unit, CANDIDATES) {
        if !shown.iter().any(|other| other.destination == candidate.destination) {
            shown.push(candidate);
        }
    }
    shown.truncate(CANDIDATES);
    shown
}

/// Says everything that helps to decide, before short choices are shown: a line of a menu holds no explanation.
fn say_unit(prompter: &mut dyn Prompter, map: &PairMap, unit: Uid, progress: &str, shown: &[Candidate]) {
    let code = map.source.organisation_units.get(&unit).and_then(|unit| unit.code.as_ref());
    let code = code.map(|code| format!(" [{code}]")).unwrap_or_default();
    prompter.say(&format!("\n{progress}: {}{code}", map.source.org_unit_path_names(unit)));
    for candidate in shown {
        let target = map.destination.organisation_units.get(&candidate.destination);
        let code = target.and_then(|unit| unit.code.as_ref()).map(|code| format!(" [{code}]")).unwrap_or_default();
        let path = map.destination.org_unit_path_names(candidate.destination);
        prompter.say(&format!("  {path}{code}: {}", candidate.explanation));
    }
}

/// One to one, unless the person wants two units to go to one.
fn may_be_taken(prompter: &mut dyn Prompter, map: &PairMap, unit: Uid, destination: Uid) -> Result<bool, Leave> {
    let Some(owner) = map.owner_of(destination, unit) else { return Ok(true) };
    prompter.say(&format!(
        "{} goes to {} already. If both go there, there are several values for one cell, and the job needs a \
         combine operator (for example sum).",
        map.source.org_unit_path_names(owner),
        map.destination.name_of(destination)
    ));
    prompter.confirm("Map both to it", false)
}

/// Keeps what a person decided: the matcher's own row with its evidence where she agrees with it.
fn keep(map: &mut PairMap, row: Option<&OrgUnitMapping>, unit: Uid, candidate: &Candidate) -> Result<(), Leave> {
    let decided = match row {
        Some(row) if row.destination == Some(candidate.destination) => {
            OrgUnitMapping { state: MappingState::Confirmed, ..row.clone() }
        }
        _ => OrgUnitMapping::manual(unit, Some(candidate.destination), MappingState::Confirmed),
    };
    Ok(map.keep(&[decided])?)
}

fn search(
    prompter: &mut dyn Prompter,
    map: &PairMap,
    candidates: &Candidates<'_>,
    unit: Uid,
) -> Result<Option<Candidate>, Leave> {
    loop {
        let typed = prompter.text("Part of its name, code or id (empty: back)", None)?;
        if typed.trim().is_empty() {
            return Ok(None);
        }
        let mut found = candidates.search(unit, &typed, HITS);
        if found.is_empty() {
            prompter.say(&format!("no org unit of the destination matches {typed}; try fewer words or letters"));
            continue;
        }
        let choices: Vec<String> =
            found.iter().map(|candidate| in_a_line(&map.destination, candidate.destination)).collect();
        if let Some(chosen) = prompter.search("Which one (Esc: search again)", &choices)? {
            return Ok(Some(found.swap_remove(chosen)));
        }
    }
}

/// A unit in one line: its name, and where it lies below the root.
fn in_a_line(destination: &Metadata, unit: Uid) -> String {
    let parent = destination.organisation_units.get(&unit).and_then(OrganisationUnit::parent);
    let above = parent.map(|parent| destination.org_unit_path_names(parent)).unwrap_or_default();
    let above = above.split_once(" / ").map_or(above.as_str(), |(_, below_the_root)| below_the_root);
    format!("{} ({above})", destination.name_of(unit))
}
