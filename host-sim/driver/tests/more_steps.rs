//! Writing, PIN and payment by the steps with a centre's security module (docs/card.md §1.9, docs/driver.md §D).

mod support;

use qiyong_protocol::card::debit::{Begun, Debit};
use qiyong_protocol::card::files::{Generation, key};
use qiyong_protocol::card::keys::{Algorithm, Key};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::sealed::{encipher, pin_block};
use support::{Asked, C, Caller, Desk, PIN, module_for};

fn step_1(caller: &mut Caller, call: &str) -> String {
    let (result, text) = caller.call(call);
    assert_eq!(result, 0, "{call}: {text}");
    text
}

#[test]
fn records_are_written_in_two_steps() {
    for generation in Generation::ALL {
        let desk = Desk::new(generation);
        let mut caller = desk.caller(C);
        let first = |files: &str| format!("iWriteCard_HSM_Step1 i1 \"\" \"{files}\" o");
        for (files, data, id) in
            [("SSSEEF06|0A|0D|$", "2|19810203|", key::UPDATE_SSSE), ("DF01EF05|21|$", "某街1号|", key::DF_FIRST)]
        {
            let text = step_1(&mut caller, &first(files));
            let [internal, external] = module_for(&text, id);
            let second = format!("iWriteCard_HSM_Step2 \"{internal}|{external}|\" \"{data}\" o");
            assert_eq!(caller.call(&second), (0, String::new()), "{generation:?} {files}");
            assert_eq!(caller.call(&second).0, -12, "it is used up");
        }
        let written = desk.card();
        assert_eq!(written.ssse_value(0xEF06, 0x0A), Some(&b"2"[..]));
        assert_eq!(written.ssse_value(0xEF06, 0x0D), Some(&[0x19, 0x81, 0x02, 0x03][..]));
        // Data that is wrong is refused before the card hears of it.
        let text = step_1(&mut caller, &first("SSSEEF06|0A|$"));
        let [internal, external] = module_for(&text, key::UPDATE_SSSE);
        assert_eq!(caller.call(&format!("iWriteCard_HSM_Step2 \"{internal}|{external}|\" \"22|\" o")).0, -23);
        // The key that only reads does not write.
        let text = step_1(&mut caller, &first("SSSEEF06|0A|$"));
        let [internal, external] = module_for(&text, key::READ_SSSE);
        assert_eq!(caller.call(&format!("iWriteCard_HSM_Step2 \"{internal}|{external}|\" \"1|\" o")).0, -25);
        assert_eq!(caller.call(&first("SSSEEF06|0A|$SSSEEF05|07|$")).0, -14);
    }
}

/// What a module makes of the text of step 2: the data of the command.
fn command_data(text: &str, puk: &Key) -> String {
    let fields: Vec<_> = text.split('|').collect();
    let [algorithm, address, challenge, head, pin, ""] = fields[..] else { panic!("five fields: {text}") };
    assert!(["009010", "000011"].contains(&address), "{text}");
    let challenge = hex::decode(challenge).unwrap().try_into().unwrap();
    let head = hex::decode(head).unwrap();
    let pin = Pin::new(pin.as_bytes()).unwrap();
    let secret = if head[0] == 0x80 {
        pin.card_block().as_bytes().to_vec()
    } else {
        let algorithm = if algorithm == "03" { Algorithm::Sm4 } else { Algorithm::TripleDes };
        let mut block = pin_block(algorithm, &pin).unwrap();
        assert!(encipher(puk, &mut block));
        block.to_vec()
    };
    let mac = puk.mac(challenge, &[&head, &secret]);
    hex::encode_upper([&secret[..], &mac].concat())
}

#[test]
fn a_pin_is_set_anew_or_unblocked_in_three_steps() {
    for generation in Generation::ALL {
        let desk = Desk::new(generation);
        let mut caller = desk.caller(C);
        desk.pins(["3141592", "", "3141592", "3141592"]);
        for name in ["iReloadPIN", "iUnblockPIN"] {
            let mut locked = desk.card();
            locked.pin.left = 0;
            desk.put(&locked);
            let text = step_1(&mut caller, &format!("{name}_HSM_Step1 i1 \"\" o"));
            let puk = Asked::read(&text).keys.puk;
            let [internal, external] = module_for(&text, key::READ_SSSE);
            let text = step_1(&mut caller, &format!("{name}_HSM_Step2 \"{internal}|{external}|\" o"));
            let third = format!("{name}_HSM_Step3 \"{}\" o", command_data(&text, &puk));
            assert_eq!(caller.call(&third), (0, String::new()), "{generation:?} {name}");
            assert_eq!(caller.call(&third).0, -12);
            assert_eq!(caller.call("iVerifyPIN i1 o"), (0, String::new()), "{generation:?} {name}");
        }
        // A wrong MAC changes nothing; a step of the other function, and a text of another form, neither.
        for (third, key, result) in [
            ("iReloadPIN_HSM_Step3", "", -42),
            ("iReloadPIN_HSM_Step3", "GG", -41),
            ("iReloadPIN_HSM_Step3", "long", if generation == Generation::V3 { -27016 } else { -42 }),
            ("iUnblockPIN_HSM_Step3", "", -12),
            ("iReloadPIN_HSM_Step2", "", -12),
        ] {
            let text = step_1(&mut caller, "iReloadPIN_HSM_Step1 i1 \"\" o");
            let [internal, external] = module_for(&text, key::READ_SSSE);
            step_1(&mut caller, &format!("iReloadPIN_HSM_Step2 \"{internal}|{external}|\" o"));
            let key = if key == "long" { "00".repeat(20) } else { key.into() };
            assert_eq!(caller.call(&format!("{third} \"{key}\" o")).0, result, "{third} {key}");
        }
        assert_eq!(caller.call("iVerifyPIN i1 o").0, 0);
    }
}

#[test]
fn a_payment_is_noted_in_two_steps_and_the_tac_is_the_cards_own() {
    for generation in Generation::ALL {
        let desk = Desk::new(generation);
        desk.settings("source = file card.toml\nterminal = 320100000001\n");
        desk.pins([PIN, "", "", ""]);
        let mut caller = desk.caller(C);
        let first = "iDoDebit_HSM_Step1 i1 \"|X00000019|\" \"12.30|0.70|20260302090000|\" o";
        let first = if generation == Generation::V3 { first.replace("|X00000019|", "") } else { first.into() };
        let mut debit = |bend: &dyn Fn(String, String) -> String| {
            let text = step_1(&mut caller, &first);
            let asked = Asked::read(&text);
            let (_, key) = asked.keys.external.iter().find(|(id, _)| *id == qiyong_protocol::card::debit::KEY).unwrap();
            let factor = asked.values[0].as_slice().try_into().unwrap();
            let mac = hex::encode_upper(key.diversify(factor).mac([0; 8], &[&asked.values[1]]));
            let second = caller.call(&format!("iDoDebit_HSM_Step2 \"{}\" o", bend(asked.internal(), mac)));
            (second, key.clone(), factor)
        };
        for _ in 0..2 {
            let ((result, text), key, factor) = debit(&|internal, mac| format!("{internal}|{mac}|"));
            assert_eq!(result, 0, "{generation:?} {text}");
            let fields: Vec<_> = text.split('|').collect();
            let noted = Debit {
                personal: 1230,
                pooled: 70,
                terminal: [0x32, 0x01, 0, 0, 0, 1],
                time: [0x20, 0x26, 0x03, 0x02, 0x09, 0, 0],
            };
            let serial = u16::from_str_radix(fields[1], 16).unwrap();
            assert_eq!(fields[7], hex::encode_upper(noted.tac(&key, serial)));
            let own: [u8; 4] = hex::decode(fields[3]).unwrap().try_into().unwrap();
            let begun = Begun { serial, random: factor.first_chunk().copied().unwrap() };
            assert_eq!(begun.factor(own), factor);
            assert_eq!(fields[8], hex::encode_upper(Debit::mac(&key, &begun, own, &noted.mac_2_data())));
        }
        assert_eq!(debit(&|_, mac| format!("{:016}|{mac}|", 0)).0.0, -21);
        assert_eq!(debit(&|internal, _| format!("{internal}|00000000|")).0.0, -27016, "MAC wrong");
        assert_eq!(debit(&|internal, _| format!("{internal}|0000|")).0.0, -42);
        assert_eq!(debit(&|internal, _| format!("{internal}|0000000G|")).0.0, -41);
        assert_eq!(debit(&|internal, _| internal).0.0, -42);
        let (_, text) = caller.call("iReadDebitRecord i1 o");
        assert!(text.starts_with("0002|") && text.matches('$').count() == 2, "{text}");
    }
}
