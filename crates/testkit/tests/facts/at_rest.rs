//! What a stolen copy of the databases gives: nothing that lets anybody in (security bars V-21,
//! V-50). The whole story is played, everything secret that it showed or made is remembered, and the
//! files, or the dump of the server, are searched for each in every form it could have been kept in.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    process::Command,
    sync::{Arc, Mutex},
};

use comity_app::{App, AppOptions, sealed};
use comity_crypto::{Sealer, base32, base64url, sha256};
use comity_demo::client::{Answer, Ask, Client, Transport};
use comity_model::{secret::Secret, signing_key::KeyPurpose};
use comity_store::sealed::SealedKind;
use comity_testkit::{Engine, World, outbound::InProcess, random::SeededRandom};
use http::header;
use serde_json::Value;

/// Form fields, members of answers and parameters of addresses that let somebody in.
const NAMES: [&str; 10] = [
    "access_token",
    "refresh_token",
    "id_token",
    "code",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "password",
    "ticket",
    "request_uri",
];

/// Everything secret, and where it was seen.
type Known = Arc<Mutex<BTreeMap<Vec<u8>, String>>>;

fn learn(known: &Known, what: &str, secret: impl AsRef<[u8]>) {
    let secret = secret.as_ref();
    // Six digits are found everywhere; nothing shorter than this is a secret of ours.
    if secret.len() >= 12 {
        let mut known = known.lock().unwrap();
        known.entry(secret.to_vec()).or_insert_with(|| what.into());
    }
}

fn learn_pairs(known: &Known, text: &[u8]) {
    for (name, value) in url::form_urlencoded::parse(text) {
        if NAMES.contains(&name.as_ref()) {
            let value = value.rsplit(':').next().unwrap_or_default();
            learn(known, &name, value);
        }
    }
}

fn learn_json(known: &Known, value: &Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(text) if NAMES.contains(&name.as_str()) => {
                        learn(known, name, text.rsplit(':').next().unwrap_or_default());
                    }
                    Value::String(text) if name == "secretText" || name == "inviteRedeemUrl" => {
                        learn(known, name, text);
                        learn_pairs(known, text.split('?').next_back().unwrap().as_bytes());
                    }
                    other => learn_json(known, other),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| learn_json(known, value)),
        _ => {}
    }
}

fn learn_answer(known: &Known, answer: &Answer) {
    for cookie in answer.headers.get_all(header::SET_COOKIE) {
        let text = cookie.to_str().unwrap();
        let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
        learn(known, name, value);
    }
    if let Some(place) = answer.header(&header::LOCATION) {
        let parts = place.split(['?', '#']).skip(1);
        parts.for_each(|part| learn_pairs(known, part.as_bytes()));
    }
    if let Ok(value) = serde_json::from_slice(&answer.body) {
        learn_json(known, &value);
    }
}

/// The way into the world, overheard.
fn overheard(world: &World, known: &Known) -> Transport {
    let (client, known) = (Client::through(world.transport()), known.clone());
    Transport::new(move |ask: Ask| {
        let (client, known) = (client.clone(), known.clone());
        Box::pin(async move {
            learn_pairs(&known, &ask.body);
            learn_pairs(&known, ask.url.query().unwrap_or_default().as_bytes());
            let answer = client.send(ask).await?;
            learn_answer(&known, &answer);
            Ok(answer)
        })
    })
}

/// What the clouds told one another.
fn learn_wire(known: &Known, world: &World) {
    for exchange in world.wire.exchanges() {
        learn_pairs(known, exchange.body.as_bytes());
        if let Ok(value) = serde_json::from_str(&exchange.answer) {
            learn_json(known, &value);
        }
    }
}

/// What the world was filled with, and the keys that the clouds made.
fn learn_world(known: &Known, world: &World) {
    for tenant in world.seeds.iter().flat_map(|seed| &seed.tenants) {
        for user in &tenant.users {
            learn(known, "password", &user.password);
            if let Some(text) = &user.totp_secret {
                learn(known, "seed in base32", text);
                learn(known, "seed", base32::decode(text).unwrap());
            }
        }
        for app in tenant.applications.iter().chain([&tenant.automation]) {
            learn(known, "client secret", &app.client_secret);
        }
    }
    for (_, app) in &world.apps {
        learn(known, "pepper", app.pepper());
        let keys = app.keys().current();
        for purpose in KeyPurpose::ALL {
            let der = keys.active(purpose).unwrap().to_pkcs8().unwrap();
            // The middle of it is private whatever stands around it.
            learn(known, "signing key", &der[36..68]);
            learn(known, "signing key", der.as_slice());
        }
    }
}

/// Seeds that people registered during the story.
async fn learn_factors(known: &Known, world: &World) -> usize {
    let mut found = 0;
    for (seed, (_, app)) in world.seeds.iter().zip(&world.apps) {
        for tenant in &seed.tenants {
            let id = comity_model::id::Id::new(tenant.id);
            let read = app.store().read();
            for user in read.tenant(id).users().all().await.unwrap() {
                let factors = read.tenant(id).factors().list(user.id).await.unwrap();
                for factor in factors {
                    let context = format!("{id}/{}", user.id);
                    let sealed = &factor.sealed_secret;
                    let secret = app.sealer().open("totp", context.as_bytes(), sealed);
                    let secret = secret.unwrap();
                    learn(known, "registered seed in base32", base32::encode(&secret));
                    learn(known, "registered seed", secret.as_slice());
                    found += 1;
                }
            }
        }
    }
    found
}

/// Everything that a thief of the data has.
fn stolen(world: &World, engine: Engine) -> Vec<u8> {
    let mut all = Vec::new();
    for number in 0..world.apps.len() {
        if engine == Engine::Postgres {
            let url = std::env::var("TEST_POSTGRES_URL").unwrap();
            let schema = format!("--schema={}", world.schema(number));
            let dump = Command::new("pg_dump")
                .args([&schema, &url])
                .output()
                .unwrap();
            assert!(
                dump.status.success(),
                "{}",
                String::from_utf8_lossy(&dump.stderr)
            );
            all.extend(dump.stdout);
            continue;
        }
        let file = world.file(number);
        all.extend(std::fs::read(&file).unwrap());
        let log = std::path::PathBuf::from(format!("{}-wal", file.display()));
        all.extend(std::fs::read(log).unwrap_or_default());
    }
    all
}

/// Which of these stand in the data: one pass for all of them, by their first eight bytes.
fn found<'n>(data: &[u8], needles: &'n [Vec<u8>]) -> BTreeSet<&'n [u8]> {
    let mut first = vec![false; 1 << 16];
    let mut by_start: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
    for needle in needles {
        first[usize::from(needle[0]) << 8 | usize::from(needle[1])] = true;
        by_start.entry(&needle[..8]).or_default().push(needle);
    }
    let mut found = BTreeSet::new();
    for at in 0..data.len().saturating_sub(8) {
        if !first[usize::from(data[at]) << 8 | usize::from(data[at + 1])] {
            continue;
        }
        for needle in by_start.get(&data[at..at + 8]).into_iter().flatten() {
            if data[at..].starts_with(needle) {
                found.insert(*needle);
            }
        }
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves
        .map(|half| char::from(DIGITS[usize::from(half)]))
        .collect()
}

/// A secret as it is, and as it could have been written down.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let written = base64url::encode(secret);
    let mut forms = vec![
        secret.to_vec(),
        hex(secret).into_bytes(),
        written.into_bytes(),
    ];
    if let Ok(bytes) = base64url::decode(secret)
        && bytes.len() >= 16
    {
        forms.push(hex(&bytes).into_bytes());
        forms.push(bytes);
    }
    forms
}

/// Argon2id as RFC 9106 writes it, with what V-21 asks at least; how many there are.
fn hashes_are_strong(data: &[u8]) -> usize {
    let mut found = 0;
    let starts = data.windows(7).enumerate().filter(|(_, w)| w == b"$argon2");
    for (at, _) in starts {
        let text = String::from_utf8_lossy(&data[at..data.len().min(at + 140)]).into_owned();
        let parts: Vec<&str> = text.split('$').skip(1).collect();
        assert_eq!(parts[..2], ["argon2id", "v=19"], "{text}");
        let number = |name: &str| -> u32 {
            let value = parts[2].split(',').find_map(|p| p.strip_prefix(name));
            value.unwrap().parse().unwrap()
        };
        let (memory, passes) = (number("m="), number("t="));
        let is_strong =
            (memory >= 46 * 1024 && passes >= 1) || (memory >= 19 * 1024 && passes >= 2);
        assert!(is_strong && number("p=") >= 1, "{text}");
        assert_eq!(parts[3].len(), 22, "16 bytes of salt: {text}");
        found += 1;
    }
    found
}

async fn searched(engine: Engine) {
    let world = World::start(engine).await.unwrap();
    let known = Known::default();
    let mut options = world.story();
    options.transport = Some(overheard(&world, &known));
    crate::play(&options).await;
    learn_wire(&known, &world);
    learn_world(&known, &world);
    assert!(
        learn_factors(&known, &world).await > 0,
        "nobody has a factor"
    );
    let people: usize = world
        .seeds
        .iter()
        .flat_map(|s| &s.tenants)
        .map(|t| t.users.len())
        .sum();
    let data = stolen(&world, engine);
    let known = known.lock().unwrap().clone();
    for name in NAMES
        .iter()
        .chain(&["__Host-session", "signing key", "seed"])
    {
        let seen = known.values().any(|what| what == name);
        assert!(seen, "the story showed no `{name}`");
    }
    let mut needles: Vec<Vec<u8>> = known.keys().flat_map(|secret| forms(secret)).collect();
    let marks = ["BEGIN PRIVATE", "BEGIN RSA", "BEGIN EC", "otpauth:"];
    needles.extend(marks.map(|mark| mark.as_bytes().to_vec()));
    let seen = found(&data, &needles);
    let seen: Vec<_> = seen
        .iter()
        .map(|form| String::from_utf8_lossy(form))
        .collect();
    assert!(seen.is_empty(), "{engine:?}: {seen:#?}");
    // The data can be read, and a token is found under the form that it may have.
    let tokens = known.iter().filter(|(_, what)| *what == "refresh_token");
    let mut kept = vec![b"nora@northwind.us".to_vec()];
    for (token, _) in tokens {
        let hash = sha256(token);
        kept.extend([hash.to_vec(), hex(&hash).into_bytes()]);
    }
    assert!(
        found(&data, &kept[..1]).len() == 1,
        "the data is not readable"
    );
    assert!(
        !found(&data, &kept[1..]).is_empty(),
        "no refresh token is kept"
    );
    assert!(
        hashes_are_strong(&data) >= people,
        "a password without a hash"
    );
}

#[tokio::test]
async fn v50_v21_a_stolen_copy_of_the_data_lets_nobody_in() {
    searched(Engine::Files).await;
    if Engine::available().contains(&Engine::Postgres) {
        searched(Engine::Postgres).await;
    }
}

/// Another process of a cloud, with another key file.
async fn started(world: &World, app: &App, sealer: Sealer) -> comity_app::Result<App> {
    let clock = Arc::new(world.clock.clone());
    let registry = app.registry().clone();
    let mailer = comity_server::site::folder_mailer(
        world.manifest().parent().unwrap(),
        &registry.own.key,
        clock.clone(),
        Arc::new(SeededRandom::new(1)),
    );
    let options = AppOptions {
        outbound: Arc::new(InProcess {
            registry: registry.clone(),
            wire: world.wire.clone(),
        }),
        registry,
        store: app.store().clone(),
        sealer,
        pepper: Secret::new(*app.pepper()),
        mailer: mailer.unwrap(),
        clock,
        random: Arc::new(SeededRandom::new(2)),
        settings: app.settings().clone(),
    };
    App::start(options).await
}

#[tokio::test]
async fn v50_with_another_key_a_cloud_does_not_start() {
    let world = World::start(Engine::Sqlite).await.unwrap();
    let app = world.app("global").unwrap();
    let start = async |key| {
        let started = started(&world, app, Sealer::from_key(key)).await;
        started.map(drop)
    };
    let right = sha256(b"global");
    assert_eq!(start(right).await, Ok(()));
    assert!(start(sha256(b"another")).await.is_err());
    let mut near = right;
    near[31] ^= 1;
    assert!(start(near).await.is_err());
}

/// Every seed of the cloud opens.
async fn seeds_open(world: &World, app: &App) -> usize {
    let (mut found, read) = (0, app.store().read());
    let seed = world
        .seeds
        .iter()
        .find(|s| s.cloud == app.registry().own.key);
    for tenant in &seed.unwrap().tenants {
        let id = comity_model::id::Id::new(tenant.id);
        for user in read.tenant(id).users().all().await.unwrap() {
            let factors = read.tenant(id).factors().list(user.id).await;
            for factor in factors.unwrap() {
                let context = format!("{id}/{}", user.id);
                let opened = app.sealer();
                let opened = opened.open("totp", context.as_bytes(), &factor.sealed_secret);
                assert!(opened.is_ok(), "{}", user.upn);
                found += 1;
            }
        }
    }
    found
}

/// The key file gets a new first line while the cloud runs; after everything has been sealed again
/// the old line is needed by nothing.
#[tokio::test]
async fn v50_after_sealing_again_the_old_key_is_not_needed() {
    for engine in Engine::available() {
        let world = World::start(engine).await.unwrap();
        crate::play(&world.story()).await;
        for (key, app) in &world.apps {
            let (old, new) = (sha256(key.as_bytes()), sha256(format!("new {key}")));
            let turned = started(&world, app, Sealer::from_keys(new, [old])).await;
            let turned = turned.unwrap();
            assert!(started(&world, app, Sealer::from_key(new)).await.is_err());
            let mut told = BTreeMap::new();
            let tell = |kind: SealedKind, done| {
                told.insert(kind.as_str(), done);
            };
            sealed::seal_again(&turned, tell).await.unwrap();
            assert_eq!(told["signing keys"], KeyPurpose::ALL.len() as u64);
            for kind in SealedKind::ALL {
                let read = turned.store().read();
                let (cloud, id) = (read.cloud(), turned.sealer().key_id());
                let left = cloud.sealed_otherwise(kind, id, 1).await;
                assert_eq!(left.unwrap(), [], "{kind:?}");
            }
            let alone = started(&world, app, Sealer::from_key(new)).await.unwrap();
            let seeds = seeds_open(&world, &alone).await;
            assert_eq!(
                told.get("second factors").copied().unwrap_or(0),
                seeds as u64
            );
            let mut again = 0;
            let count = |_, _| again += 1;
            sealed::seal_again(&alone, count).await.unwrap();
            assert_eq!(again, 0, "there was nothing left");
        }
    }
}

/// A line that was taken away too early: the command says so, and nothing is lost.
#[tokio::test]
async fn v50_sealing_again_without_the_old_key_changes_nothing() {
    let world = World::start(Engine::Sqlite).await.unwrap();
    let app = world.app("usgov").unwrap();
    let (old, new) = (sha256(b"usgov"), sha256(b"new"));
    let turned = started(&world, app, Sealer::from_keys(new, [old]))
        .await
        .unwrap();
    // A factor whose key is in no file.
    let lost = Sealer::from_key(sha256(b"lost"));
    let seed = world.seeds.iter().find(|s| s.cloud == "usgov").unwrap();
    let tenant = comity_model::id::Id::new(seed.tenants[0].id);
    let user = comity_model::id::Id::new(seed.tenants[0].users[0].id);
    let factor = comity_model::factor::Factor {
        id: uuid::Uuid::from_u128(7),
        user,
        sealed_secret: lost.seal("totp", b"x", b"seed", [1; 12]).unwrap(),
        last_step: None,
        created: world.clock.time(),
    };
    let tx = app.store().begin().await.unwrap();
    tx.tenant(tenant).factors().insert(&factor).await.unwrap();
    tx.commit().await.unwrap();
    let error = sealed::seal_again(&turned, |_, _| ()).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("second factors"), "{error}");
    assert!(error.contains("back into the key file"), "{error}");
    let read = app.store().read();
    let kept = read.tenant(tenant).factors().list(user).await.unwrap();
    assert!(kept.contains(&factor));
}
