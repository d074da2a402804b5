//! An aggregate data exchange of DHIS2 (`aggregateDataExchanges`) taken over as the items of a job.
//!
//! An exchange maps nothing: it names what is read (`source.requests[].dx`) and sends it under the same ids, codes or
//! attribute values (`outputIdScheme` …). So each `dx` goes to the destination object that the scheme's value names
//! there. See the DHIS2 documentation, "Aggregate data exchange", and `AggregateDataExchange.java`.

use serde::Deserialize;

use crate::domain::cell::CellAddress;
use crate::domain::item::{Item, SourceItem};
use crate::domain::job::ReadFrom;
use crate::domain::metadata::{AttributeValue, Metadata};
use crate::domain::period::relative::{RelativeOptions, RelativePeriod};
use crate::domain::period::{Period, PeriodType};
use crate::domain::uid::Uid;
use crate::matching::item_match::ItemRules;
use crate::matching::item_match::{Selected, propose_items};
use crate::ops::error::OpsError;
use crate::ops::jobs::OpenJob;

/// The parts of an exchange that say what is sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// Its name.
    #[serde(default)]
    pub name: String,
    source: Source,
    #[serde(default)]
    target: Target,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Source {
    #[serde(default)]
    requests: Vec<Request>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Target {
    #[serde(default)]
    request: TargetRequest,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetRequest {
    id_scheme: Option<String>,
    data_element_id_scheme: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    name: String,
    #[serde(default)]
    dx: Vec<String>,
    #[serde(default)]
    pe: Vec<String>,
    #[serde(default)]
    ou: Vec<String>,
    #[serde(default)]
    filters: Vec<Filter>,
    input_id_scheme: Option<String>,
    output_id_scheme: Option<String>,
    output_data_element_id_scheme: Option<String>,
    output_data_item_id_scheme: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Filter {
    #[serde(default)]
    dimension: String,
    #[serde(default)]
    items: Vec<String>,
}

/// What an exchange becomes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TakenOver {
    /// Items for the job.
    pub items: Vec<Item>,
    /// Periods for the routine's window, as the exchange names them.
    pub periods: Vec<String>,
    /// What could not be taken over, or has to be done elsewhere, in words.
    pub notes: Vec<String>,
}

/// Reads an exchange, alone or as the only one of a metadata export.
pub fn parse(bytes: &[u8]) -> Result<Exchange, OpsError> {
    #[derive(Deserialize)]
    struct Export {
        #[serde(rename = "aggregateDataExchanges")]
        exchanges: Vec<Exchange>,
    }
    let hint = "give the JSON of GET /api/aggregateDataExchanges/ID, or a metadata export with one exchange";
    if let Ok(export) = serde_json::from_slice::<Export>(bytes) {
        let number = export.exchanges.len();
        let mut exchanges = export.exchanges.into_iter();
        return match (exchanges.next(), number) {
            (Some(exchange), 1) => Ok(exchange),
            _ => Err(OpsError::invalid(format!("the file holds {number} exchanges, not one"), hint)),
        };
    }
    serde_json::from_slice(bytes)
        .map_err(|cause| OpsError::invalid(format!("the file is no aggregate data exchange: {cause}"), hint))
}

impl Exchange {
    /// The type of its periods, where all are of one.
    pub fn period_type(&self) -> Option<PeriodType> {
        let periods = self.source.requests.iter().flat_map(|request| &request.pe);
        let mut types = periods.map(|text| match text.parse::<RelativePeriod>() {
            Ok(relative) => Some(relative.period_type(&RelativeOptions::default())),
            Err(_) => Period::parse(text).ok().map(|period| period.period_type()),
        });
        let first = types.next()??;
        types.all(|other| other == Some(first)).then_some(first)
    }
}

/// How objects are named in what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scheme {
    Uid,
    Code,
    Attribute(Uid),
}

impl Scheme {
    fn parse(text: &str) -> Option<Self> {
        let upper = text.to_uppercase();
        match upper.as_str() {
            "UID" | "ID" => Some(Self::Uid),
            "CODE" => Some(Self::Code),
            _ => {
                let (kind, id) = text.split_once(':')?;
                let id = Uid::parse(id.trim()).ok()?;
                kind.eq_ignore_ascii_case("attribute").then_some(Self::Attribute(id))
            }
        }
    }

    fn of(&self, id: Uid, code: Option<&str>, attributes: &[AttributeValue]) -> Option<String> {
        match self {
            Self::Uid => Some(id.to_string()),
            Self::Code => code.map(str::to_owned),
            Self::Attribute(attribute) => {
                attributes.iter().find(|value| value.attribute == *attribute).map(|value| value.value.clone())
            }
        }
    }
}

impl OpenJob {
    /// What an exchange becomes in this job; nothing is kept yet.
    pub fn take_over(&self, exchange: &Exchange) -> TakenOver {
        let mut taken = TakenOver::default();
        for request in &exchange.source.requests {
            self.take_request(request, &exchange.target.request, &mut taken);
        }
        taken.periods.sort();
        taken.periods.dedup();
        let reads_data_elements = taken.items.iter().any(|item| matches!(item.source, SourceItem::DataElement { .. }));
        if self.job.read == ReadFrom::Raw && reads_data_elements {
            taken.notes.push(
                "DHIS2 reads an exchange through analytics, this job reads data elements as they were entered; \
                 to read as the exchange does: --read analytics"
                    .to_owned(),
            );
        }
        if exchange.source.requests.is_empty() {
            taken.notes.push("the exchange has no requests".to_owned());
        }
        taken
    }

    fn take_request(&self, request: &Request, target: &TargetRequest, taken: &mut TakenOver) {
        let named = if request.name.is_empty() { "a request".to_owned() } else { format!("request {}", request.name) };
        let output = request
            .output_data_element_id_scheme
            .as_ref()
            .or(request.output_data_item_id_scheme.as_ref())
            .or(request.output_id_scheme.as_ref())
            .map_or("UID", String::as_str);
        let Some(output_scheme) = Scheme::parse(output) else {
            taken.notes.push(format!("{named}: the id scheme {output} is not known; its items are left out"));
            return;
        };
        let input = request.input_id_scheme.as_deref().unwrap_or("UID");
        let input_scheme = Scheme::parse(input).unwrap_or(Scheme::Uid);
        let there = target.data_element_id_scheme.as_ref().or(target.id_scheme.as_ref()).map_or(output, String::as_str);
        let there = Scheme::parse(there).unwrap_or_else(|| output_scheme.clone());
        for dx in &request.dx {
            match self.item(dx, &input_scheme, &output_scheme, &there) {
                Ok(item) if !taken.items.contains(&item) => taken.items.push(item),
                Ok(_) => {}
                Err(reason) => taken.notes.push(format!("{named}: {dx} was left out: {reason}")),
            }
        }
        taken.periods.extend(request.pe.iter().cloned());
        for filter in &request.filters {
            taken.notes.push(format!(
                "{named}: the filter {} = {} was not taken over; a job has no filters",
                filter.dimension,
                filter.items.join(", ")
            ));
        }
        if !request.ou.is_empty() {
            taken.notes.push(format!(
                "{named}: the org units {} were not taken over; the org unit map says which are read",
                request.ou.join(", ")
            ));
        }
    }

    fn item(&self, dx: &str, input: &Scheme, output: &Scheme, there: &Scheme) -> Result<Item, String> {
        let parts: Vec<&str> = dx.split('.').collect();
        let selected = self.source_object(parts[0], input).ok_or("the source has nothing of that name")?;
        let destination = &self.destination;
        let sent = self.sent_as(selected, output).ok_or("the source has no value for the id scheme")?;
        let element = destination
            .data_elements
            .values()
            .find(|element| {
                there.of(element.id, element.code.as_deref(), &element.attribute_values).as_deref() == Some(&sent)
            })
            .ok_or_else(|| format!("the destination has no data element {sent}"))?;
        let combo_of = |metadata: &Metadata, text: &str| {
            let combos = &metadata.category_option_combos;
            combos.values().find(|combo| combo.id.as_str() == text || combo.code.as_deref() == Some(text)).map(|c| c.id)
        };
        // DHIS2 gives an indicator's value the combos of its export fields; an operand names its own.
        let rules = ItemRules { pattern: None, period_type: self.job.destination_period_type };
        let matching = propose_items(&self.source, destination, &[selected], &rules);
        let fields = matching.proposals.iter().map(|proposal| proposal.item.destination);
        let fields = fields.filter(|address| address.data_element == element.id).collect::<Vec<_>>();
        let source_combo = match parts.get(1).filter(|text| **text != "*") {
            Some(text) => Some(combo_of(&self.source, text).ok_or_else(|| format!("the source has no combo {text}"))?),
            None => None,
        };
        let combo = match parts.get(1).filter(|text| **text != "*") {
            Some(text) => {
                let own = combo_of(destination, text);
                own.or_else(|| {
                    let same = |proposal: &&crate::matching::item_match::ItemProposal| match proposal.item.source {
                        SourceItem::DataElement { category_option_combo, .. } => category_option_combo == source_combo,
                        _ => false,
                    };
                    matching.proposals.iter().find(same).map(|proposal| proposal.item.destination.category_option_combo)
                })
                .ok_or_else(|| format!("the destination has no combo {text}"))?
            }
            None if matches!(selected, Selected::DataElement(_)) => Uid::DEFAULT_OPTION_COMBO,
            None => fields.first().map_or(Uid::DEFAULT_OPTION_COMBO, |address| address.category_option_combo),
        };
        let attribute_combo =
            fields.first().map_or(Uid::DEFAULT_OPTION_COMBO, |address| address.attribute_option_combo);
        let source = match selected {
            Selected::DataElement(id) => {
                SourceItem::DataElement { id, category_option_combo: source_combo, attribute_option_combo: None }
            }
            Selected::Indicator(id) => SourceItem::Indicator { id },
            Selected::ProgramIndicator(id) => SourceItem::ProgramIndicator { id },
        };
        let adds_up = matches!(source, SourceItem::DataElement { category_option_combo: None, .. });
        let destination = CellAddress {
            data_element: element.id,
            category_option_combo: combo,
            attribute_option_combo: attribute_combo,
        };
        Ok(Item {
            combine: adds_up.then_some(crate::domain::item::Combine::Sum),
            note: Some(format!("{dx} of an aggregate data exchange")),
            ..Item::new(source, destination)
        })
    }

    fn source_object(&self, text: &str, scheme: &Scheme) -> Option<Selected> {
        let source = &self.source;
        let none: &[AttributeValue] = &[];
        let is = |id: Uid, code: &Option<String>, attributes: &[AttributeValue]| {
            scheme.of(id, code.as_deref(), attributes).as_deref() == Some(text)
        };
        let elements = source.data_elements.values();
        let mut found =
            elements.filter(|o| is(o.id, &o.code, &o.attribute_values)).map(|o| Selected::DataElement(o.id));
        found
            .next()
            .or_else(|| source.indicators.values().find(|o| is(o.id, &o.code, none)).map(|o| Selected::Indicator(o.id)))
            .or_else(|| {
                let mut objects = source.program_indicators.values();
                objects.find(|o| is(o.id, &o.code, none)).map(|o| Selected::ProgramIndicator(o.id))
            })
    }

    /// What the exchange would put in the place of the data element.
    fn sent_as(&self, selected: Selected, output: &Scheme) -> Option<String> {
        let source = &self.source;
        let none: &[AttributeValue] = &[];
        match selected {
            Selected::DataElement(id) => {
                let object = source.data_elements.get(&id)?;
                output.of(id, object.code.as_deref(), &object.attribute_values)
            }
            Selected::Indicator(id) => output.of(id, source.indicators.get(&id)?.code.as_deref(), none),
            Selected::ProgramIndicator(id) => {
                let object = source.program_indicators.get(&id)?;
                let export = object.aggregate_export_data_element.as_ref().filter(|text| !text.trim().is_empty());
                export.cloned().or_else(|| output.of(id, object.code.as_deref(), none))
            }
        }
    }
}
