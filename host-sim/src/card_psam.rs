//! `qiyong card psam`: makes a virtual PSAM for the driver library. Which keys it has is not decided here.

use std::path::PathBuf;

use clap::Args;

use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::keys::Algorithm;
use qiyong_protocol::card::psam::TERMINAL;
use qiyong_sim::psam::VirtualPsam;

use crate::output::{Output, Verdict};

/// What the PSAM is to be.
#[derive(Args, Debug)]
pub(crate) struct PsamArgs {
    /// The file to write
    #[arg(long)]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// The terminal's number, 12 digits
    #[arg(long, value_parser = terminal, default_value = "320100000001")]
    terminal: [u8; TERMINAL],
}

fn terminal(text: &str) -> Result<[u8; TERMINAL], String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let packed = hex::decode(text).ok().filter(|_| digits).and_then(|bytes| bytes.try_into().ok());
    packed.ok_or_else(|| "must be 12 digits".into())
}

/// Exit 0 when the file is written, 2 when it is not.
pub(crate) fn run(args: &PsamArgs, output: &mut Output) -> Result<Verdict, String> {
    if args.out.exists() && !args.force {
        return Err(format!("{} exists; name another file, or --force replaces it", args.out.display()));
    }
    let hsm = Hsm::test_keys();
    let keys = |algorithm| Some(hsm.psam_keys(algorithm));
    let psam = VirtualPsam::new(args.terminal, keys(Algorithm::TripleDes), keys(Algorithm::Sm4));
    psam.save(&args.out).map_err(|error| format!("{}: {error}", args.out.display()))?;
    let terminal = hex::encode(args.terminal);
    output.line(&format!("{}: a PSAM, terminal {terminal}, with the test keys", args.out.display()));
    Ok(Verdict::Done)
}
