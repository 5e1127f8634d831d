//! The PKI application of third-generation cards: names, files and commands (docs/card.md §1.12, which says what is known and
//! what is decided).

use cbc::cipher::{BlockCipherEncrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use qiyong_protocol::card::commands::ins;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::apdu::{Command, SHORT_NE_MAX};
use sm3::{Digest as _, Sm3};
use sm4::Sm4;
use zeroize::Zeroizing;

/// The DF name of the environment: `PKI.社会保障`.
pub const ENVIRONMENT: [u8; 12] = *b"\x50\x4B\x49\x2E\xC9\xE7\xBB\xE1\xB1\xA3\xD5\xCF";
/// The DF name of the application below it.
pub const APPLICATION: [u8; 12] = *b"SS.CERT.ADF1";

/// The file of the public key for signing: CA, 40, x, y.
pub const SIGN_KEY: u16 = 0x0012;
/// The file of the public key for encryption, in the same form.
pub const ENCRYPTION_KEY: u16 = 0x0014;
/// The file of the certificate for signing, in DER.
pub const SIGN_CERTIFICATE: u16 = 0x0018;
/// The file of the certificate for encryption, in DER.
pub const ENCRYPTION_CERTIFICATE: u16 = 0x0019;
/// What comes before the coordinates in a file of a public key: tag and length.
pub const KEY_HEAD: [u8; 2] = [0xCA, 0x40];

/// P1 and P2 of PERFORM SECURITY OPERATION (ISO/IEC 7816-8): a signature over a digest.
pub const SIGN: (u8, u8) = (0x9E, 0x9A);
/// The same: opens a cryptogram behind the byte 00.
pub const DECIPHER: (u8, u8) = (0x80, 0x86);
/// P1 and P2 of VERIFY and of CHANGE PIN for the user's PIN.
pub const USER_PIN: (u8, u8) = (0x01, 0x81);

/// Selects the environment or the application by name.
pub const fn select(name: &[u8; 12]) -> Command<'_> {
    Command::new(0, ins::SELECT, 0x04, 0).with_data(name).expecting(SHORT_NE_MAX)
}

/// Reads up to 256 bytes of the selected file.
pub const fn read_binary(offset: u16) -> Command<'static> {
    let [high, low] = offset.to_be_bytes();
    Command::new(0, ins::READ_BINARY, high, low).expecting(SHORT_NE_MAX)
}

/// GET CHALLENGE for 16 bytes, which hold for the next command only.
pub const fn get_challenge() -> Command<'static> {
    Command::new(0, ins::GET_CHALLENGE, 0, 0).expecting(16)
}

/// VERIFY with the cryptogram of [`PinKey::answer`]: the PIN itself never passes the line.
pub const fn verify(cryptogram: &[u8; 16]) -> Command<'_> {
    Command::new(0, ins::VERIFY, USER_PIN.0, USER_PIN.1).with_data(cryptogram)
}

/// CHANGE PIN with the data of [`PinKey::change`].
pub const fn change_pin(data: &[u8; 20]) -> Command<'_> {
    Command::new(0x84, ins::CHANGE_PIN, USER_PIN.0, USER_PIN.1).with_data(data)
}

/// Signs a digest: r and s, 32 bytes each.
pub const fn sign(digest: &[u8; 32]) -> Command<'_> {
    Command::new(0, ins::PERFORM, SIGN.0, SIGN.1).with_data(digest).expecting(64)
}

/// Opens a cryptogram; the data is 00, 04, x, y, C3, C2.
pub const fn decipher(data: &[u8]) -> Command<'_> {
    Command::new(0, ins::PERFORM, DECIPHER.0, DECIPHER.1).with_data(data).expecting(SHORT_NE_MAX)
}

/// The SM4 key that a PIN stands for: the first half of SM3 over its packed digits. Erased when it is dropped.
pub struct PinKey(Zeroizing<[u8; 16]>);

impl PinKey {
    /// Of a PIN.
    pub fn new(pin: &Pin) -> Self {
        let hash = Zeroizing::new(<[u8; 32]>::from(Sm3::digest(pin.card_block().as_bytes())));
        let mut key = Zeroizing::new([0; 16]);
        key.iter_mut().zip(hash.iter()).for_each(|(to, from)| *to = *from);
        Self(key)
    }

    /// The data of VERIFY for this challenge.
    pub fn answer(&self, challenge: &[u8; 16]) -> [u8; 16] {
        self.block(challenge)
    }

    /// The data of CHANGE PIN: the new PIN under this, the old one's key, and a MAC that the challenge starts.
    pub fn change(&self, challenge: &[u8; 16], new: &Pin) -> [u8; 20] {
        let mut block = Zeroizing::new([0; 16]);
        let pin = new.card_block();
        let padded = [pin.as_bytes().len() as u8].into_iter().chain(pin.as_bytes().iter().copied()).chain([0x80]);
        block.iter_mut().zip(padded).for_each(|(to, from)| *to = from);
        let secret = self.block(&block);
        let mut data = [0; 20];
        let all = secret.into_iter().chain(self.mac(challenge, &secret));
        data.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        data
    }

    /// The new PIN in the data of CHANGE PIN, if this is the old one's key and the MAC is right.
    pub fn new_pin(&self, challenge: &[u8; 16], data: &[u8; 20]) -> Option<Pin> {
        let (secret, mac) = data.split_first_chunk::<16>()?;
        if self.mac(challenge, secret) != *mac {
            return None;
        }
        let mut block = Zeroizing::new(*secret);
        cbc::cipher::BlockCipherDecrypt::decrypt_block(&self.cipher(), (&mut *block).into());
        let (length, rest) = block.split_first()?;
        let mut digits = Zeroizing::new(Vec::with_capacity(16));
        for byte in rest.get(..usize::from(*length))? {
            digits.extend([byte >> 4, byte & 0x0F].map(|nibble| b'0' + nibble));
        }
        // An odd number of digits is filled with F.
        if digits.last() == Some(&(b'0' + 0x0F)) {
            digits.pop();
        }
        Pin::new(&digits)
    }

    /// The last block of CBC over the command's head and data, folded to four bytes.
    fn mac(&self, challenge: &[u8; 16], secret: &[u8; 16]) -> [u8; 4] {
        let head = [0x84, ins::CHANGE_PIN, USER_PIN.0, USER_PIN.1, 20];
        let mut padded = Zeroizing::new([0; 32]);
        let all = head.iter().chain(secret).chain(&[0x80]);
        padded.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
        let mut mode = cbc::Encryptor::<Sm4>::new((&*self.0).into(), challenge.into());
        let mut folded = [0; 4];
        let (blocks, _) = padded.as_chunks_mut::<16>();
        blocks.iter_mut().for_each(|block| mode.encrypt_block(block.into()));
        for word in blocks.last().into_iter().flat_map(|block| block.as_chunks::<4>().0) {
            folded.iter_mut().zip(word).for_each(|(to, from)| *to ^= from);
        }
        folded
    }

    fn block(&self, block: &[u8; 16]) -> [u8; 16] {
        let mut block = *block;
        self.cipher().encrypt_block((&mut block).into());
        block
    }

    fn cipher(&self) -> Sm4 {
        Sm4::new((&*self.0).into())
    }
}
