//! A client in the shape that software of hospitals has, with the driver library and the centre over HTTP: the PSAM's way first, and
//! the steps with the centre as security module where the library sends it there. Its purchase puts the card into use (docs/driver.md
//! §A.3, §D).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::keys::Algorithm;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::psam::{DEBIT, READ_SSSE};
use qiyong_sim::card::os::VirtualCard;
use qiyong_sim::psam::VirtualPsam;
use qiyong_tests::centre::applicants::{Person, text};
use qiyong_tests::centre::town::Town;
use qiyong_tests::programs::{Watched, driver_library};

const PIN: &str = "271828";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A counter with a person's new card, whose PIN is still the initial one.
struct Counter {
    town: Town,
    person: Value,
    card: String,
}

impl Counter {
    fn new() -> Self {
        let town = Town::new();
        let holder = Person::new("周有钱", 601);
        let (application, card) = town.handed_over(&holder, "R-1");
        let person = town.number(&application);
        // Two of a hundred of it are credited: 200 yuan.
        town.insure(&[&person], 1_000_000);
        let item = json!({
            "med_list_codg": "XA01", "since": "2026-03-02", "chrgitm_lv": "01", "selfpay_prop": "0", "limits": []
        });
        town.done("settlement-officer", "catalogue.set", item);
        let counter = Self { town, person, card: text(&card) };
        fs::copy(driver_library(), counter.path("libsscarddriver.so")).expect("copied");
        let pins = counter.path("pins");
        let define = format!("-DPINS=\"{}\"", pins.display());
        let mut cc = Command::new("cc");
        cc.arg("-I").arg(here("../host-sim/driver/include")).args(["-shared", "-fPIC", &define]);
        cc.arg(here("../host-sim/driver/tests/keyboard.c"));
        cc.arg("-o").arg(counter.path("libTerminalProtocolKeyboard.so"));
        assert!(Watched::start(&mut cc).output().status.success(), "the pad");
        counter.keys("123456");
        counter
    }

    fn path(&self, name: &str) -> PathBuf {
        self.town.server.folder.path().join(name)
    }

    /// What the holder keys: the PIN, and when it is changed the old one and the new one twice.
    fn keys(&self, pin: &str) {
        fs::write(self.path("pins"), [pin, "123456", PIN, PIN].join("\n")).expect("written");
    }

    /// The holder changed the PIN before.
    fn own_pin(&self) -> VirtualCard {
        self.keys(PIN);
        let path = self.path(&format!("{}.toml", self.card));
        let mut card = VirtualCard::load(&path).expect("the card");
        card.pin.value = Pin::new(PIN.as_bytes()).expect("a PIN");
        card.save(&path).expect("written");
        card
    }

    fn settings(&self, more: &str) {
        let lines = format!("[SSCardDriver]\nsource = file {}.toml\nterminal = 320100000001\n{more}", self.card);
        fs::write(self.path("SSCardDriver.ini"), lines).expect("written");
    }

    /// Puts a PSAM with the centre's keys beside the card, without what `change` takes.
    fn psam(&self, change: impl FnOnce(&mut VirtualPsam)) {
        let hsm = Hsm::test_keys();
        let keys = |algorithm| Some(hsm.psam_keys(algorithm));
        let mut psam = VirtualPsam::new([0x32, 0x01, 0, 0, 0, 0x77], keys(Algorithm::TripleDes), keys(Algorithm::Sm4));
        change(&mut psam);
        psam.save(&self.path("psam.toml")).expect("written");
        self.settings("psam = file psam.toml\n");
    }

    /// What the client says, or why it ended.
    fn client(&self, fen: &str, time: &str) -> Result<Value, String> {
        let mut command = Command::new("python3");
        command.arg(here("tests/hospital/client.py")).arg(self.path("libsscarddriver.so")).arg(&self.town.server.url);
        command.args(["XA01", fen, time]).env("TILL_TOKEN", self.town.token("till"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("QIYONG_DRIVER_INI");
        let output = Watched::start(&mut command).output();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    fn shown(&self) -> Value {
        self.town.done("issuer", "life.show", json!({"card": self.card}))
    }

    fn balance(&self) -> Value {
        let body = json!({"mdtrt_cert_type": "03", "mdtrt_cert_no": self.card});
        self.town.done("till", "settlement.person", body)["balc"].clone()
    }
}

/// Without PSAM: both calls go to the centre, the initial PIN is changed, and the purchase puts the card into use.
#[test]
fn a_purchase_by_the_centres_module_puts_the_card_into_use() {
    let counter = Counter::new();
    counter.settings("");
    assert_eq!(counter.shown()["status"], "inactive");
    // A holder who keys the wrong PIN pays nothing.
    counter.keys("999999");
    let wrong = counter.client("3560", "20260302090000").unwrap_err();
    assert!(wrong.contains("iDoDebit: -51"), "{wrong}");
    assert_eq!(counter.shown()["status"], "inactive");
    // One who has not changed the initial one changes it at the counter, and then keys the new one.
    counter.keys("123456");
    let said = counter.client("3560", "20260302090000").unwrap_err();
    assert!(said.contains("iDoDebit: -51"), "the pad of this test keys the old one again: {said}");
    counter.keys(PIN);
    let said = counter.client("3560", "20260302090000").expect("paid");
    assert_eq!(said["ways"], json!([["iReadCardBas", "module", -2201], ["iDoDebit", "module", -2201]]), "{said}");
    assert_eq!((&said["holder"], &said["again"]), (&json!("周有钱"), &json!(true)));
    assert_eq!(said["settled"]["setlinfo"]["acct_pay"], 3560);
    let records = text(&said["records"]);
    assert_eq!(records, "0001|1|320100000001|20260302090000|35.60|0.00|35.60|$");
    let shown = counter.shown();
    assert_eq!((&shown["status"], &shown["pin_is_initial"]), (&json!("active"), &json!(false)), "{shown}");
    assert_eq!(counter.balance(), 16_440);
    // The settlement is undone, and the card is not in use any more.
    let undo = json!({"medins_setl_id": "U1", "setl_id": said["settled"]["setl_id"], "psn_no": counter.person});
    counter.town.done("till", "settlement.undo", undo);
    assert_eq!(counter.shown()["status"], "inactive");
    // No PIN stands in the server's log.
    let (_, log) = counter.town.server.end();
    assert!(!log.contains(PIN) && !log.contains("123456"), "{log}");
}

/// Software of the families whose library asks the module by itself, and a token that nobody has.
#[test]
fn the_library_asks_the_centre_by_itself() {
    let counter = Counter::new();
    fs::write(counter.path("token"), counter.town.token("till")).expect("written");
    counter.settings(&format!("hsm = {}\nhsm_token = token\n", counter.town.server.url));
    counter.own_pin();
    let mut command = Command::new("python3");
    command.arg(here("tests/hospital/merged.py")).arg(counter.path("libsscarddriver.so"));
    command.arg(&counter.town.server.url).arg(&counter.card).env("TILL_TOKEN", counter.town.token("till"));
    command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("QIYONG_DRIVER_INI");
    let output = Watched::start(&mut command).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for name in ["between", "mac", "noted"] {
        assert_eq!(said[name], 0, "{name}: {said}");
    }
    assert_eq!(said["basic"][0], 0, "{said}");
    assert_eq!(said["remote"][0], said["basic"], "the same answer by either family");
    let refused = said["remote"][1][1].as_str().expect("a text");
    assert_eq!(said["remote"][1][0], -999);
    assert!(refused.ends_with("加密机拒绝:401 token-unknown"), "{refused}");
    assert_eq!(said["elsewhere"], -13);
}

/// With a PSAM nothing is asked of the module; and what a PSAM lacks sends the client there.
#[test]
fn the_psam_pays_and_what_it_lacks_leads_to_the_module() {
    let counter = Counter::new();
    let card = counter.own_pin();
    let lose = |psam: &mut VirtualPsam, number: u8| {
        for keys in [&mut psam.triple_des, &mut psam.sm4].into_iter().flatten() {
            keys.retain(|key| key.number != number);
        }
    };
    let algorithm = card.generation.algorithm();
    for (at, (read, debit)) in [(0, 0), (-2203, 0), (-2202, -2202), (0, -24)].into_iter().enumerate() {
        counter.psam(|psam| match at {
            0 => {}
            1 => lose(psam, READ_SSSE.number),
            2 if algorithm == Algorithm::Sm4 => psam.sm4 = None,
            2 => psam.triple_des = None,
            _ => lose(psam, DEBIT.number),
        });
        let said = counter.client("1000", &format!("2026030209000{at}")).expect("paid");
        let way = |code: i32| if code == 0 { "psam" } else { "module" };
        let ways = json!([["iReadCardBas", way(read), read], ["iDoDebit", way(debit), debit]]);
        assert_eq!(said["ways"], ways, "{said}");
        assert_eq!(counter.shown()["status"], "active");
        assert_eq!(counter.balance(), json!(20_000 - 1_000 * (at as i64 + 1)));
    }
}
