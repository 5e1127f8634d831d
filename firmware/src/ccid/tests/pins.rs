//! PIN blocks in commands: where the digits stand, what fills the rest, and what is refused.

use std::vec::Vec;

use hex_literal::hex;
use qiyong_protocol::card::pin::Pin;

use crate::ccid::message::Failure;
use crate::ccid::pin::PinOperation;
use crate::terminal::WhichPin;

fn verify(format: [u8; 3], apdu: &[u8]) -> PinOperation {
    let [format, block, length] = format;
    let mut data = [&[0, 30, format, block, length, 12, 4, 2, 1, 4, 8, 0, 0, 0, 0][..], apdu].concat();
    let operation = PinOperation::read(&data).unwrap();
    data.fill(0);
    operation
}

fn command(operation: &PinOperation, present: Option<&[u8]>, new: Option<&[u8]>) -> Result<Vec<u8>, Failure> {
    let mut room = [0xEE; 270];
    let pin = |digits: Option<&[u8]>| digits.and_then(Pin::new);
    let len = operation.command(pin(present).as_ref(), pin(new).as_ref(), &mut room)?;
    Ok(room[..len].to_vec())
}

#[test]
fn digits_stand_where_the_host_wants_them() {
    for (format, apdu, expected) in [
        // Packed, as many as there are: even, and the template says nothing of them.
        ([0x81, 0, 0], &hex!("00200000 00")[..], &hex!("00200000 03 123456")[..]),
        ([0x81, 0, 0], &hex!("00200000"), &hex!("00200000 03 123456")),
        // ASCII in eight bytes, filled by the template; the same to the right.
        ([0x82, 8, 0], &hex!("0020000108 FFFFFFFFFFFFFFFF"), &hex!("0020000108 313233343536FFFF")),
        ([0x86, 8, 0], &hex!("0020000108 FFFFFFFFFFFFFFFF"), &hex!("0020000108 FFFF313233343536")),
        // Binary, a digit a byte, two bytes after Lc.
        ([0x90, 6, 0], &hex!("0020000108 AABB000000000000"), &hex!("0020000108 AABB010203040506")),
        // ISO 9564 format 2: a length of four bits at bit 4, digits from byte 1 on.
        ([0x89, 0x47, 4], &hex!("0020000108 20FFFFFFFFFFFFFF"), &hex!("0020000108 26123456FFFFFFFF")),
    ] {
        assert_eq!(command(&verify(format, apdu), Some(b"123456"), None).unwrap(), expected, "{format:02X?}");
    }
    // An odd number of digits ends with F, as the card wants it (docs/card.md §1.6).
    let odd = command(&verify([0x81, 0, 0], &hex!("00200000 00")), Some(b"12345"), None);
    assert_eq!(odd.unwrap(), hex!("00200000 03 12345F"));
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_eq!(
        command(&verify([0x82, 4, 0], &hex!("0020000104 FFFFFFFF")), Some(b"123456"), None),
        Err(Failure::LENGTH)
    );
    assert_eq!(PinOperation::read(&[]), Err(Failure::LENGTH));
    assert_eq!(PinOperation::read(&[2; 30]), Err(Failure::FIRST_DATA));
    assert_eq!(PinOperation::read(&[0; 5]), Err(Failure::LENGTH));
    // A format of digits that there is not; an APDU that is none.
    let mut data = [0, 30, 0x83, 0, 0, 12, 4, 2, 1, 4, 8, 0, 0, 0, 0, 0, 0x20, 0, 0, 0];
    assert_eq!(PinOperation::read(&data), Err(Failure::NOT_SUPPORTED));
    data[2] = 0x81;
    assert_eq!(PinOperation::read(&data[..18]), Err(Failure::NOT_SUPPORTED));
    let operation = PinOperation::read(&data).unwrap();
    assert!(operation.allows(&Pin::new(b"1234").unwrap()) && !operation.allows(&Pin::new(b"1234567890123").unwrap()));
}

#[test]
fn both_pins_of_a_modification_stand_at_their_offsets() {
    // Old at 0, new at 4, new one twice; three messages, so that all three indices are there.
    let head = hex!("01 1E 82 04 00 00 04 0C 04 03 02 03 0904 00 01 02 000000");
    let apdu = hex!("00240000 08 FFFFFFFF FFFFFFFF");
    let operation = PinOperation::read(&[&head[..], &apdu].concat()).unwrap();
    assert_eq!(operation.asks().collect::<Vec<_>>(), [WhichPin::Present, WhichPin::New, WhichPin::NewAgain]);
    let changed = command(&operation, Some(b"1234"), Some(b"9876")).unwrap();
    assert_eq!(changed, hex!("00240000 08 31323334 39383736"));
}
