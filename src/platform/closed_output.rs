//! A standard output that was closed when the program started (`xfer … >&-`).
//!
//! Rust opens `/dev/null` in its place before `main`, so that no other file gets its number: a list is then printed to
//! nobody, with exit code 0. An inherited `/dev/null` looks the same by then, and is what somebody chose. So it is looked
//! at before Rust does that, and made a place where writing fails. On systems other than Linux it stays as it is.

/// Makes every write to a standard output fail that was closed when the program started.
#[cfg(target_os = "linux")]
pub fn fail_on_closed_output() {
    if early::was_closed()
        && let Ok(nowhere) = std::os::unix::net::UnixDatagram::unbound()
    {
        // Not connected: what is written to it is refused. Rust takes the error of a closed file for a success.
        let _ = rustix::stdio::dup2_stdout(nowhere);
    }
}

/// Makes every write to a standard output fail that was closed when the program started.
#[cfg(not(target_os = "linux"))]
pub fn fail_on_closed_output() {}

#[cfg(target_os = "linux")]
mod early {
    #![expect(unsafe_code, reason = "only so is something called before `main`; it asks the system one question")]

    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::stdio::stdout;

    static CLOSED: AtomicBool = AtomicBool::new(false);

    pub(super) fn was_closed() -> bool {
        CLOSED.load(Ordering::Relaxed)
    }

    extern "C" fn look() {
        if rustix::io::fcntl_getfd(stdout()).is_err() {
            CLOSED.store(true, Ordering::Relaxed);
        }
    }

    // SAFETY: the section holds addresses of functions of this form, which are called once, before `main`, in the one
    // thread that there is. `look` allocates nothing of its own, keeps to the C convention and does not unwind.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;
}
