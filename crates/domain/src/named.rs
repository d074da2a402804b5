//! Fixed lists whose entries have a word each: on command lines, in files, in the store and in reports.

/// A fixed list whose entries have a word each.
pub trait Named: Copy + Eq + 'static {
    /// The word for it.
    fn name(self) -> &'static str;

    /// The one of that word.
    fn from_name(name: &str) -> Option<Self>;
}

/// Writes from one table what belongs to the words of an enum: all of them in order, the word for each, the one of a
/// word. rustc refuses a table that leaves a variant out.
macro_rules! named {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// Every one.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word for it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The one of that word.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        $crate::named::spoken!($type);
    };
}

/// Makes an enum with words of its own [`Named`].
macro_rules! spoken {
    ($type:ident) => {
        impl $crate::named::Named for $type {
            fn name(self) -> &'static str {
                Self::name(self)
            }

            fn from_name(name: &str) -> Option<Self> {
                Self::from_name(name)
            }
        }
    };
}

pub(crate) use {named, spoken};

#[cfg(test)]
mod tests {
    use crate::alert::Condition;
    use crate::alert::{AlertEvent, MailSecurity, PingMethod, ServerSide, Shape};
    use crate::cell::CellState;
    use crate::data_item::{DataKind, ReportingMetric};
    use crate::item::{Combine, WhenEmpty};
    use crate::job::{Comments, ReadFrom};
    use crate::org_unit_map::{MappingState, MatchClass, MatchMethod};
    use crate::script::Hook;

    /// Every word leads back, stands once, and is the one that serde writes.
    macro_rules! leads_back {
        ($($type:ident),+) => {$(
            for one in $type::ALL {
                assert_eq!($type::from_name(one.name()), Some(one));
                assert_eq!(serde_json::to_value(one).unwrap(), one.name(), "the same word everywhere");
            }
            assert_eq!($type::from_name("no such word"), None);
        )+};
    }

    #[test]
    fn every_word_leads_back() {
        leads_back!(AlertEvent, CellState, Combine, Comments, Condition, Hook, MailSecurity, MappingState, MatchClass);
        leads_back!(MatchMethod, PingMethod, ReadFrom, ReportingMetric, ServerSide, Shape, WhenEmpty);
        for kind in DataKind::ALL {
            assert_eq!(DataKind::from_name(kind.name()), Some(kind));
        }
    }
}
