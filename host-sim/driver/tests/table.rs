//! Every function in every plight: one table, printed with the texts that a caller gets (docs/card.md §1.10, docs/driver.md
//! §D).

mod support;

use qiyong_protocol::card::files::Generation;
use sscarddriver::boundary::{FUNCTIONS, Function, Parameter};
use sscarddriver::code::Code;
use support::{C, Caller, Desk, PIN, card};

/// What a call meets, in the order of the columns. Null pointers are the same for all.
const PLIGHTS: [&str; 7] =
    ["card of version 2.00", "no card", "iType 0", "iType 2", "version 3.00, no PSAM", "wrong PIN", "locked PIN"];

/// By function, the result in each plight.
const TABLE: [(&str, [i64; 7]); 14] = [
    ("iReadCardBas", [0, -2, -1, -13, -2201, 0, 0]),
    ("iReadCardBas_HSM_Step1", [-2204, -2, -1, -13, 0, -2204, -2204]),
    ("iReadCardBas_HSM_Step2", [-12; 7]),
    ("iReadCard", [0, -2, -1, -13, -2201, -51, -52]),
    ("iReadCard_HSM_Step1", [-2204, -2, -1, -13, 0, -2204, -2204]),
    ("iReadCard_HSM_Step2", [-12; 7]),
    ("iVerifyPIN", [0, -2, -1, -13, 0, -51, -52]),
    ("iChangePIN", [0, -2, -1, -13, 0, -51, -52]),
    // Their iType is not the card's, and their PIN not this one: see pki.rs.
    ("PKI_SignData", [-111, -2, -14, -111, 0, -111, -111]),
    ("PKI_VerifySign", [-111, -2, -14, -23, -113, -111, -111]),
    ("PKI_SealEnvelope", [-111, -2, -111, -111, 0, -111, -111]),
    ("PKI_OpenEnvelope", [-114; 7]),
    ("PKI_ReadCert", [-111, -2, -14, -111, 0, -111, -111]),
    ("PKI_ChangePIN", [-111, -2, -111, -111, 0, -111, -111]),
];

/// A function that is not built looks at iType of the card, if it has one, and at nothing else.
fn expected(function: &Function) -> [i64; 7] {
    let has_kind = function.parameters.first().is_some_and(|(_, kind)| *kind == Parameter::Number);
    let not_built = [-13, -13, if has_kind { -1 } else { -13 }, -13, -13, -13, -13];
    TABLE.iter().find(|(name, _)| *name == function.name).map_or(not_built, |(_, results)| *results)
}

/// A call with good parameters, but for iType and the one at `null`, which counts from 0.
fn call(function: &Function, kind: i32, null: Option<usize>) -> String {
    let mut words = vec![function.name.to_string()];
    for (at, (name, parameter)) in function.parameters.iter().enumerate() {
        words.push(match (parameter, *name) {
            (Parameter::Text, _) if null == Some(at) => "n".into(),
            (Parameter::Number, "iAuthType") => "i1".into(),
            (Parameter::Number, "iSize") => "i4096".into(),
            (Parameter::Number, _) => format!("i{kind}"),
            (_, "pUserPin" | "pOldPin") => format!("\"{PIN}\""),
            (_, "pNewPin") => "\"314159\"".into(),
            // 64 bytes of zero in base64.
            (_, "pSignature") => format!("\"{}==\"", "A".repeat(86)),
            (_, "pFileAddr") if function.name == "iReadCard" => "\"SSSEEF05|07|$DF04EF05|81|$\"".into(),
            (_, "pFileAddr") => "\"SSSEEF05|07|$\"".into(),
            _ => "\"\"".into(),
        });
    }
    let large = function.parameters.iter().any(|(name, _)| *name == "iSize");
    let buffer = if large { "b" } else { "o" };
    words.push(if null == Some(function.parameters.len()) { "z" } else { buffer }.into());
    words.join(" ")
}

fn prepare(desk: &Desk, plight: usize) -> i32 {
    desk.pins([PIN, PIN, "314159", "314159"]);
    desk.put(&card(if plight == 4 { Generation::V3 } else { Generation::V2 }));
    match plight {
        1 => std::fs::remove_file(desk.card_file()).unwrap(),
        5 => desk.pins(["111222", "111222", "314159", "314159"]),
        6 => {
            let mut locked = card(Generation::V2);
            locked.pin.left = 0;
            desk.put(&locked);
        }
        _ => {}
    }
    match plight {
        2 => 0,
        3 => 2,
        _ => 1,
    }
}

#[test]
fn every_function_in_every_plight() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    for function in FUNCTIONS {
        for (plight, expected) in expected(function).into_iter().enumerate() {
            let kind = prepare(&desk, plight);
            let (result, text) = caller.call(&call(function, kind, None));
            println!("{:24} {:22} {result:6} {text}", function.name, PLIGHTS[plight]);
            assert_eq!(result, expected, "{} {}: {text}", function.name, PLIGHTS[plight]);
            let code = Code::ALL.iter().find(|code| code.number() == result);
            assert!(result == 0 || text.starts_with(code.unwrap().chinese()), "{text}");
        }
        null_pointers(&mut caller, function);
    }
}

/// docs/driver.md §A.2.
fn null_pointers(caller: &mut Caller, function: &Function) {
    for null in 0..=function.parameters.len() {
        if function.parameters.get(null).is_some_and(|(_, kind)| *kind == Parameter::Number) {
            continue;
        }
        let (result, text) = caller.call_untouched(&call(function, 1, Some(null)));
        assert_eq!((result, text.as_str()), (-14, ""), "{} with null at {null}", function.name);
    }
}

#[test]
fn settings_that_are_wrong_and_sources_that_are_not_there() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    for (lines, result, words) in [
        ("source = terminal /dev/ttyUSB0\n", -13, "(动态库)不支持该命令:尚不能通过终端串口读卡"),
        ("source = file libsscarddriver.so\n", -11, "读卡器连接错误:"),
        ("sauce = file card.toml\n", -11, "读卡器连接错误:"),
        #[cfg(not(feature = "pcsc"))]
        ("source = reader any\n", -13, "(动态库)不支持该命令:本库未含PC/SC功能"),
        #[cfg(feature = "pcsc")]
        ("source = reader none is called so\n", -11, "读卡器连接错误:"),
        ("source = file card.toml\n", 0, "320100|"),
    ] {
        desk.settings(lines);
        let (there, text) = caller.call("iReadCardBas i1 o");
        assert_eq!(there, result, "{lines}{text}");
        assert!(text.starts_with(words), "{lines}{text}");
    }
}
