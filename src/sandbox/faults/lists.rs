//! Metadata lists that do not hold what they claim: empty where they are not, shorter than their pager counts.
//!
//! A server that has just started was seen to answer so, with status 200 and no error of any kind.

use serde_json::{Map, Value};

use crate::sandbox::exchange::Response;

/// The list without any of its objects; its pager, where it has one, counts none.
pub(super) fn emptied(response: Response) -> Response {
    changed(response, |body| {
        for (key, value) in body.iter_mut() {
            match value {
                Value::Array(list) => list.clear(),
                Value::Object(pager) if key == "pager" => {
                    pager.retain(|key, _| !matches!(key.as_str(), "nextPage" | "prevPage"));
                    for (key, number) in [("page", 1), ("total", 0), ("pageCount", 0)] {
                        pager.insert(key.to_owned(), number.into());
                    }
                }
                _ => {}
            }
        }
    })
}

/// The page without its last objects; its pager counts them all the same.
pub(super) fn shortened(response: Response, missing: usize) -> Response {
    changed(response, |body| {
        for list in body.values_mut().filter_map(Value::as_array_mut) {
            list.truncate(list.len().saturating_sub(missing));
        }
    })
}

/// The page with a pager that does not count the list's objects, or without a pager.
pub(super) fn uncounted(response: Response, keep_pager: bool) -> Response {
    changed(response, |body| match body.get_mut("pager").and_then(Value::as_object_mut) {
        Some(pager) if keep_pager => pager.retain(|key, _| key != "total"),
        _ => drop(body.remove("pager")),
    })
}

/// An answer that is no object of JSON is left as it is: there is no list in it.
fn changed(mut response: Response, change: impl FnOnce(&mut Map<String, Value>)) -> Response {
    if let Ok(mut body) = serde_json::from_slice::<Map<String, Value>>(&response.body) {
        change(&mut body);
        response.body = Value::Object(body).to_string().into_bytes();
    }
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list() -> Response {
        let pager = json!({"page": 1, "total": 3, "pageSize": 50, "pageCount": 1, "nextPage": "http://h"});
        Response::json(200, &json!({"pager": pager, "dataSets": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}))
    }

    fn body(response: &Response) -> Value {
        serde_json::from_slice(&response.body).unwrap()
    }

    #[test]
    fn an_empty_list_counts_nothing() {
        let body = body(&emptied(list()));
        assert_eq!(body["dataSets"], json!([]));
        assert_eq!(body["pager"], json!({"page": 1, "total": 0, "pageSize": 50, "pageCount": 0}));
    }

    #[test]
    fn a_short_page_keeps_its_count() {
        let body = body(&shortened(list(), 2));
        assert_eq!(body["dataSets"], json!([{"id": "a"}]));
        assert_eq!(body["pager"]["total"], 3);
    }

    #[test]
    fn a_list_may_lack_its_count_or_its_pager() {
        let counted = body(&uncounted(list(), true));
        assert_eq!((&counted["pager"]["page"], counted["pager"].get("total")), (&json!(1), None));
        assert_eq!(body(&uncounted(list(), false)).get("pager"), None);
    }
}
