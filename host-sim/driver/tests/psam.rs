//! With a PSAM: the library proves the caller to the card by itself (docs/card.md §1.7, docs/driver.md §D).

mod support;

use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::psam::{DEBIT, READ_SSSE, WRITE_SSSE};
use qiyong_sim::psam::VirtualPsam;
use support::{C, Desk, PIN, card};

fn lose(psam: &mut VirtualPsam, number: u8) {
    for keys in [&mut psam.triple_des, &mut psam.sm4].into_iter().flatten() {
        keys.retain(|key| key.number != number);
    }
}

#[test]
fn a_card_of_version_3_is_read_and_the_psam_names_the_terminal() {
    let desk = Desk::new(Generation::V3);
    let mut caller = desk.caller(C);
    assert_eq!(caller.call("iReadCardBas i1 o").0, -2201);
    desk.psam("", |_| ());
    let (result, text) = caller.call("iReadCardBas i1 o");
    assert_eq!(result, 0, "{text}");
    assert!(text.starts_with("320100|111111198101011110|X00000019|320100D15600000500"), "{text}");
    assert!(text.ends_with("|3.00|20260101|20360101|410100813475|FFFFFFFFFFFFFF|"), "{text}");
    for step_1 in ["iReadCardBas_HSM_Step1 i1 o", "iReloadPIN_HSM_Step1 i1 \"\" o"] {
        assert!(caller.call(step_1).1.ends_with("|410100813475|FFFFFFFFFFFFFF|"), "{step_1}");
    }
    for generation in [Generation::V1, Generation::V2] {
        desk.put(&card(generation));
        let (result, text) = caller.call("iReadCardBas i3 o");
        assert_eq!(result, 0, "{text}");
        assert!(text.ends_with("|410100813475|FFFFFFFFFFFFFF|"), "{text}");
    }
}

#[test]
fn each_lack_of_a_psam_has_its_code() {
    let desk = Desk::new(Generation::V3);
    let mut caller = desk.caller(C);
    let mut read = |change: &dyn Fn(&mut VirtualPsam), more: &str| {
        desk.psam(more, change);
        caller.call("iReadCardBas i1 o")
    };
    assert_eq!(read(&|_| (), "").0, 0);
    assert_eq!(read(&|psam| psam.sm4 = None, "").0, -2202);
    assert_eq!(read(&|psam| psam.triple_des = None, "").0, 0, "3DES is another card's");
    assert_eq!(read(&|psam| lose(psam, READ_SSSE.number), "").0, -2203);
    let one_level = |psam: &mut VirtualPsam| {
        psam.sm4.iter_mut().flatten().for_each(|key| key.usage = key.usage & 0x1F | 0x20);
    };
    assert_eq!(read(&one_level, "").0, -24);
    assert_eq!(
        read(&|_| (), "psam_filling = 00\n"),
        (-25, "外部认证失败:剩余次数14".into()),
        "not how this card fills up"
    );
    assert_eq!(read(&|_| (), "").0, 0, "the right one gives the tries back");
    desk.settings("source = file card.toml\npsam = file nothing.toml\n");
    assert_eq!(caller.call("iReadCardBas i1 o"), (-2201, "无PSAM卡".into()));
    desk.settings("source = file card.toml\npsam = file card.toml\n");
    let (result, text) = caller.call("iReadCardBas i1 o");
    assert_eq!(result, -11, "{text}");
    assert!(text.contains("PSAM") && !text.contains("271828"), "{text}");
    // A card that needs no PSAM does not mind a broken one.
    desk.put(&card(Generation::V2));
    assert!(caller.call("iReadCardBas i1 o").1.ends_with("|000000000000|FFFFFFFFFFFFFF|"));
}

/// docs/card.md §1.4, §1.5.
#[test]
fn keys_open_records_one_application_after_the_other() {
    let desk = Desk::new(Generation::V3);
    desk.psam("", |_| ());
    let mut caller = desk.caller(C);
    let mut read =
        |auth: u8, card: &str, files: &str| caller.call(&format!("iReadCard i1 i{auth} \"{card}\" \"{files}\" o"));
    let all = "SSSEEF05|07|$SSSEEF06|09|$DF01EF05|20|$DF07EF05|F1|$DF07EF06|F5|$DF02EF05|42|$SSSEEF06|0A|$";
    assert_eq!(read(2, "|X00000019|", all), (0, "X00000019|$张三|$|$|$|$|$1|$".into()));
    assert_eq!(read(2, "|X00000020|", "SSSEEF06|09|$").0, -22);
    assert_eq!(read(2, "", "DF04EF06|90|$").0, -13, "PIN and key, and there is no pad");
    desk.pins([PIN, "", "", ""]);
    assert_eq!(read(2, "", "DF04EF06|90|$").0, 0);
    assert_eq!(read(1, "", "DF04EF06|90|$DF04EF05|81|$").0, 0);
    desk.psam("", |psam| lose(psam, 0x2E));
    assert_eq!(read(2, "", "DF01EF05|20|$"), (-24, "PSAM卡密钥级别不够:PSAM密钥2E,SW=6A88".into()));
}

#[test]
fn records_are_written_and_read_again_with_and_without_a_mac() {
    for (generation, more) in [
        (Generation::V1, ""),
        (Generation::V2, "write_mac = yes\n"),
        (Generation::V3, "write_mac = yes\n"),
        (Generation::V3, "write_mac = no\n"),
    ] {
        let desk = Desk::new(generation);
        desk.psam(more, |_| ());
        let mut caller = desk.caller(C);
        let mut write = |files: &str, data: &str| caller.call(&format!("iWriteCard i1 \"\" \"{files}\" \"{data}\" o"));
        assert_eq!(write("SSSEEF06|09|0D|0A|$", "李亅四|19810203|2|$"), (0, String::new()), "{more}");
        assert_eq!(write("DF01EF05|20|$", "7"), (0, String::new()));
        assert_eq!(write("SSSEEF06|09|0D|$", "李四|1981020|").0, 0, "digits may be few");
        assert_eq!(write("SSSEEF06|09|0D|$", "李四|"), (-23, "传入数据不合法:应为2项,实为1项".into()));
        assert_eq!(write("SSSEEF06|09|0D|$", "李四|1981-2-3|"), (-23, "传入数据不合法:第2项".into()));
        assert_eq!(write("SSSEEF06|09|$DF01EF05|20|$", "李四|").0, -14);
        assert_eq!(write("SSSEEF06|55|$", "李四|").0, -27267);
        assert_eq!(write("DF04EF06|90|$", "1|"), (-24, "PSAM卡密钥级别不够:PSAM无此文件的密钥".into()));
        assert_eq!(write("DF04EF08|01|$", "1|").0, -13, "no file of such records");
        let (result, text) = caller.call("iReadCard i1 i2 \"\" \"SSSEEF06|09|0D|0A|$DF01EF05|20|$\" o");
        assert_eq!((result, text.as_str()), (0, "李四|1981020|2|$7|$"), "{more}");
    }
}

/// docs/card.md §1.10.
#[test]
fn what_keeps_a_caller_from_writing() {
    let desk = Desk::new(Generation::V3);
    let mut caller = desk.caller(C);
    let mut write = |card: &str| caller.call(&format!("iWriteCard i1 \"{card}\" \"SSSEEF06|0A|$\" \"2|\" o"));
    assert_eq!(write("").0, -2201);
    desk.psam("", |psam| lose(psam, WRITE_SSSE.number));
    assert_eq!(write("").0, -24);
    desk.psam("", |psam| psam.sm4 = None);
    assert_eq!(write("").0, -2202);
    desk.psam("", |_| ());
    assert_eq!(write("320100D1560000050000000000000000|").0, -22);
    assert_eq!(write("").0, 0);
    // A PSAM of another centre.
    desk.psam("", |psam| {
        for key in psam.sm4.iter_mut().flatten() {
            key.key = qiyong_protocol::card::keys::Key::new(key.key.algorithm(), [7; 16]);
        }
    });
    assert_eq!(write(""), (-25, "外部认证失败:剩余次数14".into()));
}

#[test]
fn a_pin_is_set_anew_and_a_locked_one_gets_its_tries_back() {
    for generation in Generation::ALL {
        let desk = Desk::new(generation);
        let mut caller = desk.caller(C);
        desk.pins(["31415926", "", "31415926", "31415926"]);
        assert_eq!(caller.call("iReloadPIN i1 \"\" o").0, -2201);
        assert_eq!(caller.call("iUnblockPIN i1 \"\" o").0, -2201);
        let mut locked = desk.card();
        locked.pin.left = 0;
        desk.put(&locked);
        desk.psam("", |_| ());
        assert_eq!(caller.call("iVerifyPIN i1 o").0, -52);
        assert_eq!(caller.call("iUnblockPIN i1 \"\" o").0, -51, "it is not the card's PIN");
        assert_eq!(caller.call("iReloadPIN i1 \"\" o"), (0, String::new()), "{generation:?}");
        assert_eq!(caller.call("iVerifyPIN i1 o"), (0, String::new()));
        let mut locked = desk.card();
        locked.pin.left = 0;
        desk.put(&locked);
        assert_eq!(caller.call("iUnblockPIN i1 \"\" o"), (0, String::new()), "{generation:?}");
        assert_eq!(caller.call("iVerifyPIN i1 o"), (0, String::new()));
        desk.pins(["", "", "314159265", "314159265"]);
        assert_eq!(caller.call("iReloadPIN i1 \"\" o"), (-33, "输入密码长度错误:应为4至8位".into()));
        desk.pins(["", "", "314159", "314158"]);
        assert_eq!(caller.call("iReloadPIN i1 \"\" o").0, -34);
        desk.pins(["", "", "123456", "123456"]);
        assert_eq!(caller.call("iReloadPIN i1 \"\" o").0, -36);
        assert_eq!(caller.call("iReloadPIN i1 \"00|\" o").0, -22);
    }
}

#[test]
fn a_payment_is_noted_by_the_card_and_read_again() {
    for generation in Generation::ALL {
        let desk = Desk::new(generation);
        let mut caller = desk.caller(C);
        let debit = |pay: &str| format!("iDoDebit i1 \"\" \"{pay}\" o");
        let pay = debit("0.1|0.2|20151118185001|");
        assert_eq!(caller.call(&pay).0, -2201);
        desk.psam("", |_| ());
        assert_eq!(caller.call(&pay).0, -13, "no pad");
        desk.pins(["123456", "", "", ""]);
        assert_eq!(caller.call(&pay).0, -51);
        desk.pins([PIN, "", "", ""]);
        for serial in ["0001", "0002", "0003"] {
            let (result, text) = caller.call(&pay);
            assert_eq!(result, 0, "{generation:?} {text}");
            let fields: Vec<_> = text.split('|').collect();
            let [ident, number, terminal, own, time, personal, pooled, tac, mac_2, ""] = fields[..] else {
                panic!("nine fields: {text}")
            };
            assert_eq!((ident.len(), number, terminal, own.len()), (32, serial, "410100813475", 8));
            assert_eq!((time, personal, pooled), ("20151118185001", "0.10", "0.20"));
            assert_eq!((tac.len(), mac_2.len()), (8, 8));
        }
        let (result, text) = caller.call("iReadDebitRecord i1 o");
        let row = |serial: u8| format!("{serial:04}|1|410100813475|20151118185001|0.10|0.20|0.30|$");
        assert_eq!((result, text), (0, [3, 2, 1].map(row).concat()));
        for bad in ["", "0.1|0.2|", "0.1|0.2|20151318185001|", "0.123|0.2|20151118185001|"] {
            assert_eq!(caller.call(&debit(bad)).0, -14, "{bad}");
        }
        desk.psam("", |psam| lose(psam, DEBIT.number));
        assert_eq!(caller.call(&pay).0, -24);
    }
}

#[test]
fn an_initial_pin_pays_nothing_and_many_records_are_cut_between_two() {
    let desk = Desk::new(Generation::V2);
    desk.psam("", |_| ());
    let mut caller = desk.caller(C);
    let mut initial = desk.card();
    initial.pin.value = qiyong_protocol::card::pin::Pin::new(b"011110").unwrap();
    desk.put(&initial);
    desk.pins(["011110", "", "", ""]);
    let pay = "iDoDebit i1 \"\" \"12.30|0|20260302090000|\" o";
    assert_eq!(caller.call(pay), (-35, "初始密码不能交易".into()));
    assert_eq!(caller.call("iReadDebitRecord i1 o"), (0, String::new()), "nothing was noted");
    desk.put(&card(Generation::V2));
    desk.pins([PIN, "", "", ""]);
    for _ in 0..7 {
        assert_eq!(caller.call(pay).0, 0);
    }
    let (result, text) = caller.call("iReadDebitRecord i1 o");
    assert_eq!((result, text.matches('$').count()), (0, 4), "{text}");
    assert!(text.starts_with("0007|1|410100813475|20260302090000|12.30|0.00|12.30|$0006|") && text.ends_with('$'));
}
