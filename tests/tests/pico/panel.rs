//! What people see and press at the Pico: the panel shows each screen as it is meant, the lights say the same from afar, and the cancel key ends
//! a visit in the middle of a PIN.

use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_firmware::ui::{Screen, draw};
use qiyong_lab::pico::machine::Ring;
use qiyong_lab::till_line::Alone;
use qiyong_protocol::rules::decision::Effects;
use qiyong_protocol::rules::reason::Reason;

use super::*;

const WITH_PANEL: Start<'_> = Start { uf2: None, till_usb: false, ring: Ring::Good, panel: true };

fn drawn(screen: Screen) -> Framebuffer {
    let mut picture = Framebuffer::new();
    let Ok(()) = draw::draw(&screen.text(), &mut picture);
    picture
}

/// A pharmacy with a card of the third generation in its slot.
fn shop() -> (Machine, InProcess) {
    let institution = InstitutionCode::new(PHARMACY).expect("a code");
    let new = NewCard { protocol: 1, convention: Convention::Direct, ..sample_card(Generation::V3) };
    let mut centre = InProcess::new().unwrap();
    centre.add_institution(&Institution::of_region(institution)).unwrap();
    let record = record_of(&new, centre.hsm()).expect("a card that can be made");
    centre.add_card(&CardRecord { account: Fen(10_000), ..record }).unwrap();
    let card = ContactCard::new(make_card(&new, centre.hsm()).expect("a card that can be made"));
    let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
    let mut machine = Machine::boot_as(&pico_image(false), WITH_PANEL, &setup).unwrap();
    machine.set_card(Some(Rc::new(RefCell::new(card))));
    (machine, centre)
}

fn buys(machine: &mut Machine, centre: &mut InProcess, holder: &mut dyn FnMut(Moment) -> Does) -> Ended {
    let purchase = Operation::Purchase(Bill::new(Fen(1250), Fen(0)).expect("a bill"));
    let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
    let ended = machine.serve(centre, &purchase, time, holder).unwrap();
    // The last picture goes out.
    let rests = Alone::now(machine) + Duration::from_millis(300);
    while machine.step(rests).unwrap().is_some() {}
    assert_eq!(machine.findings(), []);
    assert_eq!(machine.crooked(), &[] as &[u64]);
    assert_eq!(machine.panel_objects(), &[] as &[String]);
    ended
}

#[test]
fn the_panel_shows_a_first_purchase_as_the_terminal_means_it() {
    let (mut machine, mut centre) = shop();
    let mut seen = Vec::new();
    let ended = buys(&mut machine, &mut centre, &mut |moment| match moment {
        Moment::Pin(asked) => {
            seen.push(asked);
            Does::Keys(if asked == Asked::Present { "123456" } else { "271828" }.to_string().into())
        }
        Moment::Card | Moment::Transaction => Does::Nothing,
    });
    assert!(ended.reason.is_none() && ended.effects.activates, "{ended:?}");
    assert_eq!(machine.lights(), [true, true, false, false], "runs, and it is the holder's turn");
    let effects = ended.effects;
    let meant = [
        Screen::InsertCard,
        Screen::ReadingCard,
        Screen::AskingCentre,
        Screen::EnterPin { amount: Fen(1250), tries_left: None },
        Screen::EnterNewPin,
        Screen::RepeatNewPin,
        Screen::AskingCentre,
        Screen::Approved { effects, paid: true, balance: Fen(8750) },
    ];
    // The words of the log tell which of them came, and the picture of each must have been seen whole, in this order. One that another
    // replaces within the time of a picture need not have been.
    let words: Vec<_> = meant.iter().map(|screen| screen.text().english).collect();
    let logged: Vec<_> =
        machine.log().iter().filter_map(|row| row.split_once("screen: ").map(|(_, text)| text)).collect();
    let mut told = words.iter().filter(|text| logged.iter().any(|row| row.starts_with(**text)));
    assert_eq!(told.next(), words.first(), "{logged:?}");
    let pictures = machine.pictures();
    let mut places = Vec::new();
    for screen in meant {
        let picture = drawn(screen);
        places.push(pictures.iter().position(|shown| *shown == picture));
    }
    assert!(places.iter().all(Option::is_some), "{places:?} of {}: {logged:?}", pictures.len());
    let known = |picture: &Framebuffer| meant.iter().any(|screen| drawn(*screen) == *picture);
    assert!(pictures.iter().all(known), "a picture is of no screen that was meant: {logged:?}");
    assert_eq!(pictures.last(), Some(&drawn(meant[meant.len() - 1])));
    closing_line(&format!("Pico's panel: {} pictures of a first purchase, each as it is meant", pictures.len()));
}

#[test]
fn the_cancel_key_ends_a_visit_in_the_middle_of_a_pin() {
    let (mut machine, mut centre) = shop();
    for asks in [Asked::Present, Asked::New, Asked::NewAgain] {
        let ended = buys(&mut machine, &mut centre, &mut |moment| match moment {
            Moment::Pin(asked) if asked == asks => Does::HoldsCancelKey,
            Moment::Pin(Asked::Present) => Does::Keys("123456".to_string().into()),
            Moment::Pin(_) => Does::Keys("271828".to_string().into()),
            Moment::Card | Moment::Transaction => Does::Nothing,
        });
        let reason = ended.reason.expect("it was cancelled");
        assert_eq!((ended.effects, ended.pin_changed), (Effects::default(), false), "{asks:?}");
        // Who does not choose a PIN of his own is told that.
        let expected = [Reason::CancelledByOperator, Reason::InitialPinUnchanged];
        assert!(expected.contains(&reason), "{asks:?}: {reason}");
        assert_eq!(machine.lights(), [true, false, false, true], "{asks:?}: something was not done");
        assert_eq!(machine.pictures().last(), Some(&drawn(Screen::NotDone(reason))));
    }
    // What was pressed then is not meant for the next visit, nor is a key that is pressed between two visits.
    let ended = buys(&mut machine, &mut centre, &mut |moment| match moment {
        Moment::Pin(Asked::Present) => Does::Keys("123456".to_string().into()),
        Moment::Pin(_) => Does::Keys("271828".to_string().into()),
        Moment::Card | Moment::Transaction => Does::Nothing,
    });
    assert!(ended.reason.is_none() && ended.effects.activates, "{ended:?}: {:#?}", machine.log());
}
