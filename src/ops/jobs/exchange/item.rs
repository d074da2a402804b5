//! One `dx` of an exchange as an item: from what it reads and where that arrives, with the operator that puts its parts
//! together as the exchange does.

use std::collections::BTreeSet;

use crate::ops::jobs::OpenJob;
use crate::ops::jobs::exchange::schemes::Schemes;
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::ReadFrom;
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;
use xfer_matching::items::{attribute_combos_of, category_combos_of};

/// Makes items of one request.
pub(super) struct Taker<'job> {
    pub(super) source: &'job Metadata,
    pub(super) destination: &'job Metadata,
    read: ReadFrom,
    pub(super) schemes: &'job Schemes,
    /// Another aggregation type than that of the objects.
    aggregation: Option<&'job str>,
}

/// What a `dx` reads.
pub(super) struct Read {
    pub(super) selected: DataItem,
    pub(super) category_option_combo: Option<Uid>,
    pub(super) attribute_option_combo: Option<Uid>,
}

impl<'job> Taker<'job> {
    pub(super) fn new(open: &'job OpenJob, schemes: &'job Schemes, aggregation: Option<&'job str>) -> Self {
        let aggregation = aggregation.map(str::trim).filter(|of| !of.is_empty() && !of.eq_ignore_ascii_case("DEFAULT"));
        Self { source: &open.source, destination: &open.destination, read: open.job.read, schemes, aggregation }
    }

    /// The item, with what is to be said about it; or why there is none.
    pub(super) fn item(&self, dx: &str) -> Result<(Item, Vec<String>), String> {
        let read = self.read(dx)?;
        let element = self.element(read.selected)?;
        let mut notes = Vec::new();
        let (coc, aoc) = self.export_combos(read.selected)?;
        let own = category_combos_of(self.destination, element);
        let attributes = attribute_combos_of(self.destination, element);
        let what = ["category option combo", "attribute option combo"];
        let destination = CellAddress {
            data_element: element,
            category_option_combo: self.combo(element, read.category_option_combo, coc, &own, what[0], &mut notes)?,
            attribute_option_combo: self.combo(
                element,
                read.attribute_option_combo,
                aoc,
                &attributes,
                what[1],
                &mut notes,
            )?,
        };
        let combine = self.combine(&read)?;
        let source = match read.selected {
            DataItem::DataElement(id) => SourceItem::DataElement {
                id,
                category_option_combo: read.category_option_combo,
                attribute_option_combo: read.attribute_option_combo,
            },
            DataItem::Indicator(_) | DataItem::ProgramIndicator(_) | DataItem::ReportingRate { .. } => {
                SourceItem::all_of(read.selected)
            }
        };
        let note = Some(format!("{dx} of an aggregate data exchange"));
        Ok((Item { combine, note, ..Item::new(source, destination) }, notes))
    }

    /// How the parts of what is read add up, as the exchange adds them up; none where there is only one.
    fn combine(&self, read: &Read) -> Result<Option<Combine>, String> {
        let DataItem::DataElement(id) = read.selected else {
            let own = match read.selected {
                DataItem::ProgramIndicator(id) => {
                    self.source.program_indicators.get(&id).and_then(|object| object.aggregation_type.as_deref())
                }
                DataItem::DataElement(_) | DataItem::Indicator(_) | DataItem::ReportingRate { .. } => None,
            };
            return match self.aggregation {
                Some(asked) if own.is_none_or(|own| !own.eq_ignore_ascii_case(asked)) => {
                    Err(format!("the request uses {asked}, but a job reads it as it is defined"))
                }
                _ => Ok(None),
            };
        };
        let own = self.source.data_elements.get(&id).map_or("", |element| element.aggregation_type.as_str());
        if let Some(asked) = self.aggregation.filter(|asked| !asked.eq_ignore_ascii_case(own)) {
            return Err(format!(
                "the request uses {asked}, but {} has the aggregation type {own}, which a job uses",
                self.source.name_of(id)
            ));
        }
        let parts = |read: Option<Uid>, of: Vec<Uid>| read.is_none() && combos_of(self.source, &of).len() > 1;
        let several = parts(read.category_option_combo, category_combos_of(self.source, id))
            || parts(read.attribute_option_combo, attribute_combos_of(self.source, id));
        if !several {
            return Ok(None);
        }
        let combine = match own.to_uppercase().as_str() {
            // In time they are other things; over org units and option combos they are sums.
            "SUM"
            | "COUNT"
            | "AVERAGE_SUM_ORG_UNIT"
            | "LAST"
            | "LAST_IN_PERIOD"
            | "FIRST"
            | "MIN_SUM_ORG_UNIT"
            | "MAX_SUM_ORG_UNIT" => Combine::Sum,
            "MIN" => Combine::Min,
            "MAX" => Combine::Max,
            // The job's own operator says what becomes of parts that are read one by one.
            _ if self.read == ReadFrom::Raw => return Ok(None),
            other => {
                return Err(format!(
                    "it is read as a total over option combos, which cannot be calculated with {other}; list the \
                     option combos one by one"
                ));
            }
        };
        Ok(Some(combine))
    }
}

/// The option combos of some category combos.
pub(super) fn combos_of(metadata: &Metadata, category_combos: &[Uid]) -> BTreeSet<Uid> {
    let combos = metadata.category_option_combos.values();
    combos.filter(|combo| category_combos.contains(&combo.category_combo)).map(|combo| combo.id).collect()
}

/// Whether an option combo has this id or code.
pub(super) fn is_called(metadata: &Metadata, combo: Uid, text: &str) -> bool {
    combo.as_str() == text
        || metadata.category_option_combos.get(&combo).is_some_and(|known| known.code.as_deref() == Some(text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Taker;
    use crate::ops::jobs::exchange::model::{Request, TargetRequest};
    use crate::ops::jobs::exchange::schemes::Schemes;
    use xfer_domain::cell::CellAddress;
    use xfer_domain::item::{Combine, Item, SourceItem};
    use xfer_domain::job::ReadFrom;
    use xfer_domain::metadata::Metadata;
    use xfer_domain::uid::Uid;

    fn uid(text: &str) -> Uid {
        Uid::parse(text).unwrap()
    }

    fn insert<T: serde::de::DeserializeOwned>(
        objects: &mut std::collections::BTreeMap<Uid, T>,
        id: &str,
        object: Value,
    ) {
        objects.insert(uid(id), serde_json::from_value(object).unwrap());
    }

    /// One data element of a type and category combo; combos `F` and `M`, and the default under an id of its own.
    fn metadata(element: &str, code: &str, aggregation: &str, split: bool) -> Metadata {
        let mut metadata = Metadata::default();
        let combo = if split { "ccSexe00001" } else { "ccDefault01" };
        insert(
            &mut metadata.data_elements,
            element,
            json!({
                "id": element, "code": code, "name": format!("Name {code}"), "short_name": null, "value_type": "NUMBER",
                "aggregation_type": aggregation, "zero_is_significant": true, "category_combo": combo, "option_set": null,
                "attribute_values": []
            }),
        );
        for (id, name, of) in [
            ("coFemme0001", "F", "ccSexe00001"),
            ("coHomme0001", "M", "ccSexe00001"),
            ("coDefault01", "default", "ccDefault01"),
        ] {
            insert(
                &mut metadata.category_option_combos,
                id,
                json!({
                    "id": id, "code": name, "name": name, "category_combo": of, "category_options": []
                }),
            );
        }
        insert(
            &mut metadata.category_combos,
            "ccDefault01",
            json!({
                "id": "ccDefault01", "code": null, "name": "default", "is_default": true,
                "category_option_combos": ["coDefault01"]
            }),
        );
        metadata
    }

    fn take(source: &Metadata, destination: &Metadata, dx: &str) -> Result<Item, String> {
        let request: Request =
            serde_json::from_value(json!({"outputDataElementIdScheme": "code", "inputIdScheme": "Code"})).unwrap();
        let schemes = Schemes::of(&request, &TargetRequest::default()).unwrap();
        let taker = Taker { source, destination, read: ReadFrom::Analytics, schemes: &schemes, aggregation: None };
        taker.item(dx).map(|(item, _)| item)
    }

    #[test]
    fn the_default_combo_is_the_one_of_the_destination() {
        let (source, destination) =
            (metadata("deSource001", "A.B", "SUM", false), metadata("deTarget001", "A.B", "SUM", false));
        let item = take(&source, &destination, "A.B").unwrap();
        let default = uid("coDefault01");
        let address = CellAddress {
            data_element: uid("deTarget001"),
            category_option_combo: default,
            attribute_option_combo: default,
        };
        assert_eq!((item.destination, item.combine), (address, None));
    }

    #[test]
    fn codes_may_hold_dots_and_totals_are_made_as_the_type_says() {
        let destination = metadata("deTarget001", "A.B", "SUM", false);
        let combine = |aggregation| {
            take(&metadata("deSource001", "A.B", aggregation, true), &destination, "A.B").map(|item| item.combine)
        };
        assert_eq!(combine("SUM"), Ok(Some(Combine::Sum)));
        assert_eq!(combine("LAST"), Ok(Some(Combine::Sum)));
        assert_eq!(combine("MAX"), Ok(Some(Combine::Max)));
        assert!(combine("AVERAGE").unwrap_err().contains("cannot be calculated with"));
        let (source, destination) =
            (metadata("deSource001", "A.B", "SUM", true), metadata("deTarget001", "A.B", "SUM", true));
        let item = take(&source, &destination, "A.B.M").unwrap();
        let read = SourceItem::DataElement {
            id: uid("deSource001"),
            category_option_combo: Some(uid("coHomme0001")),
            attribute_option_combo: None,
        };
        assert_eq!((item.source, item.destination.category_option_combo), (read, uid("coHomme0001")));
        assert!(take(&source, &destination, "A.B").unwrap_err().contains("the exchange names none"));
        assert!(take(&source, &destination, "A.B.X").unwrap_err().contains("has no category option combo X"));
        assert!(take(&source, &destination, "DS.REPORTING_RATE").unwrap_err().contains("no data set DS"));
    }
}
