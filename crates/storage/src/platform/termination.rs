//! Requests that the process end: signals, or what Windows has for them.

use std::io;

use xfer_domain::exit_code::ExitCode;

/// Who asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Termination {
    /// A person at the keyboard: SIGINT, Ctrl-C.
    Interrupt,
    /// The system: SIGTERM; on Windows a closed console, a log-off or a shutdown.
    Terminate,
}

impl Termination {
    /// The exit code by which a shell or a service manager knows the cause: 128 + the signal's number.
    pub fn code(self) -> ExitCode {
        match self {
            Self::Interrupt => ExitCode::Interrupted,
            Self::Terminate => ExitCode::Terminated,
        }
    }
}

/// Waits for the first request to end. The handlers stand when this returns, before the future is polled; from then on
/// the process does not end by itself. Must be called inside a tokio runtime with its drivers on.
#[cfg(unix)]
pub fn termination() -> io::Result<impl Future<Output = Termination> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Termination::Interrupt,
            _ = terminate.recv() => Termination::Terminate,
        }
    })
}

/// Waits for the first request to end. The handlers stand when this returns, before the future is polled; from then on
/// the process does not end by itself. Must be called inside a tokio runtime with its drivers on.
#[cfg(windows)]
pub fn termination() -> io::Result<impl Future<Output = Termination> + Send> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
    let mut interrupt = ctrl_c()?;
    let mut stop = ctrl_break()?;
    let mut close = ctrl_close()?;
    let mut log_off = ctrl_logoff()?;
    let mut shutdown = ctrl_shutdown()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Termination::Interrupt,
            _ = stop.recv() => Termination::Terminate,
            _ = close.recv() => Termination::Terminate,
            _ = log_off.recv() => Termination::Terminate,
            _ = shutdown.recv() => Termination::Terminate,
        }
    })
}
