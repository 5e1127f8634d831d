//! What becomes of what the centre has not heard the end of: before a batch is settled, and afterwards.

use super::*;

/// The terminal has said its last word, and the centre has not heard it: the upload says it again.
#[test]
pub(super) fn what_is_pending_becomes_what_the_upload_says() {
    for (ended, phase, paid) in [(Ended::Confirmed, Phase::Posted, 900), (Ended::Reversed, Phase::Voided, 0)] {
        let mut till = Till::new();
        till.buy(1, 900);
        let entry = till.open.remove(&1).unwrap();
        let charge = if ended == Ended::Confirmed { entry.charge } else { Fen(0) };
        till.entries.push(Entry { ended, charge, ..entry });
        // Equal totals are not enough.
        assert_eq!(till.settle(), DIFFERS, "{ended:?}");
        assert_eq!(till.upload(), BALANCED, "{ended:?}");
        assert_eq!(till.findings(1), [(Some(1), "resolved".to_owned())]);
        let journal = till.centre.journal().unwrap();
        assert_eq!(journal[0].phase, Some(phase));
        assert_eq!(till.card.account.0 - now(&till.centre, &till.card).account.0, paid);
    }
    // What does not agree in everything, or is named twice, resolves nothing.
    let changes: [fn(&mut Vec<Entry>); 3] = [
        |entries| entries[0].original.total = Fen(901),
        |entries| entries[0].charge = Fen(899),
        |entries| entries.push(entries[0]),
    ];
    for change in changes {
        let mut till = Till::new();
        till.buy(1, 900);
        till.entries.extend(till.open.remove(&1));
        change(&mut till.entries);
        assert_eq!((till.settle(), till.upload()), (DIFFERS, CLOSED));
        assert_eq!(till.centre.journal().unwrap()[0].phase, Some(Phase::Pending));
        assert_eq!(till.findings(1)[0], (Some(1), "mismatch".to_owned()));
    }
}

/// Its batch is settled, and then somebody says what became of it after all.
#[test]
pub(super) fn what_comes_after_the_settlement_is_done_and_noted() {
    type Late = fn(&mut Till) -> Option<Answer>;
    let rows: [(&str, Late, Phase, u64); 3] = [
        ("late-confirmation", |till| Some(till.end(2, Ended::Confirmed)), Phase::Posted, 500),
        ("late-reversal", |till| Some(till.end(2, Ended::Reversed)), Phase::Voided, 0),
        (
            "late-expiry",
            |till| {
                till.at_hour(100);
                assert_eq!(till.centre.expire().unwrap(), 1);
                Some(Answer::Done)
            },
            Phase::Expired,
            0,
        ),
    ];
    for (verdict, late, phase, paid) in rows {
        let mut till = Till::new();
        till.sell(1, 3_580);
        till.buy(2, 500);
        // It has forgotten the second one.
        let totals = till.totals();
        assert_eq!((till.settle(), till.upload()), (DIFFERS, CLOSED));
        assert_eq!(till.findings(1), [(Some(2), "missing".to_owned())]);
        assert_eq!(till.words(), ["missing at the terminal; at the centre pending"]);
        assert_eq!(till.sign_in(), Some(signed_in(2, 1)));
        till.batch = 1;
        assert_eq!(late(&mut till), Some(Answer::Done), "{verdict}");
        let found = [(Some(2), "missing".to_owned()), (Some(2), verdict.to_owned())];
        assert_eq!(till.findings(1), found);
        assert_eq!(till.centre.journal().unwrap()[1].phase, Some(phase));
        assert_eq!(till.card.account.0 - now(&till.centre, &till.card).account.0, 3_580 + paid);
        // It was settled as it was.
        assert_eq!(till.settle_with(totals), CLOSED);
    }
}

#[test]
pub(super) fn what_expired_counts_nothing() {
    let mut till = worked();
    till.buy(5, 900);
    till.at_hour(100);
    assert_eq!(till.centre.expire().unwrap(), 1);
    till.at_hour(0);
    assert_eq!(till.end(5, Ended::Confirmed), Answer::Refused(Reason::Expired));
    assert_eq!(till.settle(), BALANCED);
}
