//! An office: a home, both embedded servers and a routine between them, for tests that run the real binary.

use std::fmt::Write as _;

use xfer::ops::sandbox::{PASSWORD, Ports, RunningPair, start};
use xfer_sandbox::country::Country;
use xfer_sandbox::fixtures;
use xfer_sandbox::profile::Profile;

use crate::support::{Output, Xfer, says};

/// A home with both servers added and synced, and the true org unit map.
pub(crate) struct Office {
    pub(crate) xfer: Xfer,
    pub(crate) servers: RunningPair,
}

impl Office {
    pub(crate) fn between(destination: Profile) -> Self {
        let servers = start(Profile::V42, destination, Ports::Free).unwrap();
        let xfer = Xfer::new();
        xfer.file("password", PASSWORD);
        let office = Self { xfer, servers };
        let (source, destination) = (office.servers.source.url(), office.servers.destination.url());
        office.ok(&format!("server add tracker {source} --username reader --password-file password"));
        office.ok(&format!("server add national {destination} --username writer --password-file password"));
        office
    }

    /// With metadata, map, one job and one routine.
    pub(crate) fn mapped() -> Self {
        Self::mapped_for(Profile::V43)
    }

    pub(crate) fn mapped_for(destination: Profile) -> Self {
        let office = Self::between(destination);
        let mut map = String::from("source_id;destination_id\n");
        for unit in country().true_org_units() {
            writeln!(map, "{};{}", unit.source, unit.destination).unwrap();
        }
        office.xfer.file("map.csv", map);
        office.ok("server sync --all");
        office.ok("orgunit import tracker national map.csv");
        office.ok("job new malaria --from tracker --to national --combine sum");
        office
    }

    pub(crate) fn ready() -> Self {
        Self::ready_for(Profile::V43)
    }

    /// With a destination of another version.
    pub(crate) fn ready_for(destination: Profile) -> Self {
        let office = Self::mapped_for(destination);
        office.xfer.file("items.csv", items("Programme paludisme"));
        office.ok("job import malaria items.csv");
        office.ok("routine new monthly --job malaria --periods LAST_MONTH");
        office
    }

    #[track_caller]
    pub(crate) fn ok(&self, line: &str) -> Output {
        self.xfer.run(line).expect_code(0)
    }

    /// A command that must fail: with this code, naming the words, with a hint.
    #[track_caller]
    pub(crate) fn refused(&self, line: &str, code: i32, words: &[&str]) {
        refused(&self.xfer.run(line), code, words);
    }
}

/// The true items of a job, as a CSV file.
pub(crate) fn items(job: &str) -> String {
    let job = country().true_jobs().into_iter().find(|known| known.name == job).unwrap();
    let mut file =
        String::from("source_id,source_coc,source_aoc,destination_data_element,destination_coc,destination_aoc\n");
    for item in job.items {
        let optional = |id: Option<String>| id.unwrap_or_default();
        writeln!(
            file,
            "{},{},{},{},{},{}",
            item.source,
            optional(item.source_category_option_combo),
            optional(item.source_attribute_option_combo),
            item.destination,
            item.destination_category_option_combo,
            item.destination_attribute_option_combo
        )
        .unwrap();
    }
    file
}

/// The shipped country.
pub(crate) fn country() -> &'static Country {
    fixtures::country()
}

/// The command failed with this code, a hint and these words.
#[track_caller]
pub(crate) fn refused(output: &Output, code: i32, words: &[&str]) {
    says(output, code, words);
    assert!(output.stderr.starts_with("error: ") && output.stderr.contains("\nhint: "), "\n{output}");
}

/// How many cells of a report ended so.
pub(crate) fn cells(report: &serde_json::Value, state: &str) -> u64 {
    report["cells"][state].as_u64().unwrap()
}
