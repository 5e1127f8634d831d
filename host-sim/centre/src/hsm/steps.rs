//! What the security module makes for a driver library's steps (docs/card.md §1.9, docs/driver.md §D): the results that the library
//! takes from its caller, and whether a card has noted a payment. Who may ask is not decided here.

use zeroize::Zeroizing;

use qiyong_protocol::card::codes::{IdentCode, Region};
use qiyong_protocol::card::commands::join;
use qiyong_protocol::card::debit::{self, Debit};
use qiyong_protocol::card::keys::{Algorithm, CardKeys, Cryptogram, Key};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::psam::Master;
use qiyong_protocol::card::sealed::{encipher, pin_block};

use super::Hsm;

/// The text of a step 1, read: region, reset information, algorithm, ident code, four values, terminal, device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The historical bytes of the card's ATR.
    pub historical: Vec<u8>,
    /// The algorithm of its keys.
    pub algorithm: Algorithm,
    /// Its ident code, whose region is the one in the text.
    pub ident: IdentCode,
    /// The factor of the internal authentication, and its data.
    internal: [[u8; 8]; 2],
    /// The factor of the external one and the card's challenge; or a debit's factor and what MAC1 is over.
    more: [Vec<u8>; 2],
}

impl Question {
    /// `None`: it is not of this form.
    pub fn read(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.strip_suffix('|')?.split('|').collect();
        let [region, historical, algorithm, ident, factor, data, seventh, eighth, _terminal, _device] = fields[..]
        else {
            return None;
        };
        let eight = |digits: &str| <[u8; 8]>::try_from(hex::decode(digits).ok()?).ok();
        let algorithm = match algorithm {
            "01" => Algorithm::TripleDes,
            "03" => Algorithm::Sm4,
            _ => return None,
        };
        let ident = IdentCode::new(hex::decode(ident).ok()?.try_into().ok()?).ok()?;
        let historical = hex::decode(historical).ok().filter(|bytes| (1..=15).contains(&bytes.len()))?;
        let more = [hex::decode(seventh).ok()?, hex::decode(eighth).ok()?];
        let same = Region::new(region).ok()? == ident.region();
        same.then_some(Self { historical, algorithm, ident, internal: [eight(factor)?, eight(data)?], more })
    }
}

/// The text of a PIN's step 2, read: algorithm, key address, challenge, the command's head, and the PIN.
pub struct Order {
    challenge: [u8; 8],
    head: [u8; 5],
    pin: Pin,
}

impl Order {
    /// `None`: it is not of this form.
    pub fn read(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.strip_suffix('|')?.split('|').collect();
        let [_algorithm, _address, challenge, head, pin] = fields[..] else { return None };
        Some(Self {
            challenge: hex::decode(challenge).ok()?.try_into().ok()?,
            head: hex::decode(head).ok()?.try_into().ok()?,
            pin: Pin::new(pin.as_bytes())?,
        })
    }
}

impl Hsm {
    fn keys_of(&self, question: &Question) -> CardKeys {
        self.card_keys(question.algorithm, &question.historical, question.ident.region())
    }

    /// `internal result|external result|`, the external one by this key of the card; `None`: the card has no such key, or the
    /// text has no challenge.
    pub fn results(&self, question: &Question, master: Master) -> Option<String> {
        let keys = self.keys_of(question);
        let [factor, challenge] = &question.more;
        let (factor, challenge) = (factor.as_slice().try_into().ok()?, challenge.as_slice().try_into().ok()?);
        let external = self.scheme().external_auth(external(&keys, master)?, challenge, factor);
        Some(format!("{}|{}|", self.internal(&keys, question), hex::encode_upper(external.0)))
    }

    /// `internal result|MAC1|` of a debit; `None`: the text has none.
    pub fn debit_result(&self, question: &Question) -> Option<String> {
        let keys = self.keys_of(question);
        let [factor, data] = &question.more;
        let factor = factor.as_slice().try_into().ok()?;
        let data: &[u8; 22] = data.as_slice().try_into().ok()?;
        let key = external(&keys, Master::External(debit::KEY))?;
        let mac = key.diversify(factor).mac([0; 8], &[data]);
        Some(format!("{}|{}|", self.internal(&keys, question), hex::encode_upper(mac)))
    }

    /// The data of a command that sets a PIN or unblocks it, in hex; `None`: the head is of no such command, or the PIN does not
    /// fit it.
    pub fn pin_data(&self, question: &Question, order: &Order) -> Option<Zeroizing<String>> {
        let puk = self.keys_of(question).puk;
        let Order { challenge, head, pin } = order;
        let secret = match (*head, question.algorithm) {
            ([0x80, 0x5E, 0, 0, _], Algorithm::TripleDes) => Zeroizing::new(pin.card_block().as_bytes().to_vec()),
            ([0x84, 0x5E, 1, 0, _], Algorithm::Sm4) | ([0x84, 0x24, 0, 0, _], _) => {
                let mut block = pin_block(question.algorithm, pin)?;
                encipher(&puk, &mut block);
                Zeroizing::new(block.to_vec())
            }
            _ => return None,
        };
        let [.., lc] = *head;
        let mac = puk.mac(*challenge, &[head, &secret]);
        let data = Zeroizing::new([&secret[..], &mac].concat());
        (usize::from(lc) == data.len()).then(|| Zeroizing::new(hex::encode_upper(&*data)))
    }

    /// Whether the card with these historical bytes has noted this debit under this number, as its TAC shows.
    pub fn has_noted(
        &self,
        (algorithm, historical, region): (Algorithm, &[u8], Region),
        (debit, serial): (&Debit, u16),
        tac: [u8; 4],
    ) -> bool {
        let keys = self.card_keys(algorithm, historical, region);
        let key = external(&keys, Master::External(debit::KEY));
        // Compared in constant time.
        let whole = |[a, b, c, d]: [u8; 4]| Cryptogram([a, b, c, d, 0, 0, 0, 0]);
        key.is_some_and(|key| whole(debit.tac(key, serial)) == whole(tac))
    }

    fn internal(&self, keys: &CardKeys, question: &Question) -> String {
        let [factor, data] = question.internal;
        let Cryptogram(internal) = self.scheme().internal_auth(&keys.irk, join(data, factor));
        hex::encode_upper(internal)
    }
}

fn external(keys: &CardKeys, master: Master) -> Option<&Key> {
    match master {
        Master::Puk => None,
        Master::External(id) => keys.external.iter().find(|(own, _)| *own == id).map(|(_, key)| key),
    }
}
