//! OpenSSL as a second witness: it verifies what we sign and signs what we verify, reads our certificates, and opens what we
//! seal (docs/testing.md).

mod support;

use qiyong_pki::certificate::Certificate;
use qiyong_pki::issuer::{Subject, TestCa, Usage};
use qiyong_pki::key::{SecretKey, Signature, cryptogram_from_der, cryptogram_to_der};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use support::Folder;

const DATA: &[u8] = "张三 门诊 12.50".as_bytes();
const VERIFY: &str =
    "pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -digest sm3 -in data -sigfile signature";

#[test]
fn it_verifies_what_we_sign_and_nothing_else() {
    let (folder, key) = (Folder::new(), SecretKey::derive(&[b"openssl"]));
    folder.put_public("key.der", &key.public());
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for length in [0, 1, 55, 64, 1000] {
        let data = vec![0xA5; length];
        folder.put("data", &data);
        let signature = key.sign(&key.public().digest(&data), &mut random).unwrap();
        folder.put("signature", &signature.to_der().unwrap());
        let verified = folder.openssl(&format!("{VERIFY} -pkeyopt distid:1234567812345678"));
        assert_eq!(verified.trim(), "Signature Verified Successfully");
    }
    assert!(
        !folder.try_openssl(&format!("{VERIFY} -pkeyopt distid:ALICE123@YAHOO.COM")).status.success(),
        "another ZA"
    );
    folder.put("data", b"other data");
    assert!(!folder.try_openssl(&format!("{VERIFY} -pkeyopt distid:1234567812345678")).status.success());
}

#[test]
fn we_verify_what_it_signs_with_a_key_that_it_made() {
    let folder = Folder::new();
    folder.openssl("ecparam -name SM2 -genkey -noout -out key.pem");
    folder.openssl("pkey -in key.pem -pubout -outform DER -out key.der");
    folder.put("data", DATA);
    folder.openssl(
        "pkeyutl -sign -inkey key.pem -rawin -digest sm3 -pkeyopt distid:1234567812345678 -in data -out signature",
    );
    let public = folder.get("key.der");
    let key = qiyong_pki::key::PublicKey::from_point(&public[public.len() - 65..]).unwrap();
    let signature = Signature::from_der(&folder.get("signature")).unwrap();
    assert_eq!(key.verify(DATA, &signature), Ok(()));
    assert!(key.verify(b"other data", &signature).is_err());
}

#[test]
fn it_reads_our_certificates_and_believes_the_test_ca_alone() {
    let (folder, ca) = (Folder::new(), TestCa::default());
    let key = SecretKey::derive(&[b"openssl"]);
    // A name that has all that RFC 4514 reserves, and a day beyond 2049, which is written in another form.
    let days = ((2026, 1, 1), (2051, 2, 28));
    let subject = Subject { name: "张三, \"O=x\" #+;<>\\", card: "X00000019", serial: 0, days };
    folder.put("ca.der", &ca.certificate().unwrap());
    folder.openssl("x509 -inform DER -in ca.der -out ca.pem");
    for (usage, words) in
        [(Usage::Sign, "Digital Signature, Non Repudiation"), (Usage::Encrypt, "Key Encipherment, Data")]
    {
        folder.put("one.der", &ca.issue(&subject, &key.public(), usage).unwrap());
        folder.openssl("x509 -inform DER -in one.der -out one.pem");
        let verified =
            folder.openssl("verify -attime 1800000000 -vfyopt distid:1234567812345678 -CAfile ca.pem one.pem");
        assert_eq!(verified.trim(), "one.pem: OK");
        let late =
            folder.try_openssl("verify -attime 2600000000 -vfyopt distid:1234567812345678 -CAfile ca.pem one.pem");
        assert!(!late.status.success(), "after its last day");
        let text = folder.openssl("x509 -in one.pem -noout -text -nameopt utf8,sep_comma_plus,esc_2253");
        for word in [words, "SM2-with-SM3", "ASN1 OID: SM2", "张三\\, \\\"O=x\\\"", "serialNumber=X00000019"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        // And we read what it wrote.
        let pem = Certificate::from_base64(&folder.get("one.pem")).unwrap();
        assert_eq!(pem, Certificate::from_der(&folder.get("one.der")).unwrap());
    }
    folder.openssl("x509 -in ca.pem -noout -text");
    assert_eq!(
        folder.openssl("verify -attime 1800000000 -vfyopt distid:1234567812345678 -CAfile ca.pem ca.pem").trim(),
        "ca.pem: OK"
    );
}

#[test]
fn each_opens_what_the_other_seals() {
    let (folder, key) = (Folder::new(), SecretKey::derive(&[b"openssl"]));
    folder.put_public("key.der", &key.public());
    folder.put_secret("secret.der", &key);
    folder.put("data", &[7; 16]);
    folder.openssl("pkeyutl -encrypt -pubin -keyform DER -inkey key.der -in data -out sealed");
    let cryptogram = cryptogram_from_der(&folder.get("sealed")).unwrap();
    assert_eq!(key.open(&cryptogram).unwrap().as_slice(), [7; 16]);
    let cryptogram = key.public().seal(DATA, &mut ChaCha8Rng::seed_from_u64(3)).unwrap();
    folder.put("sealed", &cryptogram_to_der(&cryptogram).unwrap());
    folder.openssl("pkeyutl -decrypt -keyform DER -inkey secret.der -in sealed -out opened");
    assert_eq!(folder.get("opened"), DATA);
}
