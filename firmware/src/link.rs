//! The terminal's end of the one serial line to till and centre.
//!
//! [`SerialLink::listen`] takes what comes and gives it to whom it is for: answers to [`CentreLink::ask`], commands to the
//! application ([`SerialLink::command`]), the cancel command to whoever waits for the cancel key ([`SerialLink::cancelled`]). `listen` itself
//! answers what needs no application: the question for the status, and commands that cannot be carried out. So the till is
//! answered also while a holder is served. How frames and messages look is for `qiyong_protocol::frame` and
//! `qiyong_protocol::centre`; damaged ones are dropped there.
//!
//! Keys are used here: the master key of the terminal's place and name, the working key that a sign-in brings, which is nowhere
//! else, and, as long as anything is owed, the master key of the place before, under whose name it is. The memory keeps the master
//! keys, and the application [installs](SerialLink::install) them. The time that comes with a sign-in sets the clock, and the
//! policy says how long an answer is awaited.
//!
//! A board brings a [`Port`]; on a serial port of embedded-io-async,
//! [`adapters::SerialPort`](crate::adapters::SerialPort) is one. `listen` must be polled beside the visit, in the same task or
//! another of the same executor.

mod refusal;

use core::cell::RefCell;

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{Keys, MESSAGE_MAX, MessageError, Sent};
use qiyong_protocol::centre::{Answer, LinkError, Policy, Request, Stan};
use qiyong_protocol::ecr::{Command, ECR_MAX, Ended, Event, Formality, KeyLoad, Place, Reference, Refused, State};
use qiyong_protocol::frame::{Decoder, Frame, Peer, encode, encoded_len};
use qiyong_protocol::rules::decision::Operation;

use crate::keyring::{self, Keyring, Name};
use crate::terminal::{CentreLink, Duties, Report};

/// The most bytes of a frame.
const FRAME_MAX: usize = encoded_len(MESSAGE_MAX);

/// What the hardware must do for the link.
pub trait Port {
    /// Sends a frame, whole: of two that are sent at a time, one goes out after the other.
    ///
    /// Cancel-safety: dropped midway, half a frame may have gone out, which the other end drops. The next frame goes out whole.
    async fn send(&self, frame: &[u8]);

    /// The next byte that comes, however long that takes.
    ///
    /// Cancel-safety: dropped before a byte has come, it takes none. The link drops it with [`SerialLink::listen`] only.
    async fn receive(&self) -> u8;

    /// Waits so many milliseconds.
    ///
    /// Cancel-safety: must be cancel-safe. It is dropped when an answer comes first. Several waits may be under way at a time.
    async fn wait(&self, ms: u32);
}

/// What the application is to do.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Job {
    /// Stand where the till says, which is where the terminal has a key.
    Setup(Place),
    /// Take a master key.
    LoadKey(KeyLoad),
    /// Serve one holder.
    Serve(Operation),
    /// Settle something with the centre.
    Attend(Formality),
}

/// The link over a port.
pub struct SerialLink<P> {
    port: P,
    /// The key under which the first master key comes.
    transport: &'static X919,
    inner: RefCell<Inner>,
    job: Signal<NoopRawMutex, Job>,
    cancel: Signal<NoopRawMutex, ()>,
    answer: Signal<NoopRawMutex, Result<Answer, LinkError>>,
}

/// A name, and the keys that open it.
struct Stand {
    name: Name,
    keys: Keys,
}

impl Stand {
    fn of((name, master): keyring::Stand) -> Self {
        Self { name, keys: Keys::new(master) }
    }
}

struct Inner {
    /// Where the terminal stands.
    setup: Option<Stand>,
    /// Where it stood when it began what is owed, if that is somewhere else.
    owed: Option<Stand>,
    state: State,
    ended: Option<Ended>,
    /// The message whose answer is awaited.
    asked: Option<Sent>,
    /// The number of the next message without a transaction.
    number: Stan,
    /// How long the centre may take to answer, in seconds.
    wait: u8,
}

impl Inner {
    /// The keys of a name. A name of which none is known is tried with those of the present place: a till may give both the
    /// same, and whether they open the name is for the centre to say.
    fn keys(&mut self, name: Name) -> Option<&mut Keys> {
        let Self { setup, owed, .. } = self;
        let is_here = setup.as_ref().is_some_and(|stand| stand.name == name);
        let owed = owed.as_mut().filter(|stand| stand.name == name && !is_here);
        owed.or(setup.as_mut()).map(|stand| &mut stand.keys)
    }

    /// Writes a request, and remembers it; returns how many bytes it has.
    fn write(&mut self, request: &Request<'_>, message: &mut [u8; MESSAGE_MAX]) -> Result<usize, LinkError> {
        let number = self.number;
        let keys = self.keys((request.institution, request.terminal)).ok_or(LinkError::NotSetUp)?;
        let (sent, bytes) = keys.write(request, number, message).map_err(|error| match error {
            MessageError::NotSignedIn => LinkError::NotSignedIn,
            error => LinkError::Unwritable { field: error.field() },
        })?;
        (self.number, self.asked) = (self.number.next_message(), Some(sent));
        Ok(bytes.len())
    }
}

impl<P: Port> SerialLink<P> {
    /// A link that nothing has come over, without keys. `transport` is the maker's transport key
    /// ([`KeyLoad`]). `state` is what the terminal knows of itself: not set up, and without a visit. How
    /// often it has started decides the numbers of the messages without a transaction, so that an answer to a message from
    /// before the start is not taken for that to a new one.
    pub const fn new(port: P, transport: &'static X919, state: State) -> Self {
        Self {
            port,
            transport,
            inner: RefCell::new(Inner {
                setup: None,
                owed: None,
                state,
                ended: None,
                asked: None,
                number: Stan::of_start(state.starts),
                wait: Policy::DEFAULT.wait,
            }),
            job: Signal::new(),
            cancel: Signal::new(),
            answer: Signal::new(),
        }
    }

    /// Uses these keys from now on, and waits so long for answers. A session is over with that. Nobody is served before the till has
    /// said where the terminal stands, or has given it a key.
    pub fn install(&self, keyring: Keyring, policy: Policy) {
        self.with(|inner| {
            inner.state.key = keyring.present.as_ref().map(|(_, key)| key.check_value());
            inner.setup = keyring.present.map(Stand::of);
            inner.owed = keyring.former.map(Stand::of);
            inner.wait = policy.wait;
        });
    }

    /// The till has given the terminal the key of the place where it stands, which says where that is.
    pub fn stands(&self) {
        self.with(|inner| inner.state.set_up = true);
    }

    /// The maker's transport key.
    pub const fn transport(&self) -> &'static X919 {
        self.transport
    }

    /// Serves the line for ever. `set_clock` is told the time.
    ///
    /// Cancel-safety: dropped, the line is deaf, and a frame that had come in half is lost. It can be called again, but only once
    /// at a time.
    pub async fn listen(&self, set_clock: impl Fn(Timestamp)) -> ! {
        let mut decoder = Decoder::<{ FRAME_MAX - 2 }>::new();
        self.tell_state().await;
        loop {
            let Some(frame) = decoder.push(self.port.receive().await) else { continue };
            let event = match frame {
                Ok(Frame { peer: Peer::Centre, payload }) => {
                    self.with(|inner| self.centre_says(inner, payload, &set_clock));
                    None
                }
                Ok(Frame { peer: Peer::Till, payload }) => {
                    self.with(|inner| self.till_says(inner, payload, &set_clock))
                }
                // Damaged: whoever sent it gets no answer, and sends again or gives up.
                Err(_) => None,
            };
            // It may have held the key.
            decoder.wipe();
            if let Some(event) = event {
                self.tell(&event).await;
            }
        }
    }

    /// Looks at what is kept, or changes it. Nobody else borrows it meanwhile, so the default is never returned.
    fn with<R: Default>(&self, look: impl FnOnce(&mut Inner) -> R) -> R {
        self.inner.try_borrow_mut().map(|mut inner| look(&mut inner)).unwrap_or_default()
    }

    /// Takes what comes from the centre: the answer that is awaited, or something to be ignored.
    fn centre_says(&self, inner: &mut Inner, payload: &[u8], set_clock: &impl Fn(Timestamp)) {
        if let Some(sent) = inner.asked
            && let Some(keys) = inner.keys(sent.sender())
        {
            let answer = match keys.read(payload, &sent) {
                Ok(answer) => {
                    if let Answer::SignedIn { session, .. } = &answer {
                        set_clock(session.time);
                        inner.wait = session.policy.unwrap_or_default().wait;
                    }
                    Ok(answer)
                }
                // The centre could not act on the message, so that waiting is in vain.
                Err(MessageError::Rejected(code)) => Err(LinkError::Rejected(code)),
                Err(MessageError::WorkingKey) => Err(LinkError::WorkingKey),
                // What is no answer, or that to something else, may still be followed by the right one.
                Err(_) => return,
            };
            inner.asked = None;
            self.answer.signal(answer);
        }
    }

    /// Carries out what the till says. Returns what the till is told at once.
    fn till_says(&self, inner: &mut Inner, payload: &[u8], set_clock: &impl Fn(Timestamp)) -> Option<Event> {
        let Some(command) = Command::decode(payload) else { return Some(Event::Refused(Refused::Malformed)) };
        match command {
            Command::Status => {}
            Command::Time(time) => set_clock(time),
            Command::Cancel => {
                // Without a visit there is nothing to cancel, and the next visit must not be cancelled.
                if inner.state.visit.is_some() {
                    self.cancel.signal(());
                }
            }
            // A job that the application has not taken note of must not be lost.
            Command::Setup(_) | Command::LoadKey(_) if inner.state.visit.is_some() || self.job.signaled() => {
                return Some(Event::Refused(Refused::Busy));
            }
            Command::Setup(place) => {
                let name = (place.institution, place.terminal);
                let stand = inner.setup.as_mut().filter(|stand| stand.name == name);
                // Nothing is sold under a name that the till did not mean.
                inner.state.set_up = stand.is_some();
                let Some(stand) = stand else {
                    return Some(Event::Refused(Refused::NoKey));
                };
                stand.keys.end_session();
                // The application tells the state when it has taken note.
                self.job.signal(Job::Setup(place));
                return None;
            }
            Command::LoadKey(load) => {
                // The application says what became of it.
                self.job.signal(Job::LoadKey(load));
                return None;
            }
            Command::Start { reference, time, operation } => {
                return Some(self.begin(inner, reference, Job::Serve(operation), || set_clock(time)));
            }
            Command::Attend { reference, time, what } => {
                return Some(self.begin(inner, reference, Job::Attend(what), || set_clock(time)));
            }
        }
        Some(Event::State(inner.state))
    }

    /// Begins a visit, unless that or another one is under way or was the last. Returns what the till is told.
    fn begin(&self, inner: &mut Inner, reference: Reference, job: Job, set_clock: impl FnOnce()) -> Event {
        let Some(Stand { name: (institution, _), .. }) = inner.setup.as_ref().filter(|_| inner.state.set_up) else {
            return Event::Refused(Refused::NotSetUp);
        };
        let channel = match &job {
            Job::Serve(operation) => operation.channel(),
            Job::Setup(_) | Job::LoadKey(_) | Job::Attend(_) => None,
        };
        match (inner.state.visit, inner.ended) {
            (Some(visit), _) if visit != reference => return Event::Refused(Refused::Busy),
            (Some(_), _) => {}
            (None, Some(ended)) if ended.reference == reference => return Event::Ended(ended),
            // Without a visit, that is a set-up or a key which the application has not taken note of: it must not be lost.
            _ if self.job.signaled() => return Event::Refused(Refused::Busy),
            _ if channel.is_some_and(|channel| channel != institution.channel()) => {
                return Event::Refused(Refused::NotHere);
            }
            _ => {
                set_clock();
                inner.state.visit = Some(reference);
                self.cancel.reset();
                self.job.signal(job);
            }
        }
        Event::State(inner.state)
    }

    /// What the application is to do next.
    ///
    /// Cancel-safety: cancel-safe. No job is lost.
    pub async fn command(&self) -> Job {
        self.job.wait().await
    }

    /// Completes when the till cancels.
    ///
    /// Cancel-safety: cancel-safe. A cancel command that comes meanwhile is kept until the next call or the next visit.
    pub async fn cancelled(&self) {
        self.cancel.wait().await;
    }

    /// Takes note of how the application is.
    pub fn note(&self, next_stan: Stan, duties: Duties) {
        self.with(|Inner { state, owed, .. }| {
            let Duties { reversal, confirmation, parked } = duties;
            (state.next_stan, state.reversal_due) = (next_stan, reversal);
            (state.confirmation_due, state.parked) = (confirmation, parked);
            if duties.is_none() {
                *owed = None;
            }
        });
    }

    /// Tells the till how its visit ended; from then on another can begin.
    ///
    /// Cancel-safety: dropped midway, the till may not have heard it. It hears it when it commands the same visit again.
    pub async fn tell_end(&self, report: &Report) {
        let ended = self.with(|inner| {
            let ended = inner.state.visit.take().map(|reference| ended(reference, report));
            inner.ended = ended;
            ended
        });
        if let Some(ended) = ended {
            self.tell(&Event::Ended(ended)).await;
        }
    }

    /// Tells the till how the terminal is.
    ///
    /// Cancel-safety: dropped midway, the till may not have heard it; it can ask.
    pub async fn tell_state(&self) {
        if let Some(state) = self.with(|inner| Some(inner.state)) {
            self.tell(&Event::State(state)).await;
        }
    }

    /// Tells the till something.
    ///
    /// Cancel-safety: as [`SerialLink::tell_state`].
    pub async fn tell(&self, event: &Event) {
        let mut buffer = [0; encoded_len(ECR_MAX)];
        self.send(encode(Peer::Till, &event.encode(), &mut buffer)).await;
    }

    async fn send(&self, frame: Option<&[u8]>) {
        // Every frame here has room.
        if let Some(frame) = frame {
            self.port.send(frame).await;
        }
    }

    /// Writes a request into `buffer` as a frame, and remembers it.
    fn write<'b>(&self, request: &Request<'_>, buffer: &'b mut [u8; FRAME_MAX]) -> Result<&'b [u8], LinkError> {
        let mut message = [0; MESSAGE_MAX];
        let len = self.with(|inner| Some(inner.write(request, &mut message))).unwrap_or(Err(LinkError::NotSetUp))?;
        self.answer.reset();
        let frame = encode(Peer::Centre, message.get(..len).unwrap_or_default(), buffer);
        // Every message has room.
        frame.ok_or(LinkError::Unwritable { field: 0 })
    }
}

impl<P: Port> CentreLink for &SerialLink<P> {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        let mut buffer = [0; FRAME_MAX];
        // Until here nothing has gone out, so that an error of the kinds that say so is right.
        let frame = self.write(request, &mut buffer)?;
        self.send(Some(frame)).await;
        let wait = self.with(|inner| u32::from(inner.wait) * 1_000);
        let answer = select(self.answer.wait(), self.port.wait(wait)).await;
        self.with(|inner| inner.asked = None);
        match answer {
            Either::First(answer) => answer,
            Either::Second(()) => Err(LinkError::NoAnswer),
        }
    }

    async fn rest(&mut self, seconds: u8) {
        self.port.wait(u32::from(seconds) * 1_000).await;
    }
}

/// What the till is told of a report.
fn ended(reference: Reference, report: &Report) -> Ended {
    let Report { reason, effects, balance, stan, standing, pin_changed, pin_unchanged, cause, .. } = *report;
    let cause = cause.map(|code| code.0);
    Ended { reference, reason, effects, balance, stan, standing, pin_changed, pin_unchanged, cause }
}

#[cfg(test)]
mod tests;
