//! Words that turn a name into its opposite, and numbers that are written as words or within them.

use crate::matching::figures::phrases::Part;
use crate::matching::figures::tokens::Sign;

/// What a name is about, where another name may be about the counterpart: a question by its number, and the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stand {
    question: usize,
    second: bool,
}

/// `non qualifié`, `sans`: a name with it says the opposite of the name without it.
const DENIALS: &[&str] = &["non", "not", "sans", "without", "hors", "sauf", "except", "excluding", "excl"];

/// What is denied has no counterpart of its own.
const DENIAL: usize = usize::MAX;

/// The question of a test's result, which signs answer as well.
const RESULT: usize = 0;

/// Words for one side and for the other.
const OPPOSITES: &[(&[&str], &[&str])] = &[
    (
        &["positif", "positive", "positifs", "positives", "pos", "reactif", "reactive"],
        &["negatif", "negative", "negatifs", "negatives", "neg"],
    ),
    (
        &[
            "femme", "femmes", "fille", "filles", "feminin", "feminins", "feminine", "female", "females", "women",
            "woman", "girl", "girls",
        ],
        &[
            "homme",
            "hommes",
            "garcon",
            "garcons",
            "masculin",
            "masculins",
            "masculine",
            "male",
            "males",
            "men",
            "man",
            "boy",
            "boys",
        ],
    ),
    (&["nouveau", "nouveaux", "nouvelle", "nouvelles", "new"], &["ancien", "anciens", "ancienne", "anciennes", "old"]),
    (&["public", "publics", "publique", "publiques"], &["prive", "prives", "privee", "privees", "private"]),
    (
        &["vivant", "vivants", "vivante", "vivantes", "alive", "live"],
        &["mort", "morts", "morte", "mortes", "dead", "stillbirth", "stillbirths", "stillborn", "decede", "decedes"],
    ),
    (
        &["entree", "entrees", "admission", "admissions", "admis"],
        &["sortie", "sorties", "discharge", "discharges", "discharged"],
    ),
    (
        &["recu", "recus", "recue", "recues", "received"],
        &[
            "distribue",
            "distribues",
            "distribuee",
            "distribuees",
            "distributed",
            "issued",
            "consomme",
            "consommes",
            "consommee",
            "consommees",
            "consumed",
        ],
    ),
    (&["debut", "opening", "initial", "initiale"], &["fin", "closing", "final", "finale"]),
    (&["simple", "simples", "uncomplicated"], &["grave", "graves", "severe", "severes", "complicated"]),
    (&["urbain", "urbaine", "urban"], &["rural", "rurale"]),
    (&["interne", "internes", "inpatient", "inpatients"], &["externe", "externes", "outpatient", "outpatients"]),
    (&["oui", "yes"], &["no"]),
    (&["minimum", "min"], &["maximum", "max"]),
    (&["avant", "before"], &["apres", "after"]),
    (&["gauche", "left"], &["droite", "right"]),
    (
        &["achieved", "realise", "realises", "realisee", "realisees"],
        &["planned", "prevu", "prevus", "prevue", "prevues", "target", "cible"],
    ),
];

/// Words for numbers that tell doses and visits apart.
const ORDINALS: &[(&str, &[&str])] = &[
    ("1", &["premier", "premiere", "first"]),
    ("2", &["deuxieme", "second", "seconde", "ii"]),
    ("3", &["troisieme", "third", "iii"]),
    ("4", &["quatrieme", "fourth"]),
    ("5", &["cinquieme", "fifth"]),
    ("6", &["sixieme", "sixth"]),
    ("7", &["septieme", "seventh"]),
    ("8", &["huitieme", "eighth"]),
    ("9", &["neuvieme", "ninth"]),
];

impl Stand {
    pub(super) fn is_denial(self) -> bool {
        self.question == DENIAL
    }

    pub(super) fn is_opposite_of(self, other: Self) -> bool {
        self.question == other.question && self.second != other.second
    }
}

/// What the parts of a name are for and against.
pub(super) fn stands_of(parts: &[Part]) -> std::collections::BTreeSet<Stand> {
    let mut stands = std::collections::BTreeSet::new();
    for part in parts {
        match part {
            Part::Word(word) => {
                let word = word.as_str();
                if DENIALS.contains(&word) {
                    stands.insert(Stand { question: DENIAL, second: false });
                }
                let side = |(question, (one, other)): (usize, &(&[&str], &[&str]))| match () {
                    () if one.contains(&word) => Some(Stand { question, second: false }),
                    () if other.contains(&word) => Some(Stand { question, second: true }),
                    () => None,
                };
                stands.extend(OPPOSITES.iter().enumerate().find_map(side));
            }
            // `VIH+`, `VIH (-)`.
            Part::Sign(Sign::Plus) => {
                stands.insert(Stand { question: RESULT, second: false });
            }
            Part::Sign(Sign::Hyphen) => {
                stands.insert(Stand { question: RESULT, second: true });
            }
            Part::Sign(_) | Part::Figure(_) => {}
        }
    }
    stands
}

/// The numbers in a word, or the number that it is a word for: `cpn1`, `2eme`, `troisieme`.
pub(super) fn numbers_in(word: &str) -> Vec<String> {
    if let Some((number, _)) = ORDINALS.iter().find(|(_, ways)| ways.contains(&word)) {
        return vec![(*number).to_owned()];
    }
    let digits = word.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty());
    digits
        .map(|digits| {
            let plain = digits.trim_start_matches('0');
            if plain.is_empty() { "0".to_owned() } else { plain.to_owned() }
        })
        .collect()
}
