//! An aggregate data exchange of DHIS2 (`aggregateDataExchanges`) taken over as the items of a job.
//!
//! An exchange maps nothing: it names what is read (`source.requests[].dx`) and sends it under the same ids, codes or
//! attribute values (`outputIdScheme` …). So each `dx` goes to the destination object that the scheme's value names
//! there. What a job cannot do as the exchange does is left out or refused, by name: nothing is dropped without a message.
//! See the DHIS2 documentation, "Aggregate data exchange", and `AggregateDataExchange.java`.

mod item;
mod model;
mod reading;
mod schemes;
mod target;

use crate::ops::error::OpsError;
use crate::ops::home::server;
use crate::ops::jobs::OpenJob;
use crate::ops::jobs::exchange::item::Taker;
pub use crate::ops::jobs::exchange::model::{Exchange, parse};
use crate::ops::jobs::exchange::model::{Request, Target};
use crate::ops::jobs::exchange::schemes::Schemes;
use xfer_domain::data_item::ReadBy;
use xfer_domain::item::Item;
use xfer_domain::job::ReadFrom;
use xfer_domain::period::relative::{RelativeOptions, RelativePeriod};
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::spelling::settled;

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

/// The type of a period, fixed or relative.
fn type_of(text: &str) -> Option<PeriodType> {
    match text.parse::<RelativePeriod>() {
        Ok(relative) => Some(relative.period_type(&RelativeOptions::default())),
        Err(_) => Period::parse(text).ok().map(|period| period.period_type()),
    }
}

impl Exchange {
    /// The type of the periods of these requests, where all are of one; of all requests where none is named.
    pub fn period_type(&self, only: &[String]) -> Option<PeriodType> {
        let requests = self.selected(only).ok()?;
        let mut types = requests.iter().flat_map(|request| &request.pe).map(|text| type_of(text));
        let first = types.next()??;
        types.all(|other| other == Some(first)).then_some(first)
    }

    /// The requests of these names or numbers, or all.
    fn selected(&self, only: &[String]) -> Result<Vec<&Request>, OpsError> {
        let requests = &self.source.requests;
        if only.is_empty() {
            return Ok(requests.iter().collect());
        }
        let mut selected: Vec<&Request> = Vec::new();
        for name in only {
            let called = |request: &&Request| settled(&request.name).to_lowercase() == settled(name).to_lowercase();
            let found: Vec<&Request> = requests.iter().filter(called).collect();
            let numbered = || name.parse::<usize>().ok().and_then(|number| requests.get(number.checked_sub(1)?));
            match found.as_slice() {
                [only] => selected.push(only),
                [] => selected.push(numbered().ok_or_else(|| {
                    OpsError::invalid(
                        format!("the exchange has no request `{name}`"),
                        format!("its requests are {}", self.names().join(", ")),
                    )
                })?),
                several => {
                    return Err(OpsError::invalid(
                        format!("{} requests of the exchange are called `{name}`", several.len()),
                        format!("give the number instead, from 1 to {}", requests.len()),
                    ));
                }
            }
        }
        Ok(selected)
    }

    /// What the requests are called, or their numbers.
    fn names(&self) -> Vec<String> {
        let name = |(request, number): (&Request, usize)| match request.name.trim() {
            "" => number.to_string(),
            name => name.to_owned(),
        };
        self.source.requests.iter().zip(1..).map(name).collect()
    }
}

/// Values of two requests with other periods, org units or filters do not belong into one job.
fn refuse_different(exchange: &Exchange, requests: &[&Request]) -> Result<(), OpsError> {
    let sorted = |texts: &[String]| {
        let mut texts = texts.to_vec();
        texts.sort();
        texts
    };
    let Some((first, rest)) = requests.split_first() else { return Ok(()) };
    let differs = |request: &&&Request| {
        sorted(&request.pe) != sorted(&first.pe)
            || sorted(&request.ou) != sorted(&first.ou)
            || request.filters != first.filters
            || request.aggregation_type != first.aggregation_type
    };
    if !rest.iter().any(|request| differs(&request)) {
        return Ok(());
    }
    let described = requests.iter().map(|request| {
        let filters = if request.filters.is_empty() { "" } else { ", filtered" };
        let aggregation = request.aggregation_type.as_ref().map(|of| format!(", by {of}")).unwrap_or_default();
        let name = if request.name.is_empty() { "a request" } else { request.name.as_str() };
        format!("{name} reads {} for {}{filters}{aggregation}", request.pe.join(", "), request.ou.join(", "))
    });
    let first_name = exchange.names().into_iter().next().unwrap_or_default();
    Err(OpsError::invalid(
        format!(
            "the requests of the exchange read different periods, org units or filters, which is not possible in one \
             job: {}",
            described.collect::<Vec<_>>().join("; ")
        ),
        format!(
            "make one job for each: --request '{first_name}' imports one; there are {}",
            exchange.names().join(", ")
        ),
    ))
}

impl OpenJob {
    /// What an exchange becomes in this job, or some of its requests by name; nothing is kept yet.
    pub fn take_over(&self, exchange: &Exchange, only: &[String]) -> Result<TakenOver, OpsError> {
        let requests = exchange.selected(only)?;
        refuse_different(exchange, &requests)?;
        let mut taken = TakenOver::default();
        self.note_target(exchange, &mut taken)?;
        for request in &requests {
            self.take_request(request, &exchange.target, &mut taken);
        }
        taken.periods.sort();
        taken.periods.dedup();
        let reads_data_elements = taken.items.iter().any(|item| item.source.kind().facts().read == ReadBy::Job);
        if self.job.read == ReadFrom::Raw && reads_data_elements {
            taken.notes.push(
                "DHIS2 reads an exchange through analytics; this job reads raw data values. To read like the \
                 exchange: --read analytics"
                    .to_owned(),
            );
        }
        if exchange.source.requests.is_empty() {
            taken.notes.push("the exchange has no requests".to_owned());
        }
        Ok(taken)
    }

    /// Where the exchange writes and how, as far as a job does it otherwise.
    fn note_target(&self, exchange: &Exchange, taken: &mut TakenOver) -> Result<(), OpsError> {
        let target = &exchange.target;
        let mut note = |text: String| taken.notes.push(text);
        let destination = server(&self.config, &self.job.destination)?;
        let plain = |url: &str| url.trim().trim_end_matches('/').to_lowercase();
        match target.api.as_ref().and_then(|api| api.url.as_deref()) {
            Some(url) if plain(url) != plain(&destination.url.to_string()) => {
                note(format!("the exchange writes to {url}, this job to {} ({})", destination.name, destination.url));
            }
            _ => {}
        }
        if target.r#type.as_deref().is_some_and(|of| of.eq_ignore_ascii_case("INTERNAL")) {
            note(format!("the exchange writes to the server that it reads, this job writes to {}", destination.name));
        }
        let sent = &target.request;
        match sent.import_strategy.as_deref().map(str::to_uppercase).as_deref() {
            Some("DELETE" | "DELETES") => {
                return Err(OpsError::invalid(
                    "the exchange deletes values at its target (importStrategy DELETE), which a job does not do",
                    "undo what a routine wrote with `xfer runs undo`",
                ));
            }
            Some("CREATE" | "NEW") => {
                note("the exchange only creates values (importStrategy CREATE); a job updates them, too".to_owned());
            }
            Some("UPDATE" | "UPDATES") => {
                note("the exchange only updates values (importStrategy UPDATE); a job creates them, too".to_owned());
            }
            _ => {}
        }
        if sent.dry_run == Some(true) {
            note(
                "the exchange is a dry run; a routine with this job writes, unless it is run with --dry-run".to_owned(),
            );
        }
        if sent.skip_audit == Some(true) {
            note(
                "the exchange writes without audit (skipAudit); a job's values are audited at the destination"
                    .to_owned(),
            );
        }
        let types = exchange.source.params.period_types.iter();
        let own = self.job.source_period_type.name();
        let other = |of: &&String| !of.replace('_', "").eq_ignore_ascii_case(own);
        let others: Vec<&str> = types.filter(other).map(String::as_str).collect();
        if !others.is_empty() {
            note(format!("the exchange has {} periods, this job reads {own}", others.join(" and ")));
        }
        for field in &exchange.unknown {
            note(format!("xfer does not know the field {field} of the exchange and ignored it"));
        }
        Ok(())
    }

    fn take_request(&self, request: &Request, target: &Target, taken: &mut TakenOver) {
        let named = if request.name.is_empty() { "a request".to_owned() } else { format!("request {}", request.name) };
        let schemes = match Schemes::of(request, &target.request) {
            Ok(schemes) => schemes,
            Err(unknown) => {
                taken.notes.push(format!("{named}: {unknown}; its items are left out"));
                return;
            }
        };
        for filter in &request.filters {
            taken.notes.push(format!(
                "{named}: a job has no filters, and without the filter {} = {} other values would be read; its items \
                 are left out",
                filter.dimension,
                filter.items.join(", ")
            ));
        }
        if request.filters.is_empty() {
            let taker = Taker::new(self, &schemes, request.aggregation_type.as_deref());
            for dx in &request.dx {
                match taker.item(dx) {
                    Ok((item, notes)) => {
                        taken.notes.extend(notes.into_iter().map(|note| format!("{named}: {dx}: {note}")));
                        let same = |other: &Item| other.source == item.source && other.destination == item.destination;
                        if !taken.items.iter().any(same) {
                            taken.items.push(item);
                        }
                    }
                    Err(reason) => taken.notes.push(format!("{named}: {dx} was left out: {reason}")),
                }
            }
        }
        let own = self.job.source_period_type;
        for period in &request.pe {
            match type_of(period) {
                Some(of) if of != own => taken.notes.push(format!(
                    "{named}: the period {period} is left out: this job reads {} periods; for {} periods import the \
                     exchange into a separate job, with --period-type {}",
                    own.name(),
                    of.name(),
                    of.name()
                )),
                _ => taken.periods.push(period.clone()),
            }
        }
        if !request.ou.is_empty() {
            taken.notes.push(format!(
                "{named}: the org units {} were not imported; the org unit map says which are read, and where they go",
                request.ou.join(", ")
            ));
        }
        if let Some(data_set) = &request.data_set {
            taken.notes.push(format!(
                "{named}: the data set {data_set} was not imported; a job writes to the data sets of its data elements"
            ));
        }
    }
}
