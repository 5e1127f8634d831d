//! The connection to a PostgreSQL server is encrypted (docs/operating.md §2): a server that takes nothing else, with a certificate
//! that is made here, and centres that look at it, or do not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use qiyong_centre::hsm::Hsm;
use qiyong_centre::{Centre, CentreError, DatabaseError, Place};
use qiyong_tests::postgres::{Care, Postgres};
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;

/// Whoever signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut about = CertificateParams::new(Vec::new()).expect("no names");
        about.distinguished_name.push(DnType::CommonName, name);
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(about, key).expect("a certificate"))
    }

    /// A certificate for this name, and its key.
    fn sign(&self, name: &str) -> [String; 2] {
        let key = KeyPair::generate().expect("a key");
        let about = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        [about.signed_by(&key, &self.0).expect("a certificate").pem(), key.serialize_pem()]
    }

    fn file(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, self.0.pem()).expect("a file");
        path
    }
}

/// An address of this machine that no other process has: servers listen at one port.
fn own_address() -> String {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    format!("127.{}.{middle}.{low}", 64 | (high & 63))
}

#[test]
fn a_server_that_takes_encrypted_connections_alone_is_served_and_a_wrong_certificate_is_refused() {
    let (folder, host) = (TempDir::new().expect("a folder"), own_address());
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let root = ours.file(folder.path(), "root.pem").display().to_string();
    let other_root = others.file(folder.path(), "other.pem").display().to_string();
    let mut server = Postgres::start(Care::Hasty);
    let [certificate, key] = ours.sign(&host);
    server.encrypt(&host, &certificate, &key);
    server.database("centre");

    let keys = folder.path().join("centre.key");
    let address = |query: &str| server.address_at(&host, "centre", query);
    let place = |query: &str| Place::new(&address(query), Some(&keys)).expect("an address");
    let refused = |query: &str| match Centre::open_at(&place(query)) {
        Err(CentreError::Unreachable { source, .. }) => source,
        other => panic!("{query}: {:?}", other.map(drop)),
    };
    let verified = format!("sslmode=verify-full&sslrootcert={root}");
    let centre = Centre::create_at(&place(&verified), &Hsm::test_keys()).expect("an empty database");
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                     WHERE ssl AND application_name = 'qiyong centre'";
    assert_eq!(server.sql("centre", encrypted), "1");
    drop(centre);
    for query in ["sslmode=require".to_owned(), format!("sslmode=require&sslrootcert={root}")] {
        Centre::open_at(&place(&query)).map(drop).unwrap_or_else(|error| panic!("{query}: {error}"));
    }

    // Not encrypted: the server says so itself.
    assert!(refused("").to_string().contains("no encryption"), "{}", refused(""));
    // Signed by somebody else, whether its name is looked at or not.
    for mode in ["verify-full", "require"] {
        let error = refused(&format!("sslmode={mode}&sslrootcert={other_root}"));
        assert!(matches!(error, DatabaseError::Certificate(_)), "{mode}: {error}");
    }
    // The program says the cause and the way out, in both languages.
    let mut program = Command::new(qiyong());
    program.args(["centre", "serve", "--test-keys", "--http", "127.0.0.1:0", "--keys"]).arg(&keys);
    program.args(["--db", &address(&format!("sslmode=verify-full&sslrootcert={other_root}"))]);
    let output = Watched::start(&mut program).output();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words}");
    for part in ["UnknownIssuer", "sslrootcert", "服务器证书未被接受"] {
        assert!(words.contains(part), "{part}: {words}");
    }

    // A certificate of the right authority for another name.
    let [certificate, key] = ours.sign("db.example");
    server.encrypt(&host, &certificate, &key);
    let address = |query: &str| server.address_at(&host, "centre", query);
    let place = |query: &str| Place::new(&address(query), Some(&keys)).expect("an address");
    let error = Centre::open_at(&place(&verified)).map(drop).expect_err("the name is another");
    assert!(error.to_string().contains("certificate is not accepted"), "{error}");
    Centre::open_at(&place(&format!("sslmode=require&sslrootcert={root}")))
        .map(drop)
        .expect("the name is not looked at");
}
