//! Two servers and the real program between them: the stage of an end-to-end test, set in one line.
//!
//! ```ignore
//! let trial = Trial::between(&source, &destination);
//! trial.ok("job new j --from src --to dst --combine sum");
//! trial.ok("job add-item j CAS CAS");
//! trial.ok("routine new r --job j --periods 202401");
//! trial.run("run r").expect_code(0);
//! assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("3"));
//! ```
//!
//! The servers are called `src` and `dst`, are synced, and every org unit without units below it is mapped to the one
//! of the same code, else of the same name. Values are read back through the destination's API as its superuser.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use xfer::ops::sandbox::PASSWORD;
use xfer_sandbox::exchange::Request;
use xfer_sandbox::loading::{Loaded, Role};
use xfer_sandbox::profile::Profile;
use xfer_sandbox::server::{RunningSandbox, Sandbox, ServerOptions};
use xfer_sandbox::state::State;
use xfer_sandbox::values::Values;
use xfer_sandbox::world::{World, references, text};

use super::country::Country;
use super::{Output, Xfer};

/// Data element, category option combo, attribute option combo, org unit, period: the element by its code, the others
/// by name, the combo `default` as empty text.
pub(crate) type Cell = [String; 5];

/// Two servers, and a home that knows both.
pub(crate) struct Trial {
    pub(crate) xfer: Xfer,
    pub(crate) source: RunningSandbox,
    pub(crate) destination: RunningSandbox,
}

/// What the program may take of memory, whatever a server sends.
pub(crate) const MOST_MEMORY: u64 = 512 << 20;

/// What a command did that was watched while it ran.
pub(crate) struct Watched {
    pub(crate) code: i32,
    /// Its largest memory in bytes; 0 where the system does not tell.
    pub(crate) peak: u64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The files of one server.
struct Files {
    metadata: String,
    values: Option<String>,
}

impl Files {
    fn of(country: &Country) -> Self {
        Self { metadata: country.metadata(), values: Some(country.values()) }
    }
}

impl Trial {
    /// A 2.42 source and a 2.43 destination.
    #[track_caller]
    pub(crate) fn between(source: &Country, destination: &Country) -> Self {
        Self::of_versions(Profile::V42, Profile::V43, source, destination)
    }

    /// Servers of any version.
    #[track_caller]
    pub(crate) fn of_versions(from: Profile, to: Profile, source: &Country, destination: &Country) -> Self {
        let trial = Self::unsynced(from, to, &Files::of(source), &Files::of(destination));
        trial.prepare("reader", "writer");
        trial
    }

    /// With users of the two files in place of `reader` and `writer`.
    #[track_caller]
    pub(crate) fn as_users(source: &Country, reader: &str, destination: &Country, writer: &str) -> Self {
        let trial = Self::unsynced(Profile::V42, Profile::V43, &Files::of(source), &Files::of(destination));
        trial.prepare(reader, writer);
        trial
    }

    /// A case of `fixtures/cases`, by the beginning of its folder's name; its sheets lie in the home.
    #[track_caller]
    pub(crate) fn of_case(name: &str) -> Self {
        let folder = case(name);
        let read = |file: &str| std::fs::read_to_string(folder.join(file));
        let files = |side: &str| Files {
            metadata: read(&format!("{side}.metadata.json")).unwrap(),
            values: read(&format!("{side}.values.json")).ok(),
        };
        let trial = Self::unsynced(Profile::V42, Profile::V43, &files("source"), &files("destination"));
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.extension().is_none_or(|extension| extension != "json") && name != "README.md" {
                trial.xfer.file(&name, std::fs::read(&path).unwrap());
            }
        }
        trial.prepare("reader", "writer");
        trial
    }

    #[track_caller]
    fn unsynced(from: Profile, to: Profile, source: &Files, destination: &Files) -> Self {
        let xfer = Xfer::new();
        xfer.file("password", PASSWORD);
        Self { xfer, source: start(Role::Source, from, source), destination: start(Role::Destination, to, destination) }
    }

    #[track_caller]
    fn prepare(&self, reader: &str, writer: &str) {
        let (source, destination) = (self.source.url(), self.destination.url());
        self.ok(&format!("server add src {source} --username {reader} --password-file password"));
        self.ok(&format!("server add dst {destination} --username {writer} --password-file password"));
        self.ok("server sync --all");
        let mut map = String::from("source_id,destination_id\n");
        for (source, destination) in self.pairs() {
            writeln!(map, "{source},{destination}").unwrap();
        }
        self.xfer.file("units.csv", map);
        self.ok("orgunit import src dst units.csv");
    }

    /// Units without units below them, with their counterparts.
    fn pairs(&self) -> Vec<(String, String)> {
        let known = |sandbox: &RunningSandbox| -> Vec<(String, Option<String>, String)> {
            sandbox.instance().with_state(|state| {
                let units = state.world.list("organisationUnits").iter();
                let leaves = units.filter(|unit| references(unit, "children").is_empty());
                let own = |unit, key| text(unit, key).map(str::to_owned);
                leaves.map(|unit| (own(unit, "id").unwrap(), own(unit, "code"), own(unit, "name").unwrap())).collect()
            })
        };
        let there = known(&self.destination);
        let find = |code: &Option<String>, name: &String| {
            let by_code = there.iter().find(|unit| code.is_some() && unit.1 == *code);
            by_code.or_else(|| there.iter().find(|unit| unit.2 == *name)).map(|unit| unit.0.clone())
        };
        known(&self.source)
            .into_iter()
            .filter_map(|(id, code, name)| find(&code, &name).map(|counterpart| (id, counterpart)))
            .collect()
    }

    /// Runs a command line, split at blanks.
    #[track_caller]
    #[must_use]
    pub(crate) fn run(&self, line: &str) -> Output {
        self.xfer.run(line)
    }

    /// Runs a command line that must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, line: &str) -> Output {
        self.xfer.run(line).expect_code(0)
    }

    /// Runs words that hold blanks.
    #[track_caller]
    #[must_use]
    pub(crate) fn args(&self, words: &[&str]) -> Output {
        self.xfer.args(words)
    }

    /// Runs a command line to its end and watches its memory.
    #[track_caller]
    pub(crate) fn watched(&self, line: &str) -> Watched {
        let mut outputs = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
        let [stdout, stderr] = outputs.each_ref().map(|file| Stdio::from(file.try_clone().unwrap()));
        let mut running = self.xfer.command(line).stdout(stdout).stderr(stderr).spawn().unwrap();
        let mut peak = 0;
        let status = loop {
            let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes: u64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
            peak = peak.max(kilobytes << 10);
            match running.try_wait().unwrap() {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let [stdout, stderr] = outputs.each_mut().map(|file| {
            let mut said = String::new();
            file.rewind().unwrap();
            file.read_to_string(&mut said).unwrap();
            said
        });
        Watched { code: status.code().unwrap_or(-1), peak, stdout, stderr }
    }

    /// A job `j` with these items (source and destination by name) and a routine `r` over these periods.
    #[track_caller]
    pub(crate) fn routine(&self, options: &str, items: &[(&str, &str)], periods: &str) {
        self.ok(&format!("job new j --from src --to dst {options}"));
        for (source, destination) in items {
            self.args(&["job", "add-item", "j", source, destination]).expect_code(0);
        }
        self.ok(&format!("routine new r --job j --periods {periods}"));
    }

    /// What the destination holds.
    pub(crate) fn values(&self) -> BTreeMap<Cell, String> {
        let rows = rows(&self.destination);
        rows.into_iter().map(|(cell, row)| (cell, row["value"].as_str().unwrap_or_default().to_owned())).collect()
    }

    /// One value of the destination; none where it has none.
    pub(crate) fn value(&self, cell: [&str; 5]) -> Option<String> {
        self.values().remove(&cell.map(str::to_owned))
    }

    /// One row of the destination as its API gives it: value, comment, follow-up and who wrote it.
    pub(crate) fn row(&self, cell: [&str; 5]) -> Option<Value> {
        rows(&self.destination).remove(&cell.map(str::to_owned))
    }

    /// Sets who may do what with an object of a server from now on: the letters of public sharing, `rwrw----` for
    /// everything, `rw------` for no data.
    #[track_caller]
    pub(crate) fn share(sandbox: &RunningSandbox, plural: &str, called: &str, letters: &str) {
        sandbox.instance().with_state(|state| {
            let id = id_of(&state.world, plural, called);
            let object = state.world.get_mut(plural, &id).unwrap();
            object.insert("sharing".into(), json!({"public": letters, "users": {}, "userGroups": {}}));
        });
    }

    /// Changes anything of a server: its metadata, users, values, settings.
    pub(crate) fn change<T>(sandbox: &RunningSandbox, act: impl FnOnce(&mut State) -> T) -> T {
        sandbox.instance().with_state(act)
    }

    /// Stores a value at a server, or takes it away.
    #[track_caller]
    pub(crate) fn store(sandbox: &RunningSandbox, cell: [&str; 5], value: Option<&str>) {
        sandbox.instance().with_state(|state| {
            let id = |plural: &str, called: &str| id_of(&state.world, plural, called);
            let combo = |called: &str| id("categoryOptionCombos", if called.is_empty() { "default" } else { called });
            let row = json!({"dataValues": [{
                "dataElement": id("dataElements", cell[0]), "categoryOptionCombo": combo(cell[1]),
                "attributeOptionCombo": combo(cell[2]), "orgUnit": id("organisationUnits", cell[3]),
                "period": cell[4], "value": value.unwrap_or_default(),
            }]});
            let loaded = Loaded { world: state.world.clone(), ..Loaded::default() };
            let mut read = Values::default();
            loaded.values(&row.to_string(), &mut read).unwrap();
            for (key, stored) in read.data {
                match value {
                    Some(_) => state.values.data.insert(key, stored),
                    None => state.values.data.remove(&key),
                };
            }
        });
    }
}

/// The id of an object by its code or name.
#[track_caller]
pub(crate) fn id_of(world: &World, plural: &str, called: &str) -> String {
    let has = |object: &&xfer_sandbox::world::Object| {
        ["code", "name", "username", "id"].iter().any(|key| text(object, key) == Some(called))
    };
    let found = world.list(plural).iter().find(has).unwrap_or_else(|| panic!("no `{called}` among the {plural}"));
    text(found, "id").unwrap().to_owned()
}

/// A server of a country that runs by itself.
#[track_caller]
pub(crate) fn server(profile: Profile, country: &Country) -> RunningSandbox {
    start(Role::Source, profile, &Files::of(country))
}

fn start(role: Role, profile: Profile, files: &Files) -> RunningSandbox {
    let loaded = Loaded::metadata(&files.metadata).unwrap_or_else(|refusal| panic!("{refusal}"));
    let mut values = Values::default();
    if let Some(text) = &files.values {
        loaded.values(text, &mut values).unwrap_or_else(|refusal| panic!("{refusal}"));
    }
    let instance = loaded.instance(role, profile, values);
    Sandbox::start_on_thread(Arc::new(instance), ServerOptions::default()).unwrap()
}

/// The folder of a case.
#[track_caller]
pub(crate) fn case(name: &str) -> PathBuf {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut folders = std::fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path());
    folders
        .find(|path| path.is_dir() && path.file_name().unwrap().to_string_lossy().starts_with(name))
        .unwrap_or_else(|| panic!("no case begins with `{name}`"))
}

/// Sends a request to a server's API as one of its users; its status and what it says.
pub(crate) fn send(sandbox: &RunningSandbox, user: &str, method: &str, target: &str, body: &Value) -> (u16, Value) {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{PASSWORD}"));
    let response = sandbox.instance().handle(&Request {
        method: method.into(),
        target: target.into(),
        headers: vec![
            ("authorization".into(), format!("Basic {pair}")),
            ("content-type".into(), "application/json".into()),
        ],
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
    });
    (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
}

/// Asks a server through its API as one of its users.
#[track_caller]
pub(crate) fn ask(sandbox: &RunningSandbox, user: &str, target: &str) -> Value {
    let (status, body) = send(sandbox, user, "GET", target, &Value::Null);
    assert_eq!(status, 200, "{target}: {body}");
    body
}

/// Every row that a server holds, by names.
pub(crate) fn rows(sandbox: &RunningSandbox) -> BTreeMap<Cell, Value> {
    rows_as(sandbox, "admin")
}

/// Every row that a server shows to a user.
pub(crate) fn rows_as(sandbox: &RunningSandbox, user: &str) -> BTreeMap<Cell, Value> {
    let world = sandbox.instance().with_state(|state| state.world.clone());
    let ids = |plural: &str| -> Vec<String> {
        world.list(plural).iter().filter_map(|object| text(object, "id")).map(str::to_owned).collect()
    };
    let roots: Vec<String> = world
        .list("organisationUnits")
        .iter()
        .filter(|unit| unit["level"] == 1)
        .map(|unit| format!("orgUnit={}", text(unit, "id").unwrap()))
        .collect();
    let called = |plural: &str, id: &Value, key: &str| {
        let object = world.get(plural, id.as_str().unwrap_or_default()).unwrap_or_else(|| panic!("{plural} {id}"));
        text(object, key).or_else(|| text(object, "name")).unwrap().to_owned()
    };
    let combo = |id: &Value| match called("categoryOptionCombos", id, "name").as_str() {
        "default" => String::new(),
        name => name.to_owned(),
    };
    let mut found = BTreeMap::new();
    for elements in ids("dataElements").chunks(100) {
        let elements: Vec<String> = elements.iter().map(|id| format!("dataElement={id}")).collect();
        let answer = ask(
            sandbox,
            user,
            &format!(
                "/api/dataValueSets?{}&{}&children=true&startDate=1900-01-01&endDate=2100-12-31",
                elements.join("&"),
                roots.join("&")
            ),
        );
        for row in answer["dataValues"].as_array().unwrap() {
            let of = |key: &str| if row[key].is_null() { &answer[key] } else { &row[key] };
            let cell = [
                called("dataElements", of("dataElement"), "code"),
                combo(of("categoryOptionCombo")),
                combo(of("attributeOptionCombo")),
                called("organisationUnits", of("orgUnit"), "name"),
                of("period").as_str().unwrap().to_owned(),
            ];
            assert!(found.insert(cell, row.clone()).is_none(), "two cells have the same names: {row}");
        }
    }
    found
}
