//! Finding the data items that people name: `DE`, `DE.COC`, `DE.COC.AOC`, an indicator or a program indicator, each
//! part by id, code or name.

use crate::domain::cell::CellAddress;
use crate::domain::item::SourceItem;
use crate::domain::metadata::{CategoryOptionCombo, Metadata};
use crate::domain::uid::Uid;
use crate::matching::names::{folded, nearest};

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
    #[error("{number} {what}s of the {side} server are called `{text}`; give the id")]
    Ambiguous {
        /// `source` or `destination`.
        side: &'static str,
        /// What was looked for.
        what: &'static str,
        /// What was typed.
        text: String,
        /// How many there are.
        number: usize,
    },
    /// More than three parts, or an empty one.
    #[error("`{0}` is not of the form DE, DE.COC or DE.COC.AOC")]
    Form(String),
    /// A part is missing that cannot be filled in.
    #[error("`{text}` leaves the category option combo open, but {name} has {number} of them")]
    Incomplete {
        /// What was typed.
        text: String,
        /// The data element's name.
        name: String,
        /// How many combos it could be.
        number: usize,
    },
}

/// An object that can be named: id, code, name.
type Named<'metadata> = (Uid, Option<&'metadata str>, &'metadata str);

fn find<'metadata>(
    objects: impl Iterator<Item = Named<'metadata>> + Clone,
    side: &'static str,
    what: &'static str,
    text: &str,
) -> Result<Uid, ItemError> {
    if let Ok(id) = Uid::parse(text)
        && objects.clone().any(|(object, ..)| object == id)
    {
        return Ok(id);
    }
    let wanted = folded(text);
    let by_code: Vec<Uid> = objects.clone().filter(|(_, code, _)| *code == Some(text)).map(|(id, ..)| id).collect();
    let by_name = || objects.clone().filter(|(_, _, name)| folded(name) == wanted).map(|(id, ..)| id).collect();
    let found: Vec<Uid> = if by_code.is_empty() { by_name() } else { by_code };
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(ItemError::Unknown {
            side,
            what,
            text: text.to_owned(),
            near: nearest(text, objects.flat_map(|(_, code, name)| code.into_iter().chain([name])), 3)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }),
        several => Err(ItemError::Ambiguous { side, what, text: text.to_owned(), number: several.len() }),
    }
}

fn data_elements(metadata: &Metadata) -> impl Iterator<Item = Named<'_>> + Clone {
    metadata.data_elements.values().map(|object| (object.id, object.code.as_deref(), object.name.as_str()))
}

fn combos<'metadata>(
    metadata: &'metadata Metadata,
    category_combos: &'metadata [Uid],
) -> impl Iterator<Item = Named<'metadata>> + Clone {
    metadata
        .category_option_combos
        .values()
        .filter(move |combo: &&CategoryOptionCombo| category_combos.contains(&combo.category_combo))
        .map(|object| (object.id, object.code.as_deref(), object.name.as_str()))
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

fn unique(ids: impl Iterator<Item = Uid>) -> Vec<Uid> {
    let mut ids: Vec<Uid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Stands for every option combo: `DE.*.AOC`, in DHIS2's own notation for operands.
pub const EVERY: &str = "*";

/// Splits `DE.COC.AOC`. Codes and names may hold dots, so the whole text is tried as one name before it is split.
fn parts(text: &str) -> Result<Vec<&str>, ItemError> {
    let parts: Vec<&str> = text.split('.').map(str::trim).collect();
    if parts.len() > 3 || parts.iter().any(|part| part.is_empty()) {
        return Err(ItemError::Form(text.to_owned()));
    }
    Ok(parts)
}

/// The source item that a person names. An option combo left out means every one.
pub fn source_item(metadata: &Metadata, text: &str) -> Result<SourceItem, ItemError> {
    let side = "source";
    let text = text.trim();
    let open = |id| SourceItem::DataElement { id, category_option_combo: None, attribute_option_combo: None };
    let whole = find(data_elements(metadata), side, "data element", text);
    if let Ok(id) = whole {
        return Ok(open(id));
    }
    let indicators =
        metadata.indicators.values().map(|object| (object.id, object.code.as_deref(), object.name.as_str()));
    if let Ok(id) = find(indicators, side, "indicator", text) {
        return Ok(SourceItem::Indicator { id });
    }
    let program_indicators =
        metadata.program_indicators.values().map(|object| (object.id, object.code.as_deref(), object.name.as_str()));
    if let Ok(id) = find(program_indicators.clone(), side, "program indicator", text) {
        return Ok(SourceItem::ProgramIndicator { id });
    }
    if !text.contains('.') {
        let all = data_elements(metadata)
            .chain(metadata.indicators.values().map(|object| (object.id, object.code.as_deref(), object.name.as_str())))
            .chain(program_indicators);
        return find(all, side, "data element, indicator or program indicator", text).map(open);
    }
    let parts = parts(text)?;
    let id = find(data_elements(metadata), side, "data element", parts[0])?;
    let (category_option_combo, attribute_option_combo) = option_combos(metadata, side, id, &parts[1..])?;
    Ok(SourceItem::DataElement { id, category_option_combo, attribute_option_combo })
}

/// The destination address that a person names. Option combos left out are filled in where there is only one.
pub fn destination_address(metadata: &Metadata, text: &str) -> Result<CellAddress, ItemError> {
    let side = "destination";
    let text = text.trim();
    let (data_element, rest) = match find(data_elements(metadata), side, "data element", text) {
        Ok(id) => (id, Vec::new()),
        Err(refusal) if !text.contains('.') => return Err(refusal),
        Err(_) => {
            let parts = parts(text)?;
            (find(data_elements(metadata), side, "data element", parts[0])?, parts[1..].to_vec())
        }
    };
    let (category_option_combo, attribute_option_combo) = option_combos(metadata, side, data_element, &rest)?;
    let only = |given: Option<Uid>, category_combos: &[Uid]| -> Result<Uid, ItemError> {
        if let Some(given) = given {
            return Ok(given);
        }
        let candidates: Vec<Uid> = combos(metadata, category_combos).map(|(id, ..)| id).collect();
        match candidates.as_slice() {
            [only] => Ok(*only),
            [] => Ok(Uid::DEFAULT_OPTION_COMBO),
            several => Err(ItemError::Incomplete {
                text: text.to_owned(),
                name: metadata.name_of(data_element),
                number: several.len(),
            }),
        }
    };
    Ok(CellAddress {
        data_element,
        category_option_combo: only(category_option_combo, &category_combos_of(metadata, data_element))?,
        attribute_option_combo: only(attribute_option_combo, &attribute_combos_of(metadata, data_element))?,
    })
}

fn option_combos(
    metadata: &Metadata,
    side: &'static str,
    data_element: Uid,
    texts: &[&str],
) -> Result<(Option<Uid>, Option<Uid>), ItemError> {
    let among = |category_combos: Vec<Uid>, text: &str, what| {
        // An id of another combo is taken as it is: whether it fits is the item's check, which says so by name.
        if let Ok(id) = Uid::parse(text)
            && metadata.category_option_combos.contains_key(&id)
        {
            return Ok(id);
        }
        find(combos(metadata, &category_combos), side, what, text)
    };
    let named = |position: usize| texts.get(position).filter(|text| **text != EVERY);
    let category = named(0)
        .map(|text| among(category_combos_of(metadata, data_element), text, "category option combo"))
        .transpose()?;
    let attribute = named(1)
        .map(|text| among(attribute_combos_of(metadata, data_element), text, "attribute option combo"))
        .transpose()?;
    Ok((category, attribute))
}
