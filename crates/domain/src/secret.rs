//! Secrets as types that cannot be printed.

use secrecy::{ExposeSecret, SecretString};

use crate::exit_code::ExitCode;
use crate::fault::Fault;

/// How to log in to a server. `Debug` shows the user name and never the secret.
#[derive(Debug, Clone)]
pub enum Login {
    /// User name and password (HTTP Basic). The user must not have two-factor login on.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// A personal access token (`Authorization: ApiToken …`), 2.38 and later.
    Token(SecretString),
}

/// Why what was given is no token. None of them repeats any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nothing but marks around a token.
    #[error("it contains no token")]
    Empty,
    /// Several words or lines.
    #[error("it contains more than one word; a token is one word")]
    SeveralWords,
    /// What stands before it is for another kind of login.
    #[error("it is a `{0}` login, not a personal access token")]
    OtherLogin(&'static str),
    /// Letters of another alphabet and the like.
    #[error("it contains characters that a token cannot have")]
    Characters,
}

impl Fault for TokenError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Empty | Self::SeveralWords | Self::Characters => {
                "give the token alone, as DHIS2 showed it when it was made (it begins with d2p_ or d2pat_)"
            }
            Self::OtherLogin(_) => {
                "make a personal access token in the user's profile in DHIS2, or log in with --username"
            }
        };
        Some(hint.to_owned())
    }
}

/// The token in what a person pasted, or an editor saved: without a byte order mark, blanks and line ends around it,
/// quotes, and what stands before it in a request (`Authorization: ApiToken …`).
///
/// # Errors
/// [`TokenError`]
pub fn token(given: &SecretString) -> Result<SecretString, TokenError> {
    let mut text = bare(given.expose_secret());
    for before in ["authorization:", "apitoken"] {
        if let Some((start, rest)) = text.split_at_checked(before.len())
            && start.eq_ignore_ascii_case(before)
            && (before.ends_with(':')
                || rest.is_empty()
                || rest.starts_with(|next: char| next.is_whitespace() || next == ':'))
        {
            text = bare(rest.trim_start_matches(':'));
        }
    }
    for other in ["Bearer", "Basic"] {
        let is_other = text.split_whitespace().next().is_some_and(|first| first.eq_ignore_ascii_case(other));
        if is_other && text.contains(char::is_whitespace) {
            return Err(TokenError::OtherLogin(other));
        }
    }
    if text.is_empty() {
        return Err(TokenError::Empty);
    }
    if text.contains(char::is_whitespace) {
        return Err(TokenError::SeveralWords);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenError::Characters);
    }
    Ok(SecretString::from(text))
}

/// A text without blanks, marks that nobody sees, and one pair of quotes around it.
fn bare(text: &str) -> &str {
    const QUOTES: [(char, char); 5] =
        [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];
    let around = |letter: char| letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{200b}' | '\0');
    let text = text.trim_matches(around);
    let quoted = QUOTES.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    quoted.map_or(text, |inner| inner.trim_matches(around))
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use super::{Fault, TokenError, token};

    fn read(text: &str) -> Result<String, TokenError> {
        token(&SecretString::from(text)).map(|token| token.expose_secret().to_owned())
    }

    #[test]
    fn a_token_is_found_in_what_people_have() {
        for text in [
            "d2p_a-B.c~1+/=",
            "\u{feff}d2p_a-B.c~1+/=\r\n",
            "  \"d2p_a-B.c~1+/=\"\n\n",
            "'d2p_a-B.c~1+/='",
            "\u{201c}d2p_a-B.c~1+/=\u{201d}",
            "ApiToken d2p_a-B.c~1+/=",
            "apitoken\td2p_a-B.c~1+/=\r\n",
            "\u{feff}Authorization: ApiToken d2p_a-B.c~1+/=",
            "\"ApiToken d2p_a-B.c~1+/=\"",
            "ApiToken \"d2p_a-B.c~1+/=\"",
            "ApiToken: d2p_a-B.c~1+/=",
        ] {
            assert_eq!(read(text).as_deref(), Ok("d2p_a-B.c~1+/="), "{text:?}");
        }
        assert_eq!(read("ApiTokenized").as_deref(), Ok("ApiTokenized"), "only a word of its own");
    }

    #[test]
    fn what_is_no_token_is_refused_in_words_that_do_not_repeat_it() {
        for (text, error) in [
            ("", TokenError::Empty),
            ("\u{feff}\r\n", TokenError::Empty),
            ("ApiToken", TokenError::Empty),
            ("\"\"", TokenError::Empty),
            ("d2p_one\nd2p_two", TokenError::SeveralWords),
            ("my token is d2p_one", TokenError::SeveralWords),
            ("Bearer d2p_one", TokenError::OtherLogin("Bearer")),
            ("Authorization: Basic YTpi", TokenError::OtherLogin("Basic")),
            ("d2p_é", TokenError::Characters),
        ] {
            assert_eq!(read(text), Err(error), "{text:?}");
            assert!(!error.to_string().contains("d2p_one") && error.hint().is_some());
        }
    }
}
