//! What commands that read and write CSV files have in common.

use std::io::Read;
use std::path::Path;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::cli::waiting::waiting_for;
use crate::ops::files::sheet::SheetStyle;
use xfer_storage::platform;

/// The largest file that is read, in bytes: 100,000 org units with long paths are some 40 MB.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

/// How a written file looks.
#[derive(Debug, Args)]
pub struct StyleArguments {
    /// Begin with a byte order mark, so that Excel reads the file as UTF-8
    #[arg(long)]
    pub bom: bool,
    /// The separator of cells: a French Excel needs a semicolon
    #[arg(long, value_name = "CHARACTER", default_value_t = ',', value_parser = separator)]
    pub separator: char,
}

impl StyleArguments {
    /// The style that the arguments ask for.
    pub fn style(&self) -> SheetStyle {
        SheetStyle { separator: if self.separator == ';' { b';' } else { b',' }, byte_order_mark: self.bom }
    }
}

fn separator(text: &str) -> Result<char, String> {
    match text {
        "," | "comma" => Ok(','),
        ";" | "semicolon" => Ok(';'),
        other => Err(format!("`{other}` is not a separator; use , or ;")),
    }
}

/// Reads a file that a person named; `-` is standard input.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = |cause: std::io::Error| CliError::file(format!("{} could not be read", path.display()), &cause);
    let bytes = waiting_for(path, || {
        if path == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::stdin().lock().take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
            return Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= LARGEST_FILE));
        }
        platform::read_at_most(path, LARGEST_FILE)
    });
    bytes.map_err(failed)?.ok_or_else(|| CliError::usage(format!("{} is too large for a map or a job", path.display())))
}

/// Writes a file that a person named, or standard output. The file is complete or not there; one that is there already
/// is replaced only if the person says so.
pub(super) fn write_file(path: Option<&Path>, bytes: &[u8], ui: &Ui) -> Result<(), CliError> {
    let Some(path) = path.filter(|path| *path != Path::new("-")) else {
        ui.raw_data(&String::from_utf8_lossy(bytes));
        return Ok(());
    };
    may_replace(path, "", ui)?;
    platform::write_privately(path, bytes, platform::Existing::Replace)
        .map_err(|cause| CliError::local_io(format!("{} could not be written", path.display()), &cause))
}

/// Asks whether a file may be replaced, if there is one; `what` says more about it, after a comma.
pub(super) fn may_replace(path: &Path, what: &str, ui: &Ui) -> Result<(), CliError> {
    // A pipe or a device is written to, not replaced.
    let replaces = std::fs::symlink_metadata(path).is_ok_and(|there| there.is_file() || there.is_symlink());
    let name = path.display();
    if !replaces || ui.confirm(&format!("{name} exists already{what}. Replace it?")) {
        return Ok(());
    }
    Err(CliError::usage(format!("{name} exists already{what}, and was not changed"))
        .hint("give another name, or --yes to replace it"))
}
