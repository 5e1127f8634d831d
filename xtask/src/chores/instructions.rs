//! Counts the instructions that the protocol engines take for one exchange, with valgrind's callgrind, against bounds. Counts
//! repeat where times do not, so that `cargo xtask test` checks them too.
//!
//! What is counted is in `tests/instructions`: each row is a function there. This file runs that program under valgrind, reads
//! what each function took with all that it called, and knows the bounds. Callgrind was chosen over a library around it, since
//! such a library needs a runner of its own version installed beside it, and one file of results is read in a few lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::chores::step;

/// A figure, and its greatest allowed value.
struct Row {
    /// The function that is counted; the average of its calls counts.
    function: &'static str,
    name: &'static str,
    /// The figure is for each of so many characters.
    characters: u32,
    /// The bound, for x86-64. Other processors have other instructions.
    at_most: f64,
    /// What it should be. Beyond it nothing fails.
    goal: f64,
}

/// NAD, PCB, LEN, 254 bytes, LRC; or INS, 255 bytes, SW1, SW2.
const CHARACTERS: u32 = 258;

const ROWS: [Row; 7] = [
    Row::whole("row_t1", "T=1 exchange, 254-byte reply, in one go", 520.0, 520.0),
    Row::each("row_t1_by_character", "T=1, each character of a 254-byte reply", 30.0),
    Row::whole("row_t0", "T=0 SELECT and READ BINARY of 255 bytes, in one go", 440.0, 440.0),
    Row::each("row_t0_by_character", "T=0, each character of READ BINARY of 255 bytes", 40.0),
    Row::whole("row_atr_of_t0", "ATR of a social security card, everything decoded", 300.0, 400.0),
    Row::whole("row_atr_of_t1", "ATR with T=0, T=1 and T=15, everything decoded", 435.0, 400.0),
    Row::whole("row_atr_check_alone", "ATR with T=0, T=1 and T=15, check alone", 400.0, 400.0),
];

/// The C library chooses how to copy bytes by what the processor can do. Without these abilities it does the same everywhere.
const SAME_EVERYWHERE: &str = "glibc.cpu.hwcaps=-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM";

impl Row {
    const fn whole(function: &'static str, name: &'static str, at_most: f64, goal: f64) -> Self {
        Self { function, name, characters: 1, at_most, goal }
    }

    const fn each(function: &'static str, name: &'static str, at_most: f64) -> Self {
        Self { function, name, characters: CHARACTERS, at_most, goal: at_most }
    }
}

/// The figures: all that is printed.
pub(crate) struct Counted(Vec<(Row, f64)>);

/// Prints the figures.
///
/// # Errors
/// One of them exceeds its bound, or they cannot be had.
pub(crate) fn run() -> Result<()> {
    let counted = Counted::count()?;
    counted.print();
    if !counted.hold() {
        bail!(
            "the engines take more instructions than their bounds above allow: \
             `callgrind_annotate {}` shows which lines take them",
            results().display()
        );
    }
    Ok(())
}

/// Where callgrind writes what it counted.
fn results() -> std::path::PathBuf {
    step::root().join("target/instructions.callgrind")
}

impl Counted {
    /// Builds the program and runs it under valgrind.
    ///
    /// # Errors
    /// It does not build, valgrind is missing, or a row is not there.
    pub(crate) fn count() -> Result<Self> {
        let results = results();
        let options = format!(
            "['valgrind', '--quiet', '--tool=callgrind', '--compress-strings=no', '--compress-pos=no', \
             '--callgrind-out-file={}']",
            results.display()
        );
        let mut program = step::cargo();
        program.args(["run", "--quiet", "--profile", "bench", "--package", "qiyong-instructions", "--config"]);
        program.arg(format!("target.'cfg(all())'.runner={options}"));
        step::run(program.env("GLIBC_TUNABLES", SAME_EVERYWHERE))?;
        Self::read(&results)
    }

    fn read(results: &Path) -> Result<Self> {
        let text = fs::read_to_string(results).with_context(|| format!("valgrind wrote no {}", results.display()))?;
        let mut taken = taken(&text);
        let rows = ROWS.into_iter().map(|row| {
            let taken = taken.remove(row.function).and_then(|taken| taken.each());
            let taken = taken.with_context(|| format!("valgrind did not see the function {}", row.function))?;
            let value = taken / f64::from(row.characters);
            Ok((row, value))
        });
        Ok(Self(rows.collect::<Result<_>>()?))
    }

    /// Whether all bounds hold.
    pub(crate) fn hold(&self) -> bool {
        self.0.iter().all(|(row, value)| row.holds(*value))
    }

    /// As a table for people.
    pub(crate) fn print(&self) {
        println!("{:<54} {:>12} {:>8}  holds {:>6}", "", "instructions", "at most", "goal");
        for (row @ Row { name, at_most, goal, .. }, value) in &self.0 {
            let holds = if row.holds(*value) { "yes" } else { "NO" };
            println!("{name:<54} {value:>12.1} {at_most:>8.0}  {holds:<5} {goal:>6.0}");
        }
    }

    /// As rows of the same form as those of the other benchmarks.
    pub(crate) fn json(&self) -> Vec<Value> {
        let object = |(row, value): &(Row, f64)| {
            json!({
                "name": row.name, "value": value, "unit": "instructions", "at_most": row.at_most,
                "holds": row.holds(*value), "compared_with": null, "ratio": null, "ratio_at_most": null,
            })
        };
        self.0.iter().map(object).collect()
    }
}

impl Row {
    fn holds(&self, value: f64) -> bool {
        !cfg!(target_arch = "x86_64") || value <= self.at_most
    }
}

/// What a function took, with all that it called.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Taken {
    instructions: u64,
    calls: u64,
}

impl Taken {
    /// The average of its calls.
    fn each(self) -> Option<f64> {
        (self.calls > 0).then(|| self.instructions as f64 / self.calls as f64)
    }
}

/// Each function by the last part of its name. Callgrind writes of each call: `cfn=` with the function, `calls=` with how
/// many, and in the next line, after the place, the instructions of all of them.
fn taken(text: &str) -> BTreeMap<&str, Taken> {
    let mut functions = BTreeMap::<_, Taken>::new();
    let (mut callee, mut calls) = ("", None);
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("cfn=") {
            callee = name.rsplit("::").next().unwrap_or(name);
        } else if let Some(count) = line.strip_prefix("calls=") {
            calls = count.split(' ').next().and_then(|count| count.parse::<u64>().ok());
        } else if let Some(calls) = calls.take() {
            let instructions = line.split(' ').nth(1).and_then(|count| count.parse::<u64>().ok());
            let function = functions.entry(callee).or_default();
            function.calls += calls;
            function.instructions += instructions.unwrap_or_default();
        }
    }
    functions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_took_is_the_sum_over_its_callers() {
        let text = "fn=program::main\n10 4\ncfn=program::row_a\ncalls=2 30\n11 500\n12 7\ncfi=other.rs\ncfn=memcpy\n\
                    calls=1 1\n13 90\n\nfn=program::other\n1 1\ncfn=program::row_a\ncalls=1 30\n2 100\n";
        let functions = taken(text);
        assert_eq!(functions["row_a"], Taken { instructions: 600, calls: 3 });
        assert_eq!(functions["row_a"].each(), Some(200.0));
        assert_eq!(functions["memcpy"], Taken { instructions: 90, calls: 1 });
        assert_eq!(functions.len(), 2);
        assert_eq!(Taken::default().each(), None);
    }

    #[test]
    fn a_bound_itself_is_allowed_and_a_function_that_is_missing_is_named() {
        let row = Row::whole("row_a", "a", 520.0, 520.0);
        assert_eq!((row.holds(520.0), row.holds(520.5)), (true, !cfg!(target_arch = "x86_64")));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("results");
        fs::write(&file, "cfn=row_t1\ncalls=1 1\n1 500\n").unwrap();
        let error = Counted::read(&file).err().map(|error| format!("{error:#}"));
        assert_eq!(error.as_deref(), Some("valgrind did not see the function row_t1_by_character"));
    }
}
