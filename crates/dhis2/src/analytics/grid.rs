//! One analytics answer: DHIS2's "grid".
//!
//! Columns are found by their header's name, never by position, and a grid is only believed when it is whole: as many
//! rows as its `height` says, as wide as its headers (dhis2-api 4.3).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::answer::{Answer, parse};
use crate::error::ClientErrorKind;
use xfer_domain::counted::counted;
use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::shown::shown;
use xfer_domain::source_value::SourceValue;
use xfer_domain::uid::Uid;

/// A grid, checked for wholeness.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grid {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows, each as wide as the columns.
    pub rows: Vec<Vec<String>>,
    /// `metaData.dimensions`: what the question was resolved to, where asked for.
    pub dimensions: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireGrid<'body> {
    #[serde(borrow)]
    headers: Vec<WireHeader<'body>>,
    #[serde(borrow)]
    rows: Vec<Vec<Cell<'body>>>,
    height: Option<u64>,
    width: Option<u64>,
    header_width: Option<u64>,
    meta_data: Option<WireMeta>,
}

#[derive(Deserialize)]
struct WireHeader<'body> {
    #[serde(borrow)]
    name: Cow<'body, str>,
}

#[derive(Deserialize)]
struct WireMeta {
    #[serde(default)]
    dimensions: BTreeMap<String, Vec<String>>,
}

/// A cell: text as a rule; newer versions may print numbers and booleans as such.
struct Cell<'body>(Cow<'body, str>);

impl<'de: 'body, 'body> Deserialize<'de> for Cell<'body> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cell<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a cell of an analytics grid")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cell<'de>, E> {
                Ok(Cell(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Cell<'de>, E> {
                Ok(Cell(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Cell<'de>, E> {
                Ok(Cell(Cow::Borrowed("")))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Cell<'de>, E> {
                Ok(Cell(Cow::Borrowed(if value { "true" } else { "false" })))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Cell<'de>, E> {
                Ok(Cell(Cow::Owned(number.to_string())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Cell<'de>, E> {
                Ok(Cell(Cow::Owned(number.to_string())))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Cell<'de>, E> {
                Ok(Cell(Cow::Owned(number.to_string())))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// Reads a grid of any query.
pub fn read_grid(answer: &Answer) -> Result<Grid, ClientErrorKind> {
    let wire = wire_grid(answer)?;
    Ok(Grid {
        columns: wire.headers.into_iter().map(|header| header.name.into_owned()).collect(),
        rows: wire.rows.into_iter().map(|row| row.into_iter().map(|cell| cell.0.into_owned()).collect()).collect(),
        dimensions: wire.meta_data.map(|meta| meta.dimensions).unwrap_or_default(),
    })
}

fn wire_grid(answer: &Answer) -> Result<WireGrid<'_>, ClientErrorKind> {
    let wire: WireGrid<'_> = parse(answer.json()?, "an analytics grid")?;
    let (rows, columns) = (wire.rows.len() as u64, wire.headers.len());
    // Every version says how many rows there are; an answer that does not, or that has fewer, was broken off or cut.
    if wire.height.is_none_or(|height| rows < height) {
        let said = match wire.height {
            Some(height) => format!("has {rows} rows of {height}"),
            None => format!("has {rows} rows and does not say of how many"),
        };
        return Err(ClientErrorKind::Interrupted { source: Some(format!("the analytics grid {said}").into()) });
    }
    let whole = wire.height == Some(rows)
        && wire.header_width.is_none_or(|width| width == columns as u64)
        && (rows == 0 || wire.width.is_none_or(|width| width == columns as u64))
        && wire.rows.iter().all(|row| row.len() == columns);
    if whole {
        Ok(wire)
    } else {
        let height = wire.height.unwrap_or_default();
        Err(ClientErrorKind::malformed(format!(
            "an analytics grid of {} that says it has {height}, or whose rows are not as wide as its headers",
            counted(rows, "row")
        )))
    }
}

/// What was asked, to check what came.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Data items, by how rows name them: what was asked for says of what kind they are.
    pub data: HashMap<String, DataItem>,
    /// Org units.
    pub org_units: HashSet<Uid>,
    /// Periods.
    pub periods: HashSet<Period>,
    /// Whether category and attribute option combos are columns.
    pub option_combos: bool,
}

/// Reads the values of a grid that answers a question. A value that was not asked for makes the whole grid malformed.
pub fn read_analytics_values(answer: &Answer, asked: &Asked) -> Result<Vec<SourceValue>, ClientErrorKind> {
    let wire = wire_grid(answer)?;
    let column = |name: &str| wire.headers.iter().position(|header| header.name == name);
    let needed = |name: &str| {
        column(name).ok_or_else(|| ClientErrorKind::malformed(format!("an analytics grid without a column `{name}`")))
    };
    let (data, org_unit, period, value) = (needed("dx")?, needed("ou")?, needed("pe")?, needed("value")?);
    let combos = if asked.option_combos { Some((needed("co")?, needed("ao")?)) } else { None };
    let mut values = Vec::with_capacity(wire.rows.len());
    // Rows of one period come in runs as a rule.
    let mut last: Option<(&str, Period)> = None;
    for row in &wire.rows {
        let text = &row[value].0;
        if text.is_empty() {
            continue;
        }
        let period_text = row[period].0.as_ref();
        let period = match last {
            Some((known, period)) if known == period_text => period,
            _ => Period::parse(period_text).map_err(|error| ClientErrorKind::malformed(error.to_string()))?,
        };
        last = Some((period_text, period));
        let org_unit = uid(&row[org_unit])?;
        let found = asked.data.get(row[data].0.as_ref()).filter(|_| asked.org_units.contains(&org_unit));
        let Some(data) = found.copied().filter(|_| asked.periods.contains(&period)) else {
            let data = shown(&row[data].0);
            let what = format!("analytics of `{data}` at `{org_unit}` in `{period}`, which was not requested");
            return Err(ClientErrorKind::malformed(what));
        };
        values.push(SourceValue {
            data,
            category_option_combo: combos.map(|(category, _)| uid(&row[category])).transpose()?,
            attribute_option_combo: combos.map(|(_, attribute)| uid(&row[attribute])).transpose()?,
            org_unit,
            period,
            value: Some(text.clone().into_owned()),
            remark: None,
        });
    }
    Ok(values)
}

fn uid(cell: &Cell<'_>) -> Result<Uid, ClientErrorKind> {
    Uid::parse(&cell.0).map_err(|error| ClientErrorKind::malformed(format!("an analytics grid: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{Asked, read_analytics_values, read_grid};
    use crate::answer::Answer;
    use crate::error::ClientErrorKind;
    use xfer_domain::data_item::DataItem;
    use xfer_domain::period::Period;
    use xfer_domain::uid::Uid;

    fn asked(option_combos: bool) -> Asked {
        Asked {
            data: DataItem::named_by("DemNumber01").take(1).map(|data| (data.to_string(), data)).collect(),
            org_units: [Uid::parse("OuRegionN01").unwrap()].into(),
            periods: [Period::parse("2024W2").unwrap()].into(),
            option_combos,
        }
    }

    fn grid(columns: &[&str], rows: &str, height: usize) -> Answer {
        let headers: Vec<String> = columns.iter().map(|name| format!(r#"{{"name":"{name}"}}"#)).collect();
        let body = format!(
            r#"{{"headers":[{}],"metaData":{{}},"width":{},"height":{height},"rows":{rows},"headerWidth":{}}}"#,
            headers.join(","),
            columns.len(),
            columns.len()
        );
        Answer::new(200, Some("application/json"), body)
    }

    #[test]
    fn columns_are_found_by_name_and_periods_normalised() {
        let answer = grid(
            &["value", "ou", "co", "pe", "ao", "dx"],
            r#"[["1.0E-4","OuRegionN01","CocMale0001","2024W02","HllvX50cXC0","DemNumber01"],
                ["","OuRegionN01","CocMale0001","2024W2","HllvX50cXC0","DemNumber01"],
                [7,"OuRegionN01","CocMale0001","2024W2","HllvX50cXC0","DemNumber01"]]"#,
            3,
        );
        let values = read_analytics_values(&answer, &asked(true)).unwrap();
        let texts: Vec<&str> = values.iter().filter_map(|value| value.value.as_deref()).collect();
        assert_eq!(texts, ["1.0E-4", "7"]);
        assert_eq!(values[0].category_option_combo.map(|id| id.to_string()).as_deref(), Some("CocMale0001"));
        assert_eq!(values[0].period, values[1].period);
    }

    #[test]
    fn a_grid_that_is_not_whole_is_not_believed() {
        let row = r#"["DemNumber01","OuRegionN01","2024W2","1"]"#;
        let columns = ["dx", "ou", "pe", "value"];
        assert_eq!(read_analytics_values(&grid(&columns, &format!("[{row}]"), 1), &asked(false)).unwrap().len(), 1);
        for (columns, rows, height) in [
            (&columns[..], format!("[{row}]"), 2),
            (&columns[..], "[]".to_owned(), 1),
            (&columns[..], r#"[["DemNumber01","OuRegionN01","2024W2"]]"#.to_owned(), 1),
            (&columns[..3], r#"[["DemNumber01","OuRegionN01","2024W2"]]"#.to_owned(), 1),
            (&columns[..], format!("[{}]", row.replace("OuRegionN01", "OuRegionS01")), 1),
            (&columns[..], format!("[{}]", row.replace("DemNumber01", "DemNumber02")), 1),
            (&columns[..], format!("[{}]", row.replace("2024W2", "2024W3")), 1),
            (&columns[..], format!("[{}]", row.replace("2024W2", "week two")), 1),
        ] {
            let refused = read_analytics_values(&grid(columns, &rows, height), &asked(false));
            let broken_off = height > rows.matches("[\"").count();
            match refused {
                Err(ClientErrorKind::Interrupted { .. }) => assert!(broken_off, "{rows}"),
                Err(ClientErrorKind::Malformed { .. }) => assert!(!broken_off, "{rows}"),
                other => panic!("{rows}: {other:?}"),
            }
        }
        let mut unsaid = grid(&columns, &format!("[{row}]"), 1);
        unsaid.body = String::from_utf8(unsaid.body).unwrap().replace(r#""height":1,"#, "").into_bytes();
        assert!(matches!(read_grid(&unsaid), Err(ClientErrorKind::Interrupted { .. })), "no word of its height");
        assert!(read_analytics_values(&grid(&columns, &format!("[{row}]"), 1), &asked(true)).is_err(), "no `co`");
    }

    #[test]
    fn a_cut_grid_is_an_error_at_every_byte() {
        let whole = grid(&["dx", "ou", "pe", "value"], r#"[["DemNumber01","OuRegionN01","2024W2","1"]]"#, 1);
        for end in 0..whole.body.len() {
            let cut = Answer::new(200, Some("application/json"), &whole.body[..end]);
            assert!(read_grid(&cut).is_err(), "{end}");
        }
    }
}
