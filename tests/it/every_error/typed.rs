//! What a person typed, or wrote into a file, that means nothing.

use xfer::ops::error::OpsError;
use xfer::ops::schedule::TimesError;
use xfer_domain::alert::UnusableAddress;
use xfer_domain::certificates::CertificatesError;
use xfer_domain::coverage::CoverageError;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::period::relative::RelativePeriodError;
use xfer_domain::period::window::WindowError;
use xfer_domain::period::{PeriodError, PeriodType, PeriodTypeError};
use xfer_domain::rounding::RoundingError;
use xfer_domain::secret::TokenError;
use xfer_domain::server::{BaseUrlError, VersionError};
use xfer_domain::uid::UidError;
use xfer_domain::value_type::ValueRefusal;
use xfer_matching::item_match::pattern::PatternError;
use xfer_matching::items::ItemError;
use xfer_sandbox::loading::{Problem, Refusal};
use xfer_script::plugin::PluginError;
use xfer_script::testing::SuiteError;
use xfer_script::{Script, ScriptError};

use super::{check, check_end, walk};

fn text() -> String {
    "x".to_owned()
}

pub(super) fn script_error() -> ScriptError {
    Script::compile("scale", "fn value(v, ctx) { v *").unwrap_err()
}

pub(super) fn refusal() -> Refusal {
    Refusal { problems: vec![Problem { line: Some(3), message: text() }], hint: "mend the file".to_owned() }
}

#[test]
fn every_text_that_means_nothing_is_wrong_usage() {
    check(&UidError(text()), ExitCode::Usage);
    check(&RoundingError(text()), ExitCode::Usage);
    check(&CoverageError(text()), ExitCode::Usage);
    check(&VersionError(text()), ExitCode::Usage);
    check(&RelativePeriodError(text()), ExitCode::Usage);
    check(&PeriodTypeError(text()), ExitCode::Usage);
    check(&PeriodError(text()), ExitCode::Usage);
    check(&SuiteError { position: (1, 1), what: text() }, ExitCode::Usage);
    check(&script_error(), ExitCode::Usage);
    check(&refusal(), ExitCode::Usage);
    walk!(WindowError {
        WindowError::Empty => Usage [WindowError::Empty]
        WindowError::Unknown { .. } => Usage [WindowError::Unknown { text: text() }]
        WindowError::MixedRange { .. } => Usage [
            WindowError::MixedRange { text: text(), first: PeriodType::Monthly, last: PeriodType::Yearly },
        ]
        WindowError::ReversedRange { .. } => Usage [WindowError::ReversedRange { text: text() }]
        WindowError::DoesNotFit { .. } => Usage [
            WindowError::DoesNotFit { text: text(), found: PeriodType::Daily, wanted: PeriodType::Monthly },
        ]
        WindowError::TooMany { .. } => Usage [WindowError::TooMany { wanted: PeriodType::Daily }]
    });
    walk!(ValueRefusal {
        ValueRefusal::Shape { .. } => Usage [ValueRefusal::Shape { text: text(), expected: "a number" }]
        ValueRefusal::TooLong { .. } => Usage [ValueRefusal::TooLong { length: 2, limit: 1 }]
        ValueRefusal::Empty => Usage [ValueRefusal::Empty]
    });
    walk!(BaseUrlError {
        BaseUrlError::Malformed(_) => Usage [BaseUrlError::Malformed(text())]
        BaseUrlError::Scheme(_) => Usage [BaseUrlError::Scheme(text())]
        BaseUrlError::UserInfo => Usage [BaseUrlError::UserInfo]
    });
    walk!(TokenError {
        TokenError::Empty => Usage [TokenError::Empty]
        TokenError::SeveralWords => Usage [TokenError::SeveralWords]
        TokenError::OtherLogin(_) => Usage [TokenError::OtherLogin("Basic")]
        TokenError::Characters => Usage [TokenError::Characters]
    });
    walk!(CertificatesError {
        CertificatesError::None => Usage [CertificatesError::None]
        CertificatesError::PrivateKey => Usage [CertificatesError::PrivateKey]
        CertificatesError::Damaged(_) => Usage [CertificatesError::Damaged(1)]
        CertificatesError::TooMany => Usage [CertificatesError::TooMany]
    });
    walk!(UnusableAddress {
        UnusableAddress::NoUrl => Usage [UnusableAddress::NoUrl]
        UnusableAddress::NotEncrypted => Usage [UnusableAddress::NotEncrypted]
        UnusableAddress::NoHost(_) => Usage [UnusableAddress::NoHost(text())]
    });
    walk!(PatternError {
        PatternError::Sides(_) => Usage [PatternError::Sides(text())]
        PatternError::Placeholder(_) => Usage [PatternError::Placeholder(text())]
        PatternError::Open(_) => Usage [PatternError::Open(text())]
        PatternError::SourceCombo(_) => Usage [PatternError::SourceCombo(text())]
        PatternError::Constant(_) => Usage [PatternError::Constant(text())]
    });
    walk!(TimesError {
        TimesError::Unclear(_) => Usage [TimesError::Unclear(text())]
        TimesError::TwoKindsOfDays(_) => Usage [TimesError::TwoKindsOfDays(text())]
        TimesError::Never(_) => Usage [TimesError::Never(text())]
    });
    walk!(PluginError {
        PluginError::Rule { .. } => Usage [PluginError::Rule { what: text(), hint: text() }]
        PluginError::Script(_) => Usage [PluginError::Script(Box::new(script_error()))]
    });
}

#[test]
fn every_item_that_cannot_be_told_is_wrong_usage() {
    let unknown = |near: Vec<String>| ItemError::Unknown { side: "source", what: "data element", text: text(), near };
    walk!(ItemError {
        ItemError::Unknown { .. } => Usage [unknown(Vec::new()), unknown(vec![text()])]
        ItemError::Ambiguous { .. } => Usage [
            ItemError::Ambiguous { side: "source", what: "combo", text: text(), number: 2, found: vec![text()] },
        ]
        ItemError::Readings { .. } => Usage [
            ItemError::Readings { text: text(), readings: vec![(text(), text()), ("--kind".to_owned(), text())] },
        ]
        ItemError::OtherKind { .. } => Usage [
            ItemError::OtherKind { text: text(), is: "indicator", wanted: "data element" },
        ]
        ItemError::NoMetric { .. } => Usage [ItemError::NoMetric { text: text() }]
        ItemError::NoCombos { .. } => Usage [ItemError::NoCombos { text: text(), is: "indicator" }]
        ItemError::Incomplete { .. } => Usage [
            ItemError::Incomplete { text: text(), what: "combo", name: text(), number: 2 },
        ]
    });
    check_end(OpsError::Item(unknown(Vec::new())), ExitCode::Usage);
}
