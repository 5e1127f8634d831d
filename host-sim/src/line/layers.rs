//! Layers on a line: one writes down what happens, one pulls the card.
//!
//! A layer is what it does at certain moments ([`Layer`]); [`Layered`] puts it on a line, and is a line itself. What a
//! layer does not care for passes through.

use std::cell::RefCell;
use std::rc::Rc;

use qiyong_firmware::slot::{CardLine, LineConfig, LineError, VoltageClass};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;

use super::{BenchLine, SharedCard};

/// Something that happened on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEvent {
    /// Supply voltage on or off.
    Vcc(Option<VoltageClass>),
    /// RST high or low.
    Rst(bool),
    /// CLK running or stopped.
    Clk(bool),
    /// I/O released or held low.
    Io(bool),
    /// The terminal sent this character.
    ToCard(u8),
    /// The card sent this character.
    FromCard(Received),
    /// The card sent nothing for as long as the terminal waited.
    Silence(Etu),
}

/// What a layer does at the moments it cares for; `line` is the line below it.
pub trait Layer {
    /// A character is about to pass, either way. An error takes its place.
    fn before_character(&mut self, line: &mut impl BenchLine) -> Result<(), LineError> {
        let _ = line;
        Ok(())
    }

    /// The card sent a character: what the terminal is to see of it.
    fn on_reception(&mut self, character: Received) -> Received {
        character
    }

    /// Something happened.
    fn happened(&mut self, line: &impl BenchLine, event: LineEvent) {
        let _ = (line, event);
    }
}

/// A layer on a line.
pub struct Layered<L, Y> {
    line: L,
    layer: Y,
}

impl<L: BenchLine, Y: Layer> Layered<L, Y> {
    /// Puts `layer` on `line`.
    pub const fn new(line: L, layer: Y) -> Self {
        Self { line, layer }
    }
}

impl<L: BenchLine, Y: Layer> CardLine for Layered<L, Y> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.line.wait_for_card(seconds).await
    }

    fn present(&mut self) -> bool {
        self.line.present()
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        self.line.set_vcc(class).await;
        self.layer.happened(&self.line, LineEvent::Vcc(class));
    }

    fn set_rst(&mut self, high: bool) {
        self.line.set_rst(high);
        self.layer.happened(&self.line, LineEvent::Rst(high));
    }

    fn set_clk(&mut self, on: bool) {
        self.line.set_clk(on);
        self.layer.happened(&self.line, LineEvent::Clk(on));
    }

    fn set_io(&mut self, released: bool) {
        self.line.set_io(released);
        self.layer.happened(&self.line, LineEvent::Io(released));
    }

    fn configure(&mut self, config: &LineConfig) {
        self.line.configure(config);
    }

    async fn wait(&mut self, cycles: u32) {
        self.line.wait(cycles).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        // One by one, so that each character has its own moment; the line keeps the guard time either way.
        for byte in bytes {
            self.layer.before_character(&mut self.line)?;
            self.line.send(&[*byte]).await?;
            self.layer.happened(&self.line, LineEvent::ToCard(*byte));
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        self.layer.before_character(&mut self.line)?;
        match self.line.receive(within).await {
            Ok((character, etu)) => {
                let character = self.layer.on_reception(character);
                self.layer.happened(&self.line, LineEvent::FromCard(character));
                Ok((character, etu))
            }
            Err(error) => {
                if error == LineError::Timeout {
                    self.layer.happened(&self.line, LineEvent::Silence(within));
                }
                Err(error)
            }
        }
    }
}

impl<L: BenchLine, Y: Layer> BenchLine for Layered<L, Y> {
    fn set_card(&mut self, card: Option<SharedCard>) {
        self.line.set_card(card);
    }

    fn now(&self) -> u64 {
        self.line.now()
    }

    fn last_edge(&self) -> u64 {
        self.line.last_edge()
    }

    fn rate(&self) -> (u16, u8) {
        self.line.rate()
    }

    fn violations(&self) -> &[String] {
        self.line.violations()
    }
}

/// Takes events with their time in cycles and the line's rate (Fi, Di).
type Sink = Box<dyn FnMut(u64, (u16, u8), LineEvent)>;

/// Hands every event to a sink; a character's time is that of its leading edge.
pub struct Tracer {
    sink: Sink,
}

impl Tracer {
    /// A tracer that hands events to `sink`.
    pub fn new(sink: impl FnMut(u64, (u16, u8), LineEvent) + 'static) -> Self {
        Self { sink: Box::new(sink) }
    }
}

impl Layer for Tracer {
    fn happened(&mut self, line: &impl BenchLine, event: LineEvent) {
        let cycle = match event {
            LineEvent::ToCard(_) | LineEvent::FromCard(_) => line.last_edge(),
            _ => line.now(),
        };
        (self.sink)(cycle, line.rate(), event);
    }
}

/// When to pull the card; shared with the bench that decides.
pub type PullAt = Rc<RefCell<Option<u64>>>;

/// Pulls the card when a given number of characters has passed.
pub struct PullCard {
    /// Characters still to pass; `None`: the card stays.
    left: PullAt,
}

impl PullCard {
    /// A layer that counts down `left`.
    pub const fn new(left: PullAt) -> Self {
        Self { left }
    }
}

impl Layer for PullCard {
    fn before_character(&mut self, line: &mut impl BenchLine) -> Result<(), LineError> {
        match self.left.borrow_mut().as_mut() {
            None => Ok(()),
            Some(0) => {
                line.set_card(None);
                Err(LineError::Removed)
            }
            Some(count) => {
                *count -= 1;
                Ok(())
            }
        }
    }
}
