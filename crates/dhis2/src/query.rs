//! Request paths with queries, escaped for every server, and lists cut so that the request line stays short.
//!
//! Brackets, bars, blanks, quotes and non-ASCII are escaped: an external Tomcat refuses them raw (dhis2-api 3.2).
//! Colons, semicolons and commas stay, as in every recording: they are legal and each would cost two bytes more.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is escaped in a key or value: everything but letters, digits and the marks below.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b';')
    .remove(b',')
    .remove(b'!');

/// A path below `/api/` with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    text: String,
    has_pairs: bool,
}

impl Query {
    /// A resource without a query: `system/info`.
    pub(crate) fn new(resource: &str) -> Self {
        Self { text: resource.to_owned(), has_pairs: false }
    }

    /// Adds one parameter.
    pub(crate) fn pair(mut self, key: &str, value: &str) -> Self {
        self.text.push(if self.has_pairs { '&' } else { '?' });
        self.has_pairs = true;
        self.text.extend(utf8_percent_encode(key, ESCAPED));
        self.text.push('=');
        self.text.extend(utf8_percent_encode(value, ESCAPED));
        self
    }

    /// Adds one parameter for each value.
    pub(crate) fn pairs<T: ToString>(self, key: &str, values: &[T]) -> Self {
        values.iter().fold(self, |query, value| query.pair(key, &value.to_string()))
    }

    /// The path and query below `/api/`.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The resource without the query, for errors.
    pub(crate) fn resource(&self) -> &str {
        self.text.split('?').next().unwrap_or_default()
    }
}

/// A list in a query: how many entries, and what each costs in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListCost {
    /// Number of entries.
    pub(crate) entries: usize,
    /// Bytes of the longest entry, with what separates it from the next.
    pub(crate) bytes_each: usize,
}

/// How many entries of each list fit into one request together: the dearest list is halved until all fit, or until
/// nothing is left to halve.
pub(crate) fn entries_per_request<const LISTS: usize>(room: usize, lists: [ListCost; LISTS]) -> [usize; LISTS] {
    let mut sizes = lists.map(|list| list.entries.max(1));
    loop {
        let costs: Vec<usize> = sizes.iter().zip(&lists).map(|(size, list)| size * list.bytes_each).collect();
        if costs.iter().sum::<usize>() <= room {
            return sizes;
        }
        let dearest = (0..LISTS).filter(|index| sizes[*index] > 1).max_by_key(|index| costs[*index]);
        match dearest {
            Some(index) => sizes[index] = sizes[index].div_ceil(2),
            None => return sizes,
        }
    }
}

/// A list without repetitions, in its first order. Repeated ids would come back as doubled values once a list is cut.
pub(crate) fn distinct<T: Copy + Eq + std::hash::Hash>(list: &[T]) -> Vec<T> {
    let mut seen = std::collections::HashSet::with_capacity(list.len());
    list.iter().copied().filter(|entry| seen.insert(*entry)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::{ListCost, Query, distinct, entries_per_request};

    #[test]
    fn what_servers_refuse_raw_is_escaped() {
        let query = Query::new("organisationUnits")
            .pair("fields", "id,parent[id],a|b")
            .pair("filter", "name:like:é \"x\" & {y}\\")
            .pairs("period", &["2024W1", "202401"]);
        assert_eq!(
            query.as_str(),
            "organisationUnits?fields=id,parent%5Bid%5D,a%7Cb&filter=name:like:%C3%A9%20%22x%22%20%26%20%7By%7D%5C\
             &period=2024W1&period=202401"
        );
        assert_eq!(query.resource(), "organisationUnits");
    }

    #[test]
    fn the_dearest_list_is_cut_first() {
        let lists =
            |units| [(60, 24), (units, 20), (12, 14)].map(|(entries, bytes_each)| ListCost { entries, bytes_each });
        assert_eq!(entries_per_request(5_900, lists(100)), [60, 100, 12]);
        assert_eq!(entries_per_request(5_900, lists(1_000)), [60, 125, 12]);
        assert_eq!(entries_per_request(10, lists(5)), [1, 1, 1], "nothing is left to cut");
    }

    #[test]
    fn repetitions_go() {
        assert_eq!(distinct(&[3, 1, 3, 2, 1]), [3, 1, 2]);
    }

    proptest! {
        #[test]
        fn cut_lists_fit_whenever_single_entries_do(
            room in 60_usize..7_000, a in 0_usize..900, b in 0_usize..900, c in 0_usize..90
        ) {
            let lists = [(a, 24), (b, 20), (c, 14)].map(|(entries, bytes_each)| ListCost { entries, bytes_each });
            let sizes = entries_per_request(room, lists);
            let bytes: usize = sizes.iter().zip(&lists).map(|(size, list)| size * list.bytes_each).sum();
            prop_assert!(bytes <= room);
            prop_assert!(sizes.iter().all(|size| *size >= 1));
        }
    }
}
