//! Enrolment of the first second factor: an authenticator app (RFC 6238; the key URI is drawn as
//! a QR code, ISO/IEC 18004, in attributes only).

use std::fmt::Write as _;

use comity_edge::ui::{
    Autocomplete, Breadth, Field, Foot, Form, FormError, Input, Journey, Page, Sheet, Shell, field,
    form, notice_error, primary_button, sheet, shell, who,
};
use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};

use super::{lockup, title_of};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enrol {
    pub action: String,
    pub account: String,
    /// The organization that asks for the second factor.
    pub organization: String,
    /// The key in base32, without spaces.
    pub secret: String,
    /// `otpauth://totp/…` with the same key.
    pub uri: String,
    pub journey: Option<Journey>,
    pub error: Option<FormError>,
}

/// Shows the key and asks for the first code.
pub fn enrol(page: &Page, data: &Enrol) -> Markup {
    let input = Field {
        id: "code",
        label: "Six digits from the app",
        hint: Some("This proves that the app has the key."),
        input: Input::OneTimeCode,
        value: None,
        invalid: data.error.is_some(),
    };
    let inner = html! {
        (lockup(page))
        @if let Some(error) = &data.error { (notice_error(error, Some(("code", "the code")))) }
        div .stack .stack-3 {
            h1 { "Set up a second factor" }
            p .sheet__lede {
                (data.organization) " asks for a second proof that it is you: a code from an \
                authenticator app on your phone or computer."
            }
            (who(&data.account, None))
        }
        ol .enrol {
            li {
                h2 { "1. Add the key to the app" }
                @if let Some(code) = qr(&data.uri) {
                    p .muted { "Scan this with the app, or type the key into it." }
                    (code)
                }
                p .copy { code #totp-secret .secret { (in_fours(&data.secret)) } }
            }
            li { h2 { "2. Type the code it shows" } (field(input)) }
        }
        (primary_button("Finish"))
    };
    let body = form(
        page,
        Form {
            action: &data.action,
            class: "sheet__body",
            autocomplete: Autocomplete::On,
        },
        &inner,
    );
    let foot = Foot::Address("a code");
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: data.journey.as_ref(),
        foot,
    };
    let title = title_of("Set up a second factor", data.error.as_ref());
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}

/// Groups of four that read well; the text itself stays in one piece.
fn in_fours(secret: &str) -> Markup {
    let letters: Vec<char> = secret.chars().collect();
    html! { @for group in letters.chunks(4) { span { (group.iter().collect::<String>()) } } }
}

/// The QR code as one path in module units, with the quiet zone of four. None if the text is too
/// long for a code: then the key itself is the way.
fn qr(text: &str) -> Option<Markup> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size() + 8;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size())
                .take_while(|x| code.get_module(*x, y))
                .count();
            let run = i32::try_from(run).ok()?;
            if run > 0 {
                write!(path, "M{} {}h{run}v1h-{run}z", x + 4, y + 4).ok()?;
            }
            x += run.max(1);
        }
    }
    Some(html! {
        svg .qr viewBox={ "0 0 " (size) " " (size) } width="224" height="224" role="img"
            aria-label="QR code of the key" shape-rendering="crispEdges"
        {
            rect .qr__light width=(size) height=(size) {}
            path .qr__dark d=(path) {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_has_exactly_the_dark_modules() {
        let text = "otpauth://totp/Contoso:nora?secret=JBSWY3DPEHPK3PXP&issuer=Contoso";
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let dark = (0..code.size())
            .flat_map(|y| (0..code.size()).map(move |x| (x, y)))
            .filter(|(x, y)| code.get_module(*x, *y))
            .count();
        let drawn = qr(text).unwrap().into_string();
        let (_, path) = drawn.split_once(r#"d=""#).unwrap();
        let (path, _) = path.split_once('"').unwrap();
        let area: usize = path
            .split('M')
            .filter(|run| !run.is_empty())
            .map(|run| {
                run.split('h')
                    .nth(1)
                    .unwrap()
                    .split('v')
                    .next()
                    .unwrap()
                    .parse::<usize>()
                    .unwrap()
            })
            .sum();
        assert_eq!(area, dark);
        assert!(
            path.starts_with("M4 4h7v1h-7z"),
            "the first finder pattern: {path}"
        );
    }

    #[test]
    fn a_text_too_long_for_a_code_is_not_drawn() {
        assert!(qr(&"x".repeat(5000)).is_none());
    }

    #[test]
    fn the_key_is_one_word_for_scripts() {
        let drawn = in_fours("JBSWY3DPEH").into_string();
        assert_eq!(drawn, "<span>JBSW</span><span>Y3DP</span><span>EH</span>");
    }
}
