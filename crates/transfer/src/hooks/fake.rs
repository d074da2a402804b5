//! Scripts for tests without a script language: each hook is a function over values, fixed by the script's name.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use bigdecimal::BigDecimal;
use bigdecimal::num_traits::Zero;

use crate::hooks::{
    Acted, ActingScript, CellContext, Outcome, Part, PeriodContext, RowsAfter, RowsContext, SharedScript,
};
use crate::shape::Value;
use xfer_domain::decimal::parse_number;
use xfer_domain::job::Job;
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::script::{Attachment, ContentHash, Hook};
use xfer_domain::source_value::SourceValue;

/// `value` doubles numbers, drops zeros and rejects thirteen; `combine` takes the largest; `period` moves back by one
/// (`from-28th`: days to months that begin on the 28th of the month before);
/// `rows` drops 99, rejects 98, fails on 666, makes 51 of 50 and puts a copy of each 7 into the month after.
#[derive(Debug)]
pub(crate) struct FakeScript(Attachment);

pub(crate) fn attached(name: &str, hooks: &[Hook]) -> Attachment {
    Attachment {
        script: name.to_owned(),
        hash: ContentHash::of(name),
        hooks: hooks.to_vec(),
        parameters: BTreeMap::new(),
        file: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "making a real script ready may fail")]
pub(crate) fn ready(attachment: &Attachment, _job: &Job) -> Result<SharedScript, Infallible> {
    Ok(Arc::new(FakeScript(attachment.clone())))
}

fn number(value: &Value) -> Option<BigDecimal> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::Text(text) => parse_number(text),
    }
}

fn at_line<T>(line: u32, outcome: Outcome<T>) -> Acted<T> {
    Acted { outcome, line: Some(line) }
}

impl ActingScript for FakeScript {
    fn identity(&self) -> &Attachment {
        &self.0
    }

    fn rows(&self, rows: &[SourceValue], _at: &RowsContext<'_>) -> Acted<RowsAfter> {
        let mut after = RowsAfter::default();
        for (index, row) in rows.iter().enumerate() {
            let mut row = row.clone();
            match row.value.as_deref() {
                Some("99") => {
                    after.dropped.push((index, "99 means unknown".into()));
                    continue;
                }
                Some("98") => {
                    after.rejected.push((index, "98 is impossible".into()));
                    continue;
                }
                Some("666") => return at_line(1, Outcome::Reject("the slice cannot be".to_owned())),
                Some("50") => row.value = Some("51".to_owned()),
                Some("7") => after.kept.extend(row.period.next().map(|period| SourceValue { period, ..row.clone() })),
                _ => {}
            }
            after.kept.push(row);
        }
        at_line(1, Outcome::Value(after))
    }

    fn period(&self, period: Period, _at: &PeriodContext<'_>) -> Acted<Period> {
        if self.0.script == "from-28th" {
            let month = PeriodType::Monthly.containing(period.start());
            let to = if period.start().day() >= 28 { month.next() } else { Some(month) };
            return at_line(2, to.map_or_else(|| Outcome::Reject("no such month".to_owned()), Outcome::Value));
        }
        let whole_year = match self.0.script.as_str() {
            "month-before" => period.shift(-1),
            "feb-to-jan" if period.start().month() == 2 => period.shift(-1),
            "with-last-year" if period.start().year() == 2023 => period.shift(12),
            "year-to-january" => Some(PeriodType::Monthly.containing(period.start().first_of_year())),
            "feb-to-jan" | "with-last-year" => Some(period),
            _ => None,
        };
        if let Some(to) = whole_year {
            return at_line(2, Outcome::Value(to));
        }
        let outcome = match period.previous() {
            Some(_) if period.to_string() == "202403" => Outcome::Drop("March is left out".to_owned()),
            Some(_) if period.to_string() == "202404" => Outcome::Reject("April is impossible".to_owned()),
            Some(previous) => Outcome::Value(previous),
            None => Outcome::Reject("nothing before".to_owned()),
        };
        at_line(2, outcome)
    }

    fn combine(&self, parts: Vec<Part>, _at: &CellContext<'_>) -> Acted<Value> {
        let largest = parts.iter().filter_map(|part| number(&part.value)).max();
        at_line(
            3,
            largest.map_or_else(|| Outcome::Reject("no number".to_owned()), |n| Outcome::Value(Value::Number(n))),
        )
    }

    fn value(&self, value: Value, at: &CellContext<'_>) -> Acted<Value> {
        let thirteen = BigDecimal::from(13);
        let outcome = match number(&value) {
            Some(number) if number.is_zero() => Outcome::Drop("zeros are left out".to_owned()),
            Some(number) if number == thirteen => Outcome::Reject(format!("no thirteen in {}", at.period)),
            Some(number) => Outcome::Value(Value::Number(number * BigDecimal::from(2))),
            None => Outcome::Value(value),
        };
        at_line(4, outcome)
    }
}
