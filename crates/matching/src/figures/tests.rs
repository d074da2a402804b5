//! Names that say the same, names that do not, and laws that hold for all ranges.

use proptest::prelude::*;

use super::{Agreement, agreement, key};

#[track_caller]
fn all_the_same(names: &[&str]) {
    for name in &names[1..] {
        assert_eq!(key(name), key(names[0]), "{name} and {}", names[0]);
        assert_eq!(agreement(name, names[0]), Agreement::Same, "{name} and {}", names[0]);
    }
}

#[track_caller]
fn all_different(names: &[&str]) {
    for (index, name) in names.iter().enumerate() {
        for other in &names[index + 1..] {
            assert_ne!(key(name), key(other), "{name} and {other}");
        }
    }
}

#[test]
fn spellings_of_one_range_are_one() {
    all_the_same(&[
        "<5",
        "< 5",
        "&lt;5",
        "&LT; 5",
        "under 5",
        "moins de 5",
        "Moins de  5",
        "0-4",
        "0 – 4",
        "0 to 4",
        "0 à 4",
        "U5",
        "≤4",
        "<=4",
        "=<4",
        "＜5",
        "[0-5[",
        "less than 5",
        "inférieur à 5",
        "moins de cinq",
        "0-<5",
    ]);
    all_the_same(&[
        "5+",
        "5 +",
        "≥5",
        ">= 5",
        "=> 5",
        "5 et plus",
        "5 ou plus",
        "5 and above",
        "5 & over",
        "+5",
        ">4",
        "plus de 4",
        "&gt;4",
        "&ge;5",
        "à partir de 5",
        "at least 5",
        "5 et +",
    ]);
    all_the_same(&[
        "Décès < 5 ans",
        "DECES <5 ANS",
        "Décès de moins de 5 ans",
        "deces 0-4 ans",
        "Décès (<5ans)",
        "Décès - moins de 5 years",
        "Décès 0-59 mois",
        "Décès\u{a0}<\u{202f}5\u{a0}ans",
        "De\u{301}ce\u{300}s  < 5 ans",
        "Décès moins de cinq ans",
    ]);
    all_the_same(&["10-14", "10 – 14", "10 − 14", "10 à 14", "10 to 14", "10—14"]);
    all_the_same(&[
        "Naissances <2500g",
        "Naissances < 2500 g",
        "naissances moins de 2 500 grammes",
        "Naissances <2\u{202f}500g",
    ]);
    all_the_same(&["Hôpital  St.-Michel", "hopital st michel", "HOPITAL ST MICHEL"]);
    all_the_same(&["Port-au-Prince", "Port au Prince", "PORT - AU - PRINCE", "Port–au–Prince"]);
    all_the_same(&["Sud-Est", "Sud Est", "Sud - Est", "-Sud-Est"]);
    all_the_same(&["Clinique n°2", "clinique n 2", "Clinique n° 02"]);
    all_the_same(&["Grand'Anse", "Grand’Anse", "GRANDANSE"]);
    all_the_same(&["Taux 80%", "taux 80 %"]);
    all_the_same(&["P/T < -3", "P T <-3", "P/T < −3"]);
    all_the_same(&["2,5 kg", "2.5 kg"]);
}

#[test]
fn what_says_something_else_is_another_name() {
    all_different(&[
        "<5", ">5", "5+", "5", "-5", "±5", "=5", "~5", "5%", "0-5", "5-0", "5.5", "<5 mois", "<5 jours", "<5 kg",
        ">5 kg", "≥5 kg", "≤5 kg", "≥6 kg", "<-5", ">-5", "5-9", "50", "<50", "<5.5",
    ]);
    all_different(&["10-14", "1014", "10 14", "10.14", "10-14 mois", "10-14 ans", "10-14-18", "14-10"]);
    all_different(&["VIH+", "VIH-", "VIH", "VIH ±"]);
    all_different(&["VIH+ enfants", "VIH- enfants", "VIH enfants", "VIH + enfants"]);
    all_different(&["VIH (+)", "VIH (-)", "VIH"]);
    all_different(&["2,500", "2.500", "2500"]);
    all_different(&["CD4 <350", "CD4 >350", "CD4 ≥350", "CD4 <250", "CD4 350", "CD4"]);
    all_different(&["Décès < 5 ans", "Décès > 5 ans", "Décès 5 ans", "Décès ≥ 5 ans"]);
    all_different(&["Accouchements par personnel qualifié", "Accouchements par personnel non qualifié"]);
}

#[test]
fn contradictions_are_told_from_what_is_left_unsaid() {
    for (left, right) in [
        ("Décès < 5 ans", "Décès > 5 ans"),
        ("Naissances <2500g", "Naissances >2500g"),
        ("Accouchements par personnel qualifié", "Accouchements par personnel non qualifié"),
        ("CPN1", "CPN 2"),
        ("Test VIH+", "Test VIH-"),
        ("Test VIH positif", "Test VIH (-)"),
        ("VIH+ enfants", "VIH- enfants"),
        ("Garçons 0-4", "Filles 0-4"),
        ("Stock début", "Stock fin"),
        ("ANC 1st visit", "ANC 2nd visit"),
        ("6-59 mois", "6-59 ans"),
    ] {
        assert_eq!(agreement(left, right), Agreement::Contradiction, "{left} and {right}");
        assert_eq!(agreement(right, left), Agreement::Contradiction, "{right} and {left}");
    }
    for (left, right) in [("Décès", "Décès < 5 ans"), ("BCG", "BCG 1"), ("Taux (%)", "Taux")] {
        assert_eq!(agreement(left, right), Agreement::OneSided, "{left} and {right}");
    }
    for (left, right) in [
        ("CPN1", "CPN 1ère visite"),
        ("Décès <5", "Décès < 5 ans"),
        ("Naissances <2500", "Naissances de moins de 2500 g"),
        ("Saint-Michel", "Saint Michel"),
        ("Dose II", "Dose 2"),
        ("VIH + TB", "VIH et TB"),
    ] {
        assert_eq!(agreement(left, right), Agreement::Same, "{left} and {right}");
    }
}

#[test]
fn numbers_letters_and_signs_belong_to_their_places() {
    for (left, right) in [
        ("Zone 1 Poste 2", "Zone 2 Poste 1"),
        ("Zone 1 Poste 2", "Poste 1 Zone 2"),
        ("Bloc 3 Secteur 1", "Bloc 1 Secteur 3"),
        ("Penta 1 groupe 3", "Penta 3 groupe 1"),
        ("Penta1 groupe3", "Penta 3 groupe 1"),
        ("0-11 mois dose 2 lot 3", "0-11 mois dose 3 lot 2"),
        ("1:2 dil", "2:1 dil"),
        ("TDR + enfants", "TDR - enfants"),
        ("Paludisme TDR + enfants", "Paludisme TDR − enfants"),
        ("VIH + sous ARV", "VIH - sous ARV"),
        ("Rh+ donneurs", "Rh- donneurs"),
        ("Rh +", "Rh -"),
        ("TDR −", "TDR +"),
        ("Stock - fin", "Stock + fin"),
        ("IgM+/IgG-", "IgM-/IgG+"),
        ("IgM+/IgG- femmes", "IgM-/IgG+ femmes"),
        ("D-1", "D+1"),
        ("J+7", "J-7"),
        ("25 - 49", "25 + 49"),
        ("Hépatite A", "Hépatite B"),
        ("HEPATITE A", "HEPATITE B"),
        ("Hépatite a", "Hépatite b"),
        ("Vitamine A", "Vitamine D"),
        ("Groupe A positif", "Groupe B positif"),
        ("Cat I", "Cat II"),
        ("Cat IV", "Cat VI"),
        ("Malaria P.f.", "Malaria P.v."),
        ("Cas F", "Cas hommes"),
        ("Cas F", "Cas M"),
        ("5/10", "5-10"),
        ("2,000", "2.0"),
        ("＜5", "＞5"),
        ("10³", "103"),
        ("15-49", "15-4 9"),
        ("Rivière −1", "Rivière 1"),
    ] {
        assert_eq!(agreement(left, right), Agreement::Contradiction, "{left} and {right}");
        assert_eq!(agreement(right, left), Agreement::Contradiction, "{right} and {left}");
    }
    for (left, right) in [
        ("VAT2+", "VAT2"),
        ("Groupe A-", "Groupe A"),
        ("BK +", "BK"),
        ("TDR + enfants", "TDR enfants"),
        ("VIH+ enfants", "VIH enfants"),
        ("Test VIH positif", "Test VIH"),
        ("J-7", "J7"),
        ("Cas/1000", "Cas 1000"),
        ("½ comprimé", "2 comprimé"),
        ("Âge ~ 5", "Âge 5"),
        ("Hépatite A", "Hépatite"),
    ] {
        assert_eq!(agreement(left, right), Agreement::OneSided, "{left} and {right}");
        assert_eq!(agreement(right, left), Agreement::OneSided, "{right} and {left}");
    }
    for (left, right) in [
        ("CS 2 Zone 1", "Zone 1 CS 2"),
        ("Penta 1, 0-11 mois", "0-11 mois, Penta 1"),
        ("Penta 1, 0-11 mois", "Pentavalent 1 chez 0-11 mois"),
        ("EPI - BCG", "EPI BCG"),
        ("EPI - BCG", "EPI: BCG"),
        ("EPI_BCG", "EPI / BCG"),
        ("TDR - enfants", "TDR enfants"),
        ("Fer + acide folique", "Fer et acide folique"),
        ("VIH + TB", "VIH et TB"),
        ("Poste V", "Poste 5"),
        ("Cas M 15-49", "Cas hommes 15-49"),
        ("Accouchements à domicile", "ACCOUCHEMENTS A DOMICILE"),
        ("L'Hôpital", "L Hôpital"),
        ("VIH+ enfants", "VIH positif enfants"),
        ("Zone A 1", "Zone A1"),
        ("m²", "m2"),
        ("Cas 1/2", "Cas 1 / 2"),
    ] {
        assert_eq!(agreement(left, right), Agreement::Same, "{left} and {right}");
        assert_eq!(agreement(right, left), Agreement::Same, "{right} and {left}");
    }
}

#[test]
fn four_languages_contradict_and_agree() {
    for (left, right) in [
        ("Muertes 1-4 meses", "Muertes 1-4 años"),
        ("Óbitos 1-4 meses", "Óbitos 1-4 anos"),
        ("Muertes menores de 1 mes", "Muertes menores de 1 año"),
        ("Niños menores de 5", "Niños mayores de 5"),
        ("Casos hombres", "Casos mujeres"),
        ("Masculino", "Femenino"),
        ("Masculino", "Feminino"),
        ("Hombre", "Femme"),
        ("Positivo", "Negativo"),
        ("Positivo", "Négatif"),
        ("Sí", "No"),
        ("Sim", "Não"),
        ("Con complicaciones", "Sin complicaciones"),
        ("Com complicações", "Sem complicações"),
        ("Vivo", "Muerto"),
        ("Vivos", "Mortos"),
        ("Rural", "Urbano"),
        ("Casos nuevos", "Casos anteriores"),
        ("Casos novos", "Casos antigos"),
        ("15-49 años", "50 y más años"),
        ("ARV 0 a 11 meses", "ARV 0 a 11 años"),
        ("Jours", "Mois"),
        ("Días", "Semanas"),
        ("Maior de 5 anos", "Menor de 5 anos"),
    ] {
        assert_eq!(agreement(left, right), Agreement::Contradiction, "{left} and {right}");
    }
    all_the_same(&[
        "<5 ans",
        "Menor de 5 años",
        "menores de 5 anos",
        "Menos de cinco años",
        "0 a 4 años",
        "< 60 meses",
    ]);
    all_the_same(&["50+", "50 y más", "50 e mais", "50 et plus", "al menos 50"]);
    all_the_same(&["0-28 días", "0-28 dias", "0 à 28 jours"]);
    all_the_same(&["entre 5 y 9 años", "5-9 ans", "de 5 a 9 anos"]);
}

/// A range with its lower end and what comes after its upper one, and a spelling of it.
fn spelt() -> impl Strategy<Value = ((u32, Option<u32>), String)> {
    let below = (1_u32..130, 0_usize..6).prop_map(|(n, way)| {
        let text = match way {
            0 => format!("<{n}"),
            1 => format!("< {n}"),
            2 => format!("under {n}"),
            3 => format!("moins de {n}"),
            4 => format!("&lt;{n}"),
            _ => format!("≤{}", n - 1),
        };
        ((0, Some(n)), text)
    });
    let from = (1_u32..130, 0_usize..6).prop_map(|(n, way)| {
        let text = match way {
            0 => format!("{n}+"),
            1 => format!("≥ {n}"),
            2 => format!(">= {n}"),
            3 => format!("{n} et plus"),
            4 => format!("{n} and above"),
            _ => format!(">{}", n - 1),
        };
        ((n, None), text)
    });
    let between = (0_u32..100, 1_u32..30, 0_usize..4).prop_map(|(low, more, way)| {
        let high = low + more;
        let text = match way {
            0 => format!("{low}-{high}"),
            1 => format!("{low} – {high}"),
            2 => format!("{low} à {high}"),
            _ => format!("{low} to {high}"),
        };
        ((low, Some(high + 1)), text)
    });
    prop_oneof![below, from, between]
}

proptest! {
    #[test]
    fn ranges_are_the_same_exactly_if_they_hold_the_same_numbers(
        one in spelt(), other in spelt(), word in prop_oneof![Just(""), Just("Cas "), Just("Décès, ")],
    ) {
        let (left, right) = (format!("{word}{}", one.1), format!("{word}{}", other.1));
        prop_assert_eq!(key(&left) == key(&right), one.0 == other.0, "{} and {}", left, right);
        let agree = agreement(&left, &right);
        prop_assert_eq!(agree == Agreement::Same, one.0 == other.0, "{} and {}", left, right);
    }

    #[test]
    fn other_numbers_make_other_names(one in 0_u32..5000, other in 0_u32..5000) {
        for pattern in ["CPN #", "Zone#", "#", "F-#", "< #", "# ans et plus", "Clinique #e", "# %", "±#"] {
            let (left, right) = (pattern.replace('#', &one.to_string()), pattern.replace('#', &other.to_string()));
            prop_assert_eq!(key(&left) == key(&right), one == other, "{} and {}", left, right);
            prop_assert_eq!(agreement(&left, &right) == Agreement::Same, one == other, "{} and {}", left, right);
        }
    }

    #[test]
    fn numbers_that_change_places_make_another_name(one in 0_u32..300, other in 0_u32..300, words in (0_usize..5, 1_usize..5)) {
        let all = ["Zone", "Poste", "Secteur", "Penta", "groupe"];
        let (first, second) = (all[words.0], all[(words.0 + words.1) % 5]);
        let name = format!("{first} {one} {second} {other}");
        let turned = format!("{second} {other} {first} {one}");
        let swapped = format!("{first} {other} {second} {one}");
        prop_assert_eq!(agreement(&name, &turned), Agreement::Same);
        let expected = if one == other { Agreement::Same } else { Agreement::Contradiction };
        prop_assert_eq!(agreement(&name, &swapped), expected);
        prop_assert_eq!(agreement(&swapped, &turned), expected);
    }

    #[test]
    fn a_plus_is_no_minus(before in "[A-Z][a-zé]{1,8}", behind in "[a-z]{2,8}", gaps in (0_usize..4)) {
        let (left, right) = ["{} ", " {}", " {} ", "{}"].map(|gap| (gap.replace("{}", "+"), gap.replace("{}", "-")))[gaps].clone();
        prop_assert_eq!(
            agreement(&format!("{before}{left}{behind}"), &format!("{before}{right}{behind}")),
            Agreement::Contradiction
        );
    }

    #[test]
    fn agreement_is_the_same_from_both_sides(left in "\\PC{0,24}", right in "\\PC{0,24}") {
        prop_assert_eq!(agreement(&left, &right), agreement(&right, &left));
        prop_assert_eq!(agreement(&left, &left), Agreement::Same);
    }

    #[test]
    fn words_with_hyphens_are_words(words in proptest::collection::vec("[A-Z][a-zé]{2,8}", 2..5)) {
        let known = ["Non", "Not", "Sans", "Hors", "Sin", "Nao", "Sem"];
        prop_assume!(!words.iter().any(|word| known.contains(&word.as_str())));
        let (joined, apart, dashed) = (words.join("-"), words.join(" "), words.join(" – "));
        prop_assert_eq!(key(&joined), key(&apart));
        prop_assert_eq!(key(&dashed), key(&apart));
        prop_assert_eq!(key(&joined.to_uppercase()), key(&apart));
    }

    #[test]
    fn any_text_can_be_read(text in "\\PC{0,40}") {
        let once = key(&text);
        prop_assert_eq!(key(&text), once);
    }
}
