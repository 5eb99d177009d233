//! Nothing is left to ask in this sign-in: the person presses on.

use comity_edge::ui::{
    AppName, Autocomplete, Breadth, Foot, Form, Journey, Page, Sheet, Shell, form, primary_button,
    sheet, shell, who,
};
use maud::{Markup, html};

use super::{continue_to, lockup};

const TITLE: &str = "Go on";

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoOn {
    pub action: String,
    pub account: String,
    pub app: Option<AppName>,
    pub journey: Option<Journey>,
}

/// Says that everything is answered, and leads on.
pub fn go_on(page: &Page, data: &GoOn) -> Markup {
    let inner = html! {
        (lockup(page))
        div .stack .stack-3 {
            h1 { (TITLE) }
            (continue_to(data.app.as_ref()))
            p { "Nothing more is asked of you here. It is answered already, maybe in another tab." }
            (who(&data.account, None))
        }
        (primary_button("Go on"))
    };
    let body = form(
        page,
        Form {
            action: &data.action,
            class: "sheet__body",
            autocomplete: Autocomplete::Off,
        },
        &inner,
    );
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: data.journey.as_ref(),
        foot: Foot::Links,
    };
    shell(page, Shell::sheet(TITLE), &sheet(page, frame, &body))
}
