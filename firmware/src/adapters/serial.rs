//! The line to till and centre on an asynchronous serial port, as a [`Port`].

use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Read, Write};

use crate::link::Port;

/// A serial port in two halves, and a clock to wait by.
///
/// `R` must keep what comes while nobody reads (a buffer filled by interrupt or DMA): the terminal reads byte by byte, and
/// does not read while a page of its flash is erased, some 25 ms. [`Port::receive`] is as cancel-safe as `R`'s `read` is.
pub struct SerialPort<R, W, D> {
    reader: Signal<NoopRawMutex, R>,
    writer: Signal<NoopRawMutex, W>,
    delay: D,
}

impl<R, W, D> SerialPort<R, W, D> {
    /// A port. Several waits may be under way at a time, so the clock is cloned for each.
    pub fn new(reader: R, writer: W, delay: D) -> Self {
        let port = Self { reader: Signal::new(), writer: Signal::new(), delay };
        port.reader.signal(reader);
        port.writer.signal(writer);
        port
    }
}

/// A half of the port in use by one caller. Given back when dropped, also midway.
// embassy-sync's own mutex has places that can panic, as far as the compiler sees.
struct Lent<'a, T> {
    from: &'a Signal<NoopRawMutex, T>,
    half: Option<T>,
}

impl<'a, T> Lent<'a, T> {
    async fn take(from: &'a Signal<NoopRawMutex, T>) -> Self {
        Self { from, half: Some(from.wait().await) }
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        if let Some(half) = self.half.take() {
            self.from.signal(half);
        }
    }
}

impl<R: Read, W: Write, D: DelayNs + Clone> Port for SerialPort<R, W, D> {
    async fn send(&self, frame: &[u8]) {
        let mut lent = Lent::take(&self.writer).await;
        let Some(writer) = &mut lent.half else { return };
        let mut rest = frame;
        while !rest.is_empty() {
            // Not `write_all`, which panics where a writer takes nothing.
            match writer.write(rest).await {
                Ok(taken @ 1..) => rest = rest.get(taken..).unwrap_or_default(),
                // What has gone out is half a frame, which the other end drops; its own time-outs do the rest.
                Ok(0) | Err(_) => return,
            }
        }
        let _ = writer.flush().await;
    }

    async fn receive(&self) -> u8 {
        let mut lent = Lent::take(&self.reader).await;
        loop {
            let mut byte = [0];
            if let Some(reader) = &mut lent.half
                && let Ok(1..) = reader.read(&mut byte).await
            {
                let [byte] = byte;
                return byte;
            }
            // A character was damaged or lost: the frame's check finds that out. A port that never works again leaves the
            // others their turn.
            yield_now().await;
        }
    }

    async fn wait(&self, ms: u32) {
        self.delay.clone().delay_ms(ms).await;
    }
}

#[cfg(test)]
mod tests;
