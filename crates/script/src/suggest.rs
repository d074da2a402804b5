//! Names that were probably meant.

use rapidfuzz::distance::osa;

/// The longest name that is compared, in bytes, and the most names.
const LONGEST: usize = 256;
const MOST: usize = 5_000;

/// The nearest name, if one is near: at most a third of its letters differ, or only case does.
pub(crate) fn nearest<'name>(text: &str, names: impl Iterator<Item = &'name str>) -> Option<String> {
    // Nobody misspells a name of a thousand letters, and comparing two of them takes a million steps.
    let short = |name: &str| name.len() <= LONGEST;
    if !short(text) {
        return None;
    }
    let wanted = text.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for name in names.filter(|name| *name != text && short(name)).take(MOST) {
        let folded = name.to_lowercase();
        let distance = osa::distance(wanted.chars(), folded.chars());
        let allowed = folded.chars().count().max(wanted.chars().count()).div_ceil(3).min(4);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_near_names_are_suggested() {
        let names = || ["round", "params", "org_unit", "Quarterly"].into_iter();
        assert_eq!(nearest("ruond", names()).as_deref(), Some("round"));
        assert_eq!(nearest("orgunit", names()).as_deref(), Some("org_unit"));
        assert_eq!(nearest("quarterly", names()).as_deref(), Some("Quarterly"));
        assert_eq!(nearest("zebra", names()), None);
    }
}
