//! A card that is pulled out of a reader in the middle of a call, at each of its commands: every function says that the card is gone
//! (docs/card.md §1.10), and works again when it is back.
#![cfg(feature = "pcsc")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use qiyong_pcsc::server::{NewReader, Server};
use qiyong_pcsc::slot::{Slot, SlotFailure, Straight};
use qiyong_protocol::card::files::Generation;
use qiyong_sim::card::desk::DeskCard;
use support::{C, Desk, PIN, card, security_module};

/// A slot whose card is gone after so many commands.
struct Pulled {
    slot: Straight,
    left: Arc<AtomicUsize>,
}

impl Slot for Pulled {
    fn insert(&mut self, card: DeskCard) {
        self.slot.insert(card);
    }

    fn remove(&mut self) {
        self.slot.remove();
    }

    fn reset(&mut self) -> Result<Vec<u8>, SlotFailure> {
        self.slot.reset()
    }

    fn power_down(&mut self) {
        self.slot.power_down();
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), SlotFailure> {
        let one_less = |left: usize| left.checked_sub(1);
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).map_err(|_| SlotFailure::Empty)?;
        self.slot.transmit(command, response)
    }
}

/// With good parameters; no call changes what the next one needs.
const CALLS: [&str; 15] = [
    "iReadCardBas i1 o",
    "iReadCardBas_HSM_Step1 i1 o",
    "iReadCard i1 i1 \"\" \"SSSEEF05|07|$DF04EF05|81|$\" o",
    "iReadCard_HSM_Step1 i1 \"\" \"SSSEEF05|07|$\" o",
    "iVerifyPIN i1 o",
    "iChangePIN i1 o",
    "iWriteCard i1 \"\" \"SSSEEF06|0A|0D|$\" \"1|19810101|\" o",
    "iWriteCard_HSM_Step1 i1 \"\" \"SSSEEF06|0A|$\" o",
    "iReloadPIN i1 \"\" o",
    "iReloadPIN_HSM_Step1 i1 \"\" o",
    "iUnblockPIN i1 \"\" o",
    "iUnblockPIN_HSM_Step1 i1 \"\" o",
    "iDoDebit i1 \"\" \"0.1|0.2|20260302090000|\" o",
    "iDoDebit_HSM_Step1 i1 \"\" \"0.1|0.2|20260302090000|\" o",
    "iReadDebitRecord i1 o",
];
/// More commands than any call has.
const ALL: usize = 200;

#[test]
fn a_card_that_is_pulled_at_any_command_is_gone_and_nothing_else() {
    let desk = Desk::new(Generation::V3);
    desk.psam("", |_| ());
    desk.pins([PIN; 4]);
    let mut caller = desk.caller(C);
    card(Generation::V3).save(&desk.path("0.toml")).unwrap();
    let left = Arc::new(AtomicUsize::new(ALL));
    let slot = Box::new(Pulled { slot: Straight::default(), left: Arc::clone(&left) });
    let inside = Some(DeskCard::open(&desk.path("0.toml"), |_| {}).unwrap());
    let _server = Server::start(&desk.path("s"), vec![NewReader { slot, card: inside }], false, |_| {}).unwrap();
    desk.settings("source = reader any\npsam = file psam.toml\n");
    for call in CALLS {
        left.store(ALL, Ordering::SeqCst);
        let (result, text) = caller.call(call);
        assert_eq!(result, 0, "{call}: {text}");
        let commands = ALL - left.load(Ordering::SeqCst);
        for at in 0..commands {
            left.store(at, Ordering::SeqCst);
            let (result, text) = caller.call(call);
            assert_eq!(result, -2, "{call} at command {at} of {commands}: {text}");
            assert!(text.starts_with("无卡:卡已取出"), "{call} at command {at}: {text}");
        }
        println!("{:24} gone at each of {commands} commands: -2", call.split(' ').next().unwrap());
    }
    // Between two steps, and in the second.
    for at in 0..5 {
        left.store(ALL, Ordering::SeqCst);
        let (_, text) = caller.call("iReadCardBas_HSM_Step1 i1 o");
        let [internal, external] = security_module(&text);
        left.store(at, Ordering::SeqCst);
        let (result, text) = caller.call(&format!("iReadCardBas_HSM_Step2 \"{internal}|{external}|\" o"));
        assert_eq!((result, text.as_str()), (-2, "无卡:卡已取出"), "step 2 at command {at}");
    }
    left.store(ALL, Ordering::SeqCst);
    assert_eq!(caller.call("iVerifyPIN i1 o"), (0, String::new()), "it is back, and lost no try");
}
