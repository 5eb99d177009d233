//! The answer of `response_mode=form_post` (OAuth 2.0 Form Post Response Mode §2): a form that
//! goes to the application by a script of ours, or by its button where no script runs.

use maud::{Markup, html};

use super::{Breadth, Foot, Page, Sheet, Shell, Width, org, safe_href, sheet, shell};

/// Where the answer goes and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormPost {
    /// The registered redirect URI of this request.
    pub action: String,
    /// Name of the application.
    pub app: String,
    /// `code`, `state`, `iss`, … in this order.
    pub fields: Vec<(String, String)>,
}

/// The form_post page. It carries no form token: the form leaves for another party.
pub fn form_post(page: &Page, data: &FormPost) -> Markup {
    let title = format!("Continue to {}", data.app);
    let body = html! {
        form .sheet__body action=(safe_href(&data.action)) method="post" autocomplete="off" {
            @if let Some(tenant) = &page.tenant { (org(&tenant.name, tenant.logo.as_deref())) }
            div {
                h1 { (title) }
                p .sheet__lede { "You are signed in. If nothing happens by itself, go on with the button." }
            }
            @for (name, value) in &data.fields { input type="hidden" name=(name) value=(value); }
            button .button .button--primary .button--wide #submit type="submit" { "Continue" }
        }
    };
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: None,
        foot: Foot::Links,
    };
    let head = Shell {
        title: &title,
        width: Width::Sheet,
        script: Some("form-post.js"),
        account: None,
    };
    shell(page, head, &sheet(page, frame, &body))
}
