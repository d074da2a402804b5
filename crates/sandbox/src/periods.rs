//! Which period identifiers a version knows.
//!
//! The domain reads the identifiers of every version; a server refuses those of period types that came later.

use crate::profile::Profile;
use xfer_domain::period::{Period, PeriodType};

/// Reads a period identifier as a server of that profile would; none where it is malformed, impossible or of a period
/// type that the version lacks.
pub(crate) fn parse(profile: Profile, text: &str) -> Option<Period> {
    Period::parse(text).ok().filter(|period| since(period.period_type()) <= profile)
}

/// The first recorded version with a period type (`PeriodTypeEnum` of the branches).
fn since(period_type: PeriodType) -> Profile {
    match period_type {
        PeriodType::FinancialFeb | PeriodType::FinancialAug | PeriodType::WeeklyFriday => Profile::V43,
        PeriodType::FinancialSep => Profile::V42,
        _ => Profile::V40,
    }
}
