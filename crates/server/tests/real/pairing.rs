//! Two operators pair their clouds as `docs/operators.md` says, and the story is played between
//! them, steps 2 to 8. One of the clouds is in no data of the product.

use std::{fs, ops::RangeInclusive, path::Path};

use comity_demo::{Options, story};
use comity_model::cloud::CloudEntry;
use comity_server::dev::{
    clouds::built_in,
    manifest::Manifest,
    seed::{Seed, SeedTenant},
};

use crate::{
    balance::Balancer,
    installation::{ANDOR, COMMERCIAL, Engine, Installation, Process, free_port, tenant},
    party::{self, Party},
    post, script,
    watch::Watch,
};

/// Two clouds with their people, paired and not yet running.
pub struct Pair {
    folder: tempfile::TempDir,
    contoso: (Installation, SeedTenant),
    northwind: (Installation, SeedTenant),
    watch: Watch,
    _party: Party,
}

impl Pair {
    pub async fn new(commercial: Engine, andor: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let smtp = post::office(&folder.path().join("mail")).await;
        let bound = party::address().await;
        let mut one = Installation::new(&COMMERCIAL, commercial, smtp).await;
        let mut two = Installation::new(&ANDOR, andor, smtp).await;
        one.must(&["check"]);
        two.must(&["check"]);
        let contoso = one.populate(&tenant("contoso.com", bound.port())).await;
        let northwind = two.populate(&tenant("northwind.us", bound.port())).await;
        let (first, second) = (one.must(&["pair", "show"]), two.must(&["pair", "show"]));
        one.pair(&second, &two.ca_file());
        two.pair(&first, &one.ca_file());
        assert!(one.must(&["check"]).contains("paired with `andor.example`"));
        assert!(
            two.must(&["check"])
                .contains("paired with `microsoftonline.com`")
        );
        let party = Party::start(folder.path(), bound, one.registry(), &contoso).await;
        let pair = Self {
            folder,
            contoso: (one, contoso),
            northwind: (two, northwind),
            watch: Watch::default(),
            _party: party,
        };
        pair.write_manifest();
        pair
    }

    /// What the story reads: its names for the two clouds are those of the dev world.
    fn write_manifest(&self) {
        let ca = self.folder.path().join("ca.pem");
        let authorities = [
            self.contoso.0.ca_file(),
            self.northwind.0.ca_file(),
            self.folder.path().join("party/ca.pem"),
        ];
        let texts = authorities.map(|file| fs::read_to_string(file).unwrap());
        fs::write(&ca, texts.concat()).unwrap();
        let at = |(installation, tenant): &(Installation, SeedTenant), key: &str| {
            let entry = CloudEntry {
                key: key.to_owned(),
                ..installation.entry()
            };
            (entry, seed(key, tenant.clone()))
        };
        // The third cloud of the story has no part in these steps, and nobody answers there.
        let absent = built_in(1).unwrap().remove(2);
        let clouds = [
            at(&self.contoso, "global"),
            at(&self.northwind, "usgov"),
            (absent.entry, seed("china", tenant("tailspin.cn", 1))),
        ];
        let clouds = clouds.iter().map(|(entry, seed)| (entry, seed));
        Manifest::new(&ca, clouds)
            .write(self.folder.path())
            .unwrap();
    }

    fn options(&self) -> Options {
        let folder = self.folder.path();
        Options {
            manifest: folder.join("world.json"),
            json: false,
            pause: false,
            keep: false,
            clock: script::clock(),
            chance: script::chance(),
            transport: Some(self.watch.over(&folder.join("ca.pem"))),
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Both clouds, a process each: the commercial one first.
    pub fn serve(&self) -> (Process, Process) {
        (self.contoso.0.serve(), self.northwind.0.serve())
    }

    /// Plays these steps of the story; every one must hold.
    pub async fn play(&self, steps: RangeInclusive<usize>) {
        let options = self.options();
        let (mut out, expected) = (Vec::new(), steps.clone().count());
        let outcome = story::play_steps(&options, steps, &mut out).await.unwrap();
        let told = String::from_utf8(out).unwrap();
        println!("{told}");
        assert_eq!(
            (outcome.failed, outcome.held),
            (None, expected),
            "{told}\n{}\n{}",
            self.contoso.0.log(),
            self.northwind.0.log()
        );
    }
}

fn seed(key: &str, tenant: SeedTenant) -> Seed {
    Seed {
        cloud: key.to_owned(),
        tenants: vec![tenant],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_pair_as_the_documents_say() {
    let pair = Pair::new(Engine::Sqlite, Engine::Sqlite).await;
    let _running = pair.serve();
    pair.play(2..=8).await;
    pair.watch.check();
}

/// Two processes of a cloud behind a balancer that sends every connection, which is every request
/// of the browser, to the other one.
async fn two_nodes(installation: &Installation) -> ([Process; 2], Balancer) {
    let ports = [free_port(), free_port()];
    let processes = ports.map(|port| installation.serve_at(port));
    (processes, Balancer::start(installation.port, &ports).await)
}

fn each_had_half(balancer: &Balancer) {
    let counts = balancer.counts();
    println!("connections by process: {counts:?}");
    assert!(
        counts[0] > 20 && counts[0].abs_diff(counts[1]) <= 1,
        "{counts:?}"
    );
}

/// V-68, law 7: keys, pushes, sign-ins, sessions, codes and leases are rows.
#[tokio::test(flavor = "multi_thread")]
async fn either_cloud_may_be_two_processes_on_one_database() {
    if !Engine::available().contains(&Engine::Postgres) {
        println!("TEST_POSTGRES_URL is not set: nothing is played");
        return;
    }
    let pair = Pair::new(Engine::Postgres, Engine::Sqlite).await;
    let (_nodes, balancer) = two_nodes(&pair.contoso.0).await;
    let _other = pair.northwind.0.serve();
    pair.play(2..=8).await;
    each_had_half(&balancer);

    let pair = Pair::new(Engine::Sqlite, Engine::Postgres).await;
    let (_nodes, balancer) = two_nodes(&pair.northwind.0).await;
    let _other = pair.contoso.0.serve();
    pair.play(2..=8).await;
    each_had_half(&balancer);
}
