//! What chosen parameters make of an example: the first case of a script's tests that they do something to.

use super::Suite;
use crate::script::hooks::Script;
use crate::script::params::Params;

/// An example, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What was there.
    pub before: String,
    /// What came out, line by line.
    pub after: Vec<String>,
}

impl Suite {
    /// What parameters make of the first case that they change; none where each stays as it is, or is of no use with
    /// them: a script for one data item does nothing to an example with another. The parameters of the cases
    /// themselves do not count.
    pub fn sample(&self, script: &Script, parameters: &Params) -> Option<Sample> {
        let mut suite = self.clone();
        suite.params.clear();
        for case in &mut suite.cases {
            case.params.clear();
        }
        suite.run(script, parameters).into_iter().find_map(|result| {
            let (before, after) = (result.given.clone(), result.got());
            let of_use =
                !after.is_empty() && after.join("\n") != before && !after.iter().any(|line| line.starts_with("error"));
            of_use.then_some(Sample { before, after })
        })
    }
}
