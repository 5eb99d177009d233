//! *Expenses*, the small relying party of the dev world: who signed in, from which cloud, and the
//! claims of the token. It has a look of its own: nobody shall take it for the identity provider.

use comity_edge::ui::{asset_url, document, safe_href};
use maud::{DOCTYPE, Markup, html};

/// How the visit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody is signed in; address to sign in.
    SignedOut { sign_in: String },
    /// The token was accepted.
    SignedIn {
        /// The claim `name`, or the user name.
        name: String,
        /// The cloud of the person's home in words, where it is another one.
        home_cloud: Option<String>,
        /// The home organization's issuer (the claim `idp`), where it is another one.
        home: Option<String>,
        /// Every claim in the order of the token, its value as JSON or text.
        claims: Vec<(String, String)>,
        sign_out: Option<String>,
    },
    /// The identity provider answered with an error.
    Refused {
        error: String,
        description: String,
        again: String,
    },
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expenses {
    /// Name of the application.
    pub name: String,
    /// The organization whose application it is.
    pub organization: String,
    /// The cloud that it trusts, in words.
    pub cloud: String,
    pub outcome: Outcome,
}

/// The one page of the application.
pub fn expenses(data: &Expenses) -> Markup {
    let head = html! {
        link rel="icon" href=(asset_url("expenses.svg")) type="image/svg+xml";
        link rel="stylesheet" href=(asset_url("expenses.css"));
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            (document(&format!("{} · {}", data.name, data.organization), &head))
            body {
                a .skip href="#main" { "Skip to content" }
                header {
                    div {
                        p .name { (data.name) " " small { "of " (data.organization) } }
                        @if let Outcome::SignedIn { sign_out: Some(href), .. } = &data.outcome {
                            a href=(safe_href(href)) { "Sign out" }
                        }
                    }
                }
                main #main tabindex="-1" { (content(data)) }
            }
        }
    }
}

fn content(data: &Expenses) -> Markup {
    match &data.outcome {
        Outcome::SignedOut { sign_in } => html! {
            h1 { "Travel costs, handed in and approved" }
            p { "An application of " (data.organization) ". It trusts the " (data.cloud) " and nobody else." }
            p { a .button #sign-in href=(safe_href(sign_in)) { "Sign in" } }
        },
        Outcome::Refused {
            error,
            description,
            again,
        } => html! {
            h1 { "You are not signed in" }
            div .problem role="alert" {
                p { strong { "The " (data.cloud) " answered: " } code #error { (error) } }
                p #error-description { (description) }
            }
            p { a .button #sign-in href=(safe_href(again)) { "Try again" } }
        },
        Outcome::SignedIn {
            name,
            home_cloud,
            home,
            claims,
            ..
        } => html! {
            h1 { "Welcome, " span #signed-in-as { (name) } }
            p .soft { "No expenses are kept here: this application shows what it was told about you." }
            dl .facts {
                dt { "Signed in by" } dd { (data.organization) ", " (data.cloud) }
                dt { "Home" }
                dd #home-cloud {
                    @if let Some(cloud) = home_cloud { (cloud) } @else { (data.organization) ", " (data.cloud) }
                }
                @if let Some(home) = home { dt { "Home’s issuer" } dd { code #home-issuer { (home) } } }
            }
            h2 { "Claims of the ID token" }
            (claims_table(claims))
        },
    }
}

fn claims_table(claims: &[(String, String)]) -> Markup {
    html! {
        table #claims {
            thead { tr { th scope="col" { "Claim" } th scope="col" { "Value" } } }
            tbody {
                @for (name, value) in claims {
                    tr { th scope="row" { (name) } td { (value) } }
                }
            }
        }
    }
}
