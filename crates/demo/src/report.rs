//! What is printed: one line a step for people, or one JSON record a step.

use std::io::Write;

use anyhow::Result;
use serde_json::{Map, Value, json};

/// What a step saw, in the order it was seen; every value comes from a response.
#[derive(Debug, Clone, Default)]
pub struct Saw(Map<String, Value>);

impl Saw {
    pub fn note(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// `key: value; key: value`, on one line.
    fn line(&self) -> String {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|(key, value)| format!("{key}: {}", plain(value)))
            .collect();
        parts.join("; ")
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// How the story ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub held: usize,
    pub steps: usize,
    /// Step and reason, if one did not hold.
    pub failed: Option<(usize, String)>,
}

impl Outcome {
    /// 0 only if every step held.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.failed.is_some() || self.held != self.steps)
    }
}

pub struct Reporter<'a> {
    out: &'a mut (dyn Write + Send),
    json: bool,
}

impl<'a> Reporter<'a> {
    pub fn new(out: &'a mut (dyn Write + Send), json: bool) -> Self {
        Self { out, json }
    }

    /// The step begins: people see its title while they wait.
    pub fn begin(&mut self, step: usize, title: &str) -> Result<()> {
        if !self.json {
            write!(self.out, "{step:>2}  {title} … ")?;
            self.out.flush()?;
        }
        Ok(())
    }

    pub fn end(&mut self, step: usize, title: &str, saw: &Saw, error: Option<&str>) -> Result<()> {
        if self.json {
            let mut record =
                json!({"step": step, "title": title, "ok": error.is_none(), "saw": saw.0});
            if let (Some(error), Some(record)) = (error, record.as_object_mut()) {
                record.insert("error".to_owned(), error.into());
            }
            writeln!(self.out, "{record}")?;
        } else if let Some(error) = error {
            writeln!(self.out, "failed")?;
            writeln!(self.out, "    {error}")?;
            if !saw.0.is_empty() {
                writeln!(self.out, "    seen before: {}", saw.line())?;
            }
        } else {
            writeln!(self.out, "ok  {}", saw.line())?;
        }
        self.out.flush()?;
        Ok(())
    }

    /// A line that only people need.
    pub fn say(&mut self, line: &str) -> Result<()> {
        if !self.json {
            writeln!(self.out, "{line}")?;
            self.out.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saw() -> Saw {
        let mut saw = Saw::default();
        saw.note("status", 201);
        saw.note("clouds", vec!["a", "b"]);
        saw.note("message", "two\nlines");
        saw
    }

    fn print(json: bool, error: Option<&str>) -> String {
        let mut out = Vec::new();
        let mut reporter = Reporter::new(&mut out, json);
        reporter.begin(3, "Inviting").unwrap();
        reporter.end(3, "Inviting", &saw(), error).unwrap();
        reporter.say("bye").unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_line_a_step_for_people() {
        let expected = " 3  Inviting … ok  status: 201; clouds: a, b; message: two lines\nbye\n";
        assert_eq!(print(false, None), expected);
    }

    #[test]
    fn a_step_that_failed_says_why_and_what_was_seen_before() {
        let text = print(false, Some("expected 400, saw 204"));
        assert!(
            text.starts_with(" 3  Inviting … failed\n    expected 400, saw 204\n"),
            "{text}"
        );
        assert!(text.contains("seen before: status: 201"));
    }

    #[test]
    fn one_record_a_step_for_programs_with_the_keys_in_order() {
        let expected = "{\"step\":3,\"title\":\"Inviting\",\"ok\":true,\"saw\":{\"status\":201,\
                        \"clouds\":[\"a\",\"b\"],\"message\":\"two\\nlines\"}}\n";
        assert_eq!(print(true, None), expected);
        let failed: Value = serde_json::from_str(&print(true, Some("no"))).unwrap();
        assert_eq!(
            (&failed["ok"], &failed["error"]),
            (&json!(false), &json!("no"))
        );
    }

    #[test]
    fn the_exit_status_is_zero_only_if_every_step_held() {
        let outcome = |held, failed| Outcome {
            held,
            steps: 15,
            failed,
        };
        assert_eq!(outcome(15, None).exit_code(), 0);
        assert_eq!(outcome(14, None).exit_code(), 1);
        assert_eq!(outcome(2, Some((3, String::new()))).exit_code(), 1);
    }
}
