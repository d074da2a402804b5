//! The xfer files that were exported here: their paths, and the state of the routine at that time.

use rusqlite::params;
use uuid::Uuid;

use crate::store::column::Text;
use crate::store::config::ConfigStore;
use crate::store::error::StoreError;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// The routine.
    pub routine: Uuid,
    /// The file's absolute path.
    pub path: String,
    /// The number of the export.
    pub revision: u32,
    /// When, in RFC 3339.
    pub exported_at: String,
    /// A digest of everything that defined a run then.
    pub digest: String,
}

impl ConfigStore {
    /// Remembers a file; a newer one at the same place takes its place.
    pub fn remember_export(&mut self, file: &ExportedFile) -> Result<(), StoreError> {
        self.database.write(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO exported_file (routine, path, revision, exported_at, digest) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![Text(file.routine), file.path, file.revision, file.exported_at, file.digest],
            )?;
            Ok(())
        })
    }

    /// The files of all routines, the newest first.
    pub fn exported_files(&self) -> Result<Vec<ExportedFile>, StoreError> {
        self.database.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT routine, path, revision, exported_at, digest FROM exported_file \
                 ORDER BY exported_at DESC, path",
            )?;
            let files = statement.query_map([], |row| {
                Ok(ExportedFile {
                    routine: row.get::<_, Text<Uuid>>(0)?.0,
                    path: row.get(1)?,
                    revision: row.get(2)?,
                    exported_at: row.get(3)?,
                    digest: row.get(4)?,
                })
            })?;
            let files = files.collect::<Result<_, _>>()?;
            Ok(files)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ExportedFile;
    use crate::store::config::ConfigStore;
    use crate::store::testing::{add_server, job, routine};

    #[test]
    fn a_file_is_known_once_and_goes_with_its_routine() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        add_server(&mut store, "a", "https://a.org", "p");
        add_server(&mut store, "b", "https://b.org", "p");
        store.add_job(&job("malaria", "a", "b")).unwrap();
        let monthly = routine(1, "monthly", &["malaria"]);
        store.add_routine(&monthly).unwrap();
        let file = |path: &str, revision| ExportedFile {
            routine: monthly.id,
            path: path.to_owned(),
            revision,
            exported_at: format!("2026-11-2{revision}T00:00:00Z"),
            digest: "d".to_owned(),
        };
        for (path, revision) in [("/a.xfer", 1), ("/b.xfer", 2), ("/a.xfer", 3)] {
            store.remember_export(&file(path, revision)).unwrap();
        }
        assert_eq!(store.exported_files().unwrap(), [file("/a.xfer", 3), file("/b.xfer", 2)]);
        store.remove_routine("monthly").unwrap();
        assert_eq!(store.exported_files().unwrap(), []);
    }
}
