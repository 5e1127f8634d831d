//! Every error there is, with its advice and its words.

use std::io::ErrorKind;
use std::path::PathBuf;

use hex::FromHexError;

use qiyong_protocol::card::codes::{CardNumber, IdNumber};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::ecr::Refused;
use qiyong_protocol::frame::FrameError;
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
use qiyong_protocol::rules::money::Fen;

use qiyong_protocol::error_table as table;

use super::*;

fn path() -> PathBuf {
    "f".into()
}

fn key() -> String {
    "step 1: k".into()
}

fn day(year: u16) -> Date {
    Date::new(year, 1, 2).unwrap()
}

#[test]
fn of_what_people_hand_in() {
    table!(AmountError {
        AmountError::NotYuan = AmountError::NotYuan => CorrectInput, "must be an amount in yuan, such as 35.80";
        AmountError::TooMuch = AmountError::TooMuch => CorrectInput, format!("must be at most {}", Fen::MAX);
    });
    let allowed = crate::input::ALLOWED;
    table!(HexError {
        HexError::Alone { .. } = HexError::Alone { digit: '6', position: 4 }
            => CorrectInput, format!("the digit '6' at position 4 stands alone: a byte has two hex digits; {allowed}");
        HexError::NotHex { .. } = HexError::NotHex { character: 'g', position: 2 }
            => CorrectInput, format!("the character 'g' at position 2 is no hex digit; {allowed}");
        HexError::Empty = HexError::Empty => CorrectInput, format!("there are no bytes in the input; {allowed}");
    });
    table!(HolderError {
        HolderError(_) = HolderError("x".into())
            => CorrectInput, "the name \"x\" cannot be stored: it must have 1 to 30 bytes in GBK, or up to 50 on cards with a \
                              name extension (v2, v3)";
    });
}

#[test]
fn of_a_file_of_exchanges() {
    table!(ParseError {
        ParseError { .. } = ParseError { line: 2, token: 3, problem: ExchangeProblem::NotInT0 }
            => CorrectInput, "line 2, token 3: there is no such thing in T=0: leave it out, or set t=1";
    });
    let given = || "x".to_string();
    table!(ExchangeProblem {
        ExchangeProblem::NoName = ExchangeProblem::NoName
            => CorrectInput, "there is no name and a colon before the tokens, like `a-name: C:00840000`";
        ExchangeProblem::LateSetting { .. } = ExchangeProblem::LateSetting { setting: "t=0".into() }
            => CorrectInput, "the setting `t=0` comes after the exchange has begun: put it in front";
        ExchangeProblem::Beginning = ExchangeProblem::Beginning
            => CorrectInput, "an exchange begins with `C:HEX` or `ifsd=N`";
        ExchangeProblem::NoCommand = ExchangeProblem::NoCommand
            => CorrectInput, "there is no command: an exchange begins with `C:HEX` or `ifsd=N`";
        ExchangeProblem::NotInT0 = ExchangeProblem::NotInT0 => CorrectInput, "there is no such thing in T=0: leave it out, or \
                                                                              set t=1";
        ExchangeProblem::NoToken { .. } = ExchangeProblem::NoToken { token: given() }
            => CorrectInput, "`x` is no token: write C:HEX, ifsd=N, abort, >HEX, <HEX, !timeout, !parity, R:HEX or \
                              E:NAME";
        ExchangeProblem::Number { .. }
            = ExchangeProblem::Number { key: "t".into(), given: given(), least: 0, most: 1 }
            => CorrectInput, "`t` is \"x\"; it must be a number from 0 to 1";
        ExchangeProblem::Edc { .. } = ExchangeProblem::Edc { given: given() }
            => CorrectInput, "`edc` is \"x\"; it must be `lrc` or `crc`";
        ExchangeProblem::NoSetting { .. } = ExchangeProblem::NoSetting { key: given() }
            => CorrectInput, "there is no setting `x`; there are: t, ifsc, ifsd, edc, wi, bwi, cwi";
        ExchangeProblem::NoBytes = ExchangeProblem::NoBytes
            => CorrectInput, "there are no bytes: write pairs of hex digits without spaces";
        ExchangeProblem::NotHex { .. } = ExchangeProblem::NotHex { given: given(), error: HexError::Empty }
            => CorrectInput, format!("`x` must be pairs of hex digits: {}", HexError::Empty);
    });
}

const fn unknown_habit() -> UnknownHabit {
    UnknownHabit { allowed: "1 to 255" }
}

#[test]
fn of_a_card_file() {
    table!(UnknownHabit {
        UnknownHabit { .. } = unknown_habit() => CorrectInput, "must be 1 to 255";
    });
    table!(AntennaProblem {
        AntennaProblem::Uid = AntennaProblem::Uid => CorrectInput, "must have 4, 7 or 10 bytes";
        AntennaProblem::Cascade = AntennaProblem::Cascade
            => CorrectInput, "must not begin with 88, which announces a longer one";
        AntennaProblem::Fsci = AntennaProblem::Fsci => CorrectInput, "must be 0 to 8";
        AntennaProblem::Fourteen = AntennaProblem::Fourteen => CorrectInput, "must be 0 to 14";
        AntennaProblem::Historical = AntennaProblem::Historical => CorrectInput, "must be at most 15 bytes";
    });
    table!(CardFileError {
        CardFileError::Io { .. } = CardFileError::Io { doing: "read", path: path(), error: ErrorKind::NotFound.into() }
            => CorrectInput, "cannot read the card file f: entity not found; check that it is there, and that it and \
                              its folder may be read and written";
        CardFileError::InUse { .. } = CardFileError::InUse { path: path() }
            => TryAgain, "another program has the card f: end it, or take the card out there (`qiyong pcscd ctl ... remove`)";
        CardFileError::Changed { .. } = CardFileError::Changed { path: path() }
            => TryAgain, "f was changed by somebody else while the card was in use: take the card out, and put it in again";
        CardFileError::Toml { .. } = CardFileError::Toml { path: path(), problem: "line 1, column 2: no".into() }
            => CorrectInput, "f is no complete card file: line 1, column 2: no; correct it, or make a new one (`qiyong \
                              card new`)";
        CardFileError::Value { .. }
            = CardFileError::Value { path: path(), place: None, key: "pin.value".into(), problem: ValueProblem::Pin }
            => CorrectInput, "f: `pin.value` must be 4 to 16 digits";
    });
    table!(ValueProblem {
        ValueProblem::Format { .. } = ValueProblem::Format { found: 2, read: 1 }
            => CorrectInput, "is 2, and this program reads format 1: use the version of it that has written the file";
        ValueProblem::Generation = ValueProblem::Generation => CorrectInput, "must be v1, v2 or v3";
        ValueProblem::Word { .. } = ValueProblem::Word { allowed: &["no", "card"] }
            => CorrectInput, "must be one of no, card";
        ValueProblem::NotHex(_) = ValueProblem::NotHex(FromHexError::OddLength)
            => CorrectInput, "must be hex: Odd number of digits";
        ValueProblem::AtrLength { .. } = ValueProblem::AtrLength { most: 64 }
            => CorrectInput, "must be 1 to 64 bytes, which need not be a valid ATR";
        ValueProblem::OfOtherInterface = ValueProblem::OfOtherInterface
            => CorrectInput, "does not go with `interfaces`, which names no such side of the card: leave it out, or \
                              name that side there";
        ValueProblem::Antenna(_) = ValueProblem::Antenna(AntennaProblem::Fsci) => CorrectInput, "must be 0 to 8";
        ValueProblem::Habit(_) = ValueProblem::Habit(unknown_habit()) => CorrectInput, "must be 1 to 255";
        ValueProblem::Key = ValueProblem::Key => CorrectInput, "must be 32 hex digits";
        ValueProblem::KeyName = ValueProblem::KeyName => CorrectInput, "must be named by two hex digits";
        ValueProblem::TooManyKeys { .. } = ValueProblem::TooManyKeys { most: 4 }
            => CorrectInput, "is one too many: a card has at most 4 of these keys";
        ValueProblem::KeyMissing = ValueProblem::KeyMissing => CorrectInput, "is missing: take it from the file of a new card \
                                                                              (`qiyong card new`)";
        ValueProblem::Pin = ValueProblem::Pin => CorrectInput, "must be 4 to 16 digits";
        ValueProblem::PinTries = ValueProblem::PinTries
            => CorrectInput, "must be 1 to 15, and `pin.left` not more";
        ValueProblem::KeyTries { .. } = ValueProblem::KeyTries { most: 3 } => CorrectInput, "must be 0 to 3";
        ValueProblem::RecordMissing = ValueProblem::RecordMissing
            => CorrectInput, "is missing: is the file cut off?";
        ValueProblem::NoFile(_) = ValueProblem::NoFile(Generation::V1) => CorrectInput, "is no file of a v1 card: leave it out";
        ValueProblem::NoRecord = ValueProblem::NoRecord
            => CorrectInput, "is no record of this file: leave it out, or name it by its tag in hex";
        ValueProblem::NoRecordNumber { .. } = ValueProblem::NoRecordNumber { count: 9 }
            => CorrectInput, "is no record of this file; they are 1 to 9";
        ValueProblem::NotBytes = ValueProblem::NotBytes
            => CorrectInput, "is unknown: write the one key of this file, `bytes`";
        ValueProblem::AtLeast(_) = ValueProblem::AtLeast(2) => CorrectInput, "must have at least 2 bytes";
        ValueProblem::Bytes(_) = ValueProblem::Bytes(16) => CorrectInput, "must have 16 bytes";
        ValueProblem::LargerThanFile(_) = ValueProblem::LargerThanFile(99)
            => CorrectInput, "has 99 bytes, more than the file's size: shorten it";
        ValueProblem::NotGbk = ValueProblem::NotGbk => CorrectInput, "has characters that GBK does not have: write it \
                                                                      with others";
        ValueProblem::NotDigits = ValueProblem::NotDigits => CorrectInput, "must be digits";
        ValueProblem::OtherLength { .. } = ValueProblem::OtherLength { len: 4, found: 3 }
            => CorrectInput, "must have exactly 4 bytes, it has 3";
        ValueProblem::TooLong { .. } = ValueProblem::TooLong { len: 4, found: 5 }
            => CorrectInput, "must have at most 4 bytes, it has 5";
        ValueProblem::Day = ValueProblem::Day => CorrectInput, "must be a day that exists, as YYYYMMDD";
        ValueProblem::Code(_) = IdNumber::new(b"1").unwrap_err().into()
            => CorrectInput, IdNumber::new(b"1").unwrap_err();
        ValueProblem::SecretKey = ValueProblem::SecretKey => CorrectInput, "must be 64 hex digits, a key of SM2";
        ValueProblem::CertificateLength(_) = ValueProblem::CertificateLength(2049)
            => CorrectInput, "has 2049 bytes; a certificate has at most 2048";
        ValueProblem::Version = ValueProblem::Version => CorrectInput, "must be 1.00, 2.00 or 3.00";
    });
}

#[test]
fn of_a_scenario_file() {
    use ScenarioProblem as P;
    let given = || "x".to_string();
    let error = || InstitutionCode::new("x").unwrap_err();
    table!(ScenarioError {
        ScenarioError { .. } = ScenarioError { file: "f".into(), place: None, problem: P::NoStep.into() }
            => CorrectInput, "f: there is no [[step]]: nothing would happen; write one at least";
    });
    table!(ScenarioProblem {
        P::Unreadable(_) = P::Unreadable(ErrorKind::NotFound.into())
            => CorrectInput, "cannot be read: entity not found; check that it is there and may be read";
        P::Toml { .. } = P::Toml { cause: "line 1, column 2: no".into() } => CorrectInput, "line 1, column 2: no";
        P::Unquoted { .. } = P::Unquoted { key: key() } => CorrectInput, "`step 1: k` must stand in quotes";
        P::NoList { .. } = P::NoList { key: "card".into() }
            => CorrectInput, "`card` must be written [[card]]: there can be several";
        P::NoSingle { .. } = P::NoSingle { key: "centre".into() }
            => CorrectInput, "`centre` must be written [centre]: there is one";
        P::NoTable { .. } = P::NoTable { key: "step 1.expect".into(), last: "expect".into() }
            => CorrectInput, "`step 1.expect` must be a table, like expect = { key = value }";
        P::Code { .. } = P::Code { key: key(), error: error() } => CorrectInput, format!("`step 1: k` {}", error());
        P::InstitutionCode { .. } = P::InstitutionCode { key: key(), error: error() }
            => CorrectInput, format!("`step 1: k` {}; it must be B, H or P, six digits of the area and five more", error());
        P::Holder { .. } = P::Holder { key: key(), error: HolderError(given()) }
            => CorrectInput, format!("`step 1: k` {}", HolderError(given()));
        P::InstitutionTwice { .. }
            = P::InstitutionTwice { key: key(), code: InstitutionCode::new("P32010000017").unwrap() }
            => CorrectInput, "`step 1: k` P32010000017 stands twice: give each institution a code of its own";
        P::NameTwice { .. } = P::NameTwice { place: "card 2".into(), name: given() }
            => CorrectInput, "card 2: `name` \"x\" stands twice: give each a name of its own";
        P::NumberTwice { .. }
            = P::NumberTwice { place: "card 2".into(), number: CardNumber::new(b"X00000019").unwrap() }
            => CorrectInput, "card 2: `number` X00000019 stands twice: give each card a number of its own";
        P::NoStep = P::NoStep => CorrectInput, "there is no [[step]]: nothing would happen; write one at least";
        P::NoExpectedCard { .. } = P::NoExpectedCard { name: given() }
            => CorrectInput, "`expect.card.x`: there is no card of that name; add it, or name one that is in a [[card]]";
        P::Clock { .. } = P::Clock { given: given() }
            => CorrectInput, "`clock` is \"x\"; it must be a date and time with zone, like 2026-03-02T09:00:00+08:00";
        P::Letter { .. } = P::Letter { key: key(), kind: Channel::Hospital }
            => CorrectInput, "`step 1: k` is a hospital, so its code must begin with H";
        P::Word { .. } = P::Word { key: key(), given: given(), allowed: vec!["a", "b"] }
            => CorrectInput, "`step 1: k` is \"x\"; allowed are a, b";
        P::Day { .. } = P::Day { key: key(), given: given() }
            => CorrectInput, "`step 1: k` is \"x\"; it must be a day that exists, as YYYY-MM-DD";
        P::DayOrLongTerm { .. } = P::DayOrLongTerm { key: key(), given: given() }
            => CorrectInput, "`step 1: k` is \"x\"; it must be a day that exists, as YYYY-MM-DD, or long-term";
        P::Atr { .. } = P::Atr { key: key(), most: 64 }
            => CorrectInput, "`step 1: k` must be 1 to 64 bytes in hex; they need not be a valid ATR";
        P::Habit { .. } = P::Habit { key: key(), problem: unknown_habit() }
            => CorrectInput, "`step 1: k` must be 1 to 255";
        P::Record { .. } = P::Record { key: key(), problem: ValueProblem::NotDigits }
            => CorrectInput, "`step 1: k` must be digits";
        P::InAtr { .. } = P::InAtr { key: key() }
            => CorrectInput, "`step 1: k` does not go with `atr`, which says it: take one of the two out";
        P::Pin { .. } = P::Pin { key: key() } => CorrectInput, "`step 1: k` must be 4 to 16 digits";
        P::TooMuch { .. } = P::TooMuch { key: key() }
            => CorrectInput, "`step 1: k` must be at most 999999999999 fen";
        P::Name { .. } = P::Name { key: key() }
            => CorrectInput, "`step 1: k` must be a name of 1 to 50 bytes in GBK";
        P::DocumentNumber { .. } = P::DocumentNumber { key: key() }
            => CorrectInput, "`step 1: k` must be 1 to 20 printable ASCII characters";
        P::ExpiresFirst { .. } = P::ExpiresFirst { key: key(), expires: day(2025), issued: day(2026) }
            => CorrectInput, "`step 1: k` 2025-01-02 lies before `issued` 2026-01-02: give a later day";
        P::Number { .. } = P::Number { key: key(), allowed: "0 or 1" }
            => CorrectInput, "`step 1: k` must be 0 or 1";
        P::NoneNamed { .. } = P::NoneNamed { key: key(), given: given(), known: vec!["a".into(), "b".into()] }
            => CorrectInput, "`step 1: k`: none is named \"x\": add it, or name another; there are a, b";
        P::NotOffered { .. } = P::NotOffered { key: key(), what: "settle", place: Channel::Hospital }
            => CorrectInput, "`step 1: k` is \"settle\", which a terminal at a hospital does not offer: choose another \
                              operation, or a terminal that offers it";
        P::OtherOperation { .. } = P::OtherOperation { key: key(), what: "query".into() }
            => CorrectInput, "`step 1: k` does not go with `do = \"query\"`: leave it out";
        P::NoTotal { .. } = P::NoTotal { key: key() } => CorrectInput, "`step 1: k` is missing: give the amount in fen";
        P::NothingToPay { .. } = P::NothingToPay { key: key() }
            => CorrectInput, "`step 1: k` must be more than 0 fen";
        P::FundAboveTotal { .. } = P::FundAboveTotal { key: key() } => CorrectInput, "`step 1: k` must be at most `total`";
        P::FaultLasts { .. } = P::FaultLasts { key: key(), fault: "pulled".into() }
            => CorrectInput, "`step 1: k` does not go with \"pulled\", which lasts: leave it out";
        P::NoShift { .. } = P::NoShift { key: key() }
            => CorrectInput, "`step 1: k` goes with \"late\" and \"early\" only: leave it out here";
        P::OneInNone { .. } = P::OneInNone { key: key() }
            => CorrectInput, "`step 1: k` must be at least 1: one character in so many is disturbed";
        P::NoFaults { .. } = P::NoFaults { key: key() }
            => CorrectInput, "`step 1: k` is empty: nothing would be disturbed; name one fault at least";
    });
    let none = P::NoneNamed { key: key(), given: given(), known: vec![] };
    assert_eq!(none.to_string(), "`step 1: k`: none is named \"x\": add it, or name another; there are none");
}

#[test]
fn of_what_happens_while_a_scenario_is_played() {
    table!(TillError {
        TillError::Refused(_) = TillError::Refused(Refused::NotSetUp)
            => CallService, format!("the terminal refuses a command: {}; report it to whoever maintains the program, \
                                     with the file that was played", Refused::NotSetUp);
        TillError::Silent = TillError::Silent => CallService, "the terminal does not answer its till: report it to \
                                                               whoever maintains the program, with the file that was \
                                                               played";
        TillError::PowerCut = TillError::PowerCut => TryAgain, "the terminal has lost its power: start it again, and \
                                                                it settles what it had begun";
        TillError::TillKilled = TillError::TillKilled => TryAgain, "the till was killed: start it again, and it asks \
                                                                    the terminal what became of the visit";
        TillError::Hangs = TillError::Hangs => CallService, "the visit comes to no end: report it to whoever maintains \
                                                             the program, with the file that was played";
    });
    table!(Nonsense {
        Nonsense::NoEvent = Nonsense::NoEvent => TryAgain, "an event that is none: wait until the terminal says it \
                                                            again";
        Nonsense::NoFrame(_) = Nonsense::NoFrame(FrameError::Check) => TryAgain, FrameError::Check.to_string();
    });
    table!(FlashFileError {
        FlashFileError::InUse { .. } = FlashFileError::InUse { path: path() }
            => CorrectInput, "f: another program runs a terminal with this memory: end it, or give this terminal a memory of its own";
        FlashFileError::Foreign { .. } = FlashFileError::Foreign { path: path(), length: 14 }
            => CorrectInput, "f has 14 bytes and is no terminal's memory, which has 65536: name another file";
        FlashFileError::System { .. } = FlashFileError::System { path: path(), error: ErrorKind::NotFound.into() }
            => CorrectInput, "f: entity not found";
    });
    table!(RunError {
        RunError::Centre(_) = RunError::Centre("full".into()) => CallService, "the centre failed: full";
        RunError::Issue(_) = RunError::Issue("full".into()) => CallService, "a card cannot be made: full";
        RunError::Till(_) = RunError::Till(TillError::Silent)
            => CallService, format!("till and terminal: {}", TillError::Silent);
        RunError::Stage { .. } = RunError::Stage { error: "slow".into(), advice: Advice::TryAgain } => TryAgain, "slow";
        RunError::NotHere(_) = RunError::NotHere("bytes".into()) => CorrectInput, "not for this bench: bytes";
    });
}

#[cfg(feature = "capture")]
#[test]
fn of_a_capture() {
    table!(CaptureError {
        CaptureError::Folder { .. } = CaptureError::Folder { path: path(), error: ErrorKind::NotFound.into() }
            => CorrectInput, "cannot make the folder f: entity not found; choose another place, or let this user write \
                              there";
        CaptureError::File { .. } = CaptureError::File { path: path(), error: ErrorKind::NotFound.into() }
            => CorrectInput, "cannot write the capture f: entity not found; check that its folder may be written and \
                              has room, or leave --capture out";
        CaptureError::SameName { .. } = CaptureError::SameName { first: path(), second: "g".into() }
            => CorrectInput, "the captures of f and g would have the same name: give one of these files another name";
    });
}

#[cfg(feature = "capture")]
#[test]
fn of_a_waveform() {
    table!(VcdError {
        VcdError::Io(_) = VcdError::Io(ErrorKind::NotFound.into()) => CorrectInput, "it cannot be read: entity not found; check that \
                                                                                     it is there and may be read";
        VcdError::Damaged { .. } = VcdError::Damaged { line: 3, what: "time goes back" }
            => CorrectInput, "line 3: time goes back; capture it again, and save it as VCD";
        VcdError::NoChannel { .. } = VcdError::NoChannel { pin: "RST", have: "there are a, b".into() }
            => CorrectInput, "there is no channel for RST: say which with --pin RST=NAME; there are a, b";
        VcdError::NoSuchChannel { .. } = VcdError::NoSuchChannel { name: "x".into(), have: "there are a, b".into() }
            => CorrectInput, "there is no channel \"x\": name another with --pin; there are a, b";
        VcdError::Empty = VcdError::Empty => CorrectInput, "it has channels, but nothing ever changes: is it a capture?";
    });
}
