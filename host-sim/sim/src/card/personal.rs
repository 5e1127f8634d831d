//! Personalising: writes on a blank virtual card what its issuer ordered. What is to be written is decided by the
//! issuer.

use qiyong_protocol::card::files::{Df, Generation};
use qiyong_protocol::card::issue::{IssuedCard, NewCard};
use qiyong_protocol::iso7816::atr::Atr;

use super::antenna::Antenna;
use super::os::{Bytes, PinState, VirtualCard, blank_byte};
use super::pki::Pki;

impl VirtualCard {
    /// The card that was ordered as `new` and issued as `issued`.
    pub fn personalised(new: &NewCard, issued: &IssuedCard) -> Self {
        let pin = PinState { value: new.pin.clone(), tries: new.pin_tries, left: new.pin_tries };
        let IssuedCard { atr, keys, scheme, values, ident: _ } = issued;
        let mut card = Self::blank(new.generation, atr.to_vec(), keys.clone(), pin, *scheme, u64::from(new.serial));
        // The third generation has contacts and an antenna (docs/card.md §4.2).
        if new.generation == Generation::V3 {
            card.antenna = Some(Antenna::beside(Atr::new(&card.atr).historical(), new.serial));
        }
        for (fid, tag, value) in values {
            card.put(*fid, *tag, value);
        }
        if new.generation == Generation::V3 {
            card.pki = Pki::of(new, keys).map(Box::new);
        }
        card
    }

    /// Writes a value, filled up, if the generation has such a record.
    fn put(&mut self, fid: u16, tag: u8, value: &[u8]) {
        let generation = self.generation;
        let Some((number, record)) = generation.ssse_record(fid, tag) else {
            return;
        };
        let Some(Bytes::Records(values)) = generation.file(Df::Ssse, fid).and_then(|file| self.file_mut(file)) else {
            return;
        };
        let mut bytes = vec![blank_byte(record.format); usize::from(record.len)];
        bytes.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
        if let Some(place) = values.get_mut(usize::from(number) - 1) {
            *place = bytes;
        }
    }
}
