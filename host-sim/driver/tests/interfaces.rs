//! iType: which side of the card is read, and which is tried first (docs/card.md §1.9, docs/driver.md §D).

mod support;

use qiyong_protocol::card::files::Generation;
use qiyong_sim::card::antenna::{Antenna, Ats};
use support::{C, Desk, card, security_module};

/// The historical bytes on the antenna, which in this card differ from those of its contacts.
const HISTORY: [u8; 13] = [0x00, 0x90, 0x54, 0x31, 0, 0x86, 0x60, 9, 8, 7, 6, 5, 4];

/// The reset information that a card of version 2.00 with an antenna shows for each iType, or the code.
fn reset_information(answer: (i64, String)) -> String {
    let (result, text) = answer;
    if result == 0 { text.split('|').nth(5).unwrap_or_default().into() } else { result.to_string() }
}

#[test]
fn a_card_file_has_the_sides_that_it_names() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let mut call = |kind: u8| reset_information(caller.call(&format!("iReadCardBas i{kind} o")));
    let contacts = call(1);
    assert_eq!(contacts.len(), 26);
    assert_eq!([call(2), call(3), call(4)], ["-13".to_string(), contacts.clone(), contacts.clone()]);

    let mut both = card(Generation::V2);
    let ats = Ats { historical: HISTORY.to_vec(), ..Ats::default() };
    both.antenna = Some(Antenna { ats, ..Antenna::beside(&[], 1) });
    desk.put(&both);
    let air = hex::encode_upper(HISTORY);
    assert_eq!([call(1), call(2), call(3), call(4)], [contacts.clone(), air.clone(), contacts, air.clone()]);

    both.atr.clear();
    desk.put(&both);
    assert_eq!([call(1), call(2), call(3), call(4)], ["-13".to_string(), air.clone(), air.clone(), air]);
}

/// A new card of the third generation says the same on both sides, so that its keys are the same, too.
#[test]
fn a_card_of_version_3_is_read_in_two_steps_without_contacts() {
    let desk = Desk::new(Generation::V3);
    let mut caller = desk.caller(C);
    let (_, with_contacts) = caller.call("iReadCardBas_HSM_Step1 i1 o");
    let (result, text) = caller.call("iReadCardBas_HSM_Step1 i2 o");
    assert_eq!(result, 0, "{text}");
    let history = |text: &str| text.split('|').nth(1).unwrap().to_string();
    assert_eq!(history(&text), history(&with_contacts));
    let [internal, external] = security_module(&text);
    let (result, text) = caller.call(&format!("iReadCardBas_HSM_Step2 \"{internal}|{external}|\" o"));
    assert_eq!(result, 0, "{text}");
    assert!(text.starts_with("320100|111111198101011110|X00000019|"), "{text}");
}

#[cfg(feature = "pcsc")]
#[test]
fn each_interface_has_its_reader_and_auto_tries_both_in_order() {
    use qiyong_pcsc::server::{NewReader, Server};
    use qiyong_pcsc::slot::{Contactless, Slot, Straight};
    use qiyong_sim::card::desk::DeskCard;

    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let put = |name: &str, on_antenna: bool| {
        let mut card = card(Generation::V2);
        if on_antenna {
            let ats = Ats { historical: HISTORY.to_vec(), ..Ats::default() };
            card.antenna = Some(Antenna { ats, ..Antenna::beside(&[], 1) });
        }
        card.save(&desk.path(name)).unwrap();
        Some(DeskCard::open(&desk.path(name), |_| {}).unwrap())
    };
    let slot = |contactless: bool| {
        let slot: Box<dyn Slot> = if contactless { Box::<Contactless>::default() } else { Box::<Straight>::default() };
        slot
    };
    let reader = |contactless, card: Option<&str>| NewReader {
        slot: slot(contactless),
        card: card.and_then(|name| put(name, contactless)),
    };
    let air = hex::encode_upper(HISTORY);
    let mut contacts = String::new();
    // The contactless reader comes first, so that "any" would find it.
    for (on_antenna, in_slot) in [(true, true), (true, false), (false, true), (false, false)] {
        let readers =
            vec![reader(true, on_antenna.then_some("air.toml")), reader(false, in_slot.then_some("slot.toml"))];
        let server = Server::start(&desk.path("s"), readers, false, |_| {}).unwrap();
        desk.settings("source = reader any\ncontactless = reader Contactless\n");
        let found: Vec<_> =
            [1, 2, 3, 4].map(|kind| reset_information(caller.call(&format!("iReadCardBas i{kind} o")))).into();
        if in_slot && on_antenna {
            contacts = found[0].clone();
            assert!(contacts.len() == 26 && contacts != air, "{contacts}");
        }
        let (there, above) = (|is: bool, what: &String| if is { what.clone() } else { "-2".into() }, &air);
        let either = |first: (bool, &String), other: (bool, &String)| {
            if first.0 { first.1.clone() } else { there(other.0, other.1) }
        };
        let expected = [
            there(in_slot, &contacts),
            there(on_antenna, above),
            either((in_slot, &contacts), (on_antenna, above)),
            either((on_antenna, above), (in_slot, &contacts)),
        ];
        assert_eq!(found, expected, "{on_antenna} {in_slot}");
        // Without the setting there is nothing to look for such a card with.
        desk.settings("source = reader Virtual Reader\n");
        assert_eq!(caller.call("iReadCardBas i2 o").0, -13);
        assert_eq!(caller.call("iReadCardBas i4 o").0, if in_slot { 0 } else { -2 });
        // A reader that is not there is no reason not to look in the other one.
        desk.settings("source = reader None\ncontactless = reader Contactless\n");
        assert_eq!(caller.call("iReadCardBas i3 o").0, if on_antenna { 0 } else { -2 });
        drop(server);
    }
}
