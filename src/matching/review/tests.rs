//! The review, rule by rule.
