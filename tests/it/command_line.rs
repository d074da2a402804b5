//! The program as people meet it: the real binary, a home of its own, embedded servers.

use jiff::Timestamp;
use xfer::ops::sandbox::{PASSWORD, Ports, start};
use xfer_sandbox::faults::{Fault, Matcher};
use xfer_sandbox::profile::Profile;
use xfer_storage::store::{Home, RunLock};

use crate::support::Xfer;
use crate::support::office::{Office, cells, country, items, refused};

#[test]
fn help_shows_the_commands_own_options_and_names_where_the_others_are() {
    let xfer = Xfer::new();
    let global = xfer.run("help options").expect_code(0).stdout;
    for option in ["--home <FOLDER>", "--format <FORMAT>", "--yes", "--verbose", "--key-passphrase-file <FILE>"] {
        assert!(global.contains(option), "{global}");
    }
    assert_eq!(xfer.run("--home elsewhere help --format table options").expect_code(0).stdout, global);
    assert_eq!(xfer.run("help").expect_code(0).stdout, xfer.run("-h").expect_code(0).stdout);
    let help = xfer.run("server show --help").expect_code(0).stdout;
    insta::assert_snapshot!(help, @"
    Show a server and its cached metadata

    Usage: xfer server show <NAME>

    Arguments:
      <NAME>  The server

    Options:
      -h, --help  Print help

    Global options (--home, --format, --quiet, --yes, -v …): xfer help options
    ");
    assert_eq!(xfer.run("server show -h").expect_code(0).stdout, help);
    assert_eq!(xfer.run("help server show").expect_code(0).stdout, help);
}

#[test]
fn the_main_path_from_two_servers_to_a_proved_run_and_an_unchanged_second_one() {
    let office = Office::ready();
    let dry = office.xfer.run("run monthly --dry-run --format json").report();
    assert_eq!(dry["mode"], "dry-run");
    let before = office.servers.destination.values().data.len();
    let first = office.xfer.run("run monthly --format json").report();
    assert_eq!(cells(&first, "created"), cells(&dry, "created"), "the dry run said so");
    assert!(cells(&first, "created") > 100, "{first:#}");
    let held_back: u64 =
        first["findings"].as_array().unwrap().iter().map(|finding| finding["count"].as_u64().unwrap()).sum();
    assert!(held_back >= cells(&first, "held_back") && cells(&first, "held_back") > 0, "closed facilities are named");
    let created = usize::try_from(cells(&first, "created")).unwrap();
    assert_eq!(office.servers.destination.values().data.len(), before + created, "what is claimed is there");
    let second = office.xfer.run("run monthly --format json").report();
    assert_eq!(cells(&second, "created") + cells(&second, "updated"), 0);
    assert_eq!(cells(&second, "unchanged"), cells(&first, "unchanged") + cells(&first, "created"));
    assert_eq!(second["traffic"]["bytes_out"], 0, "nothing was sent");

    let runs = office.ok("runs list --format json").json();
    assert_eq!(runs.as_array().unwrap().len(), 3);
    let held = office.ok("runs cells last --state held_back --format csv").stdout;
    assert_eq!(held.lines().count() as u64, cells(&second, "held_back") + 1);
    assert!(
        held.starts_with("job,data_element,category_option_combo,attribute_option_combo,org_unit,period,previous,")
    );
    assert_eq!(office.ok("runs show last --format json").report()["run"], second["run"]);
    let dashboard = office.ok("");
    for word in ["tracker", "national", "malaria", "monthly", "incomplete"] {
        assert!(dashboard.stdout.contains(word), "\n{dashboard}");
    }
}

#[test]
fn a_map_goes_through_a_spreadsheet_and_back_unchanged() {
    let office = Office::mapped();
    let exported = office.ok("orgunit export tracker national").stdout;
    office.xfer.file("again.csv", &exported);
    let again = office.ok("orgunit import tracker national again.csv");
    assert!(again.stderr.contains("0 added, 0 changed, 0 removed"), "\n{again}");
    assert_eq!(office.ok("orgunit export tracker national").stdout, exported);
    let auto = office.ok("orgunit auto tracker national --format json").json();
    assert!(auto.as_array().unwrap().iter().all(|row| row["state"] != "confirmed" || row["why"] != ""));
}

#[test]
fn an_empty_home_says_what_to_do_first() {
    let xfer = Xfer::new();
    insta::assert_snapshot!(xfer.run("").expect_code(0), @r"
    --- stderr
    next: Add the server that values come from:
      xfer server add NAME URL --username NAME
    or use the guided setup:
      xfer init
    to see a complete transfer first, without your own servers:
      xfer demo
    --- exit code 0
    ");
    assert_eq!(std::fs::read_dir(xfer.home()).unwrap().count(), 0, "looking makes nothing");
}

#[test]
fn servers_that_cannot_be_used_are_not_kept() {
    let servers = start(Profile::V42, Profile::V42, Ports::Free).unwrap();
    let xfer = Xfer::new();
    xfer.file("password", PASSWORD);
    xfer.file("wrong", "not-the-password");
    xfer.file("token", "d2p_0000000000000000000000000000000000000000000000000000");
    let add = |url: &str, login: &str| xfer.run(&format!("server add tracker {url} {login}"));
    let basic = "--username reader --password-file password";
    let url = servers.source.url();

    refused(&add("http://127.0.0.1:1", basic), 5, &["tracker", "cannot be reached"]);
    refused(&add("http://dhis2.example.org", basic), 2, &["http://dhis2.example.org is not encrypted", "--allow-http"]);
    refused(&add("https://", basic), 2, &["web address"]);
    refused(&add("ftp://dhis2.example.org", basic), 2, &["https://"]);
    refused(&add(url, "--username reader --password-file wrong"), 7, &["tracker", "refuses the login"]);
    refused(&add(url, "--token-file token"), 7, &["tracker"]);
    refused(&add(url, "--username reader"), 2, &["password of reader at tracker", "--password-file"]);
    refused(&add(url, "--username reader --password-file missing"), 10, &["missing"]);
    servers.source.faults().add(Matcher::every("GET", "/api").first(8), Fault::LoginPage);
    refused(&add(url, basic), 7, &["web page"]);
    servers.source.faults().clear();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = xfer.file("open", PASSWORD);
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
        refused(&add(url, "--username reader --password-file open"), 2, &["other users", "chmod 600"]);
    }
    let kept = xfer.run("server list --format json").expect_code(0).json();
    assert_eq!(kept.as_array().unwrap().len(), 0, "nothing half-saved");
    let _ = add(url, basic).expect_code(0);
    refused(&add(url, basic), 2, &["tracker", "already"]);
}

#[test]
fn mistakes_in_files_are_named_by_line_and_column_and_nothing_is_imported() {
    let office = Office::mapped();
    let before = office.ok("orgunit list tracker national --format json").stdout;
    let units = country().true_org_units();
    let (first, second) = (&units[0], &units[1]);
    office.xfer.file(
        "bad.csv",
        format!(
            "source_id,destination_id,state\n{},{},\nXxxxxxxxxx1,{},\n{},abc,\n{},{},perhaps\n",
            first.source, second.destination, second.destination, second.source, units[2].source, units[2].destination
        ),
    );
    office.refused(
        "orgunit import tracker national bad.csv",
        2,
        &[
            "3 mistakes",
            "line 3, column source_id: `Xxxxxxxxxx1` is not an org unit of the source server",
            "line 4, column destination_id: `abc` is not a DHIS2 id",
            "line 5, column state: `perhaps` is not a state",
            "nothing was imported",
        ],
    );
    assert_eq!(office.ok("orgunit list tracker national --format json").stdout, before);
    let file = items("Programme paludisme").replacen('\n', "\nXxxxxxxxxx1,,,Yyyyyyyyyy1,,\n", 1);
    office.xfer.file("items.csv", file);
    office.refused(
        "job import malaria items.csv",
        2,
        &["line 2, column source_id", "Xxxxxxxxxx1", "nothing was imported"],
    );
    assert_eq!(office.ok("job show malaria --format json").json().as_array().unwrap().len(), 0);
}

#[test]
fn what_cannot_work_is_refused_by_name_with_the_code_of_the_table() {
    let office = Office::mapped();
    office.refused("job new other --from trakcer --to national", 2, &["no server `trakcer`", "did you mean tracker?"]);
    office.refused("job add-item malaria Nothing DE", 2, &["Nothing"]);
    let text = office.servers.destination.instance().with_state(|state| {
        let elements = state.world.list("dataElements");
        let numeric = elements
            .iter()
            .find(|element| {
                element["valueType"] == "INTEGER_ZERO_OR_POSITIVE" && element["categoryCombo"]["id"] == "bjDvmb4bfuf"
            })
            .cloned();
        numeric.and_then(|element| element["id"].as_str().map(str::to_owned)).unwrap()
    });
    let words = office.servers.source.instance().with_state(|state| {
        let elements = state.world.list("dataElements");
        let worded =
            elements.iter().find(|element| element["valueType"] == "TEXT" && element["domainType"] == "AGGREGATE");
        worded.and_then(|element| element["id"].as_str().map(str::to_owned)).unwrap()
    });
    office.refused(&format!("job add-item malaria {words} {text} --factor 2"), 2, &["item cannot work", "multiplied"]);
    assert_eq!(office.ok("job show malaria --format json").json().as_array().unwrap().len(), 0, "nothing half-saved");
    office.refused("routine new r --job malaria --periods 2024W54", 2, &["2024W54"]);
    office.refused("routine new r --job malaria --periods LAST_FORTNIGHT", 2, &["LAST_FORTNIGHT", "LAST_3_MONTHS"]);
    assert_eq!(office.ok("routine list --format json").json().as_array().unwrap().len(), 0);
    office.ok("routine new r --job malaria --periods LAST_MONTH");
    office.refused("run r", 2, &["malaria"]);
    office.refused("run nothing", 2, &["no routine `nothing`"]);
    office.refused("runs show last", 2, &["no run `last`"]);
    office.refused("server remove tracker --yes", 2, &["still used", "--cascade"]);
    office.refused("job remove malaria --yes", 2, &["still used"]);
    office.ok("server remove tracker --cascade --yes");
    assert_eq!(office.ok("job list --format json").json().as_array().unwrap().len(), 0);
}

#[test]
fn one_run_at_a_time_and_only_against_the_server_it_was_made_for() {
    let office = Office::ready();
    let id = office.ok("routine list --format json").json()[0]["id"].as_str().unwrap().parse().unwrap();
    let lock = RunLock::acquire(&Home::new(office.xfer.home()), id, Timestamp::now()).unwrap();
    office.refused("run monthly", 11, &["already running"]);
    drop(lock);
    office
        .servers
        .destination
        .instance()
        .with_state(|state| "another-system".clone_into(&mut state.settings.system_id));
    let sent = office.servers.destination.ledger().imports().len();
    office.refused("run monthly", 14, &["national"]);
    assert_eq!(office.servers.destination.ledger().imports().len(), sent, "nothing was sent to it");
}

#[test]
fn a_killed_run_is_simply_started_again() {
    let office = Office::ready();
    office.servers.destination.faults().add(Matcher::imports().nth(1), Fault::Stall);
    let mut running = office.xfer.command("run monthly").spawn().unwrap();
    while office.servers.destination.ledger().imports().is_empty() && running.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    running.kill().unwrap();
    running.wait().unwrap();
    office.servers.destination.faults().clear();
    let next = office.xfer.run("run monthly --format json").report();
    assert_eq!(cells(&next, "unknown") + cells(&next, "not_sent") + cells(&next, "differs"), 0);
    let last = office.xfer.run("run monthly --format json").report();
    assert_eq!(cells(&last, "created") + cells(&last, "updated"), 0, "nothing was lost, nothing doubled");
}

#[test]
fn the_demo_plays_to_its_end_and_leaves_nothing_behind() {
    let xfer = Xfer::new();
    for line in ["demo", "demo --profile 2.44"] {
        let demo = xfer.run(line).expect_code(0);
        let words = ["$ xfer server sync --all", "$ xfer run monthly --dry-run", "read back:", "PALU CAS CONFIRMES"];
        for word in words {
            assert!(demo.stdout.contains(word), "{word} is missing\n{demo}");
        }
    }
    assert_eq!(std::fs::read_dir(xfer.home()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn what_a_killed_demo_leaves_goes_when_the_next_one_starts_and_a_running_one_stays() {
    use std::io::{BufRead, BufReader};

    let xfer = Xfer::new();
    // The first line that it says comes when its folder and servers are there.
    let start = || {
        let mut demo = xfer.command("demo").stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.by_ref().any(|line| line.contains("xfer server add")));
        (demo, lines)
    };
    let folders = || std::fs::read_dir(xfer.home()).unwrap().count();
    let (mut killed, _said) = start();
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(folders(), 1);
    let (mut running, _still) = start();
    assert_eq!(folders(), 1, "what was left is gone, and the running one has its own");
    let (mut beside, _said) = start();
    assert_eq!(folders(), 2, "nobody takes away what another works in");
    for demo in [&mut running, &mut beside] {
        demo.kill().unwrap();
        demo.wait().unwrap();
    }
    let _ = xfer.run("demo").expect_code(0);
    assert_eq!(folders(), 0);
}

#[test]
fn the_sandbox_runs_until_it_is_told_to_end() {
    use std::io::{BufRead, BufReader};

    let xfer = Xfer::new();
    let mut command = xfer.command("sandbox --format csv --write-mapping mapping");
    let mut sandbox = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(sandbox.stdout.take().unwrap()).lines().take(3);
    let lines: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(lines.len() == 3 && lines[1].contains("http://127.0.0.1:") && lines[2].ends_with("writer,Sample-Pass-1"));
    let (url, _) = lines[1].split_once(",reader").unwrap();
    xfer.file("password", PASSWORD);
    let url = url.rsplit(',').next().unwrap();
    xfer.run(&format!("server add it {url} --username reader --password-file password")).expect_code(0);
    assert!(xfer.home().join("mapping/map.csv").exists());
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
}

#[test]
fn an_exchange_of_dhis2_becomes_a_job_in_one_step() {
    let office = Office::between(Profile::V43);
    office.ok("server sync --all");
    let exchange = serde_json::json!({
        "name": "Surgery",
        "source": {"requests": [{
            "name": "monthly",
            "dx": ["rQpXimYCJBs", "Xxxxxxxxxx1"],
            "pe": ["LAST_3_MONTHS"],
            "ou": ["LEVEL-4"],
            "outputDataElementIdScheme": "CODE"
        }]},
        "target": {"type": "EXTERNAL"}
    });
    office.xfer.file("exchange.json", exchange.to_string());
    let dry = office.ok("job exchange surgery exchange.json --from tracker --to national --dry-run");
    assert!(dry.stderr.contains("1 item would be added; nothing was saved (--dry-run)"), "\n{dry}");
    office.refused("job show surgery", 2, &["surgery"]);
    let made = office.ok("job exchange surgery exchange.json --from tracker --to national");
    for said in [
        "note: request monthly: Xxxxxxxxxx1 was left out: the source has nothing with that name",
        "made the job surgery, from tracker to national, Monthly",
        "1 item added; surgery has 1 now",
        "xfer routine new NAME --job surgery --periods LAST_3_MONTHS",
    ] {
        assert!(made.stderr.contains(said), "{said}\n{made}");
    }
    assert_eq!(office.ok("job show surgery --format json").json().as_array().unwrap().len(), 1);
    // Once more it is taken over into the job that is there.
    let again = office.ok("job exchange surgery exchange.json");
    assert!(again.stderr.contains("0 items added, 1 there before"), "\n{again}");
    let half = office.xfer.run("job exchange other exchange.json --from tracker").expect_code(2);
    assert!(half.stderr.contains("--to <SERVER>"), "\n{half}");
    let nothing = exchange.to_string().replace("rQpXimYCJBs", "Xxxxxxxxxx2");
    office.xfer.file("nothing.json", nothing);
    let none = office.xfer.run("job exchange other nothing.json --from tracker --to national").expect_code(2);
    assert!(none.stderr.contains("the job other was not made: it would have no items"), "\n{none}");
}
