//! The third board, `tests/lm3s6965evb`: made from the template by docs/porting.md, to see whether they are enough. Its image, on
//! another core than the other boards', puts cards into use in QEMU; and it is counted how much of it was written for it.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::test_mac_key;
use qiyong_lab::emulator::EmulatorError;
use qiyong_lab::emulator::holder::{Asked, Does, Moment};
use qiyong_lab::emulator::machine::Machine;
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::{Ended, Formality};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::serial::setup::Setup;
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::{sample_card, third_image};

/// A day's work: the most rows of code that the board may have of its own.
const DAY: usize = 640;
const ACCOUNT: u64 = 10_000;

/// The board, with a centre that knows one card, and this card.
struct Desk {
    machine: Machine,
    setup: Setup,
    centre: InProcess,
    new: NewCard,
    card: Rc<RefCell<ContactCard>>,
}

impl Desk {
    fn new(place: &str, generation: Generation, protocol: u8) -> Self {
        let new = NewCard { protocol, convention: Convention::Direct, ..sample_card(generation) };
        let institution = InstitutionCode::new(place).unwrap();
        let mut centre = InProcess::new().unwrap();
        centre.add_institution(&Institution::of_region(institution)).unwrap();
        let record = record_of(&new, centre.hsm()).unwrap();
        centre.add_card(&CardRecord { account: Fen(ACCOUNT), ..record }).unwrap();
        let card = Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).unwrap())));
        let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(7) };
        let machine = Machine::boot(&third_image(), setup.clone()).unwrap();
        Self { machine, setup, centre, new, card }
    }

    fn record(&self) -> CardRecord {
        self.centre.card(&self.new.number).unwrap().expect("it is known")
    }

    /// One visit, and what was asked of the holder, who keys these.
    fn visit(&mut self, operation: &Operation, keys: &[&str]) -> (Ended, Vec<Asked>) {
        self.machine.insert_shared(self.card.clone()).unwrap();
        let (mut asked, mut keys) = (Vec::new(), keys.iter());
        let mut holder = |moment: Moment| match moment {
            Moment::Pin(which) => {
                asked.push(which);
                Does::Keys((*keys.next().expect("nobody asks more often")).to_string().into())
            }
            Moment::Card | Moment::Transaction => Does::Nothing,
        };
        let ended = self.machine.serve(&mut self.centre, operation, noon(), &mut holder).unwrap();
        self.machine.remove().unwrap();
        // Shown only if the test fails.
        println!("{ended:?} {asked:?} {:?} {:?}", self.machine.screens(), self.machine.log());
        (ended, asked)
    }

    /// The card is in use by this visit, and nobody has anything against it: the referee, the image's log, the centre.
    fn puts_into_use(&mut self, operation: &Operation, charge: u64) {
        let all = [Asked::Present, Asked::New, Asked::NewAgain];
        let (ended, asked) = self.visit(operation, &["123456", "271828", "271828"]);
        assert_eq!((ended.reason, ended.effects.activates, ended.pin_changed), (None, true, true), "{ended:?}");
        assert_eq!(asked, all);
        let record = self.record();
        assert_eq!((record.status, record.account), (CardStatus::Active, Fen(ACCOUNT - charge)));
        assert!(record.social && !record.pin_is_initial);
        // The second time it is in use already.
        let (ended, asked) = self.visit(&Operation::Query, &[]);
        assert_eq!((ended.reason, ended.effects.activates, asked), (None, false, vec![]));
        assert!(ended.standing.is_some_and(|standing| standing.status == CardStatus::Active), "{ended:?}");
        assert_eq!(self.machine.findings(), [], "the referee of the card's line");
        let ended = self.machine.attend(&mut self.centre, Formality::SettleBatch, noon()).unwrap();
        assert_eq!(ended.reason, None, "terminal and centre agree about the batch");
        assert_eq!(self.centre.pending().unwrap(), 0);
        let state = self.machine.state().expect("it says how it is");
        assert!(!state.reversal_due && !state.confirmation_due && state.parked == 0, "{state:?}");
        let log = self.machine.log();
        assert_eq!(log.iter().find(|line| ["panic", "fault"].iter().any(|word| line.contains(word))), None, "{log:?}");
        let (used, reserved) = self.machine.stack().unwrap();
        assert!(used < reserved, "{used} of {reserved} bytes of stack");
    }
}

fn noon() -> Timestamp {
    Timestamp { date: Date::new(2026, 11, 1).unwrap(), hour: 12, minute: 0, second: 0 }
}

fn bill(all: u64, fund: u64) -> Bill {
    Bill::new(Fen(all), Fen(fund)).unwrap()
}

/// The holder applies at a bank's counter, with the ID card.
fn apply() -> Operation {
    let new = sample_card(Generation::V1);
    let document = Document {
        kind: DocumentKind::IdCard,
        number: DocumentNumber::new(new.id_number.as_bytes()).unwrap(),
        name: new.holder,
        valid_until: Validity::LongTerm,
    };
    Operation::Apply { document: Some(document) }
}

#[test]
fn the_board_made_from_the_template_puts_cards_into_use_at_each_place() {
    let purchase = || Operation::Purchase(bill(3_580, 0));
    let all = [
        ("P32010000017", Generation::V3, 0, purchase(), 3_580),
        ("P32010000017", Generation::V3, 1, purchase(), 3_580),
        ("H32010000021", Generation::V2, 1, Operation::Settle(bill(15_200, 10_000)), 5_200),
        ("B32010000001", Generation::V1, 0, apply(), 0),
    ];
    let stacks = in_parallel(&all, |(place, generation, protocol, operation, charge)| {
        let mut desk = Desk::new(place, *generation, *protocol);
        desk.puts_into_use(operation, *charge);
        desk.machine.stack().unwrap().0
    });
    let most = stacks.iter().max().unwrap();
    closing_line(&format!("third board: {} cards put into use in QEMU; stack at most {most} bytes", all.len()));
}

#[test]
fn what_the_board_keeps_outlives_a_power_cut() {
    let mut desk = Desk::new("P32010000017", Generation::V2, 0);
    let purchase = Operation::Purchase(bill(1_250, 0));
    let (ended, _) = desk.visit(&purchase, &["123456", "271828", "271828"]);
    assert_eq!((ended.reason, ended.stan), (None, Some(Stan(7))));
    let Desk { machine, setup, centre, new, card } = desk;
    let kept = machine.power_cut().unwrap();
    let again = Machine::boot_with(&third_image(), setup.clone(), Some(&kept)).unwrap();
    assert_eq!(again.state().map(|state| state.starts), Some(2));
    let mut desk = Desk { machine: again, setup, centre, new, card };
    let (ended, _) = desk.visit(&purchase, &["271828"]);
    assert_eq!((ended.reason, ended.stan), (None, Some(Stan(8))), "its number goes on, and not the till's");
    assert_eq!(desk.record().account, Fen(ACCOUNT - 2 * 1_250));
}

#[test]
fn a_board_without_a_key_of_its_own_says_so_and_a_storage_of_another_board_is_refused() {
    let mut desk = Desk::new("P32010000017", Generation::V3, 0);
    assert!(matches!(desk.machine.cancel_key(true), Err(EmulatorError::NoKey)));
    let other = Machine::boot_with(&third_image(), desk.setup.clone(), Some(&[0xFF; 64 * 1024]));
    assert!(matches!(other.err(), Some(EmulatorError::NoStorage)));
}

/// The rows of a file that are neither blank nor comments.
fn rows(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn its_own_code_is_a_day_s_work_and_all_else_is_the_template_s() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lm3s6965evb/src");
    let mut files = vec![folder.join("main.rs"), folder.join("image.rs")];
    files.extend(fs::read_dir(folder.join("image")).unwrap().map(|file| file.unwrap().path()));
    files.sort();
    let count = |file: &std::path::PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        (name, rows(&fs::read_to_string(file).unwrap()))
    };
    let counted: Vec<_> = files.iter().map(count).collect();
    let sum: usize = counted.iter().map(|(_, rows)| rows).sum();
    let each: Vec<_> = counted.iter().map(|(name, rows)| format!("{name} {rows}")).collect();
    closing_line(&format!("third board: {sum} rows of its own (bound {DAY}): {}", each.join(", ")));
    assert!(sum <= DAY, "{sum} rows are more than a day's work");

    // Nothing of the template is written anew: the board fills in its list of types, and runs its wiring.
    let all: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    for used in ["impl Chip for ", "Peripherals {", "wiring::run(", "qiyong_board_template::"] {
        assert!(all.contains(used), "{used}");
    }
    for made in ["impl Operator for", "impl Board for", "Terminal::of", "SerialLink", "Store::open", "obey("] {
        assert!(!all.contains(made), "{made} is the template's");
    }
}
