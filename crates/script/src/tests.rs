//! Scripts as analysts write them, through the same door as the rest of the program.

use std::sync::Arc;

use crate::{
    Contribution, ItemNames, KeptRow, LeftOut, Named, NamedData, Number, OrgUnit, Origin, Outcome, Param, Place, Row,
    RowsOutcome, RunContext, Runner, Script, ScriptError, Slice, Value,
};
use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

fn id(letter: char) -> Uid {
    Uid::parse(&letter.to_string().repeat(11)).unwrap()
}

fn data(letter: char, code: &str, name: &str) -> Arc<NamedData> {
    Arc::new(NamedData { id: DataItem::DataElement(id(letter)), code: Some(code.to_owned()), name: name.to_owned() })
}

fn named(letter: char, code: &str, name: &str) -> Arc<Named> {
    Arc::new(Named { id: id(letter), code: Some(code.to_owned()), name: name.to_owned() })
}

fn unit(letter: char, name: &str) -> Arc<OrgUnit> {
    Arc::new(OrgUnit {
        id: id(letter),
        code: Some(format!("OU_{letter}")),
        name: name.to_owned(),
        path: format!("Haiti / Nord / {name}"),
        level: 3,
    })
}

pub(super) fn place() -> Place {
    Place {
        item: Arc::new(ItemNames {
            source: data('a', "ANC1", "ANC 1st visit"),
            destination: named('b', "N_ANC1", "National ANC 1"),
            category_option_combo: named('c', "DEF", "default"),
            attribute_option_combo: named('c', "DEF", "default"),
        }),
        org_unit: unit('u', "Jacmel"),
        period: Period::parse("202402").unwrap(),
    }
}

pub(super) fn run_context() -> RunContext {
    RunContext {
        job: "Monthly ANC".to_owned(),
        source: "tracker".to_owned(),
        destination: "national".to_owned(),
        now: "2024-03-05T06:00:00Z".to_owned(),
        params: [
            ("factor".to_owned(), Param::Number(number("0.07"))),
            ("names".to_owned(), Param::List(vec![Param::Text("x".to_owned())])),
        ]
        .into(),
    }
}

pub(super) fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

pub(super) fn runner(source: &str) -> Runner {
    let script = Script::compile("test.rhai", source).unwrap_or_else(|error| panic!("{}", error.report()));
    Runner::new(&script, run_context()).unwrap()
}

fn value_of(source: &str, value: &Value) -> Result<Outcome<Value>, ScriptError> {
    runner(source).value(value, &place())
}

/// What an expression of `v` is, as it would be sent.
fn calculated(expression: &str, v: &str) -> String {
    match value_of(&format!("fn value(v, ctx) {{ {expression} }}"), &Value::Number(number(v))) {
        Ok(Outcome::Changed(value)) => value.to_string(),
        Ok(Outcome::Unchanged) => v.to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(error) => panic!("{expression}: {}", error.report()),
    }
}

#[test]
fn figures_are_what_a_health_officer_expects() {
    for (expression, expected) in [
        // products and quotients that binary floats get wrong
        ("0.07 * 100", "7"),
        ("10 / 4", "2.5"),
        ("4.35 * 100", "435"),
        ("1.1 * 1.1", "1.21"),
        ("0.1 + 0.2", "0.3"),
        ("0.1 * 3", "0.3"),
        ("1.005 * 1000", "1005"),
        ("8.2 - 0.2", "8"),
        ("1 - 0.9", "0.1"),
        ("100 * 1.1", "110"),
        ("0.57 * 100", "57"),
        ("1.15.round(1)", "1.2"),
        ("2.675.round(2)", "2.68"),
        ("[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1].sum()", "1"),
        // shares that make a whole
        ("1 / 3 + 1 / 3 + 1 / 3", "1"),
        ("1 / 3 * 3", "1"),
        ("if 1 / 3 * 3 == 1 { 1 } else { 0 }", "1"),
        ("floor(1 / 3 * 3)", "1"),
        ("2 / 3", "0.666666666666667"),
        ("200 / 3", "66.6666666666667"),
        ("7 / 7", "1"),
        ("100 * 37 / 111", "33.3333333333333"),
        ("(100 * 1 / 3).round(1)", "33.3"),
        // whole numbers are numbers
        ("7 / 2", "3.5"),
        ("-7 / 2", "-3.5"),
        ("7 % 2", "1"),
        ("7.5 % 2", "1.5"),
        ("2 ** 10", "1024"),
        ("2 ** -2", "0.25"),
        ("9223372036854775807 + 1", "9223372036854775808"),
        ("3000000000 * 4000000000", "12000000000000000000"),
        ("5 / 2 * 2", "5"),
        // rounding goes away from zero at the half
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(3.5)", "4"),
        ("round(0.5)", "1"),
        ("round(2.345, 2)", "2.35"),
        ("round(1234.5678, 0)", "1235"),
        ("floor(-1.5)", "-2"),
        ("ceil(1.2)", "2"),
        ("abs(-3.5)", "3.5"),
        ("min(2, 2.5)", "2"),
        ("max(2, 2.5)", "2.5"),
        ("sqrt(2)", "1.4142135623731"),
        ("sqrt(144)", "12"),
        ("sign(-0.5)", "-1"),
        // a number that is whole again counts as one
        ("switch 0.5 * 4 { 2 => 20, _ => 0 }", "20"),
        ("[10, 20, 30][4 / 2]", "30"),
        ("let n = 0; for i in 0..6 / 2 { n += i } n", "3"),
        ("let x = 10; x /= 4; x", "2.5"),
        ("let x = 1; x += 0.5; x *= 2; x -= 1; x", "2"),
        ("let x = 9223372036854775807; x += 1; x", "9223372036854775808"),
        ("[1, 2.5, 3].average()", "2.16666666666667"),
        ("[3, 1, 2].median()", "2"),
        ("[4, 1, 3, 2].median()", "2.5"),
        ("[2.5, 10, 1].max()", "10"),
        ("[2.5, 10, 1].sorted().join(\";\")", "1;2.5;10"),
        ("number(\"12.50\") * 2", "25"),
        ("\"Total: \" + 2.50", "Total: 2.5"),
        ("`${0.07 * 100}`", "7"),
        ("v * 1", "12"),
        ("v + ctx.params.factor", "12.07"),
    ] {
        assert_eq!(calculated(expression, "12"), expected, "{expression}");
    }
}

#[test]
fn a_value_is_kept_changed_dropped_or_refused() {
    let twelve = || Value::Number(number("12"));
    let outcome = |source: &str| value_of(source, &twelve()).unwrap();
    assert_eq!(outcome("fn value(v, ctx) { v }"), Outcome::Unchanged);
    assert_eq!(outcome("fn value(v) { v * 2 }"), Outcome::Changed(Value::Number(number("24"))));
    assert_eq!(outcome("fn value(v) { \"many\" }"), Outcome::Changed(Value::Text("many".to_owned())));
    assert_eq!(outcome("fn value(v) { v > 5 }"), Outcome::Changed(Value::Boolean(true)));
    let dropped = Outcome::Dropped { reason: "too small".to_owned() };
    assert_eq!(outcome("fn value(v) { if v < 20 { skip(\"too small\") } v }"), dropped);
    assert!(matches!(outcome("fn value(v) { () }"), Outcome::Dropped { .. }));
    let refused = Outcome::Rejected { reason: "12 is odd".to_owned() };
    assert_eq!(outcome("fn value(v) { check(v) } fn check(v) { throw `${v} is odd` }"), refused);
    assert_eq!(outcome("fn rows(rows, ctx) { rows }"), Outcome::Unchanged, "no such hook");
}

#[test]
fn the_context_is_there_to_read() {
    for (expression, expected) in [
        ("ctx.job", "Monthly ANC"),
        ("ctx.source + \" to \" + ctx.destination", "tracker to national"),
        ("ctx.item.source.name", "ANC 1st visit"),
        ("ctx.item.destination.code", "N_ANC1"),
        ("ctx.item.coc.name", "default"),
        ("ctx.org_unit.path", "Haiti / Nord / Jacmel"),
        ("ctx.org_unit.level", "3"),
        ("ctx.period", "202402"),
        ("ctx.period.type", "Monthly"),
        ("ctx.period.start", "2024-02-01"),
        ("ctx.period.end", "2024-02-29"),
        ("ctx.period.days", "29"),
        ("ctx.period.shift(-2).id", "202312"),
        ("ctx.period.to(\"Quarterly\").id", "2024Q1"),
        ("if ctx.period.end < ctx.now { \"over\" } else { \"open\" }", "over"),
        ("if ctx.period > period(\"202401\") { 1 } else { 0 }", "1"),
        ("ctx.params.factor * 100", "7"),
        ("ctx.params.names.len", "1"),
        ("if ctx.params.contains(\"other\") { 1 } else { 0 }", "0"),
    ] {
        let source = format!("fn value(v, ctx) {{ `${{{{{expression}}}}}` }}");
        match value_of(&source, &Value::Number(number("1"))) {
            Ok(Outcome::Changed(value)) => assert_eq!(value.to_string(), expected, "{expression}"),
            other => panic!("{expression}: {other:?}"),
        }
    }
}

#[test]
fn yes_and_no_turn_round() {
    assert_eq!(calculated("if !(v > 5) { 1 } else { 2 }", "3"), "1");
    assert_eq!(calculated("if ![1, 2].contains(v) { 1 } else { 2 }", "2"), "2");
}

#[test]
fn periods_move_and_are_left_out() {
    let moved = |source: &str| runner(source).period(&place().item, place().period).unwrap();
    assert_eq!(moved("fn period(p, ctx) { p.shift(-1) }"), Outcome::Changed(Period::parse("202401").unwrap()));
    assert_eq!(moved("fn period(p, ctx) { p }"), Outcome::Unchanged);
    assert_eq!(moved("fn period(p, ctx) { p.to(\"Yearly\") }"), Outcome::Changed(Period::parse("2024").unwrap()));
    assert_eq!(moved("fn period(p, ctx) { \"2024Q2\" }"), Outcome::Changed(Period::parse("2024Q2").unwrap()));
    assert_eq!(moved("fn period(p, ctx) { skip(\"old\") }"), Outcome::Dropped { reason: "old".to_owned() });
}

#[test]
fn a_period_is_decided_on_for_all_org_units_and_before_any_value_is_read() {
    let refused = |source: &str| runner(source).period(&place().item, place().period).unwrap_err().report();
    insta::assert_snapshot!(refused("fn period(p, ctx) { if ctx.org_unit.level > 2 { p } else { p.shift(1) } }"), @r"
    test.rhai:1:28: in `period`: `ctx.org_unit` is not available in `period`: its result is for all org units
      1 | fn period(p, ctx) { if ctx.org_unit.level > 2 { p } else { p.shift(1) } }
        |                            ^
      row: ANC 1st visit in 202402
      hint: decide by `p` and `ctx.item`; org units whose values go to other periods need a separate job
    ");
    insta::assert_snapshot!(refused("fn period(p, ctx) { if lookup(\"ANC1\") > 2 { p } else { p.shift(1) } }"), @r#"
    test.rhai:1:24: in `period`: `lookup` finds nothing in `period`: periods are decided before any value is read
      1 | fn period(p, ctx) { if lookup("ANC1") > 2 { p } else { p.shift(1) } }
        |                        ^
      row: ANC 1st visit in 202402
      hint: decide by `p` and `ctx.item`, which are the same for all values
    "#);
    let source =
        "fn period(p, ctx) { if ctx.period == p && ctx.item.source.code == \"ANC1\" { p.shift(1) } else { p } }";
    let moved = runner(source).period(&place().item, place().period);
    assert_eq!(moved, Ok(Outcome::Changed(Period::parse("202403").unwrap())));
}

/// The values that a script makes of one value after another, each at an org unit of its own.
fn in_turn(source: &str, values: &[(&str, &str)]) -> Vec<String> {
    let mut runner = runner(source);
    let mut one = |value: &str, name: &str| {
        let place = Place { org_unit: unit('v', name), ..place() };
        match runner.value(&Value::Number(number(value)), &place) {
            Ok(Outcome::Changed(value)) => value.to_string(),
            Ok(Outcome::Unchanged) => "unchanged".to_owned(),
            Ok(Outcome::Dropped { reason } | Outcome::Rejected { reason }) => reason,
            Err(error) => error.what().to_owned(),
        }
    };
    values.iter().map(|(value, name)| one(value, name)).collect()
}

#[test]
fn a_call_finds_nothing_of_the_one_before() {
    for (source, expected) in [
        ("fn value(v, ctx) { ctx.org_unit.name }", ["Jacmel", "Marigot", "Bainet"]),
        ("fn value(v, ctx) { let name = ctx.org_unit.name; ctx = 5; v = 6; name }", ["Jacmel", "Marigot", "Bainet"]),
        ("fn value(v, ctx) { let f = || ctx.org_unit.name; f.call() }", ["Jacmel", "Marigot", "Bainet"]),
        ("fn value(v, ctx) { let f = (); f = || [f, ctx]; ctx.org_unit.name }", ["Jacmel", "Marigot", "Bainet"]),
        ("fn value(v, ctx) { if v == 1 { return v * 10 } let v = v * 20; v }", ["10", "40", "60"]),
        ("fn value(v) { if v == 1 { skip(\"one\") } if v == 2 { throw \"two\" } v * 30 }", ["one", "two", "90"]),
        (
            "fn value(v) { if v == 2 { v / 0 } else { deeper(v) } } fn deeper(v) { let x = v; v += 1; x + v }",
            ["3", "you divided by zero", "7"],
        ),
        ("fn value(v) { for i in 0..3 { if i == v { return i * 100 } } v }", ["100", "200", "unchanged"]),
        ("fn value(v) { v *= 2; v }", ["2", "4", "6"]),
        // What is bound to `this` is not what the next call finds.
        (
            "fn keep() { this = #{ factor: this.factor + 1 } }
             fn value(v, ctx) { let before = ctx.params.factor; ctx.params.keep(); before }",
            ["0.07", "0.07", "0.07"],
        ),
        ("fn keep() { this = 7 } fn value(v, ctx) { let n = ctx.job.len(); ctx.keep(); n }", ["11", "11", "11"]),
        ("fn value(v, ctx) { ctx.params.names.push(\"y\"); ctx.params.names.len() }", ["unchanged", "1", "1"]),
    ] {
        assert_eq!(in_turn(source, &[("1", "Jacmel"), ("2", "Marigot"), ("3", "Bainet")]), expected, "{source}");
    }
}

#[test]
fn a_function_is_found_anew_where_it_gets_another_kind_of_value() {
    let source = "fn value(v, ctx) { let l = [1, 2.5, \"x\", ctx.period]; text(l.map(|x| text(x) + v)) }";
    let both = in_turn(source, &[("1", "Jacmel"), ("0.5", "Jacmel"), ("1", "Jacmel")]);
    assert_eq!(both[0], both[2]);
    assert_ne!(both[0], both[1]);
    assert_eq!(in_turn("fn value(v) { v * 2 }", &[("1", "a"), ("0.1", "a"), ("3", "a")]), ["2", "0.2", "6"]);
}

#[test]
fn a_list_may_be_used_within_its_own_function_in_the_form_that_the_message_names() {
    let lent = value_of("fn value(v) { let l = [v, 1]; l.map(|x| x + l.len())[0] }", &Value::Number(number("12")));
    insta::assert_snapshot!(lent.unwrap_err().report(), @r"
    test.rhai:1:31: in `value`: a list is used inside the function that loops over it
      1 | fn value(v) { let l = [v, 1]; l.map(|x| x + l.len())[0] }
        |                               ^
      row: National ANC 1 at Jacmel in 202402 = 12
      hint: write `map(l, |…| …)` in the place of `l.map(|…| …)`: it goes through a copy
    ");
    for (expression, expected) in [
        ("map(l, |x| x + l.len())[0]", "14"),
        ("filter(l, |x| x < l.max()).len()", "1"),
        ("if some(l, |x| x == l[1]) { 1 } else { 0 }", "1"),
        ("reduce(l, |t, x| t + x * l.len(), 0)", "26"),
        ("sorted_by(l, |x| l.index_of(x))[1]", "1"),
    ] {
        assert_eq!(calculated(&format!("let l = [v, 1]; {expression}"), "12"), expected, "{expression}");
    }
}

#[test]
fn a_limit_says_where_it_stopped_the_script() {
    let stopped = |source: &str| {
        let error = value_of(source, &Value::Number(number("12"))).unwrap_err();
        assert!(error.stop().is_some(), "{}", error.report());
        (error.position().unwrap(), error.what().to_owned())
    };
    let endless = "the script was stopped: it did not end";
    let two_loops = "fn value(v) {\n    for i in 0..3 { v += i }\n    loop {\n    }\n}";
    // At the loop or at its empty block, wherever a limit caught it.
    let (place, what) = stopped(two_loops);
    assert!(matches!(place, (3, 5 | 10)) && what == endless, "{place:?} {what}");
    let (place, what) =
        stopped("fn value(v) {\n    for i in 0..3 { v += i }\n    while v > 0 {\n        v += 1;\n    }\n}");
    assert!((3..=4).contains(&place.0) && what == endless, "{place:?} {what}");
    let elsewhere = "fn value(v) {\n    v + endless(v)\n}\nfn endless(v) {\n    loop { v += 1 }\n}";
    assert_eq!(stopped(elsewhere), ((2, 9), format!("{endless}, in `endless`, which begins at line 4")));
    let growing = "fn value(v) {\n    let l = [1, 2];\n    loop {\n        l[0] = l;\n        l[1] = l;\n    }\n}";
    let (place, what) = stopped(growing);
    assert!((3..=5).contains(&place.0), "{place:?}");
    assert_eq!(what, "the script was stopped: it needs too much memory");
    let within = "fn value(v) {\n    [1, 2, 3]\n        .map(|x| { loop { } })\n}";
    assert_eq!(stopped(within), ((3, 10), endless.to_owned()));
}

#[test]
fn what_was_not_tried_is_told_from_what_did_not_end() {
    let ends = in_turn("fn value(v) { if v == 2 { loop {} } v }", &[("1", "a"), ("2", "b"), ("3", "c")]);
    let stop = "the script was stopped: it did not end";
    assert_eq!(ends, ["unchanged", stop, &format!("not tried: at an earlier value, {stop}")]);
}

#[test]
fn nothing_outside_of_the_functions_runs() {
    for source in [
        "fn value(v) { v }\n{ print(\"outside\") }",
        "`${skip(\"outside\")}`;\nfn value(v) { v }",
        "fn value(v) { v }\n[print(1)];",
    ] {
        let refused = Script::compile("test.rhai", source).map(|_| ()).map_err(|error| error.what().to_owned());
        assert_eq!(refused, Err("this is outside every function, so it would never run".to_owned()), "{source}");
    }
}

#[test]
fn the_sources_of_a_value_are_known_where_it_is_combined_only() {
    let error = value_of("fn value(v, ctx) { ctx.sources.map(|s| s.value).sum() }", &Value::Number(number("12")));
    let error = error.unwrap_err();
    assert_eq!(error.what(), "`ctx.sources` is not available in `value`, only in `combine`");
}

#[test]
fn a_function_that_takes_another_number_of_values_is_no_riddle() {
    for (expression, values) in [("[1, 2].map(|a, b| a).sum()", "one value"), ("[1, 2].reduce(|a| a, 0)", "2 values")] {
        let error = value_of(&format!("fn value(v) {{ {expression} }}"), &Value::Number(number("12"))).unwrap_err();
        assert_eq!(error.what(), format!("this passes {values} to a function that has another number of parameters"));
        assert_eq!(
            error.advice(),
            Some(
                "a function for `reduce` has two, the total and the element: `|total, x| …`; all others have one: \
                 `|x| …`"
            )
        );
    }
}

#[test]
fn a_slice_is_not_refused_for_its_size() {
    let given: Vec<Row> = (0..200_000).map(|n| row('a', None, "202402", &n.to_string())).collect();
    for (body, last) in [
        ("rows.map(|r| r.with_value(r.value + 1))", "200000"),
        ("rows.unique()", "199999"),
        ("rows.sorted_by(|r| r.value)", "199999"),
        (
            "let texts = rows.map(|r| r.org_unit.id + text(r.value)).unique(); if texts.len() == 200000 { rows }",
            "199999",
        ),
    ] {
        let mut runner = runner(&format!("fn rows(rows, ctx) {{ {body} }}"));
        runner.enter(slice());
        let outcome = runner.rows(&given).unwrap_or_else(|error| panic!("{body}: {}", error.report()));
        let RowsOutcome::Rows { kept, dropped, rejected } = outcome else { panic!("{body}") };
        assert_eq!((kept.len(), dropped.len(), rejected.len()), (200_000, 0, 0), "{body}");
        assert_eq!(kept[199_999].row.value, Some(Value::Number(number(last))), "{body}");
    }
}

#[test]
fn many_values_become_one() {
    let part = |value: &str, period: &str| Contribution {
        value: Value::Number(number(value)),
        org_unit: unit('v', "Marigot"),
        period: Period::parse(period).unwrap(),
    };
    let parts = [part("0.1", "202401"), part("0.2", "202402"), part("4", "202403")];
    let combined = |source: &str| runner(source).combine(&parts, &place()).unwrap();
    assert_eq!(combined("fn combine(values, ctx) { values.sum() }"), Outcome::Changed(Value::Number(number("4.3"))));
    let latest = "fn combine(values, ctx) { ctx.sources.sorted_by(|s| s.period).last().value }";
    assert_eq!(combined(latest), Outcome::Changed(Value::Number(number("4"))));
    let shares = "fn combine(values, ctx) { let total = values.sum(); values.map(|x| x / total).sum().round(3) }";
    assert_eq!(combined(shares), Outcome::Changed(Value::Number(number("1"))));
    let missing = runner("fn value(v) { v }").combine(&parts, &place()).unwrap_err();
    assert_eq!(missing.what(), "the script has no function `combine`");
}

fn slice() -> Arc<Slice> {
    let mut slice = Slice::new();
    slice.add_data(data('a', "ANC1", "ANC 1st visit"));
    slice.add_data(data('b', "ANC2", "ANC 2nd visit"));
    slice.add_option_combo(named('f', "F", "Female"));
    slice.add_option_combo(named('m', "M", "Male"));
    slice.add_org_unit(unit('u', "Jacmel"));
    slice.add_org_unit(unit('v', "Marigot"));
    slice.add_value(&row('b', Some('f'), "202402", "7"));
    slice.add_value(&row('b', Some('m'), "202402", "5"));
    slice.add_value(&row('a', None, "202401", "40"));
    Arc::new(slice)
}

fn row(data: char, combo: Option<char>, period: &str, value: &str) -> Row {
    Row {
        data: DataItem::DataElement(id(data)),
        category_option_combo: combo.map(id),
        attribute_option_combo: None,
        org_unit: id('u'),
        period: Period::parse(period).unwrap(),
        value: Some(Value::Number(number(value))),
    }
}

#[test]
fn rows_are_changed_made_and_left_out_and_none_is_lost() {
    let given = [row('a', None, "202402", "10"), row('a', None, "202401", "0"), row('b', Some('f'), "202402", "-1")];
    let mut runner = runner(
        "fn rows(rows, ctx) {
            let kept = rows.filter(|r| r.value != 0).map(|r| if r.value < 0 { r.skip(\"negative\") } else { r });
            kept[0].value *= 2;
            kept.push(kept[0].copy(#{ org_unit: \"Marigot\", value: 1 }));
            kept.push(row(#{ data: \"ANC2\", coc: \"Male\", org_unit: \"OU_u\", period: \"202402\", value: 3 }));
            kept
        }",
    );
    runner.enter(slice());
    let RowsOutcome::Rows { kept, dropped, rejected } = runner.rows(&given).unwrap() else { panic!() };
    assert_eq!(
        kept,
        [
            KeptRow { row: row('a', None, "202402", "20"), origin: Origin::Changed(0) },
            KeptRow { row: Row { org_unit: id('v'), ..row('a', None, "202402", "1") }, origin: Origin::Created },
            KeptRow { row: row('b', Some('m'), "202402", "3"), origin: Origin::Created },
        ]
    );
    assert_eq!(
        dropped,
        [
            LeftOut { index: 1, reason: "the script did not return it".into() },
            LeftOut { index: 2, reason: "negative".into() },
        ]
    );
    assert_eq!(rejected, []);
}

#[test]
fn rows_are_made_in_rows_only() {
    let mut runner = runner(
        "fn rows(rows) { rows.push(make(1)); rows }
        fn value(v) { make(v).value }
        fn make(v) { row(#{ data: \"ANC1\", org_unit: \"Jacmel\", period: \"202402\", value: v }) }",
    );
    runner.enter(slice());
    let RowsOutcome::Rows { kept, .. } = runner.rows(&[row('a', None, "202402", "10")]).unwrap() else { panic!() };
    assert_eq!(kept.len(), 2);
    let error = runner.value(&Value::Number(number("1")), &place()).unwrap_err();
    assert_eq!(error.what(), "rows can be made and changed only in `rows`");
}

#[test]
fn other_values_of_the_slice_can_be_looked_up() {
    let mut runner = runner(
        "fn value(v, ctx) {
            let before = lookup(\"ANC1\", #{ period: ctx.period.shift(-1) });
            let absent = lookup(\"ANC 1st visit\", #{ period: \"202312\" });
            if absent != () { throw \"there is none\" }
            v + before + lookup_all(\"ANC 2nd visit\").sum() + lookup(\"ANC2\", #{ coc: \"Female\" })
        }",
    );
    runner.enter(slice());
    let outcome = runner.value(&Value::Number(number("1")), &place()).unwrap();
    assert_eq!(outcome, Outcome::Changed(Value::Number(number("60"))));
}

#[test]
fn what_is_printed_is_handed_over_and_bounded() {
    let mut runner = runner("fn value(v) { for i in 0..300 { print(`line ${i}`) } v }");
    assert_eq!(runner.value(&Value::Number(number("1")), &place()), Ok(Outcome::Unchanged));
    let log = runner.take_log();
    assert_eq!((log.lines.len(), log.left_out, log.lines[1].as_str()), (100, 200, "line 1"));
}

#[test]
fn the_line_that_acts_is_known() {
    let script = Script::compile("a.rhai", "// fn value(v)\n\nfn value(v) { v }").unwrap();
    assert_eq!(script.acted(xfer_domain::script::Hook::Value).unwrap().to_string(), "a.rhai:3");
    assert!(script.defines(xfer_domain::script::Hook::Value) && !script.defines(xfer_domain::script::Hook::Rows));
}

#[test]
fn engines_move_between_threads() {
    fn can_move<T: Send>() {}
    can_move::<Runner>();
    can_move::<Script>();
}
