//! The plugins that come with the program, compiled into it.

use super::{Plugin, PluginError, Texts};

/// A plugin's folder: its name and the texts of its files.
struct Folder {
    name: &'static str,
    manifest: &'static str,
    main: &'static str,
    tests: &'static str,
    readme: &'static str,
}

macro_rules! folders {
    ($($name:literal),* $(,)?) => {
        [$(Folder {
            name: $name,
            manifest: include_str!(concat!("../../../../plugins/", $name, "/plugin.ron")),
            main: include_str!(concat!("../../../../plugins/", $name, "/main.rhai")),
            tests: include_str!(concat!("../../../../plugins/", $name, "/tests.ron")),
            readme: include_str!(concat!("../../../../plugins/", $name, "/README.md")),
        }),*]
    };
}

const FOLDERS: [Folder; 10] = folders![
    "cap-outliers",
    "carry-forward",
    "fixed-shares",
    "option-map",
    "period-shift",
    "ratio-to-count",
    "re-aggregate",
    "round",
    "scale",
    "suppress-small-counts",
];

/// The names of the plugins that come with the program, sorted.
pub fn bundled_names() -> impl Iterator<Item = &'static str> + Clone {
    FOLDERS.iter().map(|folder| folder.name)
}

/// A plugin that comes with the program; none of that name.
///
/// # Errors
/// [`PluginError`] as [`Plugin::read`]; a test reads them all.
pub fn bundled(name: &str) -> Option<Result<Plugin, PluginError>> {
    let folder = FOLDERS.iter().find(|folder| folder.name == name)?;
    Some(Plugin::read(Texts {
        manifest: folder.manifest.to_owned(),
        main: folder.main.to_owned(),
        tests: folder.tests.to_owned(),
        readme: folder.readme.to_owned(),
    }))
}
