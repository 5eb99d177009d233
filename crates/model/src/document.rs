//! Policy documents as people have them: Graph JSON, read in one pass into a flat list of nodes.
//!
//! Rules of policy-cases.md, *Documents are taken as people have them*:
//! 1. `null`, `[]` and objects of only such are not configured ([`Node::is_configured`]).
//! 2. Names with `@` or `#` are annotations and ignored.
//! 3. A name that differs from a known one only in case is an error that names both.
//! 4. Other unknown names are reported to the reader, which ignores or refuses them.
//! 5. Words are trimmed and read without case; GUIDs compare without case.
//!
//! Texts are borrowed from the input. A document is one allocation, however deep it is.

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use uuid::Uuid;

pub use error::{DocumentError, Within};
pub(crate) use words::words;

mod error;
mod fast;
mod words;

/// Who reads: a judge takes only what decides and ignores the rest; the interface keeps the whole
/// document and refuses what it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// policy-cases.md.
    Lenient,
    /// Writes through the interface, and what is stored.
    Strict,
}

/// The result of reading.
pub type Read<T> = Result<T, DocumentError>;

#[derive(Debug, Clone, PartialEq)]
enum Content<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List,
    Object,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry<'a> {
    /// The member's name in its object; empty in lists.
    name: Cow<'a, str>,
    content: Content<'a>,
    /// Index behind the last entry of this subtree.
    end: usize,
}

/// A parsed document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'a> {
    entries: Vec<Entry<'a>>,
}

impl<'a> Document<'a> {
    /// Parses JSON.
    pub fn parse(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut entries = Vec::with_capacity(json.len() / 16 + 4);
        // Checked once for the whole text, not once for every name and value.
        let json = std::str::from_utf8(json).map_err(serde::de::Error::custom)?;
        if fast::read(json, &mut entries).is_some() {
            return Ok(Self { entries });
        }
        entries.clear();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        Build::new(&mut entries, Cow::Borrowed("")).deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(Self { entries })
    }

    /// The same document from a parsed value.
    pub fn from_value(value: &'a Value) -> Result<Self, serde_json::Error> {
        let mut entries = Vec::new();
        Build::new(&mut entries, Cow::Borrowed("")).deserialize(value)?;
        Ok(Self { entries })
    }

    /// The outermost node.
    pub fn root(&self) -> Node<'_, 'a> {
        Node {
            entries: &self.entries,
            at: 0,
        }
    }
}

/// One node of a document.
#[derive(Clone, Copy)]
pub struct Node<'d, 'a> {
    entries: &'d [Entry<'a>],
    at: usize,
}

impl fmt::Debug for Node<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_value())
    }
}

static NOTHING: Entry<'static> = Entry {
    name: Cow::Borrowed(""),
    content: Content::Null,
    end: 0,
};

impl<'d, 'a> Node<'d, 'a> {
    fn entry(self) -> &'d Entry<'a> {
        self.entries.get(self.at).unwrap_or(&NOTHING)
    }

    /// The member's name in its object.
    pub fn name(self) -> &'d str {
        &self.entry().name
    }

    /// Elements of a list, members of an object; nothing for others.
    pub fn children(self) -> Children<'d, 'a> {
        let end = match self.entry().content {
            Content::List | Content::Object => self.entry().end,
            _ => 0,
        };
        Children {
            entries: self.entries,
            at: self.at + 1,
            end,
        }
    }

    /// Whether this is JSON `null`.
    pub fn is_null(self) -> bool {
        self.entry().content == Content::Null
    }

    /// Rule 1: anything but `null`, `[]` and objects of only such (annotations do not count).
    pub fn is_configured(self) -> bool {
        match self.entry().content {
            Content::Null => false,
            Content::List => self.entry().end > self.at + 1,
            Content::Object => self
                .children()
                .any(|member| !is_annotation(member.name()) && member.is_configured()),
            _ => true,
        }
    }

    /// The text, if it is one.
    pub fn as_text(self) -> Option<&'d str> {
        match &self.entry().content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        match self.entry().content {
            Content::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is a list.
    pub fn is_list(self) -> bool {
        self.entry().content == Content::List
    }

    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        self.entry().content == Content::Object
    }

    /// A text, or an error.
    pub fn text(self) -> Read<&'d str> {
        self.as_text()
            .ok_or_else(|| self.wrong("a text is expected"))
    }

    /// A truth value, or an error.
    pub fn bool(self) -> Read<bool> {
        self.as_bool()
            .ok_or_else(|| self.wrong("`true` or `false` is expected"))
    }

    /// A GUID, or an error.
    pub fn guid(self) -> Read<Uuid> {
        let text = self.text()?;
        parse_guid(text).ok_or_else(|| DocumentError::new(format!("`{text}` is not a GUID")))
    }

    /// The elements of a list that are not `null`, or an error.
    pub fn list(self) -> Read<impl Iterator<Item = Node<'d, 'a>>> {
        if self.is_list() {
            Ok(self.children().filter(|element| !element.is_null()))
        } else {
            Err(self.wrong("a list is expected"))
        }
    }

    /// Reads every element of a list; an error names its place.
    pub fn list_of<T>(self, mut read: impl FnMut(Node<'d, 'a>) -> Read<T>) -> Read<Vec<T>> {
        let list = self.list()?;
        let mut elements = Vec::with_capacity(self.children().count());
        for (place, element) in list.enumerate() {
            elements.push(read(element).within(place)?);
        }
        Ok(elements)
    }

    /// A list, or the `value` of a whole list answer; an object without `value` is malformed.
    pub fn answer_list(self) -> Read<Option<Node<'d, 'a>>> {
        if self.is_object() {
            let present = self.children().any(|member| member.name() == "value");
            let [value] = self.members(["value"])?.values;
            return match (present, value) {
                (true, value) => Ok(value),
                (false, _) => Err(DocumentError::new(
                    "an object without `value`: give a list, or a whole list answer".to_owned(),
                )),
            };
        }
        Ok(Some(self))
    }

    /// The members of an object by their names (rules 2 to 4); `null` counts as absent.
    pub fn members<const N: usize>(self, names: [&'static str; N]) -> Read<Members<'d, 'a, N>> {
        if !self.is_object() {
            return Err(self.wrong("an object is expected"));
        }
        let mut values = [None; N];
        for member in self.children() {
            let name = member.name();
            if let Some(place) = names.iter().position(|known| *known == name) {
                let value = (!member.is_null()).then_some(member);
                if let Some(slot) = values.get_mut(place) {
                    if slot.is_some() {
                        return Err(DocumentError::new(format!("`{name}` appears twice")));
                    }
                    *slot = value;
                }
            } else if let Some(known) = names.iter().find(|known| differs_in_case(known, name)) {
                return Err(DocumentError::new(format!(
                    "`{name}` differs from `{known}` only in case: write `{known}`"
                )));
            }
        }
        Ok(Members {
            values,
            object: self,
            names,
        })
    }

    /// The text of the annotation of that name (`@odata.type`).
    pub fn annotation(self, name: &str) -> Option<&'d str> {
        self.children()
            .find(|member| member.name() == name)
            .and_then(Node::as_text)
    }

    /// The node as a value of its own.
    pub fn to_value(self) -> Value {
        match &self.entry().content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.to_string()),
            Content::List => Value::Array(self.children().map(Node::to_value).collect()),
            Content::Object => Value::Object(self.to_map()),
        }
    }

    /// The members of an object as values of their own.
    pub fn to_map(self) -> Map<String, Value> {
        self.children()
            .map(|member| (member.name().to_owned(), member.to_value()))
            .collect()
    }

    fn wrong(self, expected: &str) -> DocumentError {
        let found = match self.entry().content {
            Content::Null => "`null`",
            Content::Bool(_) => "a truth value",
            Content::Number(_) => "a number",
            Content::Text(_) => "a text",
            Content::List => "a list",
            Content::Object => "an object",
        };
        DocumentError::new(format!("{expected}, this is {found}"))
    }
}

/// What an object holds under the names asked for.
#[derive(Debug, Clone, Copy)]
pub struct Members<'d, 'a, const N: usize> {
    pub values: [Option<Node<'d, 'a>>; N],
    object: Node<'d, 'a>,
    names: [&'static str; N],
}

impl<'d, 'a, const N: usize> Members<'d, 'a, N> {
    /// The first member of another name that is configured and no annotation.
    pub fn unknown(&self) -> Option<Node<'d, 'a>> {
        self.object.children().find(|member| {
            let name = member.name();
            !self.names.contains(&name) && !is_annotation(name) && member.is_configured()
        })
    }

    /// The values; in strict mode another name is an error.
    pub fn known(self, mode: Mode) -> Read<[Option<Node<'d, 'a>>; N]> {
        if mode == Mode::Strict
            && let Some(member) = self.unknown()
        {
            return Err(DocumentError::new(format!(
                "`{}` is not a property of this type",
                member.name()
            )));
        }
        Ok(self.values)
    }
}

/// Keeps a node only if something is configured in it.
pub fn configured<'d, 'a>(node: Option<Node<'d, 'a>>) -> Option<Node<'d, 'a>> {
    node.filter(|node| node.is_configured())
}

/// Reads a dashed GUID, white space around it dropped.
pub fn parse_guid(text: &str) -> Option<Uuid> {
    crate::id::parse_uuid(text).or_else(|| crate::id::parse_uuid(text.trim()))
}

fn is_annotation(name: &str) -> bool {
    name.bytes().any(|byte| byte == b'@' || byte == b'#')
}

fn differs_in_case(known: &str, name: &str) -> bool {
    if known.len() == name.len() {
        known.eq_ignore_ascii_case(name)
    } else {
        // Other letters that are a known one in lower case take more bytes: the Kelvin sign.
        known.len() < name.len() && !name.is_ascii() && known.to_lowercase() == name.to_lowercase()
    }
}

/// See [`Node::children`].
#[derive(Clone)]
pub struct Children<'d, 'a> {
    entries: &'d [Entry<'a>],
    at: usize,
    end: usize,
}

impl<'d, 'a> Iterator for Children<'d, 'a> {
    type Item = Node<'d, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let node = Node {
            entries: self.entries,
            at: self.at,
        };
        self.at = node.entry().end.max(self.at + 1);
        Some(node)
    }
}

/// Appends one node and what is below it.
struct Build<'t, 'a> {
    entries: &'t mut Vec<Entry<'a>>,
    name: Cow<'a, str>,
}

impl<'t, 'a> Build<'t, 'a> {
    const fn new(entries: &'t mut Vec<Entry<'a>>, name: Cow<'a, str>) -> Self {
        Self { entries, name }
    }

    fn push(self, content: Content<'a>) -> (&'t mut Vec<Entry<'a>>, usize) {
        let at = self.entries.len();
        self.entries.push(Entry {
            name: self.name,
            content,
            end: at + 1,
        });
        (self.entries, at)
    }
}

fn close(entries: &mut [Entry<'_>], at: usize) {
    let end = entries.len();
    if let Some(entry) = entries.get_mut(at) {
        entry.end = end;
    }
}

impl<'de> DeserializeSeed<'de> for Build<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Build<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.push(Content::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(Content::Bool(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.push(Content::Number(value.into()));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.push(Content::Number(value.into()));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        let number = Number::from_f64(value);
        self.push(number.map_or(Content::Null, Content::Number));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.push(Content::Text(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.push(Content::Text(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let (entries, at) = self.push(Content::List);
        while seq
            .next_element_seed(Build::new(entries, Cow::Borrowed("")))?
            .is_some()
        {}
        close(entries, at);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (entries, at) = self.push(Content::Object);
        while let Some(Name(name)) = map.next_key()? {
            map.next_value_seed(Build::new(entries, name))?;
        }
        close(entries, at);
        Ok(())
    }
}

/// A member's name, borrowed where it holds no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests;
