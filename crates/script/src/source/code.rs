//! A script's text without what is no code: comments and the insides of texts are blanked out, character by character,
//! so that lines and columns stay.

use std::iter::Peekable;
use std::str::Chars;

/// Longest character literal: `'\u{10FFFF}'`, and as much again.
const CHARACTER: usize = 24;

fn blank(character: char) -> char {
    if character == '\n' { '\n' } else { ' ' }
}

/// The code of a script.
pub(super) fn code_only(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source.chars().peekable();
    // How many `#` stand directly before: `#"…"#` is a text without escapes.
    let mut hashes = 0;
    while let Some(character) = rest.next() {
        match (character, rest.peek()) {
            ('/', Some('/')) => {
                code.push(' ');
                while let Some(next) = rest.next_if(|next| *next != '\n') {
                    code.push(blank(next));
                }
            }
            ('/', Some('*')) => block_comment(&mut code, &mut rest),
            ('"', _) if hashes > 0 => raw_text(&mut code, &mut rest, hashes),
            ('"' | '`', _) => {
                code.push(' ');
                while let Some(next) = rest.next() {
                    code.push(blank(next));
                    if next == '\\' && character == '"' {
                        code.extend(rest.next().map(blank));
                    } else if next == character {
                        break;
                    }
                }
            }
            ('\'', _) => single_character(&mut code, &mut rest),
            _ => code.push(character),
        }
        hashes = if character == '#' { hashes + 1 } else { 0 };
    }
    code
}

fn block_comment(code: &mut String, rest: &mut Peekable<Chars<'_>>) {
    code.push(' ');
    let (mut depth, mut last) = (1, ' ');
    code.extend(rest.next().map(blank));
    for next in rest.by_ref() {
        code.push(blank(next));
        match (last, next) {
            ('/', '*') => (depth, last) = (depth + 1, ' '),
            ('*', '/') => (depth, last) = (depth - 1, ' '),
            _ => last = next,
        }
        if depth == 0 {
            break;
        }
    }
}

fn raw_text(code: &mut String, rest: &mut Peekable<Chars<'_>>, hashes: usize) {
    code.push(' ');
    let mut closing = None;
    for next in rest.by_ref() {
        code.push(blank(next));
        closing = match (next, closing) {
            ('"', _) => Some(0),
            ('#', Some(seen)) => Some(seen + 1),
            _ => None,
        };
        if closing == Some(hashes) {
            break;
        }
    }
}

/// A quote that is not closed soon is a mistake, and the rest is read as code.
fn single_character(code: &mut String, rest: &mut Peekable<Chars<'_>>) {
    code.push(' ');
    let mut escaped = false;
    let inside = rest.clone().take(CHARACTER).take_while(|next| *next != '\n').position(|next| {
        let closes = next == '\'' && !escaped;
        escaped = next == '\\' && !escaped;
        closes
    });
    if let Some(length) = inside {
        code.extend(rest.by_ref().take(length + 1).map(blank));
    }
}

#[cfg(test)]
mod tests {
    use super::code_only;

    #[test]
    fn only_code_is_left_and_every_character_keeps_its_place() {
        for (source, code) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("a \"b\\\"c\" d", "a        d"),
            ("a `b\nc` d", "a   \n   d"),
            ("a #\"b\\\"# d", "a #      d"),
            ("a ##\"b\"#\"## d", "a ##        d"),
            ("x == '\"' || '\\'' == y", "x ==     ||      == y"),
            ("x == '{'", "x ==    "),
            ("l'été {", "l été {"),
        ] {
            assert_eq!(code_only(source), code, "{source}");
            assert_eq!(code_only(source).chars().count(), source.chars().count());
        }
    }
}
