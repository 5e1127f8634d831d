//! Till and centre over one serial line, provisionally: small binary frames until the framed protocol and ISO 8583
//! (domain.md §5) take their place. Both ends are here, so that one test holds them together.
//!
//! A frame is `02`, the length of what follows up to the check (two bytes, big-endian), a kind, the kind's bytes, and a
//! check of all but the `02` (the CRC that T=1 has, ISO/IEC 13239). Numbers are big-endian. What is damaged is dropped; there is no repetition.
//!
//! The operation under way is known to both ends, so messages to the centre do not carry it; a document that a bank
//! looks at never leaves the till.

use heapless::Vec;

use qiyong_protocol::activation::decision::{Effects, Operation, PresentedCard};
use qiyong_protocol::activation::institution::InstitutionCode;
use qiyong_protocol::activation::money::{Bill, Fen};
use qiyong_protocol::activation::reason::Reason;
use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::keys::{Algorithm, Cryptogram};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::host::{Answer, Authenticate, Body, Receipt, Stan, Standing, TerminalId};
use qiyong_protocol::iso7816::atr::Edc;
use qiyong_protocol::iso7816::t1::Check;

use crate::terminal::{Cause, Report};

/// The most bytes of a frame's kind and contents.
pub const FRAME_MAX: usize = 200;
/// What a frame carries: its kind, and the kind's bytes.
pub type Frame = Vec<u8, FRAME_MAX>;

/// The first byte of a frame.
const START: u8 = 0x02;

/// A till's command to the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Where the terminal stands, once after it started.
    Setup {
        /// The institution.
        institution: InstitutionCode,
        /// The terminal's name in it.
        terminal: TerminalId,
        /// The number of its next transaction.
        next_stan: Stan,
    },
    /// Serve one holder. A document is left out, see above.
    Serve {
        /// What is to be done.
        operation: Operation,
        /// The time, which the terminal takes for that of the whole visit.
        time: Timestamp,
    },
}

/// How a visit ended, as the till hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Why it was not approved, unless it was.
    pub reason: Option<Reason>,
    /// What was done.
    pub effects: Effects,
    /// The personal account's balance after a transaction.
    pub balance: Option<Fen>,
    /// The transaction's number, if one was sent.
    pub stan: Option<Stan>,
    /// The holder replaced the initial PIN.
    pub pin_changed: bool,
    /// At a bank: why the offer to replace it came to nothing, unless it was declined.
    pub pin_unchanged: Option<Reason>,
    /// What exactly was wrong with the card, where that is known.
    pub cause: Option<Cause>,
}

impl From<&Report> for Ending {
    fn from(report: &Report) -> Self {
        let Report { reason, effects, balance, stan, pin_changed, pin_unchanged, cause, .. } = *report;
        Self { reason, effects, balance, stan, pin_changed, pin_unchanged, cause }
    }
}

/// Puts frames together from what comes over the line.
pub struct Receiver {
    state: State,
    frame: Frame,
    check: Check,
}

impl Default for Receiver {
    fn default() -> Self {
        Self { state: State::Start, frame: Frame::new(), check: Check::new(Edc::Crc) }
    }
}

#[derive(Clone, Copy)]
enum State {
    Start,
    LenHigh,
    LenLow(u8),
    Contents(u16),
    CheckHigh,
    CheckLow,
}

impl Receiver {
    /// Takes a byte; returns a frame that it ends. What does not belong to a whole frame is skipped.
    pub fn received(&mut self, byte: u8) -> Option<&[u8]> {
        self.check.update(&[byte]);
        self.state = match self.state {
            State::Start if byte == START => {
                self.frame.clear();
                self.check = Check::new(Edc::Crc);
                State::LenHigh
            }
            State::Start => State::Start,
            State::LenHigh => State::LenLow(byte),
            State::LenLow(high) => match u16::from_be_bytes([high, byte]) {
                len if len > 0 && usize::from(len) <= FRAME_MAX => State::Contents(len),
                _ => State::Start,
            },
            State::Contents(left) => {
                // There is room: the length was looked at.
                let _ = self.frame.push(byte);
                if left > 1 { State::Contents(left - 1) } else { State::CheckHigh }
            }
            State::CheckHigh => State::CheckLow,
            State::CheckLow => {
                self.state = State::Start;
                return self.check.holds().then_some(self.frame.as_slice());
            }
        };
        None
    }
}

/// The bytes that carry a frame over the line.
pub fn framed(frame: &[u8]) -> impl Iterator<Item = u8> {
    // No frame is longer than `FRAME_MAX`.
    let len = u16::try_from(frame.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut check = Check::new(Edc::Crc);
    check.update(&len);
    check.update(frame);
    [START].into_iter().chain(len).chain(frame.iter().copied()).chain(check.epilogue())
}

/// Writes a frame; what does not fit is cut off, and is no frame for the other end. Everything here fits.
struct Writer(Frame);

impl Writer {
    fn new(kind: u8) -> Self {
        Self(Vec::new()).bytes(&[kind])
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        let _ = self.0.extend_from_slice(bytes);
        self
    }

    fn sized(self, bytes: &[u8]) -> Self {
        self.bytes(&[u8::try_from(bytes.len()).unwrap_or(u8::MAX)]).bytes(bytes)
    }

    fn option(self, bytes: Option<&[u8]>) -> Self {
        match bytes {
            Some(bytes) => self.bytes(&[1]).bytes(bytes),
            None => self.bytes(&[0]),
        }
    }

    fn fen(self, fen: Fen) -> Self {
        self.bytes(&fen.0.to_be_bytes())
    }

    fn card(self, card: &PresentedCard) -> Self {
        let PresentedCard { number, ident, id_number, name } = card;
        self.bytes(number.as_bytes()).bytes(ident.as_bytes()).bytes(id_number.as_bytes()).sized(name.as_bytes())
    }

    fn effects(self, Effects { activates, activates_financial, charge }: Effects) -> Self {
        self.bytes(&[u8::from(activates) | u8::from(activates_financial) << 1]).fen(charge)
    }

    /// Its place in the list of all reasons.
    fn reason(self, reason: Reason) -> Self {
        let place = Reason::ALL.iter().position(|one| *one == reason);
        self.bytes(&[place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)])
    }
}

/// Reads a frame.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let len = self.byte()?;
        self.slice(len.into())
    }

    fn option<const N: usize>(&mut self) -> Option<Option<[u8; N]>> {
        match self.byte()? {
            0 => Some(None),
            1 => self.array().map(Some),
            _ => None,
        }
    }

    fn fen(&mut self) -> Option<Fen> {
        self.array().map(|bytes| Fen(u64::from_be_bytes(bytes)))
    }

    fn stan(&mut self) -> Option<Stan> {
        self.array().map(|bytes| Stan(u32::from_be_bytes(bytes)))
    }

    fn number(&mut self) -> Option<CardNumber> {
        CardNumber::new(&self.array::<9>()?).ok()
    }

    fn ident(&mut self) -> Option<IdentCode> {
        IdentCode::new(self.array()?).ok()
    }

    fn card(&mut self) -> Option<PresentedCard> {
        Some(PresentedCard {
            number: self.number()?,
            ident: self.ident()?,
            id_number: IdNumber::new(self.slice(18)?).ok()?,
            name: Name::new(self.sized()?)?,
        })
    }

    fn effects(&mut self) -> Option<Effects> {
        let flags = self.byte()?;
        Some(Effects { activates: flags & 1 != 0, activates_financial: flags & 2 != 0, charge: self.fen()? })
    }

    fn reason(&mut self) -> Option<Reason> {
        Reason::ALL.get(usize::from(self.byte()?)).copied()
    }

    /// `value`, if nothing is left over.
    fn end<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

impl Command {
    /// As a frame.
    pub fn encode(&self) -> Frame {
        match self {
            Self::Setup { institution, terminal, next_stan } => {
                let frame = Writer::new(b'U').bytes(institution.as_str().as_bytes()).bytes(&terminal.0);
                frame.bytes(&next_stan.0.to_be_bytes()).0
            }
            Self::Serve { operation, time } => {
                let Timestamp { date, hour, minute, second } = *time;
                let frame = Writer::new(b'V').bytes(&date.to_bcd()).bytes(&[hour, minute, second]);
                let frame = frame.bytes(&[match operation {
                    Operation::Apply { .. } => b'A',
                    Operation::Settle(_) => b'S',
                    Operation::Purchase(_) => b'P',
                    Operation::Query => b'Q',
                }]);
                match operation.bill() {
                    Some(bill) => frame.fen(bill.total()).fen(bill.fund()).0,
                    None => frame.0,
                }
            }
        }
    }

    /// From a frame; `None` if it is none of these.
    pub fn decode(frame: &[u8]) -> Option<Self> {
        let mut reader = Reader(frame);
        let command = match reader.byte()? {
            b'U' => {
                let institution = core::str::from_utf8(reader.slice(12)?).ok()?;
                Self::Setup {
                    institution: InstitutionCode::new(institution).ok()?,
                    terminal: TerminalId(reader.array()?),
                    next_stan: reader.stan()?,
                }
            }
            b'V' => {
                let date = Date::from_bcd(reader.array()?)?;
                let [hour, minute, second] = reader.array()?;
                let bill = |reader: &mut Reader<'_>| Bill::new(reader.fen()?, reader.fen()?);
                let operation = match reader.byte()? {
                    b'A' => Operation::Apply { document: None },
                    b'S' => Operation::Settle(bill(&mut reader)?),
                    b'P' => Operation::Purchase(bill(&mut reader)?),
                    b'Q' => Operation::Query,
                    _ => return None,
                };
                Self::Serve { operation, time: Timestamp { date, hour, minute, second } }
            }
            _ => return None,
        };
        reader.end(command)
    }
}

impl Ending {
    /// As a frame.
    pub fn encode(&self) -> Frame {
        let frame = Writer::new(b'E').effects(self.effects).bytes(&[u8::from(self.pin_changed)]);
        let frame = frame.option(self.balance.map(|fen| fen.0.to_be_bytes()).as_ref().map(<[u8; 8]>::as_slice));
        let frame = frame.option(self.stan.map(|stan| stan.0.to_be_bytes()).as_ref().map(<[u8; 4]>::as_slice));
        let frame = [self.reason, self.pin_unchanged].into_iter().fold(frame, |frame, reason| match reason {
            Some(reason) => frame.bytes(&[1]).reason(reason),
            None => frame.bytes(&[0]),
        });
        frame.option(self.cause.map(Cause::code).as_ref().map(<[u8; 4]>::as_slice)).0
    }

    /// From a frame; `None` if it is none.
    pub fn decode(frame: &[u8]) -> Option<Self> {
        let mut reader = Reader(frame);
        if reader.byte()? != b'E' {
            return None;
        }
        let effects = reader.effects()?;
        let pin_changed = reader.byte()? == 1;
        let balance = reader.option()?.map(|bytes| Fen(u64::from_be_bytes(bytes)));
        let stan = reader.option()?.map(|bytes| Stan(u32::from_be_bytes(bytes)));
        let mut reason = || Some(if reader.byte()? == 1 { Some(reader.reason()?) } else { None });
        let (reason, pin_unchanged) = (reason()?, reason()?);
        let cause = match reader.option()? {
            Some(code) => Some(Cause::from_code(code)?),
            None => None,
        };
        reader.end(Self { reason, effects, balance, stan, pin_changed, pin_unchanged, cause })
    }
}

/// A message to the centre as a frame.
pub fn encode_body(body: &Body<'_>) -> Frame {
    let frame = match body {
        Body::Authenticate(Authenticate { ident, historical, algorithm, internal, external }) => {
            let frame = Writer::new(b'a').bytes(ident.as_bytes()).sized(historical).bytes(&[algorithm.code()]);
            let frame = frame.bytes(internal);
            match external {
                Some((challenge, terminal)) => frame.bytes(&[1]).bytes(challenge).bytes(terminal),
                None => frame.bytes(&[0]),
            }
        }
        Body::Inquire { card, .. } => Writer::new(b'i').card(card),
        Body::Transact { stan, card, .. } => Writer::new(b't').bytes(&stan.0.to_be_bytes()).card(card),
        Body::Reverse { stan, card } => Writer::new(b'r').bytes(&stan.0.to_be_bytes()).bytes(card.as_bytes()),
        Body::PinChanged { card, ident } => Writer::new(b'p').bytes(card.as_bytes()).bytes(ident.as_bytes()),
        Body::Report { card, reason, .. } => {
            Writer::new(b'n').option(card.as_ref().map(|card| card.as_bytes().as_slice())).reason(*reason)
        }
    };
    frame.0
}

/// Reads a message to the centre and gives it to `with`; `None` if the frame is none.
pub fn with_body<T>(frame: &[u8], operation: &Operation, with: impl FnOnce(&Body<'_>) -> T) -> Option<T> {
    let mut reader = Reader(frame);
    let presented;
    let body = match reader.byte()? {
        b'a' => Body::Authenticate(Authenticate {
            ident: reader.ident()?,
            historical: reader.sized()?,
            algorithm: {
                let code = reader.byte()?;
                [Algorithm::TripleDes, Algorithm::Sm4].into_iter().find(|one| one.code() == code)?
            },
            internal: reader.array()?,
            external: match reader.byte()? {
                0 => None,
                _ => Some((reader.array()?, reader.array()?)),
            },
        }),
        b'i' => {
            presented = reader.card()?;
            Body::Inquire { card: &presented, operation }
        }
        b't' => {
            let stan = reader.stan()?;
            presented = reader.card()?;
            Body::Transact { stan, card: &presented, operation }
        }
        b'r' => Body::Reverse { stan: reader.stan()?, card: reader.number()? },
        b'p' => Body::PinChanged { card: reader.number()?, ident: reader.ident()? },
        b'n' => {
            let card = match reader.option::<9>()? {
                Some(bytes) => Some(CardNumber::new(&bytes).ok()?),
                None => None,
            };
            Body::Report { card, operation, reason: reader.reason()? }
        }
        _ => return None,
    };
    reader.end(())?;
    Some(with(&body))
}

/// The centre's answer as a frame.
pub fn encode_answer(answer: &Answer) -> Frame {
    let frame = match answer {
        Answer::Authenticated { internal, external } => {
            let external = external.as_ref().map(|external| external.0.as_slice());
            Writer::new(b'A').bytes(&internal.0).option(external)
        }
        Answer::Standing(Standing { status, social, financial, pin_is_initial }) => {
            let place = CardStatus::ALL.iter().position(|one| one == status);
            let place = place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX);
            let flags = u8::from(*social) | u8::from(*financial) << 1 | u8::from(*pin_is_initial) << 2;
            Writer::new(b'I').bytes(&[place, flags])
        }
        Answer::Approved(Receipt { effects, balance }) => Writer::new(b'T').effects(*effects).fen(*balance),
        Answer::Done => Writer::new(b'D'),
        Answer::Refused(reason) => Writer::new(b'R').reason(*reason),
    };
    frame.0
}

/// The centre's answer from a frame; `None` if it is none.
pub fn decode_answer(frame: &[u8]) -> Option<Answer> {
    let mut reader = Reader(frame);
    let answer = match reader.byte()? {
        b'A' => {
            let internal = Cryptogram(reader.array()?);
            Answer::Authenticated { internal, external: reader.option()?.map(Cryptogram) }
        }
        b'I' => {
            let status = *CardStatus::ALL.get(usize::from(reader.byte()?))?;
            let flags = reader.byte()?;
            let [social, financial, pin_is_initial] = [1, 2, 4].map(|bit| flags & bit != 0);
            Answer::Standing(Standing { status, social, financial, pin_is_initial })
        }
        b'T' => Answer::Approved(Receipt { effects: reader.effects()?, balance: reader.fen()? }),
        b'D' => Answer::Done,
        b'R' => Answer::Refused(reader.reason()?),
        _ => return None,
    };
    reader.end(answer)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use qiyong_protocol::card::codes::Region;
    use std::vec;

    fn card() -> PresentedCard {
        PresentedCard {
            number: CardNumber::new(b"X00000019").unwrap(),
            ident: IdentCode::from_parts(Region::new("320100").unwrap(), [1; 4], [2; 4]),
            id_number: IdNumber::new(b"111111198101011110").unwrap(),
            // The longest there is.
            name: Name::new(&[0xB0; 50]).unwrap(),
        }
    }

    /// What a receiver makes of bytes.
    fn received(bytes: impl Iterator<Item = u8>) -> vec::Vec<vec::Vec<u8>> {
        let mut receiver = Receiver::default();
        bytes.filter_map(|byte| receiver.received(byte).map(<[u8]>::to_vec)).collect()
    }

    #[test]
    fn every_message_comes_over_the_line_as_it_was() {
        let (card, bill) = (card(), Bill::new(Fen(15_200), Fen(10_000)).unwrap());
        let operations =
            [Operation::Apply { document: None }, Operation::Settle(bill), Operation::Purchase(bill), Operation::Query];
        let date = Date::new(2026, 12, 31).unwrap();
        let institution = InstitutionCode::new("P32010000017").unwrap();
        let mut commands =
            vec![Command::Setup { institution, terminal: TerminalId(*b"00000001"), next_stan: Stan(999_999) }];
        for operation in operations {
            commands.push(Command::Serve { operation, time: Timestamp { date, hour: 23, minute: 59, second: 58 } });
        }
        for command in commands {
            let frames = received(framed(&command.encode()));
            assert_eq!(frames.iter().map(|frame| Command::decode(frame)).collect::<vec::Vec<_>>(), [Some(command)]);
        }

        let operation = Operation::Query;
        let authenticate = |external| Authenticate {
            ident: card.ident,
            historical: &[0xA5; 15],
            algorithm: Algorithm::Sm4,
            internal: [7; 16],
            external,
        };
        let bodies = [
            Body::Authenticate(authenticate(None)),
            Body::Authenticate(Authenticate {
                algorithm: Algorithm::TripleDes,
                ..authenticate(Some(([1; 8], [2; 8])))
            }),
            Body::Inquire { card: &card, operation: &operation },
            Body::Transact { stan: Stan(1), card: &card, operation: &operation },
            Body::Reverse { stan: Stan(2), card: card.number },
            Body::PinChanged { card: card.number, ident: card.ident },
            Body::Report { card: None, operation: &operation, reason: Reason::NoAnswer },
            Body::Report { card: Some(card.number), operation: &operation, reason: Reason::CardRemoved },
        ];
        for body in &bodies {
            let frame = encode_body(body);
            assert_eq!(with_body(&frame, &operation, |read| read == body), Some(true), "{body:?}");
            // Neither shorter nor longer.
            assert!(with_body(frame.get(..frame.len() - 1).unwrap(), &operation, |_| ()).is_none(), "{body:?}");
        }

        let effects = Effects { activates: true, activates_financial: false, charge: Fen(3580) };
        let cryptogram = Cryptogram([9; 8]);
        let mut answers = vec![
            Answer::Authenticated { internal: cryptogram, external: None },
            Answer::Authenticated { internal: cryptogram, external: Some(Cryptogram([8; 8])) },
            Answer::Approved(Receipt { effects, balance: Fen::MAX }),
            Answer::Done,
        ];
        answers.extend(Reason::ALL.iter().map(|reason| Answer::Refused(*reason)));
        answers.extend(
            CardStatus::ALL.map(|status| {
                Answer::Standing(Standing { status, social: true, financial: false, pin_is_initial: true })
            }),
        );
        for answer in answers {
            assert_eq!(decode_answer(&encode_answer(&answer)), Some(answer));
        }

        let ending = Ending {
            reason: None,
            effects,
            balance: Some(Fen(1)),
            stan: Some(Stan(3)),
            pin_changed: true,
            pin_unchanged: None,
            cause: None,
        };
        let refused = Ending {
            reason: Some(Reason::CardUnreadable),
            balance: None,
            stan: None,
            pin_unchanged: Some(Reason::PinWrong),
            cause: Some(Cause::Blank),
            ..ending
        };
        for ending in [ending, refused] {
            assert_eq!(Ending::decode(&ending.encode()), Some(ending));
        }
    }

    #[test]
    fn the_longest_frame_has_room() {
        // What is cut off is no frame, so the test above would have seen it; this one sees what is left.
        let (card, operation) = (card(), Operation::Query);
        let longest = encode_body(&Body::Transact { stan: Stan(1), card: &card, operation: &operation });
        assert!(longest.len() + 15 < FRAME_MAX, "{}", longest.len());
    }

    #[test]
    fn after_garbage_and_damage_the_next_frames_are_understood() {
        let good: vec::Vec<u8> = framed(b"D").collect();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bent = good.clone();
                *bent.get_mut(at).unwrap() ^= 1 << bit;
                // A damaged length may swallow frames, but no more than it can be long.
                let bytes = bent.into_iter().chain((0..FRAME_MAX).flat_map(|_| good.clone()));
                let frames = received(bytes);
                assert!(frames.len() >= FRAME_MAX / 2, "{at} {bit}: {}", frames.len());
                assert!(frames.iter().all(|frame| frame == b"D"), "{at} {bit}");
            }
        }
    }
}
