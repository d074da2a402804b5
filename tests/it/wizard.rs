//! The wizard, as a person at a terminal meets it.
#![cfg(unix)]

use xfer::ops::sandbox::{PASSWORD, Ports, RunningPair, start};
use xfer_sandbox::profile::Profile;

use crate::support::Xfer;
use crate::support::office::Office;
use crate::support::person::{CONTROL_C, DOWN, ENTER, ESCAPE, Person, UP};

fn servers() -> RunningPair {
    start(Profile::V42, Profile::V43, Ports::Free).unwrap()
}

/// Answers everything about one server.
fn adds(person: &mut Person, url: &str, user: &str, password: &str) {
    person.answers("Name of the server", "");
    person.answers("Address, as in your browser", url);
    person.answers("How do you log in", "");
    person.answers("User name", user);
    person.answers_secretly(&format!("Password of {user} at"), password);
}

/// Takes what is likely, and leaves what is doubtful for later.
fn maps_what_is_clear(person: &mut Person) {
    person.sees("3 of 7 · Org units");
    person.answers("What to do with them", "");
    person.is_asked("Map it to");
    person.presses(&format!("{UP}{ENTER}"));
    person.answers("What now", "");
}

fn makes_a_job(person: &mut Person) {
    person.sees("4 of 7 · Job");
    person.answers("Name of the job", "soins");
    person.answers("What do you want to transfer", "");
    person.answers("Which data set", "Rapport mensuel");
    person.answers("What to do with them", "");
    person.is_asked("Map it to");
    person.presses(&format!("{DOWN}{ENTER}"));
    person.answers("What do you want to transfer", "");
    person.answers("Do you want to change values during the transfer", "");
}

fn makes_a_routine(person: &mut Person) {
    person.sees("5 of 7 · Routine");
    person.answers("Name of the routine", "");
    person.answers("Periods of each run", "");
    person.answers("What to do then", "");
    person.answers("change very many", "");
    person.answers("What to do with them", "");
    person.answers("Alert when a run fails", "");
}

#[test]
fn a_newcomer_is_led_from_an_empty_home_to_a_finished_first_run() {
    let servers = servers();
    let xfer = Xfer::new();
    let mut person = Person::start(&xfer, "", 100);
    person.is_asked("Start the guided setup now");
    person.presses("y");
    person.sees("1 of 7 · Servers");
    adds(&mut person, servers.source.url(), "reader", PASSWORD);
    person.sees("logged in as reader");
    adds(&mut person, servers.destination.url(), "writer", PASSWORD);
    person.sees("Values go from tracker to national");
    maps_what_is_clear(&mut person);
    makes_a_job(&mut person);
    makes_a_routine(&mut person);
    person.sees("6 of 7 · First run");
    let dry = person.is_asked("Write this to the destination");
    assert!(dry.contains("would be created"), "{dry}");
    assert!(servers.destination.ledger().imports().iter().all(|import| import.target.contains("dryRun=true")));
    person.presses(ENTER);
    person.sees("7 of 7 · Unattended");
    person.answers("Open it with", "");
    person.answers("Where to write the file", "nightly.xfer");
    person.answers("Where to write the key", "nightly.key");
    person.sees("The setup is complete");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains(PASSWORD), "the password was shown\n{seen}");
    for command in [
        "xfer server add tracker",
        "xfer server sync tracker",
        "xfer orgunit auto tracker national",
        "xfer job new soins --from tracker --to national",
        "xfer job auto soins --data-set 'Rapport mensuel de soins' --accept likely",
        "xfer routine new monthly --job soins --periods LAST_3_MONTHS",
        "xfer run monthly --dry-run",
        "--at 02:30 --for ",
    ] {
        assert!(seen.contains(command), "{command} was not told\n{seen}");
    }
    let report = xfer.run("runs show last --format json").report();
    assert_eq!(report["mode"], "run");
    assert!(report["cells"]["created"].as_u64().unwrap() > 1_000, "{report:#}");
    let again = xfer.run("run monthly --format json").report();
    assert_eq!(again["cells"]["created"], 0, "{again:#}");
    let exec = xfer.run("exec nightly.xfer --key-file nightly.key --format json").report();
    assert_eq!(exec["cells"]["unchanged"], again["cells"]["unchanged"], "the file does what the routine does");
    let files = xfer.run("--format json").expect_code(0).json()["files"].clone();
    assert_eq!((&files[0]["routine"], &files[0]["state"]), (&"monthly".into(), &"up to date".into()));
    let _ = xfer.run("routine edit monthly --periods LAST_MONTH").expect_code(0);
    let files = xfer.run("--format json").expect_code(0).json()["files"].clone();
    assert_eq!(files[0]["state"], "older than the routine: export it again");
}

#[test]
fn what_was_answered_before_an_interruption_is_not_asked_again() {
    let servers = servers();
    let xfer = Xfer::new();
    let mut person = Person::start(&xfer, "init", 80);
    adds(&mut person, servers.source.url(), "reader", PASSWORD);
    person.answers("Name of the server", "");
    person.answers("Address", servers.destination.url());
    person.answers("How do you log in", "");
    person.is_asked("User name");
    person.presses(CONTROL_C);
    let (code, seen) = person.ends();
    assert_eq!(code, 130, "{seen}");
    assert!(seen.contains("finished steps are saved; to resume: xfer init"), "{seen}");
    let (hidden, shown) = (seen.rfind("\u{1b}[?25l"), seen.rfind("\u{1b}[?25h"));
    assert!(hidden < shown, "the cursor stays hidden\n{seen}");

    let mut person = Person::start(&xfer, "init", 80);
    person.answers("Is it the source or the destination", "");
    adds(&mut person, servers.destination.url(), "writer", PASSWORD);
    person.sees("3 of 7 · Org units");
    person.answers("What to do with them", "");
    person.is_asked("Map it to");
    person.presses(&format!("{UP}{ENTER}"));
    person.is_asked("What now");
    person.presses(&format!("{DOWN}{ENTER}"));
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("xfer orgunit map tracker national"), "{seen}");
    let mapped = |xfer: &Xfer| {
        let rows = xfer.run("orgunit list tracker national --state confirmed --format json").expect_code(0).json();
        rows.as_array().unwrap().len()
    };
    let before = mapped(&xfer);
    assert!(before > 150, "{before} org units are mapped");

    // The doubtful ones come first now: nothing that was taken is asked again.
    let mut person = Person::start(&xfer, "orgunit map tracker national", 80);
    person.is_asked("Map it to");
    person.presses(ENTER);
    if person.sees_one_of(&["Map both to it", "What to do with them"]) == "Map both to it" {
        person.presses("n");
        person.is_asked("Map it to");
    }
    person.presses(ESCAPE);
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(mapped(&xfer) >= before, "{seen}");

    let mut person = Person::start(&xfer, "init", 80);
    person.answers("Which direction", "");
    person.sees("tracker was synced at");
    // Nothing is left but what has no counterpart.
    person.answers("What to do with them", "");
    makes_a_job(&mut person);
    makes_a_routine(&mut person);
    person.is_asked("Write this");
    person.presses(&format!("{DOWN}{ENTER}"));
    person.is_asked("Open it with");
    person.presses(&format!("{UP}{ENTER}"));
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("Nothing was written"), "{seen}");
}

#[test]
fn wrong_answers_get_a_sentence_and_the_same_question_again() {
    let servers = servers();
    let xfer = Xfer::new();
    let mut person = Person::start(&xfer, "server add", 100);
    person.answers("Name of the server", "a/b");
    person.sees("`a/b` cannot be a name");
    person.answers("Name of the server", "tracker");
    person.answers("Address", "what address?");
    person.sees("`what address?` is not a web address such as https://dhis2.example.org");
    person.answers("Address", "ftp://dhis2.example.org");
    person.sees("it must begin with https://");
    person.answers("Address", &servers.source.url().replace("http://", "https://"));
    person.answers("How do you log in", "");
    person.answers("User name", "reader");
    person.answers_secretly("Password of reader", "not-the-password");
    person.sees("does not use TLS");
    person.answers("What now", "");
    person.answers("Address", servers.source.url());
    person.sees("refuses the login");
    person.answers("What now", "");
    person.answers_secretly("Password of reader", PASSWORD);
    person.sees("logged in as reader");
    person.is_asked("Sync its metadata now");
    person.presses("n");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("not-the-password") && !seen.contains(PASSWORD), "{seen}");
    assert_eq!(xfer.run("server list --format json").expect_code(0).json().as_array().unwrap().len(), 1);

    let mut person = Person::start(&xfer, "server edit tracker", 100);
    person.is_asked("What do you want to change");
    person.presses(&format!("{UP}{ENTER}"));
    person.answers("How do you log in", "");
    person.answers("User name", "reader");
    person.answers_secretly("Password of reader", "another-wrong-one");
    person.sees("refuses the login");
    person.answers("Nothing was changed. What now", "");
    person.answers("How do you log in", "");
    person.answers("User name", "reader");
    person.answers_secretly("Password of reader", PASSWORD);
    person.sees("changed tracker");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("xfer server edit tracker --username reader --password-file FILE"), "{seen}");
}

#[test]
fn without_a_terminal_a_missing_answer_fails_at_once_and_names_what_is_missing() {
    let xfer = Xfer::new();
    for (line, words) in [
        ("init", "xfer server add"),
        ("server add", "the server's name is missing, and there is no terminal to ask for it"),
        ("server add tracker", "the server's address is missing"),
        ("server add tracker https://dhis2.example.org", "--username NAME --password-file FILE"),
        ("job new", "the job's name is missing"),
        ("job new soins", "--from, the source server, is missing"),
        ("job new soins --from tracker", "--to, the destination server, is missing"),
        ("routine new", "the routine's name is missing"),
        ("routine new monthly", "--job is missing"),
        ("routine new monthly --job soins", "--periods is missing"),
        ("routine edit monthly", "--periods"),
        ("server edit tracker", "--rename"),
        ("orgunit map", "--to UNIT"),
    ] {
        let output = xfer.run(line).expect_code(2);
        assert!(output.stderr.contains(words), "{words}\n{output}");
    }
}

#[test]
fn a_plugin_is_attached_by_answering_and_a_dry_run_shows_what_it_changes() {
    let office = Office::ready();
    let mut person = Person::start(&office.xfer, "job edit malaria", 100);
    person.is_asked("What do you want to change");
    person.presses(&format!("{DOWN}{DOWN}{DOWN}{ENTER}"));
    person.is_asked("Do you want to change values during the transfer");
    person.presses(&format!("{DOWN}{ENTER}"));
    person.is_asked("Which plugin");
    person.presses(&format!("scale: Mult{ENTER}"));
    person.answers("Attach it to", "");
    person.answers("By what should every value be multiplied", "much");
    person.sees("factor=much does not fit: factor is a number");
    person.answers("By what should every value be multiplied", "3");
    person.sees("For example:");
    person.answers("Attach it with these settings", "");
    person.sees("plugin:scale (factor=3) is attached to the job malaria.");
    person.answers("Do you want to change values during the transfer", "");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    let command = "xfer script attach plugin:scale --job malaria --param factor=3";
    assert!(seen.contains(command), "{seen}");
    let report = office.xfer.run("run monthly --dry-run --format json").report();
    let scripts = report["scripts"].as_array().unwrap();
    assert_eq!((scripts.len(), &scripts[0]["script"]), (1, &"plugin:scale".into()));
    assert!(scripts[0]["changed"].as_u64().unwrap() > 100, "{report:#}");
    let example = &scripts[0]["examples"][0];
    let number = |key: &str| example[key].as_str().unwrap().parse::<f64>().unwrap();
    assert!((number("after") - 3.0 * number("before")).abs() < 1e-9, "{example}");
    office.ok("script detach plugin:scale --job malaria");
    office.ok(command.strip_prefix("xfer ").unwrap());
    let again = office.xfer.run("run monthly --dry-run --format json").report();
    assert_eq!(again["scripts"], report["scripts"], "the command that was told does the same");
}

/// What a terminal shows without its colours and moves, line by line.
fn lines(seen: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut characters = seen.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            let _ = characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain.split(['\r', '\n']).map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn what_is_taken_together_was_shown_before_and_fits_the_terminal() {
    let servers = servers();
    let xfer = Xfer::new();
    xfer.file("password", PASSWORD);
    for (name, url, user) in
        [("tracker", servers.source.url(), "reader"), ("national", servers.destination.url(), "writer")]
    {
        let _ = xfer.run(&format!("server add {name} {url} --username {user} --password-file password")).expect_code(0);
    }
    let _ = xfer.run("server sync --all").expect_code(0);
    let mut person = Person::start(&xfer, "orgunit map tracker national", 80);
    let shown = person.is_asked("What to do with them");
    assert!(!shown.contains(" more"), "{shown}");
    let matches = lines(&shown).iter().filter(|line| line.contains(" → ")).count();
    person.sees(&format!("accept all {matches}"));
    person.presses(ENTER);
    person.is_asked("Map it to");
    person.presses(ESCAPE);
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(matches > 12, "{matches}");
    for line in lines(&seen) {
        assert!(console_width(&line) <= 80, "{line}");
    }
    let rows = xfer.run("orgunit list tracker national --state confirmed --format json").expect_code(0).json();
    let likely = rows.as_array().unwrap().len();
    assert!(likely > matches, "{likely}");
}

/// Columns of a line of letters, none of which is wide here.
fn console_width(line: &str) -> usize {
    line.chars().filter(|letter| !matches!(letter, '\u{300}'..='\u{36f}')).count()
}

#[test]
fn an_import_is_asked_about_and_a_no_changes_nothing() {
    let office = Office::ready();
    let before = office.ok("orgunit export tracker national").stdout;
    let unit = before.lines().nth(30).unwrap().split(',').next().unwrap();
    office.xfer.file("out.csv", format!("source_id,destination_id,state\n{unit},,ignored\n"));
    let items = office.ok("job export malaria").stdout;
    office.xfer.file("one.csv", items.lines().take(2).collect::<Vec<_>>().join("\n"));
    for (command, export, before) in [
        ("orgunit import tracker national out.csv", "orgunit export tracker national", &before),
        ("job import malaria one.csv --replace", "job export malaria", &items),
    ] {
        for (key, code) in [("n", 2), ("y", 0)] {
            let mut person = Person::start(&office.xfer, command, 80);
            person.sees("Apply this?");
            person.presses(key);
            let (ended, seen) = person.ends();
            assert_eq!(ended, code, "{seen}");
            assert_eq!(office.ok(export).stdout == *before, key == "n", "{seen}");
        }
    }
}

#[test]
fn one_server_under_two_names_is_said_at_once() {
    let servers = servers();
    let xfer = Xfer::new();
    let mut person = Person::start(&xfer, "init", 120);
    adds(&mut person, servers.source.url(), "reader", PASSWORD);
    // Said before a login is typed; what Enter takes is another address.
    person.answers("Name of the server", "");
    person.answers("Address, as in your browser", servers.source.url());
    person.sees("the same DHIS2 server");
    person.answers("Is this intended", "");
    // The same server by another name of this machine is known by its id.
    let other = servers.source.url().replace("127.0.0.1", "localhost");
    person.answers("Address, as in your browser", &other);
    person.answers("How do you log in", "");
    person.answers("User name", "reader");
    person.answers_secretly("Password of reader at", PASSWORD);
    person.sees("the same DHIS2 server");
    // Enter corrects the address.
    person.answers("What now", "");
    person.is_asked("What do you want to change");
    person.presses(CONTROL_C);
    let (code, seen) = person.ends();
    assert_eq!(code, 130, "{seen}");
    assert!(!seen.contains("2 of 7"), "{seen}");
}
