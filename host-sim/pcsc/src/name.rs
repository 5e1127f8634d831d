//! The name of a reader, as programs see it: their own choice of whoever runs the server, in any script.

use std::fmt;

use thiserror::Error;

use crate::wire::NAME_LEN;

/// The most bytes of a name in UTF-8: `MAX_READERNAME` without the terminating zero.
const NAME_MAX: usize = NAME_LEN - 1;
/// What programs ask for when they mean readers that come and go; no reader can have it for its name.
const PLUG_AND_PLAY: &str = r"\\?PnP?\Notification";

/// A name that a reader can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderName(String);

/// Why a text is no name of a reader.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameProblem {
    /// It has no characters.
    #[error("a reader's name must have at least one character")]
    Empty,
    /// Programs have no room for it.
    #[error("a reader's name must have at most {NAME_MAX} bytes in UTF-8 (MAX_READERNAME); {name} has {bytes}", bytes = name.len())]
    TooLong {
        /// The name.
        name: String,
    },
    /// It has a line end, a tabulator or the like in it.
    #[error("a reader's name must have no control characters: {name:?}")]
    Control {
        /// The name.
        name: String,
    },
    /// Nobody would see the blank.
    #[error("a reader's name must not begin or end with a blank: {name:?}")]
    Blank {
        /// The name.
        name: String,
    },
    /// It means something else to programs.
    #[error("{name} stands for readers that come and go: choose another name")]
    PlugAndPlay {
        /// The name.
        name: String,
    },
    /// Another reader has it.
    #[error("there is a reader {name} already: give this one a name of its own")]
    Taken {
        /// The name.
        name: String,
    },
}

impl ReaderName {
    /// A name of one's choice.
    ///
    /// # Errors
    /// No reader can be called so.
    pub fn new(name: &str) -> Result<Self, NameProblem> {
        let name = name.to_string();
        match name.as_str() {
            "" => Err(NameProblem::Empty),
            text if text.len() > NAME_MAX => Err(NameProblem::TooLong { name }),
            text if text.chars().any(char::is_control) => Err(NameProblem::Control { name }),
            text if text.trim() != text => Err(NameProblem::Blank { name }),
            text if text.eq_ignore_ascii_case(PLUG_AND_PLAY) => Err(NameProblem::PlugAndPlay { name }),
            _ => Ok(Self(name)),
        }
    }

    /// The name of a reader that nobody has named: as pcscd names readers, with device and slot number in hex.
    pub(crate) fn of(number: u32, contactless: bool) -> Self {
        let kind = if contactless { "Contactless Reader" } else { "Reader" };
        Self(format!("Qiyong Virtual {kind} {number:02X} 00"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_what_programs_have_for_it_and_is_seen_as_it_is() {
        let cut = |count: usize| "读".repeat(count);
        // 42 characters of three bytes are 126.
        for name in ["Window 1", "一号窗口 读卡器", "0", &"A".repeat(127), &cut(42), "a\\b=c"] {
            assert_eq!(ReaderName::new(name).map(|name| name.to_string()).as_deref(), Ok(name));
        }
        let problem = |name: &str| ReaderName::new(name).expect_err(name);
        assert_eq!(problem(""), NameProblem::Empty);
        for name in ["A".repeat(128), cut(43)] {
            assert_eq!(problem(&name), NameProblem::TooLong { name });
        }
        for name in ["a\nb", "a\0b", "\u{85}"] {
            assert_eq!(problem(name), NameProblem::Control { name: name.into() });
        }
        for name in [" a", "a ", "a\u{3000}"] {
            assert_eq!(problem(name), NameProblem::Blank { name: name.into() });
        }
        let name = r"\\?pnp?\notification".to_string();
        assert_eq!(problem(&name), NameProblem::PlugAndPlay { name });
    }
}
