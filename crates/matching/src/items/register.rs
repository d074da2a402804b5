//! Objects of one kind, found by id, code or name.
//!
//! What is written exactly so goes first. Then blanks, accents and the way letters are encoded may differ, then the
//! spelling of a name; signs and numbers have to agree. Whatever is not the only one of its kind is not taken.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::figures::key;
use crate::item_match::category_option::Meaning;
use crate::items::{EVERY, ItemError};
use crate::names::nearest;
use xfer_domain::spelling::settled;
use xfer_domain::uid::Uid;

/// An object that can be named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'metadata> {
    pub id: Uid,
    pub code: Option<&'metadata str>,
    pub name: &'metadata str,
}

/// How a text named an object; the surer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// By its id, or by its code or name as it is written.
    Exact,
    /// By a spelling of them.
    Spelt,
}

/// Objects of one kind.
#[derive(Debug)]
pub(super) struct Register<'metadata> {
    side: &'static str,
    what: &'static str,
    objects: Vec<Named<'metadata>>,
    by_text: HashMap<&'metadata str, Vec<usize>>,
    by_id: HashMap<Uid, usize>,
    spelt: OnceCell<Spelt>,
}

/// Made only for who does not write exactly.
#[derive(Debug)]
struct Spelt {
    settled: HashMap<String, Vec<usize>>,
    /// Codes in small letters: who types one does not mind the case, unless another code differs in nothing else.
    small_codes: HashMap<String, Vec<usize>>,
    keyed: HashMap<String, Vec<usize>>,
}

/// More objects than this are not all named where one is not found.
const FEW: usize = 6;

impl<'metadata> Register<'metadata> {
    pub(super) fn new(side: &'static str, what: &'static str, objects: impl Iterator<Item = Named<'metadata>>) -> Self {
        let objects: Vec<Named<'metadata>> = objects.collect();
        let mut by_text: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_id = HashMap::new();
        for (index, object) in objects.iter().enumerate() {
            by_id.insert(object.id, index);
            for text in object.code.into_iter().chain([object.name]) {
                add(&mut by_text, text, index);
            }
        }
        Self { side, what, objects, by_text, by_id, spelt: OnceCell::new() }
    }

    /// The one object that a text names.
    pub(super) fn find(&self, text: &str) -> Result<(Uid, Grade), ItemError> {
        if let Ok(id) = Uid::parse(text)
            && self.by_id.contains_key(&id)
        {
            return Ok((id, Grade::Exact));
        }
        if let Some(found) = self.by_text.get(text) {
            return self.only(text, found).map(|id| (id, Grade::Exact));
        }
        let spelt = self.spelt();
        let keyed = name_key(text);
        let ways = [
            spelt.settled.get(&settled(text)),
            spelt.small_codes.get(&settled(text).to_lowercase()),
            // `MAL..F` is no way to write a name.
            spelt.keyed.get(&keyed).filter(|_| !keyed.is_empty() && !text.contains("..")),
        ];
        if let Some(found) = ways.into_iter().flatten().next() {
            return self.only(text, found).map(|id| (id, Grade::Spelt));
        }
        Err(self.unknown(text))
    }

    /// The same, where options that mean the same are the same: `moins de 5 ans, F` for `Féminin, <5`.
    pub(super) fn find_by_meaning(&self, text: &str) -> Result<(Uid, Grade), ItemError> {
        let refusal = match self.find(text) {
            Err(ItemError::Unknown { near, .. }) => near,
            answer => return answer,
        };
        let wanted = meanings(text);
        let found: Vec<usize> =
            (0..self.objects.len()).filter(|index| meanings(self.objects[*index].name) == wanted).collect();
        if found.is_empty() {
            let few = self.objects.len() <= FEW;
            let names = || self.objects.iter().map(|object| object.name.to_owned()).collect();
            return Err(self.unknown_near(text, if few { names() } else { refusal }));
        }
        self.only(text, &found).map(|id| (id, Grade::Spelt))
    }

    pub(super) fn objects(&self) -> &[Named<'metadata>] {
        &self.objects
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = Uid> {
        self.objects.iter().map(|object| object.id)
    }

    fn spelt(&self) -> &Spelt {
        self.spelt.get_or_init(|| {
            let mut spelt = Spelt { settled: HashMap::new(), small_codes: HashMap::new(), keyed: HashMap::new() };
            for (index, object) in self.objects.iter().enumerate() {
                for text in object.code.into_iter().chain([object.name]) {
                    add(&mut spelt.settled, settled(text), index);
                }
                if let Some(code) = object.code {
                    add(&mut spelt.small_codes, settled(code).to_lowercase(), index);
                }
                add(&mut spelt.keyed, name_key(object.name), index);
            }
            spelt
        })
    }

    fn only(&self, text: &str, found: &[usize]) -> Result<Uid, ItemError> {
        if let [only] = found {
            return Ok(self.objects[*only].id);
        }
        let named = found.iter().take(3).map(|index| {
            let Named { id, name, .. } = self.objects[*index];
            format!("{name} ({id})")
        });
        Err(ItemError::Ambiguous {
            side: self.side,
            what: self.what,
            text: text.to_owned(),
            number: found.len(),
            found: named.collect(),
        })
    }

    pub(super) fn unknown(&self, text: &str) -> ItemError {
        let names = self.objects.iter().flat_map(|object| object.code.into_iter().chain([object.name]));
        self.unknown_near(text, nearest(text, names, 3).into_iter().map(str::to_owned).collect())
    }

    fn unknown_near(&self, text: &str, near: Vec<String>) -> ItemError {
        ItemError::Unknown { side: self.side, what: self.what, text: text.to_owned(), near }
    }
}

fn add<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Vec<usize>>, key: K, index: usize) {
    let entry = map.entry(key).or_default();
    if entry.last() != Some(&index) {
        entry.push(index);
    }
}

/// The key of a name, in which a star is part of it: `F.*` is not `F`.
fn name_key(name: &str) -> String {
    let star = if name.contains(EVERY) { EVERY } else { "" };
    format!("{}{star}", key(name))
}

/// What the options of a combo mean, in whatever order they stand.
fn meanings(name: &str) -> Vec<Meaning> {
    let mut meanings: Vec<Meaning> = name.split(", ").map(Meaning::of).collect();
    meanings.sort();
    meanings
}
