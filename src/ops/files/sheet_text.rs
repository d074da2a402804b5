//! The text of a sheet's file: its encoding, what separates its cells, and the line on which its header stands.
//!
//! Excel saves "Unicode text" as UTF-16 with tabs, writes a byte order mark or none, and begins a file with `sep=;` where
//! somebody told it to. All of that is read. What cannot be read for certain is refused in words: a file in Latin-1
//! would turn names into others.

use std::borrow::Cow;

/// A file's text, ready to be taken apart into cells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SheetText<'bytes> {
    /// The header and the rows.
    pub text: Cow<'bytes, str>,
    /// The line of the file on which `text` begins.
    pub first_line: u64,
    /// Between cells.
    pub separator: u8,
}

/// What may stand between cells, the likelier first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads a file whose header holds some of the `known` columns.
pub(super) fn read<'bytes>(bytes: &'bytes [u8], known: &[&str]) -> Result<SheetText<'bytes>, String> {
    let text = decoded(bytes)?;
    let text = from(&text, text.len() - text.trim_start_matches('\u{feff}').len());
    let line = text.lines().next().unwrap_or_default();
    let Some(named) = named_separator(line) else {
        let separator = separator(header_line(&text), known);
        return Ok(SheetText { text, first_line: 1, separator });
    };
    let start = text.find('\n').map_or(text.len(), |end| end + 1);
    let rest = from(&text, start);
    // A file that was saved anew may have another separator than its first line says.
    let separator =
        if columns(header_line(&rest), named, known) > 0 { named } else { separator(header_line(&rest), known) };
    Ok(SheetText { text: rest, first_line: 2, separator })
}

/// The text from a byte on.
fn from<'text>(text: &Cow<'text, str>, start: usize) -> Cow<'text, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(start..).unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.get(start..).unwrap_or_default().to_owned()),
    }
}

fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err("the file is a workbook; save it as \"CSV UTF-8\"".to_owned());
    }
    let two_bytes = |pair: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|bytes| pair([bytes[0], bytes[1]])).collect();
        match String::from_utf16(&units) {
            Ok(text) if bytes.len().is_multiple_of(2) => Ok(Cow::Owned(text)),
            _ => Err("the file is damaged: it ends in the middle of a letter, or contains invalid letters".to_owned()),
        }
    };
    match bytes {
        // A mark, or none: no header begins with anything but plain letters.
        [0xff, 0xfe, ..] | [1..=127, 0, ..] => two_bytes(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, 1..=127, ..] => two_bytes(u16::from_be_bytes),
        _ => {
            let text =
                std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8; save it as \"CSV UTF-8\"".to_owned())?;
            Ok(Cow::Borrowed(text))
        }
    }
}

/// The separator that a first line such as `sep=;` names, maybe in quotation marks and with empty cells after it.
fn named_separator(line: &str) -> Option<u8> {
    let line = line.trim_start_matches([' ', '"']);
    let prefix = line.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("sep="))?;
    let rest = line.get(prefix.len()..)?;
    match rest.bytes().next() {
        Some(byte) if byte.is_ascii() && byte != b'"' && !byte.is_ascii_alphanumeric() => Some(byte),
        // `sep=` alone, and what is no separator.
        _ => None,
    }
}

fn header_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// The separator by which the most known columns stand in the header.
fn separator(header: &str, known: &[&str]) -> u8 {
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    let mut best = (0, 0, b',');
    for separator in SEPARATORS {
        let found = (columns(header, separator, known), count(&separator));
        if found > (best.0, best.1) {
            best = (found.0, found.1, separator);
        }
    }
    best.2
}

/// How many known columns a header has with such a separator.
fn columns(header: &str, separator: u8, known: &[&str]) -> usize {
    let cells = header.split(char::from(separator)).map(|cell| cell.trim().trim_matches('"').trim().to_lowercase());
    cells.filter(|cell| meant(cell, known).is_some()).count()
}

/// The column that a heading means: people write `Source ID`, `source-id` or `SOURCE_ID` for `source_id`.
pub(super) fn meant<'known>(heading: &str, known: &[&'known str]) -> Option<&'known str> {
    let joined = words_joined(heading);
    known.iter().find(|name| **name == heading).or_else(|| known.iter().find(|name| **name == joined)).copied()
}

/// A heading as our columns are written: in small letters, its words joined by `_`.
pub(super) fn words_joined(heading: &str) -> String {
    let letters = |character: char| if character.is_alphanumeric() { character } else { ' ' };
    let words: String = heading.to_lowercase().chars().map(letters).collect();
    words.split_whitespace().collect::<Vec<_>>().join("_")
}

/// Whether a header stands in one cell as a whole: the file was opened with another separator than it has.
pub(super) fn is_whole_header(cell: &str, known: &[&str]) -> bool {
    SEPARATORS.into_iter().any(|separator| columns(cell, separator, known) > 1)
}

#[cfg(test)]
mod tests {
    use super::{read, separator};

    const KNOWN: &[&str] = &["a", "b"];

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
        let mark = if mark { "\u{feff}" } else { "" };
        format!("{mark}{text}").encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn every_way_in_which_spreadsheets_save_text_is_read() {
        let text = "a;b\né;2\n";
        let mut files = vec![text.as_bytes().to_vec(), format!("\u{feff}{text}").into_bytes()];
        for mark in [true, false] {
            files.push(utf16(text, u16::to_le_bytes, mark));
            files.push(utf16(text, u16::to_be_bytes, mark));
        }
        for file in files {
            let read = read(&file, KNOWN).unwrap();
            assert_eq!((read.text.as_ref(), read.first_line, read.separator), (text, 1, b';'));
        }
    }

    #[test]
    fn a_line_that_names_the_separator_is_no_row() {
        for (file, rows, by) in [
            ("sep=;\na;b\n1;2\n", "a;b\n1;2\n", b';'),
            ("\u{feff}SEP=;\r\na;b\n", "a;b\n", b';'),
            ("\"sep=;\"\na;b\n", "a;b\n", b';'),
            ("sep=\t\na\tb\n", "a\tb\n", b'\t'),
            ("sep=;,\na,b\n", "a,b\n", b','),
            ("sep=;", "", b','),
        ] {
            let read = read(file.as_bytes(), KNOWN).unwrap();
            assert_eq!((read.text.as_ref(), read.first_line, read.separator), (rows, 2, by), "{file}");
        }
        assert_eq!(read(b"september,b\n", KNOWN).unwrap().first_line, 1);
    }

    #[test]
    fn the_header_says_what_separates_cells() {
        let headers = ["a,b", "a;b", "\"a\"\t\"b\"", "a|b", "a", "b;a,x,y"];
        for (header, by) in headers.into_iter().zip([b',', b';', b'\t', b'|', b',', b';']) {
            assert_eq!(separator(header, KNOWN), by, "{header}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_in_words() {
        for (bytes, said) in [
            (b"a\nSant\xe9\n".as_slice(), "the file is not UTF-8; save it as \"CSV UTF-8\""),
            (b"PK\x03\x04rest", "the file is a workbook; save it as \"CSV UTF-8\""),
            (b"\xff\xfea\0b", "the file is damaged: it ends in the middle of a letter, or contains invalid letters"),
        ] {
            assert_eq!(read(bytes, KNOWN).unwrap_err(), said);
        }
    }
}
