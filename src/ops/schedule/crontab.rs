//! What cron is given: one marked line, in a user's crontab or in a file of `/etc/cron.d`. Every other line stays.

use std::path::{Path, PathBuf};

use crate::ops::scheduled::{Scheduled, in_shell};

/// The folder whose files cron reads beside the crontabs of users.
pub const CRON_FOLDER: &str = "/etc/cron.d";

/// The user that a line of [`CRON_FOLDER`] runs as where none was named.
pub(super) const SUPERUSER: &str = "root";

/// The first line of a file of [`CRON_FOLDER`].
const HEADING: &str = "# Written by `xfer schedule install`, removed by `xfer schedule remove`.";

/// The mark at the end of our line of a crontab.
fn cron_mark(name: &str) -> String {
    format!("# xfer:{name}")
}

/// The line of a user's crontab. Its output is the report, which the log keeps; warnings and errors are mailed by cron.
pub fn cron_line(run: &Scheduled) -> String {
    line(run, None)
}

fn line(run: &Scheduled, user: Option<&str>) -> String {
    let log = run.log();
    let words = run.words(&log).into_iter().map(|word| in_shell(&word.display().to_string()));
    // cron takes a bare % for the end of the line, even inside quotes.
    let words = words.collect::<Vec<_>>().join(" ").replace('%', "\\%");
    let user = user.map(|user| format!("{user} ")).unwrap_or_default();
    format!("{} {user}{words} >/dev/null {}", run.times.cron_line(), cron_mark(&run.name))
}

/// The file of a run in a folder as `/etc/cron.d`. cron passes over names with anything but letters, digits and dashes.
pub fn cron_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("xfer-{name}"))
}

/// The line of such a file, which names the user.
pub fn cron_d_line(run: &Scheduled) -> String {
    line(run, Some(run.user.as_deref().unwrap_or(SUPERUSER)))
}

/// Such a file with our line in the place of an older one, or without it; none where nothing would be left of it.
pub(super) fn cron_file_with(before: &str, name: &str, line: Option<&str>) -> Option<String> {
    let others = crontab_with(before, name, None);
    match line {
        Some(_) if others.lines().any(|other| other == HEADING) => Some(crontab_with(&others, name, line)),
        Some(line) => Some(crontab_with(&format!("{HEADING}\n{others}"), name, Some(line))),
        None => others.lines().any(|other| other != HEADING).then_some(others),
    }
}

/// A crontab without our line, and with another one where there is one.
pub(super) fn crontab_with(crontab: &str, name: &str, line: Option<&str>) -> String {
    let mut lines: Vec<&str> = crontab.lines().filter(|line| !is_ours(line, name)).collect();
    lines.extend(line);
    lines.into_iter().flat_map(|line| [line, "\n"]).collect()
}

/// Our lines of a crontab; one, unless somebody copied it.
pub(super) fn our_lines<'tab>(crontab: &'tab str, name: &str) -> Vec<&'tab str> {
    crontab.lines().filter(|line| is_ours(line, name)).collect()
}

fn is_ours(line: &str, name: &str) -> bool {
    line.trim_end().ends_with(&cron_mark(name))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::str::FromStr;

    use croner::Cron;

    use super::{cron_d_line, cron_file_with, cron_line, crontab_with, our_lines};
    use crate::ops::scheduled::{Opener, sample};

    #[test]
    fn what_cron_is_given() {
        let mut run = sample("30 2 5 * *");
        insta::assert_snapshot!(cron_line(&run), @"30 2 5 * * /usr/bin/xfer --home /var/lib/xfer --quiet exec /srv/monthly.xfer --key-file /srv/monthly.key --log-file /var/lib/xfer/monthly.log >/dev/null # xfer:monthly");
        run.opener = Opener::PassphraseFile(PathBuf::from("/srv/passphrase"));
        insta::assert_snapshot!(cron_d_line(&run), @"30 2 5 * * dhis /usr/bin/xfer --home /var/lib/xfer --quiet exec /srv/monthly.xfer --passphrase-file /srv/passphrase --log-file /var/lib/xfer/monthly.log >/dev/null # xfer:monthly");
        run.user = None;
        assert!(cron_d_line(&run).starts_with("30 2 5 * * root /usr/bin/xfer "));
    }

    #[test]
    fn paths_that_mean_something_to_cron_reach_the_program_as_they_are() {
        let mut run = sample("02:30");
        run.file = PathBuf::from("/srv/100% it's $HOME/a \"b\" & <c>.xfer");
        let cron = cron_line(&run);
        assert!(cron.contains(r#"'/srv/100\% it'\''s $HOME/a "b" & <c>.xfer'"#), "{cron}");
    }

    #[test]
    fn every_line_of_a_crontab_reads_back_as_the_times_that_were_meant() {
        for at in ["02:30", "*/15 * * * *", "0 3 1,15 * *", "0 22 * * MON-FRI", "59 23 31 12 *"] {
            let run = sample(at);
            let line = cron_line(&run);
            let fields = line.split(' ').take(5).collect::<Vec<_>>().join(" ");
            let now = "2026-03-01T00:00:00[Africa/Nairobi]".parse().unwrap();
            let read: Vec<jiff::Zoned> = Cron::from_str(&fields).unwrap().iter_after(now).take(5).collect();
            assert_eq!(read, run.times.next(&"2026-03-01T00:00:00[Africa/Nairobi]".parse().unwrap(), 5), "{at}");
        }
    }

    #[test]
    fn a_crontab_keeps_every_line_that_is_not_ours() {
        let line = cron_line(&sample("02:30"));
        let others = "# mine\n0 1 * * * backup\n0 2 * * * other # xfer:monthly-two\n";
        let with = crontab_with(others, "monthly", Some(&line));
        assert_eq!(with, format!("{others}{line}\n"));
        assert_eq!(crontab_with(&with, "monthly", Some(&line)), with, "twice is once");
        assert_eq!(our_lines(&with, "monthly"), [line.as_str()]);
        assert_eq!(crontab_with(&with, "monthly", None), others);
    }

    #[test]
    fn a_file_of_ours_goes_when_nothing_else_stands_in_it() {
        let line = cron_d_line(&sample("02:30"));
        let first = cron_file_with("", "monthly", Some(&line)).unwrap();
        assert_eq!(first.lines().count(), 2, "{first}");
        assert_eq!(cron_file_with(&first, "monthly", Some(&line)).unwrap(), first, "twice is once");
        assert_eq!(cron_file_with(&first, "monthly", None), None);
        let shared = format!("{first}0 1 * * * root backup\n");
        let left = cron_file_with(&shared, "monthly", None).unwrap();
        assert!(left.contains("backup") && !left.contains("xfer:monthly"), "{left}");
    }
}
