//! Which parameters a script asks for, as far as its text tells.

use super::code::code_only;

/// The names in `ctx.params.NAME`, in the order in which they first stand there, whatever `ctx` is called. A name that
/// is put together while the script runs is not among them.
pub(in crate::script) fn parameters(source: &str) -> Vec<String> {
    let code = code_only(source);
    let mut names: Vec<String> = Vec::new();
    for after in code.split(".params.").skip(1) {
        let end = after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(after.len());
        let (name, rest) = after.split_at(end);
        // `ctx.params.contains("name")` is a call.
        if !name.is_empty() && !rest.trim_start().starts_with('(') && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn names_are_found_in_code_only_and_once() {
        let source = "// ctx.params.comment\nfn value(v, c) {\n    if c.params.contains(\"most\") && v > c.params.most { \
                      return c.params.most; }\n    print(\"ctx.params.text\");\n    v * c.params.factor_2\n}\n";
        assert_eq!(parameters(source), ["most", "factor_2"]);
        assert!(parameters("fn value(v) { v }").is_empty());
    }
}
