//! Which parameters a script asks for, as far as its text tells.

use super::code::code_only;

/// The names in `ctx.params.NAME`, in the order in which they first stand there, whatever `ctx` is called. A name that
/// is put together while the script runs is not among them.
pub(crate) fn parameters(source: &str) -> Vec<String> {
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

/// The first of the given names that the text does not know. A name counts as known wherever it stands, in a text too:
/// `ctx.params["name"]`, `${ctx.params.name}`; and each does where names are put together while the script runs.
pub(crate) fn unknown<'name>(source: &str, given: impl IntoIterator<Item = &'name str>) -> Option<&'name str> {
    let code = code_only(source);
    if code.split(".params").skip(1).any(|after| after.trim_start().starts_with('[') && !is_literal_index(after)) {
        return None;
    }
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words: Vec<&str> = source.split(|letter: char| !is_of_name(letter)).collect();
    given.into_iter().find(|name| !words.contains(name))
}

/// Whether an index is a text that stands there whole, of which [`code_only`] leaves blanks.
fn is_literal_index(after: &str) -> bool {
    let index = after.trim_start().trim_start_matches('[');
    index.split(']').next().is_some_and(|index| index.trim().is_empty())
}

/// The names that the text asks for, that are not given, and without which it fails: it does not look first whether
/// they are set, by `ctx.params.contains("name")`.
pub(crate) fn missing(source: &str, is_given: impl Fn(&str) -> bool) -> Vec<String> {
    let asks_first = |name: &str| source.contains(&format!("contains(\"{name}\")"));
    parameters(source).into_iter().filter(|name| !is_given(name) && !asks_first(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{missing, parameters, unknown};

    #[test]
    fn what_is_unknown_and_what_is_missing_is_told_by_the_text() {
        let source = "fn value(v, c) {\n    if c.params.contains(\"most\") && v > c.params.most { throw \"too many\" }\n    \
                      print(`${c.params.unit}`);\n    v * c.params.factor + c.params[\"plus\"]\n}\n";
        for known in ["most", "factor", "plus", "unit"] {
            assert_eq!(unknown(source, [known]), None, "{known}");
        }
        assert_eq!(unknown(source, ["factor", "facto", "facter"]), Some("facto"));
        assert_eq!(missing(source, |_| false), ["factor"], "the script asks first whether there is a most");
        assert!(missing(source, |name| name == "factor").is_empty());
        let dynamic = "fn value(v, c) { v * c.params[\"factor_\" + c.job] }";
        assert_eq!(unknown(dynamic, ["factor_malaria"]), None);
    }

    #[test]
    fn names_are_found_in_code_only_and_once() {
        let source = "// ctx.params.comment\nfn value(v, c) {\n    if c.params.contains(\"most\") && v > c.params.most { \
                      return c.params.most; }\n    print(\"ctx.params.text\");\n    v * c.params.factor_2\n}\n";
        assert_eq!(parameters(source), ["most", "factor_2"]);
        assert!(parameters("fn value(v) { v }").is_empty());
    }
}
