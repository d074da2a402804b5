//! Every branch of the wizard that a terminal would only slow down.

use std::path::PathBuf;

use secrecy::SecretString;
use tempfile::TempDir;

use crate::cli::commands::{job, routine, wait};
use crate::cli::wizard::prompter::Leave;
use crate::cli::wizard::scripted::Answer::{ControlC, Enter, Escape, No, Type, Yes};
use crate::cli::wizard::scripted::{Answer, Scripted};
use crate::cli::wizard::{job as job_wizard, org_units, routine as routine_wizard};
use crate::domain::org_unit_map::MappingState;
use crate::domain::secret::Login;
use crate::domain::server::BaseUrl;
use crate::ops::home::Home;
use crate::ops::sandbox::{PASSWORD, Ports, READER, RunningPair, WRITER, start};
use crate::ops::servers::NewServer;
use crate::ops::{jobs, org_units as maps, routines, servers, sync};
use crate::sandbox::profile::Profile;

/// A home with two synced servers.
pub(super) struct Office {
    pub(super) home: Home,
    _folder: TempDir,
    pub(super) servers: RunningPair,
}

impl Office {
    fn new() -> Self {
        let servers = start(Profile::V42, Profile::V43, Ports::Free).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(PathBuf::from(folder.path()));
        let sides = [("tracker", servers.source.url(), READER), ("national", servers.destination.url(), WRITER)];
        for (name, url, user) in sides {
            let login = Login::Basic { username: user.to_owned(), password: SecretString::from(PASSWORD) };
            let url = BaseUrl::parse(url).unwrap();
            let new = NewServer { name: name.to_owned(), url, login, allow_http: false, test: true };
            wait(async { Ok(servers::add(&home, new).await?) }).unwrap();
            wait(async { Ok(sync::sync(&home, name, &|_| {}).await?) }).unwrap();
        }
        Self { home, _folder: folder, servers }
    }

    /// A home with a job of a few items.
    pub(super) fn with_job() -> Self {
        let office = Self::new();
        let mut person = Scripted::new(&[
            ("call the job", Type("soins")),
            ("What shall it carry", Type("data elements of a data set")),
            ("Which data set", Type("Rapport mensuel")),
            ("What about them", Type("take all")),
            ("Where does it go", Type("leave the rest")),
            ("What shall it carry", Type("nothing more")),
        ]);
        job_wizard::new(&mut person, &office.home, &job::New::between("tracker", "national")).unwrap();
        person.finish();
        office
    }
}

#[test]
fn a_routine_is_asked_for_in_plain_questions_and_told_as_a_command() {
    let office = Office::with_job();
    let mut person = Scripted::new(&[
        ("call the routine", Type("")),
        ("call the routine", Type("nightly")),
        ("Which periods does a run cover", Type("other periods")),
        ("Which periods", Type("2024W54")),
        ("Which periods", Type("202401..202403, LAST_MONTH")),
        ("What about it", Type("delete")),
        ("change very much", Type("fifth")),
        ("What about them", Type("only reported")),
        ("Who should hear of it", Enter),
    ]);
    routine_wizard::new(&mut person, &office.home, &routine::New::with_job("soins")).unwrap();
    let said = person.finish();
    assert!(said.contains("a name is needed."), "{said}");
    assert!(said.contains("2024W54"), "{said}");
    let command = "xfer routine new nightly --job soins --periods 202401..202403,LAST_MONTH --when-empty delete \
                   --max-change 20 --tolerate-unmapped";
    assert!(said.contains(command), "{said}");

    let mut person = Scripted::new(&[("different", Type("its periods")), ("Which periods", Enter)]);
    routine_wizard::edit(&mut person, &office.home, "nightly").unwrap();
    assert!(person.finish().contains("xfer routine edit nightly --periods LAST_3_MONTHS"));
    let mut person = Scripted::new(&[("different", Type("its name")), ("new name", Type("monthly"))]);
    routine_wizard::edit(&mut person, &office.home, "nightly").unwrap();
    assert!(person.finish().contains("xfer routine edit nightly --rename monthly"));
    let mut person = Scripted::new(&[("different", Escape)]);
    assert!(matches!(routine_wizard::edit(&mut person, &office.home, "monthly"), Err(Leave::Later)));
    let kept = routines::list(&office.home).unwrap();
    assert_eq!((kept[0].name.as_str(), kept[0].window.join(",")), ("monthly", "LAST_3_MONTHS".to_owned()));
    assert_eq!(kept[0].policies.max_change, Some(20), "what was not asked about stays");
}

#[test]
fn a_job_is_filled_and_changed() {
    let office = Office::with_job();
    let before = jobs::open(&office.home, "soins").unwrap().job.items.len();
    assert!(before > 15, "{before} items");
    let mut person = Scripted::new(&[
        ("want to change", Type("add figures")),
        ("What shall it carry", Type("data elements of a data set")),
        ("Which data set", Type("Vaccination")),
        ("What about them", Type("look at each")),
        ("Where does it go", Type("leave it out")),
        ("Where does it go", Enter),
        ("Where does it go", Type("leave the rest")),
        ("without a match", Enter),
        ("What shall it carry", Type("data elements of a data set")),
        ("Which data set", Type("bailleur")),
        ("What about them", Type("none of them")),
        ("without a match", Type("choose where each goes")),
        ("Fonds mondial goes to", Type("leave it out")),
        ("goes to", Type("FMSTP")),
        ("goes to", Escape),
        ("What shall it carry", Enter),
    ]);
    job_wizard::edit(&mut person, &office.home, "soins").unwrap();
    let said = person.finish();
    assert_eq!(jobs::open(&office.home, "soins").unwrap().job.items.len(), before + 2, "{said}");
    assert!(said.contains("xfer job add-item soins "), "{said}");
    let mut person = Scripted::new(&[("want to change", Type("several values")), ("How do several", Type("sum"))]);
    job_wizard::edit(&mut person, &office.home, "soins").unwrap();
    assert!(person.finish().contains("xfer job edit soins --combine sum"));
}

#[test]
fn two_units_go_to_one_only_if_the_person_says_so_twice() {
    let office = Office::new();
    let pair = ("tracker", "national");
    let map = || maps::open(&office.home, pair.0, pair.1).unwrap();
    let decide = |unit: &str, answers: &[(&'static str, Answer)]| {
        let mut person = Scripted::new(answers);
        org_units::one(&mut person, &office.home, pair, unit).unwrap();
        person.finish()
    };
    decide(
        "Hôpital Bèl Ans",
        &[
            ("Which is it", Type("search for another")),
            ("Part of its name", Type("no such place anywhere")),
            ("Part of its name", Type("bel ans mat")),
            ("Which one", Type("MATERNITE")),
        ],
    );
    let target = map().rows[0].destination.unwrap();
    let again = |answer| {
        [
            ("Which is it", Type("search for another")),
            ("Part of its name", Type("bel ans mat")),
            ("Which one", Type("MATERNITE")),
            ("Let both go there", answer),
        ]
    };
    let refused = [again(No).as_slice(), &[("Which is it", Type("skip it for now"))]].concat();
    let said = decide("HT-NO-03-001", &refused);
    assert!(said.contains("Hôpital Bèl Ans goes to HOP. BEL ANS (MATERNITE) already"), "{said}");
    assert_eq!(map().rows.len(), 1);
    decide("HT-NO-03-001", &again(Yes));
    assert_eq!(map().rows.iter().filter(|row| row.destination == Some(target)).count(), 2);
    decide("HT-ND-03-003", &[("Which is it", Type("leave it out"))]);
    assert_eq!(map().count(MappingState::Ignored), 1);
    let mut person = Scripted::new(&[("Which is it", ControlC)]);
    let left = org_units::one(&mut person, &office.home, pair, "HT-SD-04-002");
    assert!(matches!(left, Err(Leave::Interrupted)));
    assert_eq!(map().rows.len(), 3, "what was decided before stays");
}
