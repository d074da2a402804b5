//! Why a run came to no report: its plan, its scripts, its journal, its servers.

use xfer::ops::error::OpsError;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::journal::JournalError;
use xfer_domain::run::{RunOutcome, StopCause};
use xfer_storage::store::{Kind, StoreError};
use xfer_transfer::engine::{ReplayError, TransferError};
use xfer_transfer::hooks::NotReady;
use xfer_transfer::plan::PlanError;
use xfer_transfer::report::Unexplained;
use xfer_transfer::verdict::Evidence;

use super::typed::script_error;
use super::{check, check_end, walk};

fn text() -> String {
    "x".to_owned()
}

fn journal(code: ExitCode) -> JournalError {
    JournalError { reason: text(), code, source: None }
}

fn unexplained() -> Unexplained {
    Unexplained { values: 1, cells: 0 }
}

#[test]
fn every_reason_not_to_run_a_plan_has_its_code() {
    walk!(PlanError {
        PlanError::NoJobs { .. } => Usage [PlanError::NoJobs { routine: text() }]
        PlanError::JobWithoutItems { .. } => Usage [PlanError::JobWithoutItems { job: text() }]
        PlanError::OtherPair { .. } => Usage [
            PlanError::OtherPair { job: text(), source_server: text(), destination: text() },
        ]
        PlanError::NoOrgUnits => Usage [PlanError::NoOrgUnits]
        PlanError::Window { .. } => Usage [PlanError::Window { job: text(), reason: text() }]
        PlanError::PeriodsDoNotFit { .. } => Usage [
            PlanError::PeriodsDoNotFit { job: text(), source_type: text(), destination_type: text() },
        ]
        PlanError::ShiftTooFar { .. } => Usage [PlanError::ShiftTooFar { job: text() }]
        PlanError::CalendarsDiffer { .. } => Usage [
            PlanError::CalendarsDiffer { source_calendar: text(), destination_calendar: text() },
        ]
        PlanError::CalendarArithmetic { .. } => Usage [
            PlanError::CalendarArithmetic { what: text(), calendar: text(), instead: text() },
        ]
        PlanError::TwoContributions { .. } => Usage [
            PlanError::TwoContributions { job: text(), address: text(), why: text() },
        ]
        PlanError::OperatorsDiffer { .. } => Usage [PlanError::OperatorsDiffer { job: text(), address: text() }]
        PlanError::ScriptsDiffer { .. } => Usage [PlanError::ScriptsDiffer { job: text(), address: text() }]
        PlanError::ShareWithoutWeight { .. } => Usage [PlanError::ShareWithoutWeight { job: text(), address: text() }]
        PlanError::ShareNotAlone { .. } => Usage [PlanError::ShareNotAlone { job: text(), address: text() }]
        PlanError::SharesDiffer { .. } => Usage [PlanError::SharesDiffer { job: text(), first: text(), second: text() }]
        PlanError::ReadsItself { .. } => Usage [
            PlanError::ReadsItself { job: text(), address: text(), org_unit: text() },
        ]
        PlanError::UnitsLeftOut { .. } => Bug [PlanError::UnitsLeftOut { job: text(), org_units: text() }]
        PlanError::TwoJobs { .. } => Usage [
            PlanError::TwoJobs { first: text(), second: text(), address: text(), period: text() },
        ]
    });
}

#[test]
fn every_reason_for_no_report_has_its_code() {
    walk!(NotReady {
        NotReady::Refused(_) => Usage [NotReady::Refused(Box::new(script_error()))]
        NotReady::Missing { .. } => Damaged [NotReady::Missing { script: text() }]
        NotReady::Altered { .. } => Damaged [NotReady::Altered { script: text() }]
    });
    check(&unexplained(), ExitCode::Bug);
    let made: Vec<TransferError> = vec![
        TransferError::Plan(PlanError::NoOrgUnits),
        TransferError::Plan(PlanError::UnitsLeftOut { job: text(), org_units: text() }),
        TransferError::Script(NotReady::Refused(Box::new(script_error()))),
        TransferError::Script(NotReady::Altered { script: text() }),
        TransferError::WrongServer { server: text(), expected: text(), found: text() },
        TransferError::AnalyticsTooOld { server: text(), age: text(), allowed: 1 },
        TransferError::Journal(journal(ExitCode::Damaged)),
        TransferError::Unexplained(unexplained()),
    ];
    for error in made {
        // What holds another error ends as that one; servers have a table of their own.
        let code = match &error {
            TransferError::Plan(inner) => inner.code(),
            TransferError::Script(inner) => inner.code(),
            TransferError::Server(inner) => inner.code(),
            TransferError::WrongServer { .. } => ExitCode::WrongServer,
            TransferError::AnalyticsTooOld { .. } => ExitCode::Temporary,
            TransferError::Journal(inner) => inner.code(),
            TransferError::Unexplained(inner) => inner.code(),
        };
        check(&error, code);
        check_end(OpsError::Transfer(error), code);
    }
    walk!(ReplayError {
        ReplayError::Transfer(_) => Usage [ReplayError::Transfer(TransferError::Plan(PlanError::NoOrgUnits))]
        ReplayError::OtherPeriods => Usage [ReplayError::OtherPeriods]
    });
}

#[test]
fn a_journal_that_fails_ends_a_run_as_its_database_ends_a_command() {
    let file = || std::path::PathBuf::from("state.db");
    for made in [
        || StoreError::Busy { file: "state.db".into() },
        || StoreError::DiskFull { file: "state.db".into() },
        || StoreError::Damaged { file: "state.db".into(), reason: "x".to_owned() },
    ] {
        let code = made().code();
        check_end(OpsError::Store(made()), code);
        // Before anything was sent, and on the way.
        check_end(OpsError::Journal(made().into()), code);
        check_end(OpsError::Transfer(TransferError::Journal(made().into())), code);
        let on_the_way = Evidence { journal: Some(JournalError::from(made()).code()), ..Evidence::default() };
        let verdict = on_the_way.verdict();
        assert_eq!((verdict.code, verdict.outcome), (code, RunOutcome::Incomplete), "{}", file().display());
    }
    check(&StoreError::NotFound(xfer_storage::store::Named::new(Kind::Run, "x")), ExitCode::Usage);
}

#[test]
fn whoever_ends_a_run_is_told_so_by_its_code_with_and_without_a_report() {
    for (by, code) in [
        (StopCause::Interrupted, ExitCode::Interrupted),
        (StopCause::Terminated, ExitCode::Terminated),
        (StopCause::TimeLimit, ExitCode::Temporary),
    ] {
        // A cause that is added has to be written down above.
        match by {
            StopCause::Interrupted | StopCause::Terminated | StopCause::TimeLimit => {}
        }
        assert_eq!(by.code(), code);
        check_end(OpsError::Stopped { by }, code);
        let stopped = Evidence { stopped: Some(by), failures: [ExitCode::Temporary].into(), ..Evidence::default() };
        assert_eq!(stopped.verdict().code, code);
    }
}
