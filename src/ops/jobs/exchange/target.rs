//! Where the values of one `dx` of an exchange arrive at the destination: under which data element, and which combos.

use crate::ops::jobs::exchange::item::{Taker, combos_of, is_called};
use crate::ops::jobs::exchange::schemes::{Scheme, object};
use xfer_domain::data_item::DataItem;
use xfer_domain::org_unit_map::MatchClass;
use xfer_domain::uid::Uid;
use xfer_matching::item_match::same_combo;
use xfer_matching::items::default_option_combo;

impl Taker<'_> {
    /// The destination's data element under which the values would arrive.
    pub(super) fn element(&self, selected: DataItem) -> Result<Uid, String> {
        let sent = self.sent_as(selected).ok_or("the source has no value for the id scheme")?;
        let there = &self.schemes.elements_there;
        let elements = self.destination.data_elements.values();
        let called = elements.filter(|o| {
            there.of(&object(o.id, o.code.as_deref(), &o.name, &o.attribute_values)).as_deref() == Some(&sent)
        });
        match called.map(|element| element.id).collect::<Vec<_>>().as_slice() {
            [only] => Ok(*only),
            // Nothing at a destination is called so, unless somebody gave a data element this code.
            [] if selected.metric().is_some() => Err(format!(
                "the exchange sends it as {sent}, and the destination has no such data element; choose one with \
                 `xfer job add-item`"
            )),
            [] => Err(format!("the destination has no data element {sent}")),
            several => Err(format!("{} data elements of the destination have the name {sent}", several.len())),
        }
    }

    /// What the exchange would put in the place of the data element.
    fn sent_as(&self, selected: DataItem) -> Option<String> {
        let source = self.source;
        match selected {
            DataItem::DataElement(id) => {
                let o = source.data_elements.get(&id)?;
                self.schemes.elements.of(&object(id, o.code.as_deref(), &o.name, &o.attribute_values))
            }
            DataItem::Indicator(id) => {
                let o = source.indicators.get(&id)?;
                self.schemes.items.of(&object(id, o.code.as_deref(), &o.name, &[]))
            }
            DataItem::ProgramIndicator(id) => {
                let o = source.program_indicators.get(&id)?;
                let export = o.aggregate_export_data_element.as_ref().filter(|text| !text.trim().is_empty());
                export.cloned().or_else(|| self.schemes.items.of(&object(id, o.code.as_deref(), &o.name, &[])))
            }
            // `ReportingRate` has no code, and what has none goes by its id (dhis2-api 4.3).
            DataItem::ReportingRate { .. } => match self.schemes.items {
                Scheme::Uid | Scheme::Code => Some(selected.to_string()),
                Scheme::Name => Some(source.data_name(selected)),
                Scheme::Attribute(_) => None,
            },
        }
    }

    /// What DHIS2's exports give an indicator's values in the place of combos.
    pub(super) fn export_combos(&self, selected: DataItem) -> Result<(Option<Uid>, Option<Uid>), String> {
        let (coc, aoc) = match selected {
            DataItem::DataElement(_) | DataItem::ReportingRate { .. } => return Ok((None, None)),
            DataItem::Indicator(id) => self
                .source
                .indicators
                .get(&id)
                .map(|o| (&o.aggregate_export_category_option_combo, &o.aggregate_export_attribute_option_combo)),
            DataItem::ProgramIndicator(id) => self
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
    pub(super) fn combo(
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
                Err(format!("its export {what} {} does not belong to {}", self.destination.name_of(exported), name()))
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
                    notes.push(format!("the {what} {from} goes to {to}, which has the same meaning"));
                }
                Ok(combo)
            }
            _ => Err(format!("{} has no {what} {}", name(), self.source.name_of(read))),
        }
    }
}
