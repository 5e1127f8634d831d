use aes::Aes128;

use super::*;

impl Cipher for Aes128 {
    fn new(key: &[u8; BLOCK]) -> Self {
        KeyInit::new(key.into())
    }

    fn encipher(&self, block: &mut [u8; BLOCK]) {
        self.encrypt_block(block.into());
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().map(|digit| (digit as char).to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Known answers of NIST's CAVP for CTR_DRBG with AES-128 and derivation function, without and with fresh entropy: entropy,
/// nonce, fresh entropy, and the second 64 bytes that are given.
const KNOWN: [[&str; 4]; 4] = [
    [
        "890eb067acf7382eff80b0c73bc872c6",
        "aad471ef3ef1d203",
        "",
        "a5514ed7095f64f3d0d3a5760394ab42062f373a25072a6ea6bcfd8489e94af6\
         cf18659fea22ed1ca0a9e33f718b115ee536b12809c31b72b08ddd8be1910fa3",
    ],
    [
        "c47be8e8219a5a87c94064a512089f2b",
        "f2a23e636aee75c6",
        "",
        "5a1650bb6d6a16f6040591d56abcd5dd3db8772a9c75c44d9fc64d51b733d4a6\
         759bd5a64ec4231a24e662fdd47c82db63b200daf8d098560eb5ba7bf3f9abf7",
    ],
    [
        "0f65da13dca407999d4773c2b4a11d85",
        "5209e5b4ed82a234",
        "1dea0a12c52bf64339dd291c80d8ca89",
        "2859cc468a76b08661ffd23b28547ffd0997ad526a0f51261b99ed3a37bd407b\
         f418dbe6c6c3e26ed0ddefcb7474d899bd99f3655427519fc5b4057bcaf306d4",
    ],
    [
        "1ff8f4a85dbf2f6bb2648967419bb270",
        "b0cdf7bc47ca5f8b",
        "f90699441c1ece41cf1f6a32e4948656",
        "d9ae8b33f1a10cbf516d97b9ad7baf0d596a081a0ff0f4717674239b9e339354\
         d813b2bb71c10f7d2e34994e0030e4fbfba6438d077c361745993b9d6f669b24",
    ],
];

#[test]
fn the_known_answers_of_nist_come_out() {
    for [entropy, nonce, fresh, given] in KNOWN {
        let mut generator = Drbg::<Aes128>::new(&[bytes(entropy), bytes(nonce)].concat());
        if !fresh.is_empty() {
            generator.take(&bytes(fresh));
        }
        let mut out = [0; 64];
        generator.fill(&mut out);
        generator.fill(&mut out);
        assert_eq!(out.to_vec(), bytes(given), "{entropy}");
    }
}

/// The cipher of the image is SM4: the example of GB/T 32907-2016, A.1.
#[test]
fn the_cipher_is_sm4() {
    let key: [u8; BLOCK] = bytes("0123456789abcdeffedcba9876543210").try_into().unwrap();
    let mut block = key;
    <Sm4 as Cipher>::new(&key).encipher(&mut block);
    assert_eq!(block.to_vec(), bytes("681edf34d206965e86b3e94f536e4246"));
}

#[test]
fn every_bit_of_the_source_matters_and_nothing_comes_twice() {
    let given = |bits: &[u8]| {
        let (mut generator, mut out) = (Drbg::<Sm4>::new(bits), [0; 32]);
        generator.fill(&mut out);
        let first = out;
        generator.fill(&mut out);
        [first, out]
    };
    let bits: Vec<u8> = (0..BEGINS).map(|at| (at * 7) as u8).collect();
    let mut all = given(&bits).to_vec();
    for bit in 0..8 * BEGINS {
        let mut bent = bits.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        all.extend(given(&bent));
    }
    // A zero more or less at the end is another number of bits.
    all.extend(given(&[bits.as_slice(), &[0]].concat()));
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn fresh_bits_change_what_comes_and_a_request_may_be_of_any_length() {
    let bits = [0x5A; GOES_ON];
    let (mut one, mut other) = (Drbg::<Sm4>::new(&bits), Drbg::<Sm4>::new(&bits));
    let (mut from_one, mut from_other) = ([0; 16], [0; 16]);
    other.take(&bits);
    one.fill(&mut from_one);
    other.fill(&mut from_other);
    assert_ne!(from_one, from_other);
    // Two requests of 65,536 bytes are as one of twice that.
    let mut halves = vec![0; 2 * REQUEST_MAX];
    let mut whole = halves.clone();
    let (mut one, mut other) = (Drbg::<Sm4>::new(&bits), Drbg::<Sm4>::new(&bits));
    halves.chunks_mut(REQUEST_MAX).for_each(|half| one.fill(half));
    other.fill(&mut whole);
    assert_eq!(halves, whole);
    one.fill(&mut []);
    let mut few = [0; 5];
    one.fill(&mut few);
    assert_ne!(few, [0; 5]);
}
