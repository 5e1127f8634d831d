//! A call of the library: on a thread that may block, not for ever, and not in any number at once.

use std::borrow::Cow;
use std::sync::Arc;

use encoding_rs::GBK;
use sscarddriver::boundary;
use sscarddriver::code::Code;
use sscarddriver::failure::Failure;
use sscarddriver::settings::Settings;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::functions::Call;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// The cards that the library reaches.
pub(crate) struct Cards {
    settings: Option<Settings>,
    places: Arc<Semaphore>,
    limits: Limits,
}

/// What the library answers.
pub(crate) struct Outcome {
    /// 0, or a code below 0 (docs/driver.md §D).
    pub(crate) code: i64,
    /// The answer, or what went wrong in Chinese.
    pub(crate) text: Zeroizing<String>,
    /// What went wrong in English; empty if nothing did.
    pub(crate) english: &'static str,
}

impl From<Result<Zeroizing<Vec<u8>>, Failure>> for Outcome {
    fn from(result: Result<Zeroizing<Vec<u8>>, Failure>) -> Self {
        let (code, bytes, english) = match result {
            Ok(bytes) => (0, bytes, ""),
            Err(failure) => (failure.code.number(), Zeroizing::new(failure.gbk()), failure.code.english()),
        };
        let text = match GBK.decode_without_bom_handling(&bytes).0 {
            Cow::Owned(text) => text,
            Cow::Borrowed(text) => text.to_string(),
        };
        Self { code, text: Zeroizing::new(text), english }
    }
}

impl Outcome {
    /// What a caller gets of a message that is no call.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        let code = if refusal == Refusal::Function { Code::NotSupported } else { Code::Parameter };
        Err(code.with(refusal.zh())).into()
    }
}

impl Cards {
    pub(crate) fn new(settings: Option<Settings>, limits: Limits) -> Self {
        Self { settings, places: Arc::new(Semaphore::new(limits.calls)), limits }
    }

    /// Calls the library. Cancel-safe in that the call runs to its end, and keeps its place until then.
    pub(crate) async fn call(&self, call: Call) -> Outcome {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(Code::Busy.with("等待的请求过多")).into();
        };
        let within = if call.is_at_pad() { self.limits.pad_within } else { self.limits.call_within };
        let (name, settings) = (call.name(), self.settings.clone());
        let work = spawn_blocking(move || {
            let settings = settings.map_or_else(Settings::load, Ok);
            let result = settings.and_then(|settings| boundary::call(call.name(), &call.values(), &settings));
            drop(place);
            Outcome::from(result)
        });
        let outcome = match timeout(within, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => {
                tracing::error!(function = name, panicked = error.is_panic(), "a call of the library has failed");
                Err(Code::Unknown.into()).into()
            }
            Err(_) => Err(Code::Busy.with("读卡器没有及时应答")).into(),
        };
        tracing::info!(function = name, code = outcome.code, "called");
        outcome
    }
}
