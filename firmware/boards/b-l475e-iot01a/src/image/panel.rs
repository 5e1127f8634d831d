//! The panel: an SSD1306 on I2C1, if there is one. A picture takes 25 ms, for which nobody waits: [`keep`] sends it beside the
//! application, as a task of its own. I2C1 takes a whole transfer and sends its bytes by interrupt, so that the task is woken 34 times a
//! picture and not a thousand times. A bus that blocked meanwhile would lose the card's characters.
//!
//! Where nothing answers, or where there is no I2C at all, as in the emulator, a transfer is given up after a while.
//!
//! | Signal | Pin | Arduino |
//! |---|---|---|
//! | SCL | PB8 | D15 |
//! | SDA | PB9 | D14 |

use core::cell::RefCell;
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;

use critical_section::Mutex;
use embassy_executor::Spawner;
use embassy_sync::waitqueue::AtomicWaker;
use embedded_hal_async::i2c::{Error, ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
use heapless::Vec;
use qiyong_firmware::adapters::Panel;
use qiyong_firmware::ui::panel::Transfer;
use stm32_metapac as pac;
use stm32_metapac::gpio::vals::{Ot, Pupdr};
use stm32_metapac::i2c::vals::{Autoend, Dir};

use super::{pins, publication, time};

const I2C: pac::i2c::I2c = pac::I2C1;
const SCL: usize = 8;
const SDA: usize = 9;
/// I2C1's alternate function of PB8 and PB9.
const I2C1_AF: u8 = 4;
/// 400 kHz from 16 MHz (RM0351, 39.4.10, examples of timing settings).
const TIMING: u32 = 0x1032_0309;
/// A transfer takes 1 ms; one that is not through by now, in cycles, will not be: 20 ms.
const PATIENCE: u64 = 20_000 * time::US;

/// The picture has changed since it was last sent.
static CHANGED: AtomicBool = AtomicBool::new(false);
/// A transfer is under way.
static BUSY: AtomicBool = AtomicBool::new(false);
/// The panel's task. It has one of its own, so that it is not polled for every character of the card.
static TASK: AtomicWaker = AtomicWaker::new();

/// Has the picture sent that `publication::frame_byte` gives.
pub(crate) fn refresh() {
    CHANGED.store(true, Ordering::Relaxed);
    TASK.wake();
}

/// For every tick: a transfer that never ends must be given up.
pub(crate) fn tick() {
    if BUSY.load(Ordering::Relaxed) {
        TASK.wake();
    }
}

/// Waits until `ready` gives something. It is asked when the picture has changed, when a transfer has ended, and at every tick
/// of a transfer.
async fn once<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    poll_fn(|context| {
        TASK.register(context.waker());
        ready().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Starts the panel's task.
pub(crate) fn start(spawner: Spawner) {
    match keep() {
        Ok(task) => spawner.spawn(task),
        Err(_) => defmt::error!("the panel cannot start twice"),
    }
}

/// Keeps the panel like the screen, for ever. A panel that does not acknowledge is left alone until the next screen.
#[embassy_executor::task]
async fn keep() {
    let mut panel = Panel::new(Bus);
    loop {
        once(|| CHANGED.swap(false, Ordering::Relaxed).then_some(())).await;
        let _ = panel.show(publication::frame_byte).await;
    }
}

/// I2C1, as far as a panel needs it: one write of at most a panel's longest transfer.
struct Bus;

/// Why a transfer came to nothing.
#[derive(Clone, Copy, Debug)]
enum BusError {
    /// Nobody acknowledged.
    Nobody,
    /// It did not come to its end: the lines are held down, or there is no I2C.
    Stuck,
    /// It is none that this driver can do.
    Unsupported,
}

impl Error for BusError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Nobody => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown),
            Self::Stuck => ErrorKind::Bus,
            Self::Unsupported => ErrorKind::Other,
        }
    }
}

impl ErrorType for Bus {
    type Error = BusError;
}

/// What the interrupt handler sends.
struct State {
    bytes: Vec<u8, { Transfer::SIZE_MAX }, u8>,
    /// How many of them have gone.
    sent: usize,
    /// How the transfer ended, once it has.
    ended: Option<Result<(), BusError>>,
}

static STATE: Mutex<RefCell<State>> = Mutex::new(RefCell::new(State { bytes: Vec::new(), sent: 0, ended: None }));

impl I2c for Bus {
    /// Dropped midway, the transfer goes on to its end all the same; the next one then ends it and begins anew.
    async fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let [Operation::Write(bytes)] = operations else { return Err(BusError::Unsupported) };
        let begun = critical_section::with(|cs| {
            let mut state = STATE.borrow_ref_mut(cs);
            (state.sent, state.ended) = (0, None);
            state.bytes.clear();
            state.bytes.extend_from_slice(bytes).is_ok()
        });
        let Ok(size) = u8::try_from(bytes.len()) else { return Err(BusError::Unsupported) };
        if !begun {
            return Err(BusError::Unsupported);
        }
        set_up();
        I2C.cr2().write(|w| {
            w.set_sadd(u16::from(address) << 1);
            w.set_dir(Dir::WRITE);
            w.set_nbytes(size);
            w.set_autoend(Autoend::AUTOMATIC);
            w.set_start(true);
        });
        let deadline = time::now().saturating_add(PATIENCE);
        BUSY.store(true, Ordering::Relaxed);
        let ended = once(|| {
            let ended = critical_section::with(|cs| STATE.borrow_ref(cs).ended);
            if ended.is_none() && time::now() >= deadline {
                return Some(Err(BusError::Stuck));
            }
            time::expects(deadline);
            ended
        });
        let ended = ended.await;
        BUSY.store(false, Ordering::Relaxed);
        ended
    }
}

/// Switching it off and on forgets a transfer that never ended (RM0351, 39.4.6).
fn set_up() {
    for pin in [SCL, SDA] {
        // Without a panel nothing else holds the lines up, and its pull-ups do more than these.
        pac::GPIOB.pupdr().modify(|w| w.set_pupdr(pin, Pupdr::PULL_UP));
        pins::alternate(pac::GPIOB, pin, I2C1_AF, Ot::OPEN_DRAIN);
    }
    I2C.cr1().write(|_| {});
    I2C.timingr().write_value(pac::i2c::regs::Timingr(TIMING));
    // The read makes sure that it was off for the three cycles that it takes.
    let _ = I2C.cr1().read();
    I2C.cr1().write(|w| {
        w.set_pe(true);
        w.set_txie(true);
        w.set_stopie(true);
    });
}

/// For I2C1's handler: sends the next byte, or ends the transfer.
pub(crate) fn interrupt() {
    critical_section::with(|cs| {
        let mut state = STATE.borrow_ref_mut(cs);
        let status = I2C.isr().read();
        if status.txis() {
            let byte = state.bytes.get(state.sent).copied().unwrap_or_default();
            I2C.txdr().write(|w| w.set_txdata(byte));
            state.sent += 1;
        }
        if status.stopf() {
            I2C.icr().write(|w| {
                w.set_stopcf(true);
                w.set_nackcf(true);
            });
            // A byte that was not fetched.
            I2C.isr().write(|w| w.set_txe(true));
            state.ended = Some(if status.nackf() { Err(BusError::Nobody) } else { Ok(()) });
            TASK.wake();
        }
    });
}
