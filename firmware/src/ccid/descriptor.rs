//! What the reader says that it can do: the class descriptor (CCID 1.1 section 5.1) and the requests on the control endpoint
//! (section 5.3).

use super::message::MESSAGE_MAX;

/// bInterfaceClass.
pub const CLASS: u8 = 0x0B;
/// bDescriptorType of the class descriptor.
pub const DESCRIPTOR_TYPE: u8 = 0x21;
/// bRequest of ABORT: wValue is the slot and, above it, the sequence number.
pub const ABORT: u8 = 0x01;

/// 5 V and 3 V (bVoltageSupport).
const VOLTAGES: u8 = 0x03;
/// T=0 and T=1 (dwProtocols).
const PROTOCOLS: u32 = 0x03;
/// The longest block of T=1 that the slot takes (dwMaxIFSD).
const IFSD_MAX: u32 = 254;
/// What goes by itself (dwFeatures): parameters from the answer to reset, voltage, clock, rate, negotiation of parameters, and IFSD; and
/// the level, short and extended APDUs.
const FEATURES: u32 = 0x02 | 0x08 | 0x10 | 0x20 | 0x40 | 0x400 | 0x4_0000;
/// PINs are verified and modified on the keypad (bPINSupport).
const PIN_SUPPORT: u8 = 0x03;

/// The rates of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// CLK, in Hz.
    pub clk_hz: u32,
    /// The fewest cycles of CLK an etu may take.
    pub min_cycles_per_etu: u16,
}

/// The descriptor after its bLength and bDescriptorType: 52 bytes.
pub fn descriptor(rates: Rates) -> [u8; 52] {
    let khz = rates.clk_hz / 1000;
    let slowest = rates.clk_hz / 372;
    let fastest = rates.clk_hz.checked_div(rates.min_cycles_per_etu.into()).unwrap_or(slowest);
    let mut bytes = [0; 52];
    let mut at = 0;
    let mut put = |value: u32, len: usize| {
        let room = bytes.get_mut(at..).unwrap_or_default();
        room.iter_mut().zip(value.to_le_bytes()).take(len).for_each(|(to, from)| *to = from);
        at += len;
    };
    put(0x0110, 2); // bcdCCID
    put(0, 1); // bMaxSlotIndex
    put(VOLTAGES.into(), 1);
    put(PROTOCOLS, 4);
    put(khz, 4); // dwDefaultClock
    put(khz, 4); // dwMaximumClock
    put(0, 1); // bNumClockSupported
    put(slowest, 4); // dwDataRate
    put(fastest, 4); // dwMaxDataRate
    put(0, 1); // bNumDataRatesSupported
    put(IFSD_MAX, 4);
    put(0, 4); // dwSynchProtocols
    put(0, 4); // dwMechanical
    put(FEATURES, 4);
    put(MESSAGE_MAX as u32, 4); // dwMaxCCIDMessageLength
    put(0xFF, 1); // bClassGetResponse: that of the command
    put(0xFF, 1); // bClassEnvelope: the same
    put(0, 2); // wLcdLayout: none
    put(PIN_SUPPORT.into(), 1);
    put(1, 1); // bMaxCCIDBusySlots
    bytes
}
