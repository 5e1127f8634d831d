//! Cards that are taken out or disturbed in the middle, and what of a PIN is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use qiyong_pki::application::SIGN;
use qiyong_pki::key::SecretKey;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::keys::{Algorithm, CardKeys, Key, Scheme};
use qiyong_sim::card::os::{PinState, VirtualCard};
use qiyong_sim::card::pki::Pki;

use super::*;

const PIN: &[u8] = b"271828";
const DATA: &[u8] = b"a settlement";

/// What happens to a card.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// It is taken out after so many commands.
    Pulled(usize),
    /// A bit of its answer to PERFORM is another one.
    Disturbed,
    /// It signs another digest than it was given.
    OtherDigest,
    /// It is another card.
    OtherKey,
    /// Answers to PERFORM are cut.
    Short,
}

struct Bent {
    card: VirtualCard,
    fault: Fault,
    commands: Arc<AtomicUsize>,
}

impl Card for Bent {
    fn power(&mut self) -> Result<Vec<u8>, Failure> {
        self.card.reset();
        Ok(self.card.atr.clone())
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<(Text, StatusWord), Failure> {
        let number = self.commands.fetch_add(1, Ordering::Relaxed);
        if matches!(self.fault, Fault::Pulled(after) if number >= after) {
            return Err(Code::NoCard.with("卡已取出"));
        }
        let performs = command.ins == commands::ins::PERFORM;
        let mut digest = [0; 32];
        let mut command = *command;
        if performs && (command.p1, command.p2) == SIGN && self.fault == Fault::OtherDigest {
            digest.copy_from_slice(command.data);
            digest[31] ^= 1;
            command = command.with_data(&digest);
        }
        let (mut data, sw) = self.card.process(&command);
        match self.fault {
            Fault::Disturbed if performs => data[10] ^= 1,
            Fault::Short if performs => data.truncate(data.len() - 1),
            _ => {}
        }
        Ok((Zeroizing::new(data), sw))
    }
}

fn card() -> VirtualCard {
    let own = || Key::new(Algorithm::Sm4, [1; 16]);
    let keys = CardKeys { irk: own(), puk: own(), stk: own(), external: Default::default() };
    let pin = PinState { value: Pin::new(PIN).unwrap(), tries: 3, left: 3 };
    let mut card = VirtualCard::blank(Generation::V3, vec![0x3B, 0x00], keys, pin.clone(), Scheme::default(), 1);
    let key = |name: &[u8]| SecretKey::derive(&[name]);
    let (sign_key, encryption_key) = (key(b"sign"), key(b"encrypt"));
    card.pki = Some(Box::new(Pki {
        sign_certificate: Vec::new(),
        encryption_certificate: Vec::new(),
        sign_key,
        encryption_key,
        pin,
    }));
    card
}

/// The result with a card to which this happens, and how many commands it got.
fn with(request: Request<'_>, fault: Fault) -> (Result<Text, Failure>, usize) {
    let commands = Arc::new(AtomicUsize::new(0));
    let open = || {
        let mut card = card();
        if fault == Fault::OtherKey {
            card.pki.as_mut().unwrap().sign_key = SecretKey::derive(&[b"other"]);
        }
        Ok(Box::new(Bent { card, fault, commands: Arc::clone(&commands) }) as Box<dyn Card>)
    };
    let result = carry_out(request, &open);
    (result, commands.load(Ordering::Relaxed))
}

fn envelope() -> Vec<u8> {
    use qiyong_pki::issuer::{Subject, TestCa, Usage};
    let days = ((2026, 1, 1), (2036, 1, 1));
    let subject = Subject { name: "a", card: "b", serial: 1, days };
    let key = SecretKey::derive(&[b"encrypt"]).public();
    let der = TestCa::default().issue(&subject, &key, Usage::Encrypt).unwrap();
    base64(&envelope::seal(&Certificate::from_der(&der).unwrap(), DATA, &mut SysRng).unwrap()).to_vec()
}

#[test]
fn a_card_that_is_taken_out_in_the_middle_gives_no_card_and_never_an_answer() {
    let envelope = envelope();
    for request in [
        Request::Sign { pin: PIN, data: DATA, form: 1 },
        Request::Open { pin: PIN, envelope: &envelope },
        Request::ChangePin { old: PIN, new: b"314159" },
    ] {
        let (result, commands) = with(request, Fault::None);
        assert!(result.is_ok());
        assert!(commands >= 4);
        for after in 0..commands {
            let (result, _) = with(request, Fault::Pulled(after));
            assert_eq!(result.unwrap_err().code, Code::NoCard, "after {after}");
        }
    }
}

#[test]
fn a_wrong_signature_of_a_card_never_reaches_the_caller() {
    let sign = |fault| with(Request::Sign { pin: PIN, data: DATA, form: 2 }, fault).0;
    assert!(sign(Fault::None).is_ok());
    for fault in [Fault::Disturbed, Fault::OtherDigest, Fault::Short] {
        assert_eq!(sign(fault).unwrap_err().code, Code::Check);
    }
    // The key is the card's own word: another card's signature verifies by that card's key, and by no other.
    let text = sign(Fault::OtherKey).unwrap();
    let signature = Form::Asn1.read(&text).unwrap();
    assert!(SecretKey::derive(&[b"sign"]).public().verify(DATA, &signature).is_err());
    let open = |fault| with(Request::Open { pin: PIN, envelope: &envelope() }, fault).0;
    assert_eq!(open(Fault::None).unwrap().as_slice(), DATA);
    assert_eq!(open(Fault::Short).unwrap_err().code, Code::Envelope);
    // A wrong key gives other bytes, which only by chance end as padding does; the message is never there.
    assert!(open(Fault::Disturbed).map_or(true, |text| text.as_slice() != DATA));
}

#[test]
fn no_failure_names_the_pin() {
    for pin in [&b"111222"[..], b"12a456", b"123456", b"123"] {
        let failure = with(Request::Sign { pin, data: DATA, form: 1 }, Fault::None).0.unwrap_err();
        let shown = format!("{failure:?} {}", String::from_utf8_lossy(&failure.gbk()));
        assert!(!shown.contains(str::from_utf8(pin).unwrap()), "{shown}");
    }
}
