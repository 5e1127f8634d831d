//! Characters on I/O by two state machines of PIO 0, sixteen ticks an etu (ISO/IEC 7816-3 clause 7).
//!
//! | Machine | What it does |
//! |---|---|
//! | 0 | hears: every character on the line, its parity, and, if that is wrong, gives the error signal |
//! | 1 | says: a character, and looks for the card's error signal |
//!
//! The machine that hears also hears what the other one says; that is thrown away. When a character may go is for `spacing`,
//! and repeating for the slot.

use embassy_futures::select::{Either, select};
use embassy_rp::gpio::Level;
use embassy_rp::peripherals::{PIN_2, PIO0};
use embassy_rp::pio::program::pio_asm;
use embassy_rp::pio::{Config, Direction, LoadedProgram, Pin, Pio, ShiftDirection, StateMachine};
use embassy_rp::{Peri, bind_interrupts, pac, pio};
use fixed::FixedU32;
use fixed::types::extra::U8;
use qiyong_board_support::spacing::Spacing;
use qiyong_firmware::adapters::CardUart;
use qiyong_firmware::slot::{LineConfig, LineError};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::{Convention, Moments, Received};

use super::time::{now, sleep_until};

bind_interrupts!(struct Irqs {
    PIO0_IRQ_0 => pio::InterruptHandler<PIO0>;
});

/// Cycles of the chip's clock in one of CLK: 125 MHz by 32.
pub(crate) const PER_CLK: u32 = 32;
/// RST's pin.
const RST: u32 = 4;
/// Ticks of a machine in an etu.
const TICKS: u32 = 16;
/// Where in its program, which lies at the beginning of the memory, the machine that hears begins to count parity, where it passes
/// over the error signal, and where it gives that.
const BEGINS_PARITY: usize = 2;
const SKIPS_SIGNAL: usize = 8;
const SIGNALS: usize = 9;
/// Where it waits for the end of a character, counted from the beginning of its own program, and for how many ticks: until the
/// card's error signal is looked for, and for a guard time of 11 or 12 etu.
const ENDS: usize = 4;
const LOOKS: u16 = 15;
const ELEVEN: u16 = 11;
const TWELVE: u16 = 27;
/// An instruction's ticks of delay.
const DELAY: u16 = 8;
/// The longest guard time that one word of the machine that says has room for, in etu.
const MOST_GUARD: Etu = 29;
/// How many words wait in a queue.
const QUEUE: usize = 4;
/// The operation of a `mov`: as it is, or every bit turned round.
const MOV_NOT: u16 = 1 << 3;
/// The condition of a `jmp`; without it, always.
const JMP_IF: u16 = 7 << 5;
/// Etu from the leading edge of a character that is said until the machine tells how it went, at least and at most.
const CHARACTER: u64 = 10;
const SAID: u64 = 13;
/// How much later than that it is asked for the last time, in cycles: 10 ms. Interrupts, of which each byte of the till is one, may
/// come between, and a character that the card has accepted must not be said again.
const SURELY: u64 = 10_000 * 125;
/// How much later than at the end of a time-out a character may still be noticed, in cycles: 20 µs.
const LATE: u64 = 20 * 125;

/// The two machines.
pub(crate) struct PioCharacters {
    hears: StateMachine<'static, PIO0, 0>,
    says: StateMachine<'static, PIO0, 1>,
    pin: Pin<'static, PIO0>,
    hearing: LoadedProgram<'static, PIO0>,
    saying: LoadedProgram<'static, PIO0>,
    /// What stands at the three places, two of which depend on convention and protocol.
    patched: [u16; 3],
    /// The end of a character that is said, without its delay.
    ends: u16,
    /// How many characters of a block the machine that says has not told of yet.
    under_way: usize,
    spacing: Spacing,
    /// The machines run: a card has power.
    is_on: bool,
}

impl PioCharacters {
    /// Both machines, at the rate after a reset, on the pin that is I/O.
    pub(crate) fn new(pio: Peri<'static, PIO0>, io: Peri<'static, PIN_2>) -> Self {
        let Pio { mut common, sm0: hears, sm1: says, .. } = Pio::new(pio, Irqs);
        let hearing = pio_asm!(
            ".wrap_target",
            "    wait 0 pin 0", // the leading edge
            "    set x, 8        [15]",
            "    mov y, null     [5]", // or `~null`: whether parity is wrong so far
            "bit:",
            "    jmp pin high", // 1.5 etu after the edge, and each etu then
            "    jmp low",
            "high:",
            "    mov y, ~y",
            "low:",
            "    in pins, 1      [12]",
            "    jmp x-- bit",
            "    jmp !y end",           // or always
            "    set pindirs, 1  [23]", // 10.5 etu after the edge, for 1.5 etu
            "    set pindirs, 0",
            "end:",
            "    in y, 1",
            "    push noblock",
            ".wrap",
        );
        let saying = pio_asm!(
            ".wrap_target",
            "    pull block",
            "    out x, 5", // how many moments, less one
            "bit:",
            "    out pindirs, 1  [14]",
            "    jmp x-- bit",
            "    set pindirs, 0  [15]", // 10 etu after the edge; in T=1 as long as the guard time wants
            "    in pins, 1",           // 11 etu after it
            "    push noblock",
            ".wrap",
        );
        let code = |at: usize| hearing.program.code.get(at).copied().unwrap_or_default();
        let patched = [code(BEGINS_PARITY), code(SKIPS_SIGNAL), code(SIGNALS)];
        let ends = saying.program.code.get(ENDS).copied().unwrap_or_default() & !(0x1F << DELAY);
        let (hearing, saying) = (common.load_program(&hearing.program), common.load_program(&saying.program));
        let pin = common.make_pio_pin(io);
        let spacing = Spacing::new(PER_CLK);
        Self { hears, says, pin, hearing, saying, patched, ends, under_way: 0, spacing, is_on: false }
    }

    /// Writes what depends on convention and protocol into the program.
    fn patch(&self, config: &LineConfig) {
        let [begins, skips, signals] = self.patched;
        // Even parity over the bits is, in inverse convention, an odd number of moments in state H.
        let begins = if config.convention == Convention::Inverse { begins | MOV_NOT } else { begins };
        let skips = if config.error_signal { skips } else { skips & !JMP_IF };
        #[cfg(feature = "mutants")]
        let [skips, signals] = super::mutant::program([skips, signals], config);
        let waits = match (config.error_signal, config.guard_time) {
            (true, _) => LOOKS,
            (false, ..12) => ELEVEN,
            (false, _) => TWELVE,
        };
        let ends = self.ends | waits << DELAY;
        let at = usize::from(self.saying.origin) + ENDS;
        pac::PIO0.instr_mem(at).write(|w| w.set_instr_mem(ends));
        for (at, code) in [(BEGINS_PARITY, begins), (SKIPS_SIGNAL, skips), (SIGNALS, signals)] {
            pac::PIO0.instr_mem(at).write(|w| w.set_instr_mem(code));
        }
    }

    /// What depends on the rate, for both machines.
    fn rate(config: &LineConfig) -> FixedU32<U8> {
        let cycles = (u32::from(config.fi) * PER_CLK) << 8;
        let divider = cycles / (u32::from(config.di).max(1) * TICKS);
        FixedU32::from_bits(divider.max(1 << 8))
    }

    /// The word for a character that takes so many etu until the next may come, 12 at least: how many moments less one, the start
    /// moment, and then, a one for state L, the nine others; after them the line is let go.
    fn word(&self, byte: u8, guard: Etu) -> u32 {
        let moments = self.spacing.config.convention.encode(byte).moments();
        let count = guard.clamp(12, MOST_GUARD) - 3;
        (u32::from(!moments & 0x1FF) << 1 | 1) << 5 | count
    }

    /// Says a character, and looks whether the card accepts it.
    async fn say(&mut self, byte: u8) -> bool {
        let word = self.word(byte, 12);
        self.says.tx().push(word);
        // After that, so that an interrupt between the two makes the next character later, and not too early.
        let begun = now();
        self.spacing.sends(begun);
        let patience = sleep_until(begun.saturating_add(self.spacing.cycles(SAID)).saturating_add(SURELY));
        let heard = match select(self.says.rx().wait_pull(), patience).await {
            Either::First(level) => level != 0,
            // The machine always answers.
            Either::Second(()) => false,
        };
        self.forget_echo();
        heard
    }

    /// Says a block or a part of one, whose characters keep their guard time by themselves: a card may allow no more than that
    /// between them, also between two parts. The last ones go out after this.
    async fn say_block(&mut self, bytes: &[u8]) {
        if self.under_way == 0 {
            sleep_until(self.spacing.may_send_at(now())).await;
        }
        let guard = self.spacing.config.guard_time;
        for &byte in bytes {
            if self.under_way == QUEUE {
                self.says.rx().wait_pull().await;
                self.under_way -= 1;
            }
            let word = self.word(byte, guard);
            self.says.tx().push(word);
            self.under_way += 1;
        }
    }

    /// Waits until all of the block has gone out.
    async fn finish_block(&mut self) {
        if self.under_way == 0 {
            return;
        }
        while self.under_way > 0 {
            self.says.rx().wait_pull().await;
            self.under_way -= 1;
        }
        self.spacing.sends(now().saturating_sub(self.spacing.cycles(CHARACTER)));
        self.forget_echo();
    }

    /// What was said has been heard, too.
    fn forget_echo(&mut self) {
        while self.hears.rx().try_pull().is_some() {}
    }

    /// Both machines stop: I/O is pulled low while the card has no power, which would be heard as characters. They let I/O go,
    /// which they may have held low in the middle of a character: it must be high when the next card gets its clock.
    fn stop(&mut self) {
        self.is_on = false;
        self.hears.set_enable(false);
        self.says.set_enable(false);
        self.hears.set_pin_dirs(Direction::In, &[&self.pin]);
    }

    /// Both machines begin anew: half a character, or the card's error signal that is heard as one, is forgotten.
    fn restart(&mut self) {
        let mut hears = Config::default();
        hears.use_program(&self.hearing, &[]);
        hears.set_in_pins(&[&self.pin]);
        hears.set_set_pins(&[&self.pin]);
        hears.set_jmp_pin(&self.pin);
        hears.shift_in.direction = ShiftDirection::Right;
        hears.clock_divider = Self::rate(&self.spacing.config);
        let mut says = Config::default();
        says.use_program(&self.saying, &[]);
        says.set_in_pins(&[&self.pin]);
        says.set_out_pins(&[&self.pin]);
        says.set_set_pins(&[&self.pin]);
        says.shift_in.direction = ShiftDirection::Right;
        says.shift_out.direction = ShiftDirection::Right;
        says.clock_divider = hears.clock_divider;
        self.hears.set_enable(false);
        self.says.set_enable(false);
        self.hears.set_pins(Level::Low, &[&self.pin]);
        self.hears.set_pin_dirs(Direction::In, &[&self.pin]);
        self.hears.set_config(&hears);
        self.says.set_config(&says);
        self.under_way = 0;
        self.hears.restart();
        self.says.restart();
        self.hears.clear_fifos();
        self.says.clear_fifos();
        self.hears.set_enable(true);
        self.says.set_enable(true);
    }
}

impl CardUart for PioCharacters {
    fn configure(&mut self, config: &LineConfig) {
        #[cfg(feature = "mutants")]
        let config = &super::mutant::config(config);
        self.spacing.config = *config;
        self.is_on = true;
        self.patch(config);
        self.restart();
    }

    fn rst_changes(&mut self) {
        // It is driven after this: what is high now goes low.
        if pac::SIO.gpio_out(0).value().read() >> RST & 1 != 0 {
            self.stop();
        } else if self.is_on {
            self.restart();
        }
        self.spacing.rst_changes(now());
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        if !self.spacing.config.error_signal && self.spacing.config.guard_time <= MOST_GUARD {
            self.say_block(bytes).await;
            return Ok(());
        }
        for (index, &byte) in bytes.iter().enumerate() {
            sleep_until(self.spacing.may_send_at(now())).await;
            let accepted = self.say(byte).await;
            #[cfg(feature = "mutants")]
            let accepted = accepted || super::mutant::is_blind();
            if !accepted && self.spacing.config.error_signal {
                // The card's signal is heard as a character, at whose end the machine might object; so would be what is left of the
                // signal, if it listened again at once.
                self.hears.set_enable(false);
                #[cfg(feature = "mutants")]
                let waits = !super::mutant::is_hasty();
                #[cfg(not(feature = "mutants"))]
                let waits = true;
                if waits {
                    sleep_until(self.spacing.again_at()).await;
                }
                self.restart();
                return Err(LineError::NotAccepted(index));
            }
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        self.finish_block().await;
        let deadline = sleep_until(self.spacing.deadline(within).saturating_add(LATE));
        let Either::First(word) = select(self.hears.rx().wait_pull(), deadline).await else {
            return Err(LineError::Timeout);
        };
        // The machine tells ten moments and a half after the edge; `spacing` goes by eleven. What follows must not come too early.
        let whole = now().saturating_add(self.spacing.cycles(1) / 2);
        let elapsed = self.spacing.received(whole, within);
        // Ten bits from the top: nine moments, and what the machine found of the parity.
        let moments = Moments::from_moments((word >> 22) as u16);
        Ok((self.spacing.config.convention.decode(moments), elapsed))
    }
}
