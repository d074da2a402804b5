//! Imports that ran as jobs.

use serde_json::{Map, Value, json};

use crate::profile::Profile;

/// The kind that all of them have.
pub(crate) const KIND: &str = "DATAVALUE_IMPORT";

/// The jobs of an instance, oldest first.
#[derive(Debug, Default)]
pub struct Jobs {
    /// All of them.
    pub(crate) list: Vec<Job>,
}

/// An import that ran as a job.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    /// How often a client has looked at it.
    pub(crate) looks: usize,
    /// What it was asked to do, as the import echoes it.
    pub(crate) options: Value,
    /// The bare import summary.
    pub(crate) summary: Map<String, Value>,
    /// The ids of its notifications: the first and the last.
    pub(crate) notifications: [String; 2],
    pub(crate) started: String,
}

impl Jobs {
    /// A job that is done by this look.
    pub(crate) fn look(&mut self, profile: Profile, kind: &str, id: &str) -> Option<&Job> {
        let job = self.list.iter_mut().find(|job| job.id == id && kind == KIND)?;
        job.looks += 1;
        (profile == Profile::V40 || job.looks > 1).then_some(job)
    }
}

impl Job {
    /// What it has told of its progress, latest first.
    pub(crate) fn notifications(&self, profile: Profile) -> Value {
        let [last, first] = &self.notifications;
        let told = |id: &str, message: &str, completed: bool| {
            json!({
                "uid": id, "level": "INFO", "category": KIND, "time": self.started, "message": message,
                "completed": completed, "id": id,
            })
        };
        if profile == Profile::V40 {
            return json!([told(last, "Import done", true), told(first, "Process started", false)]);
        }
        let count = |name: &str| {
            self.summary.get("importCount").and_then(|counts| counts.get(name)).cloned().unwrap_or_default()
        };
        let status = self.summary.get("status").and_then(Value::as_str).unwrap_or_default();
        let end = format!(
            "Import complete with status {status}, {} created, {} updated, {} deleted, {} ignored",
            count("imported"),
            count("updated"),
            count("deleted"),
            count("ignored")
        );
        let mut start = told(first, "Data value set import", false);
        start["dataType"] = "PARAMETERS".into();
        start["data"] = self.options.clone();
        json!([told(last, &end, true), start])
    }
}
