//! Why a page gets nothing: one form for all causes, in two languages, with what to do next.
//!
//! No text repeats what the page has sent, which may be a PIN in a wrong place. Not here: what the library says of a card,
//! which is an answer.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request is for another host than this machine: a name on the internet that leads here.
    Host,
    /// It comes from no page.
    NoOrigin,
    /// Its page is not listed.
    Origin,
    /// Nobody has answered yet whether the page may.
    Awaited,
    /// Somebody has said no.
    Denied,
    /// There is no such path.
    Path,
    /// The path is for another method.
    Method,
    /// The path is for a socket.
    NoSocket,
    /// Too many sockets are open.
    Sockets,
    /// The body or message is too long.
    TooLong,
    /// The body did not come in time, or broke off.
    TooSlow,
    /// It is no JSON object.
    NotJson,
    /// It names no function.
    NoFunction,
    /// The library has no such function, or pages may not call it.
    Function,
    /// A value is missing, or of a wrong kind: this one, by the library's name.
    Value(&'static str),
    /// There is a field that the function does not have.
    Field,
    /// It seems to contain a PIN.
    Pin,
}

/// A refusal as a page gets it.
#[derive(Serialize)]
pub(crate) struct Told {
    /// Stable, for programs.
    error: &'static str,
    /// The value at fault, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'static str>,
    en: &'static str,
    zh: &'static str,
}

impl Refusal {
    const fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::NoOrigin | Self::Origin | Self::Awaited | Self::Denied => StatusCode::FORBIDDEN,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoSocket => StatusCode::UPGRADE_REQUIRED,
            Self::Sockets => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NotJson | Self::NoFunction | Self::Function | Self::Value(_) | Self::Field | Self::Pin => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    /// What is told of it.
    pub(crate) const fn told(self) -> Told {
        let (error, en, zh) = match self {
            Self::Host => (
                "host-not-local",
                "Ask 127.0.0.1 or localhost: another name that leads to this computer gets nothing.",
                "请使用127.0.0.1或localhost访问本机服务。",
            ),
            Self::NoOrigin => (
                "no-origin",
                "Only pages are served, and a browser names its page in the header Origin.",
                "只服务网页：请求须有浏览器发送的Origin。",
            ),
            Self::Origin => (
                "origin-not-listed",
                "This page is not listed: start the service with --origin and the page's scheme, host and port.",
                "该网页未获准：请用--origin加上网页的协议、主机和端口启动服务。",
            ),
            Self::Awaited => (
                "consent-awaited",
                "Somebody at this computer must consent in the window of the service; then try again.",
                "请在本机服务窗口中同意该网页读卡，然后重试。",
            ),
            Self::Denied => (
                "consent-refused",
                "Somebody at this computer has refused this page; the question comes again when the service starts again.",
                "本机用户已拒绝该网页；服务重启后会再次询问。",
            ),
            Self::Path => ("path-unknown", "There is no such path.", "没有此路径。"),
            Self::Method => ("method-not-allowed", "The path is not for this method.", "此路径不支持该方法。"),
            Self::NoSocket => ("socket-only", "Open a WebSocket at this path.", "请在此路径建立WebSocket连接。"),
            Self::Sockets => ("too-many-sockets", "Too many sockets are open: close one.", "连接过多，请关闭一些。"),
            Self::TooLong => ("too-long", "The message is too long.", "消息过长。"),
            Self::TooSlow => ("too-slow", "The body did not come in time.", "未及时收到请求体。"),
            Self::NotJson => ("not-json", "Send one JSON object in UTF-8.", "请发送一个UTF-8的JSON对象。"),
            Self::NoFunction => {
                ("no-function", "The field `function` names a function of the library.", "字段function应为库函数名。")
            }
            Self::Function => (
                "function-not-served",
                "There is no such function, or it is not for pages: none that takes or gives a PIN is.",
                "没有此函数，或不对网页开放（不经网页传送密码）。",
            ),
            Self::Value(_) => ("value-wrong", "A value is missing or of a wrong kind.", "参数缺失或类型错误。"),
            Self::Field => ("field-unknown", "The function has no such field.", "该函数没有此字段。"),
            Self::Pin => (
                "no-pin-here",
                "A PIN never passes here: the holder keys it on the pad.",
                "密码不得经网页传送，请在密码键盘上输入。",
            ),
        };
        Told { error, value: if let Self::Value(name) = self { Some(name) } else { None }, en, zh }
    }

    /// The words that a caller of another protocol gets, in whose answers there is room for one text.
    pub(crate) const fn zh(self) -> &'static str {
        self.told().zh
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status(), Json(self.told())).into_response()
    }
}
