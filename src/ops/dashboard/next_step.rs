//! The one thing to do next, from where everything stands.

use crate::ops::dashboard::{Dashboard, Findings};
use xfer_domain::counted::counted;
use xfer_domain::run::RunOutcome;
use xfer_storage::store::RunSummary;

/// What to do next: a sentence, and the command for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// Why.
    pub sentence: String,
    /// The words of the command after `xfer`.
    pub command: Vec<String>,
}

/// The words after `xfer` that start a run again as it was asked for.
fn again(run: &RunSummary) -> Vec<String> {
    run.command.clone().unwrap_or_else(|| vec!["run".to_owned(), run.routine.clone()])
}

fn step(sentence: impl Into<String>, command: &[&str]) -> NextStep {
    NextStep { sentence: sentence.into(), command: command.iter().map(|word| (*word).to_owned()).collect() }
}

impl Dashboard {
    /// The one thing to do next: the first that is missing, then what is wrong, then what
    /// changed since it was mapped, then the run.
    pub fn next_step(&self) -> NextStep {
        self.next_of_servers()
            .or_else(|| self.next_of_maps())
            .or_else(|| self.next_of_jobs())
            .or_else(|| self.next_of_drift())
            .or_else(|| self.next_of_files())
            .unwrap_or_else(|| self.next_of_routines())
    }

    fn next_of_servers(&self) -> Option<NextStep> {
        let add = ["server", "add", "NAME", "URL", "--username", "NAME"];
        match self.servers.as_slice() {
            // A machine that only runs files needs no servers of its own.
            [] if self.schedules > 0 => Some(step("See the next scheduled runs", &["schedule", "list"])),
            [] => Some(step("Add the server that values come from", &add)),
            [_] => Some(step("Add the server that values go to", &add)),
            servers if servers.iter().any(|line| line.counts.is_none()) => Some(step(
                "Copy the metadata of the servers, so that mapping works offline",
                &["server", "sync", "--all"],
            )),
            _ => None,
        }
    }

    fn next_of_maps(&self) -> Option<NextStep> {
        let begin = |source: &str, destination: &str| {
            Some(step("Match the org units of source and destination", &["orgunit", "auto", source, destination]))
        };
        if self.pairs.is_empty() {
            let (source, destination) = self.first_pair.as_ref()?;
            return begin(source, destination);
        }
        if let Some(pair) = self.pairs.iter().find(|pair| pair.mapped + pair.proposed == 0) {
            return begin(&pair.source, &pair.destination);
        }
        let pair = self.pairs.iter().find(|pair| pair.proposed > 0)?;
        let many = if pair.proposed == 1 { "org unit that was" } else { "org units that were" };
        let sentence = format!("Check the {} {many} proposed", pair.proposed);
        Some(step(sentence, &["orgunit", "map", &pair.source, &pair.destination]))
    }

    fn next_of_jobs(&self) -> Option<NextStep> {
        if self.jobs.is_empty() {
            let pair = self.pairs.first()?;
            let command = ["job", "new", "NAME", "--from", &pair.source, "--to", &pair.destination];
            return Some(step("Make a job: which figures go where", &command));
        }
        if let Some(line) = self.jobs.iter().find(|line| line.job.items.is_empty()) {
            return Some(step("Add items to the job", &["job", "auto", &line.job.name]));
        }
        let wrong = self.jobs.iter().find(|line| line.findings.is_some_and(|findings| findings.errors > 0))?;
        Some(step("Check the job's items for errors", &["job", "check", &wrong.job.name]))
    }

    /// What was mapped may not be what it was, or not right: to be looked at before the next run writes on.
    fn next_of_drift(&self) -> Option<NextStep> {
        let drift = |findings: Option<Findings>| findings.map_or(0, |findings| findings.drift);
        let changes = |number| if number == 1 { "change".to_owned() } else { counted(number, "change") };
        if let Some(pair) = self.pairs.iter().find(|pair| drift(pair.findings) > 0) {
            let sentence = format!("Check the {} to org units since they were mapped", changes(drift(pair.findings)));
            return Some(step(sentence, &["orgunit", "check", &pair.source, &pair.destination, "--offline"]));
        }
        let wrong = |findings: Option<Findings>| findings.is_some_and(|findings| findings.errors > 0);
        if let Some(pair) = self.pairs.iter().find(|pair| !self.jobs.is_empty() && wrong(pair.findings)) {
            let command = ["orgunit", "check", &pair.source, &pair.destination, "--offline"];
            return Some(step("Check the org unit map for errors", &command));
        }
        let line = self.jobs.iter().find(|line| drift(line.findings) > 0)?;
        let (name, number) = (&line.job.name, drift(line.findings));
        let sentence = format!("Check the {} to items of the job {name} since they were mapped", changes(number));
        Some(step(sentence, &["job", "check", name, "--offline"]))
    }

    /// A file that is older than its routine goes on doing what was changed. One that is scheduled comes first.
    fn next_of_files(&self) -> Option<NextStep> {
        let outdated = || self.files.iter().filter_map(|line| Some((line, line.export_again.as_ref()?)));
        let (line, again) = outdated().find(|(line, _)| line.next.is_some()).or_else(|| outdated().next())?;
        let sentence = format!("Export {} again: it was changed after {} was written", line.routine, line.file.path);
        Some(NextStep { sentence, command: again.clone() })
    }

    fn next_of_routines(&self) -> NextStep {
        let Some(first) = self.routines.first() else {
            let job = self.jobs.first().map_or("JOB", |line| &line.job.name);
            let command = ["routine", "new", "NAME", "--job", job, "--periods", "LAST_3_MONTHS"];
            return step("Make a routine: jobs and the periods of a run", &command);
        };
        if let Some(line) = self.routines.iter().find(|line| line.last.is_none()) {
            let name = &line.routine.name;
            return match line.tried.as_ref().map(|run| (&run.summary.run, &run.summary.end)) {
                None | Some((_, None)) => step("See what a run would write", &["run", name, "--dry-run"]),
                Some((run, Some(end))) if end.outcome == RunOutcome::Failed => {
                    step(format!("See why the dry run of {name} failed"), &["runs", "show", &run.to_string()])
                }
                Some(_) => step(format!("Run {name} for the first time: there was only a dry run"), &["run", name]),
            };
        }
        for line in &self.routines {
            let Some(last) = &line.last else { continue };
            match &last.summary.end {
                None => {
                    let sentence = format!("Run {} again: its last run did not finish", line.routine.name);
                    return NextStep { sentence, command: again(&last.summary) };
                }
                Some(end) => {
                    let how = match end.outcome {
                        RunOutcome::Complete => continue,
                        RunOutcome::Incomplete => "was incomplete",
                        RunOutcome::Failed => "failed",
                    };
                    let sentence = format!("See why the last run of {} {how}", line.routine.name);
                    return step(sentence, &["runs", "show", &last.summary.run.to_string()]);
                }
            }
        }
        step("Run the routine again", &["run", &first.routine.name])
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::dashboard::{Dashboard, FileLine, FileState, Findings, JobLine, PairLine, RoutineLine, newest};
    use crate::ops::runs::{OfRoutine, RunLine};
    use crate::ops::servers::ServerLine;
    use xfer_domain::routine::{Policies, Routine};
    use xfer_domain::run::{CellCounts, RunMode, RunOutcome, ValueCounts};
    use xfer_domain::server::{BaseUrl, LoginKind, Server, ServerId};
    use xfer_domain::testing as fixture;
    use xfer_storage::store::{ExportedFile, MetadataCounts, RunEnd, RunSummary};

    fn server(id: i64, name: &str, synced: bool) -> ServerLine {
        ServerLine {
            server: Server {
                id: ServerId(id),
                name: name.to_owned(),
                url: BaseUrl::parse("https://dhis2.example.org").unwrap(),
                login: LoginKind::Token,
                identity: None,
                synced_at: None,
            },
            counts: synced.then(MetadataCounts::default),
        }
    }

    fn pair(mapped: u64, proposed: u64) -> PairLine {
        let (source, destination) = ("tracker".to_owned(), "national".to_owned());
        PairLine { source, destination, mapped, proposed, ignored: 0, unmapped: 9 - mapped, units: 9, findings: None }
    }

    fn next(board: &Dashboard) -> String {
        board.next_step().command.join(" ")
    }

    #[test]
    fn what_is_missing_comes_first_and_then_what_is_wrong() {
        let mut board = Dashboard::default();
        assert_eq!(next(&board), "server add NAME URL --username NAME");
        board.servers = vec![server(2, "national", true), server(1, "tracker", false)];
        assert_eq!(next(&board), "server sync --all");
        board.servers[1].counts = Some(MetadataCounts::default());
        board.first_pair = Some(("tracker".to_owned(), "national".to_owned()));
        assert_eq!(next(&board), "orgunit auto tracker national");
        board.pairs = vec![pair(0, 0)];
        assert_eq!(next(&board), "orgunit auto tracker national");
        board.pairs = vec![pair(4, 2)];
        assert_eq!(next(&board), "orgunit map tracker national");
        assert_eq!(board.next_step().sentence, "Check the 2 org units that were proposed");
        board.pairs = vec![pair(6, 0)];
        assert_eq!(next(&board), "job new NAME --from tracker --to national");
        let mut job = fixture::job("malaria", Vec::new());
        board.jobs = vec![JobLine { job: job.clone(), findings: None }];
        assert_eq!(next(&board), "job auto malaria");
        job.items = vec![fixture::plain_item(1)];
        board.jobs = vec![JobLine { job, findings: Some(Findings { errors: 1, ..Findings::default() }) }];
        assert_eq!(next(&board), "job check malaria");
        board.jobs[0].findings = Some(Findings { warnings: 3, ..Findings::default() });
        assert_eq!(next(&board), "routine new NAME --job malaria --periods LAST_3_MONTHS");
        let changed = |drift| Some(Findings { warnings: 3, drift, ..Findings::default() });
        board.jobs[0].findings = changed(2);
        assert_eq!(next(&board), "job check malaria --offline");
        board.pairs[0].findings = changed(1);
        assert_eq!(next(&board), "orgunit check tracker national --offline");
        assert_eq!(board.next_step().sentence, "Check the change to org units since they were mapped");
        board.jobs[0].findings = Some(Findings::default());
        board.pairs[0].findings = Some(Findings { errors: 1, ..Findings::default() });
        assert_eq!(next(&board), "orgunit check tracker national --offline");
    }

    #[test]
    fn a_dry_run_is_no_last_run_and_an_outdated_file_comes_before_the_next_run() {
        let mut job = fixture::job("malaria", Vec::new());
        job.items = vec![fixture::plain_item(1)];
        let mut board = Dashboard {
            servers: vec![server(2, "national", true), server(1, "tracker", true)],
            pairs: vec![pair(6, 0)],
            jobs: vec![JobLine { job, findings: None }],
            ..Dashboard::default()
        };
        let routine = Routine {
            id: uuid::Uuid::nil(),
            name: "monthly".to_owned(),
            jobs: vec!["malaria".to_owned()],
            window: Vec::new(),
            policies: Policies::default(),
            scripts: Vec::new(),
            alerts: Vec::new(),
        };
        let run = |mode, outcome: Option<RunOutcome>| RunLine {
            summary: RunSummary {
                run: uuid::Uuid::nil(),
                routine: "monthly".to_owned(),
                mode,
                started: jiff::Timestamp::UNIX_EPOCH,
                command: Some(["run", "monthly", "--periods", "202401"].map(str::to_owned).to_vec()),
                end: outcome.map(|outcome| RunEnd {
                    finished: String::new(),
                    outcome,
                    exit_code: 0,
                    problems: 0,
                    values: ValueCounts::default(),
                    cells: CellCounts::default(),
                }),
            },
            routine: OfRoutine { id: uuid::Uuid::nil(), name: "monthly".to_owned() },
        };
        board.routines = vec![RoutineLine { routine, last: None, tried: None, next: None }];
        assert_eq!(next(&board), "run monthly --dry-run");
        let dry = |outcome| run(RunMode::DryRun, Some(outcome));
        let (last, tried) = newest(vec![dry(RunOutcome::Incomplete), dry(RunOutcome::Complete)]);
        assert_eq!((&last, tried.as_ref()), (&None, Some(&dry(RunOutcome::Incomplete))));
        board.routines[0].tried = tried;
        assert_eq!(next(&board), "run monthly");
        board.routines[0].tried = Some(dry(RunOutcome::Failed));
        assert!(next(&board).starts_with("runs show "));
        board.routines[0].last = newest(vec![dry(RunOutcome::Failed), run(RunMode::Run, None)]).0;
        assert_eq!(next(&board), "run monthly --periods 202401", "as it was asked for");
        board.routines[0].last = Some(run(RunMode::Run, Some(RunOutcome::Complete)));
        assert_eq!(next(&board), "run monthly", "a dry run that failed says nothing about it");

        let file = |path: &str, again: Option<&str>| FileLine {
            file: ExportedFile {
                routine: uuid::Uuid::nil(),
                path: path.to_owned(),
                revision: 1,
                exported_at: String::new(),
                digest: String::new(),
            },
            routine: "monthly".to_owned(),
            state: if again.is_some() { FileState::Outdated } else { FileState::Current },
            export_again: again.map(|path| ["routine", "export", "monthly", path].map(str::to_owned).to_vec()),
            next: again.filter(|path| path.contains("night")).map(|_| jiff::Zoned::now()),
        };
        board.files = vec![file("/a", None), file("/b", Some("/b")), file("/night", Some("/night"))];
        assert_eq!(next(&board), "routine export monthly /night", "what is scheduled comes first");
    }
}
