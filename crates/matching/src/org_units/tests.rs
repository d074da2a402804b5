//! The org unit matcher by example: one kind of difference between two countries at a time.

use super::{Candidates, MatchRules, propose};
use xfer_domain::metadata::{AttributeValue, Metadata, OrganisationUnit};
use xfer_domain::org_unit_map::{MappingState, MatchClass, OrgUnitMapping};
use xfer_domain::uid::Uid;

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

/// `(id, parent, code, name)`, parents first.
fn tree(units: &[(&str, &str, &str, &str)]) -> Metadata {
    let mut metadata = Metadata::default();
    for (id, parent, code, name) in units {
        let mut path =
            if parent.is_empty() { Vec::new() } else { metadata.organisation_units[&uid(parent)].path.clone() };
        path.push(uid(id));
        metadata.organisation_units.insert(
            uid(id),
            OrganisationUnit {
                id: uid(id),
                code: (!code.is_empty()).then(|| (*code).to_owned()),
                name: (*name).to_owned(),
                short_name: None,
                path,
                opening_date: None,
                closed_date: None,
                attribute_values: Vec::new(),
            },
        );
    }
    metadata
}

/// Each row as `source → destination: class, explanation`.
fn found(source: &Metadata, destination: &Metadata) -> String {
    found_by(source, destination, &[], &MatchRules::default())
}

fn found_by(source: &Metadata, destination: &Metadata, existing: &[OrgUnitMapping], rules: &MatchRules) -> String {
    let rows = propose(source, destination, existing, rules);
    for row in &rows {
        assert!((0.0..=1.0).contains(&row.score.unwrap()) && row.state == MappingState::Proposed);
    }
    let lines = rows.iter().map(|row| {
        format!(
            "{} → {}: {}, {}",
            source.name_of(row.source),
            row.destination.map(|id| destination.name_of(id)).unwrap_or_default(),
            row.class.unwrap().name(),
            row.explanation.as_deref().unwrap()
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn two_pieces_of_evidence_that_agree_are_sure_and_said() {
    let source = tree(&[
        ("aRoot000001", "", "", "Haïti"),
        ("aDept000001", "aRoot000001", "HT09", "Sud-Est"),
        ("aFac0000001", "aDept000001", "", "Hôpital St Michel"),
        ("sharedFac01", "aDept000001", "", "Dispensaire Marigot"),
        ("aFac0000002", "aDept000001", "", "Nowhere else"),
        ("aFac0000003", "aDept000001", "F3", "Centre de Santé Cayes-Jacmel"),
    ]);
    let destination = tree(&[
        ("bRoot000001", "", "", "HAITI MSPP"),
        ("bDept000001", "bRoot000001", "HT09", "SUD EST"),
        ("bFac0000001", "bDept000001", "", "ST-MICHEL (HOP)"),
        ("sharedFac01", "bDept000001", "", "Disp. Marigot"),
        ("bFac0000003", "bDept000001", "F3", "C.S. Kay Jakmel"),
    ]);
    insta::assert_snapshot!(found(&source, &destination), @r"
    Haïti → HAITI MSPP: sure, both are the root, 100 % of the units below match; but names differ: Haïti and HAITI MSPP
    Sud-Est → SUD EST: sure, same code HT09, same name, parent Haïti matched by a similar name, 100 % of the units below match
    Centre de Santé Cayes-Jacmel → C.S. Kay Jakmel: likely, same code F3, parent Sud-Est matched by code; but names differ: Centre de Santé Cayes-Jacmel and C.S. Kay Jakmel
    Dispensaire Marigot → Disp. Marigot: sure, same id, same name, written Disp. Marigot, parent Sud-Est matched by code
    Hôpital St Michel → ST-MICHEL (HOP): sure, same name, written ST-MICHEL (HOP), parent Sud-Est matched by code
    ");
}

#[test]
fn exchanged_codes_are_asked_about() {
    let source = tree(&[
        ("aRoot000001", "", "R", "Haïti"),
        ("aFac0000001", "aRoot000001", "F1", "Clinic Alpha"),
        ("aFac0000002", "aRoot000001", "F2", "Clinic Beta"),
        ("aFac0000003", "aRoot000001", "F3", "Clinic Gamma"),
        ("aFac0000004", "aRoot000001", "F4", "Clinic Delta"),
    ]);
    let destination = tree(&[
        ("bRoot000001", "", "R", "Haïti"),
        ("bFac0000001", "bRoot000001", "F2", "Clinic Alpha"),
        ("bFac0000002", "bRoot000001", "F1", "Clinic Beta"),
        ("bFac0000003", "bRoot000001", "F3", "Clinic Gamma"),
        ("bFac0000004", "bRoot000001", "F9", "Clinic Delta"),
    ]);
    insta::assert_snapshot!(found(&source, &destination), @r"
    Haïti → Haïti: sure, same code R, same name, both are the root, 100 % of the units below match
    Clinic Alpha → Clinic Alpha: ask, same name, parent Haïti matched by code; but its code F1 belongs to Clinic Beta at the destination
    Clinic Beta → Clinic Beta: ask, same name, parent Haïti matched by code; but its code F2 belongs to Clinic Alpha at the destination
    Clinic Delta → Clinic Delta: likely, same name, parent Haïti matched by code; but codes differ: F4 and F9
    Clinic Gamma → Clinic Gamma: sure, same code F3, same name, parent Haïti matched by code
    ");
}

#[test]
fn a_code_alone_and_a_name_alone_are_never_sure() {
    let source = tree(&[
        ("aRoot000001", "", "R", "Haïti"),
        ("aDept000001", "aRoot000001", "N", "Nord"),
        ("aDept000002", "aRoot000001", "S", "Sud"),
        ("aFac0000001", "aDept000001", "F1", "Clinic Alpha"),
        ("aFac0000002", "aDept000001", "", "Clinic Saint Joseph"),
    ]);
    let destination = tree(&[
        ("bRoot000001", "", "R", "Haïti"),
        ("bDept000001", "bRoot000001", "N", "Nord"),
        ("bDept000002", "bRoot000001", "S", "Sud"),
        ("bFac0000001", "bDept000002", "F1", "Clinic Beta"),
        ("bFac0000002", "bDept000002", "", "Clinic St. Joseph"),
    ]);
    insta::assert_snapshot!(found(&source, &destination), @"
    Haïti → Haïti: sure, same code R, same name, both are the root, 100 % of the units below match
    Nord → Nord: likely, same code N, same name, parent Haïti matched by code; but only at the source it has units below
    Clinic Alpha → Clinic Beta: ask, same code F1; but names differ: Clinic Alpha and Clinic Beta, it is below Nord at the source and below Sud at the destination
    Clinic Saint Joseph → Clinic St. Joseph: ask, same name, written Clinic St. Joseph; but it is below Nord at the source and below Sud at the destination
    Sud → Sud: likely, same code S, same name, parent Haïti matched by code; but only at the destination it has units below
    ");
}

#[test]
fn twins_and_namesakes_are_told_apart() {
    let source = tree(&[
        ("aRoot000001", "", "", "A"),
        ("aFac0000001", "aRoot000001", "", "CS Jacmel"),
        ("aFac0000002", "aRoot000001", "", "CS Jacmel II"),
        ("aFac0000003", "aRoot000001", "", "Hôpital Jacmel"),
        ("aFac0000004", "aRoot000001", "", "CS Marigot Annexe"),
    ]);
    let destination = tree(&[
        ("bRoot000001", "", "", "A"),
        ("bFac0000002", "bRoot000001", "", "Centre de Santé Jacmel 2"),
        ("bFac0000001", "bRoot000001", "", "Centre de Santé de Jacmel"),
        ("bFac0000003", "bRoot000001", "", "HOP. JACMEL"),
        ("bFac0000004", "bRoot000001", "", "Centre de Santé Marigot"),
    ]);
    insta::assert_snapshot!(found(&source, &destination), @r"
    A → A: sure, same name, both are the root, 100 % of the units below match
    CS Jacmel → Centre de Santé de Jacmel: sure, same name, written Centre de Santé de Jacmel, parent A matched by name
    CS Jacmel II → Centre de Santé Jacmel 2: sure, same name, written Centre de Santé Jacmel 2, parent A matched by name
    CS Marigot Annexe → Centre de Santé Marigot: ask, similar name Centre de Santé Marigot, parent A matched by name; but one may be a duplicate of the other: CS Marigot Annexe and Centre de Santé Marigot
    Hôpital Jacmel → HOP. JACMEL: sure, same name, written HOP. JACMEL, parent A matched by name
    ");
}

#[test]
fn a_level_more_or_less_does_not_matter() {
    let mut units = vec![("aRoot000001", "", "", "A"), ("aDept000001", "aRoot000001", "", "North")];
    let mut others = vec![
        ("bRoot000001", "", "", "A"),
        ("bDept000001", "bRoot000001", "", "North"),
        ("bZone000001", "bDept000001", "", "Zone 1"),
    ];
    let names = ["Bandajuma CHC", "Kafala MCHP", "Rokupa CHP", "Senehun Clinic"];
    let ids = ["Fac0000001", "Fac0000002", "Fac0000003", "Fac0000004"];
    let (a, b): (Vec<String>, Vec<String>) = ids.iter().map(|id| (format!("a{id}"), format!("b{id}"))).unzip();
    for index in 0..names.len() {
        units.push((&a[index], "aDept000001", "", names[index]));
        others.push((&b[index], "bZone000001", "", names[index]));
    }
    let (source, destination) = (tree(&units), tree(&others));
    let rows = propose(&source, &destination, &[], &MatchRules::default());
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row.class == Some(MatchClass::Sure)), "{}", found(&source, &destination));
    let back = propose(&destination, &source, &[], &MatchRules::default());
    let sure = back.iter().filter(|row| row.class == Some(MatchClass::Sure)).count();
    assert_eq!(sure, 6, "{}", found(&destination, &source));
}

#[test]
fn merged_units_share_a_destination_only_when_asked_to() {
    let source = tree(&[
        ("aRoot000001", "", "R", "A"),
        ("aFac0000001", "aRoot000001", "F1", "Clinic Alpha"),
        ("aFac0000002", "aRoot000001", "F2", "Alpha (Clinic)"),
    ]);
    let destination = tree(&[("bRoot000001", "", "R", "A"), ("bFac0000001", "bRoot000001", "F1", "Clinic Alpha")]);
    insta::assert_snapshot!(found(&source, &destination), @r"
    A → A: sure, same code R, same name, both are the root, 100 % of the units below match
    Alpha (Clinic) → Clinic Alpha: ask, same name, written Clinic Alpha, parent A matched by code; but the code F1 at the destination belongs to Clinic Alpha at the source, Clinic Alpha is mapped to it already
    Clinic Alpha → Clinic Alpha: sure, same code F1, same name, parent A matched by code
    ");
    let rules = MatchRules { many_to_one: true, ..MatchRules::default() };
    insta::assert_snapshot!(found_by(&source, &destination, &[], &rules), @r"
    A → A: sure, same code R, same name, both are the root, 100 % of the units below match
    Alpha (Clinic) → Clinic Alpha: ask, same name, written Clinic Alpha, parent A matched by code, together with Clinic Alpha; but the code F1 at the destination belongs to Clinic Alpha at the source
    Clinic Alpha → Clinic Alpha: sure, same code F1, same name, parent A matched by code
    ");
}

#[test]
fn rows_of_people_are_kept_and_anchor_what_lies_below() {
    let source = tree(&[("aRoot000001", "", "", "A"), ("aFac0000001", "aRoot000001", "", "Clinic North")]);
    let destination = tree(&[
        ("bRoot000001", "", "", "Z"),
        ("bRoot000002", "", "", "Y"),
        ("bFac0000001", "bRoot000002", "", "Clinic North"),
    ]);
    let existing = [OrgUnitMapping::manual(uid("aRoot000001"), Some(uid("bRoot000002")), MappingState::Confirmed)];
    let rules = MatchRules::default();
    insta::assert_snapshot!(found_by(&source, &destination, &existing, &rules), @"Clinic North → Clinic North: sure, same name, parent A matched by hand");
    let ignored = [OrgUnitMapping::manual(uid("aFac0000001"), None, MappingState::Ignored)];
    assert!(!found_by(&source, &destination, &ignored, &rules).contains("Clinic"));
}

#[test]
fn attributes_correspond_where_their_values_do() {
    let mut source = tree(&[("aRoot000001", "", "", "A")]);
    let mut destination = tree(&[("bRoot000001", "", "", "A")]);
    for (side, metadata, name) in [("a", &mut source, "Clinic"), ("b", &mut destination, "Facility")] {
        for number in 1..=6 {
            let root = format!("{side}Root000001");
            let id = format!("{side}Fac000000{number}");
            let mut units = tree(&[(&root, "", "", "A"), (&id, &root, "", &format!("{name} {side}{number}"))]);
            let mut unit = units.organisation_units.remove(&uid(&id)).unwrap();
            let attribute = uid(&format!("{side}Registry01"));
            unit.attribute_values = vec![AttributeValue { attribute, value: format!("HT-{number}") }];
            metadata.organisation_units.insert(unit.id, unit);
        }
    }
    let rows = propose(&source, &destination, &[], &MatchRules::default());
    let of = |id: &str| rows.iter().find(|row| row.source == uid(id)).unwrap();
    assert_eq!(of("aFac0000003").destination, Some(uid("bFac0000003")));
    assert_eq!(of("aFac0000003").class, Some(MatchClass::Likely), "{}", found(&source, &destination));
}

#[test]
fn candidates_are_explained_and_found_by_what_is_typed() {
    let source = tree(&[
        ("aRoot000001", "", "", "Haïti"),
        ("aDept000001", "aRoot000001", "", "Sud-Est"),
        ("aFac0000001", "aDept000001", "", "Centre de Santé Marigot"),
    ]);
    let destination = tree(&[
        ("bRoot000001", "", "", "Haïti"),
        ("bDept000001", "bRoot000001", "", "Sud-Est"),
        ("bDept000002", "bRoot000001", "", "Nord"),
        ("bFac0000001", "bDept000001", "HT7", "CS Marigo"),
        ("bFac0000002", "bDept000002", "", "CS Marigot"),
    ]);
    let existing = [OrgUnitMapping::manual(uid("aDept000001"), Some(uid("bDept000001")), MappingState::Confirmed)];
    let candidates = Candidates::new(&source, &destination, &existing);
    let said: Vec<String> = candidates
        .of(uid("aFac0000001"), 5)
        .into_iter()
        .map(|candidate| format!("{}: {}", destination.name_of(candidate.destination), candidate.explanation))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @"CS Marigo: similar name CS Marigo, parent Sud-Est matched by hand");
    for (typed, expected) in [
        ("marigo", "CS Marigo, CS Marigot"),
        ("marigot nord", "CS Marigot"),
        ("HT", "CS Marigo"),
        ("bFac0000002", "CS Marigot"),
        ("marigott", "CS Marigot, CS Marigo"),
        ("zzz", ""),
        ("", ""),
    ] {
        let names: Vec<String> = candidates
            .search(uid("aFac0000001"), typed, 5)
            .into_iter()
            .map(|candidate| destination.name_of(candidate.destination))
            .collect();
        assert_eq!(names.join(", "), expected, "{typed}");
    }
}

#[test]
fn nothing_at_all_is_no_match_and_no_panic() {
    let empty = Metadata::default();
    let one = tree(&[("aRoot000001", "", "", "")]);
    for (source, destination) in [(&empty, &empty), (&empty, &one), (&one, &empty)] {
        assert_eq!(found(source, destination), "");
    }
    assert_eq!(propose(&one, &one, &[], &MatchRules::default()).len(), 1);
}
