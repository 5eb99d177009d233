//! The parser of device filter rules: one pass, bounded depth.

use super::{Comparison, Expression, Operand};
use crate::document::DocumentError;

/// Nesting that a rule may have.
const MAX_DEPTH: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    ListOpen,
    ListClose,
    Comma,
    /// `-and`, `-eq`: without the dash, in lower case.
    Operator(String),
    /// A bare word: `device.model`, `True`.
    Word(String),
    Quoted(String),
}

/// Parses a whole rule.
pub(super) fn rule(text: &str) -> Result<Expression, DocumentError> {
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
    };
    let expression = parser.any(0)?;
    match parser.tokens.next() {
        None => Ok(expression),
        Some(token) => Err(unexpected(Some(&token), "`-and`, `-or` or the end")),
    }
}

fn fail<T>(message: impl Into<String>) -> Result<T, DocumentError> {
    Err(DocumentError::new(format!(
        "the device filter does not parse: {}",
        message.into()
    )))
}

fn unexpected(token: Option<&Token>, wanted: &str) -> DocumentError {
    let found = match token {
        None => "the end".to_owned(),
        Some(Token::Open) => "`(`".to_owned(),
        Some(Token::Close) => "`)`".to_owned(),
        Some(Token::ListOpen) => "`[`".to_owned(),
        Some(Token::ListClose) => "`]`".to_owned(),
        Some(Token::Comma) => "`,`".to_owned(),
        Some(Token::Operator(word)) => format!("`-{word}`"),
        Some(Token::Word(word)) => format!("`{word}`"),
        Some(Token::Quoted(text)) => format!("the text `{text}`"),
    };
    DocumentError::new(format!(
        "the device filter does not parse: {wanted} is expected, not {found}"
    ))
}

fn tokens(text: &str) -> Result<Vec<Token>, DocumentError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        let single = match c {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '[' => Some(Token::ListOpen),
            ']' => Some(Token::ListClose),
            ',' => Some(Token::Comma),
            _ => None,
        };
        if c.is_whitespace() {
            chars.next();
        } else if let Some(token) = single {
            chars.next();
            tokens.push(token);
        } else if c == '"' || c == '\'' {
            chars.next();
            tokens.push(Token::Quoted(quoted(&mut chars, c)?));
        } else if c == '-' {
            chars.next();
            tokens.push(Token::Operator(word(&mut chars).to_ascii_lowercase()));
        } else {
            let bare = word(&mut chars);
            if bare.is_empty() {
                return fail(format!("`{c}` is not expected"));
            }
            tokens.push(Token::Word(bare));
        }
    }
    Ok(tokens)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn word(chars: &mut Chars<'_>) -> String {
    let mut word = String::new();
    while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || matches!(c, '.' | '_')) {
        word.push(c);
    }
    word
}

/// The text behind an opening quote; a quote inside is doubled or follows a backtick.
fn quoted(chars: &mut Chars<'_>, quote: char) -> Result<String, DocumentError> {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        if c == quote && chars.next_if_eq(&quote).is_none() {
            return Ok(text);
        }
        let escaped = (c == '`').then(|| chars.next_if_eq(&quote)).flatten();
        text.push(escaped.unwrap_or(c));
    }
    fail(format!("a text is not closed with `{quote}`"))
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    fn take_operator(&mut self, wanted: &str) -> bool {
        let is_wanted = |token: &Token| matches!(token, Token::Operator(word) if word == wanted);
        self.tokens.next_if(is_wanted).is_some()
    }

    fn any(&mut self, depth: usize) -> Result<Expression, DocumentError> {
        let first = self.all(depth)?;
        let mut parts = vec![first];
        while self.take_operator("or") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, DocumentError> {
        let first = self.single(depth)?;
        let mut parts = vec![first];
        while self.take_operator("and") {
            parts.push(self.single(depth)?);
        }
        Ok(one_or(parts, Expression::All))
    }

    fn single(&mut self, depth: usize) -> Result<Expression, DocumentError> {
        if depth > MAX_DEPTH {
            return fail(format!("more than {MAX_DEPTH} levels of brackets"));
        }
        if self.take_operator("not") {
            return Ok(Expression::Not(Box::new(self.single(depth + 1)?)));
        }
        match self.tokens.next() {
            Some(Token::Open) => {
                let inner = self.any(depth + 1)?;
                match self.tokens.next() {
                    Some(Token::Close) => Ok(inner),
                    other => Err(unexpected(other.as_ref(), "`)`")),
                }
            }
            Some(Token::Word(word)) => self.compare(&word),
            other => Err(unexpected(other.as_ref(), "`device.NAME`")),
        }
    }

    fn compare(&mut self, word: &str) -> Result<Expression, DocumentError> {
        let (object, attribute) = word.split_once('.').unwrap_or((word, ""));
        if !object.eq_ignore_ascii_case("device") || attribute.is_empty() {
            return fail(format!("`device.NAME` is expected, not `{word}`"));
        }
        let operator = self.tokens.next();
        let (comparison, negated) = match &operator {
            Some(Token::Operator(word)) => comparison(word),
            _ => None,
        }
        .ok_or_else(|| unexpected(operator.as_ref(), "an operator as `-eq`"))?;
        let operand = self.operand()?;
        if (comparison == Comparison::In) != matches!(operand, Operand::List(_)) {
            return fail("`-in` and `-notIn` take a list, the other operators one value");
        }
        Ok(Expression::Compare {
            attribute: attribute.to_owned(),
            comparison,
            negated,
            operand,
        })
    }

    fn operand(&mut self) -> Result<Operand, DocumentError> {
        match self.tokens.next() {
            Some(Token::Quoted(text)) => Ok(Operand::Text(text)),
            Some(Token::Word(word)) => match truth(&word) {
                Some(value) => Ok(Operand::Bool(value)),
                None => fail(format!("`{word}` is no value: quote texts")),
            },
            Some(Token::ListOpen) => self.list(),
            other => Err(unexpected(other.as_ref(), "a value")),
        }
    }

    fn list(&mut self) -> Result<Operand, DocumentError> {
        let mut texts = Vec::new();
        loop {
            match self.tokens.next() {
                Some(Token::Quoted(text)) => texts.push(text),
                Some(Token::Word(word)) if truth(&word).is_some() => texts.push(word),
                other => return Err(unexpected(other.as_ref(), "a quoted text")),
            }
            match self.tokens.next() {
                Some(Token::Comma) => {}
                Some(Token::ListClose) => return Ok(Operand::List(texts)),
                other => return Err(unexpected(other.as_ref(), "`,` or `]`")),
            }
        }
    }
}

fn one_or(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn truth(word: &str) -> Option<bool> {
    if word.eq_ignore_ascii_case("true") {
        Some(true)
    } else if word.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn comparison(word: &str) -> Option<(Comparison, bool)> {
    Some(match word {
        "eq" => (Comparison::Equals, false),
        "ne" => (Comparison::Equals, true),
        "startswith" => (Comparison::StartsWith, false),
        "notstartswith" => (Comparison::StartsWith, true),
        "endswith" => (Comparison::EndsWith, false),
        "notendswith" => (Comparison::EndsWith, true),
        "contains" => (Comparison::Contains, false),
        "notcontains" => (Comparison::Contains, true),
        "in" => (Comparison::In, false),
        "notin" => (Comparison::In, true),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Expression, Operand, rule};

    fn compare(attribute: &str) -> Expression {
        Expression::Compare {
            attribute: attribute.into(),
            comparison: Comparison::Equals,
            negated: false,
            operand: Operand::Bool(true),
        }
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        let text = "device.a -eq True -or -not device.b -eq TRUE -And (Device.c -EQ true)";
        let negated = Expression::Not(Box::new(compare("b")));
        let both = Expression::All(vec![negated, compare("c")]);
        assert_eq!(
            rule(text).unwrap(),
            Expression::Any(vec![compare("a"), both])
        );
    }

    #[test]
    fn values() {
        let operand = |text: &str| match rule(text) {
            Ok(Expression::Compare {
                operand, negated, ..
            }) => Some((operand, negated)),
            _ => None,
        };
        let text = |t: &str| Operand::Text(t.into());
        assert_eq!(operand(r#"device.a -ne "x y""#), Some((text("x y"), true)));
        assert_eq!(operand("device.a -eq 'it''s'"), Some((text("it's"), false)));
        assert_eq!(
            operand("device.a -eq \"a`\"b\"\"c\""),
            Some((text("a\"b\"c"), false))
        );
        let list = Operand::List(vec!["x".into(), "y,z".into()]);
        assert_eq!(
            operand(r#"device.a -notIn ["x", "y,z"]"#),
            Some((list, true))
        );
    }

    #[test]
    fn what_does_not_parse() {
        let deep = format!("{}device.a -eq True{}", "(".repeat(500), ")".repeat(500));
        for bad in [
            "",
            "device.a",
            "device.a -eq",
            "device. -eq True",
            "user.a -eq True",
            "device.a -like \"x\"",
            "device.a -eq x",
            "device.a -eq \"x",
            "device.a -eq [\"x\"]",
            "device.a -in \"x\"",
            "device.a -in []",
            "device.a -in [\"x\",]",
            "(device.a -eq True",
            "device.a -eq True)",
            "device.a -eq True device.b -eq True",
            "device.a -eq True -and",
            "device.a = True",
            &deep,
        ] {
            assert!(rule(bad).is_err(), "{bad}");
        }
    }
}
