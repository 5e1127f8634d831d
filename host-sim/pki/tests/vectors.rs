//! The examples of the standards: GB/T 32918.5 (SM2), GB/T 32905 (SM3), GB/T 32907 (SM4). OpenSSL's own tests have the same.

mod support;

use hex_literal::hex;
use qiyong_pki::key::{self, PublicKey, Signature, USER_ID};
use sm4::Sm4;
use sm4::cipher::{BlockCipherEncrypt, KeyInit};
use support::{Gives, NONCE, PUBLIC, key, sign_with};

const MESSAGE: &[u8] = b"message digest";
const SIGNATURE: Signature = Signature(hex!(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
));

#[test]
fn a_key_gives_its_public_key() {
    assert_eq!(key().public().coordinates(), PUBLIC);
    assert_eq!(PublicKey::from_coordinates(&PUBLIC).unwrap(), key().public());
}

#[test]
fn za_digest_and_signature() {
    let public = key().public();
    let za = hex!("B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3");
    assert_eq!(public.identity(USER_ID), za);
    let digest = hex!("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640");
    assert_eq!(public.digest(MESSAGE), digest);
    assert_eq!(sign_with(&key(), &NONCE, &digest), SIGNATURE, "by the book");
    assert_eq!(public.verify(MESSAGE, &SIGNATURE), Ok(()));
    let der = hex!(
        "3046022100F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
        "022100B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    );
    assert_eq!(SIGNATURE.to_der().unwrap(), der);
    assert_eq!(Signature::from_der(&der), Ok(SIGNATURE));
}

#[test]
fn sealing_and_opening() {
    let message = b"encryption standard";
    let cryptogram = hex!(
        "04"
        "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
        "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
        "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
        "21886CA989CA9C7D58087307CA93092D651EFA"
    );
    assert_eq!(key().public().seal(message, &mut Gives(NONCE)).unwrap(), cryptogram);
    assert_eq!(key().open(&cryptogram).unwrap().as_slice(), message);
    let der = hex!(
        "307C"
        "022004EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
        "022100E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
        "042059983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
        "041321886CA989CA9C7D58087307CA93092D651EFA"
    );
    assert_eq!(key::cryptogram_to_der(&cryptogram).unwrap(), der);
    assert_eq!(key::cryptogram_from_der(&der).unwrap(), cryptogram);
}

#[test]
fn sm3_of_the_standard() {
    assert_eq!(key::hash(b"abc"), hex!("66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0"));
    let long = b"abcd".repeat(16);
    assert_eq!(key::hash(&long), hex!("DEBE9FF92275B8A138604889C18E5A4D6FDB70E5387E5765293DCBA39C0C5732"));
}

#[test]
fn sm4_of_the_standard() {
    let text = hex!("0123456789ABCDEFFEDCBA9876543210");
    let cipher = Sm4::new(&text.into());
    let mut block = text;
    cipher.encrypt_block((&mut block).into());
    assert_eq!(block, hex!("681EDF34D206965E86B3E94F536E4246"));
    (1..1_000_000).for_each(|_| cipher.encrypt_block((&mut block).into()));
    assert_eq!(block, hex!("595298C7C6FD271F0402F804C33D3F66"), "a million times");
}
