//! Layers on a line: one writes down what happens, one pulls the card.

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

/// Takes events with their time in cycles and the line's rate (Fi, Di).
type Sink = Box<dyn FnMut(u64, (u16, u8), LineEvent)>;

/// Hands every event on the line below to a sink; a character's time is that of its leading edge.
pub struct Tracer<L> {
    line: L,
    sink: Sink,
}

impl<L: BenchLine> Tracer<L> {
    /// A layer on `line`.
    pub fn new(line: L, sink: impl FnMut(u64, (u16, u8), LineEvent) + 'static) -> Self {
        Self { line, sink: Box::new(sink) }
    }

    fn note(&mut self, event: LineEvent) {
        let cycle = match event {
            LineEvent::ToCard(_) | LineEvent::FromCard(_) => self.line.last_edge(),
            _ => self.line.now(),
        };
        (self.sink)(cycle, self.line.rate(), event);
    }
}

impl<L: BenchLine> CardLine for Tracer<L> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.line.wait_for_card(seconds).await
    }

    fn present(&mut self) -> bool {
        self.line.present()
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        self.line.set_vcc(class).await;
        self.note(LineEvent::Vcc(class));
    }

    fn set_rst(&mut self, high: bool) {
        self.line.set_rst(high);
        self.note(LineEvent::Rst(high));
    }

    fn set_clk(&mut self, on: bool) {
        self.line.set_clk(on);
        self.note(LineEvent::Clk(on));
    }

    fn set_io(&mut self, released: bool) {
        self.line.set_io(released);
        self.note(LineEvent::Io(released));
    }

    fn configure(&mut self, config: &LineConfig) {
        self.line.configure(config);
    }

    async fn wait(&mut self, cycles: u32) {
        self.line.wait(cycles).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        // One by one, so that each character has its own time; the line keeps the guard time either way.
        for byte in bytes {
            self.line.send(&[*byte]).await?;
            self.note(LineEvent::ToCard(*byte));
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        let result = self.line.receive(within).await;
        match &result {
            Ok((character, _)) => self.note(LineEvent::FromCard(*character)),
            Err(LineError::Timeout) => self.note(LineEvent::Silence(within)),
            Err(LineError::Removed | LineError::NotAccepted) => {}
        }
        result
    }
}

impl<L: BenchLine> BenchLine for Tracer<L> {
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

/// When to pull the card; shared with the bench that decides.
pub type PullAt = Rc<RefCell<Option<u64>>>;

/// Pulls the card when a given number of characters has passed over the line below.
pub struct PullCard<L> {
    line: L,
    /// Characters still to pass; `None`: the card stays.
    left: PullAt,
}

impl<L: BenchLine> PullCard<L> {
    /// A layer on `line` that counts down `left`.
    pub const fn new(line: L, left: PullAt) -> Self {
        Self { line, left }
    }

    /// Lets one character pass, or takes the card away.
    fn pass(&mut self) -> Result<(), LineError> {
        let mut left = self.left.borrow_mut();
        match left.as_mut() {
            None => Ok(()),
            Some(0) => {
                self.line.set_card(None);
                Err(LineError::Removed)
            }
            Some(count) => {
                *count -= 1;
                Ok(())
            }
        }
    }
}

impl<L: BenchLine> CardLine for PullCard<L> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.line.wait_for_card(seconds).await
    }

    fn present(&mut self) -> bool {
        self.line.present()
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        self.line.set_vcc(class).await;
    }

    fn set_rst(&mut self, high: bool) {
        self.line.set_rst(high);
    }

    fn set_clk(&mut self, on: bool) {
        self.line.set_clk(on);
    }

    fn set_io(&mut self, released: bool) {
        self.line.set_io(released);
    }

    fn configure(&mut self, config: &LineConfig) {
        self.line.configure(config);
    }

    async fn wait(&mut self, cycles: u32) {
        self.line.wait(cycles).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for byte in bytes {
            self.pass()?;
            self.line.send(&[*byte]).await?;
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        self.pass()?;
        self.line.receive(within).await
    }
}

impl<L: BenchLine> BenchLine for PullCard<L> {
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
