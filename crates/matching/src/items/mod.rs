//! Finding the data items that people name: `DE`, `DE.COC`, `DE.COC.AOC`, an indicator, a program indicator or a
//! reporting rate (`DS.REPORTING_RATE`), each part by id, code or name.
//!
//! A text that can be read in two ways is refused with both, and how to write each. So is a name that several objects
//! have.

mod reference;
mod register;

use crate::items::reference::Parts;
pub use crate::items::reference::Reference;
use crate::items::register::{Grade, Named, Register};
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::{DataItem, DataKind, ReportingMetric};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::item::SourceItem;
use xfer_domain::metadata::{CategoryOptionCombo, Metadata};
use xfer_domain::uid::Uid;

/// Why a reference names no data item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// Nothing of that id, code or name.
    #[error("the {side} server has no {what} `{text}`")]
    Unknown {
        /// `source` or `destination`.
        side: &'static str,
        /// What was looked for.
        what: &'static str,
        /// What was typed.
        text: String,
        /// Names that come near.
        near: Vec<String>,
    },
    /// Several objects of that code or name.
    #[error("{number} {what}s of the {side} server are called `{text}`: {}; give the id", .found.join(", "))]
    Ambiguous {
        /// `source` or `destination`.
        side: &'static str,
        /// What was looked for.
        what: &'static str,
        /// What was typed.
        text: String,
        /// How many there are.
        number: usize,
        /// The first of them, with their ids.
        found: Vec<String>,
    },
    /// A text that can mean different items.
    #[error("`{text}` has {} meanings: {}", .readings.len(), .readings.iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>().join("; or "))]
    Readings {
        /// What was typed.
        text: String,
        /// How to write each, and what it is.
        readings: Vec<(String, String)>,
    },
    /// Something of another kind than the one that was given.
    #[error("`{text}` is {}, not {}", a(.is), a(.wanted))]
    OtherKind {
        /// What was typed.
        text: String,
        /// Its kind.
        is: &'static str,
        /// The kind that was given.
        wanted: &'static str,
    },
    /// A data set where a reporting rate is asked for.
    #[error(
        "`{text}` is a data set; choose one of its figures, such as `{text}.REPORTING_RATE`: one of {}",
        ReportingMetric::names()
    )]
    NoMetric {
        /// What was typed.
        text: String,
    },
    /// An indicator with an option combo.
    #[error("`{text}` is {}, which has no option combos", a(.is))]
    NoCombos {
        /// What was typed.
        text: String,
        /// Its kind.
        is: &'static str,
    },
    /// A part is missing that cannot be filled in.
    #[error("`{text}` does not name the {what}, but {name} has {number} of them")]
    Incomplete {
        /// What was typed.
        text: String,
        /// Which combo is left open.
        what: &'static str,
        /// The data element's name.
        name: String,
        /// How many combos it could be.
        number: usize,
    },
}

impl Fault for ItemError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { near, .. } if !near.is_empty() => format!("did you mean {}?", near.join(" or ")),
            Self::Unknown { side, .. } => format!("if it is new, sync the {side} server first"),
            Self::Ambiguous { .. } => "ids are shown in DHIS2's Maintenance app and in exported files".to_owned(),
            Self::Readings { readings, .. } => {
                let ways = readings.iter().map(|(how, what)| match how.strip_prefix("--") {
                    Some(_) => format!("give {how} for {what}"),
                    None => format!("write '{how}' for {what}"),
                });
                ways.collect::<Vec<_>>().join("; ")
            }
            Self::OtherKind { .. } => "leave out --kind, or give the right one".to_owned(),
            Self::NoMetric { .. } => "xfer job add-item --help explains each of them".to_owned(),
            Self::NoCombos { .. } => "leave out the option combos".to_owned(),
            Self::Incomplete { .. } => "write DE.COC, or DE.COC.AOC".to_owned(),
        })
    }
}

/// A kind with its article.
fn a(kind: &str) -> String {
    if kind.starts_with('i') { format!("an {kind}") } else { format!("a {kind}") }
}

const DATA_SET: &str = "data set";
const CATEGORY_OPTION_COMBO: &str = "category option combo";
const ATTRIBUTE_OPTION_COMBO: &str = "attribute option combo";

/// What is looked for where the kind is left open.
pub const ANY_ITEM: &str = "data element, indicator, program indicator or reporting rate";

/// Stands for every option combo: `DE.*.AOC`, in DHIS2's own notation for operands.
pub const EVERY: &str = "*";

/// The data items of a server, to be named.
#[derive(Debug)]
pub struct ItemNames<'metadata> {
    metadata: &'metadata Metadata,
    side: &'static str,
    data_elements: Register<'metadata>,
    indicators: Register<'metadata>,
    program_indicators: Register<'metadata>,
    data_sets: Register<'metadata>,
}

/// A data element's two option combos, where they are named.
type Combos = (Option<Uid>, Option<Uid>);

impl<'metadata> ItemNames<'metadata> {
    /// The items of the source.
    pub fn source(metadata: &'metadata Metadata) -> Self {
        Self::new(metadata, "source")
    }

    /// The items of the destination.
    pub fn destination(metadata: &'metadata Metadata) -> Self {
        Self::new(metadata, "destination")
    }

    fn new(metadata: &'metadata Metadata, side: &'static str) -> Self {
        let elements = metadata.data_elements.values().map(|o| named(o.id, o.code.as_deref(), &o.name));
        let indicators = metadata.indicators.values().map(|o| named(o.id, o.code.as_deref(), &o.name));
        let program_indicators = metadata.program_indicators.values().map(|o| named(o.id, o.code.as_deref(), &o.name));
        let data_sets = metadata.data_sets.values().map(|o| named(o.id, o.code.as_deref(), &o.name));
        Self {
            metadata,
            side,
            data_elements: Register::new(side, DataKind::DataElement.words(), elements),
            indicators: Register::new(side, DataKind::Indicator.words(), indicators),
            program_indicators: Register::new(side, DataKind::ProgramIndicator.words(), program_indicators),
            data_sets: Register::new(side, DATA_SET, data_sets),
        }
    }

    /// The source item that a person names; `kind` leaves out the others. An option combo left out means every one.
    pub fn source_item(&self, reference: Reference<'_>, kind: Option<DataKind>) -> Result<SourceItem, ItemError> {
        let mut found: Vec<(SourceItem, String, String)> = Vec::new();
        let mut refusals = Refusals::default();
        for reading in reference.readings() {
            match self.read_source(&reading, kind) {
                Ok(items) => {
                    let several_kinds = items.len() > 1;
                    for item in items {
                        let how = match item {
                            _ if several_kinds => format!("--kind {}", item.kind().facts().option),
                            _ => reading.in_quotes(),
                        };
                        if !found.iter().any(|(other, ..)| *other == item) {
                            found.push((item, how, self.words(&item)));
                        }
                    }
                }
                Err(refusal) => refusals.add(&reading, refusal),
            }
        }
        match found.as_slice() {
            [(only, ..)] => refusals.doubt().map_or(Ok(*only), Err),
            [] => Err(refusals.best(|| self.unknown(&reference.text(), kind))),
            several => Err(ItemError::Readings {
                text: reference.text(),
                readings: several.iter().map(|(_, how, what)| (how.clone(), what.clone())).collect(),
            }),
        }
    }

    /// The destination address that a person names. Option combos left out are filled in where there is only one.
    pub fn address(&self, reference: Reference<'_>) -> Result<CellAddress, ItemError> {
        let mut found: Vec<(CellAddress, String)> = Vec::new();
        let mut refusals = Refusals::default();
        for reading in reference.readings() {
            match self.read_address(&reading, &reference) {
                Ok(address) if found.iter().any(|(other, _)| *other == address) => {}
                Ok(address) => found.push((address, reading.in_quotes())),
                Err(refusal) => refusals.add(&reading, refusal),
            }
        }
        match found.as_slice() {
            [(only, _)] => refusals.doubt().map_or(Ok(*only), Err),
            [] => Err(refusals.best(|| self.unknown(&reference.text(), Some(DataKind::DataElement)))),
            several => Err(ItemError::Readings {
                text: reference.text(),
                readings: several
                    .iter()
                    .map(|(address, how)| {
                        let combos = [address.category_option_combo, address.attribute_option_combo];
                        (how.clone(), self.element_words(address.data_element, combos.map(Some)))
                    })
                    .collect(),
            }),
        }
    }

    /// The data item of a kind that a text names as a whole.
    fn find(&self, kind: DataKind, text: &str) -> Result<(DataItem, Grade), ItemError> {
        Ok(match kind {
            DataKind::DataElement => {
                let (id, grade) = self.data_elements.find(text)?;
                (DataItem::DataElement(id), grade)
            }
            DataKind::Indicator => {
                let (id, grade) = self.indicators.find(text)?;
                (DataItem::Indicator(id), grade)
            }
            DataKind::ProgramIndicator => {
                let (id, grade) = self.program_indicators.find(text)?;
                (DataItem::ProgramIndicator(id), grade)
            }
            DataKind::ReportingRate => match metric_of(text) {
                Some((object, metric)) => self.rate(object, metric)?,
                // A data set alone is none; what is not even that is not known.
                None => match self.data_sets.find(text) {
                    Ok(_) => return Err(ItemError::NoMetric { text: text.to_owned() }),
                    Err(_) => return Err(self.unknown_of(DataKind::ReportingRate, text)),
                },
            },
        })
    }

    /// A metric of the data set that a text names.
    fn rate(&self, object: &str, metric: ReportingMetric) -> Result<(DataItem, Grade), ItemError> {
        let (data_set, grade) = self.data_sets.find(object)?;
        Ok((DataItem::ReportingRate { data_set, metric }, grade))
    }

    /// The words for a text that names nothing of a kind, with names that come near.
    fn unknown_of(&self, kind: DataKind, text: &str) -> ItemError {
        match kind {
            DataKind::DataElement => self.data_elements.unknown(text),
            DataKind::Indicator => self.indicators.unknown(text),
            DataKind::ProgramIndicator => self.program_indicators.unknown(text),
            DataKind::ReportingRate => match metric_of(text) {
                Some((object, _)) => self.data_sets.unknown(object),
                None => Register::new(self.side, kind.words(), self.data_sets.objects().iter().copied()).unknown(text),
            },
        }
    }

    /// What one reading is: an object of several kinds has the surest alone, if one is surer.
    fn read_source(&self, reading: &Parts<'_>, kind: Option<DataKind>) -> Result<Vec<SourceItem>, ItemError> {
        let text = reading.object.as_ref();
        if !reading.is_whole() {
            // `"B50.9".REPORTING_RATE`: the metric stands where an option combo would.
            if let (Some(metric), None) = (&reading.category_option_combo, &reading.attribute_option_combo)
                && kind.is_none_or(|kind| kind == DataKind::ReportingRate)
                && let Some(metric) = ReportingMetric::from_text(metric)
                && let Ok((rate, _)) = self.rate(text, metric)
            {
                return Ok(vec![SourceItem::all_of(rate)]);
            }
            if let Some(kind) = kind.filter(|kind| !kind.facts().has_option_combos) {
                self.find(kind, text)?;
                return Err(ItemError::NoCombos { text: text.to_owned(), is: kind.words() });
            }
            let id = self.data_elements.find(text).map_err(|refusal| self.of_another_kind(text, refusal))?.0;
            let (category_option_combo, attribute_option_combo) = self.combos(id, reading)?;
            return Ok(vec![SourceItem::DataElement { id, category_option_combo, attribute_option_combo }]);
        }
        let kinds = DataKind::ALL.into_iter().filter(|known| kind.is_none_or(|kind| kind == *known));
        let mut found: Vec<(Grade, SourceItem)> = Vec::new();
        let (mut ambiguous, mut no_metric) = (None, None);
        for kind in kinds {
            match self.find(kind, text) {
                Ok((data, grade)) => found.push((grade, SourceItem::all_of(data))),
                Err(refusal @ ItemError::NoMetric { .. }) => no_metric = Some(refusal),
                Err(refusal @ ItemError::Ambiguous { .. }) => ambiguous = ambiguous.or(Some(refusal)),
                Err(_) => {}
            }
        }
        let Some(best) = found.iter().map(|(grade, _)| *grade).min() else {
            let other = |wanted: DataKind| {
                let other = DataKind::ALL.into_iter().find(|other| self.find(*other, text).is_ok())?;
                Some(ItemError::OtherKind { text: text.to_owned(), is: other.words(), wanted: wanted.words() })
            };
            let refusal = ambiguous.or(no_metric).or_else(|| other(kind?));
            return Err(refusal.unwrap_or_else(|| self.unknown(text, kind)));
        };
        if let Some(ambiguous) = ambiguous.filter(|_| best != Grade::Exact) {
            return Err(ambiguous);
        }
        Ok(found.into_iter().filter(|(grade, _)| *grade == best).map(|(_, item)| item).collect())
    }

    /// An indicator that is given option combos is told so, not called unknown.
    fn of_another_kind(&self, text: &str, refusal: ItemError) -> ItemError {
        let without = DataKind::ALL.into_iter().filter(|kind| !kind.facts().has_option_combos);
        let other = without.into_iter().find(|kind| matches!(self.find(*kind, text), Ok((_, Grade::Exact))));
        // A data set with a word behind it that is none of its figures.
        let of_data_set = |text: &str| self.data_sets.find(text).is_ok_and(|(_, grade)| grade == Grade::Exact);
        let names_data_set = of_data_set(text) || text.rsplit_once('.').is_some_and(|(object, _)| of_data_set(object));
        match (refusal, other) {
            (ItemError::Unknown { .. }, None) if names_data_set => ItemError::NoMetric { text: text.to_owned() },
            (ItemError::Unknown { .. }, Some(kind)) => ItemError::NoCombos { text: text.to_owned(), is: kind.words() },
            (refusal, _) => refusal,
        }
    }

    fn read_address(&self, reading: &Parts<'_>, reference: &Reference<'_>) -> Result<CellAddress, ItemError> {
        let data_element = self.data_elements.find(&reading.object)?.0;
        let (category_option_combo, attribute_option_combo) = self.combos(data_element, reading)?;
        let only = |given: Option<Uid>, category_combos: &[Uid], what| -> Result<Uid, ItemError> {
            if let Some(given) = given {
                return Ok(given);
            }
            let candidates: Vec<Uid> = self.combo_register(category_combos, what).ids().collect();
            match candidates.as_slice() {
                [only] => Ok(*only),
                [] => Ok(default_option_combo(self.metadata)),
                several => Err(ItemError::Incomplete {
                    text: reference.text(),
                    what,
                    name: self.metadata.name_of(data_element),
                    number: several.len(),
                }),
            }
        };
        let (own, attributes) =
            (category_combos_of(self.metadata, data_element), attribute_combos_of(self.metadata, data_element));
        Ok(CellAddress {
            data_element,
            category_option_combo: only(category_option_combo, &own, CATEGORY_OPTION_COMBO)?,
            attribute_option_combo: only(attribute_option_combo, &attributes, ATTRIBUTE_OPTION_COMBO)?,
        })
    }

    fn combo_register(&self, category_combos: &[Uid], what: &'static str) -> Register<'metadata> {
        let of_combos = |combo: &&CategoryOptionCombo| category_combos.contains(&combo.category_combo);
        let combos = self.metadata.category_option_combos.values().filter(of_combos);
        Register::new(self.side, what, combos.map(|o| named(o.id, o.code.as_deref(), &o.name)))
    }

    fn combos(&self, data_element: Uid, reading: &Parts<'_>) -> Result<Combos, ItemError> {
        let among = |category_combos: Vec<Uid>, text: &str, what| {
            // An id of another combo is taken as it is: whether it fits is the item's check, which says so by name.
            if let Ok(id) = Uid::parse(text)
                && self.metadata.category_option_combos.contains_key(&id)
            {
                return Ok(id);
            }
            self.combo_register(&category_combos, what).find_by_meaning(text).map(|(id, _)| id)
        };
        let (own, attributes) = (&reading.category_option_combo, &reading.attribute_option_combo);
        let category = own
            .as_ref()
            .map(|text| among(category_combos_of(self.metadata, data_element), text, CATEGORY_OPTION_COMBO));
        let attribute = attributes
            .as_ref()
            .map(|text| among(attribute_combos_of(self.metadata, data_element), text, ATTRIBUTE_OPTION_COMBO));
        Ok((category.transpose()?, attribute.transpose()?))
    }

    fn unknown(&self, text: &str, kind: Option<DataKind>) -> ItemError {
        if let Some(kind) = kind.or_else(|| metric_of(text).map(|_| DataKind::ReportingRate)) {
            return self.unknown_of(kind, text);
        }
        let all = [&self.data_elements, &self.indicators, &self.program_indicators];
        let all = all.into_iter().flat_map(|register| register.objects().iter().copied());
        Register::new(self.side, ANY_ITEM, all).unknown(text)
    }

    /// An item in words, for telling readings apart.
    fn words(&self, item: &SourceItem) -> String {
        match *item {
            SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
                self.element_words(id, [category_option_combo, attribute_option_combo])
            }
            SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } | SourceItem::ReportingRate { .. } => {
                format!("the {} {}", item.kind().words(), self.metadata.data_name(item.data()))
            }
        }
    }

    fn element_words(&self, id: Uid, combos: [Option<Uid>; 2]) -> String {
        let default = default_option_combo(self.metadata);
        let combos: Vec<String> =
            combos.into_iter().flatten().filter(|id| *id != default).map(|id| self.metadata.name_of(id)).collect();
        let name = self.metadata.name_of(id);
        if combos.is_empty() {
            format!("the data element {name}")
        } else {
            format!("the data element {name} with {}", combos.join(" and "))
        }
    }
}

/// Why readings came to nothing.
#[derive(Debug, Default)]
struct Refusals {
    /// What an object was found for, but not the rest.
    of_parts: Option<ItemError>,
    /// What is there, but not the only one, or not complete: it may well be what was meant.
    doubts: Option<ItemError>,
    of_whole: Option<ItemError>,
}

impl Refusals {
    fn add(&mut self, reading: &Parts<'_>, refusal: ItemError) {
        let place = match &refusal {
            ItemError::Ambiguous { .. } | ItemError::Incomplete { .. } => &mut self.doubts,
            ItemError::Unknown { what: CATEGORY_OPTION_COMBO | ATTRIBUTE_OPTION_COMBO, .. }
            | ItemError::OtherKind { .. }
            | ItemError::NoMetric { .. }
            | ItemError::NoCombos { .. } => &mut self.of_parts,
            _ if reading.is_whole() => &mut self.of_whole,
            _ => return,
        };
        place.get_or_insert(refusal);
    }

    /// A reading that exists and does not hold by itself, beside one that does.
    fn doubt(self) -> Option<ItemError> {
        self.doubts
    }

    fn best(self, unknown: impl Fn() -> ItemError) -> ItemError {
        self.doubts.or(self.of_parts).or(self.of_whole).unwrap_or_else(unknown)
    }
}

/// The data set and the metric of a text that names a reporting rate as DHIS2 does: `ANC.REPORTING_RATE` in `dx`,
/// `ANC - Reporting rate` in names.
fn metric_of(text: &str) -> Option<(&str, ReportingMetric)> {
    let cuts = [text.rsplit_once('.'), text.rsplit_once(" - ")];
    cuts.into_iter().flatten().find_map(|(object, metric)| Some((object.trim(), ReportingMetric::from_text(metric)?)))
}

fn named<'metadata>(id: Uid, code: Option<&'metadata str>, name: &'metadata str) -> Named<'metadata> {
    Named { id, code, name }
}

/// The category combos that a data element has: its own and the overrides of its data sets.
pub fn category_combos_of(metadata: &Metadata, data_element: Uid) -> Vec<Uid> {
    let own = metadata.data_elements.get(&data_element).map(|element| element.category_combo);
    let overrides = metadata.data_sets_of(data_element).filter_map(|data_set| {
        data_set.data_set_elements.iter().find(|member| member.data_element == data_element)?.category_combo
    });
    unique(own.into_iter().chain(overrides))
}

/// The attribute combos of the data sets that hold a data element.
pub fn attribute_combos_of(metadata: &Metadata, data_element: Uid) -> Vec<Uid> {
    unique(metadata.data_sets_of(data_element).map(|data_set| data_set.category_combo))
}

/// The option combo of what is not split: a server that was set up by an import may have it under an id of its own.
pub fn default_option_combo(metadata: &Metadata) -> Uid {
    let combos = &metadata.category_option_combos;
    if combos.contains_key(&Uid::DEFAULT_OPTION_COMBO) {
        return Uid::DEFAULT_OPTION_COMBO;
    }
    let of_default = metadata.category_combos.values().find(|combo| combo.is_default);
    let own = of_default.and_then(|default| combos.values().find(|combo| combo.category_combo == default.id));
    let called = || combos.values().find(|combo| combo.name == "default");
    own.or_else(called).map_or(Uid::DEFAULT_OPTION_COMBO, |combo| combo.id)
}

fn unique(ids: impl Iterator<Item = Uid>) -> Vec<Uid> {
    let mut ids: Vec<Uid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests;
