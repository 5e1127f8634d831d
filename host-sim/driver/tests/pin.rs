//! The PIN: it comes from a pad's library beside this one, and every try counts (docs/card.md §1.6, §2.2, docs/driver.md §A.2).

mod support;

use qiyong_protocol::card::files::Generation;
use support::{C, Desk, PIN};

#[test]
fn without_a_pad_there_is_no_pin_and_a_broken_one_is_named() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    assert_eq!(caller.call("iVerifyPIN i1 o"), (-13, "(动态库)不支持该命令:没有密码键盘".into()));
    std::fs::write(desk.path("libTerminalProtocolKeyboard.so"), "no library").unwrap();
    let (result, text) = caller.call("iVerifyPIN i1 o");
    assert_eq!(result, -5, "{text}");
    assert!(text.ends_with("libTerminalProtocolKeyboard.so"), "{text}");
}

#[test]
fn a_right_pin_gives_an_empty_text_and_wrong_ones_lock_it() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    desk.pins([PIN; 4]);
    assert_eq!(caller.call("iVerifyPIN i1 o"), (0, String::new()));
    desk.pins(["111222"; 4]);
    for left in [2, 1, 0] {
        assert_eq!(caller.call("iVerifyPIN i3 o"), (-51, format!("PIN校验失败:剩余次数{left}")));
    }
    desk.pins([PIN; 4]);
    assert_eq!(caller.call("iVerifyPIN i4 o"), (-52, "PIN锁定".into()));
    assert_eq!(caller.call("iChangePIN i1 o").0, -52);
}

#[test]
fn what_the_pad_says_is_what_the_caller_gets() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    for (keyed, result) in
        [("-31", -31), ("-32", -32), ("-33", -33), ("-34", -34), ("-7", -11), ("123", -33), ("", -33)]
    {
        desk.pins([keyed; 4]);
        let (there, text) = caller.call("iVerifyPIN i1 o");
        assert_eq!(there, result, "{keyed}: {text}");
    }
    desk.pins(["12345678901234567"; 4]);
    assert_eq!(caller.call("iVerifyPIN i1 o"), (-33, "输入密码长度错误".into()));
    // None of these cost a try.
    desk.pins(["111222"; 4]);
    assert_eq!(caller.call("iVerifyPIN i1 o").1, "PIN校验失败:剩余次数2");
}

#[test]
fn a_pin_is_changed_to_one_that_is_keyed_twice_and_is_not_initial() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let mut change = |old, new, again| {
        desk.pins(["", old, new, again]);
        caller.call("iChangePIN i1 o")
    };
    assert_eq!(change(PIN, "314159", "314158"), (-34, "两次输入密码不一致".into()));
    for initial in ["123456", "011110", "000019"] {
        assert_eq!(change(PIN, initial, initial), (-36, "不能改为初始密码".into()));
    }
    assert_eq!(change("111222", "314159", "314159"), (-51, "PIN校验失败:剩余次数2".into()));
    assert_eq!(change(PIN, "3141592", "3141592"), (0, String::new()));
    desk.pins(["3141592", "", "", ""]);
    assert_eq!(caller.call("iVerifyPIN i1 o").0, 0);
    // An odd number of digits has a filling of its own before the byte that parts old and new.
    desk.pins(["", "3141592", "2718", "2718"]);
    assert_eq!(caller.call("iChangePIN i1 o").0, 0);
}

/// docs/card.md §1.4, §1.5.
#[test]
fn records_that_the_pin_opens_are_read_after_it() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let mut read =
        |auth: u8, card: &str, files: &str| caller.call(&format!("iReadCard i1 i{auth} \"{card}\" \"{files}\" o"));
    assert_eq!(read(2, "", "SSSEEF05|07|$SSSEEF06|08|09|0A|$").1, "X00000019|$111111198101011110|张三|1|$");
    assert_eq!(read(1, "", "DF04EF05|81|$").0, -13, "no pad");
    desk.pins([PIN, "", "", ""]);
    assert_eq!(read(1, "|X00000019|", "DF04EF05|81|$SSSEEF05|07|$").0, 0);
    assert_eq!(read(2, "", "DF04EF05|81|$").0, -2201);
    assert_eq!(read(1, "", "DF04EF06|90|$").0, -2201, "the PIN alone does not open it");
    assert_eq!(read(1, "|X00000020|", "SSSEEF05|07|$").0, -22);
    assert_eq!(read(3, "", "SSSEEF05|07|$").0, -14);
    assert_eq!(read(1, "", "SSSEEF08|01|$").0, -13);
    let all = "SSSEEF06|08|09|$".repeat(11);
    assert_eq!(read(1, "", &all), (-42, "运算数据长度错误:结果超过255字节,请分次读取".into()));
}
