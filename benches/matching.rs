//! How often the org unit matcher is right, kind of corruption by kind, and what it costs.
//!
//! `cargo bench --bench matching` prints the tables of `docs/matching.md`. The matcher was tuned on the countries and
//! seeds of `TUNED`; the figures are of others.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints and may fail")]

#[path = "../tests/it/support/second_country/mod.rs"]
mod second_country;

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use second_country::{
    Figures, Fixture, HALF_EXCHANGED, Language, SecondCountry, corrupt, fixture, hard_countries, measure, synthetic,
};
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_matching::names::folded;
use xfer_matching::org_units::{MatchRules, propose};

/// Seeds that thresholds were chosen with.
const TUNED: [u64; 3] = [1, 2, 3];

/// Seeds that nobody looked at before.
const HELD_OUT: [u64; 4] = [1_101, 2_202, 3_303, 4_404];

/// Seeds of countries of other shapes, none of them tuned on.
const HARD: [u64; 3] = [71_000, 72_000, 73_000];

fn country(language: Language, seed: u64, facilities: usize) -> (Metadata, SecondCountry) {
    let source = synthetic(language, seed, facilities);
    let second = corrupt(&source, seed);
    (source, second)
}

fn figures(source: &Metadata, second: &SecondCountry) -> Figures {
    measure(second, &propose(source, &second.destination, &[], &MatchRules::default()))
}

/// The share of facilities that the only unit of the same name finds, in percent.
fn by_name(source: &Metadata, second: &SecondCountry, key: impl Fn(&str) -> String) -> f64 {
    let mut named: HashMap<String, Vec<_>> = HashMap::new();
    for unit in second.destination.organisation_units.values() {
        named.entry(key(&unit.name)).or_default().push(unit.id);
    }
    let matchable = second.truth.iter().filter(|(_, truth)| truth.destination.is_some());
    let (mut found, mut all) = (0_u32, 0_u32);
    for (id, truth) in matchable {
        all += 1;
        let name = key(&source.organisation_units[id].name);
        found += u32::from(named.get(&name).is_some_and(|units| units.as_slice() == [truth.destination.unwrap()]));
    }
    f64::from(found) * 100.0 / f64::from(all.max(1))
}

fn report(title: &str, seeds: &[u64]) {
    println!("## {title}\n");
    let mut all = Figures::default();
    for language in [Language::English, Language::French] {
        let mut of_language = Figures::default();
        for seed in seeds {
            let (source, second) = country(language, *seed, 4_000);
            of_language.add(&figures(&source, &second));
            println!(
                "{language:?}, seed {seed}: {} units; exact names find {:.0} %, folded names {:.0} %",
                source.organisation_units.len(),
                by_name(&source, &second, str::to_owned),
                by_name(&source, &second, folded)
            );
        }
        println!("\n{language:?}: {}", summary(&of_language));
        all.add(&of_language);
    }
    println!("\n{all}\n{}\n", summary(&all));
}

/// Countries of other shapes and manners, and the trees of the sandbox.
fn hard() {
    println!("## Other countries, held out\n");
    println!("| country | units | sure, right | likely, right | found |\n|---|--:|--:|--:|--:|");
    let mut by_country: BTreeMap<&str, Figures> = BTreeMap::new();
    for seed in HARD {
        for (words, source, second) in hard_countries(seed, 1_500) {
            by_country.entry(words).or_default().add(&figures(&source, &second));
        }
        for (words, which) in
            [("the sandbox's source", Fixture::Source), ("the sandbox's destination", Fixture::Destination)]
        {
            let source = fixture(which);
            by_country.entry(words).or_default().add(&figures(&source, &corrupt(&source, seed)));
        }
    }
    for (words, figures) in by_country {
        let all = figures.total();
        println!(
            "| {words} | {} | {:.2} % of {} | {:.2} % of {} | {:.1} %{} |",
            all.units,
            figures.sure_precision(),
            all.sure_right + all.sure_wrong,
            figures.likely_precision(),
            all.likely_right + all.likely_wrong,
            figures.recall(),
            if words == HALF_EXCHANGED { ", the rest is asked about" } else { "" }
        );
    }
    println!();
}

fn summary(figures: &Figures) -> String {
    format!(
        "sure is right in {:.2} %, likely in {:.2} %; found as sure or likely {:.2} %",
        figures.sure_precision(),
        figures.likely_precision(),
        figures.recall()
    )
}

fn large() {
    println!("## 50,000 by 50,000\n");
    let (source, second) = country(Language::French, 7, 50_000);
    println!(
        "{} source units, {} destination units, {} MB before matching",
        source.organisation_units.len(),
        second.destination.organisation_units.len(),
        memory("VmRSS")
    );
    let started = Instant::now();
    let rows: Vec<OrgUnitMapping> = propose(&source, &second.destination, &[], &MatchRules::default());
    println!(
        "matched in {:.2} s, {} rows, peak memory {} MB",
        started.elapsed().as_secs_f64(),
        rows.len(),
        memory("VmHWM")
    );
    let started = Instant::now();
    let share = by_name(&source, &second, str::to_owned);
    println!("the same by exact names: {:.2} s, {share:.0} % found", started.elapsed().as_secs_f64());
    println!("{}", summary(&measure(&second, &rows)));
}

/// A figure of the process in megabytes.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    if only != "large" {
        if only != "held-out" {
            report("Tuned on", &TUNED);
        }
        if only != "tuned" {
            report("Held out", &HELD_OUT);
            hard();
        }
    }
    if only != "tuned" && only != "held-out" {
        large();
    }
}
