//! Words of `$filter`.

use crate::error::{Failure, Result};

/// One word with the position of its first character (from 0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub at: usize,
    pub kind: TokenKind,
}

/// The kinds of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or operator.
    Name(String),
    /// A quoted string, unescaped.
    Text(String),
    /// A bare literal: number, GUID, date.
    Bare(String),
    /// `(` `)` `,` `/` `:`
    Mark(char),
}

/// Splits a filter into words; linear in its length.
pub fn split(text: &str) -> Result<Vec<Token>> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let start = at;
        let kind = match c {
            ' ' | '\t' => {
                at += 1;
                continue;
            }
            '(' | ')' | ',' | '/' | ':' => {
                at += 1;
                TokenKind::Mark(c)
            }
            '\'' => TokenKind::Text(
                quoted(&chars, &mut at).ok_or_else(|| Failure::syntax(start, text))?,
            ),
            '$' | '_' => TokenKind::Name(word(&chars, &mut at, false)),
            c if c.is_ascii_digit() || c == '-' => TokenKind::Bare(word(&chars, &mut at, true)),
            c if c.is_ascii_alphabetic() => {
                let word = word(&chars, &mut at, false);
                if word.contains('-') {
                    TokenKind::Bare(word)
                } else {
                    TokenKind::Name(word)
                }
            }
            _ => return Err(Failure::syntax(start, text)),
        };
        tokens.push(Token { at: start, kind });
    }
    Ok(tokens)
}

fn quoted(chars: &[char], at: &mut usize) -> Option<String> {
    let mut text = String::new();
    *at += 1;
    loop {
        match (chars.get(*at)?, chars.get(*at + 1)) {
            ('\'', Some('\'')) => {
                text.push('\'');
                *at += 2;
            }
            ('\'', _) => {
                *at += 1;
                return Some(text);
            }
            (c, _) => {
                text.push(*c);
                *at += 1;
            }
        }
    }
}

/// A bare literal may hold the `:` and `+` of a time; a name may not.
fn word(chars: &[char], at: &mut usize, bare: bool) -> String {
    let mut text = String::new();
    while let Some(&c) = chars.get(*at) {
        let inside = c.is_ascii_alphanumeric()
            || matches!(c, '_' | '.' | '-' | '$')
            || (bare && matches!(c, ':' | '+'));
        if !inside {
            break;
        }
        text.push(c);
        *at += 1;
    }
    text
}
