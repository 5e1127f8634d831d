//! Which request gets an answer (docs/page.md §1, docs/driver.md §B): it is for this machine, its page is listed, and a person has
//! consented to that page.
//!
//! What a browser says of a page is believed, since no page can forge it; another program on this computer can, and is not
//! kept out (docs/limits.md). Not here: Local Network Access, which is the browser's check before any of this.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, HOST, ORIGIN, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response};

use crate::consent::{Consent, Consents};
use crate::origin::{Origin, host_and_port};
use crate::refusal::Refusal;

/// Whether the service is there: answered also without a page, and before consent.
pub(crate) const HEALTH: &str = "/health";
/// The snippet and the sample page: they contain nothing of anybody.
pub(crate) const OPEN: [&str; 3] = [HEALTH, "/v1/qiyong.js", "/v1/sample.html"];

/// In a preflight, that a page from the internet asks something nearer; and the answer. Browsers before Local Network Access
/// have the first name, a draft of it had the second.
const NEARER: [(&str, &str); 2] = [
    ("access-control-request-private-network", "access-control-allow-private-network"),
    ("access-control-request-local-network", "access-control-allow-local-network"),
];

/// The pages that may ask.
pub(crate) struct Guard {
    origins: Vec<Origin>,
    consents: Arc<Consents>,
    /// Pages that are not listed and came all the same: each is in the log once.
    strangers: Mutex<BTreeSet<Origin>>,
}

/// As many strangers are told apart; a page can come under any number of names.
const STRANGERS_MAX: usize = 64;

/// What is to be done with a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The page, if it is listed: it may read the answer, even one that refuses.
    pub(crate) page: Option<Origin>,
    /// Whether it goes on, or why not.
    pub(crate) pass: Result<Pass, Refusal>,
}

/// How a request goes on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// To its path. With it comes how it stands with the page, if there is one.
    On(Option<Consent>),
    /// It is a browser's question before a request.
    Preflight,
}

impl Guard {
    pub(crate) const fn new(origins: Vec<Origin>, consents: Arc<Consents>) -> Self {
        Self { origins, consents, strangers: Mutex::new(BTreeSet::new()) }
    }

    /// Judges a request. Nothing of its body has been read yet.
    pub(crate) fn judge(&self, request: &Parts) -> Verdict {
        let nobody = |pass| Verdict { page: None, pass };
        if !is_for_this_machine(request) {
            return nobody(Err(Refusal::Host));
        }
        let is_open = request.method == Method::GET && OPEN.contains(&request.uri.path());
        let mut origins = request.headers.get_all(ORIGIN).iter();
        let page = match (origins.next(), origins.next()) {
            (None, _) if is_open => return nobody(Ok(Pass::On(None))),
            (None, _) => return nobody(Err(Refusal::NoOrigin)),
            (Some(origin), None) => origin.to_str().ok().and_then(|text| text.parse().ok()),
            _ => None,
        };
        let page = match page {
            Some(page) if self.origins.contains(&page) => page,
            stranger => {
                stranger.into_iter().for_each(|page| self.note(page));
                return nobody(Err(Refusal::Origin));
            }
        };
        let is_preflight =
            request.method == Method::OPTIONS && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let pass = if is_preflight {
            Ok(Pass::Preflight)
        } else {
            match self.consents.of(&page) {
                consent @ Consent::Given => Ok(Pass::On(Some(consent))),
                consent if is_open => Ok(Pass::On(Some(consent))),
                Consent::Awaited => Err(Refusal::Awaited),
                Consent::Refused => Err(Refusal::Denied),
            }
        };
        Verdict { page: Some(page), pass }
    }

    fn note(&self, stranger: Origin) {
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if strangers.len() < STRANGERS_MAX && !strangers.contains(&stranger) {
            tracing::warn!(origin = stranger.as_str(), "a page that is not listed has asked");
            strangers.insert(stranger);
        }
    }
}

/// A name on the internet may lead to 127.0.0.1, and a page under that name would then be of the same origin as this service
/// (DNS rebinding). So the host of a request is a loopback address, or the name of one.
fn is_for_this_machine(request: &Parts) -> bool {
    let mut hosts = request.headers.get_all(HOST).iter().map(|host| host.to_str().ok());
    let (Some(Some(host)), None) = (hosts.next(), hosts.next()) else { return false };
    let authority = request.uri.authority().map(|authority| authority.as_str());
    authority.is_none_or(is_loopback) && is_loopback(host)
}

fn is_loopback(text: &str) -> bool {
    let Ok((host, _)) = host_and_port(text) else { return false };
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Writes who may read an answer into its head.
pub(crate) fn mark<B>(answer: &mut Response<B>, page: Option<&Origin>) {
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(origin) = page.and_then(|page| HeaderValue::from_str(page.as_str()).ok()) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}

/// Writes what a page may do into the answer to a preflight.
pub(crate) fn allow(headers: &mut HeaderMap, asked: &HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    for (question, answer) in NEARER {
        if asked.get(question).is_some_and(|value| value == "true") {
            headers.insert(HeaderName::from_static(answer), HeaderValue::from_static("true"));
        }
    }
}

#[cfg(test)]
mod tests;
