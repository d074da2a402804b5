//! Splits rows without data set by the data sets of their data elements (`dataEntryAutoGroup=true`).
//!
//! The groups come in the order of a Java hash map over data set ids, which decides what is committed before a refused
//! group ends the import.

use super::decode::{DecodedGroup, Failure, Value};
use super::errors;
use crate::world::catalog::Catalog;

/// One group per data set. A data element of several goes to the one that the metadata lists last, the newest.
pub(super) fn by_data_set<'request>(
    group: DecodedGroup<'request>,
    catalog: &'request Catalog,
) -> Result<Vec<DecodedGroup<'request>>, Failure> {
    let mut groups: Vec<(&'request str, Vec<Value<'request>>)> = Vec::new();
    let mut orphans: Vec<&str> = Vec::new();
    for value in group.values {
        let element = catalog.data_elements.get(value.data_element).ok_or(Failure::Broken)?;
        let Some(&set) = element.data_sets.last() else {
            if !orphans.contains(&value.data_element) {
                orphans.push(value.data_element);
            }
            continue;
        };
        let id = catalog.data_sets[set].names.id.as_str();
        match groups.iter_mut().find(|(known, _)| *known == id) {
            Some((_, values)) => values.push(value),
            None => groups.push((id, vec![value])),
        }
    }
    if !orphans.is_empty() {
        return Err(errors::no_data_set(&orphans).into());
    }
    let buckets = (groups.len() * 4 / 3 + 1).next_power_of_two().max(16);
    groups.sort_by_key(|(id, _)| bucket(id, buckets));
    Ok(groups
        .into_iter()
        .map(|(id, values)| DecodedGroup {
            data_set: Some(id),
            values,
            deletion: group.deletion.clone(),
            completion: group.completion.clone(),
        })
        .collect())
}

/// The place of an id in a Java hash map of so many buckets: the generated hash code of a class with one field is 59
/// plus the field's.
fn bucket(text: &str, buckets: usize) -> usize {
    let field = text.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    let hash = field.wrapping_add(59);
    (hash ^ (hash >> 16)) as usize & (buckets - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_order_of_two_data_sets() {
        // `import/auto-group-first-group-refused` and `auto-group-one-group-refused`: Monthly before Quarter.
        assert!(bucket("DstMonthly1", 16) < bucket("DstQuarter1", 16));
    }
}
