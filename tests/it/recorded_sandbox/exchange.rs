//! The recordings as they lie on disk.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xfer_sandbox::profile::Profile;

/// The folder of exchanges that were recorded beside the others.
const EXTRA: &str = "extra";

/// One recorded exchange.
pub(super) struct Exchange {
    /// The folder above its version: none, or `extra`.
    part: &'static str,
    /// The version that answered.
    pub(super) profile: Profile,
    /// The folder: `import`, `raw-read` …
    pub(super) area: String,
    /// The file's name without suffix; for messages only, never for rules.
    pub(super) name: String,
    /// What it shows, in a sentence.
    pub(super) about: String,
    /// `method`, `path`, `headers`, `body` | `body_text` | `body_gzip_of`.
    pub(super) request: Value,
    /// `status`, `headers`, `body` | `body_text`.
    pub(super) response: Value,
    /// What is stored before, where the recording says so.
    pub(super) before: Option<Value>,
    /// What is stored afterwards, where the recording says so.
    pub(super) stored_after: Option<Value>,
}

impl Exchange {
    fn read(path: &Path, part: &'static str, profile: Profile, area: &str) -> Option<Self> {
        let name = path.file_stem()?.to_str()?.to_owned();
        let mut file: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).expect("a recording is JSON");
        let mut take = |key: &str| file.get_mut(key).map(Value::take);
        Some(Self {
            part,
            profile,
            area: area.to_owned(),
            name,
            about: take("about").and_then(|about| about.as_str().map(str::to_owned)).unwrap_or_default(),
            request: take("request").expect("a recording has a request"),
            response: take("response").expect("a recording has a response"),
            before: take("before"),
            stored_after: take("stored_after"),
        })
    }

    /// The request's target with its paddings (`<7840 times x>`) restored.
    pub(super) fn target(&self) -> String {
        let path = self.request["path"].as_str().expect("a request has a path");
        let Some((head, rest)) = path.split_once('<') else { return path.to_owned() };
        let Some((padding, tail)) = rest.split_once('>') else { return path.to_owned() };
        match padding.split_once(" times ").and_then(|(times, what)| Some((times.parse::<usize>().ok()?, what))) {
            Some((times, what)) => format!("{head}{}{tail}", what.repeat(times)),
            None => path.to_owned(),
        }
    }

    /// A header of the recorded answer, by its name in any case.
    pub(super) fn response_header(&self, name: &str) -> Option<&str> {
        header(&self.response, name)
    }

    /// The recorded status.
    pub(super) fn status(&self) -> u64 {
        self.response["status"].as_u64().unwrap_or_default()
    }

    /// `2.42/import/clean-new`, `extra/2.44/metadata/paged-parent-root`.
    pub(super) fn title(&self) -> String {
        let part = if self.part.is_empty() { String::new() } else { format!("{}/", self.part) };
        format!("{part}{}/{}/{}", self.profile.name(), self.area, self.name)
    }

    /// What it is counted under: `import`, `metadata (extra)`.
    pub(super) fn kind(&self) -> String {
        if self.part.is_empty() { self.area.clone() } else { format!("{} ({})", self.area, self.part) }
    }
}

fn header<'message>(message: &'message Value, name: &str) -> Option<&'message str> {
    message["headers"].as_object()?.iter().find(|(header, _)| header.eq_ignore_ascii_case(name))?.1.as_str()
}

/// All recordings of a folder.
pub(super) struct Recordings {
    /// Where they came from.
    pub(super) folder: PathBuf,
    /// Those to replay.
    pub(super) exchanges: Vec<Exchange>,
    /// The project's own too, where another folder is replayed: an `about` may refer to a neighbour ("The same …").
    pub(super) neighbours: Vec<Exchange>,
}

impl Recordings {
    /// Those of `XFER_RECORDED`, or the project's own.
    pub(super) fn load() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recorded");
        let folder = std::env::var_os("XFER_RECORDED").map_or_else(|| own.clone(), PathBuf::from);
        let only = |variable: &str, text: &str| std::env::var(variable).is_ok_and(|wanted| wanted != text);
        let mut exchanges = read_all(&folder);
        exchanges.retain(|exchange| {
            !only("XFER_RECORDED_AREA", &exchange.area)
                && std::env::var("XFER_RECORDED_NAME").map_or(true, |wanted| exchange.title().contains(&wanted))
        });
        let mut neighbours = read_all(&folder);
        if folder != own {
            neighbours.extend(read_all(&own));
        }
        Self { folder, exchanges, neighbours }
    }

    /// A file of `setup/`: from the replayed folder where present, else from ours.
    pub(super) fn setup(&self, name: &str) -> Value {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recorded/setup").join(name);
        let text = fs::read_to_string(self.folder.join("setup").join(name))
            .or_else(|_| fs::read_to_string(own))
            .expect("the setup of the recordings");
        serde_json::from_str(&text).expect("setup is JSON")
    }
}

/// Those of each version, and those of `extra`, which is laid out in the same way.
fn read_all(folder: &Path) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let parts = ["", EXTRA].map(|part| Profile::ALL.map(|profile| (part, profile)));
    for (part, profile) in parts.into_iter().flatten() {
        for area in sorted(&folder.join(part).join(profile.name())) {
            let area_name = area.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            let files =
                sorted(&area).into_iter().filter(|file| file.extension().is_some_and(|suffix| suffix == "json"));
            exchanges.extend(files.filter_map(|file| Exchange::read(&file, part, profile, &area_name)));
        }
    }
    exchanges
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    paths.sort();
    paths
}
