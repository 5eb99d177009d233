//! What a number was measured on.

use std::fs;

use anyhow::Result;

use crate::tree::{Tree, output};

/// Processor, memory, system and compiler.
#[derive(Debug, Clone)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub memory: String,
    pub system: String,
    pub compiler: String,
}

impl Machine {
    pub fn read(tree: &Tree) -> Result<Self> {
        let mut rustc = tree.command("rustc");
        rustc.arg("--version");
        let mut uname = tree.command("uname");
        uname.arg("-srm");
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        Ok(Self {
            processor: processor(&processors),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: total_memory(&memory),
            system: output(uname)?.trim().to_owned(),
            compiler: output(rustc)?.trim().to_owned(),
        })
    }
}

fn processor(text: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    line.map_or("unknown", |line| line.trim_start_matches(['\t', ' ', ':']))
        .trim()
        .to_owned()
}

fn total_memory(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map_or_else(
        || "unknown".to_owned(),
        |size| format!("{} GiB", (size + (1 << 19)) >> 20),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_and_memory_are_read() {
        assert_eq!(
            processor("processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n"),
            "Some CPU @ 3 GHz"
        );
        assert_eq!(
            total_memory("MemTotal:       16384000 kB\nMemFree: 1 kB\n"),
            "16 GiB"
        );
    }

    #[test]
    fn what_the_system_does_not_say_is_unknown() {
        assert_eq!(processor("processor\t: 0\n"), "unknown");
        assert_eq!(total_memory(""), "unknown");
        assert_eq!(total_memory("MemTotal: much"), "unknown");
    }
}
