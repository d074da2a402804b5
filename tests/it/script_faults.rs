//! A table of hostile scripts: each grows, nests, repeats, returns, throws or prints in one way, without end. Each ends
//! in words, within its memory, and nothing panics. What leaves a script is kept here as a run keeps it.
//!
//! Every script runs in a process of its own (see [`crate::script_hostile`]). No time is asserted: how long each took is
//! printed, and the slowest are looked at by hand.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use xfer_script::{RowsOutcome, Runner, Script, ScriptError, limits};

use crate::script_hostile::{each_alone, memory, place, rows_of, run_context, twelve};
use crate::support::Xfer;

/// Memory that the process may need for a script beyond what it was given, and with what it gave back: the 64 MiB that the
/// script may hold, and what the allocator keeps besides (74 MiB were measured, with 10,000 rows in a release build).
const MEMORY_KIB: u64 = 80 * 1024;

/// Values that a script is called with, or rows that it is given at once: fewer where the program is slow.
const VALUES: usize = if cfg!(debug_assertions) { 1_000 } else { 10_000 };

/// In a program that is not optimised, a part of the table is tried, of each family some; the rest in a release build.
const EACH: usize = if cfg!(debug_assertions) { 4 } else { 1 };

/// The longest message: what went wrong, and what to do.
const MESSAGE: usize = 3 * 2048;

/// A hostile script.
struct Hostile {
    name: String,
    source: String,
}

/// Texts, lists and maps of some size, for the scripts.
const HELPERS: &str = "fn long() { let t = \"x\"; for i in 0..17 { t += t } t }
fn many() { let l = [3, 1, 2]; for i in 0..16 { l += l } l }
fn deep() { let l = [1]; for i in 0..9000 { l = [l] } l }
fn f(x) { x }";

/// One script for each of some pieces, put into a frame at `…`.
fn family(all: &mut Vec<Hostile>, name: &str, frame: &str, pieces: &[&str]) {
    for piece in pieces {
        let source = format!("{}\n{HELPERS}", frame.replacen('…', piece, 1));
        all.push(Hostile { name: format!("{name}: {piece}"), source });
    }
}

const TEXTS: &[&str] = &[
    "t += t",
    "t = t + t",
    "t = `${t}${t}`",
    "t = t.replace(\"x\", t)",
    "t = t.replace(\"\", t)",
    "t = [t, t].join(t)",
    "t = text([t, t])",
    "t = t.to_upper() + t.to_lower()",
    "t += 1.5",
    "t = t + [t, t]",
    "t = t + #{ a: t }",
    "t = t.split(\"\").join(\"xx\")",
    "t = t.sub_string(0) + t.trim()",
    "l.push(t.split(\"\"))",
    "l.push(t + l.len())",
    "l.push(t.sub_string(l.len()))",
    "l.push(t.to_upper())",
    "t.contains(t + \"y\")",
    "t.index_of(t + \"y\")",
];

const LISTS: &[&str] = &[
    "l.push(l)",
    "l += l",
    "l = l + l",
    "l = [l, l]",
    "l[0] = l",
    "l[0] = [l, l]",
    "l = l.map(|x| [x, x])",
    "l = l.filter(|x| true) + l",
    "l = l.sorted() + l",
    "l = l.reversed() + l",
    "l = l.unique() + l",
    "l = l.slice(0, 9999999) + l",
    "l.push(#{ a: l })",
    "l = l.reduce(|t, x| t + [x, x], [])",
    "l = l.sorted_by(|x| 0) + l",
    "l.push(`${l}`)",
    "l = l.group_by(|x| x).values() + l",
    "l.push(l.len()); l.unique()",
    "l.push(|x| x)",
    "l == l; l.push(1)",
    "l.contains(l); l.push([l.len()])",
];

const MAPS: &[&str] = &[
    "m.set(`k${m.len()}`, m)",
    "m[`k${m.len()}`] = m.len()",
    "m.a = m; m.b = m",
    "m = #{ a: m, b: m }",
    "m.set(`${m}`, 1)",
    "m = [m, m].group_by(|x| x)",
    "m.set(`k${m.len()}`, m.keys())",
    "m.set(`k${m.len()}`, m.values())",
    "m == m; m.set(text(m.len()), 1)",
    "m.set(long() + m.len(), 1)",
];

const CLOSURES: &[&str] = &[
    "let g = |x| x; loop { g = g.curry(v) }",
    "let g = |x| x; for i in 0..3000 { g = g.curry(i) } g.call()",
    "let g = (); g = |x| g.call(x); g.call(v)",
    "let g = |h, x| h.call(h, x); g.call(g, v)",
    "let l = []; loop { let t = long(); l.push(|| t) }",
    "let g = || 1; loop { let h = g; g = || [h, h] }",
    "[1, 2].map(|a| many().map(|b| many().map(|c| many().map(|d| d))))",
    "many().sorted_by(|x| many().sorted_by(|y| -y).len())",
    "many().group_by(|x| long())",
    "many().reduce(|t, x| t + `${t}`, \"x\")",
    "let g = Fn(\"f\"); loop { g = Fn(g.call(\"f\")) }",
    "many().filter(|x| f(|y| y))",
];

const CALLS: &[&str] = &[
    "value(v)",
    "value(v) + value(v)",
    "f(value(f(v)))",
    "[v].map(|x| value(x))",
    "let l = []; l.push(value(v)); l",
    "`${value(v)}`",
    "if value(v) == 1 { 1 } else { 2 }",
    "try { value(v) } catch { value(v) }",
    "switch value(v) { 1 => 1, _ => 2 }",
];

const LOOPS: &[&str] = &[
    "loop { }",
    "loop { continue; }",
    "while true { v += 0 }",
    "do { } while true",
    "do { } until false",
    "for i in 0..9223372036854775807 { v = i }",
    "for a in 0..999999 { for b in 0..999999 { v = b } }",
    "loop { try { throw 1 } catch { } }",
    "loop { try { f() } catch (e) { v = e } }",
    "loop { switch v { 1 => 2, _ => 3 } }",
    "loop { for i in many() { } }",
    "loop { sqrt(12345.678) }",
    "loop { many().sum() }",
    "loop { many().median() }",
    "loop { long().len() }",
    "loop { deep() }",
    "loop { text(deep()) }",
    "loop { deep() == deep() }",
    "loop { ctx.period.shift(1).periods(\"Daily\") }",
];

const NUMBERS: &[&str] = &[
    "123456789012345678901234567890123456789",
    "79228162514264337593543950335 + 1",
    "0.0000000000000000000000000001 / 10",
    "1 / 3",
    "v / 0",
    "v % 0",
    "9223372036854775807 + 1",
    "-9223372036854775807 - 2",
    "(-9223372036854775807 - 1) / -1",
    "(-9223372036854775807 - 1) % -1",
    "10 ** 28",
    "10 ** 999999999",
    "10 ** -999999999",
    "0 ** -1",
    "sqrt(-1)",
    "v.round(999999999999)",
    "v.round(-5)",
    "1e5",
    "0xffffffffffffffffffff",
    "0b111111111111111111111111111111111111111111111111111111111111111111111111",
    "1_000_000_000_000_000_000_000_000_000_000",
    "number(long())",
    "number(\"9999999999999999999999999999999999999999\")",
    "number(\"1e999999999\")",
    "number(\"NaN\")",
    "v << 99999999999",
    "v >> -1",
];

/// What a script gives back for each of many values.
const RETURNED: &[&str] = &[
    "long()",
    "long() + ctx.org_unit.id + v",
    "long().to_upper()",
    "[long(), long()]",
    "#{ a: long() }",
    "many()",
    "deep()",
    "|x| x",
    "skip(long())",
    "skip(long() + v)",
    "throw long()",
    "throw long() + v",
    "throw [long(), long()]",
    "throw #{ a: long(), b: many() }",
    "throw many()",
    "throw deep()",
    "throw |x| x",
    "throw 1.5",
    "throw ()",
    "number(long())",
    "#{ a: 1 }[long()]",
    "let m = #{ a: 1 }; m[long()].b",
    "ctx.params[long()]",
    "lookup(long())",
    "Fn(long()).call(1)",
    "[1, long()].sum()",
    "[1, long()].sorted()",
    "long() - 1",
    "print(long()); v",
    "print(many()); v",
    "debug(deep()); v",
    "for i in 0..200 { print(long()) } v",
    "\"é\" + long() + \"é\"",
    "throw \"€\" + long().replace(\"xxxx\", \"€\")",
];

/// What a script makes of many rows.
const ROWS: &[&str] = &[
    "let t = long(); rows.map(|r| r.with_value(t))",
    "let t = long(); rows.map(|r| r.with_value(t + r.value))",
    "let t = long(); for r in rows { r.value = t } rows",
    "let t = long(); rows.map(|r| r.skip(t))",
    "let t = long(); rows.map(|r| r.reject(t))",
    "rows.map(|r| r.reject(long() + r.value))",
    "throw long()",
    "skip(long())",
    "rows + rows + rows + rows + rows + rows + rows + rows",
    "let l = []; for i in 0..40 { l += rows } l",
    "let l = rows; loop { l += l }",
    "let l = rows; loop { l = l.map(|r| r) + l }",
    "loop { rows.push(row(#{ data: rows[0].data, org_unit: rows[0].org_unit, period: \"202401\", value: long() })) }",
    "let t = long(); rows.map(|r| r.copy(#{ value: t }))",
    "rows.map(|r| r.with_period(long()))",
    "rows.map(|r| r.copy(#{ org_unit: long() }))",
    "rows.map(|r| rows.len())",
    "map(rows, |r| rows.filter(|s| s.value == r.value))",
    "loop { rows.sorted_by(|r| r.org_unit.name) }",
    "loop { rows.group_by(|r| r) }",
    "[rows]",
    "rows.map(|r| long())",
    "#{ rows: rows }",
    "let m = #{}; for r in rows { m.set(text(r) + m.len(), rows) } rows",
];

/// Syntax that can stand in itself: before and behind it.
const NESTING: &[(&str, &str)] = &[
    ("(", ")"),
    ("[", "]"),
    ("#{ a: ", " }"),
    ("{ ", " }"),
    ("f(", ")"),
    ("-", ""),
    ("!", ""),
    ("|x| ", ""),
    ("`${", "}`"),
    ("if v == 1 { ", " }"),
    ("if v == 1 { 1 } else ", ""),
    ("if v == 1 { 1 } else { ", " }"),
    ("switch v { _ => ", " }"),
    ("while v == 1 { ", " }"),
    ("for i in 0..1 { ", " }"),
    ("loop { ", " }"),
    ("do { ", " } while v == 1"),
    ("try { ", " } catch { }"),
    ("v + ", ""),
    ("v ** ", ""),
    ("v ?? ", ""),
    ("v == v && ", ""),
    ("f.", ""),
    ("f(v).", ""),
    ("v[", "]"),
    ("return ", ""),
    ("throw ", ""),
    ("v = ", ""),
    ("/* ", " */"),
    ("Fn(", ")"),
];

/// What a text can have many of: before, each with its number, between, behind.
const MANY: &[(&str, &str, &str, &str, &str)] = &[
    ("arguments", "fn value(v) { f(", "{n}", ",", ") }"),
    ("arguments of a member", "fn value(v) { v.f(", "v", ",", ") }"),
    ("arguments in a text", "fn value(v) { `${f(", "1", ",", ")}` }"),
    ("parameters", "fn g(", "p{n}", ",", ") { 1 } fn value(v) { v }"),
    ("parameters of a closure", "fn value(v) { let g = |", "p{n}", ",", "| 1; g.call(v) }"),
    ("elements", "fn value(v) { [", "{n}", ",", "].len() }"),
    ("lists", "fn value(v) { [", "[{n},[]]", ",", "].len() }"),
    ("keys", "fn value(v) { #{", "k{n}:1", ",", "}.len() }"),
    ("equal keys", "fn value(v) { #{", "k:1", ",", "}.len() }"),
    ("cases", "fn value(v) { switch v {", "{n}=>1", ",", "} }"),
    ("ranges", "fn value(v) { switch v {", "{n}..99=>1", ",", "} }"),
    ("variables", "fn value(v) { ", "let x{n}=v", ";", "; v }"),
    ("equal variables", "fn value(v) { ", "let x=v", ";", "; v }"),
    ("constants", "fn value(v) { ", "const C{n}=1", ";", "; v }"),
    ("loops", "fn value(v) { ", "for i{n} in 0..1{}", " ", " v }"),
    ("functions", "", "fn f{n}(){1}", " ", " fn value(v) { v }"),
    ("words `fn`", "fn value(v) { x } ", "fn", " ", ""),
    ("statements", "fn value(v) { ", "v+=1", ";", "; v }"),
    ("semicolons", "fn value(v) { ", ";", "", " v }"),
    ("texts", "fn value(v) { [", "\"\"", "+", "].len() }"),
    ("insertions", "fn value(v) { `", "${v}", "", "` }"),
    ("members", "fn value(v) { v", ".a", "", " }"),
    ("calls", "fn value(v) { v", ".f()", "", " }"),
    ("indexes", "fn value(v) { v", "[0]", "", " }"),
    ("sums", "fn value(v) { ", "v", "+", " }"),
    ("branches", "fn value(v) { ", "if v==1{1}", "else ", " }"),
    ("comments", "fn value(v) { ", "/**/", "", " v }"),
    ("open comments", "fn value(v) { v } ", "/*", "", ""),
    ("open brackets", "fn value(v) { x ", "f(|", "", ""),
    ("names", "fn value(v) { nosuchname ", "n{n}", " ", " }"),
    ("lines", "fn value(v) { ", "\n", "", " v }"),
    ("commas", "fn value(v) { ", ",", "", " v }"),
    ("blanks", "fn value(v) { ", "\u{a0}", "", " v }"),
];

/// All of them.
fn table() -> Vec<Hostile> {
    let mut all = Vec::new();
    let texts = "fn value(v, ctx) { let t = long(); let l = []; loop { … } }";
    family(&mut all, "texts", texts, TEXTS);
    family(&mut all, "short texts", "fn value(v, ctx) { let t = \"x\"; let l = []; loop { … } }", TEXTS);
    family(&mut all, "lists", "fn value(v, ctx) { let l = [1, 2]; loop { … } }", LISTS);
    family(&mut all, "lists of a slice", "fn rows(rows) { let l = [1, 2]; loop { … } }", LISTS);
    family(&mut all, "maps", "fn value(v, ctx) { let m = #{}; loop { … } }", MAPS);
    family(&mut all, "maps of a slice", "fn rows(rows) { let m = #{}; loop { … } }", MAPS);
    family(&mut all, "closures", "fn value(v, ctx) { … }", CLOSURES);
    family(&mut all, "calls", "fn value(v) { … }", CALLS);
    family(&mut all, "loops", "fn value(v, ctx) { … v }", LOOPS);
    family(&mut all, "numbers", "fn value(v, ctx) { … }", NUMBERS);
    family(&mut all, "given back", "fn value(v, ctx) { … }", RETURNED);
    family(&mut all, "rows", "fn rows(rows, ctx) { … }", ROWS);
    for (before, behind) in NESTING {
        for depth in [20, 100, 20_000] {
            // As deep as the longest source allows.
            let depth = depth.min(250_000 / (before.len() + behind.len()));
            let source =
                format!("fn value(v) {{ {}v{} }}\nfn f(x) {{ x }}", before.repeat(depth), behind.repeat(depth));
            all.push(Hostile { name: format!("{before}…{behind} {depth} deep"), source });
        }
    }
    for (name, before, each, between, behind) in MANY {
        for most in [5_000, 250_000] {
            let mut source = (*before).to_owned();
            let mut number = 0;
            while number < most && source.len() < 250_000 {
                let _ = write!(
                    source,
                    "{}{}",
                    if number > 0 { between } else { "" },
                    each.replace("{n}", &number.to_string())
                );
                number += 1;
            }
            source.push_str(behind);
            source.push_str("\nfn f(x) { x }");
            all.push(Hostile { name: format!("{number} {name}"), source });
        }
    }
    all.push(Hostile { name: "names that are long".to_owned(), source: long_names() });
    all.push(Hostile { name: "a source too long".to_owned(), source: "/".repeat(300_000) });
    all
}

/// Two names of a hundred thousand letters, one of them misspelt.
fn long_names() -> String {
    let name = "n".repeat(100_000);
    format!("fn value(v) {{ let {name} = 1; m{name} }}")
}

/// What came of a script: what it gave back is kept until its memory was measured.
struct Came {
    kept: Vec<String>,
    rows: Option<RowsOutcome>,
    error: Option<ScriptError>,
}

fn came_of(source: &str) -> Came {
    let mut came = Came { kept: Vec::new(), rows: None, error: None };
    let runner = Script::compile("hostile.rhai", source).and_then(|script| Runner::new(&script, run_context()));
    let mut runner = match runner {
        Ok(runner) => runner,
        Err(error) => {
            came.error = Some(error);
            return came;
        }
    };
    if source.starts_with("fn rows") {
        match runner.rows(&rows_of(VALUES)) {
            Ok(rows) => came.rows = Some(rows),
            Err(error) => came.error = Some(error),
        }
        return came;
    }
    let slow = Instant::now();
    xfer_script::with_room(|| {
        for _ in 0..VALUES {
            match runner.value(&twelve(), &place()) {
                Ok(outcome) => came.kept.push(format!("{outcome:?}")),
                Err(error) => {
                    came.kept.push(error.report());
                    let stopped = error.stop().is_some();
                    came.error.get_or_insert(error);
                    if stopped {
                        break;
                    }
                }
            }
            // What is slow, but ends, is as slow each time: the first values say it.
            if slow.elapsed() > Duration::from_secs(2) {
                break;
            }
        }
    });
    came
}

const WHICH: &str = "HOSTILE_FAULT";

/// The process that runs one script: what it took goes to its parent.
#[test]
#[ignore = "started by `every_hostile_script_ends_in_words_and_within_its_memory`, once for each script"]
fn one_hostile_script() {
    let which: usize = std::env::var(WHICH).ok().and_then(|which| which.parse().ok()).unwrap_or_default();
    let source = table().swap_remove(which).source;
    let before = memory("VmRSS").unwrap_or_default();
    let start = Instant::now();
    let came = came_of(&source);
    let taken = start.elapsed().as_millis();
    let grown = memory("VmHWM").unwrap_or_default().saturating_sub(before);
    let text = came.error.map(|error| error.report()).unwrap_or_default();
    let rows = came.rows.map_or(0, |rows| format!("{rows:?}").len());
    println!("\nmeasured {taken} {grown} {} {rows} {text:?}", came.kept.len());
}

/// What of the engine must not stand in a message.
const FOREIGN: &[&str] = &["Dynamic", "rhai::", "i64", "ImmutableString", "ErrorSyntax", "Position", "panicked"];

/// What is wrong with how a script ended; none where nothing is.
fn wrong_with(grown: u64, text: &str) -> Option<String> {
    if grown > MEMORY_KIB {
        return Some(format!("{} MiB", grown / 1024));
    }
    if text.len() > MESSAGE * 2 {
        return Some(format!("a message of {} bytes", text.len()));
    }
    if let Some(foreign) = FOREIGN.iter().find(|foreign| text.contains(**foreign)) {
        return Some(format!("`{foreign}` in its message"));
    }
    let placed = text == "\"\"" || text.contains("hostile.rhai:") || text.contains("the script is too long");
    (!placed).then(|| "no place in its message".to_owned())
}

#[test]
fn every_hostile_script_ends_in_words_and_within_its_memory() {
    let table = table();
    assert!(table.len() >= 150, "{}", table.len());
    let children = each_alone((0..table.len()).step_by(EACH), "script_faults::one_hostile_script", WHICH);
    let (mut wrong, mut told) = (String::new(), Vec::new());
    for (which, child) in children {
        let name = &table[which].name;
        let output = String::from_utf8_lossy(&child.stdout).into_owned();
        let measured = output.lines().find_map(|line| line.strip_prefix("measured "));
        let Some(measured) = measured else {
            let _ = writeln!(wrong, "{name}: no end: {output}{}", String::from_utf8_lossy(&child.stderr));
            continue;
        };
        let mut parts = measured.splitn(5, ' ');
        let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).unwrap_or_default();
        let (taken, grown, calls, _) = (number(), number(), number(), number());
        let text = parts.next().unwrap_or_default();
        told.push((taken, format!("{taken} ms, {} MiB, {calls} calls: {name}: {:.150}", grown / 1024, text)));
        if let Some(what) = wrong_with(grown, text) {
            let _ = writeln!(wrong, "{name}: {what}: {text:.300}");
        }
    }
    told.sort_unstable_by(|left, right| right.cmp(left));
    for (_, line) in &told {
        println!("{line}");
    }
    println!("{} scripts", told.len());
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_tools_of_scripts_obey_the_same_limits() {
    let xfer = Xfer::new();
    xfer.file("fine.rhai", "fn value(v, ctx) { ctx.params.long.len() + v }");
    xfer.file("long.rhai", "/".repeat(limits::SOURCE + 1));
    xfer.file("many.rhai", format!("fn value(v) {{ [{}].len() }}", "1, ".repeat(limits::ELEMENTS + 1)));
    xfer.file("fine.tests.ron", " ".repeat(limits::TESTS + 1));
    let long = format!("long={}", "x".repeat(limits::PARAMETER));
    for (words, said) in [
        (vec!["script", "check", "long.rhai"], "long.rhai is too long: a script has at most 256 KiB"),
        (vec!["script", "run", "long.rhai", "--row", "value=1"], "a script has at most 256 KiB"),
        (vec!["script", "check", "many.rhai"], "many.rhai:1:"),
        (vec!["script", "test", "many.rhai"], "this list has more than 4096 elements"),
        (vec!["script", "test", "fine.rhai"], "fine.tests.ron is too long"),
        (vec!["script", "run", "fine.rhai", "--row", "value=1", "--param", &long], "the parameter `long` is too long"),
        (vec!["script", "bench", "fine.rhai", "--param", &long], "the parameter `long` is too long"),
    ] {
        let output = xfer.args(&words);
        assert!(output.code != 0 && output.code != 70, "{output}");
        assert!(format!("{}{}", output.stdout, output.stderr).contains(said), "{said}\n{output}");
    }
    let lines = format!(
        "{}\nprint(\"{}\")\nthrow \"{}\"\n1 + 1\n",
        "x".repeat(400_000),
        "y".repeat(100_000),
        "z".repeat(100_000)
    );
    let stdin = std::fs::File::open(xfer.file("lines", lines)).unwrap();
    let mut repl = xfer.prepared(&["script", "repl"]);
    let output = xfer.finished(repl.stdin(stdin));
    assert!(
        output.stderr.contains("the script is too long") && output.stdout.contains("\n2\n"),
        "{:.2000}",
        output.stderr
    );
    assert!(output.stdout.len() + output.stderr.len() < 10_000, "what is too long is not shown whole");
}

/// What a script says of many values or rows.
fn said(source: &str) -> String {
    let came = came_of(&format!("{source}\n{HELPERS}"));
    came.error.map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn what_leaves_a_script_is_metered_as_what_is_in_it() {
    let rows = said("fn rows(rows) { let t = long(); rows.map(|r| r.with_value(t)) }");
    assert!(rows.contains("the function returned far more than its input"), "{rows}");
    let values = said("fn value(v) { long() }");
    assert_eq!(values, "hostile.rhai:1:1: in `value`: the script was stopped: it returns too much text");
    let few = said("fn value(v) { `this was ${v} once, and now it is a text of a few words` }");
    assert_eq!(few, "", "many short texts are fine");
    let reasons = came_of(&format!("fn value(v) {{ throw long() }}\n{HELPERS}"));
    let longest = reasons.kept.iter().map(String::len).max().unwrap_or_default();
    assert!(longest < 2_200 && reasons.kept[0].contains("… (cut)"), "{longest}");
}
