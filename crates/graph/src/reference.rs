//! References to directory objects: `{"@odata.id": "https://{any host}/v1.0/users/{id}"}`. The host
//! is not looked at: clients write the original's into it.

use comity_model::{id::parse_uuid, resource::address::Reference};
use serde_json::{Map, Value};

use crate::{
    address::set,
    error::{Failure, Result},
};

const SETS: [&str; 5] = [
    "users",
    "groups",
    "servicePrincipals",
    "directoryObjects",
    "devices",
];

/// Reads the body of `POST …/$ref`.
pub fn from_body(body: &Map<String, Value>) -> Result<Reference> {
    if let Some((name, _)) = body
        .iter()
        .find(|(n, _)| *n != "@odata.id" && !n.contains('@'))
    {
        return Err(Failure::invalid(format!(
            "Invalid property '{name}' in a reference."
        )));
    }
    match body.get("@odata.id") {
        Some(Value::String(url)) => parse(url),
        _ => Err(Failure::invalid(
            "A reference needs '@odata.id' with the URL of an object.",
        )),
    }
}

/// Reads a reference URL: the last two segments are set and key, or set('key').
pub fn parse(url: &str) -> Result<Reference> {
    let fault = || Failure::invalid(format!("Invalid object reference '{url}'."));
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let decoded = path
        .replace("%27", "'")
        .replace("%28", "(")
        .replace("%29", ")");
    let parts: Vec<&str> = decoded.split('/').filter(|s| !s.is_empty()).collect();
    let parts = match parts.as_slice() {
        // `/v2/{tenant}/directoryObjects/{id}/Microsoft.DirectoryServices.User`
        [rest @ .., last]
            if last
                .to_ascii_lowercase()
                .starts_with("microsoft.directoryservices.") =>
        {
            rest
        }
        all => all,
    };
    let (name, key) = match parts {
        [.., last] if last.contains('(') => {
            let (name, key) = last.split_once('(').ok_or_else(fault)?;
            (
                name,
                key.strip_suffix(')').ok_or_else(fault)?.trim_matches('\''),
            )
        }
        [.., name, key] => (*name, *key),
        _ => return Err(fault()),
    };
    let known = SETS.iter().any(|s| s.eq_ignore_ascii_case(name));
    let id = parse_uuid(key).filter(|_| known).ok_or_else(fault)?;
    let resource = set(name).filter(|r| !r.path.is_empty());
    Ok(Reference { resource, id })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn any_host_version_and_key_form() {
        let id = "0000000a-0000-0000-0000-000000000001";
        for (url, set) in [
            ("https://graph.microsoft.com/v1.0/directoryObjects/ID", None),
            (
                "https://graph.contoso.localhost:8443/beta/users/ID",
                Some("user"),
            ),
            ("https://x/v1.0/Users('ID')", Some("user")),
            ("https://x/v1.0/groups(%27ID%27)", Some("group")),
            (
                "https://x/v1.0/servicePrincipals/ID/",
                Some("servicePrincipal"),
            ),
            (
                "https://x/v2/0000000a-0000-0000-0000-000000000009/directoryObjects/ID/Microsoft.DirectoryServices.User",
                None,
            ),
            ("directoryObjects/ID", None),
        ] {
            let reference = parse(&url.replace("ID", &id.to_uppercase())).unwrap();
            assert_eq!(reference.id.to_string(), id, "{url}");
            assert_eq!(reference.resource.map(|r| r.name), set, "{url}");
        }
        for url in [
            "",
            "https://x/v1.0/users",
            "https://x/v1.0/users/nora@x.y",
            "https://x/v1.0/domains/ID",
            "users('ID'",
            "ID",
        ] {
            assert!(parse(&url.replace("ID", id)).is_err(), "{url}");
        }
    }

    #[test]
    fn the_body_is_one_url() {
        let body = |v: Value| from_body(v.as_object().unwrap());
        assert!(
            body(json!({"@odata.id": "https://x/v1.0/users/0000000a-0000-0000-0000-000000000001"}))
                .is_ok()
        );
        assert!(body(json!({})).is_err());
        assert!(body(json!({"@odata.id": 1})).is_err());
        assert!(body(json!({"id": "0000000a-0000-0000-0000-000000000001"})).is_err());
    }
}
