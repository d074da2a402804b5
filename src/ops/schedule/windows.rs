//! What the Task Scheduler of Windows is given: a task as XML, for `schtasks /Create /XML`.
//!
//! Only ASCII stands in it, whatever letters a path has: what a program prints goes through the console's code page on
//! its way into a file, and other letters would not survive that.

use std::fmt::Write as _;
use std::path::Path;

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
    let days = windows_days(&run.times)?;
    let starts = run.times.hours.iter().flat_map(|hour| run.times.minutes.iter().map(move |minute| (hour, minute)));
    let triggers: Vec<String> = starts
        .map(|(hour, minute)| {
            format!(
                "    <CalendarTrigger>\n      <StartBoundary>2024-01-01T{hour:02}:{minute:02}:00</StartBoundary>\n      \
                 <Enabled>true</Enabled>\n      {days}\n    </CalendarTrigger>\n"
            )
        })
        .collect();
    if triggers.len() > MOST_TRIGGERS {
        return None;
    }
    let log = log_beside(&run.home, &run.name);
    let words = run.words(Path::new(&log));
    let arguments: Vec<String> = words.iter().skip(1).map(|word| in_windows(&word.display().to_string())).collect();
    let (program, arguments) = (in_xml(&run.program.display().to_string()), in_xml(&arguments.join(" ")));
    let user = run.user.as_ref().map(|user| format!("      <UserId>{}</UserId>\n", in_xml(user))).unwrap_or_default();
    Some(format!(
        "<?xml version=\"1.0\"?>\n\
         <Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\n  \
         <RegistrationInfo>\n    <Description>xfer: {}</Description>\n  </RegistrationInfo>\n  \
         <Triggers>\n{}  </Triggers>\n  \
         <Principals>\n    <Principal id=\"Author\">\n{user}      <RunLevel>LeastPrivilege</RunLevel>\n    \
         </Principal>\n  </Principals>\n  \
         <Settings>\n    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\n    \
         <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>\n    \
         <StartWhenAvailable>true</StartWhenAvailable>\n    \
         <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>\n  </Settings>\n  \
         <Actions Context=\"Author\">\n    <Exec>\n      <Command>{program}</Command>\n      \
         <Arguments>{arguments}</Arguments>\n    </Exec>\n  </Actions>\n</Task>\n",
        run.name,
        triggers.concat()
    ))
}

/// The log beside the state, with the separator of the home's path: a task may be written on another machine.
fn log_beside(home: &Path, name: &str) -> String {
    let home = home.display().to_string();
    let separator = if home.contains('\\') { '\\' } else { '/' };
    format!("{}{separator}{name}.log", home.trim_end_matches(separator))
}

/// The days of a trigger: every day, days of the week, or days of the month; the Task Scheduler has no more.
fn windows_days(times: &Times) -> Option<String> {
    let elements = |numbers: &[u8], names: &[&str]| {
        let named = numbers.iter().filter_map(|number| names.get(usize::from(*number)));
        named.flat_map(|name| ["<", *name, " />"]).collect::<String>()
    };
    let (every_week, every_day) = (times.weekdays.len() == WEEKDAYS.len(), times.days.len() == 31);
    let every_month = times.months.len() == 12;
    match (every_week, every_day && every_month) {
        (true, true) => Some("<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>".to_owned()),
        (false, true) => {
            let days = elements(&times.weekdays, &WINDOWS_WEEKDAYS);
            Some(format!(
                "<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek>{days}</DaysOfWeek></ScheduleByWeek>"
            ))
        }
        (true, false) => {
            let months = elements(&times.months, &WINDOWS_MONTHS);
            let days: Vec<String> = times.days.iter().map(|day| format!("<Day>{day}</Day>")).collect();
            let days = days.concat();
            Some(format!(
                "<ScheduleByMonth><DaysOfMonth>{days}</DaysOfMonth><Months>{months}</Months></ScheduleByMonth>"
            ))
        }
        (false, false) => None,
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

fn in_xml(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut xml, character| {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            character if character.is_ascii() => xml.push(character),
            // Writing to a text cannot fail.
            character => _ = write!(xml, "&#{};", u32::from(character)),
        }
        xml
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
        assert!(weekly.contains("<Monday /><Friday />"));
        assert!(windows_task(&sample("02:30")).unwrap().contains("<DaysInterval>1</DaysInterval>"));
    }
}
