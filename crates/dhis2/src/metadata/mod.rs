//! Paged metadata: everything that mapping and preflight need, in a handful of lists.
//!
//! Lists are asked for in the order of ids, page by page, until a page comes back empty: the number of pages cannot be
//! computed, since servers may cut the page size (2.44), and a page beyond the end is answered with the last page's
//! number (`metadata/list-page-beyond-end`). A server or proxy that repeats pages is found out, and pages are capped.
//!
//! A list is complete only if as many objects were listed as the server counts (`pager.total`), those that we leave out
//! included, and as every one of its pages counts. Every server counts its lists, so one without a count is not taken
//! for whole either. Pages shift when objects are made or deleted while they are read, so such a list is read once more;
//! if it does not come out even, the sync fails by the list's name and nothing of it is kept. The same holds for an answer
//! without the list, and for a list that 2.44 answers by its gist engine: what that leaves out inside an object no count
//! shows.

mod collected;
mod hidden;
pub mod page;
mod text;
pub(crate) mod wire;
mod wire_category;
mod wire_data;
mod wire_units;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::answer::Answer;
use crate::bounds::Excess;
use crate::client::Client;
use crate::error::{ClientError, ClientErrorKind};
use crate::metadata::collected::{Allowance, Collected, Converted, Kept, Uneven};
use crate::metadata::page::{Page, Pager, read_page};
use crate::metadata::wire::Listed;
use crate::metadata::wire_category::{
    WireCategoryCombo, WireCategoryOption, WireIndicator, WireOptionCombo, WireProgramIndicator,
};
use crate::metadata::wire_data::{WireDataElement, WireDataSet, WireOptionSet};
use crate::metadata::wire_units::{WireGroup, WireLevel, WireOrganisationUnit};
use crate::query::Query;
use crate::transport::Ask;
use xfer_domain::metadata::{Metadata, OrganisationUnit, OrganisationUnitLevel};
use xfer_domain::uid::Uid;

/// Lists read at once: metadata is cheap to read, but a server has other users.
const LISTS_AT_ONCE: usize = 2;

/// Pages of one list read at once.
const PAGES_AT_ONCE: usize = 3;

/// How many times fewer objects are asked for where a page is too large to be held: a data set lists its org units.
const SMALLER_PAGES: usize = 10;

/// How often a list is read before it is given up as incomplete: objects made or deleted meanwhile shift its pages.
const READINGS: usize = 2;

/// How far a sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataProgress {
    /// The type being read, in DHIS2's plural (`dataElements`).
    pub kind: &'static str,
    /// Objects read so far.
    pub read: u64,
    /// Objects in all, as the pager says.
    pub total: u64,
}

/// What a person should know about a sync: objects that were left out and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetadataNotes {
    /// Sentences, in the order of types.
    pub notes: Vec<String>,
    /// Of these, the objects without which the copy would not be whole.
    pub missing: Vec<String>,
}

/// What the lists of one sync share.
struct Progressing<'caller> {
    told: &'caller (dyn Fn(MetadataProgress) + Send + Sync),
    allowance: Allowance,
}

/// Puts what was read into its place.
type Fill = Box<dyn FnOnce(&mut Metadata) + Send>;

/// A list being read.
type Reading<'client> = Pin<Box<dyn Future<Output = Result<(Fill, MetadataNotes), ClientError>> + Send + 'client>>;

/// One answer of a metadata list, as a sync takes it in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListAnswer {
    /// What the page says about its list; absent where the server does not page.
    pub pager: Option<Pager>,
    /// Objects on the page, used or not.
    pub objects: usize,
    /// Those that can be used.
    pub metadata: Metadata,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Reads one answer of the list of that plural; none for a plural that a sync does not read.
pub fn read_list(plural: &str, answer: &Answer) -> Option<Result<ListAnswer, ClientErrorKind>> {
    fn one<T: Listed>(
        answer: &Answer,
        fill: fn(&mut Metadata, BTreeMap<Uid, T::Object>),
    ) -> Result<ListAnswer, ClientErrorKind> {
        let page = read_page::<T>(answer.json()?, T::PLURAL)?;
        let mut read = ListAnswer { pager: page.pager, objects: page.len(), ..ListAnswer::default() };
        let mut collected = Collected::<T>::default();
        let page = Converted::of(Page { pager: None, ..page });
        collected.take(page, &Allowance::default()).map_err(|excess| ClientErrorKind::TooLarge { excess })?;
        let kept = collected.finish();
        fill(&mut read.metadata, kept.objects);
        read.notes = kept.notes;
        Ok(read)
    }
    Some(match plural {
        WireOrganisationUnit::PLURAL => one::<WireOrganisationUnit>(answer, fill_org_units),
        WireLevel::PLURAL => one::<WireLevel>(answer, fill_levels),
        WireGroup::PLURAL => one::<WireGroup>(answer, |to, list| to.organisation_unit_groups = list),
        WireDataElement::PLURAL => one::<WireDataElement>(answer, |to, list| to.data_elements = list),
        WireDataSet::PLURAL => one::<WireDataSet>(answer, |to, list| to.data_sets = list),
        WireCategoryCombo::PLURAL => one::<WireCategoryCombo>(answer, |to, list| to.category_combos = list),
        WireOptionCombo::PLURAL => one::<WireOptionCombo>(answer, |to, list| to.category_option_combos = list),
        WireCategoryOption::PLURAL => one::<WireCategoryOption>(answer, |to, list| to.category_options = list),
        WireIndicator::PLURAL => one::<WireIndicator>(answer, |to, list| to.indicators = list),
        WireProgramIndicator::PLURAL => one::<WireProgramIndicator>(answer, |to, list| to.program_indicators = list),
        WireOptionSet::PLURAL => one::<WireOptionSet>(answer, |to, list| to.option_sets = list),
        _ => return None,
    })
}

fn fill_org_units(metadata: &mut Metadata, list: BTreeMap<Uid, OrganisationUnit>) {
    metadata.organisation_units = list;
}

/// Levels are kept by their number.
fn fill_levels(metadata: &mut Metadata, list: BTreeMap<Uid, OrganisationUnitLevel>) {
    metadata.organisation_unit_levels = list.into_values().map(|level| (level.level, level)).collect();
}

impl Client {
    /// Reads all metadata that mapping and preflight need. What had to be left out is logged; see
    /// [`Client::fetch_metadata_with_notes`].
    pub async fn fetch_metadata(
        &self,
        progress: &(dyn Fn(MetadataProgress) + Send + Sync),
    ) -> Result<Metadata, ClientError> {
        let (metadata, notes) = self.fetch_metadata_with_notes(progress).await?;
        for note in &notes.notes {
            tracing::warn!(server = self.server(), "{note}");
        }
        Ok(metadata)
    }

    /// Reads all metadata that mapping and preflight need, and says what had to be left out. Indicators, program
    /// indicators and org unit groups that the user may not list are left out too: jobs without them still work.
    pub async fn fetch_metadata_with_notes(
        &self,
        progress: &(dyn Fn(MetadataProgress) + Send + Sync),
    ) -> Result<(Metadata, MetadataNotes), ClientError> {
        let progress = &Progressing { told: progress, allowance: Allowance::default() };
        let lists: Vec<Reading<'_>> = vec![
            self.reading::<WireOrganisationUnit>(progress, false, fill_org_units),
            self.reading::<WireLevel>(progress, false, fill_levels),
            self.reading::<WireGroup>(progress, true, |to, list| to.organisation_unit_groups = list),
            self.reading::<WireDataElement>(progress, false, |to, list| to.data_elements = list),
            self.reading::<WireDataSet>(progress, false, |to, list| to.data_sets = list),
            self.reading::<WireCategoryCombo>(progress, false, |to, list| to.category_combos = list),
            self.reading::<WireOptionCombo>(progress, false, |to, list| to.category_option_combos = list),
            self.reading::<WireCategoryOption>(progress, false, |to, list| to.category_options = list),
            self.reading::<WireIndicator>(progress, true, |to, list| to.indicators = list),
            self.reading::<WireProgramIndicator>(progress, true, |to, list| to.program_indicators = list),
            self.reading::<WireOptionSet>(progress, false, |to, list| to.option_sets = list),
        ];
        let read: Vec<(Fill, MetadataNotes)> = stream::iter(lists).buffered(LISTS_AT_ONCE).try_collect().await?;
        let (mut metadata, mut notes) = (Metadata::default(), MetadataNotes::default());
        for (fill, said) in read {
            fill(&mut metadata);
            notes.notes.extend(said.notes);
            notes.missing.extend(said.missing);
        }
        if self.capabilities().await?.lists_hide_unreadable {
            notes.notes.extend(hidden::name_combos_without_options(&mut metadata));
        }
        notes.notes.extend(hidden::stand_in(&mut metadata));
        Ok((metadata, notes))
    }

    /// A list to be read, and where it goes.
    fn reading<'client, T: Listed>(
        &'client self,
        progress: &'client Progressing<'client>,
        optional: bool,
        fill: fn(&mut Metadata, BTreeMap<Uid, T::Object>),
    ) -> Reading<'client>
    where
        T::Object: 'static,
    {
        Box::pin(async move {
            let Kept { objects, notes, missing } = match self.list::<T>(progress).await {
                Ok(read) => read,
                Err(error) if optional && matches!(error.kind, ClientErrorKind::Forbidden { .. }) => {
                    let notes = vec![format!("{} were left out: {}", T::PLURAL, error.kind)];
                    Kept { objects: BTreeMap::new(), notes, missing: Vec::new() }
                }
                Err(error) => return Err(error),
            };
            let fill: Fill = Box::new(move |metadata| fill(metadata, objects));
            Ok((fill, MetadataNotes { notes, missing }))
        })
    }

    /// Reads one list, and once more where it does not come out even. Pages that are too large are asked for smaller.
    async fn list<T: Listed>(&self, progress: &Progressing<'_>) -> Result<Kept<T::Object>, ClientError> {
        let (mut reading, mut size) = (1, self.transport.limits.page_size);
        loop {
            let mut collected = Collected::<T>::default();
            match self.read_through::<T>(size, &mut collected, progress).await {
                Ok(()) => {}
                Err(error) if is_too_large_a_page(&error.kind) && size > 1 => {
                    collected.discard(&progress.allowance);
                    size = (size / SMALLER_PAGES).max(1);
                    tracing::info!(list = T::PLURAL, size, "the pages of a list are large; smaller ones are requested");
                    continue;
                }
                // A proxy may have answered in the server's place, or taken a part of the question away.
                Err(error) if is_no_list(&error.kind) && reading < READINGS => {
                    collected.discard(&progress.allowance);
                    tracing::info!(list = T::PLURAL, error = %error.kind, "a list did not arrive and is requested \
                                                                           again");
                    reading += 1;
                    continue;
                }
                Err(error) => return Err(error),
            }
            let Some(Uneven { total, before, listed }) = collected.uneven() else { return Ok(collected.finish()) };
            collected.discard(&progress.allowance);
            if reading == READINGS {
                let kind = ClientErrorKind::IncompleteList { plural: T::PLURAL, total, before, listed };
                return Err(self.fail(format!("GET /api/{}", T::PLURAL), kind));
            }
            tracing::info!(list = T::PLURAL, ?total, ?before, listed, "a list is not complete and is read again");
            reading += 1;
        }
    }

    /// Reads one list to its end: as many pages as the first one promises a few at a time, then one by one until a page
    /// is empty.
    async fn read_through<T: Listed>(
        &self,
        size: usize,
        collected: &mut Collected<T>,
        progress: &Progressing<'_>,
    ) -> Result<(), ClientError> {
        let first = self.page::<T>(1, size).await?;
        let promised = pages_promised(first.pager, self.transport.limits.pages);
        let mut more = self.take_page(collected, first, progress)?;
        let mut pages = stream::iter(2..=promised).map(|number| self.page::<T>(number, size)).buffered(PAGES_AT_ONCE);
        while more && let Some(page) = pages.next().await {
            more = self.take_page(collected, page?, progress)?;
        }
        drop(pages);
        let mut number = promised;
        while more {
            number += 1;
            if number > self.transport.limits.pages {
                let excess = Excess::Pages(self.transport.limits.pages as u64);
                return Err(self.fail(format!("GET /api/{}", T::PLURAL), ClientErrorKind::TooLarge { excess }));
            }
            let page = self.page::<T>(number, size).await?;
            more = self.take_page(collected, page, progress)?;
        }
        Ok(())
    }

    /// Takes a page in; false after the last one.
    fn take_page<T: Listed>(
        &self,
        collected: &mut Collected<T>,
        page: Converted<T::Object>,
        progress: &Progressing<'_>,
    ) -> Result<bool, ClientError> {
        let fail = |kind| self.fail(format!("GET /api/{}", T::PLURAL), kind);
        // Without a pager the list came whole.
        let more = !page.is_empty() && page.pager.is_some();
        let new = collected.take(page, &progress.allowance);
        let new = new.map_err(|excess| fail(ClientErrorKind::TooLarge { excess }))?;
        let read = collected.seen();
        let total = collected.total().unwrap_or(read).max(read);
        (progress.told)(MetadataProgress { kind: T::PLURAL, read, total });
        if more && new == 0 {
            return Err(fail(ClientErrorKind::malformed("the server repeats a page of the list")));
        }
        Ok(more)
    }

    async fn page<T: Listed>(&self, number: usize, size: usize) -> Result<Converted<T::Object>, ClientError>
    where
        T::Object: 'static,
    {
        let query = Query::new(T::PLURAL).pair("fields", T::FIELDS).pair("order", "id:asc");
        let query = T::FILTER.into_iter().fold(query, |query, filter| query.pair("filter", filter));
        let query = query.pair("pageSize", &size.to_string()).pair("page", &number.to_string());
        // 2.44 may answer a list by another engine, which leaves out objects without a message where a reference is empty
        // and options that the user may not read; older servers do not know the switch and ignore it.
        let query = query.pair("gist", "false");
        let ask = Ask::list(query);
        let read = |answer: &Answer| {
            let page = read_page(answer.json()?, T::PLURAL)?;
            if page.by_gist {
                return Err(ClientErrorKind::ListByGist { plural: T::PLURAL });
            }
            Ok(Converted::of::<T>(page))
        };
        match self.transport.fetch(&ask, read).await {
            Ok((page, weight)) => Ok(page.weighing(weight)),
            // What an empty answer to a question for values means does not hold for a list of metadata.
            Err(ClientErrorKind::EmptyBody) => {
                Err(self.fail(ask.shown(), ClientErrorKind::EmptyList { plural: T::PLURAL }))
            }
            Err(ClientErrorKind::Malformed { source, .. }) => {
                Err(self.fail(ask.shown(), ClientErrorKind::NoList { plural: T::PLURAL, source }))
            }
            Err(kind) => Err(self.fail(ask.shown(), kind)),
        }
    }
}

/// Whether smaller pages may pass.
fn is_too_large_a_page(kind: &ClientErrorKind) -> bool {
    matches!(kind, ClientErrorKind::TooLarge { excess: Excess::Bytes(_) | Excess::Values(_) })
}

/// Whether an answer came that is not the list: it is asked for once more.
fn is_no_list(kind: &ClientErrorKind) -> bool {
    matches!(
        kind,
        ClientErrorKind::NoList { .. } | ClientErrorKind::EmptyList { .. } | ClientErrorKind::ListByGist { .. }
    )
}

/// How many pages the first one promises, by the size of page that the server really uses.
fn pages_promised(pager: Option<Pager>, most: usize) -> usize {
    let promised = pager.and_then(|pager| Some(pager.total?.div_ceil(pager.page_size.filter(|size| *size > 0)?)));
    promised.and_then(|pages| usize::try_from(pages).ok()).unwrap_or(1).clamp(1, most)
}
