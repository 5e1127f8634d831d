//! `qiyong terminal … load-key`: gives the terminal its master key as a till does, enciphered. The key comes from a file and is
//! enciphered here, or was enciphered elsewhere and is nowhere in the clear on this machine.
//!
//! Not here: what the terminal makes of it (`qiyong_firmware::storage`), and how a key file is read (`key`).

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::ecr::{Command, KeyLoad, Refused, TEST_TRANSPORT_KEY};
use qiyong_protocol::rules::institution::InstitutionCode;

use super::{key, memory};
use crate::output::{Output, Verdict};
use crate::reach::Target;

/// Under what the key comes.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub(crate) struct LoadKeyArgs {
    /// The file with the master key that the terminal has, under which the new one (`--key`) is enciphered; without it that is the
    /// published transport key, for a terminal without a key
    #[arg(long, value_name = "FILE")]
    under: Option<PathBuf>,
    /// The new key, enciphered elsewhere, as hex digits: the till's command of `qiyong_protocol::ecr`
    #[arg(long, value_name = "HEX")]
    sealed: Option<String>,
}

/// Which terminal it is for, and where its memory and the new key lie.
pub(super) struct For<'a> {
    pub(super) institution: InstitutionCode,
    pub(super) name: TerminalId,
    pub(super) centre: &'a Target,
    pub(super) memory: Option<&'a Path>,
    pub(super) key: Option<&'a Path>,
    pub(super) json: bool,
}

/// What became of it, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Told {
    /// The institution where the terminal stands.
    institution: String,
    /// The terminal's name.
    terminal: String,
    /// Whether the terminal has taken it.
    loaded: bool,
    /// The check value of the key that the terminal has now, in hex; null if it has none.
    kcv: Option<String>,
    /// Why it has not.
    reason: Option<&'static str>,
}

/// Loads it: exit 0 when the terminal has taken it, 1 when it has not.
pub(super) fn run(args: &For<'_>, how: &LoadKeyArgs, output: &mut Output) -> Result<Verdict, String> {
    let load = sealed((args.institution, args.name), args.key, how)?;
    let mut memory = memory::open(args.memory, args.centre, args.institution, args.name)?;
    let taken = memory.load_key(&load, &TEST_TRANSPORT_KEY);
    let kcv = memory.keyring().present.map(|(_, key)| key.check_value());
    Ok(tell((load.institution, load.terminal), kcv, taken.err(), args.json, output))
}

/// Tells what became of it: `kcv` is the check value of the key that the terminal has now, `reason` why it has not taken the new one.
pub(crate) fn tell(
    (institution, name): (InstitutionCode, TerminalId),
    kcv: Option<[u8; 3]>,
    reason: Option<Refused>,
    json: bool,
    output: &mut Output,
) -> Verdict {
    let kcv = kcv.map(hex::encode_upper);
    if json {
        let (institution, terminal) = (institution.to_string(), name.as_str().to_owned());
        output.json_line(&Told {
            institution,
            terminal,
            loaded: reason.is_none(),
            kcv,
            reason: reason.map(Refused::as_str),
        });
    } else {
        let name = format!("{institution} {}", name.as_str());
        output.line(&match (reason, kcv) {
            (None, Some(kcv)) => format!("{name}: has its key, check value {kcv}"),
            (Some(why), _) => format!("{name}: {why}"),
            (None, None) => format!("{name}: {}", Refused::NotKept),
        });
    }
    if reason.is_none() { Verdict::Done } else { Verdict::No }
}

/// The key in `file` for the terminal of this name, or the one that was enciphered elsewhere.
pub(crate) fn sealed(
    (institution, name): (InstitutionCode, TerminalId),
    file: Option<&Path>,
    how: &LoadKeyArgs,
) -> Result<KeyLoad, String> {
    if let Some(digits) = &how.sealed {
        let bytes = hex::decode(digits.trim()).ok();
        return match bytes.as_deref().and_then(Command::decode) {
            Some(Command::LoadKey(load)) if (load.institution, load.terminal) == (institution, name) => Ok(load),
            Some(Command::LoadKey(_)) => {
                Err("--sealed: this key is for a terminal of another name: give the one that was made for this".into())
            }
            _ => Err("--sealed: these are not the hex digits of an enciphered key: copy them whole".into()),
        };
    }
    let Some(file) = file else {
        return Err("which key? Give --key FILE before load-key, or --sealed after it".into());
    };
    let new = key::read(Some(file))?;
    let under = match &how.under {
        Some(file) => key::read(Some(file))?,
        None => TEST_TRANSPORT_KEY.clone(),
    };
    Ok(KeyLoad::seal(institution, name, &new, &under))
}
