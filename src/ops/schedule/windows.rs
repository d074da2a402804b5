//! What the Task Scheduler of Windows is given: a task as XML, for `schtasks /Create /XML`.
//!
//! Only ASCII stands in it, whatever letters a path has: what a program prints goes through the console's code page on
//! its way into a file, and other letters would not survive that.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use quick_xml::Writer;
use quick_xml::events::BytesText;

use crate::ops::scheduled::Scheduled;
use crate::ops::scheduled::times::{Times, WEEKDAYS};

/// The most triggers that a task may have.
const MOST_TRIGGERS: usize = 48;

const WINDOWS_WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// By their numbers, which begin at 1.
const WINDOWS_MONTHS: [&str; 13] = [
    "",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The task. None where the Task Scheduler cannot say these times.
pub fn windows_task(run: &Scheduled) -> Option<String> {
    let days = Days::of(&run.times)?;
    let starts = run.times.hours.iter().flat_map(|hour| run.times.minutes.iter().map(move |minute| (*hour, *minute)));
    let starts: Vec<(u8, u8)> = starts.collect();
    if starts.len() > MOST_TRIGGERS {
        return None;
    }
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory does not fail.
    write_task(&mut xml, run, &starts, &days).ok()?;
    let text = String::from_utf8(xml.into_inner()).ok()?;
    Some(format!("<?xml version=\"1.0\"?>\n{}\n", in_ascii(&text)))
}

type Xml = Writer<Vec<u8>>;

fn write_task(xml: &mut Xml, run: &Scheduled, starts: &[(u8, u8)], days: &Days<'_>) -> io::Result<()> {
    let log = log_beside(&run.home, &run.name);
    let words = run.words(Path::new(&log));
    let arguments: Vec<String> = words.iter().skip(1).map(|word| in_windows(&word.display().to_string())).collect();
    let task = xml.create_element("Task").with_attribute(("version", "1.2"));
    task.with_attribute(("xmlns", "http://schemas.microsoft.com/windows/2004/02/mit/task")).write_inner_content(
        |xml| {
            within(xml, "RegistrationInfo", |xml| text(xml, "Description", &format!("xfer: {}", run.name)))?;
            within(xml, "Triggers", |xml| {
                starts.iter().try_for_each(|(hour, minute)| trigger(xml, *hour, *minute, days))
            })?;
            within(xml, "Principals", |xml| {
                let principal = xml.create_element("Principal").with_attribute(("id", "Author"));
                principal.write_inner_content(|xml| {
                    run.user.iter().try_for_each(|user| text(xml, "UserId", user))?;
                    text(xml, "RunLevel", "LeastPrivilege")
                })?;
                Ok(())
            })?;
            within(xml, "Settings", |xml| {
                text(xml, "MultipleInstancesPolicy", "IgnoreNew")?;
                text(xml, "DisallowStartIfOnBatteries", "false")?;
                text(xml, "StartWhenAvailable", "true")?;
                text(xml, "RunOnlyIfNetworkAvailable", "true")
            })?;
            xml.create_element("Actions").with_attribute(("Context", "Author")).write_inner_content(|xml| {
                within(xml, "Exec", |xml| {
                    text(xml, "Command", &run.program.display().to_string())?;
                    text(xml, "Arguments", &arguments.join(" "))
                })
            })?;
            Ok(())
        },
    )?;
    Ok(())
}

fn trigger(xml: &mut Xml, hour: u8, minute: u8, days: &Days<'_>) -> io::Result<()> {
    within(xml, "CalendarTrigger", |xml| {
        text(xml, "StartBoundary", &format!("2024-01-01T{hour:02}:{minute:02}:00"))?;
        text(xml, "Enabled", "true")?;
        days.write(xml)
    })
}

/// An element with others in it.
fn within(xml: &mut Xml, name: &str, content: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<()> {
    xml.create_element(name).write_inner_content(content)?;
    Ok(())
}

/// An element with a text in it.
fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(text))?;
    Ok(())
}

/// Empty elements, one for each number's name.
fn names(xml: &mut Xml, numbers: &[u8], names: &[&str]) -> io::Result<()> {
    let named = numbers.iter().filter_map(|number| names.get(usize::from(*number)));
    for name in named {
        xml.create_element(*name).write_empty()?;
    }
    Ok(())
}

/// The log beside the state, with the separator of the home's path: a task may be written on another machine.
fn log_beside(home: &Path, name: &str) -> String {
    let home = home.display().to_string();
    let separator = if home.contains('\\') { '\\' } else { '/' };
    format!("{}{separator}{name}.log", home.trim_end_matches(separator))
}

/// The days of a trigger; the Task Scheduler has no more than these.
enum Days<'times> {
    Every,
    OfWeek(&'times Times),
    OfMonth(&'times Times),
}

impl<'times> Days<'times> {
    fn of(times: &'times Times) -> Option<Self> {
        let every_weekday = times.weekdays.len() == WEEKDAYS.len();
        let every_date = times.days.len() == 31 && times.months.len() == 12;
        match (every_weekday, every_date) {
            (true, true) => Some(Self::Every),
            (false, true) => Some(Self::OfWeek(times)),
            (true, false) => Some(Self::OfMonth(times)),
            (false, false) => None,
        }
    }

    fn write(&self, xml: &mut Xml) -> io::Result<()> {
        match self {
            Self::Every => within(xml, "ScheduleByDay", |xml| text(xml, "DaysInterval", "1")),
            Self::OfWeek(times) => within(xml, "ScheduleByWeek", |xml| {
                text(xml, "WeeksInterval", "1")?;
                within(xml, "DaysOfWeek", |xml| names(xml, &times.weekdays, &WINDOWS_WEEKDAYS))
            }),
            Self::OfMonth(times) => within(xml, "ScheduleByMonth", |xml| {
                within(xml, "DaysOfMonth", |xml| {
                    times.days.iter().try_for_each(|day| text(xml, "Day", &day.to_string()))
                })?;
                within(xml, "Months", |xml| names(xml, &times.months, &WINDOWS_MONTHS))
            }),
        }
    }
}

/// A word of a command line, as programs for Windows take it apart: backslashes mean themselves, but for those before
/// a quotation mark, which are doubled.
fn in_windows(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:\\".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in word.chars() {
        if character == '"' {
            quoted.push_str(&"\\".repeat(backslashes + 1));
        }
        backslashes = if character == '\\' { backslashes + 1 } else { 0 };
        quoted.push(character);
    }
    quoted.push_str(&"\\".repeat(backslashes));
    quoted.push('"');
    quoted
}

/// The same XML with every letter beyond ASCII as a character reference.
fn in_ascii(xml: &str) -> String {
    xml.chars().fold(String::with_capacity(xml.len()), |mut ascii, character| {
        match character {
            character if character.is_ascii() => ascii.push(character),
            // Writing to a text cannot fail.
            character => _ = write!(ascii, "&#{};", u32::from(character)),
        }
        ascii
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{in_windows, windows_task};
    use crate::ops::scheduled::times::Times;
    use crate::ops::scheduled::{Opener, Scheduled, sample};

    fn on_windows() -> Scheduled {
        let path = PathBuf::from;
        Scheduled {
            name: "monthly".to_owned(),
            program: path(r"C:\Program Files\xfer\xfer.exe"),
            home: path(r"C:\Users\Zoë Müller\AppData\Roaming\xfer\"),
            file: path(r"D:\Santé & Données\monthly.xfer"),
            opener: Opener::KeyFile(path(r"C:\Users\Zoë Müller\monthly.key")),
            user: Some(r"MINISTÈRE\zoë".to_owned()),
            times: Times::parse("30 2 5 * *").unwrap(),
        }
    }

    #[test]
    fn what_the_task_scheduler_is_given() {
        insta::assert_snapshot!("windows", windows_task(&on_windows()).unwrap());
    }

    /// Takes a command line apart as `CommandLineToArgvW` is documented to.
    fn taken_apart(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
        let mut rest = line.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                '\\' => {
                    let mut number = 1;
                    while rest.next_if_eq(&'\\').is_some() {
                        number += 1;
                    }
                    let before_quote = rest.peek() == Some(&'"');
                    word.push_str(&"\\".repeat(if before_quote { number / 2 } else { number }));
                    if before_quote && number % 2 == 1 {
                        rest.next();
                        word.push('"');
                    }
                    begun = true;
                }
                '"' => {
                    quoted = !quoted;
                    begun = true;
                }
                ' ' if !quoted => {
                    if begun {
                        words.push(std::mem::take(&mut word));
                    }
                    begun = false;
                }
                character => {
                    word.push(character);
                    begun = true;
                }
            }
        }
        if begun {
            words.push(word);
        }
        words
    }

    fn from_xml(text: &str) -> String {
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('&') {
            let (entity, after) = after.split_once(';').unwrap();
            plain.push_str(before);
            plain.push(match entity {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                number => char::from_u32(number.strip_prefix('#').unwrap().parse().unwrap()).unwrap(),
            });
            rest = after;
        }
        plain.push_str(rest);
        plain
    }

    #[test]
    fn spaces_letters_and_backslashes_reach_the_program_as_they_are() {
        let run = on_windows();
        let task = windows_task(&run).unwrap();
        assert!(task.is_ascii(), "{task}");
        let element = |name: &str| {
            let (_, after) = task.split_once(&format!("<{name}>")).unwrap();
            from_xml(after.split_once(&format!("</{name}>")).unwrap().0)
        };
        assert_eq!(element("Command"), run.program.to_str().unwrap());
        assert_eq!(element("UserId"), run.user.clone().unwrap());
        let home = run.home.to_str().unwrap();
        let log = format!("{home}monthly.log");
        assert_eq!(
            taken_apart(&element("Arguments")),
            [
                "--home",
                home,
                "--quiet",
                "exec",
                run.file.to_str().unwrap(),
                "--key-file",
                run.opener.path().to_str().unwrap(),
                "--log-file",
                &log
            ]
        );
    }

    #[test]
    fn every_word_comes_apart_as_it_was() {
        for word in ["", "plain", "two words", r"C:\ends in one\", r#"say "so""#, r#"\"\\" \\"#, r"\\server\share x\"] {
            assert_eq!(taken_apart(&in_windows(word)), [word], "{}", in_windows(word));
        }
    }

    #[test]
    fn what_the_task_scheduler_cannot_say_is_not_said() {
        assert!(windows_task(&sample("* * * * *")).is_none(), "1,440 triggers");
        assert!(windows_task(&sample("0 3 * 6 MON")).is_none(), "Mondays in June");
        let weekly = windows_task(&sample("0 3,15 * * 1,5")).unwrap();
        assert_eq!(weekly.matches("<ScheduleByWeek>").count(), 2);
        let days = weekly.split_once("<DaysOfWeek>").unwrap().1.split_once("</DaysOfWeek>").unwrap().0;
        assert_eq!(days.split_whitespace().collect::<Vec<_>>(), ["<Monday/>", "<Friday/>"]);
        assert!(windows_task(&sample("02:30")).unwrap().contains("<DaysInterval>1</DaysInterval>"));
    }
}
