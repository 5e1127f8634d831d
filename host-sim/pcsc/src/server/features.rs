//! What a virtual reader can do besides carrying commands, as programs find and ask it by control messages (PC/SC part 10).

use std::sync::Arc;

use super::client::Client;
use super::keypad::Keypad;
use super::pin::{self, Reply, What};
use crate::codes::{Rv, control_code};

/// Control codes and the features of PC/SC part 10 clause 2.3 for which they stand, numbered as in the usual CCID
/// driver.
const VERIFY_PIN_DIRECT: (u8, u32) = (0x06, control_code(0x33_0006));
const MODIFY_PIN_DIRECT: (u8, u32) = (0x07, control_code(0x33_0007));
const IFD_PIN_PROPERTIES: (u8, u32) = (0x0A, control_code(0x33_000A));
const GET_TLV_PROPERTIES: (u8, u32) = (0x12, control_code(0x33_0012));

/// The answer to GET_FEATURE_REQUEST: tag, length 4, control code, big-endian.
pub(super) fn features(has_keypad: bool) -> Vec<u8> {
    let with_keypad: &[(u8, u32)] =
        if has_keypad { &[VERIFY_PIN_DIRECT, MODIFY_PIN_DIRECT, IFD_PIN_PROPERTIES] } else { &[] };
    let features = with_keypad.iter().chain(&[GET_TLV_PROPERTIES]);
    features.flat_map(|(tag, code)| [&[*tag, 4], code.to_be_bytes().as_slice()].concat()).collect()
}

/// Answers a control message to a feature. `None`: the code is no feature of this reader.
pub(super) fn control(
    keypad: Option<&Keypad>,
    client: &Arc<Client>,
    code: u32,
    message: &[u8],
) -> Option<Result<Reply, Rv>> {
    match (code, keypad) {
        (code, Some(keypad)) if code == VERIFY_PIN_DIRECT.1 => {
            Some(pin::carry_out(What::Verify, keypad, client, message))
        }
        (code, Some(keypad)) if code == MODIFY_PIN_DIRECT.1 => {
            Some(pin::carry_out(What::Modify, keypad, client, message))
        }
        // wLcdLayout: no display; bEntryValidationCondition 02: the enter key ends the entry; bTimeOut2 0.
        (code, Some(_)) if code == IFD_PIN_PROPERTIES.1 => Some(Ok(Reply::Bytes(vec![0, 0, 2, 0]))),
        (code, keypad) if code == GET_TLV_PROPERTIES.1 => Some(Ok(Reply::Bytes(properties(keypad.is_some())))),
        _ => None,
    }
}

/// bMinPINSize, bMaxPINSize, dwMaxAPDUDataSize (PC/SC part 10 clause 2.6.14), little-endian as the clause demands.
fn properties(has_keypad: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if has_keypad {
        out.extend([6, 1, 4, 7, 1, 16]);
    }
    out.extend([10, 4]);
    out.extend(65_536_u32.to_le_bytes());
    out
}
