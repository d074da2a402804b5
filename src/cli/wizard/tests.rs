//! Every branch of the wizard that a terminal would only slow down.

use std::path::PathBuf;

use secrecy::SecretString;
use tempfile::TempDir;

use crate::cli::arguments::{job, routine};
use crate::cli::runtime::wait;
use crate::cli::wizard::prompter::Leave;
use crate::cli::wizard::scripted::Answer::{ControlC, Enter, Escape, No, Type, Yes};
use crate::cli::wizard::scripted::{Answer, Scripted};
use crate::cli::wizard::{job as job_wizard, org_units, routine as routine_wizard};
use crate::ops::home::Home;
use crate::ops::sandbox::{PASSWORD, Ports, READER, RunningPair, WRITER, start};
use crate::ops::servers::NewServer;
use crate::ops::{jobs, org_units as maps, routines, scripts, servers, sync};
use xfer_domain::org_unit_map::MappingState;
use xfer_domain::secret::Login;
use xfer_domain::server::BaseUrl;
use xfer_sandbox::profile::Profile;

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
            let new =
                NewServer { name: name.to_owned(), url, login, allow_http: false, certificates: None, test: true };
            wait(async { Ok(servers::add(&home, new).await?) }).unwrap();
            let fetched = wait(async { Ok(sync::fetch(&home, name, &|_| {}).await?) }).unwrap();
            sync::keep(&home, fetched, false).unwrap();
        }
        Self { home, _folder: folder, servers }
    }

    /// A home with a job of a few items.
    pub(super) fn with_job() -> Self {
        let office = Self::new();
        let mut person = Scripted::new(&[
            ("Name of the job", Type("soins")),
            ("What do you want to transfer", Type("data elements of a data set")),
            ("Which data set", Type("Rapport mensuel")),
            ("What to do with them", Type("accept all")),
            ("Map it to", Type("decide the rest")),
            ("What do you want to transfer", Type("nothing more")),
            ("change values during", Enter),
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
        ("Name of the routine", Type("")),
        ("Name of the routine", Type("nightly")),
        ("Periods of each run", Type("other periods")),
        ("Which periods", Type("2024W54")),
        ("Which periods", Type("202401..202403, LAST_MONTH")),
        ("What to do then", Type("delete")),
        ("What to do then", Type("half")),
        ("change very many", Type("fifth")),
        ("What to do with them", Type("only reported")),
        ("Alert when a run fails", Enter),
    ]);
    routine_wizard::new(&mut person, &office.home, &routine::New::with_job("soins")).unwrap();
    let said = person.finish();
    assert!(said.contains("a name is needed."), "{said}");
    assert!(said.contains("2024W54"), "{said}");
    let command = "xfer routine new nightly --job soins --periods 202401..202403,LAST_MONTH --when-empty delete \
                   --max-change 20 --tolerate-unmapped --max-delete-share 50";
    assert!(said.contains(command), "{said}");

    let mut person = Scripted::new(&[("want to change", Type("its periods")), ("Periods of each run", Enter)]);
    routine_wizard::edit(&mut person, &office.home, "nightly").unwrap();
    assert!(person.finish().contains("xfer routine edit nightly --periods LAST_3_MONTHS"));
    let mut person = Scripted::new(&[("want to change", Type("its name")), ("New name", Type("monthly"))]);
    routine_wizard::edit(&mut person, &office.home, "nightly").unwrap();
    assert!(person.finish().contains("xfer routine edit nightly --rename monthly"));
    let mut person = Scripted::new(&[("want to change", Escape)]);
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
        ("want to change", Type("add items")),
        ("What do you want to transfer", Type("data elements of a data set")),
        ("Which data set", Type("Vaccination")),
        ("What to do with them", Type("decide each")),
        ("Map it to", Type("leave it out")),
        ("Map it to", Enter),
        ("Map it to", Type("decide the rest")),
        ("without a match", Enter),
        ("What do you want to transfer", Type("data elements of a data set")),
        ("Which data set", Type("bailleur")),
        ("What to do with them", Type("none")),
        ("without a match", Type("choose for each")),
        ("Destination data element", Type("choose for each option combo")),
        ("Destination option combo", Type("leave it out")),
        ("Destination option combo", Type("FMSTP")),
        ("Destination data element", Escape),
        ("What do you want to transfer", Enter),
    ]);
    job_wizard::edit(&mut person, &office.home, "soins").unwrap();
    let said = person.finish();
    assert_eq!(jobs::open(&office.home, "soins").unwrap().job.items.len(), before + 2, "{said}");
    assert!(said.contains("xfer job add-item soins "), "{said}");
    let mut person = Scripted::new(&[("want to change", Type("how several values")), ("How are several", Type("sum"))]);
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
            ("Map it to", Type("search for another")),
            ("Part of its name", Type("no such place anywhere")),
            ("Part of its name", Type("bel ans mat")),
            ("Which one", Type("MATERNITE")),
        ],
    );
    let target = map().rows[0].destination.unwrap();
    let again = |answer| {
        [
            ("Map it to", Type("search for another")),
            ("Part of its name", Type("bel ans mat")),
            ("Which one", Type("MATERNITE")),
            ("Map both to it", answer),
        ]
    };
    let refused = [again(No).as_slice(), &[("Map it to", Type("skip it for now"))]].concat();
    let said = decide("HT-NO-03-001", &refused);
    assert!(said.contains("Hôpital Bèl Ans goes to HOP. BEL ANS (MATERNITE) already"), "{said}");
    assert_eq!(map().rows.len(), 1);
    decide("HT-NO-03-001", &again(Yes));
    assert_eq!(map().rows.iter().filter(|row| row.destination == Some(target)).count(), 2);
    decide("HT-ND-03-003", &[("Map it to", Type("ignore it"))]);
    assert_eq!(map().count(MappingState::Ignored), 1);
    let mut person = Scripted::new(&[("Map it to", ControlC)]);
    let left = org_units::one(&mut person, &office.home, pair, "HT-SD-04-002");
    assert!(matches!(left, Err(Leave::Interrupted)));
    assert_eq!(map().rows.len(), 3, "what was decided before stays");
}

#[test]
fn a_plugin_is_chosen_asked_about_shown_and_told_as_a_command() {
    let office = Office::with_job();
    let mut person = Scripted::new(&[
        ("want to change", Type("plugins and scripts")),
        ("change values during", Type("with a plugin")),
        ("Which plugin", Type("cap-outliers: ")),
        ("Attach it to", Type("all ")),
        ("Smallest", Enter),
        ("Largest", Type("many")),
        ("Largest", Type("100")),
        ("other numbers", Type("reject")),
        ("Attach it with", Type("again")),
        ("Smallest", Enter),
        ("Largest", Type("120")),
        ("other numbers", Enter),
        ("Attach it with", Type("yes")),
        ("change values during", Enter),
    ]);
    job_wizard::edit(&mut person, &office.home, "soins").unwrap();
    let said = person.finish();
    for words in [
        "cap-outliers: Caps, leaves out or refuses impossible numbers.",
        "highest=many does not fit: highest is a number.",
        "For example:\n  ",
        "becomes\n  rejected: ",
        "plugin:cap-outliers (beyond=cap, highest=120, lowest=0) is attached to the job soins.",
        "xfer script attach plugin:cap-outliers --job soins --param highest=120\n",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    let at_work = scripts::list(&office.home).unwrap();
    assert_eq!((at_work.len(), at_work[0].attachment.script.as_str()), (1, "plugin:cap-outliers"));

    let mut person = Scripted::new(&[
        ("want to change", Type("plugins and scripts")),
        ("change values during", Type("detach one")),
        ("Which one", Type("cap-outliers")),
        ("change values during", Type("with a plugin")),
        ("Which plugin", Escape),
        ("change values during", Type("with a plugin")),
        ("Which plugin", Type("fixed-shares: ")),
        ("Attach it to", Type("all")),
        ("Which data item is divided", Type("Naissances")),
        ("Which combo gets which share", Type("M=40, F=60")),
        ("How many decimals", Enter),
        ("Attach it with", Type("no, do not attach it")),
        ("change values during", Enter),
    ]);
    job_wizard::edit(&mut person, &office.home, "soins").unwrap();
    let said = person.finish();
    assert!(said.contains("xfer script detach plugin:cap-outliers --job soins"), "{said}");
    assert!(said.contains("It changes none of its examples"), "{said}");
    assert!(scripts::list(&office.home).unwrap().is_empty());
}

#[test]
fn a_script_of_ones_own_is_read_until_it_compiles_and_acts_where_the_person_says() {
    let office = Office::with_job();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| -> &'static str {
        // Answers live as long as the test program.
        Box::leak(folder.path().join(name).to_string_lossy().into_owned().into_boxed_str())
    };
    std::fs::write(path("wrong.rhai"), "fn value(v) { v + }").unwrap();
    std::fs::write(path("scale.rhai"), "fn value(v, ctx) { v * ctx.params.factor }").unwrap();
    let tests = "(params: {\"factor\": 1}, cases: [(name: \"x\", given: value(5), expected: value(5))])";
    std::fs::write(path("scale.tests.ron"), tests).unwrap();
    let mut person = Scripted::new(&[
        ("want to change", Type("plugins and scripts")),
        ("change values during", Type("our own script")),
        ("The script's file", Type(path("missing.rhai"))),
        ("The script's file", Type(path("wrong.rhai"))),
        ("The script's file", Type(path("scale.rhai"))),
        ("Attach it to", Type("one of them")),
        ("Which item", Enter),
        ("Its parameter factor", Type("")),
        ("Its parameter factor", Type("half")),
        ("Attach it with", Enter),
        ("Its parameter factor", Type("0.5")),
        ("Attach it with", Type("yes")),
        ("change values during", Enter),
    ]);
    job_wizard::edit(&mut person, &office.home, "soins").unwrap();
    let said = person.finish();
    for words in [
        "missing.rhai could not be read",
        "wrong.rhai:1",
        "scale.rhai has the function value.",
        "scale.rhai fails where factor is not set",
        "It fails on all examples that it would change.",
        "For example:\n  5\nbecomes\n  error: ",
        "For example:\n  5\nbecomes\n  2.5",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    let file = xfer_domain::shell::shell_word(path("scale.rhai"));
    assert!(said.contains(&format!("xfer script attach {file} --job soins --item 1 --param factor=0.5")), "{said}");

    let mut person = Scripted::new(&[
        ("Name of the routine", Type("nightly")),
        ("Periods of each run", Enter),
        ("What to do then", Enter),
        ("change very many", Enter),
        ("What to do with them", Enter),
        ("change values during", Type("our own script")),
        ("Which script", Type("scale.rhai")),
        ("Its parameter factor", Type("2")),
        ("Attach it with", Type("yes")),
        ("change values during", Enter),
        ("Alert when a run fails", Enter),
    ]);
    let known = routine::New { jobs: Vec::new(), ..routine::New::with_job("soins") };
    routine_wizard::new(&mut person, &office.home, &known).unwrap();
    let said = person.finish();
    assert!(said.contains(&format!("xfer script attach {file} --routine nightly --param factor=2\n")), "{said}");
    let places: Vec<String> =
        scripts::list(&office.home).unwrap().iter().map(|at_work| at_work.place.in_words()).collect();
    assert_eq!(places, ["the routine nightly", "item 1 of the job soins"]);
}
