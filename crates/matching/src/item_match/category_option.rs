//! What a category option means, however it is written: a sex, an age group, a result, or just its name.

use crate::figures::Reading;
use crate::figures::sides;
pub use crate::item_match::age_group::AgeGroup;
use crate::names::folded;

/// The meaning of an option.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning {
    /// Women, girls.
    Female,
    /// Men, boys.
    Male,
    /// An age group.
    Age(AgeGroup),
    /// One of a few words that every country has (`positive`), or the name itself, spellings apart.
    Word(String),
}

/// Ways to write a sex that hold for an option alone.
const FEMALE: &[&str] = &["f", "fem", "sexe feminin"];
const MALE: &[&str] = &["m", "masc", "h", "sexe masculin"];

/// Words that only say of which category an option is.
const CATEGORIES: &[&str] = &[
    "sexe",
    "sex",
    "gender",
    "genre",
    "age",
    "test",
    "resultat",
    "result",
    "cas",
    "case",
    "cases",
    "sexo",
    "genero",
    "resultado",
    "caso",
    "casos",
    "edad",
    "idade",
];

/// Words that mean the same, in several lists.
const WORDS: &[(&str, &[&[&str]])] = &[
    ("positive", &[sides::POSITIVE]),
    ("negative", &[sides::NEGATIVE, &["non reactif", "non reactive", "no reactivo", "nao reagente"]]),
    ("yes", &[sides::YES]),
    ("no", &[sides::NO, &["non"]]),
    (
        "unknown",
        &[&[
            "inconnu",
            "inconnue",
            "unknown",
            "indetermine",
            "non precise",
            "not specified",
            "desconocido",
            "desconhecido",
        ]],
    ),
    (
        "other",
        &[&[
            "autre", "autres", "other", "others", "otro", "otra", "otros", "otras", "outro", "outra", "outros",
            "outras",
        ]],
    ),
    ("total", &[&["total", "tous", "toutes", "all", "ensemble", "todos", "todas"]]),
    ("new", &[sides::NEW, &["nouveau cas", "new case", "new cases"]]),
    ("old", &[sides::OLD, &["ancien cas"]]),
    ("public", &[sides::PUBLIC, &["gouvernement", "government", "govt", "etat"]]),
    ("alive", &[sides::ALIVE]),
    ("dead", &[sides::DEAD]),
    ("urban", &[sides::URBAN]),
    ("rural", &[sides::RURAL]),
    ("private", &[sides::PRIVATE]),
];

impl Meaning {
    /// Reads an option's name.
    pub fn of(name: &str) -> Self {
        if let Some(group) = AgeGroup::parse(name) {
            return Self::Age(group);
        }
        // `F.*` is the name of something, not `F`.
        if name.contains('*') {
            return Self::Word(format!("{} *", Reading::of(name).key()));
        }
        let plain = folded(name);
        match name.trim().to_lowercase().as_str() {
            "+" | "(+)" | "+ve" => return Self::Word("positive".to_owned()),
            "-" | "(-)" | "−" | "-ve" => return Self::Word("negative".to_owned()),
            _ => {}
        }
        // `F+` is not just `F`: signs and ranges are part of what a name says.
        let reading = Reading::of(name);
        if reading.has_signs() {
            return Self::Word(reading.key());
        }
        // `Sexe: F`, `Test positif`: which category it is says nothing about the option.
        let bare: Vec<&str> = plain.split(' ').filter(|word| !CATEGORIES.contains(word)).collect();
        let bare = bare.join(" ");
        if [sides::FEMALE, FEMALE].iter().any(|words| words.contains(&bare.as_str())) {
            return Self::Female;
        }
        if [sides::MALE, MALE].iter().any(|words| words.contains(&bare.as_str())) {
            return Self::Male;
        }
        let is_one = |ways: &[&str]| ways.contains(&plain.as_str()) || ways.contains(&bare.as_str());
        let known = WORDS.iter().find(|(_, ways)| ways.iter().any(|ways| is_one(ways)));
        Self::Word(known.map_or_else(|| reading.key(), |(word, _)| (*word).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Meaning;

    #[test]
    fn options_mean_the_same_in_every_language() {
        for (left, right) in [
            ("F", "Féminin"),
            ("Female", "FEMMES"),
            ("Masculin", "HOMMES"),
            ("M", "Male"),
            ("Positif", "POS"),
            ("Fonds mondial", "FONDS  MONDIAL"),
            ("Gouvernement", "Government"),
        ] {
            assert_eq!(Meaning::of(left), Meaning::of(right), "{left} {right}");
        }
        for (left, right) in [
            ("Hombre", "Homme"),
            ("Mujeres", "Femmes"),
            ("Feminino", "F"),
            ("Masculino", "Male"),
            ("Positivo", "Positif"),
            ("Sí", "Oui"),
            ("Não", "No"),
            ("Menor de 1 año", "< 1 an"),
            ("Menores de 5 anos", "0-4 ans"),
            ("50 y más años", "50+"),
            ("50 anos e mais", "50 ans et plus"),
            ("1-4 meses", "1-4 mois"),
            ("0-28 días", "0-28 jours"),
            ("De 5 a 9 años", "5-9"),
        ] {
            assert_eq!(Meaning::of(left), Meaning::of(right), "{left} {right}");
        }
        assert_ne!(Meaning::of("F.*"), Meaning::of("F"));
        assert_ne!(Meaning::of("F"), Meaning::of("M"));
        assert_ne!(Meaning::of("<5"), Meaning::of("<=5"));
    }
}
