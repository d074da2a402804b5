//! Asking a server afresh what a user may do with the data of objects.

use std::collections::BTreeSet;

use xfer_domain::metadata::DataAccess;

use super::server::{Server, json};
use super::{uid, uids};

/// The ids between the brackets of `filter=id:in:[…]`.
fn asked(line: &str) -> Vec<String> {
    let list = line.split("id:in:%5B").nth(1).and_then(|rest| rest.split("%5D").next()).unwrap();
    list.split(',').map(str::to_owned).collect()
}

#[tokio::test]
async fn rights_are_asked_for_in_short_requests_and_what_is_not_shown_is_said() {
    let server = Server::dhis2("2.43.1", |seen, _| {
        let plural = seen.line().split("/api/").nth(1).unwrap().split('?').next().unwrap().to_owned();
        // Neither the first option nor the first data set is shown; data of options that end in an odd digit is closed.
        let shown: Vec<String> = asked(seen.line())
            .iter()
            .filter(|id| !id.ends_with("0000000000"))
            .map(|id| {
                let open = plural == "dataSets" || !id.ends_with(['1', '3', '5', '7', '9']);
                format!(r#"{{"access":{{"data":{{"read":{open},"write":false}}}},"id":"{id}"}}"#)
            })
            .collect();
        json(&format!(r#"{{"{plural}":[{}]}}"#, shown.join(",")))
    })
    .await;
    let (options, sets) = (uids('c', 1_200).into_iter().collect(), uids('s', 3).into_iter().collect());
    let now = server.client().data_access(&options, &sets).await.unwrap();
    assert_eq!((now.category_options.len(), now.data_sets.len()), (1_200, 3));
    let may_read = |id: &str| now.category_options[&uid(id)].map(|access| access.read);
    assert_eq!((may_read("c0000001111"), may_read("c0000001112")), (Some(false), Some(true)));
    assert_eq!(now.data_sets[&uid("s0000000001")], Some(DataAccess { read: true, write: false }));
    assert_eq!(may_read("c0000000000"), None, "not shown is neither yes nor no");
    assert_eq!(now.data_sets[&uid("s0000000000")], None);
    let requests = server.data_requests();
    assert!(requests.len() > 3, "{}", requests.len());
    assert!(requests.iter().all(|seen| seen.line().len() <= 6_000 && seen.line().contains("paging=false")));
    assert!(requests.iter().all(|seen| seen.header("cache-control").is_some()), "no cache may answer");
    let none = BTreeSet::new();
    assert!(server.client().data_access(&none, &none).await.unwrap().data_sets.is_empty());
}
