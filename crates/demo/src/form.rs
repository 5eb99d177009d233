//! What a form sends when a button of it is pressed (HTML standard §4.10.21, without scripts and files).

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use http::Method;
use url::Url;

use crate::markup::{Html, Node};

/// What a person typed or ticked, by the place of the control in the page.
pub type Edits = BTreeMap<usize, String>;

/// Ticks a box when it is the value of an edit.
pub const TICKED: &str = "on";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    pub method: Method,
    pub action: Url,
    pub fields: Vec<(String, String)>,
}

/// What pressing `button` sends from the page at `page`.
pub fn submission(page: &Url, html: &Html, button: Node<'_>, edits: &Edits) -> Result<Submission> {
    let form = owner(html, button).context("the button belongs to no form")?;
    send(page, html, form, Some(button), edits)
}

/// What a script's `form.submit()` sends: no button, nothing required.
pub fn scripted(page: &Url, html: &Html, form: Node<'_>) -> Result<Submission> {
    send(page, html, form, None, &Edits::new())
}

fn send(
    page: &Url,
    html: &Html,
    form: Node<'_>,
    button: Option<Node<'_>>,
    edits: &Edits,
) -> Result<Submission> {
    let from_button = |name: &str| button.and_then(|button| button.attribute(name));
    let action = from_button("formaction")
        .or(form.attribute("action"))
        .unwrap_or_default();
    let mut action = page
        .join(action)
        .with_context(|| format!("`{action}` is no address"))?;
    action.set_fragment(None);
    let method = from_button("formmethod")
        .or(form.attribute("method"))
        .unwrap_or("get");
    let encoding = from_button("formenctype")
        .or(form.attribute("enctype"))
        .unwrap_or_default();
    ensure!(
        encoding != "multipart/form-data",
        "forms with files are not spoken here"
    );
    let fields = entries(html, form, button, edits)?;
    let method = if method.eq_ignore_ascii_case("post") {
        Method::POST
    } else {
        Method::GET
    };
    if method == Method::GET {
        action.query_pairs_mut().clear().extend_pairs(&fields);
        return Ok(Submission {
            method,
            action,
            fields: Vec::new(),
        });
    }
    Ok(Submission {
        method,
        action,
        fields,
    })
}

/// The form a control belongs to: the one named by its `form` attribute, else the one around it.
pub fn owner<'a>(html: &'a Html, control: Node<'a>) -> Option<Node<'a>> {
    match control.attribute("form") {
        Some(id) => html.by_id(id).filter(|node| node.tag() == "form"),
        None => control.around("form"),
    }
}

/// The controls of a form, in the order of the page.
pub fn controls<'a>(html: &'a Html, form: Node<'a>) -> impl Iterator<Item = Node<'a>> {
    html.nodes().filter(move |node| {
        matches!(node.tag(), "input" | "button" | "select" | "textarea")
            && owner(html, *node).is_some_and(|owner| owner.at() == form.at())
    })
}

fn entries(
    html: &Html,
    form: Node<'_>,
    button: Option<Node<'_>>,
    edits: &Edits,
) -> Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    for control in controls(html, form) {
        if control.has("disabled") {
            continue;
        }
        let value = value(control, button, edits);
        if button.is_some()
            && control.has("required")
            && value.as_deref().unwrap_or_default().is_empty()
        {
            bail!("`{}` is required and empty", name_of(control));
        }
        if let (Some(name), Some(value)) = (control.attribute("name"), value)
            && !name.is_empty()
        {
            fields.push((name.to_owned(), value));
        }
    }
    Ok(fields)
}

fn name_of(control: Node<'_>) -> &str {
    control
        .attribute("id")
        .or(control.attribute("name"))
        .unwrap_or("a field")
}

/// The value that a control contributes; none if it contributes nothing.
fn value(control: Node<'_>, button: Option<Node<'_>>, edits: &Edits) -> Option<String> {
    let given = || control.attribute("value").unwrap_or_default().to_owned();
    let typed = edits.get(&control.at());
    match (control.tag(), kind(control).as_str()) {
        ("button" | "input", "submit") => button
            .is_some_and(|button| button.at() == control.at())
            .then(given),
        ("button", _) | ("input", "button" | "reset" | "image" | "file") => None,
        ("input", "checkbox" | "radio") => {
            let ticked = typed.map_or(control.has("checked"), |typed| typed == TICKED);
            ticked.then(|| control.attribute("value").unwrap_or(TICKED).to_owned())
        }
        ("textarea", _) => Some(typed.cloned().unwrap_or_else(|| control.raw_text())),
        ("select", _) => typed.cloned().or_else(|| chosen(control)),
        _ => Some(typed.cloned().unwrap_or_else(given)),
    }
}

fn kind(control: Node<'_>) -> String {
    let default = if control.tag() == "button" {
        "submit"
    } else {
        "text"
    };
    control
        .attribute("type")
        .unwrap_or(default)
        .to_ascii_lowercase()
}

/// Whether a person can type into it.
pub fn is_typed(control: Node<'_>) -> bool {
    control.tag() == "textarea"
        || control.tag() == "input"
            && !matches!(
                kind(control).as_str(),
                "hidden" | "submit" | "button" | "reset" | "image" | "file" | "checkbox" | "radio"
            )
}

fn chosen(select: Node<'_>) -> Option<String> {
    let options: Vec<Node<'_>> = select
        .inside()
        .filter(|node| node.tag() == "option")
        .collect();
    let option = options
        .iter()
        .find(|option| option.has("selected"))
        .or(options.first())?;
    Some(
        option
            .attribute("value")
            .map_or_else(|| option.text(), str::to_owned),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"
      <form id="search" action="#"><input name="q" value="a b"><button id="find">Find</button></form>
      <form action="next?keep=1#top" method="post">
        <input type="hidden" name="token" value="t&amp;1">
        <input id="username" name="username" required>
        <input type="checkbox" id="keep" name="keep">
        <input type="checkbox" name="on" value="yes" checked>
        <input type="radio" name="r" value="1"><input type="radio" name="r" value="2" checked>
        <select name="lang"><option value="de">Deutsch</option><option selected>English</option></select>
        <textarea name="why">
because</textarea>
        <input name="off" value="x" disabled><input value="nameless">
        <button id="accept" name="consent" value="accept">Yes</button>
        <button id="decline" name="consent" value="decline" formaction="/no" type="submit">No</button>
        <button type="button" name="script" value="1">…</button>
      </form>
      <input form="search" name="outside" value="1">"##;

    fn press(id: &str, edits: &[(&str, &str)]) -> Result<Submission> {
        let html = Html::parse(PAGE);
        let edits = edits
            .iter()
            .map(|(id, text)| (html.by_id(id).unwrap().at(), (*text).to_owned()))
            .collect();
        let page = Url::parse("https://login.global.localhost:1/a/b?x=1").unwrap();
        submission(&page, &html, html.by_id(id).unwrap(), &edits)
    }

    fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn a_post_sends_what_a_browser_sends() {
        let sent = press(
            "accept",
            &[("username", "nora@northwind.us"), ("keep", TICKED)],
        )
        .unwrap();
        assert_eq!(sent.method, Method::POST);
        assert_eq!(
            sent.action.as_str(),
            "https://login.global.localhost:1/a/next?keep=1"
        );
        let expected = pairs(&[
            ("token", "t&1"),
            ("username", "nora@northwind.us"),
            ("keep", "on"),
            ("on", "yes"),
            ("r", "2"),
            ("lang", "English"),
            ("why", "because"),
            ("consent", "accept"),
        ]);
        assert_eq!(sent.fields, expected);
    }

    #[test]
    fn the_pressed_button_decides_name_and_address() {
        let sent = press("decline", &[("username", "x")]).unwrap();
        assert_eq!(sent.action.path(), "/no");
        assert!(
            sent.fields
                .contains(&("consent".to_owned(), "decline".to_owned()))
        );
        assert!(
            !sent
                .fields
                .contains(&("consent".to_owned(), "accept".to_owned()))
        );
    }

    #[test]
    fn an_empty_required_field_stops_a_person_but_not_a_script() {
        let error = press("accept", &[]).unwrap_err().to_string();
        assert_eq!(error, "`username` is required and empty");
        let html = Html::parse(PAGE);
        let form = html
            .nodes()
            .filter(|node| node.tag() == "form")
            .nth(1)
            .unwrap();
        let page = Url::parse("https://a.localhost/").unwrap();
        assert!(scripted(&page, &html, form).is_ok());
    }

    #[test]
    fn a_get_form_replaces_the_query_and_takes_controls_from_elsewhere() {
        let sent = press("find", &[]).unwrap();
        assert_eq!(sent.method, Method::GET);
        assert_eq!(sent.action.query(), Some("q=a+b&outside=1"));
    }
}
