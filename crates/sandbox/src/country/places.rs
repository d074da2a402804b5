//! Haiti's departments and communes, which are real, and the names from which its health facilities are made, which
//! are invented.

/// A department with some of its communes.
#[derive(Debug)]
pub(super) struct Department {
    /// Its name.
    pub(super) name: &'static str,
    /// Two letters for codes.
    pub(super) code: &'static str,
    /// Names of communes.
    pub(super) communes: &'static [&'static str],
}

/// The ten departments.
pub(super) const DEPARTMENTS: [Department; 10] = [
    Department {
        name: "Artibonite",
        code: "AR",
        communes: &["Gonaïves", "Saint-Marc", "Dessalines", "Gros-Morne", "Verrettes", "L'Estère"],
    },
    Department {
        name: "Centre",
        code: "CE",
        communes: &["Hinche", "Mirebalais", "Lascahobas", "Cerca-la-Source", "Maïssade"],
    },
    Department {
        name: "Grand'Anse",
        code: "GA",
        communes: &["Jérémie", "Anse-d'Hainault", "Corail", "Dame-Marie", "Beaumont"],
    },
    Department {
        name: "Nippes",
        code: "NI",
        communes: &["Miragoâne", "Anse-à-Veau", "Baradères", "Petite-Rivière-de-Nippes", "L'Asile"],
    },
    Department {
        name: "Nord",
        code: "ND",
        communes: &["Cap-Haïtien", "Limbé", "Plaisance", "Grande-Rivière-du-Nord", "Pilate", "Milot"],
    },
    Department {
        name: "Nord-Est",
        code: "NE",
        communes: &["Fort-Liberté", "Ouanaminthe", "Trou-du-Nord", "Mont-Organisé", "Vallières"],
    },
    Department {
        name: "Nord-Ouest",
        code: "NO",
        communes: &["Port-de-Paix", "Jean-Rabel", "Môle-Saint-Nicolas", "Bassin-Bleu", "Bombardopolis"],
    },
    Department {
        name: "Ouest",
        code: "OU",
        communes: &[
            "Port-au-Prince",
            "Carrefour",
            "Delmas",
            "Léogâne",
            "Croix-des-Bouquets",
            "Petit-Goâve",
            "Pétion-Ville",
        ],
    },
    Department {
        name: "Sud",
        code: "SD",
        communes: &["Les Cayes", "Aquin", "Port-Salut", "Saint-Louis-du-Sud", "Torbeck", "Camp-Perrin"],
    },
    Department {
        name: "Sud-Est",
        code: "SE",
        communes: &["Jacmel", "Bainet", "Belle-Anse", "Marigot", "Cayes-Jacmel"],
    },
];

/// What facilities are named after, in French and Creole.
pub(super) const FACILITY_NAMES: [&str; 40] = [
    "Saint-Joseph",
    "Notre-Dame de la Paix",
    "Sainte-Thérèse",
    "Bon Samaritain",
    "Immaculée Conception",
    "Lespwa",
    "Men nan Men",
    "Konbit Sante",
    "Bèl Solèy",
    "Dlo Klè",
    "Fòs Fanm",
    "Savane Longue",
    "Morne Rouge",
    "Bois Neuf",
    "Ti Rivyè",
    "Grande Source",
    "Fond Palmiste",
    "La Croix Blanche",
    "Nan Bannann",
    "Source Chaude",
    "Saint-François de Sales",
    "Sainte-Anne",
    "Lakay Sante",
    "Zanmi Timoun",
    "Sacré-Cœur",
    "Plaine du Bois",
    "Haut Limé",
    "Carrefour Manguier",
    "Pointe à Raquette",
    "La Vallée Verte",
    "Rivière Froide",
    "Kafou Mapou",
    "Bèl Ans",
    "Saint-Michel Archange",
    "Espérance",
    "Béraud",
    "Chalon",
    "Ravine Sèche",
    "Étang Clair",
    "Platon Cèdre",
];

/// A text without French and Creole accents, as a national list typed in a hurry has it.
pub(super) fn without_accents(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            let plain: &[char] = match letter {
                'à' | 'â' => &['a'],
                'é' | 'è' | 'ê' | 'ë' => &['e'],
                'É' | 'È' => &['E'],
                'î' | 'ï' => &['i'],
                'ô' | 'ò' => &['o'],
                'ù' | 'û' => &['u'],
                'ç' => &['c'],
                'œ' => &['o', 'e'],
                _ => return vec![letter],
            };
            plain.to_vec()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_is_there_twice_and_all_lose_their_accents() {
        let communes: BTreeSet<&str> = DEPARTMENTS.iter().flat_map(|department| department.communes).copied().collect();
        assert_eq!(communes.len(), DEPARTMENTS.iter().map(|department| department.communes.len()).sum::<usize>());
        assert_eq!(FACILITY_NAMES.iter().collect::<BTreeSet<_>>().len(), FACILITY_NAMES.len());
        for name in communes.into_iter().chain(FACILITY_NAMES) {
            assert!(without_accents(name).is_ascii(), "{name}");
        }
    }
}
