//! ISO/IEC 7816-3 and -4: what any contact card and any terminal have in common.
//!
//! Nothing here knows about social security cards, and nothing here drives hardware. The caller tells the engines which
//! bytes arrived and how many etu went by, and the engines say what to do next.

pub mod apdu;
pub mod atr;
#[cfg(test)]
mod chance;
pub mod character;
pub mod pps;
pub mod sw;
pub mod t0;
pub mod t1;
pub mod tlv;
mod turn;
mod xor;

pub use turn::Turn;

/// A duration on the card line in elementary time units (etu, ISO/IEC 7816-3 clause 7.1).
///
/// At the default 372 clock cycles per etu and a 3.5712 MHz clock one etu is 104.17 µs (9600 bit/s).
pub type Etu = u32;

/// Whether what is usual has a short way beside the way for everything. The target has no room for both.
const SHORT_WAYS: bool = cfg!(not(target_os = "none"));

/// `cycles` / `by`, rounded up; `cycles` where `by` is 0. The compiler does not see that no divisor here is 0, so the
/// standard library's division would stay in the image with its panic.
const fn div_up(cycles: u32, by: u32) -> u32 {
    match (cycles.checked_div(by), cycles.checked_rem(by)) {
        (Some(whole), Some(rest)) => whole + (rest != 0) as u32,
        _ => cycles,
    }
}
