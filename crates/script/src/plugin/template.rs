//! What `xfer plugin new` begins with: an example of every file, which passes its own cases.

use super::Texts;

/// The files of a new plugin.
pub fn template(name: &str) -> Texts {
    Texts {
        manifest: format!(
            "// The plugin's manifest. See docs/plugins.md.
Plugin(
    name: \"{name}\",
    version: \"0.1.0\",
    api: 1,
    description: \"Multiplies every number by a factor.\",
    hooks: [value],
    parameters: [
        // kind: number, whole, truth, text, numbers or texts; without a default it has to be given.
        (name: \"factor\", kind: number, range: (0, 1000), default: 2, prompt: \"By what should every value be multiplied?\"),
    ],
)
"
        ),
        main: "// One cell's value: a number, a text, () or skip(\"why\") to leave it out, throw \"why\" to refuse it.
fn value(v, ctx) {
    v * ctx.params.factor
}
"
        .to_owned(),
        tests: "// Run them with: xfer plugin test FOLDER
(
    params: {\"factor\": 2},
    cases: [
        (name: \"twice\", given: value(3), expected: value(6)),
        (name: \"a text is a mistake\", given: value(\"many\"), expected: error(\"number\")),
    ],
)
"
        .to_owned(),
        readme: format!(
            "# {name}

What it does, for whom, and an example:

    xfer script attach plugin:{name} --job JOB --param factor=2
"
        ),
    }
}
