//! Why a message about a run did not reach somebody.

use crate::mail::MailError;
use xfer_dhis2::error::{ClientError, ClientErrorKind};
use xfer_domain::alert::ServerSide;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

/// Why a message was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A web address.
    #[error(transparent)]
    Http(#[from] ClientErrorKind),
    /// A DHIS2 server.
    #[error(transparent)]
    Server(#[from] ClientError),
    /// A mail server.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The secret is missing.
    #[error("its address or password cannot be decrypted on this machine")]
    Closed,
    /// The server's login is missing.
    #[error("the login of the {} cannot be decrypted on this machine", .0.name())]
    NoLogin(ServerSide),
    /// The server's login was refused a moment ago.
    #[error("{0} refused the login a moment ago; xfer does not try again so soon")]
    LoginRefused(String),
    /// Somebody else sends the same messages.
    #[error("another process is sending messages of the same routine")]
    Busy,
    /// Another system answers.
    #[error("the system id of {server} is not the one in the routine; no message was sent to it")]
    WrongServer {
        /// The server's name.
        server: String,
    },
}

impl Fault for DeliveryError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Http(kind) => kind.code(),
            Self::Server(error) => error.code(),
            Self::Mail(error) => error.code(),
            Self::Closed | Self::NoLogin(_) => ExitCode::WrongKey,
            Self::LoginRefused(_) => ExitCode::Login,
            Self::Busy => ExitCode::Temporary,
            Self::WrongServer { .. } => ExitCode::WrongServer,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Http(kind) => kind.hint(),
            Self::Server(error) => error.hint(),
            Self::Mail(error) => error.hint(),
            Self::Closed => Some("remove the alert and add it again".to_owned()),
            Self::NoLogin(_) | Self::LoginRefused(_) => Some("enter the login again: xfer server edit".to_owned()),
            Self::WrongServer { .. } => Some("check the server's address".to_owned()),
            Self::Busy => None,
        }
    }
}
