//! Every function in every plight: one table, printed with the texts that a caller gets (docs/card.md §1.10, docs/driver.md
//! §D), and left as a file beside the tests.

mod support;

use std::fmt::Write as _;

use qiyong_protocol::card::files::Generation;
use sscarddriver::boundary::{FUNCTIONS, Function, Parameter};
use sscarddriver::code::Code;
use support::{C, Caller, Desk, PIN, card};

/// What a call meets, in the order of the columns. Null pointers are the same for all, and a card that is pulled during a call is in
/// `pulled.rs`.
const PLIGHTS: [&str; 10] = [
    "version 2.00",
    "version 2.00, PSAM",
    "no card",
    "no card of this kind",
    "iType 0",
    "iType 2",
    "version 3.00, no PSAM",
    "version 3.00, PSAM",
    "wrong PIN",
    "locked PIN",
];

/// In which the PSAM is there.
const WITH_PSAM: [usize; 4] = [1, 7, 8, 9];

/// Every step but the first, called without it.
const LATER: [i64; 10] = [-12; 10];

/// By function, the result in each plight.
const TABLE: [(&str, [i64; 10]); 38] = [
    ("iReadCardBas", [0, 0, -2, -1, -1, -13, -2201, 0, 0, 0]),
    ("iReadCardBas_HSM_Step1", [-2204, -2204, -2, -1, -1, -13, 0, 0, -2204, -2204]),
    ("iReadCardBas_HSM_Step2", LATER),
    ("iReadCard", [0, 0, -2, -1, -1, -13, -2201, 0, -51, -52]),
    ("iReadCard_HSM_Step1", [-2204, -2204, -2, -1, -1, -13, 0, 0, -2204, -2204]),
    ("iReadCard_HSM_Step2", LATER),
    ("iVerifyPIN", [0, 0, -2, -1, -1, -13, 0, 0, -51, -52]),
    ("iChangePIN", [0, 0, -2, -1, -1, -13, 0, 0, -51, -52]),
    ("iWriteCard", [-2201, 0, -2, -1, -1, -13, -2201, 0, 0, 0]),
    ("iWriteCard_HSM_Step1", [0, 0, -2, -1, -1, -13, 0, 0, 0, 0]),
    ("iWriteCard_HSM_Step2", LATER),
    ("iReloadPIN", [-2201, 0, -2, -1, -1, -13, -2201, 0, 0, 0]),
    ("iReloadPIN_HSM_Step1", [0, 0, -2, -1, -1, -13, 0, 0, 0, 0]),
    ("iReloadPIN_HSM_Step2", LATER),
    ("iReloadPIN_HSM_Step3", LATER),
    ("iUnblockPIN", [-2201, 0, -2, -1, -1, -13, -2201, 0, -51, 0]),
    ("iUnblockPIN_HSM_Step1", [0, 0, -2, -1, -1, -13, 0, 0, 0, 0]),
    ("iUnblockPIN_HSM_Step2", LATER),
    ("iUnblockPIN_HSM_Step3", LATER),
    ("iDoDebit", [-2201, 0, -2, -1, -1, -13, -2201, 0, -51, -52]),
    ("iDoDebit_HSM_Step1", [0, 0, -2, -1, -1, -13, 0, 0, -51, -52]),
    ("iDoDebit_HSM_Step2", LATER),
    ("iReadDebitRecord", [0, 0, -2, -1, -1, -13, 0, 0, -51, -52]),
    // Without a centre in the settings.
    ("iReadCardBas_HSM_Step1To2", ASKS_THE_CENTRE),
    ("iReadCard_HSM_Step1To2", ASKS_THE_CENTRE),
    ("iReloadPIN_HSM_Step1To2", ASKS_THE_CENTRE),
    ("iUnblockPIN_HSM_Step1To2", ASKS_THE_CENTRE),
    ("iDoDebit_HSM_Step1To2", LATER),
    ("iCommReadCardBas", [-14, -14, -14, -14, -1, -14, -14, -14, -14, -14]),
    ("iReadCardPublicInfo", [0, 0, -2, -1, 0, 0, -2201, 0, 0, 0]),
    ("iReadPersonPublicInfo", [0, 0, -2, -1, 0, 0, -2201, 0, 0, 0]),
    ("iGetReaderInfo", [0; 10]),
    // Their iType is not the card's, and their PIN not this one: see pki.rs.
    ("PKI_SignData", [-111, -111, -2, -111, -14, -111, 0, 0, -111, -111]),
    ("PKI_VerifySign", [-111, -111, -2, -111, -14, -23, -113, -113, -111, -111]),
    ("PKI_SealEnvelope", [-111, -111, -2, -111, -111, -111, 0, 0, -111, -111]),
    ("PKI_OpenEnvelope", [-114; 10]),
    ("PKI_ReadCert", [-111, -111, -2, -111, -14, -111, 0, 0, -111, -111]),
    ("PKI_ChangePIN", [-111, -111, -2, -111, -111, -111, 0, 0, -111, -111]),
];

const ASKS_THE_CENTRE: [i64; 10] = [-13, -13, -13, -13, -1, -13, -13, -13, -13, -13];

/// A function that is not built looks at iType of the card, if it has one, and at nothing else.
fn expected(function: &Function) -> [i64; 10] {
    let has_kind = function.parameters.first().is_some_and(|(_, kind)| *kind == Parameter::Number);
    let mut not_built = [-13; 10];
    if has_kind {
        not_built[4] = -1;
    }
    TABLE.iter().find(|(name, _)| *name == function.name).map_or(not_built, |(_, results)| *results)
}

/// A call with good parameters, but for iType and the one at `null`, which counts from 0.
fn call(function: &Function, kind: i32, null: Option<usize>) -> String {
    let mut words = vec![function.name.to_string()];
    for (at, (name, parameter)) in function.parameters.iter().enumerate() {
        words.push(match (parameter, *name) {
            (Parameter::Text, _) if null == Some(at) => "n".into(),
            (Parameter::Field, _) if null == Some(at) => "z".into(),
            (Parameter::Field, _) => "f".into(),
            (Parameter::Number, "iAuthType") => "i1".into(),
            (Parameter::Number, "iSize") => "i4096".into(),
            (Parameter::Number, _) => format!("i{kind}"),
            (_, "pUserPin" | "pOldPin") => format!("\"{PIN}\""),
            (_, "pNewPin") => "\"314159\"".into(),
            // 64 bytes of zero in base64.
            (_, "pSignature") => format!("\"{}==\"", "A".repeat(86)),
            (_, "pFileAddr") if function.name == "iReadCard" => "\"SSSEEF05|07|$DF04EF05|81|$\"".into(),
            (_, "pFileAddr") if function.name.starts_with("iWriteCard") => "\"SSSEEF06|0A|$\"".into(),
            (_, "pFileAddr") => "\"SSSEEF05|07|$\"".into(),
            (_, "pWriteData") => "\"1|\"".into(),
            (_, "pPayInfo") => "\"0.1|0.2|20260302090000|\"".into(),
            _ => "\"\"".into(),
        });
    }
    let large = function.parameters.iter().any(|(name, _)| *name == "iSize");
    let buffer = if large { "b" } else { "o" };
    if !function.buffer.is_empty() {
        words.push(if null == Some(function.parameters.len()) { "z" } else { buffer }.into());
    }
    words.join(" ")
}

fn prepare(desk: &Desk, plight: usize) -> i32 {
    desk.pins([PIN, PIN, "314159", "314159"]);
    let generation = if matches!(plight, 6 | 7) { Generation::V3 } else { Generation::V2 };
    let mut there = card(generation);
    match plight {
        3 => {
            // Of a norm that there is not.
            let spec = generation.file(qiyong_protocol::card::files::Df::Ssse, 0xEF05).unwrap();
            let Some(qiyong_sim::card::os::Bytes::Records(values)) = there.file_mut(spec) else { panic!("records") };
            values[2] = b"9.00".to_vec();
        }
        8 => desk.pins(["111222", "111222", "314159", "314159"]),
        9 => there.pin.left = 0,
        _ => {}
    }
    desk.put(&there);
    if plight == 2 {
        std::fs::remove_file(desk.card_file()).unwrap();
    }
    match WITH_PSAM.contains(&plight) {
        true => desk.psam("", |_| ()),
        false => desk.settings("source = file card.toml\n"),
    }
    match plight {
        4 => 0,
        5 => 2,
        _ => 1,
    }
}

#[test]
fn every_function_in_every_plight() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let mut page = String::new();
    for function in FUNCTIONS {
        for (plight, expected) in expected(function).into_iter().enumerate() {
            let kind = prepare(&desk, plight);
            // No card waits for a next step.
            assert_eq!(caller.call("iReadCardBas i0 o").0, -1);
            let (result, text) = caller.call(&call(function, kind, None));
            let line = format!("{:26} {:22} {result:6} {text}", function.name, PLIGHTS[plight]);
            println!("{line}");
            let _ = writeln!(page, "{line}");
            assert_eq!(result, expected, "{} {}: {text}", function.name, PLIGHTS[plight]);
            let code = Code::ALL.iter().find(|code| code.number() == result);
            let has_text = !function.buffer.is_empty();
            assert!(result == 0 || !has_text || text.starts_with(code.unwrap().chinese()), "{text}");
            assert!(has_text || text.is_empty(), "{text}");
        }
        null_pointers(&mut caller, function);
    }
    let place = std::env::current_exe().unwrap().with_file_name("driver-table.txt");
    std::fs::write(&place, page).unwrap();
    println!("in {}", place.display());
    for (name, _) in TABLE {
        assert!(FUNCTIONS.iter().any(|function| function.name == name), "{name} is no function");
    }
}

/// docs/driver.md §A.2.
fn null_pointers(caller: &mut Caller, function: &Function) {
    let buffers = usize::from(!function.buffer.is_empty());
    for null in 0..function.parameters.len() + buffers {
        if function.parameters.get(null).is_some_and(|(_, kind)| *kind == Parameter::Number) {
            continue;
        }
        let (result, text) = caller.call_untouched(&call(function, 1, Some(null)));
        assert_eq!((result, text.as_str()), (-14, ""), "{} with null at {null}", function.name);
    }
}

/// docs/driver.md §A.1: fields come each in its own buffer, and on failure they are empty.
#[test]
fn single_fields() {
    let desk = Desk::new(Generation::V1);
    let mut caller = desk.caller(C);
    assert_eq!(caller.call("iReadCardPublicInfo f f f f f f f o"), (0, String::new()));
    let fields = caller.fields();
    assert_eq!((fields[2].as_str(), fields[4].as_str(), fields[6].as_str()), ("1.00", "20260101", "X00000019"));
    assert_eq!(caller.call("iReadPersonPublicInfo f f f f f f o"), (0, String::new()));
    assert_eq!(caller.fields()[..3], ["111111198101011110", "张三", "1"]);
    assert_eq!(caller.call("iGetReaderInfo f f").0, 0);
    assert_eq!(caller.fields(), ["FFFFFFFFFFFFFF", "000000000000"]);
    desk.put(&card(Generation::V3));
    assert_eq!(caller.call("iReadPersonPublicInfo f f f f f f o"), (-2201, "无PSAM卡".into()));
    assert!(caller.fields().iter().all(String::is_empty), "{:?}", caller.fields());
    desk.psam("", |_| ());
    assert_eq!(caller.call("iReadPersonPublicInfo f f f f f f o").0, 0);
    assert_eq!(caller.fields()[1], "张三");
    assert_eq!(caller.call("iGetReaderInfo f f").0, 0);
    assert_eq!(caller.fields(), ["FFFFFFFFFFFFFF", "410100813475"]);
}

#[test]
fn settings_that_are_wrong_and_sources_that_are_not_there() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    for (lines, result, words) in [
        ("source = terminal /dev/ttyUSB0\n", -13, "(动态库)不支持该命令:终端串口不能读卡"),
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
