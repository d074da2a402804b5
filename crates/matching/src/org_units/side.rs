//! One server's org unit tree, prepared for matching: names read, words numbered and weighed, codes and places
//! looked up without touching text again.

use std::collections::{BTreeSet, HashMap};

use crate::facility_name::FacilityName;
use crate::figures::Reading;
use crate::names::{folded, same_word};
use xfer_domain::metadata::{Metadata, OrganisationUnit};
use xfer_domain::uid::Uid;

/// A unit's position in its [`Side`].
pub(super) type Index = usize;

/// A word, numbered across both sides.
pub(super) type WordId = u32;

/// A unit, prepared.
#[derive(Debug)]
pub(super) struct Unit {
    pub id: Uid,
    pub parent: Option<Index>,
    pub children: Vec<Index>,
    /// Itself and everything below it are the units from here to `end`.
    pub end: Index,
    pub kind: Option<&'static str>,
    /// The words of the name with what each is worth, in the order of the name.
    pub words: Vec<(WordId, f32)>,
    pub twin: Vec<String>,
    /// What the name says in signs, where it has any: `<5`, `5+`.
    pub signs: Option<String>,
    /// The name read for numbers and signs in their places, where it has any.
    pub reading: Option<Reading>,
    pub running: Option<String>,
    /// The name folded, as a number: equal numbers are equal names.
    pub whole_name: WordId,
    pub code: Option<WordId>,
    pub closed: bool,
}

/// A tree. Units stand in depth-first order, so that a subtree is a range; siblings by name, then id.
#[derive(Debug)]
pub(super) struct Side<'metadata> {
    pub metadata: &'metadata Metadata,
    pub units: Vec<Unit>,
    /// How many units have none above them.
    pub roots: usize,
    pub by_id: HashMap<Uid, Index>,
    /// Units with a code, unless two have the same.
    pub by_code: HashMap<WordId, Index>,
    /// Codes that more than one unit has.
    pub doubled_codes: BTreeSet<WordId>,
    /// Units by folded name.
    pub by_whole_name: HashMap<WordId, Vec<Index>>,
    /// Units by each word of their names.
    pub by_word: HashMap<WordId, Vec<Index>>,
    /// Units by the first and the last letters of each word: a slip leaves one of them as it was.
    pub by_letters: HashMap<Letters, Vec<Index>>,
}

/// What makes it worth reading a name for its signs; `&lt;` is one, too.
const SIGNS: [char; 14] = ['<', '>', '≤', '≥', '=', '±', '%', '+', '≠', '&', '＜', '＞', '﹤', '﹥'];

/// Whether a name has digits, or a sign that is not just a hyphen between two words.
fn has_figures(name: &str) -> bool {
    let told = |character: char| {
        character.is_numeric() || SIGNS.contains(&character) || matches!(character, '＋' | '−' | '–' | '—' | '/' | '~')
    };
    // `Groupe A-`, `Rh - donneurs`: a hyphen with a blank or the end on one side of it.
    let ends = || name.match_indices('-').any(|(at, _)| !name[at + 1..].starts_with(char::is_alphanumeric));
    name.contains(told) || ends()
}

/// The first or the last letters of a word.
pub(super) type Letters = (bool, [u8; LETTERS]);

/// So many letters of a word are looked up where a word itself is not found.
const LETTERS: usize = 4;

/// The keys of a word; none for one that is hardly longer than they are.
pub(super) fn letters_of(word: &str) -> impl Iterator<Item = Letters> {
    let bytes = word.as_bytes();
    let long = bytes.len() > LETTERS;
    let ends = [(false, bytes.first_chunk::<LETTERS>()), (true, bytes.last_chunk::<LETTERS>())];
    ends.into_iter().filter(move |_| long).filter_map(|(is_end, letters)| Some((is_end, *letters?)))
}

/// The words of both sides.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    ids: HashMap<String, WordId>,
    pub words: Vec<String>,
    /// In how many names each stands.
    frequencies: Vec<u32>,
}

impl Lexicon {
    fn id(&mut self, word: &str) -> WordId {
        if let Some(id) = self.ids.get(word) {
            return *id;
        }
        let id = WordId::try_from(self.words.len()).unwrap_or(WordId::MAX);
        self.ids.insert(word.to_owned(), id);
        self.words.push(word.to_owned());
        self.frequencies.push(0);
        id
    }

    fn count(&mut self, word: WordId) {
        self.frequencies[word as usize] += 1;
    }

    /// What a word is worth: rare words say more.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a weight needs no precision")]
    fn weight(&self, word: WordId, units: usize) -> f32 {
        let frequency = f64::from(self.frequencies[word as usize].max(1));
        (1.0 + (units as f64 / frequency).ln().max(0.0)) as f32
    }
}

/// A word in at least this share of a unit's siblings is their style, not their name.
const STYLE_SHARE: f64 = 0.5;

/// With so few siblings nothing is a style.
const FEWEST_FOR_STYLE: usize = 5;

/// A word so similar to one of the unit above is that word.
pub(super) const SAME_ABOVE: f32 = 0.86;

/// What a word is worth that only repeats the district's style or the name of a unit above.
pub(super) const STYLE_WORTH: f32 = 0.15;

/// Prepares both sides.
pub(super) fn prepare<'metadata>(
    source: &'metadata Metadata,
    destination: &'metadata Metadata,
) -> (Side<'metadata>, Side<'metadata>, Lexicon) {
    let mut lexicon = Lexicon::default();
    let (leading, other_leading) = (leading_words(source), leading_words(destination));
    let source_prefixes = prefixes(&leading, &other_leading, source.organisation_units.len());
    let destination_prefixes = prefixes(&other_leading, &leading, destination.organisation_units.len());
    let mut source = Side::read(source, &source_prefixes, &mut lexicon);
    let mut destination = Side::read(destination, &destination_prefixes, &mut lexicon);
    let units = source.units.len() + destination.units.len();
    for side in [&mut source, &mut destination] {
        side.weigh(&lexicon, units);
    }
    (source, destination, lexicon)
}

impl<'metadata> Side<'metadata> {
    fn read(metadata: &'metadata Metadata, prefixes: &BTreeSet<String>, lexicon: &mut Lexicon) -> Self {
        let mut children: HashMap<Option<Uid>, Vec<(String, &OrganisationUnit)>> = HashMap::new();
        for unit in metadata.organisation_units.values() {
            // A unit whose parent the user may not see hangs in the air: it is a root of what is visible.
            let parent = unit.parent().filter(|parent| metadata.organisation_units.contains_key(parent));
            children.entry(parent).or_default().push((folded(&unit.name), unit));
        }
        for siblings in children.values_mut() {
            siblings.sort_by(|left, right| (&left.0, left.1.id).cmp(&(&right.0, right.1.id)));
        }
        let mut side = Self {
            metadata,
            units: Vec::with_capacity(metadata.organisation_units.len()),
            roots: children.get(&None).map_or(0, Vec::len),
            by_id: HashMap::new(),
            by_code: HashMap::new(),
            doubled_codes: BTreeSet::new(),
            by_whole_name: HashMap::new(),
            by_word: HashMap::new(),
            by_letters: HashMap::new(),
        };
        side.add_below(None, None, &children, prefixes, lexicon);
        for index in 0..side.units.len() {
            let unit = &side.units[index];
            side.by_whole_name.entry(unit.whole_name).or_default().push(index);
            let words: BTreeSet<WordId> = unit.words.iter().map(|(word, _)| *word).collect();
            for word in words {
                side.by_word.entry(word).or_default().push(index);
                for letters in letters_of(&lexicon.words[word as usize]) {
                    let units = side.by_letters.entry(letters).or_default();
                    if units.last() != Some(&index) {
                        units.push(index);
                    }
                }
            }
            if let Some(code) = side.units[index].code
                && side.by_code.insert(code, index).is_some()
            {
                side.doubled_codes.insert(code);
            }
        }
        for code in &side.doubled_codes {
            side.by_code.remove(code);
        }
        side
    }

    fn add_below(
        &mut self,
        parent: Option<(Uid, Index)>,
        above: Option<Index>,
        children: &HashMap<Option<Uid>, Vec<(String, &OrganisationUnit)>>,
        prefixes: &BTreeSet<String>,
        lexicon: &mut Lexicon,
    ) {
        let Some(siblings) = children.get(&parent.map(|(id, _)| id)) else { return };
        for (name, unit) in siblings {
            let index = self.units.len();
            let read = FacilityName::parse(&unit.name, prefixes);
            let reading = has_figures(&unit.name).then(|| Reading::of(&unit.name));
            let signs = unit.name.contains(SIGNS).then(|| Reading::of(&unit.name).signs());
            let signs = signs.filter(|signs| !signs.is_empty());
            let words: Vec<(WordId, f32)> = read.words.iter().map(|word| (lexicon.id(word), 0.0)).collect();
            for word in words.iter().map(|(word, _)| *word).collect::<BTreeSet<_>>() {
                lexicon.count(word);
            }
            let code: Option<String> = unit
                .code
                .as_deref()
                .map(|code| code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect());
            self.units.push(Unit {
                id: unit.id,
                parent: above,
                children: Vec::new(),
                end: index + 1,
                kind: read.kind,
                words,
                twin: read.twin,
                signs,
                reading,
                running: read.running,
                whole_name: lexicon.id(&format!("={name}")),
                code: code.filter(|code| !code.is_empty()).map(|code| lexicon.id(&format!("#{code}"))),
                closed: unit.closed_date.is_some(),
            });
            self.by_id.insert(unit.id, index);
            if let Some(above) = above {
                self.units[above].children.push(index);
            }
            self.add_below(Some((unit.id, index)), Some(index), children, prefixes, lexicon);
            self.units[index].end = self.units.len();
        }
    }

    /// Gives each word of each name its worth.
    fn weigh(&mut self, lexicon: &Lexicon, units: usize) {
        let mut styles: Vec<BTreeSet<WordId>> = Vec::with_capacity(self.units.len());
        for unit in &self.units {
            styles.push(self.style_of(&unit.children));
        }
        for index in 0..self.units.len() {
            let mut repeated: BTreeSet<WordId> = BTreeSet::new();
            if let Some(parent) = self.units[index].parent {
                repeated.extend(&styles[parent]);
            }
            for above in self.ancestors(index) {
                repeated.extend(self.units[above].words.iter().map(|(word, _)| *word));
            }
            for (word, worth) in &mut self.units[index].words {
                *worth = lexicon.weight(*word, units);
                // The unit above may be misspelt where it stands in brackets behind the name.
                let repeats = |above: &WordId| {
                    same_word(&lexicon.words[*word as usize], &lexicon.words[*above as usize]) >= SAME_ABOVE
                };
                if repeated.contains(word) || repeated.iter().any(repeats) {
                    *worth *= STYLE_WORTH;
                }
            }
        }
    }

    fn style_of(&self, siblings: &[Index]) -> BTreeSet<WordId> {
        if siblings.len() < FEWEST_FOR_STYLE {
            return BTreeSet::new();
        }
        let mut counts: HashMap<WordId, usize> = HashMap::new();
        for sibling in siblings {
            let words: BTreeSet<WordId> = self.units[*sibling].words.iter().map(|(word, _)| *word).collect();
            for word in words {
                *counts.entry(word).or_default() += 1;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "siblings are few")]
        let common = |count: usize| count as f64 >= siblings.len() as f64 * STYLE_SHARE;
        counts.into_iter().filter(|(_, count)| common(*count)).map(|(word, _)| word).collect()
    }

    /// Makes words worth little that the other side leaves out as a matter of style.
    pub(super) fn play_down(&mut self, fillers: &BTreeSet<WordId>) {
        for (word, worth) in self.units.iter_mut().flat_map(|unit| &mut unit.words) {
            if fillers.contains(word) {
                *worth *= STYLE_WORTH;
            }
        }
    }

    /// The units above, the nearest first.
    pub(super) fn ancestors(&self, index: Index) -> impl Iterator<Item = Index> {
        std::iter::successors(self.units[index].parent, |above| self.units[*above].parent)
    }

    /// Whether `index` is `ancestor` or below it.
    pub(super) fn is_within(&self, index: Index, ancestor: Index) -> bool {
        (ancestor..self.units[ancestor].end).contains(&index)
    }

    /// The name as people know it.
    pub(super) fn name(&self, index: Index) -> &'metadata str {
        self.metadata.organisation_units.get(&self.units[index].id).map_or("", |unit| unit.name.trim())
    }

    /// The code as people know it.
    pub(super) fn code(&self, index: Index) -> &'metadata str {
        self.metadata.organisation_units.get(&self.units[index].id).and_then(|unit| unit.code.as_deref()).unwrap_or("")
    }
}

/// Words of up to three letters that one server puts in front of names and the other does not: the initials of a
/// country or a district.
fn prefixes(of: &HashMap<String, usize>, other: &HashMap<String, usize>, units: usize) -> BTreeSet<String> {
    let enough = (units / 500).max(4);
    let styled = |(word, count): (&String, &usize)| {
        (*count >= enough && other.get(word).copied().unwrap_or_default() * 4 < *count).then(|| word.clone())
    };
    of.iter().filter_map(styled).collect()
}

/// Short words at the beginning of names, and how often.
fn leading_words(metadata: &Metadata) -> HashMap<String, usize> {
    let mut leading = HashMap::new();
    for unit in metadata.organisation_units.values() {
        let folded = folded(&unit.name);
        let mut words = folded.split(' ');
        if let (Some(first), Some(_)) = (words.next(), words.next())
            && (2..=3).contains(&first.len())
            && FacilityName::says_nothing(first)
        {
            *leading.entry(first.to_owned()).or_default() += 1;
        }
    }
    leading
}
