//! `qiyong card send FILE APDU...`: powers a card file in the firmware's own slot on the virtual line, sends commands
//! to the card, and keeps what they changed. With `--reader` it is the card in a PC/SC reader.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use clap::Args;
use embassy_futures::block_on;
use jiff::civil::DateTime;
use serde::Serialize;

use qiyong_firmware::slot::{CardSlot, ContactSlot, ResponseBuffer, SlotConfig, SlotError};
use qiyong_protocol::card::commands::describe;
use qiyong_protocol::card::redact;
use qiyong_protocol::iso7816::apdu::Command;

use crate::advice;
use crate::objects::{Object, objects};
use crate::output::{Output, Verdict};
use crate::reader;
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::input::parse_hex;
use qiyong_sim::line::{SimulatedLine, VirtualLine};
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::event::masked_hex;

/// What to send, and to which card.
#[derive(Args, Debug)]
pub(crate) struct SendArgs {
    /// The card file, unless there is a reader; and command APDUs in hex
    #[arg(required = true, value_name = "FILE|APDU")]
    words: Vec<String>,
    /// Send to the card in the PC/SC reader with this in its name, or in any
    #[arg(long, value_name = "NAME|any")]
    reader: Option<String>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What was said with the card.
#[derive(Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Session {
    /// The card's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// The reader's name, or a part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reader: Option<String>,
    /// What the card sent after the reset, in hex; null if it sent none.
    atr: Option<String>,
    /// The commands that were sent and what was answered.
    exchanges: Vec<Exchanged>,
    /// Why the card could not be talked to; only there if it could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Who can put it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
    #[serde(skip)]
    failure: Option<SlotError>,
}

impl Session {
    fn fail(&mut self, error: SlotError) {
        self.error = Some(error.to_string());
        self.advice = Some(advice::word(error.advice()));
        self.failure = Some(error);
    }
}

/// A command and its answer. Secret bytes are shown as `**`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Exchanged {
    /// The command APDU, in hex.
    command: String,
    /// What the command is called.
    name: &'static str,
    /// The data of the answer, in hex.
    response: String,
    /// The status word of the answer, in hex.
    sw: String,
    /// What the status word says.
    meaning: &'static str,
    /// The data objects in the response, unless it contains a secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    objects: Vec<Object>,
}

/// Exit 0 when every command got an answer, whatever it was; 1 when the card could not be talked to; 2 for bad
/// input, and when the last change could not be kept.
pub(crate) fn run(args: &SendArgs, output: &mut Output) -> Result<Verdict, String> {
    let decode_all = |apdus: &[String]| apdus.iter().map(|text| decode(text)).collect::<Result<Vec<_>, _>>();
    match (&args.reader, args.words.as_slice()) {
        (Some(reader), apdus) => {
            let commands = decode_all(apdus)?;
            let mut at = reader::open(reader)?;
            let session = Session { reader: Some(reader.clone()), ..Session::default() };
            let session = block_on(talk(&mut at.slot, session, &commands));
            at.check()?;
            Ok(tell(&session, args.json, output))
        }
        (None, [_]) => {
            Err("which commands? Name a card file and then command APDUs in hex, or a reader with --reader".into())
        }
        (None, [file, apdus @ ..]) => to_file(Path::new(file), &decode_all(apdus)?, args.json, output),
        (None, []) => Err("which card? Name a card file, or a reader with --reader".into()),
    }
}

/// The card in a file.
fn to_file(path: &Path, commands: &[Vec<u8>], json: bool, output: &mut Output) -> Result<Verdict, String> {
    // What goes wrong later is told once, at the end.
    let DeskCard { card, .. } = DeskCard::open(path, |_| {}).map_err(|error| error.to_string())?;
    let card = Rc::new(RefCell::new(ContactCard::new(card)));
    let mut line = VirtualLine::new(VirtualTime::new(DateTime::default()));
    line.set_card(Some(card.clone()));
    let mut slot = ContactSlot::new(line, SlotConfig::default());
    // The virtual line never waits.
    let session = Session { file: Some(path.display().to_string()), ..Session::default() };
    let session = block_on(talk(&mut slot, session, commands));
    let verdict = tell(&session, json, output);
    match card.borrow().card.trouble() {
        Some(trouble) => Err(trouble.into()),
        None => Ok(verdict),
    }
}

/// Prints what was said.
fn tell(session: &Session, json: bool, output: &mut Output) -> Verdict {
    if json {
        output.json_line(session);
    } else {
        if let Some(atr) = &session.atr {
            output.line(&format!("ATR {atr}"));
        }
        for exchanged in &session.exchanges {
            output.line(&format!("→ {}  {}", exchanged.command, exchanged.name));
            output.line(
                &format!("← {} {}  {}", exchanged.response, exchanged.sw, exchanged.meaning).replace("←  ", "← "),
            );
            let mut lines = Vec::new();
            exchanged.objects.iter().for_each(|object| object.lines(1, &mut lines));
            lines.iter().for_each(|line| output.line(line));
        }
    }
    match &session.failure {
        Some(error) => {
            output.complain(&format!("{error}; {}", advice::sentence(error.advice())));
            Verdict::No
        }
        None => Verdict::Done,
    }
}

/// The error does not repeat the text, which may contain a PIN.
fn decode(text: &str) -> Result<Vec<u8>, String> {
    let bytes = parse_hex(text).map_err(|error| format!("a command must be hex: {}", error.without_text()))?;
    Command::decode(&bytes)
        .map_err(|error| format!("a command of {} bytes is no APDU: {error}; correct its length bytes", bytes.len()))?;
    Ok(bytes)
}

async fn talk(slot: &mut impl CardSlot, mut session: Session, commands: &[Vec<u8>]) -> Session {
    match slot.connect().await {
        Ok(atr) => session.atr = Some(hex::encode_upper(atr)),
        Err(error) => session.fail(error),
    }
    for bytes in commands.iter().take_while(|_| session.atr.is_some()) {
        // It was checked when it was read.
        let Ok(command) = Command::decode(bytes) else { break };
        let mut buffer: ResponseBuffer = [0; 258];
        match slot.transmit(&command, &mut buffer).await {
            Ok(response) => {
                // The data field begins after the header and Lc.
                let secret = redact::secret_of(&command);
                let hidden = if secret.is_empty() { 0..0 } else { secret.start + 5..secret.end + 5 };
                let response_secret = redact::response_secret(command.ins, response.data);
                let shown = if response_secret.is_empty() { response.data } else { &[] };
                session.exchanges.push(Exchanged {
                    objects: objects(command.ins, shown),
                    command: masked_hex(bytes, hidden),
                    name: describe(&command),
                    response: masked_hex(response.data, response_secret),
                    sw: response.sw.to_string(),
                    meaning: response.sw.meaning(),
                });
            }
            Err(error) => {
                session.fail(error);
                break;
            }
        }
    }
    slot.disconnect().await;
    session
}
