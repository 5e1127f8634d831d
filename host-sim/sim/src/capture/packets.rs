//! ATRs and APDUs as pcapng packets, at the time of the scenario's clock, which is taken to be China's time (UTC+8).
//!
//! What crosses the till's line and the line to the centre is in the packets, too ([`super::pcapng`]). Each ATR and APDU is there twice: in the form of SIM card traces, and in the form whose fields Wireshark names
//! completely:
//!
//! | Interface | Link type | Packets | Wireshark's protocol |
//! |---|---|---|---|
//! | 0 `gsmtap` | 228, IPv4 | ATR; command and response of an APDU joined | `gsm_sim` |
//! | 1 `atr` | 147, user 0 | ATR | `iso7816.atr` |
//! | 2 `apdu` | 148, user 1 | command (outbound), response (inbound) | `iso7816` |
//!
//! The viewer must be told what user link types mean, in its preferences under DLT_USER or by `-o` on the command line:
//!
//! ```text
//! tshark -r NAME.pcapng -o 'uat:user_dlts:"User 0 (DLT=147)","iso7816.atr","0","","0",""' \
//!                       -o 'uat:user_dlts:"User 1 (DLT=148)","iso7816","0","","0",""'
//! ```
//!
//! Each form lacks what the other has, as seen with Wireshark 4.0. `gsm_sim` takes an APDU for one of a SIM. It takes
//! INTERNAL AUTHENTICATE for RUN GSM ALGORITHM, with 12 bytes of response, so that it calls our 8 bytes malformed. It
//! shows P1 and P2 where it has no better names. It shows the ATR as an APDU, although GSMTAP's sub type would tell it.
//! `iso7816` shows every field of commands with an interindustry CLA, and does not decode others (80).
//!
//! A joined APDU is CLA INS P1 P2 P3, command data, response data and status word, where P3 is Lc, or Le if there is no
//! command data. Only the VCD has an ATR that the terminal does not accept, and a command without a response.

use std::io::{Error, Result, Write};
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz;

use super::gsmtap::{self, SubType};
use super::pcapng::{Direction, Interface, Packets, Whereto};
use crate::decode::MASK;
use crate::time::CLOCK_HZ;
use crate::world::event::{Apdu, Event, Frame};

/// The capture of all ATRs, APDUs, frames and messages among `events`, in a run that began at `clock`, local time.
pub(super) fn capture<'a>(clock: DateTime, events: impl Iterator<Item = &'a (u64, Event)>) -> Result<Vec<u8>> {
    let start = since_1970(clock)?;
    let mut out = Packets::new(Vec::new())?;
    for (cycle, event) in events {
        let at = start + since_the_beginning(*cycle);
        match event {
            Event::Atr(atr) => write_atr(&mut out, at, atr)?,
            Event::Apdu(apdu) => write_apdu(&mut out, at, apdu)?,
            Event::Frame(frame) => {
                let Frame { to_terminal, peer, payload } = frame.as_ref();
                out.frame(at, *to_terminal, *peer, payload)?;
            }
            Event::Message { bytes: [asked, answered], .. } => {
                for (bytes, to_centre) in [(asked, true), (answered, false)] {
                    if let Some(bytes) = bytes {
                        out.message(at, Whereto::made_up(to_centre), bytes)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(out.into_inner())
}

/// An ATR, in both forms.
pub(super) fn write_atr<W: Write>(out: &mut Packets<W>, at: Duration, atr: &[u8]) -> Result<()> {
    out.packet(Interface::Gsmtap, at, &gsmtap::packet(SubType::Atr, atr), None)?;
    out.packet(Interface::Atr, at, atr, Some(Direction::Inbound))
}

/// An APDU in both forms; an extended one in its own only, since a joined one has one byte for its length.
pub(super) fn write_apdu<W: Write>(out: &mut Packets<W>, at: Duration, apdu: &Apdu) -> Result<()> {
    let bytes = Bytes::of(apdu);
    if !apdu.is_extended() {
        out.packet(Interface::Gsmtap, at, &gsmtap::packet(SubType::Apdu, &bytes.joined()), None)?;
    }
    out.packet(Interface::Apdu, at, &bytes.command(), Some(Direction::Outbound))?;
    out.packet(Interface::Apdu, at, &bytes.response(), Some(Direction::Inbound))
}

/// The bytes of an APDU; secret ones are replaced by [`MASK`].
struct Bytes {
    header: [u8; 4],
    lc: Vec<u8>,
    data: Vec<u8>,
    le: Vec<u8>,
    response: Vec<u8>,
    sw: [u8; 2],
}

impl Bytes {
    fn of(apdu: &Apdu) -> Self {
        Self {
            header: apdu.header,
            lc: apdu.lc(),
            data: unmask(&apdu.data),
            le: apdu.le(),
            response: unmask(&apdu.response),
            sw: apdu.sw.0.to_be_bytes(),
        }
    }

    fn command(&self) -> Vec<u8> {
        [&self.header[..], &self.lc, &self.data, &self.le].concat()
    }

    fn response(&self) -> Vec<u8> {
        [&self.response[..], &self.sw].concat()
    }

    fn joined(&self) -> Vec<u8> {
        let mut joined = self.header.to_vec();
        joined.push(self.lc.first().or(self.le.first()).copied().unwrap_or(0));
        joined.extend(&self.data);
        joined.extend(self.response());
        joined
    }
}

/// The bytes of a hex string in which secret ones read `**`.
fn unmask(hex: &str) -> Vec<u8> {
    let byte = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok();
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(MASK)
    };
    hex.as_bytes().chunks(2).map(byte).collect()
}

/// How long after the beginning of 1970 in UTC `clock`, China's local time, is.
fn since_1970(clock: DateTime) -> Result<Duration> {
    let outside = || Error::other("the scenario's clock lies outside what the format can express, 1970 to 2553");
    let instant = tz::offset(8).to_timestamp(clock).map_err(Error::other)?;
    // Timestamps are 64 bits of ns, enough until July 2554; the rest of the last year is left for the run.
    let seconds = u64::try_from(instant.as_second()).ok().filter(|_| clock.year() < 2554);
    seconds.map(Duration::from_secs).ok_or_else(outside)
}

/// How long after the beginning of the run `cycle` is, to the ns.
fn since_the_beginning(cycle: u64) -> Duration {
    let ns = u128::from(cycle % CLOCK_HZ) * 1_000_000_000 / u128::from(CLOCK_HZ);
    Duration::new(cycle / CLOCK_HZ, ns as u32)
}
