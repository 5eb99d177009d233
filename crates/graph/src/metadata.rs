//! `$metadata`: the schema (CSDL 4.0) of what this server serves, made from the descriptions.

use std::{collections::BTreeMap, fmt::Write as _};

use comity_model::resource::{
    self, Access, Action, FUNCTIONS, Kind, Property, ResourceType, Shape,
};

/// The document.
pub fn document() -> String {
    let mut schema = Schema::default();
    for resource in resource::ALL {
        schema.entity(resource);
    }
    for function in FUNCTIONS {
        schema.shape(function.returns);
    }
    schema.finish()
}

#[derive(Default)]
struct Schema {
    entities: BTreeMap<&'static str, String>,
    complex: BTreeMap<&'static str, String>,
    enums: BTreeMap<&'static str, String>,
    operations: String,
}

impl Schema {
    fn entity(&mut self, resource: &'static ResourceType) {
        let mut text = String::new();
        let base = match resource.base {
            "" => String::new(),
            base => format!(" BaseType=\"graph.{base}\""),
        };
        let _ = writeln!(text, "<EntityType Name=\"{}\"{base}>", resource.name);
        let inherited: &[&str] = match resource.base {
            "" => &[],
            "directoryObject" => &["id", "deletedDateTime"],
            "policyBase" => &["id", "deletedDateTime", "displayName", "description"],
            "namedLocation" => &["id", "displayName", "createdDateTime", "modifiedDateTime"],
            _ => &["id"],
        };
        if resource.base.is_empty() {
            let _ = writeln!(text, "<Key><PropertyRef Name=\"{}\"/></Key>", resource.key);
        }
        for property in resource
            .properties
            .iter()
            .filter(|p| !inherited.contains(&p.name))
        {
            self.property(&mut text, property);
        }
        for navigation in resource.navigations {
            let target = format!("graph.{}", navigation.target.name);
            let kind = if navigation.many {
                format!("Collection({target})")
            } else {
                target
            };
            let contained = if navigation.contained {
                " ContainsTarget=\"true\""
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "<NavigationProperty Name=\"{}\" Type=\"{kind}\"{contained}/>",
                navigation.name
            );
        }
        text.push_str("</EntityType>\n");
        self.entities.insert(resource.name, text);
        for action in resource.actions {
            self.action(resource, action);
        }
    }

    fn action(&mut self, resource: &ResourceType, action: &'static Action) {
        let mut parameters = String::new();
        for parameter in action.parameters {
            let kind = self.type_of(parameter);
            let _ = write!(
                parameters,
                "<Parameter Name=\"{}\" Type=\"{kind}\"/>",
                parameter.name
            );
        }
        let returns = action.returns.map(|shape| {
            self.shape(shape);
            format!("<ReturnType Type=\"graph.{}\"/>", shape.name)
        });
        let _ = writeln!(
            self.operations,
            "<Action Name=\"{}\" IsBound=\"true\"><Parameter Name=\"bindingParameter\" Type=\"graph.{}\"/>{parameters}{}</Action>",
            action.name,
            resource.name,
            returns.unwrap_or_default()
        );
    }

    fn property(&mut self, text: &mut String, property: &Property) {
        let kind = self.type_of(property);
        let nullable = if property.nullable {
            ""
        } else {
            " Nullable=\"false\""
        };
        let _ = write!(
            text,
            "<Property Name=\"{}\" Type=\"{kind}\"{nullable}",
            property.name
        );
        if property.access == Access::Read {
            text.push_str(
                "><Annotation Term=\"Org.OData.Core.V1.Computed\" Bool=\"true\"/></Property>\n",
            );
        } else {
            text.push_str("/>\n");
        }
    }

    fn type_of(&mut self, property: &Property) -> String {
        let kind = match property.kind {
            Kind::Complex(shape) => {
                self.shape(shape);
                format!("graph.{}", shape.name)
            }
            Kind::Document(name) => {
                let open = format!("<ComplexType Name=\"{name}\" OpenType=\"true\"/>\n");
                self.complex.entry(name).or_insert(open);
                format!("graph.{name}")
            }
            Kind::Enum(name, members) => {
                let members: String = members
                    .iter()
                    .enumerate()
                    .fold(String::new(), |text, (i, m)| {
                        format!("{text}<Member Name=\"{m}\" Value=\"{i}\"/>")
                    });
                let text = format!("<EnumType Name=\"{name}\">{members}</EnumType>\n");
                self.enums.entry(name).or_insert(text);
                format!("graph.{name}")
            }
            // Graph types object IDs as strings.
            Kind::Guid if property.name == "id" => "Edm.String".to_owned(),
            _ => property.kind.type_name(),
        };
        if property.many {
            format!("Collection({kind})")
        } else {
            kind
        }
    }

    fn shape(&mut self, shape: &'static Shape) {
        if self.complex.contains_key(shape.name) || resource::find(shape.name).is_some() {
            return;
        }
        self.complex.insert(shape.name, String::new());
        let mut text = format!("<ComplexType Name=\"{}\">\n", shape.name);
        for member in shape.members {
            self.property(&mut text, member);
        }
        text.push_str("</ComplexType>\n");
        self.complex.insert(shape.name, text);
    }

    fn finish(self) -> String {
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices>\n\
             <Schema Namespace=\"microsoft.graph\" Alias=\"graph\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\n",
        );
        self.enums.values().for_each(|e| text.push_str(e));
        text.push_str("<EntityType Name=\"entity\" Abstract=\"true\"><Key><PropertyRef Name=\"id\"/></Key><Property Name=\"id\" Type=\"Edm.String\" Nullable=\"false\"/></EntityType>\n");
        text.push_str("<EntityType Name=\"policyBase\" BaseType=\"graph.directoryObject\" Abstract=\"true\"><Property Name=\"displayName\" Type=\"Edm.String\"/><Property Name=\"description\" Type=\"Edm.String\"/></EntityType>\n");
        text.push_str("<EntityType Name=\"policyDeletableItem\" BaseType=\"graph.entity\" Abstract=\"true\"/>\n");
        self.entities.values().for_each(|e| text.push_str(e));
        self.complex.values().for_each(|c| text.push_str(c));
        text.push_str(&self.operations);
        for function in FUNCTIONS {
            let name = function.path.rsplit('/').next().unwrap_or_default();
            let _ = writeln!(
                text,
                "<Function Name=\"{name}\"><Parameter Name=\"{}\" Type=\"Edm.String\"/><ReturnType Type=\"graph.{}\"/></Function>",
                function.parameter.name, function.returns.name
            );
        }
        text.push_str("<EntityContainer Name=\"GraphService\">\n");
        for resource in resource::ALL
            .iter()
            .filter(|r| !r.path.is_empty() && !r.path.contains('/'))
        {
            let (path, name) = (resource.path, resource.name);
            let _ = writeln!(
                text,
                "<EntitySet Name=\"{path}\" EntityType=\"microsoft.graph.{name}\"/>"
            );
        }
        text.push_str("<Singleton Name=\"me\" Type=\"microsoft.graph.user\"/>\n");
        text.push_str("</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>\n");
        text
    }
}
