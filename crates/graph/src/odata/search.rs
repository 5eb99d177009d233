//! `$search`: `"displayName:wa" OR ("description:prod" AND "mail:x")`. A property name is
//! mandatory; quotes and backslashes are escaped with a backslash.

use comity_model::{
    query::Search,
    resource::{ResourceType, property::Search as How},
};

use super::filter::property;
use crate::error::{Failure, Result};

const MAX_DEPTH: usize = 8;
const MAX_TERMS: usize = 50;

enum Token {
    Term(String),
    And,
    Or,
    Open,
    Close,
}

/// Reads `$search` for a type.
pub fn parse(text: &str, resource: &'static ResourceType) -> Result<Search> {
    let tokens = split(text)?;
    let mut parser = Parser {
        text,
        resource,
        tokens: &tokens,
        at: 0,
    };
    let search = parser.any_of(0)?;
    if parser.at == tokens.len() {
        Ok(search)
    } else {
        Err(parser.syntax())
    }
}

fn split(text: &str) -> Result<Vec<(usize, Token)>> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let start = at;
        at += 1;
        let token = match c {
            ' ' => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '"' => {
                Token::Term(quoted(&chars, &mut at).ok_or_else(|| Failure::syntax(start, text))?)
            }
            'A' if chars.get(at..at + 2) == Some(&['N', 'D']) => {
                at += 2;
                Token::And
            }
            'O' if chars.get(at) == Some(&'R') => {
                at += 1;
                Token::Or
            }
            _ => return Err(Failure::syntax(start, text)),
        };
        tokens.push((start, token));
        if tokens.len() > 4 * MAX_TERMS {
            return Err(Failure::bad_request(format!(
                "'$search' has more than {MAX_TERMS} terms."
            )));
        }
    }
    Ok(tokens)
}

fn quoted(chars: &[char], at: &mut usize) -> Option<String> {
    let mut text = String::new();
    loop {
        let c = *chars.get(*at)?;
        *at += 1;
        match c {
            '"' => return Some(text),
            '\\' => {
                text.push(*chars.get(*at)?);
                *at += 1;
            }
            c => text.push(c),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    resource: &'static ResourceType,
    tokens: &'a [(usize, Token)],
    at: usize,
}

impl Parser<'_> {
    fn syntax(&self) -> Failure {
        let end = self.text.chars().count();
        Failure::syntax(
            self.tokens.get(self.at).map_or(end, |(at, _)| *at),
            self.text,
        )
    }

    fn any_of(&mut self, depth: usize) -> Result<Search> {
        let mut list = vec![self.all_of(depth)?];
        while matches!(self.tokens.get(self.at), Some((_, Token::Or))) {
            self.at += 1;
            list.push(self.all_of(depth)?);
        }
        Ok(if list.len() == 1 {
            list.remove(0)
        } else {
            Search::Or(list)
        })
    }

    fn all_of(&mut self, depth: usize) -> Result<Search> {
        let mut list = vec![self.term(depth)?];
        while matches!(self.tokens.get(self.at), Some((_, Token::And))) {
            self.at += 1;
            list.push(self.term(depth)?);
        }
        Ok(if list.len() == 1 {
            list.remove(0)
        } else {
            Search::And(list)
        })
    }

    fn term(&mut self, depth: usize) -> Result<Search> {
        match self.tokens.get(self.at) {
            Some((_, Token::Term(term))) => {
                self.at += 1;
                self.read_term(term)
            }
            Some((_, Token::Open)) if depth < MAX_DEPTH => {
                self.at += 1;
                let inner = self.any_of(depth + 1)?;
                if !matches!(self.tokens.get(self.at), Some((_, Token::Close))) {
                    return Err(self.syntax());
                }
                self.at += 1;
                Ok(inner)
            }
            _ => Err(self.syntax()),
        }
    }

    fn read_term(&self, term: &str) -> Result<Search> {
        let (name, text) = term.split_once(':').ok_or_else(|| {
            Failure::bad_request(format!(
                "'$search' needs a property name: \"property:{term}\"."
            ))
        })?;
        let found = property(self.resource, name.trim())?;
        if found.search == How::No || text.trim().is_empty() {
            return Err(Failure::unsupported_query(format!(
                "Unsupported Query. Property '{name}' of resource '{}' cannot be searched for '{text}'.",
                self.resource.title()
            )));
        }
        Ok(Search::Term {
            property: found,
            text: text.trim().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use comity_model::resource::GROUP;

    use super::*;

    #[test]
    fn terms_and_operators() {
        let term = |name: &str, text: &str| Search::Term {
            property: GROUP.property(name).unwrap(),
            text: text.into(),
        };
        for (text, want) in [
            ("\"displayName:Video\"", term("displayName", "Video")),
            (
                "\"displayName:Video\" OR \"description:prod\"",
                Search::Or(vec![
                    term("displayName", "Video"),
                    term("description", "prod"),
                ]),
            ),
            (
                r#""displayName:a" AND ("displayName:\"b\\" OR "description:c")"#,
                Search::And(vec![
                    term("displayName", "a"),
                    Search::Or(vec![term("displayName", "\"b\\"), term("description", "c")]),
                ]),
            ),
        ] {
            assert_eq!(parse(text, &GROUP).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_searched() {
        for text in [
            "",
            "displayName:a",
            "\"a\"",
            "\"nothing:a\"",
            "\"mailNickname:a\"",
            "\"displayName:\"",
            "\"displayName:a",
            "\"displayName:a\" and \"displayName:b\"",
            "(\"displayName:a\"",
            "\"displayName:a\" \"displayName:b\"",
            "\"displayName:a\" OR",
            "\"displayName:a\\",
        ] {
            assert!(parse(text, &GROUP).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(100), &GROUP).is_err());
        assert!(parse(&"\"displayName:a\" OR ".repeat(500), &GROUP).is_err());
    }
}
