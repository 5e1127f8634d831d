//! What the chip says of itself: whether it is a chip, and which one.

use stm32_metapac as pac;

/// Whether this is QEMU. It has no DBGMCU, which on a chip says what the chip is.
pub(crate) fn is_emulated() -> bool {
    pac::DBGMCU.idcode().read().0 == 0
}

/// The number that the chip was made with (RM0351 §46.1); zeros in the emulator, where nothing is at its address.
pub(crate) fn serial_number() -> [u8; 12] {
    let mut serial = [0; 12];
    if is_emulated() {
        return serial;
    }
    for (bytes, word) in serial.chunks_mut(4).zip(0..) {
        bytes.iter_mut().zip(pac::UID.uid(word).read().to_be_bytes()).for_each(|(to, from)| *to = from);
    }
    serial
}
