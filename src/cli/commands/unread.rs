//! Journals that cannot be read, for commands that show the others.

use crate::cli::error::CliError;
use crate::cli::ui::{Format, Ui};
use crate::ops::home::Unread;
use xfer_domain::exit_code::ExitCode;

/// Names journals that cannot be read, each with what to do, after everything else was shown; the exit code is that of
/// the first.
pub(super) fn say_unread(unread: Vec<Unread>, ui: &Ui) -> ExitCode {
    let mut code = ExitCode::Success;
    for Unread { cause, .. } in unread {
        let error = CliError::from(cause);
        ui.error(&error.message, &error.causes, &error.hints);
        if ui.format == Format::Json {
            ui.error_as_json(&error);
        }
        if code == ExitCode::Success {
            code = error.code;
        }
    }
    code
}
