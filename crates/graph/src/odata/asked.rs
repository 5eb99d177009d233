//! What a request asks of a collection, an object or a count: every option checked against the
//! description.

use comity_model::{
    query::{Order, Page, Query, Search},
    resource::{Navigation, Property, ResourceType, option},
};

use super::{Options, filter, search};
use crate::error::{Failure, Result};

/// Most objects of an expanded relation, and most objects of a page with `$expand`.
pub const EXPANDED: usize = 20;

/// What the headers add to the options.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// `ConsistencyLevel: eventual`
    pub eventual: bool,
    /// `Prefer: odata.maxpagesize=n`
    pub page_size: Option<usize>,
}

/// A relation to be served inside an object.
#[derive(Debug, Clone)]
pub struct Expand {
    /// Which.
    pub navigation: &'static Navigation,
    /// The properties of its objects; `None` = the usual ones.
    pub select: Option<Vec<&'static Property>>,
}

/// The options of a request, understood.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Conditions, order and page.
    pub query: Query,
    /// The properties to serve; `None` = the usual ones.
    pub select: Option<Vec<&'static Property>>,
    /// Relations to serve.
    pub expand: Vec<Expand>,
}

/// `GET` of a collection.
pub fn collection(
    options: &Options,
    resource: &'static ResourceType,
    hints: Hints,
) -> Result<Asked> {
    let offered = resource.listing.options;
    for (bit, name) in [
        (option::SELECT, "$select"),
        (option::EXPAND, "$expand"),
        (option::FILTER, "$filter"),
        (option::ORDER, "$orderby"),
        (option::TOP, "$top"),
        (option::SKIP, "$skip"),
        (option::COUNT, "$count"),
        (option::SEARCH, "$search"),
    ] {
        if offered & bit == 0 && options.get(name).is_some() {
            return Err(refused(name));
        }
    }
    if options.reference.is_some() {
        return Err(Failure::unsupported_option("@id"));
    }
    let expand = expand(options, resource)?;
    let count = boolean(options)?;
    let mut query = Query {
        count,
        ..Query::all(resource)
    };
    conditions(options, &mut query, hints.eventual)?;
    query.order = order(options, resource)?;
    query.page = Page {
        size: size(options, resource, hints)?,
        skip: skip(options)?,
        after: None,
    };
    if !expand.is_empty() {
        query.page.size = query.page.size.min(EXPANDED);
    }
    Ok(Asked {
        query,
        select: select(options.get("$select"), resource)?,
        expand,
    })
}

/// `GET` of one object.
pub fn object(options: &Options, resource: &'static ResourceType) -> Result<Asked> {
    options.only(&["$select", "$expand"])?;
    Ok(Asked {
        query: Query::all(resource),
        select: select(options.get("$select"), resource)?,
        expand: expand(options, resource)?,
    })
}

/// `GET …/$count`
pub fn count(options: &Options, resource: &'static ResourceType, hints: Hints) -> Result<Query> {
    options.only(&["$filter", "$search"])?;
    if resource.listing.options & option::COUNT == 0 {
        return Err(refused("$count"));
    }
    if resource.listing.advanced && !hints.eventual {
        return Err(Failure::needs_consistency("$count"));
    }
    let mut query = Query {
        count: true,
        ..Query::all(resource)
    };
    conditions(options, &mut query, hints.eventual)?;
    query.page.size = 1;
    Ok(query)
}

fn refused(name: &str) -> Failure {
    match name {
        "$top" => Failure::unsupported_query(
            "This resource does not support custom page sizes. Please retry without a page size argument.",
        ),
        _ => Failure::unsupported_query(format!("'{name}' is not supported by the service.")),
    }
}

/// `$filter` and `$search`, with what the original demands of advanced queries.
fn conditions(options: &Options, query: &mut Query, eventual: bool) -> Result<()> {
    let resource = query.resource;
    let advanced = resource.listing.advanced && !(eventual && query.count);
    if let Some(text) = options.get("$filter") {
        let parsed = filter::parse(text, resource)?;
        let operator = parsed
            .advanced
            .or_else(|| options.get("$orderby").map(|_| "$orderby"));
        if let Some(operator) = operator.filter(|_| advanced) {
            return Err(Failure::needs_consistency(operator));
        }
        query.filter = Some(parsed.filter);
    }
    query.search = options
        .get("$search")
        .map(|text| searched(text, resource, eventual))
        .transpose()?;
    Ok(())
}

fn searched(text: &str, resource: &'static ResourceType, eventual: bool) -> Result<Search> {
    if resource.listing.options & option::SEARCH == 0 {
        return Err(refused("$search"));
    }
    if resource.listing.advanced && !eventual {
        return Err(Failure::search_needs_consistency());
    }
    search::parse(text, resource)
}

/// `$select`: names separated by commas. `*` is everything usual.
pub fn select(
    text: Option<&str>,
    resource: &'static ResourceType,
) -> Result<Option<Vec<&'static Property>>> {
    let Some(text) = text else { return Ok(None) };
    let mut selected: Vec<&'static Property> = Vec::new();
    for name in text.split(',').map(str::trim) {
        if name == "*" {
            return Ok(None);
        }
        if name.contains('/') {
            return Err(Failure::bad_request(format!(
                "'$select' of the nested path '{name}' is not supported: select the whole property."
            )));
        }
        let property = filter::property(resource, name)?;
        if !selected.iter().any(|p| p.name == property.name) {
            selected.push(property);
        }
    }
    Ok(Some(selected))
}

fn boolean(options: &Options) -> Result<bool> {
    match options.get("$count") {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(text) => Err(Failure::bad_request(format!(
            "Invalid value '{text}' for '$count': true or false."
        ))),
    }
}

fn size(options: &Options, resource: &ResourceType, hints: Hints) -> Result<usize> {
    let most = resource.listing.most;
    let Some(text) = options.get("$top") else {
        let usual = resource.listing.page;
        let fits = |n: &usize| resource.listing.options & option::TOP != 0 && *n > 0;
        return Ok(hints.page_size.filter(fits).map_or(usual, |n| n.min(most)));
    };
    match number(text) {
        Some(n) if (1..=most).contains(&n) => Ok(n),
        _ => Err(Failure::unsupported_query(format!(
            "Invalid page size specified: '{text}'. Must be between 1 and {most} inclusive."
        ))),
    }
}

fn skip(options: &Options) -> Result<usize> {
    match options.get("$skip").map(|text| (text, number(text))) {
        None => Ok(0),
        Some((_, Some(n))) => Ok(n),
        Some((text, None)) => Err(Failure::bad_request(format!(
            "Invalid value '{text}' for '$skip': a number from 0."
        ))),
    }
}

fn number(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// `$orderby`, or the order that the description gives.
fn order(options: &Options, resource: &'static ResourceType) -> Result<Vec<Order>> {
    let Some(text) = options.get("$orderby") else {
        let usual = resource.property(resource.listing.order);
        let descending = resource.listing.descending;
        return Ok(usual
            .map(|property| Order {
                property,
                descending,
            })
            .into_iter()
            .collect());
    };
    let mut order: Vec<Order> = Vec::new();
    for part in text.split(',') {
        let mut words = part.split_whitespace();
        let name = words.next().unwrap_or_default();
        let descending = match words.next() {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("asc") => false,
            Some(word) if word.eq_ignore_ascii_case("desc") => true,
            Some(_) => {
                return Err(Failure::bad_request(format!(
                    "Invalid '$orderby' clause '{part}'."
                )));
            }
        };
        let property = filter::property(resource, name)?;
        let twice = order.iter().any(|o| o.property.name == property.name);
        if words.next().is_some() || !property.order || twice {
            return Err(Failure::unsupported_query(format!(
                "Unsupported Query. '{}' of resource '{}' cannot be sorted by.",
                part.trim(),
                resource.title()
            )));
        }
        order.push(Order {
            property,
            descending,
        });
    }
    Ok(order)
}

/// `$expand`: relations separated by commas, each with an optional `($select=…)`.
fn expand(options: &Options, resource: &'static ResourceType) -> Result<Vec<Expand>> {
    let Some(text) = options.get("$expand") else {
        return Ok(Vec::new());
    };
    let mut expand: Vec<Expand> = Vec::new();
    for part in split_outside(text) {
        let (name, inner) = match part.split_once('(') {
            Some((name, inner)) => (name.trim(), inner.trim().strip_suffix(')')),
            None => (part.trim(), Some("")),
        };
        let invalid = || Failure::bad_request(format!("Invalid '$expand' clause '{part}'."));
        let inner = inner.ok_or_else(invalid)?;
        let navigation = resource
            .navigations
            .iter()
            .find(|n| n.expand && n.name == name);
        let navigation = navigation.ok_or_else(|| {
            Failure::bad_request(format!(
                "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type '{}'.",
                resource.full_name()
            ))
        })?;
        if expand.iter().any(|e| e.navigation.name == name) {
            return Err(invalid());
        }
        let select = match inner.split_once('=') {
            None if inner.is_empty() => None,
            Some((option, names))
                if ["$select", "select"].contains(&option.trim()) && !names.contains(';') =>
            {
                select(Some(names), navigation.target)?
            }
            _ => {
                return Err(Failure::bad_request(format!(
                    "Only '$select' is supported inside '$expand', not '{inner}'."
                )));
            }
        };
        expand.push(Expand { navigation, select });
    }
    if resource.listing.advanced && expand.len() > 1 {
        return Err(Failure::unsupported_query(
            "Unsupported Query. '$expand' takes one relation at a time.",
        ));
    }
    Ok(expand)
}

/// Splits at commas that are in no parentheses.
fn split_outside(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests;
