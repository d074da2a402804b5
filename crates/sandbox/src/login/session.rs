//! The cookie of a session: `JSESSIONID`.

use crate::exchange::Request;
use crate::profile::Profile;

/// The session id that a request brings.
pub(super) fn cookie(request: &Request) -> Option<&str> {
    request
        .headers
        .iter()
        .filter(|(name, _)| name == "cookie")
        .flat_map(|(_, value)| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("JSESSIONID="))
}

/// The header that hands out a session (`login/basic-ok`).
pub(super) fn set_cookie(profile: Profile, id: &str) -> String {
    let same_site = if profile >= Profile::V42 { "; SameSite=Lax" } else { "" };
    format!("JSESSIONID={id}; Path=/; HttpOnly{same_site}")
}
