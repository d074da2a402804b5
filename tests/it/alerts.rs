//! Alerts through the real program, told to a listener of the test's own: one message for each change, none in between.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::Value;
use xfer::sandbox::faults::{Fault, Matcher};

use crate::command_line::{Office, refused};
use crate::support::Output;

/// What takes messages: each request's method and body.
struct Channel {
    url: String,
    requests: Receiver<(String, String)>,
}

impl Channel {
    /// Answers every request with a status.
    fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hooks/secret-part", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut text = Vec::new();
                let mut byte = [0];
                while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    text.push(byte[0]);
                }
                let head = String::from_utf8(text).unwrap();
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                stream.read_exact(&mut body).unwrap();
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
                let method = head.split(' ').next().unwrap_or_default().to_owned();
                if sender.send((method, String::from_utf8(body).unwrap())).is_err() {
                    return;
                }
            }
        });
        Self { url, requests }
    }

    /// What was sent since the last time. The program has ended: what it sent was read before it had an answer.
    fn got(&self) -> Vec<(String, String)> {
        self.requests.try_iter().collect()
    }

    fn conditions(&self) -> Vec<String> {
        let message = |(method, body): (String, String)| {
            assert_eq!(method, "POST");
            let message: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(message["format"], "xfer-alert/1");
            message["condition"].as_str().unwrap().to_owned()
        };
        self.got().into_iter().map(message).collect()
    }
}

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
fn slack_teams_and_a_dead_mans_switch_get_what_they_take() {
    let channel = Channel::answering(200);
    let office = exported(&channel);
    let _ = exec(&office, "--notify-as slack").expect_code(3);
    let (_, slack) = channel.got().remove(0);
    assert!(slack.starts_with(r#"{"text":"xfer: monthly is incomplete (exit code 3): "#), "{slack}");
    let _ = exec(&office, "--notify-as teams --periods 199001").expect_code(0);
    let (_, teams) = channel.got().remove(0);
    assert!(teams.contains("application/vnd.microsoft.card.adaptive"), "{teams}");
    let _ = exec(&office, "--notify-as ping").expect_code(3);
    assert!(channel.got().is_empty(), "the switch is left to fire");
}
