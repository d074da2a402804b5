//! Where the passphrase of a protected machine key comes from.
//!
//! The store neither prompts nor reads an environment: whoever opens it says how to find the passphrase out, and is
//! asked when a login has to be sealed or opened, not before. A passphrase that fits is kept in memory, so that one
//! process asks once; one that does not fit is forgotten.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::InWords;

type Asking = dyn Fn() -> Result<SecretString, InWords> + Send + Sync;

/// How the passphrase of the machine key is found out, and what it is once known.
pub struct Unlocking {
    ask: Box<Asking>,
    known: Mutex<Option<SecretString>>,
}

impl Unlocking {
    /// Asks when the passphrase is needed for the first time.
    pub fn by(ask: impl Fn() -> Result<SecretString, InWords> + Send + Sync + 'static) -> Self {
        Self { ask: Box::new(ask), known: Mutex::new(None) }
    }

    /// The passphrase: the one that is known to fit, else the one that is given when asked.
    pub(super) fn passphrase(&self) -> Result<SecretString, InWords> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.map_or_else(|| (self.ask)(), Ok)
    }

    /// Keeps the passphrase that opens the key from now on; none if it needs none.
    pub(super) fn learn(&self, passphrase: Option<SecretString>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = passphrase;
    }
}

impl Default for Unlocking {
    fn default() -> Self {
        Self::by(|| {
            Err(InWords {
                code: ExitCode::Usage,
                message: "the machine key needs its passphrase, and there is no terminal to ask for it".to_owned(),
                causes: Vec::new(),
                hints: vec!["give the passphrase of the key".to_owned()],
            })
        })
    }
}

impl fmt::Debug for Unlocking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Unlocking(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use secrecy::{ExposeSecret, SecretString};

    use super::Unlocking;

    #[test]
    fn what_fits_is_asked_for_once() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let unlocking = Unlocking::by(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(SecretString::from("moringa"))
        });
        let passphrase = || unlocking.passphrase().unwrap().expose_secret().to_owned();
        assert_eq!((passphrase(), passphrase(), asked.load(Ordering::SeqCst)), ("moringa".into(), "moringa".into(), 2));
        unlocking.learn(Some(SecretString::from("tilapia")));
        assert_eq!((passphrase(), asked.load(Ordering::SeqCst)), ("tilapia".into(), 2));
        assert!(!format!("{unlocking:?}").contains("tilapia"));
        assert!(Unlocking::default().passphrase().unwrap_err().to_string().contains("no terminal to ask"));
    }
}
