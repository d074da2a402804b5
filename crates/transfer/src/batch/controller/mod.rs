//! Finds the number of rows per POST that a server takes fastest, from measured values per second.
//!
//! The best size differs tenfold between server generations, kinds of data sets and machines (`measured.md`, "Writing
//! is dear"), and nothing that a server says about itself predicts it. So the controller climbs: sizes stand on a
//! ladder, each rung keeps its latest samples, and the current rung moves to a neighbour that is clearly faster. The
//! decision needs several samples on both sides, because single POSTs scatter by 20 % and more. Once both neighbours
//! are known to be slower it stays, looking at the better one of them again now and then, for servers get busier.
//!
//! A POST that timed out or was too big halves the size at once and bars the rungs above for a while: the server goes
//! on working on what timed out, and a proxy's limit does not go away.
//!
//! Limits: one controller serves one kind of data set of one server; samples are attributed to the rung that is nearest
//! to what was actually sent, so short POSTs at the end of a lane teach nothing wrong. A pure value: time is what the
//! caller measured.

use std::collections::VecDeque;

use xfer_domain::value_type::ImportEngine;

/// Sizes that are tried. Closer steps would only measure noise: throughput is flat around its peak.
const LADDER: [usize; 9] = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000];
/// Samples that a rung keeps; older ones are of another time of day.
const KEPT: usize = 6;
/// Samples that a comparison needs on either side.
const NEEDED: usize = 3;
/// How much faster a neighbour must be before the size moves.
const CLEARLY: f64 = 1.06;
/// A POST should not last longer: proxies cut at 60 s and the server then goes on without anyone listening.
const LONGEST_SECONDS: f64 = 25.0;
/// Answered POSTs after which a settled controller looks at a neighbour again.
const LOOK_AGAIN: usize = 25;
/// A neighbour this much slower than the current rung is not looked at again.
const HOPELESS: f64 = 0.7;
/// Answered POSTs after which the rung above a barred one is allowed again.
const BARRED_FOR: usize = 60;
/// Smaller POSTs (primers, remainders) say nothing about speed.
const SMALLEST_SAMPLE: usize = 25;

/// The two kinds of data sets whose cost differs (`measured.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataSetKind {
    /// Default attribute combo, or attribute options without org unit restriction.
    Plain,
    /// Attribute options restricted to org units: each row costs a query over all org units of its POST.
    Restricted,
}

/// The most that one POST may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimit {
    /// Rows.
    pub rows: usize,
    /// Different org units; `usize::MAX` where it does not matter.
    pub org_units: usize,
}

/// How a POST ended, as far as its size matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostOutcome {
    /// The rows were judged; the seconds say something about speed.
    Answered,
    /// Timed out, or 413, 502, 504: too big for the server or the way to it.
    TooBig,
    /// Refused or failed for a reason that has nothing to do with size; the seconds say nothing.
    Refused,
}

/// Rows and seconds of one POST.
#[derive(Debug, Clone, Copy)]
struct Sample {
    rows: f64,
    seconds: f64,
}

/// One per destination server and kind of data set.
#[derive(Debug, Clone)]
pub struct BatchController {
    org_units: usize,
    /// The rung that is best as far as known.
    current: usize,
    /// The rung that is being measured; the current one or a neighbour.
    trial: usize,
    samples: [VecDeque<Sample>; LADDER.len()],
    /// First rung that may not be used, and the number of answered POSTs after which it may again.
    barred: Option<(usize, usize)>,
    answered: usize,
    /// When a settled controller last looked around.
    looked: usize,
}

impl BatchController {
    /// Starts at the remembered size, else at the size that is right for the server's generation: 500 rows from 2.43
    /// on, whose cost grows with the square of the rows, 2,000 before.
    pub fn new(engine: ImportEngine, kind: DataSetKind, remembered: Option<usize>) -> Self {
        let start = match engine {
            ImportEngine::SetBased => 500,
            ImportEngine::RowByRow => 2_000,
        };
        let current = nearest_rung(remembered.filter(|rows| *rows > 0).unwrap_or(start));
        // Only there does each row cost a query over all org units of its POST (385 against 300 values per second).
        let one_unit = engine == ImportEngine::SetBased && kind == DataSetKind::Restricted;
        Self {
            org_units: if one_unit { 1 } else { usize::MAX },
            current,
            trial: current,
            samples: std::array::from_fn(|_| VecDeque::with_capacity(KEPT)),
            barred: None,
            answered: 0,
            looked: 0,
        }
    }

    /// The most that the next POST may hold.
    pub fn limit(&self) -> BatchLimit {
        BatchLimit { rows: LADDER[self.trial], org_units: self.org_units }
    }

    /// Learns from a POST: its rows, its org units, how many seconds it took.
    pub fn record(&mut self, rows: usize, org_units: usize, seconds: f64, outcome: PostOutcome) {
        match outcome {
            PostOutcome::Refused => {}
            PostOutcome::TooBig => self.halve(rows),
            PostOutcome::Answered => {
                self.answered += 1;
                if self.barred.is_some_and(|(_, until)| self.answered >= until) {
                    self.barred = None;
                }
                // One org unit of a POST that may hold only one: its rows were not chosen by us, so they teach nothing.
                let chosen = org_units < self.org_units || self.org_units == usize::MAX;
                if chosen && rows >= SMALLEST_SAMPLE && seconds.is_finite() && seconds > 0.0 {
                    self.learn(rows, seconds);
                }
            }
        }
    }

    /// The best size so far, to be kept for the next run.
    pub fn remembered(&self) -> usize {
        LADDER[self.current]
    }

    fn learn(&mut self, rows: usize, seconds: f64) {
        let samples = &mut self.samples[nearest_rung(rows)];
        if samples.len() == KEPT {
            samples.pop_front();
        }
        #[expect(clippy::cast_precision_loss, reason = "rows per POST are far below 2^52")]
        samples.push_back(Sample { rows: rows as f64, seconds });
        self.decide();
    }

    /// Moves to the best known rung around the current one, or measures a neighbour that is not known yet.
    fn decide(&mut self) {
        if self.samples[self.trial].len() < NEEDED {
            return;
        }
        if let Some(faster) = self.clearly_faster_neighbour() {
            self.current = faster;
            self.looked = self.answered;
        }
        let unknown = self.neighbours().find(|rung| self.samples[*rung].len() < NEEDED && self.may_try(*rung));
        self.trial = unknown.unwrap_or(self.current);
        if unknown.is_none() && self.answered >= self.looked + LOOK_AGAIN {
            self.looked = self.answered;
            self.look_again();
        }
    }

    /// Forgets a neighbour that is not hopeless, so that it is measured anew.
    fn look_again(&mut self) {
        let Some(here) = self.speed(self.current) else { return };
        let promising = self
            .neighbours()
            .filter(|rung| self.may_try(*rung))
            .filter_map(|rung| self.speed(rung).map(|speed| (rung, speed)))
            .filter(|(_, speed)| *speed > here * HOPELESS)
            .max_by(|left, right| left.1.total_cmp(&right.1));
        if let Some((rung, _)) = promising {
            self.samples[rung].clear();
            self.trial = rung;
        }
    }

    fn clearly_faster_neighbour(&self) -> Option<usize> {
        let here = self.speed(self.current)?;
        self.neighbours()
            .filter(|rung| self.samples[*rung].len() >= NEEDED && self.may_try(*rung))
            .filter_map(|rung| self.speed(rung).map(|speed| (rung, speed)))
            .filter(|(_, speed)| *speed > here * CLEARLY)
            .max_by(|left, right| left.1.total_cmp(&right.1))
            .map(|(rung, _)| rung)
    }

    /// The rungs beside the current one; the smaller first, because a wrong try costs less there.
    fn neighbours(&self) -> impl Iterator<Item = usize> + use<> {
        let below = self.current.checked_sub(1);
        let above = (self.current + 1 < LADDER.len()).then_some(self.current + 1);
        below.into_iter().chain(above)
    }

    /// Whether a rung is neither barred nor so big that a POST would outlast the proxies.
    fn may_try(&self, rung: usize) -> bool {
        if self.barred.is_some_and(|(first, _)| rung >= first) {
            return false;
        }
        #[expect(clippy::cast_precision_loss, reason = "rows per POST are far below 2^52")]
        let expected = self.speed(self.current).map(|speed| LADDER[rung] as f64 / speed);
        rung < self.current || expected.is_none_or(|seconds| seconds <= LONGEST_SECONDS)
    }

    /// Values per second of a rung: all its rows by all its seconds, which weighs long POSTs as what they cost.
    fn speed(&self, rung: usize) -> Option<f64> {
        let samples = &self.samples[rung];
        let rows: f64 = samples.iter().map(|sample| sample.rows).sum();
        let seconds: f64 = samples.iter().map(|sample| sample.seconds).sum();
        (seconds > 0.0).then_some(rows / seconds)
    }

    fn halve(&mut self, rows: usize) {
        let tried = nearest_rung(rows.max(1)).min(self.trial);
        let half = LADDER.iter().rposition(|size| *size <= rows / 2).unwrap_or(0).min(self.current);
        self.barred = Some((tried.max(1), self.answered + BARRED_FOR));
        self.current = half;
        self.trial = half;
        self.looked = self.answered;
    }
}

/// The rung whose size is nearest to a number of rows, by ratio.
fn nearest_rung(rows: usize) -> usize {
    // a/b < b/c  ⇔  b² > a·c: no floating point needed to compare ratios.
    LADDER.windows(2).take_while(|pair| rows * rows > pair[0] * pair[1]).count()
}

#[cfg(test)]
mod tests;
