//! What chosen parameters make of an example: the first case of a script's tests that they do something to, or else the
//! first that the script fails on with them.

use super::Suite;
use crate::hooks::Script;
use crate::params::Params;

/// An example, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What was there.
    pub before: String,
    /// What came out, line by line.
    pub after: Vec<String>,
    /// Whether that is an error.
    pub failed: bool,
}

impl Suite {
    /// What parameters make of the first case that they change; where there is none, the first that the script fails on
    /// with them; none where each stays as it is: a script for one data item does nothing to an example with another.
    /// The parameters of the cases themselves do not count.
    pub fn sample(&self, script: &Script, parameters: &Params) -> Option<Sample> {
        let mut suite = self.clone();
        suite.params.clear();
        for case in &mut suite.cases {
            case.params.clear();
        }
        let samples = suite.run(script, parameters).into_iter().filter_map(|result| {
            let (before, after) = (result.given.clone(), result.got());
            let failed = after.iter().any(|line| line.starts_with("error"));
            let of_use = !after.is_empty() && after.join("\n") != before;
            of_use.then_some(Sample { before, after, failed })
        });
        let (failed, good): (Vec<Sample>, Vec<Sample>) = samples.partition(|sample| sample.failed);
        good.into_iter().chain(failed).next()
    }
}
