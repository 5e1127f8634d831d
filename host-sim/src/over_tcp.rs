//! The card centre of [`crate::in_process`] behind a real connection: a server on a free port of this machine, in this
//! process, and the line to it. What a scenario asks besides messages it asks the centre itself.

use std::io;
use std::net::Ipv4Addr;
#[cfg(boards)]
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::runtime;
use tokio::sync::watch;

use qiyong_iso::{Decider, Limits, Refuse, Refused, Server};
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::issue::{IssuedCard, NewCard};
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_sim::scenario::centre::{Activation, Centre};
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::scenario::run;
use qiyong_sim::scenario::stage::{Played, RunError};
use qiyong_sim::world::centre::{CentreEnd, CentreFailure};

use crate::in_process::InProcess;
#[cfg(boards)]
use crate::in_process::on_boards;
use crate::tcp::TcpCentre;
#[cfg(boards)]
use qiyong_lab::board::Board;

/// A centre in this process that is reached over TCP.
pub struct OverTcp {
    centre: Arc<Mutex<InProcess>>,
    line: TcpCentre,
    _serving: Serving,
}

impl Decider for InProcess {
    fn decide(&mut self, batch: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        Decider::decide(&mut **self, batch)
    }
}

impl Refuse for InProcess {
    fn refuse(&mut self, message: &[u8], why: Refused) -> Option<Vec<u8>> {
        Refuse::refuse(&mut **self, message, why)
    }
}

/// A server on a thread of its own, until it is dropped.
struct Serving {
    end: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    /// Serves this centre; returns where.
    fn start(centre: Arc<Mutex<InProcess>>) -> io::Result<(Self, String)> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let anywhere = (Ipv4Addr::LOCALHOST, 0).into();
        let server =
            runtime.block_on(async { Server::bind(anywhere, vec![centre.clone()], centre, Limits::default()) })?;
        let address = server.address()?.to_string();
        let (end, ends) = watch::channel(false);
        let serve = move || {
            // A server that fails answers nothing, and whoever asks it is told so.
            let _ = runtime.block_on(server.serve(ends));
        };
        let thread = thread::Builder::new().name("centre".into()).spawn(serve)?;
        Ok((Self { end, thread: Some(thread) }, address))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.end.send_replace(true);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl OverTcp {
    /// Puts this centre behind a server, and connects to that.
    ///
    /// # Errors
    /// The system gives no port, thread or connection.
    pub fn new(centre: InProcess) -> Result<Self, CentreFailure> {
        let key = centre.key();
        let centre = Arc::new(Mutex::new(centre));
        let (serving, address) = Serving::start(centre.clone())?;
        Ok(Self { centre, line: TcpCentre::connect(&address, key)?, _serving: serving })
    }

    fn centre(&self) -> MutexGuard<'_, InProcess> {
        self.centre.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CentreEnd for OverTcp {
    fn answer(&mut self, request: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        self.line.answer(request)
    }

    fn set_time(&mut self, now: Timestamp) {
        self.centre().set_time(now);
    }

    fn key(&self) -> X919 {
        self.line.key()
    }
}

impl Centre for OverTcp {
    fn add_institution(&mut self, institution: &Institution) -> Result<(), CentreFailure> {
        Centre::add_institution(&mut *self.centre(), institution)
    }

    fn issue(&self, new: &NewCard) -> Result<IssuedCard, CentreFailure> {
        Centre::issue(&*self.centre(), new)
    }

    fn add_card(&mut self, card: &CardRecord) -> Result<(), CentreFailure> {
        Centre::add_card(&mut *self.centre(), card)
    }

    fn card(&self, number: &CardNumber) -> Result<Option<CardRecord>, CentreFailure> {
        Centre::card(&*self.centre(), number)
    }

    fn activations(&self, number: &CardNumber) -> Result<Vec<Activation>, CentreFailure> {
        Centre::activations(&*self.centre(), number)
    }
}

/// As [`crate::in_process::play`], with each message over TCP.
///
/// # Errors
/// The scenario cannot be played to its end.
pub fn play(scenario: &Scenario) -> Result<Played, RunError> {
    run::play(scenario, new_centre()?)
}

/// As [`crate::in_process::play_emulated`], with each message over TCP.
///
/// # Errors
/// Those of [`play`]. Also if the scenario is not for such boards.
#[cfg(boards)]
pub fn play_emulated<B: Board>(scenario: &Scenario, elf: &Path) -> Result<Played, RunError> {
    on_boards::<_, B>(scenario, new_centre()?, elf)
}

fn new_centre() -> Result<OverTcp, RunError> {
    let centre = InProcess::new().map_err(|error| RunError::Centre(Box::new(error)))?;
    OverTcp::new(centre).map_err(RunError::Centre)
}
