//! The bytes of a record in each version, and what comes back of what was set.

use super::*;
use qiyong_protocol::card::codes::CodeError;

type Outcome = Result<(), CodeError>;

const KEY: X919 = X919::new(*b"the present key!");
const OLD_KEY: X919 = X919::new(*b"the former key!!");
const CRASH: Crash = Crash::fault(0x82, 0x2000_1F00, 0x0800_1234);

fn record() -> Result<Record, CodeError> {
    let mut record = Record::fresh();
    record.number = U32::new(0x0102_0304);
    let institution = InstitutionCode::new("P32010000017")?;
    record.set_place(institution, TerminalId(*b"00000001"));
    record.set_batch(Batch(2));
    record.set_next(Some(Stan(999_999)));
    record.set_token(Token(*b"a token!"));
    record.starts = U32::new(5);
    record.crashes = U32::new(1);
    record.set_crash(CRASH);
    Ok(record)
}

fn former() -> Result<Former, CodeError> {
    let mut before = Record::fresh();
    before.set_place(InstitutionCode::new("H32010000561")?, TerminalId(*b"TERMINAL"));
    before.set_key(&OLD_KEY);
    before.keep_former();
    Ok(before.former)
}

/// The same in version 2, with a transaction without an answer.
fn record_2() -> Result<(Record, Original), CodeError> {
    let time = Timestamp { hour: 23, minute: 59, second: 8, ..Timestamp::UNSET };
    let original = Original { card: CardNumber::new(b"X00000019")?, total: Fen(0x0102_0304), time };
    let (card, total) = (*original.card.as_bytes(), U64::new(original.total.0));
    let unanswered = Unanswered { stan: U32::new(7), card, time: time.to_bcd(), total };
    Ok((Record { version: BEFORE_JOURNAL, unanswered, ..record()? }, original))
}

/// The bytes are a promise to the next version.
#[test]
fn the_bytes_of_version_4() -> Outcome {
    let mut record = record()?;
    record.former = former()?;
    record.set_key(&KEY);
    record.set_policy(Policy { tries: 4, rounds: 16, wait: 45, pause: 10 });
    let bytes: [u8; LEN] = zerocopy::transmute!(record);
    let text = b"QY\x04\0\x04\x03\x02\x01P3201000001700000001\x02\0\0\0\x3F\x42\x0F\0\
          \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a token!\x05\0\0\0\x01\0\0\0";
    let keys = b"the present key!H32010000561TERMINALthe former key!!\x04\x10\x2D\x0A";
    let (before, after) = bytes.split_at(OLD_LEN);
    assert_eq!(before.split_at(text.len()), (&text[..], CRASH.words().map(U32::new).as_bytes()));
    assert_eq!(after, keys);
    Ok(())
}

/// And they kept it.
#[test]
fn the_bytes_of_version_3() -> Outcome {
    let record = Record { version: BEFORE_KEYS, ..record()? };
    assert_eq!((record.content(OLD_LEN), record.policy()), (Content::Ours, Policy::DEFAULT));
    let bytes: [u8; LEN] = zerocopy::transmute!(record);
    let text = b"QY\x03\0\x04\x03\x02\x01P3201000001700000001\x02\0\0\0\x3F\x42\x0F\0\
          \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a token!\x05\0\0\0\x01\0\0\0";
    let (before, after) = bytes.split_at(OLD_LEN);
    assert_eq!(before.split_at(text.len()), (&text[..], CRASH.words().map(U32::new).as_bytes()));
    assert_eq!(after, [0; LEN - OLD_LEN]);
    Ok(())
}

/// And they kept it, too.
#[test]
fn the_bytes_of_version_2() -> Outcome {
    let bytes: [u8; LEN] = zerocopy::transmute!(record_2()?.0);
    let text =
        b"QY\x02\0\x04\x03\x02\x01P3201000001700000001\x02\0\0\0\x3F\x42\x0F\0\x07\0\0\0X00000019\x20\x26\x01\x01\x23\x59\x08\
          \x04\x03\x02\x01\0\0\0\0a token!\x05\0\0\0\x01\0\0\0";
    let (before, after) = bytes.split_at(OLD_LEN);
    assert_eq!(before.split_at(text.len()), (&text[..], CRASH.words().map(U32::new).as_bytes()));
    assert_eq!(after, [0; LEN - OLD_LEN]);
    Ok(())
}

#[test]
fn what_was_set_comes_back() -> Outcome {
    let record = record()?;
    assert_eq!(record.place().map(|(_, terminal)| terminal), Some(TerminalId(*b"00000001")));
    assert_eq!(record.next(), Some(Stan(999_999)));
    assert_eq!(record.unanswered(), Ok(None));
    let (mut before, original) = record_2()?;
    let due = before.unanswered().map(|due| due.map(|(due, kind)| (due.batch, due.stan, due.original, kind)));
    assert_eq!(due, Ok(Some((Batch(2), Stan(7), original, Deal::Purchase))));
    before.renew();
    assert_eq!(before.as_bytes(), record.as_bytes());
    assert_eq!((record.batch(), record.token()), (Some(Batch(2)), Some(Token(*b"a token!"))));
    assert_eq!(record.crash(), Some(CRASH));
    let fresh = Record::fresh();
    assert_eq!((fresh.place(), fresh.next(), fresh.unanswered(), fresh.crash()), (None, None, Ok(None), None));
    assert_eq!((fresh.batch(), fresh.token(), fresh.knows_next()), (None, None, false));
    assert!(fresh.key().is_none() && fresh.former().is_none());
    assert_eq!(fresh.policy(), Policy::DEFAULT);
    Ok(())
}

/// docs/centre.md §18: a key is one name's, and nothing shows it.
#[test]
fn a_key_goes_with_its_name() -> Outcome {
    let mut record = record()?;
    record.former = former()?;
    record.set_key(&KEY);
    let shown = std::format!("{record:?}");
    assert!(shown.contains("***") && !shown.contains("116, 104, 101"), "{shown}");
    let (institution, terminal) = record.place().ok_or(CodeError::Length { expected: 12 })?;
    record.set_place(institution, terminal);
    assert_eq!(record.key().map(|key| *key.expose()), Some(*KEY.expose()));
    assert_eq!(record.former().map(|(_, key)| *key.expose()), Some(*OLD_KEY.expose()));
    record.set_place(institution, TerminalId(*b"00000002"));
    assert!(record.key().is_none());
    record.forget_former();
    assert!(record.former().is_none() && !record.as_bytes().windows(3).any(|three| three == b"key"));
    Ok(())
}

#[test]
fn a_number_that_no_transaction_can_have_is_none() -> Outcome {
    let mut record = record()?;
    for next in [0, 1_000_000, 4_000_000_000, u32::MAX] {
        record.next = U32::new(next);
        assert_eq!((record.next(), record.knows_next()), (None, next != 0));
        let (mut before, _) = record_2()?;
        before.unanswered.stan = U32::new(next);
        let nothing = if next == 0 { Ok(None) } else { Err(MemoryError::OtherVersion) };
        assert_eq!(before.unanswered(), nothing, "{next}");
    }
    record.set_next(Stan::LAST.next());
    assert_eq!((record.next(), record.knows_next()), (None, true));
    record.set_next(Some(Stan(5)));
    for (last, next) in [(0, Some(Stan(5))), (4, Some(Stan(5))), (5, Some(Stan(6))), (999_999, None)] {
        record.raise_next(last);
        assert_eq!(record.next(), next, "{last}");
    }
    Ok(())
}

#[test]
fn what_is_not_ours_or_not_of_this_version_is_told_apart() -> Outcome {
    let good: [u8; LEN] = zerocopy::transmute!(record_2()?.0);
    let changed = |at: usize, byte: u8| -> Record {
        let mut bytes = good;
        bytes.iter_mut().skip(at).take(1).for_each(|to| *to = byte);
        zerocopy::transmute!(bytes)
    };
    assert_eq!(changed(0, b'Q').content(OLD_LEN), Content::Ours);
    assert_eq!(changed(0, b'Q').content(LEN), Content::OtherVersion);
    assert_eq!(changed(0, b'q').content(OLD_LEN), Content::Foreign);
    assert_eq!(changed(2, 1).content(OLD_LEN), Content::OtherVersion);
    assert_eq!(changed(2, VERSION).content(OLD_LEN), Content::OtherVersion);
    assert_eq!(changed(2, VERSION).content(LEN), Content::Ours);
    // A card number that is none is noticed when it is needed.
    let record = changed(40, b'?');
    assert_eq!(record.unanswered(), Err(MemoryError::OtherVersion));
    Ok(())
}
