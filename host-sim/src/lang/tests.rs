use super::{Catalogue, Lang, Unusable};

fn catalogue(text: &str) -> Catalogue {
    Catalogue::new(&[("test", text)])
}

#[test]
fn what_a_placeholder_holds_is_said_in_turn() {
    let catalogue = catalogue(
        "'cannot read {file}: {error}' = '无法读取 {file}：{error}'\n'the card {} is {}' = '{1}的卡 {0}'\nlocked = '已锁定'\n'no room' = '空间不足'",
    );
    for (english, chinese) in [
        ("cannot read locked: no room", "无法读取 locked：空间不足"),
        ("cannot read a: the card 7 is locked", "无法读取 a：已锁定的卡 7"),
        ("the card X is locked ", "已锁定的卡 X "),
        ("card.toml: no room", "card.toml: 空间不足"),
        ("locked, no room", "已锁定，空间不足"),
        ("  7   locked   9", "  7   已锁定   9"),
        ("no such text", "no such text"),
        ("the file name: of a thing", "the file name: of a thing"),
    ] {
        assert_eq!(catalogue.say(english), chinese);
    }
}

#[test]
fn marks_codes_and_names_stay_where_they_are() {
    let catalogue = catalogue("locked = '已锁定'\n'card data' = '卡数据'");
    for (english, chinese) in [
        ("   → locked", "   → 已锁定"),
        ("━━ 1. locked ━━━", "━━ 1. 已锁定 ━━━"),
        ("locked P32010000017", "已锁定 P32010000017"),
        ("card data \"20360302\"", "卡数据 \"20360302\""),
        ("SELECT file EF05 card data", "SELECT file EF05 卡数据"),
        ("locked [a, b]", "已锁定 [a, b]"),
        ("it cannot be (无法完成)", "无法完成"),
        ("SELECT x (sx1.sh.社会保障)", "SELECT x (sx1.sh.社会保障)"),
        ("#   card data  locked", "#   卡数据     已锁定"),
    ] {
        assert_eq!(catalogue.say(english), chinese);
    }
}

#[test]
fn what_explains_most_counts() {
    let catalogue = catalogue(
        "'before  {}' = '之前  {}'\n'{status}  social {}  bank {}' = '{=status}  社保 {}  银行 {}'\n'{} is in {}' = '{} 在 {} 里'",
    );
    assert_eq!(catalogue.say("before  Active  social yes  bank no"), "之前  Active  社保 yes  银行 no");
    // A template with few letters is not taken for what others mean.
    assert_eq!(catalogue.say("the program of the bank is in good health"), "the program of the bank is in good health");
    assert_eq!(catalogue.say("a.toml is in r2"), "a.toml 在 r2 里");
}

#[test]
fn what_stands_behind_a_screens_bar_stays() {
    // A screen's words are in both languages: only what stands before its bar is said.
    let screen =
        catalogue("'{at}  screen  │ {}' = '{at}  屏幕    │ {=0}'\n'Paid' = '已支付'\n'card activated' = '卡已启用'");
    assert_eq!(
        screen.say("1.2  screen  │ 卡已启用  Paid, card activated"),
        "1.2  屏幕    │ 卡已启用  Paid, card activated"
    );
}

#[test]
fn the_longest_literal_text_counts_whatever_the_order() {
    let (short, long) = ("'a {}' = '短 {}'", "'a {} of {}' = '长 {0} {1}'");
    for text in [format!("{short}\n{long}"), format!("{long}\n{short}")] {
        assert_eq!(catalogue(&text).say("a b of c"), "长 b c");
        assert_eq!(catalogue(&text).say("a b"), "短 b");
    }
}

#[test]
fn what_cannot_be_used_is_told_and_left_out() {
    for text in ["'a {b}' = 'c'", "'a {b' = 'c {b}'", "'a' = ", "'a {b}' = 'c {b}'\n'a {b:?}' = 'd {b}'"] {
        assert_eq!(Catalogue::faults(&[("test", text)]).len(), 1, "{text}");
    }
    let twice = [("a", "x = 'y'\nz = '0'"), ("b", "x = 'z'")];
    assert!(matches!(Catalogue::faults(&twice).as_slice(), [Unusable::Twice(file, _)] if file == "b"));
    assert_eq!(Catalogue::new(&twice).say("x"), "y");
}

#[test]
fn the_language_is_the_typed_one_then_that_of_the_environment() {
    let asked = |arguments: &[&str], variables: &[(&str, &str)]| {
        Lang::asked_for(arguments, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(asked(&["qiyong"], &[]), Lang::En);
    assert_eq!(asked(&["qiyong", "--lang", "zh"], &[("QIYONG_LANG", "en")]), Lang::Zh);
    assert_eq!(asked(&["qiyong", "demo", "--lang=en"], &[("LANG", "zh_CN.UTF-8")]), Lang::En);
    assert_eq!(asked(&["qiyong", "--", "--lang", "zh"], &[]), Lang::En);
    assert_eq!(asked(&[], &[("QIYONG_LANG", "zh"), ("LC_ALL", "C")]), Lang::Zh);
    assert_eq!(asked(&[], &[("LC_ALL", ""), ("LANG", "zh_CN.UTF-8")]), Lang::Zh);
    assert_eq!(asked(&[], &[("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")]), Lang::En);
    assert_eq!(asked(&[], &[("LANG", "zho")]), Lang::En);
}

#[test]
fn what_stays_is_not_cut_where_it_has_a_colon_of_its_own() {
    let catalogue = catalogue(
        "'cannot read {file}: {error}' = '无法读取 {file}：{error}'\n'{reader}: the card is in' = '{=reader}：卡已放入'\n\
         'the reader {name} is {what}' = '读卡器 {=name} {what}'\nlocked = '已锁定'\n'my cards' = '我的卡'\n'no room' = '空间不足'",
    );
    for (english, chinese) in [
        ("cannot read a: locked/b: no room", "无法读取 a: locked/b：空间不足"),
        ("cannot read a: my b.toml: no room", "无法读取 a: my b.toml：空间不足"),
        ("cannot read C:\\a: b\\my cards: c\\d: no room", "无法读取 C:\\a: b\\my cards: c\\d：空间不足"),
        // No path goes on with this.
        ("cannot read a.toml: locked: no room", "无法读取 a.toml：已锁定：空间不足"),
        ("cannot read a.toml: a 2.5: no room", "无法读取 a.toml：a 2.5: 空间不足"),
        // Without a template of its own.
        ("a: locked/b: no room", "a: locked/b: 空间不足"),
        ("locked: my cards: no room", "已锁定：我的卡：空间不足"),
        // Another one's name, whatever it is.
        ("locked: my cards: the card is in", "locked: my cards：卡已放入"),
        ("the reader is is/b is locked", "读卡器 is is/b 已锁定"),
    ] {
        assert_eq!(catalogue.say(english), chinese);
    }
}
