//! Skip tokens (odata-conventions.md §7): sealed, base64url, so that they survive every decoding,
//! encoding and sorting of the query string. A token carries the options of the first page and the
//! position behind the last object; it opens only for the same tenant and the same collection.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use comity_model::query::Position;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Options;
use crate::{
    backend::Seal,
    error::{Failure, Result},
};

const PURPOSE: &str = "graph-skiptoken";
const MAX: usize = 32_768;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Token {
    /// Options of the first page.
    #[serde(rename = "o")]
    options: Vec<(String, String)>,
    /// Values of the last object: order, key.
    #[serde(rename = "a")]
    after: Vec<Value>,
    /// `ConsistencyLevel: eventual` of the first request; clients do not repeat it.
    #[serde(rename = "e")]
    eventual: bool,
    /// Size of a page.
    #[serde(rename = "n")]
    size: usize,
}

/// A listing to go on with.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumed {
    /// Options of the first page.
    pub options: Options,
    /// Where the last page ended.
    pub after: Position,
    /// The mode of the first request.
    pub eventual: bool,
    /// Size of a page.
    pub size: usize,
}

fn context(tenant: Uuid, collection: &str) -> Vec<u8> {
    format!("{tenant} {collection}").into_bytes()
}

/// Makes the token of the next page. `collection` is the path without options.
pub fn issue(seal: &dyn Seal, tenant: Uuid, collection: &str, resumed: &Resumed) -> Option<String> {
    let token = Token {
        options: resumed
            .options
            .without_token()
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect(),
        after: resumed.after.0.clone(),
        eventual: resumed.eventual,
        size: resumed.size,
    };
    let plain = serde_json::to_vec(&token).ok()?;
    let sealed = seal.seal(PURPOSE, &context(tenant, collection), &plain)?;
    Some(URL_SAFE_NO_PAD.encode(sealed))
}

/// Opens the token of a request. The other options may be left out, but not changed.
pub fn redeem(
    seal: &dyn Seal,
    tenant: Uuid,
    collection: &str,
    options: &Options,
) -> Result<Option<Resumed>> {
    let Some(text) = options.get("$skiptoken") else {
        return Ok(None);
    };
    let open = || {
        let sealed = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        let plain = seal.open(PURPOSE, &context(tenant, collection), &sealed)?;
        serde_json::from_slice::<Token>(&plain).ok()
    };
    let token = (text.len() <= MAX)
        .then(open)
        .flatten()
        .ok_or_else(Failure::page_token)?;
    let first = Options::from_pairs(token.options)?;
    if options
        .without_token()
        .any(|(name, value)| first.get(name) != Some(value))
    {
        return Err(Failure::page_token());
    }
    Ok(Some(Resumed {
        options: first,
        after: Position(token.after),
        eventual: token.eventual,
        size: token.size,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Prefixes instead of encrypting.
    struct Plain;

    impl Seal for Plain {
        fn seal(&self, purpose: &'static str, context: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
            Some([purpose.as_bytes(), context, b"|", plain].concat())
        }
        fn open(&self, purpose: &'static str, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
            let prefix = [purpose.as_bytes(), context, b"|"].concat();
            sealed.strip_prefix(prefix.as_slice()).map(<[u8]>::to_vec)
        }
    }

    fn resumed() -> Resumed {
        Resumed {
            options: Options::parse("$filter=a eq 'b'&$top=2").unwrap(),
            after: Position(vec![json!("x"), json!("id")]),
            eventual: true,
            size: 2,
        }
    }

    #[test]
    fn a_token_opens_in_any_order_and_encoding_of_the_other_options() {
        let tenant = Uuid::from_u128(1);
        let token = issue(&Plain, tenant, "/users", &resumed()).unwrap();
        for query in [
            format!("$skiptoken={token}&%24top=2&$filter=a%20eq%20'b'"),
            format!("$filter=a+eq+'b'&$skiptoken={token}"),
            format!("$skiptoken={token}"),
            format!("$skiptoken={token}%3D"),
        ] {
            let options = Options::parse(&query).unwrap();
            let got = redeem(&Plain, tenant, "/users", &options).unwrap().unwrap();
            assert_eq!(got, resumed(), "{query}");
        }
    }

    #[test]
    fn a_token_of_another_tenant_or_collection_or_with_other_options_is_refused() {
        let tenant = Uuid::from_u128(1);
        let token = issue(&Plain, tenant, "/users", &resumed()).unwrap();
        let try_it = |tenant, path: &str, query: String| {
            redeem(&Plain, tenant, path, &Options::parse(&query).unwrap())
        };
        for (tenant, path, query) in [
            (Uuid::from_u128(2), "/users", format!("$skiptoken={token}")),
            (tenant, "/groups", format!("$skiptoken={token}")),
            (tenant, "/users", format!("$skiptoken={token}&$top=3")),
            (tenant, "/users", format!("$skiptoken={token}&$count=true")),
            (tenant, "/users", format!("$skiptoken=A{token}")),
            (tenant, "/users", "$skiptoken=".into()),
            (tenant, "/users", "$skiptoken=!!".into()),
        ] {
            assert_eq!(
                try_it(tenant, path, query.clone()).unwrap_err(),
                Failure::page_token(),
                "{query}"
            );
        }
    }
}
