//! The three UARTs: characters come in by interrupt, each with its time, and go out one by one.

use core::cell::RefCell;
use core::convert::Infallible;
use core::sync::atomic::{AtomicBool, Ordering};

use critical_section::Mutex;
use embedded_io_async::{ErrorType, Read, Write};
use qiyong_board_support::moment::CLOCK_HZ;
use qiyong_board_support::pin_pad::PinPad;
use qiyong_board_support::queue::{Character, Queue};

use super::registers::{UART0, UART1, UART2, Uart};
use super::time::{self, SYSTEM_HZ, now};
use super::words::LIVE;

/// Flags: nothing has come.
const EMPTY: u32 = 1 << 4;
/// Data: the parity was wrong.
const PARITY_WRONG: u32 = 1 << 9;
/// Line: eight bits; without its queue, in which a character could wait for the next.
const BITS_8: u32 = 0b11 << 5;
/// Control: on, in both directions.
const ON: u32 = 0b11 << 8 | 1;
/// Interrupt: a character has come.
const HAS_COME: u32 = 1 << 4;

/// One UART.
pub(crate) struct Port {
    uart: Uart,
    queue: Mutex<RefCell<Queue>>,
    /// What comes is the echo of what is sent.
    pub(crate) echoes: AtomicBool,
}

/// Till and centre.
pub(crate) static TILL: Port = Port::new(UART0);
/// The PIN pad.
pub(crate) static KEYS: Port = Port::new(UART1);
/// The card.
pub(crate) static CARD: Port = Port::new(UART2);

impl Port {
    const fn new(uart: Uart) -> Self {
        Self { uart, queue: Mutex::new(RefCell::new(Queue::new())), echoes: AtomicBool::new(false) }
    }

    /// Starts it anew: quarters of a cycle of the chip's clock in a bit, and what `line` says besides eight bits.
    pub(crate) fn start(&self, quarters: u32, line: u32) {
        self.uart.control().write(0);
        let [whole, parts] = self.uart.divider();
        whole.write(quarters / 64);
        parts.write(quarters % 64);
        self.uart.line().write(BITS_8 | line);
        self.uart.interrupt_mask().write(HAS_COME);
        self.uart.control().write(ON);
    }

    /// What the interrupt handler does.
    pub(crate) fn interrupt(&self) {
        while self.uart.flags().read() & EMPTY == 0 {
            let data = self.uart.data().read();
            LIVE.taken.fetch_add(1, Ordering::Relaxed);
            if !self.echoes.load(Ordering::Relaxed) {
                let character = Character::new(data as u8, data & PARITY_WRONG == 0, now());
                critical_section::with(|cs| self.queue.borrow_ref_mut(cs).push(character));
            }
        }
        self.uart.interrupt_clear().write(HAS_COME);
        time::TASK.wake();
    }

    /// A character that has come.
    pub(crate) fn take(&self) -> Option<Character> {
        critical_section::with(|cs| self.queue.borrow_ref_mut(cs).take())
    }

    /// Forgets what has come.
    pub(crate) fn forget(&self) {
        critical_section::with(|cs| self.queue.borrow_ref_mut(cs).forget());
    }

    /// Begins to send a character. The one before must have gone out.
    pub(crate) fn send(&self, byte: u8) {
        self.uart.data().write(byte.into());
    }
}

/// An ordinary serial line, 8N1.
#[derive(Clone, Copy)]
pub(crate) struct Serial {
    port: &'static Port,
    baud: u32,
}

impl Serial {
    pub(crate) fn start(port: &'static Port, baud: u32) -> Self {
        port.start(SYSTEM_HZ * 4 / baud, 0);
        Self { port, baud }
    }
}

impl ErrorType for Serial {
    type Error = Infallible;
}

/// Cancel-safe.
impl Read for Serial {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        *first = time::once(|| self.port.take()).await.byte;
        Ok(1)
    }
}

/// Dropped midway, its one character still goes out whole.
impl Write for Serial {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first() else { return Ok(0) };
        self.port.send(*first);
        time::sleep_until(now() + u64::from(10 * CLOCK_HZ / self.baud)).await;
        Ok(1)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl PinPad for Serial {
    fn forget(&mut self) {
        self.port.forget();
    }

    async fn key(&mut self) -> Option<u8> {
        time::until(now() + 60 * u64::from(CLOCK_HZ), || self.port.take()).await.map(|key| key.byte)
    }

    async fn tell(&mut self, byte: u8) {
        let Ok(_) = self.write(&[byte]).await;
    }
}
