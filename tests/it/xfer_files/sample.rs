//! Contents of xfer files without servers: every field of every part is used by one of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;
use xfer_domain::alert::{
    AlertChannel, AlertEvent, ChannelKind, MailRoute, MailSecurity, PingMethod, Recipient, ServerSide, Shape,
};
use xfer_domain::cell::CellAddress;
use xfer_domain::item::{Combine, Item, SourceItem, WhenEmpty};
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};
use xfer_domain::period::PeriodType;
use xfer_domain::routine::{Policies, Routine, RoutineDocument, USUAL_DELETE_SHARE};
use xfer_domain::script::{Attachment, Hook, ParameterValue, ScriptSource};
use xfer_domain::secret::Login;
use xfer_domain::server::BaseUrl;
use xfer_domain::uid::Uid;
use xfer_storage::xferfile::{Content, FileServer};

/// The secrets of a sample.
pub(crate) const PASSWORD: &str = "Pa\"ss\\wörd (1), [2]";
pub(crate) const TOKEN: &str = "d2p_sampleSampleSampleSampleSampleSample";

fn uid(letter: char, number: usize) -> Uid {
    Uid::parse(&format!("{letter}{number:010}")).unwrap()
}

/// How many samples there are.
pub(crate) const SAMPLES: usize = 20;

/// A content; another one for each number, and the same one for ever.
pub(crate) fn sample(number: usize) -> Content {
    let pick = |index: usize| number + index;
    let names = ["monthly", "Côte d'Or", "ព្រះរាជាណាចក្រ", "a \"quoted\" one", "line\nbreak \\ and tab\t", "🏥 صحة"];
    let name = |index: usize| names[pick(index) % names.len()].to_owned();
    let jobs: Vec<Job> = (0..=number % 3)
        .map(|index| Job {
            name: format!("{} {index}", name(index)),
            source: "tracker".to_owned(),
            destination: "national".to_owned(),
            source_period_type: [PeriodType::Monthly, PeriodType::Weekly, PeriodType::Daily][pick(index) % 3],
            destination_period_type: [PeriodType::Quarterly, PeriodType::Yearly, PeriodType::Daily][pick(index) % 3],
            period_shift: [0, -1, 12][pick(index) % 3],
            combine: Combine::ALL[pick(index) % Combine::ALL.len()],
            read: ReadFrom::ALL[pick(index) % 2],
            round: None,
            coverage: None,
            comments: xfer_domain::job::Comments::default(),
            scripts: Vec::new(),
            items: (0..pick(index) % 7).map(item).collect(),
        })
        .collect();
    let org_unit_map = (0..pick(0) % 9).map(row).collect();
    let optional = |index: usize, value: u32| pick(index).is_multiple_of(2).then_some(value);
    let routine = Routine {
        id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + number as u128),
        name: name(0),
        jobs: jobs.iter().map(|job| job.name.clone()).collect(),
        window: vec!["LAST_3_MONTHS".to_owned(), "202401..202406".to_owned()],
        policies: Policies {
            only_changed: number.is_multiple_of(2),
            verify: !number.is_multiple_of(3),
            when_empty: WhenEmpty::ALL[number % 3],
            max_change: optional(0, 20),
            max_delete: optional(1, 1000),
            // What files say that were written before there was another share.
            max_delete_share: USUAL_DELETE_SHARE,
            tolerate_unmapped: number.is_multiple_of(5),
            max_analytics_age_hours: optional(0, 36),
            parallel: 1 + u8::try_from(number % 4).unwrap(),
        },
        scripts: Vec::new(),
        alerts: Vec::new(),
    };
    let basic = Login::Basic { username: "Reader ñ".to_owned(), password: SecretString::from(PASSWORD) };
    let token = Login::Token(SecretString::from(TOKEN));
    let created: Timestamp = "2026-11-25T22:30:00Z".parse().unwrap();
    Content {
        revision: u32::try_from(number).unwrap() + 1,
        created,
        not_after: number.is_multiple_of(4).then(|| "2126-11-25T22:30:00Z".parse().unwrap()),
        source: server("tracker", "https://tracker.example.org/ctx", basic, number),
        destination: server("national", "http://10.0.0.7:8080", token, number + 1),
        document: RoutineDocument { routine, jobs, org_unit_map, scripts: Vec::new() },
        alert_secrets: BTreeMap::new(),
    }
}

fn item(index: usize) -> Item {
    let combo = |present: bool, number: usize| present.then(|| uid('c', number));
    Item {
        source: match index % 3 {
            0 => SourceItem::DataElement {
                id: uid('d', index),
                category_option_combo: combo(index.is_multiple_of(2), index),
                attribute_option_combo: combo(index.is_multiple_of(4), index + 100),
            },
            1 => SourceItem::Indicator { id: uid('i', index) },
            _ => SourceItem::ProgramIndicator { id: uid('p', index) },
        },
        destination: CellAddress {
            data_element: uid('e', index),
            category_option_combo: uid('f', index),
            attribute_option_combo: uid('g', index),
        },
        combine: (index % 2 == 1).then(|| Combine::ALL[index % Combine::ALL.len()]),
        factor: (index % 3 == 1).then(|| "0.0010000000000000000000001".parse().unwrap()),
        when_empty: (index % 3 == 2).then(|| WhenEmpty::ALL[index % 3]),
        round: None,
        coverage: None,
        share: None,
        scripts: Vec::new(),
        note: (index % 4 == 3).then(|| "asked Dr. Müller".to_owned()),
    }
}

/// A content with the operators and scripts that came later: files without them read as before.
pub(crate) fn scripted() -> Content {
    let script = ScriptSource::new("scale.rhai", "fn value(v, ctx) {\n    v * ctx.params.factor // \"exact\"\n}\n");
    let number = |text: &str| ParameterValue::Number(text.parse().unwrap());
    let list = ParameterValue::List(vec![number("1"), ParameterValue::Text("<5".to_owned())]);
    let attachment = Attachment {
        script: script.name.clone(),
        hash: script.hash.clone(),
        hooks: vec![Hook::Value],
        parameters: BTreeMap::from([
            ("factor".to_owned(), number("0.07")),
            ("groups".to_owned(), list),
            ("strict".to_owned(), ParameterValue::Boolean(true)),
        ]),
        file: None,
    };
    let mut content = sample(3);
    let document = &mut content.document;
    document.routine.scripts = vec![attachment.clone()];
    document.jobs[0].round = Some("up:2".parse().unwrap());
    document.jobs[0].coverage = Some("75%".parse().unwrap());
    document.jobs[0].scripts = vec![attachment.clone()];
    document.jobs[0].items = vec![item(0), item(1)];
    document.jobs[0].items[1].share = Some("0.4".parse().unwrap());
    document.jobs[0].items[1].round = Some("0".parse().unwrap());
    document.jobs[0].items[1].coverage = Some("all".parse().unwrap());
    document.jobs[0].items[1].scripts = vec![attachment];
    document.scripts = vec![script];
    content
}

/// A content with the alerts that came later still: each kind of channel, with and without a secret.
pub(crate) fn alerted() -> Content {
    let mut content = sample(5);
    let web = |shape| ChannelKind::Webhook { shape, origin: "https://hooks.example.org".to_owned() };
    let mail = |username: Option<&str>, security| {
        ChannelKind::Mail(MailRoute {
            host: "127.0.0.1".to_owned(),
            port: 2525,
            security,
            username: username.map(str::to_owned),
            from: "Xfer \"HMIS\" <xfer@example.org>".to_owned(),
            to: vec!["his@example.org".to_owned(), "bureau@example.org".to_owned()],
        })
    };
    let recipient = |number: usize| Recipient { id: uid('u', number), name: format!("Aïcha {number}") };
    let ping =
        ChannelKind::Ping { method: PingMethod::Post, signals: true, origin: "http://127.0.0.1:9000".to_owned() };
    let message =
        ChannelKind::Dhis2Message { on: ServerSide::Source, users: vec![recipient(1)], groups: vec![recipient(2)] };
    let address = "https://hooks.example.org/T0/B0/s3cr3t?token=a%20b";
    let kinds = [
        (web(Shape::Json), Some(address)),
        (web(Shape::Slack), Some(address)),
        (web(Shape::Teams), Some(address)),
        (ping, Some("http://127.0.0.1:9000/ping/uuid")),
        (mail(Some("xfer"), MailSecurity::Starttls), Some(PASSWORD)),
        (mail(None, MailSecurity::None), None),
        (message, None),
    ];
    for (number, (kind, secret)) in kinds.into_iter().enumerate() {
        let id = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + number as u128);
        let events = AlertEvent::ALL.iter().copied().skip(number % 4).collect();
        content.document.routine.alerts.push(AlertChannel { id, name: format!("alert {number}"), events, kind });
        content.alert_secrets.extend(secret.map(|secret| (id, SecretString::from(secret))));
    }
    content
}

fn row(index: usize) -> OrgUnitMapping {
    let state = MappingState::ALL[index % 3];
    OrgUnitMapping {
        source: uid('o', index),
        destination: (state != MappingState::Ignored).then(|| uid('q', index)),
        method: MatchMethod::ALL[index % 6],
        score: index.is_multiple_of(2).then_some(0.1 + 0.2),
        class: index.is_multiple_of(2).then(|| MatchClass::ALL[index % 3]),
        explanation: index.is_multiple_of(2).then(|| "same name, parent \"Jacmel\"".to_owned()),
        state,
        note: (index % 4 == 1).then(|| "closed in 2023".to_owned()),
    }
}

fn server(name: &str, url: &str, login: Login, number: usize) -> FileServer {
    FileServer {
        name: name.to_owned(),
        url: BaseUrl::parse(url).unwrap(),
        allow_http: !url.starts_with("https"),
        certificates: None,
        login,
        system_id: format!("eed3d451-4ff5-4193-b951-{number:012}"),
        synced_at: "2026-11-25T23:30:00.123".to_owned(),
        metadata: metadata(number),
    }
}

fn metadata(number: usize) -> Metadata {
    let types = [
        "TEXT",
        "LONG_TEXT",
        "MULTI_TEXT",
        "LETTER",
        "PHONE_NUMBER",
        "EMAIL",
        "BOOLEAN",
        "TRUE_ONLY",
        "DATE",
        "DATETIME",
        "TIME",
        "NUMBER",
        "UNIT_INTERVAL",
        "PERCENTAGE",
        "INTEGER",
        "INTEGER_POSITIVE",
        "INTEGER_NEGATIVE",
        "INTEGER_ZERO_OR_POSITIVE",
        "TRACKER_ASSOCIATE",
        "USERNAME",
        "COORDINATE",
        "ORGANISATION_UNIT",
        "REFERENCE",
        "AGE",
        "URL",
        "FILE_RESOURCE",
        "IMAGE",
        "GEOJSON",
    ];
    let units = ["o0000000000", "o0000000001", "o0000000002"];
    let organisation_units: serde_json::Map<_, _> = units
        .iter()
        .enumerate()
        .map(|(level, id)| {
            let unit = json!({
                "id": id, "code": (level == 1).then_some("U 1"), "name": format!("Unité {level}"), "short_name": null,
                "path": units[..=level], "opening_date": "1990-01-01",
                "closed_date": (level == 2).then_some("2025-12-31"), "attribute_values": [],
            });
            ((*id).to_owned(), unit)
        })
        .collect();
    let data_elements: serde_json::Map<_, _> = types
        .iter()
        .enumerate()
        .map(|(index, value_type)| {
            let id = uid('e', index).to_string();
            let element = json!({
                "id": id, "code": null, "name": format!("Élément {index}"), "short_name": null, "value_type": value_type,
                "aggregation_type": "SUM", "zero_is_significant": index % 2 == number % 2,
                "category_combo": uid('a', 1), "option_set": (index == 0).then(|| uid('s', 1)), "attribute_values": [],
            });
            (id, element)
        })
        .collect();
    serde_json::from_value(json!({
        "organisation_units": organisation_units,
        "organisation_unit_levels": { "1": { "id": uid('l', 1), "level": 1, "name": "Pays" } },
        "data_elements": data_elements,
        "data_sets": { uid('t', 1).as_str(): {
            "id": uid('t', 1), "code": "DS", "name": "Formulaire", "period_type": "Monthly",
            "category_combo": uid('a', 1), "open_future_periods": number, "expiry_days": 10.5,
            "data_set_elements": [
                { "data_element": uid('e', 0), "category_combo": null },
                { "data_element": uid('e', 1), "category_combo": uid('a', 1) },
            ],
            "organisation_units": units,
            "data_input_periods": [
                { "period": "202401", "opening_date": "2024-02-01", "closing_date": null },
                { "period": "2024Q1", "opening_date": null, "closing_date": "2024-05-01" },
            ],
            "access": { "read": true, "write": number.is_multiple_of(2) },
        } },
        "category_combos": { uid('a', 1).as_str(): {
            "id": uid('a', 1), "code": null, "name": "Âge", "is_default": false,
            "category_option_combos": [uid('f', 1)],
        } },
        "category_option_combos": { uid('f', 1).as_str(): {
            "id": uid('f', 1), "code": "<5", "name": "< 5 ans", "category_combo": uid('a', 1),
            "category_options": [uid('h', 1)],
        } },
        "category_options": { uid('h', 1).as_str(): {
            "id": uid('h', 1), "code": null, "name": "< 5", "start_date": "2000-01-01", "end_date": null,
            "organisation_units": [units[0]], "access": { "read": false, "write": true },
        } },
        "indicators": { uid('i', 1).as_str(): {
            "id": uid('i', 1), "code": "IND", "name": "Taux", "numerator": "", "denominator": "",
        } },
        "program_indicators": { uid('p', 2).as_str(): { "id": uid('p', 2), "name": "Cas" } },
        "option_sets": { uid('s', 1).as_str(): {
            "id": uid('s', 1), "code": null, "name": "Oui/Non",
            "options": [{ "id": uid('j', 1), "code": "Y", "name": "Oui" }],
        } },
    }))
    .unwrap()
}
