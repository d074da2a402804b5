//! How similar two names are, word by word: rare words count for more, words of the house style for little, and a
//! word may be misspelt, shortened, joined with its neighbour or written as this pair of countries is known to.

use std::collections::{HashMap, HashSet};

use rapidfuzz::distance::osa;

use crate::names::same_word;
use crate::org_units::side::{Lexicon, SAME_ABOVE, STYLE_WORTH, Unit, WordId};

/// Compares names of the two sides.
#[derive(Debug)]
pub(super) struct Names<'lexicon> {
    lexicon: &'lexicon Lexicon,
    /// The letters of each word as a set, to tell quickly that two words have nothing in common.
    letters: Vec<u32>,
    /// Pairs of a source and a destination word that stand for each other, learnt from units that match otherwise.
    synonyms: HashSet<(WordId, WordId)>,
}

/// What the words of a destination name are to those of a source name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// Each has its counterpart.
    Same,
    /// All of them, and more.
    Extended,
    /// Some are missing.
    Other,
}

/// Words below this similarity are different words.
const SAME_WORD: f32 = 0.8;

/// At most this many words of a name are compared.
const MOST_WORDS: usize = 12;

/// So many comparisons are remembered: more would cost memory that a country of a hundred thousand units does not have.
const MOST_COMPARED: usize = 1 << 20;

/// Similarities of words that were compared before; each thread has its own.
pub(super) type Compared = HashMap<(WordId, WordId), f32>;

impl<'lexicon> Names<'lexicon> {
    pub(super) fn new(lexicon: &'lexicon Lexicon, synonyms: HashSet<(WordId, WordId)>) -> Self {
        let set = |word: &String| {
            word.bytes().filter(u8::is_ascii_lowercase).fold(0_u32, |set, byte| set | 1 << (byte - b'a'))
        };
        Self { lexicon, letters: lexicon.words.iter().map(set).collect(), synonyms }
    }

    /// A word in letters.
    pub(super) fn word_of(&self, word: WordId) -> &'lexicon str {
        &self.lexicon.words[word as usize]
    }

    /// How similar the words of two names are, from 0 to 1; the kind of unit and what tells twins apart is not part
    /// of it.
    pub(super) fn similarity(&self, source: &Unit, destination: &Unit, compared: &mut Compared) -> f32 {
        self.similarity_below(source, destination, &[], &[], compared)
    }

    /// The same, where a word that one name has more counts for little if it stands in the name of a unit above the
    /// other: `Baru Hospital (Hunwanfe)` for a `Baru Hospital` in Hunwanfe.
    pub(super) fn similarity_below(
        &self,
        source: &Unit,
        destination: &Unit,
        above_source: &[WordId],
        above_destination: &[WordId],
        compared: &mut Compared,
    ) -> f32 {
        let left = &source.words[..source.words.len().min(MOST_WORDS)];
        let right = &destination.words[..destination.words.len().min(MOST_WORDS)];
        if left.is_empty() && right.is_empty() {
            return if source.kind == destination.kind { 1.0 } else { 0.0 };
        }
        if left.is_empty() || right.is_empty() {
            return 0.0;
        }
        let (in_common, mut total, taken) = self.overlap(left, right, compared);
        let repeats = |word: WordId, above: &[WordId]| {
            let words = &self.lexicon.words;
            let same = |other: &WordId| same_word(&words[word as usize], &words[*other as usize]) >= SAME_ABOVE;
            above.contains(&word) || above.iter().any(same)
        };
        if !taken.is_empty() {
            for (index, (word, worth)) in left.iter().enumerate() {
                if !taken.iter().any(|(taken, _)| *taken == index) && repeats(*word, above_destination) {
                    total -= worth * (1.0 - STYLE_WORTH);
                }
            }
            for (index, (word, worth)) in right.iter().enumerate() {
                if !taken.iter().any(|(_, taken)| *taken == index) && repeats(*word, above_source) {
                    total -= worth * (1.0 - STYLE_WORTH);
                }
            }
        }
        let mut similarity = 2.0 * in_common / total;
        if similarity < 0.99 {
            similarity = similarity.max(self.joined(left, right));
        }
        similarity.min(1.0)
    }

    /// What the words of one name are to those of the other.
    pub(super) fn words(&self, source: &Unit, destination: &Unit, compared: &mut Compared) -> Words {
        let (left, right) = self.left_over(source, destination, compared);
        match (left.is_empty(), right.is_empty()) {
            (true, true) => Words::Same,
            (true, false) if !source.words.is_empty() => Words::Extended,
            _ => Words::Other,
        }
    }

    /// The words that have no counterpart in the other name.
    pub(super) fn left_over(
        &self,
        source: &Unit,
        destination: &Unit,
        compared: &mut Compared,
    ) -> (Vec<WordId>, Vec<WordId>) {
        let (left, right) = (&source.words, &destination.words);
        let (_, _, taken) = self.overlap(left, right, compared);
        let of_left = |index: &usize| !taken.iter().any(|(taken, _)| taken == index);
        let of_right = |index: &usize| !taken.iter().any(|(_, taken)| taken == index);
        (
            (0..left.len()).filter(of_left).map(|index| left[index].0).collect(),
            (0..right.len()).filter(of_right).map(|index| right[index].0).collect(),
        )
    }

    /// The worth of what two names have in common, the worth of both, and the words that stand for each other.
    fn overlap(
        &self,
        left: &[(WordId, f32)],
        right: &[(WordId, f32)],
        compared: &mut Compared,
    ) -> (f32, f32, Vec<(usize, usize)>) {
        let total = left.iter().chain(right).map(|(_, worth)| worth).sum::<f32>();
        let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
        for (left_index, (left_word, _)) in left.iter().enumerate() {
            for (right_index, (right_word, _)) in right.iter().enumerate() {
                let same = self.word(*left_word, *right_word, compared);
                if same >= SAME_WORD {
                    pairs.push((same, left_index, right_index));
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut taken: Vec<(usize, usize)> = Vec::new();
        let mut in_common = 0.0;
        for (same, left_index, right_index) in pairs {
            if taken.iter().any(|(l, r)| *l == left_index || *r == right_index) {
                continue;
            }
            // A word that differs between the sides is worth what the rarer spelling says at most.
            let worth = f32::midpoint(left[left_index].1, right[right_index].1);
            in_common += same * worth;
            taken.push((left_index, right_index));
        }
        (in_common, total.max(f32::MIN_POSITIVE), taken)
    }

    /// How similar two words are.
    fn word(&self, left: WordId, right: WordId, compared: &mut Compared) -> f32 {
        if left == right || self.synonyms.contains(&(left, right)) {
            return 1.0;
        }
        let (set, other) = (self.letters[left as usize], self.letters[right as usize]);
        let (a, b) = (&self.lexicon.words[left as usize], &self.lexicon.words[right as usize]);
        let shared = (set & other).count_ones();
        if shared * 2 < set.count_ones().min(other.count_ones()) {
            return 0.0;
        }
        if compared.len() >= MOST_COMPARED {
            compared.clear();
        }
        *compared.entry((left, right)).or_insert_with(|| same_word(a, b))
    }

    /// Names written together or apart (`Kay Kok`, `Kaykok`), compared as one word.
    fn joined(&self, left: &[(WordId, f32)], right: &[(WordId, f32)]) -> f32 {
        if left.len() == right.len() {
            return 0.0;
        }
        let join = |words: &[(WordId, f32)]| {
            words.iter().map(|(word, _)| self.lexicon.words[*word as usize].as_str()).collect::<String>()
        };
        let (left, right) = (join(left), join(right));
        if left == right {
            return 1.0;
        }
        if left.len().min(right.len()) < 6 || left.len().abs_diff(right.len()) > 2 {
            return 0.0;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a similarity needs no precision")]
        let same = osa::normalized_similarity(left.bytes(), right.bytes()) as f32;
        if same >= 0.85 { same } else { 0.0 }
    }
}
