//! What must be refused: signatures, cryptograms and certificates with one fault each, and what a bad nonce gives away.

mod support;

use proptest::prelude::*;
use qiyong_pki::application::PinKey;
use qiyong_pki::certificate::{Certificate, CertificateError};
use qiyong_pki::envelope::{self, Envelope};
use qiyong_pki::issuer::{Subject, TestCa, Usage};
use qiyong_pki::key::{PublicKey, Refused, SecretKey, Signature, USER_ID, hash};
use qiyong_protocol::card::pin::Pin;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use support::{Gives, NONCE, key, key_of_two, sign_with};

const MESSAGE: &[u8] = "门诊结算 12.50".as_bytes();

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn certificate(key: &SecretKey, usage: Usage) -> Vec<u8> {
    let days = ((2026, 1, 1), (2036, 1, 1));
    let subject = Subject { name: "张三", card: "X00000019", serial: 7, days };
    TestCa::default().issue(&subject, &key.public(), usage).unwrap()
}

#[test]
fn a_signature_over_another_digest_is_refused() {
    let (key, public) = (key(), key().public());
    let verify = |digest: [u8; 32]| public.verify(MESSAGE, &key.sign(&digest, &mut random()).unwrap());
    assert_eq!(verify(public.digest(MESSAGE)), Ok(()));
    // No ZA; ZA of another user; ZA of another key; SM3 twice; other data.
    let with = |identity: [u8; 32]| hash(&[&identity[..], MESSAGE].concat());
    assert_eq!(with(public.identity(USER_ID)), public.digest(MESSAGE));
    let other = SecretKey::derive(&[b"other"]).public();
    for digest in [
        hash(MESSAGE),
        with(public.identity("ALICE123@YAHOO.COM")),
        with(public.identity("")),
        with(other.identity(USER_ID)),
        hash(&public.digest(MESSAGE)),
        public.digest("门诊结算 12.51".as_bytes()),
    ] {
        assert_eq!(verify(digest), Err(Refused));
    }
    let signature = key.sign(&public.digest(MESSAGE), &mut random()).unwrap();
    assert_eq!(other.verify(MESSAGE, &signature), Err(Refused));
}

#[test]
fn a_generator_that_is_stuck_gives_no_key_away_and_a_repeated_nonce_does() {
    let (key, public) = (key(), key().public());
    let digests = [b"one", b"two"].map(|message| public.digest(message));
    let [one, two] = digests.map(|digest| key.sign(&digest, &mut Gives([0x5A; 32])).unwrap());
    assert_ne!(key_of_two(&one, &two).as_ref(), Some(&key));
    // The mutant.
    let [one, two] = digests.map(|digest| sign_with(&key, &NONCE, &digest));
    assert_eq!(public.verify(b"two", &two), Ok(()), "nobody sees it in one signature");
    assert_eq!(key_of_two(&one, &two), Some(key));
}

#[test]
fn numbers_out_of_bounds_are_no_signature_and_no_key() {
    let public = key().public();
    let order = hex_literal::hex!("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");
    let good = key().sign(&public.digest(MESSAGE), &mut random()).unwrap().0;
    for bad in [[0; 32], order, [0xFF; 32]] {
        for at in [0, 32] {
            let mut signature = good;
            signature[at..at + 32].copy_from_slice(&bad);
            assert_eq!(public.verify(MESSAGE, &Signature(signature)), Err(Refused));
            assert_eq!(Signature(signature).to_der(), Err(Refused));
        }
        assert_eq!(SecretKey::from_bytes(&bad), Err(Refused));
    }
    // r + s is the order: the standard's t is 0.
    let one = [&[0; 31][..], &[1]].concat();
    let mut highest = order;
    highest[31] -= 1;
    let signature = [one, highest.to_vec()].concat().try_into().unwrap();
    assert_eq!(public.verify(MESSAGE, &Signature(signature)), Err(Refused));
    assert_eq!(SecretKey::from_bytes(&highest), Err(Refused), "1 + d has no inverse");
    assert_eq!(PublicKey::from_coordinates(&[1; 64]), Err(Refused), "not on the curve");
    assert_eq!(format!("{:?}", key()), "SecretKey(***)");
}

#[test]
fn a_cryptogram_in_the_old_order_or_changed_is_refused() {
    let key = key();
    let cryptogram = key.public().seal(&[7; 16], &mut random()).unwrap();
    assert_eq!(key.open(&cryptogram).unwrap().as_slice(), [7; 16]);
    let (point, rest) = cryptogram.split_at(65);
    let (c3, c2) = rest.split_at(32);
    assert_eq!(key.open(&[point, c2, c3].concat()).unwrap_err(), Refused, "C1 C2 C3");
    assert_eq!(key.open(&cryptogram[1..]).unwrap_err(), Refused, "without its mark");
    assert_eq!(SecretKey::derive(&[b"other"]).open(&cryptogram).unwrap_err(), Refused);
    for at in 0..cryptogram.len() {
        let mut changed = cryptogram.clone();
        changed[at] ^= 1;
        assert!(key.open(&changed).is_err(), "byte {at}");
        assert!(key.open(&cryptogram[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_certificate_that_was_cut_or_changed_is_not_the_test_cas() {
    let der = certificate(&key(), Usage::Sign);
    let ca = TestCa::default();
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.key(), &key().public());
    assert_eq!(certificate.is_issued_by(&ca.key()), Ok(()));
    assert_eq!(certificate.is_issued_by(&key().public()), Err(Refused), "another CA");
    assert_eq!(certificate.subject(), "CN=张三,SERIALNUMBER=X00000019,O=Qiyong test cards,C=CN");
    for end in 0..der.len() {
        assert_eq!(Certificate::from_der(&der[..end]), Err(CertificateError::Form), "cut at {end}");
        assert_eq!(Certificate::length_in(&der[..end]), Err(CertificateError::Form), "cut at {end}");
    }
    let longer = [&der[..], &[0xFF; 9]].concat();
    assert_eq!(Certificate::length_in(&longer), Ok(der.len()));
    assert_eq!(Certificate::from_der(&longer), Err(CertificateError::Form));
    let mut still = 0;
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 1;
        if let Ok(certificate) = Certificate::from_der(&changed) {
            assert_eq!(certificate.is_issued_by(&ca.key()), Err(Refused), "byte {at}");
            still += 1;
        }
    }
    assert!(still > 100, "most changes leave a certificate: {still}");
}

#[test]
fn a_certificate_of_another_curve_is_named() {
    // The curve of the key: SM2's last arc made another one.
    let mut der = certificate(&key(), Usage::Sign);
    let curve = hex_literal::hex!("06082A811CCF5501822D");
    let at = der.windows(curve.len()).position(|bytes| bytes == curve).unwrap();
    der[at + curve.len() - 1] = 0x2E;
    assert_eq!(Certificate::from_der(&der), Err(CertificateError::Key));
    let mut der = certificate(&key(), Usage::Sign);
    let algorithm = hex_literal::hex!("06082A811CCF55018375");
    let at = der.windows(algorithm.len()).position(|bytes| bytes == algorithm).unwrap();
    der[at + algorithm.len() - 1] = 0x76;
    assert_eq!(Certificate::from_der(&der), Err(CertificateError::Algorithm));
}

#[test]
fn an_envelope_opens_for_one_key_and_unchanged() {
    let key = key();
    let recipient = Certificate::from_der(&certificate(&key, Usage::Encrypt)).unwrap();
    let der = envelope::seal(&recipient, MESSAGE, &mut random()).unwrap();
    let open = |der: &[u8], key: &SecretKey| {
        let envelope = Envelope::from_der(der)?;
        envelope.open(&key.open(&envelope.key)?)
    };
    assert_eq!(open(&der, &key).unwrap().as_slice(), MESSAGE);
    assert!(open(&der, &SecretKey::derive(&[b"other"])).is_err());
    (0..der.len()).for_each(|end| assert!(Envelope::from_der(&der[..end]).is_err(), "cut at {end}"));
    // What is encrypted is not proved by anything: a change there may pass as another message, never as this one. Whom the
    // envelope names does not matter to the key.
    let at = |part: &[u8]| der.windows(part.len()).position(|bytes| bytes == part).unwrap();
    let named = at(&hex_literal::hex!("310B3009"))..at(&hex_literal::hex!("06092A811CCF5501822D03"));
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 1;
        let same = open(&changed, &key).is_ok_and(|message| message.as_slice() == MESSAGE);
        assert!(!same || named.contains(&at), "byte {at}");
    }
}

#[test]
fn a_pin_stands_for_a_key_and_changes_under_it() {
    let pin = |text: &str| Pin::new(text.as_bytes()).unwrap();
    let challenge = [9; 16];
    let old = PinKey::new(&pin("123456"));
    // The hash of 123456, whose first half is the key, as a client has it in its comments.
    assert_eq!(hash(&[0x12, 0x34, 0x56])[..16], hex_literal::hex!("3DE741F445DD357BEA4E6C3FE6437036"));
    assert_ne!(old.answer(&challenge), PinKey::new(&pin("123457")).answer(&challenge));
    assert_ne!(old.answer(&challenge), old.answer(&[8; 16]));
    for new in ["1234", "314159", "3141592", "1234567890123456"] {
        let data = old.change(&challenge, &pin(new));
        assert_eq!(old.new_pin(&challenge, &data), Some(pin(new)));
        assert_eq!(PinKey::new(&pin("654321")).new_pin(&challenge, &data), None, "another PIN");
        assert_eq!(old.new_pin(&[8; 16], &data), None, "another challenge");
        for at in 0..data.len() {
            let mut changed = data;
            changed[at] ^= 1;
            assert_eq!(old.new_pin(&challenge, &changed), None, "byte {at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is signed verifies, and does not when one bit of data, signature or key is another one.
    #[test]
    fn one_bit_makes_the_difference(
        seed: [u8; 16], generator: u64, mut data in proptest::collection::vec(any::<u8>(), 1..200), bit: proptest::sample::Index,
    ) {
        let key = SecretKey::derive(&[&seed]);
        let public = key.public();
        let signature = key.sign(&public.digest(&data), &mut ChaCha8Rng::seed_from_u64(generator)).unwrap();
        prop_assert_eq!(public.verify(&data, &signature), Ok(()));
        prop_assert_eq!(Signature::from_der(&signature.to_der().unwrap()), Ok(signature));
        let flip = |bytes: &mut [u8]| {
            let at = bit.index(bytes.len() * 8);
            bytes[at / 8] ^= 1 << (at % 8);
        };
        let mut other = signature;
        flip(&mut other.0);
        prop_assert_eq!(public.verify(&data, &other), Err(Refused));
        let mut coordinates = public.coordinates();
        flip(&mut coordinates);
        prop_assert!(PublicKey::from_coordinates(&coordinates).is_err(), "no neighbour is on the curve");
        flip(&mut data);
        prop_assert_eq!(public.verify(&data, &signature), Err(Refused));
    }

    /// No bytes are a reason to panic.
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (Certificate::from_der(&bytes), Certificate::from_base64(&bytes), Certificate::length_in(&bytes));
        let _ = (Envelope::from_der(&bytes), Signature::from_der(&bytes), key().open(&bytes));
    }
}
