//! Messages by e-mail: the only code that knows SMTP.
//!
//! A letter is one plain text to a few people, sent through a mail server that the routine names. Each of them gets it
//! for himself, because a server that refuses one mailbox of several takes the letter for nobody. The connection is
//! encrypted and the server proves who it is, by the certificates that this machine trusts; in the clear it goes only
//! to a mail server on this machine itself. A password is offered after that and never before. The library keeps it as
//! plain text for as long as the letter takes, and no longer.

use std::time::{Duration, Instant};

use lettre::address::Envelope;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

use xfer_domain::alert::{MailRoute, MailSecurity, UnusableAddress};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::redaction::{keep_password, redact};

/// The longest piece of a mail server's text that is kept, in characters.
const LONGEST_TEXT: usize = 300;

/// A letter.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'letter> {
    /// What tells it from every other: one that is sent twice has it twice, and mail programs show it once.
    pub id: &'letter str,
    /// The line above it.
    pub subject: &'letter str,
    /// Its text.
    pub text: &'letter str,
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No e-mail address.
    #[error("`{0}` is not an e-mail address")]
    Address(String),
    /// It would go in the clear, or nowhere.
    #[error(transparent)]
    Unusable(#[from] UnusableAddress),
    /// The letter cannot be written or the connection not prepared.
    #[error("the e-mail cannot be made: {0}")]
    Setup(String),
    /// No answer in time.
    #[error("no answer within {:.1} s", waited.as_secs_f64())]
    Timeout {
        /// How long we waited.
        waited: Duration,
    },
    /// The encrypted connection failed, or the server does not offer one.
    #[error("no encrypted connection to the mail server: {0}")]
    Encryption(String),
    /// The mail server says no.
    #[error("the mail server refuses: {0}")]
    Refused(String),
    /// The mail server cannot be reached, or asks to be asked later.
    #[error("the mail server is not available: {0}")]
    Unavailable(String),
}

impl Fault for MailError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Timeout { .. } | Self::Unavailable(_) => ExitCode::Temporary,
            Self::Refused(_) => ExitCode::Login,
            Self::Address(_) | Self::Unusable(_) | Self::Setup(_) | Self::Encryption(_) => ExitCode::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Address(_) | Self::Unusable(UnusableAddress::NoUrl | UnusableAddress::NoHost(_)) | Self::Setup(_) => {
                return None;
            }
            Self::Unusable(UnusableAddress::NotEncrypted) => "use starttls or tls; plain text is for this machine only",
            Self::Timeout { .. } | Self::Unavailable(_) => {
                "check host and port, and whether a firewall lets this machine send e-mail"
            }
            Self::Encryption(_) => {
                "use tls with port 465, starttls with port 587; this machine must trust the certificate"
            }
            Self::Refused(_) => {
                "check user name and password, and whether the account may send from that address to these people"
            }
        };
        Some(hint.to_owned())
    }
}

/// Refuses what is no e-mail address.
pub fn check_address(text: &str) -> Result<(), MailError> {
    mailbox(text).map(|_| ())
}

/// A letter that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What the mail server said when it took it.
    pub answer: String,
    /// Who did not get it, and why.
    pub refused: Vec<String>,
}

/// Sends a letter to each of the people. It is sent when it was taken for one of them.
pub async fn send(
    route: &MailRoute,
    password: Option<&SecretString>,
    letter: &Letter<'_>,
    patience: Duration,
) -> Result<Sent, MailError> {
    route.check()?;
    if let Some(password) = password {
        keep_password(route.username.as_deref(), password);
    }
    let text = message(route, letter)?.formatted();
    let from = mailbox(&route.from)?.email;
    let transport = transport(route, password, patience)?;
    let end = Instant::now() + patience;
    let mut answer = None;
    let mut refused = Vec::new();
    for person in &route.to {
        let envelope = Envelope::new(Some(from.clone()), vec![mailbox(person)?.email])
            .map_err(|cause| MailError::Setup(cause.to_string()))?;
        let left = end.saturating_duration_since(Instant::now());
        let (error, is_about_person) = match tokio::time::timeout(left, transport.send_raw(&envelope, &text)).await {
            Ok(Ok(response)) => {
                let words = response.message().collect::<Vec<_>>().join(" ");
                answer.get_or_insert(in_short(&format!("{} {words}", response.code())));
                continue;
            }
            Ok(Err(error)) => (reason_of(&error, route.security, patience), is_about_person(&error)),
            Err(_) => (MailError::Timeout { waited: patience }, false),
        };
        // Nobody else gets it either, and a login that is refused is not tried once for each of them.
        if answer.is_none() && !is_about_person {
            return Err(error);
        }
        refused.push((person, error));
    }
    match answer {
        Some(answer) => {
            let refused = refused.into_iter().map(|(person, error)| format!("{person}: {error}")).collect();
            Ok(Sent { answer, refused })
        }
        None => Err(refused.into_iter().next().map_or_else(nobody, |(_, error)| error)),
    }
}

fn nobody() -> MailError {
    MailError::Setup("it has no recipient".to_owned())
}

/// Whether the server may take the letter for somebody else: it answered, and it was not about the login (53x, 454) or
/// about itself (421).
fn is_about_person(error: &lettre::transport::smtp::Error) -> bool {
    error.status().map(u16::from).is_some_and(|code| !matches!(code, 421 | 454 | 530..540))
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    text.trim().parse().map_err(|_| MailError::Address(text.to_owned()))
}

/// The letter as it goes over the wire.
fn message(route: &MailRoute, letter: &Letter<'_>) -> Result<Message, MailError> {
    let from = mailbox(&route.from)?;
    let id = format!("<{}@{}>", letter.id, from.email.domain());
    let begun = Message::builder().from(from).subject(letter.subject).message_id(Some(id)).header(AutoSubmitted);
    let addressed = route
        .to
        .iter()
        .try_fold(begun, |message: MessageBuilder, address| Ok::<_, MailError>(message.to(mailbox(address)?)))?;
    addressed
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.to_owned())
        .map_err(|cause| MailError::Setup(cause.to_string()))
}

fn transport(
    route: &MailRoute,
    password: Option<&SecretString>,
    patience: Duration,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let encryption =
        || TlsParameters::new(route.host.clone()).map_err(|cause| MailError::Encryption(innermost(&cause)));
    let tls = match route.security {
        MailSecurity::Tls => Tls::Wrapper(encryption()?),
        MailSecurity::Starttls => Tls::Required(encryption()?),
        MailSecurity::None => Tls::None,
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(route.host.clone())
        .port(route.port)
        .timeout(Some(patience))
        .tls(tls);
    Ok(match (&route.username, password) {
        (Some(username), Some(password)) => {
            builder.credentials(Credentials::new(username.clone(), password.expose_secret().to_owned())).build()
        }
        _ => builder.build(),
    })
}

/// What the library's failure means.
fn reason_of(error: &lettre::transport::smtp::Error, security: MailSecurity, waited: Duration) -> MailError {
    let said = in_short(&innermost(error));
    match () {
        () if error.is_timeout() => MailError::Timeout { waited },
        () if error.is_tls() || (security != MailSecurity::None && is_distrust(error)) => MailError::Encryption(said),
        // What the library says itself: the server offers no encryption, or no way to log in that is known.
        () if error.is_client() && said.to_lowercase().contains("starttls") => MailError::Encryption(said),
        () if error.is_permanent() => {
            let code = error.status().map(|code| format!("{code} ")).unwrap_or_default();
            MailError::Refused(format!("{code}{said}"))
        }
        () if error.is_client() => MailError::Refused(said),
        () => MailError::Unavailable(said),
    }
}

/// Whether the encrypted connection itself failed: bytes that are no encryption, or a certificate that is not trusted.
/// The encryption library says so as invalid data, whatever the reason.
fn is_distrust(error: &(dyn std::error::Error + 'static)) -> bool {
    let of_data = |error: &std::io::Error| error.kind() == std::io::ErrorKind::InvalidData;
    error.downcast_ref().is_some_and(of_data) || error.source().is_some_and(is_distrust)
}

/// The last cause of a chain, which says most.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// A server's text on one line, cut, without any secret.
fn in_short(text: &str) -> String {
    let text = redact(text);
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_TEXT).collect()
}

/// Tells mail programs that no person wrote it, so that nobody's holiday notice answers (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Letter, MailError, check_address, in_short, message};
    use xfer_domain::alert::{MailRoute, MailSecurity};

    fn route() -> MailRoute {
        MailRoute {
            host: "mail.example.org".to_owned(),
            port: 587,
            security: MailSecurity::Starttls,
            username: None,
            from: "Xfer <xfer@example.org>".to_owned(),
            to: vec!["his@example.org".to_owned(), "Bureau santé <bureau@example.org>".to_owned()],
        }
    }

    #[test]
    fn a_letter_is_plain_text_that_no_person_wrote() {
        let letter = Letter { id: "run-1", subject: "xfer: mensuel – échec", text: "12 of 340 cells\nare missing" };
        let text = String::from_utf8(message(&route(), &letter).unwrap().formatted()).unwrap();
        for line in [
            "From: Xfer <xfer@example.org>\r\n",
            "Message-ID: <run-1@example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "\r\n\r\n12 of 340 cells\r\nare missing",
        ] {
            assert!(text.contains(line), "{line:?} is missing in\n{text}");
        }
        assert!(text.is_ascii(), "names and subjects are encoded");
        let folded = text.replace("\r\n ", " ");
        assert!(folded.contains("To: his@example.org, ") && folded.contains("<bureau@example.org>"), "{text}");
    }

    #[test]
    fn a_line_break_in_a_name_adds_no_header() {
        let letter = Letter { id: "1", subject: "monthly\r\nBcc: all@example.org", text: "" };
        let text = String::from_utf8(message(&route(), &letter).unwrap().formatted()).unwrap();
        assert!(!text.contains("\nBcc:"), "{text}");
    }

    #[test]
    fn addresses_are_checked_and_texts_cut() {
        check_address("his@example.org").unwrap();
        assert!(matches!(check_address("his"), Err(MailError::Address(_))));
        xfer_domain::redaction::keep_password(Some("his"), &secrecy::SecretString::from("opensesame"));
        assert_eq!(in_short("535 5.7.8\r\n opensesame\u{7} is wrong"), "535 5.7.8 *** is wrong");
        assert_eq!(in_short("535 AUTH AGhpcwBvcGVuc2VzYW1l, b3BlbnNlc2FtZQ=="), "535 AUTH ***, ***==");
        assert_eq!(in_short(&"x".repeat(1000)).len(), 300);
    }
}
