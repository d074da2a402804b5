//! The way of a request in the lab: noted in the ledger, struck by faults on plan, and answered in the time that a real
//! server takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};

use super::{Body, Hangup, RunningSandbox, Shell, receive, send};
use crate::cost;
use crate::exchange::{Request, Response};
use crate::faults::{Fault, FaultPlan};
use crate::ledger::Ledger;

/// What the lab adds to a server.
#[derive(Debug)]
pub(super) struct Lab {
    ledger: Ledger,
    faults: FaultPlan,
    cost_scale: Option<f64>,
}

impl Lab {
    /// With nothing asked yet.
    pub(super) fn of(faults: FaultPlan, cost_scale: Option<f64>) -> Self {
        Self { ledger: Ledger::default(), faults, cost_scale }
    }
}

impl RunningSandbox {
    /// What it was asked.
    pub fn ledger(&self) -> &Ledger {
        &self.shell.lab.ledger
    }

    /// What goes wrong; rules may be added at any time.
    pub fn faults(&self) -> &FaultPlan {
        &self.shell.lab.faults
    }
}

impl Shell {
    /// Answers a request, as the plan of faults has it.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        reset: &AtomicBool,
    ) -> Result<hyper::Response<Body>, Hangup> {
        let request = receive(request).await?;
        let fault = self.lab.faults.strike(&request);
        let number = self.lab.ledger.arrive(&request, fault);
        let (request, written) = self.count(request, number).await?;
        match fault {
            Some(Fault::Refuse) => return Err(Hangup),
            Some(Fault::Reset) => {
                reset.store(true, Ordering::Relaxed);
                return Err(Hangup);
            }
            Some(Fault::Stall) => std::future::pending().await,
            Some(Fault::Slow { delay }) => tokio::time::sleep(delay).await,
            Some(Fault::NewPeriodRace) => {
                self.instance.with_state(|state| state.settings.next_new_period_loses = true);
            }
            Some(Fault::ShiftedPage { by }) => {
                self.instance.with_state(|state| state.settings.next_page_shift = by);
            }
            _ => {}
        }
        let played = fault.and_then(|fault| fault.answer_to(&request));
        let response = if fault.is_none_or(Fault::is_applied) {
            let own = self.handle_in_its_time(request, written, number).await?;
            let own = match fault {
                Some(fault) => fault.distort(own),
                None => own,
            };
            played.unwrap_or(own)
        } else {
            played.unwrap_or_else(|| Response::empty(500))
        };
        if fault == Some(Fault::AnswerLost) {
            reset.store(true, Ordering::Relaxed);
            return Err(Hangup);
        }
        if fault == Some(Fault::AnswerStalled) {
            std::future::pending::<()>().await;
        }
        self.lab.ledger.settle(number, |entry| entry.status = Some(response.status));
        let cut = match fault {
            Some(Fault::CutBody { at }) => Some(at),
            _ => None,
        };
        match fault {
            Some(Fault::Drip { pause }) => Ok(drip(response, pause)),
            _ => Ok(send(self.profile(), response, cut)),
        }
    }

    /// Counts the rows of a write for the ledger, off the runtime's threads: bodies may be large.
    async fn count(
        self: &Arc<Self>,
        request: Request,
        number: usize,
    ) -> Result<(Request, Option<cost::Written>), Hangup> {
        if request.method != "POST" {
            return Ok((request, None));
        }
        let shell = Arc::clone(self);
        let counted = tokio::task::spawn_blocking(move || {
            let world = shell.instance.with_state(|state| state.world.clone());
            let written = cost::written(&request, &world);
            shell.lab.ledger.settle(number, |entry| entry.rows = written.map(|written| written.rows));
            (request, written)
        });
        counted.await.map_err(|_| Hangup)
    }

    /// Has the instance answer, off the runtime's threads, and takes the time that it would take.
    async fn handle_in_its_time(
        self: &Arc<Self>,
        request: Request,
        written: Option<cost::Written>,
        number: usize,
    ) -> Result<Response, Hangup> {
        let shell = Arc::clone(self);
        let answered = tokio::task::spawn_blocking(move || {
            let response = shell.handle(&request);
            let seconds =
                shell.lab.cost_scale.map(|_| cost::seconds(shell.profile(), cost::work(&request, written, &response)));
            shell.lab.ledger.settle(number, |entry| {
                entry.applied = true;
                entry.seconds = seconds;
            });
            (response, seconds)
        });
        // a panic of the instance ends the connection, as a crash of a real server would
        let (response, seconds) = answered.await.map_err(|_| Hangup)?;
        let spent = seconds.unwrap_or_default() * self.lab.cost_scale.unwrap_or_default();
        if spent > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(spent)).await;
        }
        Ok(response)
    }
}

/// The answer on the wire, a byte at a time.
fn drip(response: Response, pause: Duration) -> hyper::Response<Body> {
    let bytes = Bytes::from(response.body);
    let drops = stream::unfold(0, move |at| {
        let drop = bytes.get(at..=at).map(Bytes::copy_from_slice);
        async move {
            let drop = drop?;
            tokio::time::sleep(pause).await;
            Some((Ok(Frame::data(drop)), at + 1))
        }
    });
    let mut answer = hyper::Response::new(BodyExt::boxed(StreamBody::new(drops)));
    *answer.status_mut() = hyper::StatusCode::from_u16(response.status).unwrap_or_default();
    answer
}
