//! How the names of org units are read: what kind of unit, which one, and what tells it from its twin.
//!
//! `Ctre de Santé St.-Michel II`, `SAINT MICHEL 2 (C.S.)` and `Centre de Santé de Saint Michel deux` are read as the
//! same: a health centre, `saint michel`, number 2. `CS Saint Michel` is its near twin, and another unit.

mod vocabulary;

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use rapidfuzz::distance::osa;

use crate::names::folded;

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FacilityName {
    /// The kind of unit, in one word for all its spellings; none where the name does not say.
    pub kind: Option<&'static str>,
    /// The words that say which unit it is, in the order of the name.
    pub words: Vec<String>,
    /// What tells it from a twin: numbers other than one, `annex`, `upper`.
    pub twin: Vec<String>,
    /// A number before the name: a running number as a rule, but the twin's where the other server has it so.
    pub running: Option<String>,
    /// The words of the administration (`District`, `Chiefdom`), which say nothing where the level says it already.
    pub administrative: bool,
}

/// The longest phrase for a kind, in words.
const LONGEST_PHRASE: usize = 6;

static KINDS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    vocabulary::KINDS.iter().flat_map(|(kind, phrases)| phrases.iter().map(move |phrase| (*phrase, *kind))).collect()
});

static SHORTENED: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    vocabulary::SHORTENED.iter().flat_map(|(word, short)| short.iter().map(move |short| (*short, *word))).collect()
});

/// The first words of phrases for kinds that have a digit in them.
static FIRST_IN_KINDS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let words = KINDS.keys().filter_map(|phrase| phrase.split(' ').next());
    words.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())).collect()
});

static IN_KINDS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    vocabulary::IN_KINDS.iter().flat_map(|(word, short)| short.iter().map(move |short| (*short, *word))).collect()
});

static NUMBERS: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| vocabulary::NUMBERS.iter().copied().collect());

static TWINS: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| vocabulary::TWINS.iter().copied().collect());

static ADMINISTRATIVE: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| vocabulary::ADMINISTRATIVE.iter().copied().collect());

static SMALL: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| vocabulary::SMALL.iter().copied().collect());

/// Shorter words are too near to each other for a slip of the pen to be told from another word.
const SHORTEST_CORRECTED: usize = 5;

/// The long words in the phrases for kinds.
static LONG_WORDS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let words = vocabulary::KINDS.iter().flat_map(|(_, phrases)| phrases.iter().flat_map(|phrase| phrase.split(' ')));
    words.filter(|word| word.len() > SHORTEST_CORRECTED || matches!(*word, "sante" | "poste")).collect()
});

impl FacilityName {
    /// Reads a name. `prefixes` are words that this server puts in front of names as a matter of style.
    pub(crate) fn parse(name: &str, prefixes: &BTreeSet<String>) -> Self {
        let folded = folded(&apart(name));
        let undotted = undotted(&folded);
        let mut words: Vec<&str> = undotted.iter().map(String::as_str).collect();
        let running = drop_prefixes(&mut words, prefixes);
        let (mut kind, mut kept) = take_kind(&words);
        // A slip in one word of a phrase must not leave the rest of the phrase to mean something else:
        // `Centre de Santé Intergé`.
        let corrected: Vec<&str> = words.iter().map(|word| corrected(word)).collect();
        let (misspelt, others) = take_kind(&corrected);
        if misspelt.is_some() && (kind.is_none() || others.len() < kept.len()) && !others.is_empty() {
            (kind, kept) = (misspelt, others);
        }
        let mut rest: Vec<&str> = kept.into_iter().map(|index| words[index]).collect();
        let part;
        (kind, part, rest) = take_part(kind, rest);
        let mut parsed = Self { kind, running, twin: part.into_iter().map(str::to_owned).collect(), ..Self::default() };
        let mut administrative: Vec<String> = Vec::new();
        let single = rest.len() == 1;
        for (position, word) in rest.iter().enumerate() {
            let last = position + 1 == rest.len();
            let counts = |next: &&str| next.bytes().all(|byte| byte.is_ascii_digit());
            if NUMBER_SIGNS.contains(word) && rest.get(position + 1).is_some_and(counts) {
                // `No. 2` says no more than `2`.
            } else if let Some(number) =
                number(word).filter(|_| !single && (position > 0 || kind.is_some() || is_ordinal(word)))
            {
                if number != 1 {
                    parsed.twin.push(number.to_string());
                }
            } else if let Some(twin) = TWINS.get(word).filter(|_| !single) {
                parsed.twin.push((*twin).to_owned());
            } else if last && !single && word.len() == 1 {
                parsed.twin.push((*word).to_owned());
            } else if !single && is_administrative(word) {
                parsed.administrative = true;
                administrative.push((*word).to_owned());
            } else if !SMALL.contains(word) {
                let whole = SHORTENED.get(word).copied().unwrap_or(word);
                let whole = if !last && is_nearly_saint(word) { "saint" } else { whole };
                for word in whole.split(' ') {
                    // `Marigot (Marigot)`: said twice is not said more.
                    if !parsed.words.iter().any(|known| known == word) {
                        parsed.words.push(word.to_owned());
                    }
                }
            }
        }
        parsed.twin.sort();
        if parsed.words.is_empty() {
            // `Dispensaire de Villé`: the only word there is says which one it is.
            parsed.words = administrative;
        }
        if parsed.words.is_empty() && parsed.kind.is_none() {
            // A name of small or administrative words alone is that name.
            parsed.words = rest.iter().map(|word| (*word).to_owned()).collect();
        }
        parsed
    }

    /// Whether a short word might be anybody's initials: it is no kind, no number and no `annex`.
    pub(crate) fn says_nothing(word: &str) -> bool {
        !KINDS.contains_key(word) && number(word).is_none() && !TWINS.contains_key(word)
    }
}

/// What stands before a number.
const NUMBER_SIGNS: &[&str] = &["no", "n", "nr", "num", "numero", "number"];

/// The words of a folded name, with the letters of a dotted abbreviation put together: `c s i ouro` → `csi ouro`.
fn undotted(folded: &str) -> Vec<String> {
    let parts: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let mut words: Vec<String> = Vec::with_capacity(parts.len());
    let mut at = 0;
    while at < parts.len() {
        let letters = parts[at..].iter().take_while(|word| word.len() == 1 && !word.as_bytes()[0].is_ascii_digit());
        let known = (2..=letters.count()).rev().find_map(|length| {
            let joined = parts[at..at + length].concat();
            let is_known = KINDS.contains_key(joined.as_str()) || SHORTENED.contains_key(joined.as_str());
            is_known.then_some((joined, length))
        });
        let (word, length) = known.unwrap_or_else(|| (parts[at].to_owned(), 1));
        words.push(word);
        at += length;
    }
    words
}

/// The word of a kind that a misspelt or shortened word is meant to be; the word itself where there is none.
fn corrected(word: &str) -> &str {
    if let Some(whole) = IN_KINDS.get(word) {
        return whole;
    }
    if word.len() < SHORTEST_CORRECTED || LONG_WORDS.contains(word) {
        return word;
    }
    let slips = if word.len() >= 9 { 2 } else { 1 };
    let meant = LONG_WORDS.iter().find(|long| osa::distance(word.bytes(), long.bytes()) <= slips);
    meant.copied().unwrap_or(word)
}

fn number(word: &str) -> Option<u32> {
    NUMBERS.get(word).copied().or_else(|| word.parse().ok())
}

/// `Saite Anne`: too short a word for a slip to be told otherwise, and in too many names to be left alone.
fn is_nearly_saint(word: &str) -> bool {
    word.len() >= SHORTEST_CORRECTED && !LONG_WORDS.contains(word) && osa::distance(word.bytes(), "sainte".bytes()) == 1
}

/// The name with words apart that only their case or a number tells apart: `KamarRayémaban`, `Tabaimapu2`.
fn apart(name: &str) -> String {
    let mut apart = String::with_capacity(name.len() + 2);
    let mut before: [Option<char>; 3] = [None; 3];
    for letter in name.chars() {
        let after_letters = before.iter().all(|letter| letter.is_some_and(char::is_alphabetic));
        let ends_word = before[2].is_some_and(char::is_lowercase) && letter.is_uppercase();
        if after_letters && (ends_word || letter.is_ascii_digit()) {
            apart.push(' ');
        }
        apart.push(letter);
        before = [before[1], before[2], Some(letter)];
    }
    apart
}

/// `2eme`, `3rd`: a number that is a word of the name.
fn is_ordinal(word: &str) -> bool {
    number(word).is_some() && word.bytes().any(|byte| !byte.is_ascii_digit())
}

/// Whether a word is one of the administration, slips allowed in the long ones: `Chifdom`.
fn is_administrative(word: &str) -> bool {
    let is_long = |word: &str| word.len() > SHORTEST_CORRECTED;
    let nearly = |known: &&&str| is_long(known) && osa::distance(word.bytes(), known.bytes()) <= 1;
    ADMINISTRATIVE.contains(word) || (is_long(word) && ADMINISTRATIVE.iter().any(|known| nearly(&known)))
}

/// Takes a running number (`03 Clinic`) and the server's own prefixes (`HT Clinic`) off the front. The number comes
/// back where it may be one that tells twins apart.
fn drop_prefixes(words: &mut Vec<&str>, prefixes: &BTreeSet<String>) -> Option<String> {
    let mut running = None;
    while words.len() > 1 {
        let has_digits = words[0].bytes().any(|byte| byte.is_ascii_digit());
        let numbered = has_digits && !is_ordinal(words[0]) && !FIRST_IN_KINDS.contains(words[0]);
        let styled = prefixes.contains(words[0]);
        if !numbered && !styled {
            break;
        }
        let word = words.remove(0);
        if let Ok(number @ 2..=9) = word.parse::<u32>() {
            running = Some(number.to_string()).filter(|_| !word.starts_with('0'));
        }
    }
    running
}

/// Finds the longest phrase that names a kind, at the end or the beginning before the middle, and says which words are
/// left.
fn take_kind(words: &[&str]) -> (Option<&'static str>, Vec<usize>) {
    for length in (1..=LONGEST_PHRASE.min(words.len())).rev() {
        let last_start = words.len() - length;
        let starts = [0, last_start].into_iter().chain(1..last_start);
        for start in starts {
            let phrase = words[start..start + length].join(" ");
            let Some(kind) = KINDS.get(phrase.as_str()) else { continue };
            // An abbreviation of two letters within a name is a word of it: `Kay Ch Louis`.
            if length == 1 && phrase.len() <= 2 && start != 0 && start != last_start {
                continue;
            }
            let mut kept: Vec<usize> = (0..start).chain(start + length..words.len()).collect();
            // `Clinic (clinic)`: said twice.
            let repeated =
                kept.iter().position(|index| KINDS.get(words[*index]) == Some(kind) && words[*index].len() > 2);
            if let Some(position) = repeated.filter(|_| kept.len() > 1) {
                kept.remove(position);
            }
            return (Some(kind), kept);
        }
    }
    (None, (0..words.len()).collect())
}

/// Finds the part of a facility that a name speaks of beside the facility: `CHC (maternité)` is not the health centre,
/// but its maternity.
fn take_part<'name>(
    kind: Option<&'static str>,
    rest: Vec<&'name str>,
) -> (Option<&'static str>, Option<&'static str>, Vec<&'name str>) {
    let (second, kept) = take_kind(&rest);
    let others: Vec<&str> = kept.into_iter().map(|index| rest[index]).collect();
    let is_part = |kind: Option<&'static str>| kind.filter(|kind| vocabulary::PARTS.contains(kind));
    match (kind, second) {
        (Some(_), Some(_)) if others.is_empty() || kind == second => (kind, None, rest),
        (Some(_), Some(_)) if is_part(second).is_some() => (kind, second, others),
        (Some(_), Some(_)) if is_part(kind).is_some() => (second, kind, others),
        _ => (kind, None, rest),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::FacilityName;

    fn read(name: &str) -> String {
        let prefixes = BTreeSet::from(["ht".to_owned()]);
        let FacilityName { kind, words, twin, .. } = FacilityName::parse(name, &prefixes);
        let twin: Vec<_> = twin.into_iter().collect();
        format!("{} | {} | {}", kind.unwrap_or("-"), words.join(" "), twin.join(" "))
    }

    #[test]
    fn many_spellings_are_one_name() {
        for name in [
            "Ctre de Santé St.-Michel II",
            "SAINT MICHEL 2 (C.S.)",
            "Centre de Santé de Saint Michel deux",
            "HT - C.S. St Michel II",
            "03 CS Saint-Michel\u{a0}2",
            "St Michel II HC",
        ] {
            assert_eq!(read(name), "health centre | saint michel | 2", "{name}");
        }
    }

    #[test]
    fn kinds_are_read_wherever_they_stand() {
        for (name, expected) in [
            ("Bandajuma CHC", "community health centre | bandajuma | "),
            ("Bandajuma Clinic CHC", "community health centre | bandajuma clinic | "),
            ("Disp. Marigot", "dispensary | marigot | "),
            ("Marigot (Disp.)", "dispensary | marigot | "),
            ("Hôpital", "hospital |  | "),
            ("C.S.I. Ouro Tada", "integrated health centre | ouro tada | "),
            ("Jawi Chiefdom", "- | jawi | "),
            ("Département du Sud-Est", "- | south east | "),
            ("Gbo", "- | gbo | "),
            ("District", "- | district | "),
            ("Dispensare Marigot", "dispensary | marigot | "),
            ("Centre de Snate Marigot", "health centre | marigot | "),
            ("Ward 7 MCHP", "maternal and child health post | ward | 7"),
            ("", "- |  | "),
            ("42", "- | 42 | "),
            ("Magohgar Mongar C.H.U.", "university hospital | magohgar mongar | "),
            ("Centre de Santé Intergé de Nélé", "integrated health centre | nele | "),
            ("Centre Hospitalier Universitaie Fomé", "university hospital | fome | "),
            ("N.D. de Lourdes (Disp.)", "dispensary | notre dame lourdes | "),
            ("Clinique Béyé n°2", "clinic | beye | 2"),
            ("Beye No. 2 Clinic", "clinic | beye | 2"),
            ("Pebum MCHP (Maternité)", "maternal and child health post | pebum | maternity"),
            ("Maternité Djaka", "maternity | djaka | "),
            ("(U5 Clinic) Sennisi", "under five clinic | sennisi | "),
            ("Centre de Santé Inétgré de Sainte Marie", "integrated health centre | saint marie | "),
            ("Kithoko Chifdom", "- | kithoko | "),
            ("2eme Section Bas Cap Rouge", "- | cap rouge | 2 lower"),
            ("2e Section", "- | section | 2"),
            ("Djaka (Ctr Santé)", "health centre | djaka | "),
            ("Kajoba Comm. (Health Center)", "community health centre | kajoba | "),
            ("Saite Anne (CS)", "health centre | saint anne | "),
            ("Dispensaire de Villé", "dispensary | ville | "),
            ("Disp. Villé", "dispensary | ville | "),
            ("Tabaimapu2 CHP", "community health post | tabaimapu | 2"),
            ("JojoII CHP", "community health post | jojo | 2"),
            ("Ctr Santé KamarRayémaban", "health centre | kamar rayemaban | "),
            ("K1 CS Marigot (Marigot)", "health centre | marigot | "),
        ] {
            assert_eq!(read(name), expected, "{name}");
        }
    }

    #[test]
    fn twins_differ() {
        assert_ne!(read("CS Jacmel"), read("CS Jacmel II"));
        assert_ne!(read("CS Jacmel"), read("CS Jacmel Annexe"));
        assert_ne!(read("CS Jacmel"), read("CS Jacmel A"));
        assert_ne!(read("CS Jacmel"), read("CS Jacmel (maternité)"));
        assert_eq!(read("CS Jacmel"), read("CS Jacmel I"));
    }
}
