//! The runtime on which a command waits for servers.

use std::future::Future;

use crate::cli::error::CliError;

/// Waits for a future on a runtime of its own; commands are synchronous up to here.
pub(crate) fn wait<T>(future: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|cause| CliError::local_io("the program could not start its network code".to_owned(), &cause))?;
    let outcome = runtime.block_on(future);
    // A read that still waits for a server would keep the process from ending; nothing depends on it any more.
    runtime.shutdown_background();
    outcome
}
