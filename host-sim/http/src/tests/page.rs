//! The page over the toy: sign-in, forms, languages, and what other sites may not.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};

use super::{app, post, send};

/// A browser without a mind of its own: keeps cookies.
struct Browser {
    app: Router,
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn new() -> Self {
        Self { app: app(), cookies: Vec::new() }
    }

    async fn go(&mut self, request: axum::http::request::Builder, body: String) -> (u16, HeaderMap, String) {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", cookies.join("; "));
        let (status, headers, text) = send(&self.app, request.body(Body::from(body)).unwrap()).await;
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.into(), value.into()));
        }
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        (status.as_u16(), headers, text)
    }

    async fn get(&mut self, path: &str) -> (u16, String) {
        let (status, _, text) = self.go(Request::get(path), String::new()).await;
        (status, text)
    }

    async fn fill_in(&mut self, path: &str, fields: &[(&str, &str)]) -> (u16, HeaderMap, String) {
        let form = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.go(form, serde_urlencoded::to_string(fields).unwrap()).await
    }

    async fn signed_in() -> Self {
        let mut browser = Self::new();
        let (status, headers, _) = browser.fill_in("/page/sign-in", &[("token", "clerk-token")]).await;
        assert_eq!((status, headers["location"].to_str().unwrap()), (303, "/page"));
        browser
    }
}

/// A hidden field of a form.
fn hidden(page: &str, name: &str) -> String {
    let (_, after) = page.split_once(&format!("name=\"{name}\" value=\"")).expect(page);
    after.split('"').next().unwrap().to_string()
}

#[tokio::test]
async fn without_a_session_everything_leads_to_the_sign_in() {
    let mut browser = Browser::new();
    for path in ["/page", "/page/acts", "/page/act/box.put", "/page/whatever"] {
        let (status, headers, _) = browser.go(Request::get(path), String::new()).await;
        assert_eq!((status, headers["location"].to_str().unwrap()), (303, "/page/sign-in"), "{path}");
    }
    let (status, text) = browser.get("/page/sign-in").await;
    assert!(status == 200 && text.contains("<html lang=\"en\">") && text.contains("type=\"password\""), "{text}");
    let (status, _, text) = browser.fill_in("/page/sign-in", &[("token", "nobody")]).await;
    assert!(status == 401 && text.contains("token-unknown") && browser.cookies.is_empty(), "{text}");
    let (status, _, _) = browser.fill_in("/page/act/box.put", &[("field.amount", "5")]).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn an_act_is_carried_out_by_its_form_and_once() {
    let mut browser = Browser::signed_in().await;
    assert!(!format!("{:?}", browser.cookies).contains("clerk-token"), "the token stays at the server");
    let (status, page) = browser.get("/page/act/box.put").await;
    assert!(status == 200 && page.contains("What to put in, in fen.") && page.contains("type=\"number\""), "{page}");
    let (csrf, key) = (hidden(&page, "csrf"), hidden(&page, "idempotency-key"));
    let fields =
        [("csrf", csrf.as_str()), ("idempotency-key", &key), ("field.amount", "123456"), ("field.note", "<b>李")];
    for _ in 0..2 {
        let (status, _, page) = browser.fill_in("/page/act/box.put", &fields).await;
        assert!(status == 200 && page.contains("1234.56") && page.contains("&lt;b&gt;李"), "{page}");
    }
    let (_, _, text) = send(&browser.app, post("box.list", "{}")).await;
    assert!(text.contains("\"total\":123456"), "sent twice, done once: {text}");

    let refused = [("csrf", csrf.as_str()), ("field.amount", "0"), ("field.note", "\"kept\"")];
    let (status, _, page) = browser.fill_in("/page/act/box.put", &refused).await;
    assert!(status == 409 && page.contains("amount-not-positive") && page.contains("&quot;kept&quot;"), "{page}");
    let broken = [("csrf", csrf.as_str()), ("field.amount", "x")];
    let (status, _, page) = browser.fill_in("/page/act/box.put", &broken).await;
    assert!(status == 400 && page.contains("field-broken"), "{page}");
    let many = [("csrf", csrf.as_str()), ("field.puts", "[{\"amount\": 1, \"note\": \"a\"}]")];
    assert_eq!(browser.fill_in("/page/act/box.many", &many).await.0, 200);
}

#[tokio::test]
async fn a_form_of_another_site_or_session_does_nothing() {
    let mut browser = Browser::signed_in().await;
    let mut other = Browser { app: browser.app.clone(), cookies: Vec::new() };
    other.fill_in("/page/sign-in", &[("token", "clerk-token")]).await;
    let stolen = hidden(&other.get("/page/act/box.put").await.1, "csrf");
    for csrf in ["", "x", &stolen] {
        let fields = [("csrf", csrf), ("field.amount", "5"), ("field.note", "n")];
        let (status, _, page) = browser.fill_in("/page/act/box.put", &fields).await;
        assert!(status == 403 && page.contains("form-not-own"), "{page}");
    }
    let own = hidden(&browser.get("/page/act/box.put").await.1, "csrf");
    let cross = Request::post("/page/act/box.put").header("content-type", "application/x-www-form-urlencoded");
    let cross = cross.header("sec-fetch-site", "cross-site");
    let body =
        serde_urlencoded::to_string([("csrf", own.as_str()), ("field.amount", "5"), ("field.note", "n")]).unwrap();
    assert_eq!(browser.go(cross, body).await.0, 403);
    let plain = Request::post("/page/act/box.put").header("content-type", "text/plain");
    assert_eq!(browser.go(plain, format!("csrf={own}")).await.0, 415);
    let (_, _, text) = send(&browser.app, post("box.list", "{}")).await;
    assert!(text.contains("\"total\":0"), "{text}");

    let session = browser.cookies.clone();
    assert_eq!(browser.fill_in("/page/sign-out", &[("csrf", &own)]).await.0, 303);
    browser.cookies = session;
    assert_eq!(browser.get("/page/acts").await.0, 303, "a session that was ended does not come back");
}

#[tokio::test]
async fn the_page_speaks_two_languages() {
    let mut browser = Browser::new();
    let chinese = Request::get("/page/sign-in").header("accept-language", "zh-CN,zh;q=0.9");
    let (_, _, page) = browser.go(chinese, String::new()).await;
    assert!(page.contains("<html lang=\"zh-CN\">") && page.contains("登录"), "{page}");
    assert!(page.contains("href=\"/page/sign-in?lang=en\""), "{page}");
    let (_, page) = browser.get("/page/sign-in?lang=zh-CN").await;
    assert!(page.contains("令牌"), "{page}");
    let english = Request::get("/page/sign-in").header("accept-language", "en");
    let (_, _, page) = browser.go(english, String::new()).await;
    assert!(page.contains("令牌"), "the link's choice is kept: {page}");
    let (status, _, page) = browser.fill_in("/page/sign-in", &[("token", "nobody")]).await;
    assert!(status == 401 && page.contains("下一步"), "{page}");
}
