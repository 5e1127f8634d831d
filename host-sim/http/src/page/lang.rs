//! English or Chinese: by the link on the page, else by what the browser asks for.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// The languages of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lang {
    English,
    Chinese,
}

impl Lang {
    /// The text in this language.
    pub(crate) const fn say<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::English => en,
            Self::Chinese => zh,
        }
    }

    /// How HTML and the link name it.
    pub(crate) const fn tag(self) -> &'static str {
        self.say("en", "zh-CN")
    }

    /// The other one.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::English => Self::Chinese,
            Self::Chinese => Self::English,
        }
    }

    /// A language by its tag.
    pub(crate) fn of(tag: &str) -> Option<Self> {
        let main = tag.split('-').next().unwrap_or_default();
        if main.eq_ignore_ascii_case("zh") {
            Some(Self::Chinese)
        } else if main.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }

    /// The one of the two that the browser likes best; English if it likes neither.
    pub(crate) fn asked_for(headers: &HeaderMap) -> Self {
        let text = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (Self::English, 0.0);
        for choice in text.split(',') {
            let mut parts = choice.split(';').map(str::trim);
            let lang = parts.next().and_then(Self::of);
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            if let Some(lang) = lang
                && weight > best.1
            {
                best = (lang, weight);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_asked() {
        for (header, lang) in [
            ("", Lang::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Chinese),
            ("de-DE,de;q=0.9,en;q=0.8,zh;q=0.7", Lang::English),
            ("fr, zh;q=0.5, en;q=0.4", Lang::Chinese),
            ("zh;q=0, en;q=0.1", Lang::English),
            ("zh;q=x", Lang::English),
            ("ZH-tw", Lang::Chinese),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
            assert_eq!(Lang::asked_for(&headers), lang, "{header}");
        }
    }
}
