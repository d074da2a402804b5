//! The org unit map as it was before an import, kept in the home so that the import can be undone.
//!
//! A file holds the rows with everything that is known about them, also of units that a server does not have any more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ops::error::OpsError;
use xfer_domain::fingerprint::MappingFingerprint;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::pair::Pair;
use xfer_domain::uid::Uid;
use xfer_storage::platform::{self, Existing, access};
use xfer_storage::store::Home;

/// So many maps are kept for a pair.
const KEPT: usize = 10;

/// A map as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::ops) struct KeptMap {
    /// When it was kept.
    pub at: Timestamp,
    /// Its rows.
    pub rows: Vec<OrgUnitMapping>,
    /// What the units of rows in force looked like when they were confirmed.
    pub seen: BTreeMap<Uid, MappingFingerprint>,
}

/// Keeps a map and says where; the oldest ones give way.
pub(in crate::ops) fn keep(home: &Home, pair: Pair, map: &KeptMap) -> Result<PathBuf, OpsError> {
    let folder = home.maps_folder(pair);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| OpsError::LocalFile { path: path.clone(), action: "written", source }
    };
    platform::create_private_folder(&folder).map_err(failed(&folder))?;
    let name = map.at.strftime("%Y%m%d-%H%M%S-%6f.json").to_string();
    let file = folder.join(name);
    let text = serde_json::to_vec(map).map_err(std::io::Error::from).map_err(failed(&file))?;
    platform::write_privately(&file, &text, Existing::Replace).map_err(failed(&file))?;
    for made in [folder.parent().unwrap_or(&folder), &folder, &file] {
        access::give_to_owner_of(made, home.folder()).map_err(failed(made))?;
    }
    let files = files(&folder);
    for old in files.iter().take(files.len().saturating_sub(KEPT)) {
        // One too many does no harm.
        let _ = std::fs::remove_file(old);
    }
    Ok(file)
}

/// The map that was kept last.
pub(in crate::ops) fn newest(home: &Home, pair: Pair) -> Result<Option<(PathBuf, KeptMap)>, OpsError> {
    let Some(file) = files(&home.maps_folder(pair)).pop() else { return Ok(None) };
    let failed = |source| OpsError::LocalFile { path: file.clone(), action: "read", source };
    let text = std::fs::read(&file).map_err(failed)?;
    let map = serde_json::from_slice(&text).map_err(std::io::Error::from).map_err(failed)?;
    Ok(Some((file, map)))
}

/// Forgets a map that was put back.
pub(in crate::ops) fn forget(file: &Path) -> Result<(), OpsError> {
    std::fs::remove_file(file).map_err(|source| OpsError::LocalFile {
        path: file.to_owned(),
        action: "removed",
        source,
    })
}

/// The kept maps of a pair, the oldest first: their names are times.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort_unstable();
    files
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::{Span, Timestamp};

    use super::{KEPT, KeptMap, files, forget, keep, newest};
    use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
    use xfer_domain::pair::Pair;
    use xfer_domain::server::ServerId;
    use xfer_domain::uid::Uid;
    use xfer_storage::store::Home;

    #[test]
    fn the_newest_map_comes_back_first_and_old_ones_give_way() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let pair = Pair { source: ServerId(1), destination: ServerId(2) };
        assert_eq!(newest(&home, pair).unwrap(), None);
        let unit = Uid::parse("aUnit000001").unwrap();
        let map = |number: i64| KeptMap {
            at: Timestamp::UNIX_EPOCH + Span::new().seconds(number),
            rows: vec![OrgUnitMapping::manual(unit, None, MappingState::Ignored)],
            seen: BTreeMap::new(),
        };
        for number in 0..12 {
            keep(&home, pair, &map(number)).unwrap();
        }
        assert_eq!(files(&home.maps_folder(pair)).len(), KEPT);
        for number in [11, 10] {
            let (file, kept) = newest(&home, pair).unwrap().unwrap();
            assert_eq!(kept, map(number));
            forget(&file).unwrap();
        }
        let other = Pair { source: ServerId(2), destination: ServerId(1) };
        assert_eq!(newest(&home, other).unwrap(), None);
    }
}
