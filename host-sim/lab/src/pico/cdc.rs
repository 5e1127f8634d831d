//! The host of the board's USB serial port, as a PC's driver is: it configures the device, opens the port, and from
//! then on always has a place for what the device sends. It takes a transfer for ended by a packet that is not full,
//! and else waits for more.
//!
//! What the bytes mean is not known here.

use super::harness::{DeviceDoes, HostDoes};
use super::usb::{Ended, Port, Transfer};

/// SET_ADDRESS, GET_DESCRIPTOR for the configuration's, SET_CONFIGURATION (USB 2.0 section 9.4).
const SET_ADDRESS: [u8; 8] = [0x00, 5, 7, 0, 0, 0, 0, 0];
const GET_CONFIGURATION: [u8; 8] = [0x80, 6, 0, 2, 0, 0, 0xFF, 0];
const SET_CONFIGURATION: [u8; 8] = [0x00, 9, 1, 0, 0, 0, 0, 0];
/// 115 200 baud, one stop bit, no parity, eight bits (CDC PSTN subclass 1.2, section 6.3.11).
const LINE: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];
/// The class of the interface with the data (CDC 1.2, section 4.5), and the descriptors of an interface and of an
/// endpoint.
const DATA: u8 = 0x0A;
const INTERFACE: u8 = 4;
const ENDPOINT: u8 = 5;
/// The most bytes that the driver takes at a time.
const ROOM: usize = 4096;

/// What the driver asks of the device next, by a control transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// Nothing, as long as there is no device.
    #[default]
    Away,
    Address,
    Descriptor,
    Configuration,
    Rate,
    Dtr,
    /// All is said.
    Done,
}

/// The driver.
#[derive(Debug, Default)]
pub(super) struct Cdc {
    port: Port,
    step: Step,
    /// The control transfer that is under way, and that in each direction.
    asks: Option<u64>,
    reads: Option<u64>,
    writes: Option<u64>,
    /// The endpoints of the data: from the device, and to it.
    ways: Option<(u8, u8)>,
    /// Somebody has the port open, or will have it once it is there; DTR is as the device was last told.
    opened: bool,
    dtr: bool,
    /// The driver takes nothing at present.
    stalls: bool,
    to_say: Vec<u8>,
    heard: Vec<u8>,
}

impl Cdc {
    /// A driver whose port a program will have open.
    pub(super) fn new() -> Self {
        Self { opened: true, ..Self::default() }
    }

    /// The program opens the port, or closes it; what it has not sent by then is lost.
    pub(super) fn set_open(&mut self, opened: bool) {
        self.opened = opened;
        if !opened {
            self.to_say.clear();
            self.give_up();
        }
        self.goes_on();
    }

    /// The driver takes nothing that the device sends, or does again.
    pub(super) fn set_stalls(&mut self, stalls: bool) {
        self.stalls = stalls;
        if let Some(id) = self.reads.take_if(|_| stalls) {
            self.port.cancel(id);
        }
        self.goes_on();
    }

    /// The bus is reset, and the device is configured anew.
    pub(super) fn reset(&mut self) {
        self.port.reset();
        (self.step, self.asks, self.dtr, self.ways) = (Step::Away, None, false, None);
        (self.reads, self.writes) = (None, None);
    }

    /// The program says this.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        if self.opened {
            self.to_say.extend(bytes);
            self.goes_on();
        }
    }

    /// How many bytes wait for the device.
    pub(super) fn waiting(&self) -> usize {
        self.to_say.len()
    }

    /// What the device has said since this was last asked.
    pub(super) fn take_heard(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.heard)
    }

    /// What the host does now.
    pub(super) fn take_does(&mut self) -> Vec<HostDoes> {
        self.port.take_does()
    }

    /// The device did something.
    pub(super) fn see(&mut self, device: DeviceDoes) {
        match device {
            DeviceDoes::Attaches => self.reset(),
            DeviceDoes::IsReset => self.step = Step::Address,
            device => self.port.see(device),
        }
        for (id, ended) in self.port.take_ended() {
            self.ended(id, ended);
        }
        self.goes_on();
    }

    fn ended(&mut self, id: u64, ended: Ended) {
        if self.asks.take_if(|asks| *asks == id).is_some() {
            // What a device refuses is not asked again.
            self.step = match self.step {
                Step::Address => Step::Descriptor,
                Step::Descriptor => {
                    self.ways = ended.ok().and_then(|bytes| ways(&bytes));
                    Step::Configuration
                }
                Step::Configuration => Step::Rate,
                Step::Rate => Step::Dtr,
                Step::Dtr | Step::Done => Step::Done,
                Step::Away => Step::Away,
            };
        } else if self.reads.take_if(|reads| *reads == id).is_some() {
            self.heard.extend(ended.unwrap_or_default());
        } else {
            self.writes.take_if(|writes| *writes == id);
        }
    }

    /// The driver does what it can do now.
    fn goes_on(&mut self) {
        if self.asks.is_none() {
            if self.step == Step::Done && self.dtr != self.opened {
                self.step = Step::Dtr;
            }
            let next = match self.step {
                Step::Away | Step::Done => None,
                Step::Address => Some((SET_ADDRESS, Vec::new())),
                Step::Descriptor => Some((GET_CONFIGURATION, Vec::new())),
                Step::Configuration => Some((SET_CONFIGURATION, Vec::new())),
                // To the first interface, which is that of the communication.
                Step::Rate => Some(([0x21, 0x20, 0, 0, 0, 0, 7, 0], LINE.to_vec())),
                Step::Dtr => {
                    self.dtr = self.opened;
                    Some(([0x21, 0x22, if self.opened { 3 } else { 0 }, 0, 0, 0, 0, 0], Vec::new()))
                }
            };
            self.asks = next.map(|(setup, data)| self.port.begin(Transfer::Control(setup, data), None));
        }
        let Some((from, to)) = self.ways.filter(|_| self.step == Step::Done && self.opened) else { return };
        if self.reads.is_none() && !self.stalls {
            self.reads = Some(self.port.begin(Transfer::In(from, ROOM), None));
        }
        if self.writes.is_none() && !self.to_say.is_empty() {
            let bytes = std::mem::take(&mut self.to_say);
            self.writes = Some(self.port.begin(Transfer::Out(to, bytes), None));
        }
    }

    fn give_up(&mut self) {
        for id in [self.reads.take(), self.writes.take()].into_iter().flatten() {
            self.port.cancel(id);
        }
        self.port.take_ended();
    }
}

/// The two endpoints of the interface with the data, in the descriptors of a configuration.
fn ways(mut bytes: &[u8]) -> Option<(u8, u8)> {
    let (mut is_data, mut from, mut to) = (false, None, None);
    while let [len, kind, rest @ ..] = bytes {
        match (*kind, rest) {
            (INTERFACE, [_, _, _, class, ..]) => is_data = *class == DATA,
            (ENDPOINT, [address, ..]) if is_data && address & 0x80 != 0 => from = Some(address & 0x0F),
            (ENDPOINT, [address, ..]) if is_data => to = Some(*address),
            _ => {}
        }
        bytes = bytes.get(usize::from(*len).max(2)..)?;
    }
    from.zip(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoints_are_those_of_the_interface_with_the_data() {
        let all = [
            &[9, 2, 0, 0, 2, 1, 0, 0x80, 50][..],
            &[9, 4, 0, 0, 1, 2, 2, 0, 0],
            &[5, 0x24, 0, 0x10, 1],
            &[7, 5, 0x81, 3, 8, 0, 255],
            &[9, 4, 1, 0, 2, 10, 0, 0, 0],
            &[7, 5, 0x03, 2, 64, 0, 0],
            &[7, 5, 0x82, 2, 64, 0, 0],
        ]
        .concat();
        assert_eq!(ways(&all), Some((2, 3)));
        for end in 0..all.len() - 7 {
            assert_eq!(ways(&all[..end]), None, "{end}");
        }
        assert_eq!(ways(&[0; 4]), None);
    }

    /// What the host does, with a device that says yes to all.
    fn configured() -> Cdc {
        let mut cdc = Cdc::new();
        let configuration =
            [&[9, 4, 1, 0, 2, 10, 0, 0, 0][..], &[7, 5, 0x03, 2, 64, 0, 0], &[7, 5, 0x82, 2, 64, 0, 0]].concat();
        cdc.see(DeviceDoes::Attaches);
        assert_eq!(cdc.take_does(), [HostDoes::Reset]);
        cdc.see(DeviceDoes::IsReset);
        for _ in 0..20 {
            for does in cdc.take_does() {
                match does {
                    HostDoes::Wants(0) if cdc.step == Step::Descriptor => {
                        cdc.see(DeviceDoes::Gives(0, configuration.clone()));
                    }
                    HostDoes::Wants(0) => cdc.see(DeviceDoes::Gives(0, Vec::new())),
                    HostDoes::Gives(0, _) => cdc.see(DeviceDoes::Takes(0)),
                    HostDoes::Wants(2) => return cdc,
                    _ => {}
                }
            }
        }
        panic!("not configured: {cdc:?}");
    }

    #[test]
    fn a_transfer_ends_with_a_packet_that_is_not_full() {
        let mut cdc = configured();
        assert_eq!((cdc.step, cdc.dtr), (Step::Done, true));
        cdc.see(DeviceDoes::Gives(2, vec![1; 64]));
        assert_eq!((cdc.take_heard(), cdc.take_does()), (Vec::new(), vec![HostDoes::Wants(2)]));
        cdc.see(DeviceDoes::Gives(2, Vec::new()));
        assert_eq!((cdc.take_heard(), cdc.take_does()), (vec![1; 64], vec![HostDoes::Wants(2)]));
        cdc.say(&[7; 70]);
        assert_eq!(cdc.take_does(), [HostDoes::Gives(3, vec![7; 64])]);
        cdc.say(b"a");
        cdc.see(DeviceDoes::Takes(3));
        cdc.see(DeviceDoes::Takes(3));
        assert_eq!(cdc.take_does(), [HostDoes::Gives(3, vec![7; 6]), HostDoes::Gives(3, b"a".to_vec())]);
    }
}
