use std::collections::BTreeSet;

use super::*;

#[test]
fn names_are_unique_and_keys_exist() {
    for resource in ALL {
        let names: BTreeSet<&str> = resource.properties.iter().map(|p| p.name).collect();
        assert_eq!(names.len(), resource.properties.len(), "{}", resource.name);
        if !resource.singleton && resource.base != "namedLocation" {
            let key = resource.own_property(resource.key);
            assert!(key.is_some(), "{}", resource.name);
        }
        for key in resource.alternate_keys {
            assert!(
                resource.own_property(key).is_some(),
                "{} {key}",
                resource.name
            );
        }
    }
}

#[test]
fn every_description_that_is_served_stands_in_the_original() {
    for resource in ALL.iter().filter(|r| !r.path.is_empty()) {
        let path = format!("/{}", resource.path);
        let there = operation::operations(&path);
        // Deleted items are a collection behind the name of a type only.
        let mut casts = resource.derived.iter();
        let is_cast = casts.any(|derived| {
            let cast = format!("{path}/graph.{}", derived.name);
            !operation::operations(&cast).is_empty()
        });
        assert!(!there.is_empty() || is_cast, "{path}");
        if resource.takes(write::CREATE) {
            assert!(there.iter().any(|o| o.method == "POST"), "{path}");
        }
    }
    for function in FUNCTIONS {
        assert!(operation::find("GET", &format!("/{}()", function.path)).is_some());
    }
}

#[test]
fn a_list_without_order_option_has_no_order_but_its_key() {
    for resource in ALL {
        let of_a_type = resource.derived.iter().flat_map(|d| d.properties);
        let mut all = resource.properties.iter().chain(of_a_type);
        let orderable = all.any(|p| p.order);
        if resource.listing.options & option::ORDER != 0 {
            assert!(orderable, "{}", resource.name);
        }
        if !resource.listing.order.is_empty() {
            assert!(
                resource
                    .property(resource.listing.order)
                    .is_some_and(|p| p.order)
            );
        }
    }
}

#[test]
fn type_names_are_read_with_any_name_space() {
    for name in [
        "user",
        "graph.user",
        "microsoft.graph.user",
        "#Microsoft.Graph.User",
    ] {
        assert_eq!(find(name), Some(&USER), "{name}");
    }
    assert_eq!(find("graph.nothing"), None);
    assert_eq!(strip_namespace("é.graph.x"), "é.graph.x");
}
