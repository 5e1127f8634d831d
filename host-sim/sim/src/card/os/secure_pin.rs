//! RELOAD PIN and PIN UNBLOCK under secure messaging: the PIN comes enciphered, and a MAC by the same key, PUK, covers it
//! (docs/card.md §1.6, docs/driver.md §D).

use qiyong_protocol::card::sealed::open_pin;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;

use super::{KEY_TRIES, VirtualCard, check_mac};

impl VirtualCard {
    /// RELOAD PIN: the PIN becomes the one in the block, and has all its tries.
    pub(super) fn reload_sealed(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> StatusWord {
        match check_mac(&self.keys.puk, command, challenge).map(|sealed| open_pin(&self.keys.puk, sealed)) {
            Ok(Some(new)) => self.set_pin(new),
            Ok(None) => StatusWord::WRONG_DATA,
            Err(sw) => sw,
        }
    }

    /// PIN UNBLOCK: whoever knows the PIN gets its tries back. A wrong PIN costs one of the tries that keys have, so that nobody
    /// looks for a PIN with this command.
    pub(super) fn unblock_pin(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> StatusWord {
        if self.key_tries_left == 0 {
            return StatusWord::BLOCKED;
        }
        match check_mac(&self.keys.puk, command, challenge).map(|sealed| open_pin(&self.keys.puk, sealed)) {
            Ok(Some(pin)) if pin == self.pin.value => {
                (self.pin.left, self.key_tries_left) = (self.pin.tries, KEY_TRIES);
                StatusWord::OK
            }
            Ok(Some(_)) => {
                self.key_tries_left -= 1;
                StatusWord::tries_left(self.key_tries_left)
            }
            Ok(None) => StatusWord::WRONG_DATA,
            Err(sw) => sw,
        }
    }
}
