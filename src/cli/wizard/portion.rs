//! Long lists in parts: a person accepts only what she was shown.

/// So many lines are shown before a question: with it they fit on one screen.
pub(crate) const LINES: usize = 40;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Portion {
    /// The first, counted from 1.
    first: usize,
    /// The last.
    last: usize,
    /// The whole list.
    of: usize,
}

impl Portion {
    /// A list cut into portions of so many lines.
    pub(crate) fn of<T>(list: &[T]) -> impl Iterator<Item = (Self, &[T])> {
        list.chunks(LINES).scan(0, move |before, part| {
            let portion = Self { first: *before + 1, last: *before + part.len(), of: list.len() };
            *before = portion.last;
            Some((portion, part))
        })
    }

    /// Whether it is the whole list.
    pub(crate) fn is_everything(self) -> bool {
        self.last - self.first + 1 == self.of
    }

    /// " (1 to 40 of 210)"; nothing for a whole list.
    pub(crate) fn in_words(self) -> String {
        if self.is_everything() { String::new() } else { format!(" ({} to {} of {})", self.first, self.last, self.of) }
    }

    /// The words for taking nothing of it, and of what comes after it.
    pub(crate) fn leave(self) -> &'static str {
        if self.last == self.of { "decide them later" } else { "decide them and all others later" }
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES, Portion};

    #[test]
    fn portions_are_the_whole_list_in_order() {
        let list: Vec<usize> = (1..=2 * LINES + 3).collect();
        let portions: Vec<_> = Portion::of(&list).collect();
        assert_eq!(portions.iter().flat_map(|(_, part)| part.iter().copied()).collect::<Vec<_>>(), list);
        let words: Vec<String> = portions.iter().map(|(portion, _)| portion.in_words()).collect();
        assert_eq!(words, [" (1 to 40 of 83)", " (41 to 80 of 83)", " (81 to 83 of 83)"]);
        assert_eq!(portions[2].0.leave(), "decide them later");
        let short: Vec<_> = Portion::of(&list[..5]).map(|(portion, _)| portion).collect();
        assert!(short.len() == 1 && short[0].is_everything() && short[0].in_words().is_empty());
        assert_eq!(Portion::of(&list[..0]).count(), 0);
    }
}
