//! Questions about the items of a job, one for each data element: a person decides where an element goes, and its
//! option combos follow by name. Only combos that do not are asked about one by one.

use crate::cli::render::item::{address_names, source_names};
use crate::cli::wizard::prompter::{Leave, Prompter};
use crate::ops::jobs::OpenJob;
use xfer_domain::cell::CellAddress;
use xfer_domain::counted::counted;
use xfer_domain::item::{Item, SourceItem};
use xfer_domain::org_unit_map::MatchClass;
use xfer_domain::spelling::settled;
use xfer_domain::uid::Uid;
use xfer_matching::item_match::ItemProposal;

/// The proposals of one object of the source to one data element of the destination.
pub(crate) struct Group {
    pub(crate) proposals: Vec<ItemProposal>,
}

impl Group {
    /// Proposals by source object and destination data element, in the order in which these come first.
    pub(crate) fn of(proposals: Vec<ItemProposal>) -> Vec<Self> {
        grouped(proposals, |proposal| {
            (proposal.item.source.data(), proposal.item.destination.data_element, proposal.class)
        })
        .into_iter()
        .map(|proposals| Self { proposals })
        .collect()
    }

    /// What it says in lines: one for the element, and one for each combo that goes to one of another name.
    pub(crate) fn lines(&self, open: &OpenJob) -> Vec<String> {
        let [first, ..] = self.proposals.as_slice() else { return Vec::new() };
        if self.proposals.len() == 1 {
            let (source, target) = (source_names(open, &first.item.source), address_names(open, &first.item));
            return vec![format!("{source} → {target} ({})", first.class.name())];
        }
        let differing: Vec<String> = self
            .proposals
            .iter()
            .filter(|proposal| {
                same_words(&source_combo(open, &proposal.item.source))
                    != same_words(&target_combo(open, &proposal.item))
            })
            .map(|proposal| format!("    {}", combo_line(open, proposal)))
            .collect();
        let number = counted(self.proposals.len() as u64, "option combo");
        let how = match differing.len() {
            0 => "each to the one with the same name",
            all if all == self.proposals.len() => "namely",
            _ => "each to the one with the same name, except",
        };
        let element = format!("{}: {number} ({}), {how}", self.title(open), first.class.name());
        std::iter::once(element).chain(differing).collect()
    }

    /// What it reads and where it goes, each in a few words, and the reason.
    pub(crate) fn in_words(&self, open: &OpenJob) -> Option<[String; 3]> {
        let [first, rest @ ..] = self.proposals.as_slice() else { return None };
        if rest.is_empty() {
            let (source, target) = (source_names(open, &first.item.source), address_names(open, &first.item));
            return Some([source, target, first.explanation.clone()]);
        }
        let (source, target) = (
            open.source.data_name(first.item.source.data()),
            open.destination.name_of(first.item.destination.data_element),
        );
        let number = counted(self.proposals.len() as u64, "option combo");
        Some([format!("{source} ({number})"), target, first.explanation.clone()])
    }

    /// "Décès → Deaths"
    fn title(&self, open: &OpenJob) -> String {
        let Some(first) = self.proposals.first() else { return String::new() };
        let target = open.destination.name_of(first.item.destination.data_element);
        format!("{} → {target}", open.source.data_name(first.item.source.data()))
    }
}

/// "F, < 5 → Female, under 5"
fn combo_line(open: &OpenJob, proposal: &ItemProposal) -> String {
    let named = |combo: String| if combo.is_empty() { "default".to_owned() } else { combo };
    let every = |combo: String| if combo.is_empty() { "every option combo".to_owned() } else { combo };
    format!("{} → {}", every(source_combo(open, &proposal.item.source)), named(target_combo(open, &proposal.item)))
}

/// The names of the combos that an item reads.
fn source_combo(open: &OpenJob, source: &SourceItem) -> String {
    without_element(&source_names(open, source), &open.source.data_name(source.data()))
}

/// The names of the combos that an item writes.
fn target_combo(open: &OpenJob, item: &Item) -> String {
    let element = open.destination.name_of(item.destination.data_element);
    without_element(&address_names(open, item), &element)
}

fn without_element(names: &str, element: &str) -> String {
    names.strip_prefix(element).unwrap_or(names).trim_start_matches([' ', '·']).to_owned()
}

fn same_words(combo: &str) -> String {
    settled(combo).to_lowercase()
}

/// Things that have the same key, in the order in which the keys come first.
fn grouped<T, K: PartialEq>(things: Vec<T>, key: impl Fn(&T) -> K) -> Vec<Vec<T>> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for thing in things {
        let own = key(&thing);
        match groups.iter_mut().find(|(known, _)| *known == own) {
            Some((_, group)) => group.push(thing),
            None => groups.push((own, vec![thing])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// What was answered about an element.
enum Answer {
    Goes,
    Elsewhere,
    EachCombo,
    LeaveOut,
    LeaveTheRest,
}

/// Asks about proposals, one data element after the other.
pub(super) fn one_by_one(
    prompter: &mut dyn Prompter,
    open: &mut OpenJob,
    proposals: Vec<ItemProposal>,
) -> Result<(), Leave> {
    let groups = Group::of(proposals);
    let total = groups.len();
    for (position, group) in groups.into_iter().enumerate() {
        let several = group.proposals.len() > 1;
        say_group(prompter, open, &group, &format!("{} of {total}", position + 1));
        match answer(prompter, open, &group)? {
            Answer::Goes => add(prompter, open, group.proposals.into_iter().map(|proposal| proposal.item).collect())?,
            Answer::Elsewhere if several => {
                let sources: Vec<SourceItem> = group.proposals.iter().map(|proposal| proposal.item.source).collect();
                if !element_by_hand(prompter, open, &sources)? {
                    return Ok(());
                }
            }
            Answer::Elsewhere => {
                if let Some(proposal) = group.proposals.first()
                    && let Some(item) = elsewhere(prompter, open, &proposal.item)?
                {
                    add(prompter, open, vec![item])?;
                }
            }
            Answer::EachCombo => {
                if !each_combo(prompter, open, group.proposals)? {
                    return Ok(());
                }
            }
            Answer::LeaveOut => {}
            Answer::LeaveTheRest => return Ok(()),
        }
    }
    Ok(())
}

fn say_group(prompter: &mut dyn Prompter, open: &OpenJob, group: &Group, progress: &str) {
    let [first, rest @ ..] = group.proposals.as_slice() else { return };
    if rest.is_empty() {
        prompter.say(&format!("\n{progress}: {}", source_names(open, &first.item.source)));
        prompter.say(&format!("  {}", first.explanation));
        return;
    }
    let number = counted(group.proposals.len() as u64, "option combo");
    prompter.say(&format!("\n{progress}: {}, {number}", open.source.data_name(first.item.source.data())));
    let one_reason = rest.iter().all(|proposal| proposal.explanation == first.explanation);
    if one_reason {
        prompter.say(&format!("  {}", first.explanation));
    }
    // What is taken together is shown before, whatever it is.
    for proposal in &group.proposals {
        let reason = if one_reason { String::new() } else { format!(": {}", proposal.explanation) };
        prompter.say(&format!("  {}{reason}", combo_line(open, proposal)));
    }
}

fn answer(prompter: &mut dyn Prompter, open: &OpenJob, group: &Group) -> Result<Answer, Leave> {
    let Some(first) = group.proposals.first() else { return Ok(Answer::LeaveOut) };
    let target = match group.proposals.len() {
        1 => format!("map to {}", address_names(open, &first.item)),
        _ => format!("map to {}, each as shown", open.destination.name_of(first.item.destination.data_element)),
    };
    let mut answers = vec![(target, Answer::Goes), ("map to another data element …".to_owned(), Answer::Elsewhere)];
    if group.proposals.len() > 1 {
        answers.push(("decide each option combo".to_owned(), Answer::EachCombo));
    }
    answers.push(("leave it out".to_owned(), Answer::LeaveOut));
    answers.push(("decide the rest later".to_owned(), Answer::LeaveTheRest));
    let suggestion = if first.class == MatchClass::Ask { answers.len() - 2 } else { 0 };
    let choices: Vec<String> = answers.iter().map(|(words, _)| words.clone()).collect();
    let chosen = prompter.choose("Map it to", &choices, suggestion)?;
    Ok(answers.swap_remove(chosen).1)
}

/// The same for each option combo of an element; false where the person wants to stop.
fn each_combo(prompter: &mut dyn Prompter, open: &mut OpenJob, proposals: Vec<ItemProposal>) -> Result<bool, Leave> {
    let total = proposals.len();
    for (position, proposal) in proposals.into_iter().enumerate() {
        let group = Group { proposals: vec![proposal] };
        say_group(prompter, open, &group, &format!("option combo {} of {total}", position + 1));
        let chosen = answer(prompter, open, &group)?;
        let Some(ItemProposal { item, .. }) = group.proposals.into_iter().next() else { continue };
        match chosen {
            Answer::Goes => add(prompter, open, vec![item])?,
            Answer::Elsewhere => {
                if let Some(item) = elsewhere(prompter, open, &item)? {
                    add(prompter, open, vec![item])?;
                }
            }
            Answer::LeaveOut | Answer::EachCombo => {}
            Answer::LeaveTheRest => return Ok(false),
        }
    }
    Ok(true)
}

/// Another destination cell, picked by name.
fn elsewhere(prompter: &mut dyn Prompter, open: &OpenJob, item: &Item) -> Result<Option<Item>, Leave> {
    let cells = open.destination_cells();
    let choices: Vec<String> = cells.iter().map(|(name, _)| name.clone()).collect();
    let chosen = prompter.search("Which option combo (type to search, Esc: none)", &choices)?;
    Ok(chosen.map(|chosen| Item { destination: cells[chosen].1, ..item.clone() }))
}

/// What the matcher has no place for, in lines: one for each object and reason.
pub(crate) fn unmatched_lines(open: &OpenJob, unmatched: &[(SourceItem, String)]) -> Vec<String> {
    let groups = grouped(unmatched.iter().collect(), |(item, reason)| (item.data(), reason.as_str()));
    let line = |group: Vec<&(SourceItem, String)>| match group.as_slice() {
        [] => String::new(),
        [(item, reason)] => format!("{}: {reason}", source_names(open, item)),
        [(item, reason), ..] => {
            let number = counted(group.len() as u64, "option combo");
            format!("{}, {number}: {reason}", open.source.data_name(item.data()))
        }
    };
    groups.into_iter().map(line).collect()
}

/// Items that the matcher has no place for: the person knows one, or they are left out.
pub(super) fn place_by_hand(
    prompter: &mut dyn Prompter,
    open: &mut OpenJob,
    sources: Vec<SourceItem>,
) -> Result<(), Leave> {
    let number = counted(sources.len() as u64, "item");
    let choices = ["leave them out", "choose for each"].map(str::to_owned);
    if prompter.choose(&format!("{number} without a match"), &choices, 0)? == 0 {
        return Ok(());
    }
    for group in grouped(sources, SourceItem::data) {
        if !element_by_hand(prompter, open, &group)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Asks where an object goes, all its option combos together; false where the person wants to stop.
fn element_by_hand(prompter: &mut dyn Prompter, open: &mut OpenJob, sources: &[SourceItem]) -> Result<bool, Leave> {
    let [first, _, ..] = sources else { return cells_by_hand(prompter, open, sources) };
    let cells = open.destination_cells();
    let mut elements: Vec<(String, Uid)> =
        cells.iter().map(|(_, cell)| (open.destination.name_of(cell.data_element), cell.data_element)).collect();
    elements.sort_unstable();
    elements.dedup();
    let mut choices = vec!["leave it out".to_owned(), "choose for each option combo".to_owned()];
    choices.extend(elements.iter().map(|(name, _)| name.clone()));
    let (name, number) = (open.source.data_name(first.data()), counted(sources.len() as u64, "option combo"));
    prompter.say(&format!("\n{name}, {number}"));
    let element = match prompter.search("Destination data element (type to search, Esc: stop)", &choices)? {
        None => return Ok(false),
        Some(0) => return Ok(true),
        Some(1) => return cells_by_hand(prompter, open, sources),
        Some(chosen) => elements[chosen - 2].1,
    };
    let (found, left) = by_name(open, &cells, element, sources);
    if !found.is_empty() {
        prompter.say("Matched by name:");
        for item in &found {
            prompter.say(&format!("  {} → {}", source_names(open, &item.source), address_names(open, item)));
        }
        add(prompter, open, found)?;
    }
    if left.is_empty() { Ok(true) } else { cells_by_hand(prompter, open, &left) }
}

/// The option combos that the chosen element has under the same names, and those that it has not.
fn by_name(
    open: &OpenJob,
    cells: &[(String, CellAddress)],
    element: Uid,
    sources: &[SourceItem],
) -> (Vec<Item>, Vec<SourceItem>) {
    let (mut found, mut left) = (Vec::new(), Vec::new());
    let of_element = |(_, cell): &&(String, CellAddress)| cell.data_element == element;
    for source in sources {
        let wanted = same_words(&source_combo(open, source));
        let items = cells.iter().filter(of_element).map(|(_, cell)| Item::new(*source, *cell));
        let mut same = items.filter(|item| same_words(&target_combo(open, item)) == wanted);
        match (same.next(), same.next()) {
            (Some(item), None) => found.push(item),
            _ => left.push(*source),
        }
    }
    (found, left)
}

/// Asks for the cell of each; false where the person wants to stop.
fn cells_by_hand(prompter: &mut dyn Prompter, open: &mut OpenJob, sources: &[SourceItem]) -> Result<bool, Leave> {
    let cells = open.destination_cells();
    let mut choices = vec!["leave it out".to_owned()];
    choices.extend(cells.iter().map(|(name, _)| name.clone()));
    for source in sources {
        prompter.say(&format!("\n{}", source_names(open, source)));
        match prompter.search("Destination option combo (type to search, Esc: stop)", &choices)? {
            None => return Ok(false),
            Some(0) => {}
            Some(chosen) => add(prompter, open, vec![Item::new(*source, cells[chosen - 1].1)])?,
        }
    }
    Ok(true)
}

/// Adds items to a job, and says which were not taken.
pub(super) fn add(prompter: &mut dyn Prompter, open: &mut OpenJob, items: Vec<Item>) -> Result<(), Leave> {
    let added = open.add_items(items)?;
    for (item, reason) in &added.refused {
        prompter.say(&format!("  {} was not added: {reason}", source_names(open, &item.source)));
    }
    Ok(())
}
