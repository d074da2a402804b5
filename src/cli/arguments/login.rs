//! How to log in to a server, on the command line.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::prompt::{SecretSource, secret};
use crate::cli::ui::Ui;
use xfer_domain::secret::{Login, token};

/// How to log in, without the secret itself.
#[derive(Debug, Args)]
pub struct LoginArguments {
    /// The user to log in as; give the password when asked, or with --password-file
    #[arg(long, short, value_name = "NAME", conflicts_with = "token")]
    pub username: Option<String>,

    /// A file with the password (- reads standard input)
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    pub password_file: Option<PathBuf>,

    /// Log in with a personal access token; give it when asked, or with --token-file
    #[arg(long)]
    pub token: bool,

    /// A file with the personal access token (- reads standard input)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["username", "password_file"])]
    pub token_file: Option<PathBuf>,
}

impl LoginArguments {
    /// Whether any argument speaks of the login.
    pub(crate) fn is_given(&self) -> bool {
        self.username.is_some() || self.password_file.is_some() || self.token || self.token_file.is_some()
    }

    /// The login that the arguments and a prompt give; none where no argument speaks of it.
    pub(crate) fn login(&self, ui: &Ui, server: &str) -> Result<Option<Login>, CliError> {
        let source = |file: &Option<PathBuf>| file.clone().map_or(SecretSource::Prompt, SecretSource::File);
        if self.token || self.token_file.is_some() {
            let what = format!("personal access token for {server}");
            let given = secret(ui, &source(&self.token_file), &what, "--token-file")?;
            let token = token(&given)
                .map_err(|error| CliError::saying(format!("the {what} cannot be used: {error}"), &error))?;
            return Ok(Some(Login::Token(token)));
        }
        let Some(username) = self.username.clone() else {
            return match self.password_file {
                Some(_) => Err(CliError::usage("--password-file needs --username".to_owned())),
                None => Ok(None),
            };
        };
        let what = format!("password of {username} at {server}");
        let password = secret(ui, &source(&self.password_file), &what, "--password-file")?;
        Ok(Some(Login::Basic { username, password }))
    }
}
