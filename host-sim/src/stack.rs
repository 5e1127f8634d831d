//! What calls leave on the stack. A PIN is wiped where it lies when it is dropped, but not where it lay before it was
//! moved, and code that is not optimised moves much.

use std::hint::black_box;

/// More than any visit takes, in bytes, without optimisation, too; and less than any system gives.
const DEPTH: usize = 512 * 1024;

/// Writes over what the calls that have returned had on the stack.
#[inline(never)]
pub(crate) fn wipe() {
    black_box(&mut [0_u8; DEPTH]);
}
