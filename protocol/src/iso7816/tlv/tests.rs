//! Examples at the limits of each form; for everything else, the `iso7816-tlv` crate is the second opinion.

use std::vec;
use std::vec::Vec;

use hex_literal::hex;
use iso7816_tlv::ber;
use proptest::prelude::*;

use super::*;

fn objects(bytes: &[u8]) -> Vec<Result<(u32, usize), TlvError>> {
    Objects::new(bytes).map(|object| object.map(|object| (object.tag, object.value.len()))).collect()
}

/// ISO/IEC 7816-4 clauses 5.2.2 and 5.2.2.1.
#[test]
fn tags_have_one_to_three_bytes() {
    let bytes = hex!("84 01 00  5F2D 01 00  BF0C 00  7F8101 00  DFFF7F 01 00");
    let tags: Vec<_> = Objects::new(&bytes).map(|object| object.unwrap()).collect();
    assert_eq!(tags.iter().map(|o| o.tag).collect::<Vec<_>>(), [0x84, 0x5F2D, 0xBF0C, 0x7F8101, 0xDFFF7F]);
    assert_eq!(tags.iter().map(Object::is_constructed).collect::<Vec<_>>(), [false, false, true, true, false]);
    assert_eq!(objects(&hex!("5F818101 00")), [Err(TlvError::TagTooLong)]);
    for cut in [&hex!("5F")[..], &hex!("5F81"), &hex!("84"), &hex!("8401"), &hex!("5F8101")] {
        assert_eq!(objects(cut), [Err(TlvError::Truncated)], "{cut:02X?}");
    }
}

/// ISO/IEC 7816-4 clauses 5.2.2 and 5.2.2.2.
#[test]
fn lengths_have_one_to_four_bytes() {
    for (field, length) in [
        (&hex!("00")[..], 0),
        (&hex!("7F"), 127),
        (&hex!("8100"), 0),
        (&hex!("81FF"), 255),
        (&hex!("820100"), 256),
        (&hex!("82FFFF"), 65_535),
        (&hex!("83010000"), 65_536),
    ] {
        let mut bytes = [&[0x53], field].concat();
        bytes.resize(bytes.len() + length, 0xEE);
        assert_eq!(objects(&bytes), [Ok((0x53, length))]);
        let whole = bytes.len();
        assert_eq!(objects(&bytes[..whole - 1]), [Err(TlvError::Truncated)], "{field:02X?}");
        bytes.extend(hex!("8800"));
        assert_eq!(objects(&bytes), [Ok((0x53, length)), Ok((0x88, 0))]);
    }
    for byte in [0x80, 0x84, 0x86, 0xFF] {
        assert_eq!(objects(&[0x53, byte, 0, 0, 0, 0, 0, 0]), [Err(TlvError::Length(byte))]);
    }
    for field in [&hex!("81")[..], &hex!("8201"), &hex!("830100")] {
        assert_eq!(objects(&[&[0x53], field].concat()), [Err(TlvError::Truncated)]);
    }
}

#[test]
fn padding_is_skipped_at_every_level_and_kept_in_values() {
    let bytes = hex!("00FF 6F0A 00 8402FF00 FF 880105 00 00FFFF 5000");
    assert_eq!(objects(&bytes), [Ok((0x6F, 10)), Ok((0x50, 0))]);
    assert_eq!(find(&bytes, &[0x6F, 0x84]), Ok(Some(&hex!("FF00")[..])));
    assert_eq!(find(&bytes, &[0x6F, 0x88]), Ok(Some(&hex!("05")[..])));
    assert_eq!(find(&bytes, &[0x50]), Ok(Some(&[][..])));
    assert_eq!(objects(&hex!("00FF00")), []);
}

#[test]
fn a_path_is_followed_to_its_end_or_to_the_error_before_it() {
    let fci = hex!("6F0F 8402A1A2 A508 880105 9F0C02C1C2 84");
    // The last byte of the template is an object cut short. Every path here except the last ends before it.
    assert_eq!(find(&fci, &[]), Ok(Some(&fci[..])));
    assert_eq!(find(&fci, &[0x6F, 0xA5, 0x9F0C]), Ok(Some(&hex!("C1C2")[..])));
    assert_eq!(find(&fci, &[0x6F, 0xA5, 0x50]), Ok(None));
    assert_eq!(find(&fci, &[0x6F, 0x84, 0xA1]), Ok(None), "a primitive object has nothing in it");
    assert_eq!(find(&fci, &[0x6F, 0x50]), Err(TlvError::Truncated));
    assert_eq!(find(&fci, &[0xA5]), Ok(None), "the next level is not searched");
}

/// What the bytes contain on all levels: tag, value, and the objects in it if it is a template.
#[derive(Debug, Default, PartialEq)]
struct Tree(Vec<(u32, Vec<u8>, Option<Tree>)>);

/// What the other library does not know (padding) or counts wrongly in a template (lengths longer than necessary).
#[derive(Default)]
struct Oddities {
    padding: bool,
    long_form: bool,
}

/// Reads all levels; oddities are noted even if an error follows.
fn tree(bytes: &[u8], odd: &mut Oddities) -> Result<Tree, TlvError> {
    let mut tree = Tree::default();
    let mut objects = Objects::new(bytes);
    loop {
        let padding = objects.rest.iter().take_while(|byte| matches!(byte, 0x00 | 0xFF)).count();
        odd.padding |= padding > 0;
        let before = objects.rest.len() - padding;
        let Some(object) = objects.next() else { return Ok(tree) };
        let object = object?;
        let size = |value: usize| [0x80, 0x100, 0x1_0000].iter().filter(|&&limit| value >= limit).count() + 1;
        let tag_size = (object.tag.ilog2() / 8 + 1) as usize;
        let least = tag_size + size(object.value.len()) + object.value.len();
        odd.long_form |= before - objects.rest.len() > least;
        let inner = if object.is_constructed() { Some(self::tree(object.value, odd)?) } else { None };
        tree.0.push((object.tag, object.value.to_vec(), inner));
    }
}

fn their_tree(tlv: &ber::Tlv) -> Tree {
    let tag: u64 = tlv.tag().clone().into();
    let (value, inner) = match tlv.value() {
        ber::Value::Primitive(value) => (value.clone(), None),
        ber::Value::Constructed(objects) => {
            let inner = Tree(objects.iter().flat_map(|object| their_tree(object).0).collect());
            (inner.encode(), Some(inner))
        }
    };
    Tree(vec![(tag as u32, value, inner)])
}

impl Tree {
    /// In the shortest form. The writer of the other library is not used: it writes 127 bytes of value as 81 7F, but
    /// counts 7F.
    fn encode(&self) -> Vec<u8> {
        let mut out = vec![];
        for (tag, value, inner) in &self.0 {
            let value = inner.as_ref().map_or_else(|| value.clone(), Self::encode);
            let mut object = vec![];
            object.extend(tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
            match value.len() {
                length @ 0..=0x7F => object.push(length as u8),
                length @ 0x80..=0xFF => object.extend([0x81, length as u8]),
                length => {
                    object.push(0x82);
                    object.extend((length as u16).to_be_bytes());
                }
            }
            object.extend(&value);
            let mut ours = vec![0xAA; object.len()];
            assert_eq!(write(&mut ours, *tag, &value), Some(object.len()));
            assert_eq!(ours, object);
            assert_eq!(write(&mut ours[1..], *tag, &value), None, "one byte less");
            out.extend(object);
        }
        out
    }
}

fn any_tag() -> impl Strategy<Value = u32> {
    let first = any::<u8>().prop_filter("no padding", |byte| !matches!(byte, 0x00 | 0xFF));
    (first, 0u8..=0x7F, 0x80u8..=0xFF, any::<bool>()).prop_map(|(first, low, high, three)| match first {
        first if first & 0x1F != 0x1F => first.into(),
        first if three => u32::from_be_bytes([0, first, high, low]),
        first => u32::from_be_bytes([0, 0, first, low]),
    })
}

/// Objects up to four levels deep.
fn any_tree() -> impl Strategy<Value = Tree> {
    let constructed = |tag: u32| Object { tag, value: &[] }.is_constructed();
    let value = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..6),
        1 => prop::collection::vec(any::<u8>(), 126..130),
        1 => prop::collection::vec(any::<u8>(), 254..258)
    ];
    let leaf = (any_tag(), value).prop_map(move |(tag, value)| {
        if constructed(tag) { (tag, vec![], Some(Tree::default())) } else { (tag, value, None) }
    });
    let node = leaf.prop_recursive(4, 24, 5, move |inner| {
        (any_tag(), prop::collection::vec(inner, 0..5)).prop_map(move |(tag, inner)| {
            let inner = Tree(inner);
            if constructed(tag) { (tag, inner.encode(), Some(inner)) } else { (tag, inner.encode(), None) }
        })
    });
    prop::collection::vec(node, 0..4).prop_map(Tree)
}

/// Bytes that often are data objects, or nearly are.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => any::<u8>(),
        3 => 0u8..12,
        2 => prop::sample::select(&[0x6F, 0x84, 0xA5, 0x5F, 0x7F, 0xBF, 0x9F, 0x0C, 0x81, 0x82, 0x80, 0xFF, 0x00][..])
    ];
    let flips = prop::collection::vec((any::<prop::sample::Index>(), byte.clone()), 0..3);
    let bent = (any_tree(), flips).prop_map(|(tree, flips)| {
        let mut bytes = tree.encode();
        for (at, byte) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        bytes
    });
    prop_oneof![prop::collection::vec(byte, 0..40), bent]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_written_is_read_with_padding_or_without(
        tree in any_tree(),
        padding in prop::collection::vec(0u8..=1, 0..4),
    ) {
        let padding: Vec<u8> = padding.iter().map(|bit| if *bit == 0 { 0x00 } else { 0xFF }).collect();
        let bytes = [&padding[..], &tree.encode(), &padding].concat();
        let mut odd = Oddities::default();
        prop_assert_eq!(self::tree(&bytes, &mut odd), Ok(tree));
        prop_assert_eq!((odd.long_form, odd.padding), (false, !padding.is_empty()));
    }

    /// Where a second reading is possible, the two libraries differ only for the reasons given.
    #[test]
    fn another_library_agrees(bytes in any_bytes()) {
        let mut odd = Oddities::default();
        let ours = tree(&bytes, &mut odd);
        let theirs = ber::Tlv::parse_all(&bytes);
        let read: usize = theirs.iter().map(ber::Tlv::length).sum();
        let theirs = Tree(theirs.iter().flat_map(|tlv| their_tree(tlv).0).collect());
        if odd.padding || odd.long_form {
            return Ok(());
        }
        match ours {
            Ok(ours) => prop_assert_eq!(ours, theirs),
            // The other library takes 80 for 00, and four bytes of length.
            Err(TlvError::Length(0x80 | 0x84)) => {}
            Err(_) => prop_assert!(read < bytes.len(), "they read all of it: {:02X?}", theirs),
        }
    }

    #[test]
    fn a_path_finds_what_a_walk_finds(
        tree in any_tree(),
        at in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let bytes = tree.encode();
        let (mut path, mut value, mut level) = (vec![], bytes.clone(), Some(&tree));
        for at in at {
            let Some(objects) = level.map(|tree| &tree.0).filter(|objects| !objects.is_empty()) else { break };
            let tag = objects[at.index(objects.len())].0;
            let (_, first, inner) = objects.iter().find(|object| object.0 == tag).unwrap();
            path.push(tag);
            value = first.clone();
            level = inner.as_ref();
        }
        prop_assert_eq!(find(&bytes, &path), Ok(Some(&value[..])));
    }
}
