//! Enumerations of Graph as Rust enums.

/// Declares an enum whose variants are words of Graph: `ALL`, `as_str`, `parse` (trimmed, without
/// case), `read` (a node, an unknown word is an error) and the serde forms.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident($what:literal) { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every word, in the order of the schema.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Graph's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads Graph's word, trimmed and without case.
            pub fn parse(text: &str) -> Option<Self> {
                let exact = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                exact.or_else(|| {
                    let text = text.trim();
                    Self::ALL.iter().copied().find(|w| w.as_str().eq_ignore_ascii_case(text))
                })
            }

            /// Reads a node; an unknown word is an error.
            pub fn read(node: $crate::document::Node<'_, '_>) -> $crate::document::Read<Self> {
                let text = node.text()?;
                Self::parse(text).ok_or_else(|| {
                    $crate::document::DocumentError::new(format!(
                        concat!("`{}` is not ", $what), text
                    ))
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| {
                    serde::de::Error::custom(format!(concat!("`{}` is not ", $what), text))
                })
            }
        }
    };
}

pub(crate) use words;
