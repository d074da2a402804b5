//! What a request asks for beside its rows: the query's import options (`ImportOptions`) and the body's.

use serde_json::{Value, json};

use crate::exchange::Request;
use crate::profile::Profile;

/// What to do with keys that are stored and keys that are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Both are written.
    CreateAndUpdate,
    /// Only new keys are written.
    Create,
    /// Only stored keys are written.
    Update,
    /// Stored keys are deleted.
    Delete,
    /// Accepted, without a meaning for data values.
    Sync,
}

impl Strategy {
    /// The strategy of a name (`ImportStrategy`).
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "CREATE_AND_UPDATE" | "NEW_AND_UPDATES" => Self::CreateAndUpdate,
            "CREATE" | "NEW" => Self::Create,
            "UPDATE" | "UPDATES" => Self::Update,
            "DELETE" | "DELETES" => Self::Delete,
            "SYNC" => Self::Sync,
            _ => return None,
        })
    }

    /// Whether stored keys are overwritten.
    pub(crate) fn updates(self) -> bool {
        matches!(self, Self::CreateAndUpdate | Self::Update)
    }

    /// Whether new keys are written.
    pub(crate) fn creates(self) -> bool {
        matches!(self, Self::CreateAndUpdate | Self::Create)
    }
}

/// By which property objects are named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Scheme {
    /// Their id.
    #[default]
    Uid,
    /// Their code.
    Code,
    /// Their name.
    Name,
    /// The value of an attribute of this id.
    Attribute(String),
}

impl Scheme {
    /// The scheme of a name; anything unknown is the id, as servers take it.
    pub(crate) fn parse(name: &str) -> Self {
        match name.split_once(':') {
            Some((kind, id)) if kind.eq_ignore_ascii_case("ATTRIBUTE") => Self::Attribute(id.to_owned()),
            _ if name.eq_ignore_ascii_case("CODE") => Self::Code,
            _ if name.eq_ignore_ascii_case("NAME") => Self::Name,
            _ => Self::Uid,
        }
    }
}

/// The schemes of a request by kind of object, each only where it was given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schemes {
    /// `idScheme`
    pub(crate) all: Option<Scheme>,
    /// `dataSetIdScheme`
    pub(crate) data_set: Option<Scheme>,
    /// `dataElementIdScheme`
    pub(crate) data_element: Option<Scheme>,
    /// `orgUnitIdScheme`
    pub(crate) org_unit: Option<Scheme>,
    /// `categoryOptionComboIdScheme`
    pub(crate) category_option_combo: Option<Scheme>,
    /// `attributeOptionComboIdScheme`
    pub(crate) attribute_option_combo: Option<Scheme>,
}

impl Schemes {
    /// Reads them from anything that has values by name.
    pub(crate) fn of<'text>(value: impl Fn(&str) -> Option<std::borrow::Cow<'text, str>>) -> Self {
        let scheme = |name: &str| value(name).filter(|text| !text.is_empty()).map(|text| Scheme::parse(&text));
        Self {
            all: scheme("idScheme"),
            data_set: scheme("dataSetIdScheme"),
            data_element: scheme("dataElementIdScheme"),
            org_unit: scheme("orgUnitIdScheme"),
            category_option_combo: scheme("categoryOptionComboIdScheme"),
            attribute_option_combo: scheme("attributeOptionComboIdScheme"),
        }
    }

    /// Lets the schemes of a body beat these, each for its own kind.
    #[must_use]
    pub(crate) fn beaten_by(self, body: Self) -> Self {
        Self {
            all: body.all.or(self.all),
            data_set: body.data_set.or(self.data_set),
            data_element: body.data_element.or(self.data_element),
            org_unit: body.org_unit.or(self.org_unit),
            category_option_combo: body.category_option_combo.or(self.category_option_combo),
            attribute_option_combo: body.attribute_option_combo.or(self.attribute_option_combo),
        }
    }

    /// Lets the body's schemes beat these; there the general one beats the query's special ones
    /// (`DataValueSet.getDataElementIdSchemeProperty` up to 2.42).
    #[must_use]
    pub(crate) fn beaten_by_all_of(self, body: Self) -> Self {
        if body.all.is_some() { body } else { self.beaten_by(body) }
    }
}

/// The query's import options.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "as many switches as the API has")]
pub(crate) struct Options {
    /// `importStrategy`, `strategy`
    pub(crate) strategy: Strategy,
    /// `dryRun`
    pub(crate) dry_run: bool,
    /// `atomic`, set-based engine only
    pub(crate) atomic: bool,
    /// `force`
    pub(crate) force: bool,
    /// `skipExistingCheck`
    pub(crate) skip_existing_check: bool,
    /// `strictPeriods`
    pub(crate) strict_periods: bool,
    /// `strictDataElements`
    pub(crate) strict_data_elements: bool,
    /// `strictCategoryOptionCombos`
    pub(crate) strict_category_option_combos: bool,
    /// `strictAttributeOptionCombos`
    pub(crate) strict_attribute_option_combos: bool,
    /// `strictOrganisationUnits`
    pub(crate) strict_organisation_units: bool,
    /// `requireCategoryOptionCombo`
    pub(crate) require_category_option_combo: bool,
    /// `requireAttributeOptionCombo`
    pub(crate) require_attribute_option_combo: bool,
    /// `dataSet`, for CSV bodies
    pub(crate) data_set: Option<String>,
    /// The id schemes.
    pub(crate) schemes: Schemes,
}

/// The query names a strategy that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Value '{0}' is not valid for query parameter importStrategy. Valid values are: [CREATE, UPDATE, CREATE_AND_UPDATE, DELETE, SYNC, NEW_AND_UPDATES, NEW, UPDATES, DELETES]"
)]
pub(crate) struct UnknownStrategy(pub(crate) String);

impl Options {
    /// Reads them from a request.
    pub(crate) fn of(request: &Request) -> Result<Self, UnknownStrategy> {
        let parameters = request.parameters();
        let value =
            |name: &str| parameters.iter().find(|(parameter, _)| parameter == name).map(|(_, value)| value.as_str());
        let flag = |name: &str| value(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let strategy = match value("importStrategy").or_else(|| value("strategy")) {
            None | Some("") => Strategy::CreateAndUpdate,
            Some(name) => Strategy::parse(name).ok_or_else(|| UnknownStrategy(name.to_owned()))?,
        };
        Ok(Self {
            strategy,
            dry_run: flag("dryRun"),
            atomic: flag("atomic"),
            force: flag("force"),
            skip_existing_check: flag("skipExistingCheck"),
            strict_periods: flag("strictPeriods"),
            strict_data_elements: flag("strictDataElements"),
            strict_category_option_combos: flag("strictCategoryOptionCombos"),
            strict_attribute_option_combos: flag("strictAttributeOptionCombos"),
            strict_organisation_units: flag("strictOrganisationUnits"),
            require_category_option_combo: flag("requireCategoryOptionCombo"),
            require_attribute_option_combo: flag("requireAttributeOptionCombo"),
            data_set: value("dataSet").map(str::to_owned),
            schemes: Schemes::of(|name| value(name).map(Into::into)),
        })
    }

    /// The echo that every summary carries. Options without a meaning for values are echoed with their defaults.
    pub(crate) fn echo(&self, profile: Profile) -> Value {
        let strategy = match self.strategy {
            Strategy::CreateAndUpdate => "CREATE_AND_UPDATE",
            Strategy::Create => "CREATE",
            Strategy::Update => "UPDATE",
            Strategy::Delete => "DELETE",
            Strategy::Sync => "SYNC",
        };
        let mut echo = json!({
            "idSchemes": {},
            "dryRun": self.dry_run,
            "async": false,
            "importStrategy": strategy,
            "mergeMode": "REPLACE",
            "reportMode": "FULL",
            "skipExistingCheck": self.skip_existing_check,
            "sharing": false,
            "skipNotifications": false,
            "skipAudit": false,
            "datasetAllowsPeriods": false,
            "strictPeriods": self.strict_periods,
            "strictDataElements": self.strict_data_elements,
            "strictCategoryOptionCombos": self.strict_category_option_combos,
            "strictAttributeOptionCombos": self.strict_attribute_option_combos,
            "strictOrganisationUnits": self.strict_organisation_units,
            "strictDataSetApproval": false,
            "strictDataSetLocking": false,
            "strictDataSetInputPeriods": false,
            "requireCategoryOptionCombo": self.require_category_option_combo,
            "requireAttributeOptionCombo": self.require_attribute_option_combo,
            "skipPatternValidation": false,
            "ignoreEmptyCollection": false,
            "force": self.force,
            "firstRowIsHeader": true,
            "skipLastUpdated": false,
            "mergeDataValues": false,
            "skipCache": false,
        });
        if profile.imports_set_based() {
            echo["atomic"] = self.atomic.into();
        }
        echo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str) -> Request {
        Request { method: "POST".into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    #[test]
    fn strategies_have_two_names_and_unknown_ones_are_refused() {
        let strategy = |query: &str| Options::of(&request(&format!("/api/dataValueSets?{query}"))).map(|o| o.strategy);
        assert_eq!(strategy("dryRun=true"), Ok(Strategy::CreateAndUpdate));
        assert_eq!(strategy("importStrategy=NEW"), Ok(Strategy::Create));
        assert_eq!(strategy("strategy=DELETES"), Ok(Strategy::Delete));
        assert_eq!(strategy("importStrategy=MERGE"), Err(UnknownStrategy("MERGE".into())));
    }

    #[test]
    fn a_body_scheme_beats_the_query() {
        let query = Schemes { data_element: Some(Scheme::Code), ..Schemes::default() };
        let body = Schemes { all: Some(Scheme::Name), ..Schemes::default() };
        assert_eq!(query.clone().beaten_by(body.clone()).data_element, Some(Scheme::Code));
        assert_eq!(query.beaten_by_all_of(body).data_element, None, "the general one of the body counts");
        assert_eq!(Scheme::parse("ATTRIBUTE:AttrExtId01"), Scheme::Attribute("AttrExtId01".into()));
    }
}
