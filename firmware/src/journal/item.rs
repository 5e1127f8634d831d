//! The bytes of an item: a whole snapshot of one transaction, 72 bytes behind a header of eight. Numbers are little-endian; what
//! is not known is zeros. A state, kind or reason has a number that never changes its meaning.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Deal, Original, Stan, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;
use zerocopy::byteorder::little_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::faults::{Fault, has};
use crate::keyring::Name;
use crate::pages::checksum;
use crate::terminal::{Closed, MemoryError, Transaction};

/// How items of every version begin.
const MAGIC: [u8; 2] = *b"QJ";
/// This version.
const VERSION: u8 = 1;
/// The bytes of a snapshot, in every version.
const LEN: usize = 72;
/// The bytes of an item in flash.
pub(super) const ITEM: usize = 8 + LEN;
/// A snapshot's length in its header, and the CRC-16F/4.2 of that.
const LENGTH: [u8; 4] = [LEN as u8, 0, 0xE1, 0xE2];

/// Where a transaction stands, as its terminal knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is about to be sent, or was: what becomes of it is not known.
    Begun,
    /// The centre has approved it; neither the card nor anybody at the terminal knows.
    Answered,
    /// Card and receipt are done, or this failed on the card. It is to be confirmed.
    CardResult(Option<Reason>),
    /// It is over, with the reason that the centre gave for it if that was none of the expected.
    Closed(Closed, Option<Reason>),
}

/// A snapshot.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Snapshot {
    magic: [u8; 2],
    version: u8,
    state: u8,
    /// The place of its kind in [`Deal::ALL`].
    kind: u8,
    /// The place of the reason in [`Reason::ALL`], from 1.
    reason: u8,
    /// Whether it waits for better times, and holds up no other.
    pub(super) parked: u8,
    /// In how many rounds the centre did not take what it is owed.
    pub(super) rounds: u8,
    /// Which item this is of all that were ever written. A copy keeps it.
    pub(super) sequence: U32,
    stan: U32,
    batch: U32,
    institution: [u8; 12],
    terminal: [u8; 8],
    card: [u8; 9],
    /// As BCD.
    time: [u8; 7],
    total: U64,
    charge: U64,
}

/// A snapshot with its header.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Item {
    crc: U32,
    /// Other headers are not of snapshots.
    length: [u8; 4],
    snapshot: Snapshot,
}

impl Item {
    pub(super) fn of(snapshot: Snapshot) -> Self {
        Self { crc: U32::new(checksum(snapshot.as_bytes())), length: LENGTH, snapshot }
    }

    pub(super) fn is_erased(&self) -> bool {
        self.as_bytes().iter().all(|byte| *byte == 0xFF)
    }

    /// What it holds; `None` if that is not whole, or not ours.
    ///
    /// # Errors
    /// When it is another version's, or holds what no transaction can have.
    pub(super) fn snapshot(&self) -> Result<Option<Snapshot>, MemoryError> {
        let is_whole = self.crc.get() == checksum(self.snapshot.as_bytes()) || has(Fault::CrcNotChecked);
        match (self.length, self.snapshot.magic, self.snapshot.version) {
            (LENGTH, MAGIC, VERSION) if is_whole => {
                self.snapshot.parts().map(|_| Some(self.snapshot)).ok_or(MemoryError::OtherVersion)
            }
            (LENGTH, MAGIC, _) if is_whole => Err(MemoryError::OtherVersion),
            _ => Ok(None),
        }
    }
}

impl Snapshot {
    /// A transaction that begins.
    pub(super) fn begin(transaction: &Transaction, kind: Deal) -> Self {
        let Transaction { institution, terminal, batch, stan, original } = transaction;
        Self {
            magic: MAGIC,
            version: VERSION,
            state: 1,
            kind: kind as u8,
            stan: U32::new(stan.0),
            batch: U32::new(batch.0),
            institution: *institution.as_bytes(),
            terminal: terminal.0,
            card: *original.card.as_bytes(),
            time: original.time.to_bcd(),
            total: U64::new(original.total.0),
            ..Self::new_zeroed()
        }
    }

    /// Where the transaction stands from now on.
    pub(crate) fn set_state(&mut self, state: State) {
        let reason;
        (self.state, reason) = match state {
            State::Begun => (1, None),
            State::Answered => (2, None),
            State::CardResult(result) => (3, result),
            State::Closed(closed, reason) => (4 + closed as u8, reason),
        };
        let place = reason.and_then(|reason| Reason::ALL.iter().position(|one| *one == reason));
        self.reason = place.map_or(0, |place| place as u8 + 1);
    }

    pub(crate) fn set_charge(&mut self, charge: Fen) {
        self.charge = U64::new(charge.0);
    }

    /// The centre did not take what it is owed, in one more round. Returns whether it is parked, as it is from the round
    /// with the number `bound` on.
    pub(crate) fn miss(&mut self, bound: u8) -> bool {
        self.rounds = self.rounds.saturating_add(1);
        self.parked = u8::from(self.rounds >= bound);
        self.rounds >= bound
    }

    /// Whether nothing is owed for it.
    pub(super) const fn is_closed(&self) -> bool {
        self.state >= 4
    }

    /// Whether this is of the same transaction.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.stan, self.batch, self.institution, self.terminal)
            == (other.stan, other.batch, other.institution, other.terminal)
    }

    /// Whether it is of this name.
    pub(super) fn is_of(&self, (institution, terminal): Name) -> bool {
        self.institution == *institution.as_bytes() && self.terminal == terminal.0
    }

    /// Its number, if it is of this batch of this name.
    pub(super) fn number_in(
        &self,
        (institution, terminal, batch): (InstitutionCode, TerminalId, Batch),
    ) -> Option<u32> {
        (self.is_of((institution, terminal)) && self.batch.get() == batch.0).then_some(self.stan.get())
    }

    /// All that it says; `None` if no transaction can have that.
    pub(super) fn parts(&self) -> Option<(Transaction, Deal, State, Fen)> {
        let institution = InstitutionCode::from_bytes(&self.institution).ok()?;
        let original = Original {
            card: CardNumber::new(&self.card).ok()?,
            total: Fen(self.total.get()),
            time: Timestamp::from_bcd(self.time)?,
        };
        let (batch, stan) = (Batch(self.batch.get()), Stan::new(self.stan.get())?);
        let transaction = Transaction { institution, terminal: TerminalId(self.terminal), batch, stan, original };
        let reason = match self.reason.checked_sub(1) {
            None => None,
            Some(place) => Some(*Reason::ALL.get(usize::from(place))?),
        };
        let closed = |closed| State::Closed(closed, reason);
        let state = match self.state {
            1 => State::Begun,
            2 => State::Answered,
            3 => State::CardResult(reason),
            4 => closed(Closed::Unsent),
            5 => closed(Closed::Refused),
            6 => closed(Closed::Reversed),
            7 => closed(Closed::Confirmed),
            _ => return None,
        };
        Some((transaction, *Deal::ALL.get(usize::from(self.kind))?, state, Fen(self.charge.get())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frozen() -> [u8; ITEM] {
        let text = include_str!("frozen/version_1.txt");
        let hex: std::string::String = text.lines().filter(|line| !line.starts_with('#')).collect();
        let digits: std::vec::Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let bytes = digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap());
        bytes.collect::<std::vec::Vec<_>>().try_into().unwrap()
    }

    fn snapshot() -> Snapshot {
        let transaction = Transaction {
            institution: InstitutionCode::new("P32010000017").unwrap(),
            terminal: TerminalId(*b"00000001"),
            batch: Batch(2),
            stan: Stan(999_999),
            original: Original {
                card: CardNumber::new(b"X00000019").unwrap(),
                total: Fen(0x0102_0304),
                time: Timestamp { hour: 23, minute: 59, second: 8, ..Timestamp::UNSET },
            },
        };
        let mut snapshot = Snapshot::begin(&transaction, Deal::Purchase);
        snapshot.set_state(State::Closed(Closed::Reversed, Some(Reason::InstitutionNotDesignated)));
        snapshot.set_charge(Fen(0x0506));
        (snapshot.parked, snapshot.rounds, snapshot.sequence) = (1, 8, U32::new(0x0A0B_0C0D));
        snapshot
    }

    /// The bytes are a promise to the next version: if this fails the code is wrong, never the file.
    #[test]
    fn the_bytes_of_version_1() {
        assert_eq!(Item::of(snapshot()).as_bytes(), frozen());
        let item: Item = zerocopy::transmute!(frozen());
        assert_eq!(item.snapshot().unwrap().unwrap().as_bytes(), snapshot().as_bytes());
    }

    #[test]
    fn every_state_and_kind_comes_back() {
        let reasons = Reason::ALL.iter().copied().map(Some).chain([None]);
        let closed = [Closed::Unsent, Closed::Refused, Closed::Reversed, Closed::Confirmed];
        let ended = reasons.flat_map(|reason| {
            closed.map(|closed| State::Closed(closed, reason)).into_iter().chain([State::CardResult(reason)])
        });
        for state in ended.chain([State::Begun, State::Answered]) {
            let mut one = snapshot();
            one.set_state(state);
            assert_eq!(one.parts().map(|parts| parts.2), Some(state));
            assert_eq!(one.is_closed(), matches!(state, State::Closed(..)));
        }
        let (transaction, ..) = snapshot().parts().unwrap();
        for kind in Deal::ALL {
            assert_eq!(Snapshot::begin(&transaction, kind).parts().map(|parts| parts.1), Some(kind));
        }
    }

    /// No bit of an item may change: it is another version's, or nothing.
    #[test]
    fn an_item_with_a_wrong_bit_is_none() {
        for bit in 0..ITEM * 8 {
            let mut bytes = frozen();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let item: Item = zerocopy::transmute!(bytes);
            assert!(matches!(item.snapshot(), Ok(None)), "bit {bit}");
        }
    }

    #[test]
    fn what_this_version_cannot_read_is_not_taken_for_nothing() {
        let wrong: [fn(&mut Snapshot); 7] = [
            |one| one.version = 2,
            |one| one.state = 8,
            |one| one.kind = 3,
            |one| one.reason = Reason::ALL.len() as u8 + 1,
            |one| one.stan = U32::new(1_000_000),
            |one| one.card = *b"?00000019",
            |one| one.time = [0xFF; 7],
        ];
        for change in wrong {
            let mut one = snapshot();
            change(&mut one);
            assert!(matches!(Item::of(one).snapshot(), Err(MemoryError::OtherVersion)), "{one:?}");
        }
        let mut foreign = snapshot();
        foreign.magic = *b"XX";
        assert!(matches!(Item::of(foreign).snapshot(), Ok(None)));
    }
}
