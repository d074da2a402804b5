//! The words of an alert, and the shapes that listeners take. Pure: a notice in, texts out.
//!
//! A message says which routine, how its run ended, in numbers from the journal, and what to do next. It holds no
//! values of health data, no secrets, and no names but those of routine and servers, and those in the error of a run.

use std::fmt::Write as _;

use serde_json::{Value, json};

use xfer_domain::alert::{Condition, Notice, NoticeCounts, Shape};
use xfer_domain::counted::{counted, grouped};

/// A message, in every form that a channel may need.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// A few words.
    pub subject: String,
    /// All of it in a sentence.
    pub line: String,
    /// What to do next, line by line.
    pub next: Vec<String>,
    /// All of it as a letter.
    pub body: String,
    /// All of it for a program: `xfer-alert/1`.
    pub json: Value,
}

impl Message {
    /// What there is to tell about a run.
    pub fn of(notice: &Notice) -> Self {
        let head = match notice.condition {
            Condition::Complete => "is complete again",
            Condition::Incomplete => "is incomplete",
            Condition::Empty => "had nothing to transfer",
            Condition::Failed => "failed",
        };
        let subject = format!("xfer: {} {head}", notice.name);
        let line = format!("{subject} (exit code {}): {}", notice.exit_code, what_happened(notice));
        Self { body: letter(notice, head), json: for_programs(notice, &line), next: notice.next.clone(), subject, line }
    }

    /// What tells a person that a channel works.
    pub fn test(routine: &str, channel: &str) -> Self {
        let subject = format!("xfer: a test of the alert {channel} of {routine}");
        let line = format!("{subject}: this is only a test; you will get messages here when runs end");
        let json =
            json!({"format": "xfer-alert/1", "name": routine, "condition": "test", "exit_code": 0, "text": line});
        Self { body: format!("{line}.\n"), json, next: Vec::new(), subject, line }
    }
}

fn what_happened(notice: &Notice) -> String {
    match (&notice.reason, &notice.counts) {
        (Some(reason), _) => reason.clone(),
        (None, Some(counts)) => {
            format!(
                "{} of {} did not arrive, {} {} new or changed",
                grouped(counts.missing),
                counted(counts.total, "cell"),
                grouped(counts.written),
                if counts.written == 1 { "is" } else { "are" }
            )
        }
        (None, None) => "there is no report".to_owned(),
    }
}

/// The text of an e-mail or a DHIS2 message. Its time is in UTC: who reads it may sit in another time zone than the machine.
fn letter(notice: &Notice, head: &str) -> String {
    let mut text = format!(
        "The routine {} {head}.\n\nExit code {}, {} UTC.\n",
        notice.name,
        notice.exit_code,
        notice.at.strftime("%Y-%m-%d %H:%M")
    );
    let mut say = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    if let Some((source, destination)) = &notice.between {
        say(&format!("From {source} to {destination}."));
    }
    if let Some(reason) = &notice.reason {
        say(&format!("\nWhat happened: {reason}"));
    }
    if let Some(counts) = &notice.counts {
        say(&format!("\n{}", figures(counts)));
    }
    if !notice.next.is_empty() {
        say("\nWhat to do next:");
        for next in &notice.next {
            // A command stands on a line of its own, where it can be copied and no mail program breaks it.
            say(&format!("  {}", next.replace(": xfer ", ":\n    xfer ")));
        }
    }
    say("\nYou get this message once; the next one comes when the outcome changes.");
    text
}

fn figures(counts: &NoticeCounts) -> String {
    let NoticeCounts { total, written, unchanged, missing, unmapped } = counts;
    let mut text = format!(
        "Cells in all:              {total}\nNew, changed or deleted:   {written}\nUnchanged:                 \
         {unchanged}\nDid not arrive:            {missing}"
    );
    if *unmapped > 0 {
        // Writing to a text cannot fail.
        let _ = write!(text, "\nValues of unmapped units:  {unmapped}");
    }
    text
}

fn for_programs(notice: &Notice, line: &str) -> Value {
    let mut message = json!({
        "format": "xfer-alert/1",
        "name": notice.name,
        "condition": notice.condition.name(),
        "exit_code": notice.exit_code,
        "text": line,
        "at": notice.at.to_string(),
        "next": notice.next,
    });
    let mut add = |key: &str, value: Value| message[key] = value;
    if let Some(run) = notice.run {
        add("run", json!(run));
    }
    if let Some((source, destination)) = &notice.between {
        add("source", json!(source));
        add("destination", json!(destination));
    }
    if let Some(counts) = &notice.counts {
        add("counts", json!(counts));
    }
    message
}

/// A message as the listener at a web address takes it.
pub fn payload(shape: Shape, message: &Message) -> Value {
    let lines: Vec<&str> = std::iter::once(&message.line).chain(&message.next).map(String::as_str).collect();
    match shape {
        Shape::Json => message.json.clone(),
        // Slack reads these three as mark-up.
        Shape::Slack => {
            let text = lines.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            json!({ "text": text })
        }
        Shape::Teams => {
            // A text block is Markdown: what a server said must not become a link.
            let block = |line: &&str| json!({"type": "TextBlock", "text": line.replace("](", "] ("), "wrap": true});
            json!({
                "type": "message",
                "attachments": [{
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "content": {
                        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                        "type": "AdaptiveCard",
                        "version": "1.4",
                        "body": lines.iter().map(block).collect::<Vec<_>>(),
                    },
                }],
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::{Message, payload};
    use xfer_domain::alert::{Condition, Notice, NoticeCounts, Shape};

    fn incomplete() -> Notice {
        Notice {
            name: "monthly".to_owned(),
            condition: Condition::Incomplete,
            exit_code: 3,
            at: "2026-11-26T02:31:07Z".parse().unwrap(),
            run: Some(uuid::Uuid::from_u128(7)),
            between: Some(("tracker".to_owned(), "national".to_owned())),
            reason: None,
            counts: Some(NoticeCounts { total: 340, written: 300, unchanged: 28, missing: 12, unmapped: 5 }),
            next: vec![
                "see every cell with its reason: xfer runs cells 00000000-0000-0000-0000-000000000007".to_owned(),
            ],
        }
    }

    fn failed() -> Notice {
        Notice {
            condition: Condition::Failed,
            exit_code: 5,
            run: None,
            reason: Some("<national> cannot be reached: [no](https://evil.org) & nothing".to_owned()),
            counts: None,
            next: vec!["run it again; only what did not arrive is sent: xfer run monthly".to_owned()],
            ..incomplete()
        }
    }

    fn shown(shape: Shape, notice: &Notice) -> String {
        serde_json::to_string_pretty(&payload(shape, &Message::of(notice))).unwrap()
    }

    #[test]
    fn a_letter_says_what_happened_and_what_to_do_next() {
        let message = Message::of(&incomplete());
        assert_snapshot!(format!("Subject: {}\n\n{}", message.subject, message.body), @"
        Subject: xfer: monthly is incomplete

        The routine monthly is incomplete.

        Exit code 3, 2026-11-26 02:31 UTC.
        From tracker to national.

        Cells in all:              340
        New, changed or deleted:   300
        Unchanged:                 28
        Did not arrive:            12
        Values of unmapped units:  5

        What to do next:
          see every cell with its reason:
            xfer runs cells 00000000-0000-0000-0000-000000000007

        You get this message once; the next one comes when the outcome changes.
        ");
        let message = Message::of(&failed());
        assert_snapshot!(format!("Subject: {}\n\n{}", message.subject, message.body), @"
        Subject: xfer: monthly failed

        The routine monthly failed.

        Exit code 5, 2026-11-26 02:31 UTC.
        From tracker to national.

        What happened: <national> cannot be reached: [no](https://evil.org) & nothing

        What to do next:
          run it again; only what did not arrive is sent:
            xfer run monthly

        You get this message once; the next one comes when the outcome changes.
        ");
        let again = Notice {
            condition: Condition::Complete,
            exit_code: 0,
            counts: Some(NoticeCounts { total: 340, written: 12, unchanged: 328, ..NoticeCounts::default() }),
            next: Vec::new(),
            ..incomplete()
        };
        let message = Message::of(&again);
        assert_snapshot!(format!("Subject: {}\n\n{}", message.subject, message.body), @"
        Subject: xfer: monthly is complete again

        The routine monthly is complete again.

        Exit code 0, 2026-11-26 02:31 UTC.
        From tracker to national.

        Cells in all:              340
        New, changed or deleted:   12
        Unchanged:                 328
        Did not arrive:            0

        You get this message once; the next one comes when the outcome changes.
        ");
        assert_eq!(
            Message::of(&Notice { condition: Condition::Empty, ..again }).subject,
            "xfer: monthly had nothing to transfer"
        );
    }

    #[test]
    fn programs_read_all_of_it() {
        assert_snapshot!(shown(Shape::Json, &incomplete()), @r#"
        {
          "format": "xfer-alert/1",
          "name": "monthly",
          "condition": "incomplete",
          "exit_code": 3,
          "text": "xfer: monthly is incomplete (exit code 3): 12 of 340 cells did not arrive, 300 are new or changed",
          "at": "2026-11-26T02:31:07Z",
          "next": [
            "see every cell with its reason: xfer runs cells 00000000-0000-0000-0000-000000000007"
          ],
          "run": "00000000-0000-0000-0000-000000000007",
          "source": "tracker",
          "destination": "national",
          "counts": {
            "total": 340,
            "written": 300,
            "unchanged": 28,
            "missing": 12,
            "unmapped": 5
          }
        }
        "#);
        assert_snapshot!(shown(Shape::Json, &failed()), @r#"
        {
          "format": "xfer-alert/1",
          "name": "monthly",
          "condition": "failed",
          "exit_code": 5,
          "text": "xfer: monthly failed (exit code 5): <national> cannot be reached: [no](https://evil.org) & nothing",
          "at": "2026-11-26T02:31:07Z",
          "next": [
            "run it again; only what did not arrive is sent: xfer run monthly"
          ],
          "source": "tracker",
          "destination": "national"
        }
        "#);
    }

    #[test]
    fn slack_gets_a_text_without_mark_up() {
        assert_snapshot!(shown(Shape::Slack, &incomplete()), @r#"
        {
          "text": "xfer: monthly is incomplete (exit code 3): 12 of 340 cells did not arrive, 300 are new or changed\nsee every cell with its reason: xfer runs cells 00000000-0000-0000-0000-000000000007"
        }
        "#);
        assert_snapshot!(shown(Shape::Slack, &failed()), @r#"
        {
          "text": "xfer: monthly failed (exit code 5): &lt;national&gt; cannot be reached: [no](https://evil.org) &amp; nothing\nrun it again; only what did not arrive is sent: xfer run monthly"
        }
        "#);
    }

    #[test]
    fn teams_gets_a_card_without_links() {
        assert_snapshot!(shown(Shape::Teams, &failed()), @r#"
        {
          "type": "message",
          "attachments": [
            {
              "contentType": "application/vnd.microsoft.card.adaptive",
              "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                  {
                    "type": "TextBlock",
                    "text": "xfer: monthly failed (exit code 5): <national> cannot be reached: [no] (https://evil.org) & nothing",
                    "wrap": true
                  },
                  {
                    "type": "TextBlock",
                    "text": "run it again; only what did not arrive is sent: xfer run monthly",
                    "wrap": true
                  }
                ]
              }
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_test_says_that_nothing_happened() {
        let message = Message::test("monthly", "office");
        assert_snapshot!(payload(Shape::Json, &message), @r#"{"format":"xfer-alert/1","name":"monthly","condition":"test","exit_code":0,"text":"xfer: a test of the alert office of monthly: this is only a test; you will get messages here when runs end"}"#);
        assert_snapshot!(payload(Shape::Slack, &message), @r#"{"text":"xfer: a test of the alert office of monthly: this is only a test; you will get messages here when runs end"}"#);
    }
}
