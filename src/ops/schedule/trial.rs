//! What the run will need, tried by day as the user that it runs as: program, file, key, home and state.

use std::path::{Path, PathBuf};

use crate::ops::error::OpsError;
use crate::ops::schedule::crontab::SUPERUSER;
use crate::ops::scheduled::{Scheduled, Scheduler};
use xfer_storage::platform::access::{self, Account, Step, Use, Verdict, judge};
use xfer_storage::platform::temporary;

/// As whom it was tried, and what could not be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tried {
    /// The user, where it is another than the one who asks.
    pub as_user: Option<String>,
    /// Whether program, home and state were tried too; else only that the file opens.
    pub whole: bool,
    /// What could not be tried, each a sentence.
    pub notes: Vec<String>,
}

/// Something that the run needs.
struct Need {
    what: &'static str,
    verb: &'static str,
    path: PathBuf,
    wanted: Use,
}

/// The user that a run is started as, where that is not simply the one who asks; and whether its superuser is one.
fn runner(run: &Scheduled, scheduler: Scheduler) -> Option<(&str, bool)> {
    match scheduler {
        // The service is started without any of the superuser's rights.
        Scheduler::Systemd => Some((run.user.as_deref().unwrap_or(SUPERUSER), false)),
        Scheduler::CronD => Some((run.user.as_deref().unwrap_or(SUPERUSER), true)),
        Scheduler::Cron => run.user.as_deref().map(|user| (user, true)),
        Scheduler::SystemdUser | Scheduler::Windows | Scheduler::Kubernetes => None,
    }
}

/// Tries everything; `kept` are the files of earlier runs, which have to be written again.
pub(super) fn attempt(run: &Scheduled, scheduler: Scheduler, kept: Vec<PathBuf>) -> Result<Tried, OpsError> {
    if matches!(scheduler, Scheduler::Windows | Scheduler::Kubernetes) {
        return Ok(match &run.user {
            Some(user) => {
                Tried { notes: vec![format!("nothing could be tried as {user} from here")], ..Tried::default() }
            }
            None => Tried::default(),
        });
    }
    if run.home.exists() {
        temporary::try_filling(&run.home).map_err(|source| OpsError::LocalFile {
            path: run.home.clone(),
            action: "written to, which every run needs",
            source,
        })?;
    }
    let Some((user, has_its_rights)) = runner(run, scheduler) else {
        return Ok(Tried { whole: true, ..Tried::default() });
    };
    if !access::is_superuser() {
        let words = format!("it would run as {user}; only root can test whether {user} may use file, key and home");
        return Ok(Tried { notes: vec![words], ..Tried::default() });
    }
    let failed =
        |source| OpsError::LocalFile { path: PathBuf::from("the list of users"), action: "asked through `id`", source };
    let Some(account) = access::account(user).map_err(failed)? else {
        let hint = "check the name, or add the user first; it needs no password and no shell";
        return Err(OpsError::invalid(format!("there is no user {user} on this machine"), hint));
    };
    let account = Account { unbound: account.unbound && has_its_rights, ..account };
    let mut refusals = Vec::new();
    let mut hints = Vec::new();
    let mut notes = Vec::new();
    for need in needs(run, scheduler, kept) {
        let place = if need.wanted == Use::Enter { nearest(&need.path) } else { &need.path };
        let steps = access::steps(place).map_err(|source| OpsError::LocalFile {
            path: place.to_owned(),
            action: "looked at",
            source,
        })?;
        match judge(&account, &steps, need.wanted) {
            Verdict::Allowed => {}
            Verdict::Refused(step) => {
                refusals.push(refusal(&account, &need, &step));
                hints.push(remedy(&account, &need, &step));
            }
            Verdict::Unknown(step) => notes.push(format!(
                "whether {user} may {} {} {} depends on the access list of {}, which was not read",
                need.verb,
                need.what,
                need.path.display(),
                step.path.display()
            )),
        }
    }
    if refusals.is_empty() {
        return Ok(Tried { as_user: Some(user.to_owned()), whole: true, notes });
    }
    hints.dedup();
    Err(OpsError::invalid(refusals.join("; "), hints.join("; ")))
}

fn needs(run: &Scheduled, scheduler: Scheduler, kept: Vec<PathBuf>) -> Vec<Need> {
    let need = |what, verb, path: PathBuf, wanted| Need { what, verb, path, wanted };
    let mut needs = vec![
        need("the program", "start", run.program.clone(), Use::Execute),
        need("the xfer file", "read", run.file.clone(), Use::Read),
    ];
    if scheduler != Scheduler::Systemd {
        needs.push(need(run.opener.noun(), "read", run.opener.path().to_owned(), Use::Read));
    }
    // A home that is yet to be made is made for the user, who has to come there.
    let (verb, wanted) = if run.home.exists() { ("write to", Use::Fill) } else { ("reach", Use::Enter) };
    needs.push(need("the home", verb, run.home.clone(), wanted));
    for path in kept {
        let wanted = if path.is_dir() { Use::Fill } else { Use::Change };
        needs.push(need("what earlier runs left,", "write to", path, wanted));
    }
    needs
}

/// The folder that a path goes through and that there is.
fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|folder| folder.exists()).unwrap_or(path)
}

fn refusal(account: &Account, need: &Need, step: &Step) -> String {
    let Need { what, verb, path, .. } = need;
    let owner = access::name_of(step.owner);
    let which = if step.path == *path { "it".to_owned() } else { format!("{} on the path to it", step.path.display()) };
    format!(
        "{} may not {verb} {what} {}: {which} belongs to {owner} and has mode {:o}",
        account.name,
        path.display(),
        step.mode
    )
}

fn remedy(account: &Account, need: &Need, step: &Step) -> String {
    if step.path == need.path && need.wanted != Use::Execute {
        let all = if need.path.is_dir() { "-R " } else { "" };
        return format!("`chown {all}{} {}` gives it to {}", account.name, step.path.display(), account.name);
    }
    if step.path == need.path {
        return format!("`chmod a+rx {}` lets all users start it", step.path.display());
    }
    format!(
        "move {} to a folder that {} may enter, such as one in /srv or /usr/local, or allow access to {} with `chmod \
         o+x`",
        need.what.trim_end_matches(','),
        account.name,
        step.path.display()
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{nearest, needs, refusal, remedy, runner};
    use crate::ops::scheduled::{Scheduler, sample};
    use xfer_storage::platform::access::{Account, Step, Use};

    #[test]
    fn whose_rights_count_depends_on_the_scheduler() {
        let mut run = sample("02:30");
        assert_eq!(runner(&run, Scheduler::Systemd), Some(("dhis", false)));
        assert_eq!(runner(&run, Scheduler::Cron), Some(("dhis", true)));
        run.user = None;
        assert_eq!(runner(&run, Scheduler::Systemd), Some(("root", false)), "without its rights");
        assert_eq!(runner(&run, Scheduler::CronD), Some(("root", true)));
        assert_eq!(runner(&run, Scheduler::Cron), None, "the one who asks");
        assert_eq!(runner(&run, Scheduler::SystemdUser), None);
    }

    #[test]
    fn the_key_is_the_managers_to_read_only_where_it_hands_it_over() {
        let run = sample("02:30");
        let read = |scheduler| {
            let needed = needs(&run, scheduler, vec![PathBuf::from("/var/lib/xfer/monthly.log")]);
            needed.into_iter().map(|need| need.path.display().to_string()).collect::<Vec<_>>()
        };
        let key = "/srv/monthly.key".to_owned();
        assert!(read(Scheduler::Cron).contains(&key) && !read(Scheduler::Systemd).contains(&key));
        let last = needs(&run, Scheduler::Cron, vec![PathBuf::from("/var/lib/xfer/monthly.log")]).pop().unwrap();
        assert_eq!(last.wanted, Use::Change);
    }

    #[test]
    fn a_home_that_is_yet_to_be_made_has_to_be_reached() {
        let mut run = sample("02:30");
        let folder = tempfile::tempdir().unwrap();
        let of_home = |run: &_| needs(run, Scheduler::Systemd, Vec::new()).pop().unwrap();
        run.home = folder.path().join("deep/home");
        let need = of_home(&run);
        assert_eq!((need.wanted, need.path.as_path()), (Use::Enter, run.home.as_path()));
        assert_eq!(nearest(&need.path), folder.path());
        run.home = folder.path().to_owned();
        assert_eq!(of_home(&run).wanted, Use::Fill);
    }

    #[test]
    fn a_refusal_names_what_stands_in_the_way_and_what_to_do() {
        let run = sample("02:30");
        let file = needs(&run, Scheduler::Systemd, Vec::new()).remove(1);
        let account = Account { name: "dhis".to_owned(), id: 7, groups: vec![7], unbound: false };
        let step =
            |path: &str, mode| Step { path: PathBuf::from(path), owner: 0, group: 0, mode, has_access_list: false };
        let (itself, folder) = (step("/srv/monthly.xfer", 0o600), step("/srv", 0o700));
        assert!(refusal(&account, &file, &itself).contains("monthly.xfer: it belongs to"));
        assert_eq!(remedy(&account, &file, &itself), "`chown dhis /srv/monthly.xfer` gives it to dhis");
        let words = refusal(&account, &file, &folder);
        assert!(
            words.starts_with("dhis may not read the xfer file /srv/monthly.xfer: /srv on the path to it"),
            "{words}"
        );
        assert!(words.ends_with("mode 700"), "{words}");
        assert!(remedy(&account, &file, &folder).contains("chmod o+x"));
    }
}
