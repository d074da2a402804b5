//! What killed commands left behind goes at the next start: only what has a name that we make, only in folders of ours,
//! and only what no process is at work on.

use std::fs;
use std::path::{Path, PathBuf};

use crate::ops::home::Home;
use crate::ops::plugins;
use xfer_storage::platform;
use xfer_storage::store::clear_unfinished_backups;

/// Clears the home. Nothing is made, and what cannot be cleared is left: nobody asked for this.
pub fn tidy(home: &Home) {
    let files = home.files();
    let maps = subfolders(&files.maps());
    let folders = [home.folder().to_owned(), files.state_folder(), files.schedules_folder()];
    folders.iter().chain(&maps).for_each(|folder| platform::temporary::clear(folder));
    clear_unfinished_backups(&[home.folder(), &files.state_folder()]);
    plugins::clear_unfinished(&files.plugins_folder());
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}
