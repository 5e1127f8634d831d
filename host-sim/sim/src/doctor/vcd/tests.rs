//! What is no capture is refused by line and reason, and nothing makes the reader panic.

use super::*;

fn examined(text: &str, options: &Options) -> Result<Diagnosis, String> {
    examine(|| Ok(text.as_bytes()), options).map_err(|error| error.to_string())
}

const HEAD: &str = "$timescale 1 ns $end\n$scope module x $end\n$var wire 1 a D0 $end\n$var wire 1 b D1 $end\n\
                    $var wire 1 c D2 $end\n$var wire 1 d D3 $end\n$upscope $end\n$enddefinitions $end\n";

#[test]
fn nonsense_is_refused_with_what_to_do() {
    for (text, says) in [
        ("", "line 1: it is empty"),
        ("hello", "line 1: this is no VCD"),
        ("$comment\nx\n", "before $end"),
        ("$enddefinitions $end\n#0", "there is no $timescale"),
        ("$timescale 3 ns $end", "1, 10 or 100"),
        ("$timescale 1 week $end", "s, ms, us, ns, ps or fs"),
        ("$var wire 1 $end $end", "kind, size"),
        (HEAD, "no channel for VCC: say which with --pin VCC=NAME; there are x.D0, x.D1, x.D2, x.D3"),
    ] {
        let error = examined(text, &Options::default()).unwrap_err();
        assert!(error.contains(says), "{text:?}: {error}");
    }
}

fn named() -> Options {
    let pins = [(Pin::Vcc, "D0"), (Pin::Rst, "d1"), (Pin::Clk, "x.D2"), (Pin::Io, "D3")];
    let channel = |(pin, name): (Pin, &str)| Channel { pin, name: name.into(), inverted: false };
    Options { channels: pins.map(channel).into(), clk_hz: None }
}

#[test]
fn damage_is_told_by_its_line() {
    for (changes, says) in [
        ("#5\n#4\n", "line 10: time goes back"),
        ("#0\n1a\nq\n", "line 11: this is neither"),
        ("#0\n1\n", "line 10: a change names its channel"),
        ("#x\n", "line 9: a time is"),
        ("#99999999999999999999999\n", "line 9: a time is"),
        ("", "nothing ever changes"),
    ] {
        let error = examined(&format!("{HEAD}{changes}"), &named()).unwrap_err();
        assert!(error.contains(says), "{changes:?}: {error}");
    }
}

#[test]
fn channels_are_found_by_name_scope_and_polarity() {
    let stuck = format!("{HEAD}#0\n1a\n0b\n0c\n1d\n#90000000\n0a\n");
    assert_eq!(examined(&stuck, &named()).unwrap().findings[0].name, "rst-stuck-low");
    let mut turned = named();
    turned.channels[0].inverted = true;
    // VCC is high only at the end.
    assert_ne!(examined(&stuck, &turned).unwrap().findings.first().map(|one| one.name), Some("rst-stuck-low"));
    let missing =
        Options { channels: vec![Channel { pin: Pin::Io, name: "D9".into(), inverted: false }], clk_hz: None };
    assert!(examined(&stuck, &missing).unwrap_err().contains("no channel \"D9\""));
}

#[test]
fn scopes_without_end_and_words_without_end_need_no_memory() {
    let deep = "$timescale 1ns $end ".to_string() + &"$scope module a $end ".repeat(100_000);
    assert!(examined(&deep, &named()).unwrap_err().contains("no VCD"));
    let long = format!("$comment {} $end {HEAD}#0 1a", "y".repeat(1_000_000));
    assert!(examined(&long, &named()).is_ok());
    let word = format!("{HEAD}#0 1{}", "y".repeat(1_000_000));
    assert!(examined(&word, &named()).unwrap_err().contains("longer than any"));
}
