//! One recorded exchange, and the class of error that its status stands for.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use xfer_dhis2::answer::Answer;

/// One recorded exchange.
pub(super) struct Exchange {
    pub(super) method: String,
    /// Path without query, below the context.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    /// The body where it is JSON.
    pub(super) json: Option<Value>,
    pub(super) body: Vec<u8>,
}

impl Exchange {
    pub(super) fn load(file: &Path) -> Self {
        let recorded: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let (request, response) = (&recorded["request"], &recorded["response"]);
        let (path, query) = split_path(request["path"].as_str().unwrap());
        let headers = response["headers"].as_object().into_iter().flatten();
        let json = response.get("body").cloned();
        let text = response["body_text"].as_str().unwrap_or_default();
        Self {
            method: request["method"].as_str().unwrap().to_owned(),
            path,
            query,
            status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
            headers: headers.map(|(key, value)| (key.to_lowercase(), value.as_str().unwrap().to_owned())).collect(),
            body: json.as_ref().map_or_else(|| text.as_bytes().to_vec(), |json| serde_json::to_vec(json).unwrap()),
            json,
        }
    }

    pub(super) fn content_type(&self) -> &str {
        self.headers.get("content-type").map(String::as_str).unwrap_or_default()
    }

    pub(super) fn answer(&self) -> Answer {
        Answer {
            challenge: self.headers.contains_key("www-authenticate"),
            location: self.headers.get("location").cloned(),
            ..Answer::new(self.status, self.headers.get("content-type").map(String::as_str), self.body.clone())
        }
    }

    /// How many fields were asked for, those in brackets not counted.
    pub(super) fn fields(&self) -> usize {
        let values = self.query.iter().filter(|(name, _)| name == "fields");
        let separators = values.flat_map(|(_, value)| {
            value.chars().scan(0_i32, |depth, character| {
                *depth += i32::from(character == '[') - i32::from(character == ']');
                Some(u8::from(character == ',' && *depth == 0))
            })
        });
        separators.filter(|&separator| separator > 0).count() + 1
    }

    /// The items of `dimension=name:a;b`.
    pub(super) fn dimension(&self, name: &str) -> Option<Vec<&str>> {
        let values = self.query.iter().filter(|(key, _)| key == "dimension");
        values
            .map(|(_, value)| value)
            .find_map(|value| Some(value.strip_prefix(name)?.strip_prefix(':')?.split(';').collect()))
    }

    /// The class of the answer by status and type alone; `None` for a good one. DHIS2's own sentences are JSON.
    pub(super) fn expected_error(&self) -> Option<&'static str> {
        let html = self.content_type().contains("html");
        let speaks = self.json.is_some();
        let too_long = self.path.len() + self.query.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        Some(match self.status {
            200..=299 if speaks => return None,
            // Only values that were asked for may not be there for the user.
            200..=299 if self.body.is_empty() && self.path.contains("dataValueSets") => "EmptyAnswer",
            200..=299 if self.body.is_empty() => "EmptyBody",
            200..=299 if html => "LoginPage",
            200..=299 if self.content_type().contains("json") => return None,
            200..=299 => "Malformed",
            300..=399 if self.headers.get("location").is_some_and(|to| to.contains("login")) => "LoginPage",
            300..=399 => "Redirect",
            400 if self.headers.contains_key("www-authenticate") => "Unauthorized",
            // The recording's `<8240 times x>` stands for itself.
            400 if html && (too_long > 8_000 || self.query.iter().any(|(_, value)| value.contains("times x>"))) => {
                "UriTooLong"
            }
            401 => "Unauthorized",
            403 => "Forbidden",
            404 if speaks => "NotFound",
            404 => "NotDhis2",
            400..=499 => "Refused",
            _ => "ServerError",
        })
    }
}

fn split_path(text: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs =
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(key, value)| (decode(key), decode(value)));
    // A slash at the end means nothing to a server.
    (path.trim_end_matches('/').to_owned(), pairs.collect())
}
