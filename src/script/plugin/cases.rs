//! A plugin's own cases: run as tests, and the first of them as a sample of what chosen parameters do.

use super::{Plugin, PluginError, TESTS, to_params};
use crate::script::Params;
use crate::script::testing::{CaseResult, Suite};

/// What the parameters make of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What was there.
    pub before: String,
    /// What came out, line by line.
    pub after: Vec<String>,
}

impl Plugin {
    /// Its cases.
    ///
    /// # Errors
    /// [`PluginError`] where the file is none of tests, or has no case.
    pub fn suite(&self) -> Result<Suite, PluginError> {
        let name = &self.manifest.name;
        let suite = Suite::parse(&self.texts.tests).map_err(|error| {
            PluginError::rule(format!("{TESTS} of the plugin {name}, {error}"), format!("mend {TESTS}"))
        })?;
        if suite.cases.is_empty() {
            return Err(PluginError::rule(
                format!("{TESTS} of the plugin {name} has no cases"),
                "write at least one: what is given, and what is expected",
            ));
        }
        Ok(suite)
    }

    /// Runs its cases, with the manifest's defaults where they say nothing.
    ///
    /// # Errors
    /// [`PluginError`] as [`Self::suite`].
    pub fn test(&self) -> Result<Vec<CaseResult>, PluginError> {
        let defaults = self.manifest.parameters.iter();
        let defaults = defaults.filter_map(|parameter| Some((&parameter.name, parameter.default.as_ref()?)));
        Ok(self.suite()?.run(&self.script, &to_params(defaults)?))
    }

    /// What parameters make of the first case; none where it stays as it is, or is of no use with them: a plugin for one
    /// data item does nothing to an example with another.
    ///
    /// # Errors
    /// [`PluginError`] as [`Self::suite`].
    pub fn sample(&self, parameters: &Params) -> Result<Option<Sample>, PluginError> {
        let mut suite = self.suite()?;
        suite.params.clear();
        suite.cases.truncate(1);
        for case in &mut suite.cases {
            case.params.clear();
        }
        let result = suite.run(&self.script, parameters).into_iter().next();
        Ok(result.and_then(|result| {
            let (before, after) = (result.given.clone(), result.got());
            let of_use =
                !after.is_empty() && after.join("\n") != before && !after.iter().any(|line| line.starts_with("error"));
            of_use.then_some(Sample { before, after })
        }))
    }
}
