//! What each scheduler is given, as text. Pure; no secret stands in any of it, only where one lies.

use std::path::{Path, PathBuf};

use crate::ops::schedule::times::{Times, WEEKDAYS};

/// A run that is to be started by a scheduler.
#[derive(Debug, Clone)]
pub struct Scheduled {
    /// What the scheduler calls it: letters, digits and dashes.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// The home, whose state folder keeps journal, ledger and lock.
    pub home: PathBuf,
    /// The xfer file.
    pub file: PathBuf,
    /// The key file that opens it.
    pub key_file: PathBuf,
    /// The user that it runs as; the scheduler's own rule where absent.
    pub user: Option<String>,
    /// When.
    pub times: Times,
}

/// The name by which systemd hands the key to the program.
const CREDENTIAL: &str = "xfer-key";

/// The most triggers that a Windows task may have.
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

/// The systemd service: one run, with no more rights than it needs.
pub fn systemd_service(run: &Scheduled) -> String {
    let user = run.user.as_ref().map(|user| format!("User={user}\n")).unwrap_or_default();
    let command = [&run.program, Path::new("--home"), &run.home, Path::new("--quiet"), Path::new("exec"), &run.file]
        .map(in_unit)
        .join(" ");
    let (home, key) = (in_unit(&run.home), percent(&run.key_file));
    format!(
        "[Unit]\n\
         Description=xfer: {}\n\
         Wants=network-online.target\n\
         After=network-online.target\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         {user}ExecStart={command}\n\
         LoadCredential={CREDENTIAL}:{key}\n\
         ReadWritePaths={home}\n\
         UMask=0077\n\
         NoNewPrivileges=yes\n\
         CapabilityBoundingSet=\n\
         ProtectSystem=strict\n\
         ProtectHome=read-only\n\
         ProtectClock=yes\n\
         ProtectHostname=yes\n\
         ProtectControlGroups=yes\n\
         ProtectKernelLogs=yes\n\
         ProtectKernelModules=yes\n\
         ProtectKernelTunables=yes\n\
         PrivateDevices=yes\n\
         PrivateTmp=yes\n\
         LockPersonality=yes\n\
         MemoryDenyWriteExecute=yes\n\
         RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n\
         RestrictNamespaces=yes\n\
         RestrictRealtime=yes\n\
         RestrictSUIDSGID=yes\n\
         SystemCallArchitectures=native\n\
         SystemCallFilter=@system-service\n",
        run.name
    )
}

/// The systemd timer; a run that was missed while the machine was off is made up for.
pub fn systemd_timer(run: &Scheduled) -> String {
    format!(
        "[Unit]\n\
         Description=xfer: {}, when it is due\n\
         \n\
         [Timer]\n\
         OnCalendar={}\n\
         Persistent=true\n\
         AccuracySec=1min\n\
         \n\
         [Install]\n\
         WantedBy=timers.target\n",
        run.name,
        run.times.on_calendar()
    )
}

/// A word of a unit's command line: `%` and `$` mean something to systemd.
fn in_unit(word: impl AsRef<Path>) -> String {
    let word = percent(word.as_ref()).replace('\\', "\\\\").replace('"', "\\\"").replace('$', "$$");
    format!("\"{word}\"")
}

fn percent(path: &Path) -> String {
    path.display().to_string().replace('%', "%%")
}

/// The mark at the end of our line of a crontab.
fn cron_mark(name: &str) -> String {
    format!("# xfer:{name}")
}

/// The line of a crontab. Its output is the report, which the log keeps; warnings and errors are mailed by cron.
pub fn cron_line(run: &Scheduled) -> String {
    let log = run.home.join(format!("{}.log", run.name));
    let words: [&Path; 10] = [
        &run.program,
        Path::new("--home"),
        &run.home,
        Path::new("--quiet"),
        Path::new("exec"),
        &run.file,
        Path::new("--key-file"),
        &run.key_file,
        Path::new("--log-file"),
        &log,
    ];
    let words = words.map(|word| in_shell(&word.display().to_string())).join(" ");
    // cron takes a bare % for the end of the line, even inside quotes.
    let words = words.replace('%', "\\%");
    format!("{} {words} >/dev/null {}", run.times.cron_line(), cron_mark(&run.name))
}

/// A crontab without our line, and with another one where there is one.
pub fn crontab_with(crontab: &str, name: &str, line: Option<&str>) -> String {
    let mark = cron_mark(name);
    let mut lines: Vec<&str> = crontab.lines().filter(|line| !line.trim_end().ends_with(&mark)).collect();
    lines.extend(line);
    lines.into_iter().flat_map(|line| [line, "\n"]).collect()
}

fn in_shell(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The task of Windows, for `schtasks /Create /XML`. None where the Task Scheduler cannot say these times.
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
    let quoted = |path: &Path| format!("\"{}\"", path.display());
    let arguments =
        format!("--home {} --quiet exec {} --key-file {}", quoted(&run.home), quoted(&run.file), quoted(&run.key_file));
    let (program, arguments) = (in_xml(&run.program.display().to_string()), in_xml(&arguments));
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

fn in_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The CronJob of Kubernetes, with a claim for the state and a secret that is made from the two files: neither the file
/// nor the key stands in the text.
pub fn kubernetes(run: &Scheduled, image: &str) -> String {
    let (file, key) = (in_shell(&run.file.display().to_string()), in_shell(&run.key_file.display().to_string()));
    let (name, times) = (&run.name, run.times.cron_line());
    let image = serde_json::Value::from(image);
    format!(
        "# First: kubectl create secret generic xfer-{name} --from-file=routine.xfer={file} --from-file={CREDENTIAL}={key}\n\
         apiVersion: v1\n\
         kind: PersistentVolumeClaim\n\
         metadata:\n  name: xfer-{name}\n\
         spec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n\
         ---\n\
         apiVersion: batch/v1\n\
         kind: CronJob\n\
         metadata:\n  name: xfer-{name}\n\
         spec:\n  schedule: \"{times}\"\n  concurrencyPolicy: Forbid\n  jobTemplate:\n    spec:\n      backoffLimit: 0\n      \
         template:\n        spec:\n          restartPolicy: Never\n          automountServiceAccountToken: false\n          \
         securityContext:\n            runAsNonRoot: true\n            runAsUser: 65532\n            fsGroup: 65532\n          \
         containers:\n            - name: xfer\n              image: {image}\n              \
         args: [\"--home\", \"/state\", \"--quiet\", \"exec\", \"/run/xfer/routine.xfer\"]\n              \
         env:\n                - name: CREDENTIALS_DIRECTORY\n                  value: /run/xfer\n              \
         securityContext:\n                allowPrivilegeEscalation: false\n                readOnlyRootFilesystem: true\n                \
         capabilities:\n                  drop: [ALL]\n              \
         volumeMounts:\n                - name: secret\n                  mountPath: /run/xfer\n                  readOnly: true\n                \
         - name: state\n                  mountPath: /state\n          \
         volumes:\n            - name: secret\n              secret:\n                secretName: xfer-{name}\n                \
         defaultMode: 0440\n            - name: state\n              persistentVolumeClaim:\n                claimName: xfer-{name}\n"
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::str::FromStr;

    use croner::Cron;

    use super::{Scheduled, cron_line, crontab_with, kubernetes, systemd_service, systemd_timer, windows_task};
    use crate::ops::schedule::times::Times;

    fn run(at: &str) -> Scheduled {
        let path = PathBuf::from;
        Scheduled {
            name: "monthly".to_owned(),
            program: path("/usr/bin/xfer"),
            home: path("/var/lib/xfer"),
            file: path("/srv/monthly.xfer"),
            key_file: path("/srv/monthly.key"),
            user: Some("dhis".to_owned()),
            times: Times::parse(at).unwrap(),
        }
    }

    #[test]
    fn what_each_scheduler_is_given() {
        let run = run("30 2 5 * *");
        insta::assert_snapshot!("systemd", format!("{}\n{}", systemd_service(&run), systemd_timer(&run)));
        insta::assert_snapshot!("windows", windows_task(&run).unwrap());
        insta::assert_snapshot!("kubernetes", kubernetes(&run, "registry.example.org/xfer:0.1.0"));
        insta::assert_snapshot!(cron_line(&run), @"30 2 5 * * /usr/bin/xfer --home /var/lib/xfer --quiet exec /srv/monthly.xfer --key-file /srv/monthly.key --log-file /var/lib/xfer/monthly.log >/dev/null # xfer:monthly");
    }

    #[test]
    fn paths_that_mean_something_to_a_scheduler_reach_the_program_as_they_are() {
        let mut run = run("02:30");
        run.file = PathBuf::from("/srv/100% it's $HOME/a \"b\" & <c>.xfer");
        let cron = cron_line(&run);
        assert!(cron.contains(r#"'/srv/100\% it'\''s $HOME/a "b" & <c>.xfer'"#), "{cron}");
        let unit = systemd_service(&run);
        assert!(unit.contains(r#""/srv/100%% it's $$HOME/a \"b\" & <c>.xfer""#), "{unit}");
        let task = windows_task(&run).unwrap();
        assert!(task.contains("a &quot;b&quot; &amp; &lt;c&gt;.xfer"), "{task}");
    }

    #[test]
    fn every_line_of_a_crontab_reads_back_as_the_times_that_were_meant() {
        for at in ["02:30", "*/15 * * * *", "0 3 1,15 * *", "0 22 * * MON-FRI", "59 23 31 12 *"] {
            let run = run(at);
            let line = cron_line(&run);
            let fields = line.split(' ').take(5).collect::<Vec<_>>().join(" ");
            let now = "2026-03-01T00:00:00[Africa/Nairobi]".parse().unwrap();
            let read: Vec<jiff::Zoned> = Cron::from_str(&fields).unwrap().iter_after(now).take(5).collect();
            assert_eq!(read, run.times.next(&"2026-03-01T00:00:00[Africa/Nairobi]".parse().unwrap(), 5), "{at}");
        }
    }

    #[test]
    fn a_crontab_keeps_every_line_that_is_not_ours() {
        let line = cron_line(&run("02:30"));
        let others = "# mine\n0 1 * * * backup\n0 2 * * * other # xfer:monthly-two\n";
        let with = crontab_with(others, "monthly", Some(&line));
        assert_eq!(with, format!("{others}{line}\n"));
        assert_eq!(crontab_with(&with, "monthly", Some(&line)), with, "twice is once");
        assert_eq!(crontab_with(&with, "monthly", None), others);
    }

    #[test]
    fn what_the_windows_scheduler_cannot_say_is_not_said() {
        assert!(windows_task(&run("* * * * *")).is_none(), "1,440 triggers");
        assert!(windows_task(&run("0 3 * 6 MON")).is_none(), "Mondays in June");
        let weekly = windows_task(&run("0 3,15 * * 1,5")).unwrap();
        assert_eq!(weekly.matches("<ScheduleByWeek>").count(), 2);
        assert!(weekly.contains("<Monday /><Friday />"));
        assert!(windows_task(&run("02:30")).unwrap().contains("<DaysInterval>1</DaysInterval>"));
    }
}
