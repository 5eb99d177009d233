//! Every page in its states, with values of the dev world: for looking at them, for the tests that
//! hold for all pages, and for the gallery of the dev world.

mod crossing_pages;
mod other_pages;
mod sign_in_pages;

use comity_edge::ui::{
    AppName, Cloud, Icon, Journey, Link, Org, Page, Stop, Tenant, When, asset_url,
};
use comity_model::time::Utc;
use maud::Markup;

pub use other_pages::{factor_mail, invitation_mail};

/// A page with the name of its state.
pub type Specimen = (&'static str, Markup);

/// Every page. All text passes through `fill`: a test puts hostile text everywhere that way.
pub fn pages(fill: &dyn Fn(&str) -> String) -> Vec<Specimen> {
    let world = World { fill };
    let mut pages = sign_in_pages::pages(&world);
    pages.extend(crossing_pages::pages(&world));
    pages.extend(other_pages::pages(&world));
    pages
}

/// Names and values of the dev world.
struct World<'a> {
    fill: &'a dyn Fn(&str) -> String,
}

impl World<'_> {
    fn text(&self, text: &str) -> String {
        (self.fill)(text)
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "short for a field that may be missing"
    )]
    fn some(&self, text: &str) -> Option<String> {
        Some(self.text(text))
    }

    fn cloud(&self, key: &str, service: &str) -> Cloud {
        let (name, hue) = match key {
            "global" => ("Commercial", 258),
            "usgov" => ("US Government", 342),
            "china" => ("China", 202),
            _ => ("Harbour", 300),
        };
        let host = self.text(&format!("{service}.{key}.localhost:8443"));
        Cloud {
            key: self.text(key),
            name: self.text(name),
            hue,
            host,
        }
    }

    fn page(&self, key: &str, service: &str) -> Page {
        Page {
            cloud: self.cloud(key, service),
            tenant: None,
            form_token: self.text("f0rm-t0ken"),
            links: Vec::new(),
        }
    }

    fn contoso_page(&self) -> Page {
        let links = vec![Link {
            text: self.text("Contoso privacy statement"),
            href: self.text("https://www.contoso.com/privacy"),
        }];
        let tenant = Tenant {
            name: self.text("Contoso"),
            logo: self.some(asset_url("contoso.svg")),
            stylesheet: self.some(asset_url("contoso.css")),
        };
        Page {
            tenant: Some(tenant),
            links,
            ..self.page("global", "login")
        }
    }

    fn northwind_page(&self) -> Page {
        let tenant = Tenant {
            name: self.text("Northwind Agency"),
            logo: self.some(asset_url("northwind.svg")),
            stylesheet: self.some(asset_url("northwind.css")),
        };
        Page {
            tenant: Some(tenant),
            ..self.page("usgov", "login")
        }
    }

    fn contoso(&self) -> Org {
        Org {
            name: self.text("Contoso"),
            logo: self.some(asset_url("contoso.svg")),
            cloud: self.cloud("global", "login"),
        }
    }

    fn northwind(&self) -> Org {
        Org {
            name: self.text("Northwind Agency"),
            logo: self.some(asset_url("northwind.svg")),
            cloud: self.cloud("usgov", "login"),
        }
    }

    /// A cloud and an organization that nobody knew before, without a logo.
    fn tailspin(&self) -> Org {
        Org {
            name: self.text("Tailspin"),
            logo: None,
            cloud: self.cloud("harbour", "login"),
        }
    }

    fn expenses(&self) -> AppName {
        AppName::Ours(self.text("Expenses"))
    }

    /// The application as home sees it: by the word of the other side.
    fn their_expenses(&self) -> AppName {
        AppName::Theirs(self.text("Expenses"))
    }

    fn journey(&self, app: AppName, at: Stop) -> Journey {
        let (resource, home) = (self.contoso(), self.northwind());
        Journey {
            resource,
            home,
            app: Some(app),
            icon: Icon::Receipt,
            at,
        }
    }

    fn correlation_id(&self) -> String {
        self.text("fa19bbfa-d374-5b57-b3fa-4ff3671060a6")
    }

    fn when() -> When {
        When::of(Utc::from_seconds(1_795_426_882))
    }
}
