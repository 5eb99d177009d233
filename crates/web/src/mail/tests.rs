use super::*;

fn sample() -> InvitationMail {
    InvitationMail {
        organization: "Contoso".to_owned(),
        domain: "contoso.com".to_owned(),
        cloud: "Commercial cloud".to_owned(),
        hue: 258,
        inviter: Some("inviter@contoso.com".to_owned()),
        message: Some(
            "Hello Nora, please use Expenses for the costs of the joint project. Alex is your contact here."
                .to_owned(),
        ),
        link: "https://login.global.localhost:8443/redeem?tenant=t&user=u&ticket=k&ver=2.0".to_owned(),
        guest: "nora@northwind.us".to_owned(),
        home_cloud: Some("US Government cloud".to_owned()),
        home_host: "login.usgov.localhost".to_owned(),
        app: Some("Expenses".to_owned()),
        my_apps: "https://myapps.global.localhost:8443/".to_owned(),
        privacy: None,
        block: None,
    }
}

#[test]
fn the_text_says_who_invites_where_to_and_what_happens() {
    let mail = invitation(&sample());
    assert_eq!(mail.subject, "inviter@contoso.com invites you to Contoso");
    assert_eq!(mail.from_name, "inviter@contoso.com via Contoso");
    let expected = "Commercial cloud

inviter@contoso.com invites you to be a guest of Contoso (contoso.com).

  Hello Nora, please use Expenses for the costs of the joint project.
  Alex is your contact here.

Open the invitation:
https://login.global.localhost:8443/redeem?tenant=t&user=u&ticket=k&ver=2.0

What happens then
1. You sign in at your own organization, in the US Government cloud. The
   address bar shows login.usgov.localhost.
2. You see what Contoso will know about you, and accept or decline.
3. Expenses opens.

Did you expect this? If not, do nothing. Only nora@northwind.us can accept
it, and nobody but your own organization will ask for your password.

Without the link: go to https://myapps.global.localhost:8443/, choose
Sign-in options, then Sign in to an organization, and type contoso.com. The
invitation does not expire.

Contoso has published no privacy statement.
";
    assert_eq!(mail.text, expected);
}

#[test]
fn the_html_holds_the_same_link_and_loads_nothing() {
    let mail = invitation(&sample());
    assert!(mail.html.contains(
        "href=\"https://login.global.localhost:8443/redeem?tenant=t&amp;user=u&amp;ticket=k&amp;ver=2.0\""
    ));
    for word in ["<img", "<script", "<link", "url(", "src="] {
        assert!(!mail.html.contains(word), "{word}");
    }
}

#[test]
fn an_application_as_inviter_is_named_by_its_organization() {
    let mail = invitation(&InvitationMail {
        inviter: None,
        message: None,
        ..sample()
    });
    assert_eq!(mail.subject, "Contoso invites you");
    let words = "Contoso (contoso.com) invites you to be its guest.";
    assert!(mail.text.contains(words), "{}", mail.text);
    assert!(
        mail.html
            .contains("<strong>Contoso</strong> (contoso.com) invites you to be its guest.")
    );
    assert_eq!(mail.from_name, "Contoso");
    assert!(!mail.html.contains("m-quote .m-ink") && !mail.text.contains("Hello"));
}

#[test]
fn no_field_can_add_a_header_or_markup() {
    let evil = "x\r\nBcc: all@example.com\n<script>alert(1)</script>\"";
    let mail = invitation(&InvitationMail {
        organization: evil.to_owned(),
        inviter: Some(evil.to_owned()),
        message: Some(evil.to_owned()),
        link: "javascript:alert(1)".to_owned(),
        ..sample()
    });
    for header in [&mail.subject, &mail.from_name] {
        assert!(!header.contains(['\r', '\n']), "{header:?}");
    }
    assert!(!mail.html.contains("<script") && !mail.html.contains("javascript:"));
    assert!(!mail.text.contains("\nBcc:"), "{}", mail.text);
}

#[test]
fn a_new_second_factor_is_told_to_its_owner() {
    let mail = factor_added(&FactorMail {
        organization: "Contoso".to_owned(),
        cloud: "Commercial cloud".to_owned(),
        hue: 258,
        account: "nora@northwind.us".to_owned(),
        when: "23 Nov 2026, 09:41:22 UTC".to_owned(),
    });
    let fact = "an authenticator app was added for nora@northwind.us at Contoso.";
    assert!(mail.text.replace('\n', " ").contains(fact));
    assert!(mail.html.contains(fact));
}

#[test]
fn s43_wrong_codes_are_told_to_their_owner() {
    let mail = codes_refused(&FactorMail {
        organization: "Contoso\r\nBcc: a@b.c".to_owned(),
        cloud: "Commercial cloud".to_owned(),
        hue: 258,
        account: "nora@northwind.us".to_owned(),
        when: "23 Nov 2026, 09:41:22 UTC".to_owned(),
    });
    assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
    let fact = "wrong one-time codes was entered for nora@northwind.us at Contoso";
    assert!(mail.text.replace('\n', " ").contains(fact), "{}", mail.text);
    assert!(mail.html.contains("Wrong one-time codes were entered"));
}
