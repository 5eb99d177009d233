//! From one cloud to another, and what refuses on the way.

use comity_edge::ui::{
    AppName, ErrorPage, Link, Names, Refusal, Side, Stop, Trouble, error_page, refusal, trouble,
};

use super::super::{
    Code, Crossing, Password, Received, Release, Review, Sent, SignIn, code, crossing, password,
    release, review, sign_in,
};
use super::{Specimen, World};

pub(super) fn pages(world: &World<'_>) -> Vec<Specimen> {
    let mut pages = notices(world);
    pages.extend(home(world));
    pages.extend(consents(world));
    pages.extend(refusals(world));
    pages.extend(own_refusals(world));
    pages
}

const RECEIVED: [Received; 6] = [
    Received::Name,
    Received::UserName,
    Received::Identifier,
    Received::Methods,
    Received::Session,
    Received::Groups(2),
];

fn notices(world: &World<'_>) -> Vec<Specimen> {
    let data = Crossing {
        action: world.text("/sign-in/1/go"),
        here: world.contoso(),
        there: world.northwind(),
        account: world.some("nora@northwind.us"),
        app: world.some("Expenses"),
        sent: vec![
            Sent::Visit,
            Sent::Application(world.text("Expenses")),
            Sent::SecondFactor,
            Sent::Groups(vec![
                world.text("8a0a5a7e-1de0-5f7a-8a64-0e0a9be1b6b1"),
                world.text("c50d2a4e-93a5-5d2a-9b7e-6f8f3f0d3c11"),
            ]),
        ],
        received: RECEIVED.to_vec(),
        other_account: world.some("/sign-in/1"),
        skip: false,
    };
    let plain = Crossing {
        there: world.tailspin(),
        account: None,
        app: None,
        sent: vec![Sent::Visit],
        received: RECEIVED.iter().take(5).copied().collect(),
        skip: true,
        ..data.clone()
    };
    let page = world.contoso_page();
    vec![
        ("04-crossing", crossing(&page, &data)),
        ("04-crossing-plain", crossing(&page, &plain)),
    ]
}

fn home(world: &World<'_>) -> Vec<Specimen> {
    let way = || Some(world.journey(world.their_expenses(), Stop::Home));
    let name = SignIn {
        action: world.text("/sign-in/1"),
        app: Some(world.their_expenses()),
        example: world.some("northwind.us"),
        journey: way(),
        ..SignIn::default()
    };
    let secret = Password {
        action: world.text("/sign-in/1/password"),
        account: world.text("nora@northwind.us"),
        change: world.some("/sign-in/1"),
        journey: way(),
        releases: RECEIVED.to_vec(),
        ..Password::default()
    };
    let second = Code {
        action: world.text("/sign-in/1/code"),
        account: world.text("nora@northwind.us"),
        change: world.some("/sign-in/1"),
        asked_by: world.some("Contoso"),
        journey: way(),
        ..Code::default()
    };
    let page = world.northwind_page();
    vec![
        ("05-home-user-name", sign_in(&page, &name)),
        ("05-home-sign-in", password(&page, &secret)),
        ("06-code", code(&page, &second)),
    ]
}

fn consents(world: &World<'_>) -> Vec<Specimen> {
    let yes = Release {
        action: world.text("/sign-in/1/release"),
        journey: world.journey(world.their_expenses(), Stop::Home),
        received: RECEIVED.to_vec(),
        name: world.text("Nora"),
        username: world.text("nora@northwind.us"),
        identifier: world.text("a6babad0-ee23-52ae-9a20-cbacedce9635"),
        other_account: world.some("/sign-in/1"),
    };
    let guest = Review {
        action: world.text("/sign-in/1/review"),
        organization: world.text("Contoso"),
        domain: world.text("contoso.com"),
        home: world.northwind(),
        name: world.text("Nora"),
        username: world.text("nora@northwind.us"),
        identifier: world.text("a6babad0-ee23-52ae-9a20-cbacedce9635"),
        privacy: world.some("https://www.contoso.com/privacy"),
        other_account: world.some("/sign-in/1"),
    };
    vec![
        ("05-release", release(&world.northwind_page(), &yes)),
        (
            "07-review-permissions",
            review(&world.contoso_page(), &guest),
        ),
    ]
}

fn names(world: &World<'_>, app: AppName) -> Names {
    Names {
        resource: world.text("Contoso"),
        home: world.text("Northwind Agency"),
        resource_cloud: world.text("Commercial cloud"),
        home_cloud: world.text("US Government cloud"),
        person: world.some("nils@northwind.us"),
        app: Some(app),
    }
}

fn refused(world: &World<'_>, refusal: Refusal, at: Stop) -> ErrorPage {
    ErrorPage {
        refusal,
        resource: Some(world.contoso()),
        home: Some(world.northwind()),
        journey: Some(world.journey(world.expenses(), at)),
        when: World::when(),
        correlation_id: world.correlation_id(),
        account: world.some("nils@northwind.us"),
        app: Some(world.expenses()),
        detail: None,
        // The address of the organization that acts; home’s is not known here.
        contact: matches!(at, Stop::ResourceRefused).then(|| world.text("help@contoso.com")),
        way_on: None,
        other_account: world.some("/sign-in/1"),
    }
}

fn refusals(world: &World<'_>) -> Vec<Specimen> {
    let names = names(world, world.expenses());
    let page = world.contoso_page();
    let coded =
        |code, side, at| error_page(&page, &refused(world, refusal(code, side, &names), at));
    let retry = Link {
        text: world.text("Try again"),
        href: world.text("/sign-in/1/go"),
    };
    let silent = ErrorPage {
        way_on: Some(retry),
        contact: None,
        ..refused(
            world,
            trouble(Trouble::HomeSilent, &names),
            Stop::HomeSilent,
        )
    };
    let secretive = refused(
        world,
        trouble(Trouble::HomeRefused, &names),
        Stop::HomeRefused,
    );
    let unpaired = ErrorPage {
        contact: None,
        journey: None,
        ..refused(world, refusal(90_038, Side::Resource, &names), Stop::Home)
    };
    vec![
        (
            "08-denied",
            coded(500_213, Side::Resource, Stop::ResourceRefused),
        ),
        (
            "08-denied-500212",
            coded(500_212, Side::Home, Stop::HomeRefused),
        ),
        (
            "08-denied-1000104",
            coded(1_000_104, Side::Home, Stop::HomeRefused),
        ),
        (
            "08-denied-53000",
            coded(53_000, Side::Resource, Stop::ResourceRefused),
        ),
        ("08-denied-by-home", error_page(&page, &secretive)),
        ("08-denied-90038", error_page(&page, &unpaired)),
        ("08-home-silent", error_page(&page, &silent)),
    ]
}

fn own_refusals(world: &World<'_>) -> Vec<Specimen> {
    let within = Names {
        home: world.text("Contoso"),
        home_cloud: world.text("Commercial cloud"),
        person: world.some("alex@contoso.com"),
        ..names(world, world.expenses())
    };
    let page = world.contoso_page();
    let bare = |refusal, detail| ErrorPage {
        journey: None,
        home: None,
        account: world.some("alex@contoso.com"),
        detail,
        contact: None,
        other_account: None,
        ..refused(world, refusal, Stop::Home)
    };
    let asked = world.some("Asked for: User.Read Mail.Read");
    let unsent = world.some("redirect_uri `https://expenses.example/cb`");
    let unknown = world.some("client_id `4dda6c6e-5b93-58a3-b594-7d60cc884ffe`");
    let side = Side::Resource;
    vec![
        (
            "08-consent-missing",
            error_page(&page, &bare(refusal(65_001, side, &within), asked)),
        ),
        (
            "08-redirect-uri",
            error_page(&page, &bare(refusal(50_011, side, &within), unsent)),
        ),
        (
            "08-unknown-application",
            error_page(&page, &bare(refusal(700_016, side, &within), unknown)),
        ),
        (
            "08-no-such-page",
            error_page(
                &world.page("harbour", "login"),
                &ErrorPage {
                    account: None,
                    app: None,
                    resource: None,
                    ..bare(trouble(Trouble::NotFound, &within), None)
                },
            ),
        ),
    ]
}
