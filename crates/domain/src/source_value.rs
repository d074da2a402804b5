//! A source value with its comment and marks, however it was read: the one form in which readers hand it over, scripts see
//! it, and it is mapped.

use crate::data_item::DataItem;
use crate::data_value::DataValue;
use crate::period::Period;
use crate::uid::Uid;

/// A value as the source sent it, whichever way it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceValue {
    /// What it is a value of.
    pub data: DataItem,
    /// Its COC, where it has one.
    pub category_option_combo: Option<Uid>,
    /// Its AOC, where it has one.
    pub attribute_option_combo: Option<Uid>,
    /// Its org unit.
    pub org_unit: Uid,
    /// Its period.
    pub period: Period,
    /// Its text; none where only a comment is stored.
    pub value: Option<String>,
    /// Its comment and follow-up mark, where it has one of them.
    pub remark: Option<Box<Remark>>,
}

/// What stands beside a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Remark {
    /// Its comment.
    pub comment: Option<String>,
    /// Its follow-up mark.
    pub followup: bool,
}

impl Remark {
    /// None where there is neither a comment nor a mark.
    pub fn of(comment: Option<String>, followup: bool) -> Option<Box<Self>> {
        let comment = comment.filter(|comment| !comment.trim().is_empty());
        (comment.is_some() || followup).then(|| Box::new(Self { comment, followup }))
    }

    /// The remarks of all contributions to one cell: their different comments in the order of source period and org
    /// unit, and a mark if any has one.
    pub fn together(mut all: Vec<(Period, Uid, u32, Self)>) -> Self {
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

impl From<DataValue> for SourceValue {
    fn from(value: DataValue) -> Self {
        Self {
            data: DataItem::DataElement(value.cell.data_element),
            category_option_combo: Some(value.cell.category_option_combo),
            attribute_option_combo: Some(value.cell.attribute_option_combo),
            org_unit: value.cell.org_unit,
            period: value.cell.period,
            value: value.value,
            remark: Remark::of(value.comment, value.followup),
        }
    }
}
