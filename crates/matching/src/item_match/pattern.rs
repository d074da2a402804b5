//! A pattern that says by which text a source item names its destination: `{pi.code}={de.code}.{coc.code}`.
//!
//! Both sides are text with placeholders. A source item goes where both sides come out the same, case and outer white
//! space apart.

use std::str::FromStr;

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What is made of the source item.
    pub source: Template,
    /// What is made of a destination cell.
    pub destination: Template,
}

/// Text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(Part, Field),
}

/// The object that a placeholder speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `pi`, `in` or `de` on the source's side: the item itself. `de` on the destination's side: the data element.
    Item,
    /// `coc`
    CategoryOptionCombo,
    /// `aoc`
    AttributeOptionCombo,
}

/// What of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `id`
    Id,
    /// `code`
    Code,
    /// `name`
    Name,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// No `=`, or more than one.
    #[error("`{0}` is not of the form {{pi.code}}={{de.code}}.{{coc.code}}: one `=` between the two sides")]
    Sides(String),
    /// A placeholder that is none.
    #[error("`{{{0}}}` is not a placeholder; use pi, in, de, coc or aoc, each with .code, .name or .id")]
    Placeholder(String),
    /// `{` without `}`.
    #[error("a `{{` is not closed in `{0}`")]
    Open(String),
    /// Option combos on the source's side.
    #[error(
        "`{0}` cannot be on the left: use {{pi}}, {{in}} or {{de}}; option combos of the source are matched by their \
         meaning"
    )]
    SourceCombo(String),
    /// A side that is the same for every object.
    #[error("the side `{0}` has no placeholder, so it would match everything or nothing")]
    Constant(String),
}

impl Fault for PatternError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        // People write an arrow as readily.
        let equal = text.replace('→', "=").replace("->", "=");
        let sides: Vec<&str> = equal.split('=').map(str::trim).collect();
        let [source, destination] = sides.as_slice() else { return Err(PatternError::Sides(text.to_owned())) };
        let template = Template::parse(source)?;
        if template.0.iter().any(|piece| matches!(piece, Piece::Field(part, _) if *part != Part::Item)) {
            return Err(PatternError::SourceCombo((*source).to_owned()));
        }
        Ok(Self { source: template, destination: Template::parse(destination)? })
    }
}

impl Template {
    fn parse(text: &str) -> Result<Self, PatternError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            if start > 0 {
                pieces.push(Piece::Text(rest[..start].to_owned()));
            }
            let end = rest[start..].find('}').ok_or_else(|| PatternError::Open(text.to_owned()))? + start;
            let placeholder = rest[start + 1..end].trim();
            let unknown = || PatternError::Placeholder(placeholder.to_owned());
            let (part, field) = placeholder.split_once('.').ok_or_else(unknown)?;
            let part = match part.trim() {
                "pi" | "in" | "indicator" | "de" => Part::Item,
                "coc" => Part::CategoryOptionCombo,
                "aoc" => Part::AttributeOptionCombo,
                _ => return Err(unknown()),
            };
            let field = match field.trim() {
                "id" => Field::Id,
                "code" => Field::Code,
                "name" => Field::Name,
                _ => return Err(unknown()),
            };
            pieces.push(Piece::Field(part, field));
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
            return Err(PatternError::Constant(text.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The text for one object; none where a placeholder has nothing to stand for.
    pub fn render(&self, value: impl Fn(Part, Field) -> Option<String>) -> Option<String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Field(part, field) => {
                    let value = value(*part, *field)?;
                    text.push_str(value.trim());
                }
            }
        }
        Some(text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Part, Pattern, PatternError};

    #[test]
    fn both_sides_are_text_with_placeholders() {
        let pattern: Pattern = "{pi.code} = PI_{de.code}.{coc.code}".parse().unwrap();
        let render = |template: &super::Template| {
            template.render(|part, field| match (part, field) {
                (Part::Item, Field::Code) => Some("Malaria ".to_owned()),
                (Part::CategoryOptionCombo, Field::Code) => Some("U5".to_owned()),
                _ => None,
            })
        };
        assert_eq!(render(&pattern.source).as_deref(), Some("malaria"));
        assert_eq!(render(&pattern.destination).as_deref(), Some("pi_malaria.u5"));
        assert_eq!("{pi.code} → PI_{de.code}.{coc.code}".parse(), Ok(pattern.clone()));
        assert_eq!("{pi.code} -> PI_{de.code}.{coc.code}".parse(), Ok(pattern));
        let named: Pattern = "{pi.code}={de.name}".parse().unwrap();
        assert_eq!(render(&named.destination), None);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!("{pi.code}".parse::<Pattern>(), Err(PatternError::Sides("{pi.code}".to_owned())));
        assert_eq!("{pi.code}={de.cod}".parse::<Pattern>(), Err(PatternError::Placeholder("de.cod".to_owned())));
        assert_eq!("{pi.code={de.code}".parse::<Pattern>().unwrap_err(), PatternError::Open("{pi.code".to_owned()));
        assert_eq!(
            "{de.code}.{coc.code}={de.code}".parse::<Pattern>().unwrap_err().to_string(),
            "`{de.code}.{coc.code}` cannot be on the left: use {pi}, {in} or {de}; option combos of the \
             source are matched by their meaning"
        );
        assert_eq!("{pi.code}=X".parse::<Pattern>(), Err(PatternError::Constant("X".to_owned())));
    }
}
