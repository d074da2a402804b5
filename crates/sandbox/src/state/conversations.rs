//! Messages that users sent.

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The user name of whoever sent it.
    pub sender: String,
    /// The ids of everybody who has it, each once.
    pub recipients: Vec<String>,
}
