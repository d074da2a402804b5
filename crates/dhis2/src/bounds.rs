//! Limits on the memory that an answer may use; every answer is read with them.
//!
//! A limit on bytes alone binds nothing: two bytes of JSON (`{}`) become some hundred bytes of memory, and a thousandth
//! of a byte of gzip becomes one of JSON. So an answer is metered while it arrives, after decompression: its bytes, its
//! values (as many as it has brackets, braces and commas), its longest text, its depth, and what it unpacks to. What
//! passes a limit ends the reading there, before anything is parsed. Each kind of answer has its own [`Bounds`], which
//! together with the size of what its reader makes of a value stay below the program's 512 MB; large answers are read
//! one at a time, whichever server sends them ([`Room`]).

use memchr::memchr2;
use tokio::sync::{Semaphore, SemaphorePermit};

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

/// Levels of JSON; DHIS2 nests four or five.
const MOST_LEVELS: u32 = 60;

/// What an answer may unpack to, times its size on the wire. Raw values, the best to pack of all, reach 35.
pub const MOST_RATIO: u64 = 200;

/// What any answer may unpack to, however little came over the wire: an empty list of a thousand spaces packs well.
const RATIO_FREE: u64 = 1 << 20;

/// Bytes of values that may be held of one part of a run, whichever way they were read.
pub const MOST_HELD: usize = 160 << 20;

/// Answers up to this size are read side by side.
const SMALL_ANSWER: u64 = 4 << 20;

/// What one kind of answer may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of JSON.
    pub bytes: u64,
    /// Objects, lists and what stands in them.
    pub values: u64,
    /// Bytes of one text.
    pub text: u64,
}

impl Bounds {
    /// One object about the server or the user: the user's own org units may be a country's.
    pub const ONE: Self = Self { bytes: 8 << 20, values: 400_000, text: 64 << 10 };
    /// A page of a metadata list. Names are far shorter; an attribute may hold the outline of a district.
    pub const LIST: Self = Self { bytes: 32 << 20, values: 4_000_000, text: 8 << 20 };
    /// An analytics grid: twice the 188,697 rows that were seen in one answer.
    pub const GRID: Self = Self { bytes: 64 << 20, values: 3_000_000, text: 64 << 10 };
    /// The account of an import; what is kept of it has bounds of its own.
    pub const IMPORT: Self = Self { bytes: 64 << 20, values: 16_000_000, text: 4 << 20 };
    /// A stream of raw values, of which only a part is ever held. A server holds texts of up to 50,000 characters.
    pub const STREAM: Self = Self { bytes: 16 << 30, values: u64::MAX, text: 512 << 10 };

    /// The same for tests that want less.
    #[must_use]
    pub fn at_most(self, bytes: u64) -> Self {
        Self { bytes: self.bytes.min(bytes), ..self }
    }
}

/// What an answer has too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// Bytes.
    #[error("larger than the limit of {0} bytes")]
    Bytes(u64),
    /// Objects, lists and what stands in them.
    #[error("made of more than {0} values, the limit for an answer of its kind")]
    Values(u64),
    /// One text.
    #[error("with a text of more than {0} bytes, the limit for an answer of its kind")]
    Text(u64),
    /// One value of a list.
    #[error("with a value of more than {0} bytes in its list, the limit for an answer of its kind")]
    Value(usize),
    /// Levels of nesting.
    #[error("nested more than {0} levels deep")]
    Depth(u32),
    /// What a packed answer unpacks to.
    #[error("compressed so that it grows more than {0} times when unpacked, which is not normal")]
    Ratio(u64),
    /// Pages of a list.
    #[error("longer than {0} pages, the limit for a list")]
    Pages(u64),
    /// Objects of a list.
    #[error("made of more than {0} objects, the limit for a list")]
    Objects(u64),
    /// The metadata of one server.
    #[error("part of more metadata than xfer accepts from one server: {0} bytes, or some million values, in all")]
    Together(u64),
    /// Values of one part of a run.
    #[error("part of more values than can be held of one part of a run ({} MB)", .0 >> 20)]
    Held(usize),
    /// Rows that lack a part of their address.
    #[error("made of too many values without org unit, period or attribute option combo; more than {0} are not kept")]
    Incomplete(u64),
}

impl Fault for Excess {
    fn code(&self) -> ExitCode {
        ExitCode::Other
    }
}

impl Excess {
    /// Whether a smaller question may have a smaller answer.
    pub fn is_of_size(self) -> bool {
        matches!(self, Self::Bytes(_) | Self::Values(_) | Self::Objects(_))
    }
}

/// Measures an answer piece by piece.
#[derive(Debug, Clone)]
pub struct Gauge {
    bounds: Bounds,
    bytes: u64,
    values: u64,
    levels: u32,
    /// Bytes of the text that is being read; none between texts.
    text: Option<u64>,
    escaped: bool,
}

impl Gauge {
    /// Nothing was read yet.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, bytes: 0, values: 0, levels: 0, text: None, escaped: false }
    }

    /// Takes the next piece in.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), Excess> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.bounds.bytes {
            return Err(Excess::Bytes(self.bounds.bytes));
        }
        let mut rest = piece;
        while let Some((byte, after)) = rest.split_first() {
            let Some(length) = &mut self.text else {
                self.between_texts(*byte)?;
                rest = after;
                continue;
            };
            // A text is passed over as a whole: nothing in it matters but its end.
            let plain =
                if std::mem::take(&mut self.escaped) { 1 } else { memchr2(b'"', b'\\', rest).unwrap_or(rest.len()) };
            *length += plain as u64;
            rest = rest.get(plain..).unwrap_or_default();
            if plain == 0 {
                rest = after;
                if *byte == b'"' {
                    self.text = None;
                    continue;
                }
                *length += 1;
                self.escaped = true;
            }
            if *length > self.bounds.text {
                return Err(Excess::Text(self.bounds.text));
            }
        }
        Ok(())
    }

    fn between_texts(&mut self, byte: u8) -> Result<(), Excess> {
        match byte {
            b'"' => self.text = Some(0),
            b'{' | b'[' => {
                self.values += 1;
                self.levels += 1;
                if self.levels > MOST_LEVELS {
                    return Err(Excess::Depth(MOST_LEVELS));
                }
            }
            b'}' | b']' => self.levels = self.levels.saturating_sub(1),
            b',' => self.values += 1,
            _ => return Ok(()),
        }
        if self.values > self.bounds.values { Err(Excess::Values(self.bounds.values)) } else { Ok(()) }
    }

    /// What was read so far.
    pub fn weight(&self) -> Weight {
        Weight { bytes: self.bytes, values: self.values }
    }
}

/// How much an answer held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// Its bytes, unpacked.
    pub bytes: u64,
    /// Its values.
    pub values: u64,
}

/// Whether what came out of so much of the wire is believable.
pub fn check_ratio(wire: u64, unpacked: u64) -> Result<(), Excess> {
    if unpacked > RATIO_FREE.max(wire.saturating_mul(MOST_RATIO)) { Err(Excess::Ratio(MOST_RATIO)) } else { Ok(()) }
}

/// The right to hold a large answer. There is one for the whole process, so that the memory that large answers take
/// does not grow with the requests that are under way; whoever has it keeps it until the answer is parsed.
#[derive(Debug, Default)]
pub struct Room(Option<SemaphorePermit<'static>>);

static LARGE_ANSWERS: Semaphore = Semaphore::const_new(1);

impl Room {
    /// Waits for its turn as soon as an answer turns out to be large.
    pub async fn make(&mut self, bytes: u64) {
        if bytes > SMALL_ANSWER && self.0.is_none() {
            // Nobody closes it; if somebody did, a small answer's worth of memory more would be the least harm.
            self.0 = LARGE_ANSWERS.acquire().await.ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Excess, Gauge, Weight, check_ratio};

    const SMALL: Bounds = Bounds { bytes: 200, values: 10, text: 5 };

    fn taken(text: &str, piece: usize) -> Result<Weight, Excess> {
        let mut gauge = Gauge::new(SMALL);
        text.as_bytes().chunks(piece).try_for_each(|piece| gauge.take(piece))?;
        Ok(gauge.weight())
    }

    #[test]
    fn what_is_too_much_is_found_however_it_is_cut() {
        for (text, end) in [
            (r#"{"a":[1,2,3]}"#.to_owned(), Ok(4)),
            (r#"["{","[","\",","}"]"#.to_owned(), Ok(4)),
            (format!("[{}]", "{},".repeat(5)), Err(Excess::Values(10))),
            (format!("[{}1]", "1,".repeat(9)), Ok(10)),
            (r#"["123456"]"#.to_owned(), Err(Excess::Text(5))),
            (r#"["12345"]"#.to_owned(), Ok(1)),
            (" ".repeat(201), Err(Excess::Bytes(200))),
        ] {
            for piece in 1..=text.len() {
                assert_eq!(taken(&text, piece).map(|weight| weight.values), end, "{text} in pieces of {piece}");
            }
        }
        let mut gauge = Gauge::new(Bounds::ONE);
        assert_eq!(gauge.take("[".repeat(61).as_bytes()), Err(Excess::Depth(60)));
        let mut gauge = Gauge::new(Bounds::ONE);
        assert_eq!(gauge.take("[]".repeat(1_000).as_bytes()), Ok(()));
    }

    #[test]
    fn what_grows_beyond_belief_is_refused() {
        assert_eq!(check_ratio(10, 1 << 20), Ok(()));
        assert_eq!(check_ratio(1_600_000, 50 << 20), Ok(()), "a country's raw values");
        assert_eq!(check_ratio(57 << 10, 240 << 20), Err(Excess::Ratio(200)));
    }
}
