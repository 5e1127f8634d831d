//! This board with a till that is another program.

use std::time::Duration;

use super::cdc::Cdc;
use super::machine::{Machine, cycles};
use super::slot::HZ;
use crate::emulator::EmulatorError;
use crate::emulator::holder::Does;
use crate::till_line::{Alone, Happened};
use qiyong_sim::line::SharedCard;

/// So much of its time goes by at once at the most: then somebody looks at the line.
const AT_ONCE: u64 = HZ / 10;

/// What a host at the USB port does besides; nothing, where the till is at UART 0.
impl Machine {
    fn at_usb(&mut self, does: impl FnOnce(&mut Cdc)) {
        if let Some(usb) = self.usb() {
            does(usb);
        }
    }

    /// The bus is reset, and the device configured anew, as by a host that has gone and is back.
    pub fn reset_bus(&mut self) {
        self.at_usb(Cdc::reset);
    }

    /// The program at the host opens the port, or closes it.
    pub fn set_port_open(&mut self, opened: bool) {
        self.at_usb(|usb| usb.set_open(opened));
    }

    /// The host takes nothing of what the board sends, or does again.
    pub fn set_host_stalls(&mut self, stalls: bool) {
        self.at_usb(|usb| usb.set_stalls(stalls));
    }

    /// How many bytes the host has not begun to send.
    pub fn waiting(&mut self) -> usize {
        self.usb().map_or(0, |usb| usb.waiting())
    }
}

impl Alone for Machine {
    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn step(&mut self, limit: Duration) -> Result<Option<Vec<Happened>>, EmulatorError> {
        let (now, limit) = (self.cycle(), cycles(limit));
        if limit <= now {
            return Ok(None);
        }
        let all = self.go_on(limit.min(now + AT_ONCE))?;
        Ok(Some(all.into_iter().filter_map(|own| Happened::of(own, &self.course.screens)).collect()))
    }

    fn say(&mut self, bytes: &[u8]) {
        self.send_frame(bytes);
    }

    fn said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }

    fn set_card(&mut self, card: Option<SharedCard>) -> Result<(), EmulatorError> {
        Self::set_card(self, card);
        Ok(())
    }

    fn does(&mut self, does: &Does) {
        self.holder_does(does, Duration::ZERO);
    }

    fn logged(&mut self) -> Result<Vec<String>, EmulatorError> {
        self.log_so_far()
    }
}
