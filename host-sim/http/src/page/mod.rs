//! The page for operators: rendered here, with forms and links, without a script. Everything it shows or does is an act,
//! carried out with the token that was given at sign-in.
//!
//! `queue`, `records`, `day` and `figures` are pages of their own; every other act has a form and shows its answer. `visit` knows the browser's request, `session` who is signed in, `form` makes a form of any act, `show` HTML of any answer.

mod columns;
mod day;
pub(crate) mod figures;
mod form;
mod lang;
pub(crate) mod plot;
mod queue;
mod records;
pub(crate) mod session;
pub(crate) mod show;
pub(crate) mod visit;
mod words;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::acts::{Act, Acts};
use crate::api;
use crate::face::Face;
use crate::problem::Problem;
use crate::query;
use show::Look;
use visit::{Code, Visit, go_to, guarded, set_session};

/// A page, or where to go instead.
type Page = Result<Response, Problem>;

/// One request of a browser, with what it is about.
struct Asked<'a, A> {
    face: &'a Face<A>,
    visit: Visit,
}

/// Answers a browser, and counts and logs it.
pub(crate) async fn page<A: Acts>(State(face): State<Arc<Face<A>>>, request: Request<Body>) -> Response {
    let start = Instant::now();
    face.metrics.under_way.inc();
    let (parts, body) = request.into_parts();
    let asked = Asked { face: &face, visit: Visit::of(&parts, &face.sessions) };
    let response = match asked.answer(&parts, body).await {
        Ok(response) => response,
        // The session's token has ended: whoever it was must sign in again.
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {
            asked.sign_in_form(problem.status, Some(&problem))
        }
        Err(problem) => asked.visit.problem(&problem),
    };
    face.metrics.under_way.dec();
    let took = start.elapsed();
    let code = response.extensions().get::<Code>().map_or("", |code| code.0);
    face.metrics.answered("page", response.status().as_u16(), code, took);
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(method = %parts.method, status = response.status().as_u16(), code, millis, "page");
    response
}

impl<A: Acts> Asked<'_, A> {
    async fn answer(&self, parts: &Parts, body: Body) -> Page {
        let path: Vec<&str> = parts.uri.path().trim_matches('/').split('/').skip(1).collect();
        let query =
            query::pairs(parts.uri.query().unwrap_or_default().as_bytes()).ok_or_else(|| Problem::query(None))?;
        match (&parts.method, path.as_slice()) {
            (&Method::GET, ["style.css"]) => Ok(style()),
            (&Method::GET, ["sign-in"]) => Ok(self.sign_in_form(StatusCode::OK, None)),
            (&Method::POST, ["sign-in"]) => self.sign_in(&self.filled(parts, body).await?).await,
            (&Method::POST, ["sign-out"]) => {
                self.own_form(&self.filled(parts, body).await?)?;
                Ok(self.sign_out())
            }
            (&Method::GET | &Method::HEAD, _) if self.visit.session.is_none() => Ok(go_to("/page/sign-in")),
            (&Method::GET, []) => self.queue().await,
            (&Method::GET, ["acts"]) => Ok(self.acts()),
            (&Method::GET, ["figures"]) => self.figures(),
            (&Method::GET, ["day"]) => self.day(&query).await,
            (&Method::GET, ["find"]) => match (field(&query, "kind"), field(&query, "number").trim()) {
                ("application" | "card" | "account" | "ledger" | "slip", "") | ("", _) => self.look_up(),
                (kind, number) => Ok(go_to(&format!("/page/{kind}/{}", segment(number)))),
            },
            (&Method::GET, ["act", name]) => {
                // A link may bring the number of what the act is about.
                let query = query.into_iter().map(|(name, text)| (format!("{}{name}", form::FIELD), text));
                self.form(StatusCode::OK, self.act(name)?, &query.collect::<Vec<_>>(), None)
            }
            (&Method::GET, [kind, number]) => {
                let number = percent_decode_str(number).decode_utf8().map_err(|_| Problem::no_such_path())?;
                self.one(kind, &number).await
            }
            (&Method::POST, ["act", name]) => {
                let filled = self.filled(parts, body).await?;
                self.own_form(&filled)?;
                self.carry_out(self.act(name)?, &filled).await
            }
            (&Method::GET | &Method::POST, _) => Err(Problem::no_such_path()),
            _ => Err(Problem::method("GET, POST")),
        }
    }

    /// The page of one record.
    async fn one(&self, kind: &str, number: &str) -> Page {
        match kind {
            "application" => self.application(number).await,
            "card" => self.record("card.show", json!({"number": number}), ("Card", "社保卡"), number).await,
            "slip" => self.record("slip.show", json!({"number": number}), ("Payment slip", "缴款单"), number).await,
            "account" => {
                self.record("account.show", json!({"person": number}), ("Personal account", "个人账户"), number).await
            }
            "ledger" => {
                self.record("ledger.account", json!({"account": number}), ("Ledger account", "总账科目"), number).await
            }
            _ => Err(Problem::no_such_path()),
        }
    }

    fn look(&self) -> Look<'_> {
        Look { lang: self.visit.lang, money: &self.face.money }
    }

    fn say<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        self.visit.say(en, zh)
    }

    fn act(&self, name: &str) -> Result<&Act, Problem> {
        self.face.acts.get(name).ok_or_else(Problem::no_such_path)
    }

    /// Carries out an act for whoever is signed in.
    async fn ask(&self, act: &Act, request: Value, key: Option<String>) -> Result<Value, Problem> {
        let session = self.visit.session.as_ref().ok_or_else(Problem::no_token)?;
        self.face.rate.check(&session.token)?;
        let (_, done) = self.face.carry_out(&session.token, act.name, request, key).await?;
        Ok(done?)
    }

    /// The answers to several requests that only read, asked for in one turn at the centre.
    async fn ask_all(&self, requests: Vec<(&'static str, Value)>) -> Result<Vec<Value>, Problem> {
        let session = self.visit.session.as_ref().ok_or_else(Problem::no_token)?;
        self.face.read_all(&session.token, requests).await
    }

    /// What a form was filled in with.
    async fn filled(&self, parts: &Parts, body: Body) -> Result<Vec<(String, String)>, Problem> {
        // A browser says where a form stood: another site's form does nothing here, even at sign-in.
        let site = parts.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
        if site.is_some_and(|site| site != "same-origin" && site != "none") {
            return Err(Problem::other_form());
        }
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.split(';').next() != Some("application/x-www-form-urlencoded") {
            return Err(Problem::no_form());
        }
        let bytes = api::body(&parts.headers, body, &self.face.limits).await?;
        query::pairs(&bytes).ok_or_else(Problem::no_form)
    }

    /// Refuses a form that is not of this session.
    fn own_form(&self, filled: &[(String, String)]) -> Result<(), Problem> {
        let session = self.visit.session.as_ref().ok_or_else(Problem::no_token)?;
        if session.sent_it(field(filled, form::CSRF)) { Ok(()) } else { Err(Problem::other_form()) }
    }

    fn sign_in_form(&self, status: StatusCode, problem: Option<&Problem>) -> Response {
        let visit = self.visit.signed_out();
        let content = html! {
            @if let Some(problem) = problem { (visit.explanation(problem)) }
            form method="post" action="/page/sign-in" {
                p {
                    label for="token" { (self.say("Token", "令牌")) }
                    input id="token" name="token" type="password" autocomplete="off" required;
                }
                p { button { (self.say("Sign in", "登录")) } }
            }
        };
        visit.page(status, self.say("Sign in", "登录"), &content)
    }

    async fn sign_in(&self, filled: &[(String, String)]) -> Page {
        let token = field(filled, "token").trim();
        if token.is_empty() {
            return Err(Problem::no_token());
        }
        self.face.rate.check(token)?;
        if !self.face.is_held(token).await? {
            return Err(Problem::no_token());
        }
        self.end_session();
        let id = self.face.sessions.begin(token).map_err(|_| Problem::unable())?;
        let mut response = go_to("/page");
        set_session(&mut response, &id);
        Ok(response)
    }

    fn sign_out(&self) -> Response {
        self.end_session();
        let mut response = go_to("/page/sign-in");
        set_session(&mut response, "");
        response
    }

    fn end_session(&self) {
        self.visit.id.as_deref().into_iter().for_each(|id| self.face.sessions.end(id));
    }

    /// All acts that there are.
    fn acts(&self) -> Response {
        let content = html! {
            table {
                thead { tr { th { (self.say("Act", "业务")) } th { (self.say("What it does", "说明")) } th { (self.say("Roles", "角色")) } } }
                tbody {
                    @for act in self.face.acts.values() {
                        tr {
                            td { a href={ "/page/act/" (act.name) } { (act.name) } }
                            td { (act.description().lines().next().unwrap_or_default()) }
                            td { (act.roles.iter().map(|role| words::value(self.visit.lang, role)).collect::<Vec<_>>().join(", ")) }
                        }
                    }
                }
            }
        };
        self.visit.page(StatusCode::OK, self.say("All acts", "全部业务"), &content)
    }

    /// The form of an act.
    fn form(&self, status: StatusCode, act: &Act, filled: &[(String, String)], above: Option<Markup>) -> Page {
        let session = self.visit.session.as_ref().ok_or_else(Problem::no_token)?;
        let key = session::random().map_err(|_| Problem::unable())?;
        let content = html! {
            @if let Some(above) = above { (above) }
            p { (act.description()) }
            (form::form(self.visit.lang, act, &session.csrf, &key, filled))
        };
        Ok(self.visit.page(status, act.name, &content))
    }

    /// Carries out what a form asks for; if it is refused, the form is shown again as it was filled in.
    async fn carry_out(&self, act: &Act, filled: &[(String, String)]) -> Page {
        let request = form::request(act, filled).map_err(|name| Problem::field(&name));
        let key = Some(field(filled, form::KEY)).filter(|key| !act.reads && !key.is_empty()).map(str::to_string);
        let done = match request {
            Ok(request) => self.ask(act, request, key).await,
            Err(problem) => Err(problem),
        };
        match done {
            Ok(answer) => {
                let content = html! {
                    p .done { (self.say("Done.", "已办理。")) }
                    (self.look().value("", &answer))
                    p { a href={ "/page/act/" (act.name) } { (self.say("Once more", "再次办理")) } }
                };
                Ok(self.visit.page(StatusCode::OK, act.name, &content))
            }
            Err(problem) if problem.status == StatusCode::UNAUTHORIZED => Err(problem),
            Err(problem) => {
                let above = self.visit.explanation(&problem);
                let mut response = self.form(problem.status, act, filled, Some(above))?;
                response.extensions_mut().insert(Code(problem.code));
                Ok(response)
            }
        }
    }
}

/// A number as a part of a path.
fn segment(number: &str) -> String {
    utf8_percent_encode(number, NON_ALPHANUMERIC).to_string()
}

/// A field of a form; empty if it is missing.
fn field<'a>(filled: &'a [(String, String)], name: &str) -> &'a str {
    filled.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text.as_str())
}

/// The style of every page.
pub(crate) fn style() -> Response {
    let mut response = include_str!("style.css").into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    guarded(response)
}
