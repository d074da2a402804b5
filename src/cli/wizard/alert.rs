//! The wizard for alerts: who should hear of it when a routine's runs do not end well. Nobody, unless a person says so.

use secrecy::SecretString;

use crate::cli::arguments::mail_server::mail_server;
use crate::cli::error::CliError;
use crate::cli::runtime::wait;
use crate::cli::wizard::prompter::{Leave, Prompter, ask_until, say_commands};
use crate::ops::alerts::channels::{self, NewAlert, NewKind};
use crate::ops::home::Home;
use crate::ops::jobs;
use crate::ops::routines;
use xfer_domain::alert::{AlertChannel, AlertEvent, ChannelKind, MailRoute, PingMethod, ServerSide, Shape};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::shell::shell_word;

/// Who can be told, in the order of the choices.
const KINDS: [&str; 6] = [
    "a channel of Slack or Mattermost",
    "a channel of Microsoft Teams",
    "an e-mail",
    "a message in DHIS2",
    "a heartbeat URL, whose service warns you when complete runs stop",
    "another program, at a web address",
];

/// Asks for the alerts of a routine, until there are no more.
pub(crate) fn add(prompter: &mut dyn Prompter, home: &Home, routine: &str) -> Result<(), Leave> {
    let routine = routines::routine(&home.config()?, routine)?.name;
    let mut some = false;
    loop {
        let (question, nobody) = if some {
            ("Add another alert", "no more alerts")
        } else {
            ("Alert when a run fails or is incomplete", "no alert")
        };
        let choices: Vec<String> = std::iter::once(nobody).chain(KINDS).map(str::to_owned).collect();
        let chosen = prompter.choose(question, &choices, 0)?;
        if chosen == 0 {
            return Ok(());
        }
        let (kind, secret) = kind(prompter, home, &routine, chosen)?;
        let events = events(prompter, &kind)?;
        let new = NewAlert { name: None, events, kind, secret };
        match wait(async { Ok(channels::add(home, &routine, new).await?) }) {
            Ok(added) => {
                some = true;
                try_out(prompter, home, &routine, &added)?;
                say_commands(prompter, &[command(&routine, &added)]);
            }
            // A mistake in what was typed; anything else does not get better by asking again.
            Err(error) if error.code == ExitCode::Usage => say_error(prompter, &error),
            Err(error) => return Err(error.into()),
        }
    }
}

fn say_error(prompter: &mut dyn Prompter, error: &CliError) {
    let said: Vec<&str> = std::iter::once(&error.message).chain(&error.hints).map(String::as_str).collect();
    prompter.say(&format!("That is not possible: {}.", said.join("; ")));
}

fn kind(
    prompter: &mut dyn Prompter,
    home: &Home,
    routine: &str,
    chosen: usize,
) -> Result<(NewKind, Option<SecretString>), Leave> {
    let address = |prompter: &mut dyn Prompter, of: &str| {
        prompter.say("It is saved like a password: anybody who knows it can send messages there.");
        prompter.secret(&format!("The web address of {of}")).map(Some)
    };
    Ok(match chosen {
        1 => (NewKind::Webhook(Shape::Slack), address(prompter, "the incoming webhook")?),
        2 => (NewKind::Webhook(Shape::Teams), address(prompter, "the workflow")?),
        3 => mail(prompter)?,
        4 => (message(prompter, home, routine)?, None),
        5 => {
            let address = address(prompter, "the heartbeat")?;
            let signals = prompter.confirm("Does it also have /start and /fail addresses", false)?;
            (NewKind::Ping { method: PingMethod::Get, signals }, address)
        }
        _ => (NewKind::Webhook(Shape::Json), address(prompter, "the program")?),
    })
}

fn mail(prompter: &mut dyn Prompter) -> Result<(NewKind, Option<SecretString>), Leave> {
    let to = ask_until(prompter, "Recipients: e-mail addresses, several with commas", None, several)?;
    let (host, port, security) = ask_until(prompter, "Mail server (HOST, or HOST:PORT if not 587)", None, |text| {
        mail_server(text, None).map_err(|error| error.message)
    })?;
    let user = prompter.text("User name on the mail server (empty: no login)", Some(""))?.trim().to_owned();
    let username = (!user.is_empty()).then_some(user);
    let password = match &username {
        Some(user) => Some(prompter.secret(&format!("Password of {user} at {host}"))?),
        None => None,
    };
    let suggestion = username.as_deref().filter(|user| user.contains('@'));
    let from = ask_until(prompter, "The sender's address", suggestion, |text| {
        crate::mail::check_address(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
    })?;
    Ok((NewKind::Mail(MailRoute { host, port, security, username, from, to }), password))
}

fn message(prompter: &mut dyn Prompter, home: &Home, routine: &str) -> Result<NewKind, Leave> {
    let routine = routines::routine(&home.config()?, routine)?;
    let jobs = jobs::list(home)?;
    let job = jobs.iter().find(|job| routine.jobs.contains(&job.name));
    let choices = job.map(|job| vec![job.destination.clone(), job.source.clone()]).unwrap_or_default();
    let on = [ServerSide::Destination, ServerSide::Source][prompter.choose("On which server", &choices, 0)?];
    let list = |text: &str| several(text).unwrap_or_default();
    let users = list(&prompter.text("Users, by user name (empty: none)", Some(""))?);
    let groups = list(&prompter.text("User groups (empty: none)", Some(""))?);
    Ok(NewKind::Dhis2Message { on, users, groups })
}

/// The parts of a list with commas; at least one.
fn several(text: &str) -> Result<Vec<String>, String> {
    let parts: Vec<String> =
        text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { Err("nothing was entered".to_owned()) } else { Ok(parts) }
}

fn events(prompter: &mut dyn Prompter, kind: &NewKind) -> Result<Vec<AlertEvent>, Leave> {
    if matches!(kind, NewKind::Ping { .. }) {
        return Ok(Vec::new());
    }
    let choices =
        ["every problem, and when it is solved", "failed runs, and when a run is complete again", "failed runs"]
            .map(str::to_owned);
    let some = [AlertEvent::Failure, AlertEvent::Recovery];
    Ok(match prompter.choose("Which events", &choices, 0)? {
        0 => AlertEvent::ALL.to_vec(),
        1 => some.to_vec(),
        _ => some[..1].to_vec(),
    })
}

/// Offers a test message: an alert that was never seen to arrive is none.
fn try_out(prompter: &mut dyn Prompter, home: &Home, routine: &str, added: &AlertChannel) -> Result<(), Leave> {
    if !prompter.confirm("Send a test message now", true)? {
        return Ok(());
    }
    let tested = wait(async { Ok(channels::test(home, routine, Some(&added.name)).await?) })?;
    for tested in tested {
        match tested.result {
            Ok(taken) => prompter.say(&format!("It was sent ({}). Check that it arrived.", taken.in_words())),
            Err(error) => {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                prompter.say(&format!(
                    "It was not delivered: {error}{hint}. The alert is saved; to change it, remove it and add it again."
                ));
            }
        }
    }
    Ok(())
}

/// The command that adds the same alert.
fn command(routine: &str, added: &AlertChannel) -> String {
    let mut words = vec![format!("xfer routine alert add {}", shell_word(routine))];
    match &added.kind {
        ChannelKind::Webhook { .. } => words.push(format!("--{} --url-file FILE", added.kind.name())),
        ChannelKind::Ping { method, signals, .. } => {
            words.push("--ping --url-file FILE".to_owned());
            words.extend((*method == PingMethod::Post).then(|| "--post".to_owned()));
            words.extend(signals.then(|| "--signals".to_owned()));
        }
        ChannelKind::Mail(route) => {
            let MailRoute { host, port, security, username, from, to } = route;
            words.push(format!("--mail-to {}", shell_word(&to.join(","))));
            words.push(format!("--mail-server {}:{port} --mail-security {}", shell_word(host), security.name()));
            words.push(format!("--mail-from {}", shell_word(from)));
            words.extend(username.iter().map(|user| format!("--mail-user {} --password-file FILE", shell_word(user))));
        }
        ChannelKind::Dhis2Message { on, users, groups } => {
            words.push(format!("--message-on {}", on.name()));
            for (flag, list) in [("--to-user", users), ("--to-group", groups)] {
                let ids: Vec<String> = list.iter().map(|recipient| recipient.id.to_string()).collect();
                words.extend((!ids.is_empty()).then(|| format!("{flag} {}", ids.join(","))));
            }
        }
    }
    if !added.events.is_empty() && added.events != AlertEvent::ALL {
        let events: Vec<&str> = added.events.iter().map(|event| event.name()).collect();
        words.push(format!("--on {}", events.join(",")));
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::add;
    use crate::cli::arguments::routine::New;
    use crate::cli::wizard::routine;
    use crate::cli::wizard::scripted::Answer::{Enter, No, Type, Yes};
    use crate::cli::wizard::scripted::Scripted;
    use crate::cli::wizard::tests::Office;
    use crate::ops::alerts::channels;
    use xfer_domain::alert::AlertEvent;

    #[test]
    fn people_are_asked_who_should_hear_of_it_and_nobody_is_the_suggestion() {
        let office = Office::with_job();
        let known =
            New { name: Some("monthly".to_owned()), periods: vec!["LAST_MONTH".to_owned()], ..New::with_job("soins") };
        let mut person = Scripted::new(&[
            ("What to do then", Enter),
            ("change very many", Enter),
            ("What to do with them", Enter),
            ("Alert when a run fails", Type("DHIS2")),
            ("On which server", Enter),
            ("Users, by user name", Type("nobody")),
            ("User groups", Enter),
            ("Which events", Enter),
            ("Alert when a run fails", Type("DHIS2")),
            ("On which server", Enter),
            ("Users, by user name", Type("writer")),
            ("User groups", Type("SAISIE")),
            ("Which events", Type("failed runs, and")),
            ("Send a test message now", Yes),
            ("Add another alert", Type("Slack")),
            ("web address of the incoming webhook", Type("http://example.org/hook")),
            ("Which events", Enter),
            ("Add another alert", Type("heartbeat")),
            ("web address of the heartbeat", Type("https://hc.example/ping/secret")),
            ("/start and /fail", Yes),
            ("Send a test message now", No),
            ("Add another alert", Type("e-mail")),
            ("Recipients", Type("his@health.example, dir@health.example")),
            ("Mail server", Type("mail.example:x")),
            ("Mail server", Type("mail.example:465")),
            ("User name on the mail server", Type("xfer@health.example")),
            ("Password of xfer@health.example at mail.example", Type("opensesame")),
            ("The sender's address", Enter),
            ("Which events", Enter),
            ("Send a test message now", No),
            ("Add another alert", Enter),
        ]);
        routine::new(&mut person, &office.home, &known).unwrap();
        let said = person.finish();
        for words in [
            "That is not possible: national has no user `nobody`, or the user may not see it",
            "It was sent (national accepted the message)",
            "not encrypted: others on the network could read it; give the full address, which begins with https://",
            "--message-on destination --to-user ",
            " --on failure,recovery\n",
            "xfer routine alert add monthly --ping --url-file FILE --signals",
            "--mail-to his@health.example,dir@health.example --mail-server mail.example:465 --mail-security tls \
             --mail-from xfer@health.example --mail-user xfer@health.example --password-file FILE",
        ] {
            assert!(said.contains(words), "{words}\n{said}");
        }
        assert!(!said.contains("secret") && !said.contains("opensesame"), "{said}");
        let sent = office.servers.destination.instance().with_state(|state| state.conversations.clone());
        assert_eq!((sent.len(), sent[0].recipients.len()), (1, 2), "{sent:?}");
        let kept = channels::list(&office.home, "monthly").unwrap();
        let names: Vec<&str> = kept.iter().map(|(alert, _)| alert.name.as_str()).collect();
        assert_eq!(names, ["dhis2-message", "ping", "mail"]);
        assert_eq!(kept[0].0.events, [AlertEvent::Failure, AlertEvent::Recovery]);
        let mut person = Scripted::new(&[("want to change", Type("alerts")), ("Alert when a run fails", Enter)]);
        routine::edit(&mut person, &office.home, "monthly").unwrap();
        person.finish();
        let mut person = Scripted::new(&[]);
        assert!(add(&mut person, &office.home, "yearly").is_err(), "asks nothing about what is not there");
    }
}
