//! `qiyong serve-page` with a browser that nobody here wrote: pages from the internet, from an intranet and in frames read a
//! card where they may, say why where they may not, and a foreign page gets nothing (docs/page.md §4, docs/driver.md §B).

use std::fs;
use std::io::{BufRead, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_tests::programs::Watched;
use qiyong_tests::{qiyong, sample_card};

/// Chromium starts, and shows sixteen pages.
const LONG: Duration = Duration::from_secs(300);

/// A folder with a card, and a certificate for the hospital's names; the hash by which a browser knows its key.
fn desk() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    make_card(&sample_card(Generation::V2), &Hsm::test_keys()).unwrap().save(&folder.path().join("card.toml")).unwrap();
    let key = KeyPair::generate().unwrap();
    let about = CertificateParams::new(vec!["*.example".to_string()]).unwrap();
    let certificate = about.self_signed(&key).unwrap();
    fs::write(folder.path().join("certificate.pem"), certificate.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
    let spki = BASE64_STANDARD.encode(Sha256::digest(key.subject_public_key_info()));
    (folder, spki)
}

/// The service for these pages, on free ports, which it says; whoever is asked for consent says yes.
fn serve(folder: &Path, origins: &[String]) -> (Watched, Map<String, Value>) {
    let mut command = Command::new(qiyong());
    command.current_dir(folder).args([
        "serve-page",
        "--card",
        "card.toml",
        "--consents",
        "consents",
        "--log",
        "all",
        "--sample",
    ]);
    for origin in origins {
        command.args(["--origin", origin]);
    }
    for protocol in PROTOCOLS {
        command.args(["--port", &format!("{protocol}=0")]);
    }
    let mut service = Watched::start_for(LONG, &mut command);
    let mut rows = service.lines().lines().map(|row| row.expect("rows"));
    let mut ports = Map::new();
    while ports.len() < PROTOCOLS.len() {
        let row = rows.next().expect("it listens");
        if row.starts_with("sample page") {
            continue;
        }
        let mut words = row.split(' ');
        let (Some("listening:"), Some(protocol), Some(url)) = (words.next(), words.next(), words.next()) else {
            panic!("{row}")
        };
        let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
        ports.insert(protocol.into(), port.into());
    }
    let mut keys = service.child.stdin.take().unwrap();
    // Ends with the service.
    thread::spawn(move || {
        for row in rows.filter(|row| row.contains("wants to read cards")) {
            let page = row.starts_with("https://asked.example:") || row.starts_with("http://127.0.0.1:");
            assert!(page, "{row}");
            let _ = keys.write_all(b"y\n");
        }
    });
    (service, ports)
}

const PROTOCOLS: [&str; 4] = ["v1", "ws-12342", "ws-1919", "http-8321"];

#[test]
fn chromium_reads_where_it_may_and_says_why_where_it_may_not() {
    let (folder, spki) = desk();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut script = Command::new("python3");
    script.arg(here.join("tests/serve_page/browser.py")).arg(folder.path());
    script.arg(here.parent().unwrap().join("host-sim/page/page")).arg(&spki).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut browser = Watched::start_for(LONG, &mut script);
    let mut rows = browser.lines();
    let pages = next(&mut browser, &mut rows);
    let at = |name: &str, page: &str| {
        let scheme = if page.ends_with("https") { "https" } else { "http" };
        format!("{scheme}://{name}.example:{}", pages[page])
    };
    // All are listed but the foreign one and the one around a frame, and have consented but one.
    let consented: Vec<_> = ["https", "http", "intranet-https", "intranet-http"].map(|page| at("his", page)).to_vec();
    let consented = [consented, vec![at("new", "https"), at("never", "https")]].concat();
    let consents = folder.path().join("consents");
    fs::write(&consents, consented.join("\n")).unwrap();
    Command::new("chmod").arg("600").arg(&consents).status().unwrap();
    let (service, mut ports) = serve(folder.path(), &[consented, vec![at("asked", "https")]].concat());
    // A port at which nobody listens, and which nobody else gets meanwhile.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = nobody.local_addr().unwrap().port();
    drop(nobody);
    ports.insert("nobody".into(), refused.into());
    browser.feed(&format!("{}\n", Value::from(ports)));
    let seen = next(&mut browser, &mut rows);

    for read in ["https, allowed", "frame, allowed", "intranet, https", "intranet, http", "consent", "own"] {
        let page = &seen[read];
        let shown = (&page["outcome"], &page["name"], &page["number"], &page["why"]);
        assert_eq!(shown, (&json!("read"), &json!("张*"), &json!("111*************10"), &json!("")), "{read}: {page}");
    }
    for (refused, outcome, words) in [
        // Without a window the browser takes the question for refused.
        ("https, not asked", "permission-denied", "LocalNetworkAccessAllowedForUrls"),
        ("https, forbidden", "permission-denied", "LoopbackNetworkAllowedForUrls"),
        ("http", "page-not-secure", "LocalNetworkAccessRestrictionsTemporaryOptOut"),
        ("frame", "frame-not-allowed", "allow=\"loopback-network\""),
        ("strict page", "blocked-by-page", "connect-src"),
        ("no service", "not-running", "qiyong serve-page"),
        ("no service, intranet", "permission-not-given", "the service is not running"),
        ("no service, intranet, http", "page-not-secure", "the service is not running"),
        ("foreign", "origin-not-listed", "--origin https://evil.example"),
        ("foreign, intranet", "origin-not-listed", "--origin http://evil.example"),
    ] {
        let page = &seen[refused];
        assert_eq!(
            (&page["outcome"], &page["name"], &page["number"]),
            (&json!(outcome), &json!(""), &json!("")),
            "{page}"
        );
        assert!(page["why"].as_str().unwrap().contains(words), "{refused}: {page}");
    }
    let others = &seen["others"];
    assert_eq!((&others["named"]["success"], &others["typed"]["ErrorCode"]), (&json!("1"), &json!(0)), "{others}");
    assert!(others["named"]["pOutInfo"].as_str().unwrap().contains("|张三|"), "{others}");
    assert_eq!((&others["entry"]["code"], &others["entry"]["data"]["name"]), (&json!(200), &json!("张三")), "{others}");
    assert_eq!((&others["own"]["id"], &others["own"]["fields"]["name"]), (&json!(1), &json!("张*")), "{others}");

    // A foreign page reads no answer, and opens no socket. What it may send without reading has an empty answer for it.
    for taken in ["taken", "taken, intranet"] {
        let taken = &seen[taken];
        for way in ["health", "call", "plain", "entry"] {
            assert_eq!(taken[way], "TypeError", "{way}: {taken}");
        }
        assert_eq!((&taken["blind"], &taken["image"]), (&json!(""), &json!("error")), "{taken}");
        for way in ["v1", "ws-12342", "ws-1919"] {
            assert_eq!(taken[way], "closed 1006", "{way}: {taken}");
        }
    }
    // The masked pages never had the number, and the log has neither number nor name.
    let pages = seen.as_object().unwrap().iter().filter(|(name, _)| *name != "others");
    assert!(pages.map(|(_, page)| page.to_string()).all(|page| !page.contains(ID_NUMBER)));
    let kept = fs::read_to_string(&consents).unwrap();
    assert!(kept.contains("https://asked.example") && !kept.contains("evil"), "{kept}");
    service.signal("-TERM");
    let output = service.output();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && log.contains("\"function\":\"iReadCardBas\",\"code\":0"), "{log}");
    for stranger in ["https", "intranet-http"].map(|page| at("evil", page)) {
        let asked = format!("\"message\":\"a page that is not listed has asked\",\"origin\":\"{stranger}\"");
        assert_eq!(log.matches(&asked).count(), 1, "{log}");
    }
    for secret in [ID_NUMBER, "张三", "param="] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

/// The holder of the sample card.
const ID_NUMBER: &str = "111111198101011110";

/// The next row of the script as JSON; without one, what went wrong there.
fn next(browser: &mut Watched, rows: &mut impl BufRead) -> Value {
    let mut row = String::new();
    rows.read_line(&mut row).unwrap();
    serde_json::from_str(&row).unwrap_or_else(|_| {
        let mut errors = String::new();
        let _ = browser.child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut errors));
        panic!("{row}{errors}")
    })
}
