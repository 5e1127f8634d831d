//! The terminal's end of the one serial line to till and centre.
//!
//! [`Link::listen`] takes what comes and gives it to whom it is for: answers to [`CentreLink::ask`], commands to the
//! application ([`Link::command`]), the cancel command to whoever waits for the cancel key ([`Link::cancelled`]). What needs
//! no application it answers by itself: the status, and commands that cannot be carried out. So the line is served also while
//! a holder is. How frames and messages look is for `qiyong_protocol::host`; what is damaged has been dropped there.

use core::cell::RefCell;
use core::convert::Infallible;

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embassy_sync::signal::Signal;
use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Read, Write};

use qiyong_protocol::activation::decision::Operation;
use qiyong_protocol::activation::institution::InstitutionCode;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::host::frame::{Channel, Decoder, Frame, encode, encoded_len};
use qiyong_protocol::host::iso8583::mac::X919;
use qiyong_protocol::host::message::{MESSAGE_MAX, MessageError, Sent, read_answer, write_request};
use qiyong_protocol::host::till::{Command, Ended, Event, Reference, Refused, Setup, State, TILL_MAX};
use qiyong_protocol::host::{Answer, LinkError, Request, Stan};

use crate::terminal::{CentreLink, Report};

/// How long the centre may take to answer (domain.md §5.5), in ms.
const ANSWER_MS: u32 = 60_000;
/// The most bytes of a frame.
const FRAME_MAX: usize = encoded_len(MESSAGE_MAX);

/// What the application is to do.
#[derive(Debug)]
pub enum Job {
    /// Stand where the till says; the key stays with the link.
    Setup(Setup),
    /// Serve one holder.
    Serve(Operation),
}

/// The link, with `T` to send by and `D` to wait by.
pub struct Link<T, D> {
    transmitter: Mutex<NoopRawMutex, T>,
    delay: D,
    inner: RefCell<Inner>,
    job: Signal<NoopRawMutex, Job>,
    cancel: Signal<NoopRawMutex, ()>,
    answer: Signal<NoopRawMutex, Result<Answer, LinkError>>,
}

struct Inner {
    /// Where the terminal stands, and the key.
    setup: Option<(InstitutionCode, X919)>,
    state: State,
    ended: Option<Ended>,
    /// What an answer is awaited to.
    asked: Option<Sent>,
    /// The number of the next message without a transaction.
    number: Stan,
}

impl<T: Write<Error = Infallible>, D: DelayNs + Clone> Link<T, D> {
    /// A link that nothing has come over. `next_stan` and `reversal_due` are what the terminal knows of itself, `serial` is
    /// the chip's number.
    pub const fn new(transmitter: T, delay: D, next_stan: Stan, reversal_due: bool, serial: [u8; 12]) -> Self {
        let state = State { set_up: false, reversal_due, visit: None, next_stan, serial };
        Self {
            transmitter: Mutex::new(transmitter),
            delay,
            inner: RefCell::new(Inner { setup: None, state, ended: None, asked: None, number: Stan(1) }),
            job: Signal::new(),
            cancel: Signal::new(),
            answer: Signal::new(),
        }
    }

    /// Serves the line until it ends, which a serial line does not. `set_clock` is told the time.
    pub async fn listen(&self, mut line: impl Read<Error = Infallible>, set_clock: impl Fn(Timestamp)) {
        let mut decoder = Decoder::<{ FRAME_MAX - 2 }>::new();
        let mut byte = [0];
        self.tell_state().await;
        loop {
            let Ok(1) = line.read(&mut byte).await else { return };
            let [byte] = byte;
            match decoder.push(byte) {
                Some(Ok(Frame { channel: Channel::Centre, payload })) => self.centre_says(payload),
                Some(Ok(Frame { channel: Channel::Till, payload })) => {
                    if let Some(event) = self.till_says(payload, &set_clock) {
                        self.tell(&event).await;
                    }
                }
                // Damaged: whoever sent it gets no answer, and sends again or gives up.
                Some(Err(_)) | None => {}
            }
        }
    }

    /// What comes from the centre is an answer, or nothing.
    fn centre_says(&self, payload: &[u8]) {
        let mut inner = self.inner.borrow_mut();
        if let (Some(sent), Some((_, key))) = (&inner.asked, &inner.setup) {
            let answer = match read_answer(payload, sent, key) {
                Ok(answer) => Ok(answer),
                // The centre could not read the message, so that waiting is in vain.
                Err(MessageError::Rejected(_)) => Err(LinkError::NoAnswer),
                // What is no answer, or that to something else, may still be followed by the right one.
                Err(_) => return,
            };
            inner.asked = None;
            self.answer.signal(answer);
        }
    }

    /// What the till says, and what it is told at once.
    fn till_says(&self, payload: &[u8], set_clock: &impl Fn(Timestamp)) -> Option<Event> {
        let mut inner = self.inner.borrow_mut();
        let Some(command) = Command::decode(payload) else { return Some(Event::Refused(Refused::Malformed)) };
        match command {
            Command::Status => {}
            Command::Time(time) => set_clock(time),
            Command::Cancel => {
                // Without a visit there is nothing to cancel, and the next one is not to be.
                if inner.state.visit.is_some() {
                    self.cancel.signal(());
                }
            }
            Command::Setup(_) if inner.state.visit.is_some() => return Some(Event::Refused(Refused::Busy)),
            Command::Setup(setup) => {
                inner.setup = Some((setup.institution, setup.key.clone()));
                inner.state.set_up = true;
                // The application tells the state when it has taken note.
                self.job.signal(Job::Setup(setup));
                return None;
            }
            Command::Start { reference, time, operation } => {
                let Some((institution, _)) = &inner.setup else {
                    return Some(Event::Refused(Refused::NotSetUp));
                };
                match (inner.state.visit, inner.ended) {
                    (Some(visit), _) if visit != reference => return Some(Event::Refused(Refused::Busy)),
                    (Some(_), _) => {}
                    (None, Some(ended)) if ended.reference == reference => return Some(Event::Ended(ended)),
                    _ if operation.channel().is_some_and(|channel| channel != institution.channel()) => {
                        return Some(Event::Refused(Refused::NotHere));
                    }
                    _ => {
                        set_clock(time);
                        inner.state.visit = Some(reference);
                        self.cancel.reset();
                        self.job.signal(Job::Serve(operation));
                    }
                }
            }
        }
        Some(Event::State(inner.state))
    }

    /// What the application is to do next.
    pub async fn command(&self) -> Job {
        self.job.wait().await
    }

    /// Completes when the till cancels.
    pub async fn cancelled(&self) {
        self.cancel.wait().await;
    }

    /// Takes note of how the application is.
    pub fn note(&self, next_stan: Stan, reversal_due: bool) {
        let state = &mut self.inner.borrow_mut().state;
        (state.next_stan, state.reversal_due) = (next_stan, reversal_due);
    }

    /// Tells the till how its visit ended; from then on another can begin.
    pub async fn tell_end(&self, report: &Report) {
        let ended = {
            let mut inner = self.inner.borrow_mut();
            let ended = ended(inner.state.visit.take().unwrap_or(Reference(0)), report);
            inner.ended = Some(ended);
            ended
        };
        self.tell(&Event::Ended(ended)).await;
    }

    /// Tells the till how the terminal is.
    pub async fn tell_state(&self) {
        let state = self.inner.borrow().state;
        self.tell(&Event::State(state)).await;
    }

    async fn tell(&self, event: &Event) {
        let mut buffer = [0; encoded_len(TILL_MAX)];
        self.send(encode(Channel::Till, &event.encode(), &mut buffer)).await;
    }

    async fn send(&self, frame: Option<&[u8]>) {
        // Every frame here has room, and the transmitter does not fail.
        if let Some(frame) = frame {
            let Ok(()) = self.transmitter.lock().await.write_all(frame).await;
        }
    }

    /// Writes a request into `buffer` as a frame, and remembers it; `None`: it cannot be written, or there is no key.
    fn write<'b>(&self, request: &Request<'_>, buffer: &'b mut [u8; FRAME_MAX]) -> Option<&'b [u8]> {
        let mut inner = self.inner.borrow_mut();
        let number = inner.number;
        let (_, key) = inner.setup.as_ref()?;
        let mut message = [0; MESSAGE_MAX];
        let (sent, bytes) = write_request(request, number, key, &mut message).ok()?;
        (inner.number, inner.asked) = (number.next(), Some(sent));
        self.answer.reset();
        encode(Channel::Centre, bytes, buffer)
    }
}

impl<T: Write<Error = Infallible>, D: DelayNs + Clone> CentreLink for &Link<T, D> {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        let mut buffer = [0; FRAME_MAX];
        let frame = self.write(request, &mut buffer).ok_or(LinkError::NoAnswer)?;
        self.send(Some(frame)).await;
        let mut delay = self.delay.clone();
        let answer = select(self.answer.wait(), delay.delay_ms(ANSWER_MS)).await;
        self.inner.borrow_mut().asked = None;
        match answer {
            Either::First(answer) => answer,
            Either::Second(()) => Err(LinkError::NoAnswer),
        }
    }
}

/// What the till is told of a report.
fn ended(reference: Reference, report: &Report) -> Ended {
    let Report { reason, effects, balance, stan, standing, pin_changed, pin_unchanged, .. } = *report;
    Ended { reference, reason, effects, balance, stan, standing, pin_changed, pin_unchanged }
}
