//! Redirects: followed only for reads, to the same origin, a few times.
//!
//! A login must never travel to another origin, and an import that became a GET would be lost without a message. So the
//! HTTP library follows nothing, and this decides.

use url::Url;

use crate::answer::{is_login_page, shown_location};
use crate::error::ClientErrorKind;

/// Redirects followed in a row.
pub(crate) const MOST_HOPS: usize = 3;

/// Whether a status asks for another address.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where to go on: the new address for a read to the same origin, else the error that the redirect is.
pub(crate) fn follow(from: &Url, location: Option<&str>, is_read: bool, hops: usize) -> Result<Url, ClientErrorKind> {
    let Some(location) = location else {
        return Err(ClientErrorKind::malformed("a redirect with no address"));
    };
    let refused = |location: &str| ClientErrorKind::Redirect { location: shown_location(location) };
    let target = from.join(location).map_err(|_| refused(location))?;
    if is_login_page(target.path()) {
        return Err(ClientErrorKind::LoginPage { location: Some(shown_location(target.as_str())) });
    }
    if !is_read || hops >= MOST_HOPS || target.origin() != from.origin() {
        return Err(refused(target.as_str()));
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::follow;
    use crate::error::ClientErrorKind;
    use xfer_domain::fault::Fault;

    #[test]
    fn only_reads_go_on_and_only_at_home() {
        let from = Url::parse("http://h:8080/ctx/api/me?fields=id").unwrap();
        let at_home = follow(&from, Some("/ctx/api/me/"), true, 0).unwrap();
        assert_eq!(at_home.as_str(), "http://h:8080/ctx/api/me/");
        for (location, is_read, hops) in [
            ("https://h:8080/ctx/api/me", true, 0),
            ("http://h:9090/ctx/api/me", true, 0),
            ("http://other/ctx/api/me", true, 0),
            ("//other:8080/x", true, 0),
            ("/ctx/api/me/", false, 0),
            ("/ctx/api/me/", true, 3),
            ("javascript:alert(1)", true, 0),
        ] {
            let refused = follow(&from, Some(location), is_read, hops);
            assert!(matches!(refused, Err(ClientErrorKind::Redirect { .. })), "{location}: {refused:?}");
        }
        for login in ["http://h:8080/ctx/dhis-web-login/", "https://elsewhere/login/?next=x"] {
            assert!(matches!(follow(&from, Some(login), true, 0), Err(ClientErrorKind::LoginPage { .. })), "{login}");
        }
        assert!(matches!(follow(&from, None, true, 0), Err(ClientErrorKind::Malformed { .. })));
    }

    #[test]
    fn a_redirect_to_https_is_named_without_its_query() {
        let from = Url::parse("http://h/api/me?token=x").unwrap();
        let error = follow(&from, Some("https://h/api/me?token=x"), true, 0).unwrap_err();
        assert_eq!(error.hint().as_deref(), Some("use the address that the server redirects to: `https://h/api/me`"));
    }
}
