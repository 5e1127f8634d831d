//! Cards of version 3.00: the steps with a centre's security module (docs/card.md §1.9, docs/driver.md §A.3).

mod support;

use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_sim::card::os::VirtualCard;
use support::{C, Desk, new_card, security_module};

#[test]
fn a_card_of_version_3_is_read_in_two_steps_and_in_both_forms_of_the_result() {
    let desk = Desk::new(Generation::V3);
    let mut caller = desk.caller(C);
    assert_eq!(caller.call("iReadCardBas i1 o"), (-2201, "无PSAM卡".into()));
    for with_bars in [true, false] {
        let (result, text) = caller.call("iReadCardBas_HSM_Step1 i1 o");
        assert_eq!(result, 0, "{text}");
        assert!(!text.contains(support::ID_NUMBER) && !text.contains("X00000019"), "nothing of the holder yet: {text}");
        let [internal, external] = security_module(&text);
        let factor = text.split('|').nth(6).unwrap();
        let key = if with_bars {
            format!("{internal}|{external}|")
        } else {
            format!("{internal}{:016}{external}{factor}", 0)
        };
        let (result, text) = caller.call(&format!("iReadCardBas_HSM_Step2 \"{key}\" o"));
        assert_eq!(result, 0, "{text}");
        assert!(text.starts_with("320100|111111198101011110|X00000019|320100D15600000500"), "{text}");
        assert_eq!(text.matches('|').count(), 11);
        assert!(text.contains("|张三|") && text.contains("|3.00|20260101|20360101|"), "{text}");
        // What the first step left is used up.
        assert_eq!(caller.call(&format!("iReadCardBas_HSM_Step2 \"{key}\" o")).0, -12);
    }
}

#[test]
fn any_records_are_read_in_two_steps() {
    let desk = Desk::new(Generation::V3);
    let mut caller = desk.caller(C);
    let mut both = |card: &str, files: &str| {
        let (result, text) = caller.call(&format!("iReadCard_HSM_Step1 i1 \"{card}\" \"{files}\" o"));
        if result != 0 {
            return (result, text);
        }
        let [internal, external] = security_module(&text);
        caller.call(&format!("iReadCard_HSM_Step2 \"{internal}|{external}|\" o"))
    };
    assert_eq!(both("", "SSSEEF05|07|$3F00EF06|09|0D|$"), (0, "X00000019|$张三|19810101|$".into()));
    assert_eq!(both("|X00000019|", "SSSEEF05|03|07|$"), (0, "3.00|X00000019|$".into()));
    assert_eq!(both("|X00000020|", "SSSEEF05|07|$").0, -22);
    assert_eq!(both("320100D1560000050000000000000000|", "SSSEEF05|07|$").0, -22);
    assert_eq!(both("", "SSSEEF05|01|03|$").0, -2204, "these are free");
    assert_eq!(both("", "DF04EF05|81|$").0, -13);
    assert_eq!(both("", "SSSEEF05|07$|").0, -14);
    assert_eq!(both("", "SSSEEF05|55|$").0, -27267);
    assert_eq!(both("", "DF09EF05|55|$").0, -27266);
}

#[test]
fn a_wrong_result_accuses_the_one_that_is_wrong() {
    let desk = Desk::new(Generation::V3);
    let mut caller = desk.caller(C);
    let wrong = "0000000000000000";
    let mut step_2 = |make: &dyn Fn(&str, &str) -> String| {
        let (result, text) = caller.call("iReadCardBas_HSM_Step1 i3 o");
        assert_eq!(result, 0, "{text}");
        let [internal, external] = security_module(&text);
        caller.call(&format!("iReadCardBas_HSM_Step2 \"{}\" o", make(&internal, &external)))
    };
    assert_eq!(step_2(&|_, external| format!("{wrong}|{external}|")), (-21, "内部认证失败(用户卡不合法)".into()));
    let (result, text) = step_2(&|internal, _| format!("{internal}|{wrong}|"));
    assert_eq!((result, text.as_str()), (-25, "外部认证失败:剩余次数14"));
    assert_eq!(step_2(&|internal, external| format!("{internal}|{external}")).0, 0);
    assert_eq!(step_2(&|internal, _| format!("{internal}|")).0, -42);
    assert_eq!(step_2(&|_, _| "g".repeat(64)).0, -41);
    // Another call in between takes the card's power, and with it what the first step was for.
    assert_eq!(caller.call("iReadCardBas_HSM_Step1 i1 o").0, 0);
    assert_eq!(caller.call("iReadCardBas i1 o").0, -2201);
    assert_eq!(caller.call("iReadCardBas_HSM_Step2 \"x\" o").0, -12);
    // So does the second step of the other function.
    assert_eq!(caller.call("iReadCardBas_HSM_Step1 i1 o").0, 0);
    assert_eq!(caller.call("iReadCard_HSM_Step2 \"x\" o").0, -12);
}

#[test]
fn a_forged_card_is_not_genuine() {
    let desk = Desk::new(Generation::V3);
    let new = qiyong_protocol::card::issue::NewCard { genuine: false, ..new_card(Generation::V3) };
    desk.put(&VirtualCard::personalised(&new, &Hsm::test_keys().issue(&new).unwrap()));
    let mut caller = desk.caller(C);
    let (_, text) = caller.call("iReadCardBas_HSM_Step1 i1 o");
    let [internal, external] = security_module(&text);
    assert_eq!(caller.call(&format!("iReadCardBas_HSM_Step2 \"{internal}|{external}|\" o")).0, -21);
}

#[test]
fn between_two_steps_nobody_else_has_the_card() {
    let desk = Desk::new(Generation::V3);
    let (mut one, mut other) = (desk.caller(C), desk.caller(C));
    assert_eq!(one.call("iReadCardBas_HSM_Step1 i1 o").0, 0);
    assert_eq!(other.call("iReadCardBas i1 o"), (-103, "读卡器忙".into()));
    assert_eq!(one.call("iReadCardBas_HSM_Step2 \"\" o").0, -42);
    assert_eq!(other.call("iReadCardBas i1 o").0, -2201);
}
