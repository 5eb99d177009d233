//! Address ranges, as CIDR or as lower and upper address.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::document::{DocumentError, Mode, Node, Read, Within};

/// A run of addresses of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    is_ipv4: bool,
    low: u128,
    high: u128,
}

fn bits(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(v4) => (true, u128::from(u32::from(v4))),
        IpAddr::V6(v6) => (false, u128::from(v6)),
    }
}

impl AddressRange {
    /// Whether the address lies in it. The families do not mix.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (is_ipv4, address) = bits(address.to_canonical());
        is_ipv4 == self.is_ipv4 && (self.low..=self.high).contains(&address)
    }

    /// Reads `203.0.113.0/24` or a single address; host bits do not count.
    pub fn parse_cidr(text: &str) -> Option<Self> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let given: IpAddr = address.parse().ok()?;
        let width: u32 = if given.is_ipv4() { 32 } else { 128 };
        let mut prefix = match prefix {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        if prefix > width {
            return None;
        }
        let canonical = given.to_canonical();
        if canonical.is_ipv4() && !given.is_ipv4() {
            // `::ffff:203.0.113.0/120` is `203.0.113.0/24`; a shorter one is more than IPv4.
            prefix = prefix.checked_sub(96)?;
        }
        let (is_ipv4, address) = bits(canonical);
        let width = if is_ipv4 { 32 } else { 128 };
        let host = u128::MAX.checked_shr(128 - (width - prefix)).unwrap_or(0);
        Some(Self {
            is_ipv4,
            low: address & !host,
            high: address | host,
        })
    }

    /// Reads a lower and an upper address of one family.
    pub fn parse_bounds(lower: &str, upper: &str) -> Option<Self> {
        let lower: IpAddr = lower.trim().parse().ok()?;
        let upper: IpAddr = upper.trim().parse().ok()?;
        let (is_ipv4, low) = bits(lower.to_canonical());
        let (same, high) = bits(upper.to_canonical());
        (is_ipv4 == same && low <= high).then_some(Self { is_ipv4, low, high })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Text {
    /// A judge keeps no text.
    None,
    Cidr(String),
    Bounds(String, String),
}

/// A range with the text it was given as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpRange {
    pub range: AddressRange,
    text: Text,
}

impl IpRange {
    /// Reads `iPv4CidrRange`, `iPv6CidrRange`, `iPv4Range` or `iPv6Range`, told by what it holds.
    pub fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let names = ["cidrAddress", "lowerAddress", "upperAddress"];
        let [cidr, lower, upper] = node.members(names)?.known(mode)?;
        let keep = mode == Mode::Strict;
        match (cidr, lower, upper) {
            (Some(cidr), None, None) => {
                let text = cidr.text().within("cidrAddress")?;
                let range = AddressRange::parse_cidr(text).ok_or_else(|| wrong(text));
                Ok(Self {
                    range: range.within("cidrAddress")?,
                    text: if keep {
                        Text::Cidr(text.to_owned())
                    } else {
                        Text::None
                    },
                })
            }
            (None, Some(lower), Some(upper)) => {
                let (lower, upper) = (
                    lower.text().within("lowerAddress")?,
                    upper.text().within("upperAddress")?,
                );
                let range = AddressRange::parse_bounds(lower, upper);
                Ok(Self {
                    range: range.ok_or_else(|| wrong(&format!("{lower} to {upper}")))?,
                    text: if keep {
                        Text::Bounds(lower.to_owned(), upper.to_owned())
                    } else {
                        Text::None
                    },
                })
            }
            _ => Err(DocumentError::new(
                "give `cidrAddress`, or `lowerAddress` and `upperAddress`".to_owned(),
            )),
        }
    }

    /// Graph's form.
    pub fn to_graph(&self) -> Value {
        let family = |v4: &'static str, v6: &'static str| {
            if self.range.is_ipv4 { v4 } else { v6 }
        };
        match &self.text {
            Text::Bounds(lower, upper) => json!({
                "@odata.type": family("#microsoft.graph.iPv4Range", "#microsoft.graph.iPv6Range"),
                "lowerAddress": lower,
                "upperAddress": upper,
            }),
            Text::Cidr(text) => json!({
                "@odata.type":
                    family("#microsoft.graph.iPv4CidrRange", "#microsoft.graph.iPv6CidrRange"),
                "cidrAddress": text,
            }),
            Text::None => Value::Null,
        }
    }
}

fn wrong(text: &str) -> DocumentError {
    let shown: String = text.chars().take(80).collect();
    DocumentError::new(format!(
        "`{shown}` is not an address range as `203.0.113.0/24`"
    ))
}
