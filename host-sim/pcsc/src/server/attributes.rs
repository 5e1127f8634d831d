//! The attributes of a reader and its card (PC/SC part 3 clause 3.1.2).

use crate::codes::{Rv, attribute, state};
use crate::wire::EXTENDED_MAX;

use super::reader::{Reader, Snapshot};

/// The value of an attribute. Texts end with a zero; numbers are in the machine's byte order, as drivers give them.
pub(super) fn value(reader: &Reader, now: &Snapshot, id: u32) -> Result<Vec<u8>, Rv> {
    let number = |number: u32| number.to_ne_bytes().to_vec();
    let text = |text: &str| [text.as_bytes(), &[0]].concat();
    let present = now.state & state::PRESENT != 0;
    Ok(match id {
        attribute::VENDOR_NAME => text("Qiyong"),
        attribute::VENDOR_IFD_TYPE if reader.contactless => text("Virtual Contactless Reader"),
        attribute::VENDOR_IFD_TYPE => text("Virtual Reader"),
        attribute::VENDOR_IFD_VERSION => number(version()),
        attribute::VENDOR_IFD_SERIAL_NO => text(&format!("{:02X}", reader.number)),
        // T=0 and T=1, as bits; without contacts a card has T=1 to programs.
        attribute::ASYNC_PROTOCOL_TYPES => number(if reader.contactless { 0b10 } else { 0b11 }),
        // The clock in which the virtual line counts time, in kHz.
        attribute::DEFAULT_CLK => number((qiyong_sim::time::CLOCK_HZ / 1000) as u32),
        attribute::MAX_IFSD => number(254),
        attribute::CURRENT_PROTOCOL_TYPE => number(now.protocol),
        // 2: present and not swallowed.
        attribute::ICC_PRESENCE => vec![if present { 2 } else { 0 }],
        attribute::ICC_INTERFACE_STATUS => vec![u8::from(now.state & state::POWERED != 0)],
        // 1: ISO/IEC 7816, asynchronous, as which a card on an antenna shows itself, too.
        attribute::ICC_TYPE_PER_ATR if present => vec![1],
        attribute::ATR_STRING if !now.atr.is_empty() => now.atr.clone(),
        attribute::MAXINPUT => number(EXTENDED_MAX as u32),
        attribute::DEVICE_UNIT => number(reader.number),
        attribute::DEVICE_FRIENDLY_NAME | attribute::DEVICE_SYSTEM_NAME => text(&reader.name),
        _ => return Err(Rv::UNSUPPORTED_FEATURE),
    })
}

/// 0xMMmmbbbb: major, minor, build.
fn version() -> u32 {
    let part = |text: &str| text.parse().unwrap_or(0);
    part(env!("CARGO_PKG_VERSION_MAJOR")) << 24
        | part(env!("CARGO_PKG_VERSION_MINOR")) << 16
        | part(env!("CARGO_PKG_VERSION_PATCH"))
}
