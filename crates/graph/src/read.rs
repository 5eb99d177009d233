//! GET: lists with paging and expansion, objects, counts, properties, functions.

use comity_model::resource::{
    Function, Property,
    address::{Key, Object, Place},
    operation, option,
};
use serde_json::{Map, Value, json};

use crate::{
    address::Address,
    error::{Failure, Result, Site},
    handle::Asking,
    odata::{
        Asked, Expand, Options,
        asked::{self, EXPANDED, Hints},
        page_token::{self, Resumed},
    },
    render::{Metadata, entity_context, list_context, runtime_type, value_of},
    reply::{Content, Reply},
};

impl Asking<'_> {
    /// A page of a collection.
    pub async fn list(&self, address: &Address, place: &Place) -> Result<Reply> {
        expands(&self.options, place)?;
        let (asked, first) = self.understand(place)?;
        self.may_expand(&format!("{}/{{}}", address.template), place, &asked.expand)?;
        let site = Site {
            resource: place.resource,
            id: owner(place),
            relation: "",
        };
        let listing = self.backend().list(place, &asked.query).await;
        let listing = listing.map_err(|e| Failure::from_use_case(e, site))?;
        let mut value = Vec::with_capacity(listing.items.len());
        for item in &listing.items {
            value.push(Value::Object(
                self.item(place, item, &asked, &Map::new()).await?,
            ));
        }
        let mut body = Map::new();
        self.put_context(
            &mut body,
            &list_context(place, asked.select.as_deref(), &asked.expand),
        );
        if let Some(count) = listing.count {
            body.insert("@odata.count".into(), count.into());
        }
        if let Some(last) = listing.items.last().filter(|_| listing.more) {
            let resumed = Resumed {
                after: asked.query.position(last),
                ..first
            };
            body.insert("@odata.nextLink".into(), self.next_link(&resumed)?.into());
        }
        body.insert("value".into(), Value::Array(value));
        Ok(Reply::ok(body))
    }

    /// The options of this page: from its token, or from the request.
    fn understand(&self, place: &Place) -> Result<(Asked, Resumed)> {
        let hints = Hints {
            eventual: self.eventual(),
            page_size: self.preferred_size(),
        };
        let seal = self.graph.seal.as_ref();
        let collection = self.collection();
        let token = page_token::redeem(seal, self.caller.tenant, &collection, &self.options)?;
        let (options, after, eventual, size) = match token {
            None => (self.options.clone(), None, hints.eventual, None),
            Some(t) => (t.options, Some(t.after), t.eventual, Some(t.size)),
        };
        let mut asked = asked::collection(&options, place.resource, Hints { eventual, ..hints })?;
        if let Some(after) = after {
            asked.query.page.after = Some(after);
            asked.query.page.skip = 0;
            asked.query.count = false;
        }
        asked.query.page.size = size.unwrap_or(asked.query.page.size);
        let first = Resumed {
            options,
            after: comity_model::query::Position(Vec::new()),
            eventual,
            size: asked.query.page.size,
        };
        Ok((asked, first))
    }

    fn next_link(&self, resumed: &Resumed) -> Result<String> {
        let collection = self.collection();
        let token = page_token::issue(
            self.graph.seal.as_ref(),
            self.caller.tenant,
            &collection,
            resumed,
        );
        let token = token.ok_or_else(|| {
            Failure::new(500, "InternalServerError", "An internal error occurred.")
        })?;
        let path = self.path.trim_end_matches('/');
        Ok(format!(
            "{}{path}?{}$skiptoken={token}",
            self.graph.root,
            resumed.options.encode()
        ))
    }

    /// One object.
    pub async fn object(&self, address: &Address, object: &Object) -> Result<Reply> {
        expands(&self.options, &object.place)?;
        let asked = asked::object(&self.options, object.place.resource)?;
        self.may_expand(&address.template, &object.place, &asked.expand)?;
        let found = self.find(object).await?;
        let mut body = Map::new();
        let context = entity_context(&object.place, asked.select.as_deref(), &asked.expand);
        self.put_context(&mut body, &context);
        body.extend(
            self.item(&object.place, &found, &asked, &Map::new())
                .await?,
        );
        Ok(Reply::ok(body))
    }

    /// An object as the use cases know it.
    pub async fn find(&self, object: &Object) -> Result<Map<String, Value>> {
        let site = Site {
            resource: object.place.resource,
            id: object.key.text(),
            relation: "",
        };
        self.backend()
            .find(object)
            .await
            .map_err(|e| Failure::from_use_case(e, site))
    }

    /// An object with its expanded relations.
    pub async fn item(
        &self,
        place: &Place,
        found: &Map<String, Value>,
        asked: &Asked,
        also: &Map<String, Value>,
    ) -> Result<Map<String, Value>> {
        let view = self.view();
        let mut served = view.object(place.resource, found, asked.select.as_deref(), also);
        for expand in &asked.expand {
            let key = found
                .get(place.resource.key)
                .and_then(Value::as_str)
                .unwrap_or_default();
            let owner = Object::by_id(place.resource, key);
            let value = self.expanded(&owner, expand).await?;
            served.insert(expand.navigation.name.to_owned(), value);
        }
        Ok(served)
    }

    async fn expanded(&self, owner: &Object, expand: &Expand) -> Result<Value> {
        let place = Place::behind(owner, expand.navigation);
        let site = Site {
            resource: owner.place.resource,
            id: owner.key.text(),
            relation: expand.navigation.name,
        };
        let failure = |e| Failure::from_use_case(e, site);
        let view = self.view();
        let serve = |o: &Map<String, Value>| {
            Value::Object(view.object(place.resource, o, expand.select.as_deref(), &Map::new()))
        };
        if !expand.navigation.many {
            let one = Object {
                place: place.clone(),
                key: Key::Only,
            };
            return match self.backend().find(&one).await {
                Err(crate::backend::Error::NotFound) => Ok(Value::Null),
                Err(e) => Err(failure(e)),
                Ok(found) => Ok(serve(&found)),
            };
        }
        let mut query = comity_model::query::Query::all(place.resource);
        query.page.size = EXPANDED;
        let listing = self.backend().list(&place, &query).await.map_err(failure)?;
        Ok(Value::Array(listing.items.iter().map(serve).collect()))
    }

    /// An expanded relation needs the scopes of its own path: below this object, or where the table
    /// has none there (behind a cast), below the collection of the object's type.
    fn may_expand(&self, template: &str, place: &Place, expand: &[Expand]) -> Result<()> {
        for item in expand {
            let name = item.navigation.name;
            let below = format!("{template}/{name}");
            let path = if operation::operations(&below).is_empty() {
                format!("/{}/{{}}/{name}", place.resource.path)
            } else {
                below
            };
            let permitted = operation::find("GET", &path)
                .is_some_and(|o| o.permits(self.caller.kind(), &self.caller.held));
            if !permitted {
                return Err(Failure::forbidden(item.navigation.target.area, ""));
            }
        }
        Ok(())
    }

    /// `…/$count`
    pub async fn count(&self, place: &Place) -> Result<Reply> {
        let hints = Hints {
            eventual: self.eventual(),
            page_size: None,
        };
        let query = asked::count(&self.options, place.resource, hints)?;
        let site = Site {
            resource: place.resource,
            id: owner(place),
            relation: "",
        };
        let listing = self.backend().list(place, &query).await;
        let count = listing
            .map_err(|e| Failure::from_use_case(e, site))?
            .count
            .unwrap_or_default();
        Ok(Reply {
            status: 200,
            content: Content::Text(count.to_string()),
            location: None,
        })
    }

    /// `…/$ref`: the same page, as references.
    pub async fn references(&self, address: &Address, place: &Place) -> Result<Reply> {
        if let Some(name) = ["$select", "$expand"]
            .into_iter()
            .find(|n| self.options.get(n).is_some())
        {
            return Err(Failure::unsupported_option(name));
        }
        let mut reply = self.list(address, place).await?;
        if let Content::Json(body) = &mut reply.content {
            self.put_context(body, "Collection($ref)");
            if let Some(Value::Array(items)) = body.get_mut("value") {
                for item in items {
                    let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
                    *item = json!({"@odata.id": format!("{}/{}/directoryObjects/{id}", self.graph.root, address.version)});
                }
            }
        }
        Ok(reply)
    }

    /// A property as resource.
    pub async fn property(&self, object: &Object, property: &'static Property) -> Result<Reply> {
        self.options.only(&[])?;
        let found = self.find(object).await?;
        let resource = runtime_type(object.place.resource, &found);
        let property = resource.own_property(property.name).unwrap_or(property);
        let value = found
            .get(property.name)
            .cloned()
            .unwrap_or_else(|| property.initial_value());
        let path = object.place.resource.entity_context;
        let mut body = Map::new();
        self.put_context(
            &mut body,
            &format!("{path}('{}')/{}", object.key.text(), property.name),
        );
        body.insert("value".into(), value_of(property, value));
        Ok(Reply::ok(body))
    }

    /// A function that belongs to no object.
    pub async fn function(&self, function: &'static Function, argument: &str) -> Result<Reply> {
        self.options.only(&[])?;
        let site = Site {
            resource: &comity_model::resource::DIRECTORY_OBJECT,
            id: argument,
            relation: "",
        };
        let found = self.backend().call(function, argument).await;
        let found = found.map_err(|e| Failure::from_use_case(e, site))?;
        let mut body = Map::new();
        self.put_context(
            &mut body,
            &format!("microsoft.graph.{}", function.returns.name),
        );
        body.extend(shaped(function.returns.members, &found));
        Ok(Reply::ok(body))
    }

    /// Adds `@odata.context`, unless nobody wants it.
    pub fn put_context(&self, body: &mut Map<String, Value>, fragment: &str) {
        if self.envelope.metadata != Metadata::None {
            let context = format!("{}/{}/$metadata#{fragment}", self.graph.root, self.version);
            body.insert("@odata.context".into(), context.into());
        }
    }
}

/// A cast keeps what the collection itself does not offer away: deleted objects have no relations.
fn expands(options: &Options, place: &Place) -> Result<()> {
    let offered = place.declared.listing.options & option::EXPAND != 0;
    let cast = place.cast && place.parent.is_none();
    if cast && !offered && options.get("$expand").is_some() {
        return Err(Failure::unsupported_option("$expand"));
    }
    Ok(())
}

/// The members of a shape, in its order.
pub fn shaped(members: &[Property], found: &Map<String, Value>) -> Map<String, Value> {
    members
        .iter()
        .map(|m| {
            let value = found
                .get(m.name)
                .cloned()
                .unwrap_or_else(|| m.initial_value());
            (m.name.to_owned(), value_of(m, value))
        })
        .collect()
}

/// The key in the messages of a collection: its owner's.
pub fn owner(place: &Place) -> &str {
    place.parent.as_ref().map_or("", |p| p.key.text())
}

/// Whether options other than those that a token carries are absent; used by writes.
pub fn no_options(options: &Options) -> Result<()> {
    options.only(&[])
}
