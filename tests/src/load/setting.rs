//! What a load runs on: two areas with pharmacies and hospitals, terminals in them, and the cards that each of them meets. All
//! of it follows from how many there are. A card is met by one terminal alone, so that what it pays has an order.

use qiyong_centre::{Centre, Founding};
use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::{TerminalId, Token};
use qiyong_protocol::rules::decision::{CardRecord, Institution, PresentedCard};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

/// The areas: Nanjing and Suzhou, and their agencies.
pub const AREAS: [(&str, &str); 2] = [("320100", "南京市社会保险管理中心"), ("320500", "苏州市社会保险管理中心")];
/// When everything happens: the centre's clock and the terminals' stand there.
pub const DAY: &str = "2026-03-02";
/// How many terminals an institution has.
const TERMINALS: usize = 4;
/// What is in an account at the beginning, in fen: more than a load spends.
const RICH: Fen = Fen(10_000_000);
/// The same of those who soon have too little.
const POOR: Fen = Fen(3_000);

/// A terminal: where it stands, what it is called, and the cards that it meets.
#[derive(Clone, Debug)]
pub struct Stand {
    /// Where it stands.
    pub institution: InstitutionCode,
    /// Its name.
    pub terminal: TerminalId,
    /// What tells it from others of its name.
    pub token: Token,
    /// The cards that it meets, as they are at the beginning.
    pub cards: Vec<CardRecord>,
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The terminals.
    pub stands: Vec<Stand>,
}

impl Setting {
    /// So many terminals with so many cards each.
    ///
    /// # Panics
    /// If there are more than a million cards.
    #[must_use]
    pub fn new(terminals: usize, cards: usize) -> Self {
        let stand = |number: usize| {
            let (here, there) = (number / 2 % AREAS.len(), (number / 2 + 1) % AREAS.len());
            let letter = if number.is_multiple_of(2) { 'P' } else { 'H' };
            let of_area = number / (2 * AREAS.len()) / TERMINALS + 1;
            let code = format!("{letter}{}{of_area:05}", AREAS[here].0);
            let name = format!("LOAD{number:04}");
            let card = |at: usize| card(number * cards + at, at, [here, there]);
            Stand {
                institution: InstitutionCode::new(&code).expect("a code"),
                terminal: TerminalId(name.as_bytes().try_into().expect("eight characters")),
                token: Token(format!("{:08}", number + 1).as_bytes().try_into().expect("eight characters")),
                cards: (0..cards).map(card).collect(),
            }
        };
        Self { stands: (0..terminals).map(stand).collect() }
    }

    /// Makes it known to a centre with test keys, whose clock stands from now on.
    ///
    /// # Panics
    /// If the centre refuses any of it.
    pub fn furnish(&self, centre: &mut Centre) {
        centre.stop_clock(format!("{DAY}T09:00:00").parse().expect("a time")).expect("a test centre");
        for (area, agency) in AREAS {
            let area = Region::new(area).expect("an area");
            centre.found(&Founding { area, agency: agency.into() }).expect("founded");
        }
        let mut known: Vec<InstitutionCode> = Vec::new();
        for stand in &self.stands {
            if !known.contains(&stand.institution) {
                centre.add_institution(&Institution::of_region(stand.institution)).expect("a new institution");
                known.push(stand.institution);
            }
            stand.cards.iter().for_each(|card| centre.add_card(card).expect("a new card"));
        }
    }

    /// All cards.
    pub fn cards(&self) -> impl Iterator<Item = &CardRecord> {
        self.stands.iter().flat_map(|stand| &stand.cards)
    }
}

/// The moment at which everything happens, as a terminal's clock shows it.
///
/// # Panics
/// Never, since it is a day of the calendar.
#[must_use]
pub fn moment() -> Timestamp {
    Timestamp { date: Date::new(2026, 3, 2).expect("a day"), hour: 9, minute: 0, second: 0 }
}

/// What a terminal reads from a card.
#[must_use]
pub fn presented(card: &CardRecord) -> PresentedCard {
    let CardRecord { number, ident, id_number, name, .. } = card.clone();
    PresentedCard { number, ident, id_number, name }
}

/// The card with this number of all, which is the terminal's `at`th: most are not activated; one in eight is another area's
/// and in use, one in four has its initial PIN, one in sixteen has little money.
fn card(number: usize, at: usize, [here, there]: [usize; 2]) -> CardRecord {
    let visits = at % 8 == 6;
    let area = Region::new(AREAS[if visits { there } else { here }].0).expect("an area");
    let short = u32::try_from(number).expect("fewer than a million");
    let body = format!("N{short:07}");
    let body: &[u8; 8] = body.as_bytes().try_into().expect("eight characters");
    let mut whole = body.to_vec();
    whole.push(CardNumber::check_character(body));
    CardRecord {
        number: CardNumber::new(&whole).expect("a number"),
        ident: IdentCode::from_parts(area, short.to_be_bytes(), short.wrapping_mul(0x9E37_79B9).to_be_bytes()),
        id_number: holder(short),
        name: Name::new(b"\xD5\xC5\xC8\xFD").expect("a name"),
        document: None,
        area,
        expires: Date::new(2036, 1, 1).expect("a day"),
        status: if visits { CardStatus::Active } else { CardStatus::Inactive },
        social: visits,
        financial: false,
        pin_is_initial: !visits && at % 4 == 1,
        account: if at % 16 == 3 { POOR } else { RICH },
        insured: true,
    }
}

/// A citizen's number, another for each holder: of the thousandth-born of a day, and so on.
fn holder(number: u32) -> IdNumber {
    let (day, of_day) = (number / 999, number % 999 + 1);
    let (year, month, day) = (1950 + day / (12 * 28), day / 28 % 12 + 1, day % 28 + 1);
    let mut digits = format!("320102{year:04}{month:02}{day:02}{of_day:03}").into_bytes();
    digits.push(IdNumber::check_character(&digits));
    IdNumber::new(&digits).expect("a number")
}
