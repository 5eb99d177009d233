//! Reading a path (odata-conventions.md §1): case-insensitive segments, keys as segments or in
//! parentheses, alternate keys, casts, functions, `$count`, `$ref`, an organisation segment.

use comity_model::{
    id::parse_uuid,
    name,
    resource::{
        self, Action, DIRECTORY_OBJECT, FUNCTIONS, Function, Kind, Property, ResourceType, USER,
        address::{Key, Object, Place},
        operation,
    },
};

use crate::{
    backend::Caller,
    error::{Failure, Result},
};

/// What a path names.
#[derive(Debug, Clone)]
pub enum Target {
    /// `$metadata`
    Metadata,
    /// A collection.
    Collection(Place),
    /// `…/$count`
    Count(Place),
    /// `…/$ref`
    References(Place),
    /// `…/{id}/$ref`
    Reference(Place, Key),
    /// One object.
    Object(Object),
    /// A property as resource: `/servicePrincipals/{id}/appRoles`.
    Property(Object, &'static Property),
    /// An action of an object.
    Action(Object, &'static Action),
    /// A function and its argument.
    Function(&'static Function, String),
}

/// A path that was read.
#[derive(Debug, Clone)]
pub struct Address {
    /// What it names.
    pub target: Target,
    /// The path in the notation of the operation table.
    pub template: String,
    /// `v1.0` or `beta`.
    pub version: &'static str,
}

const MAX_PATH: usize = 4096;
const MAX_SEGMENTS: usize = 24;
const MAX_KEY: usize = 300;

/// Splits a raw path into version and decoded segments.
pub fn segments(path: &str) -> Result<(&'static str, Vec<String>)> {
    if path.len() > MAX_PATH {
        return Err(Failure::bad_request(format!(
            "The path is longer than {MAX_PATH} bytes."
        )));
    }
    let mut decoded = Vec::new();
    for raw in path.split('/').filter(|s| !s.is_empty()) {
        let text = decode(raw).ok_or_else(|| Failure::bad_request("The path is not UTF-8."))?;
        // `/groups/(uniqueName='x')` is `/groups(uniqueName='x')`.
        match decoded.last_mut() {
            Some(last) if text.starts_with('(') => *last = format!("{last}{text}"),
            _ => decoded.push(text),
        }
    }
    if decoded.len() > MAX_SEGMENTS {
        return Err(Failure::bad_request(format!(
            "The path has more than {MAX_SEGMENTS} segments."
        )));
    }
    let first = if decoded.is_empty() {
        String::new()
    } else {
        decoded.remove(0)
    };
    match first.to_ascii_lowercase().as_str() {
        "v1.0" => Ok(("v1.0", decoded)),
        "beta" => Ok(("beta", decoded)),
        _ => Err(Failure::bad_request(format!("Invalid version: '{first}'."))),
    }
}

/// Percent-decoding without `+`; `None` if the bytes are not UTF-8 or contain NUL.
fn decode(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let value = digit()? * 16 + digit()?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|t| !t.contains('\0'))
}

/// What stands in the parentheses of a segment.
enum Inner {
    /// `delta()`
    Nothing,
    /// `users('id')`
    Value(String),
    /// `applications(appId='x')`
    Named(String, String),
}

fn parenthesis(segment: &str) -> Result<(&str, Option<Inner>)> {
    let Some((name, rest)) = segment.split_once('(') else {
        return Ok((segment, None));
    };
    let malformed = || {
        Failure::bad_request(format!(
            "The key in the segment '{segment}' cannot be read."
        ))
    };
    let inner = rest.strip_suffix(')').ok_or_else(malformed)?.trim();
    if inner.is_empty() {
        return Ok((name, Some(Inner::Nothing)));
    }
    let is_name = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    match inner.split_once('=') {
        Some((key, value)) if is_name(key.trim()) => {
            let value = unquote(value.trim()).ok_or_else(malformed)?;
            Ok((name, Some(Inner::Named(key.trim().to_owned(), value))))
        }
        _ => Ok((
            name,
            Some(Inner::Value(unquote(inner).ok_or_else(malformed)?)),
        )),
    }
}

fn unquote(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('\'') else {
        return (!text.contains('\'')).then(|| text.to_owned());
    };
    let inner = inner.strip_suffix('\'')?;
    let plain = inner.replace("''", "\0");
    (!plain.contains('\'')).then(|| plain.replace('\0', "'"))
}

/// Reads the segments behind the version.
pub fn resolve(version: &'static str, segments: &[String], caller: &Caller) -> Result<Address> {
    let segments = without_organisation(segments, caller);
    let Some(first) = segments.first() else {
        return Err(Failure::unknown_path());
    };
    let (target, template) = if first.eq_ignore_ascii_case("$metadata") && segments.len() == 1 {
        (Target::Metadata, "/$metadata".to_owned())
    } else if first.eq_ignore_ascii_case("me") {
        let user = caller.user.ok_or_else(Failure::me_needs_a_user)?;
        let me = Object::by_id(&USER, user.to_string());
        Walk {
            all: segments,
            template: "/me".into(),
        }
        .object(me, segments.get(1..).unwrap_or(&[]))?
    } else if let Some(found) = function(segments)? {
        found
    } else {
        start(segments)?
    };
    Ok(Address {
        target,
        template,
        version,
    })
}

fn without_organisation<'a>(segments: &'a [String], caller: &Caller) -> &'a [String] {
    let own = |text: &str| {
        text.eq_ignore_ascii_case("myorganization")
            || parse_uuid(text) == Some(caller.tenant)
            || caller.domains.contains(&name::key(text))
    };
    match segments.split_first() {
        Some((first, rest)) if own(first) => rest,
        _ => segments,
    }
}

fn function(segments: &[String]) -> Result<Option<(Target, String)>> {
    let path = segments.join("/");
    let Ok((name, inner)) = parenthesis(&path) else {
        return Ok(None);
    };
    let Some(function) = FUNCTIONS.iter().find(|f| f.path.eq_ignore_ascii_case(name)) else {
        return Ok(None);
    };
    let parameter = &function.parameter;
    let fault = || {
        Failure::bad_request(format!(
            "The function needs the parameter '{}' as a string.",
            parameter.name
        ))
    };
    let Some(Inner::Named(name, value)) = inner else {
        return Err(fault());
    };
    if name != parameter.name || value.is_empty() || value.len() > parameter.max {
        return Err(fault());
    }
    let value = match parameter.kind {
        Kind::Guid => canonical(parameter, &value)?,
        _ => value,
    };
    Ok(Some((
        Target::Function(function, value),
        format!("/{}()", function.path),
    )))
}

/// The collection or singleton with the longest path that the segments begin with.
fn start(segments: &[String]) -> Result<(Target, String)> {
    let name_of = |segment: &str| segment.split('(').next().unwrap_or_default().to_owned();
    let fits = |resource: &&&'static ResourceType| {
        let path: Vec<&str> = resource.path.split('/').collect();
        !resource.path.is_empty()
            && path.len() <= segments.len()
            && path
                .iter()
                .zip(segments)
                .enumerate()
                .all(|(i, (want, have))| {
                    let last = i + 1 == path.len();
                    let have = if last { name_of(have) } else { have.clone() };
                    want.eq_ignore_ascii_case(&have)
                })
    };
    let found = resource::ALL
        .iter()
        .filter(fits)
        .max_by_key(|r| r.path.len());
    let Some(resource) = found.copied() else {
        return Err(nowhere(segments, segments.first()));
    };
    let depth = resource.path.split('/').count();
    let walk = Walk {
        all: segments,
        template: format!("/{}", resource.path),
    };
    let rest = segments.get(depth..).unwrap_or(&[]);
    let (_, inner) = parenthesis(segments.get(depth - 1).map_or("", String::as_str))?;
    match inner {
        None if resource.singleton => walk.object(Object::only(resource), rest),
        None => walk.collection(Place::of(resource), rest),
        Some(inner) => walk.keyed(Place::of(resource), inner, rest),
    }
}

/// 501 for what the original has, else 404 (nothing known at all) or 400 (a known path goes on).
fn nowhere(all: &[String], segment: Option<&String>) -> Failure {
    // A cast says nothing about whether the path is there.
    let normal: Vec<String> = all
        .iter()
        .map(|s| normal(s))
        .filter(|s| !s.starts_with("graph."))
        .collect();
    let borrowed: Vec<&str> = normal.iter().map(String::as_str).collect();
    let first = all.first();
    match segment {
        _ if operation::is_known(&borrowed) => Failure::not_built(&format!("/{}", all.join("/"))),
        Some(segment) if Some(segment) != first => Failure::unknown_segment(segment),
        _ => Failure::unknown_path(),
    }
}

/// A cast in the notation of the operation table.
fn normal(segment: &str) -> String {
    let short = resource::strip_namespace(segment);
    if short.len() == segment.len() {
        segment.to_owned()
    } else {
        format!("graph.{short}")
    }
}

struct Walk<'a> {
    all: &'a [String],
    template: String,
}

impl Walk<'_> {
    fn push(mut self, segment: &str) -> Self {
        self.template.push('/');
        self.template.push_str(segment);
        self
    }

    fn end(self, target: Target, rest: &[String]) -> Result<(Target, String)> {
        match rest.first() {
            None => Ok((target, self.template)),
            Some(segment) => Err(nowhere(self.all, Some(segment))),
        }
    }

    fn collection(self, place: Place, rest: &[String]) -> Result<(Target, String)> {
        let Some((first, rest)) = rest.split_first() else {
            return Ok((Target::Collection(place), self.template));
        };
        if first.eq_ignore_ascii_case("$count") {
            return self.push("$count").end(Target::Count(place), rest);
        }
        if first.eq_ignore_ascii_case("$ref") {
            return match &place.parent {
                Some(parent) if parent.navigation.references => {
                    self.push("$ref").end(Target::References(place), rest)
                }
                _ => Err(nowhere(self.all, Some(first))),
            };
        }
        if normal(first).starts_with("graph.") {
            return self.cast(place, first, rest);
        }
        if first.eq_ignore_ascii_case("delta") || first.eq_ignore_ascii_case("delta()") {
            return Err(nowhere(self.all, Some(first)));
        }
        if first.starts_with('$') && place.resource != &USER {
            return Err(nowhere(self.all, Some(first)));
        }
        self.keyed(place, Inner::Value(first.clone()), rest)
    }

    fn cast(self, mut place: Place, segment: &str, rest: &[String]) -> Result<(Target, String)> {
        let casts = place
            .parent
            .as_ref()
            .map_or(place.resource.derived, |p| p.navigation.casts);
        let named = resource::find(segment).filter(|r| casts.contains(r));
        let Some(named) = named.filter(|_| !place.cast) else {
            let template = format!("{}/{}", self.template, normal(segment));
            return Err(if operation::operations(&template).is_empty() {
                Failure::unsupported_query(
                    "Unsupported Query. The type of the cast does not occur here.",
                )
            } else {
                Failure::not_built(&template)
            });
        };
        place.resource = named;
        place.cast = true;
        let segment = format!("graph.{}", named.name);
        self.push(&segment).collection(place, rest)
    }

    fn keyed(self, place: Place, inner: Inner, rest: &[String]) -> Result<(Target, String)> {
        let key = match inner {
            Inner::Nothing => return Err(nowhere(self.all, self.all.last())),
            Inner::Value(text) => key(place.resource, &text)?,
            Inner::Named(name, text) if name == place.resource.key => key(place.resource, &text)?,
            Inner::Named(name, text) => {
                let resource = place.resource;
                let alternate = resource.alternate_keys.iter().find(|k| **k == name);
                let property = alternate
                    .and_then(|k| resource.property(k))
                    .ok_or_else(|| {
                        Failure::bad_request(format!(
                            "The property '{name}' is no key of type '{}'.",
                            resource.full_name()
                        ))
                    })?;
                Key::Alternate(property, canonical(property, &text)?)
            }
        };
        let walk = self.push("{}");
        match rest.split_first() {
            Some((first, rest)) if first.eq_ignore_ascii_case("$ref") => match &place.parent {
                Some(parent) if parent.navigation.references => {
                    walk.push("$ref").end(Target::Reference(place, key), rest)
                }
                _ => Err(nowhere(walk.all, Some(first))),
            },
            _ => walk.object(Object { place, key }, rest),
        }
    }

    fn object(self, object: Object, rest: &[String]) -> Result<(Target, String)> {
        let Some((first, rest)) = rest.split_first() else {
            return Ok((Target::Object(object), self.template));
        };
        let (name, inner) = parenthesis(first)?;
        let resource = object.place.resource;
        if let Some(navigation) = resource.navigation(name).filter(|n| n.path) {
            let place = Place::behind(&object, navigation);
            let walk = self.push(navigation.name);
            return match inner {
                None => walk.collection(place, rest),
                Some(inner) => walk.keyed(place, inner, rest),
            };
        }
        if inner.is_none() || matches!(inner, Some(Inner::Nothing)) {
            if let Some(action) = resource.action(name) {
                return self
                    .push(action.name)
                    .end(Target::Action(object, action), rest);
            }
            let property = resource
                .properties
                .iter()
                .find(|p| p.name.eq_ignore_ascii_case(name));
            if let Some(property) = property.filter(|p| p.name != resource.key) {
                return self
                    .push(property.name)
                    .end(Target::Property(object, property), rest);
            }
        }
        Err(nowhere(self.all, Some(first)))
    }
}

/// A key as a plain segment: the type's key, or the UPN of a user.
fn key(resource: &'static ResourceType, text: &str) -> Result<Key> {
    if resource == &USER && text.contains('@') {
        let property = resource.property("userPrincipalName");
        return match property {
            Some(property) => Ok(Key::Alternate(property, canonical(property, text)?)),
            None => Err(Failure::object_identifier(text)),
        };
    }
    let property = resource
        .property(resource.key)
        .ok_or_else(|| Failure::object_identifier(text))?;
    canonical(property, text).map(Key::Id)
}

/// The one spelling of a key: GUIDs in lower case with dashes, domain names in lower case.
fn canonical(property: &Property, text: &str) -> Result<String> {
    if text.is_empty() || text.len() > MAX_KEY || text.chars().any(char::is_control) {
        return Err(Failure::object_identifier(text));
    }
    match property.kind {
        Kind::Guid => parse_uuid(text)
            .map(|id| id.to_string())
            .ok_or_else(|| Failure::object_identifier(text)),
        _ => Ok(text.to_owned()),
    }
}

/// The type that references and casts of a set name: `users`, `directoryObjects`, ….
pub fn set(name: &str) -> Option<&'static ResourceType> {
    if name.eq_ignore_ascii_case("directoryObjects") {
        return Some(&DIRECTORY_OBJECT);
    }
    resource::ALL
        .iter()
        .copied()
        .find(|r| !r.path.is_empty() && r.path.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
