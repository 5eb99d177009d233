//! The interface that all edges share: shell, band, components, refusals, the error page and the
//! form_post page (design/ui/guide.md; cross-cloud-federation.md §6).
//!
//! Everything here is a pure function from plain values to markup. Nothing reads the clock, the
//! store or a request; handlers fill the values. No page needs script, none has inline style or
//! inline script, so the policy of the response can stay strict.

mod asset;
mod border;
mod component;
mod error_page;
mod form_post;
mod icon;
mod refusal;
mod shell;
mod text;

pub use asset::{Asset, CACHE_CONTROL, asset, asset_url, assets, tab_icon_url};
pub use border::{
    Journey, Stop, cloud_tag, cloud_tag_short, crossing, journey, mark, org, org_with_cloud,
};
pub use component::{
    Autocomplete, Field, Form, FormError, Input, WayOut, check, facts, field, form, notice,
    notice_error, primary_button, secondary_link, way_out, who,
};
pub use error_page::{ErrorPage, error_page};
pub use form_post::{FormPost, form_post};
pub use icon::{Icon, Shape};
pub use refusal::{Names, Refusal, Side, Trouble, Who, refusal, trouble, unreadable};
pub use shell::{Account, Breadth, Foot, Sheet, Shell, Width, document, sheet, shell};
pub use text::{AppName, When, foreign, identifier, list, mailto, owner, safe_href};

/// Name of the hidden input that carries the form token on every form of ours.
pub const FORM_TOKEN: &str = "form_token";

/// A cloud as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    /// Short key of the registry (`usgov`).
    pub key: String,
    /// At most three words, without the word "cloud" (`US Government`).
    pub name: String,
    /// Hue of the registry entry, 195 to 350.
    pub hue: u16,
    /// Host as the address bar shows it, with a port that is not 443.
    pub host: String,
}

impl Cloud {
    /// The name in running text and in the band: `US Government cloud`.
    pub fn long_name(&self) -> String {
        format!("{} cloud", self.name)
    }

    /// The shape that stands for the cloud beside its name.
    pub fn shape(&self) -> Shape {
        Shape::of(&self.key)
    }
}

/// An organization on one side of a border.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    /// Display name: of the own tenant, or from the own partner object for another one.
    pub name: String,
    /// Address of the logo; without one, the first letter of the name stands there.
    pub logo: Option<String>,
    pub cloud: Cloud,
}

/// The tenant whose branding a people's page carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub name: String,
    pub logo: Option<String>,
    /// Address of the tenant's stylesheet (four tokens), if it has one.
    pub stylesheet: Option<String>,
}

/// A link with words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub text: String,
    pub href: String,
}

/// What every page needs whatever it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The cloud that answers, with the host of this page.
    pub cloud: Cloud,
    /// None where no organization is known yet (the common endpoint).
    pub tenant: Option<Tenant>,
    /// Value for [`FORM_TOKEN`].
    pub form_token: String,
    /// Links under the sheet: help, privacy statement, terms of use. Only those that exist.
    pub links: Vec<Link>,
}

impl Page {
    /// The organization that answers, where one is known.
    pub fn org(&self) -> Option<Org> {
        self.tenant.as_ref().map(|tenant| Org {
            name: tenant.name.clone(),
            logo: tenant.logo.clone(),
            cloud: self.cloud.clone(),
        })
    }

    /// The name of the organization, or of the cloud where none is known.
    pub fn here(&self) -> String {
        self.tenant
            .as_ref()
            .map_or_else(|| self.cloud.long_name(), |tenant| tenant.name.clone())
    }
}
