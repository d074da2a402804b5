//! Comments and follow-up marks on their way from source values to a cell.

use crate::domain::period::Period;
use crate::domain::uid::Uid;

/// What stands beside a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// Its comment.
    pub comment: Option<String>,
    /// Its follow-up mark.
    pub followup: bool,
}

impl Remark {
    /// None where there is neither a comment nor a mark.
    pub(super) fn of(comment: Option<String>, followup: bool) -> Option<Box<Self>> {
        let comment = comment.filter(|comment| !comment.trim().is_empty());
        (comment.is_some() || followup).then(|| Box::new(Self { comment, followup }))
    }

    /// The remarks of all contributions to one cell: their different comments in the order of source period and org
    /// unit, and a mark if any has one.
    pub(super) fn together(mut all: Vec<(Period, Uid, u32, Self)>) -> Self {
        all.sort_unstable();
        let followup = all.iter().any(|(_, _, _, remark)| remark.followup);
        let mut comments: Vec<String> = Vec::new();
        for comment in all.into_iter().filter_map(|(_, _, _, remark)| remark.comment) {
            if !comments.contains(&comment) {
                comments.push(comment);
            }
        }
        Self { comment: Some(comments.join(" | ")).filter(|text| !text.is_empty()), followup }
    }
}
