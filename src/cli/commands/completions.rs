//! `xfer completions`: the setup line for a shell, so that Tab completes commands, options and names.

use clap::Args;
use clap_complete::Shell;

use crate::cli::completion::registration;
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use xfer_domain::exit_code::ExitCode;

/// `xfer completions`
#[derive(Debug, Args)]
#[command(after_help = "Add the line for your shell to its startup file:
  bash        source <(xfer completions bash)
  zsh         source <(xfer completions zsh)
  fish        xfer completions fish | source
  PowerShell  xfer completions powershell | Out-String | Invoke-Expression
  Elvish      eval (xfer completions elvish | slurp)")]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Carries out `xfer completions`.
pub fn execute(arguments: &Arguments, ui: &Ui) -> Result<ExitCode, CliError> {
    let script = registration(arguments.shell)
        .map_err(|cause| CliError::local_io("the completions could not be written".to_owned(), &cause))?;
    ui.raw_data(&script);
    Ok(ExitCode::Success)
}
