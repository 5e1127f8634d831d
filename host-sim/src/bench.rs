//! The simulated bench: terminals with virtual lines, holders, a centre and one clock, all in one thread and virtual time.
//!
//! The terminal application and everything under it is the firmware's own code. What is simulated is what surrounds it:
//! the card line and card below, the screen and keys, and the link to a centre in the same process. Everything that
//! happens is written down as [`Event`]s; [`crate::story`] tells them to people.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use qiyong_firmware::slot::{CardSlot, ContactSlot, SlotConfig, SlotError};
use qiyong_firmware::terminal::{CentreLink, NoPin, Operator, RamMemory, Report, Settings, Terminal, WhichPin};
use qiyong_firmware::ui::{Screen, Text};
use qiyong_protocol::card::commands::{describe, ins};
use qiyong_protocol::card::files::{Df, Format, Generation, tag};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::redact;
use qiyong_protocol::centre::{Answer, Body, LinkError, Request, Stan, TerminalId};
use qiyong_protocol::iso7816::apdu::{Command, Response};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::card::file::write_value;
use crate::centre::Centre;
use crate::centre_link::CentreLine;
use crate::line::{
    BenchLine, Fault, FaultPlan, Faults, Layered, LineEvent, Noise, Seat, SharedCard, Tracer, VirtualLine,
};
use crate::time::VirtualTime;

/// How long a terminal waits for the centre's answer (docs/card.md §5.5), in seconds.
const ANSWER_WAIT: u64 = 60;
/// How long a holder takes to key a PIN, in seconds.
const KEYING: u64 = 4;
/// How long a terminal waits for a PIN, in seconds.
const KEYING_WAIT: u64 = 60;

/// Something that happened on the bench. Secrets are already masked.
#[derive(Clone, Debug)]
pub enum Event {
    /// The terminal's screen changed.
    Screen(Text),
    /// The holder keyed a PIN, this many digits.
    Keyed(WhichPin),
    /// The holder or operator did not key one.
    NotKeyed(NoPin),
    /// The card was powered and answered with this ATR.
    Atr(Vec<u8>),
    /// An APDU was exchanged.
    Apdu(Box<Apdu>),
    /// The card could not be talked to.
    SlotFailed(SlotError),
    /// A message to the centre, and the answer.
    Message {
        /// What was asked, in a few words.
        asked: String,
        /// What came back, in a few words.
        answered: String,
    },
    /// Something on the card line, at a rate of (Fi, Di).
    Line((u16, u8), LineEvent),
}

/// An exchanged APDU, its secrets masked with `*`.
#[derive(Clone, Debug)]
pub struct Apdu {
    /// What the command does, and to what, in a few words.
    pub name: String,
    /// CLA INS P1 P2.
    pub header: [u8; 4],
    /// The command's data in hex.
    pub data: String,
    /// The most response bytes asked for.
    pub ne: usize,
    /// The response's data in hex.
    pub response: String,
    /// The status word.
    pub sw: qiyong_protocol::iso7816::sw::StatusWord,
}

/// Events with the cycle they happened in.
pub type Events = Rc<RefCell<Vec<(u64, Event)>>>;

/// What goes wrong between terminal and centre during a visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkTrouble {
    /// Nothing.
    #[default]
    None,
    /// No message gets through.
    Down,
    /// The transaction does not reach the centre.
    RequestLost,
    /// The transaction is carried out, but its answer is lost.
    AnswerLost,
    /// The same, and no reversal gets through either.
    AnswerAndReversalsLost,
    /// Message `number` of the visit, from 0, gets lost: before it reaches the centre, or (`arrives`) its answer.
    OneMessage {
        /// Which message.
        number: usize,
        /// Whether the centre gets it.
        arrives: bool,
    },
}

impl LinkTrouble {
    /// The kinds that scenario files name.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("ok", Self::None),
        ("down", Self::Down),
        ("request-lost", Self::RequestLost),
        ("answer-lost", Self::AnswerLost),
        ("answer-and-reversals-lost", Self::AnswerAndReversalsLost),
    ];

    /// Whether message `number` of a visit reaches the centre, and its answer the terminal.
    pub const fn delivery(self, number: usize, body: &Body<'_>) -> (bool, bool) {
        match (self, body) {
            (Self::OneMessage { number: lost, arrives }, _) if lost == number => (arrives, false),
            (Self::Down, _) => (false, false),
            (Self::RequestLost, Body::Transact { .. }) => (false, false),
            (Self::AnswerLost | Self::AnswerAndReversalsLost, Body::Transact { .. }) => (true, false),
            (Self::AnswerAndReversalsLost, Body::Reverse { .. }) => (false, false),
            _ => (true, true),
        }
    }
}

/// Where the operator or holder presses the cancel key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelAt {
    /// While the terminal waits for a card.
    Card,
    /// Instead of a PIN.
    Pin,
    /// Instead of a new PIN.
    NewPin,
}

impl CancelAt {
    /// Every place with its word in files.
    pub const WORDS: [(&'static str, Self); 3] = [("card", Self::Card), ("pin", Self::Pin), ("new-pin", Self::NewPin)];
}

/// While what else happens the holder pulls the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullDuring {
    /// The PIN is to be keyed.
    Pin,
    /// A new PIN is to be keyed.
    NewPin,
    /// The centre carries out the transaction.
    Transaction,
}

impl PullDuring {
    /// Every one with its word in files.
    pub const WORDS: [(&'static str, Self); 3] =
        [("pin", Self::Pin), ("new-pin", Self::NewPin), ("transaction", Self::Transaction)];
}

/// What a holder does during a visit, and what goes wrong.
#[derive(Clone, Default)]
pub struct Visit {
    /// The card that is inserted, if one is.
    pub card: Option<SharedCard>,
    /// The PINs keyed when asked for the present one.
    pub pins: VecDeque<Pin>,
    /// The PINs keyed when asked for a new one.
    pub new_pins: VecDeque<Pin>,
    /// Where cancel is pressed.
    pub cancel: Option<CancelAt>,
    /// The card is pulled while this happens.
    pub pull_during: Option<PullDuring>,
    /// What goes wrong on the card line, and when.
    pub faults: Vec<Fault>,
    /// What goes wrong there by chance.
    pub noise: Option<Noise>,
    /// What goes wrong on the link.
    pub trouble: LinkTrouble,
    /// The terminal's storage takes no record.
    pub storage_worn: bool,
}

type Line = Layered<Layered<VirtualLine, Faults>, Tracer>;
type Slot = TracedSlot<ContactSlot<Line>>;

/// The name of a bench's terminal; numbers are from 1.
pub(crate) fn terminal_id(number: u32) -> TerminalId {
    let mut name = [b'0'; 8];
    let digits = format!("{:08}", number % 100_000_000);
    name.iter_mut().zip(digits.bytes()).for_each(|(to, from)| *to = from);
    TerminalId(name)
}

/// A terminal on the bench.
pub struct BenchTerminal {
    terminal: Terminal<Slot, DirectLink, Desk, VirtualTime, ChaCha8Rng, RamMemory>,
    plan: FaultPlan,
}

/// What all terminals of a bench share.
pub struct Bench {
    /// The clock.
    pub time: VirtualTime,
    /// The centre.
    pub centre: Rc<RefCell<Centre>>,
    /// What happened so far.
    pub events: Events,
    /// The first failure of the centre's store; a run with one proves nothing.
    pub centre_failure: Rc<RefCell<Option<String>>>,
}

impl Bench {
    /// A bench around a centre.
    pub fn new(time: VirtualTime, centre: Centre) -> Self {
        Self { time, centre: Rc::new(RefCell::new(centre)), events: Events::default(), centre_failure: Rc::default() }
    }

    /// Puts up a terminal; `number`, from 1, names it, and with `seed` chooses its random numbers.
    pub fn terminal(&self, institution: InstitutionCode, number: u32, seed: u64) -> BenchTerminal {
        let plan = FaultPlan::default();
        let wire = VirtualLine::new(self.time.clone());
        let seat = wire.seat();
        let line = Layered::new(wire, Faults(plan.clone()));
        let events = self.events.clone();
        let tracer = Tracer::new(move |cycle, rate, event| events.borrow_mut().push((cycle, Event::Line(rate, event))));
        let line = Layered::new(line, tracer);
        let slot = TracedSlot {
            slot: ContactSlot::new(line, SlotConfig::default()),
            time: self.time.clone(),
            events: self.events.clone(),
        };
        let link = DirectLink {
            centre: self.centre.clone(),
            line: CentreLine::new(),
            time: self.time.clone(),
            events: self.events.clone(),
            failure: self.centre_failure.clone(),
            trouble: LinkTrouble::None,
            messages: 0,
            seat: seat.clone(),
            pull: false,
        };
        let desk = Desk {
            time: self.time.clone(),
            events: self.events.clone(),
            pins: VecDeque::new(),
            new_pins: VecDeque::new(),
            last_new: None,
            cancel: None,
            seat,
            pull: None,
        };
        let settings = Settings::at(institution, terminal_id(number));
        let random = ChaCha8Rng::seed_from_u64(seed ^ u64::from(number) << 32);
        let terminal = Terminal::new(slot, link, desk, self.time.clone(), random, RamMemory::new(Stan(1)), settings);
        BenchTerminal { terminal, plan }
    }
}

impl BenchTerminal {
    /// One visit of a holder.
    pub fn serve(&mut self, operation: &Operation, visit: Visit) -> Report {
        let Visit { card, pins, new_pins, cancel, pull_during, faults, noise, trouble, storage_worn } = visit;
        self.terminal.memory().worn = storage_worn;
        self.plan.begin(faults, noise);
        self.terminal.slot().slot.line().set_card(card);
        let link = self.terminal.link();
        (link.trouble, link.messages, link.pull) = (trouble, 0, pull_during == Some(PullDuring::Transaction));
        let desk = self.terminal.operator();
        (desk.pins, desk.new_pins, desk.cancel, desk.last_new, desk.pull) = (pins, new_pins, cancel, None, pull_during);
        // Every port answers at once, so this never waits.
        let report = embassy_futures::block_on(self.terminal.serve(operation));
        self.terminal.slot().slot.line().set_card(None);
        report
    }

    /// What the terminal did against ISO/IEC 7816-3 on its line.
    pub fn violations(&mut self) -> Vec<String> {
        self.terminal.slot().slot.line().violations().to_vec()
    }

    /// Whether a reversal is still due.
    pub fn has_unanswered(&self) -> bool {
        self.terminal.has_unanswered()
    }
}

/// A slot that writes down ATRs, APDUs and failures.
struct TracedSlot<S> {
    slot: S,
    time: VirtualTime,
    events: Events,
}

impl<S> TracedSlot<S> {
    fn note(&self, event: Event) {
        self.events.borrow_mut().push((self.time.cycles(), event));
    }
}

impl<S: CardSlot> CardSlot for TracedSlot<S> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.slot.wait_for_card(seconds).await
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        let atr = self.slot.connect().await;
        let event = match &atr {
            Ok(atr) => Event::Atr(atr.to_vec()),
            Err(error) => Event::SlotFailed(*error),
        };
        self.events.borrow_mut().push((self.time.cycles(), event));
        atr
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let response = self.slot.transmit(command, buffer).await;
        self.note(match &response {
            Ok(response) => Event::Apdu(Box::new(Apdu {
                name: explain(command, response),
                header: [command.cla, command.ins, command.p1, command.p2],
                data: masked_hex(command.data, redact::secret_of(command)),
                ne: command.ne,
                response: masked_hex(response.data, redact::response_secret(command.ins, response.data)),
                sw: response.sw,
            })),
            Err(error) => Event::SlotFailed(*error),
        });
        response
    }

    async fn rest(&mut self) {
        self.slot.rest().await;
    }

    async fn removal(&mut self) {
        self.slot.removal().await;
    }

    async fn disconnect(&mut self) {
        self.slot.disconnect().await;
    }
}

/// What a command does and to what: the file selected, the data element read.
fn explain(command: &Command<'_>, response: &Response<'_>) -> String {
    let name = describe(command);
    // Version 3.00 has every tag of the environment, and tags mean the same in all versions.
    let mut ssse = Generation::V3.files().filter(|file| file.df == Df::Ssse);
    match (command.ins, command.data, response.data) {
        (ins::SELECT, [high, low], _) => {
            let fid = u16::from_be_bytes([*high, *low]);
            let title = ssse.find(|file| file.fid == fid).map_or(String::new(), |file| format!(" {}", file.title.0));
            format!("{name} {fid:04X}{title}")
        }
        (ins::READ_RECORD, _, [tag, _, value @ ..]) => {
            let Some(record) = ssse.flat_map(|file| file.records()).find(|record| record.tag == *tag) else {
                return name.to_string();
            };
            let value = match (record.tag, record.format) {
                (tag::ID_NUMBER, _) | (_, Format::Binary | Format::Number | Format::Nested) => String::new(),
                (_, format) => format!(" \"{}\"", write_value(format, value)),
            };
            format!("{name} {}{value}", record.name)
        }
        _ => name.to_string(),
    }
}

/// Hex in which the secret bytes read `**`.
pub fn masked_hex(bytes: &[u8], secret: Range<usize>) -> String {
    let show = |(at, byte): (usize, &u8)| if secret.contains(&at) { "**".to_string() } else { format!("{byte:02X}") };
    bytes.iter().enumerate().map(show).collect()
}

/// The link to a centre in the same process, in the bytes of ISO 8583.
struct DirectLink {
    centre: Rc<RefCell<Centre>>,
    line: CentreLine,
    time: VirtualTime,
    events: Events,
    failure: Rc<RefCell<Option<String>>>,
    trouble: LinkTrouble,
    /// Messages of this visit so far.
    messages: usize,
    seat: Seat,
    /// The card is pulled while the centre carries out the transaction.
    pull: bool,
}

impl CentreLink for DirectLink {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        let (arrives, returns) = self.trouble.delivery(self.messages, &request.body);
        self.messages += 1;
        if self.pull && matches!(request.body, Body::Transact { .. }) {
            self.seat.pull();
            // The centre takes its time.
            embassy_futures::yield_now().await;
        }
        let answer = arrives.then(|| self.line.exchange(&mut self.centre.borrow_mut(), request));
        let result = match answer {
            Some(Ok(answer)) if returns => Ok(answer),
            Some(Err(error)) => {
                self.failure.borrow_mut().get_or_insert(error.to_string());
                Err(error.link_error())
            }
            _ => Err(LinkError::NoAnswer),
        };
        let answered = match (&result, arrives) {
            (Ok(answer), _) => describe_answer(answer),
            (Err(_), true) => "(the answer is lost)".to_string(),
            (Err(_), false) => "(the message is lost)".to_string(),
        };
        let event = Event::Message { asked: describe_body(&request.body), answered };
        self.events.borrow_mut().push((self.time.cycles(), event));
        if result.is_err() {
            self.time.advance_seconds(ANSWER_WAIT);
        }
        result
    }
}

fn describe_body(body: &Body<'_>) -> String {
    match body {
        Body::Authenticate(step) => {
            let what = if step.external.is_some() { "is it genuine, and may I read it?" } else { "is it genuine?" };
            format!("card {:?}: {what}", step.ident)
        }
        Body::Inquire { card, operation } => {
            format!("card {}: how does it stand, for {}?", card.number, operation.as_str())
        }
        Body::Transact { stan, card, operation } => {
            format!("transaction {:06}, card {}: {}", stan.0, card.number, describe_operation(operation))
        }
        Body::Reverse { stan, card } => format!("reverse transaction {:06}, card {card}", stan.0),
        Body::PinChanged { card, .. } => format!("card {card}: the initial PIN was replaced"),
        Body::Report { reason, operation, .. } => format!("for the record: {} ended with {reason}", operation.as_str()),
    }
}

/// An operation with its amounts, in a few words.
pub fn describe_operation(operation: &Operation) -> String {
    match operation {
        Operation::Apply { document: Some(document) } => {
            format!("put it into use on application, {} shown", document.kind.as_str())
        }
        Operation::Apply { document: None } => "put it into use on application, no document shown".to_string(),
        Operation::Settle(bill) => format!("settle {}, of which the fund pays {}", bill.total(), bill.fund()),
        Operation::Purchase(bill) => format!("pay {}", bill.total()),
        Operation::Query => "ask how it stands".to_string(),
    }
}

fn describe_answer(answer: &Answer) -> String {
    match answer {
        Answer::Authenticated { external, .. } => if external.is_some() {
            "what the card must answer, and what it must hear"
        } else {
            "what the card must answer"
        }
        .to_string(),
        Answer::Standing(standing) => {
            let pin = if standing.pin_is_initial { ", its PIN is the initial one" } else { "" };
            format!("it is {}{pin}", standing.status.as_str())
        }
        Answer::Approved(receipt) => {
            let activated = if receipt.effects.activates { ", the card is now active" } else { "" };
            format!("approved, {} charged, balance {}{activated}", receipt.effects.charge, receipt.balance)
        }
        Answer::Done => "noted".to_string(),
        Answer::Refused(reason) => format!("refused: {reason}"),
    }
}

/// The operator's screen and keys, played by a script.
struct Desk {
    time: VirtualTime,
    events: Events,
    pins: VecDeque<Pin>,
    new_pins: VecDeque<Pin>,
    last_new: Option<Pin>,
    cancel: Option<CancelAt>,
    seat: Seat,
    pull: Option<PullDuring>,
}

impl Desk {
    fn note(&self, event: Event) {
        self.events.borrow_mut().push((self.time.cycles(), event));
    }
}

impl Operator for Desk {
    fn show(&mut self, screen: &Screen) {
        self.note(Event::Screen(screen.text()));
    }

    async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin> {
        let cancel = match which {
            WhichPin::Present => CancelAt::Pin,
            WhichPin::New | WhichPin::NewAgain => CancelAt::NewPin,
        };
        let pull = if which == WhichPin::Present { PullDuring::Pin } else { PullDuring::NewPin };
        if self.pull == Some(pull) {
            self.time.advance_seconds(KEYING);
            self.seat.pull();
            return std::future::pending().await;
        }
        let pin = match which {
            _ if self.cancel == Some(cancel) => Err(NoPin::Cancelled),
            WhichPin::Present => self.pins.pop_front().ok_or(NoPin::TimedOut),
            WhichPin::New => {
                self.last_new = self.new_pins.pop_front();
                self.last_new.clone().ok_or(NoPin::TimedOut)
            }
            WhichPin::NewAgain => self.last_new.clone().ok_or(NoPin::TimedOut),
        };
        self.time.advance_seconds(if pin == Err(NoPin::TimedOut) { KEYING_WAIT } else { KEYING });
        self.note(match &pin {
            Ok(_) => Event::Keyed(which),
            Err(no_pin) => Event::NotKeyed(*no_pin),
        });
        pin
    }

    async fn cancel(&mut self) {
        if self.cancel != Some(CancelAt::Card) {
            core::future::pending().await
        }
    }
}
