//! One page of a metadata list.
//!
//! The list stands under the type's plural, beside an optional `pager`. Its objects are read one by one, so that one odd
//! object costs itself and not the sync, and that what they take in memory grows with those that are of use.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::bounds::Excess;
use crate::error::{ClientErrorKind, clean};

/// Objects on one page. A thousand are asked for; a server that does not page sends all that it has.
const MOST_OBJECTS: usize = 100_000;

/// Odd objects of a page that are named; the rest is counted.
const MOST_NAMED: usize = 50;

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
    /// What was left out, in words: the first of them.
    pub left_out: Vec<String>,
    /// How much more was left out.
    pub more_left_out: usize,
    /// Whether the server says that its gist engine answered, which leaves things out without a message (2.44).
    pub by_gist: bool,
}

impl<T> Page<T> {
    /// Objects on the page, used or not.
    pub fn len(&self) -> usize {
        self.objects.len() + self.left_out.len() + self.more_left_out
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads a page of the list of that plural.
pub fn read_page<T: DeserializeOwned>(body: &[u8], plural: &'static str) -> Result<Page<T>, ClientErrorKind> {
    let mut too_many = false;
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = Seed { plural, too_many: &mut too_many, of: PhantomData }.deserialize(&mut deserializer);
    match read.and_then(|page| deserializer.end().map(|()| page)) {
        Ok(page) => Ok(page),
        Err(_) if too_many => Err(ClientErrorKind::TooLarge { excess: Excess::Objects(MOST_OBJECTS as u64) }),
        Err(error) if error.is_eof() => Err(ClientErrorKind::Interrupted { source: Some(Box::new(error)) }),
        Err(error) => {
            Err(ClientErrorKind::Malformed { what: format!("a list of {plural}"), source: Some(Box::new(error)) })
        }
    }
}

/// What an object says of itself that could not be read as a whole.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Label {
    id: Option<serde_json::Value>,
    name: Option<serde_json::Value>,
}

/// An object that cannot be understood, in words.
fn odd(object: &RawValue, plural: &str, error: &serde_json::Error) -> String {
    // Whatever is long is no id and no name.
    const LONGEST: usize = 4_096;
    let label = if object.get().len() > LONGEST { None } else { serde_json::from_str::<Label>(object.get()).ok() };
    let label = label.unwrap_or_default();
    let text = |value: &Option<serde_json::Value>| value.as_ref().and_then(serde_json::Value::as_str).map(clean);
    let id = text(&label.id).unwrap_or_else(|| "without id".to_owned());
    let name = text(&label.name).map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{plural} `{id}`{name} was left out: it cannot be read: {}", clean(&error.to_string()))
}

struct Seed<'page, T> {
    plural: &'static str,
    too_many: &'page mut bool,
    of: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Seed<'_, T> {
    type Value = Page<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page<T>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Seed<'_, T> {
    type Value = Page<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with a list `{}`", self.plural)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Page<T>, M::Error> {
        let twice = |key: &str| M::Error::custom(format!("`{key}` is there twice"));
        let (mut pager, mut page): (Option<Option<Pager>>, Option<Page<T>>) = (None, None);
        let mut by_gist = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "pager" if pager.is_some() => return Err(twice("pager")),
                "pager" => pager = Some(map.next_value()?),
                "gist" => by_gist = map.next_value::<serde_json::Value>()? == true,
                key if key == self.plural && page.is_some() => return Err(twice(key)),
                key if key == self.plural => {
                    let objects = Objects { plural: self.plural, too_many: &mut *self.too_many, of: PhantomData };
                    page = Some(map.next_value_seed(objects)?);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let page = page.ok_or_else(|| M::Error::custom(format!("no list `{}`", self.plural)))?;
        Ok(Page { pager: pager.flatten(), by_gist, ..page })
    }
}

/// The objects of a page.
struct Objects<'page, T> {
    plural: &'static str,
    too_many: &'page mut bool,
    of: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Objects<'_, T> {
    type Value = Page<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Objects<'_, T> {
    type Value = Page<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of {}", self.plural)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Page<T>, S::Error> {
        let (objects, left_out) = (Vec::new(), Vec::new());
        let mut page = Page { pager: None, objects, left_out, more_left_out: 0, by_gist: false };
        while let Some(object) = list.next_element::<&'de RawValue>()? {
            if page.len() == MOST_OBJECTS {
                *self.too_many = true;
                return Err(S::Error::custom("too many objects"));
            }
            match serde_json::from_str(object.get()) {
                Ok(object) => page.objects.push(object),
                Err(error) if page.left_out.len() < MOST_NAMED => page.left_out.push(odd(object, self.plural, &error)),
                Err(_) => page.more_left_out += 1,
            }
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::read_page;
    use crate::error::ClientErrorKind;

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
        assert!(page.left_out[0].starts_with("options `b` was left out: it cannot be read"), "{:?}", page.left_out);
    }

    #[test]
    fn a_page_without_its_list_is_no_page() {
        for body in [
            "{}",
            r#"{"options":null}"#,
            "null",
            r#"{"indicators":[]}"#,
            r#"{"options":{}}"#,
            "[]",
            r#"{"options":[]} x"#,
        ] {
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
