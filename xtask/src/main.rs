//! Checks, tests and measurements of the workspace.
fn main() {}
