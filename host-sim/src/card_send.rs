//! `qiyong card send FILE APDU...`: powers a card file in the firmware's own slot on the virtual line, sends commands
//! to the card, and keeps what they changed.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

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
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::input::parse_hex;
use qiyong_sim::line::{SimulatedLine, VirtualLine};
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::event::masked_hex;

#[derive(Serialize)]
struct Session {
    file: String,
    atr: Option<String>,
    exchanges: Vec<Exchanged>,
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

/// Secret bytes are shown as `**`.
#[derive(Serialize)]
struct Exchanged {
    command: String,
    name: &'static str,
    response: String,
    sw: String,
    meaning: &'static str,
    /// The data objects in the response, unless it contains a secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    objects: Vec<Object>,
}

/// Exit 0 when every command got an answer, whatever it was; 1 when the card could not be talked to; 2 for bad
/// input, and when the last change could not be kept.
pub(crate) fn run(path: &Path, apdus: &[String], json: bool, output: &mut Output) -> Result<Verdict, String> {
    let commands = apdus.iter().map(|text| decode(text)).collect::<Result<Vec<_>, _>>()?;
    // What goes wrong later is told once, at the end.
    let DeskCard { card, .. } = DeskCard::open(path, |_| {}).map_err(|error| error.to_string())?;
    let card = Rc::new(RefCell::new(ContactCard::new(card)));
    let mut line = VirtualLine::new(VirtualTime::new(DateTime::default()));
    line.set_card(Some(card.clone()));
    let mut slot = ContactSlot::new(line, SlotConfig::default());
    // The virtual line never waits.
    let session = block_on(talk(&mut slot, path, &commands));
    if json {
        output.json_line(&session);
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
    if let Some(trouble) = card.borrow().card.trouble() {
        return Err(trouble.into());
    }
    Ok(match &session.failure {
        Some(error) => {
            output.complain(&format!("{error}; {}", advice::sentence(error.advice())));
            Verdict::No
        }
        None => Verdict::Done,
    })
}

/// The error does not repeat the text, which may contain a PIN.
fn decode(text: &str) -> Result<Vec<u8>, String> {
    let bytes = parse_hex(text).map_err(|error| format!("a command is not hex: {}", error.without_text()))?;
    Command::decode(&bytes).map_err(|error| format!("a command of {} bytes is no APDU: {error}", bytes.len()))?;
    Ok(bytes)
}

async fn talk(slot: &mut ContactSlot<VirtualLine>, path: &Path, commands: &[Vec<u8>]) -> Session {
    let mut session = Session {
        file: path.display().to_string(),
        atr: None,
        exchanges: Vec::new(),
        error: None,
        advice: None,
        failure: None,
    };
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
