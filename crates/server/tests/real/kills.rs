//! `kill -9` at random points under eight writers. The client keeps a ledger of what was
//! acknowledged; after each restart the public API must say the same. What was under way may have
//! happened or not, and nothing else. A person's sign-in and session outlive the process, too.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use comity_app::port::Clock as _;
use comity_demo::{
    browser::Browser,
    graph::{Error, Graph},
    manifest::{Cloud, Manifest, Tenant},
    oauth::{self, Means, SignIn, Tokens},
    walk::{self, End, Person},
};
use comity_server::{
    clock::SystemClock,
    dev::{manifest::Manifest as Written, seed::Seed},
};
use serde_json::json;

use crate::{
    installation::{ANDOR, Engine, Installation, Process, tenant},
    post, script,
};

const KILLS: usize = 100;
/// Six change the directory, two renew their tokens.
const DIRECTORY_WRITERS: usize = 6;
const PEOPLE: [&str; 2] = ["admin@northwind.us", "secadmin@northwind.us"];
const SIGNING_IN: &str = "nils@northwind.us";

#[derive(Debug, PartialEq, Eq)]
enum State {
    Named(String),
    Deleted,
}

/// A group as the ledger has it.
struct Group {
    id: String,
    acknowledged: State,
    /// What was asked and not answered.
    asked: Option<State>,
    /// Whether it changed since it was last read.
    touched: bool,
}

/// The same numbers in every run.
struct Lots(u64);

impl Lots {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

struct Rig {
    installation: Installation,
    means: Means,
    cloud: Cloud,
    tenant: Tenant,
    lots: Lots,
    slowest: i64,
}

impl Rig {
    async fn new(engine: Engine, folder: &std::path::Path) -> Self {
        let smtp = post::office(&folder.join("mail")).await;
        let installation = Installation::new(&ANDOR, engine, smtp).await;
        let northwind = installation.populate(&tenant("northwind.us", 1)).await;
        let seed = Seed {
            cloud: ANDOR.key.to_owned(),
            tenants: vec![northwind],
        };
        let entry = installation.entry();
        let written = Written::new(&installation.ca_file(), [(&entry, &seed)]);
        written.write(folder).unwrap();
        let manifest = Manifest::read(&folder.join("world.json")).unwrap();
        let cloud = manifest.cloud(ANDOR.key).unwrap().clone();
        Self {
            means: script::means(&installation.ca_file()),
            tenant: cloud.tenant("northwind.us").unwrap().clone(),
            cloud,
            installation,
            lots: Lots(5),
            slowest: 0,
        }
    }

    /// Starts the process; some starts are killed, too.
    fn start(&mut self) -> Process {
        if self.lots.below(5) == 0 {
            let starting = self.installation.begin_serving();
            std::thread::sleep(Duration::from_millis(self.lots.below(200)));
            starting.kill();
        }
        let begun = SystemClock.now();
        let process = self.installation.serve();
        self.slowest = self
            .slowest
            .max(SystemClock.now().micros() - begun.micros());
        process
    }

    fn means(&self) -> Means {
        script::means(&self.installation.ca_file())
    }

    async fn graph(&self) -> Graph {
        script::graph(
            &self.means,
            &self.cloud,
            &self.tenant.id,
            &self.tenant.automation,
        )
        .await
    }

    fn browser(&self) -> Browser {
        Browser::new(self.means.client.clone(), self.means.clock.clone())
    }

    fn person(&self, upn: &str) -> Person {
        Person::of(self.tenant.user(upn).unwrap(), &self.cloud).unwrap()
    }

    async fn tokens(&self, upn: &str) -> Tokens {
        let (mut browser, mut person) = (self.browser(), self.person(upn));
        let place = (&self.cloud, &self.tenant);
        match oauth::sign_in(&self.means, &mut browser, &mut person, place)
            .await
            .unwrap()
        {
            SignIn::Tokens(tokens, _) => *tokens,
            SignIn::Stopped(trip) => panic!("{}", trip.outcome(&browser)),
        }
    }

    /// The sign-in to My Apps up to the password.
    async fn begin_sign_in(&self) -> Browser {
        let mut browser = self.browser();
        let url = format!("{}/?tenantid={}", self.cloud.myapps, self.tenant.id);
        browser.open(&url).await.unwrap();
        browser.fill("#username", SIGNING_IN).unwrap();
        browser.submit("#submit").await.unwrap();
        assert!(browser.page().unwrap().html.by_id("password").is_some());
        browser
    }

    /// Goes on where the browser stands; how many questions were asked on the way to My Apps.
    async fn go_on(&self, browser: &mut Browser) -> usize {
        let mut person = self.person(SIGNING_IN);
        let trip = walk::walk(browser, &mut person, &self.means.clock)
            .await
            .unwrap();
        let landed = matches!(trip.end, End::Landed)
            && browser.page().unwrap().host().starts_with("myapps.");
        assert!(landed, "{}: {}", trip.path(), trip.outcome(browser));
        trip.stops.len()
    }
}

/// Changes groups until nobody answers.
async fn change(
    graph: Graph,
    writer: usize,
    mut ledger: Vec<Group>,
    done: Arc<AtomicUsize>,
) -> Vec<Group> {
    for turn in 0_usize.. {
        let name = format!("writer {writer} turn {turn} of {}", ledger.len());
        let every_other = ledger.len().is_multiple_of(2);
        let answered = match (turn % 4, ledger.last_mut()) {
            (1 | 2, Some(group)) => rename(&graph, group, name).await,
            (3, Some(group)) if every_other => delete(&graph, group).await,
            _ => create(&graph, name, &mut ledger).await,
        };
        if !answered {
            break;
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    ledger
}

/// Whether the server acknowledged. It must not refuse; that its store is busy is no refusal, and
/// leaves open what became of the request.
fn answered<T>(answer: Result<T, Error>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(Error::Failed(_)) => None,
        Err(Error::Refused { refusal, .. }) if refusal.status == 503 => None,
        Err(refused) => panic!("{refused}"),
    }
}

async fn create(graph: &Graph, name: String, ledger: &mut Vec<Group>) -> bool {
    let body = json!({
        "displayName": name, "mailEnabled": false, "securityEnabled": true,
        "mailNickname": format!("g{}", ledger.len()),
    });
    // One that was asked for and not answered has an ID that nobody was told.
    let Some(reply) = answered(graph.post("/v1.0/groups", &body).await) else {
        return false;
    };
    ledger.push(Group {
        id: reply.body["id"].as_str().unwrap().to_owned(),
        acknowledged: State::Named(name),
        asked: None,
        touched: true,
    });
    true
}

async fn rename(graph: &Graph, group: &mut Group, name: String) -> bool {
    if group.acknowledged == State::Deleted {
        return true;
    }
    group.touched = true;
    group.asked = Some(State::Named(name.clone()));
    let path = format!("/v1.0/groups/{}", group.id);
    let done = answered(graph.patch(&path, &json!({ "displayName": name })).await).is_some();
    if done {
        group.acknowledged = group.asked.take().unwrap();
    }
    done
}

async fn delete(graph: &Graph, group: &mut Group) -> bool {
    if group.acknowledged == State::Deleted {
        return true;
    }
    group.touched = true;
    group.asked = Some(State::Deleted);
    let done = answered(graph.delete(&format!("/v1.0/groups/{}", group.id)).await).is_some();
    if done {
        group.acknowledged = group.asked.take().unwrap();
    }
    done
}

/// Renews tokens until nobody answers: the last ones that were given.
async fn renew(means: Means, mut tokens: Tokens, done: Arc<AtomicUsize>) -> (Tokens, usize) {
    let mut count = 0;
    loop {
        match oauth::refresh(&means, &tokens).await {
            Ok(next) => tokens = next,
            Err(oauth::Error::Refused(refusal)) if refusal.status != 503 => panic!("{refusal}"),
            Err(_) => return (tokens, count),
        }
        count += 1;
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the server says of a group. A busy store is asked again.
async fn state(graph: &Graph, path: &str) -> State {
    for _ in 0..20 {
        match graph.get(path).await {
            Ok(body) => return State::Named(body["displayName"].as_str().unwrap().to_owned()),
            Err(Error::Refused { refusal, .. }) if refusal.status == 404 => {
                return State::Deleted;
            }
            Err(Error::Refused { refusal, .. }) if refusal.status == 503 => {}
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{path}: the store does not answer");
}

/// Reads what changed; whatever was under way is settled now.
async fn compare(graph: Graph, mut ledger: Vec<Group>, everything: bool) -> Vec<Group> {
    for group in ledger
        .iter_mut()
        .filter(|group| everything || group.touched)
    {
        let path = format!("/v1.0/groups/{}?$select=displayName", group.id);
        let seen = state(&graph, &path).await;
        let asked = group.asked.take();
        assert!(
            seen == group.acknowledged || asked.as_ref() == Some(&seen),
            "{}: acknowledged {:?}, under way {asked:?}, found {seen:?}",
            group.id,
            group.acknowledged
        );
        group.acknowledged = seen;
        group.touched = false;
    }
    ledger
}

async fn all(graph: &Graph, ledgers: Vec<Vec<Group>>, everything: bool) -> Vec<Vec<Group>> {
    let mut reading = Vec::new();
    for ledger in ledgers {
        reading.push(tokio::spawn(compare(graph.clone(), ledger, everything)));
    }
    let mut ledgers = Vec::new();
    for task in reading {
        ledgers.push(task.await.unwrap());
    }
    ledgers
}

/// What outlives each process.
struct Kept {
    ledgers: Vec<Vec<Group>>,
    tokens: Vec<Tokens>,
    /// Renewals that were answered.
    renewed: usize,
    signed_in: Option<Browser>,
}

/// Lets all eight write, kills the process after some acknowledgements, and takes the ledgers.
async fn write_and_kill(rig: &mut Rig, graph: &Graph, process: Process, kept: &mut Kept) {
    let done = Arc::new(AtomicUsize::new(0));
    let (mut directory, mut renewing) = (Vec::new(), Vec::new());
    for (writer, ledger) in kept.ledgers.drain(..).enumerate() {
        let writing = change(graph.clone(), writer, ledger, Arc::clone(&done));
        directory.push(tokio::spawn(writing));
    }
    for tokens in kept.tokens.drain(..) {
        let writing = renew(rig.means(), tokens, Arc::clone(&done));
        renewing.push(tokio::spawn(writing));
    }
    let enough = usize::try_from(rig.lots.below(24)).unwrap();
    for _ in 0..5000 {
        if done.load(Ordering::Relaxed) >= enough {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_micros(rig.lots.below(30_000))).await;
    process.kill();
    for task in directory {
        kept.ledgers.push(task.await.unwrap());
    }
    for task in renewing {
        let (tokens, count) = task.await.unwrap();
        kept.tokens.push(tokens);
        kept.renewed += count;
    }
}

async fn round(rig: &mut Rig, process: Process, mut kept: Kept) -> (Process, Kept) {
    let graph = rig.graph().await;
    let mut signing_in = rig.begin_sign_in().await;
    write_and_kill(rig, &graph, process, &mut kept).await;
    let process = rig.start();
    // Where the answer was lost, the same token gives it again for ten seconds (O-11).
    for tokens in &mut kept.tokens {
        *tokens = oauth::refresh(&rig.means, tokens).await.unwrap();
    }
    // The access token was issued by a process that is gone.
    kept.ledgers = all(&graph, kept.ledgers, false).await;
    let asked = rig.go_on(&mut signing_in).await;
    assert_eq!(asked, 1, "only the password is asked");
    if let Some(mut browser) = kept.signed_in.replace(signing_in) {
        let url = format!("{}/?tenantid={}", rig.cloud.myapps, rig.tenant.id);
        browser.open(&url).await.unwrap();
        assert_eq!(rig.go_on(&mut browser).await, 0, "the session is lost");
    }
    (process, kept)
}

async fn kill_and_compare(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(engine, folder.path()).await;
    let mut process = rig.start();
    let mut tokens = Vec::new();
    for upn in PEOPLE {
        tokens.push(rig.tokens(upn).await);
    }
    let mut kept = Kept {
        ledgers: (0..DIRECTORY_WRITERS).map(|_| Vec::new()).collect(),
        tokens,
        renewed: 0,
        signed_in: None,
    };
    for kill in 1..=KILLS {
        (process, kept) = round(&mut rig, process, kept).await;
        if kill % 10 == 0 {
            let groups: usize = kept.ledgers.iter().map(Vec::len).sum();
            println!(
                "{engine:?}: {kill} kills, {groups} groups, {} renewals, slowest start {} ms",
                kept.renewed,
                rig.slowest / 1000
            );
        }
    }
    let graph = rig.graph().await;
    let ledgers = all(&graph, kept.ledgers, true).await;
    let groups: usize = ledgers.iter().map(Vec::len).sum();
    assert!(
        groups >= KILLS && kept.renewed >= KILLS / 2,
        "too little was written to tell"
    );
    assert!(rig.slowest < 5_000_000, "a start took more than 5 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn r05_nothing_acknowledged_is_lost_on_sqlite() {
    kill_and_compare(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r05_nothing_acknowledged_is_lost_on_postgresql() {
    if Engine::available().contains(&Engine::Postgres) {
        kill_and_compare(Engine::Postgres).await;
    } else {
        println!("TEST_POSTGRES_URL is not set: nothing is killed");
    }
}
