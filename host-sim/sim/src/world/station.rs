//! A terminal at a till: the firmware's application with its own link and memory, on a serial line in virtual time. What
//! card slot, operator, clock and flash are is for the owner to decide.

use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use embassy_futures::select::{Either, Either3, select, select3};

use qiyong_firmware::application::{Kept, obey};
use qiyong_firmware::link::SerialLink;
use qiyong_firmware::terminal;
use qiyong_firmware::terminal::{Board, CentreLink, Duties, Report, Settings, Terminal};
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Answer, LinkError, Request};
use qiyong_protocol::ecr::{Ended, Formality, KeyLoad, State, TEST_TRANSPORT_KEY};
use qiyong_protocol::rules::decision::Operation;

use super::centre::CentreEnd;
use super::interruption::Presence;
use super::till::{Till, TillError, TillWatch};
use crate::serial::port::{Port, port};
use crate::serial::setup::Setup;
use crate::serial::wire::Wire;
use crate::time::{CLOCK_HZ, Unfinished, VirtualTime};

/// How long a terminal without its till is left alone, in seconds: more than any visit takes.
const ALONE: u64 = 1_800;

/// What a terminal is made of, besides link and clock.
pub struct Parts<S, O, R, M> {
    /// The card slot.
    pub slot: S,
    /// Screen and keys.
    pub operator: O,
    /// Random numbers.
    pub random: R,
    /// What it keeps over a power cut.
    pub memory: M,
    /// What the terminal says of itself when it starts.
    pub state: State,
    /// Where it stands, and how long and how often it tries.
    pub settings: Settings,
}

/// Whether the terminal still has power.
type HasPower = Rc<dyn Fn() -> bool>;

/// The firmware's link, shared by the terminal and by what listens.
#[derive(Clone)]
pub struct Link(Rc<SerialLink<Port>>, Option<HasPower>);

impl Link {
    /// From now on this is asked before the first byte of each message, and again when its answer is in hand. When it says no,
    /// the terminal does nothing any more, as one whose power has failed just there.
    pub fn stop_unless(&mut self, has_power: impl Fn() -> bool + 'static) {
        self.1 = Some(Rc::new(has_power));
    }

    async fn stop(&self) {
        if self.1.as_ref().is_some_and(|has_power| !has_power()) {
            pending::<()>().await;
        }
    }
}

impl CentreLink for Link {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        self.stop().await;
        let answer = (&*self.0).ask(request).await;
        self.stop().await;
        answer
    }

    async fn rest(&mut self, seconds: u8) {
        (&*self.0).rest(seconds).await;
    }
}

/// A terminal at its till, on a board whose way to the centre is a [`Link`].
pub struct Station<B: Board<Centre = Link, Memory: Kept>> {
    time: VirtualTime,
    link: Link,
    /// What takes the bytes from the till, from the start to the end of the terminal.
    listen: Pin<Box<dyn Future<Output = ()>>>,
    till: Till,
    terminal: Terminal<B>,
}

/// How a visit ended: as the terminal reports it, and as the till has heard it.
pub struct Served {
    /// The terminal's report.
    pub report: Report,
    /// What the till was told.
    pub ended: Ended,
}

impl<B: Board<Centre = Link, Memory: Kept>> Station<B> {
    /// A terminal of these parts that has just started, at a new till. `set_clock` is told the time by the till; `clock`
    /// shows it.
    pub fn start(
        time: VirtualTime,
        parts: Parts<B::Slot, B::Operator, B::Random, B::Memory>,
        clock: B::Clock,
        set_clock: impl Fn(Timestamp) + 'static,
        centre: Rc<RefCell<dyn CentreEnd>>,
        watch: impl TillWatch + 'static,
    ) -> Self {
        let Parts { slot, operator, random, memory, state, settings } = parts;
        let (to_till, to_terminal) = (Wire::new(time.clone()), Wire::new(time.clone()));
        let port = port(time.clone(), to_terminal.clone(), to_till.clone());
        let link = Link(Rc::new(SerialLink::new(port, &TEST_TRANSPORT_KEY, state)), None);
        link.0.install(memory.keyring(), settings.policy);
        let own = link.clone();
        let listen = Box::pin(async move { own.0.listen(set_clock).await });
        let till = Till::new(time.clone(), to_till, to_terminal, centre, watch);
        let centre = link.clone();
        let terminal = Terminal::of(terminal::Parts { slot, centre, operator, clock, random, memory }, settings);
        Self { time, link, listen, till, terminal }
    }

    /// The till tells the terminal where it stands, which every terminal must know before it serves anybody.
    ///
    /// # Errors
    /// The terminal does not take it.
    pub fn set_up(&mut self, setup: Setup) -> Result<State, TillError> {
        self.set_up_while(|| true, setup)
    }

    /// As [`Station::set_up`], while `on` says that there is power: it is asked at every moment at which anything of
    /// the terminal waits.
    ///
    /// # Errors
    /// Those of [`Station::set_up`], and [`TillError::PowerCut`], after which the station is good for nothing.
    pub fn set_up_while(&mut self, on: impl FnMut() -> bool, setup: Setup) -> Result<State, TillError> {
        self.work_while(on, async |till| till.set_up(setup).await).map(|(state, _)| state)
    }

    /// The till gives the terminal a master key; returns the check value of the key that the terminal has then.
    ///
    /// # Errors
    /// The terminal does not take it.
    pub fn load_key(&mut self, load: KeyLoad) -> Result<[u8; 3], TillError> {
        self.load_key_while(|| true, load)
    }

    /// As [`Station::load_key`], while `on` says that there is power.
    ///
    /// # Errors
    /// Those of [`Station::load_key`], and [`TillError::PowerCut`], after which the station is good for nothing.
    pub fn load_key_while(&mut self, on: impl FnMut() -> bool, load: KeyLoad) -> Result<[u8; 3], TillError> {
        self.work_while(on, async |till| till.load_key(load).await).map(|(check, _)| check)
    }

    /// One visit of a holder. `time` is the till's.
    ///
    /// # Errors
    /// The terminal does not do it, or its end is not heard.
    pub fn serve(&mut self, operation: &Operation, time: Timestamp) -> Result<Served, TillError> {
        self.serve_while(|| true, operation, time)
    }

    /// As [`Station::serve`], while `on` says that there is power.
    ///
    /// # Errors
    /// Those of [`Station::serve`], and [`TillError::PowerCut`], after which the station is good for nothing.
    pub fn serve_while(
        &mut self,
        on: impl FnMut() -> bool,
        operation: &Operation,
        time: Timestamp,
    ) -> Result<Served, TillError> {
        let served = self.work_while(on, async |till| till.serve(operation.clone(), time).await)?;
        let (ended, Some(report)) = served else { return Err(TillError::Silent) };
        Ok(Served { report, ended })
    }

    /// As [`Station::serve`], while `presence` says that there is power and a till. A terminal whose till is gone has all the
    /// time that it needs for the end of its visit; what it says meanwhile is lost.
    ///
    /// # Errors
    /// Those of [`Station::serve_while`]; [`TillError::TillKilled`]; and [`TillError::Hangs`].
    pub fn serve_watched(
        &mut self,
        presence: impl Presence,
        operation: &Operation,
        time: Timestamp,
    ) -> Result<Served, TillError> {
        let (presence, last) = (RefCell::new(presence), RefCell::new(None));
        let clock = self.time.clone();
        let gone = poll_fn(|_| if presence.borrow().has_till() { Poll::Pending } else { Poll::Ready(()) });
        let served = self.work_noting(
            || presence.borrow_mut().has_power(),
            &last,
            async |till| match select(till.serve(operation.clone(), time), gone).await {
                Either::First(ended) => {
                    let ended = ended?;
                    // If the last byte of the end comes twice, the till has heard it before the terminal has said it.
                    let until = clock.cycles().saturating_add(CLOCK_HZ);
                    while last.borrow().is_none() && clock.cycles() < until {
                        clock.until(clock.cycles() + CLOCK_HZ / 1_000).await;
                    }
                    Ok(ended)
                }
                Either::Second(()) => {
                    clock.until(clock.cycles().saturating_add(ALONE * CLOCK_HZ)).await;
                    till.begin_anew();
                    Err(TillError::TillKilled)
                }
            },
        );
        match (served, last.into_inner()) {
            (Ok(ended), Some(report)) => Ok(Served { report, ended }),
            (Ok(_), None) => Err(TillError::Silent),
            (Err(TillError::PowerCut), _) if presence.borrow().hangs() => Err(TillError::Hangs),
            (Err(error), _) => Err(error),
        }
    }

    /// The terminal settles something with the centre. `time` is the till's.
    ///
    /// # Errors
    /// Those of [`Station::serve`].
    pub fn attend(&mut self, what: Formality, time: Timestamp) -> Result<Served, TillError> {
        let attended = self.work_while(|| true, async |till| till.attend(what, time).await)?;
        let (ended, Some(report)) = attended else { return Err(TillError::Silent) };
        Ok(Served { report, ended })
    }

    /// Lets the terminal work until the till has done this. Returns the report of the last visit meanwhile, too.
    fn work_while<T>(
        &mut self,
        on: impl FnMut() -> bool,
        till_does: impl AsyncFnOnce(&mut Till) -> Result<T, TillError>,
    ) -> Result<(T, Option<Report>), TillError> {
        let last = RefCell::new(None);
        let done = self.work_noting(on, &last, till_does)?;
        Ok((done, last.into_inner()))
    }

    /// The same, with a place for the report that can be looked at meanwhile.
    fn work_noting<T>(
        &mut self,
        on: impl FnMut() -> bool,
        last: &RefCell<Option<Report>>,
        till_does: impl AsyncFnOnce(&mut Till) -> Result<T, TillError>,
    ) -> Result<T, TillError> {
        let Self { time, link, listen, till, terminal } = self;
        let work = async {
            loop {
                if let Some(report) = obey(&link.0, terminal, |_| {}).await {
                    last.replace(Some(report));
                }
            }
        };
        // The terminal first: when the till has heard the last byte of an end, the terminal has said it.
        match time.run_while(on, select3(work, listen, till_does(till))) {
            Ok(Either3::Third(done)) => done,
            Ok(Either3::First(())) | Ok(Either3::Second(())) | Err(Unfinished::Stuck) => Err(TillError::Silent),
            Err(Unfinished::Ended) => Err(TillError::PowerCut),
        }
    }

    /// The till.
    pub const fn till(&mut self) -> &mut Till {
        &mut self.till
    }

    /// The terminal.
    pub const fn terminal(&mut self) -> &mut Terminal<B> {
        &mut self.terminal
    }

    /// What the terminal owes the centre.
    pub fn duties(&self) -> Duties {
        self.terminal.duties()
    }
}
