//! What systemd is given: a service that makes one run with no more rights than it needs, and a timer.

use std::path::{Path, PathBuf};

use crate::ops::scheduled::{Scheduled, Scheduler};

/// The folder of the units that an administrator adds.
pub const UNIT_FOLDER: &str = "/etc/systemd/system";

/// What needs no help of the kernel's superuser: every service may be kept in these bounds.
const BOUNDS: &str = "\
    UMask=0077\n\
    NoNewPrivileges=yes\n\
    LockPersonality=yes\n\
    MemoryDenyWriteExecute=yes\n\
    RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n\
    RestrictNamespaces=yes\n\
    RestrictRealtime=yes\n\
    RestrictSUIDSGID=yes\n\
    SystemCallArchitectures=native\n\
    SystemCallFilter=@system-service\n";

/// What only the systemd of the machine can do: a user's own would need namespaces, which many kernels refuse it.
const BOUNDS_OF_THE_MACHINE: &str = "\
    CapabilityBoundingSet=\n\
    ProtectSystem=strict\n\
    ProtectHome=read-only\n\
    ProtectClock=yes\n\
    ProtectHostname=yes\n\
    ProtectControlGroups=yes\n\
    ProtectKernelLogs=yes\n\
    ProtectKernelModules=yes\n\
    ProtectKernelTunables=yes\n\
    PrivateDevices=yes\n";

/// Folders that a service with a `/tmp` of its own does not see.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// The two units of a run by their files: service and timer.
pub fn units(run: &Scheduled, scheduler: Scheduler, folder: &Path) -> [(PathBuf, String); 2] {
    let [service, timer] = unit_files(folder, &run.name);
    [(service, systemd_service(run, scheduler)), (timer, systemd_timer(run))]
}

/// Where the two units of a name lie: service and timer.
pub fn unit_files(folder: &Path, name: &str) -> [PathBuf; 2] {
    ["service", "timer"].map(|kind| folder.join(format!("xfer-{name}.{kind}")))
}

/// The systemd service: one run.
pub(super) fn systemd_service(run: &Scheduled, scheduler: Scheduler) -> String {
    let command = run.words_without_key().into_iter().map(in_unit).collect::<Vec<_>>().join(" ");
    let (home, key, credential) = (path_in_unit(&run.home), percent(run.opener.path()), run.opener.credential());
    let service = format!("ExecStart={command}\nLoadCredential={credential}:{key}\n");
    let name = &run.name;
    if scheduler == Scheduler::SystemdUser {
        return format!("[Unit]\nDescription=xfer: {name}\n\n[Service]\nType=oneshot\n{service}{BOUNDS}");
    }
    let user = run.user.as_ref().map(|user| format!("User={user}\n")).unwrap_or_default();
    let own_temporary = if uses_temporary_folder(run) { "" } else { "PrivateTmp=yes\n" };
    format!(
        "[Unit]\n\
         Description=xfer: {name}\n\
         Wants=network-online.target\n\
         After=network-online.target\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         {user}{service}\
         ReadWritePaths={home}\n\
         {BOUNDS}{BOUNDS_OF_THE_MACHINE}{own_temporary}"
    )
}

/// Whether something that the service needs would be hidden by a `/tmp` of its own. Its key would not: that is read
/// before.
fn uses_temporary_folder(run: &Scheduled) -> bool {
    let needed = [&run.program, &run.home, &run.file];
    needed.into_iter().any(|path| TEMPORARY.iter().any(|folder| path.starts_with(folder)))
}

/// The systemd timer; a run that was missed while the machine was off is made up for.
pub(super) fn systemd_timer(run: &Scheduled) -> String {
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

/// The commands that make systemd start a run from now on.
pub(super) fn starting(name: &str, scheduler: Scheduler, folder: &Path, usual: &Path) -> Vec<Vec<String>> {
    let mut commands = vec![systemctl(scheduler, &["daemon-reload"])];
    if folder != usual {
        let files = unit_files(folder, name).map(|file| file.display().to_string());
        let linked: Vec<&str> = ["link"].into_iter().chain(files.iter().map(String::as_str)).collect();
        commands.insert(0, systemctl(scheduler, &linked));
    }
    commands.push(systemctl(scheduler, &["enable", "--now", &timer_name(name)]));
    commands
}

/// The commands that make it stop, to be given before its units are removed and after.
pub(super) fn stopping(name: &str, scheduler: Scheduler) -> [Vec<String>; 2] {
    [systemctl(scheduler, &["disable", "--now", &timer_name(name)]), systemctl(scheduler, &["daemon-reload"])]
}

/// The command that reads the units as systemd does.
pub(super) fn verifying(name: &str, scheduler: Scheduler, folder: &Path) -> Vec<String> {
    let files = unit_files(folder, name).map(|file| file.display().to_string());
    let manager = if scheduler == Scheduler::SystemdUser { "--user" } else { "--system" };
    ["systemd-analyze", manager, "verify"].into_iter().map(str::to_owned).chain(files).collect()
}

/// The link by which a started timer is known.
pub(super) fn started_link(folder: &Path, name: &str) -> PathBuf {
    folder.join("timers.target.wants").join(timer_name(name))
}

fn timer_name(name: &str) -> String {
    format!("xfer-{name}.timer")
}

fn systemctl(scheduler: Scheduler, words: &[&str]) -> Vec<String> {
    let manager = (scheduler == Scheduler::SystemdUser).then_some("--user");
    ["systemctl"].into_iter().chain(manager).chain(words.iter().copied()).map(str::to_owned).collect()
}

/// A word of a unit's command line, where `$` begins a variable.
fn in_unit(word: impl AsRef<Path>) -> String {
    path_in_unit(word.as_ref()).replace('$', "$$")
}

/// A path of a unit outside of its command line: `%` means something to systemd there, `$` does not.
fn path_in_unit(path: &Path) -> String {
    let path = percent(path).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{path}\"")
}

fn percent(path: &Path) -> String {
    path.display().to_string().replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{UNIT_FOLDER, starting, stopping, systemd_service, systemd_timer};
    use crate::ops::scheduled::{Opener, Scheduler, sample};

    #[test]
    fn what_systemd_is_given() {
        let run = sample("30 2 5 * *");
        let service = systemd_service(&run, Scheduler::Systemd);
        insta::assert_snapshot!("systemd", format!("{service}\n{}", systemd_timer(&run)));
        insta::assert_snapshot!("systemd_user", systemd_service(&run, Scheduler::SystemdUser));
    }

    #[test]
    fn a_passphrase_is_a_credential_of_its_own_name() {
        let mut run = sample("02:30");
        run.opener = Opener::PassphraseFile(PathBuf::from("/srv/monthly passphrase"));
        let unit = systemd_service(&run, Scheduler::Systemd);
        assert!(unit.contains("LoadCredential=xfer-passphrase:/srv/monthly passphrase\n"), "{unit}");
        assert!(!unit.contains("xfer-key"), "{unit}");
    }

    #[test]
    fn paths_that_mean_something_to_systemd_reach_the_program_as_they_are() {
        let mut run = sample("02:30");
        run.file = PathBuf::from("/srv/100% it's $HOME/a \"b\" & <c>.xfer");
        run.home = PathBuf::from(r"/srv/50% $HOME/a\b");
        let unit = systemd_service(&run, Scheduler::Systemd);
        assert!(unit.contains("ReadWritePaths=\"/srv/50%% $HOME/a\\\\b\"\n"), "{unit}");
        assert!(unit.contains(r#""--home" "/srv/50%% $$HOME/a\\b""#), "{unit}");
        assert!(unit.contains(r#""/srv/100%% it's $$HOME/a \"b\" & <c>.xfer""#), "{unit}");
    }

    #[test]
    fn what_lies_in_a_temporary_folder_is_not_hidden_from_the_service() {
        let mut run = sample("02:30");
        assert!(systemd_service(&run, Scheduler::Systemd).contains("PrivateTmp=yes"));
        run.file = PathBuf::from("/tmp/try/monthly.xfer");
        assert!(!systemd_service(&run, Scheduler::Systemd).contains("PrivateTmp"));
    }

    #[test]
    fn the_commands_that_start_and_stop_it() {
        let said = |commands: &[Vec<String>]| commands.iter().map(|words| words.join(" ")).collect::<Vec<_>>();
        let usual = Path::new(UNIT_FOLDER);
        assert_eq!(
            said(&starting("monthly", Scheduler::Systemd, usual, usual)),
            ["systemctl daemon-reload", "systemctl enable --now xfer-monthly.timer"]
        );
        assert_eq!(
            said(&starting("monthly", Scheduler::SystemdUser, Path::new("/u"), usual)),
            [
                "systemctl --user link /u/xfer-monthly.service /u/xfer-monthly.timer",
                "systemctl --user daemon-reload",
                "systemctl --user enable --now xfer-monthly.timer"
            ]
        );
        assert_eq!(
            said(&stopping("monthly", Scheduler::Systemd)),
            ["systemctl disable --now xfer-monthly.timer", "systemctl daemon-reload"]
        );
    }
}
