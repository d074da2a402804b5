//! A plugin's own cases: run as tests, and one of them as a sample of what chosen parameters do.

use super::{Plugin, PluginError, TESTS, to_params};
use crate::Params;
use crate::testing::{CaseResult, Sample, Suite};

impl Plugin {
    /// Its cases.
    ///
    /// # Errors
    /// [`PluginError`] where the file is none of tests, or has no case.
    pub fn suite(&self) -> Result<Suite, PluginError> {
        let name = &self.manifest.name;
        let suite = Suite::parse(&self.texts.tests).map_err(|error| {
            PluginError::rule(format!("{TESTS} of the plugin {name}, {error}"), format!("correct {TESTS}"))
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
        Ok(self.suite()?.run(&self.script, &self.defaults()?))
    }

    /// The parameters that it has where nothing is given.
    pub(crate) fn defaults(&self) -> Result<Params, PluginError> {
        let parameters = self.manifest.parameters.iter();
        to_params(parameters.filter_map(|parameter| Some((&parameter.name, parameter.default.as_ref()?))))
    }

    /// What parameters make of one of its cases; none where they change none. A case that fails with them shows nothing:
    /// they fit the manifest, but not the names in the case.
    ///
    /// # Errors
    /// [`PluginError`] as [`Self::suite`].
    pub fn sample(&self, parameters: &Params) -> Result<Option<Sample>, PluginError> {
        Ok(self.suite()?.sample(&self.script, parameters).filter(|sample| !sample.failed))
    }
}
