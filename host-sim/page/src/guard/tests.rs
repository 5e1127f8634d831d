//! Every rule of the guard with requests that keep it and requests that break it (docs/page.md §1), and a deliberate fault for each:
//! a guard that does not see what the rule is about must be found out by the requests of that rule.

use axum::http::Request;

use super::*;

const HIS: &str = "https://his.example";
const NEW: &str = "https://new.example";
const DENIED: &str = "http://10.1.2.3:8080";

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Host,
    NoOrigin,
    Origin,
    Consent,
    Preflight,
}

type Headers = &'static [(&'static str, &'static str)];
type Case = (Rule, &'static str, &'static str, Headers, Result<Pass, Refusal>);

const ON: Result<Pass, Refusal> = Ok(Pass::On(Some(Consent::Given)));
const NO: Result<Pass, Refusal> = Err(Refusal::Origin);
const ASKED: (&str, &str) = ("access-control-request-method", "POST");
const AT_HOME: (&str, &str) = ("host", "127.0.0.1:8322");

/// Requests, and what becomes of them.
const CASES: &[Case] = &[
    (Rule::Host, "POST", "/v1/call", &[("host", "LocalHost:1"), ("origin", HIS)], ON),
    (Rule::Host, "POST", "/v1/call", &[("host", "[::1]:8322"), ("origin", HIS)], ON),
    (Rule::Host, "POST", "/v1/call", &[("host", "127.1.2.3"), ("origin", HIS)], ON),
    // DNS rebinding.
    (Rule::Host, "POST", "/v1/call", &[("host", "evil.example:8322"), ("origin", HIS)], Err(Refusal::Host)),
    (Rule::Host, "GET", "/health", &[("host", "127.0.0.1.evil.example")], Err(Refusal::Host)),
    (Rule::Host, "GET", "/health", &[("host", "0.0.0.0:8322")], Err(Refusal::Host)),
    (Rule::Host, "GET", "/health", &[("host", "10.0.0.1")], Err(Refusal::Host)),
    (Rule::Host, "GET", "/health", &[("host", "localhost.")], Err(Refusal::Host)),
    (Rule::Host, "GET", "/health", &[("host", "[::2]")], Err(Refusal::Host)),
    (Rule::Host, "GET", "/health", &[("host", "")], Err(Refusal::Host)),
    (Rule::Host, "GET", "/health", &[], Err(Refusal::Host)),
    (Rule::Host, "GET", "/health", &[AT_HOME, ("host", "localhost")], Err(Refusal::Host)),
    (Rule::Host, "GET", "http://evil.example/health", &[AT_HOME], Err(Refusal::Host)),
    (Rule::NoOrigin, "GET", "/health", &[AT_HOME], Ok(Pass::On(None))),
    (Rule::NoOrigin, "GET", "/v1/qiyong.js", &[AT_HOME], Ok(Pass::On(None))),
    (Rule::NoOrigin, "GET", "/v1/sample.html", &[AT_HOME], Ok(Pass::On(None))),
    (Rule::NoOrigin, "POST", "/health", &[AT_HOME], Err(Refusal::NoOrigin)),
    (Rule::NoOrigin, "GET", "/", &[AT_HOME], Err(Refusal::NoOrigin)),
    (Rule::NoOrigin, "GET", "/v1/socket", &[AT_HOME], Err(Refusal::NoOrigin)),
    (Rule::NoOrigin, "GET", "/health/", &[AT_HOME], Err(Refusal::NoOrigin)),
    (Rule::NoOrigin, "GET", "/readcard/entry?param=sicard", &[AT_HOME], Err(Refusal::NoOrigin)),
    (Rule::NoOrigin, "POST", "/v1/call", &[AT_HOME], Err(Refusal::NoOrigin)),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", HIS)], ON),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", "https://evil.example")], NO),
    (Rule::Origin, "GET", "/health", &[AT_HOME, ("origin", "https://evil.example")], NO),
    (Rule::Origin, "GET", "/v1/qiyong.js", &[AT_HOME, ("origin", "https://evil.example")], NO),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", "https://his.example.evil.example")], NO),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", "http://his.example")], NO),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", "https://his.example:8443")], NO),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", "https://his.example/")], NO),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", "http://127.0.0.1:8322")], NO),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", "null")], NO),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", "")], NO),
    (Rule::Origin, "POST", "/v1/call", &[AT_HOME, ("origin", HIS), ("origin", HIS)], NO),
    (Rule::Consent, "POST", "/v1/call", &[AT_HOME, ("origin", NEW)], Err(Refusal::Awaited)),
    (Rule::Consent, "GET", "/v1/socket", &[AT_HOME, ("origin", NEW)], Err(Refusal::Awaited)),
    (Rule::Consent, "GET", "/health", &[AT_HOME, ("origin", NEW)], Ok(Pass::On(Some(Consent::Awaited)))),
    (Rule::Consent, "POST", "/v1/call", &[AT_HOME, ("origin", DENIED)], Err(Refusal::Denied)),
    (Rule::Preflight, "OPTIONS", "/v1/call", &[AT_HOME, ("origin", HIS), ASKED], Ok(Pass::Preflight)),
    (Rule::Preflight, "OPTIONS", "/v1/call", &[AT_HOME, ("origin", NEW), ASKED], Ok(Pass::Preflight)),
    (Rule::Preflight, "OPTIONS", "/v1/call", &[AT_HOME, ("origin", "https://evil.example"), ASKED], NO),
    (Rule::Preflight, "POST", "/v1/call", &[AT_HOME, ("origin", NEW), ASKED], Err(Refusal::Awaited)),
];

fn guard() -> Guard {
    let consents = Consents::of_this_run(Box::new(|_| {}));
    consents.answer(&HIS.parse().unwrap(), true).unwrap();
    consents.answer(&DENIED.parse().unwrap(), false).unwrap();
    Guard::new([HIS, DENIED, NEW].map(|text| text.parse().unwrap()).to_vec(), Arc::new(consents))
}

/// The rules whose cases end otherwise than they must, when the guard sees what `blind` leaves of each request.
fn broken(blind: impl Fn(&mut Parts)) -> Vec<Rule> {
    let guard = guard();
    let ends_otherwise = |(_, method, uri, headers, expected): &&Case| {
        let request = Request::builder().method(*method).uri(*uri);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let origin = parts.headers.get(ORIGIN).cloned();
        blind(&mut parts);
        let Verdict { page, pass } = guard.judge(&parts);
        // Who may not read an answer is told by its page's absence.
        let may_read = page.is_some_and(|page| origin.is_some_and(|origin| origin == page.as_str()));
        let must_read =
            matches!(expected, Ok(Pass::On(Some(_)) | Pass::Preflight) | Err(Refusal::Awaited | Refusal::Denied));
        pass != *expected || may_read != must_read
    };
    let mut rules: Vec<_> = CASES.iter().filter(ends_otherwise).map(|case| case.0).collect();
    rules.dedup();
    rules
}

#[test]
fn each_request_ends_as_its_rule_says() {
    assert_eq!(broken(|_| {}), []);
}

#[test]
fn a_guard_that_is_blind_to_one_thing_is_found_out_by_its_rule() {
    fn set(request: &mut Parts, name: HeaderName, value: &'static str) {
        request.headers.insert(name, HeaderValue::from_static(value));
    }
    type Fault = (&'static str, Rule, fn(&mut Parts));
    let faults: [Fault; 10] = [
        ("any host will do", Rule::Host, |request| set(request, HOST, "localhost")),
        ("the host of an absolute address is overlooked", Rule::Host, |request| {
            request.uri = request.uri.path().parse().unwrap();
        }),
        ("who comes without a page counts as one", Rule::NoOrigin, |request| {
            if !request.headers.contains_key(ORIGIN) {
                set(request, ORIGIN, HIS);
            }
        }),
        ("every path is open", Rule::NoOrigin, |request| request.uri = HEALTH.parse().unwrap()),
        ("a beginning is enough for an open path", Rule::NoOrigin, |request| {
            if request.uri.path().starts_with(HEALTH) {
                request.uri = HEALTH.parse().unwrap();
            }
        }),
        ("every page is listed", Rule::Origin, |request| set(request, ORIGIN, HIS)),
        ("a beginning is enough for a page", Rule::Origin, |request| {
            if request.headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(HIS.as_bytes())) {
                set(request, ORIGIN, HIS);
            }
        }),
        ("of two origins the first counts", Rule::Origin, |request| {
            if let Some(first) = request.headers.get(ORIGIN).cloned() {
                request.headers.insert(ORIGIN, first);
            }
        }),
        ("nobody is asked", Rule::Consent, |request| {
            if request.headers.get(ORIGIN).is_some_and(|origin| origin == NEW || origin == DENIED) {
                set(request, ORIGIN, HIS);
            }
        }),
        ("whatever names a method is a preflight", Rule::Preflight, |request| {
            if request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
                request.method = Method::OPTIONS;
            }
        }),
    ];
    for (fault, rule, blind) in faults {
        assert!(broken(blind).contains(&rule), "{fault}: not found by {rule:?}");
    }
}

#[test]
fn a_preflight_is_allowed_what_it_asks_and_no_more() {
    let mut headers = HeaderMap::new();
    allow(&mut headers, &HeaderMap::new());
    assert!(!headers.contains_key("access-control-allow-private-network"), "only where it is asked");
    let mut asked = HeaderMap::new();
    asked.insert("access-control-request-private-network", HeaderValue::from_static("true"));
    allow(&mut headers, &asked);
    assert_eq!(headers["access-control-allow-private-network"], "true");
    assert!(!headers.contains_key("access-control-allow-local-network"));
}
