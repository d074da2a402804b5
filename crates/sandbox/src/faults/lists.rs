//! Metadata lists that do not hold what they claim: empty where they are not, shorter than their pager counts.
//!
//! A server that has just started was seen to answer so, with status 200 and no error of any kind.

use serde_json::{Map, Value};

use crate::exchange::Response;

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

/// The page without its last objects and with a pager that counts them; the page beyond the end counts them no more.
pub(super) fn recounted(response: Response, missing: usize) -> Response {
    changed(response, |body| {
        let is_beyond = body.values().filter_map(Value::as_array).all(Vec::is_empty);
        for list in body.values_mut().filter_map(Value::as_array_mut) {
            list.truncate(list.len().saturating_sub(missing));
        }
        let pager = body.get_mut("pager").and_then(Value::as_object_mut);
        if let Some(total) = pager.filter(|_| is_beyond).and_then(|pager| pager.get_mut("total")) {
            *total = total.as_u64().map(|total| total.saturating_sub(missing as u64)).into();
        }
    })
}

/// The page with every object, and nothing in the lists inside of them.
pub(super) fn emptied_inside(response: Response) -> Response {
    changed(response, |body| {
        let objects = body.values_mut().filter_map(Value::as_array_mut).flatten();
        for inside in objects.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
            if let Some(list) = inside.as_array_mut() {
                list.clear();
            }
        }
    })
}

/// The page with null in the place of its list, or without it.
pub(super) fn taken_out(response: Response, with_null: bool) -> Response {
    changed(response, |body| {
        if with_null {
            body.values_mut().filter(|value| value.is_array()).for_each(|list| *list = Value::Null);
        } else {
            body.retain(|_, value| !value.is_array());
        }
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
    fn a_list_may_be_counted_otherwise_on_its_last_page() {
        let first = body(&recounted(list(), 1));
        assert_eq!((first["dataSets"].as_array().unwrap().len(), &first["pager"]["total"]), (2, &json!(3)));
        let beyond = Response::json(200, &json!({"pager": {"page": 2, "total": 3}, "dataSets": []}));
        assert_eq!(body(&recounted(beyond, 1))["pager"]["total"], 2);
    }

    #[test]
    fn a_list_may_lose_what_stands_inside_or_itself() {
        let own = || Response::json(200, &json!({"pager": {"total": 1}, "dataSets": [{"id": "a", "units": [{}]}]}));
        assert_eq!(body(&emptied_inside(own()))["dataSets"], json!([{"id": "a", "units": []}]));
        assert_eq!(body(&taken_out(own(), true)), json!({"pager": {"total": 1}, "dataSets": null}));
        assert_eq!(body(&taken_out(own(), false)), json!({"pager": {"total": 1}}));
    }

    #[test]
    fn a_list_may_lack_its_count_or_its_pager() {
        let counted = body(&uncounted(list(), true));
        assert_eq!((&counted["pager"]["page"], counted["pager"].get("total")), (&json!(1), None));
        assert_eq!(body(&uncounted(list(), false)).get("pager"), None);
    }
}
