//! This machine in place of a chip: pins of a bench, queues for the serial line, a PIN pad that keys by itself.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin as Pinned;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use embedded_io_async::{ErrorType, Read, Write};
use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_board_support::pin_pad::PinPad;
use qiyong_board_template::chip::{Chip, Peripherals};
use qiyong_board_template::wiring::{Room, open, run};
use qiyong_centre::test_mac_key;
use qiyong_firmware::adapters::{BitUart, Contacts, Timing};
use qiyong_firmware::slot::SlotConfig;
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::codes::{CardNumber, IdNumber, Name, Region};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin as HolderPin;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::{Command, Event};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::flash::memory::Flash;
use qiyong_sim::gbk;
use qiyong_sim::pins::{Bench, BenchCounter, BenchDelay, BenchPin, Costs, Front, Pin};
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::serial::till::{Heard, TillEnd, command};
use qiyong_sim::world::centre::CentreEnd;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The MCU's clock, and CLK.
const HZ: u32 = 64_000_000;
const CLK: u32 = 4_000_000;
const COSTS: Costs = Costs { read: 6, write: 6, count: 4, poll: 20 };
/// More polls than any visit takes.
const POLLS: u64 = 200_000_000;

thread_local! {
    static SECONDS: Cell<u32> = const { Cell::new(0) };
}

/// One direction of the serial line.
#[derive(Clone, Default)]
struct Pipe(Rc<RefCell<VecDeque<u8>>>);

impl ErrorType for Pipe {
    type Error = Infallible;
}

impl Read for Pipe {
    async fn read(&mut self, room: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = room.first_mut() else { return Ok(0) };
        *first = poll_fn(|_| self.0.borrow_mut().pop_front().map_or(Poll::Pending, Poll::Ready)).await;
        Ok(1)
    }
}

impl Write for Pipe {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A holder at the PIN pad: the PIN, and then a new one, twice.
#[derive(Default)]
struct Holder {
    keys: VecDeque<u8>,
    asked: usize,
}

impl PinPad for Holder {
    fn forget(&mut self) {
        self.keys.clear();
    }

    async fn key(&mut self) -> Option<u8> {
        Some(poll_fn(|_| self.keys.pop_front().map_or(Poll::Pending, Poll::Ready)).await)
    }

    async fn tell(&mut self, byte: u8) {
        if byte == 0x05 {
            self.keys.extend(if self.asked == 0 { b"123456\r" } else { b"271828\r" });
            self.asked += 1;
        }
    }
}

struct Host;

impl Chip for Host {
    type FrontEnd = Contacts<BenchPin, BenchPin, BenchPin, BenchPin, BenchPin, BenchPin, BenchPin>;
    type Uart = BitUart<BenchPin, BenchCounter<HZ>>;
    type Delay = BenchDelay;
    type Receiver = Pipe;
    type Transmitter = Pipe;
    type Pad = Holder;
    type Flash = Flash<2048>;
    type Random = ChaCha8Rng;

    fn now_s() -> u32 {
        SECONDS.get()
    }

    fn show(_: &Screen) {}
}

/// The board, and all that is around it.
pub(crate) struct Rig {
    pub(crate) bench: Bench,
    pub(crate) setup: Setup,
    /// By the clocks of till and centre.
    pub(crate) time: Timestamp,
    flash: Flash<2048>,
    to_board: Pipe,
    from_board: Pipe,
    till: TillEnd,
    centre: InProcess,
    card: NewCard,
    board: Pinned<Box<dyn Future<Output = Infallible>>>,
}

fn board(
    bench: &Bench,
    flash: Flash<2048>,
    receiver: Pipe,
    transmitter: Pipe,
) -> Pinned<Box<dyn Future<Output = Infallible>>> {
    let pin = |pin| bench.pin(pin);
    let front_end = Contacts {
        vcc: pin(Pin::Vcc),
        five_volts: pin(Pin::FiveVolts),
        rst: pin(Pin::Rst),
        clk: pin(Pin::Clk),
        clk_level: pin(Pin::ClkLevel),
        io: pin(Pin::Io),
        present: pin(Pin::Present),
    };
    let uart = BitUart::new(pin(Pin::Io), bench.counter(), CLK).expect("a fast MCU");
    let slot = SlotConfig { min_cycles_per_etu: uart.min_cycles_per_etu(), ..SlotConfig::default() };
    let parts = Peripherals::<Host> {
        front_end,
        uart,
        delay: bench.delay(),
        receiver,
        transmitter,
        pad: Holder::default(),
        flash,
        random: ChaCha8Rng::seed_from_u64(7),
        timing: Timing::at::<CLK>(1_000),
        slot,
        serial: [0; 12],
    };
    // A start more takes a few kilobytes of this machine.
    let ready = open(parts, Box::leak(Box::new(Room::new())));
    Box::pin(async move { match run(ready).await {} })
}

impl Rig {
    pub(crate) fn new() -> Self {
        let bench = Bench::new(HZ, COSTS, Front::Pins(CLK));
        let flash = Flash::new(32, 7);
        let (to_board, from_board) = (Pipe::default(), Pipe::default());
        let institution = InstitutionCode::new("P32010000017").expect("a code");
        let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
        let card = NewCard {
            generation: Generation::V3,
            number: CardNumber::new(b"X00000019").expect("a number"),
            id_number: IdNumber::new(b"111111198101011110").expect("a number"),
            holder: name(),
            area: Region::new("320100").expect("a region"),
            issued: Date::new(2026, 1, 1).expect("a day"),
            expires: Date::new(2036, 1, 1).expect("a day"),
            pin: HolderPin::new(b"123456").expect("a PIN"),
            pin_tries: 3,
            convention: Convention::Direct,
            protocol: 0,
            serial: 1,
            genuine: true,
        };
        let mut centre = InProcess::new().expect("a centre");
        centre.add_institution(&Institution::of_region(institution)).expect("an institution");
        let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
        centre.set_time(time);
        let record = record_of(&card, centre.hsm()).expect("a card");
        centre.add_card(&CardRecord { account: Fen(10_000), ..record }).expect("a card");
        let board = board(&bench, flash.clone(), to_board.clone(), from_board.clone());
        let till = TillEnd::default();
        Self { bench, setup, time, flash, to_board, from_board, till, centre, card, board }
    }

    /// The board starts anew.
    pub(crate) fn cut_power(&mut self) {
        (self.to_board, self.from_board) = Default::default();
        self.till = TillEnd::default();
        self.board = board(&self.bench, self.flash.clone(), self.to_board.clone(), self.from_board.clone());
    }

    pub(crate) fn insert_card(&mut self) {
        let card = make_card(&self.card, self.centre.hsm()).expect("a card");
        self.bench.insert_in(50_000, Rc::new(RefCell::new(ContactCard::new(card))));
    }

    /// What the board says first.
    pub(crate) fn started(&mut self) -> Event {
        self.next_event()
    }

    /// What the board answers to a command of the till. Its messages to the centre are answered meanwhile.
    pub(crate) fn ask(&mut self, what: &Command) -> Event {
        self.to_board.0.borrow_mut().extend(command(what).iter());
        self.next_event()
    }

    fn next_event(&mut self) -> Event {
        for _ in 0..POLLS {
            let Poll::Pending = self.board.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            // Time goes on where nobody waits for it, too.
            self.bench.spend(COSTS.poll);
            SECONDS.set((self.bench.now_us() / 1_000_000) as u32);
            loop {
                let Some(byte) = self.from_board.0.borrow_mut().pop_front() else { break };
                match self.till.hear(byte) {
                    None => {}
                    Some(Heard::Event(event)) => return event,
                    Some(Heard::ToCentre(message)) => {
                        self.till.pass_on(&message, &mut self.centre).expect("a centre that works");
                        self.to_board.0.borrow_mut().extend(self.till.answers().into_iter().flatten());
                    }
                    Some(Heard::Nonsense(what)) => panic!("{what}"),
                }
            }
        }
        panic!("the board says nothing");
    }
}

fn name() -> Name {
    gbk::name("张三").expect("a name")
}
