//! How a person writes an item: as one text with dots, or part by part.

use std::borrow::Cow;

use crate::items::EVERY;

/// What a person gives to name an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'text> {
    /// One text, as on the command line: `DE.COC.AOC`. A part that holds dots itself goes into double quotes.
    Line(&'text str),
    /// Each part by itself, as in the cells of a sheet: nothing in them is cut.
    Parts {
        /// The data element, indicator, program indicator or reporting rate.
        object: &'text str,
        /// Its category option combo; every one, or the only one, where it is left out.
        category_option_combo: Option<&'text str>,
        /// Its attribute option combo.
        attribute_option_combo: Option<&'text str>,
    },
}

/// One way to read it. A combo left out is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts<'text> {
    pub object: Cow<'text, str>,
    pub category_option_combo: Option<Cow<'text, str>>,
    pub attribute_option_combo: Option<Cow<'text, str>>,
}

/// A text with more dots is one name.
const MOST_DOTS: usize = 12;

impl<'text> Reference<'text> {
    /// What was written, for messages.
    pub(super) fn text(self) -> String {
        match self {
            Self::Line(text) => text.trim().to_owned(),
            Self::Parts { object, category_option_combo, attribute_option_combo } => {
                let combos = [category_option_combo, attribute_option_combo].into_iter().flatten();
                std::iter::once(object).chain(combos).map(str::trim).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Every way to read it; the whole text as one name comes first.
    pub(super) fn readings(self) -> Vec<Parts<'text>> {
        match self {
            Self::Parts { object, category_option_combo, attribute_option_combo } => {
                let combo =
                    |text: Option<&'text str>| text.map(str::trim).filter(|text| *text != EVERY).map(Cow::Borrowed);
                vec![Parts {
                    object: Cow::Borrowed(object.trim()),
                    category_option_combo: combo(category_option_combo),
                    attribute_option_combo: combo(attribute_option_combo),
                }]
            }
            Self::Line(text) => quoted(text.trim()).map_or_else(|| split(text.trim()), |parts| vec![parts]),
        }
    }
}

impl Parts<'_> {
    pub(super) fn is_whole(&self) -> bool {
        self.category_option_combo.is_none() && self.attribute_option_combo.is_none()
    }

    /// The same in quotes, which can be read in one way only.
    pub(super) fn in_quotes(&self) -> String {
        let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let combos = match (&self.category_option_combo, &self.attribute_option_combo) {
            (None, None) => String::new(),
            (Some(coc), None) => format!(".{}", quote(coc)),
            (coc, Some(aoc)) => {
                format!(".{}.{}", coc.as_ref().map_or_else(|| EVERY.to_owned(), |coc| quote(coc)), quote(aoc))
            }
        };
        format!("{}{combos}", quote(&self.object))
    }
}

fn parts<'text>(texts: &[Cow<'text, str>], is_every: impl Fn(usize) -> bool) -> Option<Parts<'text>> {
    if texts.len() > 3 || texts.iter().any(|text| text.is_empty()) {
        return None;
    }
    let combo = |index: usize| texts.get(index).filter(|_| !is_every(index)).cloned();
    Some(Parts { object: texts.first()?.clone(), category_option_combo: combo(1), attribute_option_combo: combo(2) })
}

/// `"B50.9"."F"`: one part at least is in quotes, and a quote within is written twice.
fn quoted(text: &str) -> Option<Parts<'_>> {
    let mut texts: Vec<Cow<'_, str>> = Vec::new();
    let mut every = Vec::new();
    let mut rest = text;
    let mut any = false;
    loop {
        if let Some(inner) = rest.strip_prefix('"') {
            let mut part = String::new();
            let mut letters = inner.char_indices().peekable();
            let end = loop {
                match letters.next()? {
                    (_, '"') if letters.peek().is_some_and(|(_, next)| *next == '"') => {
                        letters.next();
                        part.push('"');
                    }
                    (position, '"') => break position + 1,
                    (_, letter) => part.push(letter),
                }
            };
            texts.push(Cow::Owned(part));
            every.push(false);
            any = true;
            rest = inner.get(end..)?.trim_start();
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let part = rest.get(..end)?.trim();
            if part.contains('"') {
                return None;
            }
            every.push(part == EVERY);
            texts.push(Cow::Borrowed(part));
            rest = rest.get(end..)?;
        }
        match rest.strip_prefix('.') {
            Some(more) => rest = more.trim_start(),
            None if rest.is_empty() => break,
            None => return None,
        }
    }
    if any { parts(&texts, |index| every.get(index).copied().unwrap_or_default()) } else { None }
}

/// The whole text, then all ways to cut it at dots.
fn split<'text>(text: &'text str) -> Vec<Parts<'text>> {
    let mut readings = Vec::new();
    let mut add = |texts: &[&'text str]| {
        let texts: Vec<Cow<'text, str>> = texts.iter().map(|text| Cow::Borrowed(text.trim())).collect();
        let every = |index: usize| texts.get(index).is_some_and(|text| text == EVERY);
        readings.extend(parts(&texts, every));
    };
    let dots: Vec<usize> = text.match_indices('.').map(|(position, _)| position).collect();
    let piece = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    add(&[text]);
    // `MAL..F`: a part was forgotten, and nobody knows which.
    if dots.len() <= MOST_DOTS && !text.contains("..") {
        for (number, first) in dots.iter().enumerate() {
            add(&[piece(0, *first), piece(first + 1, text.len())]);
            for second in dots.iter().skip(number + 1) {
                add(&[piece(0, *first), piece(first + 1, *second), piece(second + 1, text.len())]);
            }
        }
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::Reference;

    fn read(text: &str) -> Vec<String> {
        Reference::Line(text).readings().iter().map(super::Parts::in_quotes).collect()
    }

    #[test]
    fn a_text_with_dots_has_every_reading() {
        assert_eq!(read("MAL"), [r#""MAL""#]);
        assert_eq!(read("MAL.F"), [r#""MAL.F""#, r#""MAL"."F""#]);
        assert_eq!(read("B50.9.F"), [r#""B50.9.F""#, r#""B50"."9.F""#, r#""B50"."9"."F""#, r#""B50.9"."F""#]);
        assert_eq!(read("MAL.*.P"), [r#""MAL.*.P""#, r#""MAL"."*.P""#, r#""MAL".*."P""#, r#""MAL.*"."P""#]);
        assert_eq!(read("MAL."), [r#""MAL.""#]);
        assert_eq!(read("MAL..F"), [r#""MAL..F""#]);
    }

    #[test]
    fn quotes_leave_one_reading() {
        for (text, reading) in [
            (r#""B50.9"."F""#, r#""B50.9"."F""#),
            (r#""B50.9".F"#, r#""B50.9"."F""#),
            (r#" "B50.9" . "<5, F" . "A.B" "#, r#""B50.9"."<5, F"."A.B""#),
            (r#""B50.9".*."A.B""#, r#""B50.9".*."A.B""#),
            (r#""MAL.F""#, r#""MAL.F""#),
            (r#""say ""ah""."."x""#, r#""say ""ah""."."x""#),
        ] {
            assert_eq!(read(text), [reading], "{text}");
        }
        // Quotation marks within a name are part of it.
        assert_eq!(read(r#"Dispensaire "Espoir" Nord"#), [r#""Dispensaire ""Espoir"" Nord""#]);
        assert_eq!(read(r#""Espoir" Nord"#), [r#""""Espoir"" Nord""#]);
    }
}
