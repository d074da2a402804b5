//! What all our CSV files have in common: columns by name, numbers in the sheet's own manner, findings by line and
//! column, and cells that a spreadsheet must not take for formulas.

use std::collections::HashMap;
use std::fmt;

use bigdecimal::BigDecimal;
use xfer_domain::counted::counted_len;

use crate::ops::files::cell::{guarded, unguarded};
use crate::ops::files::sheet_text::{self, SheetText, is_whole_header, meant, words_joined};
use xfer_domain::spelling::settled;
use xfer_domain::written_number::NumberManner;
use xfer_matching::names::nearest;

/// What a spreadsheet's file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetStyle {
    /// Between cells: `,` or `;` (which Excel expects in French).
    pub separator: u8,
    /// Whether a byte order mark tells Excel that it is UTF-8.
    pub byte_order_mark: bool,
}

impl Default for SheetStyle {
    fn default() -> Self {
        Self { separator: b',', byte_order_mark: false }
    }
}

impl SheetStyle {
    /// A number as it stands in such a file: between `;`, a spreadsheet takes `1.5` for a text or for a day in May.
    pub fn number(self, number: &BigDecimal) -> String {
        let text = number.to_plain_string();
        if self.separator == b';' { text.replace('.', ",") } else { text }
    }
}

/// Something wrong in a file, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetFinding {
    /// The line, counted from 1 as spreadsheets do; the header is line 1.
    pub line: u64,
    /// The column's name, where one is to blame.
    pub column: Option<String>,
    /// What is wrong, in words.
    pub message: String,
}

impl fmt::Display for SheetFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(formatter, "line {}, column {column}: {}", self.line, self.message),
            None => write!(formatter, "line {}: {}", self.line, self.message),
        }
    }
}

/// A file's rows, cells by column name.
#[derive(Debug)]
pub struct Sheet {
    separator: u8,
    columns: HashMap<String, usize>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// One row of a sheet.
#[derive(Debug, Clone, Copy)]
pub struct SheetRow<'sheet> {
    /// Its line in the file.
    pub line: u64,
    columns: &'sheet HashMap<String, usize>,
    record: &'sheet csv::StringRecord,
}

impl<'sheet> SheetRow<'sheet> {
    /// A cell's text; empty where the column or the cell is missing.
    pub fn get(&self, column: &str) -> &'sheet str {
        self.columns.get(column).and_then(|index| self.record.get(*index)).unwrap_or_default()
    }

    /// A cell's text, unless it is empty.
    pub fn filled(&self, column: &str) -> Option<&'sheet str> {
        Some(self.get(column)).filter(|cell| !cell.is_empty())
    }

    /// A cell's number, unless it is empty; what could be two numbers is refused.
    pub fn number(&self, column: &str, manner: NumberManner) -> Result<Option<BigDecimal>, SheetFinding> {
        self.filled(column).map(|text| manner.read(text).map_err(|wrong| self.finding(column, wrong))).transpose()
    }

    /// A finding about a cell of this row.
    pub fn finding(&self, column: &str, message: impl Into<String>) -> SheetFinding {
        SheetFinding { line: self.line, column: Some(column.to_owned()), message: message.into() }
    }
}

impl Sheet {
    /// Reads a file. `required` columns must be there; `known` are all that mean something, so that a misspelt one
    /// is found instead of silently read as empty.
    pub fn parse(bytes: &[u8], required: &[&[&str]], known: &[&str]) -> Result<Self, Vec<SheetFinding>> {
        let in_file = |message: String| vec![SheetFinding { line: 1, column: None, message }];
        let SheetText { text, first_line, separator } = sheet_text::read(bytes, known).map_err(in_file)?;
        let text = text.as_ref();
        let header_line = first_line + text.lines().take_while(|line| line.is_empty()).count() as u64;
        let in_header = |column: Option<&str>, message: String| {
            vec![SheetFinding { line: header_line, column: column.map(str::to_owned), message }]
        };
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|cause| in_header(None, cause.to_string()))?.clone();
        let mut columns = HashMap::new();
        for (index, name) in header.iter().enumerate() {
            let name = settled(name).to_lowercase();
            if name.is_empty() {
                continue;
            }
            if is_whole_header(&name, known) {
                let message = "the whole line is in one cell: the file was opened with the wrong separator. Export it \
                               again with --separator ';' (or ,), or use your spreadsheet's text import";
                return Err(in_header(None, message.to_owned()));
            }
            let name = meant(&name, known).map_or(name, str::to_owned);
            if !known.contains(&name.as_str()) {
                let near = nearest(&words_joined(&name), known.iter().copied(), 1);
                let guess = near.first().map_or_else(String::new, |near| format!("did you mean {near}? "));
                let message = format!("unknown column; {guess}the columns are {}", known.join(", "));
                return Err(in_header(Some(&name), message));
            }
            if columns.insert(name.clone(), index).is_some() {
                return Err(in_header(Some(&name), "the column is there twice".to_owned()));
            }
        }
        for alternatives in required {
            if !alternatives.iter().any(|name| columns.contains_key(*name)) {
                return Err(in_header(None, format!("the column {} is missing", alternatives.join(" or "))));
            }
        }
        let mut rows = Vec::new();
        let mut findings = Vec::new();
        let mut lines = Lines::new(text, first_line);
        for record in reader.into_records() {
            match record {
                Ok(record) => {
                    let line = lines.line_of(record.position());
                    if record.len() > header.len() && record.iter().skip(header.len()).any(|cell| !cell.is_empty()) {
                        let message =
                            format!("{}, but the header has {}", counted_len(record.len(), "cell"), header.len());
                        findings.push(SheetFinding { line, column: None, message });
                    } else if record.iter().any(|cell| swallows_rows(cell, separator, header.len())) {
                        let message = "a quotation mark starts a cell here that continues over whole rows; close it, \
                                       or write it twice if it belongs to the text";
                        findings.push(SheetFinding { line, column: None, message: message.to_owned() });
                    } else if record.iter().any(|cell| !cell.trim().is_empty()) {
                        // Without white space at its ends, and as it was before `write` made it safe.
                        rows.push((line, record.iter().map(|cell| unguarded(cell.trim()).into_owned()).collect()));
                    }
                }
                Err(cause) => {
                    let line = lines.line_of(cause.position());
                    findings.push(SheetFinding { line, column: None, message: cause.to_string() });
                }
            }
        }
        if findings.is_empty() { Ok(Self { separator, columns, rows }) } else { Err(findings) }
    }

    /// How numbers are written here: as the separator and the cells of the columns with numbers show.
    pub fn manner(&self, columns: &[&str]) -> NumberManner {
        let cells = self.rows().flat_map(|row| columns.iter().filter_map(move |column| row.filled(column)));
        NumberManner::of_separator(self.separator).shown_by(cells)
    }

    /// Its rows with anything in them, in order.
    pub fn rows(&self) -> impl Iterator<Item = SheetRow<'_>> {
        self.rows.iter().map(|(line, record)| SheetRow { line: *line, columns: &self.columns, record })
    }
}

/// Finds the line on which a record begins. The reader's own count stands before empty lines that it skips.
struct Lines<'text> {
    text: &'text [u8],
    at: usize,
    line: u64,
}

impl<'text> Lines<'text> {
    fn new(text: &'text str, first_line: u64) -> Self {
        Self { text: text.as_bytes(), at: 0, line: first_line }
    }

    /// Records come in order, so each byte is looked at once.
    fn line_of(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
        while let Some(byte) = self.text.get(self.at)
            && (self.at < start || matches!(byte, b'\r' | b'\n'))
        {
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// Writes a file: header, then rows. Cells that a spreadsheet would take for a formula get a quote before them.
pub fn write<'row>(
    style: SheetStyle,
    header: &[&str],
    rows: impl Iterator<Item = Vec<std::borrow::Cow<'row, str>>>,
) -> Vec<u8> {
    let mut bytes = if style.byte_order_mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new().delimiter(style.separator).from_writer(Vec::new());
    // Writing to memory has no failure that a caller could act on.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row.iter().map(|cell| guarded(cell).into_owned()));
    }
    bytes.extend(writer.into_inner().unwrap_or_default());
    bytes
}

/// Whether a cell holds what are rows of the file, because a quotation mark was not closed. Else they would be missed
/// without a message.
fn swallows_rows(cell: &str, separator: u8, columns: usize) -> bool {
    let is_row = |line: &str| line.bytes().filter(|byte| *byte == separator).count() + 1 >= columns;
    columns > 3 && cell.lines().skip(1).any(is_row)
}

#[cfg(test)]
mod tests {
    use super::{Sheet, SheetStyle, write};

    const KNOWN: &[&str] = &["a", "b"];

    #[test]
    fn what_is_written_reads_back_in_every_style() {
        for separator in [b',', b';'] {
            for byte_order_mark in [false, true] {
                let style = SheetStyle { separator, byte_order_mark };
                let rows = [
                    vec!["=cmd()".into(), "é;,\"x\"".into()],
                    vec!["-5".into(), "two\nlines".into()],
                    vec!["'=cmd()".into(), "''+x".into()],
                    vec!["'quoted'".into(), "'".into()],
                    vec![" =x".into(), "\u{a0}=x".into()],
                    vec!["\t=x".into(), "\u{ff1d}x".into()],
                    vec!["a\0b\u{7f}".into(), "\0=x ␀".into()],
                ];
                let bytes = write(style, KNOWN, rows.clone().into_iter());
                let sheet = Sheet::parse(&bytes, &[&["a"]], KNOWN).unwrap();
                let read: Vec<Vec<String>> =
                    sheet.rows().map(|row| vec![row.get("a").to_owned(), row.get("b").to_owned()]).collect();
                assert_eq!(read, rows.map(|row| row.into_iter().map(String::from).collect::<Vec<_>>()));
            }
        }
    }

    #[test]
    fn a_number_is_read_as_the_sheet_writes_numbers() {
        let read = |text: &str| {
            let sheet = Sheet::parse(text.as_bytes(), &[&["a"]], KNOWN).unwrap();
            let manner = sheet.manner(&["b"]);
            let number = |row: super::SheetRow<'_>| match row.number("b", manner) {
                Ok(number) => number.map(|number| number.normalized().to_plain_string()).unwrap_or_default(),
                Err(wrong) => wrong.to_string(),
            };
            sheet.rows().map(number).collect::<Vec<_>>()
        };
        assert_eq!(read("a;b\n1;1,000\n1;\n1;0,5\n"), ["1", "", "0.5"]);
        let doubt = "line 2, column b: `1,000` can be read as 1000 or as 1; write 1000, or 1,0000 for 1";
        assert_eq!(read("a,b\n1,\"1,000\"\n"), [doubt]);
        assert_eq!(read("a,b\n1,\"1,000\"\n1,0.5\n"), ["1000", "0.5"]);
        assert_eq!(read("a\tb\n1\t1,000\n"), [doubt]);
        let number = "1.25".parse().unwrap();
        assert_eq!(SheetStyle::default().number(&number), "1.25");
        assert_eq!(SheetStyle { separator: b';', byte_order_mark: true }.number(&number), "1,25");
    }

    #[test]
    fn formulas_are_neutralised_and_numbers_are_not() {
        let bytes = write(SheetStyle::default(), KNOWN, [vec!["@x".into(), "-5.5".into()]].into_iter());
        assert_eq!(String::from_utf8(bytes).unwrap(), "a,b\n'@x,-5.5\n");
    }

    #[test]
    fn a_heading_is_understood_as_people_write_it() {
        let known = &["source_id", "source_name", "state"];
        for heading in ["source_id", "Source ID", "source id", "Source-Id", "SOURCE_ID", " Source  Id ", "source.id"] {
            let text = format!("\"{heading}\",State\naFac0000001,ignored\n");
            let sheet =
                Sheet::parse(text.as_bytes(), &[&["source_id"]], known).unwrap_or_else(|found| panic!("{found:?}"));
            let cells: Vec<_> = sheet.rows().map(|row| [row.get("source_id"), row.get("state")]).collect();
            assert_eq!(cells, [["aFac0000001", "ignored"]], "{heading}");
        }
        let found = Sheet::parse(b"Sorce ID,state\n", &[&["source_id"]], known).unwrap_err();
        let expected = "line 1, column sorce id: unknown column; did you mean source_id? the columns are source_id, source_name, state";
        assert_eq!(found[0].to_string(), expected);
        let twice = Sheet::parse(b"source_id,Source ID\n", &[&["source_id"]], known).unwrap_err();
        assert_eq!(twice[0].to_string(), "line 1, column source_id: the column is there twice");
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let findings = |text: &str| {
            let found = Sheet::parse(text.as_bytes(), &[&["a"]], KNOWN).unwrap_err();
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(findings("b\n1"), ["line 1: the column a is missing"]);
        assert_eq!(findings("a,zzzz\n"), ["line 1, column zzzz: unknown column; the columns are a, b"]);
        assert_eq!(findings("a,a\n"), ["line 1, column a: the column is there twice"]);
        assert_eq!(findings("a,b\n1,2\n\n1,2,3\n"), ["line 4: 3 cells, but the header has 2"]);
        let four = |text: &str| {
            let known = &["a", "b", "c", "d"];
            let found = Sheet::parse(text.as_bytes(), &[&["a"]], known).unwrap_err();
            found.iter().map(|finding| finding.line).collect::<Vec<_>>()
        };
        assert_eq!(four("a,b,c,d\n1,2,3,4\n1,\"2,3,4\n5,6,7,8\n"), [3], "never closed");
        assert_eq!(four("a,b,c,d\n1,\"2,3,4\n5,6,7,8\n5,6\",7,8\n"), [2], "closed two rows later");
        let latin1 = Sheet::parse(b"a\nSant\xe9\n", &[&["a"]], KNOWN).unwrap_err();
        assert_eq!(latin1[0].to_string(), "line 1: the file is not UTF-8; save it as \"CSV UTF-8\"");
    }
}
