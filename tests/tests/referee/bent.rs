//! A layer that bends what the slot does: it stands between slot and line, and makes other calls than the slot did, or lets
//! the slot hear what the card did not say. So a mutant is a slot, an engine or a driver with one small fault.

use qiyong_firmware::slot::{CardLine, Clock, LineConfig, LineError, VoltageClass};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;
use qiyong_sim::line::{Disturbance, SimulatedLine};

/// A call to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Vcc(Option<VoltageClass>),
    Rst(bool),
    Clk(Clock),
    Io(bool),
    Configure(LineConfig),
    Wait(u32),
    Send(Vec<u8>),
    Receive(Etu),
}

/// What a mutant remembers.
#[derive(Default)]
pub(crate) struct Memory {
    /// There is power.
    pub(crate) powered: bool,
    /// RST is high.
    pub(crate) rst: bool,
    /// Characters since RST went high: those of the card that the slot heard, and those that the slot sent.
    pub(crate) heard: usize,
    pub(crate) sent: usize,
    /// The configuration that the slot has set last.
    pub(crate) config: Option<LineConfig>,
    /// Whatever one mutant needs.
    pub(crate) count: usize,
    pub(crate) held: bool,
    pub(crate) bytes: Vec<u8>,
    /// The T=1 block that the slot is sending, as the slot means it, and what has been changed of it; the last whole one; how
    /// many there were since reset.
    pub(crate) out: Vec<u8>,
    change: u8,
    pub(crate) last: Vec<u8>,
    pub(crate) blocks: usize,
    /// How often something went wrong on the line.
    pub(crate) troubles: usize,
}

impl Memory {
    /// Replaces bytes of a T=1 block with an LRC: `with` gets the block so far, its last byte being the one in question. The
    /// LRC is made right.
    pub(crate) fn in_block(&mut self, bytes: &[u8], with: impl Fn(&[u8]) -> u8) -> Vec<u8> {
        let (mut block, mut bent) = (self.out.clone(), Vec::new());
        for byte in bytes {
            block.push(*byte);
            if is_whole(&block) {
                bent.push(byte ^ std::mem::take(&mut self.change));
                block.clear();
            } else {
                let other = with(&block);
                self.change ^= byte ^ other;
                bent.push(other);
            }
        }
        bent
    }

    /// The PCB of the block that `bytes` begins, if it begins one.
    pub(crate) fn pcb(&self, bytes: &[u8]) -> Option<u8> {
        if self.out.is_empty() { bytes.get(1).copied() } else { None }
    }

    fn sends(&mut self, bytes: &[u8]) {
        self.sent += bytes.len();
        for byte in bytes {
            self.out.push(*byte);
            if is_whole(&self.out) {
                self.last = std::mem::take(&mut self.out);
                self.blocks += 1;
            }
        }
    }
}

/// Whether a T=1 block with an LRC is whole.
fn is_whole(block: &[u8]) -> bool {
    block.get(2).is_some_and(|len| block.len() >= 4 + usize::from(*len))
}

/// What becomes of a call.
pub(crate) type Bend = fn(&mut Memory, Call) -> Vec<Call>;
/// What goes wrong on the line at a call.
pub(crate) type Trouble = fn(&mut Memory, &Call) -> Option<Disturbance>;
/// What the slot hears instead of a character.
pub(crate) type Mishear = fn(&Memory, u8) -> u8;

/// The layer.
pub(crate) struct Bent<L> {
    pub(crate) line: L,
    pub(crate) trouble: Trouble,
    pub(crate) bend: Bend,
    pub(crate) mishear: Mishear,
    /// How often it repeats a refused character beyond what the slot does.
    pub(crate) stubborn: u8,
    pub(crate) memory: Memory,
}

impl<L: SimulatedLine> Bent<L> {
    fn calls(&mut self, call: Call) -> Vec<Call> {
        if let Some(disturbance) = (self.trouble)(&mut self.memory, &call) {
            self.line.disturb(disturbance);
        }
        let calls = (self.bend)(&mut self.memory, call.clone());
        match call {
            Call::Vcc(class) => self.memory.powered = class.is_some(),
            Call::Rst(high) => {
                (self.memory.rst, self.memory.heard, self.memory.sent, self.memory.blocks) = (high, 0, 0, 0);
                (self.memory.out, self.memory.change) = (Vec::new(), 0);
            }
            Call::Configure(config) => self.memory.config = Some(config),
            Call::Send(bytes) => self.memory.sends(&bytes),
            Call::Clk(_) | Call::Io(_) | Call::Wait(_) | Call::Receive(_) => {}
        }
        calls
    }

    /// A call for which the slot does not wait.
    fn now(&mut self, call: Call) {
        for call in self.calls(call) {
            self.at_once(call);
        }
    }

    fn at_once(&mut self, call: Call) {
        match call {
            Call::Rst(high) => self.line.set_rst(high),
            Call::Clk(clock) => self.line.set_clk(clock),
            Call::Io(released) => self.line.set_io(released),
            Call::Configure(config) => self.line.configure(&config),
            other => panic!("{other:?} needs time"),
        }
    }

    async fn later(&mut self, call: Call) -> Result<Option<(Received, Etu)>, LineError> {
        let mut result = Ok(None);
        for call in self.calls(call) {
            match call {
                Call::Vcc(class) => self.line.set_vcc(class).await,
                Call::Wait(cycles) => self.line.wait(cycles).await,
                Call::Send(bytes) => result = self.send_stubbornly(&bytes).await.map(|()| None),
                Call::Receive(within) => result = self.line.receive(within).await.map(Some),
                now => self.at_once(now),
            }
        }
        result
    }

    async fn send_stubbornly(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        let mut result = self.line.send(bytes).await;
        for _ in 0..self.stubborn {
            let Err(LineError::NotAccepted(index)) = result else { break };
            if let Some(disturbance) = (self.trouble)(&mut self.memory, &Call::Send(bytes[index..].to_vec())) {
                self.line.disturb(disturbance);
            }
            result = match self.line.send(&bytes[index..]).await {
                Err(LineError::NotAccepted(more)) => Err(LineError::NotAccepted(index + more)),
                other => other,
            };
        }
        result
    }
}

impl<L: SimulatedLine> CardLine for Bent<L> {
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
        let _ = self.later(Call::Vcc(class)).await;
    }

    fn set_rst(&mut self, high: bool) {
        self.now(Call::Rst(high));
    }

    fn set_clk(&mut self, clock: Clock) {
        self.now(Call::Clk(clock));
    }

    fn set_io(&mut self, released: bool) {
        self.now(Call::Io(released));
    }

    fn configure(&mut self, config: &LineConfig) {
        self.now(Call::Configure(*config));
    }

    fn clk_hz(&self) -> u32 {
        // What the slot takes it for; some mutants run at another frequency.
        4_000_000
    }

    async fn wait(&mut self, cycles: u32) {
        let _ = self.later(Call::Wait(cycles)).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        self.later(Call::Send(bytes.to_vec())).await.map(|_| ())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        match self.later(Call::Receive(within)).await? {
            Some((mut character, etu)) => {
                character.byte = (self.mishear)(&self.memory, character.byte);
                self.memory.heard += usize::from(character.parity_ok || self.memory.heard == 0);
                Ok((character, etu))
            }
            None => Err(LineError::Timeout),
        }
    }
}
