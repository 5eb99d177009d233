//! The objects that the published requests speak of, made by requests of the same administrator,
//! and which published ID stands for which of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::rig::{Rig, ok};

/// Roles of an application, with the IDs of the published requests.
const ROLE_OF_PEOPLE: &str = "ef7437e6-4f94-4a0a-a110-a439eb2aa8f7";
const ROLE_OF_PROGRAMS: &str = "498476ce-e0fe-48b0-b801-37ba7e2685c6";

/// Published IDs in bodies, queries and functions, and what they name here.
const IDS: &[(&str, &str)] = &[
    ("directoryObjects/{id}", "directoryObjects/TARGET"),
    ("users/{id}", "users/TARGET"),
    ("15c1a2d5-9101-44b2-83ab-885db8a647ca", "TARGET"),
    ("f0b0b335-1d71-4883-8f98-567911bfdca6", "KEY"),
    ("65415bb1-9267-4313-bbf5-ae259732ee12", "NEW_APP"),
    ("33ad69f9-da99-4bed-acd0-3f24235cb296", "TARGET"),
    ("9028d19c-26a9-4809-8e3f-20ff73e2d75e", "PROGRAM"),
    ("8fce32da-1246-437b-99cd-76d1d4677bd5", "OTHER_PROGRAM"),
    ("8e881353-1735-45af-af21-ee1344582a4d", "PROGRAM"),
    ("ef969797-201d-4f6b-960c-e9ed5f31dab5", "PROGRAM"),
    ("943603e4-e787-4fe9-93d1-e30f749aae39", "GRAPH"),
    ("cde330e5-2150-4c11-9c5b-14bfdc948c79", "USER"),
    ("ba8e7ded-8b0f-4836-ba06-8ff1ecc5c8ba", "GROUP"),
    ("0be493dc-cb56-4a53-936f-9cf64410b8b0", "GROUP"),
    ("6f546279-4da5-4b53-a095-09ea0cef9971", "GROUP"),
    ("198ad66e-87b3-4157-85a3-8a7b51794ee9", "LOCATION"),
    ("d2136c9c-b049-47ae-b9cf-316e04ef7198", "LOCATION"),
    ("3d0f5dec-5d3d-455c-8016-e2af1ae4d31a", "FABRIKAM"),
    ("6babcaad-604b-40ac-a9d7-9fd97c0b779f", "FABRIKAM"),
    ("26be1845-4119-4801-a799-aea79d09f1a2", "TARGET"),
    ("ff7cb387-6688-423c-8188-3da9532a73cc", "USER"),
    ("69456242-0067-49d3-ba96-9de6f2728e14", "SECOND"),
    ("f8ca5a85-489a-49a0-b555-0a6d81e56f0d", "USER"),
    ("6b937a9d-c731-465b-a844-2d5b5368c161", "USER"),
    ("f1847572-48aa-47aa-96a3-2ec61904f41f", "SECOND"),
    ("661e1310-bd76-4795-89a7-8f3c8f855bfc", "APPLICATION"),
];

#[derive(Default)]
pub struct Fixture {
    objects: BTreeMap<&'static str, String>,
}

impl Fixture {
    pub async fn make(rig: &Rig) -> Self {
        let mut fixture = Self::default();
        fixture.people(rig).await;
        fixture.programs(rig).await;
        fixture.grants(rig).await;
        fixture.groups(rig).await;
        fixture.policies(rig).await;
        fixture.rest(rig).await;
        fixture
    }

    pub fn get(&self, name: &str) -> &str {
        &self.objects[name]
    }

    fn keep(&mut self, name: &'static str, object: &Value) {
        let id = object["id"].as_str().unwrap();
        self.objects.insert(name, id.to_owned());
    }

    /// The key of the object that stands for a collection.
    pub fn key(&self, collection: &str, method: &str) -> Option<String> {
        let name = match (collection, method) {
            ("users", "DELETE" | "PATCH") => "DOOMED",
            ("users", _) => "USER",
            ("groups", _) => "GROUP",
            ("members" | "owners", _) => "SECOND",
            ("applications", _) => "APPLICATION",
            ("servicePrincipals", _) => "PROGRAM",
            ("appRoleAssignments", "DELETE") => "DOOMED_ASSIGNMENT",
            ("appRoleAssignments" | "appRoleAssignedTo", _) => "ASSIGNMENT",
            ("oauth2PermissionGrants", _) => "GRANT",
            ("partners", _) => "PARTNER",
            ("policies", _) => "POLICY",
            ("namedLocations", "DELETE") => "DOOMED_LOCATION",
            ("namedLocations", _) => "LOCATION",
            ("directoryRoles", _) => "ROLE",
            ("roleAssignments", _) => "ROLE_ASSIGNMENT",
            ("directoryAudits", _) => "AUDIT",
            ("organization", _) => "CONTOSO",
            ("deletedItems", "DELETE") => "GONE_TOO",
            ("deletedItems", _) => "GONE",
            ("domains", _) => return Some("contoso.com".into()),
            _ => return None,
        };
        self.objects.get(name).cloned()
    }

    /// A text with the published IDs replaced.
    pub fn ids(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (published, ours) in IDS {
            let mut ours = (*ours).to_owned();
            for (name, id) in &self.objects {
                if ours.rsplit('/').next() == Some(name) {
                    ours = ours.replace(name, id);
                    break;
                }
            }
            text = text.replace(published, &ours);
        }
        text
    }

    async fn people(&mut self, rig: &Rig) {
        for (name, display, upn) in [
            ("USER", "Adele Vance", "adelea"),
            ("SECOND", "Oscar Pr Ward", "oscar"),
            ("TARGET", "Tier Prosser", "prosser"),
            ("DOOMED", "Aaron Doomed", "doomed"),
        ] {
            let upn = format!("{upn}@contoso.com");
            let body = json!({
                "accountEnabled": true, "displayName": display, "mailNickname": name.to_lowercase(),
                "userPrincipalName": upn, "mail": upn, "givenName": display, "surname": display,
                "jobTitle": "Retail Manager", "mobilePhone": "+1 425 555 0109",
                "officeLocation": "18/2111", "preferredLanguage": "en-US", "postalCode": "98004",
                "businessPhones": ["+1 425 555 0109"], "otherMails": [],
                "passwordProfile": {"password": "a long enough pass phrase 7"},
            });
            let made = rig.make("/users", &body).await;
            self.keep(name, &made);
        }
    }

    async fn programs(&mut self, rig: &Rig) {
        let role = |id: &str, value: &str, member: &str| {
            json!({"id": id, "value": value, "displayName": value, "description": value,
                "isEnabled": true, "allowedMemberTypes": [member]})
        };
        for (name, program, display) in [
            ("APPLICATION", "PROGRAM", "a Web application"),
            (
                "OTHER_APPLICATION",
                "OTHER_PROGRAM",
                "Another Web application",
            ),
        ] {
            let body = json!({
                "displayName": display,
                "identifierUris": [],
                "web": {"redirectUris": ["https://app.contoso.example/back"]},
                "appRoles": [
                    role(ROLE_OF_PEOPLE, "Claims.File", "User"),
                    role(ROLE_OF_PROGRAMS, "Claims.Read.All", "Application"),
                ],
            });
            let made = rig.make("/applications", &body).await;
            self.keep(name, &made);
            let made = rig
                .make("/servicePrincipals", &json!({"appId": made["appId"]}))
                .await;
            self.keep(program, &made);
        }
        let lone = rig
            .make("/applications", &json!({"displayName": "Lone"}))
            .await;
        let app_id = lone["appId"].as_str().unwrap().to_owned();
        self.objects.insert("NEW_APP", app_id);
        let path = format!("/applications/{}", self.get("APPLICATION"));
        let key = rig
            .make(
                &format!("{path}/addPassword"),
                &json!({"passwordCredential": {"displayName": "k"}}),
            )
            .await;
        let key = key["keyId"].as_str().unwrap().to_owned();
        self.objects.insert("KEY", key);
        for owner in ["USER", "SECOND"] {
            self.refer(rig, &format!("{path}/owners/$ref"), owner).await;
        }
    }

    async fn refer(&self, rig: &Rig, path: &str, name: &str) {
        let id = self.get(name);
        let url = format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}");
        rig.make(path, &json!({"@odata.id": url})).await;
    }

    async fn grants(&mut self, rig: &Rig) {
        let (user, second) = (self.get("USER").to_owned(), self.get("SECOND").to_owned());
        let doomed = self.get("DOOMED").to_owned();
        let program = self.get("PROGRAM").to_owned();
        let other = self.get("OTHER_PROGRAM").to_owned();
        for (name, principal, resource, role) in [
            ("FIRST_ASSIGNMENT", &second, &program, ROLE_OF_PEOPLE),
            ("ASSIGNMENT", &user, &program, ROLE_OF_PEOPLE),
            ("DOOMED_ASSIGNMENT", &doomed, &program, ROLE_OF_PEOPLE),
            ("PROGRAM_ASSIGNMENT", &program, &program, ROLE_OF_PROGRAMS),
        ] {
            let body = json!({"principalId": principal, "resourceId": resource, "appRoleId": role});
            let path = format!("/servicePrincipals/{resource}/appRoleAssignedTo");
            let made = rig.make(&path, &body).await;
            self.keep(name, &made);
        }
        let graph = "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";
        let graph = ok(&rig.get(graph).await);
        self.keep("GRAPH", &graph);
        let body = json!({"clientId": other, "consentType": "AllPrincipals",
            "resourceId": graph["id"], "scope": "User.Read"});
        let made = rig.make("/oauth2PermissionGrants", &body).await;
        self.keep("GRANT", &made);
    }

    async fn groups(&mut self, rig: &Rig) {
        for (name, display) in [
            ("GONE", "Gone"),
            ("GONE_TOO", "Gone too"),
            ("GROUP", "All Video Production"),
            ("INNER", "A tier of staff"),
            ("OUTER", "Outer"),
        ] {
            let body = json!({"displayName": display, "description": "prod", "mailEnabled": false,
                "mailNickname": name.to_lowercase(), "securityEnabled": true});
            let made = rig.make("/groups", &body).await;
            self.keep(name, &made);
        }
        for name in ["GONE", "GONE_TOO"] {
            let path = format!("/groups/{}", self.get(name));
            assert_eq!(rig.send("DELETE", &path, &Value::Null).await.status, 204);
        }
        for (group, relation, member) in [
            ("OUTER", "members", "GROUP"),
            ("GROUP", "members", "INNER"),
            ("GROUP", "members", "USER"),
            ("GROUP", "members", "SECOND"),
            ("INNER", "members", "TARGET"),
            ("GROUP", "owners", "USER"),
            ("GROUP", "owners", "SECOND"),
        ] {
            let path = format!("/groups/{}/{relation}/$ref", self.get(group));
            self.refer(rig, &path, member).await;
        }
    }

    async fn policies(&mut self, rig: &Rig) {
        let location = json!({"@odata.type": "#microsoft.graph.ipNamedLocation",
            "displayName": "Office", "isTrusted": false,
            "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "6.5.4.0/24"}]});
        let path = "/identity/conditionalAccess/namedLocations";
        for name in ["LOCATION", "DOOMED_LOCATION"] {
            let made = rig.make(path, &location).await;
            self.keep(name, &made);
        }
        let policy = json!({"displayName": "Report", "state": "enabledForReportingButNotEnforced",
            "conditions": {"clientAppTypes": ["all"], "applications": {"includeApplications": ["All"]},
                "users": {"includeUsers": ["All"]}},
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}});
        let made = rig
            .make("/identity/conditionalAccess/policies", &policy)
            .await;
        self.keep("POLICY", &made);
        let world = &rig.manifest;
        let northwind = world
            .cloud("usgov")
            .unwrap()
            .tenant("northwind.us")
            .unwrap();
        let root = "/policies/crossTenantAccessPolicy";
        let clouds = json!({"allowedCloudEndpoints": ["microsoftonline.us"]});
        let answer = rig.send("PATCH", root, &clouds).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        let partner = json!({"tenantId": northwind.id});
        rig.make(&format!("{root}/partners"), &partner).await;
        self.objects.insert("PARTNER", northwind.id.clone());
    }

    async fn rest(&mut self, rig: &Rig) {
        for (name, domain) in [("CONTOSO", "contoso.com"), ("FABRIKAM", "fabrikam.com")] {
            let id = rig.tenant(domain).id.clone();
            self.objects.insert(name, id);
        }
        let roles = ok(&rig.get("/directoryRoles").await);
        let role = roles["value"]
            .as_array()
            .unwrap()
            .iter()
            .find(|r| r["displayName"] == "Global Administrator")
            .unwrap();
        self.keep("ROLE", role);
        let body = json!({"principalId": self.get("SECOND"), "directoryScopeId": "/",
            "roleDefinitionId": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"});
        let made = rig
            .make("/roleManagement/directory/roleAssignments", &body)
            .await;
        self.keep("ROLE_ASSIGNMENT", &made);
        let audits = ok(&rig.get("/auditLogs/directoryAudits?$top=1").await);
        self.keep("AUDIT", &audits["value"][0]);
    }
}
