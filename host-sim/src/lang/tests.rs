use super::{Catalogue, Lang, Unusable};

fn catalogue(text: &str) -> Catalogue {
    Catalogue::new(&[("test", text)]).unwrap()
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
fn the_longest_literal_text_counts_whatever_the_order() {
    let (short, long) = ("'a {}' = '短 {}'", "'a {} of {}' = '长 {0} {1}'");
    for text in [format!("{short}\n{long}"), format!("{long}\n{short}")] {
        assert_eq!(catalogue(&text).say("a b of c"), "长 b c");
        assert_eq!(catalogue(&text).say("a b"), "短 b");
    }
}

#[test]
fn damaged_catalogues_are_refused() {
    for text in ["'a {b}' = 'c'", "'a {b' = 'c {b}'", "'a' = ", "'a {b}' = 'c {b}'\n'a {b:?}' = 'd {b}'"] {
        let read = Catalogue::new(&[("test", text)]);
        assert!(read.is_err() || text.contains("{b'"), "{text}");
    }
    assert!(matches!(Catalogue::new(&[("a", "x = 'y'"), ("b", "x = 'z'")]), Err(Unusable::Twice(..))));
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
