//! Who wrote what, and who saw it: what the ledger must hold, in plain slow code.
//!
//! It knows the destination's own book: each row that the routine's POSTs stored or removed there, and each read that was
//! answered. What people do it need not know: they are seen by what reads show. A run that died may have died before it
//! could note what it had read, so after one there may be two truths about a cell; they are told apart by what the journal
//! then holds, which may be either but nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::world::Happened;
use xfer_domain::cell::CellKey;

/// Whose a cell is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// Not the routine's.
    Others,
    /// The routine's, which wrote this.
    Ours(String),
    /// The routine wrote one of these, and has not seen it: what stood there before, and what of it was the routine's.
    /// `blind`: it could not see what stood there, so that it may take it for its own or not.
    Unseen { sent: BTreeSet<Option<String>>, stood: Option<String>, ours: Option<String>, blind: bool },
}

impl Owner {
    fn wrote(self, before: Option<&String>, after: Option<&String>, blind: bool) -> Self {
        let sent = [after.cloned()].into();
        match self {
            // To write what stands there makes nothing one's own.
            owner if !blind && before == after => owner,
            Self::Ours(value) if after == Some(&value) => Self::Ours(value),
            Self::Others => Self::Unseen { sent, stood: before.cloned(), ours: None, blind },
            // What cannot be seen is at least what was written last.
            Self::Ours(value) => {
                let stood = if blind { Some(value.clone()) } else { before.cloned() };
                Self::Unseen { sent, stood, ours: Some(value), blind: false }
            }
            Self::Unseen { mut sent, stood, ours, blind: before } => {
                sent.insert(after.cloned());
                Self::Unseen { sent, stood, ours, blind: blind || before }
            }
        }
    }

    fn shown(self, there: Option<&String>) -> BTreeSet<Self> {
        let of = |value: Option<&String>| value.cloned().map_or(Self::Others, Self::Ours);
        match self {
            Self::Ours(value) if Some(&value) == there => [Self::Ours(value)].into(),
            Self::Others | Self::Ours(_) => [Self::Others].into(),
            Self::Unseen { sent, stood, ours, blind } => {
                let mut truths = BTreeSet::new();
                if sent.contains(&there.cloned()) {
                    truths.insert(of(there));
                }
                if blind || there == stood.as_ref() || truths.is_empty() {
                    truths.insert(if ours.as_ref() == there { of(there) } else { Self::Others });
                }
                truths
            }
        }
    }

    /// The same with what is in the journal and never arrived.
    fn attempted(self, attempts: &BTreeSet<Option<String>>) -> Option<Self> {
        let (mut sent, stood, ours) = match self {
            Self::Others => (BTreeSet::new(), None, None),
            Self::Ours(value) => (BTreeSet::new(), Some(value.clone()), Some(value)),
            Self::Unseen { sent, stood, ours, .. } => (sent, stood, ours),
        };
        let new = !attempts.is_subset(&sent);
        sent.extend(attempts.iter().cloned());
        new.then_some(Self::Unseen { sent, stood, ours, blind: true })
    }

    /// What it is, given what the journal holds; none where the journal must not hold that.
    fn told(self, ledger: Option<&String>, is_open: bool) -> Option<Self> {
        match self {
            Self::Others => ledger.is_none().then_some(Self::Others),
            Self::Ours(value) => (ledger == Some(&value)).then_some(Self::Ours(value)),
            Self::Unseen { ref ours, .. } if is_open && ledger == ours.as_ref() => Some(self),
            // By the server's word alone.
            Self::Unseen { sent, ours, blind, .. } if !is_open => {
                let fits = sent.contains(&ledger.cloned()) || blind && ledger == ours.as_ref();
                fits.then(|| ledger.cloned().map_or(Self::Others, Self::Ours))
            }
            Self::Unseen { .. } => None,
        }
    }
}

/// What is true of each cell; several where that cannot be known yet.
#[derive(Debug, Default, Clone)]
pub(super) struct Oracle {
    truths: BTreeMap<CellKey, BTreeSet<Owner>>,
}

/// What a run should have told of earlier runs.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Recovered {
    /// At least so many cells.
    pub(super) sure: u64,
    /// At most so many.
    pub(super) possible: u64,
}

impl Oracle {
    fn truths(&self, cell: &CellKey) -> BTreeSet<Owner> {
        self.truths.get(cell).cloned().unwrap_or_else(|| [Owner::Others].into())
    }

    /// Follows what happened in a run. `looks_at` says which cells the run cannot help looking at when it reads them;
    /// nothing is sure of one that did not come to its end. The error names a deletion of what was not the routine's.
    pub(super) fn follow(
        &mut self,
        happened: &[Happened],
        blind: bool,
        looks_at: impl Fn(&CellKey) -> bool,
    ) -> Result<Recovered, String> {
        let mut recovered = Recovered::default();
        let mut met = BTreeSet::new();
        for event in happened {
            match event {
                Happened::Wrote { cell, before, after } => {
                    let truths = self.truths(cell);
                    let owned = before.clone().is_none_or(|before| truths.contains(&Owner::Ours(before)));
                    if after.is_none() && !owned {
                        return Err(format!("{cell:?}: {before:?} was deleted, and it is {truths:?}"));
                    }
                    met.insert(*cell);
                    let after =
                        truths.into_iter().map(|owner| owner.wrote(before.as_ref(), after.as_ref(), blind)).collect();
                    self.truths.insert(*cell, after);
                }
                Happened::Shown(cells) => {
                    for (cell, there) in cells {
                        let truths = self.truths(cell);
                        let sure = looks_at(cell);
                        if met.insert(*cell) {
                            let arrived =
                                |owner: &&Owner| matches!(owner, Owner::Unseen { sent, .. } if sent.contains(there));
                            let unclear = |owner: &&Owner| matches!(owner, Owner::Unseen { stood, blind, .. } if *blind || stood == there);
                            let count = truths.iter().filter(arrived).count();
                            let doubt = truths.iter().any(|owner| unclear(&owner));
                            recovered.possible += u64::from(count > 0);
                            recovered.sure += u64::from(sure && !doubt && count == truths.len());
                        }
                        let mut after: BTreeSet<Owner> =
                            truths.iter().cloned().flat_map(|owner| owner.shown(there.as_ref())).collect();
                        if !sure {
                            after.extend(truths);
                            met.remove(cell);
                        }
                        self.truths.insert(*cell, after);
                    }
                }
            }
        }
        Ok(recovered)
    }

    /// Holds the journal against what is true, cell by cell.
    pub(super) fn hold(
        &mut self,
        cells: &BTreeSet<CellKey>,
        ledger: &BTreeMap<CellKey, String>,
        open: &BTreeMap<CellKey, BTreeSet<Option<String>>>,
    ) -> Result<(), String> {
        for cell in cells {
            let truths = self.truths(cell);
            let (written, is_open) = (ledger.get(cell), open.contains_key(cell));
            let mut told: BTreeSet<Owner> =
                truths.iter().cloned().filter_map(|owner| owner.told(written, is_open)).collect();
            // What the book does not know did not arrive; should a person enter the same by hand before anybody looks,
            // nobody can tell.
            let attempt = |owner: Owner| owner.attempted(open.get(cell)?);
            let attempts: BTreeSet<Owner> = told.iter().cloned().filter_map(attempt).collect();
            told.extend(attempts);
            if told.is_empty() {
                return Err(format!(
                    "{cell:?}: the ledger has {written:?}{}, and it should be {truths:?}",
                    if is_open { ", open" } else { "" }
                ));
            }
            self.truths.insert(*cell, told);
        }
        Ok(())
    }
}
