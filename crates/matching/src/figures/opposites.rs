//! Words that turn a name into its opposite, and numbers that are written as words or within them.

use crate::figures::phrases::Part;
use crate::figures::sides;
use crate::figures::tokens::Sign;

/// What a name is about, where another name may be about the counterpart: a question by its number, and the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stand {
    question: usize,
    side: usize,
}

/// `non qualifié`, `sans`: a name with it says the opposite of the name without it.
const DENIALS: &[&str] = &[
    "non",
    "not",
    "sans",
    "without",
    "hors",
    "sauf",
    "except",
    "excluding",
    "excl",
    "sin",
    "nao",
    "excepto",
    "exceto",
    "aucun",
    "aucune",
];

/// Words behind `no` that make it the short form of `number`.
const NUMBERED: &[&str] = &["of", "de", "d", "des", "du", "cases", "cas", "total"];

/// What is denied has no counterpart of its own.
const DENIAL: usize = usize::MAX;

/// The question of a test's result, which signs answer as well.
const RESULT: usize = 0;

/// The question of sex, which letters answer as well.
const SEX: usize = 1;

/// The question of what time is counted in, which has more answers than two.
const UNITS: usize = usize::MAX - 1;

/// Lists of words for one side.
type Words = &'static [&'static [&'static str]];

/// Words for one side and for the other.
const OPPOSITES: &[(Words, Words)] = &[
    (&[sides::POSITIVE, &["reactivos", "reagentes"]], &[sides::NEGATIVE]),
    (
        &[sides::FEMALE, &["feminins", "femeninos", "femeninas", "femininos", "femininas", "hembra", "hembras"]],
        &[sides::MALE, &["masculins", "masculinos", "masculinas", "nino", "ninos"]],
    ),
    (&[sides::NEW], &[sides::OLD, &["viejo", "vieja", "viejos", "viejas", "velho", "velha", "velhos", "velhas"]]),
    (
        &[sides::PUBLIC, &["publics", "publiques", "publicos", "publicas"]],
        &[sides::PRIVATE, &["prives", "privees", "privados", "privadas"]],
    ),
    (
        &[sides::ALIVE, &["live"]],
        &[sides::DEAD, &["stillbirth", "stillbirths", "stillborn", "fallecida", "fallecidas", "falecida", "falecidas"]],
    ),
    (
        &[&[
            "entree",
            "entrees",
            "admission",
            "admissions",
            "admis",
            "entrada",
            "entradas",
            "ingreso",
            "ingresos",
            "admision",
            "admisiones",
            "admissao",
            "admissoes",
        ]],
        &[&[
            "sortie",
            "sorties",
            "discharge",
            "discharges",
            "discharged",
            "salida",
            "salidas",
            "saida",
            "saidas",
            "egreso",
            "egresos",
            "alta",
            "altas",
        ]],
    ),
    (
        &[&[
            "recu",
            "recus",
            "recue",
            "recues",
            "received",
            "recibido",
            "recibida",
            "recibidos",
            "recibidas",
            "recebido",
            "recebida",
            "recebidos",
            "recebidas",
        ]],
        &[&[
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
            "distribuido",
            "distribuida",
            "distribuidos",
            "distribuidas",
            "consumido",
            "consumida",
            "consumidos",
            "consumidas",
            "entregado",
            "entregados",
        ]],
    ),
    (
        &[&["debut", "opening", "initial", "initiale", "inicio", "inicial"]],
        &[&["fin", "closing", "final", "finale", "fim"]],
    ),
    (
        &[&["simple", "simples", "uncomplicated", "leve", "leves"]],
        &[&["grave", "graves", "severe", "severes", "complicated", "severo", "severa", "severos", "severas"]],
    ),
    (&[sides::URBAN, &["urbanos", "urbanas"]], &[sides::RURAL, &["rurais"]]),
    (
        &[&["interne", "internes", "inpatient", "inpatients", "interno", "interna", "internos", "internas"]],
        &[&[
            "externe",
            "externes",
            "outpatient",
            "outpatients",
            "externo",
            "externa",
            "externos",
            "externas",
            "ambulatorio",
            "ambulatorios",
        ]],
    ),
    (&[sides::YES], &[sides::NO]),
    (&[&["minimum", "min", "minimo", "minima"]], &[&["maximum", "max", "maximo", "maxima"]]),
    (&[&["avant", "before", "antes"]], &[&["apres", "after", "despues", "depois"]]),
    (
        &[&["gauche", "left", "izquierda", "izquierdo", "esquerda", "esquerdo"]],
        &[&["droite", "right", "derecha", "derecho", "direita", "direito"]],
    ),
    (
        &[&[
            "achieved",
            "realise",
            "realises",
            "realisee",
            "realisees",
            "realizado",
            "realizada",
            "realizados",
            "realizadas",
        ]],
        &[&[
            "planned",
            "prevu",
            "prevus",
            "prevue",
            "prevues",
            "target",
            "cible",
            "previsto",
            "prevista",
            "previstos",
            "previstas",
            "planificado",
            "planificada",
            "planeado",
            "planeada",
            "meta",
        ]],
    ),
];

/// What time is counted in, where it stands without a number: of these one excludes the others.
const UNIT_WORDS: &[&[&str]] = &[
    &["jour", "jours", "day", "days", "dia", "dias"],
    &["semaine", "semaines", "week", "weeks", "semana", "semanas"],
    &["mois", "month", "months", "mes", "meses"],
    &["an", "ans", "annee", "annees", "year", "years", "ano", "anos"],
];

/// Words for numbers that tell doses and visits apart.
const ORDINALS: &[(&str, &[&str])] = &[
    ("1", &["premier", "premiere", "first", "primero", "primera", "primer", "primeiro", "primeira"]),
    ("2", &["deuxieme", "second", "seconde", "ii", "segundo", "segunda"]),
    ("3", &["troisieme", "third", "iii", "tercero", "tercera", "tercer", "terceiro", "terceira"]),
    ("4", &["quatrieme", "fourth", "iv", "cuarto", "cuarta", "quarto", "quarta"]),
    ("5", &["cinquieme", "fifth", "quinto", "quinta"]),
    ("6", &["sixieme", "sixth", "vi", "sexto", "sexta"]),
    ("7", &["septieme", "seventh", "vii"]),
    ("8", &["huitieme", "eighth", "viii"]),
    ("11", &["xi"]),
    ("12", &["xii"]),
    ("9", &["neuvieme", "ninth", "ix"]),
];

impl Stand {
    pub(super) fn is_denial(self) -> bool {
        self.question == DENIAL
    }

    /// Whether it is a result: positive or negative.
    pub(super) fn is_result(self) -> bool {
        self.question == RESULT
    }

    /// The sex that a letter stands for.
    pub(super) fn of_sex_letter(letter: &str) -> Option<Self> {
        match letter {
            "f" => Some(Self { question: SEX, side: 0 }),
            "m" | "h" => Some(Self { question: SEX, side: 1 }),
            _ => None,
        }
    }

    pub(super) fn is_opposite_of(self, other: Self) -> bool {
        self.question == other.question && self.side != other.side
    }
}

/// What the parts of a name are for and against.
pub(super) fn stands_of(parts: &[Part]) -> std::collections::BTreeSet<Stand> {
    let mut stands = std::collections::BTreeSet::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Word(word) => {
                let word = word.as_str();
                let next = match parts.get(at + 1) {
                    Some(Part::Word(next)) => Some(next.as_str()),
                    _ => None,
                };
                // `Sem 12` is a week, `No. of cases` a number.
                let denies_the_next = match word {
                    "sem" => next.is_some(),
                    "no" => next.is_some_and(|next| !NUMBERED.contains(&next)),
                    _ => false,
                };
                if let Some(side) = UNIT_WORDS.iter().position(|ways| ways.contains(&word)) {
                    stands.insert(Stand { question: UNITS, side });
                }
                if denies_the_next || DENIALS.contains(&word) {
                    stands.insert(Stand { question: DENIAL, side: 0 });
                }
                let side = |(question, (one, other)): (usize, &(Words, Words))| match () {
                    () if has(one, word) => Some(Stand { question, side: 0 }),
                    () if has(other, word) => Some(Stand { question, side: 1 }),
                    () => None,
                };
                stands.extend(OPPOSITES.iter().enumerate().find_map(side));
            }
            // `VIH+`, `VIH (-)`.
            Part::Sign(Sign::Plus) => {
                stands.insert(Stand { question: RESULT, side: 0 });
            }
            Part::Sign(Sign::Hyphen) => {
                stands.insert(Stand { question: RESULT, side: 1 });
            }
            Part::Sign(_) | Part::Figure(_) | Part::Letter(_) => {}
        }
    }
    stands
}

/// Whether a word says how a test came out.
pub(super) fn is_result(word: &str) -> bool {
    OPPOSITES.get(RESULT).is_some_and(|(one, other)| has(one, word) || has(other, word))
}

fn has(words: Words, word: &str) -> bool {
    words.iter().any(|words| words.contains(&word))
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
