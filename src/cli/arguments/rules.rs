//! The flags for operators of jobs and items, and how they are shown.

use bigdecimal::BigDecimal;
use bigdecimal::num_traits::Signed;
use clap::Args;

use crate::cli::arguments::words::number;
use xfer_domain::coverage::Coverage;
use xfer_domain::rounding::Rounding;

/// Rounding and coverage of something new.
#[derive(Debug, Clone, Default, Args)]
pub struct NewRules {
    /// Round the values: number of decimals (0, 1 …; half is rounded away from zero), up:N or down:N
    #[arg(long, value_name = "DECIMALS", value_parser = rule::<Rounding>)]
    pub round: Option<Rounding>,
    /// How many source periods must have a value before the cell is written: all, a number, or a percentage (75%)
    #[arg(long, value_name = "RULE", value_parser = rule::<Coverage>)]
    pub coverage: Option<Coverage>,
}

/// Rounding and coverage that change; `none` takes them away.
#[derive(Debug, Clone, Args)]
pub struct ChangedRules {
    /// Round the values: number of decimals (0, 1 …), up:N, down:N, or none
    #[arg(long, value_name = "DECIMALS", value_parser = or_none::<Rounding>)]
    pub round: Option<OrNone<Rounding>>,
    /// How many source periods must have a value: all, a number, a percentage (75%), or none
    #[arg(long, value_name = "RULE", value_parser = or_none::<Coverage>)]
    pub coverage: Option<OrNone<Coverage>>,
}

/// A rule, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrNone<T>(pub Option<T>);

pub(crate) fn or_none<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<OrNone<T>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(OrNone(None));
    }
    text.to_lowercase().parse().map(|rule| OrNone(Some(rule))).map_err(|cause: T::Err| format!("{cause}, or none"))
}

/// A factor that changes; `none` takes it away.
pub(crate) fn factor_or_none(text: &str) -> Result<OrNone<BigDecimal>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(OrNone(None));
    }
    number(text).map(|factor| OrNone(Some(factor))).map_err(|cause| format!("{cause}, or none"))
}

/// A rule in any case: `ALL`, `Up:1`.
pub(crate) fn rule<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.to_lowercase().parse().map_err(|cause: T::Err| cause.to_string())
}

/// A share, on the command line: a number above 0, with or without a percent sign.
pub(crate) fn share(text: &str) -> Result<BigDecimal, String> {
    let no_share = || format!("`{text}` is not a share; give a number above 0, such as 60 or 0.4");
    let weight = number(text.trim().trim_end_matches('%'))?;
    Some(weight).filter(BigDecimal::is_positive).ok_or_else(no_share)
}
