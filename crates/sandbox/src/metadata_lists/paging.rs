//! Pages of lists and their links (`Pager`, `DefaultLinkService`).

use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

use crate::exchange::Request;
use crate::front;
use crate::world::Object;

/// Rows per page unless asked otherwise.
const DEFAULT_SIZE: usize = 50;

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// What the pager says: never beyond the last page.
    pub(super) number: usize,
    /// What the pager says: never 0.
    pub(super) size: usize,
    /// Objects on all pages.
    pub(super) total: usize,
    /// Objects before the page that was asked for.
    skip: usize,
    /// Objects that the page shows: none for a size of 0 (`metadata/list-page-size-zero`).
    take: usize,
}

impl Page {
    /// The page that a request asks for; none with `paging=false`.
    pub(super) fn of_request(parameters: &[(String, String)], total: usize) -> Option<Self> {
        let value = |name: &str| parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        if value("paging") == Some("false") {
            return None;
        }
        let number = |name: &str, default: usize| match value(name).and_then(|text| text.parse::<i64>().ok()) {
            Some(given) => usize::try_from(given).unwrap_or(0),
            None => default,
        };
        let asked = number("page", 1).max(1);
        let take = number("pageSize", DEFAULT_SIZE);
        let size = take.max(1);
        let skip = (asked - 1).saturating_mul(size);
        Some(Self { number: asked.min(total.div_ceil(size)).max(1), size, total, skip, take })
    }

    /// The same page after objects before it were deleted, or made where `by` is below 0.
    pub(super) fn shifted(self, by: i64) -> Self {
        let moved = |number: usize| {
            let moved = i64::try_from(number).unwrap_or(i64::MAX).saturating_add(by);
            usize::try_from(moved).unwrap_or_default()
        };
        let total = i64::try_from(self.total).unwrap_or(i64::MAX).saturating_sub(by);
        Self { skip: moved(self.skip), total: usize::try_from(total).unwrap_or_default(), ..self }
    }

    /// Pages in all; 0 for an empty list.
    pub(super) fn count(&self) -> usize {
        self.total.div_ceil(self.size)
    }

    /// The objects on the page; none beyond the end (`metadata/list-page-beyond-end`).
    pub(super) fn cut<'object>(&self, objects: Vec<&'object Object>) -> Vec<&'object Object> {
        objects.into_iter().skip(self.skip).take(self.take).collect()
    }

    /// The `pager` of a list.
    pub(super) fn pager(&self, request: &Request, plural: &str) -> Value {
        let mut pager = Map::new();
        pager.insert("page".into(), self.number.into());
        pager.insert("total".into(), self.total.into());
        pager.insert("pageSize".into(), self.size.into());
        let suffix = front::suffix(request).map(|suffix| format!(".{suffix}")).unwrap_or_default();
        let endpoint = format!("{}/api/{plural}{suffix}", front::base_url(request));
        let rest = other_parameters(request);
        if self.number < self.count() {
            pager.insert("nextPage".into(), self.link(&endpoint, Some(self.number + 1), &rest).into());
        }
        if self.number > 1 {
            let previous = self.number - 1;
            pager.insert("prevPage".into(), self.link(&endpoint, (previous > 1).then_some(previous), &rest).into());
        }
        pager.insert("pageCount".into(), self.count().into());
        Value::Object(pager)
    }

    fn link(&self, endpoint: &str, page: Option<usize>, rest: &str) -> String {
        let mut parameters = Vec::new();
        if let Some(page) = page {
            parameters.push(format!("page={page}"));
        }
        if self.size != DEFAULT_SIZE {
            parameters.push(format!("pageSize={}", self.size));
        }
        if !rest.is_empty() {
            parameters.push(rest.to_owned());
        }
        if parameters.is_empty() { endpoint.to_owned() } else { format!("{endpoint}?{}", parameters.join("&")) }
    }
}

/// The request's other parameters, in the order in which Java's hash map gives their names.
fn other_parameters(request: &Request) -> String {
    let mut parameters: Vec<(String, String)> =
        request.parameters().into_iter().filter(|(name, _)| name != "page" && name != "pageSize").collect();
    parameters.sort_by_key(|(name, _)| bucket(name));
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

/// The bucket of a name in a `java.util.HashMap` of sixteen.
fn bucket(name: &str) -> u32 {
    let hash = name.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) & 15
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: &str, size: &str, total: usize) -> Page {
        Page::of_request(&[("page".into(), number.into()), ("pageSize".into(), size.into())], total).unwrap()
    }

    #[test]
    fn odd_pages_are_reported_as_servers_do() {
        assert_eq!((page("99", "5", 15).number, page("99", "5", 15).skip), (3, 490));
        assert_eq!((page("0", "5", 15).number, page("0", "5", 15).skip), (1, 0));
        let zero = page("1", "0", 15);
        assert_eq!((zero.size, zero.count(), zero.take), (1, 15, 0));
        let empty = page("1", "50", 0);
        assert_eq!((empty.number, empty.count()), (1, 0));
        assert!(Page::of_request(&[("paging".into(), "false".into())], 3).is_none());
    }

    #[test]
    fn a_deleted_object_moves_the_rest_up() {
        let second = page("2", "5", 15).shifted(1);
        assert_eq!((second.skip, second.total, second.count()), (6, 14, 3));
        let second = page("2", "5", 15).shifted(-1);
        assert_eq!((second.skip, second.total, second.count()), (4, 16, 4));
    }

    #[test]
    fn links_repeat_the_parameters_in_hash_order() {
        let request = Request {
            method: "GET".into(),
            target: "/api/organisationUnits?order=id:asc&pageSize=2&filter=lastUpdated:ge:2020&fields=id".into(),
            headers: vec![("host".into(), "h".into())],
            body: Vec::new(),
        };
        let page = Page::of_request(&request.parameters(), 15).unwrap();
        assert_eq!(
            page.pager(&request, "organisationUnits")["nextPage"],
            "http://h/api/organisationUnits?page=2&pageSize=2&filter=lastUpdated%3Age%3A2020&fields=id&order=id%3Aasc"
        );
    }
}
