//! The functions for signatures, envelopes and certificates, by a caller in C, and by OpenSSL as a second witness (docs/driver.md
//! §D).

mod support;

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qiyong_pki::issuer::TestCa;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::pin::Pin;
use qiyong_sim::card::os::VirtualCard;
use support::{C, Caller, Desk, PIN, card};

const DATA: &str = "张三|门诊|12.50|";

/// Calls with a buffer of 4,096 bytes where the function takes its size.
struct Holder(Caller);

impl Holder {
    fn sign(&mut self, pin: &str, data: &str, form: i32) -> (i64, String) {
        self.0.call(&format!("PKI_SignData \"{pin}\" \"{data}\" i{form} o"))
    }

    fn verify(&mut self, certificate: &str, data: &str, signature: &str, form: i32) -> (i64, String) {
        self.0.call(&format!("PKI_VerifySign \"\" \"{certificate}\" \"{data}\" \"{signature}\" i{form} o"))
    }

    fn certificate(&mut self, which: i32) -> (i64, String) {
        self.0.call(&format!("PKI_ReadCert i{which} i4096 b"))
    }

    fn seal(&mut self, certificate: &str, data: &str) -> (i64, String) {
        self.0.call(&format!("PKI_SealEnvelope \"{certificate}\" \"{data}\" i4096 b"))
    }

    fn open(&mut self, pin: &str, envelope: &str) -> (i64, String) {
        self.0.call(&format!("PKI_OpenEnvelope \"{pin}\" \"{envelope}\" i4096 b"))
    }

    fn change(&mut self, old: &str, new: &str) -> (i64, String) {
        self.0.call(&format!("PKI_ChangePIN \"{old}\" \"{new}\" o"))
    }
}

fn desk() -> (Desk, Holder) {
    let desk = Desk::new(Generation::V3);
    let caller = desk.caller(C);
    (desk, Holder(caller))
}

/// Puts a card into the desk's file that was changed so.
fn put(desk: &Desk, change: impl FnOnce(&mut VirtualCard)) {
    let mut changed = card(Generation::V3);
    change(&mut changed);
    desk.put(&changed);
}

fn good((result, text): (i64, String)) -> String {
    assert_eq!(result, 0, "{text}");
    text
}

/// A bit of base64 that another one takes the place of.
fn flipped(text: &str, at: usize) -> String {
    let mut bytes = STANDARD.decode(text).unwrap();
    bytes[at] ^= 1;
    STANDARD.encode(bytes)
}

#[test]
fn what_the_card_signs_verifies_in_both_forms_and_by_its_own_certificate() {
    let (desk, mut holder) = desk();
    let certificate = good(holder.certificate(1));
    for form in [1, 2] {
        let signature = good(holder.sign(PIN, DATA, form));
        // A signature is another one each time, and each verifies; with the card's certificate, too.
        assert_eq!(holder.verify(&certificate, DATA, &signature, form), (0, String::new()));
        assert_eq!(holder.verify("", DATA, &signature, form), (0, String::new()));
        let refused = (-113, "验签失败".to_string());
        assert_eq!(holder.verify(&certificate, "张三|门诊|12.51|", &signature, form), refused);
        assert_eq!(holder.verify(&certificate, "", &signature, form), refused);
        assert_eq!(holder.verify(&certificate, DATA, &flipped(&signature, 40), form), refused);
        let other = good(holder.certificate(2));
        assert_eq!(holder.verify(&other, DATA, &signature, form), refused, "the certificate for envelopes");
        assert_eq!(holder.verify(&certificate, DATA, &signature, 3 - form).0, -23, "the other form");
    }
    // Nothing of the card is needed, not even the card.
    let signature = good(holder.sign(PIN, DATA, 1));
    fs::remove_file(desk.card_file()).unwrap();
    assert_eq!(holder.verify(&certificate, DATA, &signature, 1).0, 0);
    assert_eq!(holder.verify("", DATA, &signature, 1), (-2, "无卡".into()));
    assert_eq!(holder.sign(PIN, DATA, 1), (-2, "无卡".into()));
}

#[test]
fn openssl_believes_card_and_certificate() {
    let (desk, mut holder) = desk();
    let write = |name: &str, text: &str| fs::write(desk.path(name), STANDARD.decode(text).unwrap()).unwrap();
    let openssl = |line: &str| {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(desk.folder.path()).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "openssl {line}: {text}");
        text
    };
    write("one.der", &good(holder.certificate(1)));
    write("signature", &good(holder.sign(PIN, DATA, 2)));
    // The bytes that the library got.
    fs::write(desk.path("data"), encoding_rs::GBK.encode(DATA).0).unwrap();
    fs::write(desk.path("ca.der"), TestCa::default().certificate().unwrap()).unwrap();
    openssl("x509 -inform DER -in ca.der -out ca.pem");
    openssl("x509 -inform DER -in one.der -out one.pem");
    openssl("x509 -in one.pem -pubkey -noout -out key.pem");
    openssl("verify -attime 1800000000 -vfyopt distid:1234567812345678 -CAfile ca.pem one.pem");
    openssl(
        "pkeyutl -verify -pubin -inkey key.pem -rawin -digest sm3 -pkeyopt distid:1234567812345678 -in data -sigfile \
         signature",
    );
    // And the library believes openssl, whose certificate has the lines of PEM or not.
    openssl("ecparam -name SM2 -genkey -noout -out theirs.pem");
    openssl(
        "req -x509 -new -key theirs.pem -subj /CN=theirs -sm3 -sigopt distid:1234567812345678 -outform DER -out theirs.der",
    );
    openssl(
        "pkeyutl -sign -inkey theirs.pem -rawin -digest sm3 -pkeyopt distid:1234567812345678 -in data -out signature",
    );
    let text = |name: &str| STANDARD.encode(fs::read(desk.path(name)).unwrap());
    assert_eq!(holder.verify(&text("theirs.der"), DATA, &text("signature"), 2), (0, String::new()));
    assert_eq!(holder.verify("", DATA, &text("signature"), 2).0, -113);
}

#[test]
fn an_envelope_opens_with_the_card_for_which_it_was_sealed() {
    let (desk, mut holder) = desk();
    let certificate = good(holder.certificate(2));
    for recipient in ["", certificate.as_str()] {
        let envelope = good(holder.seal(recipient, DATA));
        assert_ne!(envelope, good(holder.seal(recipient, DATA)), "its key is new each time");
        assert_eq!(holder.open(PIN, &envelope), (0, DATA.into()));
    }
    let envelope = good(holder.seal(&certificate, DATA));
    let refused = (-114, "数字信封不能解开".to_string());
    let length = STANDARD.decode(&envelope).unwrap().len();
    assert_eq!(holder.open(PIN, &flipped(&envelope, length - 1)), refused);
    assert_eq!(holder.open(PIN, &STANDARD.encode(&STANDARD.decode(&envelope).unwrap()[..length - 1])), refused);
    assert_eq!(holder.open(PIN, &certificate), refused);
    assert_eq!(holder.open(PIN, "no base64").0, -23);
    let to_sign = good(holder.certificate(1));
    let other = good(holder.seal(&to_sign, DATA));
    assert_eq!(holder.open(PIN, &other), refused, "sealed to the key that signs");
    // Sealing with a certificate needs no card.
    fs::remove_file(desk.card_file()).unwrap();
    assert_eq!(holder.seal(&certificate, DATA).0, 0);
    assert_eq!(holder.seal("", DATA).0, -2);
    assert_eq!(holder.open(PIN, &envelope).0, -2);
}

#[test]
fn tries_are_counted_and_the_fourth_is_locked() {
    let (desk, mut holder) = desk();
    let envelope = good(holder.seal("", DATA));
    for left in [2, 1] {
        assert_eq!(holder.sign("111222", DATA, 1), (-51, format!("PIN校验失败:剩余次数{left}")));
    }
    assert_eq!(holder.open("111222", &envelope), (-51, "PIN校验失败:剩余次数0".into()));
    assert_eq!(holder.sign(PIN, DATA, 1), (-52, "PIN锁定".into()));
    assert_eq!(holder.open(PIN, &envelope), (-52, "PIN锁定".into()));
    assert_eq!(holder.change(PIN, "314159"), (-52, "PIN锁定".into()));
    // What needs no PIN goes on.
    assert_eq!(holder.certificate(1).0, 0);
    assert_eq!(holder.0.call("iReadCardBas i1 o").0, -2201);
    drop(desk);
}

#[test]
fn a_pin_that_everybody_knows_signs_nothing_until_it_is_changed() {
    let (desk, mut holder) = desk();
    let envelope = good(holder.seal("", DATA));
    put(&desk, |card| card.pki.as_mut().unwrap().pin.value = Pin::new(b"123456").unwrap());
    for known in ["123456", "000000", "111111"] {
        assert_eq!(holder.sign(known, DATA, 1), (-35, "初始密码不能交易".into()));
        assert_eq!(holder.open(known, &envelope).0, -35);
        assert_eq!(holder.change("123456", known), (-36, "不能改为初始密码".into()));
    }
    for bad in ["", "123", "12345678901234567", "12345a"] {
        assert_eq!(holder.sign(bad, DATA, 1), (-33, "输入密码长度错误".into()));
        assert_eq!(holder.change("123456", bad).0, -33);
    }
    assert_eq!(holder.change("654321", "314159"), (-51, "PIN校验失败:剩余次数2".into()));
    assert_eq!(holder.change("123456", "3141592"), (0, String::new()));
    assert_eq!(holder.sign("3141592", DATA, 1).0, 0);
}

#[test]
fn cards_without_it_and_with_a_broken_one_have_their_codes() {
    let (desk, mut holder) = desk();
    let signature = good(holder.sign(PIN, DATA, 1));
    let none = (-111, "卡内无数字证书应用".to_string());
    let all = |holder: &mut Holder| {
        [
            holder.sign(PIN, DATA, 1),
            holder.verify("", DATA, &signature, 1),
            holder.seal("", DATA),
            holder.certificate(1),
        ]
    };
    put(&desk, |card| card.pki = None);
    assert_eq!(all(&mut holder), [(); 4].map(|()| none.clone()), "as a file of an older program has it");
    for generation in [Generation::V1, Generation::V2] {
        desk.put(&card(generation));
        assert_eq!(all(&mut holder), [(); 4].map(|()| none.clone()));
    }
    // Truncated certificates.
    for length in [0, 3, 100, 300] {
        put(&desk, |card| card.pki.as_mut().unwrap().sign_certificate.truncate(length));
        let (read, verified) = (holder.certificate(1).0, holder.verify("", DATA, &signature, 1).0);
        // The filling takes the place of what was cut off, and makes no certificate of it.
        assert_eq!((read, verified), (-15, -15), "{length}");
        assert_eq!(holder.sign(PIN, DATA, 1).0, 0, "signing needs no certificate");
    }
    // Blocked with the card.
    put(&desk, |card| card.blocked = qiyong_sim::card::os::Blocked::Application);
    assert_eq!(holder.sign(PIN, DATA, 1).0, -0x6283);
}

#[test]
fn parameters_that_are_wrong_and_buffers_that_are_too_small() {
    let (_desk, mut holder) = desk();
    let signature = good(holder.sign(PIN, DATA, 1));
    for form in [0, 3, -1] {
        assert_eq!(holder.sign(PIN, DATA, form), (-14, "命令参数错误:iType应为1或2".into()));
        assert_eq!(holder.verify("", DATA, &signature, form).0, -14);
        assert_eq!(holder.certificate(form).0, -14);
    }
    assert_eq!(
        holder.verify("AAAA", DATA, &signature, 1),
        (-112, "证书不正确:it is no complete certificate in DER".into())
    );
    assert_eq!(holder.seal("AAAA", DATA).0, -112);
    assert_eq!(holder.verify("", DATA, "*", 1), (-23, "传入数据不合法:不是base64".into()));
    assert_eq!(holder.verify("", DATA, "AAAA", 1), (-23, "传入数据不合法:签名格式错误".into()));
    let (result, text) = holder.0.call("PKI_ReadCert i1 i256 o");
    assert_eq!(result, -42, "{text}");
    assert!(text.starts_with("运算数据长度错误:缓冲区须有"), "{text}");
    for size in ["0", "1", "255", "-1", "-2147483648"] {
        assert_eq!(holder.0.call_untouched(&format!("PKI_ReadCert i1 i{size} o")), (-14, String::new()), "{size}");
    }
    // As large as needed is enough.
    let needed = good(holder.certificate(1)).len() + 1;
    assert_eq!(holder.0.call(&format!("PKI_ReadCert i1 i{needed} b")).0, 0);
    assert_eq!(holder.0.call(&format!("PKI_ReadCert i1 i{} b", needed - 1)).0, -42);
}

/// The same commands through a reader, over the card's line: T=0, where data and answer are two exchanges, and T=1.
#[cfg(feature = "pcsc")]
#[test]
fn a_card_in_a_reader_signs_and_opens_over_its_line() {
    use qiyong_pcsc::server::{NewReader, Server};
    use qiyong_pcsc::slot::OnLine;
    use qiyong_sim::card::desk::DeskCard;

    let (desk, mut holder) = desk();
    let readers = [0, 1].map(|protocol| {
        let mut new = support::new_card(Generation::V3);
        new.protocol = protocol;
        let path = desk.path(&format!("{protocol}.toml"));
        let issued = qiyong_centre::hsm::Hsm::test_keys().issue(&new).unwrap();
        VirtualCard::personalised(&new, &issued).save(&path).unwrap();
        NewReader { slot: Box::new(OnLine::new(0).unwrap()), card: Some(DeskCard::open(&path, |_| {}).unwrap()) }
    });
    let server = Server::start(&desk.path("s"), readers.into(), false, |_| {}).unwrap();
    for reader in ["00 00", "01 00"] {
        desk.settings(&format!("source = reader {reader}\n"));
        let certificate = good(holder.certificate(1));
        let signature = good(holder.sign(PIN, DATA, 2));
        assert_eq!(holder.verify(&certificate, DATA, &signature, 2).0, 0, "{reader}");
        let envelope = good(holder.seal("", DATA));
        assert_eq!(holder.open(PIN, &envelope), (0, DATA.into()), "{reader}");
        assert_eq!(holder.sign("111222", DATA, 1), (-51, "PIN校验失败:剩余次数2".into()), "{reader}");
    }
    drop(server);
    assert_eq!(holder.sign(PIN, DATA, 1).0, -11);
}
