//! Under which key a message goes out, and under which its answer is believed.

use super::*;

fn sign_in() -> Request<'static> {
    Request { batch: Batch::NONE, body: Body::SignIn { token: Token([5; 8]) }, ..purchase() }
}

fn reversal() -> Request<'static> {
    let Body::Transact { stan, card, .. } = purchase().body else { unreachable!() };
    let original = Original { card: card.number, total: Fen(3580), time: purchase().time };
    Request { body: Body::Reverse { stan, original }, ..purchase() }
}

/// A message that these keys write.
fn wrote(keys: &Keys, asked: &Request<'_>) -> Result<(Sent, Vec<u8>), MessageError> {
    let mut buffer = [0; MESSAGE_MAX];
    keys.write(asked, Stan(9), &mut buffer).map(|(sent, bytes)| (sent, bytes.to_vec()))
}

/// An answer to it under a key.
fn under(key: &X919, answer: &Answer, request: &[u8]) -> Vec<u8> {
    let mut buffer = [0; MESSAGE_MAX];
    write_answer(answer, &Message::read(request).unwrap(), key, &mut buffer).unwrap().to_vec()
}

fn rejected(key: &X919, request: &[u8]) -> Vec<u8> {
    let mut buffer = [0; MESSAGE_MAX];
    write_rejection(response::MAC, &Message::read(request).unwrap(), key, &mut buffer).unwrap().to_vec()
}

fn in_a_session() -> Keys {
    let mut keys = Keys::new(key());
    let (sent, request) = wrote(&keys, &sign_in()).unwrap();
    assert_eq!(keys.read(&under(&key(), &signed_in(), &request), &sent), Ok(signed_in()));
    keys
}

#[test]
fn a_session_begins_with_its_sign_in_and_what_is_owed_needs_none() {
    let keys = Keys::new(key());
    assert_eq!(wrote(&keys, &purchase()).map(drop), Err(MessageError::NotSignedIn));
    let is_under = |request: &[u8], key: &X919| Message::read(request).unwrap().is_authentic(key);
    assert!(is_under(&wrote(&keys, &reversal()).unwrap().1, &key()));

    let keys = in_a_session();
    assert_eq!(keys.working().unwrap().expose(), working().expose());
    assert!(is_under(&wrote(&keys, &purchase()).unwrap().1, &working()));
    let Body::Reverse { stan, original } = reversal().body else { unreachable!() };
    let confirmation = Request { body: Body::Confirm { stan, original, result: None }, ..purchase() };
    for owed in [sign_in(), reversal(), confirmation] {
        assert!(is_under(&wrote(&keys, &owed).unwrap().1, &key()), "{owed:?}");
    }
}

#[test]
fn an_answer_is_believed_under_the_key_of_its_request_and_a_rejection_under_the_master_key_too() {
    let other = X919::new([7; 16]);
    let receipt = Answer::Approved(Receipt { effects: Effects::default(), balance: Fen(1) });
    let mut keys = in_a_session();
    let (sent, request) = wrote(&keys, &purchase()).unwrap();
    for (key, believed) in
        [(working(), Ok(receipt.clone())), (key(), Err(MessageError::Mac)), (other.clone(), Err(MessageError::Mac))]
    {
        assert_eq!(keys.read(&under(&key, &receipt, &request), &sent), believed);
    }
    assert_eq!(keys.read(&rejected(&other, &request), &sent), Err(MessageError::Mac));
    assert!(keys.working().is_some());
    // What is owed is answered under the master key, and a session goes on.
    let (owed, reversal) = wrote(&keys, &reversal()).unwrap();
    assert_eq!(keys.read(&under(&working(), &Answer::Done, &reversal), &owed), Err(MessageError::Mac));
    assert_eq!(keys.read(&under(&key(), &Answer::Done, &reversal), &owed), Ok(Answer::Done));
    assert!(keys.working().is_some());
    // A centre that has another working key, or none, says so, and the session is over.
    for by in [key(), working()] {
        let mut keys = in_a_session();
        assert_eq!(keys.read(&rejected(&by, &request), &sent), Err(MessageError::Rejected(response::MAC)));
        assert!(keys.working().is_none());
    }
    // Any other refusal does not end it.
    assert_eq!(
        keys.read(&under(&working(), &Answer::Refused(Reason::CardLost), &request), &sent),
        Ok(Answer::Refused(Reason::CardLost))
    );
    assert!(keys.working().is_some());
}

#[test]
fn a_working_key_that_does_not_fit_its_check_value_begins_no_session() {
    let wrong = Session { key: WorkingKey::new(&working(), &key()), time: purchase().time, policy: None };
    let answer = Answer::SignedIn { lease: Lease { batch: Batch(1), next: Stan(1) }, session: wrong };
    let mut keys = in_a_session();
    let (sent, request) = wrote(&keys, &sign_in()).unwrap();
    assert_eq!(keys.read(&under(&key(), &answer, &request), &sent), Err(MessageError::WorkingKey));
    assert!(keys.working().is_none());
    assert_eq!(wrote(&keys, &purchase()).map(drop), Err(MessageError::NotSignedIn));
}

/// Byte for byte, composed by hand: the answer to a sign-in. F64 and the key were computed with OpenSSL.
#[test]
fn a_sign_in_and_its_answer_in_bytes() {
    let (_, request) = wrote(&Keys::new(key()), &sign_in()).unwrap();
    let expected = hex!(
        "0058 6000030000 603100311301"
        // Bits 11, 12, 13, 41, 42, 60, 62, 64.
        "0800 0038000000C00015"
        "000009 120007 0302"
        "3030303030303031 503332303130303030303137202020"
        "0011 000000000030"
        "0018 DF100420260302 DF17080505050505050505"
        "3930423146433632"
    );
    assert_eq!(format!("{request:02X?}"), format!("{expected:02X?}"));
    let expected = hex!(
        "006E 6000000003 603100311301"
        // Bits 11, 12, 13, 39, 41, 42, 60, 62, 64.
        "0810 0038000002C00015"
        "000009 120007 0302 3030"
        "3030303030303031 503332303130303030303137202020"
        "0011 000000010030"
        "0038 DF2403000001 DF2513 4230EF1CB2684955221794DF411E847C 83A7D3 DF260720260302120007"
        "3232414632423732"
    );
    let answer = under(&key(), &signed_in(), &request);
    assert_eq!(format!("{answer:02X?}"), format!("{expected:02X?}"));
}

#[test]
fn a_sign_off_ends_the_session_when_it_is_answered() {
    let mut keys = in_a_session();
    let sign_off = Request { body: Body::SignOff, ..purchase() };
    let (sent, request) = wrote(&keys, &sign_off).unwrap();
    assert_eq!(
        keys.read(&under(&working(), &Answer::Refused(Reason::RegionDown), &request), &sent),
        Ok(Answer::Refused(Reason::RegionDown))
    );
    assert!(keys.working().is_some());
    assert_eq!(keys.read(&under(&working(), &Answer::Done, &request), &sent), Ok(Answer::Done));
    assert!(keys.working().is_none());
}

/// Byte for byte, composed by hand.
#[test]
fn a_sign_off_and_an_echo_in_bytes() {
    for (body, network) in [(Body::SignOff, "002"), (Body::Echo, "301")] {
        let (_, request) = wrote(&in_a_session(), &Request { body, ..purchase() }).unwrap();
        let (fields, mac) = request.split_at(request.len() - 8);
        let mut expected = hex!(
            "004D 6000030000 603100311301"
            // Bits 11, 12, 13, 41, 42, 60, 62, 64.
            "0820 0038000000C00015"
            "000009 120007 0302"
            "3030303030303031 503332303130303030303137202020"
            "0011 000000010000"
            "0007 DF100420260302"
        );
        let at = expected.len() - 11;
        let digits: Vec<u8> = network.bytes().map(|digit| digit - b'0').collect();
        expected[at] = digits[0] << 4 | digits[1];
        expected[at + 1] = digits[2] << 4;
        assert_eq!(format!("{fields:02X?}"), format!("{expected:02X?}"));
        assert_eq!(working().mac(&fields[13..]).0, *mac);
    }
}

/// Byte for byte, composed by hand.
#[test]
fn a_confirmation_in_bytes() {
    let Body::Reverse { stan, original } = reversal().body else { unreachable!() };
    let time = Timestamp { hour: 13, ..purchase().time };
    for (result, code, bitmap, word) in
        [(None, "00", 0x02, &b""[..]), (Some(Reason::CardLocked), "05", 0x02, b"card-locked")]
    {
        let body = Body::Confirm { stan, original, result };
        let (_, request) = wrote(&Keys::new(key()), &Request { time, body, ..purchase() }).unwrap();
        let (fields, mac) = request.split_at(request.len() - 8);
        let _ = bitmap;
        let f44 = if word.is_empty() { Vec::new() } else { [&[0x11][..], word].concat() };
        // Bits 4, 11, 12, 13, 39, 41, 42, (44), 49, 55, 60, 61, 62, 64.
        let bits = if word.is_empty() { hex!("1038000002C0821D") } else { hex!("1038000002D0821D") };
        let expected = [
            &hex!("6000030000 603100311301 0220")[..],
            &bits,
            &hex!("000000003580 000042 130007 0302"),
            code.as_bytes(),
            &hex!("3030303030303031 503332303130303030303137202020"),
            &f44,
            &hex!("313536 0012 DF0109 583030303030303139 0011 220000010000 0016 0000010000420302"),
            &hex!("0017 DF100420260302 DF180720260302120007"),
        ]
        .concat();
        assert_eq!(format!("{:02X?}", &fields[2..]), format!("{expected:02X?}"));
        assert_eq!(key().mac(&fields[13..]).0, *mac);
    }
}
