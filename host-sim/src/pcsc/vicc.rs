//! `qiyong vicc`: a virtual card in the virtual reader (vpcd) of a real pcscd.
//!
//! A frame is a length of two bytes, big-endian, and as many bytes. vpcd sends controls of one byte (power off and on, reset,
//! get ATR; only the last is answered) and APDUs. The card is in the reader while the connection lasts.
//!
//! vpcd writes length and bytes separately and leaves Nagle's algorithm on: its second write waits until the first is
//! acknowledged, which Linux delays by 40 ms unless TCP_QUICKACK says otherwise. The kernel takes that option back by
//! itself, so it is set anew around each read.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Args;
use rustix::net::sockopt::set_tcp_quickack;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use qiyong_protocol::iso7816::sw::StatusWord;

use super::daemon::SlotArgs;
use super::slot::{DeskCard, Slot};
use crate::output::{Output, Verdict};

/// How long it takes until the next try to connect: at first, and in the end.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// How long vpcd may leave an answer unread.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// Controls of vpcd.
mod control {
    pub(super) const POWER_OFF: u8 = 0;
    pub(super) const POWER_ON: u8 = 1;
    pub(super) const RESET: u8 = 2;
    pub(super) const GET_ATR: u8 = 4;
}

/// Which card goes where.
#[derive(Args, Debug)]
pub struct ViccArgs {
    /// Where vpcd listens
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:35963")]
    connect: String,
    /// The card's file
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    #[command(flatten)]
    slot: SlotArgs,
}

/// Runs the verb until it is told to stop: exit 0 then, 2 when it cannot start.
pub fn run(args: &ViccArgs) -> ExitCode {
    let mut output = Output::default();
    match prepare(args) {
        Ok(slot) => serve(args, slot, &mut output),
        Err(problem) => output.complain(&problem),
    }
    output.finish(Verdict::BadInput)
}

fn prepare(args: &ViccArgs) -> Result<Box<dyn Slot>, String> {
    // Looked up anew at each try; a name that is none must be told of now.
    args.connect.to_socket_addrs().map_err(|error| format!("--connect {}: {error}", args.connect))?;
    let card = DeskCard::open(&args.card).map_err(|error| error.to_string())?;
    let mut slot = args.slot.open()?;
    slot.insert(card);
    let mut signals =
        Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(|error| format!("cannot listen to signals: {error}"))?;
    let wait = move || {
        let _ = signals.forever().next();
        // Nothing is left to be done: the card's file is in step after every command.
        std::process::exit(0);
    };
    thread::Builder::new().name("signals".into()).spawn(wait).map_err(|error| format!("no thread: {error}"))?;
    Ok(slot)
}

/// Connects, again and again.
fn serve(args: &ViccArgs, mut slot: Box<dyn Slot>, output: &mut Output) {
    let mut pause = RETRY.0;
    let mut waiting = false;
    loop {
        match TcpStream::connect(&args.connect) {
            Ok(stream) => {
                output.line(&format!("{}: the card is in", args.connect));
                (pause, waiting) = (RETRY.0, false);
                let ended = Link::new(stream).and_then(|mut link| link.serve(slot.as_mut()));
                slot.power_down();
                let why = ended.map_or_else(|error| error.to_string(), |()| "vpcd closed the connection".into());
                output.line(&format!("{}: the card is out: {why}", args.connect));
            }
            Err(error) if !waiting => {
                waiting = true;
                output.line(&format!("{}: no vpcd answers ({error}); is pcscd running? Trying on", args.connect));
            }
            Err(_) => {}
        }
        thread::sleep(pause);
        pause = (pause * 2).min(RETRY.1);
    }
}

/// A connection to vpcd.
struct Link {
    stream: TcpStream,
    /// What has been read and not yet used.
    buffer: Vec<u8>,
}

impl Link {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_PATIENCE))?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Serves until vpcd closes the connection.
    fn serve(&mut self, slot: &mut dyn Slot) -> io::Result<()> {
        let mut atr = None;
        let (mut frame, mut out) = (Vec::new(), Vec::new());
        while self.receive(&mut frame)? {
            // Room for the length.
            out.clear();
            out.extend([0, 0]);
            match *frame.as_slice() {
                [] => continue,
                [control::POWER_OFF] => {
                    slot.power_down();
                    continue;
                }
                [control::POWER_ON | control::RESET] => {
                    atr = slot.reset().ok();
                    continue;
                }
                // Nothing, for a card that is mute.
                [control::GET_ATR] => match &atr {
                    Some(atr) => out.extend(atr),
                    None => {
                        atr = slot.reset().ok();
                        out.extend(atr.iter().flatten());
                    }
                },
                _ => {
                    if slot.transmit(&frame, &mut out).is_err() {
                        out.truncate(2);
                        out.extend(StatusWord(0x6F00).0.to_be_bytes());
                    }
                }
            }
            let len =
                u16::try_from(out.len() - 2).map_err(|_| io::Error::other("the response does not fit a frame"))?;
            out.iter_mut().zip(len.to_be_bytes()).for_each(|(to, from)| *to = from);
            self.stream.write_all(&out)?;
        }
        Ok(())
    }

    /// Reads a frame; `false` at the end.
    fn receive(&mut self, frame: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            if let Some((len, rest)) = self.buffer.split_first_chunk::<2>() {
                let len = usize::from(u16::from_be_bytes(*len));
                if let Some(bytes) = rest.get(..len) {
                    frame.clear();
                    frame.extend(bytes);
                    self.buffer.drain(..len + 2);
                    return Ok(true);
                }
            }
            if self.read_some()? == 0 {
                return Ok(false);
            }
        }
    }

    fn read_some(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 4096];
        set_tcp_quickack(&self.stream, true)?;
        let count = loop {
            match self.stream.read(&mut chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        // Acknowledges what was just read.
        set_tcp_quickack(&self.stream, true)?;
        self.buffer.extend(chunk.iter().take(count));
        Ok(count)
    }
}
