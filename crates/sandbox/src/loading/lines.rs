//! Finds the line of a file on which a value of its JSON begins, for people who have to mend it.
//!
//! Walked only when something is wrong, over text that has been parsed already; nothing is kept while all is well.

/// A step down into JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'path> {
    /// Into a property of an object.
    Key(&'path str),
    /// To an entry of a list.
    Entry(usize),
}

/// The line, counted from 1, on which the value at the end of a path begins; none where the path leads nowhere.
pub(super) fn line_of(text: &str, path: &[Step<'_>]) -> Option<usize> {
    let mut walk = Walk { bytes: text.as_bytes(), at: 0 };
    let at = walk.find(path)?;
    Some(text.get(..at)?.matches('\n').count() + 1)
}

struct Walk<'text> {
    bytes: &'text [u8],
    at: usize,
}

impl Walk<'_> {
    fn find(&mut self, path: &[Step<'_>]) -> Option<usize> {
        self.skip_blanks();
        let Some((step, rest)) = path.split_first() else { return Some(self.at) };
        match step {
            Step::Key(key) => {
                self.take(b'{')?;
                loop {
                    self.skip_blanks();
                    let is_wanted = self.text()? == key.as_bytes();
                    self.skip_blanks();
                    self.take(b':')?;
                    if is_wanted {
                        return self.find(rest);
                    }
                    self.skip_value()?;
                    self.skip_blanks();
                    self.take(b',')?;
                }
            }
            Step::Entry(number) => {
                self.take(b'[')?;
                for _ in 0..*number {
                    self.skip_value()?;
                    self.skip_blanks();
                    self.take(b',')?;
                }
                self.find(rest)
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace() || !byte.is_ascii()) {
            self.at += 1;
        }
    }

    /// A text between quotes, its escapes left as they are.
    fn text(&mut self) -> Option<&[u8]> {
        self.take(b'"')?;
        let from = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(&self.bytes[from..self.at - 1])
    }

    fn skip_value(&mut self) -> Option<()> {
        self.skip_blanks();
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.text()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    // of the list or object around the value: a number or a word ended before it
                    if depth == 0 {
                        return Some(());
                    }
                    depth -= 1;
                    self.at += 1;
                }
                b',' if depth == 0 => return Some(()),
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Step::{Entry, Key};
    use super::line_of;

    const TEXT: &str = "{\n \"a\": [1, {\"x\": \"}\\\"\"},\n  [2,\n 3]\n ],\n \"b\": {\"a\": true,\n \"c\": null}\n}";

    #[test]
    fn values_are_found_by_their_path() {
        assert_eq!(line_of(TEXT, &[]), Some(1));
        assert_eq!(line_of(TEXT, &[Key("a"), Entry(1), Key("x")]), Some(2));
        assert_eq!(line_of(TEXT, &[Key("a"), Entry(2), Entry(1)]), Some(4));
        assert_eq!(line_of(TEXT, &[Key("b"), Key("c")]), Some(7));
    }

    #[test]
    fn a_path_that_leads_nowhere_has_no_line() {
        assert_eq!(line_of(TEXT, &[Key("d")]), None);
        assert_eq!(line_of(TEXT, &[Key("a"), Entry(3)]), None);
        assert_eq!(line_of(TEXT, &[Key("a"), Key("x")]), None);
    }
}
