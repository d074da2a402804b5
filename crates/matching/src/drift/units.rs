//! What changed about an org unit since its row of the map was confirmed.

use crate::drift::{Change, Eyes, Side, or_none};
use crate::finding;
use xfer_domain::fingerprint::{NamedObject, UnitFingerprint};

/// Compares a unit with what was seen; `now` is none where the server does not have it any more.
pub(crate) fn unit_drift(
    side: Side,
    eyes: Eyes<'_>,
    seen: &UnitFingerprint,
    now: Option<&UnitFingerprint>,
) -> Vec<Change> {
    let at = side.at();
    let Some(now) = now else {
        let message = format!("{at}, {}", eyes.lost(&seen.name));
        return vec![Change { code: &finding::UNIT_DELETED, side, message }];
    };
    let mut changes = Vec::new();
    let mut change = |code, message: String| changes.push(Change { code, side, message });
    if seen.name != now.name {
        change(&finding::UNIT_RENAMED, format!("{at}, the name of {} changed to {}", seen.name, now.name));
    }
    let id = |parent: &Option<NamedObject>| parent.as_ref().map(|parent| parent.id);
    if id(&seen.parent) != id(&now.parent) {
        let place = |parent: &Option<NamedObject>| {
            parent.as_ref().map_or_else(|| "the top of the tree".to_owned(), |parent| parent.name.clone())
        };
        let (from, to) = (place(&seen.parent), place(&now.parent));
        change(&finding::UNIT_MOVED, format!("{at}, {} was moved from {from} to {to}", now.name));
    } else if seen.level != now.level {
        let words = format!("{at}, {} moved from level {} to level {}", now.name, seen.level, now.level);
        change(&finding::UNIT_LEVEL_CHANGED, words);
    }
    if seen.code != now.code {
        let (from, to) = (or_none(seen.code.as_deref()), or_none(now.code.as_deref()));
        change(&finding::UNIT_CODE_CHANGED, format!("{at}, the code of {} changed from {from} to {to}", now.name));
    }
    if seen.closed != now.closed {
        let words = match (seen.closed, now.closed) {
            (_, None) => format!("{at}, {} was closed and is open again", now.name),
            (None, Some(day)) => format!("{at}, {} was open and now closes on {day}", now.name),
            (Some(old), Some(new)) => format!("{at}, {} now closes on {new}, not {old}", now.name),
        };
        change(&finding::UNIT_CLOSING_CHANGED, words);
    }
    changes
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::unit_drift;
    use crate::drift::{Eyes, Side};
    use xfer_domain::fingerprint::{NamedObject, UnitFingerprint};
    use xfer_domain::metadata::Metadata;
    use xfer_domain::uid::Uid;

    fn parent(number: u8) -> NamedObject {
        NamedObject { id: Uid::parse(&format!("District{number:03}")).unwrap(), name: format!("District {number}") }
    }

    fn clinic() -> UnitFingerprint {
        UnitFingerprint {
            name: "Clinique Espoir".to_owned(),
            code: Some("HT-12".to_owned()),
            parent: Some(parent(1)),
            level: 3,
            closed: None,
        }
    }

    fn eyes(metadata: &Metadata) -> Eyes<'_> {
        Eyes { metadata, user: "writer at national" }
    }

    fn words(now: Option<&UnitFingerprint>) -> Vec<(&'static str, String)> {
        let changes = unit_drift(Side::Destination, eyes(&Metadata::default()), &clinic(), now);
        changes.into_iter().map(|change| (change.code.word, change.message)).collect()
    }

    #[test]
    fn every_change_is_told_with_what_was_and_what_is() {
        let check = |now: UnitFingerprint, code: &str, message: &str| {
            assert_eq!(words(Some(&now)), [(code, message.to_owned())], "{code}");
        };
        check(
            UnitFingerprint { name: "Clinique Paix".to_owned(), ..clinic() },
            "unit-renamed",
            "at the destination, the name of Clinique Espoir changed to Clinique Paix",
        );
        check(
            UnitFingerprint { parent: Some(parent(2)), level: 4, ..clinic() },
            "unit-moved",
            "at the destination, Clinique Espoir was moved from District 1 to District 2",
        );
        check(
            UnitFingerprint { level: 4, ..clinic() },
            "unit-level-changed",
            "at the destination, Clinique Espoir moved from level 3 to level 4",
        );
        check(
            UnitFingerprint { code: None, ..clinic() },
            "unit-code-changed",
            "at the destination, the code of Clinique Espoir changed from `HT-12` to none",
        );
        check(
            UnitFingerprint { closed: Some(date(2024, 6, 30)), ..clinic() },
            "unit-closing-changed",
            "at the destination, Clinique Espoir was open and now closes on 2024-06-30",
        );
        let gone = "at the destination, Clinique Espoir can no longer be read by writer at national: it was deleted, or is no longer shared with the user";
        assert_eq!(words(None), [("unit-deleted", gone.to_owned())]);
        let renamed_parent = NamedObject { name: "District I".to_owned(), ..parent(1) };
        let now = UnitFingerprint { parent: Some(renamed_parent), ..clinic() };
        assert_eq!(words(Some(&now)), [], "a parent's new name is the parent's own drift");
    }

    proptest! {
        #[test]
        fn no_change_is_no_drift_and_each_change_is_told_once(
            name in "[A-Z][a-z]{1,8}",
            code in proptest::option::of("[0-9]{1,4}"),
            above in proptest::option::of(0_u8..4),
            level in 1_u32..6,
            closed in proptest::option::of(1_i8..28),
            changed in 0_usize..5,
        ) {
            let closed = closed.map(|day| date(2024, 6, day));
            let seen = UnitFingerprint { name, code, parent: above.map(parent), level, closed };
            prop_assert_eq!(unit_drift(Side::Source, eyes(&Metadata::default()), &seen, Some(&seen)), vec![]);
            let mut now = seen.clone();
            match changed {
                0 => now.name.push('x'),
                1 => now.code = Some("other".to_owned()),
                2 => now.parent = Some(parent(9)),
                3 => now.level += 1,
                _ => now.closed = Some(date(2025, 1, 1)),
            }
            prop_assert_eq!(unit_drift(Side::Source, eyes(&Metadata::default()), &seen, Some(&now)).len(), 1);
        }
    }
}
