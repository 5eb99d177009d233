//! Mail to people: one RFC 5322 message with a text and an HTML form, sent by SMTP ([`smtp`]) or, in
//! the dev world, written to files ([`folder`]).

use std::time::{Duration, UNIX_EPOCH};

use comity_model::time::Utc;
use lettre::{
    Message,
    message::{Mailbox, MultiPart},
};

use crate::port::Mail;

pub mod folder;
pub mod nowhere;
pub mod smtp;

/// Builds the message; addresses that cannot be used are named.
pub fn message(mail: &Mail, now: Utc, unique: [u8; 16]) -> Result<Message, String> {
    let from = mailbox(Some(&mail.from_name), &mail.from)?;
    let domain = mail.from.rsplit('@').next().unwrap_or("localhost");
    let mut builder = Message::builder()
        .from(from)
        .to(mailbox(None, &mail.to)?)
        .date(UNIX_EPOCH + Duration::from_micros(u64::try_from(now.micros()).unwrap_or(0)))
        .message_id(Some(format!("<{}@{domain}>", hex(&unique))))
        .subject(one_line(&mail.subject));
    if let Some(address) = &mail.reply_to {
        builder = builder.reply_to(mailbox(None, address)?);
    }
    for address in &mail.cc {
        builder = builder.cc(mailbox(None, address)?);
    }
    builder
        .multipart(MultiPart::alternative_plain_html(
            mail.text.clone(),
            mail.html.clone(),
        ))
        .map_err(|error| format!("the message cannot be built: {error}"))
}

fn mailbox(name: Option<&str>, address: &str) -> Result<Mailbox, String> {
    let parsed = address
        .parse()
        .map_err(|_| format!("`{address}` is not a mail address"))?;
    Ok(Mailbox::new(
        name.map(one_line).filter(|name| !name.is_empty()),
        parsed,
    ))
}

/// Without line breaks and other control characters, which could begin a header.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::message;
    use crate::port::Mail;
    use comity_model::time::Utc;

    pub(super) fn mail() -> Mail {
        Mail {
            from_name: "Contoso".into(),
            from: "invites@contoso.onmicrosoft.com".into(),
            reply_to: Some("inviter@contoso.com".into()),
            to: "nora@northwind.us".into(),
            cc: vec!["cc@contoso.com".into()],
            subject: "Grüße aus Contoso".into(),
            text: "Open https://login.global.localhost/redeem?ticket=abc now".into(),
            html:
                "<p>Open <a href=\"https://login.global.localhost/redeem?ticket=abc\">this</a></p>"
                    .into(),
        }
    }

    fn formatted(mail: &Mail) -> String {
        let now = Utc::from_seconds(1_800_000_000);
        String::from_utf8(message(mail, now, [7; 16]).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_message_has_both_forms_and_its_own_id_and_date() {
        let text = formatted(&mail());
        for part in [
            "From: Contoso <invites@contoso.onmicrosoft.com>\r\n",
            "To: nora@northwind.us\r\n",
            "Reply-To: inviter@contoso.com\r\n",
            "Cc: cc@contoso.com\r\n",
            "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n",
            "Message-ID: <07070707070707070707070707070707@contoso.onmicrosoft.com>\r\n",
            "Content-Type: multipart/alternative;",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(text.is_ascii());
    }

    #[test]
    fn a_name_or_subject_cannot_begin_a_header() {
        let evil = "x\r\nBcc: evil@example.com\r\n\r\nbody";
        let text = formatted(&Mail {
            subject: evil.into(),
            from_name: evil.into(),
            ..mail()
        });
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    }

    #[test]
    fn an_address_that_is_none_is_named() {
        for bad in ["nobody", "a@b\r\nBcc: c@d", "a@b, c@d", ""] {
            let error = message(
                &Mail {
                    to: bad.into(),
                    ..mail()
                },
                Utc::default(),
                [0; 16],
            )
            .unwrap_err();
            assert!(error.contains("is not a mail address"), "{error}");
        }
    }
}
