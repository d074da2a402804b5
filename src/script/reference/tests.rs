//! The reference against the engine, in both directions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{Kind, entries};
use crate::script::engine;
use crate::script::params::Params;
use crate::script::watch::Watch;

/// Names that the engine has: members, functions.
fn registered() -> (BTreeSet<String>, BTreeSet<String>) {
    let engine = engine::build(&Params::new(), &Arc::new(Watch::new(Duration::ZERO)));
    let (mut members, mut functions) = (BTreeSet::new(), BTreeSet::new());
    for signature in engine.gen_fn_signatures(false) {
        let name = signature.split('(').next().unwrap_or_default().trim();
        if let Some(member) = name.strip_prefix("get ").or_else(|| name.strip_prefix("get$")) {
            members.insert(member.to_owned());
        } else if name.starts_with(|first: char| first.is_ascii_alphabetic()) && !name.contains(['$', ' ']) {
            functions.insert(name.to_owned());
        }
    }
    (members, functions)
}

fn described(kind: Kind) -> BTreeSet<String> {
    entries().filter(|entry| entry.kind == kind).map(|entry| entry.name.to_owned()).collect()
}

#[test]
fn the_reference_names_what_the_engine_has_and_nothing_else() {
    let (members, functions) = registered();
    assert!(members.len() > 20 && functions.len() > 50, "{members:?} {functions:?}");
    assert_eq!(described(Kind::Member), members);
    assert_eq!(described(Kind::Function), functions);
}

#[test]
fn every_entry_is_one_line_with_an_end() {
    for entry in entries() {
        assert!(entry.text.ends_with('.') && !entry.text.contains('\n'), "{entry:?}");
        assert!(entry.signature.contains(entry.name), "{entry:?}");
    }
}
