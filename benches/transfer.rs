//! A hundred thousand cells from one embedded server to another: the first run into an empty destination, and the
//! unchanged second one. The servers run in a process of their own, so that the processor time is that of xfer alone.
//!
//! `cargo bench --bench transfer [-- FACILITIES MONTHS PROFILE]`. Processor time and memory are read from `/proc`:
//! on other systems than Linux they are left out.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and stops when it cannot"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const XFER: &str = env!("CARGO_BIN_EXE_xfer");
/// The jobs of the country that together make some hundred thousand cells.
const JOBS: [&str; 4] = ["Rapport mensuel", "Programme paludisme", "Vaccination", "Intrants"];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let facilities = arguments.next().unwrap_or_else(|| "950".to_owned());
    let months = arguments.next().unwrap_or_else(|| "6".to_owned());
    let profiles = arguments.next().map_or_else(|| vec!["2.42".to_owned(), "2.43".to_owned()], |only| vec![only]);
    for profile in profiles {
        measure(&profile, &facilities, &months);
    }
}

struct Servers(Child);

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn measure(profile: &str, facilities: &str, months: &str) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mapping = home.path().join("mapping");
    let mut servers = Servers(
        Command::new(XFER)
            .args(["sandbox", "--format", "json", "--profile", profile, "--facilities", facilities, "--months", months])
            .args(["--empty-destination", "--write-mapping"])
            .arg(&mapping)
            .env("XFER_HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts"),
    );
    let urls = urls(&mut servers.0);
    std::fs::write(home.path().join("password"), "Sample-Pass-1").expect("a password file");
    private(&home.path().join("password"));
    let xfer = |words: &[&str]| {
        let output = command(home.path(), words).output().expect("xfer runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    xfer(&["server", "add", "tracker", &urls[0], "--username", "reader", "--password-file", "password"]);
    xfer(&["server", "add", "national", &urls[1], "--username", "writer", "--password-file", "password"]);
    xfer(&["server", "sync", "--all"]);
    xfer(&["orgunit", "import", "tracker", "national", "mapping/map.csv"]);
    let mut routine = vec!["routine", "new", "all", "--periods", "LAST_12_MONTHS", "--tolerate-unmapped"];
    for job in JOBS {
        xfer(&["job", "new", job, "--from", "tracker", "--to", "national", "--combine", "sum"]);
        xfer(&["job", "import", job, &format!("mapping/{job}.csv")]);
        routine.extend(["--job", job]);
    }
    xfer(&routine);
    println!("\n{facilities} facilities, {months} months, 2.42 to {profile}");
    for name in ["first run", "second run"] {
        let ran = timed(home.path(), &["run", "all", "--format", "json"]);
        let report: Value = serde_json::from_slice(&ran.stdout).expect("a report");
        let cells = &report["cells"];
        let posts = posts(&home.path().join("home"), &report);
        let sent = cells["created"].as_u64().unwrap_or(0) + cells["updated"].as_u64().unwrap_or(0);
        println!(
            "{name:<11} {:>8} cells: {} created, {} unchanged, {} held back, {} zeros",
            cells["total"], cells["created"], cells["unchanged"], cells["held_back"], cells["zero_skipped"]
        );
        println!(
            "            wall {:.2} s, processor {:.2} s, peak memory {} MB, {} requests, {posts} POSTs, {} values per POST",
            ran.wall.as_secs_f64(),
            ran.processor.as_secs_f64(),
            ran.peak_kilobytes / 1024,
            report["traffic"]["requests"],
            sent.checked_div(posts).unwrap_or_default(),
        );
    }
}

/// POSTs of a run, from its journal.
fn posts(home: &Path, report: &Value) -> u64 {
    let run = report["run"].as_str().unwrap_or_default();
    let states = std::fs::read_dir(home.join("state")).into_iter().flatten().filter_map(Result::ok);
    states
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "db"))
        .filter_map(|entry| entry.path().file_stem()?.to_str()?.parse().ok())
        .filter_map(|routine| {
            xfer_storage::store::StateStore::open(&xfer_storage::store::Home::new(home), routine).ok()
        })
        .filter_map(|state| Some(state.run(run.parse().ok()?).ok()?.chunks.len() as u64))
        .sum()
}

fn urls(servers: &mut Child) -> Vec<String> {
    let mut text = String::new();
    let mut lines = BufReader::new(servers.stdout.take().expect("piped")).lines();
    while let Some(Ok(line)) = lines.next() {
        text.push_str(&line);
        if line == "]" {
            break;
        }
    }
    let list: Value = serde_json::from_str(&text).expect("a list of servers");
    let list = list.as_array().expect("a list");
    list.iter().map(|server| server["url"].as_str().unwrap_or_default().to_owned()).collect()
}

fn command(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(XFER);
    command.args(words).env("XFER_HOME", home.join("home")).current_dir(home).stdin(Stdio::null());
    command
}

struct Ran {
    stdout: Vec<u8>,
    wall: Duration,
    processor: Duration,
    peak_kilobytes: u64,
}

/// Runs a command and looks at its process until it ends.
fn timed(home: &Path, words: &[&str]) -> Ran {
    let started = Instant::now();
    let mut child = command(home, words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("xfer runs");
    let stdout = child.stdout.take().expect("piped");
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut BufReader::new(stdout), &mut bytes).map(|_| bytes).unwrap_or_default()
    });
    let (mut ticks, mut peak_kilobytes) = (0, 0);
    while child.try_wait().expect("a child").is_none() {
        if let Some((now_ticks, now_peak)) = looked_at(child.id()) {
            (ticks, peak_kilobytes) = (now_ticks, now_peak);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let wall = started.elapsed();
    // The kernel's clock tick is 10 ms on every Linux that we know.
    Ran {
        stdout: reading.join().unwrap_or_default(),
        wall,
        processor: Duration::from_millis(ticks * 10),
        peak_kilobytes,
    }
}

/// Ticks of processor time and the peak of resident memory of a process.
fn looked_at(id: u32) -> Option<(u64, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some((ticks, peak.trim().split(' ').next()?.parse().ok()?))
}

fn private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
    }
    #[cfg(not(unix))]
    let _ = path;
}
