//! Comments and follow-up marks: kept at the destination, or moved with their values.

use super::{VERSIONS, assert_laws, counts};
use crate::engine::world::{Server, World};
use crate::fixture::{cell, document, job, mapping, plain_item, unit};
use xfer_domain::cell::CellKey;
use xfer_domain::item::Combine;
use xfer_domain::job::{Comments, Job};
use xfer_domain::run::Report;

fn put(server: &Server, cell: CellKey, text: &str, comment: Option<&str>, followup: bool) {
    server.put(cell, text);
    let mut state = server.state.lock().unwrap();
    let value = state.values.get_mut(&cell).unwrap();
    (value.comment, value.followup) = (comment.map(str::to_owned), followup);
}

fn there(world: &World, cell: CellKey) -> (Option<String>, bool) {
    let state = world.destination.state.lock().unwrap();
    state.values.get(&cell).map(|value| (value.comment.clone(), value.followup)).unwrap()
}

fn said(report: &Report) -> Vec<(u64, &str)> {
    let found = report.findings.iter().filter(|finding| finding.code == "source-comments-not-moved");
    found.map(|finding| (finding.count, finding.example.as_deref().unwrap())).collect()
}

#[test]
fn comments_stay_behind_and_that_is_said_once() {
    for version in VERSIONS {
        let mut world = World::new(version);
        put(&world.source, cell(1, 1, "202401"), "5", Some("from a sheet"), false);
        put(&world.source, cell(1, 5, "202401"), "6", None, true);
        put(&world.source, cell(1, 6, "202401"), "7", Some(" "), false);
        put(&world.destination, cell(1, 1, "202401"), "4", Some("checked"), true);
        let report = world.run(&document(vec![job("a", vec![plain_item(1)])], &["202401"]));
        assert_laws(&world, &report);
        assert_eq!(said(&report), [(2, "Element 1 at Clinic 1 in 202401")], "{version}");
        assert_eq!(there(&world, cell(1, 1, "202401")), (Some("checked".to_owned()), true));
        assert_eq!(there(&world, cell(1, 5, "202401")), (None, false));
        assert_eq!(report.exit_code, 0);
    }
}

#[test]
fn comments_go_along_where_the_job_copies_them() {
    for version in VERSIONS {
        let mut world = World::new(version);
        let key = cell(1, 1, "202401");
        put(&world.source, key, "5", Some("from a sheet"), true);
        put(&world.destination, key, "4", Some("checked"), false);
        put(&world.destination, cell(1, 2, "202401"), "9", Some("foreign"), true);
        let copying = Job { comments: Comments::Copy, ..job("a", vec![plain_item(1)]) };
        let routine = document(vec![copying], &["202401"]);
        let report = world.run(&routine);
        assert_laws(&world, &report);
        assert_eq!((counts(&report), said(&report).len()), (vec![("updated", 1)], 0), "{version}");
        assert_eq!(there(&world, key), (Some("from a sheet".to_owned()), true));
        assert_eq!(there(&world, cell(1, 2, "202401")), (Some("foreign".to_owned()), true), "the source has no value");
        assert_eq!(counts(&world.run(&routine)), [("unchanged", 1)]);
        put(&world.source, key, "5", Some("corrected"), false);
        assert_eq!(counts(&world.run(&routine)), [("updated", 1)], "a comment that differs alone");
        assert_eq!(there(&world, key), (Some("corrected".to_owned()), false));
        put(&world.source, key, "5", None, false);
        assert_eq!(counts(&world.run(&routine)), [("updated", 1)], "gone at the source");
        assert_eq!(there(&world, key), (None, false));
        put(&world.source, key, "5", Some(&"x".repeat(60_000)), false);
        let held = world.run(&routine);
        assert_eq!(counts(&held), [("held_back", 1)]);
        assert!(held.findings.iter().any(|finding| finding.code == "comment-too-long"));
    }
}

#[test]
fn comments_of_several_values_stand_side_by_side() {
    let mut world = World::new("2.43.1");
    put(&world.source, cell(1, 5, "202401"), "1", Some("second"), false);
    put(&world.source, cell(1, 1, "202401"), "2", Some("first"), true);
    put(&world.source, cell(1, 2, "202401"), "3", Some("first"), false);
    let summed = Job { comments: Comments::Copy, combine: Combine::Sum, ..job("a", vec![plain_item(1)]) };
    let mut routine = document(vec![summed], &["202401"]);
    routine.org_unit_map = [1, 2, 5].map(|number| mapping(unit(number), unit(1))).to_vec();
    world.run(&routine);
    assert_eq!(there(&world, cell(1, 1, "202401")), (Some("first | second".to_owned()), true));
}
