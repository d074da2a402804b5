//! The org unit map of five thousand units on its way through a spreadsheet: written, damaged as spreadsheets and people
//! damage files, refused by line, column and sentence, mended, and taken over as a whole.

use std::collections::BTreeMap;

use secrecy::SecretString;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};
use xfer_domain::pair::Pair;
use xfer_domain::secret::Login;
use xfer_domain::server::{Account, BaseUrl, ServerIdentity};
use xfer_domain::uid::Uid;
use xfer_storage::store::{AnalyticsFlags, ConfigStore, Home, NewServer, SyncedServer};

use crate::support::second_country::{Language, corrupt, synthetic};
use crate::support::{Output, Xfer};

/// Names that a spreadsheet takes for something else.
const TRICKY: [&str; 8] = [
    "=HYPERLINK(\"x\")",
    "+237 Clinic",
    "@home",
    "-Marigot",
    "'=quoted",
    "Dispensaire \"Espoir\"; Nord, Sud",
    "-5",
    "Poste de Santé Étang-Clair",
];

/// A file taken apart: header, then rows.
type Table = (Vec<String>, Vec<Vec<String>>);

/// A home with two countries of some five thousand units and a map between them.
struct Desk {
    xfer: Xfer,
    source: Metadata,
    destination: Metadata,
}

impl Desk {
    fn new() -> Self {
        let mut source = synthetic(Language::French, 77, 4_300);
        let second = corrupt(&source, 77);
        let facilities: Vec<Uid> =
            source.organisation_units.values().filter(|unit| unit.level() == 5).map(|unit| unit.id).collect();
        for (id, name) in facilities.iter().zip(TRICKY) {
            (*name).clone_into(&mut source.organisation_units.get_mut(id).unwrap().name);
        }
        let mut destination = second.destination;
        let targets: Vec<Uid> = facilities.iter().filter_map(|id| second.truth[id].destination).collect();
        for (id, name) in targets.iter().zip(TRICKY) {
            (*name).clone_into(&mut destination.organisation_units.get_mut(id).unwrap().name);
        }
        let rows: Vec<OrgUnitMapping> = second
            .truth
            .iter()
            .enumerate()
            .filter_map(|(number, (unit, truth))| {
                let certain = number % 3 > 0;
                Some(OrgUnitMapping {
                    source: *unit,
                    destination: Some(truth.destination?),
                    method: MatchMethod::Name,
                    score: Some(if certain { 0.97 } else { 0.612_345 }),
                    class: Some(if certain { MatchClass::Sure } else { MatchClass::Ask }),
                    explanation: Some("same name, parent Jacmel matched by code; but codes differ: 1 and 2".to_owned()),
                    state: if certain { MappingState::Confirmed } else { MappingState::Proposed },
                    note: None,
                })
            })
            .collect();
        let xfer = Xfer::new();
        let mut config = ConfigStore::open(&Home::new(xfer.home())).unwrap();
        let ids = [("tracker", &source), ("national", &destination)].map(|(name, metadata)| {
            let server = config
                .add_server(&NewServer {
                    name: name.to_owned(),
                    url: BaseUrl::parse(&format!("https://{name}.example.org")).unwrap(),
                    login: Login::Basic { username: "admin".to_owned(), password: SecretString::from("secret") },
                    allow_http: false,
                    certificates: None,
                })
                .unwrap();
            let identity = ServerIdentity {
                system_id: format!("system-of-{name}"),
                system_name: None,
                version: "2.42.1".parse().unwrap(),
                calendar: "iso8601".to_owned(),
            };
            let account = Account {
                username: "admin".to_owned(),
                authorities: vec!["ALL".to_owned()],
                organisation_units: Vec::new(),
                data_view_organisation_units: Vec::new(),
            };
            let synced = SyncedServer {
                metadata,
                identity: &identity,
                account: &account,
                analytics: AnalyticsFlags::default(),
                synced_at: "2026-01-02T03:04:05.000",
            };
            config.save_metadata(server.id, &synced).unwrap();
            server.id
        });
        config.replace_org_unit_map(Pair { source: ids[0], destination: ids[1] }, &rows, &|_| None).unwrap();
        Self { xfer, source, destination }
    }

    #[track_caller]
    fn export(&self, style: &str) -> Vec<u8> {
        let _ = self.xfer.run(&format!("orgunit export tracker national map.csv --yes {style}")).expect_code(0);
        std::fs::read(self.xfer.home().join("map.csv")).unwrap()
    }

    fn import(&self, bytes: &[u8]) -> Output {
        self.xfer.file("edited.csv", bytes);
        self.xfer.run("orgunit import tracker national edited.csv --format json")
    }

    /// Destination units that nobody in the table goes to and whose code and path are theirs alone.
    fn free(&self, table: &Table) -> Vec<Uid> {
        let taken: Vec<&str> = table.1.iter().map(|row| row[column(table, "destination_id")].as_str()).collect();
        let mut paths: BTreeMap<String, usize> = BTreeMap::new();
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        for unit in self.destination.organisation_units.values() {
            *paths.entry(self.destination.org_unit_path_names(unit.id)).or_default() += 1;
            *codes.entry(unit.code.as_deref().unwrap_or_default()).or_default() += 1;
        }
        let alone = |unit: &Uid| {
            let code = self.destination.organisation_units[unit].code.as_deref().unwrap_or_default();
            paths[&self.destination.org_unit_path_names(*unit)] == 1 && (code.is_empty() || codes[code] == 1)
        };
        let mut free: Vec<Uid> = self.destination.organisation_units.keys().copied().filter(alone).collect();
        free.sort_by_key(|unit| taken.contains(&unit.as_str()));
        free
    }
}

fn column(table: &Table, name: &str) -> usize {
    table.0.iter().position(|known| known == name).unwrap()
}

fn read(bytes: &[u8], separator: u8) -> Table {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(bytes);
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
    (header, rows)
}

fn write(table: &Table) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_record(&table.0).unwrap();
    table.1.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// The lines that name mistakes, as they were printed.
fn mistakes(output: &Output) -> Vec<String> {
    let lines = output.stderr.lines().filter_map(|line| line.trim().strip_prefix("caused by: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_style_is_the_same_map_and_what_a_spreadsheet_does_to_it_changes_nothing() {
    let desk = Desk::new();
    let plain = desk.export("");
    let table = read(&plain, b',');
    assert_eq!(table.1.len(), desk.source.organisation_units.len());
    assert!(table.1.len() >= 5_000, "{} rows", table.1.len());
    let french = desk.export("--bom --separator ;");
    assert!(french.starts_with(b"\xef\xbb\xbfsource_id;source_code;source_name"));
    assert_eq!(read(&french[3..], b';'), table);
    let names: Vec<&str> = table.1.iter().map(|row| row[column(&table, "source_name")].as_str()).collect();
    for (tricky, written) in TRICKY.iter().zip([
        "'=HYPERLINK(\"x\")",
        "'+237 Clinic",
        "'@home",
        "'-Marigot",
        "''=quoted",
        TRICKY[5],
        TRICKY[6],
        TRICKY[7],
    ]) {
        assert!(names.contains(&written), "{tricky} is written as {written}");
    }

    // Columns and rows the other way round, headers in capitals, an empty column, empty lines, CRLF.
    let backwards = |row: &Vec<String>| {
        let mut row: Vec<String> = row.iter().rev().cloned().collect();
        row.push(String::new());
        row
    };
    let capitals: Vec<String> = table.0.iter().map(|name| name.to_uppercase()).collect();
    let damaged: Table = (backwards(&capitals), table.1.iter().rev().map(backwards).collect());
    let mut damaged = String::from_utf8(write(&damaged)).unwrap().replace('\n', "\r\n");
    damaged.push_str("\r\n,,,\r\n\r\n");
    let output = desk.import(damaged.as_bytes()).expect_code(0);
    assert!(output.stderr.contains(&format!("0 added, 0 changed, 0 removed, {} unchanged", table.1.len())), "{output}");
    assert_eq!(desk.export(""), plain);
}

#[test]
fn each_mistake_is_named_by_line_column_and_sentence_and_nothing_is_applied() {
    let desk = Desk::new();
    let plain = desk.export("");
    let mut table = read(&plain, b',');
    let at = |name: &str| column(&table, name);
    let (source_id, source_code, source_path) = (at("source_id"), at("source_code"), at("source_path"));
    let (target_id, target_code, target_path) = (at("destination_id"), at("destination_code"), at("destination_path"));
    let (state, score, method, class) = (at("state"), at("score"), at("method"), at("class"));
    let mapped: Vec<usize> =
        (100..table.1.len()).filter(|row| !table.1[*row][target_id].is_empty()).step_by(97).collect();
    let mut expected: BTreeMap<usize, String> = BTreeMap::new();
    let mut kinds = 0;
    let mut rows = mapped.into_iter();
    let mut broken = |table: &mut Table, mend: &dyn Fn(&mut Vec<String>) -> String| {
        let row = rows.next().unwrap();
        let said = mend(&mut table.1[row]);
        // The header is line 1, the first row line 2.
        expected.insert(row + 2, format!("line {}{said}", row + 2));
        kinds += 1;
    };
    let table = &mut table;
    broken(table, &|row| {
        row[source_id] = "Xxxxxxxxxx1".to_owned();
        ", column source_id: `Xxxxxxxxxx1` is not an org unit of the source server".to_owned()
    });
    broken(table, &|row| {
        row[source_id] = "abc".to_owned();
        ", column source_id: `abc` is not a DHIS2 id".to_owned()
    });
    broken(table, &|row| {
        for cell in [source_id, source_code, source_path] {
            row[cell].clear();
        }
        ", column source_id: no source unit: fill in source_id, source_code or source_path".to_owned()
    });
    broken(table, &|row| {
        row[target_id] = "Yyyyyyyyyy1".to_owned();
        ", column destination_id: `Yyyyyyyyyy1` is not an org unit of the destination server".to_owned()
    });
    broken(table, &|row| {
        row[target_id].clear();
        row[target_code] = "no such code, nowhere".to_owned();
        ", column destination_code: no org unit of the destination server has the code `no such code, nowhere`"
            .to_owned()
    });
    broken(table, &|row| {
        row[target_id].clear();
        row[target_code].clear();
        row[target_path].push_str(" / Nowhere");
        ", column destination_path: no org unit of the destination server has the path".to_owned()
    });
    broken(table, &|row| {
        for cell in [target_id, target_code, target_path] {
            row[cell].clear();
        }
        row[state] = "confirmed".to_owned();
        ", column destination_id: no destination unit, but the state is confirmed".to_owned()
    });
    broken(table, &|row| {
        row[state] = "perhaps".to_owned();
        ", column state: `perhaps` is not a state; use confirmed, proposed or ignored".to_owned()
    });
    broken(table, &|row| {
        row[score] = "97 %".to_owned();
        ", column score: `97 %` is not a number from 0 to 1".to_owned()
    });
    broken(table, &|row| {
        row[method] = "guess".to_owned();
        ", column method: `guess` is not a method; leave it empty".to_owned()
    });
    broken(table, &|row| {
        row[class] = "certain".to_owned();
        ", column class: `certain` is not a class; use sure, likely or ask, or leave it empty".to_owned()
    });
    // A row that stands there twice: the second one is the mistake.
    let first = table.1[7].clone();
    table.1.push(first);
    let name = desk.source.name_of(Uid::parse(&table.1[7][source_id]).unwrap());
    let last = table.1.len() + 1;
    expected.insert(last, format!("line {last}, column source_id: {name} is already on line 9"));

    let output = desk.import(&write(table)).expect_code(2);
    let found = mistakes(&output);
    assert_eq!(found.len(), kinds + 1, "\n{output}");
    for (said, expected) in found.iter().zip(expected.values()) {
        assert!(said.starts_with(expected.as_str()), "{said}\n{expected}");
    }
    insta::assert_snapshot!(output.stderr, @r#"
    error: edited.csv has 12 mistakes and was not imported
      caused by: line 102, column source_id: `Xxxxxxxxxx1` is not an org unit of the source server
      caused by: line 203, column source_id: `abc` is not a DHIS2 id (a letter followed by ten letters or digits)
      caused by: line 307, column source_id: no source unit: fill in source_id, source_code or source_path
      caused by: line 407, column destination_id: `Yyyyyyyyyy1` is not an org unit of the destination server
      caused by: line 510, column destination_code: no org unit of the destination server has the code `no such code, nowhere`
      caused by: line 612, column destination_path: no org unit of the destination server has the path `Baoulé / Charangon / Zone 1 / GUÉMÉLÉ / Banraguéran / CENTRE MEDICAL RODERROBOU TOUDER / Nowhere`; did you mean `Baoulé / Charangon / Zone 1 / GUÉMÉLÉ / Banraguéran / CENTRE MEDICAL RODERROBOU TOUDER`?
      caused by: line 716, column destination_id: no destination unit, but the state is confirmed
      caused by: line 815, column state: `perhaps` is not a state; use confirmed, proposed or ignored
      caused by: line 916, column score: `97 %` is not a number from 0 to 1
      caused by: line 1022, column method: `guess` is not a method; leave it empty
      caused by: line 1125, column class: `certain` is not a class; use sure, likely or ask, or leave it empty
      caused by: line 5319, column source_id: Centre de Santé Kouvilssi is already on line 9
    hint: nothing was imported; correct these lines and import the file again
    {"format":"xfer-error/1","exit_code":2,"error":"edited.csv has 12 mistakes and was not imported","causes":["line 102, column source_id: `Xxxxxxxxxx1` is not an org unit of the source server","line 203, column source_id: `abc` is not a DHIS2 id (a letter followed by ten letters or digits)","line 307, column source_id: no source unit: fill in source_id, source_code or source_path","line 407, column destination_id: `Yyyyyyyyyy1` is not an org unit of the destination server","line 510, column destination_code: no org unit of the destination server has the code `no such code, nowhere`","line 612, column destination_path: no org unit of the destination server has the path `Baoulé / Charangon / Zone 1 / GUÉMÉLÉ / Banraguéran / CENTRE MEDICAL RODERROBOU TOUDER / Nowhere`; did you mean `Baoulé / Charangon / Zone 1 / GUÉMÉLÉ / Banraguéran / CENTRE MEDICAL RODERROBOU TOUDER`?","line 716, column destination_id: no destination unit, but the state is confirmed","line 815, column state: `perhaps` is not a state; use confirmed, proposed or ignored","line 916, column score: `97 %` is not a number from 0 to 1","line 1022, column method: `guess` is not a method; leave it empty","line 1125, column class: `certain` is not a class; use sure, likely or ask, or leave it empty","line 5319, column source_id: Centre de Santé Kouvilssi is already on line 9"],"hints":["nothing was imported; correct these lines and import the file again"]}
    "#);
    assert_eq!(desk.export(""), plain, "nothing was applied");

    // What keeps the whole file from being read.
    let text = String::from_utf8(plain.clone()).unwrap();
    let line = text.lines().nth(3_000).unwrap();
    let wide = text.replacen(line, &format!("{line},,too,much"), 1);
    let fine = "aaaaaaaaaaa,bbbbbbbbbbb,,fine\n";
    let open = format!(
        "source_id,destination_id,state,note\n{}aaaaaaaaaaa,bbbbbbbbbbb,,\"not closed\n{}",
        fine.repeat(2_999),
        fine.repeat(2_000)
    );
    let misspelt = text.replacen("destination_id", "destination", 1);
    let twice = text.replacen("source_code", "source_id", 1);
    let short = text.replace("destination_id,destination_code,", "").replacen("destination_path,", "", 1);
    for (file, said) in [
        (wide, "line 3001: 17 cells, but the header has 14"),
        (open, "line 3001: a quotation mark starts a cell here that continues over whole rows"),
        (
            misspelt,
            "line 1, column destination: unknown column; did you mean destination_id? the columns are source_id",
        ),
        (twice, "line 1, column source_id: the column is there twice"),
        (short, "line 1: the column destination_id or destination_code or destination_path is missing"),
    ] {
        let output = desk.import(file.as_bytes()).expect_code(2);
        assert!(mistakes(&output)[0].starts_with(said), "{said}\n{output}");
    }
    let latin1: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect();
    let output = desk.import(&latin1).expect_code(2);
    assert_eq!(mistakes(&output), ["line 1: the file is not UTF-8; save it as \"CSV UTF-8\""]);
    assert_eq!(desk.export(""), plain, "nothing was applied");
}

#[test]
fn what_a_person_changed_is_applied_as_a_whole_and_comes_out_again() {
    let desk = Desk::new();
    let before = desk.export("");
    let mut table = read(&before, b',');
    let at = |name: &str| column(&table, name);
    let (target_id, target_code, target_path) = (at("destination_id"), at("destination_code"), at("destination_path"));
    let target_name = at("destination_name");
    let (state, note, explanation) = (at("state"), at("note"), at("explanation"));
    let mut free = desk.free(&table).into_iter();
    let mut expected: BTreeMap<String, (String, String, String)> = BTreeMap::new();
    let (mut added, mut changed, mut removed, mut kept) = (0, 0, 0, 0);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (number, row) in table.1.iter().enumerate() {
        let mut edited = row.clone();
        let is_mapped = !row[target_id].is_empty();
        match number % 40 {
            // Taken out of the file: stays as it is.
            0 => {
                expected.insert(row[0].clone(), (row[target_id].clone(), row[state].clone(), row[note].clone()));
                continue;
            }
            // Emptied: taken out of the map.
            1 => {
                for cell in [target_id, target_code, target_name, target_path, state] {
                    edited[cell].clear();
                }
                removed += usize::from(is_mapped);
                kept += usize::from(!is_mapped);
            }
            // Another unit, by id alone.
            2 if is_mapped => {
                for cell in [target_code, target_name, target_path] {
                    edited[cell].clear();
                }
                edited[target_id] = free.next().unwrap().to_string();
                edited[state] = "Confirmed".to_owned();
                changed += 1;
            }
            // Another unit, by path alone.
            3 if is_mapped => {
                let unit = free.next().unwrap();
                for cell in [target_id, target_code, target_name] {
                    edited[cell].clear();
                }
                edited[target_path] = desk.destination.org_unit_path_names(unit);
                changed += 1;
            }
            // Deliberately left out, with a remark that looks like a formula.
            4 => {
                edited[state] = "IGNORED".to_owned();
                edited[note] = "=closed(2024)".to_owned();
                for cell in [target_id, target_code, target_path] {
                    edited[cell].clear();
                }
                added += usize::from(!is_mapped);
                changed += usize::from(is_mapped);
            }
            // Filled in where there was nothing; no state means confirmed.
            _ if !is_mapped && number % 2 == 0 => {
                edited[target_id] = free.next().unwrap().to_string();
                added += 1;
            }
            _ => kept += 1,
        }
        let target = if edited[state].eq_ignore_ascii_case("ignored") {
            String::new()
        } else if edited[target_id].is_empty() && !edited[target_path].is_empty() {
            let path = &edited[target_path];
            let units = desk.destination.organisation_units.keys();
            let named = units.filter(|unit| desk.destination.org_unit_path_names(**unit) == *path);
            named.map(ToString::to_string).next().unwrap()
        } else {
            edited[target_id].clone()
        };
        let new_state = match (edited[state].to_lowercase(), target.is_empty()) {
            (state, _) if !state.is_empty() => state,
            (_, true) => String::new(),
            (_, false) => "confirmed".to_owned(),
        };
        let written = if edited[note].is_empty() { String::new() } else { format!("'{}", edited[note]) };
        expected.insert(row[0].clone(), (target, new_state, written));
        rows.push(edited);
    }
    table.1 = rows;
    let summary = format!("{added} added, {changed} changed, {removed} removed, {kept} unchanged");
    let file = write(&table);
    let output = desk.import(&file).expect_code(0);
    assert!(output.stderr.contains(&summary), "{summary}\n{output}");
    assert!(added > 50 && changed > 100 && removed > 50, "{summary}");

    let bytes = desk.export("");
    let after = read(&bytes, b',');
    assert_eq!(after.1.len(), expected.len());
    for row in &after.1 {
        let found = (row[target_id].clone(), row[state].clone(), row[note].clone());
        assert_eq!(found, expected[&row[0]], "{row:?}");
        assert!(row[target_id].is_empty() || !row[target_path].is_empty(), "{row:?}");
    }
    // What was not touched still says how it was found.
    let explained = after.1.iter().filter(|row| row[explanation].starts_with("same name")).count();
    assert!(explained > 4_000, "{explained}");

    // What was there before comes back.
    let _ = desk.xfer.run("orgunit undo tracker national").expect_code(2);
    let _ = desk.xfer.run("orgunit undo tracker national --yes").expect_code(0);
    assert_eq!(desk.export(""), before);
    assert!(desk.import(&file).expect_code(0).stderr.contains(&summary));
    assert_eq!(desk.export(""), bytes);

    // The same file again changes nothing, nor does what came out.
    let settled = format!("0 added, 0 changed, 0 removed, {} unchanged", table.1.len());
    assert!(desk.import(&file).expect_code(0).stderr.contains(&settled));
    assert!(desk.import(&bytes).expect_code(0).stderr.contains("0 added, 0 changed, 0 removed"));
    assert_eq!(desk.export(""), bytes);
}
