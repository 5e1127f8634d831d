//! Transfers over the chip's USB port (USB 2.0 chapter 5 and section 8.5): bytes and requests cut into packets, and put together again.
//! What they mean is not known here. Time is the chip's.

use std::collections::BTreeMap;

use thiserror::Error;

use super::harness::{DeviceDoes, HostDoes};

/// Bytes of a full packet, of each endpoint that is not for interrupts.
const PACKET: usize = 64;
/// The bit of an endpoint's address, and of a request, that says: to the host.
pub const TO_HOST: u8 = 0x80;

/// Why a transfer did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TransferError {
    /// The device refuses.
    #[error("the device stalls: send what it knows")]
    Stall,
    /// The device does not answer in time.
    #[error("the device does not answer in time: does its image still run?")]
    TimedOut,
    /// The host has given it up.
    #[error("the host has given the transfer up: begin another")]
    Cancelled,
}

/// How a transfer ended: for one to the host, its bytes.
pub type Ended = Result<Vec<u8>, TransferError>;

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// A request on the control endpoint, with its data if they go to the device.
    Control([u8; 8], Vec<u8>),
    /// To an endpoint that is not for control.
    Out(u8, Vec<u8>),
    /// From an endpoint: at most so many bytes.
    In(u8, usize),
}

impl Transfer {
    /// The address that it occupies; a control transfer has 0.
    const fn address(&self) -> u8 {
        match self {
            Self::Control(..) => 0,
            Self::Out(endpoint, _) => *endpoint,
            Self::In(endpoint, _) => *endpoint | TO_HOST,
        }
    }
}

/// What comes next in a transfer.
#[derive(Debug)]
enum Stage {
    /// Bytes still to be given; `true`: then the device's status is awaited.
    Giving { left: Vec<u8>, then_status: bool },
    /// Bytes that have come, of at most so many; `true`: then the host gives its status.
    Taking { come: Vec<u8>, most: usize, then_status: bool },
    /// The device's status after bytes were given.
    DeviceStatus,
    /// The host's status after bytes have come.
    HostStatus(Vec<u8>),
}

/// A transfer on its way.
#[derive(Debug)]
struct Running {
    stage: Stage,
    /// The cycle at which it is given up; `None`: never.
    until: Option<u64>,
    id: u64,
}

/// The host's side of the port.
#[derive(Debug, Default)]
pub(super) struct Port {
    running: BTreeMap<u8, Running>,
    next: u64,
    ended: Vec<(u64, Ended)>,
    /// What the host does now.
    does: Vec<HostDoes>,
}

impl Port {
    /// A transfer begins; it is given up at the cycle `until`. Returns its number. One that is on the same address ends.
    pub(super) fn begin(&mut self, transfer: Transfer, until: Option<u64>) -> u64 {
        let address = transfer.address();
        self.end(address, Err(TransferError::Cancelled));
        self.next += 1;
        let id = self.next;
        let stage = match transfer {
            Transfer::Control(setup, data) => {
                self.does.push(HostDoes::Setup(setup));
                let [kind, .., low, high] = setup;
                let most = usize::from(u16::from_le_bytes([low, high]));
                match (kind & TO_HOST != 0, most) {
                    (true, 1..) => Stage::Taking { come: Vec::new(), most, then_status: true },
                    (false, 1..) => Stage::Giving { left: data, then_status: true },
                    (_, 0) => Stage::DeviceStatus,
                }
            }
            Transfer::Out(_, data) => Stage::Giving { left: data, then_status: false },
            Transfer::In(_, most) => Stage::Taking { come: Vec::new(), most, then_status: false },
        };
        self.ask(address, &stage);
        self.running.insert(address, Running { stage, until, id });
        id
    }

    /// The packet that the stage needs.
    fn ask(&mut self, address: u8, stage: &Stage) {
        let endpoint = address & !TO_HOST;
        self.does.push(match stage {
            Stage::Giving { left, .. } => HostDoes::Gives(endpoint, left.get(..PACKET).unwrap_or(left).to_vec()),
            Stage::HostStatus(_) => HostDoes::Gives(endpoint, Vec::new()),
            Stage::Taking { .. } | Stage::DeviceStatus => HostDoes::Wants(endpoint),
        });
    }

    /// Gives a transfer up.
    pub(super) fn cancel(&mut self, id: u64) {
        let found = self.running.iter().find(|(_, running)| running.id == id).map(|(address, _)| *address);
        if let Some(address) = found {
            self.give_up(address, TransferError::Cancelled);
        }
    }

    /// The bus is reset: all transfers end.
    pub(super) fn reset(&mut self) {
        for address in self.running.keys().copied().collect::<Vec<_>>() {
            self.end(address, Err(TransferError::Cancelled));
        }
        self.does.push(HostDoes::Reset);
    }

    fn give_up(&mut self, address: u8, why: TransferError) {
        let ways: &[u8] = if address == 0 { &[0, TO_HOST] } else { &[address] };
        self.does.extend(ways.iter().map(|way| HostDoes::Cancels(*way)));
        self.end(address, Err(why));
    }

    fn end(&mut self, address: u8, how: Ended) {
        if let Some(running) = self.running.remove(&address) {
            self.ended.push((running.id, how));
        }
    }

    /// When the first of the transfers is given up.
    pub(super) fn next(&self) -> Option<u64> {
        self.running.values().filter_map(|running| running.until).min()
    }

    /// Gives up what has taken too long.
    pub(super) fn look_at_time(&mut self, now: u64) {
        let late = |running: &Running| running.until.is_some_and(|until| until <= now);
        let late: Vec<u8> = self.running.iter().filter(|(_, it)| late(it)).map(|(address, _)| *address).collect();
        late.into_iter().for_each(|address| self.give_up(address, TransferError::TimedOut));
    }

    /// What the host does now.
    pub(super) fn take_does(&mut self) -> Vec<HostDoes> {
        std::mem::take(&mut self.does)
    }

    /// The transfers that have ended, by their numbers.
    pub(super) fn take_ended(&mut self) -> Vec<(u64, Ended)> {
        std::mem::take(&mut self.ended)
    }

    /// These have ended, too, and nobody has looked at them.
    pub(super) fn ended_before(&mut self, others: Vec<(u64, Ended)>) {
        self.ended.splice(..0, others);
    }

    /// The device did something.
    pub(super) fn see(&mut self, device: DeviceDoes) {
        let (address, packet) = match device {
            DeviceDoes::Attaches | DeviceDoes::IsReset => return,
            DeviceDoes::Stalls(address) => {
                let address = if address == TO_HOST { 0 } else { address };
                return self.end(address, Err(TransferError::Stall));
            }
            DeviceDoes::Gives(0, packet) => (0, packet),
            DeviceDoes::Gives(endpoint, packet) => (endpoint | TO_HOST, packet),
            DeviceDoes::Takes(endpoint) => (endpoint, Vec::new()),
        };
        let Some(Running { stage, until, id }) = self.running.remove(&address) else { return };
        let next = match stage {
            Stage::Giving { mut left, then_status } => {
                left.drain(..left.len().min(PACKET));
                match (left.is_empty(), then_status) {
                    (false, _) => Ok(Stage::Giving { left, then_status }),
                    (true, true) => Ok(Stage::DeviceStatus),
                    (true, false) => Err(Vec::new()),
                }
            }
            Stage::Taking { mut come, most, then_status } => {
                come.extend(&packet);
                match (come.len() >= most || packet.len() < PACKET, then_status) {
                    (false, _) => Ok(Stage::Taking { come, most, then_status }),
                    (true, true) => Ok(Stage::HostStatus(come)),
                    (true, false) => Err(come),
                }
            }
            Stage::DeviceStatus => Err(Vec::new()),
            Stage::HostStatus(come) => Err(come),
        };
        match next {
            Ok(stage) => {
                self.ask(address, &stage);
                self.running.insert(address, Running { stage, until, id });
            }
            Err(come) => self.ended.push((id, Ok(come))),
        }
    }
}
