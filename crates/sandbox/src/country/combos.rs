//! Categories, their options and the combos of both sides, and which option of the one is which of the other.
//!
//! The destination splits the same figures by its own categories: other ids, other names, the two dimensions of
//! age and sex in the other order, and partners that may be used in some years only.

use serde_json::{Value, json};

use super::export::{Export, named, sharing};
use crate::chance::Chance;

/// The combo without disaggregation and its one option combo; the same ids on every DHIS2 server.
pub(super) const DEFAULT_COMBO: &str = "bjDvmb4bfuf";
/// See [`DEFAULT_COMBO`].
pub(super) const DEFAULT_OPTION_COMBO: &str = "HllvX50cXC0";

/// An option of a category.
#[derive(Debug)]
pub(super) struct CategoryOption {
    /// What identifies it in the generator, and its code.
    pub(super) key: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// First day on which it may be used.
    pub(super) start: Option<&'static str>,
}

const fn option(key: &'static str, name: &'static str) -> CategoryOption {
    CategoryOption { key, name, start: None }
}

/// A category.
#[derive(Debug)]
pub(super) struct Category {
    key: &'static str,
    name: &'static str,
    options: &'static [CategoryOption],
}

/// A category combo.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Combo {
    /// Without disaggregation.
    Default,
    /// Source: age group, then sex.
    AgeAndSex,
    /// Source: age of a mother.
    MotherAge,
    /// Source: age at vaccination.
    DoseAge,
    /// Source: sex.
    Sex,
    /// Source: result of a test.
    Result,
    /// Source: age in surveillance.
    AlertAge,
    /// Source: who pays (an attribute combo).
    Funding,
    /// Destination: sex, then age group.
    NationalSexAndAge,
    /// Destination: sex.
    NationalSex,
    /// Destination: age at vaccination.
    NationalDoseAge,
    /// Destination: age in surveillance.
    NationalAlertAge,
    /// Destination: who pays (an attribute combo).
    NationalFunding,
}

const AGE: Category = Category {
    key: "AGE",
    name: "Groupe d'âge",
    options: &[option("A0_4", "0-4 ans"), option("A5_14", "5-14 ans"), option("A15", "15 ans et plus")],
};
const SEX: Category =
    Category { key: "SEXE", name: "Sexe", options: &[option("M", "Masculin"), option("F", "Féminin")] };
const MOTHER: Category = Category {
    key: "AGE_MERE",
    name: "Âge de la mère",
    options: &[option("MERE_U20", "Moins de 20 ans"), option("MERE_20", "20 ans et plus")],
};
const DOSE: Category = Category {
    key: "AGE_VACC",
    name: "Âge à la vaccination",
    options: &[option("M0_11", "0-11 mois"), option("M12_23", "12-23 mois")],
};
const RESULT: Category = Category {
    key: "RESULTAT",
    name: "Résultat du test",
    options: &[option("POS", "Positif"), option("NEG", "Négatif")],
};
const ALERT: Category = Category {
    key: "AGE_ALERTE",
    name: "Âge (surveillance)",
    options: &[option("U5", "Moins de 5 ans"), option("O5", "5 ans et plus")],
};
const FUNDING: Category = Category {
    key: "BAILLEUR",
    name: "Bailleur",
    options: &[option("GOUV", "Gouvernement"), option("PEPFAR", "PEPFAR"), option("FM", "Fonds mondial")],
};
const NATIONAL_SEX: Category =
    Category { key: "NAT_SEXE", name: "SEXE", options: &[option("NAT_H", "HOMMES"), option("NAT_F", "FEMMES")] };
const NATIONAL_AGE: Category = Category {
    key: "NAT_AGE",
    name: "TRANCHE D'AGE",
    options: &[option("NAT_LT5", "< 5 ANS"), option("NAT_5_14", "5 A 14 ANS"), option("NAT_GE15", "15 ANS ET +")],
};
const NATIONAL_DOSE: Category = Category {
    key: "NAT_AGE_PEV",
    name: "AGE PEV",
    options: &[option("NAT_LT1", "< 1 AN"), option("NAT_GE1", "1 AN ET +")],
};
const NATIONAL_ALERT: Category = Category {
    key: "NAT_AGE_MADO",
    name: "AGE MADO",
    options: &[option("NAT_U5", "MOINS DE 5 ANS"), option("NAT_O5", "5 ANS OU PLUS")],
};
const NATIONAL_FUNDING: Category = Category {
    key: "NAT_BAILLEUR",
    name: "BAILLEUR DE FONDS",
    options: &[
        option("NAT_ETAT", "ETAT HAITIEN"),
        option("NAT_PEPFAR", "PEPFAR"),
        CategoryOption { key: "NAT_FMSTP", name: "FMSTP", start: Some("2026-01-01") },
    ],
};

/// Combos of the source.
pub(super) const SOURCE_COMBOS: [Combo; 7] =
    [Combo::AgeAndSex, Combo::MotherAge, Combo::DoseAge, Combo::Sex, Combo::Result, Combo::AlertAge, Combo::Funding];
/// Combos of the destination.
pub(super) const DESTINATION_COMBOS: [Combo; 5] = [
    Combo::NationalSexAndAge,
    Combo::NationalSex,
    Combo::NationalDoseAge,
    Combo::NationalAlertAge,
    Combo::NationalFunding,
];

/// Which option of the destination an option of the source is.
const COUNTERPARTS: [(&str, &str); 12] = [
    ("A0_4", "NAT_LT5"),
    ("A5_14", "NAT_5_14"),
    ("A15", "NAT_GE15"),
    ("M", "NAT_H"),
    ("F", "NAT_F"),
    ("M0_11", "NAT_LT1"),
    ("M12_23", "NAT_GE1"),
    ("U5", "NAT_U5"),
    ("O5", "NAT_O5"),
    ("GOUV", "NAT_ETAT"),
    ("PEPFAR", "NAT_PEPFAR"),
    ("FM", "NAT_FMSTP"),
];

/// A category option combo: the options it combines, in the order of the combo's categories.
#[derive(Debug, Clone)]
pub(super) struct OptionCombo {
    /// Its id.
    pub(super) id: String,
    /// Its options.
    pub(super) options: Vec<&'static CategoryOption>,
}

impl Combo {
    fn key_and_name(self) -> (&'static str, &'static str) {
        match self {
            Self::Default => ("default", "default"),
            Self::AgeAndSex => ("CC_AGE_SEXE", "Âge et sexe"),
            Self::MotherAge => ("CC_AGE_MERE", "Âge de la mère"),
            Self::DoseAge => ("CC_AGE_VACC", "Âge à la vaccination"),
            Self::Sex => ("CC_SEXE", "Sexe"),
            Self::Result => ("CC_RESULTAT", "Résultat du test"),
            Self::AlertAge => ("CC_AGE_ALERTE", "Âge (surveillance)"),
            Self::Funding => ("CC_BAILLEUR", "Bailleur"),
            Self::NationalSexAndAge => ("NAT_CC_SEXE_AGE", "SEXE / TRANCHE D'AGE"),
            Self::NationalSex => ("NAT_CC_SEXE", "SEXE"),
            Self::NationalDoseAge => ("NAT_CC_PEV", "AGE PEV"),
            Self::NationalAlertAge => ("NAT_CC_MADO", "AGE MADO"),
            Self::NationalFunding => ("NAT_CC_BAILLEUR", "BAILLEUR DE FONDS"),
        }
    }

    fn categories(self) -> &'static [&'static Category] {
        match self {
            Self::Default => &[],
            Self::AgeAndSex => &[&AGE, &SEX],
            Self::MotherAge => &[&MOTHER],
            Self::DoseAge => &[&DOSE],
            Self::Sex => &[&SEX],
            Self::Result => &[&RESULT],
            Self::AlertAge => &[&ALERT],
            Self::Funding => &[&FUNDING],
            Self::NationalSexAndAge => &[&NATIONAL_SEX, &NATIONAL_AGE],
            Self::NationalSex => &[&NATIONAL_SEX],
            Self::NationalDoseAge => &[&NATIONAL_DOSE],
            Self::NationalAlertAge => &[&NATIONAL_ALERT],
            Self::NationalFunding => &[&NATIONAL_FUNDING],
        }
    }

    fn is_attribute(self) -> bool {
        matches!(self, Self::Funding | Self::NationalFunding)
    }

    /// Its id.
    pub(super) fn id(self, chance: Chance) -> String {
        if self == Self::Default {
            DEFAULT_COMBO.to_owned()
        } else {
            id(chance, "categoryCombos", self.key_and_name().0)
        }
    }

    /// Its category option combos.
    pub(super) fn option_combos(self, chance: Chance) -> Vec<OptionCombo> {
        if self == Self::Default {
            return vec![OptionCombo { id: DEFAULT_OPTION_COMBO.to_owned(), options: Vec::new() }];
        }
        let mut rows: Vec<Vec<&'static CategoryOption>> = vec![Vec::new()];
        for category in self.categories() {
            let extend = |row: Vec<&'static CategoryOption>| {
                category.options.iter().map(move |option| {
                    let mut longer = row.clone();
                    longer.push(option);
                    longer
                })
            };
            rows = rows.into_iter().flat_map(extend).collect();
        }
        let identify = |options: Vec<&'static CategoryOption>| {
            let keys: Vec<&str> = options.iter().map(|option| option.key).collect();
            let key = format!("{}:{}", self.key_and_name().0, keys.join("+"));
            OptionCombo { id: id(chance, "categoryOptionCombos", &key), options }
        };
        rows.into_iter().map(identify).collect()
    }
}

/// The option combo of a destination combo that holds the same options as one of the source. Where the destination
/// has fewer dimensions, those it lacks are left out.
pub(super) fn counterpart(chance: Chance, source: &OptionCombo, destination: Combo) -> Option<OptionCombo> {
    let wanted: Vec<&str> = source
        .options
        .iter()
        .filter_map(|option| COUNTERPARTS.iter().find(|pair| pair.0 == option.key).map(|pair| pair.1))
        .collect();
    destination
        .option_combos(chance)
        .into_iter()
        .find(|candidate| candidate.options.iter().all(|option| wanted.contains(&option.key)))
}

fn id(chance: Chance, plural: &str, key: &str) -> String {
    chance.of(plural).of(key).uid()
}

/// Adds the combos with all they are made of.
pub(super) fn write(export: &mut Export, chance: Chance, combos: &[Combo]) {
    for combo in combos {
        for category in combo.categories() {
            write_category(export, chance, category, *combo);
        }
        let (key, name) = combo.key_and_name();
        let categories: Vec<Value> =
            combo.categories().iter().map(|category| json!({"id": id(chance, "categories", category.key)})).collect();
        export.add(
            "categoryCombos",
            json!({
                "id": combo.id(chance), "name": name, "code": key, "dataDimensionType": dimension_type(*combo),
                "skipTotal": false, "categories": categories, "sharing": sharing("rw------"),
            }),
        );
        for option_combo in combo.option_combos(chance) {
            let names: Vec<&str> = option_combo.options.iter().map(|option| option.name).collect();
            let options: Vec<Value> = option_combo
                .options
                .iter()
                .map(|option| json!({"id": id(chance, "categoryOptions", option.key)}))
                .collect();
            let codes: Vec<&str> = option_combo.options.iter().map(|option| option.key).collect();
            export.add(
                "categoryOptionCombos",
                json!({
                    "id": option_combo.id, "name": names.join(", "), "code": format!("{key}_{}", codes.join("_")),
                    "categoryCombo": {"id": combo.id(chance)}, "categoryOptions": options,
                }),
            );
        }
    }
}

fn dimension_type(combo: Combo) -> &'static str {
    if combo.is_attribute() { "ATTRIBUTE" } else { "DISAGGREGATION" }
}

/// Adds a category and its options, unless an earlier combo brought them.
fn write_category(export: &mut Export, chance: Chance, category: &Category, combo: Combo) {
    let category_id = id(chance, "categories", category.key);
    if export.has("categories", &category_id) {
        return;
    }
    for option in category.options {
        let mut object = named(&id(chance, "categoryOptions", option.key), option.name, Some(option.key));
        if let Some(start) = option.start {
            object["startDate"] = format!("{start}T00:00:00.000").into();
        }
        object["sharing"] = sharing("rwrw----");
        export.add("categoryOptions", object);
    }
    let options: Vec<Value> =
        category.options.iter().map(|option| json!({"id": id(chance, "categoryOptions", option.key)})).collect();
    let mut object = named(&category_id, category.name, Some(category.key));
    object["dataDimensionType"] = dimension_type(combo).into();
    object["dataDimension"] = true.into();
    object["categoryOptions"] = options.into();
    object["sharing"] = sharing("rw------");
    export.add("categories", object);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(combo: &OptionCombo) -> Vec<&'static str> {
        combo.options.iter().map(|option| option.key).collect()
    }

    #[test]
    fn age_and_sex_have_six_option_combos_each_with_its_counterpart() {
        let (here, there) = (Chance::new(1).of("source"), Chance::new(1).of("destination"));
        let combos = Combo::AgeAndSex.option_combos(here);
        assert_eq!(combos.len(), 6);
        assert_eq!(keys(&combos[0]), ["A0_4", "M"]);
        let mut found = Vec::new();
        for combo in &combos {
            let other = counterpart(there, combo, Combo::NationalSexAndAge).unwrap();
            assert_ne!(other.id, combo.id);
            found.push(keys(&other).join("+"));
        }
        assert_eq!(found[0], "NAT_H+NAT_LT5");
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 6);
        let by_sex = counterpart(there, &combos[1], Combo::NationalSex).unwrap();
        assert_eq!(keys(&by_sex), ["NAT_F"]);
        assert_eq!(counterpart(there, &combos[1], Combo::Default).unwrap().id, DEFAULT_OPTION_COMBO);
    }
}
