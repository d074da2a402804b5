//! What the servers' error codes mean in our words (dhis2-api 6.7), both generations.

use super::{
    ATTRIBUTE_OPTION_COMBO_FOREIGN, ATTRIBUTE_OPTION_COMBO_UNKNOWN, ATTRIBUTE_OPTION_NOT_FOR_ORG_UNIT,
    ATTRIBUTE_OPTION_OUTSIDE_DATES, CATEGORY_OPTION_COMBO_FOREIGN, CATEGORY_OPTION_COMBO_UNKNOWN,
    CATEGORY_OPTION_NO_WRITE, COMMENT_OPTION_UNKNOWN, COMMENT_TOO_LONG, Code, DATA_APPROVED,
    DATA_ELEMENT_IN_NO_DATA_SET, DATA_ELEMENT_NOT_IN_DATA_SET, DATA_ELEMENT_UNKNOWN, DATA_SET_NO_WRITE,
    DATA_SET_UNKNOWN, DUPLICATE_CELL, INPUT_PERIOD_CLOSED, OPTION_COMBO_REQUIRED, OPTION_UNKNOWN,
    ORG_UNIT_NOT_ASSIGNED, ORG_UNIT_NOT_OPEN, ORG_UNIT_OUTSIDE_CAPTURE, ORG_UNIT_UNKNOWN, PERIOD_EXPIRED,
    PERIOD_IN_FUTURE, PERIOD_INVALID, PERIOD_NOT_OPEN, PERIOD_TYPE_MISMATCH, SERVER_REFUSED, VALUE_INVALID,
    VALUE_MISSING,
};

/// Our entry for a server's error code; [`SERVER_REFUSED`] for one that is unknown or absent.
pub fn of_server(code: Option<&str>) -> &'static Code {
    match code.unwrap_or_default() {
        "E7600" | "E7602" | "E8004" | "E8005" => &DATA_SET_UNKNOWN,
        "E7601" | "E8010" => &DATA_SET_NO_WRITE,
        "E7603" | "E7612" | "E8105" | "E8106" | "E8107" => &ORG_UNIT_UNKNOWN,
        "E7604" | "E7615" | "E8110" | "E8111" => &ATTRIBUTE_OPTION_COMBO_UNKNOWN,
        "E7610" | "E8102" | "E8103" | "E8104" => &DATA_ELEMENT_UNKNOWN,
        "E7611" | "E8100" | "E8126" | "E8127" => &PERIOD_INVALID,
        "E7613" | "E8108" | "E8109" => &CATEGORY_OPTION_COMBO_UNKNOWN,
        "E7614" | "E7616" | "E8012" => &CATEGORY_OPTION_NO_WRITE,
        "E7617" | "E7622" | "E8011" => &ORG_UNIT_OUTSIDE_CAPTURE,
        "E7618" | "E8120" | "E8121" => &VALUE_MISSING,
        "E7619" | "E7645" | "E8122" => &VALUE_INVALID,
        "E7620" | "E8125" => &COMMENT_TOO_LONG,
        "E8124" => &COMMENT_OPTION_UNKNOWN,
        "E7621" | "E8123" => &OPTION_UNKNOWN,
        "E7630" | "E7631" => &OPTION_COMBO_REQUIRED,
        "E7632" | "E8021" => &PERIOD_TYPE_MISMATCH,
        "E7633" | "E8020" => &DATA_ELEMENT_NOT_IN_DATA_SET,
        "E7634" | "E8024" => &CATEGORY_OPTION_COMBO_FOREIGN,
        "E7635" | "E8023" => &ATTRIBUTE_OPTION_COMBO_FOREIGN,
        "E7636" | "E8022" => &ORG_UNIT_NOT_ASSIGNED,
        "E7638" | "E8032" => &ATTRIBUTE_OPTION_OUTSIDE_DATES,
        "E7639" | "E8025" => &ATTRIBUTE_OPTION_NOT_FOR_ORG_UNIT,
        "E7640" => &PERIOD_EXPIRED,
        // Expiry, future periods and input periods alike; the sentence does not say which.
        "E8030" => &PERIOD_NOT_OPEN,
        "E7641" | "E7644" => &PERIOD_IN_FUTURE,
        "E7642" | "E8033" => &DATA_APPROVED,
        "E7643" => &INPUT_PERIOD_CLOSED,
        "E8002" | "E8003" => &DATA_ELEMENT_IN_NO_DATA_SET,
        "E8031" => &ORG_UNIT_NOT_OPEN,
        "E8128" => &DUPLICATE_CELL,
        _ => &SERVER_REFUSED,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::of_server;
    use crate::finding::{Category, SERVER_REFUSED};
    use crate::recordings::imports;

    #[test]
    fn every_code_that_a_server_was_seen_to_give_for_our_kind_of_import_has_a_word_of_ours() {
        let mut codes = BTreeSet::new();
        for version in ["2.40", "2.41", "2.42", "2.43", "2.44"] {
            for exchange in imports(version) {
                let conflicts = exchange.answer.summary.into_iter().flat_map(|summary| summary.conflicts);
                codes.extend(conflicts.filter_map(|conflict| conflict.code));
            }
        }
        // The one code that only the option `atomic` gives, which is never sent.
        assert!(codes.remove("E8000"));
        assert!(codes.len() > 30, "{codes:?}");
        for code in codes {
            assert_ne!(of_server(Some(&code)), &SERVER_REFUSED, "{code}");
        }
    }

    #[test]
    fn categories_are_those_of_the_servers_contract() {
        for (code, category) in [
            ("E7610", Category::Mapping),
            ("E8024", Category::Mapping),
            ("E7617", Category::Permission),
            ("E8010", Category::Permission),
            ("E7641", Category::Timing),
            ("E8033", Category::Timing),
            ("E7619", Category::Value),
            ("E8123", Category::Value),
            ("E7632", Category::Configuration),
            ("E8021", Category::Configuration),
        ] {
            assert_eq!(of_server(Some(code)).category, category, "{code}");
        }
        assert_eq!(of_server(None), &SERVER_REFUSED);
        assert_eq!(of_server(Some("E9999")), &SERVER_REFUSED);
    }
}
