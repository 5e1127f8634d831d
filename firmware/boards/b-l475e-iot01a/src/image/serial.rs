//! The three USARTs: characters come in by interrupt, each with its time, and go out one by one.
//!
//! | Port | USART | Pins | For |
//! |---|---|---|---|
//! | [`TILL`] | USART1 | PB6, PB7 | till and centre, on the ST-LINK's virtual COM port: 115 200 baud, 8N1 |
//! | [`CARD`] | USART2 | PA2, PA4 | the card's I/O and CLK; set up by `card_line` |
//! | [`KEYS`] | UART4 | PA0, PA1 | the PIN pad: 9600 baud, 8N1 |

use core::cell::RefCell;
use core::convert::Infallible;
use core::sync::atomic::{AtomicBool, Ordering};

use critical_section::Mutex;
use embedded_io_async::{ErrorType, Read, Write};
use stm32_metapac as pac;
use stm32_metapac::gpio::vals::Ot;
use stm32_metapac::usart::{Usart, regs};

use super::pins::alternate;
use super::{publication, time};
use crate::smartcard::{self, Register, Registers};
use qiyong_board_support::queue::{Character, Queue};

/// Bits of a character on an ordinary serial line.
const SERIAL: u64 = 10;
/// Bits that a character may take longer to go out than it should: three repetitions, each with its error signal, and some doubt.
const PATIENCE: u64 = 60;

/// One USART.
pub(crate) struct Port {
    regs: Usart,
    /// What has come. A static of its own: so it is zeros in RAM, and takes no flash as the registers' address does.
    queue: &'static Mutex<RefCell<Queue>>,
}

static QUEUES: [Mutex<RefCell<Queue>>; 3] = [const { Mutex::new(RefCell::new(Queue::new())) }; 3];
pub(crate) static TILL: Port = Port { regs: pac::USART1, queue: &QUEUES[0] };
pub(crate) static CARD: Port = Port { regs: pac::USART2, queue: &QUEUES[1] };
pub(crate) static KEYS: Port = Port { regs: pac::UART4, queue: &QUEUES[2] };

/// The card's line carries back what is sent.
pub(crate) static ECHO: AtomicBool = AtomicBool::new(false);

/// A character is about to go to the card.
pub(crate) fn echoes() {
    ECHO.store(true, Ordering::Relaxed);
}

impl Port {
    /// What the interrupt handler does; `echo`: the line carries back what is sent, until it has gone out. Returns whether
    /// one has come.
    pub(crate) fn interrupt(&self, echo: Option<&AtomicBool>) -> bool {
        let status = self.regs.isr().read();
        let mut has_come = false;
        if status.rxne() {
            let byte = self.regs.rdr().read().dr().to_le_bytes()[0];
            publication::taken();
            if !echo.is_some_and(|echo| echo.load(Ordering::Relaxed)) {
                let character = Character::new(byte, !status.pe(), time::now());
                critical_section::with(|cs| self.queue.borrow_ref_mut(cs).push(character));
                has_come = true;
            }
        }
        // Not before the character that comes with TC, which is the last echo.
        if let Some(echo) = echo.filter(|_| status.tc()) {
            echo.store(false, Ordering::Relaxed);
        }
        // The end of a character that goes out wakes the task; whoever waits asks for the next.
        self.regs.cr1().modify(|w| w.set_tcie(false));
        // Parity is in the character; what came too fast is noticed above. FE is the card's error signal: `send` reads it.
        self.regs.icr().write(|w| {
            w.set_ore(true);
            w.set_pe(true);
        });
        has_come
    }

    /// A character that has come.
    pub(crate) fn take(&self) -> Option<Character> {
        critical_section::with(|cs| self.queue.borrow_ref_mut(cs).take())
    }

    /// Forgets what has come.
    pub(crate) fn forget(&self) {
        critical_section::with(|cs| self.queue.borrow_ref_mut(cs).forget());
    }

    /// Waits until a character of so many bits has gone out, and not much longer than it takes. In the emulator it goes out at
    /// once; where the time is told, the time that it takes is counted here.
    pub(crate) async fn sent(&self, bits: u64) {
        let bit = u64::from(self.regs.brr().read().brr());
        if time::is_told() {
            time::sleep_until(time::now().saturating_add(bits * bit)).await;
        }
        let patience = (bits + PATIENCE) * bit;
        let _ = time::until(time::now().saturating_add(patience), || smartcard::is_gone(self).then_some(())).await;
    }

    /// Sends characters on an ordinary serial line.
    pub(crate) async fn send(&self, bytes: impl Iterator<Item = u8>) {
        let mut count = 0;
        for byte in bytes {
            self.write(Register::Tdr, byte.into());
            count += 1;
            // In the emulator all have gone out at once.
            if !time::is_told() {
                self.sent(SERIAL).await;
            }
        }
        if time::is_told() {
            self.sent(count * SERIAL).await;
        }
    }

    /// 8N1 at this many baud.
    fn start(&self, baud: u32) {
        self.regs.brr().write(|w| w.set_brr(u16::try_from(time::CLOCK_HZ / baud).unwrap_or(u16::MAX)));
        self.regs.cr1().write(|w| {
            w.set_ue(true);
            w.set_re(true);
            w.set_te(true);
            w.set_rxneie(true);
        });
    }
}

impl ErrorType for &Port {
    type Error = Infallible;
}

/// A character that came damaged, or too fast to be taken, is missing; the frames above notice. Cancel-safe.
impl Read for &Port {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        *first = time::once(|| self.take()).await.byte;
        Ok(1)
    }
}

/// Dropped midway, some characters have gone out, and the last of them still goes out whole.
impl Write for &Port {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.send(bytes.iter().copied()).await;
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

// Inlined, so that which register it is costs nothing.
impl Registers for Port {
    #[inline(always)]
    fn write(&self, register: Register, value: u32) {
        match register {
            Register::Cr1 => self.regs.cr1().write_value(regs::Cr1(value)),
            Register::Cr2 => self.regs.cr2().write_value(regs::Cr2(value)),
            Register::Cr3 => self.regs.cr3().write_value(regs::Cr3(value)),
            Register::Brr => self.regs.brr().write_value(regs::Brr(value)),
            Register::Gtpr => self.regs.gtpr().write_value(regs::Gtpr(value)),
            Register::Isr => {}
            Register::Icr => self.regs.icr().write_value(regs::Icr(value)),
            Register::Tdr => self.regs.tdr().write_value(regs::Dr(value)),
        }
    }

    #[inline(always)]
    fn read(&self, register: Register) -> u32 {
        match register {
            Register::Cr1 => self.regs.cr1().read().0,
            Register::Cr2 => self.regs.cr2().read().0,
            Register::Cr3 => self.regs.cr3().read().0,
            Register::Brr => self.regs.brr().read().0,
            Register::Gtpr => self.regs.gtpr().read().0,
            Register::Isr => self.regs.isr().read().0,
            Register::Icr | Register::Tdr => 0,
        }
    }
}

/// Starts till and PIN pad.
pub(crate) fn start() {
    for (port, pin, function) in [(pac::GPIOB, 6, 7), (pac::GPIOB, 7, 7), (pac::GPIOA, 0, 8), (pac::GPIOA, 1, 8)] {
        alternate(port, pin, function, Ot::PUSH_PULL);
    }
    TILL.start(115_200);
    KEYS.start(9600);
}
