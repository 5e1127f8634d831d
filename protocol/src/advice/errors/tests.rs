//! Every error there is, caused as it is caused in operation, with its advice and its words.

use std::string::String;
use std::vec;

use hex_literal::hex;

use crate::error_table as table;

use super::*;
use crate::card::codes::{IdNumber, IdentCode};
use crate::card::date::Timestamp;
use crate::card::records::Record;
use crate::centre::iso8583::mac::X919;
use crate::centre::iso8583::{HEADER, Message, Mti, TPDU, Writer};
use crate::centre::message::{MESSAGE_MAX, Parts, read_request, write_request};
use crate::centre::{Batch, Body, Request, Stan, TerminalId};
use crate::frame::Decoder;
use crate::iso7816::apdu::{Command, Response};
use crate::iso7816::atr::{Atr, AtrBuilder, MAX_LEN};
use crate::iso7816::character::Convention;
use crate::iso7816::tlv::find;
use crate::iso7816::{pps, t0, t1};
use crate::rules::institution::InstitutionCode;
use crate::rules::reason::Reason;

#[test]
fn of_an_atr() {
    let error = |bytes: &[u8]| Atr::new(bytes).check().unwrap_err();
    table!(AtrError {
        AtrError::Empty = error(&[]) => AskHolder, "no bytes: expected an ATR, which begins with 3B or 3F";
        AtrError::TsUnknown(_) = error(&[0x3C])
            => AskHolder, "TS is 3C, expected 3B (direct convention) or 3F (inverse convention)";
        AtrError::Truncated { .. } = error(&hex!("3B02 31"))
            => TryAgain, "cut off: T0 and the TDs announce at least 4 bytes, there are 3";
        AtrError::OverLimit { .. } = error(&[&[0x3B, 0xFF][..], &[0xF1; 31]].concat())
            => AskHolder, "T0 and the TDs announce at least 50 bytes, an ATR has at most 33";
        AtrError::TooLong { .. } = error(&hex!("3B00 00"))
            => TryAgain, "bytes behind the end: T0 and the TDs announce 2 bytes, there are 3";
        AtrError::TckMissing { .. } = error(&hex!("3B80 01"))
            => AskHolder, "the check byte TCK is missing: a TD names another T than 0, so 81 must end the ATR";
        AtrError::TckWrong { .. } = error(&hex!("3B80 01 80"))
            => TryAgain, "the check byte TCK is 80, expected 81: a byte of the ATR is wrong";
        AtrError::T15First = error(&hex!("3B80 0F 8F"))
            => AskHolder, "TD1 names T=15, expected a protocol (0 to 14): T=15 only marks global bytes";
        AtrError::TypesOutOfOrder { .. } = error(&hex!("3B80 81 00 01"))
            => AskHolder, "T=0 is named after T=1, expected the Ts in ascending order";
    });
    table!(AtrDoesNotFit {
        AtrDoesNotFit = AtrBuilder::new(Convention::Direct).historical(&[0; MAX_LEN]).build().unwrap_err()
            => CallService, "an ATR holds at most 15 historical bytes and 33 bytes in all";
    });
}

#[test]
fn of_a_pps() {
    let error = |bytes: &[u8]| pps::Request::new(0, 0x96).judge(bytes).unwrap_err();
    table!(PpsError {
        PpsError::Start(_) = error(&[0x3B]) => TryAgain,
            "the PPS response begins with 3B instead of FF: power the card anew, and ask it for no rate";
        PpsError::Different = error(&hex!("FF01FE")) => TryAgain,
            "the PPS response is not what was asked for: power the card anew, and ask it for no rate";
        PpsError::Check = error(&hex!("FF00FE")) => TryAgain,
            "the PPS response has a wrong check character: power the card anew, and ask it for no rate";
        PpsError::Truncated = error(&[]) => TryAgain,
            "the PPS response is cut short: power the card anew, and ask it for no rate";
    });
}

/// The error with which a command ends in T=0 when the card answers each call with the next of these and then falls
/// silent.
fn over_t0(command: Command<'_>, mut card: impl FnMut() -> Option<&'static [u8]>) -> T0Error {
    let mut buffer = [0; 8];
    let mut exchange = t0::Exchange::new(&command, &mut buffer, t0::Limits::new(10, 372, 1));
    loop {
        match exchange.step() {
            t0::Step::Send(_) => exchange.sent(),
            t0::Step::Receive(_) => match card() {
                // NULLs come slowly.
                Some(bytes) => exchange.received_slice(bytes, if bytes == [0x60] { 9000 } else { 12 }),
                None => exchange.timed_out(),
            },
            t0::Step::Done(result) => return result.unwrap_err(),
        }
    }
}

#[test]
fn of_t0() {
    let read = Command::new(0, 0xB2, 0, 0).expecting(8);
    table!(T0Error {
        T0Error::ExtendedLength = over_t0(Command::new(0, 0xD6, 0, 0).with_data(&[0; 256]), || None)
            => CallService, "this card takes at most 255 command bytes: send them in parts";
        T0Error::InsNotAllowed(_) = over_t0(Command::new(0, 0x60, 0, 0), || None)
            => CallService, "INS 60 cannot be told from a status word in T=0";
        T0Error::Timeout = over_t0(read, || None) => TryAgain, "the card sent nothing within its waiting time";
        T0Error::ProcedureByte(_) = over_t0(read, || Some(&[0x31]))
            => TryAgain, "the card sent 31 where INS, ~INS, 60 or a status word was due";
        T0Error::BudgetExceeded = over_t0(read, || Some(&[0x60]))
            => AskHolder, "the card asked for more time (NULL) without end";
        T0Error::TooManyFollowUps = over_t0(read, || Some(&[0x6C, 0x04]))
            => AskHolder, "the card answered 61xx or 6Cxx without end";
        T0Error::BufferTooSmall = over_t0(read.expecting(9), || Some(&hex!("B2 010203040506070809 9000")))
            => CallService, "the card has more response bytes than the buffer holds: give more room";
    });
}

#[test]
fn of_t1() {
    use t1::{Fault, Trouble};
    /// The first block that a fresh T=1 connection sends, and no answer to it.
    const SILENCE: Trouble = Trouble { sent: 0x80, fault: Fault::Silence };
    let silent = {
        let mut link = t1::Connection::new(t1::Parameters::default());
        let mut buffer = [0; 8];
        let limits = t1::Limits::new(&link, 4, 8);
        let mut exchange = link.exchange(&[0, 0x84, 0, 0], &mut buffer, limits);
        loop {
            match exchange.step() {
                t1::Step::Send(_) => exchange.sent(),
                t1::Step::Receive(_) => exchange.timed_out(),
                t1::Step::Done(result) => break result.unwrap_err(),
            }
        }
    };
    // The other variants need a conversation: the engine's tests have them.
    table!(T1Error {
        T1Error::NoAnswer(_) = silent => TryAgain,
            "the card answered R(0) with nothing within the block waiting time, and no block since its reset was better \
             (rule 7.4.1): reset the card";
        T1Error::ResynchFailed(_) = T1Error::ResynchFailed(SILENCE) => TryAgain,
            "the card answered R(0) with nothing within the block waiting time; three S(RESYNCH request)s did not help \
             (rule 6.4): reset the card";
        T1Error::ResponseLost(_) = T1Error::ResponseLost(SILENCE) => TryAgain,
            "the card answered R(0) with nothing within the block waiting time; the card may have carried out the command: \
             ask it before sending it again";
        T1Error::IfsdRefused(_) = T1Error::IfsdRefused(SILENCE) => TryAgain,
            "the card answered R(0) with nothing within the block waiting time, so it does not know S(IFS request): go on \
             without (rule 4)";
        T1Error::AbortedByCard = T1Error::AbortedByCard
            => TryAgain, "the card aborted the chain (rule 9): send another command";
        T1Error::Aborted = T1Error::Aborted
            => TryAgain, "the chain was aborted as asked (rule 9): send another command";
        T1Error::BufferTooSmall { .. } = T1Error::BufferTooSmall { need: 9 }
            => CallService, "the response has 9 bytes: ask for fewer or give more room";
        T1Error::NoStatusWord { .. } = T1Error::NoStatusWord { have: 1 }
            => AskHolder, "the card's response has 1 bytes, too few for a status word: use another card";
        T1Error::OutOfBudget(Budget::Time) = T1Error::OutOfBudget(Budget::Time)
            => TryAgain, "the command took too long: reset the card";
        T1Error::OutOfBudget(Budget::Blocks) = T1Error::OutOfBudget(Budget::Blocks)
            => TryAgain, "the command took too many blocks: reset the card";
        T1Error::OutOfBudget(Budget::Repetitions) = T1Error::OutOfBudget(Budget::Repetitions)
            => AskHolder, "too many blocks had to be repeated (rule 7): clean the contacts, reset the card";
        T1Error::OutOfBudget(Budget::Extensions) = T1Error::OutOfBudget(Budget::Extensions)
            => AskHolder, "the card asked for more time without end (rule 3): reset the card";
        T1Error::NeedsReset = T1Error::NeedsReset
            => TryAgain, "the command before ended in the middle of a block: reset the card";
    });
}

#[test]
fn of_apdus_and_data_objects() {
    table!(ApduError {
        ApduError::TooShort { .. } = Response::decode(&[0x90]).unwrap_err()
            => CallService, "1 bytes are too few: a command has at least 4, a response 2";
        ApduError::LengthMismatch { .. } = Command::decode(&[0; 6]).unwrap_err()
            => CallService, "Lc and Le do not fit the 6 bytes given";
        ApduError::TooLong = Command::new(0, 0, 0, 0).expecting(70_000).encode(&mut [0; 9]).unwrap_err()
            => CallService, "more than 65535 command or 65536 response bytes: send them in parts";
        ApduError::BufferTooSmall { .. } = Command::new(0, 0, 0, 0).encode(&mut [0; 3]).unwrap_err()
            => CallService, "the buffer needs 4 bytes";
    });
    let error = |bytes: &[u8]| find(bytes, &[0x6F]).unwrap_err();
    table!(TlvError {
        TlvError::TagTooLong = error(&hex!("7F 81 81 81 01 00"))
            => CallService, "the tag of a data object has more than three bytes";
        TlvError::Length(_) = error(&hex!("6F 80")) => CallService,
            "the length of a data object begins with 80, expected 00 to 7F, 81, 82 or 83";
        TlvError::Truncated = error(&[0x6F, 2, 0])
            => CallService, "a data object is cut short, or its length is wrong";
    });
}

#[test]
fn of_the_card_s_data() {
    let error = |bytes: &[u8]| Record::expect::<2>(bytes, 7).unwrap_err();
    table!(RecordError {
        RecordError::Truncated = error(&[7, 2, 0])
            => AskHolder, "a record is cut short: have the agency exchange the card";
        RecordError::TooLong = error(&[7, 0, 0])
            => AskHolder, "bytes follow the end of a record: have the agency exchange the card";
        RecordError::Tag { .. } = error(&[8, 0])
            => CallService, "record 08 where 07 was due: the terminal has no table for this card";
        RecordError::ValueLength { .. } = error(&[7, 0])
            => AskHolder, "record 07 should have 2 bytes: have the agency exchange the card";
        // The reader of a card makes this error, since only the reader knows what the value should be.
        RecordError::Value { .. } = RecordError::Value { tag: 7 }
            => AskHolder, "record 07 has an impossible value: have the agency exchange the card";
    });
    let error = |text: &[u8]| IdNumber::new(text).unwrap_err();
    table!(CodeError {
        CodeError::Length { .. } = error(b"1") => AskHolder, "must have 18 characters";
        CodeError::Character { .. } = error(b"3405241980010100!X")
            => AskHolder, "has a character that is not allowed, at position 17";
        CodeError::Check { .. } = error(b"340524198001010011")
            => AskHolder, "has a wrong check character: it should be X";
        CodeError::BirthDate = error(b"34052419801301001X") => AskHolder, "contains a birth date that does not exist";
        CodeError::Provider = IdentCode::new([0; 16]).unwrap_err()
            => AskHolder, "lacks the provider identifier D156000005 in bytes 4 to 8";
    });
}

#[test]
fn of_frames() {
    let error = |bytes: &[u8]| {
        let mut decoder = Decoder::<8>::new();
        let mut heard = None;
        for byte in bytes {
            heard = decoder.push(*byte).map(|frame| frame.map(drop)).or(heard);
        }
        heard.unwrap().unwrap_err()
    };
    // The tests of the frame make bytes with a right check and another fault.
    table!(FrameError {
        FrameError::TooLong = error(&[&[0][..], &[1; 60], &[0]].concat())
            => TryAgain, "a frame is longer than there is room for, or its end was lost";
        FrameError::TooShort = error(&[0, 1, 0]) => TryAgain, "a frame is too short to be one";
        FrameError::Check = error(&[0, 1, 2, 3, 4, 0])
            => TryAgain, "a frame's check is wrong: it was disturbed on the line";
        FrameError::Stuffing = FrameError::Stuffing => CallService, "a frame is not stuffed as COBS demands";
        FrameError::Length = FrameError::Length => CallService, "a frame's length is not that of its payload";
        FrameError::Peer(_) = FrameError::Peer(3)
            => CallService, "a frame is for peer 3, which there is not";
    });
}

fn key() -> X919 {
    X919::new(*b"TEST key, advice")
}

/// Length, TPDU and header before `rest`.
fn framed(rest: &[u8]) -> vec::Vec<u8> {
    [&(11 + rest.len() as u16).to_be_bytes()[..], &TPDU, &HEADER, rest].concat()
}

#[test]
fn of_iso_8583() {
    let error = |rest: &[u8]| Message::read(&framed(rest)).unwrap_err();
    table!(FormatError {
        FormatError::Short = error(&[]) => CallService, "the message ends before its bitmap";
        FormatError::Length { .. } = Message::read(&[0, 2, 1]).unwrap_err()
            => CallService, "the message's length says 2 bytes, and 1 follow";
        FormatError::Mti(_) = error(&hex!("02A0 0000000000000000"))
            => CallService, "message type 02A0 has something else than digits";
        FormatError::SecondBitmap = error(&hex!("0200 8000000000000000"))
            => CallService, "bit 1 of the bitmap is set, but a message has one bitmap";
        FormatError::Truncated { .. } = error(&hex!("0200 2000000000000000 0000"))
            => CallService, "the message ends within F3";
        FormatError::FieldLength { .. } = error(&hex!("0200 4000000000000000 1A"))
            => CallService, "the length of F2 has something else than digits";
        FormatError::TooLong { .. } = error(&hex!("0200 4000000000000000 20"))
            => CallService, "F2 is longer than it may be";
        FormatError::Content { .. } = error(&hex!("0200 4000000000000000 03 12A0"))
            => CallService, "F2 has a character that it must not have";
        FormatError::Trailing(_) = error(&hex!("0200 0000000000000000 00"))
            => CallService, "1 bytes follow the message's last field";
    });
    let error = |room: usize, put: fn(&mut Writer<'_>)| {
        let mut buffer = vec![0; room];
        let mut writer = Writer::new(&mut buffer, TPDU, HEADER, Mti(0x0200));
        put(&mut writer);
        writer.finish().map(drop).unwrap_err()
    };
    table!(WriteError {
        WriteError::Full { .. } = error(0, |_| ())
            => CallService, "the buffer is too small: it ends within F0";
        WriteError::Field { .. } = error(99, |writer| writer.text(43, b"a"))
            => CallService, "F43 is unknown or consists of something else";
        WriteError::Length { .. } = error(99, |writer| writer.digits(3, &[0; 5]))
            => CallService, "F3 cannot be that long";
        WriteError::Content { .. } = error(99, |writer| writer.digits(3, &[10; 6]))
            => CallService, "F3 cannot hold such a character";
        WriteError::Order { .. } = error(99, |writer| {
            writer.digits(13, &[0; 4]);
            writer.digits(12, &[0; 6]);
        }) => CallService, "F12 must stand before the fields with higher numbers, and once";
    });
}

/// A request that a terminal of this name writes.
fn written(terminal: [u8; 8]) -> Result<vec::Vec<u8>, MessageError> {
    let institution = InstitutionCode::new("P32010000017").unwrap();
    let body =
        Body::Report { card: None, operation: &crate::rules::decision::Operation::Query, reason: Reason::PinWrong };
    let (terminal, batch) = (TerminalId(terminal), Batch(1));
    let request = Request { institution, terminal, batch, time: Timestamp::UNSET, body };
    write_request(&request, Stan(1), &key(), &mut [0; MESSAGE_MAX]).map(|(_, bytes)| bytes.to_vec())
}

#[test]
fn of_messages() {
    let read = |bytes: &[u8], key: &X919| {
        let message = Message::read(bytes).map_err(MessageError::Format)?;
        read_request(&message, key, &mut Parts::default()).map(drop)
    };
    let request = written(*b"00000001").unwrap();
    let without = |number: u8| {
        let message = Message::read(&request).unwrap();
        let mut buffer = [0; MESSAGE_MAX];
        let mut writer = Writer::new(&mut buffer, TPDU, HEADER, message.mti());
        message.fields().filter(|value| value.field.number != number).for_each(|value| writer.copy(value));
        read(writer.finish_with_mac(&key()).unwrap(), &key()).unwrap_err()
    };
    // The tests of the messages have the variants that a centre's bytes cause.
    table!(MessageError {
        MessageError::Format(_) = read(&[0, 2, 1], &key()).unwrap_err()
            => CallService, "the message's length says 2 bytes, and 1 follow";
        MessageError::Write(_) = written([0; 8]).unwrap_err() => CallService, "F41 cannot hold such a character";
        MessageError::Mac = read(&request, &X919::new([0; 16])).unwrap_err()
            => CallService, "F64 is missing or wrong: both sides must have the same key and rule";
        MessageError::Missing { .. } = without(11) => CallService, "F11 is missing";
        MessageError::MissingObject { .. } = without(62) => CallService, "F62: object DF10 is missing";
        MessageError::Unknown = MessageError::Unknown
            => CallService, "the message's type with its F60 has no meaning here";
        MessageError::Value { .. } = MessageError::Value { field: 12 }
            => CallService, "F12 has a value that it cannot have here";
        MessageError::Objects { .. } = MessageError::Objects { field: 55, error: TlvError::TagTooLong }
            => CallService, "F55: the tag of a data object has more than three bytes";
        MessageError::Object { .. } = MessageError::Object { field: 62, tag: 0xDF21 }
            => CallService, "F62: object DF21 has a value that it cannot have";
        MessageError::NotTheAnswer = MessageError::NotTheAnswer => TryAgain, "the answer is to another message";
        MessageError::Rejected(_) = MessageError::Rejected(*b"A0")
            => CallService, "the centre could not act on the message: response code A0";
        MessageError::Unfit = MessageError::Unfit
            => CallService, "such an answer does not belong to such a request";
        MessageError::NotSignedIn = MessageError::NotSignedIn
            => CallService, "such a message needs a working key, which a sign-in brings";
        MessageError::WorkingKey = MessageError::WorkingKey
            => CallService, "the working key does not fit its check value: both sides must have the same master key";
    });
    assert_eq!([written([0; 8]).unwrap_err().field(), without(11).field(), without(62).field()], [41, 11, 62]);
}

/// The firmware's link makes these errors, and the firmware tests them.
#[test]
fn of_the_way_to_the_centre() {
    table!(LinkError {
        LinkError::NoAnswer = LinkError::NoAnswer => TryAgain, "the centre did not answer in time: try again later";
        LinkError::NotSetUp = LinkError::NotSetUp => CallService,
            "nothing was sent to the centre, since the terminal has no key: send it the set-up first";
        LinkError::NotSignedIn = LinkError::NotSignedIn => CallService,
            "nothing was sent to the centre, since the terminal has no working key: let it sign in first";
        LinkError::WorkingKey = LinkError::WorkingKey => CallService,
            "the working key that the centre gave does not fit its check value: give terminal and centre the same master key";
        LinkError::Unwritable { field: 0 } = LinkError::Unwritable { field: 0 } => CallService,
            "nothing was sent to the centre, since the message does not fit: report this to the maker";
        LinkError::Unwritable { .. } = LinkError::Unwritable { field: 41 } => CallService,
            "nothing was sent to the centre, since F41 cannot hold its value: correct the terminal's set-up or the card";
        LinkError::Rejected([b'A', b'0']) = LinkError::Rejected(*b"A0") => CallService,
            "the centre rejected the message with response code A0: give terminal and centre the same key and MAC rule";
        LinkError::Rejected(_) = LinkError::Rejected(*b"30") => CallService,
            "the centre rejected the message with response code 30: compare the versions of terminal and centre";
        LinkError::Failed = LinkError::Failed => CallService,
            "the line to the centre, or the centre itself, has failed: repair it";
    });
    // Whatever may have been sent gets its reversal.
    for (error, unsent, reason) in [
        (LinkError::NoAnswer, false, Reason::NoAnswer),
        (LinkError::NotSetUp, true, Reason::NotSent),
        (LinkError::NotSignedIn, true, Reason::NotSent),
        (LinkError::WorkingKey, false, Reason::WorkingKeyWrong),
        (LinkError::Unwritable { field: 41 }, true, Reason::NotSent),
        (LinkError::Rejected(*b"A0"), false, Reason::Rejected),
        (LinkError::Failed, false, Reason::NoAnswer),
    ] {
        assert_eq!((error.is_unsent(), error.reason()), (unsent, reason), "{error}");
    }
    table!(Refused {
        Refused::Malformed = Refused::Malformed => CallService,
            "the terminal does not know this command: till and terminal are of different versions";
        Refused::NotSetUp = Refused::NotSetUp => TryAgain,
            "the terminal has not been set up: send it its key, which says where it stands";
        Refused::Busy = Refused::Busy => TryAgain, "the terminal serves a holder: wait for the end, or cancel";
        Refused::NotHere = Refused::NotHere => AskHolder,
            "the institution that the terminal is set up for does not offer this operation";
        Refused::NoKey = Refused::NoKey => CallService, "the terminal has no master key of this name: load it first";
        Refused::OtherKey = Refused::OtherKey => CallService,
            "the key is not enciphered under the master key that the terminal has (before its first one, under the \
             transport key of its maker), or was changed on its way";
        Refused::CheckValue = Refused::CheckValue => CallService,
            "the key does not fit its check value: nothing was changed";
        Refused::Parity = Refused::Parity => CallService,
            "a byte of the key has an even number of ones, so it is no key: nothing was changed";
        Refused::Owing = Refused::Owing => TryAgain,
            "the terminal owes something under its name and under the one before: let it reach the centre first";
        Refused::NotKept = Refused::NotKept => CallService,
            "the terminal's storage has not taken the key: call service";
        Refused::NoRandom = Refused::NoRandom => CallService,
            "the terminal's source of random numbers has failed its test, and it uses no key: start it anew; if it \
             says so again, call service";
    });
}

#[test]
fn of_reasons() {
    let words = |advice| {
        let of = Reason::ALL.iter().filter(|reason| reason.advice() == advice);
        of.map(|reason| reason.as_str()).collect::<vec::Vec<_>>().join(" ")
    };
    assert_eq!(
        words(Advice::TryAgain),
        "no-answer cancelled-by-operator nobody-came pin-not-keyed not-signed-in already-reversed centre-busy region-down expired \
         batch-settled"
    );
    let service = "institution-unknown institution-not-designated storage-failed not-sent message-rejected \
                   terminal-name-taken numbers-used-up number-reused clock-wrong working-key-wrong \
                   unknown-transaction already-confirmed journal-full \
                   totals-differ";
    assert_eq!(words(Advice::CallService), service);
    let others: String = words(Advice::AskHolder);
    assert_eq!(others.split(' ').count(), Reason::ALL.len() - 24);
}
