//! Targets for data objects and records of cards.

use qiyong_protocol::card::records::Record;
use qiyong_protocol::iso7816::tlv::{Object, Objects, find};

/// Any bytes can be walked to the end or to the first error. The objects found are within the bytes, in order.
pub(crate) fn any_ber(bytes: &[u8]) {
    walk(bytes, 0);
    // A path to the first object of each level finds what the walk finds.
    let (mut path, mut objects, mut value) = (vec![], Objects::new(bytes), bytes);
    while let Some(Ok(object)) = objects.next() {
        path.push(object.tag);
        (objects, value) = (object.objects(), object.value);
        assert_eq!(find(bytes, &path), Ok(Some(value)));
    }
    path.push(0x5F50);
    let behind = find(bytes, &path);
    assert!(behind.is_err() || behind == Ok(None) || objects_of(value).any(|object| object.tag == 0x5F50));
}

fn objects_of(bytes: &[u8]) -> impl Iterator<Item = Object<'_>> {
    Objects::new(bytes).map_while(Result::ok)
}

fn walk(bytes: &[u8], depth: usize) {
    let mut from = 0;
    let mut ended = false;
    for object in Objects::new(bytes) {
        assert!(!ended, "something comes after an error");
        let Ok(object) = object else {
            ended = true;
            continue;
        };
        // At least one byte of tag and one byte of length stand before a value.
        let at = object.value.as_ptr() as usize - bytes.as_ptr() as usize;
        assert!(at >= from + 2 && at + object.value.len() <= bytes.len());
        from = at + object.value.len();
        let first = object.tag.to_be_bytes().into_iter().find(|byte| *byte != 0).unwrap();
        assert!(first != 0xFF && object.tag < 1 << 24);
        assert_eq!(object.is_constructed(), first & 0x20 != 0);
        assert!(object.is_constructed() || object.objects().next().is_none());
        // Each level takes at least two bytes.
        assert!(depth <= 4096);
        if depth < 64 && object.is_constructed() {
            walk(object.value, depth + 1);
        }
    }
    assert!(ended || bytes[from..].iter().all(|byte| matches!(byte, 0x00 | 0xFF)), "bytes were passed over");
}

/// A record is read only from exactly its bytes; then it is written as it was read.
pub(crate) fn any_record(bytes: &[u8]) {
    let record = match Record::decode(bytes) {
        Ok(record) => record,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(bytes.len() < 2 || bytes.len() != 2 + usize::from(bytes[1]));
            assert!(Record::expect::<4>(bytes, bytes.first().copied().unwrap_or_default()).is_err());
            return;
        }
    };
    assert_eq!(bytes, [&[record.tag, record.value.len() as u8], record.value].concat());
    match record.encode() {
        Some(encoded) => assert_eq!(encoded, bytes),
        None => assert_eq!(record.value.len(), 255),
    }
    assert_eq!(Record::expect::<4>(bytes, record.tag).is_ok(), record.value.len() == 4);
    assert!(Record::expect::<4>(bytes, record.tag ^ 1).is_err());
}
