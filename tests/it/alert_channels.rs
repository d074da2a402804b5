//! The alerts of a routine through the real program: every kind of channel, told to listeners of the test's own, and
//! servers that keep what they were sent.

use std::time::Duration;

use insta::assert_snapshot;
use jiff::Timestamp;
use secrecy::SecretString;
use xfer::mail::{self, Letter, MailError, Sent};
use xfer::ops::alerts::Alerting;
use xfer::ops::home::Home;
use xfer::ops::routines::routine;
use xfer_domain::alert::{Condition, MailRoute, MailSecurity, Notice};
use xfer_sandbox::faults::{Fault, Matcher};
use xfer_sandbox::server::RunningSandbox;
use xfer_storage::platform::{self, FileLock};

use crate::support::Output;
use crate::support::listener::{Channel, GONE, MAIL_PASSWORD, MAIL_USER, MailServer, Mailing, certificate};
use crate::support::office::{Office, refused};
use crate::support::person::{ENTER, Person, UP};
use crate::xfer_files::exec::leave_closed_facilities_out;
use crate::xfer_files::lifecycle::elsewhere;

/// Runs a command that must not say what is secret.
#[track_caller]
fn says(office: &Office, line: &str) -> Output {
    let output = office.xfer.run(line);
    for secret in ["secret-part", MAIL_PASSWORD] {
        assert!(!format!("{output}").contains(secret), "`{secret}` is a secret\n{output}");
    }
    output
}

/// Adds a web address to a routine.
fn add(office: &Office, routine: &str, channel: &Channel, options: &str) {
    office.xfer.file("hook", format!("{}\n", channel.url));
    let _ = says(office, &format!("routine alert add {routine} --url-file hook {options}")).expect_code(0);
}

/// A home whose routine `tolerant` is complete.
fn office() -> Office {
    let office = Office::ready();
    leave_closed_facilities_out(&office);
    office
}

fn break_down(server: &RunningSandbox) {
    server.faults().add(Matcher::every("GET", "/api/system/info"), Fault::LoginPage);
}

/// Subject and text of the messages that a server keeps.
fn messages(server: &RunningSandbox) -> Vec<String> {
    server.instance().with_state(|state| state.conversations.iter().map(|sent| sent.subject.clone()).collect())
}

#[test]
fn good_bad_bad_good_sends_two_messages() {
    let (all, failures) = (Channel::answering(200), Channel::answering(200));
    let office = office();
    add(&office, "tolerant", &all, "--webhook");
    add(&office, "tolerant", &failures, "--slack --on failure,recovery");
    let _ = says(&office, "run tolerant").expect_code(0);
    assert_eq!(all.conditions(), [""; 0], "a first run that is complete is no news");
    break_down(&office.servers.source);
    let _ = says(&office, "run tolerant").expect_code(7);
    let failed = says(&office, "run tolerant").expect_code(7);
    assert!(!failed.stderr.contains("was sent"), "as before\n{failed}");
    office.servers.source.faults().clear();
    let good = says(&office, "run tolerant").expect_code(0);
    assert!(good.stderr.contains("the alert webhook was sent"), "\n{good}");
    assert_eq!(all.conditions(), ["failed", "complete"]);
    let _ = says(&office, "run tolerant --periods 199001").expect_code(0);
    assert_eq!(all.conditions(), ["nothing-to-transfer"]);
    let slack: Vec<String> = failures.got().into_iter().map(|call| call.body).collect();
    assert_eq!(slack.len(), 2, "{slack:?}");
    assert!(slack[0].starts_with(r#"{"text":"xfer: tolerant failed (exit code 7): "#), "{slack:?}");
    assert!(slack[1].starts_with(r#"{"text":"xfer: tolerant is complete again (exit code 0): 0 of "#), "{slack:?}");
}

#[test]
fn a_file_brings_its_alerts_and_shares_what_was_told() {
    let channel = Channel::answering(200);
    let office = Office::ready();
    add(&office, "monthly", &channel, "--webhook --name office");
    office.ok("routine export monthly --new-key-file run-key");
    let exec = "exec monthly.xfer --key-file run-key";
    let _ = says(&office, &format!("{exec} --dry-run")).expect_code(3);
    assert_eq!(channel.conditions(), [""; 0], "a dry run is nobody's alarm");
    let told = says(&office, exec).expect_code(3);
    assert!(told.stderr.contains("the alert office was sent"), "\n{told}");
    let message = channel.got().remove(0).body;
    let message: serde_json::Value = serde_json::from_str(&message).unwrap();
    let report = says(&office, "runs show last --format json").report();
    assert_eq!((&message["run"], &message["condition"]), (&report["run"], &"incomplete".into()));
    assert_eq!((&message["source"], &message["destination"]), (&"tracker".into(), &"national".into()));
    assert_eq!(message["counts"]["total"], report["cells"]["total"]);
    assert_eq!(message["counts"]["missing"], report["cells"]["held_back"]);
    let _ = says(&office, "run monthly").expect_code(3);
    assert_eq!(channel.conditions(), [""; 0], "the routine of the store has told the same");

    let inside = says(&office, "routine inspect monthly.xfer --key-file run-key").expect_code(0);
    let words = format!("office (webhook) to {}; events: failure,", channel.url.rsplit_once("/hooks").unwrap().0);
    assert!(inside.stdout.contains(&words), "\n{inside}");
    assert!(says(&office, "routine show monthly").stdout.contains("office (webhook)"));

    let other = elsewhere(&office, &["monthly.xfer", "run-key"]);
    let import = other.run("routine import monthly.xfer --key-file run-key --yes").expect_code(0);
    assert!(import.stdout.contains("alert"), "\n{import}");
    let list = "routine alert list monthly --format json";
    assert_eq!(other.run(list).json(), office.ok(list).json());
    let tested = other.run("routine alert test monthly").expect_code(0);
    assert!(tested.stdout.contains("200 OK"), "\n{tested}");
    assert_eq!(channel.conditions(), ["test"]);
}

#[test]
fn a_file_is_older_than_its_routine_once_somebody_else_is_told() {
    let channel = Channel::answering(200);
    let office = Office::ready();
    let state = |office: &Office| office.ok("--format json").json()["files"][0]["state"].clone();
    office.ok("routine export monthly --new-key-file run-key");
    add(&office, "monthly", &channel, "--teams");
    assert_eq!(state(&office), "older than the routine: export it again");
    office.ok("routine export monthly --key-file run-key");
    assert_eq!(state(&office), "up to date");
    let _ = says(&office, "routine alert remove monthly TEAMS").expect_code(0);
    add(&office, "monthly", &channel, "--teams");
    assert_eq!(state(&office), "older than the routine: export it again", "the address may be another one");
}

#[test]
fn people_are_told_in_dhis2_and_a_server_that_is_down_keeps_nobody_else_from_hearing() {
    let channel = Channel::answering(200);
    let office = office();
    let (source, destination) = (&office.servers.source, &office.servers.destination);
    office.ok("routine alert add tolerant --message-on source --to-user reader --name source");
    office
        .ok("routine alert add tolerant --message-on destination --to-user admin --to-group SAISIE --name destination");
    add(&office, "tolerant", &channel, "--webhook");
    break_down(destination);
    let failed = says(&office, "run tolerant").expect_code(7);
    assert!(failed.stderr.contains("warning: the alert destination was not delivered: national: "), "\n{failed}");
    assert_eq!(messages(source), ["xfer: tolerant failed"]);
    assert_eq!(channel.conditions(), ["failed"]);
    let waiting = office.ok("routine alert list tolerant --format json").json();
    assert_eq!((&waiting[0]["waiting"], &waiting[1]["waiting"]), (&0.into(), &1.into()));
    destination.faults().clear();
    let _ = says(&office, "run tolerant").expect_code(0);
    assert_eq!(messages(destination), ["xfer: tolerant failed", "xfer: tolerant is complete again"]);
    let sent = destination.instance().with_state(|state| state.conversations.clone());
    assert_eq!((sent[0].sender.as_str(), sent[0].recipients.len()), ("writer", 3), "a user, and two of a group");
    assert!(sent[0].text.contains("What happened: "), "{}", sent[0].text);
    let posts = destination.ledger().matching("POST", "/api/messageConversations");
    assert!(posts.iter().all(|post| post.status == Some(201) && post.applied), "{posts:#?}");
    office.refused("routine alert add tolerant --message-on source --to-user nobody", 2, &["tracker", "user `nobody`"]);
    office.refused("routine alert add tolerant --message-on source", 2, &["the message has no recipients"]);
}

#[test]
fn a_server_that_refuses_the_login_is_not_asked_a_second_time() {
    let office = Office::ready();
    let destination = &office.servers.destination;
    office.ok("routine alert add monthly --message-on destination --to-user writer");
    office.xfer.file("wrong", "another-Password-1");
    office.ok("server edit national --username writer --password-file wrong --no-test");
    destination.ledger().clear();
    let failed = says(&office, "run monthly").expect_code(7);
    let words = "the alert dhis2-message was not delivered: national refused the login a moment ago";
    assert!(failed.stderr.contains(words), "\n{failed}");
    let refused: Vec<_> =
        destination.ledger().entries().into_iter().filter(|entry| entry.status == Some(401)).collect();
    assert_eq!(refused.len(), 1, "{refused:#?}");
    office.ok("server edit national --username writer --password-file password --no-test");
    let _ = says(&office, "run monthly").expect_code(3);
    assert_eq!(messages(destination), ["xfer: monthly failed", "xfer: monthly is incomplete"]);
}

#[test]
fn another_system_at_the_address_gets_no_message() {
    let office = Office::ready();
    let destination = &office.servers.destination;
    office.ok("routine alert add monthly --message-on destination --to-user writer");
    destination.instance().with_state(|state| "another-system".clone_into(&mut state.settings.system_id));
    let failed = says(&office, "run monthly").expect_code(14);
    let words = "the system id of national is not the one in the routine; no message was sent to it";
    assert!(failed.stderr.contains(words), "\n{failed}");
    assert_eq!(messages(destination), [""; 0]);
}

#[test]
fn a_letter_says_it_in_plain_words() {
    let mail = MailServer::start(Mailing::Taking);
    let office = Office::ready();
    office.xfer.file("mail-password", MAIL_PASSWORD);
    let server = format!("--mail-server 127.0.0.1:{} --mail-security none", mail.port);
    let add = format!("routine alert add monthly --mail-to his@health.example,dir@health.example {server}");
    let _ = says(&office, &format!("{add} --mail-user {MAIL_USER} --password-file mail-password")).expect_code(0);
    let _ = says(&office, "run monthly").expect_code(3);
    let heard: Vec<String> = mail.heard().into_iter().filter(|line| !line.starts_with("AUTH ")).collect();
    let (heard, again) = heard.split_at(heard.len() / 2);
    assert!(again.iter().zip(heard).all(|(one, other)| one == other || one == "RCPT TO:<dir@health.example>"));
    assert!(again.contains(&"RCPT TO:<dir@health.example>".to_owned()), "each gets the letter for himself: {again:#?}");
    let heard = heard.join("\n");
    insta::with_settings!({filters => vec![
        (r"[0-9a-f]{8}-[0-9a-f-]{27}", "[id]"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "[time] UTC"),
        (r"\.\d+@", ".[moment]@"),
        (r"Date: .*", "Date: [date]"),
        (r"(?m)(:  +)\d+$", "$1[number]"),
    ]}, { assert_snapshot!(heard, @"
    EHLO [127.0.0.1]
    MAIL FROM:<xfer@health.example>
    RCPT TO:<his@health.example>
    DATA
    From: xfer@health.example
    Subject: xfer: monthly is incomplete
    Message-ID: <[id].[moment]@health.example>
    Auto-Submitted: auto-generated
    To: his@health.example, dir@health.example
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: 7bit
    Date: [date]

    The routine monthly is incomplete.

    Exit code 3, [time] UTC.
    From tracker to national.

    Cells in all:              [number]
    New, changed or deleted:   [number]
    Unchanged:                 [number]
    Did not arrive:            [number]
    Values of unmapped units:  [number]

    What to do next:
      see every cell with its reason:
        xfer runs cells [id]

    You get this message once; the next one comes when the outcome changes.

    QUIT
    "); });

    let _ = says(&office, "routine alert test monthly").expect_code(0);
    assert!(mail.heard().iter().any(|line| line == "Subject: xfer: a test of the alert mail of monthly"));
    office.xfer.file("mail-password", "another");
    let wrong = format!("{add} --name wrong --mail-user {MAIL_USER} --password-file mail-password");
    office.ok(&wrong);
    let tested = says(&office, "routine alert test monthly wrong");
    refused_with_data(&tested, 7, &["the alert wrong was not delivered", "535 5.7.8 who are you", "user name"]);
}

#[test]
fn a_mailbox_that_is_gone_keeps_nobody_else_from_hearing() {
    let mail = MailServer::start(Mailing::Open);
    let office = Office::ready();
    let server = format!("--mail-server 127.0.0.1:{} --mail-security none --mail-from xfer@health.example", mail.port);
    let add =
        |name: &str, to: &str| office.ok(&format!("routine alert add monthly --name {name} --mail-to {to} {server}"));
    add("office", &format!("{GONE},his@health.example"));
    let run = says(&office, "run monthly").expect_code(3);
    let words = format!("warning: the alert office was not delivered to {GONE}: the mail server refuses: 550 ");
    assert!(run.stderr.contains(&words) && run.stderr.contains("the alert office was sent"), "\n{run}");
    let heard = mail.heard();
    assert_eq!(heard.iter().filter(|line| *line == "DATA").count(), 1, "{heard:#?}");
    assert!(heard.contains(&"RCPT TO:<his@health.example>".to_owned()), "{heard:#?}");
    assert!(says(&office, "routine alert test monthly").expect_code(0).stdout.contains(&format!("not for {GONE}: ")));

    add("nobody", GONE);
    let tested = says(&office, "routine alert test monthly nobody");
    refused_with_data(&tested, 7, &["the alert nobody was not delivered", "no such user"]);
}

/// A command that printed what it found out, and failed all the same.
#[track_caller]
fn refused_with_data(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code, code, "\n{output}");
    for word in words {
        assert!(output.stderr.contains(word), "`{word}` is missing\n{output}");
    }
}

#[test]
fn a_mail_server_or_a_listener_that_repeats_what_is_secret_gets_it_nowhere() {
    let (mail, channel) = (MailServer::start(Mailing::Echoing), Channel::echoing());
    let office = Office::ready();
    office.xfer.file("mail-password", MAIL_PASSWORD);
    add(&office, "monthly", &channel, "--webhook");
    office.ok(&format!(
        "routine alert add monthly --mail-to his@health.example --mail-server 127.0.0.1:{} --mail-security none \
         --mail-user {MAIL_USER} --password-file mail-password",
        mail.port
    ));
    office.ok("routine export monthly --new-key-file run-key");
    for line in [
        "routine alert test monthly -vv",
        "run monthly -vv",
        "exec monthly.xfer --key-file run-key -vv",
        "exec monthly.xfer --key-file run-key --notify-file hook -vv",
    ] {
        let mut command = office.xfer.prepared(&line.split(' ').collect::<Vec<_>>());
        // What it says is searched when it has ended.
        let said = office.xfer.finished(command.env("XFER_LOG", "trace"));
        if !line.contains("--notify-file") {
            let said = format!("{said}");
            assert!(said.contains("535") && said.contains("***"), "{line}\n{said}");
        }
    }
    assert_eq!(office.xfer.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn a_password_is_never_offered_in_the_clear() {
    let server = MailServer::start(Mailing::Taking);
    let route = |security, host: &str| MailRoute {
        host: host.to_owned(),
        port: server.port,
        security,
        username: Some(MAIL_USER.to_owned()),
        from: MAIL_USER.to_owned(),
        to: vec!["his@health.example".to_owned()],
    };
    let password = SecretString::from(MAIL_PASSWORD);
    let letter = Letter { id: "1", subject: "s", text: "t" };
    let send = async |route: MailRoute| mail::send(&route, Some(&password), &letter, Duration::from_secs(20)).await;
    let refused = send(route(MailSecurity::Starttls, "127.0.0.1")).await;
    assert!(matches!(refused, Err(MailError::Encryption(_))), "{refused:?}");
    let refused = send(route(MailSecurity::Tls, "127.0.0.1")).await;
    assert!(matches!(refused, Err(MailError::Encryption(_) | MailError::Unavailable(_))), "{refused:?}");
    let refused = send(route(MailSecurity::None, "mail.health.example")).await;
    assert!(matches!(refused, Err(MailError::Unusable(_))), "{refused:?}");
    let heard = server.heard();
    assert!(!heard.iter().any(|line| line.starts_with("AUTH")), "{heard:?}");
    let sent = send(route(MailSecurity::None, "127.0.0.1")).await.unwrap();
    assert_eq!(sent, Sent { answer: "250 2.0.0 queued as 7".to_owned(), refused: Vec::new() });
    let open = MailServer::start(Mailing::Open);
    let nobody = MailRoute { username: None, port: open.port, ..route(MailSecurity::None, "localhost") };
    mail::send(&nobody, None, &letter, Duration::from_secs(20)).await.unwrap();
}

#[test]
fn a_letter_goes_encrypted_to_a_server_that_proves_who_it_is() {
    for (mailing, security) in [(Mailing::Tls, "tls"), (Mailing::Starttls, "starttls")] {
        let mail = MailServer::start(mailing);
        let office = Office::ready();
        office.xfer.file("mail-password", MAIL_PASSWORD);
        office.ok(&format!(
            "routine alert add monthly --mail-to his@health.example --mail-server localhost:{} --mail-security {security} \
             --mail-user {MAIL_USER} --password-file mail-password",
            mail.port
        ));
        let test = |authority: Option<&str>| {
            let mut command = office.xfer.prepared(&["routine", "alert", "test", "monthly"]);
            // What this machine trusts; nothing of the authority of these tests otherwise.
            command.envs(authority.map(|name| ("SSL_CERT_FILE", certificate(name))));
            let output = command.output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            (output.status.code(), String::from_utf8(said).unwrap())
        };
        let (code, said) = test(Some("authority.pem"));
        assert!(code == Some(0) && said.contains("250 2.0.0 queued as 7"), "{security}: {said}");
        let heard = mail.heard();
        let subject = "Subject: xfer: a test of the alert mail of monthly";
        assert!(heard.iter().any(|line| line == subject), "{security}: {heard:#?}");

        let (code, said) = test(None);
        assert_eq!(code, Some(2), "{security}: {said}");
        assert!(said.contains("no encrypted connection to the mail server"), "{security}: {said}");
        let heard = mail.heard();
        assert!(!heard.iter().any(|line| line.starts_with("AUTH")), "{security}: {heard:#?}");
    }
}

#[test]
fn a_dead_mans_switch_hears_of_every_run() {
    let (plain, telling) = (Channel::answering(200), Channel::answering(200));
    let office = office();
    add(&office, "tolerant", &plain, "--ping");
    add(&office, "tolerant", &telling, "--ping --post --signals");
    let _ = says(&office, "run tolerant").expect_code(0);
    let _ = says(&office, "run tolerant").expect_code(0);
    let calls = |channel: &Channel| {
        channel.got().into_iter().map(|call| format!("{} {}", call.method, call.path)).collect::<Vec<_>>()
    };
    assert_eq!(calls(&plain), ["GET /hooks/secret-part"; 2]);
    let run = ["POST /hooks/secret-part/start", "POST /hooks/secret-part"];
    assert_eq!(calls(&telling), [run, run].concat());
    let _ = says(&office, "run monthly").expect_code(3);
    assert!(plain.got().is_empty(), "another routine is another matter");
    break_down(&office.servers.source);
    let _ = says(&office, "run tolerant").expect_code(7);
    assert_eq!(calls(&plain), [""; 0], "the heartbeat is left to fire");
    assert_eq!(calls(&telling), ["POST /hooks/secret-part/fail"]);
}

#[test]
fn a_message_outlives_a_process_that_is_killed_before_it_is_taken() {
    let channel = Channel::playing(vec![None, Some(200)]);
    let office = Office::ready();
    add(&office, "monthly", &channel, "--webhook");
    let mut run = office.xfer.command("run monthly").spawn().unwrap();
    let first = channel.next();
    run.kill().unwrap();
    run.wait().unwrap();
    let _ = says(&office, "run monthly").expect_code(3);
    assert_eq!(channel.next(), first, "the same message again, about the run that was killed");
    let _ = says(&office, "run monthly").expect_code(3);
    assert_eq!(channel.got(), []);
}

#[cfg(unix)]
#[test]
fn a_program_that_is_told_to_end_does_not_wait_for_listeners() {
    let channel = Channel::playing(vec![None]);
    let office = Office::ready();
    add(&office, "monthly", &channel, "--webhook");
    let run = office.xfer.command("run monthly").stderr(std::process::Stdio::piped()).spawn().unwrap();
    let _ = channel.next();
    let pid = run.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("the program ended before all alerts were sent; the next run tries again"), "{said}");
    assert_eq!(ended.status.code(), Some(3), "the run had ended already");
    assert_eq!(office.ok("routine alert list monthly --format json").json()[0]["waiting"], 1);
}

#[test]
fn a_disk_that_keeps_nothing_is_told_of() {
    let channel = Channel::answering(200);
    let office = Office::ready();
    add(&office, "monthly", &channel, "--webhook");
    // A file where the state folder should be: neither lock nor journal nor what was told can be kept.
    office.xfer.file("state", "");
    let failed = says(&office, "run monthly");
    assert_ne!(failed.code, 3, "\n{failed}");
    assert_eq!(channel.conditions(), ["failed"], "\n{failed}");
}

#[test]
fn a_listener_that_refuses_is_tried_again_and_changes_no_outcome() {
    let channel = Channel::playing(vec![Some(500), Some(200)]);
    let office = Office::ready();
    add(&office, "monthly", &channel, "--webhook");
    let lost = says(&office, "run monthly --quiet").expect_code(3);
    let warning =
        "warning: the alert webhook was not delivered: it answers 500 Internal Server Error; the next run tries again";
    assert!(lost.stderr.contains(warning), "\n{lost}");
    let _ = says(&office, "run monthly").expect_code(3);
    assert_eq!(channel.conditions(), ["incomplete", "incomplete"]);
}

/// What there is to tell of a run that failed.
fn failed() -> Notice {
    Notice {
        name: "monthly".to_owned(),
        condition: Condition::Failed,
        exit_code: 5,
        at: Timestamp::UNIX_EPOCH,
        run: None,
        between: None,
        reason: Some("national cannot be reached".to_owned()),
        counts: None,
        next: Vec::new(),
    }
}

#[cfg(unix)]
#[test]
fn a_program_that_is_told_to_end_asks_no_further_listener() {
    let (silent, address) = (Channel::playing(vec![None]), Channel::answering(200));
    let office = Office::ready();
    add(&office, "monthly", &silent, "--webhook");
    office.ok("routine export monthly --new-key-file run-key");
    office.xfer.file("address", format!("{}\n", address.url));
    let mut exec = office.xfer.command("exec monthly.xfer --key-file run-key --notify-file address");
    let run = exec.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let _ = silent.next();
    let pid = run.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(3), "the run had ended already");
    assert_eq!(address.got(), [], "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn silent_listeners_hold_nobody_up() {
    let (silent, mail, taking) =
        (Channel::playing(vec![None]), MailServer::start(Mailing::Silent), Channel::answering(200));
    let office = Office::ready();
    add(&office, "monthly", &silent, "--webhook --name silent");
    add(&office, "monthly", &silent, "--ping --signals --name switch");
    let server = format!("--mail-server 127.0.0.1:{} --mail-security none --mail-from a@b.example", mail.port);
    office.ok(&format!("routine alert add monthly --mail-to his@health.example {server}"));
    add(&office, "monthly", &taking, "--webhook --name taking");
    let home = Home::at(office.xfer.home().to_owned());
    let alerting = Alerting::of_routine(&home, "monthly").unwrap().with_patience(Duration::from_millis(200));
    let notice = failed();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (told, given_up) = runtime.block_on(async {
        alerting.begun().await;
        alerting.tell(&home, &notice).await
    });
    let told: Vec<(String, String)> = told
        .into_iter()
        .map(|told| (told.channel, told.result.map_or_else(|error| error.to_string(), |taken| taken.to_string())))
        .collect();
    let late = "no answer within 0.2 s";
    let expected = [("silent", late), ("switch", late), ("mail", late), ("taking", "1")];
    assert_eq!(told, expected.map(|(channel, result)| (channel.to_owned(), result.to_owned())));
    assert_eq!((given_up, taking.conditions()), (0, vec!["failed".to_owned()]));
}

#[test]
fn two_processes_never_send_the_same_message() {
    let (channel, switch) = (Channel::answering(200), Channel::answering(200));
    let office = Office::ready();
    add(&office, "monthly", &channel, "--webhook");
    add(&office, "monthly", &switch, "--ping --signals");
    let home = Home::at(office.xfer.home().to_owned());
    let alerting = || Alerting::of_routine(&home, "monthly").unwrap();
    let routine = routine(&home.config().unwrap(), "monthly").unwrap().id;
    let failed = failed();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    platform::create_private_folder(&home.files().state_folder()).unwrap();

    let turn = FileLock::acquire(&home.files().telling(routine)).unwrap().unwrap();
    let (told, _) = runtime.block_on(alerting().with_patience(Duration::from_millis(300)).tell(&home, &failed));
    let told: Vec<String> = told.into_iter().map(|told| told.result.unwrap_err().to_string()).collect();
    assert_eq!(told, ["another process is sending messages of the same routine"]);
    assert_eq!((channel.conditions().len(), switch.got().len()), (0, 1), "a switch waits for nobody's turn");
    drop(turn);

    let (one, other) = (alerting(), alerting());
    runtime.block_on(async { tokio::join!(one.tell(&home, &failed), other.tell(&home, &failed)) });
    assert_eq!(channel.conditions(), ["failed"], "what waited is sent once, by whoever comes first");
    assert_eq!(switch.got().len(), 2);
}

#[test]
fn whoever_sits_at_the_terminal_is_told_there() {
    let channel = Channel::answering(200);
    let office = Office::ready();
    add(&office, "monthly", &channel, "--webhook");
    let (code, seen) = Person::start(&office.xfer, "run monthly", 100).ends();
    assert_eq!((code, channel.got()), (3, vec![]), "{seen}");
    let (code, seen) = Person::start(&office.xfer, "run monthly --notify", 100).ends();
    assert_eq!((code, channel.conditions()), (3, vec!["incomplete".to_owned()]), "{seen}");
}

#[test]
fn a_person_is_led_to_an_alert_and_sees_that_it_is_taken() {
    let channel = Channel::answering(200);
    let office = Office::ready();
    let mut person = Person::start(&office.xfer, "routine alert add monthly", 100);
    person.is_asked("Alert when a run fails or is incomplete");
    // The last of the choices: a program.
    person.presses(&format!("{UP}{ENTER}"));
    person.answers_secretly("The web address of the program", &channel.url);
    person.answers("Which events", "");
    person.is_asked("Send a test message now");
    person.presses(ENTER);
    person.sees("It was sent (200 OK)");
    person.answers("Add another alert", "");
    let (code, seen) = person.ends();
    assert_eq!((code, channel.conditions()), (0, vec!["test".to_owned()]), "{seen}");
    assert!(!seen.contains("secret-part"), "the address was shown\n{seen}");
    assert!(seen.contains("xfer routine alert add monthly --webhook --url-file FILE"), "{seen}");
}

#[test]
fn what_cannot_work_is_refused_when_it_is_added() {
    let office = Office::ready();
    let add = "routine alert add monthly";
    office.xfer.file("plain", "http://example.org/hook");
    office.xfer.file("words", "no address");
    for (line, words) in [
        (format!("{add} --slack --url-file plain"), ["not encrypted", "https://"]),
        (format!("{add} --slack --url-file words"), ["not a web address", "https://"]),
        (format!("{add} --slack"), ["web address is missing", "--url-file"]),
        (add.to_owned(), ["the kind of alert is missing", "--slack"]),
        (format!("{add} --mail-to his --mail-server m.org --mail-from a@b.org"), ["`his`", "not an e-mail address"]),
        (format!("{add} --mail-to a@b.org --mail-from a@b.org"), ["mail server is missing", "--mail-server"]),
        (format!("{add} --mail-to a@b.org --mail-server m.org"), ["sender's address", "--mail-from"]),
        (
            format!("{add} --mail-to a@b.org --mail-server m.org --mail-security none --mail-from a@b.org"),
            ["not encrypted", "starttls"],
        ),
        (
            format!("{add} --mail-to a@b.org --mail-server m.org --mail-user a@b.org"),
            ["password of a@b.org at m.org is missing", "--password-file"],
        ),
        ("routine alert add yearly --slack --url-file plain".to_owned(), ["no routine `yearly`", "hint"]),
        ("routine alert remove monthly office".to_owned(), ["no alert `office`", "it has none"]),
        ("routine alert test monthly office".to_owned(), ["no alert `office`", "xfer routine alert add"]),
    ] {
        refused(&says(&office, &line), 2, &words);
    }
    let channel = Channel::answering(404);
    self::add(&office, "monthly", &channel, "--slack --name Office");
    office.xfer.file("hook", &channel.url);
    office.refused(&format!("{add} --slack --url-file hook --name office"), 2, &["an alert office already"]);
    self::add(&office, "monthly", &channel, "--slack");
    self::add(&office, "monthly", &channel, "--slack");
    let names = office.ok("routine alert list monthly --format json").json();
    let names: Vec<&str> = names.as_array().unwrap().iter().map(|alert| alert["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Office", "slack", "slack 2"]);
    let tested = says(&office, "routine alert test monthly office");
    refused_with_data(&tested, 2, &["the alert Office was not delivered", "it answers 404 Not Found"]);
    assert!(tested.stdout.contains("404 Not Found"), "\n{tested}");
}
