//! What people see and press at the Pico: the panel shows each screen as it is meant, the lights say the same from afar, and the cancel key ends
//! a visit in the middle of a PIN.

use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_firmware::ui::{Screen, draw};
use qiyong_lab::pico::machine::{Bus, Ring};
use qiyong_lab::till_line::Alone;
use qiyong_protocol::rules::decision::Effects;
use qiyong_protocol::rules::reason::Reason;

use super::*;

const WITH_PANEL: Start<'_> = Start { uf2: None, till_usb: false, ring: Ring::Good, bus: Bus::Panel };

fn drawn(screen: Screen) -> Framebuffer {
    let mut picture = Framebuffer::new();
    let Ok(()) = draw::draw(&screen.text(), &mut picture);
    picture
}

/// A pharmacy, and a holder's card of the third generation.
fn shop() -> (Machine, InProcess, SharedCard) {
    let institution = InstitutionCode::new(PHARMACY).expect("a code");
    let new = NewCard { protocol: 1, convention: Convention::Direct, ..sample_card(Generation::V3) };
    let mut centre = InProcess::new().unwrap();
    centre.add_institution(&Institution::of_region(institution)).unwrap();
    let record = record_of(&new, centre.hsm()).expect("a card that can be made");
    centre.add_card(&CardRecord { account: Fen(10_000), ..record }).unwrap();
    let card = ContactCard::new(make_card(&new, centre.hsm()).expect("a card that can be made"));
    let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
    let machine = Machine::boot_as(&pico_image(false), WITH_PANEL, &setup).unwrap();
    (machine, centre, Rc::new(RefCell::new(card)))
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
    let (mut machine, mut centre, card) = shop();
    machine.set_card(Some(card));
    let ended = buys(&mut machine, &mut centre, &mut |moment| match moment {
        Moment::Pin(Asked::Present) => Does::Keys("123456".to_string().into()),
        Moment::Pin(_) => Does::Keys("271828".to_string().into()),
        Moment::Card | Moment::Transaction => Does::Nothing,
    });
    assert!(ended.reason.is_none() && ended.effects.activates, "{ended:?}");
    assert_eq!(machine.lights(), [true, true, false, false], "runs, and it is the holder's turn");
    let effects = ended.effects;
    // Since the card was there, "insert card" was not there for long enough to be seen.
    let meant = [
        Screen::ReadingCard,
        Screen::AskingCentre,
        Screen::EnterPin { amount: Fen(1250), tries_left: None },
        Screen::EnterNewPin,
        Screen::RepeatNewPin,
        Screen::AskingCentre,
        Screen::Approved { effects, paid: true, balance: Fen(8750) },
    ];
    let pictures = machine.pictures();
    let shown = |picture: &Framebuffer| meant.iter().find(|screen| drawn(**screen) == *picture);
    let order: Vec<_> = pictures.iter().map(shown).collect();
    assert_eq!(order, meant.each_ref().map(Some), "{:#?}", machine.log());
    closing_line(&format!("Pico's panel: {} pictures of a first purchase, each as it is meant", pictures.len()));
}

#[test]
fn the_cancel_key_ends_a_visit_in_the_middle_of_a_pin() {
    let (mut machine, mut centre, card) = shop();
    let ended = buys(&mut machine, &mut centre, &mut |moment| match moment {
        Moment::Card => Does::HoldsCancelKey,
        Moment::Pin(_) | Moment::Transaction => Does::Nothing,
    });
    assert_eq!(ended.reason, Some(Reason::CancelledByOperator));
    assert_eq!(machine.pictures(), [Screen::InsertCard, Screen::NotDone(Reason::CancelledByOperator)].map(drawn));
    machine.set_card(Some(card));
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

#[test]
fn a_key_that_bounces_is_not_pressed() {
    let (mut machine, mut centre, _) = shop();
    let begun = Alone::now(&machine);
    let second = Duration::from_secs(1);
    for tries in 1..=5 {
        machine.press_cancel_key(tries * second, Duration::from_millis(10));
    }
    machine.press_cancel_key(6 * second, Duration::from_millis(40));
    let ended = buys(&mut machine, &mut centre, &mut |_| Does::Nothing);
    assert_eq!(ended.reason, Some(Reason::CancelledByOperator));
    let took = Alone::now(&machine) - begun;
    assert!(took > 6 * second && took < 8 * second, "{took:?}");
}

#[test]
fn a_bus_that_is_held_down_keeps_nobody_waiting() {
    let new = NewCard { protocol: 1, convention: Convention::Direct, ..sample_card(Generation::V3) };
    let took = [Bus::Panel, Bus::Stuck].map(|bus| {
        let how = Start { bus, ..Start::default() };
        let Activation { ended, elapsed, log, .. } = activation_as(how, PHARMACY, &new, None);
        assert!(ended.reason.is_none() && ended.effects.activates, "{bus:?} {ended:?}: {log:#?}");
        elapsed
    });
    assert!(took[0].abs_diff(took[1]) < Duration::from_millis(50), "{took:?}");
}
