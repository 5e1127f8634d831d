//! The PIN on the pad of the card's own reader: it goes to the card, and the library hears how that ended (docs/driver.md §D, `pin`).
#![cfg(feature = "pcsc")]

mod support;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use qiyong_pcsc::ctl::{self, Outcome, Verb};
use qiyong_pcsc::server::{NewReader, Server};
use qiyong_pcsc::slot::Straight;
use qiyong_protocol::card::files::Generation;
use qiyong_sim::card::desk::DeskCard;
use support::{C, Caller, Desk, PIN, card};

/// How long the holder waits to be asked.
const PATIENCE: Duration = Duration::from_secs(60);
const SETTINGS: &str = "source = reader any\npsam = file psam.toml\npin = pad\n";

fn serve(desk: &Desk, has_pad: bool) -> Server {
    card(Generation::V2).save(&desk.path("0.toml")).unwrap();
    let inside = Some(DeskCard::open(&desk.path("0.toml"), |_| {}).unwrap());
    let reader = NewReader { slot: Box::<Straight>::default(), card: inside };
    Server::start(&desk.path("s"), vec![reader], has_pad, |_| {}).unwrap()
}

/// Keys a PIN as soon as the pad awaits one; `x` is the cancel key, `-` takes the card out.
fn key(socket: &Path, what: &str) {
    let (verb, digits) = match what {
        "x" => (Verb::Cancel, ""),
        "-" => (Verb::Remove, ""),
        digits => (Verb::Key, digits),
    };
    let end = Instant::now() + PATIENCE;
    while !matches!(ctl::ask(socket, "", verb, digits.as_bytes()).unwrap(), Outcome::Done(_)) {
        assert!(Instant::now() < end, "nobody awaits {what}");
        thread::yield_now();
    }
}

/// Calls, and keys meanwhile.
fn call(desk: &Desk, caller: &mut Caller, call: &str, keys: &[&str]) -> (i64, String) {
    let socket = desk.path("s");
    thread::scope(|scope| {
        let holder = scope.spawn(|| keys.iter().for_each(|what| key(&socket, what)));
        let outcome = caller.call(call);
        holder.join().unwrap();
        outcome
    })
}

#[test]
fn what_is_keyed_on_the_readers_pad_is_the_cards_to_judge() {
    let desk = Desk::new(Generation::V2);
    desk.psam("", |_| ());
    let mut caller = desk.caller(C);
    let _server = serve(&desk, true);
    desk.settings(SETTINGS);
    let (verify, change) = ("iVerifyPIN i1 o", "iChangePIN i1 o");
    let new = "314159";
    for (function, keys, result, text) in [
        (verify, &[PIN][..], 0, ""),
        (verify, &["111222"], -51, "PIN校验失败:剩余次数2"),
        (verify, &["x"], -31, "用户取消密码输入"),
        (verify, &["12345678901234"], -33, "输入密码长度错误"),
        // None of these costs a try, and a right one gives the tries back.
        (verify, &[PIN], 0, ""),
        ("iReadCard i1 i1 \"\" \"DF04EF05|81|$\" o", &[PIN], 0, ""),
        ("iReadDebitRecord i1 o", &[PIN], 0, ""),
        ("iDoDebit i1 \"\" \"0.1|0.2|20260302090000|\" o", &["111222"], -51, "PIN校验失败:剩余次数2"),
        ("iDoDebit i1 \"\" \"0.1|0.2|20260302090000|\" o", &[PIN], 0, ""),
        (change, &[PIN, "x"], -31, "用户取消密码输入"),
        (change, &[PIN, new, "314158"], -34, "两次输入密码不一致"),
        (change, &[PIN, "3141592"], -33, "输入密码长度错误"),
        (change, &["111222", new, new], -51, "PIN校验失败:剩余次数2"),
        (change, &[PIN, new, new], 0, ""),
        (verify, &[PIN], -51, "PIN校验失败:剩余次数2"),
        (verify, &[new], 0, ""),
        // A PIN that would have to leave the pad.
        ("iReloadPIN i1 \"\" o", &[], -13, "(动态库)不支持该命令:读卡器的键盘不送出密码"),
        ("iUnblockPIN i1 \"\" o", &[], -13, "(动态库)不支持该命令:读卡器的键盘不送出密码"),
    ] {
        let (there, said) = call(&desk, &mut caller, function, keys);
        assert_eq!(there, result, "{function} {keys:?}: {said}");
        assert!(result == 0 || said == text, "{function} {keys:?}: {said}");
        assert!(keys.iter().all(|keyed| !said.contains(keyed) || *keyed == "x"), "{function}: {said}");
    }
}

#[test]
fn nobody_keys_no_card_is_left_and_the_tries_are_used_up() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let _server = serve(&desk, true);
    desk.settings("source = reader any\npin = pad\npin_seconds = 1\n");
    for function in ["iVerifyPIN i1 o", "iChangePIN i1 o"] {
        assert_eq!(caller.call(function), (-32, "密码输入操作超时".into()), "{function}");
    }
    desk.settings("source = reader any\npin = pad\n");
    for left in [2, 1, 0] {
        let outcome = call(&desk, &mut caller, "iVerifyPIN i1 o", &["111222"]);
        assert_eq!(outcome, (-51, format!("PIN校验失败:剩余次数{left}")));
    }
    assert_eq!(call(&desk, &mut caller, "iVerifyPIN i1 o", &[PIN]), (-52, "PIN锁定".into()));
    let outcome = call(&desk, &mut caller, "iChangePIN i1 o", &[PIN, "314159", "314159"]);
    assert_eq!(outcome, (-52, "PIN锁定".into()));
}

#[test]
fn a_card_that_is_taken_out_before_the_enter_key_is_gone() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let _server = serve(&desk, true);
    desk.settings("source = reader any\npin = pad\n");
    // The first entry is seen to be awaited, then the card is taken out, then the others are keyed.
    let outcome = call(&desk, &mut caller, "iChangePIN i1 o", &[PIN, "-", "314159", "314159"]);
    assert_eq!(outcome, (-2, "无卡:卡已取出".into()));
}

#[test]
fn without_a_pad_in_the_reader_there_is_no_pin() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let server = serve(&desk, false);
    desk.settings("source = reader any\npin = pad\n");
    for function in ["iVerifyPIN i1 o", "iChangePIN i1 o"] {
        assert_eq!(caller.call(function), (-13, "(动态库)不支持该命令:读卡器没有密码键盘".into()), "{function}");
    }
    drop(server);
    desk.settings("source = file card.toml\npin = pad\n");
    for function in ["iVerifyPIN i1 o", "iChangePIN i1 o"] {
        assert_eq!(caller.call(function), (-13, "(动态库)不支持该命令:没有密码键盘".into()), "{function}");
    }
}
