//! What `xfer job new` takes, and the command that makes a job again.

use clap::Args;

use crate::cli::arguments::rules::NewRules;
use crate::cli::arguments::words::{CombineArgument, CommentsArgument, ReadArgument, period_type};
use crate::ops::jobs::NewJob;
use xfer_domain::item::Combine;
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::period::PeriodType;
use xfer_domain::shell::shell_word;

/// `xfer job new`
#[derive(Debug, Args)]
pub struct New {
    /// The name of the job [default: ask]
    pub name: Option<String>,
    /// The source server [default: ask]
    #[arg(long, value_name = "SERVER")]
    pub from: Option<String>,
    /// The destination server [default: ask]
    #[arg(long, value_name = "SERVER")]
    pub to: Option<String>,
    /// The period type at the source: Monthly, Weekly, Quarterly …
    #[arg(long, value_name = "TYPE", default_value = "Monthly", value_parser = period_type)]
    pub period_type: PeriodType,
    /// The period type at the destination, if different: months into quarters
    #[arg(long, value_name = "TYPE", value_parser = period_type)]
    pub to_period_type: Option<PeriodType>,
    /// Shift the values by a number of destination periods (-1: into the one before)
    #[arg(long, value_name = "NUMBER", default_value_t = 0, allow_hyphen_values = true)]
    pub shift: i32,
    /// How to combine several values for one cell: two merged facilities, three months in a quarter [default: error]
    #[arg(long, value_enum)]
    pub combine: Option<CombineArgument>,
    /// Where data elements are read; indicators always come from analytics
    #[arg(long, value_enum, default_value = "raw")]
    pub read: ReadArgument,
    /// What to do with comments and follow-up marks
    #[arg(long, value_enum, default_value = "keep")]
    pub comments: CommentsArgument,
    /// Rounding and coverage.
    #[command(flatten)]
    pub rules: NewRules,
}

impl New {
    /// What `xfer job new --from SOURCE --to DESTINATION` says.
    pub(crate) fn between(source: &str, destination: &str) -> Self {
        Self {
            name: None,
            from: Some(source.to_owned()),
            to: Some(destination.to_owned()),
            period_type: PeriodType::Monthly,
            to_period_type: None,
            shift: 0,
            combine: None,
            read: ReadArgument::Raw,
            comments: CommentsArgument::Keep,
            rules: NewRules::default(),
        }
    }

    /// The job that the arguments describe, with what they leave open.
    pub(crate) fn job(&self, name: &str, source: &str, destination: &str, combine: Combine) -> NewJob {
        NewJob {
            name: name.to_owned(),
            source: source.to_owned(),
            destination: destination.to_owned(),
            source_period_type: self.period_type,
            destination_period_type: self.to_period_type,
            period_shift: self.shift,
            combine,
            read: self.read.into(),
            round: self.rules.round,
            coverage: self.rules.coverage,
            comments: self.comments.into(),
        }
    }
}

/// The command that makes such a job, without its items and scripts.
pub(crate) fn command(job: &Job) -> String {
    let from = format!("--from {} --to {}", shell_word(&job.source), shell_word(&job.destination));
    let (read, written) = (job.source_period_type, job.destination_period_type);
    let flags = [
        (read != PeriodType::Monthly).then(|| format!("--period-type {}", read.name())),
        (written != read).then(|| format!("--to-period-type {}", written.name())),
        (job.period_shift != 0).then(|| format!("--shift {}", job.period_shift)),
        (job.combine != Combine::Error).then(|| format!("--combine {}", job.combine.name())),
        (job.read != ReadFrom::Raw).then(|| format!("--read {}", job.read.name())),
        job.round.map(|rounding| format!("--round {rounding}")),
        job.coverage.map(|coverage| format!("--coverage {coverage}")),
        (!job.comments.is_keep()).then(|| format!("--comments {}", job.comments.name())),
    ];
    let words = ["xfer job new".to_owned(), shell_word(&job.name), from].into_iter();
    words.chain(flags.into_iter().flatten()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{New, command};
    use xfer_domain::coverage::Coverage;
    use xfer_domain::item::Combine;
    use xfer_domain::job::{Comments, Job, ReadFrom};
    use xfer_domain::period::PeriodType;
    use xfer_domain::rounding::Rounding;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        new: New,
    }

    #[test]
    fn the_command_of_a_job_makes_the_same_job() {
        let plain = Job {
            name: "malaria".to_owned(),
            source: "tracker".to_owned(),
            destination: "national".to_owned(),
            source_period_type: PeriodType::Monthly,
            destination_period_type: PeriodType::Monthly,
            period_shift: 0,
            combine: Combine::Error,
            read: ReadFrom::Raw,
            round: None,
            coverage: None,
            comments: xfer_domain::job::Comments::default(),
            scripts: Vec::new(),
            items: Vec::new(),
        };
        let all = Job {
            source_period_type: PeriodType::Weekly,
            destination_period_type: PeriodType::Quarterly,
            period_shift: -1,
            combine: Combine::Last,
            read: ReadFrom::Analytics,
            round: "up:1".parse::<Rounding>().ok(),
            coverage: "75%".parse::<Coverage>().ok(),
            comments: Comments::Copy,
            ..plain.clone()
        };
        assert_eq!(
            command(&Job { name: "monthly figures".to_owned(), ..plain.clone() }),
            "xfer job new 'monthly figures' --from tracker --to national"
        );
        for job in [plain, all] {
            let line = command(&job);
            let words = line.strip_prefix("xfer ").unwrap().split(' ').skip(1);
            let new = Line::try_parse_from(words).unwrap().new;
            let combine = new.combine.map_or(Combine::Error, Into::into);
            let made = new.job(&job.name, &job.source, &job.destination, combine);
            assert_eq!(new.name.as_deref(), Some("malaria"), "{line}");
            assert_eq!((new.from.as_deref(), new.to.as_deref()), (Some("tracker"), Some("national")), "{line}");
            assert_eq!(made.source_period_type, job.source_period_type, "{line}");
            assert_eq!(
                made.destination_period_type.unwrap_or(made.source_period_type),
                job.destination_period_type,
                "{line}"
            );
            assert_eq!(
                (made.period_shift, made.combine, made.read),
                (job.period_shift, job.combine, job.read),
                "{line}"
            );
            let made_rules = (made.round, made.coverage, made.comments);
            assert_eq!(made_rules, (job.round, job.coverage, job.comments), "{line}");
        }
    }
}
