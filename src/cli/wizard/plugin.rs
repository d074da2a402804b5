//! Asking for the parameters of a plugin, with the questions of its manifest.

use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::cli::wizard::prompter::{Leave, Prompter, ask_until, interrupted};
use crate::cli::wizard::terminal::Terminal;
use xfer_domain::script::ParameterValue;
use xfer_script::plugin::{Kind, Parameter, PluginError, read};

/// Asks at the terminal for these parameters.
pub(crate) fn ask(ui: &Ui, parameters: &[&Parameter], again: &str) -> Result<Vec<(String, ParameterValue)>, CliError> {
    match steps(&mut Terminal::new(ui), parameters) {
        Ok(answers) => Ok(answers),
        Err(Leave::Failed(error)) => Err(error),
        Err(Leave::Later | Leave::Interrupted) => {
            Err(interrupted(&format!("nothing was attached; to start again: {again}")))
        }
    }
}

/// Asks for each parameter until the answer fits.
pub(super) fn steps(
    prompter: &mut dyn Prompter,
    parameters: &[&Parameter],
) -> Result<Vec<(String, ParameterValue)>, Leave> {
    let mut answers = Vec::new();
    for parameter in parameters {
        let suggestion = parameter.default.as_ref();
        let answer = match parameter.kind {
            Kind::Truth => {
                let suggestion = suggestion == Some(&ParameterValue::Boolean(true));
                ParameterValue::Boolean(prompter.confirm(&parameter.prompt, suggestion)?)
            }
            Kind::Text if !parameter.choices.is_empty() => {
                let position = parameter
                    .choices
                    .iter()
                    .position(|choice| suggestion.is_some_and(|value| *value == ParameterValue::Text(choice.clone())));
                let chosen = prompter.choose(&parameter.prompt, &parameter.choices, position.unwrap_or(0))?;
                ParameterValue::Text(parameter.choices.get(chosen).cloned().unwrap_or_default())
            }
            _ => {
                let suggestion = suggestion.map(ToString::to_string);
                let understand = |answer: &str| match read(parameter, answer) {
                    _ if answer.is_empty() => Err("A value is required".to_owned()),
                    Err(PluginError::Rule { what, hint }) => Err(format!("{what}: {hint}")),
                    Err(error) => Err(error.to_string()),
                    Ok(value) => Ok(value),
                };
                ask_until(prompter, &parameter.prompt, suggestion.as_deref(), understand)?
            }
        };
        answers.push((parameter.name.clone(), answer));
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::steps;
    use crate::cli::question::Question;
    use crate::cli::wizard::scripted::{Answer, Scripted};
    use xfer_domain::script::ParameterValue;
    use xfer_script::plugin::{bundled, bundled_names};

    #[test]
    fn the_questions_of_every_bundled_plugin_fit_into_a_line() {
        for name in bundled_names() {
            for parameter in bundled(name).unwrap().unwrap().manifest.parameters {
                let suggestion = parameter.default.as_ref().map(ToString::to_string);
                let asked = Question::new(&parameter.prompt, suggestion.as_deref(), 80);
                assert_eq!(asked.above, None, "{name}: {}", parameter.prompt);
            }
        }
    }

    #[test]
    fn each_parameter_is_asked_for_until_it_fits() {
        let manifest = bundled("cap-outliers").unwrap().unwrap().manifest;
        let parameters: Vec<_> = manifest.parameters.iter().collect();
        let mut person = Scripted::new(&[
            ("Smallest", Answer::Enter),
            ("Largest", Answer::Type("")),
            ("Largest", Answer::Type("many")),
            ("Largest", Answer::Type("100")),
            ("other numbers", Answer::Type("reject")),
        ]);
        let answers = steps(&mut person, &parameters).unwrap();
        let said = person.finish();
        assert!(said.contains("A value is required"), "{said}");
        assert!(said.contains("highest=many does not fit: highest is a number."), "{said}");
        let expected = [("lowest", "0"), ("highest", "100"), ("beyond", "reject")];
        let expected = expected.map(|(name, value)| (name.to_owned(), ParameterValue::parse(value)));
        assert_eq!(answers, expected);
    }
}
