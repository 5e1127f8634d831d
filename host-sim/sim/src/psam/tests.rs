//! The PSAM alone: what it makes is what a card expects, and what its keys may not do it refuses (docs/card.md §1.7).

use hex_literal::hex;
use qiyong_protocol::card::files::key;
use qiyong_protocol::card::keys::Scheme;
use qiyong_protocol::card::psam::{self, DEBIT, READ_SSSE, RELOAD, WRITE_SSSE};
use qiyong_protocol::iso7816::sw::StatusWord;

use super::*;

const FACTORS: [u8; 24] = *b"SERIAL01320100sxCHALLENG";

fn psam() -> VirtualPsam {
    let keys = |algorithm| {
        let key = |usage, number| PsamKey { usage, number, key: Key::new(algorithm, [number; 16]) };
        Some(psam::KEYS.iter().map(|named| key(named.usage, named.number)).chain([key(0x27, 0xF0)]).collect())
    };
    VirtualPsam::new(hex!("410100813475"), keys(Algorithm::TripleDes), keys(Algorithm::Sm4))
}

fn selected(algorithm: Algorithm) -> VirtualPsam {
    let mut psam = psam();
    psam.reset();
    assert_eq!(psam.process(&psam::select(algorithm)).1, StatusWord::OK);
    if algorithm == Algorithm::Sm4 {
        assert_eq!(psam.process(&psam::select_sm4()).1, StatusWord::OK);
    }
    psam
}

/// docs/card.md §1.7, docs/centre.md §10: the recorded sequence, and what a card computes by itself.
#[test]
fn it_enciphers_what_a_card_accepts() {
    for (algorithm, filling) in [(Algorithm::TripleDes, &[][..]), (Algorithm::Sm4, &[0x80, 0, 0, 0, 0, 0, 0, 0][..])] {
        let mut psam = selected(algorithm);
        let diversify = psam::diversify(READ_SSSE.usage, READ_SSSE.number, &FACTORS);
        assert_eq!(psam.process(&diversify).1, StatusWord::OK);
        let block = [&[9; 8], filling].concat();
        let (made, sw) = psam.process(&psam::encipher(&block));
        assert_eq!(sw, StatusWord::OK);
        let halves = made.as_chunks::<8>().0;
        let cryptogram = halves.iter().fold([0; 8], |sum: [u8; 8], half| std::array::from_fn(|at| sum[at] ^ half[at]));
        let card = Scheme::default();
        let key = Key::new(algorithm, [key::READ_SSSE; 16]).diversify(*b"SERIAL01").diversify(*b"320100sx");
        assert_eq!(card.external_auth(&key, *b"CHALLENG", [9; 8]).0, cryptogram);
        // A MAC by the card's own key.
        let own = psam::diversify(WRITE_SSSE.usage, WRITE_SSSE.number, &FACTORS[..16]);
        assert_eq!(psam.process(&own).1, StatusWord::OK);
        let start = [&[5; 8][..], &vec![0; algorithm.block() - 8]].concat();
        let (mac, _) = psam.process(&psam::mac(&[&start[..], b"message"].concat()));
        let key = Key::new(algorithm, [0x12; 16]).diversify(*b"SERIAL01").diversify(*b"320100sx");
        assert_eq!(mac.as_slice(), key.mac([5; 8], &[b"message"]));
    }
    assert_eq!(selected(Algorithm::TripleDes).process(&psam::terminal_number()).0.as_slice(), hex!("410100813475"));
}

/// Each key does only what its usage byte says, and no command has a key of the one before.
#[test]
fn it_refuses_what_a_key_is_not_for() {
    for algorithm in [Algorithm::TripleDes, Algorithm::Sm4] {
        let block = vec![0; algorithm.block()];
        let mut psam = selected(algorithm);
        assert_eq!(psam.process(&psam::encipher(&block)).1, StatusWord::CONDITIONS_NOT_SATISFIED, "no key yet");
        for (usage, number, sw) in [
            (0x47, 0x0A, StatusWord::OK),
            (0x27, 0x0A, StatusWord::CONDITIONS_NOT_SATISFIED),
            (0x48, 0x0A, StatusWord::CONDITIONS_NOT_SATISFIED),
            (0x47, 0xEE, StatusWord::KEY_NOT_FOUND),
        ] {
            assert_eq!(psam.process(&psam::diversify(usage, number, &FACTORS)).1, sw, "{usage:02X} {number:02X}");
        }
        assert_eq!(psam.process(&psam::encipher(&block)).1, StatusWord::CONDITIONS_NOT_SATISFIED, "none is left");
        for (named, enciphers, macs) in
            [(READ_SSSE, true, false), (WRITE_SSSE, true, true), (RELOAD, true, true), (DEBIT, false, true)]
        {
            assert_eq!(psam.process(&psam::diversify(named.usage, named.number, &FACTORS)).1, StatusWord::OK);
            assert_eq!(psam.process(&psam::encipher(&block)).1 == StatusWord::OK, enciphers, "{named:?}");
            assert_eq!(psam.process(&psam::mac(&block)).1 == StatusWord::OK, macs, "{named:?}");
        }
        for length in [0, 7, 8, 15, 23] {
            let short = psam::diversify(0x47, 0x0A, &FACTORS[..length]);
            assert_eq!(psam.process(&short).1, StatusWord::WRONG_LENGTH, "{length}");
        }
        assert_eq!(psam.process(&psam::diversify(0x27, 0xF0, &FACTORS[..8])).1, StatusWord::OK, "one level");
        assert_eq!(psam.process(&psam::encipher(&block[1..])).1, StatusWord::WRONG_LENGTH);
        psam.reset();
        assert_eq!(psam.process(&psam::diversify(0x47, 0x0A, &FACTORS)).1, StatusWord::CONDITIONS_NOT_SATISFIED);
        assert_eq!(psam.process(&psam::select_sm4()).1, StatusWord::FILE_NOT_FOUND, "not in its environment");
    }
    let mut old = VirtualPsam { sm4: None, ..psam() };
    assert_eq!(old.process(&psam::select(Algorithm::Sm4)).1, StatusWord::FILE_NOT_FOUND);
    assert_eq!(format!("{old:?}"), "VirtualPsam { .. }");
}
