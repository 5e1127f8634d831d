//! The emulated Pico as a USB reader for programs of others: a thread has the board, and serves the stand-in for libusb at a socket.
//!
//! The chip's time goes on while a transfer with a limit is on its way, for a while after a card has come or gone, and otherwise not: so no
//! limit depends on how busy the machine is.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use qiyong_lab::emulator::EmulatorError;
use qiyong_lab::pico::reader::UsbReader;
use qiyong_lab::pico::usb::{Ended, Transfer, TransferError};
use qiyong_libusb::wire::{Request, Status, answer};
use qiyong_sim::line::SharedCard;
use qiyong_sim::referee::Finding;
use tempfile::TempDir;

/// How long the board goes on after a card has come or gone, in ms of its time: the host is told by then.
const AFTER_CARD_MS: u32 = 50;
/// How far the chip goes at most before somebody may say something, in ms of its time.
const TURN_MS: u32 = 10;

/// Makes a card, on the board's thread.
pub type MakesCard = Box<dyn FnOnce() -> SharedCard + Send>;

enum Order {
    Begin { token: u64, request: Request, reply: Sender<(Status, Vec<u8>)> },
    GiveUp(u64),
    Card(Option<MakesCard>),
    Key(Vec<u8>),
    Configure,
    Report(Sender<Report>),
    End,
}

/// What the board has to tell.
#[derive(Debug)]
pub struct Report {
    /// What the referee of the card line has found.
    pub findings: Vec<Finding>,
    /// The image's log.
    pub log: Vec<String>,
    /// How often a PIN was asked for.
    pub asked: usize,
    /// The chip's time, in ms.
    pub elapsed_ms: u64,
    /// All bytes that have gone to the host.
    pub to_host: Vec<u8>,
}

/// The board; dropping it ends it.
pub struct UsbBoard {
    orders: Sender<Order>,
    folder: TempDir,
    board: Option<JoinHandle<Result<(), EmulatorError>>>,
}

impl UsbBoard {
    /// Starts an image as a reader.
    pub fn start(elf: &Path) -> Self {
        let folder = TempDir::new().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("usb")).expect("a socket");
        let (orders, coming) = channel();
        let elf = elf.to_path_buf();
        let board = thread::spawn(move || serve(&elf, &coming));
        let to_board = orders.clone();
        thread::spawn(move || {
            for (stream, token) in listener.incoming().zip(1..) {
                let (Ok(stream), to_board) = (stream, to_board.clone()) else { return };
                thread::spawn(move || connection(stream, token, &to_board));
            }
        });
        Self { orders, folder, board: Some(board) }
    }

    /// Where the stand-in for libusb finds it.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("usb")
    }

    fn order(&self, order: Order) {
        self.orders.send(order).expect("the board runs");
    }

    /// Puts a card in, or takes it out.
    pub fn set_card(&self, card: Option<MakesCard>) {
        self.order(Order::Card(card));
    }

    /// The holder presses these keys when a PIN is asked for next.
    pub fn will_key(&self, keys: &[u8]) {
        self.order(Order::Key(keys.to_vec()));
    }

    /// The bus is reset, and the device configured anew.
    pub fn configure(&self) {
        self.order(Order::Configure);
    }

    /// What it has to tell.
    pub fn report(&self) -> Report {
        let (reply, report) = channel();
        self.order(Order::Report(reply));
        report.recv().expect("the board runs")
    }

    /// A transfer, as the stand-in would carry it.
    pub fn carry(&self, request: Request) -> (Status, Vec<u8>) {
        let (reply, ended) = channel();
        self.order(Order::Begin { token: 0, request, reply });
        ended.recv().expect("the board runs")
    }
}

impl Drop for UsbBoard {
    fn drop(&mut self) {
        // The listener's thread keeps a way to the board, too.
        let _ = self.orders.send(Order::End);
        let ended = self.board.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(Ok(())))), "{ended:?}");
    }
}

/// One transfer of the stand-in.
fn connection(mut stream: UnixStream, token: u64, orders: &Sender<Order>) {
    let Ok(request) = Request::read(&mut stream) else { return };
    let (reply, ended) = channel();
    if request.within_ms == 0 {
        let (Ok(mut watched), orders) = (stream.try_clone(), orders.clone()) else { return };
        thread::spawn(move || {
            // Nothing is ever written: it ends when the transfer does.
            let _ = watched.read(&mut [0]);
            let _ = orders.send(Order::GiveUp(token));
        });
    }
    if orders.send(Order::Begin { token, request, reply }).is_err() {
        return;
    }
    let (status, data) = ended.recv().unwrap_or((Status::Gone, Vec::new()));
    let _ = answer(&mut stream, status, &data);
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

/// A transfer that somebody waits for.
struct Awaited {
    token: u64,
    has_limit: bool,
    reply: Sender<(Status, Vec<u8>)>,
}

fn transfer(request: Request) -> Transfer {
    let Request { is_control, address, most, setup, data, .. } = request;
    match (is_control, address & 0x80 != 0) {
        (true, _) => Transfer::Control(setup, data),
        (false, true) => Transfer::In(address & 0x7F, most as usize),
        (false, false) => Transfer::Out(address, data),
    }
}

fn ended(how: Ended) -> (Status, Vec<u8>) {
    match how {
        Ok(bytes) => (Status::Done, bytes),
        Err(TransferError::Stall) => (Status::Stall, Vec::new()),
        Err(TransferError::TimedOut) => (Status::TimedOut, Vec::new()),
        Err(TransferError::Cancelled) => (Status::Cancelled, Vec::new()),
    }
}

/// The board's thread.
fn serve(elf: &Path, orders: &Receiver<Order>) -> Result<(), EmulatorError> {
    let mut reader = UsbReader::boot(elf)?;
    let mut awaited: BTreeMap<u64, Awaited> = BTreeMap::new();
    let (mut until_ms, mut to_host) = (0, Vec::new());
    loop {
        let goes_on = reader.elapsed_ms() < until_ms || awaited.values().any(|one| one.has_limit);
        let order = if goes_on {
            match orders.try_recv() {
                Ok(order) => Some(order),
                Err(std::sync::mpsc::TryRecvError::Empty) => None,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return Ok(()),
            }
        } else {
            match orders.recv() {
                Ok(order) => Some(order),
                Err(_) => return Ok(()),
            }
        };
        match order {
            Some(Order::Begin { token, request, reply }) => {
                let within_ms = request.within_ms;
                // What the device has ready goes to the host even if that has no limit.
                until_ms = until_ms.max(reader.elapsed_ms() + u64::from(TURN_MS));
                let id = reader.begin(transfer(request), within_ms);
                awaited.insert(id, Awaited { token, has_limit: within_ms > 0, reply });
            }
            Some(Order::GiveUp(token)) => {
                let given_up = awaited.iter().find(|(_, one)| one.token == token).map(|(id, _)| *id);
                given_up.into_iter().for_each(|id| reader.cancel(id));
            }
            Some(Order::Card(card)) => {
                reader.set_card(card.map(|make| make()));
                until_ms = reader.elapsed_ms() + u64::from(AFTER_CARD_MS);
            }
            Some(Order::Key(keys)) => reader.will_key(&keys),
            Some(Order::Configure) => reader.configure()?,
            Some(Order::Report(reply)) => {
                let (findings, log) = (reader.findings(), reader.log()?.to_vec());
                let (asked, elapsed_ms, to_host) = (reader.asked(), reader.elapsed_ms(), to_host.clone());
                let _ = reply.send(Report { findings, log, asked, elapsed_ms, to_host });
            }
            Some(Order::End) => return Ok(()),
            None => reader.go_on(TURN_MS)?,
        }
        for (id, how) in reader.ended() {
            to_host.extend(how.iter().flatten());
            if let Some(one) = awaited.remove(&id) {
                let _ = one.reply.send(ended(how));
            }
        }
    }
}
