//! Plugins and programs, through the real program: listed, attached with their parameters, installed from folders that
//! are honest and from those that are not.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Xfer;
use crate::support::office::Office;

/// A home, and beside it a folder that nothing may be written to.
struct Workshop {
    xfer: Xfer,
    folder: PathBuf,
}

impl Workshop {
    fn new() -> Self {
        let xfer = Xfer::new();
        assert_eq!(xfer.run("plugin new honest").code, 0);
        let folder = xfer.home().join("honest");
        Self { xfer, folder }
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        fs::write(self.folder.join(file), text).unwrap();
    }

    fn manifest(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.folder.join("plugin.ron")).unwrap();
        assert!(text.contains(old), "{old}");
        self.write("plugin.ron", text.replacen(old, new, 1));
    }
}

/// What is wrong with a folder, and what makes it so.
type Case = (&'static str, Box<dyn Fn(&Workshop)>);

/// Every path below a folder, links not followed.
fn everything(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        found.push(entry.path());
        if entry.file_type().unwrap().is_dir() {
            everything(&entry.path(), found);
        }
    }
    found.sort();
}

fn named(name: &'static str) -> Case {
    (name, Box::new(move |shop| shop.manifest("\"honest\"", &format!("{name:?}"))))
}

#[test]
fn hostile_plugins_are_refused_and_write_nothing() {
    let mut cases: Vec<Case> = [
        "../evil",
        "..",
        ".",
        "/tmp/evil",
        "a/b",
        "a\\b",
        "C:evil",
        "C:\\evil",
        "Evil",
        "evil ",
        ".hidden",
        "-x",
        "",
        "é",
        "a\0b",
        "nul",
        "com1",
        "config.db",
        "scale",
    ]
    .into_iter()
    .map(named)
    .collect();
    let long: &'static str = Box::leak("a".repeat(65).into_boxed_str());
    cases.push(named(long));
    cases.push(("extra file", Box::new(|shop| shop.write("run.sh", "rm -rf /"))));
    cases.push(("hidden file", Box::new(|shop| shop.write(".profile", "x"))));
    cases.push(("folder inside", Box::new(|shop| fs::create_dir(shop.folder.join("sub")).unwrap())));
    cases.push((
        "link to a secret",
        Box::new(|shop| {
            fs::remove_file(shop.folder.join("README.md")).unwrap();
            symlink("/etc/hostname", shop.folder.join("README.md")).unwrap();
        }),
    ));
    cases.push((
        "link to nothing",
        Box::new(|shop| {
            fs::remove_file(shop.folder.join("tests.ron")).unwrap();
            symlink("/nowhere", shop.folder.join("tests.ron")).unwrap();
        }),
    ));
    cases.push((
        "folder for a file",
        Box::new(|shop| {
            fs::remove_file(shop.folder.join("main.rhai")).unwrap();
            fs::create_dir(shop.folder.join("main.rhai")).unwrap();
        }),
    ));
    cases.push((
        "a link for the folder",
        Box::new(|shop| {
            let moved = shop.folder.with_file_name("moved");
            fs::rename(&shop.folder, &moved).unwrap();
            symlink(&moved, &shop.folder).unwrap();
        }),
    ));
    cases.push((
        "an archive",
        Box::new(|shop| {
            fs::remove_dir_all(&shop.folder).unwrap();
            fs::write(&shop.folder, "PK\x03\x04").unwrap();
        }),
    ));
    cases.push(("long readme", Box::new(|shop| shop.write("README.md", "x".repeat(300_000)))));
    cases.push(("long manifest", Box::new(|shop| shop.write("plugin.ron", " ".repeat(70_000)))));
    cases.push(("not text", Box::new(|shop| shop.write("main.rhai", [0xff, 0xfe, 0x00]))));
    cases.push(("no script", Box::new(|shop| shop.write("main.rhai", "fn value(v, ctx) { eval(\"1\") }"))));
    cases.push(("no cases", Box::new(|shop| shop.write("tests.ron", "(cases: [])"))));
    cases.push(("unknown field", Box::new(|shop| shop.manifest("api: 1,", "api: 1, run: \"rm\","))));
    cases.push(("deep nesting", Box::new(|shop| shop.write("plugin.ron", "[".repeat(60_000)))));
    cases.push((
        "a link for the folder of plugins",
        Box::new(|shop| {
            let outside = shop.xfer.home().join("outside");
            fs::create_dir(&outside).unwrap();
            symlink(&outside, shop.xfer.home().join("plugins")).unwrap();
        }),
    ));
    assert!(cases.len() >= 25);
    for (what, spoil) in cases {
        let shop = Workshop::new();
        spoil(&shop);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        everything(shop.xfer.home(), &mut before);
        let output = shop.xfer.run("plugin install honest");
        assert_eq!(output.code, 2, "{what}: {output}");
        assert!(output.stderr.contains("hint:"), "{what}: {output}");
        everything(shop.xfer.home(), &mut after);
        after.retain(|path| *path != shop.xfer.home().join("plugins") || path.is_symlink());
        assert_eq!(before, after, "{what}");
    }
}

#[test]
fn an_honest_plugin_is_installed_for_its_owner_alone_and_removed() {
    let shop = Workshop::new();
    assert!(shop.xfer.run("plugin test ./honest").expect_code(0).stderr.contains("2 cases passed, 0 failed"));
    let _ = shop.xfer.run("plugin install honest").expect_code(0);
    let place = shop.xfer.home().join("plugins/honest");
    let mut there = vec![place.clone()];
    everything(&place, &mut there);
    assert_eq!(there.len(), 5, "{there:?}");
    for path in there {
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    assert!(shop.xfer.run("plugin install honest").expect_code(2).stderr.contains("--replace"));
    shop.manifest("0.1.0", "0.2.0");
    let _ = shop.xfer.run("plugin install honest --replace").expect_code(0);
    let list = shop.xfer.run("plugin list --format json").json();
    let row = list.as_array().unwrap().iter().find(|row| row["name"] == "honest").unwrap();
    assert_eq!((&row["version"], &row["origin"]), (&"0.2.0".into(), &"installed".into()));
    assert_eq!(list.as_array().unwrap().len(), 11);
    assert!(shop.xfer.run("plugin remove honst").expect_code(2).stderr.contains("did you mean honest?"));
    for name in ["../honest", "..", "", "/", "scale"] {
        assert_eq!(shop.xfer.args(&["plugin", "remove", name]).code, 2, "{name}");
    }
    let _ = shop.xfer.run("plugin remove honest").expect_code(0);
    assert!(!place.exists() && shop.folder.exists());
    assert_eq!(shop.xfer.run("plugin test").expect_code(0).stdout, "");
}

#[test]
fn a_plugin_is_attached_with_its_parameters_and_pinned_as_a_whole() {
    let office = Office::ready();
    let attach = "script attach plugin:cap-outliers --job malaria";
    office.refused(attach, 2, &["needs the parameter highest", "--param highest="]);
    office.refused(&format!("{attach} --param highst=9"), 2, &["did you mean highest?"]);
    office.refused(&format!("{attach} --param highest=many"), 2, &["highest is a number"]);
    office.refused("script attach plugin:scal --job malaria", 2, &["did you mean scale?"]);
    let said = office.ok(&format!("{attach} --param highest=2")).stderr;
    assert!(said.contains("950") && said.contains("becomes"), "{said}");
    let listed = office.ok("script list --format json").json();
    assert_eq!(listed[0]["state"], "same");
    assert_eq!(listed[0]["parameters"]["beyond"], "cap");
    let report = office.xfer.run("run monthly --dry-run --format json").report();
    let scripts = report["scripts"].as_array().unwrap();
    assert!(scripts.iter().any(|one| one["script"] == "plugin:cap-outliers" && one["changed"].as_u64() > Some(0)));
    office.ok("script detach plugin:cap-outliers --job malaria");

    office.ok("plugin new honest");
    office.ok("plugin install honest");
    office.ok("script attach plugin:honest --job malaria");
    let state = || office.ok("script list --format json").json()[0]["state"].clone();
    assert_eq!(state(), "same");
    fs::write(office.xfer.home().join("plugins/honest/README.md"), "other words").unwrap();
    assert_eq!(state(), "altered", "every file counts");
    office.ok("plugin remove honest");
    assert_eq!(state(), Value::from("gone"));
    let _ = office.xfer.run("run monthly --dry-run --format json").report();
}

#[test]
fn a_program_on_the_path_is_a_command_and_gets_no_secrets() {
    let xfer = Xfer::new();
    let tools = tempfile::tempdir().unwrap();
    let program = tools.path().join("xfer-hello");
    fs::write(&program, "#!/bin/sh\necho \"$1|$XFER_HOME|$XFER_LOG|$DHIS2_PASSWORD|$LANG\"\nexit 42\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let output = xfer
        .prepared(&["hello", "you"])
        .env("PATH", tools.path())
        .env("XFER_LOG", "warn")
        .env("DHIS2_PASSWORD", "district")
        .env("LANG", "C")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said, format!("you|{}|||C\n", xfer.home().display()));
    assert_eq!(output.status.code(), Some(42));
    let unknown = xfer.run("rutine").expect_code(2);
    insta::assert_snapshot!(unknown.stderr, @"
    error: there is no command `rutine`
    hint: did you mean routine?
    ");
}
