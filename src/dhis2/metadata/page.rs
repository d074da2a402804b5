//! One page of a metadata list.
//!
//! The list stands under the type's plural, beside an optional `pager`. A page whose objects all have the expected
//! shape is read in one go; where one of them does not, the page is read again object by object, so that one odd
//! object costs itself and not the sync.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::dhis2::error::{ClientErrorKind, clean};

/// What a page says about its list. `nextPage` is not used: behind proxies it points elsewhere (dhis2-api 3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pager {
    /// The number of this page; a page beyond the end says the last one.
    pub page: Option<u64>,
    /// Objects in all.
    pub total: Option<u64>,
    /// Objects on a full page, which may be fewer than were asked for.
    pub page_size: Option<u64>,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Absent where the server does not page.
    pub pager: Option<Pager>,
    /// Its objects.
    pub objects: Vec<T>,
    /// What was left out, in words.
    pub left_out: Vec<String>,
    /// Whether the server says that its gist engine answered, which leaves things out without a word (2.44).
    pub by_gist: bool,
}

/// Reads a page of the list of that plural.
pub fn read_page<T: DeserializeOwned>(body: &[u8], plural: &'static str) -> Result<Page<T>, ClientErrorKind> {
    let strict: Result<Raw<T>, _> = read_raw(body, plural);
    match strict {
        Ok(raw) => Ok(Page { pager: raw.pager, objects: raw.objects, left_out: Vec::new(), by_gist: raw.by_gist }),
        Err(error) if error.is_eof() => Err(ClientErrorKind::Interrupted { source: Some(Box::new(error)) }),
        Err(_) => read_tolerantly(body, plural),
    }
}

fn read_tolerantly<T: DeserializeOwned>(body: &[u8], plural: &'static str) -> Result<Page<T>, ClientErrorKind> {
    let raw: Raw<serde_json::Value> = read_raw(body, plural).map_err(|error| ClientErrorKind::Malformed {
        what: format!("a list of {plural}"),
        source: Some(Box::new(error)),
    })?;
    let mut page = Page { pager: raw.pager, objects: Vec::new(), left_out: Vec::new(), by_gist: raw.by_gist };
    for value in raw.objects {
        let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str).map(clean);
        let id = text("id").unwrap_or_else(|| "without id".to_owned());
        let name = text("name").map(|name| format!(" ({name})")).unwrap_or_default();
        match serde_json::from_value(value) {
            Ok(object) => page.objects.push(object),
            Err(error) => {
                page.left_out.push(format!("{plural} `{id}`{name} was left out: it cannot be understood: {error}"));
            }
        }
    }
    Ok(page)
}

fn read_raw<T: DeserializeOwned>(body: &[u8], plural: &'static str) -> Result<Raw<T>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let page = Seed { plural, of: PhantomData }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(page)
}

struct Raw<T> {
    pager: Option<Pager>,
    objects: Vec<T>,
    by_gist: bool,
}

struct Seed<T> {
    plural: &'static str,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Seed<T> {
    type Value = Raw<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw<T>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Seed<T> {
    type Value = Raw<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with a list `{}`", self.plural)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Raw<T>, M::Error> {
        let (mut pager, mut objects, mut by_gist) = (None, None, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "pager" => pager = map.next_value()?,
                "gist" => by_gist = map.next_value::<serde_json::Value>()? == true,
                key if key == self.plural => objects = Some(map.next_value::<Vec<T>>()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let objects = objects.ok_or_else(|| M::Error::custom(format!("no list `{}`", self.plural)))?;
        Ok(Raw { pager, objects, by_gist })
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::read_page;
    use crate::dhis2::error::ClientErrorKind;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Named {
        id: String,
        name: Option<String>,
    }

    #[test]
    fn one_odd_object_costs_itself() {
        let body = br#"{"pager":{"page":1,"total":3,"pageSize":1000,"nextPage":"http://x"},
            "options":[{"id":"a","name":"A"},{"id":"b","name":7},{"name":"c"},{"id":"d"}]}"#;
        let page = read_page::<Named>(body, "options").unwrap();
        let ids: Vec<&str> = page.objects.iter().map(|object| object.id.as_str()).collect();
        assert_eq!(ids, ["a", "d"]);
        assert_eq!(page.pager.and_then(|pager| pager.total), Some(3));
        assert_eq!(page.left_out.len(), 2);
        assert!(
            page.left_out[0].starts_with("options `b` was left out: it cannot be understood"),
            "{:?}",
            page.left_out
        );
    }

    #[test]
    fn a_page_without_its_list_is_no_page() {
        for body in ["{}", r#"{"indicators":[]}"#, r#"{"options":{}}"#, "[]", r#"{"options":[]} x"#] {
            let refused = read_page::<Named>(body.as_bytes(), "options");
            assert!(matches!(refused, Err(ClientErrorKind::Malformed { .. })), "{body}: {refused:?}");
        }
    }

    #[test]
    fn a_cut_page_is_an_error_at_every_byte() {
        let body = r#"{"options":[{"id":"a","name":"A"}],"pager":{"page":1}}"#;
        for end in 0..body.len() {
            assert!(read_page::<Named>(&body.as_bytes()[..end], "options").is_err(), "{end}");
        }
    }
}
