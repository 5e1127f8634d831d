//! Blocks for tests, built from what they say. Which exchanges of blocks are right is in `tests/annex_a.exchanges`.

use std::vec::Vec;

use super::super::*;
use crate::iso7816::atr::Edc;

/// `bytes` and their epilogue.
pub(super) fn with_edc(mut bytes: Vec<u8>, edc: Edc) -> Vec<u8> {
    let mut check = Check::new(edc);
    check.update(&bytes);
    bytes.extend_from_slice(&check.epilogue()[..Check::len(edc)]);
    bytes
}

pub(super) fn block(pcb: Pcb, inf: &[u8], edc: Edc) -> Vec<u8> {
    with_edc([&[0, pcb.encode(), inf.len() as u8], inf].concat(), edc)
}
