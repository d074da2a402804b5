//! What one `dx` of an exchange names at the source: a data element with or without its combos, an indicator, a program
//! indicator, or a reporting rate, which exchanges could carry up to 2.42 (2.43 refuses it: E6307).

use crate::ops::jobs::exchange::item::{Read, Taker, combos_of, is_called};
use crate::ops::jobs::exchange::schemes::{Object, Scheme, object};
use xfer_domain::data_item::{DataItem, ReportingMetric};
use xfer_domain::uid::Uid;
use xfer_matching::items::{attribute_combos_of, category_combos_of};

impl Taker<'_> {
    /// What a `dx` names: as a whole, or cut at its dots where that gives a data element and its combos. A code may hold
    /// dots itself, so every cut is tried.
    pub(super) fn read(&self, dx: &str) -> Result<Read, String> {
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
                let DataItem::DataElement(id) = selected else {
                    reason.get_or_insert_with(|| format!("{object} is not a data element, and has no option combos"));
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
            several => Err(format!("it has {several} possible meanings; add it with `xfer job add-item`")),
        }
    }

    fn unknown(&self, dx: &str) -> String {
        if let Some((data_set, _)) = cut_at_metric(dx) {
            return format!("the source has no data set {data_set}");
        }
        match self.schemes.input {
            Scheme::Attribute(_) => "the source has no data element with this attribute value; xfer does not know the \
                                     attributes of indicators"
                .to_owned(),
            _ => "the source has nothing with that name".to_owned(),
        }
    }

    /// Every object of the source that a text names in the request's scheme.
    fn objects(&self, text: &str) -> Vec<DataItem> {
        let named = |object: &Object<'_>| self.schemes.input.of(object).as_deref() == Some(text);
        let source = self.source;
        let elements = source
            .data_elements
            .values()
            .map(|o| (DataItem::DataElement(o.id), object(o.id, o.code.as_deref(), &o.name, &o.attribute_values)));
        let indicators = source
            .indicators
            .values()
            .map(|o| (DataItem::Indicator(o.id), object(o.id, o.code.as_deref(), &o.name, &[])));
        let program_indicators = source
            .program_indicators
            .values()
            .map(|o| (DataItem::ProgramIndicator(o.id), object(o.id, o.code.as_deref(), &o.name, &[])));
        let all = elements.chain(indicators).chain(program_indicators);
        let whole = all.filter(|(_, object)| named(object)).map(|(selected, _)| selected);
        whole.chain(self.rates(text)).collect()
    }

    /// The reporting rates that a text names: a data set in the request's scheme, and what is counted of its reports.
    fn rates(&self, text: &str) -> Vec<DataItem> {
        let Some((named, metric)) = cut_at_metric(text) else { return Vec::new() };
        let sets = self.source.data_sets.values();
        let named = sets.filter(|set| {
            self.schemes.input.of(&object(set.id, set.code.as_deref(), &set.name, &[])).as_deref() == Some(named)
        });
        named.map(|set| DataItem::ReportingRate { data_set: set.id, metric }).collect()
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
}

/// The data set and the metric of a `dx` that names a reporting rate.
fn cut_at_metric(dx: &str) -> Option<(&str, ReportingMetric)> {
    let (data_set, metric) = dx.rsplit_once('.')?;
    Some((data_set, ReportingMetric::from_name(metric)?))
}
