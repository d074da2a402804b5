//! The trees of both sides: nation, departments, communes, facilities.

use serde_json::{Value, json};

use super::counterparts::Counterpart;
use super::export::{Export, named, references, sharing};
use super::facilities::{Facility, Kind};
use super::ids::{Ids, commune_key, department_key};
use super::places::{DEPARTMENTS, without_accents};

/// The tree of the source: names with accents, codes on nearly all units.
pub(super) fn write_source(export: &mut Export, ids: Ids, facilities: &[Facility]) {
    write_levels(export, ids, ["Pays", "Département", "Commune", "Institution"]);
    export.add("organisationUnits", unit(&ids.nation(), "Haïti", Some("HT"), None));
    for (number, department) in DEPARTMENTS.iter().enumerate() {
        let code = department_key(number);
        export
            .add("organisationUnits", unit(&ids.department(number), department.name, Some(&code), Some(&ids.nation())));
        for (position, name) in department.communes.iter().enumerate() {
            let code = commune_key(number, position);
            let parent = ids.department(number);
            export.add("organisationUnits", unit(&ids.commune(number, position), name, Some(&code), Some(&parent)));
        }
    }
    for facility in facilities {
        let code = facility.coded.then_some(facility.key.as_str());
        let parent = ids.commune(facility.department, facility.commune);
        export.add("organisationUnits", unit(&facility.id, &facility.name, code, Some(&parent)));
    }
    let members = facilities.iter().map(|facility| (facility.kind, facility.id.as_str()));
    write_groups(export, ids, ["Hôpitaux", "Centres de santé", "Dispensaires"], &members.collect::<Vec<_>>());
}

/// The tree of the destination: capitals, few accents, codes on some communes only.
pub(super) fn write_destination(export: &mut Export, ids: Ids, facilities: &[Counterpart]) {
    write_levels(export, ids, ["NATIONAL", "DEPARTEMENT", "COMMUNE", "ETABLISSEMENT"]);
    export.add("organisationUnits", unit(&ids.nation(), "REPUBLIQUE D'HAITI", Some("HT"), None));
    for (number, department) in DEPARTMENTS.iter().enumerate() {
        let name = without_accents(department.name).to_uppercase();
        let code = department_key(number);
        export.add("organisationUnits", unit(&ids.department(number), &name, Some(&code), Some(&ids.nation())));
        for (position, name) in department.communes.iter().enumerate() {
            let name = without_accents(name).to_uppercase();
            let code = commune_key(number, position);
            let code = (position % 2 == 0).then_some(code.as_str());
            let parent = ids.department(number);
            export.add("organisationUnits", unit(&ids.commune(number, position), &name, code, Some(&parent)));
        }
    }
    for facility in facilities {
        let parent = ids.commune(facility.department, facility.commune);
        let mut object = unit(&facility.id, &facility.name, facility.code.as_deref(), Some(&parent));
        if let Some(closed) = facility.closed {
            object["closedDate"] = format!("{closed}T00:00:00.000").into();
        }
        export.add("organisationUnits", object);
    }
    let members = facilities.iter().map(|facility| (facility.kind, facility.id.as_str()));
    write_groups(export, ids, ["HOPITAUX", "CENTRES DE SANTE", "DISPENSAIRES"], &members.collect::<Vec<_>>());
}

fn unit(id: &str, name: &str, code: Option<&str>, parent: Option<&str>) -> Value {
    let mut object = named(id, name, code);
    object["openingDate"] = "2000-01-01T00:00:00.000".into();
    if let Some(parent) = parent {
        object["parent"] = json!({"id": parent});
    }
    object
}

fn write_levels(export: &mut Export, ids: Ids, names: [&str; 4]) {
    for (number, name) in names.into_iter().enumerate() {
        let level = number + 1;
        let id = ids.object("organisationUnitLevels", &level.to_string());
        export.add("organisationUnitLevels", json!({"id": id, "level": level, "name": name}));
    }
}

/// One group for each kind of facility, in one group set.
fn write_groups(export: &mut Export, ids: Ids, names: [&str; 3], members: &[(Kind, &str)]) {
    let kinds = [(Kind::Hospital, "HOP"), (Kind::HealthCentre, "CS"), (Kind::Dispensary, "DISP")];
    let mut groups = Vec::new();
    for ((kind, code), name) in kinds.into_iter().zip(names) {
        let id = ids.object("organisationUnitGroups", code);
        let mut object = named(&id, name, Some(code));
        let of_kind = members.iter().filter(|member| member.0 == kind).map(|member| member.1);
        object["organisationUnits"] = references(of_kind);
        object["sharing"] = sharing("rw------");
        export.add("organisationUnitGroups", object);
        groups.push(id);
    }
    let mut set = named(&ids.object("organisationUnitGroupSets", "TYPE"), "Type", Some("TYPE"));
    set["compulsory"] = false.into();
    set["dataDimension"] = true.into();
    set["organisationUnitGroups"] = references(groups.iter().map(String::as_str));
    set["sharing"] = sharing("rw------");
    export.add("organisationUnitGroupSets", set);
}
