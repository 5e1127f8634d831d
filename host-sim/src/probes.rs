//! `qiyong probes`: which debug probes there are.

#[cfg(feature = "probe")]
use serde::Serialize;

#[cfg(feature = "probe")]
use qiyong_lab::probe::{board::BoardError, job};

use crate::output::{Output, Verdict};

/// Exit 0 when there is a probe, 1 when there is none.
#[cfg(not(feature = "probe"))]
pub(crate) fn run(_: bool, _: &mut Output) -> Result<Verdict, String> {
    Err(crate::probe::NOT_BUILT_IN.into())
}

/// A probe, for programs.
#[cfg(feature = "probe")]
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Found {
    /// What it is called.
    name: String,
    /// What `--probe` takes for it.
    selector: String,
    /// Whose kind it is, such as ST-LINK.
    kind: String,
    /// This user may open it.
    allowed: bool,
}

#[cfg(feature = "probe")]
impl From<job::Found> for Found {
    fn from(found: job::Found) -> Self {
        let job::Found { name, selector, kind, allowed } = found;
        Self { name, selector, kind, allowed }
    }
}

/// Exit 0 when there is a probe, 1 when there is none.
#[cfg(feature = "probe")]
pub(crate) fn run(json: bool, output: &mut Output) -> Result<Verdict, String> {
    let found: Vec<_> = job::probes().into_iter().map(Found::from).collect();
    if json {
        output.json_line(&found);
    } else {
        for Found { name, selector, kind, allowed } in &found {
            let hint = if *allowed { "" } else { ", may not be opened by this user" };
            output.line(&format!("{selector}  {name} ({kind}{hint})"));
        }
    }
    if found.is_empty() {
        output.complain(&BoardError::NoProbe.to_string());
        return Ok(Verdict::No);
    }
    Ok(Verdict::Done)
}
