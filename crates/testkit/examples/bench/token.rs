//! Tokens for an application (client credentials), beside the bare RS256 signature of the same
//! library with a key of the same size, taken in turns in one run.

use comity_crypto::{SigningAlgorithm, SigningKey};
use comity_testkit::{Engine, World};

use crate::{
    figure::{Bounds, Figure, median},
    meter::{count, processor_seconds},
    parties::Parties,
    visitor::Visitor,
};

const ROUNDS: usize = 9;
const TOKENS: usize = 1_000;
/// Bytes that a token of this kind signs, about.
const MESSAGE: usize = 1_000;

pub async fn measure() -> anyhow::Result<Vec<Figure>> {
    let world = World::start(Engine::Files).await?;
    let parties = Parties::of(&world)?;
    let key = SigningKey::generate(SigningAlgorithm::Rs256)?;
    let mut visitor = Visitor::new(&world);
    issue(&parties, &mut visitor, TOKENS / 10).await?;
    let (mut raw, mut issued, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let signatures = rate(TOKENS, processor_seconds()?, sign(&key))?;
        let begun = processor_seconds()?;
        issue(&parties, &mut visitor, TOKENS).await?;
        let tokens = rate(TOKENS, begun, Ok(()))?;
        ratio.push(100.0 * tokens / signatures);
        raw.push(signatures);
        issued.push(tokens);
    }
    Ok(figures(median(raw), median(issued), median(ratio)))
}

fn figures(raw: f64, issued: f64, ratio: f64) -> Vec<Figure> {
    let rounds = format!("median of {ROUNDS} rounds of {TOKENS}");
    let rate = |name: &str, value, method| Figure {
        name: name.to_owned(),
        unit: "/s",
        bounds: None,
        value,
        method,
    };
    vec![
        rate(
            "client-credentials tokens, on one core",
            issued,
            format!(
                "`POST /{{tenant}}/oauth2/v2.0/token` with a secret, through the whole router \
                 (without TLS), over an SQLite store in a file, pinned to one core; per second \
                 of processor time of all threads, the asking program included; {rounds}."
            ),
        ),
        rate(
            "bare RS256 signatures, on one core",
            raw,
            format!(
                "The same library and key size, {MESSAGE} bytes each, in turns with the tokens; \
                 {rounds}."
            ),
        ),
        Figure {
            name: "tokens beside bare signatures".to_owned(),
            unit: "%",
            bounds: Some(Bounds::at_least(85.0, 60.0)),
            value: ratio,
            method: "The first by the second, round by round; the median.".to_owned(),
        },
    ]
}

fn rate(number: usize, begun: f64, done: anyhow::Result<()>) -> anyhow::Result<f64> {
    done?;
    Ok(count(number) / (processor_seconds()? - begun))
}

fn sign(key: &SigningKey) -> anyhow::Result<()> {
    let message = [b'x'; MESSAGE];
    for _ in 0..TOKENS {
        std::hint::black_box(key.sign(&message)?);
    }
    Ok(())
}

async fn issue(parties: &Parties, visitor: &mut Visitor, number: usize) -> anyhow::Result<()> {
    let automation = &parties.contoso.automation;
    let url = parties.token_endpoint()?;
    let scope = format!("{}/.default", parties.global.graph);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", automation.client_id.as_str()),
        ("client_secret", automation.client_secret.expose()),
        ("scope", scope.as_str()),
    ];
    for _ in 0..number {
        let answer = visitor.post(&url, &fields).await?;
        anyhow::ensure!(answer.status == 200, "no token: {}", answer.text());
    }
    Ok(())
}
