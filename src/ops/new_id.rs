//! Ids that sort by the time they were made at, as far as the clock is right.

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

/// A new id. A clock that stands before 1970 gives the ids of 1970.
pub(super) fn new_id(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::new_id;

    #[test]
    fn ids_sort_by_time_and_no_clock_is_too_old() {
        let of = |text: &str| new_id(text.parse().unwrap());
        assert!(of("2024-01-01T00:00:00.123Z") < of("2024-01-01T00:00:00.200Z"));
        let old = of("1969-12-31T23:59:59.5Z");
        assert!(old < of("1970-01-02T00:00:00Z"));
        assert_ne!(old, of("1969-12-31T23:59:59.5Z"), "and none is made twice");
        assert_eq!(old.get_version_num(), 7);
    }
}
