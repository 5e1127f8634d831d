//! A virtual card in the virtual reader (vpcd) of a real pcscd.
//!
//! A message is a length of two bytes, big-endian, and as many bytes. vpcd sends controls of one byte (power off and
//! on, reset, get ATR; only the last is answered) and APDUs. The card is in the reader as long as the connection lasts.
//!
//! vpcd writes length and bytes separately and leaves Nagle's algorithm on: its second write waits until the first is
//! acknowledged. Linux delays this by 40 ms unless TCP_QUICKACK is set. The kernel clears that option by itself, so it
//! is set again around each read.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_tcp_quickack;

use qiyong_protocol::iso7816::sw::StatusWord;

use crate::slot::Slot;

/// The pause before the next try to connect: at first, and at most.
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

/// Connects to vpcd at `address`, again and again, and lets the card in `slot` answer; `tell` is called when the card
/// goes in and comes out. Whoever closes the connection
/// without a word, again and again, is told of once. Never returns.
pub fn serve(address: &str, slot: &mut dyn Slot, tell: &mut dyn FnMut(&str)) -> ! {
    let mut pause = RETRY.0;
    let mut waiting = false;
    let mut quiet = false;
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => {
                if !quiet {
                    tell(&format!("{address}: the card is in"));
                }
                waiting = false;
                let mut used = false;
                let ended = VpcdSocket::new(stream).and_then(|mut socket| socket.serve(slot, &mut used));
                slot.power_down();
                let why = ended.map_or_else(|error| error.to_string(), |()| "vpcd closed the connection".into());
                if used || !quiet {
                    tell(&format!("{address}: the card is out: {why}"));
                }
                quiet = !used;
                if used {
                    pause = RETRY.0;
                }
            }
            Err(error) if !waiting => {
                waiting = true;
                tell(&format!("{address}: no vpcd answers ({error}); is pcscd running? Trying on"));
            }
            Err(_) => {}
        }
        thread::sleep(pause);
        pause = (pause * 2).min(RETRY.1);
    }
}

/// A connection to vpcd.
struct VpcdSocket {
    stream: TcpStream,
    /// What has been read and not yet used.
    buffer: Vec<u8>,
}

impl VpcdSocket {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_PATIENCE))?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Serves until vpcd closes the connection; `used`: it has said something.
    fn serve(&mut self, slot: &mut dyn Slot, used: &mut bool) -> io::Result<()> {
        let mut atr = None;
        let (mut frame, mut out) = (Vec::new(), Vec::new());
        while self.receive(&mut frame)? {
            *used = true;
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
                // Nothing, if the card is mute.
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

    /// Reads a message; `false` at the end.
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::slot::Straight;

    #[test]
    fn whoever_hangs_up_without_a_word_is_told_of_once() {
        let vpcd = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = vpcd.local_addr().unwrap().to_string();
        let (told, lines) = channel();
        // It ends with the test's process.
        thread::spawn(move || {
            serve(&address, &mut Straight::default(), &mut |line| drop(told.send(line.to_string())));
        });
        (0..4).for_each(|_| drop(vpcd.accept().unwrap()));
        // The fifth connection is there, so the fourth is over.
        let (mut fifth, _) = vpcd.accept().unwrap();
        assert_eq!(lines.try_iter().count(), 2);
        fifth.write_all(&[0, 1, control::POWER_OFF]).unwrap();
        drop(fifth);
        assert!(lines.recv_timeout(WRITE_PATIENCE).unwrap().contains("the card is out"));
    }
}
