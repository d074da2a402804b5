//! Whether another user of this machine may use a file, tested before a schedule runs it.
//!
//! Judged by the modes of the whole path, folder by folder, as the kernel judges them; so that the answer names the
//! folder that stands in the way, which a mere try would not. Access lists (ACLs) go beyond modes: where a path has one
//! and the modes refuse, the answer is that it is not known. Windows has no modes, and nothing is judged there.

use std::io;
use std::path::{Path, PathBuf};

/// A user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub name: String,
    /// The number.
    pub id: u32,
    /// The numbers of its groups.
    pub groups: Vec<u32>,
    /// Whether modes do not bind it: the superuser, as long as nobody took that right from the process.
    pub unbound: bool,
}

/// A folder on the way to a file, or the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where it is.
    pub path: PathBuf,
    /// The number of its owner.
    pub owner: u32,
    /// The number of its group.
    pub group: u32,
    /// Its permission bits.
    pub mode: u32,
    /// Whether it has an access list beside its mode.
    pub has_access_list: bool,
}

/// What is to be done with the file or folder at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Read a file.
    Read,
    /// Start a program.
    Execute,
    /// Read and change a file.
    Change,
    /// Make files in a folder.
    Fill,
    /// Go through a folder to what lies in it.
    Enter,
}

/// Whether it may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Allowed,
    /// No: this step's mode does not let the user through.
    Refused(Step),
    /// The step's mode does not, but its access list may.
    Unknown(Step),
}

const READ: u32 = 0o4;
const WRITE: u32 = 0o2;
const ENTER: u32 = 0o1;

/// Whether a user may use what lies at the end of these steps, which begin at the root.
pub fn judge(account: &Account, steps: &[Step], wanted: Use) -> Verdict {
    let Some((last, folders)) = steps.split_last() else { return Verdict::Allowed };
    let needed = match wanted {
        Use::Read => READ,
        Use::Execute | Use::Enter => ENTER,
        Use::Change => READ | WRITE,
        Use::Fill => WRITE | ENTER,
    };
    let closed = folders.iter().find(|folder| !lets(account, folder, ENTER));
    let refused = closed.or_else(|| {
        // Even the superuser cannot start what nobody may start.
        let startable = wanted != Use::Execute || last.mode & 0o111 != 0;
        (!startable || !lets(account, last, needed)).then_some(last)
    });
    match refused {
        None => Verdict::Allowed,
        Some(step) if step.has_access_list => Verdict::Unknown(step.clone()),
        Some(step) => Verdict::Refused(step.clone()),
    }
}

/// Exactly one of the three parts of a mode counts: the owner's for the owner, even where the group's is wider.
fn lets(account: &Account, step: &Step, needed: u32) -> bool {
    let granted = if step.owner == account.id {
        step.mode >> 6
    } else if account.groups.contains(&step.group) {
        step.mode >> 3
    } else {
        step.mode
    };
    account.unbound || granted & needed == needed
}

/// The steps to a file, of the path as it is written and of the one that its links lead to.
#[cfg(unix)]
pub fn steps(path: &Path) -> io::Result<Vec<Step>> {
    use std::os::unix::fs::MetadataExt;
    let real = path.canonicalize()?;
    let written: Vec<&Path> = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).collect();
    let led: Vec<&Path> = real.ancestors().collect();
    let mut steps: Vec<Step> = Vec::new();
    for step in written.into_iter().rev().chain(led.into_iter().rev()) {
        let metadata = std::fs::metadata(step)?;
        steps.push(Step {
            path: step.to_owned(),
            owner: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & 0o777,
            has_access_list: has_access_list(step),
        });
    }
    Ok(steps)
}

/// The steps to a file: none where there are no modes.
#[cfg(not(unix))]
pub fn steps(path: &Path) -> io::Result<Vec<Step>> {
    path.canonicalize().map(|_| Vec::new())
}

#[cfg(target_os = "linux")]
fn has_access_list(path: &Path) -> bool {
    // Its length is enough; a file without one has no such attribute.
    rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0_u8; 0]).is_ok()
}

#[cfg(all(unix, not(target_os = "linux")))]
fn has_access_list(_path: &Path) -> bool {
    false
}

/// The user of a name; none where there is no such user. Asked through the system's `id`, which knows users that are
/// kept elsewhere than on this machine too.
#[cfg(unix)]
pub fn account(name: &str) -> io::Result<Option<Account>> {
    let ask = |option: &str| {
        let answer = std::process::Command::new("id").args([option, name]).output()?;
        let words = String::from_utf8_lossy(&answer.stdout).into_owned();
        let numbers = words.split_whitespace().map(str::parse).collect::<Result<Vec<u32>, _>>();
        Ok::<_, io::Error>(numbers.ok().filter(|numbers| answer.status.success() && !numbers.is_empty()))
    };
    let (Some(ids), Some(groups)) = (ask("-u")?, ask("-G")?) else { return Ok(None) };
    let Some(id) = ids.first().copied() else { return Ok(None) };
    Ok(Some(Account { name: name.to_owned(), id, groups, unbound: id == 0 }))
}

/// The user of a name: Windows is not asked.
#[cfg(not(unix))]
pub fn account(_name: &str) -> io::Result<Option<Account>> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// The name of the user of a number; the number itself where it has none.
pub fn name_of(id: u32) -> String {
    let asked = std::process::Command::new("id").args(["-nu", &id.to_string()]).output();
    let name = asked.ok().filter(|answer| answer.status.success());
    let name = name.map(|answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| format!("user number {id}"))
}

/// Whether this process may do as any user does.
#[cfg(unix)]
pub fn is_superuser() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this process may do as any user does: on Windows nothing of ours depends on it.
#[cfg(not(unix))]
pub fn is_superuser() -> bool {
    false
}

/// Gives a file or folder to the owner of another one, where this process may.
#[cfg(unix)]
pub fn give_to_owner_of(path: &Path, model: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let (own, other) = (std::fs::metadata(path)?, std::fs::metadata(model)?);
    if is_superuser() && (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        std::os::unix::fs::chown(path, Some(other.uid()), Some(other.gid()))?;
    }
    Ok(())
}

/// Gives a file or folder to the owner of another one: on Windows it inherits what its folder has.
#[cfg(not(unix))]
pub fn give_to_owner_of(_path: &Path, _model: &Path) -> io::Result<()> {
    Ok(())
}

/// Gives a file or folder to a user.
#[cfg(unix)]
pub fn give_to(path: &Path, account: &Account) -> io::Result<()> {
    std::os::unix::fs::chown(path, Some(account.id), account.groups.first().copied())
}

/// Gives a file or folder to a user: Windows is left as it is.
#[cfg(not(unix))]
pub fn give_to(_path: &Path, _account: &Account) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Account, Step, Use, Verdict, judge};
    use crate::platform::temporary::try_filling;

    fn account(id: u32, groups: &[u32]) -> Account {
        Account { name: "dhis".to_owned(), id, groups: groups.to_vec(), unbound: false }
    }

    fn step(path: &str, owner: u32, group: u32, mode: u32) -> Step {
        Step { path: PathBuf::from(path), owner, group, mode, has_access_list: false }
    }

    fn path(folder: u32, file: u32) -> Vec<Step> {
        vec![step("/", 0, 0, 0o755), step("/srv", 0, 50, folder), step("/srv/f", 7, 50, file)]
    }

    #[test]
    fn owner_group_and_others_each_have_their_own_part_of_a_mode() {
        let (owner, member, stranger) = (account(7, &[7]), account(8, &[8, 50]), account(9, &[9]));
        for (who, wanted, folder, file, expected) in [
            (&owner, Use::Read, 0o755, 0o600, None),
            (&owner, Use::Read, 0o755, 0o044, Some("/srv/f")),
            (&owner, Use::Read, 0o700, 0o600, Some("/srv")),
            (&owner, Use::Read, 0o711, 0o400, None),
            (&member, Use::Read, 0o750, 0o640, None),
            (&member, Use::Read, 0o705, 0o640, Some("/srv")),
            (&member, Use::Change, 0o750, 0o640, Some("/srv/f")),
            (&member, Use::Change, 0o750, 0o660, None),
            (&stranger, Use::Read, 0o755, 0o640, Some("/srv/f")),
            (&stranger, Use::Read, 0o750, 0o644, Some("/srv")),
            (&stranger, Use::Execute, 0o755, 0o755, None),
            (&stranger, Use::Execute, 0o755, 0o754, Some("/srv/f")),
            (&stranger, Use::Enter, 0o755, 0o701, None),
            (&stranger, Use::Enter, 0o755, 0o770, Some("/srv/f")),
            (&member, Use::Enter, 0o750, 0o701, Some("/srv/f")),
            (&stranger, Use::Fill, 0o755, 0o777, None),
            (&stranger, Use::Fill, 0o755, 0o776, Some("/srv/f")),
            (&stranger, Use::Fill, 0o755, 0o775, Some("/srv/f")),
        ] {
            let found = match judge(who, &path(folder, file), wanted) {
                Verdict::Allowed => None,
                Verdict::Refused(step) | Verdict::Unknown(step) => Some(step.path.display().to_string()),
            };
            assert_eq!(found.as_deref(), expected, "{} {wanted:?} {folder:o} {file:o}", who.id);
        }
    }

    #[test]
    fn the_superuser_is_bound_only_where_its_right_was_taken_and_starts_nothing_that_is_no_program() {
        let unbound = Account { unbound: true, ..account(0, &[0]) };
        assert_eq!(judge(&unbound, &path(0o700, 0o000), Use::Change), Verdict::Allowed);
        assert!(matches!(judge(&unbound, &path(0o755, 0o644), Use::Execute), Verdict::Refused(_)));
        let bound = account(0, &[0]);
        assert!(matches!(judge(&bound, &path(0o755, 0o600), Use::Read), Verdict::Refused(_)));
    }

    #[test]
    fn an_access_list_may_allow_what_the_mode_refuses() {
        let mut steps = path(0o755, 0o600);
        steps[2].has_access_list = true;
        assert!(matches!(judge(&account(9, &[]), &steps, Use::Read), Verdict::Unknown(step) if step.owner == 7));
        assert_eq!(judge(&account(7, &[]), &steps, Use::Read), Verdict::Allowed);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_their_own_folders_count() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("closed");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink(folder.path().join("file"), inner.join("link")).unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(0o700)).unwrap();
        let steps = super::steps(&inner.join("link")).unwrap();
        assert!(steps.last().unwrap().path.ends_with("file"));
        let nobody = account(u32::MAX - 7, &[]);
        assert!(matches!(judge(&nobody, &steps, Use::Read), Verdict::Refused(step) if step.path == inner));
        assert!(super::steps(&folder.path().join("missing")).is_err());
        assert!(super::account("no-such-user-here").unwrap().is_none());
        assert_eq!(super::account("root").unwrap().map(|root| (root.id, root.unbound)), Some((0, true)));
    }

    #[test]
    fn a_folder_is_tried_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        try_filling(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(try_filling(&folder.path().join("missing")).is_err());
    }
}
