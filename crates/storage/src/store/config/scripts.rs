//! The texts of attached scripts, by their hash: what was attached stays what it was, whatever happens to the file.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::store::column::JsonList;
use crate::store::config::ConfigStore;
use crate::store::error::{Kind, StoreError};
use xfer_domain::script::{Attachment, ContentHash, ScriptSource};

impl ConfigStore {
    /// Keeps a text; one that is there already is not kept twice.
    pub fn keep_script(&mut self, script: &ScriptSource) -> Result<(), StoreError> {
        self.database.write(|transaction| keep(transaction, script))
    }

    /// The text of a hash. One that was altered in the database is refused.
    pub fn script(&self, attachment: &Attachment) -> Result<ScriptSource, StoreError> {
        let hash = &attachment.hash;
        let content: Option<String> = self.database.read(|connection| {
            let query = "SELECT content FROM script WHERE hash = ?1";
            Ok(connection.query_row(query, [hash.as_str()], |row| row.get(0)).optional()?)
        })?;
        let content = content.ok_or_else(|| StoreError::not_found(Kind::Script, &attachment.script))?;
        let script = ScriptSource { name: attachment.script.clone(), content, hash: hash.clone() };
        if script.is_intact() { Ok(script) } else { Err(StoreError::AlteredScript { script: script.name }) }
    }

    /// Forgets texts that nothing is attached of any more; gives how many.
    pub fn forget_unused_scripts(&mut self) -> Result<usize, StoreError> {
        self.database.write(|transaction| {
            let used = used(transaction)?;
            let mut statement = transaction.prepare("SELECT hash FROM script")?;
            let kept = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            let unused: Vec<String> =
                kept.into_iter().filter(|hash| !used.iter().any(|used| used.as_str() == hash)).collect();
            for hash in &unused {
                transaction.execute("DELETE FROM script WHERE hash = ?1", [hash])?;
            }
            Ok(unused.len())
        })
    }
}

/// Keeps a text within a transaction.
pub(super) fn keep(transaction: &Transaction<'_>, script: &ScriptSource) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO script (hash, name, content) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![script.hash.as_str(), script.name, script.content],
    )?;
    Ok(())
}

/// The hashes of everything that is attached.
fn used(connection: &Connection) -> Result<Vec<ContentHash>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT scripts FROM job UNION ALL SELECT scripts FROM job_item UNION ALL SELECT scripts FROM routine",
    )?;
    let lists = statement.query_map([], |row| row.get::<_, JsonList<Vec<Attachment>>>(0))?;
    let mut hashes = Vec::new();
    for list in lists {
        hashes.extend(list?.0.into_iter().map(|attachment| attachment.hash));
    }
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use crate::store::config::{ConfigStore, Removal};
    use crate::store::error::StoreError;
    use crate::store::testing::{add_server, attachment, job};
    use xfer_domain::script::{Attachment, ScriptSource};

    fn attached(script: &ScriptSource) -> Attachment {
        Attachment { hash: script.hash.clone(), ..attachment(&script.name) }
    }

    #[test]
    fn texts_are_kept_while_something_is_attached_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        add_server(&mut store, "a", "https://a.org", "x");
        add_server(&mut store, "b", "https://b.org", "x");
        let scale = ScriptSource::new("scale.rhai", "fn value(v, ctx) { v * 2 }");
        let newer = ScriptSource::new("scale.rhai", "fn value(v, ctx) { v * 3 }");
        for script in [&scale, &newer, &scale] {
            store.keep_script(script).unwrap();
        }
        let mut malaria = job("malaria", "a", "b");
        malaria.scripts = vec![attached(&scale)];
        store.add_job(&malaria).unwrap();
        assert_eq!(store.script(&attached(&scale)).unwrap(), scale);
        assert_eq!(store.script(&attached(&newer)).unwrap(), newer, "both versions live side by side");
        assert_eq!(store.forget_unused_scripts().unwrap(), 1);
        assert_eq!(store.script(&attached(&scale)).unwrap(), scale);
        assert!(matches!(store.script(&attached(&newer)), Err(StoreError::NotFound(_))));
        store.remove_job("malaria", Removal::Refuse).unwrap();
        assert_eq!(store.forget_unused_scripts().unwrap(), 1);
    }

    #[test]
    fn a_text_that_was_altered_in_the_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let scale = ScriptSource::new("scale.rhai", "fn value(v, ctx) { v * 2 }");
        store.keep_script(&scale).unwrap();
        store
            .database
            .write(|transaction| Ok(transaction.execute("UPDATE script SET content = content || ' '", [])?))
            .unwrap();
        let error = store.script(&attached(&scale)).unwrap_err();
        assert!(error.to_string().contains("scale.rhai"), "{error}");
        assert!(matches!(error, StoreError::AlteredScript { .. }));
    }
}
