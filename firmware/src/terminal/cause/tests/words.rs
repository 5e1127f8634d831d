//! Every error of the terminal, with its advice and its words.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Deal, Lease, Original, Stan, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use qiyong_protocol::error_table as table;

use super::*;
use crate::slot::LineError;
use crate::storage::Store;
use crate::terminal::{Memory, MemoryError, NoPin, Settings};

#[test]
fn of_the_card_line() {
    table!(LineError {
        LineError::Removed = LineError::Removed
            => AskHolder, "no card is in the slot: insert it and leave it there";
        LineError::Timeout = LineError::Timeout => TryAgain, "the card sent no character in time: try again";
        LineError::NotAccepted(_) = LineError::NotAccepted(3) => TryAgain,
            "the card did not accept the character at index 3: send it again, clean the contacts";
        LineError::ShortCircuit = LineError::ShortCircuit
            => AskHolder, "the card's supply broke down: take it out, look for metal in the slot";
    });
}

/// The tests of the slot and of PC/SC meet them; here are the words.
#[test]
fn of_the_slot() {
    table!(SlotError {
        SlotError::Removed = LineError::Removed.into() => AskHolder, "the card was taken out";
        SlotError::Mute = SlotError::Mute
            => AskHolder, "no answer to reset: is the card inserted the right way round?";
        SlotError::Atr(_) = SlotError::Atr(AtrError::T15First) => AskHolder,
            "no valid answer to reset: TD1 names T=15, expected a protocol (0 to 14): T=15 only marks global bytes";
        SlotError::Protocol { .. } = SlotError::Protocol { offered: 2 } => AskHolder,
            "the card speaks T=2 first, and this slot only T=0 and T=1: use another card";
        SlotError::Rate = SlotError::Rate
            => AskHolder, "the card insists on a rate that this slot cannot do: use another card";
        SlotError::RateReserved = SlotError::RateReserved => AskHolder,
            "the card insists on a rate that no edition of the standard has: use another card";
        SlotError::RateImplicit = SlotError::RateImplicit => CallService,
            "the card insists on a rate that its answer to reset does not name: set the slot to it, or use another card";
        SlotError::Clock { .. } = SlotError::Clock { max_khz: 4000 } => CallService,
            "the slot's clock is not between 1000 and 4000 kHz, as the card needs it: set the slot's clock";
        SlotError::NoCommonClass = SlotError::NoCommonClass => AskHolder,
            "the card is made for another supply voltage than this slot's: use another card";
        SlotError::Pps(_) = SlotError::Pps(PpsError::Truncated) => TryAgain,
            "the PPS response is cut short: power the card anew, and ask it for no rate";
        SlotError::Parity = SlotError::Parity
            => AskHolder, "characters from the card arrive damaged: clean the contacts";
        SlotError::NotAccepted = LineError::NotAccepted(0).into()
            => AskHolder, "characters arrive damaged at the card: clean the contacts";
        SlotError::ShortCircuit = LineError::ShortCircuit.into()
            => AskHolder, "the card's supply broke down: take it out, look for metal in the slot";
        SlotError::T0(_) = SlotError::T0(T0Error::Timeout)
            => TryAgain, "T=0: the card sent nothing within its waiting time";
        SlotError::T1(_) = SlotError::T1(T1Error::NeedsReset)
            => TryAgain, "T=1: the command before ended in the middle of a block: reset the card";
        SlotError::Command(_) = SlotError::Command(ApduError::TooLong) => CallService,
            "the command: more than 65535 command or 65536 response bytes: send them in parts";
        SlotError::Response(ApduError::TooShort { .. }) = SlotError::Response(ApduError::TooShort { have: 1 })
            => AskHolder, "the card's response: 1 bytes are too few: a command has at least 4, a response 2";
        SlotError::Response(_) = SlotError::Response(ApduError::TooLong) => CallService,
            "the card's response: more than 65535 command or 65536 response bytes: send them in parts";
        SlotError::NotConnected = SlotError::NotConnected
            => CallService, "the card is not powered: connect to it first";
        SlotError::Silent = LineError::Timeout.into() => TryAgain, "the card sends nothing any more: try again";
        SlotError::Unpowered = SlotError::Unpowered => TryAgain,
            "the card has lost its power to its reader or another program: try again";
        SlotError::Reset = SlotError::Reset => TryAgain,
            "another program has reset the card: end that program, then try again";
        SlotError::Reader = SlotError::Reader => CallService,
            "the card reader has failed: check its cable and the service that leads to it";
    });
}

#[test]
fn of_a_cause() {
    table!(Cause {
        Cause::Slot(_) = Cause::Slot(SlotError::Silent)
            => TryAgain, "the card sends nothing any more: try again";
        Cause::Status { .. } = Cause::Status { ins: 0xA4, sw: StatusWord(0x6A82) }
            => AskHolder, "the card answered INS A4 with 6A82 (file not found)";
        Cause::Record(_) = Cause::Record(RecordError::Truncated)
            => AskHolder, "a record is cut short: have the agency exchange the card";
        Cause::Version = Cause::Version
            => CallService, "the norm version in EF05 is none of 1.00, 2.00, 3.00";
        Cause::Algorithm(_) = Cause::Algorithm(2)
            => CallService, "the card uses algorithm 02, known here are 01 3DES and 03 SM4";
        Cause::Blank = Cause::Blank
            => AskHolder, "the card was never personalised: its ident code ends in FFFFFFFF";
        Cause::Length { .. } = Cause::Length { ins: 0x84 }
            => AskHolder, "the answer to INS 84 has a wrong length";
        Cause::Unsteady = Cause::Unsteady
            => AskHolder, "the card says something else each time: clean its contacts, and try again";
        Cause::Link(_) = Cause::Link(LinkError::NotSetUp) => CallService,
            "nothing was sent to the centre, since the terminal has no key: send it the set-up first";
    });
}

#[test]
fn of_a_pin_pad() {
    table!(NoPin {
        NoPin::Cancelled = NoPin::Cancelled => AskHolder, "the cancel key was pressed instead of a PIN";
        NoPin::TimedOut = NoPin::TimedOut => AskHolder,
            "nobody keyed a PIN in time: begin again when the holder is ready";
    });
}

/// A flash of zeros, in which nothing can be written, and which cannot always be read.
struct BadFlash {
    readable: bool,
}

impl ErrorType for BadFlash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for BadFlash {
    const READ_SIZE: usize = 8;

    fn read(&mut self, _: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        bytes.fill(0);
        if self.readable { Ok(()) } else { Err(NorFlashErrorKind::Other) }
    }

    fn capacity(&self) -> usize {
        32 * 2048
    }
}

impl NorFlash for BadFlash {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 2048;

    fn erase(&mut self, _: u32, _: u32) -> Result<(), NorFlashErrorKind> {
        Err(NorFlashErrorKind::Other)
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), NorFlashErrorKind> {
        Err(NorFlashErrorKind::Other)
    }
}

#[test]
fn of_the_storage() {
    let settings = Settings::at(InstitutionCode::new("P32010000017").unwrap(), TerminalId(*b"00000001"));
    let lease = Lease { batch: Batch(1), next: Stan(1) };
    let store = |readable| <Store<BadFlash>>::recall(BadFlash { readable });
    let keep = |readable| store(readable).keep_lease(&settings, lease);
    let card = CardNumber::new(b"X00000019").unwrap();
    let original = Original { card, total: Fen(0), time: Timestamp::UNSET };
    table!(MemoryError {
        MemoryError::Worn = keep(true).unwrap_err()
            => CallService, "the terminal's storage: worn, exchange the board";
        MemoryError::Unreadable = keep(false).unwrap_err()
            => CallService, "the terminal's storage: unreadable, exchange the board";
        // The tests of the storage write such records.
        MemoryError::OtherVersion = MemoryError::OtherVersion
            => CallService, "the terminal's storage: records of another version: load it, or erase the region";
        MemoryError::NumbersUsedUp = store(true).begin(&settings, original, Deal::Apply).unwrap_err()
            => CallService, "the terminal's storage: no number is left, sign in at the centre";
        // Those of the journal fill it.
        MemoryError::JournalFull = MemoryError::JournalFull
            => CallService, "the terminal's storage: the journal is full: sign off to send again what is parked";
    });
}
