//! Category options as offices in two languages write them, grouped by what they mean. Every two names of a group have
//! to mean the same, and names of different groups something else; the groups were written down before the reader.

use xfer_matching::item_match::category_option::Meaning;

/// Names that mean the same, line by line.
const GROUPS: &[&[&str]] = &[
    // Under five, five and over.
    &[
        "<5",
        "< 5 ans",
        "0-4 ans",
        "0-4",
        "0 - 4 years",
        "0 à 4 ans",
        "Moins de 5 ans",
        "moins de cinq ans",
        "Under 5",
        "Under 5 years",
        "under five",
        "U5",
        "<5yrs",
        "0-59 mois",
        "0 - 59 months",
        "Enfants <5 ans",
        "Less than 5 years",
        "inférieur à 5 ans",
        "Children under 5",
        "0-4y",
        "00-04",
        "[0-4] ans",
        "(0-4 ans)",
        "0–4 ans",
        "Below 5 yrs",
        "Enfant de moins de 5 ans",
        "âge: 0-4 ans",
        "0_4",
        "<60 mois",
        "Younger than 5 years",
        "up to 4 years",
        "Jusqu'à 4 ans",
        "5 ans (moins de)",
    ],
    &[
        "5+",
        "5 ans et plus",
        "5 ans et +",
        ">=5",
        "≥5 ans",
        "5 years and above",
        "5 years and over",
        "5 and older",
        "5yrs+",
        "5 ans ou plus",
        "5 et plus",
        "cinq ans et plus",
        "5 years +",
        "+5 ans",
        "5 & above",
        "aged 5 and over",
        "5 ANS & PLUS",
        "60 mois et plus",
        "à partir de 5 ans",
        "from 5 years",
    ],
    // Fifteen.
    &["<15", "0-14 ans", "under 15", "0-14", "Moins de 15 ans", "0-14 years", "≤14 ans"],
    &["15+", "15 ans et plus", ">14 ans", "15 years and above", "15 and over", "over 14", "15 ou plus", "≥ 15"],
    // Bands.
    &["1-4 ans", "12-59 mois", "1 - 4 years", "1 à 4 ans", "01-04", "1-4y", "12 à 59 mois"],
    &[
        "5-14 ans",
        "5 - 14 years",
        "5 à 14 ans",
        "05-14",
        "5 to 14",
        "de 5 à 14 ans",
        "between 5 and 14 years",
        "from 5 to 14 years",
    ],
    &["15-24", "15-24 ans", "15 à 24 ans", "15 to 24 years", "entre 15 et 24 ans", "[15-24]", "15-24yrs"],
    &["15-49", "15-49 ans", "15 - 49 years", "15-49 YEARS"],
    &["25-49", "25 – 49 ans", "25 to 49 yrs", "25−49"],
    &["10-14", "10-14 ans", "10 à 14 ans", "10 - 14 yrs"],
    &["15-19", "15 - 19 ans", "15 to 19 years"],
    &["20-24", "20-24 ans"],
    &["50+", "50 ans et plus", ">=50", "≥50", "50 years and above", ">49"],
    &["60+", "60 ans et plus", "60 years and over", "soixante ans et plus"],
    // Months, weeks, days.
    &[
        "<1 an",
        "0-11 mois",
        "< 12 mois",
        "under 1 year",
        "0 - 11 months",
        "moins d'un an",
        "<1",
        "Moins d’un an",
        "under one year",
        "Less than 12 months",
        "moins de 12 mois",
    ],
    &["12-23 mois", "12–23 months", "12 à 23 mois", "12-23m"],
    &["6-59 mois", "6 - 59 months", "6 à 59 mois"],
    &["6-11 mois", "6-11 months", "6 à 11 mois"],
    &["0-28 jours", "0 - 28 days", "0 à 28 jours", "0-28 j"],
    &["0-7 jours", "0-7 days", "0 à 7 jours"],
    &["29 jours - 11 mois", "29 days to 11 months", "29 j à 11 mois", "29 days - 11 months"],
    &["0-5 mois", "<6 mois", "under 6 months", "moins de 6 mois"],
    // Sex.
    &["F", "Féminin", "Female", "Femmes", "femme", "FEM", "Sexe féminin", "Filles", "Women", "Sexe: F", "Sex - Female"],
    &["M", "Masculin", "Male", "Hommes", "homme", "MASC", "Sexe masculin", "Garçons", "Men", "Sexe: M", "Sex - Male"],
    // Results and the like.
    &["Positif", "Positive", "POS", "positifs", "Réactif", "+ve", "Pos.", "Test positif"],
    &["Négatif", "Negative", "NEG", "négatifs", "Non réactif", "-ve", "Neg.", "Test négatif"],
    &["Oui", "Yes", "OUI"],
    &["Non", "No", "NON"],
    &[
        "Inconnu",
        "Unknown",
        "Indéterminé",
        "Not specified",
        "Non précisé",
        "Âge inconnu",
        "Unknown age",
        "Sexe inconnu",
    ],
    &["Nouveau", "New", "Nouveaux cas", "new cases", "NOUVEAU CAS"],
    &["Ancien", "Old", "Anciens cas", "old cases"],
    &["Public", "Publique", "Gouvernement", "Government"],
    &["Privé", "Private", "PRIVEE"],
    &["Autre", "Other", "Autres", "others"],
    &["Total", "Tous", "All"],
    // Names of their own.
    &["PEPFAR", "Pepfar "],
    &["Fonds mondial", "FONDS  MONDIAL"],
    &["BCG 1"],
    &["Dose 1", "DOSE 1"],
    &["Dose 2"],
    &["Trimestre 1"],
    &["15"],
    &["Pregnant women 15-49"],
    &["Femmes enceintes"],
];

#[test]
fn options_that_mean_the_same_are_read_so_and_no_others() {
    let mut mistakes = Vec::new();
    for (number, group) in GROUPS.iter().enumerate() {
        let meaning = Meaning::of(group[0]);
        for name in &group[1..] {
            if Meaning::of(name) != meaning {
                mistakes.push(format!("`{name}` is not `{}` but {:?}", group[0], Meaning::of(name)));
            }
        }
        for other in &GROUPS[number + 1..] {
            for name in *other {
                if group.iter().any(|known| Meaning::of(known) == Meaning::of(name)) {
                    mistakes.push(format!("`{name}` is read as `{}`", group[0]));
                }
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}
