//! Evidence for and against a match of two org units.
//!
//! Each piece of evidence is gathered by itself: ids, codes, attributes, names, places in the trees, and the units
//! below. Only then are they weighed together, because any one of them may mislead.

use std::collections::HashMap;

use crate::org_units::assignment::Assignment;
use crate::org_units::side::{Index, Side, Unit, WordId};
use crate::org_units::similarity::{Compared, Names, Words};
use xfer_domain::org_unit_map::MatchMethod;

/// What codes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeEvidence {
    /// One of them has none, or codes are not to be used.
    None,
    /// The same code, which no other unit has.
    Same,
    /// Codes differ, and nobody else over there has this one.
    Differ,
    /// The source unit's code belongs to another destination unit.
    BelongsTo(Index),
    /// The destination unit's code belongs to another source unit.
    BelongedTo(Index),
}

/// Where the two units stand in their trees, as far as the units above are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing above is matched, or there are several roots.
    Unknown,
    /// Each is its country's only root.
    Roots,
    /// The parent of one is matched to the parent of the other.
    Parent,
    /// The nearest matched unit above is the same, and what lies between exists on one side only.
    Level(Index),
    /// Another parent, but the same unit further up.
    Near,
    /// Another part of the country.
    Elsewhere,
}

/// Everything about one pair of units.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one piece of evidence")]
pub(super) struct Evidence {
    pub same_id: bool,
    pub code: CodeEvidence,
    pub same_attribute: bool,
    /// How similar the words of the names are, from 0 to 1.
    pub name: f32,
    /// What the words of the destination's name are to those of the source's; looked at for plausible pairs only.
    pub words: Words,
    /// Whether the names say the same kind of unit; none where one of them does not say.
    pub same_kind: Option<bool>,
    /// Whether numbers, signs and words like `annex` agree.
    pub same_twin: bool,
    pub place: Place,
    /// The share of units below both that are matched to each other, from 0 to 1; none without units below.
    pub below: Option<f32>,
    /// One of them has units below and the other has none.
    pub leaf_or_not: bool,
    /// Both names say a type of facility, or neither does.
    pub same_category: bool,
    /// The code is the same and the name is not, in a pair of countries where codes often stand with other names.
    pub doubtful_code: bool,
    /// The names are the same to the last small word.
    pub whole_name: bool,
    /// Closed over there and open here.
    pub closed: bool,
}

/// From here on a name is the same but for slips and spellings.
pub(super) const SAME_NAME: f32 = 0.93;

/// Below this names have so little in common that nobody should be asked.
pub(super) const WORTH_ASKING: f32 = 0.5;

/// Names below this have nothing in common that the units above could explain.
const WORTH_LOOKING_UP: f32 = 0.3;

/// From here on a name is similar.
pub(super) const SIMILAR_NAME: f32 = 0.7;

impl Evidence {
    /// How much speaks for the pair, in points; what speaks against it is taken off.
    pub(super) fn points(&self) -> f32 {
        let mut points = 4.0 * ((self.name - 0.4) / 0.6).clamp(0.0, 1.0);
        points += match self.same_kind {
            Some(true) => 0.5,
            Some(false) => -1.5,
            None => 0.0,
        };
        // A twin of a unit with another name is nobody's twin.
        if !self.same_twin && self.name >= WORTH_ASKING {
            points -= 3.0;
        }
        points += match self.place {
            Place::Parent | Place::Roots => 2.0,
            Place::Level(_) => 1.7,
            Place::Unknown => 0.0,
            Place::Near => -0.7,
            Place::Elsewhere => -1.5,
        };
        if self.whole_name {
            points += 0.6;
        }
        points += match self.code {
            CodeEvidence::Same if self.name >= SIMILAR_NAME && self.same_kind != Some(false) => 3.0,
            // Codes are exchanged more often than a unit gets a name with nothing in common.
            CodeEvidence::Same => 2.2,
            CodeEvidence::BelongsTo(_) | CodeEvidence::BelongedTo(_) => -1.5,
            CodeEvidence::Differ => -0.5,
            CodeEvidence::None => 0.0,
        };
        if self.same_id {
            points += 4.0;
        }
        if self.same_attribute {
            points += 3.0;
        }
        points += 3.0 * self.below.unwrap_or_default();
        points -= match (self.leaf_or_not, self.same_category) {
            (false, _) => 0.0,
            (true, true) => 1.5,
            // A commune is not the health centre of its name.
            (true, false) => 3.5,
        };
        if self.closed {
            points -= 0.5;
        }
        points
    }

    /// The points as a share of what a good match has, for people.
    pub(super) fn score(&self) -> f64 {
        (f64::from(self.points()) / 6.5).clamp(0.0, 1.0)
    }

    /// The strongest piece of evidence.
    pub(super) fn method(&self) -> MatchMethod {
        if self.same_id {
            MatchMethod::Id
        } else if self.code == CodeEvidence::Same {
            MatchMethod::Code
        } else if self.same_attribute {
            MatchMethod::Attribute
        } else if self.name >= SAME_NAME && self.same_twin {
            MatchMethod::Name
        } else {
            MatchMethod::Similar
        }
    }

    /// Whether the names say the same unit, spelling apart.
    pub(super) fn names_agree(&self) -> bool {
        self.name >= SAME_NAME && self.same_twin && self.same_kind != Some(false)
    }

    /// Whether the places agree.
    pub(super) fn places_agree(&self) -> bool {
        matches!(self.place, Place::Parent | Place::Level(_) | Place::Roots)
    }

    /// Whether the places contradict each other.
    pub(super) fn is_moved(&self) -> bool {
        matches!(self.place, Place::Near | Place::Elsewhere)
    }

    /// Whether an identifier agrees: an id, a code or a registry number.
    pub(super) fn identifiers_agree(&self) -> bool {
        self.same_id || self.code == CodeEvidence::Same || self.same_attribute
    }

    /// Whether a person should see the pair at all.
    pub(super) fn is_worth_asking(&self) -> bool {
        self.name >= WORTH_ASKING || self.identifiers_agree() || self.below.is_some_and(|below| below >= 0.2)
    }

    /// Whether a code says something else.
    pub(super) fn codes_contradict(&self) -> bool {
        matches!(self.code, CodeEvidence::BelongsTo(_) | CodeEvidence::BelongedTo(_))
    }
}

/// Which kinds of evidence may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one kind of evidence")]
pub(super) struct Allowed {
    pub ids: bool,
    pub codes: bool,
    pub attributes: bool,
    pub names: bool,
    pub similar: bool,
}

impl Allowed {
    pub(super) fn by(methods: &[MatchMethod]) -> Self {
        let has = |method| methods.contains(&method);
        Self {
            ids: has(MatchMethod::Id),
            codes: has(MatchMethod::Code),
            attributes: has(MatchMethod::Attribute),
            names: has(MatchMethod::Name),
            similar: has(MatchMethod::Similar),
        }
    }
}

/// What evidence is read from, whatever is matched so far.
#[derive(Debug)]
pub(super) struct Ground<'ground, 'metadata> {
    pub source: &'ground Side<'metadata>,
    pub destination: &'ground Side<'metadata>,
    pub names: &'ground Names<'ground>,
    pub allowed: Allowed,
    /// Whether enough codes are on both servers for a different code to mean something.
    pub codes_shared: bool,
    /// Whether the same code stands with a similar name, as a rule.
    pub codes_reliable: bool,
    /// Source units with the destination units that share an attribute value with them.
    pub attributes: &'ground HashMap<Index, Vec<Index>>,
    /// How much of what lies below two units is matched to each other.
    pub below: &'ground HashMap<(Index, Index), f32>,
    /// The destination units that `below` speaks of, for each source unit.
    pub voted: &'ground HashMap<Index, Vec<Index>>,
}

impl<'ground, 'metadata> Ground<'ground, 'metadata> {
    /// The ground with what is matched so far.
    pub(super) fn witness(&'ground self, assignment: &'ground Assignment) -> Witness<'ground, 'metadata> {
        Witness { ground: self, matched: &assignment.matched, taken: &assignment.taken }
    }
}

/// The ground, seen from what is matched so far.
#[derive(Debug)]
pub(super) struct Witness<'ground, 'metadata> {
    pub ground: &'ground Ground<'ground, 'metadata>,
    pub matched: &'ground [Option<Index>],
    pub taken: &'ground [Option<Index>],
}

/// The words in the names of the units above.
fn words_above(side: &Side<'_>, index: Index) -> Vec<WordId> {
    side.ancestors(index).flat_map(|above| side.units[above].words.iter().map(|(word, _)| *word)).collect()
}

/// Whether a number before one name is the number behind the other: `2 Bale`, `Bale 2`.
fn is_twin_before(twin: &[String], running: Option<&str>, other: &[String]) -> bool {
    matches!((twin, running), ([twin], Some(running)) if twin == running && other.is_empty())
}

/// Whether numbers and signs stand in the same places: `Zone 1 Poste 2` is not `Zone 2 Poste 1`.
fn figures_agree(unit: &Unit, target: &Unit) -> bool {
    match (&unit.reading, &target.reading) {
        (None, None) => true,
        (Some(reading), Some(other)) => reading.may_be_one_unit(other),
        (Some(reading), None) | (None, Some(reading)) => !reading.has_telling_sign(),
    }
}

impl Witness<'_, '_> {
    /// Everything that can be said about a pair.
    pub(super) fn evidence(&self, source: Index, destination: Index, compared: &mut Compared) -> Evidence {
        let (unit, target) = (&self.ground.source.units[source], &self.ground.destination.units[destination]);
        let name = if self.ground.allowed.names || self.ground.allowed.similar {
            let name = self.ground.names.similarity(unit, target, compared);
            // Only where it can make a difference: this is the expensive half.
            if (WORTH_LOOKING_UP..SAME_NAME).contains(&name) && unit.words.len() != target.words.len() {
                let (above, other) =
                    (words_above(self.ground.source, source), words_above(self.ground.destination, destination));
                self.ground.names.similarity_below(unit, target, &above, &other, compared)
            } else {
                name
            }
        } else {
            0.0
        };
        // Without similar names only the same words count.
        let name = if self.ground.allowed.similar || name >= 0.999 { name } else { 0.0 };
        let has_below = !unit.children.is_empty() && !target.children.is_empty();
        let code = self.codes(source, destination);
        Evidence {
            doubtful_code: code == CodeEvidence::Same && name < SIMILAR_NAME && !self.ground.codes_reliable,
            same_id: self.ground.allowed.ids && unit.id == target.id,
            code,
            same_attribute: self.ground.allowed.attributes
                && self.ground.attributes.get(&source).is_some_and(|targets| targets.contains(&destination)),
            name,
            words: Words::Other,
            same_kind: match (unit.kind, target.kind) {
                (Some(kind), Some(other)) => Some(kind == other),
                _ => None,
            },
            same_twin: unit.signs == target.signs
                && (name < WORTH_ASKING || figures_agree(unit, target))
                && (unit.twin == target.twin
                    || is_twin_before(&unit.twin, target.running.as_deref(), &target.twin)
                    || is_twin_before(&target.twin, unit.running.as_deref(), &unit.twin)),
            place: self.place(source, destination),
            below: has_below.then(|| self.ground.below.get(&(source, destination)).copied().unwrap_or_default()),
            leaf_or_not: unit.children.is_empty() != target.children.is_empty(),
            same_category: unit.kind.is_some() == target.kind.is_some(),
            whole_name: name > 0.0 && unit.whole_name == target.whole_name,
            closed: target.closed && !unit.closed,
        }
    }

    /// The same with what only plausible pairs are worth the time of.
    pub(super) fn closer(
        &self,
        source: Index,
        destination: Index,
        mut evidence: Evidence,
        compared: &mut Compared,
    ) -> Evidence {
        let (unit, target) = (&self.ground.source.units[source], &self.ground.destination.units[destination]);
        evidence.words =
            if evidence.name > 0.0 { self.ground.names.words(unit, target, compared) } else { Words::Other };
        evidence
    }

    fn codes(&self, source: Index, destination: Index) -> CodeEvidence {
        if !self.ground.allowed.codes {
            return CodeEvidence::None;
        }
        let (code, other) = (self.ground.source.units[source].code, self.ground.destination.units[destination].code);
        let owner = code.and_then(|code| self.ground.destination.by_code.get(&code));
        let owned = other.and_then(|code| self.ground.source.by_code.get(&code));
        match (owner, owned) {
            (Some(owner), Some(_)) if *owner == destination && code == other => CodeEvidence::Same,
            (Some(owner), _) if *owner != destination && self.ground.codes_shared => CodeEvidence::BelongsTo(*owner),
            (_, Some(owned)) if *owned != source && self.ground.codes_shared => CodeEvidence::BelongedTo(*owned),
            _ if code.is_some() && other.is_some() && code != other && self.ground.codes_shared => CodeEvidence::Differ,
            _ => CodeEvidence::None,
        }
    }

    fn place(&self, source: Index, destination: Index) -> Place {
        let parents = (self.ground.source.units[source].parent, self.ground.destination.units[destination].parent);
        let (Some(parent), Some(other)) = parents else {
            return match parents {
                (None, None) if self.ground.source.roots == 1 && self.ground.destination.roots == 1 => Place::Roots,
                // A root over there, and this one has units above that are matched, or the other way round.
                (Some(_), None) if self.ground.source.ancestors(source).any(|above| self.matched[above].is_some()) => {
                    Place::Elsewhere
                }
                (None, Some(_))
                    if self.ground.destination.ancestors(destination).any(|above| self.taken[above].is_some()) =>
                {
                    Place::Elsewhere
                }
                _ => Place::Unknown,
            };
        };
        if self.matched[parent] == Some(other) {
            return Place::Parent;
        }
        let mut nearest = true;
        for above in self.ground.source.ancestors(source) {
            let Some(target) = self.matched[above] else { continue };
            // Nothing can lie below it over there, so it says nothing about where this one is to be.
            if self.ground.destination.units[target].children.is_empty() {
                continue;
            }
            if self.ground.destination.is_within(destination, target) && destination != target {
                let between_is_new = self
                    .ground
                    .destination
                    .ancestors(destination)
                    .take_while(|index| *index != target)
                    .all(|index| self.taken[index].is_none());
                return if nearest && between_is_new { Place::Level(above) } else { self.near(above) };
            }
            nearest = false;
        }
        if nearest { Place::Unknown } else { Place::Elsewhere }
    }

    /// Sharing nothing but the root is no nearness, unless the root is all there is above.
    fn near(&self, above: Index) -> Place {
        if self.ground.source.units[above].parent.is_some() { Place::Near } else { Place::Elsewhere }
    }
}
