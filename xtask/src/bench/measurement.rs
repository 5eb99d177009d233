//! One measured number with its aim and its floor, and the report made of them.

use std::fmt::{self, Write as _};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::machine::Machine;

/// A number as a measurement prints it. An aim or a floor may be absent: then it is for comparison.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    pub name: String,
    pub unit: String,
    pub aim: Option<f64>,
    pub floor: Option<f64>,
    pub higher_is_better: bool,
    pub value: f64,
    pub method: String,
}

impl Measurement {
    /// Reads one measurement a line; lines that are empty are passed over.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| {
                serde_json::from_str(line).with_context(|| format!("`{line}` is no measurement"))
            })
            .collect()
    }

    pub fn holds_floor(&self) -> bool {
        self.floor.is_none_or(|floor| self.reaches(floor))
    }

    pub fn reaches_aim(&self) -> bool {
        self.aim.is_none_or(|aim| self.reaches(aim))
    }

    fn reaches(&self, bound: f64) -> bool {
        if self.higher_is_better {
            self.value >= bound
        } else {
            self.value <= bound
        }
    }

    fn verdict(&self) -> &'static str {
        match (
            self.aim.or(self.floor),
            self.holds_floor(),
            self.reaches_aim(),
        ) {
            (None, ..) => "",
            (_, false, _) => "misses the floor",
            (_, true, false) => "between floor and aim",
            (_, true, true) => "reached",
        }
    }

    fn bound(&self, bound: Option<f64>) -> String {
        let sign = if self.higher_is_better { "≥" } else { "≤" };
        bound.map_or_else(String::new, |bound| format!("{sign} {}", number(bound)))
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} {}", self.name, number(self.value), self.unit)?;
        match self.verdict() {
            "" => Ok(()),
            verdict => write!(out, " ({verdict})"),
        }
    }
}

/// Three significant digits, thousands set apart.
fn number(value: f64) -> String {
    let size = value.abs();
    if size < 10.0 {
        return format!("{value:.2}");
    }
    if size < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits.as_str()), |rest| ("-", rest));
    let mut out = sign.to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

const INTRODUCTION: &str = "# Benchmarks\n\n\
    Written by `cargo xtask bench`; the numbers are as they came. `cargo xtask bench NAME` takes \
    one measurement and writes nothing; the program that measures is \
    `crates/testkit/examples/bench`. *On one core* means: pinned to one, and divided by the \
    processor time of all threads.\n\n";

/// The whole of `docs/benchmarks.md`.
pub fn render(measured: &[Measurement], machine: &Machine, date: &str) -> String {
    let mut out = String::from(INTRODUCTION);
    let Machine {
        processor,
        cores,
        memory,
        system,
        compiler,
    } = machine;
    let rows = [
        ("Date", date.to_owned()),
        ("Processor", format!("{processor}, {cores} cores")),
        ("Memory", memory.clone()),
        ("System", system.clone()),
        ("Compiler", format!("{compiler}, release build")),
    ];
    out.push_str("| | |\n|---|---|\n");
    for (name, value) in rows {
        line(&mut out, &[name, &value]);
    }
    out.push_str("\n| what | measured | aim | floor | |\n|---|---:|---:|---:|---|\n");
    for one in measured {
        let value = format!("{} {}", number(one.value), one.unit);
        line(
            &mut out,
            &[
                &one.name,
                &value,
                &one.bound(one.aim),
                &one.bound(one.floor),
                one.verdict(),
            ],
        );
    }
    out.push_str("\n## Method\n");
    for one in measured {
        // Writing to a `String` does not fail.
        let _ = write!(out, "\n- **{}**: {}", one.name, one.method);
    }
    out.push('\n');
    out
}

fn line(out: &mut String, cells: &[&str]) {
    for cell in cells {
        out.push_str("| ");
        out.push_str(&cell.replace('|', "\\|"));
        out.push(' ');
    }
    out.push_str("|\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(value: f64) -> Measurement {
        Measurement {
            name: "cross-cloud sign-ins".to_owned(),
            unit: "/s".to_owned(),
            aim: Some(700.0),
            floor: Some(200.0),
            higher_is_better: true,
            value,
            method: "two clouds in one process".to_owned(),
        }
    }

    fn time(value: f64) -> Measurement {
        Measurement {
            unit: "µs".to_owned(),
            aim: Some(1.0),
            floor: Some(5.0),
            higher_is_better: false,
            ..rate(value)
        }
    }

    fn machine() -> Machine {
        Machine {
            processor: "Some CPU".to_owned(),
            cores: 2,
            memory: "16 GiB".to_owned(),
            system: "Linux 6.1 x86_64".to_owned(),
            compiler: "rustc 1.95.0".to_owned(),
        }
    }

    #[test]
    fn aim_and_floor_are_judged_in_both_directions() {
        for (measured, verdict, holds) in [
            (rate(700.0), "reached", true),
            (rate(699.0), "between floor and aim", true),
            (rate(200.0), "between floor and aim", true),
            (rate(199.0), "misses the floor", false),
            (time(1.0), "reached", true),
            (time(1.1), "between floor and aim", true),
            (time(5.1), "misses the floor", false),
            (
                Measurement {
                    aim: None,
                    floor: None,
                    ..rate(0.0)
                },
                "",
                true,
            ),
            (
                Measurement {
                    floor: None,
                    ..rate(1.0)
                },
                "between floor and aim",
                true,
            ),
            (
                Measurement {
                    aim: None,
                    ..rate(1.0)
                },
                "misses the floor",
                false,
            ),
        ] {
            assert_eq!(
                (measured.verdict(), measured.holds_floor()),
                (verdict, holds),
                "{measured}"
            );
        }
    }

    #[test]
    fn a_line_of_json_is_read_and_anything_else_is_refused() {
        let text = r#"{"name":"cross-cloud sign-ins","unit":"/s","aim":700,"floor":200,"higher_is_better":true,"value":810.5,"method":"two clouds in one process"}"#;
        assert_eq!(
            Measurement::parse_lines(&format!("\n{text}\n")).unwrap(),
            [rate(810.5)]
        );
        assert!(Measurement::parse_lines("not json").is_err());
        assert!(Measurement::parse_lines(&text.replace("\"value\":810.5,", "")).is_err());
        assert!(Measurement::parse_lines(&text.replace("\"unit\"", "\"units\"")).is_err());
    }

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (0.284, "0.28"),
            (9.99, "9.99"),
            (12.34, "12.3"),
            (999.6, "1,000"),
            (123_456.7, "123,457"),
            (-1234.0, "-1,234"),
            (1_000_000.0, "1,000,000"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn the_report_names_machine_date_numbers_and_method() {
        let report = render(&[rate(810.0), time(7.0)], &machine(), "2026-01-31");
        for part in [
            "| Date | 2026-01-31 |",
            "| Processor | Some CPU, 2 cores |",
            "| cross-cloud sign-ins | 810 /s | ≥ 700 | ≥ 200 | reached |",
            "| cross-cloud sign-ins | 7.00 µs | ≤ 1.00 | ≤ 5.00 | misses the floor |",
            "- **cross-cloud sign-ins**: two clouds in one process",
        ] {
            assert!(report.contains(part), "{part} is not in\n{report}");
        }
    }

    #[test]
    fn a_bar_in_a_name_does_not_break_the_table() {
        let odd = Measurement {
            name: "a|b".to_owned(),
            ..rate(1.0)
        };
        assert!(render(&[odd], &machine(), "2026-01-31").contains("| a\\|b | 1.00 /s |"));
    }
}
