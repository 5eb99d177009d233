//! Time, chance and tokens for programs that call a cloud.

use comity_app::port::Random as _;
use comity_demo::{
    Chance, Clock,
    client::Client,
    graph::Graph,
    manifest::{Automation, Cloud},
    oauth::{self, Means},
};
use comity_server::{clock::SystemClock, random::SystemRandom};

pub fn clock() -> Clock {
    Clock::new(SystemClock::system_time)
}

pub fn chance() -> Chance {
    Chance::new(|bytes| SystemRandom.fill(bytes))
}

pub fn means(ca: &std::path::Path) -> Means {
    Means {
        client: Client::trusting(ca).unwrap(),
        clock: clock(),
        chance: chance(),
    }
}

/// The cloud's Graph for an application that may do everything.
pub async fn graph(means: &Means, cloud: &Cloud, tenant: &str, application: &Automation) -> Graph {
    let discovery = oauth::discover(&means.client, cloud, tenant).await.unwrap();
    let tokens = oauth::client_credentials(means, cloud, &discovery, application).await;
    Graph::new(
        means.client.clone(),
        &cloud.graph,
        &tokens.unwrap().access_token,
    )
}
