//! One property of a resource: its Graph type and what may be done with it.
//!
//! Built by constant functions, so that a description reads like the property tables of the
//! reference: `text("displayName").max(256).shown().filter(op::DIRECTORY).order()`.

/// Operators that `$filter` accepts on a property (a bit set).
pub mod op {
    /// `eq`
    pub const EQ: u16 = 1;
    /// `ne`
    pub const NE: u16 = 1 << 1;
    /// `not` around a condition on this property
    pub const NOT: u16 = 1 << 2;
    /// `in`
    pub const IN: u16 = 1 << 3;
    /// `ge`
    pub const GE: u16 = 1 << 4;
    /// `le`
    pub const LE: u16 = 1 << 5;
    /// `gt`
    pub const GT: u16 = 1 << 6;
    /// `lt`
    pub const LT: u16 = 1 << 7;
    /// `startsWith`
    pub const STARTS: u16 = 1 << 8;
    /// `endsWith`
    pub const ENDS: u16 = 1 << 9;
    /// `contains`
    pub const CONTAINS: u16 = 1 << 10;
    /// comparison with `null`
    pub const NULL: u16 = 1 << 11;
    /// `property/$count eq n` and `property/any()`
    pub const COUNT: u16 = 1 << 12;
    /// What most strings of directory objects allow.
    pub const DIRECTORY: u16 = EQ | NE | NOT | IN | GE | LE | STARTS | NULL;
    /// What dates allow.
    pub const DATE: u16 = EQ | NE | NOT | IN | GE | LE | GT | LT;
    /// What words and Booleans of directory objects allow.
    pub const WORD: u16 = EQ | NE | NOT | IN;
}

/// The type of a value.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `Edm.String`
    Text,
    /// `Edm.String` with a closed list of values, compared exactly.
    Words(&'static [&'static str]),
    /// A Graph enumeration: type name and members.
    Enum(&'static str, &'static [&'static str]),
    /// `Edm.Boolean`
    Bool,
    /// `Edm.Int32`
    Int,
    /// `Edm.DateTimeOffset`
    Time,
    /// `Edm.Guid`, or an object ID, which Graph types as a string: canonical lower case.
    Guid,
    /// `Edm.Binary`, base64 on the wire.
    Binary,
    /// An object with known members.
    Complex(&'static Shape),
    /// An object that a module of its own reads (policy documents): Graph type name.
    Document(&'static str),
}

/// A complex type.
#[derive(Debug)]
pub struct Shape {
    /// Graph's name without the name space.
    pub name: &'static str,
    /// Its members.
    pub members: &'static [Property],
}

/// Who may write a property, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// In POST and PATCH.
    Write,
    /// In POST only.
    Create,
    /// Never; a PATCH may repeat the present value.
    Read,
    /// In POST and PATCH; never served.
    Secret,
}

/// Where the store keeps a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// A column of its own: filterable and sortable in SQL.
    Column,
    /// In the `properties` document.
    Json,
    /// Made on reading.
    Computed,
}

/// How `$search` reads a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// Not at all.
    No,
    /// Split into words.
    Words,
    /// From its first character.
    Prefix,
}

/// The value of a property that nobody has set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initial {
    /// `null`, or left to the use case.
    Null,
    /// A Boolean.
    Bool(bool),
    /// A string.
    Text(&'static str),
    /// A number.
    Int(i64),
    /// `[]`
    Empty,
    /// An object with the initial values of its members.
    Object,
}

/// A member below a complex property that `$filter` may name, as in `status/errorCode`.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The path below the property, with slashes.
    pub path: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Operators, of [`op`].
    pub filter: u16,
}

/// A member below a complex property.
pub const fn field(path: &'static str, kind: Kind, filter: u16) -> Field {
    Field { path, kind, filter }
}

/// One property.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a description"
)]
pub struct Property {
    /// Graph's name; case counts.
    pub name: &'static str,
    /// The type of the value or of the elements.
    pub kind: Kind,
    /// Whether the value is a list.
    pub many: bool,
    /// Whether `null` may be written.
    pub nullable: bool,
    /// Whether a POST must have it.
    pub required: bool,
    /// Whether it is served without `$select`.
    pub shown: bool,
    /// Who may write it.
    pub access: Access,
    /// Operators of `$filter`, of [`op`].
    pub filter: u16,
    /// Filterable members.
    pub fields: &'static [Field],
    /// Whether `$orderby` may name it.
    pub order: bool,
    /// How `$search` reads it.
    pub search: Search,
    /// The value that nobody has set.
    pub initial: Initial,
    /// Longest text, in characters.
    pub max: usize,
    /// Longest list.
    pub most: usize,
    /// Where it is kept.
    pub stored: Stored,
}

const fn property(name: &'static str, kind: Kind) -> Property {
    Property {
        name,
        kind,
        many: false,
        nullable: true,
        required: false,
        shown: false,
        access: Access::Write,
        filter: 0,
        fields: &[],
        order: false,
        search: Search::No,
        initial: Initial::Null,
        max: 256,
        most: 1200,
        stored: Stored::Json,
    }
}

/// A string.
pub const fn text(name: &'static str) -> Property {
    property(name, Kind::Text)
}
/// A string with a closed list of values.
pub const fn word(name: &'static str, words: &'static [&'static str]) -> Property {
    property(name, Kind::Words(words))
}
/// A Graph enumeration.
pub const fn choice(name: &'static str, kind: Kind) -> Property {
    property(name, kind)
}
/// A Boolean.
pub const fn flag(name: &'static str) -> Property {
    property(name, Kind::Bool)
}
/// A number.
pub const fn int(name: &'static str) -> Property {
    property(name, Kind::Int)
}
/// A point in time.
pub const fn time(name: &'static str) -> Property {
    property(name, Kind::Time)
}
/// A GUID.
pub const fn guid(name: &'static str) -> Property {
    property(name, Kind::Guid)
}
/// Bytes.
pub const fn binary(name: &'static str) -> Property {
    let mut p = property(name, Kind::Binary);
    p.max = 16_384;
    p
}
/// An object with known members.
pub const fn complex(name: &'static str, shape: &'static Shape) -> Property {
    property(name, Kind::Complex(shape))
}
/// An object that a module of its own reads.
pub const fn document(name: &'static str, graph_type: &'static str) -> Property {
    property(name, Kind::Document(graph_type))
}

impl Property {
    /// A list of such values; `[]` unless set; not nullable.
    pub const fn many(mut self) -> Self {
        self.many = true;
        self.nullable = false;
        self.initial = Initial::Empty;
        self
    }
    /// `null` may not be written.
    pub const fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }
    /// A POST must have it; `null` may not be written.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self.nullable = false;
        self
    }
    /// Served without `$select`.
    pub const fn shown(mut self) -> Self {
        self.shown = true;
        self
    }
    /// Never written.
    pub const fn read_only(mut self) -> Self {
        self.access = Access::Read;
        self
    }
    /// Written in POST only.
    pub const fn create_only(mut self) -> Self {
        self.access = Access::Create;
        self
    }
    /// Never served.
    pub const fn secret(mut self) -> Self {
        self.access = Access::Secret;
        self
    }
    /// Operators of `$filter`.
    pub const fn filter(mut self, ops: u16) -> Self {
        self.filter = ops;
        self
    }
    /// Members that `$filter` may name.
    pub const fn fields(mut self, fields: &'static [Field]) -> Self {
        self.fields = fields;
        self
    }
    /// `$orderby` may name it.
    pub const fn order(mut self) -> Self {
        self.order = true;
        self
    }
    /// `$search` reads it.
    pub const fn search(mut self, how: Search) -> Self {
        self.search = how;
        self
    }
    /// The value that nobody has set.
    pub const fn initial(mut self, value: Initial) -> Self {
        self.initial = value;
        self
    }
    /// Longest text.
    pub const fn max(mut self, characters: usize) -> Self {
        self.max = characters;
        self
    }
    /// Longest list; without it, what the original takes in one object at all.
    pub const fn most(mut self, values: usize) -> Self {
        self.most = values;
        self
    }
    /// A column of its own.
    pub const fn column(mut self) -> Self {
        self.stored = Stored::Column;
        self
    }
    /// Made on reading; never written.
    pub const fn computed(mut self) -> Self {
        self.stored = Stored::Computed;
        self.access = Access::Read;
        self
    }

    /// The value that nobody has set, as JSON.
    pub fn initial_value(&self) -> serde_json::Value {
        use serde_json::Value;
        match self.initial {
            Initial::Null => Value::Null,
            Initial::Bool(b) => Value::Bool(b),
            Initial::Text(t) => Value::from(t),
            Initial::Int(n) => Value::from(n),
            Initial::Empty => Value::Array(Vec::new()),
            Initial::Object => match self.kind {
                Kind::Complex(shape) => Value::Object(
                    shape
                        .members
                        .iter()
                        .map(|m| (m.name.to_owned(), m.initial_value()))
                        .collect(),
                ),
                _ => Value::Object(serde_json::Map::new()),
            },
        }
    }
}

impl Kind {
    /// The type name as in `$metadata`.
    pub fn type_name(&self) -> String {
        match self {
            Self::Text | Self::Words(_) => "Edm.String".into(),
            Self::Enum(name, _) | Self::Document(name) => format!("microsoft.graph.{name}"),
            Self::Bool => "Edm.Boolean".into(),
            Self::Int => "Edm.Int32".into(),
            Self::Time => "Edm.DateTimeOffset".into(),
            Self::Guid => "Edm.Guid".into(),
            Self::Binary => "Edm.Binary".into(),
            Self::Complex(shape) => format!("microsoft.graph.{}", shape.name),
        }
    }
}
