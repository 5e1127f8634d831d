//! The card centre over HTTP, with programs of others: curl, Python, schemathesis, Chromium.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use qiyong_centre::acts::role::Role;
use qiyong_tests::centre::{OfficeFile, schemathesis};
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;

/// Schemathesis makes some forty requests for each of more than a hundred operations.
const LONG: Duration = Duration::from_secs(540);

fn script(name: &str) -> Command {
    let mut command = Command::new("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/centre_http").join(name));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Runs a program to its end; it must succeed.
fn run(patience: Duration, command: &mut Command) -> String {
    let output = Watched::start_for(patience, command).output();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn curl_carries_out_an_act_once_for_its_key() {
    let server = OfficeFile::new().serve();
    let (status, document) = server.curl("/openapi.json", &[]);
    assert_eq!((status, &document["openapi"]), (200, &json!("3.1.0")));
    assert_eq!(server.curl("/healthz", &[]), (200, json!({"status": "up"})));
    let bearer = format!("Authorization: Bearer {}", server.tokens["administrator"]);
    let cost = |amount: i64, key: &str| {
        let (key, body) = (
            format!("Idempotency-Key: {key}"),
            json!({"amount": amount, "reference": format!("水电 {amount}"), "purpose": "水电"}).to_string(),
        );
        let json = ["-H", &bearer, "-H", "Content-Type: application/json", "-H", &key, "-d", &body];
        server.curl("/v1/cost/book", &json)
    };
    let first = cost(123_400, "8e7f-1");
    assert_eq!(first.0, 200, "{first:?}");
    assert_eq!(cost(123_400, "8e7f-1"), first, "repeated, answered again");
    let other = cost(1, "8e7f-1");
    assert_eq!((other.0, &other.1["code"]), (409, &json!("key-reused")));
    let account = server.curl("/v1/ledger/account?account=finance", &["-H", &bearer]);
    assert_eq!((account.0, &account.1["balance"]), (200, &json!(-123_400)), "booked once: {account:?}");
    let (status, figures) = server.curl("/metrics", &[]);
    let figures = figures.as_str().unwrap();
    assert!(status == 200 && figures.contains("requests_total{act=\"cost.book\",status=\"200\"} 2"), "{figures}");
}

/// What must be refused is refused with its status, changes nothing, and is on record.
#[test]
fn hostile_requests_are_refused_and_recorded() {
    let mut file = OfficeFile::new();
    let expired = file.token(Role::Clerk, 1);
    file.stop_clock("2026-03-02T11:00:00");
    let server = file.serve();
    let headers = |token: &str| format!("Authorization: Bearer {token}");
    let (admin, json) = (headers(&server.tokens["administrator"]), "Content-Type: application/json");
    let refused = |path: &str, arguments: &[&str], status: u16, code: &str| {
        let (got, body) = server.curl(path, arguments);
        assert_eq!((got, body["code"].as_str()), (status, Some(code)), "{path} {arguments:?}: {body}");
        for word in ["en", "zh", "next_en", "next_zh"] {
            assert!(body[word].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        }
    };
    let me = "/v1/operator/me";
    refused(me, &["-H", &headers(&expired), "-H", json, "-d", "{}"], 401, "token-unknown");
    refused(me, &["-H", &headers(&"0".repeat(9_000)), "-H", json, "-d", "{}"], 401, "token-unknown");
    refused(me, &["-H", &headers("320100-' OR '1'='1"), "-H", json, "-d", "{}"], 401, "token-unknown");
    let clerk = headers(&server.tokens["clerk"]);
    refused("/v1/operator/list", &["-H", &clerk, "-H", json, "-d", "{}"], 403, "role-not-allowed");
    refused(me, &["-H", &admin, "-H", "Content-Type: text/html", "-d", "{}"], 415, "not-json");
    refused(me, &["-H", &admin, "-H", json, "-d", "{\"a\":"], 400, "json-broken");
    refused(me, &["-H", &admin, "-H", json, "-d", "{\"a\": 1}"], 400, "field-invalid");
    let long_key = format!("Idempotency-Key: {}", "k".repeat(65));
    refused(
        "/v1/operator/end",
        &["-H", &admin, "-H", json, "-H", &long_key, "-d", "{\"id\": \"clerk\"}"],
        400,
        "key-invalid",
    );
    let injection = json!({"id": "x'; DROP TABLE operators; --", "role": "clerk", "outlet": "32010201", "name": "x"});
    let body = injection.to_string();
    refused("/v1/operator/add", &["-H", &admin, "-H", json, "-d", &body], 400, "value-not-allowed");
    let big = server.folder.path().join("big");
    fs::write(&big, "x".repeat(2 << 20)).unwrap();
    let big = format!("@{}", big.display());
    refused(me, &["-H", &admin, "-H", json, "--data-binary", &big], 413, "body-too-large");
    refused("/v1/operator/me/../list/x", &["--path-as-is"], 404, "path-unknown");

    let (_, audit) = server.act("auditor", "audit.list", &json!({"limit": 20}));
    let outcomes: Vec<&str> =
        audit["records"].as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect();
    for code in ["role-not-allowed", "field-invalid", "key-invalid", "value-not-allowed"] {
        assert!(outcomes.contains(&code), "{code} is not on record: {outcomes:?}");
    }
    let (_, operators) = server.act("administrator", "operator.list", &json!({}));
    assert_eq!(operators["operators"].as_array().map(Vec::len), Some(14), "{operators}");
    let tokens: Vec<String> = server.tokens.values().cloned().collect();
    let (folder, log) = server.end();
    for secret in tokens.iter().map(String::as_str).chain([expired.as_str(), "DROP TABLE"]) {
        assert!(!log.contains(secret), "the log has {secret}");
    }
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
    let verify = ["centre", "verify", "--db", "centre.db"];
    run(LONG, Command::new(qiyong()).current_dir(folder.path()).args(verify));
}

/// Every answer to every request that it thinks of is documented, and none is a failure of the server.
#[test]
fn schemathesis_finds_no_undocumented_answer() {
    let server = OfficeFile::new().serve();
    let (_, document) = server.curl("/openapi.json", &[]);
    // Each operation with the token of a role that may.
    let mut config = String::from("[generation]\ndeterministic = true\n");
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            if let Some(role) = operation["x-roles"][0].as_str() {
                let name = format!("{} {path}", method.to_uppercase());
                config += &format!(
                    "[[operations]]\ninclude-name = {name:?}\nheaders = {{ Authorization = \"Bearer {}\" }}\n",
                    server.tokens[role]
                );
            }
        }
    }
    fs::write(server.folder.path().join("schemathesis.toml"), config).unwrap();
    let mut command = Command::new(schemathesis());
    let document = format!("{}/openapi.json", server.url);
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                  response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth";
    command.current_dir(server.folder.path()).args(["--config-file", "schemathesis.toml", "run", &document]);
    command.args(["--max-examples", "5", "--seed", "1", "--checks", checks, "--no-color"]);
    command.args(["--phases", "examples,coverage,fuzzing", "--warnings", "off"]);
    let said = run(LONG, &mut command);
    // All but the one that serves the document itself, which curl has fetched above.
    operations -= 1;
    for expected in [format!("{operations} selected / {operations} total"), format!("{operations} passed")] {
        assert!(said.contains(&expected), "{expected}: {said}");
    }
    let (_, log) = server.end();
    let statuses = |status: u16| log.matches(&format!("\"status\":{status}")).count();
    let (done, wrong, too_many) = (statuses(200), statuses(400), statuses(429));
    println!("{operations} operations: {done} requests done, {wrong} refused as wrong, {too_many} as too many");
    assert!(done > operations / 4 && wrong > operations && too_many == 0, "{done} {wrong} {too_many} of {operations}");
}

/// A browser signs in, reads every page in both languages, carries out an act by its form, and signs out.
#[test]
fn chromium_shows_the_page_in_two_languages() {
    let server = OfficeFile::new().serve();
    for (lang, words, plot) in [
        ("en", ["Sign in", "Work queue", "All acts", "Figures"], "Requests over HTTP a minute, by status"),
        ("zh-CN", ["登录", "待办", "全部业务", "运行情况"], "每分钟 HTTP 请求（按状态码）"),
    ] {
        // Something was refused, and stands in the plot of reasons.
        let refused = server.act("clerk", "operator.list", &json!({}));
        assert_eq!(refused.0, 403, "{refused:?}");
        let mut command = script("browser.py");
        command.args([&server.url, &server.tokens["administrator"], lang]).arg(server.folder.path());
        let said: Value = serde_json::from_str(&run(LONG, &mut command)).unwrap();
        let titles: Vec<&str> = said["titles"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for word in words {
            assert!(titles.iter().any(|title| title.starts_with(word)), "{word}: {said}");
        }
        assert_eq!(said["console"], json!([]), "the browser complains");
        let plots = said["plots"].as_array().expect("the figures");
        // Each with columns: requests that were answered, refused, and under way.
        assert!(plots.len() >= 3 && plots.iter().all(|plot| plot[1].as_u64() > Some(0)), "{said}");
        assert_eq!(plots[0][0], plot, "{said}");
        assert_eq!(said["lang"], lang);
        assert_ne!(said["other"], lang, "the link leads to the other language");
        assert_eq!(said["after_sign_out"], said["titles"][0]);
    }
    let (_, operators) = server.act("administrator", "operator.list", &json!({}));
    let text = operators.to_string();
    assert!(text.contains("browser-en") && text.contains("browser-zh-cn"), "added by the form: {text}");
}
