//! The metadata of the source: a Tracker server with data sets of its own beside its programs.

use serde_json::{Value, json};

use super::catalogue::{Amount, INDICATORS, SOURCE_ELEMENTS, SourceElement, SourceSet};
use super::combos::{self, Combo, SOURCE_COMBOS};
use super::export::{Export, named, references, sharing, sharing_with};
use super::facilities::{Facility, Kind};
use super::ids::{Ids, options_key};
use super::users::{self, Account};
use super::{org_units, programs};

/// Codes of the stock option set, in the source's spelling.
pub(super) const STOCK_STATES: [(&str, &str); 3] =
    [("SUFFISANT", "Stock suffisant"), ("FAIBLE", "Stock faible"), ("RUPTURE", "Rupture de stock")];

impl SourceSet {
    /// All of them.
    pub(super) const ALL: [Self; 6] =
        [Self::Care, Self::Vaccination, Self::Stock, Self::Alert, Self::Staff, Self::Partner];

    fn key_and_name(self) -> (&'static str, &'static str) {
        match self {
            Self::Care => ("RAP_MENSUEL", "Rapport mensuel de soins"),
            Self::Vaccination => ("RAP_PEV", "Vaccination (PEV)"),
            Self::Stock => ("RAP_STOCK", "Gestion des intrants"),
            Self::Alert => ("RAP_MADO", "Surveillance hebdomadaire (MADO)"),
            Self::Staff => ("RAP_RH", "Ressources humaines"),
            Self::Partner => ("RAP_PART", "Activités par bailleur"),
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
        if self == Self::Partner { Combo::Funding } else { Combo::Default }
    }

    /// Whether a facility reports it.
    pub(super) fn is_reported_by(self, kind: Kind, sentinel: bool) -> bool {
        match self {
            Self::Care | Self::Stock => true,
            Self::Vaccination | Self::Staff => kind != Kind::Dispensary,
            Self::Alert => sentinel,
            Self::Partner => kind == Kind::Hospital,
        }
    }
}

/// The whole export.
pub(super) fn generate(ids: Ids, facilities: &[Facility]) -> Value {
    let mut export = Export::default();
    org_units::write_source(&mut export, ids, facilities);
    combos::write(&mut export, ids.chance, &SOURCE_COMBOS);
    write_stock_states(&mut export, ids);
    for element in &SOURCE_ELEMENTS {
        export.add("dataElements", data_element(ids, element));
    }
    write_element_group(&mut export, ids);
    let readers = ids.object("userGroups", "LECTEURS");
    for set in SourceSet::ALL {
        export.add("dataSets", data_set(ids, set, facilities, &readers));
    }
    write_indicators(&mut export, ids);
    programs::write(&mut export, ids, facilities);
    users::write(
        &mut export,
        ids,
        &[
            Account { key: "admin", authorities: &["ALL"], group: None, org_unit: ids.nation() },
            Account { key: "reader", authorities: users::READ, group: Some("LECTEURS"), org_unit: ids.nation() },
        ],
    );
    export.into_value()
}

fn write_stock_states(export: &mut Export, ids: Ids) {
    let set = ids.object("optionSets", "STK_ETAT");
    let option_id = |code: &str| ids.object("options", code);
    for (number, (code, name)) in STOCK_STATES.into_iter().enumerate() {
        export.add(
            "options",
            json!({"id": option_id(code), "code": code, "name": name, "sortOrder": number + 1, "optionSet": {"id": set}}),
        );
    }
    let options: Vec<String> = STOCK_STATES.iter().map(|state| option_id(state.0)).collect();
    export.add(
        "optionSets",
        json!({
            "id": set, "name": "État du stock", "code": "STK_ETAT", "valueType": "TEXT",
            "options": references(options.iter().map(String::as_str)), "sharing": sharing("rw------"),
        }),
    );
}

fn data_element(ids: Ids, element: &SourceElement) -> Value {
    let mut object = named(&ids.object("dataElements", element.key), element.name, Some(element.key));
    object["valueType"] = element.value_type.into();
    object["aggregationType"] = element.aggregation.into();
    object["domainType"] = "AGGREGATE".into();
    object["zeroIsSignificant"] = element.zeros.into();
    object["categoryCombo"] = json!({"id": element.combo.id(ids.chance)});
    if element.amount == Amount::StockState {
        object["optionSet"] = json!({"id": ids.object("optionSets", "STK_ETAT")});
    }
    object["sharing"] = sharing("rw------");
    object
}

/// One group, so that reads by group have something to read.
fn write_element_group(export: &mut Export, ids: Ids) {
    let malaria: Vec<String> = SOURCE_ELEMENTS
        .iter()
        .filter(|element| element.key.starts_with("PALU_"))
        .map(|element| ids.object("dataElements", element.key))
        .collect();
    let mut group = named(&ids.object("dataElementGroups", "PALU"), "Paludisme", Some("PALU"));
    group["dataElements"] = references(malaria.iter().map(String::as_str));
    group["sharing"] = sharing("rw------");
    export.add("dataElementGroups", group);
}

fn data_set(ids: Ids, set: SourceSet, facilities: &[Facility], readers: &str) -> Value {
    let (key, name) = set.key_and_name();
    let id = set.id(ids);
    let members: Vec<Value> = SOURCE_ELEMENTS
        .iter()
        .filter(|element| element.set == set)
        .map(|element| json!({"dataSet": {"id": id}, "dataElement": {"id": ids.object("dataElements", element.key)}}))
        .collect();
    let units = facilities.iter().filter(|facility| set.is_reported_by(facility.kind, facility.sentinel));
    let mut object = named(&id, name, Some(key));
    object["periodType"] = set.period_type().into();
    object["categoryCombo"] = json!({"id": set.combo().id(ids.chance)});
    object["openFuturePeriods"] = 0.into();
    object["expiryDays"] = 0.into();
    object["timelyDays"] = 15.into();
    object["dataSetElements"] = members.into();
    object["organisationUnits"] = references(units.map(|facility| facility.id.as_str()));
    object["sharing"] = sharing_with(&[(readers, "r-r-----")]);
    object
}

fn write_indicators(export: &mut Export, ids: Ids) {
    let percent = ids.object("indicatorTypes", "PCT");
    export.add("indicatorTypes", json!({"id": percent, "name": "Pour cent", "factor": 100, "number": false}));
    for indicator in &INDICATORS {
        let mut object = named(&ids.object("indicators", indicator.key), indicator.name, Some(indicator.key));
        object["annualized"] = false.into();
        object["decimals"] = 1.into();
        object["indicatorType"] = json!({"id": percent});
        object["numerator"] = expression(ids, indicator.numerator).into();
        object["numeratorDescription"] = "numérateur".into();
        object["denominator"] = expression(ids, indicator.denominator).into();
        object["denominatorDescription"] = "dénominateur".into();
        object["sharing"] = sharing("rw------");
        export.add("indicators", object);
    }
    let all: Vec<String> = INDICATORS.iter().map(|indicator| ids.object("indicators", indicator.key)).collect();
    let mut group = named(&ids.object("indicatorGroups", "IND"), "Indicateurs de base", None);
    group["indicators"] = references(all.iter().map(String::as_str));
    group["sharing"] = sharing("rw------");
    export.add("indicatorGroups", group);
}

/// Writes ids for the keys in an expression: `#{VIH_TEST.POS}`.
fn expression(ids: Ids, keys: &str) -> String {
    let mut text = String::new();
    let mut rest = keys;
    while let Some((before, operand)) = rest.split_once("#{") {
        let (operand, after) = operand.split_once('}').unwrap_or((operand, ""));
        let (element, options) = operand.split_once('.').unwrap_or((operand, ""));
        text.push_str(before);
        text.push_str("#{");
        text.push_str(&ids.object("dataElements", element));
        if let Some(combo) = option_combo(ids, element, options) {
            text.push('.');
            text.push_str(&combo);
        }
        text.push('}');
        rest = after;
    }
    text.push_str(rest);
    text
}

fn option_combo(ids: Ids, element: &str, options: &str) -> Option<String> {
    let element = SOURCE_ELEMENTS.iter().find(|known| known.key == element)?;
    let combos = element.combo.option_combos(ids.chance);
    combos.into_iter().find(|combo| !options.is_empty() && options_key(combo) == options).map(|combo| combo.id)
}
