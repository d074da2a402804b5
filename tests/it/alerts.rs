//! Messages to the address of `exec --notify-file`, through the real program: one for each change, none in between.

use xfer_sandbox::faults::{Fault, Matcher};

use crate::support::Output;
use crate::support::listener::Channel;
use crate::support::office::{Office, refused};

fn exported(channel: &Channel) -> Office {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    office.xfer.file("hook", format!("{}\n", channel.url));
    office
}

const EXEC: &str = "exec monthly.xfer --key-file run-key --notify-file hook";

fn exec(office: &Office, more: &str) -> Output {
    let output = office.xfer.run(&format!("{EXEC} {more}"));
    assert!(!format!("{output}").contains("secret-part"), "the address is a secret\n{output}");
    output
}

#[test]
fn a_message_is_sent_when_the_outcome_changes_and_only_then() {
    let channel = Channel::answering(200);
    let office = exported(&channel);
    let _ = exec(&office, "--dry-run").expect_code(3);
    assert_eq!(channel.conditions(), [""; 0], "a dry run is nobody's alarm");
    let _ = exec(&office, "").expect_code(3);
    assert_eq!(channel.conditions(), ["incomplete"]);
    let _ = exec(&office, "").expect_code(3);
    assert_eq!(channel.conditions(), [""; 0], "as before");
    office.servers.source.faults().add(Matcher::every("GET", "/api/system/info"), Fault::LoginPage);
    let failed = exec(&office, "");
    office.servers.source.faults().clear();
    assert_eq!(channel.conditions(), ["failed"], "\n{failed}");
    let _ = exec(&office, "--periods 199001").expect_code(0);
    assert_eq!(channel.conditions(), ["nothing-to-transfer"]);
}

#[test]
fn what_was_not_delivered_is_told_again_and_changes_no_outcome() {
    let refusing = Channel::answering(404);
    let office = exported(&refusing);
    let lost = exec(&office, "").expect_code(3);
    assert!(lost.stderr.contains("the message was not delivered") && lost.stderr.contains("404"), "\n{lost}");
    assert_eq!(refusing.conditions(), ["incomplete"]);
    let taking = Channel::answering(200);
    office.xfer.file("hook", &taking.url);
    let _ = exec(&office, "").expect_code(3);
    assert_eq!(taking.conditions(), ["incomplete"]);
    office.xfer.file("hook", "http://example.org/hook");
    let plain = exec(&office, "--periods 199001").expect_code(0);
    assert!(plain.stderr.contains("not encrypted"), "\n{plain}");
    refused(&office.xfer.run(&EXEC.replace("hook", "missing")), 10, &["missing"]);
}

#[test]
fn what_was_not_delivered_is_told_even_if_all_is_as_before_by_then() {
    let refusing = Channel::answering(500);
    let office = exported(&refusing);
    let _ = exec(&office, "--periods 199001").expect_code(0);
    let _ = exec(&office, "").expect_code(3);
    let failed = ["nothing-to-transfer", "nothing-to-transfer"];
    assert_eq!(refusing.conditions(), failed, "the second message waits behind the first");
    let taking = Channel::answering(200);
    office.xfer.file("hook", &taking.url);
    let _ = exec(&office, "--periods 199001").expect_code(0);
    assert_eq!(taking.conditions(), ["nothing-to-transfer", "incomplete", "nothing-to-transfer"]);
    let _ = exec(&office, "--periods 199001").expect_code(0);
    assert_eq!(taking.conditions(), [""; 0], "everything was taken");
}

#[test]
fn files_of_one_name_do_not_silence_each_other() {
    let channel = Channel::answering(200);
    let office = exported(&channel);
    for district in ["north", "south"] {
        std::fs::create_dir(office.xfer.home().join(district)).unwrap();
        let file = office.xfer.home().join(district).join("monthly.xfer");
        std::fs::copy(office.xfer.home().join("monthly.xfer"), file).unwrap();
        let _ = office.xfer.run(&EXEC.replace("monthly.xfer", &format!("{district}/monthly.xfer"))).expect_code(3);
        assert_eq!(channel.conditions(), ["incomplete"], "{district}");
    }
    let _ = office.xfer.run(&EXEC.replace("monthly.xfer", "./south/monthly.xfer")).expect_code(3);
    assert_eq!(channel.conditions(), [""; 0], "the same file");
}

#[test]
fn a_log_that_cannot_be_opened_ends_no_run_and_silences_nobody() {
    let channel = Channel::answering(200);
    let office = exported(&channel);
    let run = exec(&office, "--log-file missing/run.log").expect_code(3);
    let warning = "warning: the log file missing/run.log cannot be written: ";
    assert!(run.stderr.contains(warning), "\n{run}");
    assert_eq!(channel.conditions(), ["incomplete"]);
}

#[test]
fn slack_teams_and_a_dead_mans_switch_get_what_they_take() {
    let channel = Channel::answering(200);
    let office = exported(&channel);
    let _ = exec(&office, "--notify-as slack").expect_code(3);
    let slack = channel.got().remove(0).body;
    assert!(slack.starts_with(r#"{"text":"xfer: monthly is incomplete (exit code 3): "#), "{slack}");
    let _ = exec(&office, "--notify-as teams --periods 199001").expect_code(0);
    let teams = channel.got().remove(0).body;
    assert!(teams.contains("application/vnd.microsoft.card.adaptive"), "{teams}");
    let _ = exec(&office, "--notify-as ping").expect_code(3);
    assert!(channel.got().is_empty(), "the heartbeat is left to fire");
}
