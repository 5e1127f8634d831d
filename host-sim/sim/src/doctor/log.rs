//! The log of one of our boards, put into findings: a refusal's cause is a number there, which is a cause here again.

use qiyong_firmware::slot::SlotError;
use qiyong_firmware::terminal::{Cause, CauseCode};
use qiyong_protocol::iso7816::t0::T0Error;
use qiyong_protocol::iso7816::t1::T1Error;

use super::finding::{Finding, pin};
use super::pins::{Party, Pin};

/// What a message of the log says that is no cause.
const MESSAGES: &[(&str, &str, &str, &str)] = &[
    (
        "panic at",
        "panic",
        "the image has a bug, or was built for another board",
        "note the place in the source, and report it",
    ),
    (
        "hard fault",
        "hard-fault",
        "a wrong address: an image for another chip, or memory that does not work",
        "flash the image for this board; note the addresses",
    ),
    (
        "stack overflow",
        "stack-overflow",
        "a task needs more stack than the board gives it",
        "give the stack more room in the memory map",
    ),
    (
        "the watchdog has reset",
        "watchdog",
        "the terminal stood still: an interrupt that never comes, a wait without end",
        "look at what the log has before it",
    ),
    (
        "storage:",
        "storage",
        "the memory is worn, or has records of another version",
        "erase its region, or exchange the board",
    ),
    ("not kept:", "not-kept", "the memory took no record", "see what the message says"),
    (
        "no random numbers:",
        "no-random",
        "the source of random numbers failed the test that is named there, so that no key is used",
        "start the terminal anew; if it says so again, exchange the board",
    ),
];

/// The most findings of a log.
const MOST: usize = 256;

/// What the lines of a log tell, each thing once, in the order of the lines.
pub fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for line in lines {
        let found = causes(line).chain(messages(line));
        for finding in found {
            if findings.len() < MOST && !findings.iter().any(|other| other.what == finding.what) {
                findings.push(finding);
            }
        }
    }
    findings
}

fn messages(line: &str) -> impl Iterator<Item = Finding> + '_ {
    MESSAGES.iter().filter(move |(says, ..)| line.contains(says)).map(|(says, name, cause, remedy)| Finding {
        name,
        party: Party::Board,
        pin: "-",
        at_ns: None,
        clause: "-",
        what: format!("The log says: {says}."),
        measured: None,
        cause,
        remedy,
    })
}

/// The causes that a line names: eight hexadecimal digits after the word.
fn causes(line: &str) -> impl Iterator<Item = Finding> + '_ {
    line.match_indices("cause ").filter_map(move |(at, word)| {
        let digits = line.get(at + word.len()..at + word.len() + 8)?;
        let code = u32::from_str_radix(digits, 16).ok().and_then(std::num::NonZeroU32::new)?;
        let cause = CauseCode(code).cause()?;
        let Cause::Slot(error) = cause else { return None };
        let (name, party, place, clause, why, remedy) = words(error)?;
        Some(Finding {
            name,
            party,
            pin: pin(place),
            at_ns: None,
            clause,
            what: format!("The log says: {cause}."),
            measured: None,
            cause: why,
            remedy,
        })
    })
}

type Words = (&'static str, Party, Pin, &'static str, &'static str, &'static str);

/// Name, party, pin, clause, cause and remedy of what a slot gave up at; `None` if nothing is wrong with slot or card.
const fn words(error: SlotError) -> Option<Words> {
    use Party::{Board, Card};
    use SlotError as E;
    const CAPTURE: &str = "capture VCC, RST, CLK and I/O, and give the file to the doctor: it names pin and time";
    Some(match error {
        E::Removed | E::NotConnected | E::Unpowered | E::Reset | E::Reader | E::Command(_) => return None,
        E::Mute => (
            "mute",
            Board,
            Pin::Io,
            "6.2.2",
            "no card answers in any class: a pin that does not move, a card the wrong way round",
            CAPTURE,
        ),
        E::Atr(_) => (
            "atr-bytes",
            Card,
            Pin::Io,
            "8.2",
            "a character was lost or damaged, or the card's answer is wrong",
            "measure CLK and the etu, clean the contacts, try another card",
        ),
        E::Protocol { .. } => {
            ("protocol", Card, Pin::Io, "8.2.3", "the card speaks neither T=0 nor T=1", "use another card")
        }
        E::Rate | E::RateReserved => (
            "rate",
            Card,
            Pin::Io,
            "6.3.1",
            "the card insists on a rate that the slot cannot do",
            "use another card, or a slot that does the rate",
        ),
        E::RateImplicit => (
            "rate-implicit",
            Board,
            Pin::Io,
            "6.3.1",
            "the card insists on a rate that its answer does not name",
            "set implicit_rate of the slot",
        ),
        E::Clock { .. } => (
            "clock-max",
            Board,
            Pin::Clk,
            "8.3",
            "CLK is outside of what the card takes",
            "set CLK to between 1 MHz and the card's f max",
        ),
        E::NoCommonClass => (
            "class-announced",
            Board,
            Pin::Vcc,
            "6.2.4",
            "the card is made for another voltage than the slot's",
            "give the slot the card's class, or use another card",
        ),
        E::Pps(_) => (
            "pps-answer",
            Card,
            Pin::Io,
            "9.3",
            "the card did not agree to the rate as it should",
            "try another card; a capture shows both sides",
        ),
        E::Parity => (
            "card-damaged",
            Board,
            Pin::Io,
            "7.3",
            "characters of the card arrive damaged: noise, slow edges, a wrong etu",
            "check pull-up, wires and etu; clean the contacts",
        ),
        E::NotAccepted => (
            "not-accepted",
            Board,
            Pin::Io,
            "7.3",
            "characters arrive damaged at the card: parity, levels or etu of the terminal",
            "check parity and etu of the UART, the pull-up, and the wires",
        ),
        E::ShortCircuit => (
            "short-circuit",
            Board,
            Pin::Vcc,
            "6.4",
            "the card's supply breaks down",
            "take the card out, look for metal in the slot, measure the supply",
        ),
        E::T0(T0Error::ProcedureByte(_)) => (
            "procedure-byte",
            Card,
            Pin::Io,
            "10.3.3",
            "a character was heard wrong, or the card breaks the protocol",
            CAPTURE,
        ),
        E::T0(T0Error::Timeout) | E::Silent => (
            "card-silent",
            Card,
            Pin::Io,
            "10.2",
            "the card did not hear what was sent, or has hung itself up",
            CAPTURE,
        ),
        E::T0(T0Error::TooManyFollowUps | T0Error::BudgetExceeded) => (
            "card-endless",
            Card,
            Pin::Io,
            "10.3.3",
            "the card asks for more time or more commands without end",
            "use another card",
        ),
        E::T0(_) => return None,
        E::T1(T1Error::NeedsReset | T1Error::Aborted | T1Error::BufferTooSmall { .. }) => return None,
        E::T1(T1Error::IfsdRefused(_)) => (
            "block-ifs",
            Card,
            Pin::Io,
            "11.4.2",
            "the card does not answer S(IFS request) as it should",
            "try another card; a capture shows both sides",
        ),
        E::T1(_) | E::Response(_) => {
            ("card-silent", Card, Pin::Io, "11.6.3", "blocks are lost, damaged or late", CAPTURE)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_in_a_log_becomes_pin_clause_and_remedy() {
        let code = |cause| CauseCode::from(cause).0;
        let mute = format!("WARN  card-unreadable, cause {:08X}", code(Cause::Slot(SlotError::Mute)));
        let lines = [
            "INFO  serving: purchase",
            &mute,
            &mute,
            "ERROR panic at x.rs:4",
            "WARN  pin-blocked",
            "cause ZZ",
            "cause ",
        ];
        let found = read(lines.into_iter());
        assert_eq!(found.iter().map(|one| (one.name, one.pin)).collect::<Vec<_>>(), [("mute", "I/O"), ("panic", "-")]);
        // A holder who takes the card out is no fault of the board's.
        let removed = format!("cause {:08X}", code(Cause::Slot(SlotError::Removed)));
        assert_eq!(read(["", &removed].into_iter()), []);
    }
}
