//! `qiyong centre backup`: copies a centre's file, while it is served or not.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use qiyong_centre::store::backup::back_up;

use super::db::Db;
use crate::output::{Output, Verdict};
use crate::progress::busy;

/// Which database, and where to.
#[derive(Args, Debug)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    db: Db,
    /// The copy, which must not exist; its keys go beside it, to the same name with .key
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What was copied, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Told {
    /// The copy.
    to: String,
    /// How many bytes it has.
    bytes: u64,
}

/// Exit 0 copied, 2 when it cannot be.
pub(crate) fn run(args: &BackupArgs, output: &mut Output) -> Result<Verdict, String> {
    let (from, to) = (args.db.place()?, args.to.display());
    let copied = busy("{spinner} copying the database, {elapsed}", || back_up(&from, &args.to));
    let bytes = copied.map_err(|error| format!("{error} ({})", error.zh()))?;
    if args.json {
        output.json_line(&Told { to: to.to_string(), bytes });
    } else {
        output
            .line(&format!("{from}: copied to {to}, {bytes} bytes; its keys are in {to}.key, keep them apart from it"));
    }
    Ok(Verdict::Done)
}
