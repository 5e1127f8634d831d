//! Totals and entries in bytes, by hand; and what of them is no message. That any arrive as they were sent, and what damage does, is
//! tested for all messages together.

use std::vec;

use super::*;

fn any_totals() -> impl Strategy<Value = Totals> {
    const LAST: u64 = 999_999_999_999_999_999;
    let sum = || {
        (0..=999_999u32, 0..=LAST, 0..=LAST).prop_map(|(count, total, charge)| Sum {
            count,
            total: Fen(total),
            charge: Fen(charge),
        })
    };
    (sum(), sum(), sum()).prop_map(|(apply, settle, purchase)| Totals { apply, settle, purchase })
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let ended = select(&[Ended::Confirmed, Ended::Reversed][..]);
    (any_stan(), select(&Deal::ALL[..]), any_original(), any_amount(), ended)
        .prop_map(|(stan, deal, original, charge, ended)| Entry { stan, deal, original, charge, ended })
}

pub(super) fn any_body() -> impl Strategy<Value = Body<'static>> {
    let entries = prop::collection::vec(any_entry(), 1..=UPLOAD_MAX);
    prop_oneof![
        any_totals().prop_map(|totals| Body::SettleBatch { totals: kept(totals) }),
        (1..=999_990u32, entries).prop_map(|(from, entries)| Body::Upload { from, entries: kept(entries) }),
        (0..=999_999u32).prop_map(|count| Body::UploadDone { count }),
    ]
}

/// A sale of 35.80 with number 42, of which the account paid 35.00.
pub(super) fn entry() -> Entry {
    let Body::Transact { stan, card, .. } = purchase().body else { unreachable!() };
    let original = Original { card: card.number, total: Fen(3_580), time: purchase().time };
    Entry { stan, deal: Deal::Purchase, original, charge: Fen(3_500), ended: Ended::Confirmed }
}

pub(super) fn totals() -> Totals {
    let purchase = Sum { count: 2, total: Fen(4_080), charge: Fen(4_000) };
    Totals { apply: Sum { count: 1, ..Sum::default() }, settle: Sum::default(), purchase }
}

fn asked(body: Body<'_>) -> Vec<u8> {
    sent(&Request { body, ..purchase() }, Stan(9)).1
}

/// F48, and F62 after the date.
fn contents(bytes: &[u8]) -> (std::string::String, std::string::String) {
    let message = Message::read(bytes).unwrap();
    let hex = |field: u8| format!("{:02X?}", message.field(field).unwrap().bytes).replace(['[', ']', ',', ' '], "");
    (hex(48), hex(62).split_off(14))
}

/// Composed by hand from the tables of [`upload`].
#[test]
fn totals_and_entries_in_bytes() {
    let (f48, f62) = contents(&asked(Body::SettleBatch { totals: &totals() }));
    let expected = concat!(
        "000001",
        "000000000000000000",
        "000000000000000000",
        "000000",
        "000000000000000000",
        "000000000000000000",
        "000002",
        "000000000000004080",
        "000000000000004000"
    );
    assert_eq!((f48.as_str(), f62.as_str()), (expected, ""));
    let (f48, f62) = contents(&asked(Body::Upload { from: 7, entries: &[entry()] }));
    assert_eq!(f48, "000007");
    assert_eq!(f62, "DF2721000042035830303030303031390000000035800000000035002026030212000701");
    let (f48, f62) = contents(&asked(Body::UploadDone { count: 1_000 }));
    assert_eq!((f48.as_str(), f62.as_str()), ("001000", ""));
}

/// An upload with another F48 or entries, under a right MAC.
fn with(f48: &[u8], entries: Option<&[u8]>) -> Result<(), MessageError> {
    let bytes = asked(Body::Upload { from: 7, entries: &[entry()] });
    let message = Message::read(&bytes).unwrap();
    let mut buffer = [0; MESSAGE_MAX];
    let mut writer = Writer::new(&mut buffer, TPDU, HEADER, message.mti());
    let day = purchase().time.date.to_bcd();
    for value in message.fields() {
        match value.field.number {
            48 => writer.digits(48, f48),
            62 => {
                writer.objects(62, &[Some((objects::DATE, &day[..])), entries.map(|bytes| (objects::ENTRIES, bytes))])
            }
            _ => writer.copy(value),
        }
    }
    read(writer.finish_with_mac(&key()).unwrap()).map(drop)
}

#[test]
fn what_is_no_upload_is_named() {
    let good = hex!("000042035830303030303031390000000035800000000035002026030212000701");
    let place = [0, 0, 0, 0, 0, 7];
    assert_eq!(with(&place, Some(&good)), Ok(()));
    assert_eq!(with(&place, Some(&good.repeat(UPLOAD_MAX))), Ok(()));
    let f48 = Err(MessageError::Value { field: 48 });
    for (digits, entries) in [
        (&[0; 6][..], &good[..]),
        (&[0; 5], &good),
        (&place, &[]),
        // The last place is the last number of a batch.
        (&[9, 9, 9, 9, 9, 9], &good.repeat(2)),
    ] {
        assert_eq!(with(digits, Some(entries)), f48, "{digits:?}");
    }
    let object = Err(MessageError::Object { field: 62, tag: objects::ENTRIES });
    assert_eq!(with(&place, None), Err(MessageError::MissingObject { field: 62, tag: objects::ENTRIES }));
    assert_eq!(with(&place, Some(&good.repeat(UPLOAD_MAX + 1))), object);
    assert_eq!(with(&place, Some(&good[1..])), object);
    // No number, no kind, no digit, no hour, no end.
    for (at, byte) in [(1, 0), (3, 0), (3, 4), (13, 0x0A), (19, 0xF0), (29, 0x24), (32, 0), (32, 3)] {
        let mut bytes = good;
        bytes[at] = byte;
        if at == 1 {
            bytes[2] = 0;
        }
        assert_eq!(with(&place, Some(&bytes)), object, "{at}: {byte:02X}");
    }
}

#[test]
fn what_no_upload_can_hold_is_not_sent() {
    fn written(body: Body<'_>) -> MessageError {
        write_request(&Request { body, ..purchase() }, Stan(1), &key(), &mut [0; MESSAGE_MAX]).map(drop).unwrap_err()
    }
    let f48 = MessageError::Value { field: 48 };
    let object = MessageError::Object { field: 62, tag: objects::ENTRIES };
    let good = entry();
    for (from, count) in [(0, 1), (1, 0), (1, UPLOAD_MAX + 1), (999_999, 2), (u32::MAX, 2)] {
        assert_eq!(written(Body::Upload { from, entries: &vec![good; count] }), f48, "{from}, {count}");
    }
    let beyond = Fen(Fen::MAX.0 + 1);
    for bad in [
        Entry { stan: Stan(0), ..good },
        Entry { charge: beyond, ..good },
        Entry { original: Original { total: beyond, ..good.original }, ..good },
        Entry { original: Original { time: Timestamp { hour: 24, ..good.original.time }, ..good.original }, ..good },
    ] {
        assert_eq!(written(Body::Upload { from: 1, entries: &[bad] }), object);
    }
    let sum = |count, fen| Totals { settle: Sum { count, total: Fen(fen), charge: Fen(0) }, ..totals() };
    for totals in [sum(1_000_000, 0), sum(0, 1_000_000_000_000_000_000)] {
        assert_eq!(written(Body::SettleBatch { totals: &totals }), f48);
    }
    assert_eq!(written(Body::UploadDone { count: 1_000_000 }), f48);
}
