//! One measured number, as `cargo xtask bench` reads it.

use serde_json::json;

/// A number with what it should reach. Without bounds it is there to compare with.
pub struct Figure {
    pub name: String,
    pub unit: &'static str,
    pub bounds: Option<Bounds>,
    pub value: f64,
    pub method: String,
}

/// Below the floor work stays open; the aim is what was set out for.
#[derive(Clone, Copy)]
pub struct Bounds {
    pub aim: f64,
    pub floor: f64,
    pub higher_is_better: bool,
}

impl Bounds {
    pub const fn at_least(aim: f64, floor: f64) -> Self {
        Self {
            aim,
            floor,
            higher_is_better: true,
        }
    }

    pub const fn at_most(aim: f64, floor: f64) -> Self {
        Self {
            aim,
            floor,
            higher_is_better: false,
        }
    }
}

impl Figure {
    pub fn to_json(&self) -> String {
        json!({
            "name": self.name,
            "unit": self.unit,
            "aim": self.bounds.map(|b| b.aim),
            "floor": self.bounds.map(|b| b.floor),
            "higher_is_better": self.bounds.is_none_or(|b| b.higher_is_better),
            "value": self.value,
            "method": self.method,
        })
        .to_string()
    }
}

/// The middle of an odd number of values, the upper of the two in the middle otherwise.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
