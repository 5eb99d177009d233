//! Questions to the objects behind references, however many they are: they are looked at some
//! hundred at a time, and what is kept of each is its place in the order. So a group of a hundred
//! thousand members keeps neither a thread of the runtime nor its memory.

use std::collections::BTreeMap;

use comity_model::{
    group::{ObjectKind, ObjectRef},
    id::parse_uuid,
    query::{Listing, Query, SortKey, matches, sort_key},
};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::{
    context::Context,
    directory::{Json, group, read, wire},
    error::{Error, Result},
};

/// Objects looked at in one step.
const STEP: usize = 500;

/// An object that is part of the answer.
struct Found {
    /// Its place; `None` where the key alone orders.
    place: Option<SortKey>,
    reference: ObjectRef,
}

/// Answers a query over references to objects that exist.
pub(super) async fn answer(
    cx: &Context,
    references: Vec<ObjectRef>,
    query: &Query,
) -> Result<Listing> {
    let plain = query.filter.is_none() && query.search.is_none() && query.order.is_empty();
    let found = if plain {
        let all = references.into_iter();
        all.map(|reference| Found {
            place: None,
            reference,
        })
        .collect()
    } else {
        judged(cx, &references, query).await?
    };
    let count = query.count.then_some(found.len() as u64);
    let (page, more) = cut(found, query.clone()).await?;
    Ok(Listing {
        items: load(cx, &page).await?,
        more,
        count,
    })
}

/// Those that fulfil the conditions, with their places.
async fn judged(cx: &Context, references: &[ObjectRef], query: &Query) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for step in references.chunks(STEP) {
        for object in load(cx, step).await? {
            let fits = query.filter.as_ref().is_none_or(|f| matches(f, &object))
                && query.search.as_ref().is_none_or(|s| s.matches(&object));
            let id = object
                .get("id")
                .and_then(Value::as_str)
                .and_then(parse_uuid);
            let reference = step.iter().find(|r| Some(r.id) == id);
            if let Some(reference) = reference.filter(|_| fits) {
                let ordered = !query.order.is_empty();
                found.push(Found {
                    place: ordered.then(|| sort_key(query, &query.position(&object))),
                    reference: *reference,
                });
            }
        }
    }
    Ok(found)
}

/// The page of a query, and whether more come behind it. Sorting takes a thread of its own.
async fn cut(mut found: Vec<Found>, query: Query) -> Result<(Vec<ObjectRef>, bool)> {
    let sorted = move || {
        found.sort_by(|a, b| {
            a.place
                .cmp(&b.place)
                .then(a.reference.id.cmp(&b.reference.id))
        });
        if let Some(after) = &query.page.after {
            let bound = sort_key(&query, after);
            let key = after.0.last().and_then(Value::as_str).and_then(parse_uuid);
            found.retain(|f| match &f.place {
                Some(place) => *place > bound,
                None => Some(f.reference.id) > key,
            });
        }
        let rest = found.len().saturating_sub(query.page.skip);
        let page = found.iter().skip(query.page.skip).take(query.page.size);
        let page: Vec<ObjectRef> = page.map(|f| f.reference).collect();
        (page, rest > query.page.size)
    };
    spawn_blocking(sorted).await.map_err(Error::internal)
}

/// The objects, whole, with their types, in the order of the references; what is gone meanwhile is
/// left out.
pub(super) async fn load(cx: &Context, references: &[ObjectRef]) -> Result<Vec<Json>> {
    let mut objects = Vec::with_capacity(references.len());
    for step in references.chunks(STEP) {
        let mut loaded = step_of(cx, step).await?;
        let ordered = step.iter().filter_map(|r| loaded.remove(&r.id));
        objects.extend(ordered);
    }
    Ok(objects)
}

async fn step_of(cx: &Context, step: &[ObjectRef]) -> Result<BTreeMap<Uuid, Json>> {
    let of = |kind: ObjectKind| {
        let of = step.iter().filter(|r| r.kind == kind);
        of.map(|r| r.id).collect::<Vec<Uuid>>()
    };
    let tenant = cx.tenant()?;
    let snapshot = cx.app.snapshots().get(cx, tenant).await?;
    let read = cx.app.store().read();
    let scoped = read.tenant(tenant);
    let sight = read::sight(cx).await?;
    let mut objects = BTreeMap::new();
    let mut put = |kind, id: Uuid, mut object: Json| {
        let name = group::annotation(kind).trim_start_matches("#microsoft.graph.");
        sight.trim(name, &mut object);
        object.insert("@odata.type".into(), json!(group::annotation(kind)));
        objects.insert(id, object);
    };
    let domain = &snapshot.tenant.initial_domain;
    for found in scoped.users().find_many(&of(ObjectKind::User)).await? {
        put(
            ObjectKind::User,
            found.id.uuid(),
            wire::user(&found, domain),
        );
    }
    for found in scoped.groups().find_many(&of(ObjectKind::Group)).await? {
        put(ObjectKind::Group, found.id.uuid(), wire::group(&found));
    }
    for id in of(ObjectKind::ServicePrincipal) {
        if let Some(found) = snapshot.service_principal_by_id(id) {
            let object = wire::service_principal(found, tenant.uuid());
            put(ObjectKind::ServicePrincipal, id, object);
        }
    }
    Ok(objects)
}
