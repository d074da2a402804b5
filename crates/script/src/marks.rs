//! What failures of our own functions begin with: a function marks its failure, and `error` makes a sentence of it.

/// What the error translation looks for: the member and the hook.
pub(super) const NOT_KNOWN: &str = "not known in this hook: ";
/// What the error translation looks for: the name, and those that there are.
pub(super) const NO_PARAM: &str = "no parameter: ";
/// What the error translation looks for: the data item.
pub(super) const SEVERAL: &str = "several values: ";
/// What the error translation looks for.
pub(super) const LOOKUP_WHERE: &str = "lookup needs ";
/// What the error translation looks for.
pub(super) const NO_SLICE: &str = "no slice rides along";
/// What the error translation looks for.
pub(super) const LOOKUP_TOO_EARLY: &str = "nothing is read yet";
/// What the error translation looks for: operator and both types.
pub(super) const UNLIKE: &str = "never equal: ";
/// What the error translation looks for.
pub(super) const NOT_NUMBERS: &str = "no number in the list: ";
/// What the error translation looks for.
pub(super) const NOT_COMPARABLE: &str = "cannot be compared: ";
/// What the error translation looks for.
pub(super) const EMPTY_LIST: &str = "the list is empty";
/// What the error translation looks for: kind of object, the text, near names.
pub(super) const NOT_IN_SLICE: &str = "not in the slice: ";
/// What the error translation looks for: kind of object and the text.
pub(super) const AMBIGUOUS: &str = "more than one has this name: ";
/// What the error translation looks for: a member and the type that it got.
pub(super) const WRONG_MEMBER: &str = "cannot be put on a row: ";
/// What the error translation looks for: a member that is missing or unknown.
pub(super) const ROW_NEEDS: &str = "a row needs ";
/// What the error translation looks for.
pub(super) const NOT_A_NUMBER: &str = "not a number: ";
