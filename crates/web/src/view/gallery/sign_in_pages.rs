//! Signing in within one cloud.

use comity_edge::ui::{FormError, FormPost, form_post};

use super::super::{
    AccountPicker, AccountRow, Code, Enrol, GoOn, NewPassword, Options, Password, SetPassword,
    SignIn, Signed, account_picker, code, enrol, go_on, new_password, options, password,
    set_password, sign_in,
};
use super::{Specimen, World};

pub(super) fn pages(world: &World<'_>) -> Vec<Specimen> {
    let mut pages = user_name(world);
    pages.extend(passwords(world));
    pages.extend(codes(world));
    pages.extend(pickers(world));
    pages
}

fn error(world: &World<'_>, code: u32, text: &str) -> FormError {
    let correlation_id = Some(world.correlation_id());
    FormError {
        text: world.text(text),
        code: Some(code),
        correlation_id,
    }
}

fn user_name(world: &World<'_>) -> Vec<Specimen> {
    let data = SignIn {
        action: world.text("/sign-in/1"),
        app: Some(world.expenses()),
        example: world.some("contoso.com"),
        options: world.some("/sign-in/1/options"),
        ..SignIn::default()
    };
    let wrong = SignIn {
        username: world.some("alexx@contoso.com"),
        error: Some(error(
            world,
            50_034,
            "No such user name at Contoso. Check the spelling, or choose Sign-in options.",
        )),
        ..data.clone()
    };
    let common = SignIn {
        app: None,
        example: None,
        ..data.clone()
    };
    let page = world.contoso_page();
    vec![
        ("01-sign-in", sign_in(&page, &data)),
        ("01-sign-in-error", sign_in(&page, &wrong)),
        (
            "01-sign-in-common",
            sign_in(&world.page("harbour", "login"), &common),
        ),
    ]
}

fn passwords(world: &World<'_>) -> Vec<Specimen> {
    let data = Password {
        action: world.text("/sign-in/1/password"),
        account: world.text("alex@contoso.com"),
        change: world.some("/sign-in/1"),
        keep: true,
        options: world.some("/sign-in/1/options"),
        ..Password::default()
    };
    let wrong = Password {
        keep: false,
        error: Some(error(
            world,
            50_126,
            "The user name or the password is not right. Type the password again.",
        )),
        ..data.clone()
    };
    let first = SetPassword {
        action: world.text("/password"),
        account: world.text("admin@example.org"),
        owner: "3f0c9a52-77aa-4b6e-9d3e-0a4f5b6c7d8e".to_owned(),
        least: 15,
        error: None,
    };
    let short = SetPassword {
        error: Some(FormError::new(
            world.text("The password has 9 characters. Choose one of at least 15."),
        )),
        ..first.clone()
    };
    let replaced = NewPassword {
        action: world.text("/sign-in/1/new-password"),
        account: world.text("alex@contoso.com"),
        organization: world.text("Contoso"),
        least: 15,
        journey: None,
        error: short.error.clone(),
    };
    let page = world.contoso_page();
    vec![
        ("02-new-password-error", new_password(&page, &replaced)),
        ("02-password", password(&page, &data)),
        ("02-password-error", password(&page, &wrong)),
        ("02-set-password", set_password(&page, &first)),
        ("02-set-password-error", set_password(&page, &short)),
    ]
}

fn codes(world: &World<'_>) -> Vec<Specimen> {
    let wrong = Code {
        action: world.text("/sign-in/1/code"),
        account: world.text("alex@contoso.com"),
        change: world.some("/sign-in/1"),
        error: Some(error(
            world,
            500_121,
            "That code is not right or is used already. Wait for the next one.",
        )),
        ..Code::default()
    };
    let first = Enrol {
        action: world.text("/sign-in/1/enrol"),
        account: world.text("nora@northwind.us"),
        organization: world.text("Contoso"),
        secret: world.text("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
        uri: world.text(
            "otpauth://totp/Contoso:nora%40northwind.us?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Contoso",
        ),
        ..Enrol::default()
    };
    let answered = GoOn {
        action: world.text("/sign-in/1/go"),
        account: world.text("alex@contoso.com"),
        app: Some(world.expenses()),
        journey: None,
    };
    let page = world.contoso_page();
    vec![
        ("02-go-on", go_on(&page, &answered)),
        ("06-code-error", code(&page, &wrong)),
        ("06-enrol", enrol(&page, &first)),
    ]
}

fn pickers(world: &World<'_>) -> Vec<Specimen> {
    let account = |user: &str, name: &str, signed, org| AccountRow {
        value: world.text("1"),
        username: world.text(user),
        name: world.some(name),
        org,
        signed,
    };
    let picker = AccountPicker {
        action: world.text("/sign-in/1/account"),
        app: Some(world.expenses()),
        accounts: vec![
            account("alex@contoso.com", "Alex", Signed::In, None),
            account(
                "nora@northwind.us",
                "Nora",
                Signed::In,
                Some(world.northwind()),
            ),
            account("bo@contoso.com", "Bo", Signed::Out, None),
        ],
        other: world.text("/sign-in/1?other=1"),
    };
    let guest = Options {
        action: world.text("/sign-in/1/organization"),
        back: world.text("/sign-in/1"),
        ..Options::default()
    };
    let unknown = Options {
        organization: world.some("contoso.con"),
        error: Some(error(
            world,
            90_002,
            "No organization with this domain in the Commercial cloud. Check the spelling.",
        )),
        ..guest.clone()
    };
    let answer = FormPost {
        action: world.text("https://expenses.localhost:8443/callback"),
        app: world.text("Expenses"),
        fields: vec![
            (world.text("code"), world.text("0.AXoA")),
            (world.text("state"), world.text("xyz")),
        ],
    };
    let (page, common) = (world.contoso_page(), world.page("global", "login"));
    vec![
        ("02-account-picker", account_picker(&page, &picker)),
        ("03-sign-in-options", options(&common, &guest)),
        ("03-sign-in-options-error", options(&common, &unknown)),
        ("form-post", form_post(&page, &answer)),
    ]
}
