//! Servers: a DHIS2 base URL, its version and what a probe says about it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::exit_code::ExitCode;
use crate::fault::Fault;
use crate::uid::Uid;

/// A server's number in the config store. It never changes and is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServerId(pub i64);

/// A server as it is kept, without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Its number in the store.
    pub id: ServerId,
    /// The name people gave it; unique, no white space at its ends.
    pub name: String,
    /// Where it is.
    pub url: BaseUrl,
    /// How to log in, without the secret.
    pub login: LoginKind,
    /// What it said about itself when last asked.
    pub identity: Option<ServerIdentity>,
    /// When its metadata was last synced, in the server's own clock (`serverDate`).
    pub synced_at: Option<String>,
}

impl Server {
    /// Whether another server of the store is the same system: the same one, the same address, or the same system id.
    pub fn is_one_system_with(&self, other: &Self) -> bool {
        let id = |server: &Self| server.identity.as_ref().map(|identity| identity.system_id.clone());
        self.id == other.id || self.url == other.url || id(self).is_some_and(|own| Some(own) == id(other))
    }
}

/// The kind of login, for people to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoginKind {
    /// User name and password.
    Basic {
        /// The user name.
        username: String,
    },
    /// A personal access token.
    Token,
}

/// What tells one server from another and one version from the next (`GET /api/system/info`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// DHIS2's `systemId`; a cloned database keeps it.
    pub system_id: String,
    /// DHIS2's `systemName`, where set.
    pub system_name: Option<String>,
    /// The version it reports.
    pub version: ServerVersion,
    /// The calendar it prints periods in, `iso8601` as a rule.
    pub calendar: String,
}

/// An aggregate data exchange that a server keeps (2.39 and later).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptExchange {
    /// Its name.
    pub name: String,
    /// Whether it writes into the server itself.
    pub internal: bool,
    /// The data items that it reads: ids of data elements, indicators and program indicators, or operands.
    pub items: Vec<String>,
}

/// What a server said when it was last asked, as far as it is other the next time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAnswer {
    /// When it was asked, by the clock of this machine.
    pub asked_at: Timestamp,
    /// What time it was there.
    pub server_date: DateTime,
    /// When its analytics tables were last built or updated in part; none for never.
    pub analytics_at: Option<DateTime>,
    /// Its own exchanges, as of the last sync.
    #[serde(default)]
    pub exchanges: Vec<KeptExchange>,
}

/// The logged-in user as far as a transfer depends on it (`GET /api/me`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The user name.
    pub username: String,
    /// Authorities; `ALL` makes a superuser.
    pub authorities: Vec<String>,
    /// Roots of the capture hierarchy, where the user may write.
    pub organisation_units: Vec<Uid>,
    /// Roots of the data view hierarchy, where the user may read; empty means the capture hierarchy.
    pub data_view_organisation_units: Vec<Uid>,
}

impl Account {
    /// Whether the user holds the authority `ALL`.
    pub fn is_superuser(&self) -> bool {
        self.authorities.iter().any(|authority| authority == "ALL")
    }

    /// The org units whose data the user may read, with all below: the data view units, else the capture units
    /// (dhis2-api 5.1). Empty means that nothing is known.
    pub fn view_roots(&self) -> &[Uid] {
        if self.data_view_organisation_units.is_empty() {
            &self.organisation_units
        } else {
            &self.data_view_organisation_units
        }
    }

    /// Whether the user may import data values at all.
    pub fn may_import(&self) -> bool {
        self.is_superuser() || self.authorities.iter().any(|authority| authority == "F_DATAVALUE_ADD")
    }
}

/// A DHIS2 version such as `2.41.9.1` or `2.44-SNAPSHOT`, ordered by major version, then patch and hotfix. Every version
/// so far begins with `2.`; one that begins with a higher number is newer than all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerVersion {
    /// The number after `2.`: 41 for `2.41.9.1`. The highest there is for one that does not begin with `2.`.
    pub major: u16,
    /// The numbers after it: `[9, 1]`.
    pub patch: Vec<u16>,
    /// The text as the server sent it.
    pub text: String,
}

/// The text is no DHIS2 version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a DHIS2 version such as 2.41.3")]
pub struct VersionError(pub String);

impl Fault for VersionError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl FromStr for ServerVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let error = || VersionError(text.to_owned());
        let numbers = text.split(['-', '+', ' ']).next().unwrap_or_default();
        let mut parts = numbers.split('.').map(number);
        match (parts.next().flatten(), parts.next().flatten()) {
            (Some(2), Some(major)) => {
                let patch = parts.map_while(|part| part).collect();
                Ok(Self { major, patch, text: text.to_owned() })
            }
            // `43.0`, `3.0.0`: the numbering changed after the newest version that is known.
            (Some(series), Some(_)) if series > 2 => {
                Ok(Self { major: u16::MAX, patch: Vec::new(), text: text.to_owned() })
            }
            _ => Err(error()),
        }
    }
}

/// A number of a version; one that is higher than we count is the highest.
fn number(part: &str) -> Option<u16> {
    let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| part.parse().unwrap_or(u16::MAX))
}

impl ServerVersion {
    /// Whether it begins with `2.`, as every version so far does.
    pub fn is_of_series_two(&self) -> bool {
        self.text.starts_with("2.")
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

/// A server's base URL, without `/api`, query, fragment, user info or trailing slash.
///
/// People paste what stands in their browser; what can be understood is understood
/// (`https://host/ctx/dhis-web-dashboard/` becomes `https://host/ctx`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(Url);

/// Why a text is no usable base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// No URL at all.
    #[error("`{0}` is not a web address such as https://dhis2.example.org")]
    Malformed(String),
    /// Another scheme than https (or http).
    #[error("`{0}` is not a web address: it must begin with https://")]
    Scheme(String),
    /// A user name or password in the URL, where it would end in logs.
    #[error("the address contains a user name or password; give them apart from the address")]
    UserInfo,
}

impl Fault for BaseUrlError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("example: https://dhis2.example.org".to_owned())
    }
}

impl BaseUrl {
    /// Reads what a person typed or pasted.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let mut url = Url::parse(&with_scheme).map_err(|_| BaseUrlError::Malformed(text.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme(text.to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::UserInfo);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(BaseUrlError::Malformed(text.to_owned()));
        }
        url.set_query(None);
        url.set_fragment(None);
        let kept: Vec<&str> = url
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .take_while(|segment| {
                !(*segment == "api" || *segment == "login" || *segment == "apps" || segment.starts_with("dhis-web-"))
            })
            .collect();
        let path = kept.join("/");
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The address of an API resource: `api("system/info")` → `https://host/ctx/api/system/info`.
    pub fn api(&self, resource: &str) -> String {
        format!("{self}/api/{resource}")
    }

    /// Scheme, host and port: what a credential is bound to.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the host is this machine, where plain http is harmless.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::{BaseUrl, BaseUrlError, ServerVersion};

    #[test]
    fn what_people_paste_becomes_a_base_url() {
        for (pasted, base) in [
            ("https://play.dhis2.org/demo/api/", "https://play.dhis2.org/demo"),
            ("https://play.dhis2.org/demo/api/41/me", "https://play.dhis2.org/demo"),
            (" dhis2.example.org ", "https://dhis2.example.org"),
            ("http://localhost:8080/dhis-web-dashboard/#/", "http://localhost:8080"),
            ("https://h/ctx/dhis-web-login/?a=b", "https://h/ctx"),
        ] {
            assert_eq!(BaseUrl::parse(pasted).map(|url| url.to_string()).as_deref(), Ok(base), "{pasted}");
        }
        assert_eq!(BaseUrl::parse("https://me:secret@h"), Err(BaseUrlError::UserInfo));
        assert!(BaseUrl::parse("ftp://h").is_err());
        assert!(BaseUrl::parse("https://").is_err());
        assert!(BaseUrl::parse("not a url").is_err());
    }

    #[test]
    fn versions_of_all_shapes_parse() {
        for (text, major, patch) in [
            ("2.41.9.1", 41, vec![9, 1]),
            ("2.44-SNAPSHOT", 44, vec![]),
            ("2.42.0-SNAPSHOT", 42, vec![0]),
            ("2.40-rc", 40, vec![]),
        ] {
            let version: ServerVersion = text.parse().unwrap();
            assert_eq!((version.major, version.patch), (major, patch), "{text}");
        }
        for bad in ["", "1.9", "3", "2", "2.x", "nonsense", "v2.42.1", "2.-1", "2.+1", "x.43"] {
            assert!(bad.parse::<ServerVersion>().is_err(), "{bad}");
        }
        for newer in ["43.0", "3.0.0", "2.99999999", "100000.1", "43.0-SNAPSHOT"] {
            let version: ServerVersion = newer.parse().unwrap();
            assert_eq!((version.major, version.to_string().as_str()), (u16::MAX, newer));
        }
    }
}
