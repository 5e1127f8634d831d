//! One request of a browser: its language, its session, and what frames every page.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::lang::Lang;
use super::session::{Session, Sessions};
use crate::problem::Problem;

/// The cookie of the session.
const SESSION: &str = "qiyong-session";
/// The cookie of the language.
const LANG: &str = "qiyong-lang";

/// A browser's request, as far as every page needs it.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) lang: Lang,
    /// The random number of the session, if the browser sent one.
    pub(crate) id: Option<String>,
    pub(crate) session: Option<Session>,
    /// The path, for the link to the other language.
    path: String,
    /// Whether the language was chosen by the link, and is to be kept.
    chosen: bool,
}

impl Visit {
    pub(crate) fn of(parts: &Parts, sessions: &Sessions) -> Self {
        let id = cookie(&parts.headers, SESSION);
        let query = parts.uri.query().unwrap_or_default();
        let chosen = query.split('&').find_map(|pair| Lang::of(pair.strip_prefix("lang=")?));
        let kept = || cookie(&parts.headers, LANG).and_then(|tag| Lang::of(&tag));
        let lang = chosen.or_else(kept).unwrap_or_else(|| Lang::asked_for(&parts.headers));
        let rest = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        let rest: Vec<&str> = rest.collect();
        let path = match rest.as_slice() {
            [] => format!("{}?", parts.uri.path()),
            rest => format!("{}?{}&", parts.uri.path(), rest.join("&")),
        };
        let session = id.as_deref().and_then(|id| sessions.find(id));
        Self { lang, session, id, path, chosen: chosen.is_some() }
    }

    /// The same without its session.
    pub(crate) fn signed_out(&self) -> Self {
        Self { session: None, ..self.clone() }
    }

    /// The text in the visitor's language.
    pub(crate) const fn say<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        self.lang.say(en, zh)
    }

    /// A whole page.
    pub(crate) fn page(&self, status: StatusCode, title: &str, content: &Markup) -> Response {
        let other = self.lang.other();
        let page = html! {
            (DOCTYPE)
            html lang=(self.lang.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " · " (self.say("Card centre", "卡管中心")) }
                    link rel="stylesheet" href="/page/style.css";
                }
                body {
                    header {
                        strong { (self.say("Card centre", "卡管中心")) }
                        @if let Some(session) = &self.session {
                            nav {
                                a href="/page" { (self.say("Work queue", "待办")) }
                                a href="/page/find" { (self.say("Look up", "查询")) }
                                a href="/page/day" { (self.say("A day's totals", "日汇总")) }
                                a href="/page/figures" { (self.say("Figures", "运行情况")) }
                                a href="/page/acts" { (self.say("All acts", "全部业务")) }
                            }
                            form method="post" action="/page/sign-out" {
                                input type="hidden" name="csrf" value=(session.csrf);
                                button { (self.say("Sign out", "退出")) }
                            }
                        }
                        a lang=(other.tag()) hreflang=(other.tag()) href={ (self.path) "lang=" (other.tag()) } { (other.say("English", "中文")) }
                    }
                    main { h1 { (title) } (content) }
                }
            }
        };
        let mut response = (status, page.into_string()).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if self.chosen {
            set_cookie(&mut response, LANG, self.lang.tag(), "");
        }
        guarded(response)
    }

    /// A page that says why something was not done.
    pub(crate) fn problem(&self, problem: &Problem) -> Response {
        let title = self.say("Not done", "未办理");
        let mut response = self.page(problem.status, title, &self.explanation(problem));
        response.extensions_mut().insert(Code(problem.code));
        response
    }

    /// The words of a problem.
    pub(crate) fn explanation(&self, problem: &Problem) -> Markup {
        html! {
            div .problem role="alert" {
                p { (self.say(&problem.en, &problem.zh)) }
                p { strong { (self.say("Next: ", "下一步：")) } (self.say(&problem.next_en, &problem.next_zh)) }
                p .code {
                    code { (problem.code) }
                    @if let Some(field) = &problem.field { " · " (self.say("field ", "字段 ")) code { (field) } }
                }
            }
        }
    }
}

/// The code of the problem that a page shows, for the log.
#[derive(Clone, Copy)]
pub(crate) struct Code(pub(crate) &'static str);

/// Leads the browser to another page.
pub(crate) fn go_to(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, path);
    }
    guarded(response)
}

/// Gives the browser the random number of its session; an empty one takes it away.
pub(crate) fn set_session(response: &mut Response, id: &str) {
    let end = if id.is_empty() { "; Max-Age=0" } else { "" };
    set_cookie(response, SESSION, id, end);
}

fn set_cookie(response: &mut Response, name: &str, value: &str, end: &str) {
    let text = format!("{name}={value}; Path=/page; HttpOnly; SameSite=Strict{end}");
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().append(SET_COOKIE, text);
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let mut found = all.filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    found.next().map(str::to_string)
}

/// With the headers that keep a page from doing what it should not: no script, no frame, no other site, no copy on disk.
pub(crate) fn guarded(mut response: Response<Body>) -> Response<Body> {
    const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert("content-security-policy", HeaderValue::from_static(POLICY));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
