//! What an error's advice is called in JSON, and what people are told of it.

use qiyong_protocol::advice::Advice;

/// The word in JSON.
pub(crate) const fn word(advice: Advice) -> &'static str {
    match advice {
        Advice::TryAgain => "try-again",
        Advice::AskHolder => "ask-holder",
        Advice::CallService => "call-service",
        Advice::CorrectInput => "correct-input",
    }
}

/// For people, in both languages.
pub(crate) const fn sentence(advice: Advice) -> &'static str {
    match advice {
        Advice::TryAgain => "try it again 请重试",
        Advice::AskHolder => "the holder has to do something first 需持卡人处理",
        Advice::CallService => "call whoever maintains the terminal 请联系维护人员",
        Advice::CorrectInput => "correct what was given 请更正输入",
    }
}
