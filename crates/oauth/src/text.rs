//! Text from another party that people will see (cross-cloud-federation.md §6): short, without
//! control or bidirectional characters.

/// The longest text of another party that is shown, in characters.
pub const MAX_SHOWN: usize = 64;

/// Drops what may not be shown and cuts at `max` characters.
pub fn clean(text: &str, max: usize) -> String {
    text.chars()
        .filter(|c| !is_deceptive(*c))
        .take(max)
        .collect()
}

/// Whether the text can be shown as it is.
pub fn is_clean(text: &str, max: usize) -> bool {
    text.chars().take(max + 1).count() <= max && !text.chars().any(is_deceptive)
}

/// Control characters, line and paragraph separators, and everything that turns or hides text.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// A parameter value that may travel in a URL or a header: no control characters.
pub(crate) fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_go() {
        let given = "Con\u{202e}toso\u{2066}\u{200b}\n\u{7}\u{feff} Ltd";
        assert_eq!(clean(given, MAX_SHOWN), "Contoso Ltd");
        assert!(!is_clean(given, MAX_SHOWN));
        assert!(is_clean("Ministère de l’Intérieur — 内政部", MAX_SHOWN));
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(clean(&"é".repeat(1000), MAX_SHOWN), "é".repeat(64));
        assert!(is_clean(&"é".repeat(64), MAX_SHOWN));
        assert!(!is_clean(&"é".repeat(65), MAX_SHOWN));
    }
}
