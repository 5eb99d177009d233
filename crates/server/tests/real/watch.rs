//! Every answer that the people and scripts of a story got, over real HTTPS, looked at afterwards.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use comity_demo::client::{Answer, Ask, Client, Transport};
use http::{HeaderMap, HeaderName, Method, StatusCode, header};

use crate::installation::{ANDOR, Engine, Installation};

/// Status, headers and address of one answer.
struct Seen {
    what: String,
    status: StatusCode,
    headers: HeaderMap,
}

/// What was answered so far.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Vec<Seen>>>);

impl Watch {
    /// The way of a client that trusts `ca`, watched.
    pub fn over(&self, ca: &Path) -> Transport {
        let (client, watch) = (Client::trusting(ca).unwrap(), self.clone());
        Transport::new(move |ask| {
            let (client, watch) = (client.clone(), watch.clone());
            Box::pin(async move {
                let what = format!("{} {}", ask.method, comity_demo::client::shown(&ask.url));
                let answer = client.send(ask).await?;
                watch.note(what, &answer);
                Ok(answer)
            })
        })
    }

    fn note(&self, what: String, answer: &Answer) {
        self.0.lock().unwrap().push(Seen {
            what,
            status: answer.status,
            headers: answer.headers.clone(),
        });
    }

    /// O-15: a redirect is a 303, so that what was posted is never posted on. O-16: no page can be
    /// framed. A page of a login host is not kept by anybody.
    pub fn check(&self) {
        let seen = self.0.lock().unwrap();
        let (mut redirects, mut pages) = (0, 0);
        for Seen {
            what,
            status,
            headers,
        } in seen.iter()
        {
            let text = |name| {
                let values = headers.get_all(name).iter();
                values
                    .map(|value| value.to_str().unwrap())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            if status.is_redirection() {
                assert_eq!(*status, StatusCode::SEE_OTHER, "{what}");
                redirects += 1;
            }
            if text(header::CONTENT_TYPE).starts_with("text/html") {
                let policy = text(header::CONTENT_SECURITY_POLICY);
                assert!(
                    policy.contains("frame-ancestors 'none'"),
                    "{what}: {policy}"
                );
                assert!(text(header::CACHE_CONTROL).contains("no-store"), "{what}");
                pages += 1;
            }
            assert!(
                !text(header::STRICT_TRANSPORT_SECURITY).is_empty(),
                "{what}"
            );
        }
        assert!(
            redirects > 30 && pages > 10,
            "{redirects} redirects, {pages} pages"
        );
    }
}

/// Whatever one read of the connection brings: 32 kB are the most.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_head_is_refused() {
    let installation = Installation::new(&ANDOR, Engine::Sqlite, 25).await;
    let _running = installation.serve();
    let client = Client::trusting(&installation.ca_file()).unwrap();
    let keys = format!(
        "{}/common/discovery/v2.0/keys",
        installation.origin("login")
    );
    for (length, expected) in [(30_000, 200), (33_000, 431), (100_000, 431)] {
        let ask = Ask::new(Method::GET, keys.parse().unwrap());
        let ask = ask
            .header(HeaderName::from_static("x"), &"x".repeat(length))
            .unwrap();
        let answer = client.send(ask).await.unwrap();
        assert_eq!(answer.status, expected, "{length}: {}", answer.text());
    }
}
