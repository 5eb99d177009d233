//! POST, PATCH and DELETE: objects, references, actions.

use axum::body::Body;
use comity_model::resource::{
    Action, Navigation,
    address::{Change, Object, Place, Reference},
    check,
};
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::{
    body,
    error::{Failure, Result, Site},
    handle::Asking,
    odata::Asked,
    read::{no_options, owner, shaped},
    reference,
    render::{entity_context, runtime_type, value_of},
    reply::{Content, Reply},
};

impl Asking<'_> {
    /// POST to a collection.
    pub async fn create(&self, place: &Place, headers: &HeaderMap, body: Body) -> Result<Reply> {
        no_options(&self.options)?;
        let area = place.resource.area;
        let read = body::object(headers, body).await?;
        let read = check::create(place.resource, &read).map_err(|f| Failure::body(area, &f))?;
        let asked_for = read.properties.clone();
        let site = Site {
            resource: place.resource,
            id: owner(place),
            relation: "",
        };
        let made = self.backend().create(place, change(read)?).await;
        let made = made.map_err(|e| Failure::from_use_case(e, site))?;
        let everything = Asked {
            query: comity_model::query::Query::all(place.resource),
            select: None,
            expand: Vec::new(),
        };
        let mut served = Map::new();
        self.put_context(&mut served, &entity_context(place, None, &[]));
        served.extend(self.item(place, &made, &everything, &asked_for).await?);
        let key = made
            .get(place.resource.key)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let location = format!(
            "{}{}/{key}",
            self.graph.root,
            self.path.trim_end_matches('/')
        );
        Ok(Reply {
            status: 201,
            content: Content::Json(served),
            location: Some(location),
        })
    }

    /// PATCH of an object.
    pub async fn update(&self, object: &Object, headers: &HeaderMap, body: Body) -> Result<Reply> {
        no_options(&self.options)?;
        let resource = object.place.resource;
        let read = body::object(headers, body).await?;
        let read = check::update(resource, &read).map_err(|f| Failure::body(resource.area, &f))?;
        if !read.repeated.is_empty() {
            self.unchanged(object, &read.repeated).await?;
        }
        let relation = read.bindings.first().map_or("", |(n, _)| n.name);
        let site = Site {
            resource,
            id: object.key.text(),
            relation,
        };
        let done = self.backend().update(object, change(read)?).await;
        done.map_err(|e| Failure::from_use_case(e, site))?;
        Ok(Reply::done())
    }

    /// A read-only property may be sent back as it is.
    async fn unchanged(&self, object: &Object, repeated: &Map<String, Value>) -> Result<()> {
        let present = self.find(object).await?;
        let resource = runtime_type(object.place.resource, &present);
        for (name, value) in repeated {
            let now = resource.property(name).map(|p| {
                let now = present
                    .get(name)
                    .cloned()
                    .unwrap_or_else(|| p.initial_value());
                (value_of(p, now), value_of(p, value.clone()))
            });
            if now.is_none_or(|(now, sent)| now != sent) {
                return Err(Failure::new(
                    400,
                    "Request_BadRequest",
                    format!("Property '{name}' is read-only and cannot be set."),
                ));
            }
        }
        Ok(())
    }

    /// DELETE of an object.
    pub async fn delete(&self, object: &Object) -> Result<Reply> {
        no_options(&self.options)?;
        let site = Site {
            resource: object.place.resource,
            id: object.key.text(),
            relation: "",
        };
        let done = self.backend().delete(object).await;
        done.map_err(|e| Failure::from_use_case(e, site))?;
        Ok(Reply::done())
    }

    /// POST …/$ref
    pub async fn add_reference(
        &self,
        place: &Place,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Reply> {
        no_options(&self.options)?;
        let reference = reference::from_body(&body::object(headers, body).await?)?;
        let done = self.backend().add_reference(place, &reference).await;
        done.map_err(|e| {
            Failure::from_use_case(e, reference_site(place, &reference.id.to_string()))
        })?;
        Ok(Reply::done())
    }

    /// DELETE …/{id}/$ref
    pub async fn remove_reference(&self, place: &Place, reference: Reference) -> Result<Reply> {
        let done = self.backend().remove_reference(place, &reference).await;
        done.map_err(|e| {
            Failure::from_use_case(e, reference_site(place, &reference.id.to_string()))
        })?;
        Ok(Reply::done())
    }

    /// An action of an object.
    pub async fn act(
        &self,
        object: &Object,
        action: &'static Action,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Reply> {
        no_options(&self.options)?;
        let resource = object.place.resource;
        let read = body::optional(headers, body).await?;
        let parameters = check::parameters(action.name, action.parameters, &read)
            .map_err(|f| Failure::body(resource.area, &f))?;
        let site = Site {
            resource,
            id: object.key.text(),
            relation: "",
        };
        let done = self.backend().act(object, action, parameters).await;
        let done = done.map_err(|e| Failure::from_use_case(e, site))?;
        if action.returns_object {
            return self.acted(&object.place, &done).await;
        }
        let Some(shape) = action.returns else {
            return Ok(Reply::done());
        };
        let mut served = Map::new();
        self.put_context(&mut served, &format!("microsoft.graph.{}", shape.name));
        served.extend(shaped(shape.members, &done));
        Ok(Reply::ok(served))
    }

    /// The object that an action gives back.
    async fn acted(&self, place: &Place, done: &Map<String, Value>) -> Result<Reply> {
        let everything = Asked {
            query: comity_model::query::Query::all(place.resource),
            select: None,
            expand: Vec::new(),
        };
        let mut served = Map::new();
        self.put_context(&mut served, &entity_context(place, None, &[]));
        served.extend(self.item(place, done, &everything, &Map::new()).await?);
        Ok(Reply::ok(served))
    }
}

/// In messages about references the key is the referenced object's, unless the owner is missing.
fn reference_site<'a>(place: &'a Place, id: &'a str) -> Site<'a> {
    let relation = place.parent.as_ref().map_or("", |p| p.navigation.name);
    Site {
        resource: place.resource,
        id,
        relation,
    }
}

fn change(read: check::Body) -> Result<Change> {
    let bindings: Result<Vec<(&'static Navigation, Vec<Reference>)>> = read
        .bindings
        .into_iter()
        .map(|(navigation, urls)| {
            let references = urls
                .iter()
                .map(|u| reference::parse(u))
                .collect::<Result<Vec<_>>>()?;
            if references.len() > 20 {
                return Err(Failure::invalid(
                    "At most 20 references can be bound at once.",
                ));
            }
            Ok((navigation, references))
        })
        .collect();
    Ok(Change {
        resource: read.resource,
        properties: read.properties,
        bindings: bindings?,
    })
}
