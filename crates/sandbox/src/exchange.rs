//! One request and its answer, as plain values.

use serde_json::Value;

/// An HTTP request as the sandbox sees it.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// The path with its query, as sent, percent-encoding and all: `/api/me?fields=id`.
    pub target: String,
    /// Header names (lower case) and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes, as sent (gzip is not undone).
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of a lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query's parameters in order, percent-decoded, `+` read as a space. Repeated names stay apart; commas are
    /// left alone.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }

    /// The first parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.parameters().into_iter().find(|(parameter, _)| parameter == name).map(|(_, value)| value)
    }

    /// Every value of a repeatable parameter, with comma lists split, as Spring binds `period=a&period=b,c`.
    pub fn parameter_list(&self, name: &str) -> Vec<String> {
        self.parameters()
            .into_iter()
            .filter(|(parameter, _)| parameter == name)
            .flat_map(|(_, value)| value.split(',').map(str::to_owned).collect::<Vec<_>>())
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// Whether a boolean parameter is `true`.
    pub fn flag(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|value| value == "true")
    }
}

/// An HTTP answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names (lower case) and values.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// True where a real server closes the connection after it (2.42 after its empty 200).
    pub close: bool,
}

impl Response {
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json;charset=UTF-8".into())],
            body: body.to_string().into_bytes(),
            close: false,
        }
    }

    /// An HTML page, as Tomcat sends for errors outside the API's reach.
    pub fn html(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "text/html;charset=utf-8".into())],
            body: body.as_bytes().to_vec(),
            close: false,
        }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), close: false }
    }

    /// DHIS2's generic error: `{"httpStatus","httpStatusCode","status":"ERROR","message","errorCode"}`.
    pub fn web_message(status: u16, message: Option<&str>, error_code: Option<&str>) -> Self {
        let mut body = serde_json::Map::new();
        body.insert("httpStatus".into(), reason(status).into());
        body.insert("httpStatusCode".into(), status.into());
        body.insert("status".into(), "ERROR".into());
        if let Some(message) = message {
            body.insert("message".into(), message.into());
        }
        if let Some(code) = error_code {
            body.insert("errorCode".into(), code.into());
        }
        Self::json(status, &Value::Object(body))
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The reason phrase that DHIS2 repeats as `httpStatus`.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        415 => "Unsupported Media Type",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}
