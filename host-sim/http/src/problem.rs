//! The answer to a request that was not carried out: one form for all of them, in two languages.

use axum::Json;
use axum::http::header::{ALLOW, CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use qiyong_centre::acts::refusal::{Refusal, RefusalKind, Words};

use crate::writer::Busy;

/// Why a request was not carried out, and what to do next.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    /// Stable, for programs.
    pub(crate) code: &'static str,
    /// The field of the request that is at fault, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) field: Option<String>,
    /// Cause, and what is allowed.
    pub(crate) en: String,
    /// Cause, and what is allowed, in Chinese.
    pub(crate) zh: String,
    /// What to do next.
    pub(crate) next_en: String,
    /// What to do next, in Chinese.
    pub(crate) next_zh: String,
    #[serde(skip)]
    retry_after: Option<u64>,
    #[serde(skip)]
    allow: Option<&'static str>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, [en, zh, next_en, next_zh]: [&str; 4]) -> Self {
        let [en, zh, next_en, next_zh] = [en, zh, next_en, next_zh].map(str::to_string);
        Self { status, code, field: None, en, zh, next_en, next_zh, retry_after: None, allow: None }
    }

    pub(crate) fn no_token() -> Self {
        let words = [
            "The request has no bearer token, or one that nobody holds, or whose time is over.",
            "请求没有令牌，或令牌无效、已过期。",
            "Send the header `Authorization: Bearer TOKEN`; the administrator issues tokens.",
            "请发送 `Authorization: Bearer 令牌`；令牌由管理员签发。",
        ];
        Self::new(StatusCode::UNAUTHORIZED, "token-unknown", words)
    }

    pub(crate) fn too_many(after: u64) -> Self {
        let words = [
            "Too many requests with this token.",
            "此令牌的请求过于频繁。",
            "Repeat it after the seconds in `Retry-After`.",
            "请在 `Retry-After` 所示秒数之后重试。",
        ];
        Self { retry_after: Some(after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", words) }
    }

    pub(crate) fn no_such_path() -> Self {
        let words = [
            "There is no such path.",
            "没有此路径。",
            "`/openapi.json` lists every path.",
            "全部路径见 `/openapi.json`。",
        ];
        Self::new(StatusCode::NOT_FOUND, "path-unknown", words)
    }

    pub(crate) fn method(allow: &'static str) -> Self {
        let words = [
            "The path is not for this method.",
            "此路径不支持该方法。",
            "The header `Allow` names the methods.",
            "可用方法见响应头 `Allow`。",
        ];
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", words) }
    }

    pub(crate) fn not_json() -> Self {
        let words = [
            "The body is not declared as JSON.",
            "请求体未声明为 JSON。",
            "Send `Content-Type: application/json`.",
            "请发送 `Content-Type: application/json`。",
        ];
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", words)
    }

    pub(crate) fn broken_json(line: usize, column: usize) -> Self {
        let [en, zh] = [
            format!("The body is no JSON object: line {line}, column {column}."),
            format!("请求体不是 JSON 对象：第 {line} 行第 {column} 列。"),
        ];
        let words =
            [&en, &zh, "Send one JSON object in UTF-8, with the fields of the act.", "请发送一个 UTF-8 的 JSON 对象。"];
        Self::new(StatusCode::BAD_REQUEST, "json-broken", words)
    }

    pub(crate) fn query(field: Option<String>) -> Self {
        let words = [
            "The query is not of the act's form: each field once, percent-encoded UTF-8, numbers as digits, and only fields of the act.",
            "查询参数不符合要求：每个字段一次，UTF-8 百分号编码，数值用数字，且只能是该操作的字段。",
            "Correct the field, or send the act as POST with a JSON body.",
            "请更正该字段，或用 POST 以 JSON 发送。",
        ];
        Self { field, ..Self::new(StatusCode::BAD_REQUEST, "query-broken", words) }
    }

    pub(crate) fn body_broken() -> Self {
        let words = [
            "The body ended before its end.",
            "请求体不完整。",
            "Send it again, with the same `Idempotency-Key`.",
            "请用相同的 `Idempotency-Key` 重新发送。",
        ];
        Self::new(StatusCode::BAD_REQUEST, "body-broken", words)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let [en, zh] = [format!("The body is larger than {limit} bytes."), format!("请求体超过 {limit} 字节。")];
        let words = [&en, &zh, "Send less; a photo can be compressed further.", "请减小请求体，如进一步压缩照片。"];
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", words)
    }

    pub(crate) fn too_slow() -> Self {
        let words = [
            "The body did not arrive in time.",
            "请求体未在时限内到达。",
            "Send it again, with the same `Idempotency-Key`.",
            "请用相同的 `Idempotency-Key` 重新发送。",
        ];
        Self::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", words)
    }

    pub(crate) fn other_form() -> Self {
        let words = [
            "The form is not of this session.",
            "表单不属于本次登录。",
            "Open the page anew and fill it in again.",
            "请重新打开页面后填写。",
        ];
        Self::new(StatusCode::FORBIDDEN, "form-not-own", words)
    }

    pub(crate) fn no_form() -> Self {
        let words = [
            "The body is no form.",
            "请求体不是表单。",
            "Use the page's own form; programs use the paths in `/openapi.json`.",
            "请使用页面上的表单；程序请用 `/openapi.json` 中的路径。",
        ];
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-a-form", words)
    }

    pub(crate) fn field(name: &str) -> Self {
        let words = [
            "The field is not what it may be.",
            "字段内容不符合要求。",
            "Correct it: numbers as digits, lists and records as JSON.",
            "请更正：数值用数字，列表和记录用 JSON。",
        ];
        let field = Some(name.chars().take(64).collect());
        Self { field, ..Self::new(StatusCode::BAD_REQUEST, "field-broken", words) }
    }

    pub(crate) fn busy() -> Self {
        let words = [
            "The centre is busy.",
            "中心繁忙。",
            "Repeat it after the seconds in `Retry-After`, with the same `Idempotency-Key`.",
            "请在 `Retry-After` 所示秒数之后，用相同的 `Idempotency-Key` 重试。",
        ];
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "centre-busy", words) }
    }

    pub(crate) fn of_a_region() -> Self {
        let words = [
            "This process stands before several regions and has their figures alone: acts and the page for operators are at each region's own.",
            "本进程位于各区域之前，仅提供运行数据；业务办理和操作页面由各区域自己的进程提供。",
            "Ask the process of the region that the area belongs to. `/page/figures`, `/metrics` and `/healthz` are here.",
            "请访问统筹区所属区域的进程；此处有 `/page/figures`、`/metrics` 和 `/healthz`。",
        ];
        Self::new(StatusCode::NOT_FOUND, "at-the-region", words)
    }

    pub(crate) fn no_region() -> Self {
        let words = [
            "No region can be reached.",
            "所有区域均无法连接。",
            "Look at the log of this process, and at the regions' database servers.",
            "请查看本进程的日志和各区域的数据库服务器。",
        ];
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "region-down", words) }
    }

    fn failed() -> Self {
        let words = [
            "The centre failed at this request; nothing has changed.",
            "中心处理此请求时出错，数据未变。",
            "Report the time of the request to whoever runs the centre.",
            "请将请求时间告知中心的运维人员。",
        ];
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "centre-failed", words)
    }

    pub(crate) fn unable() -> Self {
        let words = [
            "This machine has no random numbers now.",
            "本机暂无随机数。",
            "Try again; if it fails again, tell whoever runs the centre.",
            "请重试；若仍失败，请联系中心运维人员。",
        ];
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "no-random-numbers", words)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::Input => StatusCode::BAD_REQUEST,
            RefusalKind::Unknown => StatusCode::UNAUTHORIZED,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::Missing => StatusCode::NOT_FOUND,
            RefusalKind::Rule => StatusCode::CONFLICT,
            // What failed inside is for the log: it may name files.
            RefusalKind::Failure => {
                tracing::error!(error = refusal.en, "the centre failed");
                return Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::failed() };
            }
        };
        let Words { code, field, en, zh, next_en, next_zh, .. } = (*refusal).clone();
        Self { status, code, field, en, zh, next_en, next_zh, retry_after: None, allow: None }
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        match busy {
            Busy::Full | Busy::Late => Self::busy(),
            Busy::Broken => Self::failed(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after, allow) = (self.status, self.retry_after, self.allow);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(after));
        }
        if let Some(allow) = allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        // Whatever is left of the body must not be taken for the next request.
        if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
