//! One `dx` of an exchange as an item: what it reads, under which name it is sent, and which cell that is over there.

use std::collections::BTreeSet;

use crate::domain::cell::CellAddress;
use crate::domain::item::{Combine, Item, SourceItem};
use crate::domain::job::ReadFrom;
use crate::domain::metadata::{AttributeValue, Metadata};
use crate::domain::org_unit_map::MatchClass;
use crate::domain::uid::Uid;
use crate::matching::item_match::{Selected, same_combo};
use crate::matching::items::{attribute_combos_of, category_combos_of, default_option_combo};
use crate::ops::jobs::OpenJob;
use crate::ops::jobs::exchange::model::{Request, TargetRequest};

/// How objects are named in what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scheme {
    Uid,
    Code,
    Name,
    Attribute(Uid),
}

impl Scheme {
    fn parse(text: &str) -> Result<Self, String> {
        let unknown = || format!("the id scheme {text} is not known");
        match text.trim().to_uppercase().as_str() {
            "UID" | "ID" => Ok(Self::Uid),
            "CODE" => Ok(Self::Code),
            "NAME" => Ok(Self::Name),
            _ => {
                let (kind, id) = text.split_once(':').ok_or_else(unknown)?;
                let id = Uid::parse(id.trim()).map_err(|_| unknown())?;
                if kind.trim().eq_ignore_ascii_case("attribute") { Ok(Self::Attribute(id)) } else { Err(unknown()) }
            }
        }
    }

    fn of(&self, object: &Object<'_>) -> Option<String> {
        match self {
            Self::Uid => Some(object.id.to_string()),
            Self::Code => object.code.map(str::to_owned),
            Self::Name => Some(object.name.to_owned()),
            Self::Attribute(attribute) => {
                object.attributes.iter().find(|value| value.attribute == *attribute).map(|value| value.value.clone())
            }
        }
    }
}

/// An object as schemes name it.
struct Object<'metadata> {
    id: Uid,
    code: Option<&'metadata str>,
    name: &'metadata str,
    attributes: &'metadata [AttributeValue],
}

/// How a request names what it reads and sends, and how the target understands it.
#[derive(Debug)]
pub(super) struct Schemes {
    input: Scheme,
    /// Of data elements.
    elements: Scheme,
    /// Of indicators and program indicators.
    items: Scheme,
    combos: Scheme,
    elements_there: Scheme,
    combos_there: Scheme,
}

impl Schemes {
    pub(super) fn of(request: &Request, target: &TargetRequest) -> Result<Self, String> {
        let first = |texts: [&Option<String>; 3]| {
            let given = texts.into_iter().flatten().find(|text| !text.trim().is_empty());
            given.map(|text| Scheme::parse(text)).transpose()
        };
        let none = &None;
        let output = &request.output_id_scheme;
        let (element, item) = (&request.output_data_element_id_scheme, &request.output_data_item_id_scheme);
        let elements = first([element, item, output])?.unwrap_or(Scheme::Uid);
        let items = first([item, output, element])?.unwrap_or(Scheme::Uid);
        let combos = first([output, none, none])?.unwrap_or(Scheme::Uid);
        let there = first([&target.data_element_id_scheme, &target.id_scheme, none])?;
        let combos_there = first([&target.category_option_combo_id_scheme, &target.id_scheme, none])?;
        Ok(Self {
            input: first([&request.input_id_scheme, none, none])?.unwrap_or(Scheme::Uid),
            elements_there: there.unwrap_or_else(|| elements.clone()),
            combos_there: combos_there.unwrap_or_else(|| combos.clone()),
            elements,
            items,
            combos,
        })
    }
}

/// What a `dx` reads.
struct Read {
    selected: Selected,
    category_option_combo: Option<Uid>,
    attribute_option_combo: Option<Uid>,
}

/// Makes items of one request.
pub(super) struct Taker<'job> {
    source: &'job Metadata,
    destination: &'job Metadata,
    read: ReadFrom,
    schemes: &'job Schemes,
    /// Another aggregation type than that of the objects.
    aggregation: Option<&'job str>,
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
            Selected::DataElement(id) => SourceItem::DataElement {
                id,
                category_option_combo: read.category_option_combo,
                attribute_option_combo: read.attribute_option_combo,
            },
            Selected::Indicator(id) => SourceItem::Indicator { id },
            Selected::ProgramIndicator(id) => SourceItem::ProgramIndicator { id },
        };
        let note = Some(format!("{dx} of an aggregate data exchange"));
        Ok((Item { combine, note, ..Item::new(source, destination) }, notes))
    }

    /// What a `dx` names: as a whole, or cut at its dots where that gives a data element and its combos. A code may hold
    /// dots itself, so every cut is tried.
    fn read(&self, dx: &str) -> Result<Read, String> {
        let mut found: Vec<Read> = self
            .objects(dx)
            .into_iter()
            .map(|selected| Read { selected, category_option_combo: None, attribute_option_combo: None })
            .collect();
        let mut reason: Option<String> = None;
        let dots: Vec<usize> = dx.match_indices('.').map(|(position, _)| position).collect();
        let cuts = dots.iter().flat_map(|first| {
            let seconds = dots.iter().filter(move |second| *second > first).map(|second| Some(*second));
            seconds.chain([None]).map(move |second| (*first, second))
        });
        for (first, second) in cuts {
            let end = second.unwrap_or(dx.len());
            let (object, coc) = (&dx[..first], &dx[first + 1..end]);
            let aoc = second.map(|second| &dx[second + 1..]);
            for selected in self.objects(object) {
                let Selected::DataElement(id) = selected else {
                    reason.get_or_insert_with(|| format!("{object} is no data element, and has no option combos"));
                    continue;
                };
                let own = self.own_combo(id, coc, &category_combos_of(self.source, id), "category option combo");
                let attribute = aoc.map_or(Ok(None), |aoc| {
                    self.own_combo(id, aoc, &attribute_combos_of(self.source, id), "attribute option combo")
                });
                match (own, attribute) {
                    (Ok(category_option_combo), Ok(attribute_option_combo)) => {
                        found.push(Read { selected, category_option_combo, attribute_option_combo });
                    }
                    (Err(why), _) | (_, Err(why)) => {
                        reason.get_or_insert(why);
                    }
                }
            }
        }
        match found.len() {
            1 => found.pop().ok_or_else(String::new),
            0 => Err(reason.unwrap_or_else(|| self.unknown(dx))),
            several => Err(format!("it can be read in {several} ways; add it with `xfer job add-item`")),
        }
    }

    fn unknown(&self, dx: &str) -> String {
        let rates = [
            "REPORTING_RATE",
            "ACTUAL_REPORTS",
            "EXPECTED_REPORTS",
            "REPORTING_RATE_ON_TIME",
            "ACTUAL_REPORTS_ON_TIME",
        ];
        if rates.iter().any(|rate| dx.to_uppercase().ends_with(&format!(".{rate}"))) {
            return "a job carries no reporting rates".to_owned();
        }
        match self.schemes.input {
            Scheme::Attribute(_) => "the source has no data element with this value of the attribute; those of \
                                     indicators are not known to xfer"
                .to_owned(),
            _ => "the source has nothing of that name".to_owned(),
        }
    }

    /// Every object of the source that a text names in the request's scheme.
    fn objects(&self, text: &str) -> Vec<Selected> {
        let named = |object: &Object<'_>| self.schemes.input.of(object).as_deref() == Some(text);
        let source = self.source;
        let elements = source
            .data_elements
            .values()
            .map(|o| (Selected::DataElement(o.id), object(o.id, o.code.as_deref(), &o.name, &o.attribute_values)));
        let indicators = source
            .indicators
            .values()
            .map(|o| (Selected::Indicator(o.id), object(o.id, o.code.as_deref(), &o.name, &[])));
        let program_indicators = source
            .program_indicators
            .values()
            .map(|o| (Selected::ProgramIndicator(o.id), object(o.id, o.code.as_deref(), &o.name, &[])));
        let all = elements.chain(indicators).chain(program_indicators);
        all.filter(|(_, object)| named(object)).map(|(selected, _)| selected).collect()
    }

    /// A combo of a source data element, by id or code; `*` is every one.
    fn own_combo(&self, id: Uid, text: &str, of: &[Uid], what: &str) -> Result<Option<Uid>, String> {
        if text == "*" {
            return Ok(None);
        }
        let combos = combos_of(self.source, of);
        let found: Vec<Uid> = combos.iter().filter(|combo| is_called(self.source, **combo, text)).copied().collect();
        match found.as_slice() {
            [only] => Ok(Some(*only)),
            [] => Err(format!("{} has no {what} {text}", self.source.name_of(id))),
            several => Err(format!("{} has {} {what}s {text}", self.source.name_of(id), several.len())),
        }
    }

    /// The destination's data element under which the values would arrive.
    fn element(&self, selected: Selected) -> Result<Uid, String> {
        let sent = self.sent_as(selected).ok_or("the source has no value for the id scheme")?;
        let there = &self.schemes.elements_there;
        let elements = self.destination.data_elements.values();
        let called = elements.filter(|o| {
            there.of(&object(o.id, o.code.as_deref(), &o.name, &o.attribute_values)).as_deref() == Some(&sent)
        });
        match called.map(|element| element.id).collect::<Vec<_>>().as_slice() {
            [only] => Ok(*only),
            [] => Err(format!("the destination has no data element {sent}")),
            several => Err(format!("{} data elements of the destination are called {sent}", several.len())),
        }
    }

    /// What the exchange would put in the place of the data element.
    fn sent_as(&self, selected: Selected) -> Option<String> {
        let source = self.source;
        match selected {
            Selected::DataElement(id) => {
                let o = source.data_elements.get(&id)?;
                self.schemes.elements.of(&object(id, o.code.as_deref(), &o.name, &o.attribute_values))
            }
            Selected::Indicator(id) => {
                let o = source.indicators.get(&id)?;
                self.schemes.items.of(&object(id, o.code.as_deref(), &o.name, &[]))
            }
            Selected::ProgramIndicator(id) => {
                let o = source.program_indicators.get(&id)?;
                let export = o.aggregate_export_data_element.as_ref().filter(|text| !text.trim().is_empty());
                export.cloned().or_else(|| self.schemes.items.of(&object(id, o.code.as_deref(), &o.name, &[])))
            }
        }
    }

    /// What DHIS2's exports give an indicator's values in the place of combos.
    fn export_combos(&self, selected: Selected) -> Result<(Option<Uid>, Option<Uid>), String> {
        let (coc, aoc) = match selected {
            Selected::DataElement(_) => return Ok((None, None)),
            Selected::Indicator(id) => self
                .source
                .indicators
                .get(&id)
                .map(|o| (&o.aggregate_export_category_option_combo, &o.aggregate_export_attribute_option_combo)),
            Selected::ProgramIndicator(id) => self
                .source
                .program_indicators
                .get(&id)
                .map(|o| (&o.aggregate_export_category_option_combo, &o.aggregate_export_attribute_option_combo)),
        }
        .unwrap_or((&None, &None));
        let there = |text: &Option<String>| match text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => {
                let mut all = self.destination.category_option_combos.keys();
                let found = all.find(|combo| is_called(self.destination, **combo, text)).copied();
                found.map(Some).ok_or_else(|| format!("its export option combo {text} is not known at the destination"))
            }
        };
        Ok((there(coc)?, there(aoc)?))
    }

    /// The destination's combo: the one that is sent, else the one that means the same, else the only one there is.
    fn combo(
        &self,
        element: Uid,
        read: Option<Uid>,
        exported: Option<Uid>,
        of: &[Uid],
        what: &str,
        notes: &mut Vec<String>,
    ) -> Result<Uid, String> {
        let there = combos_of(self.destination, of);
        let name = || self.destination.name_of(element);
        if let Some(exported) = exported {
            return if there.contains(&exported) {
                Ok(exported)
            } else {
                Err(format!("its export {what} {} is none of {}", self.destination.name_of(exported), name()))
            };
        }
        let default = default_option_combo(self.destination);
        let Some(read) = read else {
            return match there.iter().copied().collect::<Vec<_>>().as_slice() {
                [] => Ok(default),
                [only] => Ok(*only),
                _ if there.contains(&default) => Ok(default),
                several => Err(format!(
                    "{} has {} {what}s, and the exchange names none; choose one with `xfer job add-item`",
                    name(),
                    several.len()
                )),
            };
        };
        if let Some(own) = self.source.category_option_combos.get(&read) {
            let sent = self.schemes.combos.of(&object(read, own.code.as_deref(), &own.name, &[]));
            let is_sent = |combo: &&Uid| {
                let combos = &self.destination.category_option_combos;
                let there = combos
                    .get(*combo)
                    .and_then(|o| self.schemes.combos_there.of(&object(o.id, o.code.as_deref(), &o.name, &[])));
                sent.is_some() && there == sent
            };
            let found: Vec<Uid> = there.iter().filter(is_sent).copied().collect();
            if let [only] = found.as_slice() {
                return Ok(*only);
            }
        }
        let candidates: Vec<Uid> = there.into_iter().collect();
        match same_combo(self.source, read, self.destination, &candidates) {
            Some((combo, class)) if class != MatchClass::Ask => {
                let (from, to) = (self.source.name_of(read), self.destination.name_of(combo));
                if from != to {
                    notes.push(format!("the {what} {from} goes to {to}, which means the same"));
                }
                Ok(combo)
            }
            _ => Err(format!("{} has no {what} {}", name(), self.source.name_of(read))),
        }
    }

    /// How the parts of what is read add up, as the exchange adds them up; none where there is only one.
    fn combine(&self, read: &Read) -> Result<Option<Combine>, String> {
        let Selected::DataElement(id) = read.selected else {
            let own = match read.selected {
                Selected::ProgramIndicator(id) => {
                    self.source.program_indicators.get(&id).and_then(|object| object.aggregation_type.as_deref())
                }
                _ => None,
            };
            return match self.aggregation {
                Some(asked) if own.is_none_or(|own| !own.eq_ignore_ascii_case(asked)) => {
                    Err(format!("the request asks for {asked}, and a job reads it as it is defined"))
                }
                _ => Ok(None),
            };
        };
        let own = self.source.data_elements.get(&id).map_or("", |element| element.aggregation_type.as_str());
        if let Some(asked) = self.aggregation.filter(|asked| !asked.eq_ignore_ascii_case(own)) {
            return Err(format!(
                "the request asks for {asked}, but {} has the aggregation type {own}, by which a job reads it",
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
                    "it is read as a total over option combos, which cannot be made of its parts by {other}; name the \
                     option combos one by one"
                ));
            }
        };
        Ok(Some(combine))
    }
}

fn object<'metadata>(
    id: Uid,
    code: Option<&'metadata str>,
    name: &'metadata str,
    attributes: &'metadata [AttributeValue],
) -> Object<'metadata> {
    Object { id, code, name, attributes }
}

fn combos_of(metadata: &Metadata, category_combos: &[Uid]) -> BTreeSet<Uid> {
    let combos = metadata.category_option_combos.values();
    combos.filter(|combo| category_combos.contains(&combo.category_combo)).map(|combo| combo.id).collect()
}

fn is_called(metadata: &Metadata, combo: Uid, text: &str) -> bool {
    combo.as_str() == text
        || metadata.category_option_combos.get(&combo).is_some_and(|known| known.code.as_deref() == Some(text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Schemes, Taker};
    use crate::domain::cell::CellAddress;
    use crate::domain::item::{Combine, Item, SourceItem};
    use crate::domain::job::ReadFrom;
    use crate::domain::metadata::Metadata;
    use crate::domain::uid::Uid;
    use crate::ops::jobs::exchange::model::{Request, TargetRequest};

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
        assert!(combine("AVERAGE").unwrap_err().contains("cannot be made of its parts"));
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
        assert!(take(&source, &destination, "DS.REPORTING_RATE").unwrap_err().contains("no reporting rates"));
    }
}
