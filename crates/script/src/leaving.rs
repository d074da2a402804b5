//! The output of a script: values, reasons, messages. The meter ([`super::memory`]) stops with the call, and a run
//! keeps what came out of each; so it is weighed, from call to call.

use super::limits;
use super::outcome::{Outcome, Value};
use super::params::{Param, Params};
use xfer_domain::period::Period;

/// What a script is told that gives back more than a run can keep.
pub(super) const TOO_MUCH: &str = "the script was stopped: it returns too much text";
/// What to do about it.
pub(super) const LEAVE_LESS: &str = "the returned values and reasons together are much longer than the input; look \
                                     for a text that grows, and keep reasons short";

/// Bytes that may still be given back.
#[derive(Debug)]
pub(super) struct Leaving {
    room: usize,
}

impl Leaving {
    pub(super) fn new() -> Self {
        Self { room: limits::RETURNED }
    }

    /// Takes from the room what leaves a call that was given so many bytes of text; false where there is none. Each call
    /// adds to the room, which never grows beyond what it was at the start: a thousand short values do not make room
    /// for a thousand long ones.
    pub(super) fn takes(&mut self, given: usize, weight: usize) -> bool {
        let added = limits::RETURNED_PER_CALL + given.saturating_mul(limits::RETURNED_TIMES_GIVEN);
        let room = self.room.saturating_add(added).min(limits::RETURNED.max(added));
        self.room = room.saturating_sub(weight);
        weight <= room
    }
}

/// What counts of a value that leaves a script.
pub(super) trait Weighed {
    /// Bytes of its text.
    fn weight(&self) -> usize;
}

impl Weighed for Value {
    fn weight(&self) -> usize {
        self.length()
    }
}

impl Weighed for Period {
    fn weight(&self) -> usize {
        0
    }
}

impl<T: Weighed> Weighed for Outcome<T> {
    fn weight(&self) -> usize {
        match self {
            Self::Unchanged => 0,
            Self::Changed(value) => value.weight(),
            Self::Dropped { reason } | Self::Rejected { reason } => reason.len(),
        }
    }
}

/// What is wrong with parameters that are too many or too long; none where nothing is.
pub fn too_much(params: &Params) -> Option<(String, String)> {
    let most = limits::PARAMETERS;
    if params.len() > most {
        let hint = "use lists: `--param names=a,b,c`";
        return Some((format!("the script was given more than {most} parameters"), hint.to_owned()));
    }
    let (name, _) = params.iter().find(|(_, param)| length(param) > limits::PARAMETER)?;
    let most = limits::PARAMETER / 1024;
    Some((format!("the parameter `{name}` is too long"), format!("a parameter has at most {most} KiB")))
}

fn length(param: &Param) -> usize {
    match param {
        Param::Number(_) | Param::Boolean(_) => 1,
        Param::Text(text) => text.len() + 1,
        Param::List(list) => list.iter().map(length).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Leaving, limits, too_much};
    use crate::{Param, Params};

    #[test]
    fn what_follows_from_what_was_given_always_leaves() {
        let mut leaving = Leaving::new();
        assert!((0..100_000).all(|_| leaving.takes(300, 800)));
        assert!(leaving.takes(100_000_000, 150_000_000), "one long value");
    }

    #[test]
    fn what_is_made_of_nothing_ends_and_short_values_make_no_room_for_long_ones() {
        let mut leaving = Leaving::new();
        assert!((0..1_000_000).all(|_| leaving.takes(10, 10)));
        let left = (0..10_000).take_while(|_| leaving.takes(10, 200_000)).count();
        assert!((41..=43).contains(&left), "{left}");
    }

    #[test]
    fn parameters_are_few_and_short() {
        let text = |bytes| Param::Text("x".repeat(bytes));
        let with = |param| Params::from([("long".to_owned(), param)]);
        assert_eq!(too_much(&with(text(limits::PARAMETER - 1))), None);
        let (what, hint) = too_much(&with(text(limits::PARAMETER))).unwrap();
        assert_eq!(
            (what.as_str(), hint.as_str()),
            ("the parameter `long` is too long", "a parameter has at most 64 KiB")
        );
        assert!(too_much(&with(Param::List(vec![text(10); 10_000]))).is_some());
        let many = (0..=limits::PARAMETERS).map(|n| (format!("p{n}"), text(1))).collect();
        assert!(too_much(&many).is_some());
    }
}
