//! Plugins: those that come with the program, and those that were installed into the home folder.
//!
//! A plugin that is installed is somebody else's folder. It is read as four texts of known names and nothing else, each
//! no longer than it may be, and written anew below the one name that its manifest gives: no path of the folder's is
//! ever followed, no link, no archive. It gets into its place by one renaming, wholly or not at all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use xfer_matching::names::nearest;
use xfer_script::plugin::{
    self, FILES, MAIN, MANIFEST, Plugin, PluginError, README, TESTS, Texts, bundled, bundled_names, is_name,
};
use xfer_storage::platform::{self, FileLock};

/// Most plugins that are installed.
const MOST_INSTALLED: usize = 256;

/// Where a plugin comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// With the program.
    Bundled,
    /// It was installed.
    Installed,
}

/// A plugin that is there, or why it cannot be used.
#[derive(Debug)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The plugin.
    pub plugin: Result<Plugin, OpsError>,
}

impl From<PluginError> for OpsError {
    fn from(error: PluginError) -> Self {
        match error {
            PluginError::Rule { what, hint } => Self::invalid(what, hint),
            PluginError::Script(error) => error.into(),
        }
    }
}

/// Every plugin: the program's own first, then those installed, each sorted by name.
pub fn list(home: &Home) -> Result<Vec<Found>, OpsError> {
    let own = bundled_names().map(|name| (name.to_owned(), Origin::Bundled));
    let all = own.chain(installed_names(home)?.into_iter().map(|name| (name, Origin::Installed)));
    Ok(all.map(|(name, origin)| Found { plugin: find(home, &name), name, origin }).collect())
}

/// A plugin by its name.
pub fn find(home: &Home, name: &str) -> Result<Plugin, OpsError> {
    if let Some(plugin) = bundled(name) {
        return Ok(plugin?);
    }
    let installed = installed_names(home)?;
    if !installed.iter().any(|there| there == name) {
        let mut names: Vec<&str> = bundled_names().collect();
        names.extend(installed.iter().map(String::as_str));
        let near = nearest(name, names.iter().copied(), 3).into_iter().map(str::to_owned).collect();
        return Err(OpsError::NotFound { kind: "plugin", name: name.to_owned(), near });
    }
    let plugin = read(&folder_of(home, name))?;
    if plugin.manifest.name != name {
        return Err(OpsError::invalid(
            format!("the plugin in the folder {name} has the name {}", plugin.manifest.name),
            format!("remove it (xfer plugin remove {name}) and install it again"),
        ));
    }
    Ok(plugin)
}

/// Reads a plugin from a folder.
pub fn read(folder: &Path) -> Result<Plugin, OpsError> {
    Ok(Plugin::read(texts(folder)?)?)
}

/// Installs a plugin from a folder. One of the same name that is there already is replaced only if that is asked for.
pub fn install(home: &Home, folder: &Path, replace: bool) -> Result<Plugin, OpsError> {
    let plugin = read(folder)?;
    plugin.suite()?;
    let name = plugin.manifest.name.as_str();
    if bundled_names().any(|own| own == name) {
        return Err(OpsError::invalid(
            format!("{name} is the name of a built-in plugin"),
            format!("give it another name in {MANIFEST}"),
        ));
    }
    let there = installed_names(home)?;
    let is_there = there.iter().any(|there| there == name);
    if is_there && !replace {
        return Err(OpsError::invalid(
            format!("a plugin {name} is installed already"),
            "give --replace to replace it; attached copies do not change",
        ));
    }
    if !is_there && there.len() >= MOST_INSTALLED {
        return Err(OpsError::invalid(
            format!("{MOST_INSTALLED} plugins are installed, and there cannot be more"),
            "remove one first: xfer plugin remove NAME",
        ));
    }
    let plugins = plugins_folder(home)?;
    put(&plugins, name, &plugin.texts).map_err(|source| OpsError::LocalFile {
        path: plugins.join(name),
        action: "written",
        source,
    })?;
    Ok(plugin)
}

/// Removes an installed plugin. What is attached keeps its own text.
pub fn remove(home: &Home, name: &str) -> Result<(), OpsError> {
    if bundled_names().any(|own| own == name) {
        return Err(OpsError::invalid(
            format!("{name} is built in and cannot be removed"),
            "a plugin that is not attached has no effect",
        ));
    }
    let installed = installed_names(home)?;
    if !installed.iter().any(|there| there == name) {
        let near = nearest(name, installed.iter().map(String::as_str), 3).into_iter().map(str::to_owned).collect();
        return Err(OpsError::NotFound { kind: "plugin", name: name.to_owned(), near });
    }
    let folder = folder_of(home, name);
    fs::remove_dir_all(&folder).map_err(|source| OpsError::LocalFile { path: folder, action: "removed", source })
}

/// Begins a plugin: a folder of its name with an example of every file.
pub fn create(parent: &Path, name: &str) -> Result<PathBuf, OpsError> {
    if !is_name(name) {
        return Err(plugin::bad_name(name).into());
    }
    let folder = parent.join(name);
    let failed = |source| OpsError::LocalFile { path: folder.clone(), action: "made", source };
    if fs::symlink_metadata(&folder).is_ok() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    // Whole when it appears under its name, or not there at all.
    let begun = tempfile::Builder::new().prefix(NEW).rand_bytes(RANDOM).tempdir_in(parent).map_err(failed)?;
    let made = begun.path().join(name);
    fs::create_dir(&made).map_err(failed)?;
    for (file, text) in plugin::template(name).files() {
        fs::write(made.join(file), text).map_err(failed)?;
    }
    fs::rename(&made, &folder).map_err(failed)?;
    Ok(folder)
}

/// The folder of installed plugins, made if it is missing.
fn plugins_folder(home: &Home) -> Result<PathBuf, OpsError> {
    let folder = home.files().plugins_folder();
    let failed = |source| OpsError::LocalFile { path: folder.clone(), action: "made", source };
    platform::create_private_folder(&folder).map_err(failed)?;
    if !fs::symlink_metadata(&folder).map_err(failed)?.is_dir() {
        return Err(OpsError::invalid(
            format!("{} is a link, not a folder", folder.display()),
            "replace it with a folder; plugins are only written below the home folder",
        ));
    }
    Ok(folder)
}

fn folder_of(home: &Home, name: &str) -> PathBuf {
    home.files().plugins_folder().join(name)
}

/// The names of the folders that can be plugins, sorted.
fn installed_names(home: &Home) -> Result<Vec<String>, OpsError> {
    let folder = home.files().plugins_folder();
    let failed = |source| OpsError::LocalFile { path: folder.clone(), action: "read", source };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(failed(cause)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string()
            && is_name(&name)
            && entry.file_type().map_err(failed)?.is_dir()
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Where a plugin lies before it is in its place, and where the one lies that it takes the place of; random letters and
/// digits follow.
const NEW: &str = ".new-";
const OLD: &str = ".old-";
const RANDOM: usize = 6;

/// The file that is locked meanwhile.
const LOCK: &str = ".lock";

/// Takes away what a killed installation left. A plugin that had lost its place to one that did not arrive gets it back.
pub(super) fn clear_unfinished(plugins: &Path) {
    let left = unfinished(plugins);
    if left.is_empty() {
        return;
    }
    let Ok(Some(_held)) = FileLock::acquire(&plugins.join(LOCK)) else { return };
    for folder in &left {
        let is_old = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(OLD));
        for plugin in fs::read_dir(folder).into_iter().flatten().flatten().filter(|_| is_old) {
            let place = plugins.join(plugin.file_name());
            if !place.exists() {
                let _ = fs::rename(plugin.path(), place);
            }
        }
    }
    // What cannot be taken away now goes the next time.
    for folder in &left {
        let _ = fs::remove_dir_all(folder);
    }
}

fn unfinished(plugins: &Path) -> Vec<PathBuf> {
    let is_ours = |name: &str| {
        let random = name.strip_prefix(NEW).or_else(|| name.strip_prefix(OLD));
        random.is_some_and(|text| text.len() == RANDOM && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    let entries = fs::read_dir(plugins).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter(|entry| entry.file_name().to_str().is_some_and(is_ours)).map(|entry| entry.path()).collect()
}

/// Writes a plugin's files beside its place, and moves them there as a whole.
fn put(plugins: &Path, name: &str, texts: &Texts) -> std::io::Result<()> {
    // Whoever clears up must not take this for litter.
    let _held = FileLock::wait_for(&plugins.join(LOCK))?;
    let new = tempfile::Builder::new().prefix(NEW).rand_bytes(RANDOM).tempdir_in(plugins)?;
    let made = new.path().join(name);
    platform::create_private_folder(&made)?;
    for (file, text) in texts.files() {
        let mut file = platform::create_private_file(&made.join(file))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    let place = plugins.join(name);
    let old = tempfile::Builder::new().prefix(OLD).rand_bytes(RANDOM).tempdir_in(plugins)?;
    match fs::symlink_metadata(&place) {
        Ok(there) if there.is_dir() => fs::rename(&place, old.path().join(name))?,
        Ok(_) => return Err(std::io::Error::other("a file or a link with this name exists")),
        Err(_) => {}
    }
    fs::rename(&made, &place)?;
    platform::sync_folder(plugins)
}

/// The texts of the four files of a folder, which may hold no others.
fn texts(folder: &Path) -> Result<Texts, OpsError> {
    let shown = folder.display();
    let failed = |source| OpsError::LocalFile { path: folder.to_path_buf(), action: "read", source };
    if !fs::symlink_metadata(folder).map_err(failed)?.is_dir() {
        return Err(OpsError::invalid(
            format!("{shown} is not a folder"),
            format!(
                "a plugin is a folder with {MANIFEST}, {MAIN}, {TESTS} and {README}; unpack archives first, links are \
                 not followed"
            ),
        ));
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !FILES.iter().any(|(known, _)| *known == name) {
            return Err(OpsError::invalid(
                format!("{shown} contains {name:?}, which is not part of a plugin"),
                format!("a plugin has the files {MANIFEST}, {MAIN}, {TESTS} and {README}, and no others"),
            ));
        }
        if !entry.file_type().map_err(failed)?.is_file() {
            return Err(OpsError::invalid(
                format!("{name} in {shown} is not a regular file"),
                "links and folders are not followed; replace it with a copy",
            ));
        }
    }
    Texts::gather(|name| text_of(folder, name))
}

fn text_of(folder: &Path, name: &'static str) -> Result<String, OpsError> {
    let path = folder.join(name);
    let most = FILES.iter().find(|(known, _)| *known == name).map_or(0, |(_, most)| *most);
    let failed = |source| OpsError::LocalFile { path: path.clone(), action: "read", source };
    let bytes = platform::read_at_most(&path, most as u64).map_err(failed)?.ok_or_else(|| {
        OpsError::invalid(
            format!("{} is longer than the limit of {most} bytes", path.display()),
            "is it the right file?",
        )
    })?;
    String::from_utf8(bytes)
        .map_err(|_| OpsError::invalid(format!("{} is not text in UTF-8", path.display()), "save it as UTF-8"))
}
