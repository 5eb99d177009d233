//! What is wrong with a document, and where.

use std::fmt;

/// A document that cannot be read. `field` is the path to the fault (`partners[2].tenantId`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    pub field: String,
    pub message: String,
}

impl DocumentError {
    /// A fault at the place that is being read.
    pub const fn new(message: String) -> Self {
        Self {
            field: String::new(),
            message,
        }
    }

    /// A required member is absent.
    pub fn missing(name: &str) -> Self {
        Self::new(format!("`{name}` is missing"))
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.field, self.message)
        }
    }
}

impl std::error::Error for DocumentError {}

/// One step of the path to a fault.
pub trait Step {
    /// Puts the step before a path.
    fn before(&self, path: &str) -> String;
}

impl Step for &str {
    fn before(&self, path: &str) -> String {
        match path.chars().next() {
            None => (*self).to_owned(),
            Some('[') => format!("{self}{path}"),
            Some(_) => format!("{self}.{path}"),
        }
    }
}

impl Step for usize {
    fn before(&self, path: &str) -> String {
        format!("[{self}]").as_str().before(path)
    }
}

/// Says where an error happened, from the inside out.
pub trait Within {
    /// Puts a step before the path of the error.
    #[must_use]
    fn within(self, step: impl Step) -> Self;
}

impl<T> Within for Result<T, DocumentError> {
    fn within(self, step: impl Step) -> Self {
        self.map_err(|error| DocumentError {
            field: step.before(&error.field),
            message: error.message,
        })
    }
}
