//! Why a cell does not become what it was meant to become: one type from the rule that says so to the report's finding.

use std::sync::Arc;

use super::Code;
use xfer_domain::run::{FindingObject, ServerSaid};

/// Why a cell is held back, refused or otherwise in need of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The entry of the findings table; `code.word` stands in reports.
    pub code: &'static Code,
    /// What is to blame, where that is not the cell's data element.
    pub object: Option<FindingObject>,
    /// Why, in one sentence: the server's own, where it said something. Names objects, not the cell's value, so that
    /// cells with the same cause say the same; the exception is a value that is itself the cause.
    pub text: Arc<str>,
    /// Whether the sentence is what the server said, and its code.
    pub said: Option<Said>,
    /// What can be done, where it is more exact than the table's remedy.
    pub hint: Option<String>,
}

/// That a server gave the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its code, where it gave one.
    pub code: Option<String>,
}

impl Reason {
    /// A reason of ours, without particulars.
    pub fn new(code: &'static Code, text: impl Into<Arc<str>>) -> Self {
        Self { code, object: None, text: text.into(), said: None, hint: None }
    }

    /// A reason that the server gave.
    pub fn said(code: &'static Code, server_code: Option<String>, text: impl Into<Arc<str>>) -> Self {
        Self { said: Some(Said { code: server_code }), ..Self::new(code, text) }
    }

    /// Names what is to blame.
    #[must_use]
    pub fn about(self, object: FindingObject) -> Self {
        Self { object: Some(object), ..self }
    }

    /// Says what can be done, more exactly than the table.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The server's own code where it gave one, else ours: what stands beside a cell in the journal.
    pub fn word(&self) -> &str {
        self.said.as_ref().and_then(|said| said.code.as_deref()).unwrap_or(self.code.word)
    }

    /// What the server said, for a finding; none where the reason is ours.
    pub fn server(&self) -> Option<ServerSaid> {
        self.said.as_ref().map(|said| ServerSaid { code: said.code.clone(), text: self.text.to_string() })
    }
}
