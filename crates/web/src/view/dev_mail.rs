//! The mail of the dev world (dev-world.md): what would have been sent, newest first.

use comity_edge::ui::{Icon, Page, Shell, When, Width, facts, safe_href, shell};
use maud::{Markup, html};

/// One message in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevMailRow {
    pub to: String,
    pub subject: String,
    pub at: When,
    pub href: String,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevMail {
    pub from: String,
    pub to: String,
    pub subject: String,
    pub at: When,
    /// The plain text of the message.
    pub text: String,
    /// Address of the HTML part, served with a policy of its own.
    pub html: Option<String>,
    /// Address of the list.
    pub list: String,
}

/// The list of messages.
pub fn dev_mail_list(page: &Page, rows: &[DevMailRow]) -> Markup {
    let body = html! {
        div .with-orgs .with-orgs--single {
            div .stack .stack-5 {
                div {
                    h1 { "Mail of the dev world" }
                    p .muted { "Nothing leaves this machine. Each message is a file as well." }
                }
                @if rows.is_empty() {
                    div .empty {
                        (Icon::Mail.large())
                        h2 { "No mail yet" }
                        p { "Invitations stand here as soon as somebody is invited." }
                    }
                } @else {
                    div .panel { (table(rows)) }
                }
            }
        }
    };
    shell(page, head("Mail"), &body)
}

const fn head(title: &str) -> Shell<'_> {
    Shell {
        title,
        width: Width::Wide,
        script: None,
        account: None,
    }
}

fn table(rows: &[DevMailRow]) -> Markup {
    html! {
        table .grid .grid--cards role="table" {
            thead role="rowgroup" {
                tr role="row" {
                    th scope="col" role="columnheader" { "Subject" }
                    th scope="col" role="columnheader" { "To" }
                    th scope="col" role="columnheader" { "Time" }
                }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        th scope="row" role="rowheader" .grid__main {
                            a href=(safe_href(&row.href)) { (row.subject) }
                        }
                        td role="cell" data-label="To" { (row.to) }
                        td role="cell" data-label="Time" { (row.at) }
                    }
                }
            }
        }
    }
}

/// One message: headers and text, links in it usable.
pub fn dev_mail(page: &Page, data: &DevMail) -> Markup {
    let rows = vec![
        ("From".to_owned(), html! { (data.from) }),
        ("To".to_owned(), html! { (data.to) }),
        ("Time".to_owned(), html! { (data.at) }),
    ];
    let body = html! {
        div .with-orgs .with-orgs--single {
            div .stack .stack-5 {
                div .stack .stack-3 { h1 { (data.subject) } (facts(&rows)) }
                div .panel { p .message { (linked(&data.text)) } }
                p .row {
                    a href=(safe_href(&data.list)) { "All mail" }
                    @if let Some(href) = &data.html { a href=(safe_href(href)) { "The same as HTML" } }
                }
            }
        }
    };
    shell(page, head(&data.subject), &body)
}

/// The text with its `https` addresses as links.
fn linked(text: &str) -> Markup {
    html! {
        @for piece in text.split_inclusive(char::is_whitespace) {
            @let word = piece.trim_end();
            @let address = word.trim_end_matches([',', '.', ')']);
            @if address.len() > "https://".len() && address.starts_with("https://")
                && safe_href(address) == address
            {
                a href=(address) { (address) } (piece.strip_prefix(address).unwrap_or_default())
            } @else { (piece) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_links_and_nothing_else_does() {
        let drawn = linked(
            "Open:\nhttps://login.example/redeem?a=b&c=d,\njavascript:alert(1) https:// <b>",
        );
        assert_eq!(
            drawn.into_string(),
            "Open:\n<a href=\"https://login.example/redeem?a=b&amp;c=d\">\
             https://login.example/redeem?a=b&amp;c=d</a>,\njavascript:alert(1) https:// &lt;b&gt;"
        );
    }
}
