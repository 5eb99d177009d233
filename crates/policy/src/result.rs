//! The answer to a case as one line of JSON (policy-cases.md, *Result*).
//!
//! 1. `side`, `gate` and `code` are null unless denied; `controls` is empty on a denial.
//! 2. `conditionalAccess` has one entry per policy in the order given; it is empty when gates 1
//!    to 7 deny and at an invitation.
//! 3. A malformed case answers `{"id", "error"}`; the run goes on.

use std::io::Write;

use comity_model::{
    decision::{Decision, Reason, Rule},
    document::{Document, DocumentError, Node},
    session::Place,
    sign_in::Side,
};
use serde_json::Value;

use crate::{case::Case, decide::decide};

/// Answers one line of input: appends one line of output with its line feed.
pub fn answer(line: &[u8], out: &mut Vec<u8>) {
    let document = match Document::parse(line) {
        Ok(document) => document,
        Err(error) => return write_error(&Value::Null, &not_json(&error), out),
    };
    let root = document.root();
    let id = root
        .children()
        .find(|member| member.name() == "id" && root.is_object());
    let id = id.map_or(Value::Null, Node::to_value);
    match Case::read(root) {
        Ok(case) => write_decision(&id, &case, &decide(&case), out),
        Err(error) => write_error(&id, &error.to_string(), out),
    }
}

/// What is wrong with a text that is no JSON, with the place.
pub fn not_json(error: &serde_json::Error) -> String {
    DocumentError::new(format!("not a JSON document: {error}")).to_string()
}

fn write_error(id: &Value, message: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    write_json(id, out);
    out.extend_from_slice(b",\"error\":");
    write_json(&message, out);
    out.extend_from_slice(b"}\n");
}

/// Memory takes every byte: there is no error to report.
fn write_json(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"null");
    }
}

fn write_decision(id: &Value, case: &Case<'_>, decision: &Decision, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    write_json(id, out);
    text(out, ",\"decision\":\"", decision.outcome.as_str());
    match decision.denial {
        None => out.extend_from_slice(b"\",\"side\":null,\"gate\":null,\"code\":null"),
        Some(denial) => {
            text(out, "\",\"side\":\"", side(denial.side));
            text(out, "\",\"gate\":\"", denial.gate.as_str());
            out.extend_from_slice(b"\",\"code\":");
            write_json(&denial.code, out);
        }
    }
    out.extend_from_slice(b",\"controls\":[");
    for (place, (control, at)) in decision.controls.iter().enumerate() {
        separate(place, out);
        text(out, "{\"control\":\"", control.as_str());
        text(out, "\",\"at\":\"", at_place(at));
        out.extend_from_slice(b"\"}");
    }
    out.extend_from_slice(b"],\"because\":[");
    for (place, reason) in decision.because.iter().enumerate() {
        write_reason(place, reason, out);
    }
    out.extend_from_slice(b"],\"conditionalAccess\":[");
    let results = case
        .access
        .policies()
        .iter()
        .zip(&decision.conditional_access);
    for (place, (policy, result)) in results.enumerate() {
        separate(place, out);
        out.extend_from_slice(b"{\"id\":");
        write_json(&policy.id, out);
        text(out, ",\"result\":\"", result.as_str());
        out.extend_from_slice(b"\"}");
    }
    out.extend_from_slice(b"]}\n");
}

/// For people: the words of the rule hold identifiers and fixed texts only, nothing to escape.
fn write_reason(place: usize, reason: &Reason, out: &mut Vec<u8>) {
    separate(place, out);
    text(out, "{\"side\":\"", side(reason.side));
    text(out, "\",\"gate\":\"", reason.gate.as_str());
    text(
        out,
        "\",\"outcome\":\"",
        if reason.passed { "pass" } else { "fail" },
    );
    if let Rule::Setting {
        users,
        applications,
        ..
    } = &reason.rule
    {
        text(out, "\",\"usersAndGroups\":\"", users.provenance.as_str());
        text(
            out,
            "\",\"applications\":\"",
            applications.provenance.as_str(),
        );
    }
    let rule = write!(out, "\",\"rule\":\"{}\"}}", reason.rule);
    debug_assert!(rule.is_ok(), "memory takes every byte");
}

fn text(out: &mut Vec<u8>, before: &str, text: &str) {
    out.extend_from_slice(before.as_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn separate(place: usize, out: &mut Vec<u8>) {
    if place > 0 {
        out.push(b',');
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Home => "home",
        Side::Resource => "resource",
        Side::Person => "person",
    }
}

const fn at_place(place: Place) -> &'static str {
    match place {
        Place::Home => "home",
        Place::Resource => "resource",
    }
}
