//! Scripts that mean harm, or behave as if: each is stopped within 2 s and 64 MiB, both measured.
//!
//! Every script runs in a process of its own, this test binary started again, because the memory of a process is the
//! truth and what an allocator counts is not: it knows nothing of fragments and stacks.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;
use xfer_script::{ItemNames, Named, Number, OrgUnit, Params, Place, Row, RunContext, Runner, Script, Stop, Value};

/// What a script is promised at most.
const TIME: Duration = Duration::from_secs(2);
const MEMORY_KIB: u64 = 64 * 1024;

/// How a script ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// A limit of steps, time or memory stops it.
    Stopped,
    /// It does not compile, or fails.
    Refused,
    /// It comes to its end and has done no harm.
    Harmless,
}
use End::{Harmless, Refused, Stopped};

const SCRIPTS: &[(&str, End, &str)] = &[
    // loops
    ("an empty loop", Stopped, "fn value(v) { loop { } }"),
    ("a loop that counts", Stopped, "fn value(v) { while v != 0.5 { v += 1 } v }"),
    // Nothing happens in it, so it is left out when the script is compiled.
    ("a range without end", Harmless, "fn value(v) { for i in 0..9223372036854775807 { } v }"),
    ("a range with a body", Stopped, "fn value(v) { for i in 0..=9223372036854775807 { v = i } v }"),
    (
        "loops in loops",
        Stopped,
        "fn value(v) { for a in 0..999999 { for b in 0..999999 { for c in 0..999999 { v += c } } } v }",
    ),
    ("a loop that catches", Stopped, "fn value(v) { loop { try { throw 1 } catch { } } }"),
    ("a loop that continues", Stopped, "fn value(v) { while true { continue; } v }"),
    ("a do loop", Stopped, "fn value(v) { do { v *= 1 } while true; v }"),
    // recursion
    ("a function that calls itself", Refused, "fn value(v) { value(v) }"),
    ("two that call each other", Refused, "fn value(v) { a(v) } fn a(v) { b(v) } fn b(v) { a(v) }"),
    ("a tree of calls", Stopped, "fn value(v) { f(30) } fn f(n) { if n == 0 { 1 } else { f(n - 1) + f(n - 1) } }"),
    ("a pointer to itself", Refused, "fn value(v) { Fn(\"value\").call(v) }"),
    ("a closure that gets itself", Refused, "fn value(v) { let f = |g, x| g.call(g, x); f.call(f, v) }"),
    ("a closure that holds itself", Refused, "fn value(v) { let f = (); f = |x| f.call(x); f.call(v) }"),
    (
        "map in map in map",
        Stopped,
        "fn value(v) { f(8) } fn f(n) { [1, 2, 3, 4, 5, 6, 7, 8, 9].map(|x| if n > 0 { f(n - 1) } else { n }) }",
    ),
    ("currying without end", Stopped, "fn value(v) { let f = |x| x; loop { f = f.curry(v) } }"),
    // texts
    ("a text doubled", Refused, "fn value(v) { let t = \"xy\"; loop { t += t } }"),
    ("a text added to itself", Refused, "fn value(v) { let t = \"xy\"; loop { t = t + t } }"),
    ("a text in a text", Stopped, "fn value(v) { let t = \"xy\"; loop { t = `${t}${t}` } }"),
    ("a text replaced by more", Refused, "fn value(v) { let t = \"xx\"; loop { t = t.replace(\"x\", \"xxxx\") } }"),
    ("nothing replaced by much", Refused, "fn value(v) { let t = long(); loop { t = t.replace(\"\", t) } } LONG"),
    ("long texts in capitals", Stopped, "fn value(v) { let t = long(); loop { t.to_upper() } } LONG"),
    (
        "long texts searched",
        Stopped,
        "fn value(v) { let t = long(); let u = t.sub_string(9) + \"y\"; loop { t.contains(u) } } LONG",
    ),
    ("many long texts", Stopped, "fn value(v) { let t = long(); let l = []; loop { l.push(t + l.len()) } } LONG"),
    (
        "a text split into letters",
        Stopped,
        "fn value(v) { let t = long(); let l = []; loop { l += t.split(\"\") } } LONG",
    ),
    ("a long text many times joined", Refused, "fn value(v) { let t = long(); [t, t, t, t, t].join(t) } LONG"),
    ("a huge shown list", Harmless, "fn value(v) { let l = [long()]; for i in 0..9 { l += l } text(l).len() } LONG"),
    // lists
    ("a list doubled", Stopped, "fn value(v) { let l = [1]; loop { l += l } }"),
    ("a list added to itself", Stopped, "fn value(v) { let l = [1]; loop { l = l + l } }"),
    ("a list pushed without end", Stopped, "fn value(v) { let l = []; loop { l.push(1.5) } }"),
    ("a list that holds itself", Stopped, "fn value(v) { let l = [1]; loop { l.push(l) } }"),
    ("an element that is the list", Stopped, "fn value(v) { let l = [1, 2]; loop { l[0] = l; l[1] = l } }"),
    ("a list in a list in a list", Stopped, "fn value(v) { let l = []; loop { l = [l] } }"),
    ("deep lists compared", Stopped, "fn value(v) { let l = [1]; for i in 0..9000 { l = [l] } loop { l == l } }"),
    ("deep lists shown", Stopped, "fn value(v) { let l = [1]; for i in 0..9000 { l = [l] } loop { text(l) } }"),
    ("long lists sorted", Stopped, "fn value(v) { let l = many(); loop { l.sorted() } } MANY"),
    ("long lists sorted by a function", Stopped, "fn value(v) { let l = many(); loop { l.sorted_by(|x| -x) } } MANY"),
    ("long lists turned round", Stopped, "fn value(v) { let l = many(); loop { l = l.reversed() } } MANY"),
    ("long lists totalled", Stopped, "fn value(v) { let l = many(); loop { l.median() + l.sum() } } MANY"),
    ("the same long text sorted", Refused, "fn value(v) { let l = texts(); l.sorted().len() } TEXTS"),
    ("the same long text searched", Refused, "fn value(v) { let l = texts(); l.contains(long() + \"y\") } TEXTS"),
    ("the same long text compared", Refused, "fn value(v) { let l = texts(); let m = texts(); l == m } TEXTS"),
    (
        "long texts once each",
        Refused,
        "fn value(v) { let t = long(); let l = []; for i in 0..3000 { l.push([i, t]) } l.unique().len() } LONG",
    ),
    (
        "long texts as groups",
        Stopped,
        "fn value(v) { let l = []; let t = long(); for i in 0..3000 { l.push([i, t]) } l.group_by(|x| x).len() } LONG",
    ),
    ("long lists reduced", Stopped, "fn value(v) { many().reduce(|t, x| t + [x], []) } MANY"),
    // maps
    ("a map that holds itself", Stopped, "fn value(v) { let m = #{}; loop { m.a = m; m.b = m } }"),
    ("a map by keys", Stopped, "fn value(v) { let m = #{}; let i = 0; loop { m[`k${i}`] = m; i += 1 } }"),
    ("a map of many keys", Stopped, "fn value(v) { let m = #{}; let i = 0; loop { m.set(`key ${i}`, i); i += 1 } }"),
    ("a map in a map", Stopped, "fn value(v) { let m = #{}; loop { m = #{ m: m } } }"),
    // numbers
    ("powers of powers", Refused, "fn value(v) { 10 ** 100 ** 100 }"),
    ("numbers that grow", Refused, "fn value(v) { loop { v = v * v + 1 } }"),
    ("roots without end", Stopped, "fn value(v) { loop { sqrt(1234567.891) } }"),
    ("a literal of 60 digits", Refused, "fn value(v) { 123456789012345678901234567890123456789012345678901234567890 }"),
    // ways out
    ("eval", Refused, "fn value(v) { eval(\"loop { }\") }"),
    ("import", Refused, "import \"/etc/passwd\" as p; fn value(v) { v }"),
    ("a function by name", Refused, "fn value(v) { Fn(\"eval\").call(\"1\") }"),
    ("waiting", Refused, "fn value(v) { sleep(100) }"),
    ("the clock", Refused, "fn value(v) { timestamp() }"),
    ("a file", Refused, "fn value(v) { open_file(\"/etc/passwd\") }"),
    ("the environment", Refused, "fn value(v) { env(\"HOME\") }"),
    ("a blob", Refused, "fn value(v) { blob(1000000000) }"),
    ("a padded list", Refused, "fn value(v) { let l = []; l.pad(1000000000, 1); 1 }"),
    ("a parsed text", Refused, "fn value(v) { parse_json(\"{}\") }"),
    ("a changed `this`", Refused, "fn value(v) { this.x = 1; this }"),
    ("a changed context", Refused, "fn value(v, ctx) { ctx.org_unit.name = \"x\"; v }"),
    ("leaving the program", Refused, "fn value(v) { exit(0) }"),
    // printing
    ("a flood of lines", Stopped, "fn value(v) { loop { print(\"all is well\") } }"),
    ("a flood of long lines", Stopped, "fn value(v) { let t = long(); loop { debug(t) } } LONG"),
    // whole slices, which may take more steps
    ("rows in a list in a list", Stopped, "fn rows(rows) { let l = []; loop { l = [l] } }"),
    ("rows in a map in a map", Stopped, "fn rows(rows) { let m = #{}; loop { m = #{ m: m } } }"),
    ("rows copied without end", Stopped, "fn rows(rows) { loop { rows.push(rows[0].with_value(1)) } }"),
    ("rows changed without end", Stopped, "fn rows(rows) { loop { rows[0].value += 1 } }"),
    ("rows sorted without end", Stopped, "fn rows(rows) { loop { rows = rows.sorted_by(|r| r.org_unit.name) } }"),
    ("rows looked up without end", Stopped, "fn rows(rows) { loop { rows.group_by(|r| r.data.id) } }"),
    // the source itself
    ("deep brackets", Refused, "NESTED"),
    ("a huge text", Refused, "HUGE"),
    ("very many functions", Refused, "FUNCTIONS"),
    ("very many variables", Refused, "VARIABLES"),
];

/// The script behind its short form.
fn written(short: &str) -> String {
    const LONG: &str = "fn long() { let t = \"x\"; for i in 0..17 { t += t } t }";
    match short {
        "NESTED" => format!("fn value(v) {{ {}v{} }}", "(".repeat(50_000), ")".repeat(50_000)),
        "HUGE" => format!("fn value(v) {{ \"{}\" }}", "x".repeat(10_000_000)),
        "FUNCTIONS" => numbered("fn f{n}() { 1 }", "fn value(v) { v }"),
        "VARIABLES" => numbered("let x{n} = 1;", "v }").replacen("let", "fn value(v) { let", 1),
        _ => short
            .replace("TEXTS", &format!("fn texts() {{ let l = [long()]; for i in 0..18 {{ l += l }} l }} {LONG}"))
            .replace("MANY", "fn many() { let l = [3, 1, 2]; for i in 0..17 { l += l } l }")
            .replace("LONG", LONG),
    }
}

/// A line five thousand times, with its number in it, and an end.
fn numbered(line: &str, end: &str) -> String {
    let mut lines: Vec<String> = (0..5_000).map(|n| line.replace("{n}", &n.to_string())).collect();
    lines.push(end.to_owned());
    lines.join(" ")
}

fn named(letter: &str) -> Arc<Named> {
    Arc::new(Named { id: Uid::parse(&letter.repeat(11)).unwrap(), code: None, name: letter.to_owned() })
}

pub(crate) fn place() -> Place {
    Place {
        item: Arc::new(ItemNames {
            source: Arc::new(Named {
                id: DataItem::DataElement(Uid::parse(&"a".repeat(11)).unwrap()),
                code: None,
                name: "a".to_owned(),
            }),
            destination: named("b"),
            category_option_combo: named("c"),
            attribute_option_combo: named("c"),
        }),
        org_unit: Arc::new(OrgUnit {
            id: Uid::parse(&"u".repeat(11)).unwrap(),
            code: None,
            name: "Jacmel".to_owned(),
            path: "Haiti / Jacmel".to_owned(),
            level: 2,
        }),
        period: Period::parse("202402").unwrap(),
    }
}

pub(crate) fn twelve() -> Value {
    Value::Number(Number::from(12))
}

fn rows() -> Vec<Row> {
    rows_of(2_000)
}

/// So many rows.
pub(crate) fn rows_of(number: usize) -> Vec<Row> {
    let place = place();
    let row = |value: i64| Row {
        data: place.item.source.id,
        category_option_combo: None,
        attribute_option_combo: None,
        org_unit: place.org_unit.id,
        period: place.period,
        value: Some(Value::Number(Number::from(value))),
    };
    (0..).take(number).map(row).collect()
}

pub(crate) fn run_context() -> RunContext {
    RunContext {
        job: "job".to_owned(),
        source: "source".to_owned(),
        destination: "destination".to_owned(),
        now: "2024-03-05T06:00:00Z".to_owned(),
        params: Params::new(),
    }
}

fn runner(source: &str, budget: Duration) -> Runner {
    let script = Script::compile("hostile.rhai", source).unwrap_or_else(|error| panic!("{}", error.report()));
    Runner::with_budget(&script, run_context(), budget).unwrap()
}

/// Runs a script once and tells how it ended.
fn end_of(source: &str) -> (End, String) {
    let outcome = Script::compile("hostile.rhai", source)
        .and_then(|script| Runner::new(&script, run_context()))
        .and_then(|mut runner| {
            if source.starts_with("fn rows") {
                return runner.rows(&rows()).map(|_| ());
            }
            runner.value(&twelve(), &place()).map(|_| ())
        });
    match outcome {
        Ok(()) => (Harmless, String::new()),
        Err(error) if error.stop().is_some() => (Stopped, error.to_string()),
        Err(error) => (Refused, error.to_string()),
    }
}

/// A figure of this process in KiB, as the system counts it; none where it does not tell.
pub(crate) fn memory(figure: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(figure))?;
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok()
}

/// The time that this process has computed; none where the system does not tell. A machine that is busy with other
/// things makes a script late, and that says nothing about the script.
fn computed() -> Option<Duration> {
    const TICKS_PER_SECOND: u64 = 100; // what Linux promises to programs, whatever it counts itself
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, behind_the_name) = stat.rsplit_once(')')?;
    let ticks: u64 =
        behind_the_name.split_whitespace().skip(11).take(2).map_while(|part| part.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

const WHICH: &str = "HOSTILE_SCRIPT";

/// The process that runs one script: milliseconds, KiB and the end go to its parent.
#[test]
#[ignore = "started by `each_is_stopped_in_time_and_within_its_memory`, once for each script"]
fn one_script() {
    let which: usize = std::env::var(WHICH).ok().and_then(|which| which.parse().ok()).unwrap_or_default();
    let source = written(SCRIPTS[which].2);
    let before = memory("VmRSS").unwrap_or_default();
    let (start, computed_before) = (Instant::now(), computed());
    let (end, text) = end_of(&source);
    let computing = computed().zip(computed_before).map(|(after, before)| after.saturating_sub(before));
    let taken = computing.unwrap_or_else(|| start.elapsed()).as_millis();
    let grown = memory("VmHWM").unwrap_or_default().saturating_sub(before);
    println!("\nmeasured {taken} {grown} {end:?} {}", text.chars().take(200).collect::<String>());
}

/// Runs an ignored test of this binary once for each number, two at a time and each in a process of its own, which is told
/// its number by that variable.
pub(crate) fn each_alone(
    numbers: impl Iterator<Item = usize> + Send,
    test: &str,
    variable: &str,
) -> Vec<(usize, Output)> {
    let next = Mutex::new(numbers);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(which) = next.lock().unwrap().next() else { break };
                    let child = Command::new(std::env::current_exe().unwrap())
                        .args(["--exact", test, "--ignored", "--nocapture"])
                        .env(variable, which.to_string())
                        .stdin(Stdio::null())
                        .output()
                        .unwrap();
                    results.lock().unwrap().push((which, child));
                }
            });
        }
    });
    results.into_inner().unwrap()
}

/// What a script of the table took: time, KiB, how it ended, and its message.
fn measured(which: usize, child: &Output) -> (Duration, u64, String, String) {
    let output = String::from_utf8_lossy(&child.stdout).into_owned();
    let line = output.lines().find_map(|line| line.strip_prefix("measured "));
    let Some(line) = line else { panic!("{}: {output}{}", SCRIPTS[which].0, String::from_utf8_lossy(&child.stderr)) };
    let mut parts = line.splitn(4, ' ');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let (taken, grown) = (next().parse().unwrap(), next().parse().unwrap());
    (Duration::from_millis(taken), grown, next(), next())
}

#[test]
fn each_is_stopped_in_time_and_within_its_memory() {
    assert!(SCRIPTS.len() >= 40);
    let mut wrong = String::new();
    for (which, child) in each_alone(0..SCRIPTS.len(), "script_hostile::one_script", WHICH) {
        let (taken, grown, end, text) = measured(which, &child);
        let (name, expected, _) = SCRIPTS[which];
        let line = format!("{name}: {end} after {taken:?} and {} MiB: {text}\n", grown / 1024);
        print!("{line}");
        if taken > TIME || grown > MEMORY_KIB || end != format!("{expected:?}") {
            wrong.push_str(&line);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_limit_is_told_from_the_others_and_a_stopped_script_stays_stopped() {
    for (source, stop) in [
        ("fn value(v) { loop { } }", Stop::Operations),
        ("fn value(v) { let f = |x| x; loop { f = f.curry(v) } }", Stop::Time),
        ("fn value(v) { let l = [1, 2]; loop { l[0] = l; l[1] = l } }", Stop::Memory),
    ] {
        let mut runner = runner(source, Duration::from_mins(1));
        let error = runner.value(&twelve(), &place()).unwrap_err();
        assert_eq!(error.stop(), Some(stop), "{source}");
        let place_of_error = error.position();
        assert!(place_of_error.is_some() && error.hook().is_some(), "{source}");
        let again = runner.value(&twelve(), &place()).unwrap_err();
        assert_eq!((again.stop(), again.position()), (Some(stop), place_of_error), "{source}");
        assert_eq!(again.what(), format!("not tried: at an earlier value, {}", error.what()), "{source}");
    }
}

#[test]
fn all_calls_together_have_a_time_too() {
    let mut runner = runner("fn value(v) { for i in 0..20000 { v += i } v }", Duration::from_millis(20));
    let stops = (0..10_000).find_map(|_| runner.value(&twelve(), &place()).err());
    assert_eq!(stops.and_then(|error| error.stop()), Some(Stop::RunTime));
}

#[test]
fn what_calls_leave_behind_adds_up() {
    // A closure that holds itself is never freed. Each call leaves 128 KiB or so.
    let source = written("fn value(v) { let t = long() + v; let f = (); f = || [f, t]; v } LONG");
    let mut runner = runner(&source, Duration::from_mins(1));
    let calls = (1..1_000).find_map(|call| runner.value(&twelve(), &place()).err().map(|error| (call, error.stop())));
    let Some((call, stop)) = calls else { panic!("a thousand calls were not stopped") };
    assert_eq!(stop, Some(Stop::Memory));
    assert!((20..400).contains(&call), "{call}");
}

#[test]
fn calls_that_leave_nothing_behind_go_on() {
    let source = written("fn value(v) { let t = long() + v; let l = t.split(\"x\"); v * l.len() } LONG");
    let mut runner = runner(&source, Duration::from_mins(10));
    for _ in 0..60 {
        assert!(runner.value(&twelve(), &place()).is_ok());
    }
}
