//! Layers on a line, and the layer that writes down what happens, [`Tracer`].
//!
//! A layer is what it does at certain moments ([`Layer`]). [`Layered`] puts a layer on a line, and is a line itself.
//! Whatever a layer does not handle passes through.
//! layer does not care for passes through.

use qiyong_firmware::slot::{CardLine, Clock, LineConfig, LineError, VoltageClass};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::{Moments, Received};

use super::{Disturbance, SharedCard, SimulatedLine};
use crate::referee::Finding;

/// A character that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Character {
    /// The byte that the terminal sent or received.
    pub byte: u8,
    /// Whether its parity was right at the receiver, as far as the terminal knows.
    pub parity_ok: bool,
    /// The moments that the contact showed.
    pub frame: Moments,
    /// Its receiver signalled an error (ISO/IEC 7816-3 clause 7.3), so that the character comes again.
    pub signalled: bool,
}

/// Something that happened on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEvent {
    /// Supply voltage on or off.
    Vcc(Option<VoltageClass>),
    /// RST high or low.
    Rst(bool),
    /// CLK running or stopped.
    Clk(Clock),
    /// I/O released or held low.
    Io(bool),
    /// The terminal sent this character.
    ToCard(Character),
    /// The card sent this character.
    FromCard(Character),
    /// The card sent nothing for as long as the terminal waited.
    Silence(Etu),
}

/// What a layer does at the moments that it handles; `line` is the line below it.
pub trait Layer {
    /// A character is about to pass, in either direction. An error replaces it.
    fn before_character(&mut self, line: &mut impl SimulatedLine) -> Result<(), LineError> {
        let _ = line;
        Ok(())
    }

    /// Something happened.
    fn happened(&mut self, line: &impl SimulatedLine, event: LineEvent) {
        let _ = (line, event);
    }
}

/// A layer on a line.
pub struct Layered<L, Y> {
    line: L,
    layer: Y,
}

impl<L: SimulatedLine, Y: Layer> Layered<L, Y> {
    /// Puts `layer` on `line`.
    pub const fn new(line: L, layer: Y) -> Self {
        Self { line, layer }
    }
}

impl<L: SimulatedLine, Y: Layer> CardLine for Layered<L, Y> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.line.wait_for_card(seconds).await
    }

    async fn removal(&mut self) {
        self.line.removal().await;
    }

    fn present(&mut self) -> bool {
        self.line.present()
    }

    fn serves(class: VoltageClass) -> bool {
        L::serves(class)
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        // Before the supply settles.
        self.layer.happened(&self.line, LineEvent::Vcc(class));
        self.line.set_vcc(class).await;
    }

    fn set_rst(&mut self, high: bool) {
        self.line.set_rst(high);
        self.layer.happened(&self.line, LineEvent::Rst(high));
    }

    fn set_clk(&mut self, clock: Clock) {
        self.line.set_clk(clock);
        self.layer.happened(&self.line, LineEvent::Clk(clock));
    }

    fn set_io(&mut self, released: bool) {
        self.line.set_io(released);
        self.layer.happened(&self.line, LineEvent::Io(released));
    }

    fn configure(&mut self, config: &LineConfig) {
        self.line.configure(config);
    }

    fn clk_hz(&self) -> u32 {
        self.line.clk_hz()
    }

    async fn wait(&mut self, cycles: u32) {
        self.line.wait(cycles).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        // One by one, so that each character has its own moment; the line keeps the guard time in either case.
        for (index, &byte) in bytes.iter().enumerate() {
            self.layer.before_character(&mut self.line)?;
            let sent = self.line.send(&[byte]).await;
            if let Ok(()) | Err(LineError::NotAccepted(_)) = sent {
                let (frame, signalled) = self.line.last_frame();
                let character = Character { byte, parity_ok: !signalled, frame, signalled };
                self.layer.happened(&self.line, LineEvent::ToCard(character));
            }
            match sent {
                Err(LineError::NotAccepted(_)) => return Err(LineError::NotAccepted(index)),
                sent => sent?,
            }
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        self.layer.before_character(&mut self.line)?;
        let received = self.line.receive(within).await;
        match received {
            Ok((Received { byte, parity_ok }, _)) => {
                let (frame, signalled) = self.line.last_frame();
                let character = Character { byte, parity_ok, frame, signalled };
                self.layer.happened(&self.line, LineEvent::FromCard(character));
            }
            Err(LineError::Timeout) => self.layer.happened(&self.line, LineEvent::Silence(within)),
            Err(_) => {}
        }
        received
    }
}

impl<L: SimulatedLine, Y: Layer> SimulatedLine for Layered<L, Y> {
    fn set_card(&mut self, card: Option<SharedCard>) {
        self.line.set_card(card);
    }

    fn disturb(&mut self, disturbance: Disturbance) {
        self.line.disturb(disturbance);
    }

    fn now(&self) -> u64 {
        self.line.now()
    }

    fn last_edge(&self) -> u64 {
        self.line.last_edge()
    }

    fn last_frame(&self) -> (Moments, bool) {
        self.line.last_frame()
    }

    fn rate(&self) -> (u16, u8) {
        self.line.rate()
    }

    fn findings(&self) -> &[Finding] {
        self.line.findings()
    }
}

/// Takes events with their time in cycles and the line's rate (Fi, Di).
type Sink = Box<dyn FnMut(u64, (u16, u8), LineEvent)>;

/// Passes every event to a sink. The time of a character is that of its leading edge.
pub struct Tracer {
    sink: Sink,
}

impl Tracer {
    /// A tracer that passes events to `sink`.
    pub fn new(sink: impl FnMut(u64, (u16, u8), LineEvent) + 'static) -> Self {
        Self { sink: Box::new(sink) }
    }
}

impl Layer for Tracer {
    fn happened(&mut self, line: &impl SimulatedLine, event: LineEvent) {
        let cycle = match event {
            LineEvent::ToCard(_) | LineEvent::FromCard(_) => line.last_edge(),
            _ => line.now(),
        };
        (self.sink)(cycle, line.rate(), event);
    }
}
