//! Options of option sets that have one code and say something else on each server.

use crate::item_match::combos::names_clash;
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

/// A code that stands for two things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionClash {
    /// The code, which is what a value holds.
    pub code: String,
    /// What it stands for at the source.
    pub source: String,
    /// What it stands for at the destination.
    pub destination: String,
}

/// The options of two data elements whose names contradict each other, though their codes are the same.
pub fn clashing_options(source: &Metadata, from: Uid, destination: &Metadata, to: Uid) -> Vec<OptionClash> {
    let options = |metadata: &Metadata, element: Uid| {
        let set = metadata.data_elements.get(&element).and_then(|element| element.option_set);
        set.and_then(|set| metadata.option_sets.get(&set)).map(|set| set.options.clone()).unwrap_or_default()
    };
    let theirs = options(destination, to);
    let clash = |option: xfer_domain::metadata::OptionSetOption| {
        let other = theirs.iter().find(|other| other.code == option.code)?;
        names_clash(&option.name, &other.name).then(|| OptionClash {
            code: option.code.clone(),
            source: option.name.clone(),
            destination: other.name.clone(),
        })
    };
    options(source, from).into_iter().filter_map(clash).collect()
}
