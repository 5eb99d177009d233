//! A push and an assertion that say nothing, for tests.

use std::collections::BTreeSet;

use comity_model::{
    federation::{
        ApplicationPair, AssertionFacts, CrossingDetails, GroupAnswer, PushedCrossing, WantedAcr,
    },
    id::Id,
    time::Utc,
    user::ExternalIdentity,
};
use uuid::Uuid;

const AT: Utc = Utc::from_seconds(0);

pub(crate) fn pushed() -> PushedCrossing {
    PushedCrossing {
        resource_cloud: String::new(),
        details: CrossingDetails {
            resource_tenant: Id::new(Uuid::nil()),
            home_tenant: Id::new(Uuid::nil()),
            pair: ApplicationPair {
                client: Uuid::nil(),
                resource: Uuid::nil(),
            },
            app_name: String::new(),
            groups: BTreeSet::new(),
            correlation_id: Uuid::nil(),
        },
        redirect_uri: String::new(),
        state: String::new(),
        nonce: String::new(),
        code_challenge: String::new(),
        dpop_jkt: String::new(),
        expected_sub: None,
        login_hint: None,
        acr: WantedAcr::Any,
        max_age: None,
        prompt_none: false,
        prompt_login: false,
        device_asked: false,
    }
}

pub(crate) fn asserted() -> AssertionFacts {
    AssertionFacts {
        identity: ExternalIdentity {
            cloud: String::new(),
            tenant: Id::new(Uuid::nil()),
            object: Id::new(Uuid::nil()),
        },
        upn: String::new(),
        name: String::new(),
        sid: String::new(),
        session_exp: AT,
        auth_time: AT,
        acr: WantedAcr::Any,
        methods: Vec::new(),
        groups: GroupAnswer::default(),
        device: None,
        automatic_redemption: false,
        confirmed: AT,
        kid: None,
    }
}
