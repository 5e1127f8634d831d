//! Who takes part in a world: institutions with their terminals, and cards with their holders. Everything follows from the
//! plan's seed; all people are fictional.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use qiyong_protocol::card::codes::{CardNumber, IdNumber, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use super::plan::Plan;
use crate::gbk;

/// What stands in each account at first: more than a plan can spend.
pub const ACCOUNT: Fen = Fen(100_000_000);
/// The coordinating area of all.
const AREA: &str = "320100";

/// The institution at which a terminal stands, by its number from 0: pharmacies, hospitals and banks in turn.
pub fn institution(terminal: u32) -> Option<InstitutionCode> {
    let letter = ["P", "H", "B"].get(terminal as usize % 3)?;
    InstitutionCode::new(&format!("{letter}{AREA}{:05}", terminal + 1)).ok()
}

/// A holder and the card, as they are at first.
#[derive(Clone, Debug)]
pub struct Holder {
    /// How the card is made.
    pub new: NewCard,
    /// Whether its PIN is the one that it came with.
    pub pin_is_initial: bool,
}

impl Holder {
    /// The document that the holder shows at a bank.
    pub fn document(&self) -> Option<Document> {
        let NewCard { id_number, holder, .. } = &self.new;
        let number = DocumentNumber::from(*id_number);
        Some(Document { kind: DocumentKind::IdCard, number, name: holder.clone(), valid_until: Validity::LongTerm })
    }
}

/// The PIN that a holder chooses in the step with this id.
pub fn new_pin(seed: u64, id: u32) -> Option<Pin> {
    pin(&mut ChaCha8Rng::seed_from_u64(seed ^ u64::from(id) << 40 ^ 0x50_49_4E), PIN_DIGITS)
}

/// A PIN that is no holder's: no holder's has a 0 in it.
pub fn wrong_pin() -> Option<Pin> {
    Pin::new(b"202020202020")
}

/// More than six, so that no other number in a film is a PIN by chance.
const PIN_DIGITS: usize = 12;

fn pin(random: &mut ChaCha8Rng, digits: usize) -> Option<Pin> {
    let digit = |random: &mut ChaCha8Rng| b'2' + (random.next_u32() % 8) as u8;
    let digits: Vec<u8> = (0..digits).map(|_| digit(random)).collect();
    Pin::new(&digits)
}

/// The holders of a plan's cards. `None`: a name or number cannot be made, which the tests exclude.
pub fn holders(plan: &Plan) -> Option<Vec<Holder>> {
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed ^ 0x0043_4152_4453);
    (0..plan.cards).map(|card| holder(card, &mut random)).collect()
}

fn holder(card: u32, random: &mut ChaCha8Rng) -> Option<Holder> {
    let id = format!("11111119{:02}0101{:03}", 40 + random.next_u32() % 60, card + 1);
    let id = format!("{id}{}", char::from(IdNumber::check_character(id.as_bytes())));
    let number = format!("X{:07}", card + 1);
    let check = CardNumber::check_character(number.as_bytes().try_into().ok()?);
    let generation = *[Generation::V1, Generation::V2, Generation::V3].get(random.next_u32() as usize % 3)?;
    let new = NewCard {
        generation,
        number: CardNumber::new(format!("{number}{}", char::from(check)).as_bytes()).ok()?,
        id_number: IdNumber::new(id.as_bytes()).ok()?,
        holder: gbk::name("张三")?,
        area: Region::new(AREA).ok()?,
        issued: Date::new(2026, 1, 1)?,
        expires: Date::new(2036, 1, 1)?,
        pin: pin(random, PIN_DIGITS)?,
        pin_tries: 3 + (random.next_u32() % 4) as u8,
        convention: if generation == Generation::V1 { Convention::Inverse } else { Convention::Direct },
        protocol: (random.next_u32() % 2) as u8,
        serial: card + 1,
        genuine: true,
    };
    Some(Holder { new, pin_is_initial: random.next_u32().is_multiple_of(2) })
}
