//! Every word that the doctor has is provoked here by what it is about, so that none can be promised and never said.
//!
//! `scenarios!` makes a test of each scenario and a list of all their words; the last test holds the list against the
//! tables, and fails where a word was added that nothing provokes.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use xfer::ops::doctor_codes as codes;
use xfer_domain::metadata::{DataInputPeriod, DataSetElement, Metadata};
use xfer_domain::server::{Account, LastAnswer, ServerId, ServerIdentity};
use xfer_domain::uid::Uid;
use xfer_sandbox::faults::{Fault, Matcher};
use xfer_sandbox::profile::Profile;
use xfer_storage::store::{AnalyticsFlags, ConfigStore, Home, SyncedServer};

use crate::support::office::Office;
use crate::support::{Output, Xfer};

type Words = BTreeSet<String>;

macro_rules! scenarios {
    ($($scenario:ident: $($word:literal)+;)+) => {
        const PROVOKED: &[&str] = &[$($($word),+),+];
        mod told {
            $(
                #[test]
                fn $scenario() {
                    let found = super::$scenario();
                    for word in [$($word),+] {
                        assert!(found.contains(word), "{word} is not among {found:?}");
                    }
                }
            )+
        }
    };
}

scenarios! {
    an_empty_home: "home-empty";
    a_home_that_cannot_be_written: "home-not-writable" "home-open-to-others";
    damage_in_the_home: "database-unusable";
    a_key_that_a_passphrase_closes: "key-closed";
    open_and_missing_files: "file-open-to-others" "xfer-file-unusable" "login-unusable";
    schedules_that_do_not_stand: "schedule-gone" "schedule-altered" "schedule-not-started" "schedule-unseen"
        "schedule-cannot-run" "scheduled-file-outdated" "run-missed";
    servers_on_the_wire: "server-unreachable" "login-refused" "another-system" "clock-differs" "server-changed"
        "zeros-left-out" "never-synced";
    an_address_without_encryption: "not-encrypted";
    what_servers_said_before: "version-untested" "calendar-unsupported" "calendar-differs" "no-capture-org-units"
        "no-view-org-units" "proof-not-possible" "no-import-authority" "no-output-period-types" "analytics-never-run"
        "analytics-stale";
    what_only_the_test_of_a_server_says: "cannot-import" "analytics-never-built";
    a_destination_set_up_badly: "data-set-no-write" "input-periods-inverted" "options-restricted" "in-several-data-sets";
    maps_and_jobs: "map-has-errors" "job-has-errors" "mapped-things-changed";
    an_exchange_of_the_destination: "exchange-writes-too";
}

#[test]
fn no_word_of_the_doctor_is_without_something_that_provokes_it() {
    let promised: BTreeSet<&str> = codes::ALL.iter().chain(codes::OF_RUNS).map(|code| code.word).collect();
    let provoked: BTreeSet<&str> = PROVOKED.iter().copied().collect();
    assert_eq!(provoked, promised);
}

#[test]
fn the_doctor_borrows_no_word_that_is_not_in_its_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ops");
    let files = std::fs::read_dir(root.join("doctor")).unwrap().map(|entry| entry.unwrap().path());
    let product: Vec<String> = files
        .chain([root.join("servers.rs")])
        .map(|path| std::fs::read_to_string(path).unwrap().split("#[cfg(test)]").next().unwrap().to_owned())
        .collect();
    let list = std::fs::read_to_string(root.join("doctor_codes.rs")).unwrap();
    let listed = |name: &str| list.contains(&format!("&finding::{name},"));
    let mut seen = 0;
    for text in product {
        for module in ["finding::", "of_runs::"] {
            for (at, _) in text.match_indices(module) {
                let name: String =
                    text[at + module.len()..].chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
                if name.len() > 3 && name != "ALL" {
                    seen += 1;
                    assert!(listed(&name), "{name} is not in codes::OF_RUNS");
                }
            }
        }
    }
    assert!(seen >= 8, "the words are written otherwise than this test thinks");
}

fn words(output: &Output) -> Words {
    output.json().as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

fn online(xfer: &Xfer) -> Words {
    words(&xfer.run("doctor --format json"))
}

fn offline(xfer: &Xfer) -> Words {
    words(&xfer.run("doctor --offline --format json"))
}

fn config(office: &Office) -> ConfigStore {
    ConfigStore::open(&Home::new(office.xfer.home())).unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn an_empty_home() -> Words {
    online(&Xfer::new())
}

fn a_home_that_cannot_be_written() -> Words {
    // Not even root makes files there.
    let output = Xfer::new().run("--home /proc doctor --format json");
    words(&output)
}

fn damage_in_the_home() -> Words {
    let xfer = Xfer::new();
    xfer.file("config.db", "no database at all, although it is long enough to be taken for one".repeat(20));
    online(&xfer)
}

fn a_key_that_a_passphrase_closes() -> Words {
    let office = Office::ready();
    office.xfer.file("passphrase", "moringa kasava tilapia");
    office.ok("key protect --passphrase-file passphrase");
    online(&office.xfer)
}

fn open_and_missing_files() -> Words {
    let office = Office::ready();
    office.xfer.file("broken.xfer", "no xfer file at all");
    std::fs::remove_file(office.xfer.home().join("key")).unwrap();
    set_mode(&office.xfer.home().join("config.db"), 0o644);
    offline(&office.xfer)
}

fn schedules_that_do_not_stand() -> Words {
    let office = Office::ready();
    let home = office.xfer.home();
    office.ok("routine export monthly monthly.xfer --new-key-file run-key");
    let install = |name: &str, how: &str| {
        office.ok(&format!("routine export monthly {name}.xfer --key-file run-key"));
        office.ok(&format!("schedule install {name}.xfer --key-file run-key --at 02:30 {how}"));
    };
    let folder = home.join("cron.d");
    for name in ["gone", "altered", "moved", "missed"] {
        install(name, "--for cron-d --folder cron.d");
    }
    install("idle", "--for systemd --folder units");
    std::fs::remove_file(folder.join("xfer-gone")).unwrap();
    let altered = folder.join("xfer-altered");
    std::fs::write(&altered, std::fs::read_to_string(&altered).unwrap().replace("30 2 ", "45 2 ")).unwrap();
    std::fs::rename(home.join("moved.xfer"), home.join("elsewhere.xfer")).unwrap();
    // As if it had been installed long ago, and nobody had started anything since.
    let record = home.join("schedules/missed.json");
    let mut kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    kept["installed_at"] = json!("2020-01-01T00:00:00Z");
    std::fs::write(&record, kept.to_string()).unwrap();
    // A crontab cannot be looked at where there is no such program.
    let unseen = home.join("schedules/unseen.json");
    kept["name"] = json!("unseen");
    kept["scheduler"] = json!("cron");
    kept["parts"] = json!([{"file": null, "text": "line"}]);
    std::fs::write(&unseen, kept.to_string()).unwrap();
    office.ok("routine edit monthly --periods LAST_3_MONTHS");
    let output = office.xfer.prepared(&["doctor", "--offline", "--format", "json"]).env("PATH", home).output().unwrap();
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    rows.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

fn servers_on_the_wire() -> Words {
    let office = Office::ready();
    office.xfer.file("wrong", "not-the-password");
    let (source, destination) = (&office.servers.source, &office.servers.destination);
    office.ok("server add nobody http://127.0.0.1:1 --username reader --password-file password --no-test");
    office.ok(&format!("server add closed {} --username reader --password-file wrong --no-test", source.url()));
    source.instance().with_state(|state| state.profile = Profile::V41);
    destination.instance().with_state(|state| {
        "another".clone_into(&mut state.settings.system_id);
        "2020-01-01T00:00:00".clone_into(&mut state.settings.now);
        state.settings.include_zeros = false;
    });
    let mut found = online(&office.xfer);
    source.faults().add(Matcher::every("GET", "/api/system/info"), Fault::LoginPage);
    found.extend(online(&office.xfer));
    found
}

fn an_address_without_encryption() -> Words {
    let xfer = Xfer::new();
    xfer.file("password", "Sample-Pass-1");
    let add = "server add plain http://dhis2.example.org --username reader --password-file password";
    let _ = xfer.run(&format!("{add} --allow-http --no-test")).expect_code(0);
    offline(&xfer)
}

/// What servers said in answers of the past is told from the store, with its age.
fn what_servers_said_before() -> Words {
    let office = Office::ready();
    let mut config = config(&office);
    let id = |name: &str| config.server(name).unwrap().id;
    let (tracker, national) = (id("tracker"), id("national"));
    let identity = config.server("national").unwrap().identity.unwrap();
    let strange = ServerIdentity {
        version: "2.30.1".parse().unwrap(),
        calendar: "ethiopian".to_owned(),
        ..config.server("tracker").unwrap().identity.unwrap()
    };
    let account = config.server_settings(national).unwrap().account.unwrap();
    let nowhere = Account {
        organisation_units: Vec::new(),
        data_view_organisation_units: Vec::new(),
        ..config.server_settings(tracker).unwrap().account.unwrap()
    };
    let unseen =
        Account { authorities: Vec::new(), organisation_units: vec![Uid::parse("OuNowhere01").unwrap()], ..account };
    let zeros = AnalyticsFlags { includes_zeros: Some(false), output_period_types_missing: Some(false) };
    let no_types = AnalyticsFlags { includes_zeros: Some(true), output_period_types_missing: Some(true) };
    config.update_identity(tracker, &strange, &nowhere, zeros).unwrap();
    config.update_identity(national, &identity, &unseen, no_types).unwrap();
    let mut said = |built: Option<&str>| {
        let answer = LastAnswer {
            asked_at: Timestamp::now(),
            server_date: "2026-11-22T12:00:00".parse().unwrap(),
            analytics_at: built.map(|built| built.parse().unwrap()),
            exchanges: Vec::new(),
        };
        config.keep_answer(tracker, &answer).unwrap();
    };
    said(None);
    office.ok("job edit malaria --read analytics");
    office.ok("routine edit monthly --max-analytics-age 24");
    let first = office.xfer.run("doctor --offline --format json");
    assert!(first.stdout.contains("as it said 0 minutes ago"), "\n{first}");
    said(Some("2026-11-20T12:00:00"));
    words(&first).into_iter().chain(offline(&office.xfer)).collect()
}

fn what_only_the_test_of_a_server_says() -> Words {
    let office = Office::mapped();
    office.servers.source.instance().with_state(|state| state.settings.analytics_built = false);
    let told = office.xfer.run("server test tracker").stderr;
    let words = told.lines().filter_map(|line| line.strip_suffix(')')?.rsplit_once('('));
    words.map(|(_, code)| code.to_owned()).collect()
}

/// Keeps another copy of a server's metadata, as if it had been synced.
fn spoil(config: &mut ConfigStore, server: ServerId, act: impl FnOnce(&mut Metadata)) {
    let mut metadata = config.load_metadata(server).unwrap();
    act(&mut metadata);
    let known = config.server_by_id(server).unwrap();
    let settings = config.server_settings(server).unwrap();
    let synced = SyncedServer {
        metadata: &metadata,
        identity: &known.identity.unwrap(),
        account: &settings.account.unwrap(),
        analytics: settings.analytics,
        synced_at: &known.synced_at.unwrap(),
    };
    config.save_metadata(server, &synced).unwrap();
}

fn a_destination_set_up_badly() -> Words {
    let office = Office::ready();
    let mut config = config(&office);
    let national = config.server("national").unwrap().id;
    let written: BTreeSet<Uid> =
        config.job("malaria").unwrap().items.iter().map(|item| item.destination.data_element).collect();
    spoil(&mut config, national, |metadata| {
        let element = *written.first().unwrap();
        let set = metadata.data_sets_of(element).next().unwrap().clone();
        let mut second = set.clone();
        second.id = Uid::parse("SecondSet01").unwrap();
        second.data_set_elements = vec![DataSetElement { data_element: element, category_combo: None }];
        metadata.data_sets.insert(second.id, second);
        let own = metadata.data_sets.get_mut(&set.id).unwrap();
        own.access.write = false;
        own.data_input_periods =
            vec![DataInputPeriod { period: "202401".parse().unwrap(), opening_date: None, closing_date: None }];
        let combos = metadata.category_combos[&set.category_combo].category_option_combos.clone();
        let option = combos.iter().find_map(|combo| metadata.category_option_combos[combo].category_options.first());
        let units = (0..1000).map(|number| Uid::parse(&format!("OuFiller{number:03}")).unwrap()).collect();
        metadata.category_options.get_mut(option.unwrap()).unwrap().organisation_units = units;
    });
    offline(&office.xfer)
}

fn maps_and_jobs() -> Words {
    let office = Office::ready();
    let mut config = config(&office);
    let national = config.server("national").unwrap().id;
    let items = config.job("malaria").unwrap().items;
    spoil(&mut config, national, |metadata| {
        metadata.data_elements.remove(&items[0].destination.data_element);
        let changed = metadata.data_elements.get_mut(&items[1].destination.data_element);
        if let Some(changed) = changed {
            changed.name.push_str(" (new)");
        }
        let deepest = metadata.organisation_units.values().max_by_key(|unit| unit.path.len()).unwrap().id;
        metadata.organisation_units.remove(&deepest);
    });
    offline(&office.xfer)
}

fn an_exchange_of_the_destination() -> Words {
    let office = Office::ready();
    let element = config(&office).job("malaria").unwrap().items[0].destination.data_element;
    let destination = office.servers.destination.instance();
    let now = Timestamp::now().to_zoned(TimeZone::UTC).datetime().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    destination.with_state(|state| {
        state.settings.now = now;
        let exchange = |id: &str, name: &str, kind: &str| {
            json!({
                "id": id, "name": name,
                "source": {"params": {"periodTypes": ["MONTHLY"]}, "requests": [
                    {"name": "values", "dx": [element], "pe": ["LAST_MONTH"], "ou": ["LEVEL-4"], "outputIdScheme": "UID"},
                ]},
                "target": {"type": kind, "api": {"url": "https://other.example.org", "accessToken": "d2p_secret"}},
            })
        };
        for exchange in [exchange("AdeExport01", "Out", "EXTERNAL"), exchange("AdeIntern01", "Own figures", "INTERNAL")]
        {
            state.world.add("aggregateDataExchanges", exchange.as_object().unwrap().clone());
        }
    });
    let asked = office.xfer.run("doctor --format json");
    assert!(asked.stdout.contains("aggregate data exchange Own figures writes"), "\n{asked}");
    assert!(!asked.stdout.contains("exchange Out"), "it writes elsewhere\n{asked}");
    assert!(!offline(&office.xfer).contains("exchange-writes-too"), "not known before a sync");
    office.ok("server sync national");
    let told = office.xfer.run("doctor --offline --format json");
    assert!(told.stdout.contains("Own figures writes") && told.stdout.contains("as it said"), "\n{told}");
    words(&asked).intersection(&words(&told)).cloned().collect()
}
