//! Where the power fails: at the so-manieth point of a kind. Card line, card slot, link and centre are asked here
//! whether the power is still on; the bytes of the flash are counted by the flash itself.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;

use qiyong_firmware::slot::{CardLine, CardSlot, Clock, LineConfig, LineError, SlotError, VoltageClass};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::apdu::{Command, Response};
use qiyong_protocol::iso7816::character::Received;

/// What is counted until the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Point {
    /// A moment at which all of the terminal waits: each byte of the serial line is one, in either direction.
    Wait,
    /// A message: before its first byte leaves, when its last byte has arrived and nobody has read it, when the centre
    /// has acted on it and nothing of the answer has left, and when the answer is in the terminal's hand.
    Message,
    /// A command to the card: before its first character, and when its response is in hand.
    Apdu,
    /// Before a character on the card line, of either direction.
    Character,
    /// A byte that is written to the flash, or erased.
    Flash,
}

impl Point {
    pub(crate) const ALL: [Self; 5] = [Self::Wait, Self::Message, Self::Apdu, Self::Character, Self::Flash];
}

/// The power fails at this point, counted from 0 since the terminal's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cut {
    pub(crate) kind: Point,
    pub(crate) at: u64,
}

/// What is told of each point that is passed.
pub(crate) type Recorder = Box<dyn FnMut(Point)>;

/// The power. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Fuse(Rc<Inner>);

#[derive(Default)]
struct Inner {
    cut: Cell<Option<Cut>>,
    passed: [Cell<u64>; 5],
    blown: Cell<bool>,
    recorder: RefCell<Option<Recorder>>,
}

impl Fuse {
    /// The terminal starts, and its power fails there.
    pub(crate) fn begin(&self, cut: Option<Cut>) {
        self.0.cut.set(cut);
        self.0.blown.set(false);
        self.0.passed.iter().for_each(|passed| passed.set(0));
    }

    /// From now on this is told of each point.
    pub(crate) fn record(&self, recorder: Option<Recorder>) {
        self.0.recorder.replace(recorder);
    }

    /// A point is reached; returns whether the power is on after it.
    pub(crate) fn reaches(&self, kind: Point) -> bool {
        if self.0.blown.get() {
            return false;
        }
        let passed = &self.0.passed[kind as usize];
        let at = passed.replace(passed.get() + 1);
        if let Some(recorder) = &mut *self.0.recorder.borrow_mut() {
            recorder(kind);
        }
        self.0.blown.set(self.0.cut.get() == Some(Cut { kind, at }));
        !self.0.blown.get()
    }

    pub(crate) fn is_on(&self) -> bool {
        !self.0.blown.get()
    }

    /// The same for code that waits: without power it comes no further.
    async fn pass(&self, kind: Point) {
        if !self.reaches(kind) {
            pending::<()>().await;
        }
    }
}

/// A card line on this power, or a card slot.
pub(crate) struct Fused<L> {
    pub(crate) inner: L,
    pub(crate) fuse: Fuse,
}

impl<L: CardLine> CardLine for Fused<L> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.inner.wait_for_card(seconds).await
    }

    async fn removal(&mut self) {
        self.inner.removal().await;
    }

    fn present(&mut self) -> bool {
        self.inner.present()
    }

    fn serves(class: VoltageClass) -> bool {
        L::serves(class)
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        self.inner.set_vcc(class).await;
    }

    fn set_rst(&mut self, high: bool) {
        self.inner.set_rst(high);
    }

    fn set_clk(&mut self, clock: Clock) {
        self.inner.set_clk(clock);
    }

    fn set_io(&mut self, released: bool) {
        self.inner.set_io(released);
    }

    fn configure(&mut self, config: &LineConfig) {
        self.inner.configure(config);
    }

    fn clk_hz(&self) -> u32 {
        self.inner.clk_hz()
    }

    async fn wait(&mut self, cycles: u32) {
        self.inner.wait(cycles).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for (index, byte) in bytes.iter().enumerate() {
            self.fuse.pass(Point::Character).await;
            match self.inner.send(&[*byte]).await {
                Err(LineError::NotAccepted(_)) => return Err(LineError::NotAccepted(index)),
                sent => sent?,
            }
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        self.fuse.pass(Point::Character).await;
        self.inner.receive(within).await
    }
}

impl<S: CardSlot> CardSlot for Fused<S> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.inner.wait_for_card(seconds).await
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        self.inner.connect().await
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        self.fuse.pass(Point::Apdu).await;
        let response = self.inner.transmit(command, buffer).await;
        self.fuse.pass(Point::Apdu).await;
        response
    }

    async fn rest(&mut self) {
        self.inner.rest().await;
    }

    async fn removal(&mut self) {
        self.inner.removal().await;
    }

    async fn disconnect(&mut self) {
        self.inner.disconnect().await;
    }
}
