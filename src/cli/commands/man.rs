//! `xfer man`: the manual, a page for each command, made of the same texts as `--help`.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use xfer_domain::counted::counted_len;
use xfer_domain::exit_code::ExitCode;
use xfer_storage::platform;

/// `xfer man`
#[derive(Debug, Args)]
#[command(after_help = "\
To read one page:        xfer man job auto | man -l -
To install all of them:  xfer man --to ~/.local/share/man/man1, then: man xfer-job-auto")]
pub struct Arguments {
    /// The command; the page of xfer itself if none is given
    #[arg(value_name = "COMMAND", conflicts_with = "to")]
    pub command: Vec<String>,
    /// Write the pages of all commands to this folder (made if missing)
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,
}

/// Carries out `xfer man`; `tree` are all commands.
pub fn execute(arguments: &Arguments, tree: Command, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut tree = tree.disable_help_subcommand(true);
    tree.build();
    let Some(folder) = &arguments.to else {
        ui.raw_data(&page(found(&tree, &arguments.command)?)?);
        return Ok(ExitCode::Success);
    };
    let failed = |what: String| move |cause: std::io::Error| CliError::local_io(what, &cause);
    std::fs::create_dir_all(folder).map_err(failed(format!("{} could not be made", folder.display())))?;
    let mut waiting = vec![&tree];
    let mut written = 0;
    while let Some(command) = waiting.pop() {
        let file = folder.join(Man::new(command.clone()).get_filename());
        platform::write_privately(&file, page(command)?.as_bytes(), platform::Existing::Replace)
            .and_then(|()| platform::let_others_read(&file))
            .map_err(failed(format!("{} could not be written", file.display())))?;
        waiting.extend(command.get_subcommands().filter(|below| !below.is_hide_set()));
        written += 1;
    }
    ui.say(&format!("wrote {} into {}", counted_len(written, "page"), folder.display()));
    Ok(ExitCode::Success)
}

fn found<'tree>(tree: &'tree Command, words: &[String]) -> Result<&'tree Command, CliError> {
    words.iter().try_fold(tree, |command, word| {
        command.find_subcommand(word).ok_or_else(|| {
            CliError::usage(format!("there is no command `{word}` in `{}`", command.get_bin_name().unwrap_or("xfer")))
                .hint("`xfer --help` lists the commands")
        })
    })
}

fn page(command: &Command) -> Result<String, CliError> {
    let mut text = Vec::new();
    Man::new(command.clone())
        .render(&mut text)
        .map_err(|cause| CliError::local_io("the page could not be written".to_owned(), &cause))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
