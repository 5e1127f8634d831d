//! The chip's registers (LM3S6965 data sheet): the few that this board uses. There is no crate that has them.
#![allow(unsafe_code, reason = "registers of the chip")]

use core::ptr;

/// A register, at this address.
#[derive(Clone, Copy)]
pub(crate) struct Register(usize);

impl Register {
    pub(crate) fn read(self) -> u32 {
        // SAFETY: made in this file alone, with addresses of registers that are there once their clocks run.
        unsafe { ptr::with_exposed_provenance::<u32>(self.0).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: as above; none of these registers changes memory.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(self.0).write_volatile(value) }
    }

    /// Sets and clears bits. Not against an interrupt.
    pub(crate) fn change(self, set: u32, clear: u32) {
        self.write(self.read() & !clear | set);
    }
}

/// System control (chapter 5): raw interrupts, the clock, the clocks of UARTs and ports.
pub(crate) const RIS: Register = Register(0x400F_E050);
pub(crate) const RCC: Register = Register(0x400F_E060);
pub(crate) const RCGC1: Register = Register(0x400F_E104);
pub(crate) const RCGC2: Register = Register(0x400F_E108);

/// A port of pins (chapter 8).
#[derive(Clone, Copy)]
pub(crate) struct Port(usize);

pub(crate) const PORT_A: Port = Port(0x4000_4000);
pub(crate) const PORT_B: Port = Port(0x4000_5000);
pub(crate) const PORT_D: Port = Port(0x4000_7000);
pub(crate) const PORT_G: Port = Port(0x4002_6000);

impl Port {
    /// The data of one pin: a store changes no other.
    pub(crate) const fn data(self, pin: u8) -> Register {
        Register(self.0 + (4 << pin))
    }

    pub(crate) const fn direction(self) -> Register {
        Register(self.0 + 0x400)
    }

    pub(crate) const fn alternate(self) -> Register {
        Register(self.0 + 0x420)
    }

    pub(crate) const fn open_drain(self) -> Register {
        Register(self.0 + 0x50C)
    }

    pub(crate) const fn pull_down(self) -> Register {
        Register(self.0 + 0x514)
    }

    pub(crate) const fn digital(self) -> Register {
        Register(self.0 + 0x51C)
    }
}

/// A UART, a PL011 (chapter 12).
#[derive(Clone, Copy)]
pub(crate) struct Uart(usize);

pub(crate) const UART0: Uart = Uart(0x4000_C000);
pub(crate) const UART1: Uart = Uart(0x4000_D000);
pub(crate) const UART2: Uart = Uart(0x4000_E000);

impl Uart {
    pub(crate) const fn data(self) -> Register {
        Register(self.0)
    }

    pub(crate) const fn flags(self) -> Register {
        Register(self.0 + 0x18)
    }

    /// The whole part of the divider, and its 64ths.
    pub(crate) const fn divider(self) -> [Register; 2] {
        [Register(self.0 + 0x24), Register(self.0 + 0x28)]
    }

    pub(crate) const fn line(self) -> Register {
        Register(self.0 + 0x2C)
    }

    pub(crate) const fn control(self) -> Register {
        Register(self.0 + 0x30)
    }

    pub(crate) const fn interrupt_mask(self) -> Register {
        Register(self.0 + 0x38)
    }

    pub(crate) const fn interrupt_clear(self) -> Register {
        Register(self.0 + 0x44)
    }
}
