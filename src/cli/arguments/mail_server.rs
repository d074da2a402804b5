//! A mail server as a person types it.

use crate::cli::error::CliError;
use xfer_domain::alert::MailSecurity;

/// Host, port and encryption of a mail server, from what a person typed.
pub(crate) fn mail_server(text: &str, security: Option<MailSecurity>) -> Result<(String, u16, MailSecurity), CliError> {
    let (host, port) = match text.rsplit_once(':') {
        // More than one colon without brackets is an address of IPv6, which has no port.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            let port = port.parse::<u16>().map_err(|_| {
                CliError::usage(format!("`{port}` is not a port")).hint("usual ones are 587, 465 and 25")
            })?;
            (host, Some(port))
        }
        _ => (text, None),
    };
    let security = security.unwrap_or(if port == Some(465) { MailSecurity::Tls } else { MailSecurity::Starttls });
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), port.unwrap_or(security.usual_port()), security))
}

#[cfg(test)]
mod tests {
    use super::mail_server;
    use xfer_domain::alert::MailSecurity;

    #[test]
    fn a_mail_server_is_a_host_with_or_without_a_port() {
        let read = |text: &str, security| {
            let (host, port, security) = mail_server(text, security).unwrap();
            format!("{host} {port} {}", security.name())
        };
        assert_eq!(read("mail.org", None), "mail.org 587 starttls");
        assert_eq!(read("mail.org:465", None), "mail.org 465 tls");
        assert_eq!(read("mail.org:2525", None), "mail.org 2525 starttls");
        assert_eq!(read("localhost", Some(MailSecurity::None)), "localhost 25 none");
        assert_eq!(read("[::1]:25", Some(MailSecurity::None)), "::1 25 none");
        assert_eq!(read("::1", Some(MailSecurity::Tls)), "::1 465 tls");
        assert!(mail_server("mail.org:smtp", None).is_err());
    }
}
