//! Times and sizes that the standard fixes for T=1.

use crate::iso7816::Etu;

/// BGT: the least time between the last character of a block and the first character of the answer (clause 11.2).
pub const BLOCK_GUARD_TIME: Etu = 22;
/// The most information bytes of a block (clause 11.3.2.3); LEN = 255 is reserved.
pub const IFS_MAX: u8 = 254;
/// IFSD at the start; IFSC if the ATR names none (clause 11.4.2).
pub const IFS_DEFAULT: u8 = 32;
