//! How long the slot waits for the card, and how much time it leaves the card before each character: with answers to reset
//! that ask for more than the usual.

use hex_literal::hex;
use qiyong_sim::card::contact::PpsHabit;

use super::*;

/// The sample card of generation 2 with this answer to reset, and how it answers a PPS request.
pub(super) fn wearing(atr: &[u8], pps: PpsHabit) -> Rig {
    let mut card = make_card(&sample_card(Generation::V2), &Hsm::test_keys()).unwrap();
    card.atr = atr.to_vec();
    let mut card = ContactCard::new(card);
    card.card.habits.pps = pps;
    Rig::new(card)
}

/// The etu, rounded down, before each character to the card, with the rate at the time.
fn pauses(rig: &Rig) -> Vec<(u16, u64)> {
    let mut last = 0;
    let mut all = Vec::new();
    for (cycle, (fi, di), event) in rig.events.borrow().iter() {
        if let LineEvent::ToCard(_) | LineEvent::FromCard(_) = event {
            if let LineEvent::ToCard(_) = event {
                all.push((fi / u16::from(*di), (cycle - last) * u64::from(*di) / u64::from(*fi)));
            }
            last = *cycle;
        }
    }
    all
}

/// Clause 8.3: the card's extra guard time counts before every character to the card, whichever side sent the one before,
/// and so in PPS (clause 9.1). N = 255 adds nothing. If T=15 is named, N counts in etu of TA1.
#[test]
fn the_extra_guard_time_is_kept_before_every_character_to_the_card() {
    let cases: [(&[u8], u64, u64, u64); 7] = [
        // N = 32: 44 etu everywhere.
        (&hex!("3B509620"), 44, 44, 44),
        (&hex!("3B500020"), 44, 44, 44),
        (&hex!("3B5096FF"), 12, 16, 12),
        // T=0 and T=15: 32 etu of 16 cycles are 1.4 of 372; at the new rate they are 32 again.
        (&hex!("3BD09620801F03 FA"), 14, 16, 44),
        // T=1: 22 etu between the directions, unless N makes that more.
        (&hex!("3BD0962081314566 F5"), 44, 44, 44),
        (&hex!("3BD0960581314565 D3"), 17, 17, 17),
        (&hex!("3BD096FF81314565 29"), 12, 16, 11),
    ];
    for (atr, in_pps, after_the_atr, later) in cases {
        let mut rig = wearing(atr, PpsHabit::AsAsked);
        rig.connect().unwrap_or_else(|error| panic!("{atr:02X?}: {error:?}"));
        assert!(rig.send(&[commands::select_environment(), commands::get_challenge()]).iter().all(Result::is_ok));
        let all = pauses(&rig);
        let least = |from: usize, to: usize| all[from..to].iter().map(|pause| pause.1).min();
        // The first characters are the PPS request, if the card offers a rate.
        let pps = if atr[2] == 0x96 { 4 } else { 0 };
        assert_eq!(all[0].1, after_the_atr, "{atr:02X?}: {all:?}");
        if pps > 0 {
            assert_eq!(least(1, pps), Some(in_pps), "{atr:02X?}: {all:?}");
        }
        assert_eq!(least(pps + 1, all.len()), Some(later), "{atr:02X?}: {all:?}");
        rig.assert_no_finding();
    }
}

/// Clause 10.2: WT is 960 × WI × Fi clock cycles with Fi of TA1, whatever F is in force. Clause 11.4.3: BWT counts with 372
/// at any rate.
#[test]
fn a_card_is_waited_for_as_long_as_its_ta1_says_at_any_rate() {
    let cases: [(&[u8], PpsHabit, u32); 6] = [
        (&hex!("3B00"), PpsHabit::AsAsked, 9_600),
        (&hex!("3B1096"), PpsHabit::NoPps1, 13_213),
        (&hex!("3B1096"), PpsHabit::AsAsked, 9_600 * 32),
        // 2048 cycles per etu are slower than 372: nothing is asked for.
        (&hex!("3B10D1"), PpsHabit::AsAsked, 52_852),
        // WI 255.
        (&hex!("3B909640FF"), PpsHabit::NoPps1, 336_930),
        (&hex!("3B9096812145 E3"), PpsHabit::NoPps1, 11 + 16 * 960),
    ];
    for (atr, pps, due) in cases {
        let mut rig = wearing(atr, pps);
        rig.connect().unwrap_or_else(|error| panic!("{atr:02X?}: {error:?}"));
        // The rate proves itself.
        assert!(rig.send(&[commands::get_challenge()])[0].is_ok());
        rig.events.borrow_mut().clear();
        let mute = Fault { at: 0, what: Disturbance::Misbehave(Misbehaviour::MuteAfterAtr) };
        rig.plan.begin(vec![mute], None);
        assert!(rig.send(&[commands::get_challenge()])[0].is_err());
        let waited = rig.events.borrow().iter().find_map(|event| match event.2 {
            LineEvent::Silence(etu) => Some(etu),
            _ => None,
        });
        assert_eq!(waited, Some(due), "{atr:02X?}");
    }
}
