//! Our packet captures (pcapng), read for the doctor: ATRs and APDUs, without a pin. What is wrong on the line is not in them;
//! that no card answers, that its answer is wrong, and that a command's end is a beginning is.

use std::io::{Read, Result};

use pcap_file::pcapng::{Block, PcapNgReader};
use qiyong_protocol::iso7816::atr::Atr;

use super::finding::{Diagnosis, Finding, pin};
use super::pins::{Party, Pin};

/// Link types of our captures: the ATR alone, and commands and responses.
const ATR: u32 = 147;
const APDU: u32 = 148;
/// The direction in a packet's flags.
const OUTBOUND: u32 = 2;
/// How such a file begins.
pub const MAGIC: [u8; 4] = [0x0A, 0x0D, 0x0D, 0x0A];
/// The most packets that are looked at.
const MOST: usize = 1_000_000;

/// Examines a capture.
///
/// # Errors
/// It is no pcapng, or a damaged one.
pub fn examine(file: impl Read) -> Result<Diagnosis> {
    let wrong = std::io::Error::other;
    let mut reader = PcapNgReader::new(file).map_err(wrong)?;
    let (mut diagnosis, mut links, mut open) = (Diagnosis::default(), Vec::new(), None);
    let mut first = None;
    for _ in 0..MOST {
        let Some(block) = reader.next_block() else { break };
        match block.map_err(wrong)? {
            Block::InterfaceDescription(interface) => links.push(u32::from(interface.linktype)),
            Block::EnhancedPacket(packet) => {
                let at = u64::try_from(packet.timestamp.as_nanos()).unwrap_or(u64::MAX);
                let at = at.saturating_sub(*first.get_or_insert(at));
                let outbound = packet.options.iter().any(|option| {
                    use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption::Flags;
                    matches!(option, Flags(flags) if flags & 3 == OUTBOUND)
                });
                match links.get(packet.interface_id as usize) {
                    Some(&ATR) => {
                        diagnosis.resets += 1;
                        atr(&packet.data, at, &mut diagnosis);
                    }
                    Some(&APDU) if outbound => {
                        let header = packet.data.get(..4).map(<[u8]>::to_vec);
                        command(open.take(), header.as_deref(), &mut diagnosis);
                        open = header.map(|header| (header, at, None));
                    }
                    Some(&APDU) => {
                        if let (Some((_, _, sw)), [.., sw1, sw2]) = (&mut open, &*packet.data) {
                            *sw = Some([*sw1, *sw2]);
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    command(open.take(), None, &mut diagnosis);
    if diagnosis.resets == 0 {
        let what = "There is no answer to reset in the capture.";
        diagnosis.findings.push(finding(("mute", Party::Board, "6.2.2"), 0, what, LINE));
    }
    diagnosis.findings.sort_by_key(|finding| finding.at_ns);
    Ok(diagnosis)
}

/// Cause and remedy where only the line tells more.
const LINE: (&str, &str) =
    ("packets show no pins", "give the doctor the .vcd beside this file, or a logic analyser's capture");

fn finding(
    (name, party, clause): (&'static str, Party, &'static str),
    at: u64,
    what: &str,
    (cause, remedy): (&'static str, &'static str),
) -> Finding {
    Finding {
        name,
        party,
        pin: pin(Pin::Io),
        at_ns: Some(at),
        clause,
        what: what.into(),
        measured: None,
        cause,
        remedy,
    }
}

fn atr(bytes: &[u8], at: u64, diagnosis: &mut Diagnosis) {
    if let Err(error) = Atr::new(bytes).check() {
        let what = format!("The answer to reset is not valid: {error}.");
        let words = ("a character was lost or damaged, or the card's answer is wrong", "try another card");
        diagnosis.findings.push(finding(("atr-bytes", Party::Card, "8.2"), at, &what, words));
    }
    if !diagnosis.atrs.iter().any(|other| other == bytes) && diagnosis.atrs.len() < 256 {
        diagnosis.atrs.push(bytes.to_vec());
    }
}

/// A command, when it began and what it ended with; and the header after it.
type Open = Option<(Vec<u8>, u64, Option<[u8; 2]>)>;

fn command(ended: Open, next: Option<&[u8]>, diagnosis: &mut Diagnosis) {
    let Some((header, at, sw)) = ended else { return };
    if diagnosis.findings.len() >= 256 {
        return;
    }
    let fetches = next.is_some_and(|next| next.get(1) == Some(&0xC0));
    let repeats = next.is_some_and(|next| next == header);
    let found = match sw {
        None => Some((("card-silent", Party::Card, "10.2"), "A command has no response.", LINE)),
        Some([0x61, _]) if !fetches => {
            let words = ("61XX is taken for an end", "fetch the response with GET RESPONSE, P3 = XX");
            Some((("response-left", Party::Board, "12.2.2"), "61XX is left, and no GET RESPONSE follows.", words))
        }
        Some([0x6C, _]) if !repeats => {
            let words = ("6CXX is taken for an error", "send the same command with XX as P3");
            Some((
                ("length-left", Party::Board, "12.2.2"),
                "6CXX is left, and the command does not follow again.",
                words,
            ))
        }
        _ => None,
    };
    diagnosis.findings.extend(found.map(|(name, what, words)| finding(name, at, what, words)));
}
