//! Migrations, tried on homes as they were before.

use rusqlite::Connection;

use super::MIGRATIONS;
use crate::store::config::names::{Name, number_of};
use crate::store::error::Kind;
use crate::store::migrate::migrate;

#[test]
fn names_of_before_are_found_by_either_writing_and_two_that_are_the_same_by_now_both_stay() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, None, &MIGRATIONS[..10]).unwrap();
    for (id, name) in [(1, "Sante\u{301}"), (2, "e\u{301}te\u{301}"), (3, "\u{e9}t\u{e9}"), (4, "plain")] {
        connection
            .execute(
                "INSERT INTO server (id, name, name_key, url, allow_http, login) VALUES (?1, ?2, ?3, 'u', 0, 'token')",
                (id, name, name.to_lowercase()),
            )
            .unwrap();
    }
    migrate(&mut connection, None, MIGRATIONS).unwrap();
    let number = |name: &str| number_of(&connection, Kind::Server, "server", name).ok();
    assert_eq!((number("SANT\u{c9}"), number("sante\u{301}")), (Some(1), Some(1)));
    assert_eq!(
        (number("e\u{301}te\u{301}"), number("\u{e9}t\u{e9}"), number("\u{c9}TE\u{301}")),
        (Some(2), Some(3), Some(3))
    );
    assert_eq!(number("Plain"), Some(4));
    let name = |text: &str| Name::new(Kind::Server, text).unwrap().or_kept(&connection, "server", &2, text).unwrap();
    assert_eq!(name("e\u{301}te\u{301}").text, "e\u{301}te\u{301}", "the second of two keeps name and key");
    assert_eq!(name("E\u{301}te\u{301}").text, "\u{c9}t\u{e9}", "a new name is a new name");
}

#[test]
fn a_map_and_a_job_from_before_the_fingerprints_stay_and_have_none() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, None, &MIGRATIONS[..2]).unwrap();
    connection
        .execute_batch(
            "INSERT INTO server (id, name, name_key, url, allow_http, login) VALUES
                 (1, 'a', 'a', 'https://a.org', 0, 'token'), (2, 'b', 'b', 'https://b.org', 0, 'token');
             INSERT INTO org_unit_mapping (source_server, destination_server, source, destination, method, state)
                 VALUES (1, 2, 'aUnit000001', 'bUnit000001', 'name', 'confirmed');
             INSERT INTO job VALUES (1, 'j', 'j', 1, 2, 'Monthly', 'Monthly', 0, 'sum', 'raw');
             INSERT INTO job_item (job, kind, source, data_element, category_option_combo, attribute_option_combo)
                 VALUES (1, 'indicator', 'aIndica0001', 'bElemen0001', 'HllvX50cXC0', 'HllvX50cXC0');",
        )
        .unwrap();
    migrate(&mut connection, None, MIGRATIONS).unwrap();
    let mut named = connection.prepare("SELECT server, id, name FROM lost_object").unwrap();
    assert!(named.query([]).unwrap().next().unwrap().is_none(), "nothing was seen of them");
    for table in ["org_unit_mapping", "job_item"] {
        let question = format!("SELECT count(*), count(seen) FROM {table}");
        let counts: (i64, i64) = connection.query_row(&question, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(counts, (1, 0), "{table}");
    }
}

#[test]
fn items_of_before_keep_their_numbers_and_all_that_they_say() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, None, &MIGRATIONS[..14]).unwrap();
    let count = |connection: &Connection| -> i64 {
        connection.query_row("SELECT count(*) FROM pragma_table_info('job_item')", [], |row| row.get(0)).unwrap()
    };
    let columns = count(&connection);
    connection
        .execute_batch(
            "INSERT INTO server (id, name, name_key, url, allow_http, login) VALUES
                 (1, 'a', 'a', 'https://a.org', 0, 'token'), (2, 'b', 'b', 'https://b.org', 0, 'token');
             INSERT INTO job (id, name, name_key, source, destination, source_period_type, destination_period_type,
                 period_shift, combine, read_from) VALUES (1, 'j', 'j', 1, 2, 'Monthly', 'Monthly', 0, 'sum', 'raw');
             INSERT INTO job_item VALUES (7, 1, 'data_element', 'aElemen0001', 'aCombo00001', 'aCombo00002',
                 'bElemen0001', 'bCombo00001', 'bCombo00002', 'sum', '2', 'zero', 'n', '{}', '0', '2', '60', '[]');
             INSERT INTO job_item (id, job, kind, source, data_element, category_option_combo, attribute_option_combo)
                 VALUES (9, 1, 'indicator', 'aIndica0001', 'bElemen0001', 'HllvX50cXC0', 'HllvX50cXC0');
             DELETE FROM job_item WHERE id = 9;",
        )
        .unwrap();
    let row = "SELECT group_concat(quote(id) || kind || source || source_category_option_combo ||
            source_attribute_option_combo || data_element || category_option_combo || attribute_option_combo || combine
            || factor || when_empty || note || seen || round || coverage || share || scripts) FROM job_item";
    let said = |connection: &Connection| -> String { connection.query_row(row, [], |row| row.get(0)).unwrap() };
    let before = said(&connection);
    migrate(&mut connection, None, MIGRATIONS).unwrap();
    assert_eq!(said(&connection), before);
    assert_eq!(count(&connection), columns + 1);
    let add = "INSERT INTO job_item (job, kind, source, metric, data_element, category_option_combo, \
               attribute_option_combo) VALUES (1, 'reporting_rate', 'aDataSe0001', 'REPORTING_RATE', 'bElemen0001', \
               'HllvX50cXC0', 'HllvX50cXC0')";
    connection.execute(add, []).unwrap();
    assert_eq!(connection.last_insert_rowid(), 10, "the number of an item that is gone stays gone");
    connection.execute("DELETE FROM job", []).unwrap();
    let left: i64 = connection.query_row("SELECT count(*) FROM job_item", [], |row| row.get(0)).unwrap();
    assert_eq!(
        left,
        if connection.db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY).unwrap() { 0 } else { 2 }
    );
}

#[test]
fn what_was_lost_before_names_were_kept_has_the_name_that_its_row_or_item_noted() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, None, &MIGRATIONS[..10]).unwrap();
    connection
        .execute_batch(
            "INSERT INTO server (id, name, name_key, url, allow_http, login, synced_at) VALUES
                 (1, 'a', 'a', 'https://a.org', 0, 'token', 'then'), (2, 'b', 'b', 'https://b.org', 0, 'token', 'then');
             INSERT INTO org_unit_mapping (source_server, destination_server, source, destination, method, state, seen)
                 VALUES (1, 2, 'aUnit000001', 'bUnit000001', 'name', 'confirmed',
                     '{\"source\": {\"name\": \"Jacmel\"}, \"destination\": {\"name\": \"Jacmel (new)\"}}');
             INSERT INTO organisation_unit (server, id, name, path_ids, attribute_values)
                 VALUES (2, 'bUnit000001', 'Jacmel', 'bUnit000001', '[]');",
        )
        .unwrap();
    migrate(&mut connection, None, MIGRATIONS).unwrap();
    let mut statement = connection.prepare("SELECT server, id, name FROM lost_object").unwrap();
    let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let names: Vec<(i64, String, String)> = names.collect::<Result<_, _>>().unwrap();
    assert_eq!(names, [(1, "aUnit000001".to_owned(), "Jacmel".to_owned())]);
}
