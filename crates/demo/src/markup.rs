//! A small scanner of HTML: enough to find elements by id, read their text, and see forms and links.
//!
//! A page becomes a flat list of tokens (after the states of the HTML standard §13.2.5 that our pages need: tags,
//! attributes, raw text, character references, comments). An element is the place of its opening tag.

/// One page.
#[derive(Debug, Clone, Default)]
pub struct Html {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open {
        tag: String,
        attributes: Vec<(String, String)>,
        closed: bool,
    },
    Close {
        tag: String,
    },
    Text(String),
}

/// An element of a page.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    html: &'a Html,
    at: usize,
}

const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
/// Their content is text to the closing tag; of the last two with character references.
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];
const INLINE: [&str; 14] = [
    "a", "abbr", "b", "bdi", "code", "em", "i", "kbd", "small", "span", "strong", "svg", "time",
    "use",
];

impl Html {
    pub fn parse(text: &str) -> Self {
        let mut scanner = Scanner {
            rest: text,
            tokens: Vec::new(),
        };
        scanner.run();
        Self {
            tokens: scanner.tokens,
        }
    }

    pub fn by_id(&self, id: &str) -> Option<Node<'_>> {
        self.nodes().find(|node| node.attribute("id") == Some(id))
    }

    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.tokens.len()).filter_map(|at| self.node(at))
    }

    pub fn node(&self, at: usize) -> Option<Node<'_>> {
        matches!(self.tokens.get(at), Some(Token::Open { .. })).then_some(Node { html: self, at })
    }

    pub fn first(&self, tag: &str) -> Option<Node<'_>> {
        self.nodes().find(|node| node.tag() == tag)
    }

    pub fn title(&self) -> String {
        self.first("title").map(Node::text).unwrap_or_default()
    }

    pub fn heading(&self) -> String {
        self.first("h1").map(Node::text).unwrap_or_default()
    }

    /// The words of the whole body, for messages about a page that was not expected.
    pub fn text(&self) -> String {
        self.first("main")
            .or_else(|| self.first("body"))
            .map(Node::text)
            .unwrap_or_default()
    }
}

impl<'a> Node<'a> {
    /// The place in the page, by which a form's edits are kept.
    pub fn at(self) -> usize {
        self.at
    }

    pub fn tag(self) -> &'a str {
        match self.html.tokens.get(self.at) {
            Some(Token::Open { tag, .. }) => tag,
            _ => "",
        }
    }

    pub fn attribute(self, name: &str) -> Option<&'a str> {
        match self.html.tokens.get(self.at) {
            Some(Token::Open { attributes, .. }) => attributes
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str()),
            _ => None,
        }
    }

    pub fn has(self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    pub fn has_class(self, class: &str) -> bool {
        self.attribute("class")
            .is_some_and(|all| all.split_whitespace().any(|one| one == class))
    }

    /// The place behind the closing tag; a tag that is never closed reaches to the end of the page.
    fn end(self) -> usize {
        let tag = self.tag();
        if VOID.contains(&tag)
            || matches!(
                self.html.tokens.get(self.at),
                Some(Token::Open { closed: true, .. })
            )
        {
            return self.at + 1;
        }
        let mut depth = 0_usize;
        for (at, token) in self.html.tokens.iter().enumerate().skip(self.at) {
            match token {
                Token::Open {
                    tag: inner,
                    closed: false,
                    ..
                } if inner == tag => depth += 1,
                Token::Close { tag: inner } if inner == tag => {
                    depth -= 1;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
        }
        self.html.tokens.len()
    }

    /// The elements inside this one, in the order of the page.
    pub fn inside(self) -> impl Iterator<Item = Node<'a>> {
        (self.at + 1..self.end()).filter_map(move |at| self.html.node(at))
    }

    /// The innermost element with this tag around this one.
    pub fn around(self, tag: &str) -> Option<Node<'a>> {
        self.html
            .nodes()
            .take_while(|node| node.at < self.at)
            .filter(|node| node.tag() == tag && node.end() > self.at)
            .last()
    }

    /// The text a reader sees, white space collapsed.
    pub fn text(self) -> String {
        let mut text = String::new();
        let mut hidden: Option<&str> = None;
        for token in self.html.tokens.iter().take(self.end()).skip(self.at) {
            match token {
                Token::Text(part) if hidden.is_none() => text.push_str(part),
                Token::Open {
                    tag, closed: false, ..
                } if hidden.is_none() && is_hidden(tag) => {
                    hidden = Some(tag);
                }
                Token::Close { tag } if hidden == Some(tag) => hidden = None,
                Token::Open { tag, .. } | Token::Close { tag }
                    if !INLINE.contains(&tag.as_str()) =>
                {
                    text.push(' ');
                }
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The text as it stands: the value of a `textarea`.
    pub fn raw_text(self) -> String {
        let mut text = String::new();
        for token in self.html.tokens.iter().take(self.end()).skip(self.at) {
            if let Token::Text(part) = token {
                text.push_str(part);
            }
        }
        // The newline directly after the opening tag is not part of the value.
        text.strip_prefix('\n').map(str::to_owned).unwrap_or(text)
    }
}

fn is_hidden(tag: &str) -> bool {
    matches!(tag, "script" | "style" | "template")
}

struct Scanner<'a> {
    rest: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Scanner<'a> {
    fn run(&mut self) {
        while !self.rest.is_empty() {
            let text = self.take_until("<");
            if !text.is_empty() {
                self.tokens.push(Token::Text(decode(text)));
            }
            if !self.rest.is_empty() {
                self.markup();
            }
        }
    }

    /// At a `<`.
    fn markup(&mut self) {
        if self.eat("<!--") {
            self.take_until("-->");
            self.eat("-->");
        } else if self.eat("<!") || self.eat("<?") {
            self.take_until(">");
            self.eat(">");
        } else if self.eat("</") {
            let tag = self.take_until(">").trim().to_ascii_lowercase();
            self.eat(">");
            self.tokens.push(Token::Close { tag });
        } else {
            self.eat("<");
            if self
                .rest
                .starts_with(|first: char| first.is_ascii_alphabetic())
            {
                self.open();
            } else {
                self.tokens.push(Token::Text("<".to_owned()));
            }
        }
    }

    fn open(&mut self) {
        let tag = self
            .take_while(|c| !c.is_whitespace() && c != '>' && c != '/')
            .to_ascii_lowercase();
        let mut attributes: Vec<(String, String)> = Vec::new();
        let mut closed = false;
        loop {
            self.take_while(char::is_whitespace);
            if self.rest.is_empty() || self.eat(">") {
                break;
            }
            if self.eat("/") {
                closed = self.rest.starts_with('>');
                continue;
            }
            let (name, value) = self.attribute();
            // The first of two attributes with one name counts.
            if !attributes.iter().any(|(known, _)| *known == name) {
                attributes.push((name, value));
            }
        }
        let raw = RAW.contains(&tag.as_str()) && !closed;
        self.tokens.push(Token::Open {
            tag: tag.clone(),
            attributes,
            closed,
        });
        if raw {
            self.raw(&tag);
        }
    }

    fn attribute(&mut self) -> (String, String) {
        let before = self.rest.len();
        let name = self
            .take_while(|c| !c.is_whitespace() && !matches!(c, '=' | '>' | '/'))
            .to_ascii_lowercase();
        self.take_while(char::is_whitespace);
        let value = if self.eat("=") {
            self.take_while(char::is_whitespace);
            if self.eat("\"") {
                self.quoted("\"")
            } else if self.eat("'") {
                self.quoted("'")
            } else {
                self.take_while(|c| !c.is_whitespace() && c != '>')
            }
        } else {
            ""
        };
        let value = decode(value);
        if self.rest.len() == before {
            // Something that is no name: step over it, or we would stay here for ever.
            let mut rest = self.rest.chars();
            rest.next();
            self.rest = rest.as_str();
        }
        (name, value)
    }

    fn quoted(&mut self, quote: &str) -> &'a str {
        let value = self.take_until(quote);
        self.eat(quote);
        value
    }

    fn raw(&mut self, tag: &str) {
        let lower = self.rest.to_ascii_lowercase();
        let end = lower.find(&format!("</{tag}")).unwrap_or(lower.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        let decoded = matches!(tag, "textarea" | "title");
        if !text.is_empty() {
            let text = if decoded {
                decode(text)
            } else {
                text.to_owned()
            };
            self.tokens.push(Token::Text(text));
        }
    }

    fn take_until(&mut self, end: &str) -> &'a str {
        let at = self.rest.find(end).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(at);
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let at = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(at);
        self.rest = rest;
        taken
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

/// Replaces character references; one that is not known stays as it stands.
pub fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let known = after
            .split_once(';')
            .and_then(|(name, tail)| Some((reference(name)?, tail)));
        if let Some((c, tail)) = known {
            out.push(c);
            rest = tail;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "middot" => '·',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "ndash" => '–',
        "mdash" => '—',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<!doctype html><html><head><title>Sign in &middot; A&amp;B</title>
      <script>if (a < b) { document.write("<p id=fake>"); }</script></head>
      <body><!-- <p id="ghost"> --><main id="main">
      <h1>Enter <em>code</em></h1>
      <a ID='other' href="/x?a=1&amp;b=2">Change<span class="visually-hidden"> account</span></a>
      <div id=outer><div id="inner">deep</div>tail</div>
      <p id="broken" = data-x>a < b</p><input id=bare value=plain disabled>
      <svg><use href="#i"/></svg><br/>
      </main></body></html>"##;

    #[test]
    fn elements_are_found_by_id_and_their_text_is_read() {
        let html = Html::parse(PAGE);
        assert_eq!(html.title(), "Sign in · A&B");
        assert_eq!(html.heading(), "Enter code");
        let link = html.by_id("other").unwrap();
        assert_eq!(link.attribute("href"), Some("/x?a=1&b=2"));
        assert_eq!(link.text(), "Change account");
        assert_eq!(html.by_id("outer").unwrap().text(), "deep tail");
        assert_eq!(
            html.by_id("inner")
                .unwrap()
                .around("div")
                .unwrap()
                .attribute("id"),
            Some("outer")
        );
        assert_eq!(html.by_id("broken").unwrap().text(), "a < b");
        let bare = html.by_id("bare").unwrap();
        assert_eq!(bare.attribute("value"), Some("plain"));
        assert!(bare.has("disabled"));
        assert_eq!(bare.inside().count(), 0);
    }

    #[test]
    fn what_stands_in_scripts_and_comments_is_no_element() {
        let html = Html::parse(PAGE);
        assert!(html.by_id("fake").is_none());
        assert!(html.by_id("ghost").is_none());
        assert!(!html.text().contains("document"));
    }

    #[test]
    fn torn_pages_end() {
        for page in [
            "<",
            "<a",
            "<a href",
            "<a href=",
            "<a href='",
            "</",
            "<!--",
            "<p \"=>",
            "<textarea>x",
            "&#;",
        ] {
            let html = Html::parse(page);
            let _ = html.text();
        }
        assert_eq!(
            Html::parse("<textarea id=a>\n&lt;b</textarea>")
                .by_id("a")
                .unwrap()
                .raw_text(),
            "<b"
        );
    }

    #[test]
    fn character_references() {
        let rows = [
            ("a&amp;lt;b", "a&lt;b"),
            ("&#39;&#x27;", "''"),
            ("&unknown; & x", "&unknown; & x"),
            ("caf&#233;", "café"),
        ];
        for (text, expected) in rows {
            assert_eq!(decode(text), expected);
        }
    }
}
