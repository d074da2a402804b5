//! Which destination data element a source object goes to.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

use crate::figures::{Agreement, Reading};
use crate::item_match::options::{OptionClash, clashing_options};
use crate::item_match::pattern::{Field, Part};
use crate::item_match::{ItemRules, combos_of};
use crate::names::{folded, same_word};
use xfer_domain::data_item::DataItem;
use xfer_domain::metadata::{DataElement, Metadata};
use xfer_domain::org_unit_map::MatchClass;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

/// A data element that was found, with combos where the evidence names them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ElementMatch {
    pub data_element: Uid,
    pub category_option_combo: Option<Uid>,
    pub attribute_option_combo: Option<Uid>,
    pub score: f64,
    pub class: MatchClass,
    pub reasons: Vec<String>,
    pub doubts: Vec<String>,
}

/// The destination's data elements, prepared.
#[derive(Debug)]
pub(super) struct Elements<'metadata> {
    source: &'metadata Metadata,
    destination: &'metadata Metadata,
    rules: &'metadata ItemRules,
    /// Words of each data element's name.
    words: BTreeMap<Uid, Vec<String>>,
    /// What each name says in figures and signs.
    readings: BTreeMap<Uid, Reading>,
    /// In how many names of both servers each word stands.
    frequencies: HashMap<String, usize>,
    /// What the pattern makes of each destination cell.
    patterned: HashMap<String, Vec<(Uid, Option<Uid>)>>,
}

/// Names below this have too little in common to be proposed.
const SIMILAR: f64 = 0.55;

/// From here on names are the same but for spellings.
const SAME: f64 = 0.85;

/// What names that contradict each other lose.
const DISAGREEMENT: f64 = 0.3;

/// A lead of so much leaves no doubt.
const LEAD: f64 = 0.08;

impl<'metadata> Elements<'metadata> {
    pub(super) fn new(
        source: &'metadata Metadata,
        destination: &'metadata Metadata,
        rules: &'metadata ItemRules,
    ) -> Self {
        let mut elements = Self {
            source,
            destination,
            rules,
            words: BTreeMap::new(),
            readings: BTreeMap::new(),
            frequencies: HashMap::new(),
            patterned: HashMap::new(),
        };
        let source_names = source.data_elements.values().map(|object| &object.name);
        for name in source_names.chain(destination.data_elements.values().map(|object| &object.name)) {
            for word in words(name) {
                *elements.frequencies.entry(word).or_default() += 1;
            }
        }
        for element in destination.data_elements.values() {
            elements.words.insert(element.id, words(&element.name));
            elements.readings.insert(element.id, Reading::of(&element.name));
        }
        if let Some(pattern) = &rules.pattern {
            for element in destination.data_elements.values() {
                for combo in combos_of(destination, element.id) {
                    let rendered = pattern.destination.render(|part, field| match part {
                        Part::Item => field_of(field, &element.id, element.code.as_deref(), &element.name),
                        Part::CategoryOptionCombo => {
                            let combo = destination.category_option_combos.get(&combo)?;
                            field_of(field, &combo.id, combo.code.as_deref(), &combo.name)
                        }
                        Part::AttributeOptionCombo => None,
                    });
                    if let Some(text) = rendered {
                        elements.patterned.entry(text).or_default().push((element.id, Some(combo)));
                    }
                }
            }
        }
        elements
    }

    /// The data element for an object, or the reason why there is none. More than one only where a pattern names
    /// cells of each combo of a data element.
    pub(super) fn best(&self, selected: DataItem) -> Result<Vec<ElementMatch>, String> {
        if let Some(found) = self.by_pattern(selected) {
            return found.map(|found| vec![found]);
        }
        if let Some(found) = self.by_export(selected) {
            return Ok(vec![found]);
        }
        self.by_code_and_name(selected).map(|found| vec![found])
    }

    fn facts(&self, selected: DataItem) -> (Option<String>, String, Option<ValueType>) {
        let source = self.source;
        (selected.code(source), source.data_name(selected), selected.value_type(source))
    }

    fn by_pattern(&self, selected: DataItem) -> Option<Result<ElementMatch, String>> {
        let pattern = self.rules.pattern.as_ref()?;
        let (code, name, _) = self.facts(selected);
        let text = pattern.source.render(|part, field| match part {
            Part::Item => field_of(field, &selected, code.as_deref(), &name),
            Part::CategoryOptionCombo | Part::AttributeOptionCombo => None,
        })?;
        let cells = self.patterned.get(&text)?;
        let mut elements: Vec<Uid> = cells.iter().map(|(element, _)| *element).collect();
        elements.dedup();
        Some(match elements.as_slice() {
            [element] => Ok(ElementMatch {
                data_element: *element,
                category_option_combo: if let [(_, combo)] = cells.as_slice() { *combo } else { None },
                attribute_option_combo: None,
                score: 1.0,
                class: MatchClass::Sure,
                reasons: vec![format!("the pattern gives {text}")],
                doubts: Vec::new(),
            }),
            several => Err(format!("the pattern gives {text}, which {} data elements have", several.len())),
        })
    }

    /// What DHIS2's own exports would call the value: an id or a code.
    fn by_export(&self, selected: DataItem) -> Option<ElementMatch> {
        let (element, combo, attribute) = match selected {
            DataItem::DataElement(_) | DataItem::ReportingRate { .. } => return None,
            DataItem::Indicator(id) => {
                let object = self.source.indicators.get(&id)?;
                (None, &object.aggregate_export_category_option_combo, &object.aggregate_export_attribute_option_combo)
            }
            DataItem::ProgramIndicator(id) => {
                let object = self.source.program_indicators.get(&id)?;
                (
                    object.aggregate_export_data_element.as_deref(),
                    &object.aggregate_export_category_option_combo,
                    &object.aggregate_export_attribute_option_combo,
                )
            }
        };
        let combos = &self.destination.category_option_combos;
        let combo_of = |text: &Option<String>| {
            let text = text.as_deref()?.trim();
            let found =
                combos.values().find(|object| object.id.as_str() == text || object.code.as_deref() == Some(text));
            found.map(|object| object.id)
        };
        let named = |text: &str| {
            let mut elements = self.destination.data_elements.values();
            elements.find(|object| object.id.as_str() == text || object.code.as_deref() == Some(text))
        };
        let mut found = match element.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => {
                if let Some(element) = named(text) {
                    ElementMatch {
                        data_element: element.id,
                        category_option_combo: None,
                        attribute_option_combo: None,
                        score: 1.0,
                        class: MatchClass::Sure,
                        reasons: vec![format!("its export data element is {text}")],
                        doubts: Vec::new(),
                    }
                } else {
                    let found = self.by_code_and_name(selected).ok()?;
                    doubted(found, format!("its export data element {text} is not known at the destination"))
                }
            }
            // Without a data element the fields only say which combo, once a data element is found otherwise.
            None if combo.is_some() || attribute.is_some() => self.by_code_and_name(selected).ok()?,
            None => return None,
        };
        let target_combos = combos_of(self.destination, found.data_element);
        found.category_option_combo = combo_of(combo).filter(|combo| target_combos.contains(combo));
        found.attribute_option_combo = combo_of(attribute);
        match (combo, found.category_option_combo) {
            (Some(_), Some(_)) => found.reasons.push("its export category option combo".to_owned()),
            (Some(text), None) if !text.trim().is_empty() => {
                let name = self.destination.name_of(found.data_element);
                found = doubted(found, format!("its export category option combo {text} does not belong to {name}"));
            }
            _ => {}
        }
        if let (Some(text), None) = (attribute, found.attribute_option_combo)
            && !text.trim().is_empty()
        {
            found = doubted(found, format!("its export attribute option combo {text} is not known at the destination"));
        }
        Some(found)
    }

    fn by_code_and_name(&self, selected: DataItem) -> Result<ElementMatch, String> {
        let (code, name, value_type) = self.facts(selected);
        let code = code.as_deref();
        // The code of a reporting rate ends as those of all others do.
        let own_ending = selected.metric().is_none();
        let (own_words, own_reading) = (words(&name), Reading::of(&name));
        let mut scored: Vec<(f64, f64, &DataElement)> = Vec::new();
        let agreement_with = |element: &DataElement| {
            self.readings.get(&element.id).map_or(Agreement::Same, |reading| own_reading.agreement(reading))
        };
        for element in self.destination.data_elements.values() {
            let similarity = self.similarity(&own_words, &self.words[&element.id]);
            let same_code = has_code(element, selected, code);
            let same_id = is_itself(selected, element);
            let similar_code = !same_code && own_ending && same_ending(code, element.code.as_deref());
            if similarity < SIMILAR && !same_code && !same_id && !similar_code {
                continue;
            }
            let mut score = similarity * 0.6;
            score += match () {
                () if same_code || same_id => 0.4,
                () if similar_code => 0.25,
                () => 0.0,
            };
            score += f64::from(u8::from(self.is_collected(element))) * 0.02;
            // A name with another number or the opposite sign is not the one, however similar the rest is.
            score -= match agreement_with(element) {
                Agreement::Same => 0.0,
                Agreement::OneSided => DISAGREEMENT / 2.0,
                Agreement::Contradiction => DISAGREEMENT,
            };
            scored.push((score, similarity, element));
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.2.id.cmp(&b.2.id)));
        let Some((score, similarity, element)) = scored.first().copied() else {
            return Err("no data element of the destination has its code or a similar name".to_owned());
        };
        let mut reasons = Vec::new();
        let mut doubts = Vec::new();
        let same_id = is_itself(selected, element);
        let same_code = has_code(element, selected, code);
        if same_id {
            reasons.push("same id".to_owned());
        }
        if same_code {
            reasons.push(format!("same code {}", code.unwrap_or_default()));
        }
        let similar_code = !same_code && own_ending && same_ending(code, element.code.as_deref());
        if similar_code {
            reasons.push(format!("similar code {}", element.code.as_deref().unwrap_or_default()));
        }
        let agreement = agreement_with(element);
        let same_key = self.readings.get(&element.id).is_some_and(|reading| reading.key() == own_reading.key());
        if same_key {
            reasons.push("same name".to_owned());
        } else if agreement == Agreement::Contradiction {
            doubts.push(format!("names contradict: {name} and {}", element.name));
        } else if similarity >= SIMILAR {
            reasons.push(format!("similar name {}", element.name));
        } else {
            doubts.push(format!("names differ: {name} and {}", element.name));
        }
        let mut class = match (same_id || same_code, similarity) {
            (true, similarity) if similarity >= SIMILAR => MatchClass::Sure,
            (true, _) => MatchClass::Likely,
            (false, similarity) if similar_code && similarity >= SIMILAR => MatchClass::Likely,
            (false, similarity) if similarity >= SAME => MatchClass::Likely,
            (false, _) => MatchClass::Ask,
        };
        match agreement {
            Agreement::Same => {}
            Agreement::OneSided => {
                class = class.max(if same_id || same_code { MatchClass::Likely } else { MatchClass::Ask });
                doubts.push(format!("only one of the names has a number or a sign: {name} and {}", element.name));
            }
            Agreement::Contradiction => class = MatchClass::Ask,
        }
        if let Some((second, _, other)) = scored.get(1)
            && second + LEAD > score
        {
            class = MatchClass::Ask;
            doubts.push(format!("{} is nearly as good a match", other.name));
        }
        if let Some(value_type) = value_type
            && value_type.is_numeric() != element.value_type.is_numeric()
        {
            class = MatchClass::Ask;
            doubts.push("one has numbers and the other does not".to_owned());
        }
        if let DataItem::DataElement(own) = selected
            && let Some(clash) = clashing_options(self.source, own, self.destination, element.id).first()
        {
            class = MatchClass::Ask;
            let OptionClash { code, source, destination } = clash;
            doubts.push(format!("option {code} is {source} at the source and {destination} at the destination"));
        }
        if self.destination.data_sets_of(element.id).next().is_none() {
            class = MatchClass::Ask;
            doubts.push("it is not in any data set of the destination".to_owned());
        }
        Ok(ElementMatch {
            data_element: element.id,
            category_option_combo: None,
            attribute_option_combo: None,
            score: score.clamp(0.0, 1.0),
            class,
            reasons,
            doubts,
        })
    }

    fn is_collected(&self, element: &DataElement) -> bool {
        self.destination.data_sets_of(element.id).any(|data_set| data_set.period_type == self.rules.period_type)
    }

    /// How much two names have in common, rare words counting more.
    fn similarity(&self, left: &[String], right: &[String]) -> f64 {
        let worth = |word: &String| {
            #[expect(clippy::cast_precision_loss, reason = "a weight needs no precision")]
            let frequency = self.frequencies.get(word).copied().unwrap_or(1) as f64;
            let rarity = 1.0 / (1.0 + frequency.ln());
            // A number tells neighbours apart, but says little about what they are.
            if word.bytes().all(|byte| byte.is_ascii_digit()) { rarity * 0.4 } else { rarity }
        };
        let total: f64 = left.iter().chain(right).map(worth).sum();
        if total <= 0.0 {
            return 0.0;
        }
        let mut open: Vec<&String> = right.iter().collect();
        let mut in_common = 0.0;
        for word in left {
            let best = open
                .iter()
                .enumerate()
                .map(|(index, other)| (if word == *other { 1.0 } else { f64::from(same_word(word, other)) }, index))
                .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            if let Some((same, index)) = best.filter(|(same, _)| *same >= 0.8) {
                in_common += same * (worth(word) + worth(open[index]));
                open.remove(index);
            }
        }
        in_common / total
    }
}

/// A match that a person has to look at, with the reason.
fn doubted(mut found: ElementMatch, doubt: String) -> ElementMatch {
    found.class = MatchClass::Ask;
    found.doubts.push(doubt);
    found
}

fn field_of(field: Field, id: &dyn Display, code: Option<&str>, name: &str) -> Option<String> {
    match field {
        Field::Id => Some(id.to_string()),
        Field::Code => code.map(str::to_owned),
        Field::Name => Some(name.to_owned()),
    }
}

/// Whether a data element has the id of what is read. The id of a data set says nothing about a data element.
fn is_itself(selected: DataItem, element: &DataElement) -> bool {
    selected.metric().is_none() && selected.id() == element.id
}

/// Whether a data element has the code of what is read. The point before a metric is one that codes seldom hold:
/// `ANC_REPORTING_RATE` stands for `ANC.REPORTING_RATE`.
fn has_code(element: &DataElement, selected: DataItem, code: Option<&str>) -> bool {
    let (Some(code), Some(own)) = (code, element.code.as_deref()) else { return false };
    let underscored = || code.rsplit_once('.').is_some_and(|(object, metric)| own == format!("{object}_{metric}"));
    code == own || selected.metric().is_some() && underscored()
}

/// Whether two codes end in the same word: `CPN1` and `SMI_CPN1`.
fn same_ending(left: Option<&str>, right: Option<&str>) -> bool {
    let ending = |code: &str| {
        let end = code.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_uppercase();
        (end.len() >= 3 && end.chars().any(char::is_alphabetic)).then_some(end)
    };
    matches!((left.and_then(ending), right.and_then(ending)), (Some(left), Some(right)) if left == right)
}

/// The words of a name that say something.
fn words(name: &str) -> Vec<String> {
    let small =
        ["de", "du", "des", "d", "la", "le", "les", "l", "of", "the", "and", "et", "a", "par", "with", "by", "in"];
    let folded = folded(name);
    folded.split(' ').filter(|word| !word.is_empty() && !small.contains(word)).map(str::to_owned).collect()
}
