//! Decoded views of a text, each with the way back to the original positions.
//!
//! A server, a proxy or a library may write a secret in more ways than can be listed: each letter by itself as an
//! entity, escaped or percent-encoded, once or several times, broken over lines. So it is the text that is decoded, not
//! the secret that is encoded: each view is searched for the same few forms, and what is found there is struck out where
//! it stands.

use std::ops::Range;

use zeroize::Zeroizing;

/// How often a text is decoded: who encodes more often hides it from its own clients.
const LAYERS: usize = 3;

/// Ways of encoding that leave a mark in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// `%C3%A9`
    Percent,
    /// `\u00e9`, `\"`, `\xe9`
    Backslash,
    /// `&eacute;`, `&#233;`, `&#xe9;`
    Html,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Percent, Self::Backslash, Self::Html];

    fn mark(self) -> char {
        match self {
            Self::Percent => '%',
            Self::Backslash => '\\',
            Self::Html => '&',
        }
    }
}

/// A text as it reads in one way.
#[derive(Debug)]
struct View {
    text: Zeroizing<String>,
    /// Where in the source that stands of which each byte was made.
    spans: Vec<Range<usize>>,
}

impl View {
    fn with_room(bytes: usize) -> Self {
        Self { text: Zeroizing::new(String::with_capacity(bytes)), spans: Vec::with_capacity(bytes) }
    }

    fn push(&mut self, letter: char, span: Range<usize>) {
        self.text.push(letter);
        self.spans.resize(self.text.len(), span);
    }

    /// With the way back through the text that this one was made of.
    fn through(mut self, spans: Option<&[Range<usize>]>) -> Self {
        if let Some(spans) = spans {
            for span in &mut self.spans {
                if let Some(source) = across(spans, span) {
                    *span = source;
                }
            }
        }
        self
    }

    fn sources<'view>(&'view self, found: &'view [Range<usize>]) -> impl Iterator<Item = Range<usize>> + 'view {
        found.iter().filter_map(|range| across(&self.spans, range))
    }
}

fn across(spans: &[Range<usize>], range: &Range<usize>) -> Option<Range<usize>> {
    Some(spans.get(range.start)?.start..spans.get(range.end.checked_sub(1)?)?.end)
}

/// Shows a text as it reads when it is decoded, in each way that leaves a mark in it, and without what breaks lines and
/// separates bytes. `search` gives what it finds in a view, which is the second kind if it says `squeezed`; all that is
/// found is given back by where it stands in the text.
pub(super) fn find_in_views(text: &str, search: &dyn Fn(&str, bool) -> Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    look(text, None, LAYERS, search, &mut found);
    found
}

fn look(
    text: &str,
    spans: Option<&[Range<usize>]>,
    layers: usize,
    search: &dyn Fn(&str, bool) -> Vec<Range<usize>>,
    found: &mut Vec<Range<usize>>,
) {
    if let Some(view) = squeezed(text) {
        let view = view.through(spans);
        found.extend(view.sources(&search(&view.text, true)));
    }
    if layers == 0 {
        return;
    }
    for coding in Coding::ALL {
        let Some(view) = decoded(text, coding) else { continue };
        let view = view.through(spans);
        found.extend(view.sources(&search(&view.text, false)));
        look(&view.text, Some(&view.spans), layers - 1, search, found);
    }
}

/// Without blanks, ends of lines and colons: as Base64 and hexadecimal digits are before they are set in lines and pairs.
fn squeezed(text: &str) -> Option<View> {
    let is_between = |letter: char| letter.is_ascii_whitespace() || letter == ':';
    if !text.contains(is_between) {
        return None;
    }
    let mut view = View::with_room(text.len());
    for (start, letter) in text.char_indices().filter(|(_, letter)| !is_between(*letter)) {
        view.push(letter, start..start + letter.len_utf8());
    }
    Some(view)
}

/// The text with one way of encoding undone, once; none where nothing is encoded that way.
fn decoded(text: &str, coding: Coding) -> Option<View> {
    let mark = coding.mark();
    if !text.contains(mark) {
        return None;
    }
    let (mut view, mut at, mut is_encoded) = (View::with_room(text.len()), 0, false);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(letter) = rest.chars().next() else { break };
        let escape = match coding {
            _ if letter != mark => None,
            Coding::Percent => percent(rest, at, &mut view),
            Coding::Backslash => backslash(rest).map(|(letter, length)| {
                view.push(letter, at..at + length);
                length
            }),
            Coding::Html => entity(rest).map(|(letter, length)| {
                view.push(letter, at..at + length);
                length
            }),
        };
        is_encoded |= escape.is_some();
        at += escape.unwrap_or_else(|| {
            view.push(letter, at..at + letter.len_utf8());
            letter.len_utf8()
        });
    }
    is_encoded.then_some(view)
}

/// Decodes all bytes that stand here in a row, because several of them may make one letter. Gives how long they are.
fn percent(text: &str, at: usize, view: &mut View) -> Option<usize> {
    let byte = |place: usize| {
        let digits = text.get(place..place + 3)?.strip_prefix('%')?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok()).flatten()
    };
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new((0..).map_while(|number| byte(number * 3)).collect());
    let mut number = 0;
    for chunk in bytes.utf8_chunks() {
        let invalid = chunk.invalid();
        let valid = chunk.valid().chars().map(|letter| (letter, letter.len_utf8()));
        let unknown = (!invalid.is_empty()).then_some((char::REPLACEMENT_CHARACTER, invalid.len()));
        for (letter, length) in valid.chain(unknown) {
            let start = at + number * 3;
            view.push(letter, start..start + length * 3);
            number += length;
        }
    }
    (!bytes.is_empty()).then_some(bytes.len() * 3)
}

/// The letter of an escape as JSON and programming languages have it, and how long it is.
fn backslash(text: &str) -> Option<(char, usize)> {
    let kind = text.chars().nth(1)?;
    let unit = |place: usize| {
        let digits = text.get(place..place + 6)?.strip_prefix("\\u")?;
        hexadecimal(digits).and_then(|number| u16::try_from(number).ok())
    };
    match kind {
        'u' if let Some(rest) = text.strip_prefix("\\u{") => {
            let digits = rest.get(..rest.find('}')?)?;
            Some((char::from_u32(hexadecimal(digits)?)?, digits.len() + 4))
        }
        'u' => {
            let first = unit(0)?;
            if let Some(letter) = char::from_u32(first.into()) {
                return Some((letter, 6));
            }
            let letter = char::decode_utf16([first, unit(6)?]).next()?.ok()?;
            Some((letter, 12))
        }
        'x' => Some((char::from_u32(hexadecimal(text.get(2..4)?)?)?, 4)),
        'n' => Some(('\n', 2)),
        'r' => Some(('\r', 2)),
        't' => Some(('\t', 2)),
        'b' => Some(('\u{8}', 2)),
        'f' => Some(('\u{c}', 2)),
        '"' | '\\' | '/' | '\'' => Some((kind, 2)),
        _ => None,
    }
}

/// The letter of an entity, and how long it is. Browsers take numbers without their semicolon, too.
fn entity(text: &str) -> Option<(char, usize)> {
    /// The longest name below is shorter.
    const LONGEST: usize = 12;
    let Some(number) = text.strip_prefix("&#") else {
        let head = text.get(1..).map(|rest| rest.as_bytes().get(..LONGEST).unwrap_or(rest.as_bytes()))?;
        let length = head.iter().position(|byte| *byte == b';')?;
        let name = text.get(1..=length)?;
        return Some((named(name)?, length + 2));
    };
    let (digits, radix, before) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 3),
        None => (number, 10, 2),
    };
    let length = digits.bytes().take(8).take_while(|digit| char::from(*digit).is_digit(radix)).count();
    let letter = char::from_u32(u32::from_str_radix(digits.get(..length)?, radix).ok()?)?;
    let closed = usize::from(digits.as_bytes().get(length) == Some(&b';'));
    Some((letter, before + length + closed))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.len() <= 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_number.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

fn named(name: &str) -> Option<char> {
    if let Some((_, letter)) = SIGNS.iter().find(|(known, _)| *known == name) {
        return Some(*letter);
    }
    let place = LATIN.split_ascii_whitespace().position(|known| known == name)?;
    char::from_u32(0xa0 + u32::try_from(place).ok()?)
}

/// Signs of ASCII that have names in HTML.
const SIGNS: [(&str, char); 39] = [
    ("amp", '&'),
    ("AMP", '&'),
    ("lt", '<'),
    ("LT", '<'),
    ("gt", '>'),
    ("GT", '>'),
    ("quot", '"'),
    ("QUOT", '"'),
    ("apos", '\''),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("grave", '`'),
    ("lcub", '{'),
    ("verbar", '|'),
    ("rcub", '}'),
    ("hyphen", '-'),
];

/// The letters of Latin-1 from U+00A0 on, in order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
    ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml \
    yacute thorn yuml";

#[cfg(test)]
mod tests {
    use super::{Coding, LATIN, across, decoded};

    #[test]
    fn each_way_of_encoding_is_undone_with_the_way_back() {
        let read = |text: &str, coding| {
            let view = decoded(text, coding).unwrap();
            assert_eq!(view.spans.len(), view.text.len());
            assert_eq!(view.spans.last().map(|span| span.end), Some(text.len()));
            view.text.to_string()
        };
        assert_eq!(read("a%C3%A9%2f%zz%ff!", Coding::Percent), "aé/%zz\u{fffd}!");
        assert_eq!(read(r#"a\u00e9\uD83D\ude00\"\/\u{e9}\q\xe9"#, Coding::Backslash), "aé😀\"/é\\qé");
        assert_eq!(read("&eacute;&#xE9;&#233&amp;amp;&no;&sol;&yuml;", Coding::Html), "ééé&amp;&no;/ÿ");
        assert!(decoded("100 % & a\\", Coding::Percent).is_none());
        assert_eq!(LATIN.split_ascii_whitespace().count(), 96);
        let view = decoded("ab%63d", Coding::Percent).unwrap();
        assert_eq!(across(&view.spans, &(1..3)), Some(1..5));
    }
}
