//! What Tab completes, in a real shell where there is one, and the manual.

use std::ffi::OsStr;
use std::path::Path;

use crate::support::in_shell;
use crate::support::trial::Trial;

/// The candidates that bash is given for the last of these words.
fn in_bash(home: &Path, words: &[&str]) -> Vec<String> {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let last = words.len() - 1;
    let script = format!(
        r#"PATH="$(dirname "$0"):$PATH"; source <(xfer completions bash); COMP_WORDS=({}); COMP_CWORD={last}
        _clap_complete_xfer xfer '{}' '{}'; printf '%s\n' "${{COMPREPLY[@]}}""#,
        quoted.join(" "),
        words[last],
        words[last - 1]
    );
    let path = std::env::var_os("PATH").unwrap_or_default();
    let variables: [(&str, &OsStr); 3] =
        [("XFER_HOME", home.as_os_str()), ("PATH", &path), ("SCRIPT", script.as_ref())];
    let output = in_shell(r#"exec bash -c "$SCRIPT" "$0""#, home, &variables).expect_code(0);
    assert_eq!(output.stderr, "", "a person is typing");
    output.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn names_of_the_store_complete_in_bash() {
    if std::process::Command::new("bash").arg("--version").output().is_err() {
        return;
    }
    let trial = Trial::of_case("10");
    trial.ok("job new j --from src --to dst");
    trial.args(&["job", "new", "monthly figures", "--from", "src", "--to", "dst"]).expect_code(0);
    let home = trial.xfer.home();
    assert_eq!(in_bash(home, &["xfer", "server", "sync", ""]).first().map(String::as_str), Some("dst"));
    assert_eq!(in_bash(home, &["xfer", "server", "sync", "s"]), ["src"]);
    assert_eq!(in_bash(home, &["xfer", "job", "show", "mon"]), ["'monthly figures'"]);
    assert_eq!(in_bash(home, &["xfer", "job", "new", "x", "--from", "d"]), ["dst"]);
    assert_eq!(in_bash(home, &["xfer", "rou"]), ["routine"]);
    assert_eq!(in_bash(home, &["xfer", "--home", "/nonexistent", "job", "show", "j"]), [""], "another home");
    let nobody = tempfile::tempdir().unwrap();
    assert_eq!(in_bash(nobody.path(), &["xfer", "job", "show", "j"]), [""]);
    assert!(std::fs::read_dir(nobody.path()).unwrap().next().is_none(), "looking makes no home");
}

#[test]
fn every_command_has_a_page() {
    let trial = Trial::of_case("10");
    let page = trial.ok("man job auto");
    assert!(page.stdout.contains(".TH xfer-job-auto 1") && page.stdout.contains("data\\-set"), "{page}");
    let folder = trial.xfer.home().join("man");
    let written = trial.args(&["man", "--to", folder.to_str().unwrap()]).expect_code(0);
    let pages = std::fs::read_dir(&folder).unwrap().count();
    assert!(pages > 60 && written.stderr.contains(&format!("wrote {pages} pages")), "{pages}: {written}");
    let refused = trial.run("man job automatic").expect_code(2);
    assert!(refused.stderr.contains("there is no command `automatic` in `xfer job`"), "{refused}");
}
