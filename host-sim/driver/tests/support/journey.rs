//! The same small journey for callers in all languages: what each must print, line by line.

use std::fmt::Write as _;
use std::fs;

use qiyong_protocol::card::files::Generation;
use sscarddriver::boundary::FUNCTIONS;

use super::{Caller, Desk, PIN, card, security_module};

/// A name that no driver library has.
pub const NO_NAME: &str = "iNotThere";

/// What a caller in any language prints.
pub const EXPECTED: &str = "\
names that are not found: [\"iNotThere\"]
a card: 0 320100|111111198101011110|X00000019|320100D1560000050000000158488C82|张三|00855431008660260101000001|2.00|20260101|20360101|\
000000000000|FFFFFFFFFFFFFF|
iType 0: -1 卡类型不正确:iType应为1至4
a null pointer: -14
no card file: -2 无卡
a wrong PIN: -51 PIN校验失败:剩余次数2
the right PIN: 0
two steps with a security module: 0, 0 320100|111111198101011110|X00000019|
the card pulled between them: 0, -2 无卡:卡已取出
";

/// Makes the journey.
pub fn of(desk: &Desk, caller: &mut Caller) -> String {
    let mut film = String::new();
    let names = FUNCTIONS.iter().map(|function| function.name).chain([NO_NAME]);
    let missing: Vec<_> = names.filter(|name| !caller.has(name)).collect();
    let _ = writeln!(film, "names that are not found: {missing:?}");
    let mut say = |what: &str, (result, text): (i64, String)| {
        let _ = writeln!(film, "{}", format!("{what}: {result} {text}").trim_end());
    };
    desk.put(&card(Generation::V2));
    say("a card", caller.call("iReadCardBas i1 o"));
    say("iType 0", caller.call("iReadCardBas i0 o"));
    say("a null pointer", caller.call_untouched("iReadCardBas i1 z"));
    fs::remove_file(desk.card_file()).unwrap();
    say("no card file", caller.call("iReadCardBas i3 o"));
    desk.put(&card(Generation::V2));
    desk.pins(["111222"; 4]);
    say("a wrong PIN", caller.call("iVerifyPIN i1 o"));
    desk.pins([PIN; 4]);
    say("the right PIN", caller.call("iVerifyPIN i1 o"));
    for (what, is_pulled) in [("two steps with a security module", false), ("the card pulled between them", true)] {
        desk.put(&card(Generation::V3));
        let (first, text) = caller.call("iReadCardBas_HSM_Step1 i1 o");
        let [internal, external] = security_module(&text);
        if is_pulled {
            fs::remove_file(desk.card_file()).unwrap();
        }
        let (second, text) = caller.call(&format!("iReadCardBas_HSM_Step2 \"{internal}|{external}|\" o"));
        let start = text.match_indices('|').nth(2).map_or(text.len(), |(at, _)| at + 1);
        let _ = writeln!(film, "{what}: {first}, {second} {}", &text[..start]);
    }
    film
}
