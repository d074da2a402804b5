//! How another office would write the same name. These tables are the generator's own, so that the measure does not
//! ask the matcher for what the matcher was told.

use super::random::Random;

/// Types of facilities with other ways to write them.
const TYPES: &[(&str, &[&str])] = &[
    ("centre de santé intégré", &["CSI", "C.S.I.", "Ctre de Santé Intégré", "Csi"]),
    ("centre de santé", &["CS", "C.S.", "Ctre de Santé", "Centre Santé", "Ctr Santé", "C. de Santé"]),
    ("poste de santé", &["PS", "P.S.", "Pste de Santé", "Poste Santé"]),
    ("centre hospitalier universitaire", &["CHU", "C.H.U."]),
    ("dispensaire", &["Disp.", "Disp", "DISP", "Dispens."]),
    ("hôpital", &["Hôp.", "Hop", "HOP.", "Hopit."]),
    ("clinique", &["Clin.", "Cliniq."]),
    ("maternité", &["Mat.", "Matern."]),
    ("centre médical", &["CM", "Ctre Méd.", "Ctre Médical"]),
    ("govt. hospital", &["Government Hospital", "Gov. Hosp.", "Govt Hosp", "Gvt Hospital"]),
    ("under fives clinic", &["U5 Clinic", "Under 5 Clinic"]),
    ("health centre", &["HC", "H.C.", "Health Ctr", "H/C", "Health Center"]),
    ("maternity home", &["Mat. Home", "Maternity"]),
    ("hospital", &["Hosp.", "Hosp"]),
    ("dispensary", &["Disp.", "Dispy"]),
    ("clinic", &["Clin.", "Cl.", "Clnc"]),
    ("mchp", &["MCH Post", "Maternal and Child Health Post", "M.C.H.P.", "Mchp"]),
    ("chp", &["Community Health Post", "C.H.P.", "Comm. Health Post"]),
    ("chc", &["Community Health Centre", "C.H.C.", "Comm. Health Centre", "Community Health Center"]),
];

const WORDS: &[(&str, &[&str])] = &[
    ("saint", &["St", "St.", "Ste", "ST"]),
    ("sainte", &["Ste", "Ste.", "St"]),
    ("st.", &["Saint", "St", "Sainte"]),
    ("govt.", &["Government", "Gov't", "Gvt"]),
    ("notre", &["N."]),
    ("ii", &["2", "Deux", "Two"]),
    ("2", &["II", "Two", "no. 2"]),
    ("annex", &["Annexe", "(Annex)"]),
    ("annexe", &["Annex", "(annexe)"]),
];

/// A name taken apart: what kind, how it stood, and the rest.
pub(crate) struct Parts {
    pub(crate) kind: Option<&'static (&'static str, &'static [&'static str])>,
    /// The type as it was written.
    pub(crate) written: String,
    pub(crate) rest: String,
    pub(crate) kind_first: bool,
}

/// Finds the type at either end of a name.
pub(crate) fn parts(name: &str) -> Parts {
    let lower = name.to_lowercase();
    for entry in TYPES {
        let length = entry.0.len();
        if lower.len() == name.len() && lower.starts_with(entry.0) && lower[length..].starts_with(' ') {
            let mut rest = name[length..].trim().to_owned();
            for small in ["de ", "du "] {
                rest = rest.strip_prefix(small).unwrap_or(&rest).to_owned();
            }
            return Parts { kind: Some(entry), written: name[..length].to_owned(), rest, kind_first: true };
        }
        if lower.len() == name.len() && lower.ends_with(entry.0) && lower[..lower.len() - length].ends_with(' ') {
            let split = name.len() - length;
            let rest = name[..split].trim().to_owned();
            return Parts { kind: Some(entry), written: name[split..].to_owned(), rest, kind_first: false };
        }
    }
    Parts { kind: None, written: String::new(), rest: name.to_owned(), kind_first: true }
}

impl Parts {
    pub(crate) fn join(&self, written: &str, first: bool) -> String {
        match (written.is_empty(), first) {
            (true, _) => self.rest.clone(),
            (_, true) => format!("{written} {}", self.rest),
            (_, false) => format!("{} {written}", self.rest),
        }
    }

    pub(crate) fn short(&self, random: &mut Random) -> String {
        self.kind.map_or_else(|| self.written.clone(), |(_, short)| (*random.pick(short)).to_owned())
    }
}

pub(crate) fn without_accents(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'É' | 'È' => 'E',
            'à' | 'â' => 'a',
            'ô' | 'ò' => 'o',
            'î' | 'ï' => 'i',
            'ç' => 'c',
            'û' | 'ù' => 'u',
            other => other,
        })
        .collect()
}

pub(crate) fn punctuated(name: &str, random: &mut Random) -> String {
    match random.below(5) {
        0 => name.replace(' ', "\u{a0}"),
        1 => name.replace(' ', "  "),
        2 => format!(" {name} "),
        3 => name.replacen(' ', "-", 1),
        _ => name.replace(' ', " - "),
    }
}

/// The words after the first in another order.
pub(crate) fn reordered(name: &str) -> String {
    let mut words: Vec<&str> = name.split_whitespace().collect();
    if words.len() > 1 {
        words.rotate_left(1);
    }
    words.join(" ")
}

/// Another way to write one of the words; none where there is no such word.
pub(crate) fn abbreviated(name: &str, words: &[&str], random: &mut Random) -> Option<String> {
    let mut found = false;
    let written: Vec<String> = name
        .split_whitespace()
        .map(|word| {
            let lower = word.to_lowercase();
            match WORDS.iter().find(|(known, _)| *known == lower && words.contains(known)) {
                Some((_, ways)) => {
                    found = true;
                    (*random.pick(ways)).to_owned()
                }
                None => word.to_owned(),
            }
        })
        .collect();
    found.then(|| written.join(" "))
}

/// One slip of the pen in the longest word: a letter left out, doubled, exchanged with its neighbour or another.
pub(crate) fn slipped(name: &str, random: &mut Random) -> String {
    let longest = name.split(' ').max_by_key(|word| word.chars().count()).unwrap_or("").to_owned();
    let mut letters: Vec<char> = longest.chars().collect();
    if letters.len() < 4 {
        return format!("{name}e");
    }
    let at = 1 + random.below(letters.len() - 2);
    match random.below(4) {
        0 => {
            letters.remove(at);
        }
        1 => letters.insert(at, letters[at]),
        2 => letters.swap(at, at + 1),
        _ => letters[at] = *random.pick(&['a', 'e', 'i', 'o', 'u', 'n', 'r']),
    }
    let slipped: String = letters.into_iter().collect();
    if slipped == longest { format!("{name}h") } else { name.replacen(&longest, &slipped, 1) }
}

impl Parts {
    pub(crate) fn join_as_written(&self) -> String {
        self.join(&self.written, self.kind_first)
    }
}

/// The name of a facility type that the place has now instead.
pub(crate) fn upgraded(parts: &Parts, random: &mut Random) -> String {
    let french = parts.kind.is_some_and(|(name, _)| {
        ["santé", "dispensaire", "hôpital", "clinique", "maternité", "centre"].iter().any(|word| name.contains(word))
    });
    let types: &[&str] =
        if french { &["Hôpital", "Centre de Santé", "Dispensaire"] } else { &["Hospital", "CHC", "Dispensary"] };
    let others: Vec<&&str> = types.iter().filter(|name| name.to_lowercase() != parts.written.to_lowercase()).collect();
    (**random.pick(&others)).to_owned()
}

/// The first word shortened to its initial.
pub(crate) fn initialled(name: &str) -> String {
    match name.split_once(' ') {
        Some((first, rest)) => format!("{}. {rest}", first.chars().take(1).collect::<String>()),
        None => name.to_owned(),
    }
}
