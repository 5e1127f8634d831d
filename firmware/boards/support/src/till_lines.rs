//! Till and centre on two lines, a serial one and a USB port of packets: whatever comes on either is taken, and the one
//! that spoke last is answered.
//!
//! A frame begins and ends with 00 (`qiyong_protocol::frame`), so half a frame, of a line that went or of the other
//! one, spoils none that is whole. What is said on a USB port that nobody has open, or whose host does not read for
//! [`PATIENCE_MS`], is lost, as on a wire at whose end nobody listens: a terminal must not wait for its till.

use core::cell::Cell;

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Error, ErrorKind, ErrorType, Read, Write};

/// Bytes of a full packet.
pub const PACKET: usize = 64;
/// How long a host may leave a packet untaken before it is lost, and the rest of its frame, in ms.
pub const PATIENCE_MS: u32 = 1000;

/// What packets come from.
pub trait PacketsIn {
    /// The next packet, and how many bytes it has. It waits for as long as there is no host, too.
    ///
    /// Cancel-safety: must be cancel-safe.
    async fn take(&mut self, room: &mut [u8; PACKET]) -> usize;
}

/// What packets go to.
pub trait PacketsOut {
    /// Gives the host a packet once it has taken the one before.
    ///
    /// Cancel-safety: must be cancel-safe; dropped, the packet has not been given.
    async fn give(&mut self, packet: &[u8]);
}

/// What is known of the two lines. Both halves and whoever sees the bus have it, in tasks of one executor.
#[derive(Default)]
pub struct Lines {
    /// The USB port spoke last.
    by_usb: Cell<bool>,
    /// The host has opened the port (DTR), or has spoken since it was last closed.
    is_open: Cell<bool>,
    dtr: Cell<bool>,
    is_asleep: Cell<bool>,
    /// Nobody takes the packet any more that is to be given.
    gone: Signal<NoopRawMutex, ()>,
}

impl Lines {
    /// Nothing has come yet: the serial line is answered.
    pub const fn new() -> Self {
        Self {
            by_usb: Cell::new(false),
            is_open: Cell::new(false),
            dtr: Cell::new(false),
            is_asleep: Cell::new(false),
            gone: Signal::new(),
        }
    }

    /// What the host says of DTR, which may be what it said before.
    pub fn sees_dtr(&self, dtr: bool) {
        if self.dtr.replace(dtr) != dtr {
            self.is_open.set(dtr);
            if !dtr {
                self.gone.signal(());
            }
        }
    }

    /// The bus was reset, or the device has another configuration: the host is a new one.
    pub fn is_reset(&self) {
        self.is_asleep.set(false);
        self.dtr.set(false);
        self.is_open.set(false);
        self.gone.signal(());
    }

    /// The bus is suspended, or goes on. A port that was open still is.
    pub fn sleeps(&self, asleep: bool) {
        self.is_asleep.set(asleep);
        if asleep {
            self.gone.signal(());
        }
    }

    /// Something came on one of them.
    fn speaks(&self, by_usb: bool) {
        self.by_usb.set(by_usb);
        if by_usb {
            // A host that speaks listens, whatever it says of DTR: some never set it.
            self.is_open.set(true);
            self.is_asleep.set(false);
        }
    }

    fn listens(&self) -> bool {
        self.is_open.get() && !self.is_asleep.get()
    }
}

/// What comes on both lines.
pub struct Hears<'a, S, P> {
    lines: &'a Lines,
    serial: S,
    usb: P,
    packet: [u8; PACKET],
    /// The bytes of the packet that were not taken yet.
    left: core::ops::Range<usize>,
}

impl<'a, S, P> Hears<'a, S, P> {
    /// Both lines.
    pub const fn new(lines: &'a Lines, serial: S, usb: P) -> Self {
        Self { lines, serial, usb, packet: [0; PACKET], left: 0..0 }
    }
}

impl<S, P> ErrorType for Hears<'_, S, P> {
    type Error = ErrorKind;
}

impl<S: Read, P: PacketsIn> Read for Hears<'_, S, P> {
    /// Cancel-safety: cancel-safe where the lines are.
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, ErrorKind> {
        loop {
            let left = self.packet.get(self.left.clone()).unwrap_or_default();
            if !left.is_empty() || bytes.is_empty() {
                let count = left.len().min(bytes.len());
                bytes.iter_mut().zip(left).for_each(|(to, from)| *to = *from);
                self.left.start = self.left.start.saturating_add(count);
                return Ok(count);
            }
            match select(self.usb.take(&mut self.packet), self.serial.read(bytes)).await {
                Either::First(count) => {
                    self.left = 0..count.min(PACKET);
                    self.lines.speaks(true);
                }
                Either::Second(Ok(count)) => {
                    self.lines.speaks(false);
                    return Ok(count);
                }
                Either::Second(Err(error)) => return Err(error.kind()),
            }
        }
    }
}

/// What goes to the line that spoke last.
pub struct Says<'a, S, P, D> {
    lines: &'a Lines,
    serial: S,
    usb: P,
    delay: D,
    /// The last packet was full, so that the host waits for more.
    is_full: bool,
}

impl<'a, S, P: PacketsOut, D: DelayNs> Says<'a, S, P, D> {
    /// Both lines.
    pub const fn new(lines: &'a Lines, serial: S, usb: P, delay: D) -> Self {
        Self { lines, serial, usb, delay, is_full: false }
    }

    async fn give(&mut self, packet: &[u8]) -> Result<(), ErrorKind> {
        self.is_full = false;
        if !self.lines.listens() {
            return Err(ErrorKind::NotConnected);
        }
        self.lines.gone.reset();
        let lost = select(self.lines.gone.wait(), self.delay.delay_ms(PATIENCE_MS));
        match select(self.usb.give(packet), lost).await {
            Either::First(()) => {
                self.is_full = packet.len() == PACKET;
                Ok(())
            }
            Either::Second(_) => Err(ErrorKind::TimedOut),
        }
    }
}

impl<S, P, D> ErrorType for Says<'_, S, P, D> {
    type Error = ErrorKind;
}

impl<S: Write, P: PacketsOut, D: DelayNs> Write for Says<'_, S, P, D> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        if !self.lines.by_usb.get() {
            return self.serial.write(bytes).await.map_err(|error| error.kind());
        }
        let packet = bytes.get(..PACKET).unwrap_or(bytes);
        self.give(packet).await?;
        Ok(packet.len())
    }

    /// After a full packet the host waits for more, until an empty one comes (USB 2.0 section 5.8.3).
    async fn flush(&mut self) -> Result<(), ErrorKind> {
        if self.is_full {
            return self.give(&[]).await;
        }
        if !self.lines.by_usb.get() {
            return self.serial.flush().await.map_err(|error| error.kind());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
