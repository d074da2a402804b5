//! Every type that the sandbox serves, property by property, in DHIS2's order.

use super::{
    Default, Kind, Property, Schema, date, flag, inverse, list, many, one, opaque, parts, property, text, whole,
};
use crate::profile::Profile;

pub(super) const IDENTIFIABLE: &[Property] = &[
    text("id"),
    text("code"),
    text("name"),
    date("created"),
    date("lastUpdated"),
    list("translations"),
    property("createdBy", Kind::Author, Default::Absent),
    property("lastUpdatedBy", Kind::Author, Default::Absent),
    property("user", Kind::Author, Default::Absent).derived(),
    list("favorites").until(Profile::V43),
    flag("favorite").derived().until(Profile::V43),
    property("sharing", Kind::Part(SHARING), Default::Absent),
    property("access", Kind::Part(ACCESS), Default::Absent).derived(),
    text("displayName").derived(),
    text("href").derived(),
    parts("attributeValues", ATTRIBUTE_VALUE),
    flag("externalAccess").derived().until(Profile::V40),
    text("publicAccess").derived().until(Profile::V40),
    list("userGroupAccesses").derived().until(Profile::V40),
    list("userAccesses").derived().until(Profile::V40),
];

const SHARING: &[Property] = &[text("owner"), flag("external"), text("public"), opaque("users"), opaque("userGroups")];

const ACCESS: &[Property] =
    &[flag("manage"), flag("externalize"), flag("write"), flag("read"), flag("update"), flag("delete"), opaque("data")];

const ATTRIBUTE_VALUE: &[Property] = &[one("attribute", "attributes"), text("value")];

pub(super) const DIMENSION_ITEM: &[Property] = &[
    text("dimensionItem").derived(),
    text("dimensionItemType").derived(),
    list("legendSets"),
    text("displayShortName").derived(),
    text("displayFormName").derived(),
    text("aggregationType"),
    text("formName"),
];

const NAMEABLE: &[Property] = &[text("shortName"), text("description"), text("displayDescription").derived()];

const SHORT_NAME: &[Property] = &[text("displayShortName").derived()];

const DATA_SET_ELEMENT: &[Property] =
    &[one("dataElement", "dataElements"), one("dataSet", "dataSets"), one("categoryCombo", "categoryCombos")];

const INPUT_PERIOD: &[Property] =
    &[property("period", Kind::Part(PERIOD), Default::Absent), date("openingDate"), date("closingDate")];

const PERIOD: &[Property] = &[text("id"), text("name").derived().until(Profile::V42)];

/// An operand is an object that nobody stores: it is shown whole, with much that says nothing.
const OPERAND: &[Property] = &[
    text("id"),
    text("name"),
    text("shortName"),
    text("displayName"),
    text("displayShortName"),
    text("displayFormName"),
    date("created"),
    date("lastUpdated"),
    list("translations"),
    list("favorites").until(Profile::V43),
    flag("favorite").until(Profile::V43),
    flag("externalAccess").until(Profile::V40),
    list("userGroupAccesses").until(Profile::V40),
    list("userAccesses").until(Profile::V40),
    property("sharing", Kind::Part(SHARING), Default::Absent),
    property("access", Kind::Part(ACCESS), Default::Absent),
    text("dimensionItem"),
    text("dimensionItemType"),
    list("legendSets"),
    text("aggregationType"),
    one("dataElement", "dataElements"),
    one("categoryOptionCombo", "categoryOptionCombos"),
    list("attributeValues"),
];

const BOUNDARY: &[Property] = &[text("boundaryTarget"), text("analyticsPeriodBoundaryType")];

const STAGE_ELEMENT: &[Property] = &[
    text("id"),
    one("dataElement", "dataElements"),
    one("programStage", "programStages"),
    flag("compulsory"),
    whole("sortOrder"),
];

const fn schema(plural: &'static str, class: &'static str, groups: &'static [&'static [Property]]) -> Schema {
    Schema { plural, class, dimension_item: None, shares_data: false, groups }
}

const fn item(schema: Schema, kind: &'static str) -> Schema {
    Schema { dimension_item: Some(kind), ..schema }
}

const fn data(schema: Schema) -> Schema {
    Schema { shares_data: true, ..schema }
}

/// Every type that the sandbox serves.
pub(crate) static SCHEMAS: &[Schema] = &[
    item(schema("organisationUnits", "OrganisationUnit", &[NAMEABLE, ORG_UNIT]), "ORGANISATION_UNIT"),
    item(
        schema("organisationUnitGroups", "OrganisationUnitGroup", &[NAMEABLE, ORG_UNIT_GROUP]),
        "ORGANISATION_UNIT_GROUP",
    ),
    schema("organisationUnitGroupSets", "OrganisationUnitGroupSet", &[NAMEABLE, SHORT_NAME, ORG_UNIT_GROUP_SET]),
    schema("organisationUnitLevels", "OrganisationUnitLevel", &[&[whole("level"), whole("offlineLevels")]]),
    item(schema("dataElements", "DataElement", &[NAMEABLE, DATA_ELEMENT]), "DATA_ELEMENT"),
    item(schema("dataElementGroups", "DataElementGroup", &[NAMEABLE, DATA_ELEMENT_GROUP]), "DATA_ELEMENT_GROUP"),
    item(schema("dataElementOperands", "DataElementOperand", &[NAMEABLE, ELEMENT_OPERAND]), "DATA_ELEMENT_OPERAND"),
    schema("dataElementGroupSets", "DataElementGroupSet", &[NAMEABLE, SHORT_NAME]),
    data(item(schema("dataSets", "DataSet", &[NAMEABLE, DATA_SET]), "REPORTING_RATE")),
    schema("categories", "Category", &[NAMEABLE, SHORT_NAME, CATEGORY]),
    data(item(schema("categoryOptions", "CategoryOption", &[NAMEABLE, CATEGORY_OPTION]), "CATEGORY_OPTION")),
    schema("categoryCombos", "CategoryCombo", &[CATEGORY_COMBO]),
    item(schema("categoryOptionCombos", "CategoryOptionCombo", &[NAMEABLE, OPTION_COMBO]), "CATEGORY_OPTION_COMBO"),
    schema("categoryOptionGroups", "CategoryOptionGroup", &[NAMEABLE, SHORT_NAME]),
    schema("categoryOptionGroupSets", "CategoryOptionGroupSet", &[NAMEABLE, SHORT_NAME]),
    item(schema("indicators", "Indicator", &[NAMEABLE, INDICATOR]), "INDICATOR"),
    schema("indicatorTypes", "IndicatorType", &[&[whole("factor"), flag("number")]]),
    schema("indicatorGroups", "IndicatorGroup", &[NAMEABLE, &[many("indicators", "indicators")]]),
    schema("indicatorGroupSets", "IndicatorGroupSet", &[NAMEABLE, SHORT_NAME]),
    item(schema("programIndicators", "ProgramIndicator", &[NAMEABLE, PROGRAM_INDICATOR]), "PROGRAM_INDICATOR"),
    data(schema("programs", "Program", &[NAMEABLE, SHORT_NAME, PROGRAM])),
    data(schema("programStages", "ProgramStage", &[NAMEABLE, PROGRAM_STAGE])),
    data(schema("trackedEntityTypes", "TrackedEntityType", &[NAMEABLE, SHORT_NAME])),
    schema("trackedEntityAttributes", "TrackedEntityAttribute", &[NAMEABLE, SHORT_NAME, &[text("valueType")]]),
    schema("attributes", "Attribute", &[NAMEABLE, ATTRIBUTE]),
    schema("optionSets", "OptionSet", &[OPTION_SET]),
    schema("options", "Option", &[OPTION]),
    schema("users", "User", &[USER]),
    schema("userRoles", "UserRole", &[&[text("description"), list("authorities"), inverse("users", "users")]]),
    schema("userGroups", "UserGroup", &[&[many("users", "users"), many("managedGroups", "userGroups")]]),
    schema("dataApprovalWorkflows", "DataApprovalWorkflow", &[&[text("periodType"), inverse("dataSets", "dataSets")]]),
    schema("dataApprovalLevels", "DataApprovalLevel", &[&[whole("level"), whole("orgUnitLevel")]]),
    schema("legendSets", "LegendSet", &[]),
    schema("sections", "Section", &[&[one("dataSet", "dataSets"), many("dataElements", "dataElements")]]),
    schema("validationRules", "ValidationRule", &[NAMEABLE, SHORT_NAME]),
    schema("aggregateDataExchanges", "AggregateDataExchange", &[EXCHANGE]),
    schema("constants", "Constant", &[NAMEABLE, &[property("value", Kind::Decimal, Default::Absent)]]),
];

const ORG_UNIT: &[Property] = &[
    one("parent", "organisationUnits"),
    inverse("children", "organisationUnits"),
    inverse("ancestors", "organisationUnits"),
    text("path"),
    whole("level").derived(),
    flag("leaf").derived(),
    date("openingDate"),
    date("closedDate"),
    text("comment"),
    text("address"),
    text("email"),
    text("phoneNumber"),
    text("contactPerson"),
    text("url"),
    text("featureType").derived(),
    opaque("geometry"),
    inverse("organisationUnitGroups", "organisationUnitGroups"),
    inverse("dataSets", "dataSets"),
    inverse("programs", "programs"),
    inverse("users", "users"),
];

const ORG_UNIT_GROUP: &[Property] = &[
    many("organisationUnits", "organisationUnits"),
    inverse("groupSets", "organisationUnitGroupSets"),
    text("symbol"),
    text("color"),
    opaque("geometry"),
];

const ORG_UNIT_GROUP_SET: &[Property] = &[
    many("organisationUnitGroups", "organisationUnitGroups"),
    flag("compulsory"),
    flag("dataDimension"),
    flag("includeSubhierarchyInAnalytics"),
];

const DATA_ELEMENT: &[Property] = &[
    text("valueType"),
    text("domainType"),
    flag("zeroIsSignificant"),
    one("categoryCombo", "categoryCombos"),
    one("optionSet", "optionSets"),
    one("commentOptionSet", "optionSets"),
    flag("optionSetValue").derived(),
    parts("dataSetElements", DATA_SET_ELEMENT).derived(),
    inverse("dataElementGroups", "dataElementGroups"),
    list("aggregationLevels"),
    text("url"),
    text("fieldMask"),
    opaque("style"),
];

const ELEMENT_OPERAND: &[Property] =
    &[one("dataElement", "dataElements"), one("categoryOptionCombo", "categoryOptionCombos")];

const DATA_ELEMENT_GROUP: &[Property] =
    &[many("dataElements", "dataElements"), inverse("groupSets", "dataElementGroupSets")];

const DATA_SET: &[Property] = &[
    text("periodType"),
    one("categoryCombo", "categoryCombos"),
    one("workflow", "dataApprovalWorkflows"),
    parts("dataInputPeriods", INPUT_PERIOD),
    parts("dataSetElements", DATA_SET_ELEMENT),
    parts("compulsoryDataElementOperands", OPERAND),
    many("organisationUnits", "organisationUnits"),
    many("indicators", "indicators"),
    inverse("sections", "sections"),
    list("interpretations").derived(),
    property("expiryDays", Kind::Decimal, Default::Number(0)),
    property("timelyDays", Kind::Decimal, Default::Number(15)),
    whole("openFuturePeriods").or(Default::Number(0)),
    whole("openPeriodsAfterCoEndDate").or(Default::Number(0)),
    whole("version").or(Default::Number(0)),
    text("formType").or(Default::Text("DEFAULT")).derived(),
    flag("mobile"),
    flag("skipOffline"),
    flag("renderAsTabs"),
    flag("renderHorizontally"),
    flag("dataElementDecoration"),
    flag("notifyCompletingUser"),
    flag("noValueRequiresComment"),
    flag("validCompleteOnly"),
    flag("fieldCombinationRequired"),
    flag("compulsoryFieldsCompleteOnly"),
];

const CATEGORY: &[Property] = &[
    text("dataDimensionType"),
    flag("dataDimension"),
    flag("isDefault").derived(),
    many("categoryOptions", "categoryOptions"),
    inverse("categoryCombos", "categoryCombos"),
];

const CATEGORY_OPTION: &[Property] = &[
    date("startDate"),
    date("endDate"),
    flag("isDefault").derived(),
    many("organisationUnits", "organisationUnits"),
    inverse("categories", "categories"),
    inverse("categoryOptionCombos", "categoryOptionCombos"),
    inverse("categoryOptionGroups", "categoryOptionGroups"),
];

const CATEGORY_COMBO: &[Property] = &[
    text("dataDimensionType"),
    flag("skipTotal"),
    flag("isDefault").derived(),
    many("categories", "categories"),
    inverse("categoryOptionCombos", "categoryOptionCombos"),
];

const OPTION_COMBO: &[Property] = &[
    one("categoryCombo", "categoryCombos"),
    many("categoryOptions", "categoryOptions"),
    flag("ignoreApproval"),
    date("startDate").derived(),
    date("endDate").derived(),
];

const INDICATOR: &[Property] = &[
    flag("annualized"),
    whole("decimals"),
    one("indicatorType", "indicatorTypes"),
    text("numerator"),
    text("numeratorDescription"),
    text("denominator"),
    text("denominatorDescription"),
    text("displayNumeratorDescription").derived(),
    text("displayDenominatorDescription").derived(),
    text("aggregateExportCategoryOptionCombo"),
    text("aggregateExportAttributeOptionCombo"),
    inverse("indicatorGroups", "indicatorGroups"),
    inverse("dataSets", "dataSets"),
    text("url"),
    opaque("style"),
];

const PROGRAM_INDICATOR: &[Property] = &[
    one("program", "programs"),
    text("expression"),
    text("filter"),
    text("analyticsType"),
    whole("decimals"),
    flag("displayInForm"),
    text("aggregateExportCategoryOptionCombo"),
    text("aggregateExportAttributeOptionCombo"),
    text("aggregateExportDataElement").since(Profile::V42),
    one("categoryCombo", "categoryCombos").since(Profile::V42),
    one("attributeCombo", "categoryCombos").since(Profile::V42),
    list("categoryMappingIds").since(Profile::V42),
    parts("analyticsPeriodBoundaries", BOUNDARY),
];

const PROGRAM: &[Property] = &[
    text("programType"),
    one("trackedEntityType", "trackedEntityTypes"),
    one("categoryCombo", "categoryCombos"),
    many("programStages", "programStages"),
    many("organisationUnits", "organisationUnits"),
    inverse("programIndicators", "programIndicators"),
    list("programTrackedEntityAttributes"),
    flag("onlyEnrollOnce"),
    whole("version").or(Default::Number(0)),
    text("enrollmentDateLabel"),
];

const PROGRAM_STAGE: &[Property] = &[
    one("program", "programs"),
    flag("repeatable"),
    whole("sortOrder"),
    whole("minDaysFromStart").or(Default::Number(0)),
    parts("programStageDataElements", STAGE_ELEMENT),
];

const ATTRIBUTE: &[Property] = &[
    text("valueType"),
    flag("unique"),
    flag("mandatory"),
    one("optionSet", "optionSets"),
    flag("dataElementAttribute"),
    flag("dataElementGroupAttribute"),
    flag("indicatorAttribute"),
    flag("indicatorGroupAttribute"),
    flag("dataSetAttribute"),
    flag("organisationUnitAttribute"),
    flag("organisationUnitGroupAttribute"),
    flag("organisationUnitGroupSetAttribute"),
    flag("userAttribute"),
    flag("userGroupAttribute"),
    flag("programAttribute"),
    flag("programStageAttribute"),
    flag("programIndicatorAttribute"),
    flag("trackedEntityTypeAttribute"),
    flag("trackedEntityAttributeAttribute"),
    flag("categoryAttribute"),
    flag("categoryOptionAttribute"),
    flag("categoryOptionComboAttribute"),
    flag("categoryOptionGroupAttribute"),
    flag("optionAttribute"),
    flag("optionSetAttribute"),
    flag("constantAttribute"),
    flag("legendSetAttribute"),
    flag("validationRuleAttribute"),
];

const OPTION_SET: &[Property] =
    &[text("valueType"), text("description"), whole("version").or(Default::Number(0)), many("options", "options")];

const OPTION: &[Property] = &[whole("sortOrder"), text("description"), one("optionSet", "optionSets"), opaque("style")];

/// Token and password of a target are taken, kept and never shown.
const EXCHANGE: &[Property] = &[
    property("source", Kind::Part(EXCHANGE_SOURCE), Default::Absent),
    property("target", Kind::Part(EXCHANGE_TARGET), Default::Absent),
];

const EXCHANGE_SOURCE: &[Property] = &[opaque("params"), parts("requests", EXCHANGE_REQUEST)];

const EXCHANGE_REQUEST: &[Property] = &[
    text("name"),
    text("visualization"),
    list("dx"),
    list("pe"),
    list("ou"),
    list("filters"),
    text("aggregationType"),
    text("inputIdScheme"),
    text("outputDataElementIdScheme"),
    text("outputOrgUnitIdScheme"),
    text("outputDataItemIdScheme").since(Profile::V41),
    text("outputIdScheme"),
];

const EXCHANGE_TARGET: &[Property] =
    &[text("type"), property("api", Kind::Part(EXCHANGE_API), Default::Absent), opaque("request")];

const EXCHANGE_API: &[Property] = &[text("url"), text("username")];

const USER: &[Property] = &[
    text("username"),
    text("firstName"),
    text("surname"),
    text("email"),
    text("phoneNumber"),
    date("lastLogin"),
    flag("disabled"),
    flag("externalAuth"),
    property("accountNonLocked", Kind::Boolean, Default::True).derived(),
    many("userRoles", "userRoles"),
    inverse("userGroups", "userGroups"),
    many("organisationUnits", "organisationUnits"),
    many("dataViewOrganisationUnits", "organisationUnits"),
    many("teiSearchOrganisationUnits", "organisationUnits"),
];
