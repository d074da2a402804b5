//! Maps and sets of ids, periods and cells.
//!
//! Millions of values are looked up by them, and the standard library's hasher takes as long for each as all the rest.
//! The one used here is seeded at random in each process: who chooses ids cannot choose where they fall.

use std::collections::{HashMap, HashSet};

pub use foldhash::fast::RandomState;

/// A map whose keys come in any order.
pub type Hashed<K, V> = HashMap<K, V, RandomState>;

/// A set in any order.
pub type HashedSet<K> = HashSet<K, RandomState>;
