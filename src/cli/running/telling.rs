//! Messages about the delivery of alerts.

use crate::cli::error::CliError;
use crate::ops::run::telling::Telling;

/// A sentence, and whether it is one that `--quiet` leaves out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Good to know.
    Say(String),
    /// Something that did not work.
    Warn(String),
}

/// What comes next, as a rule.
pub(crate) const TRIED_AGAIN: &str = "the next run tries again";

const CUT_OFF: &str = "the program ended before all alerts were sent";

/// In words; `next` is what becomes of what was not delivered.
pub(crate) fn in_words(telling: &Telling<'_>, next: &str) -> Words {
    match telling {
        Telling::Unknown(error) => Words::Warn(format!("the alerts of the run cannot be sent: {error}")),
        Telling::Sent(channel) => Words::Say(format!("the alert {channel} was sent")),
        Telling::LeftOut { channel, whom } => Words::Warn(format!("the alert {channel} was not delivered to {whom}")),
        Telling::Failed { channel, cause } => {
            Words::Warn(format!("the alert {channel} was not delivered: {cause}; {next}"))
        }
        Telling::GivenUp(number) => Words::Warn(format!("{number} old undelivered alerts were deleted")),
        Telling::CutOff | Telling::AddressCutOff => Words::Warn(format!("{CUT_OFF}; {next}")),
        Telling::AddressSent => Words::Say("a message was sent".to_owned()),
        Telling::AddressFailed(cause) => {
            let CliError { message, causes, .. } =
                CliError::usage("the message was not delivered".to_owned()).caused_by(*cause);
            let why: Vec<String> = std::iter::once(message).chain(causes).collect();
            Words::Warn(format!("{}; {next}", why.join(": ")))
        }
    }
}
