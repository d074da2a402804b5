//! The metadata of the destination: a national server of aggregates that knows no patients.

use serde_json::{Value, json};

use super::catalogue::{DESTINATION_ELEMENTS, DestinationElement, DestinationSet};
use super::combos::{self, Combo, DESTINATION_COMBOS};
use super::counterparts::Counterpart;
use super::export::{Export, named, references, sharing, sharing_with};
use super::facilities::Kind;
use super::ids::Ids;
use super::org_units;
use super::source_metadata::STOCK_STATES;
use super::users::{self, Account};

impl DestinationSet {
    /// All of them.
    pub(super) const ALL: [Self; 9] = [
        Self::Report,
        Self::Malaria,
        Self::Vaccination,
        Self::Stock,
        Self::Alert,
        Self::Staff,
        Self::Partner,
        Self::Register,
        Self::Indicator,
    ];

    /// What identifies it in the generator, and its name. The key is its code.
    pub(super) fn key_and_name(self) -> (&'static str, &'static str) {
        match self {
            Self::Report => ("SNIS_RAPPORT", "RAPPORT MENSUEL SISNU"),
            Self::Malaria => ("SNIS_PNCM", "PROGRAMME PALUDISME (PNCM)"),
            Self::Vaccination => ("SNIS_PEV", "PEV MENSUEL"),
            Self::Stock => ("SNIS_INTRANTS", "INTRANTS"),
            Self::Alert => ("SNIS_MADO", "MADO HEBDO"),
            Self::Staff => ("SNIS_RH", "EFFECTIFS TRIMESTRIELS"),
            Self::Partner => ("SNIS_BAILLEURS", "BAILLEURS DE FONDS"),
            Self::Register => ("SNIS_REGISTRES", "REGISTRES PATIENTS (AGREGES)"),
            Self::Indicator => ("SNIS_TAUX", "TAUX CALCULES"),
        }
    }

    /// Its id.
    pub(super) fn id(self, ids: Ids) -> String {
        ids.object("dataSets", self.key_and_name().0)
    }

    /// The type of its periods.
    pub(super) fn period_type(self) -> &'static str {
        match self {
            Self::Alert => "Weekly",
            Self::Staff => "Quarterly",
            _ => "Monthly",
        }
    }

    /// Its attribute combo.
    pub(super) fn combo(self) -> Combo {
        if self == Self::Partner { Combo::NationalFunding } else { Combo::Default }
    }

    /// The combo that it puts in the place of an element's own.
    pub(super) fn combo_instead(self, element: &DestinationElement) -> Option<Combo> {
        (self == Self::Malaria && element.combo == Combo::NationalSexAndAge).then_some(Combo::NationalSex)
    }

    /// Whether it is assigned to a facility. Some hospitals were forgotten when staff reports began.
    fn is_assigned_to(self, number: usize, facility: &Counterpart) -> bool {
        match self {
            Self::Report | Self::Malaria | Self::Stock | Self::Indicator => true,
            Self::Vaccination | Self::Register => facility.kind != Kind::Dispensary,
            Self::Staff => facility.kind != Kind::Dispensary && number % 40 != 3,
            Self::Alert => facility.sentinel,
            Self::Partner => facility.kind == Kind::Hospital,
        }
    }
}

/// The whole export.
pub(super) fn generate(ids: Ids, facilities: &[Counterpart]) -> Value {
    let mut export = Export::default();
    org_units::write_destination(&mut export, ids, facilities);
    combos::write(&mut export, ids.chance, &DESTINATION_COMBOS);
    write_stock_states(&mut export, ids);
    for element in &DESTINATION_ELEMENTS {
        export.add("dataElements", data_element(ids, element));
    }
    let writers = ids.object("userGroups", "SAISIE");
    for set in DestinationSet::ALL {
        export.add("dataSets", data_set(ids, set, facilities, &writers));
    }
    users::write(
        &mut export,
        ids,
        &[
            Account { key: "admin", authorities: &["ALL"], group: None, org_unit: ids.nation() },
            Account { key: "writer", authorities: users::WRITE, group: Some("SAISIE"), org_unit: ids.nation() },
            Account {
                key: "writer_sud_est",
                authorities: users::WRITE,
                group: Some("SAISIE"),
                org_unit: ids.department(super::places::DEPARTMENTS.len() - 1),
            },
        ],
    );
    export.into_value()
}

/// The same codes as at the source, under other names.
fn write_stock_states(export: &mut Export, ids: Ids) {
    let set = ids.object("optionSets", "ETAT_STOCK");
    let option_id = |code: &str| ids.object("options", code);
    for (number, (code, _)) in STOCK_STATES.into_iter().enumerate() {
        let name = format!("STOCK {code}");
        export.add(
            "options",
            json!({"id": option_id(code), "code": code, "name": name, "sortOrder": number + 1, "optionSet": {"id": set}}),
        );
    }
    let options: Vec<String> = STOCK_STATES.iter().map(|state| option_id(state.0)).collect();
    export.add(
        "optionSets",
        json!({
            "id": set, "name": "ETAT DE STOCK", "code": "ETAT_STOCK", "valueType": "TEXT",
            "options": references(options.iter().map(String::as_str)), "sharing": sharing("rw------"),
        }),
    );
}

fn data_element(ids: Ids, element: &DestinationElement) -> Value {
    let mut object = named(&ids.object("dataElements", element.key), element.name, element.code);
    object["valueType"] = element.value_type.into();
    object["aggregationType"] = element.aggregation.into();
    object["domainType"] = "AGGREGATE".into();
    object["zeroIsSignificant"] = element.zeros.into();
    object["categoryCombo"] = json!({"id": element.combo.id(ids.chance)});
    if element.key == "N_STK_ETAT" {
        object["optionSet"] = json!({"id": ids.object("optionSets", "ETAT_STOCK")});
    }
    object["sharing"] = sharing("rw------");
    object
}

fn data_set(ids: Ids, set: DestinationSet, facilities: &[Counterpart], writers: &str) -> Value {
    let (key, name) = set.key_and_name();
    let id = set.id(ids);
    let member = |element: &DestinationElement| {
        let mut member = json!({"dataSet": {"id": id}, "dataElement": {"id": ids.object("dataElements", element.key)}});
        if let Some(combo) = set.combo_instead(element) {
            member["categoryCombo"] = json!({"id": combo.id(ids.chance)});
        }
        member
    };
    let members: Vec<Value> =
        DESTINATION_ELEMENTS.iter().filter(|element| element.sets.contains(&set)).map(member).collect();
    let units = facilities.iter().enumerate().filter(|(number, facility)| set.is_assigned_to(*number, facility));
    let mut object = named(&id, name, Some(key));
    object["periodType"] = set.period_type().into();
    object["categoryCombo"] = json!({"id": set.combo().id(ids.chance)});
    object["openFuturePeriods"] = i32::from(set == DestinationSet::Alert).into();
    // The malaria programme closes its books; all others stay open.
    object["expiryDays"] = if set == DestinationSet::Malaria { 90 } else { 0 }.into();
    object["timelyDays"] = 15.into();
    object["dataSetElements"] = members.into();
    object["organisationUnits"] = references(units.map(|(_, facility)| facility.id.as_str()));
    object["sharing"] = sharing_with(&[(writers, "rwrw----")]);
    object
}
