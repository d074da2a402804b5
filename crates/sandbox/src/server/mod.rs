//! A sandbox instance on a loopback port, speaking HTTP/1.1 as DHIS2 does.
//!
//! hyper itself and no framework, because faults act on connections. The shell decides nothing that a server decides:
//! it passes requests to the [`Instance`]. With the feature `lab` it notes them in a ledger, lets faults come between and
//! takes the time of a real server (`lab`).

#[cfg(feature = "lab")]
mod lab;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::exchange::{Request, Response};
#[cfg(feature = "lab")]
use crate::faults::FaultPlan;
use crate::instance::Instance;
use crate::profile::Profile;
use crate::values::Values;
use xfer_domain::exit_code::ExitCode;

/// How an instance is put on a port.
#[derive(Debug)]
pub struct ServerOptions {
    /// Where it listens; port 0 takes a free one.
    pub address: SocketAddr,
    /// What goes wrong.
    #[cfg(feature = "lab")]
    pub faults: FaultPlan,
    /// How much of the time that a real server takes is really spent: none spends nothing and computes nothing, 0
    /// computes it for the ledger, 1 takes as long as measured.
    #[cfg(feature = "lab")]
    pub cost_scale: Option<f64>,
    /// Whether the instance's clock follows the system's; otherwise it stands still at `Settings::now`.
    pub live_clock: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            #[cfg(feature = "lab")]
            faults: FaultPlan::default(),
            #[cfg(feature = "lab")]
            cost_scale: None,
            live_clock: false,
        }
    }
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or the address is not this machine's.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// No thread or runtime of its own.
    #[error("cannot start the sandbox's own thread")]
    Thread(#[source] io::Error),
}

impl xfer_domain::fault::Fault for StartError {
    fn code(&self) -> ExitCode {
        ExitCode::LocalIo
    }
}

/// Starts instances.
#[derive(Debug)]
pub struct Sandbox;

impl Sandbox {
    /// Starts on the caller's tokio runtime.
    pub async fn start(instance: Arc<Instance>, options: ServerOptions) -> Result<RunningSandbox, StartError> {
        let listener = listen(options.address).await?;
        let (running, shell) = prepare(instance, options, &listener)?;
        tokio::spawn(serve(listener, shell));
        Ok(running)
    }

    /// Starts on a thread with a runtime of its own, for callers that are not async.
    pub fn start_on_thread(instance: Arc<Instance>, options: ServerOptions) -> Result<RunningSandbox, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(StartError::Thread)?;
        let listener = runtime.block_on(listen(options.address))?;
        let (mut running, shell) = prepare(instance, options, &listener)?;
        let thread = std::thread::Builder::new()
            .name("sandbox".into())
            .spawn(move || {
                runtime.block_on(serve(listener, shell));
                runtime.shutdown_background();
            })
            .map_err(StartError::Thread)?;
        running.thread = Some(thread);
        Ok(running)
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

fn prepare(
    instance: Arc<Instance>,
    options: ServerOptions,
    listener: &TcpListener,
) -> Result<(RunningSandbox, Arc<Shell>), StartError> {
    let address = listener.local_addr().map_err(|source| StartError::Listen { address: options.address, source })?;
    let shell = Arc::new(Shell {
        instance,
        #[cfg(feature = "lab")]
        lab: lab::Lab::of(options.faults, options.cost_scale),
        live_clock: options.live_clock,
        stop: CancellationToken::new(),
    });
    Ok((RunningSandbox { address, url: format!("http://{address}"), shell: Arc::clone(&shell), thread: None }, shell))
}

/// A sandbox that listens. Dropping it closes its port and every connection.
#[derive(Debug)]
pub struct RunningSandbox {
    address: SocketAddr,
    url: String,
    shell: Arc<Shell>,
    thread: Option<JoinHandle<()>>,
}

impl RunningSandbox {
    /// `http://127.0.0.1:PORT`, the base of every request.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The instance behind it.
    pub fn instance(&self) -> &Instance {
        &self.shell.instance
    }

    /// A copy of everything that it stores now.
    pub fn values(&self) -> Values {
        self.shell.instance.with_state(|state| state.values.clone())
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        self.shell.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // a panic of the thread has been reported where it happened
            let _ = thread.join();
        }
    }
}

/// What every connection shares.
#[derive(Debug)]
struct Shell {
    instance: Arc<Instance>,
    #[cfg(feature = "lab")]
    lab: lab::Lab,
    live_clock: bool,
    stop: CancellationToken,
}

/// Accepts connections until it is stopped; then every connection ends with the set that holds them.
async fn serve(listener: TcpListener, shell: Arc<Shell>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shell.stop.cancelled() => break,
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(converse(stream, Arc::clone(&shell)));
            },
            _ = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// Serves one connection to its end.
async fn converse(stream: TcpStream, shell: Arc<Shell>) {
    // heads and bodies are written apart; waiting to send them together would cost 40 ms each
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let wire = Wire { stream, reset: Arc::clone(&reset) };
    let service = service_fn(move |request| {
        let (shell, reset) = (Arc::clone(&shell), Arc::clone(&reset));
        async move { shell.answer(request, &reset).await }
    });
    // an error here is a client that went away, or a fault on plan
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(wire), service).await;
}

/// The connection is to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends here on plan")]
struct Hangup;

type Body = BoxBody<Bytes, Hangup>;

#[cfg(not(feature = "lab"))]
impl Shell {
    async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        _: &AtomicBool,
    ) -> Result<hyper::Response<Body>, Hangup> {
        let request = receive(request).await?;
        let shell = Arc::clone(&self);
        let answered = tokio::task::spawn_blocking(move || shell.handle(&request));
        // a panic of the instance ends the connection, as a crash of a real server would
        let response = answered.await.map_err(|_| Hangup)?;
        Ok(send(self.profile(), response, None))
    }
}

impl Shell {
    /// Has the instance answer. Not on the runtime's threads: bodies may be large.
    fn handle(&self, request: &Request) -> Response {
        if self.live_clock {
            self.instance.with_state(|state| state.settings.now = now());
        }
        self.instance.handle(request)
    }

    fn profile(&self) -> Profile {
        self.instance.with_state(|state| state.profile)
    }
}

/// The system's time as `Settings::now` has it.
fn now() -> String {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Reads a request to its end.
async fn receive(request: hyper::Request<Incoming>) -> Result<Request, Hangup> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Hangup)?.to_bytes().to_vec();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let target = head.uri.path_and_query().map_or_else(|| head.uri.path(), |target| target.as_str()).to_owned();
    Ok(Request { method: head.method.as_str().to_owned(), target, headers, body })
}

/// The answer on the wire. The embedded server (2.42, 2.43) sends bodies in chunks, the war tells their length; a body
/// that is cut short ends the connection in either case.
fn send(profile: Profile, response: Response, cut: Option<usize>) -> hyper::Response<Body> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    if response.close {
        builder = builder.header("connection", "close");
    }
    let length = response.body.len();
    let bytes = Bytes::from(response.body);
    let chunked = profile >= Profile::V42 && length > 0;
    let body = match cut {
        Some(at) => {
            if !chunked {
                builder = builder.header("content-length", length);
            }
            let part = bytes.slice(..at.min(length));
            let end = stream::once(async {
                tokio::task::yield_now().await; // what was written so far goes out before the connection ends
                Err(Hangup)
            });
            BodyExt::boxed(StreamBody::new(stream::iter([Ok(Frame::data(part))]).chain(end)))
        }
        None if chunked => BodyExt::boxed(StreamBody::new(stream::iter([Ok(Frame::data(bytes))]))),
        None => Full::new(bytes).map_err(|never: Infallible| match never {}).boxed(),
    };
    // headers come from the sandbox itself and are well-formed; should one not be, the client sees a bare 500
    builder.body(body).unwrap_or_else(|_| {
        let mut bare =
            hyper::Response::new(Full::new(Bytes::new()).map_err(|never: Infallible| match never {}).boxed());
        *bare.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        bare
    })
}

/// A connection that can end with a reset instead of a farewell.
struct Wire {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // without it the connection ends politely, which is the milder fault
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(())); // a farewell would come before the reset
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
