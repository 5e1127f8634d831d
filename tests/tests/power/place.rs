//! A place with its terminal's flash, a card, and the centre: a pharmacy, a hospital or a bank where a card is put into
//! use, or a pharmacy where an active card just pays. What must then be true is in [`judge`](super::judge).

use std::cell::{Cell, RefCell};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::Founding;
use qiyong_firmware::application::Kept;
use qiyong_firmware::slot::{ContactSlot, SlotConfig};
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{Duties, Report, Settings};
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::State;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::document::{Document, DocumentKind, Validity};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::flash::memory;
use qiyong_sim::line::{SharedCard, SimulatedLine, VirtualLine};
use qiyong_sim::serial::ears::Ears;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::station::{Link, Parts as StationParts, Station};
use qiyong_sim::world::till::TillError;
use qiyong_sim::world::visit::Visit;
use qiyong_tests::sample_card;

use super::fuse::{Cut, Fuse, Fused, Point};
use super::surroundings::{Desk, Ear, INITIAL, Mind, Notes, OWN, TestClock, Watch};

pub(crate) const ACCOUNT: Fen = Fen(50_000);
pub(crate) const PRICE: Fen = Fen(3_000);
/// Pages of the flash, with two records each: each visit erases one.
const PAGES: u32 = 3;
/// And of the journal, with six items each.
const JOURNAL: u32 = 6;

type Flash = memory::Flash<512>;

/// What a holder comes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Errand {
    /// A first purchase, with a PIN of the holder's own: the shortest visit that puts a card into use.
    OwnPin,
    /// A first purchase, in which the PIN is replaced.
    Pharmacy,
    /// The same at a hospital.
    Hospital,
    /// An application at a bank, in which the PIN is replaced.
    Bank,
    /// A purchase with an active card.
    Purchase,
}

impl Errand {
    /// The three channels, and an ordinary purchase.
    pub(crate) const ALL: [Self; 4] = [Self::Pharmacy, Self::Hospital, Self::Bank, Self::Purchase];

    /// Whether the card still has the PIN with which it was made.
    pub(crate) const fn replaces_pin(self) -> bool {
        matches!(self, Self::Pharmacy | Self::Hospital | Self::Bank)
    }

    pub(crate) const fn activates(self) -> bool {
        !matches!(self, Self::Purchase)
    }

    /// What the holder pays.
    pub(crate) const fn price(self) -> Fen {
        if matches!(self, Self::Bank) { Fen(0) } else { PRICE }
    }

    const fn home(self) -> &'static str {
        match self {
            Self::Hospital => "H32010000561",
            Self::Bank => "B32010000001",
            Self::OwnPin | Self::Pharmacy | Self::Purchase => "P32010000017",
        }
    }

    fn operation(self, record: &CardRecord) -> Operation {
        match self {
            Self::Hospital => Operation::Settle(Bill::new(Fen(10_000), Fen(7_000)).expect("less than the bill")),
            Self::Bank => {
                let (number, name) = (record.id_number.into(), record.name.clone());
                let (kind, valid_until) = (DocumentKind::IdCard, Validity::LongTerm);
                Operation::Apply { document: Some(Document { kind, number, name, valid_until }) }
            }
            _ => Operation::Purchase(Bill::new(PRICE, Fen(0)).expect("less than the price")),
        }
    }
}

/// The place.
pub(crate) struct Place {
    pub(super) centre: Rc<RefCell<Ear>>,
    pub(crate) card: SharedCard,
    pub(crate) number: CardNumber,
    pub(crate) flash: Flash,
    pub(crate) notes: Notes,
    pub(crate) fuse: Fuse,
    pub(super) mind: Rc<Cell<Mind>>,
    pub(super) told: Rc<Cell<u64>>,
    pub(super) failed: Rc<RefCell<Option<String>>>,
    /// How often the power has failed.
    pub(super) cuts: Cell<u8>,
    pub(super) errand: Errand,
    operation: Operation,
    /// The transactions cannot be written, so that no byte of them leaves.
    pub(crate) unsent: bool,
}

/// What outlives the terminal's power: flash, card, centre, and what the holder knows.
pub(super) struct Left {
    pub(super) flash: Flash,
    card: SharedCard,
    told: Rc<Cell<u64>>,
    mind: Rc<Cell<Mind>>,
}

impl Left {
    /// A number for all but the flash: the same things give the same number.
    pub(super) fn around(&self) -> u64 {
        let mut state = DefaultHasher::new();
        let card = self.card.borrow();
        let pin = &card.card.pin;
        let has_initial = pin.value == Pin::new(INITIAL).unwrap();
        (self.told.get(), self.mind.get(), has_initial, pin.left, card.card.key_tries_left).hash(&mut state);
        state.finish()
    }

    /// A number for the bytes of the flash.
    pub(super) fn bytes(&self) -> u64 {
        let mut bytes = DefaultHasher::new();
        self.flash.bytes().hash(&mut bytes);
        bytes.finish()
    }
}

impl Place {
    /// A pharmacy and a new card, whose holder has a PIN of their own.
    pub(crate) fn new(seed: u64) -> Self {
        Self::of(Errand::OwnPin, seed)
    }

    /// A place for this errand.
    pub(crate) fn of(errand: Errand, seed: u64) -> Self {
        Self::where_everybody_knows(errand.replaces_pin(), errand, seed)
    }

    /// The same; `is_known`: the centre knows that everybody knows with which PIN cards are made.
    pub(super) fn where_everybody_knows(is_known: bool, errand: Errand, seed: u64) -> Self {
        let mut centre = InProcess::lent().unwrap();
        let others = ["H32010000561", "H32010000562"].into_iter().find(|code| *code != errand.home());
        for code in others.into_iter().chain([errand.home()]) {
            let code = InstitutionCode::new(code).unwrap();
            centre.add_institution(&Institution::of_region(code)).unwrap();
        }
        let mut new = sample_card(Generation::V3);
        new.pin = Pin::new(if errand.replaces_pin() { INITIAL } else { OWN }).unwrap();
        if is_known {
            // An area that makes cards with a PIN that everybody knows.
            centre.found(&Founding { area: new.area, agency: "南京市社会保险管理中心".into() }).unwrap();
        }
        let status = if errand.activates() { CardStatus::Inactive } else { CardStatus::Active };
        let record = record_of(&new, centre.hsm()).unwrap();
        let record = CardRecord { account: ACCOUNT, pin_is_initial: errand.replaces_pin(), status, ..record };
        centre.add_card(&record).unwrap();
        let card = Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).unwrap())));
        let (notes, fuse, told) = (Notes::default(), Fuse::default(), Rc::<Cell<u64>>::default());
        Self {
            centre: Rc::new(RefCell::new(Ear {
                centre,
                ears: Ears::default(),
                notes: notes.clone(),
                fuse: fuse.clone(),
                home: errand.home(),
                transactions: Vec::new(),
                told: told.clone(),
            })),
            card,
            number: new.number,
            flash: Flash::new((PAGES + JOURNAL) as usize, seed),
            notes,
            fuse,
            mind: Rc::default(),
            told,
            failed: Rc::default(),
            cuts: Cell::default(),
            errand,
            operation: errand.operation(&record),
            unsent: false,
        }
    }

    /// What a terminal that starts now would find.
    pub(super) fn state(&self) -> Left {
        let (flash, told, mind) = (self.flash.clone(), self.told.clone(), self.mind.clone());
        Left { flash, card: self.card.clone(), told, mind }
    }

    /// A start with this memory and a visit, in which the power fails there; `None`: nowhere. True if it came to its
    /// end.
    pub(crate) fn visit<M: Kept>(&self, memory: impl FnOnce() -> M, cut: Option<Cut>) -> bool {
        self.fuse.begin(cut);
        if let Some(Cut { kind: Point::Flash, at }) = cut {
            self.flash.cut_after(at + 1);
        }
        let (fuse, flash) = (self.fuse.clone(), self.flash.clone());
        let on = move || fuse.reaches(Point::Wait) && !flash.is_off();
        let served = self.serve_while(on, memory(), &Visit::default());
        self.flash.power_on();
        self.fuse.begin(None);
        self.cuts.set(self.cuts.get() + u8::from(served.is_none()));
        served.is_some()
    }

    /// The terminal's memory, after a start.
    pub(crate) fn store(&self) -> Store<Flash, PAGES, 0, JOURNAL> {
        Store::open(self.flash.clone(), None)
    }

    /// Starts often enough that the next visit fills a page and begins another.
    pub(crate) fn begin_a_page(&self) {
        (0..2).for_each(|_| drop(self.store()));
    }

    /// Starts a terminal with this memory and serves the holder.
    pub(crate) fn serve(&self, memory: impl Kept, visit: &Visit) -> Report {
        self.serve_while(|| self.fuse.reaches(Point::Wait), memory, visit).expect("the power stays on")
    }

    /// The same while `on`; `None` if the power failed before the end.
    pub(crate) fn serve_while(&self, mut on: impl FnMut() -> bool, memory: impl Kept, visit: &Visit) -> Option<Report> {
        let time = VirtualTime::new("2026-03-02T09:00".parse().unwrap());
        let mut line = VirtualLine::new(time.clone());
        line.set_card(Some(self.card.clone()));
        let line = Fused { inner: line, fuse: self.fuse.clone() };
        let institution = InstitutionCode::new(self.errand.home()).unwrap();
        let terminal = TerminalId(*b"00000001");
        let mad = Rc::new(Cell::new(false));
        let (fuse, flash) = (self.fuse.clone(), self.flash.clone());
        let desk = Desk {
            notes: self.notes.clone(),
            is_lit: Box::new(move || fuse.is_on() && !flash.is_off()),
            mind: self.mind.clone(),
            own: (!self.errand.replaces_pin()).then_some(OWN),
            card: self.card.clone(),
            first: None,
            mad: mad.clone(),
            unsent: self.unsent,
            asked: 0,
        };
        let Duties { reversal: reversal_due, confirmation: confirmation_due, parked } = memory.duties();
        let next_stan = memory.next();
        let serial = [0; 12];
        let state = State {
            set_up: false,
            reversal_due,
            confirmation_due,
            parked,
            visit: None,
            next_stan,
            starts: 1,
            crashes: 0,
            serial,
            key: None,
        };
        let parts = StationParts {
            slot: Fused { inner: ContactSlot::new(line, SlotConfig::default()), fuse: self.fuse.clone() },
            operator: desk,
            random: ChaCha8Rng::seed_from_u64(1),
            state,
            memory,
            settings: Settings::at(institution, terminal),
        };
        let clock = TestClock { time: time.clone(), mad };
        let watch = Watch { notes: self.notes.clone(), failed: self.failed.clone() };
        let mut station: Station<(_, Link, _, _, _, _)> =
            Station::start(time.clone(), parts, clock, |_| {}, self.centre.clone(), watch);
        let setup = Setup { institution, terminal, key: self.centre.borrow().key(), next_stan: Stan(1) };
        let fuse = self.fuse.clone();
        station.terminal().link().stop_unless(move || fuse.reaches(Point::Message));
        let served = station.set_up_while(&mut on, setup).and_then(|_| {
            station.till().begin(visit);
            station.serve_while(&mut on, &self.operation, time.timestamp())
        });
        match served {
            Ok(served) => {
                let reported = (served.report.reason, served.report.effects, served.report.stan);
                assert_eq!(
                    (served.ended.reason, served.ended.effects, served.ended.stan),
                    reported,
                    "the till is told"
                );
                Some(served.report)
            }
            Err(TillError::PowerCut) => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn account(&self) -> Fen {
        self.record().account
    }

    pub(super) fn record(&self) -> CardRecord {
        self.centre.borrow().centre.card(&self.number).unwrap().unwrap()
    }
}
