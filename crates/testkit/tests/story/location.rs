//! A location that this server cannot judge bars nobody in silence: a policy over it sleeps, or is
//! refused (design/README.md).

use serde_json::{Value, json};

use crate::{
    place::{block, location},
    relying::OFFICE_RANGE,
    rig::{CONDITIONAL, CONTOSO, NOBODY, Rig, on_every_engine, refused, says},
};

const LOCATIONS: &str = "/v1.0/identity/conditionalAccess/namedLocations";
const TRUSTED: &str = "00000000-0000-0000-0000-000000000000";

async fn country(rig: &Rig, include_unknown: bool) -> String {
    let body = json!({
        "@odata.type": "#microsoft.graph.countryNamedLocation", "displayName": "Far",
        "countriesAndRegions": ["RU"], "includeUnknownCountriesAndRegions": include_unknown,
    });
    let made = rig.robot(CONTOSO).await.post(LOCATIONS, &body).await;
    made.unwrap().body["id"].as_str().unwrap().to_owned()
}

fn over(include: &str, exclude: Option<&str>, state: &str) -> Value {
    let exclude: Vec<&str> = exclude.into_iter().collect();
    let locations = json!({"includeLocations": [include], "excludeLocations": exclude});
    let mut policy = block(&json!({ "locations": locations }));
    // Nobody is meant, so that the test is not barred from its own world.
    policy["conditions"]["users"] = json!({"includeUsers": [NOBODY]});
    policy["state"] = state.into();
    policy
}

#[tokio::test]
async fn a_policy_over_what_is_not_judged_sleeps_or_is_refused() {
    on_every_engine(async |rig| {
        let graph = rig.robot(CONTOSO).await;
        let (known, unknown) = (country(rig, false).await, country(rig, true).await);
        let office = location(rig, OFFICE_RANGE, true).await;
        let report = "enabledForReportingButNotEnforced";
        for (include, exclude, is_judged) in [
            (office.as_str(), None, true),
            ("All", Some(office.as_str()), true),
            (&unknown, None, true),
            (&known, None, false),
            ("All", Some(known.as_str()), false),
            ("All", Some(unknown.as_str()), false),
            (TRUSTED, None, false),
            ("All", Some(TRUSTED), false),
        ] {
            for state in ["enabled", report] {
                let made = graph
                    .post(CONDITIONAL, &over(include, exclude, state))
                    .await;
                if is_judged {
                    assert_eq!(made.unwrap().status, 201);
                } else {
                    let words = ["not enforced", "disabled", "Locations"];
                    let other = ["countries", "disabled"];
                    let by_id = include == TRUSTED || exclude == Some(TRUSTED);
                    let words = if by_id { &words[..] } else { &other[..] };
                    says(&refused(made), 400, words);
                }
            }
            let asleep = over(include, exclude, "disabled");
            let made = graph.post(CONDITIONAL, &asleep).await.unwrap();
            let path = format!("{CONDITIONAL}/{}", made.body["id"].as_str().unwrap());
            let woken = graph.patch(&path, &json!({"state": "enabled"})).await;
            assert_eq!(woken.is_ok(), is_judged, "{include} {exclude:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_location_in_use_does_not_become_one_that_is_not_judged() {
    on_every_engine(async |rig| {
        let graph = rig.robot(CONTOSO).await;
        let far = country(rig, true).await;
        let office = location(rig, OFFICE_RANGE, true).await;
        let policy = rig.require(&over(&far, None, "enabled")).await;
        let path = format!("{LOCATIONS}/{far}");
        let body = json!({
            "@odata.type": "#microsoft.graph.countryNamedLocation",
            "includeUnknownCountriesAndRegions": false,
        });
        let before = graph.get(&path).await.unwrap();
        let refusal = refused(graph.patch(&path, &body).await);
        says(&refusal, 400, &["Under test", "disable the policy first"]);
        assert_eq!(graph.get(&path).await.unwrap(), before);
        let asleep = json!({"state": "disabled"});
        let place = format!("{CONDITIONAL}/{policy}");
        graph.patch(&place, &asleep).await.unwrap();
        graph.patch(&path, &body).await.unwrap();
        let woken = graph.patch(&place, &json!({"state": "enabled"})).await;
        says(&refused(woken), 400, &["countries"]);
        // Nor does one change its kind.
        let body = json!({
            "@odata.type": "#microsoft.graph.countryNamedLocation", "countriesAndRegions": ["RU"],
        });
        let path = format!("{LOCATIONS}/{office}");
        assert_eq!(refused(graph.patch(&path, &body).await).status, 400);
    })
    .await;
}
