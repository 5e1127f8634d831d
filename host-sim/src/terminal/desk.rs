//! Screen and keys of the operator and the holder: those of this machine.
//!
//! On an interactive terminal a PIN is read without echo, except for stars; from a pipe it is the next row.

use std::io::{self, IsTerminal, Write};

use unicode_width::UnicodeWidthStr;
use zeroize::Zeroizing;

use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::pin::Pin;

use crate::output::{complain, prompt};
use crate::rows;
use crate::story;

/// The desk.
pub(crate) struct Desk {
    /// Standard output is for a program: what people see goes to standard error.
    json: bool,
    interactive: bool,
}

impl Desk {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, interactive: io::stdin().is_terminal() }
    }

    /// Asks for a line; `None` at the end of input.
    pub(super) fn ask(&mut self, asked: &str) -> Option<Zeroizing<String>> {
        prompt(&format!("{asked}: "), self.json);
        rows::next().ok()?.map(|row| Zeroizing::new(row.trim().to_string()))
    }

    fn write(&self, text: &str, end: &str) {
        if self.json {
            let _ = write!(io::stderr(), "{text}{end}").and_then(|()| io::stderr().flush());
        } else {
            let _ = write!(io::stdout(), "{text}{end}").and_then(|()| io::stdout().flush());
        }
    }

    /// Returns digits for digits and enter, and nothing for cancel.
    fn key_pin(&mut self) -> io::Result<Zeroizing<String>> {
        if self.interactive {
            let stars = rpassword::ConfigBuilder::new().password_feedback_mask('*').build();
            return rpassword::read_password_with_config(stars).map(Zeroizing::new);
        }
        Ok(rows::next()?.unwrap_or_default())
    }
}

impl Operator for Desk {
    fn show(&mut self, screen: &Screen) {
        let line = story::screen(&screen.text());
        let frame = "─".repeat(line.width().max(40));
        self.write(&format!("┌{frame}\n│ {line}\n└{frame}"), "\n");
    }

    async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin> {
        loop {
            let what = match which {
                WhichPin::Present => "PIN (nothing: cancel)",
                WhichPin::New => "new PIN (nothing: cancel)",
                WhichPin::NewAgain => "new PIN again (nothing: cancel)",
            };
            prompt(&format!("{what}: "), self.json);
            match self.key_pin() {
                Ok(digits) if digits.is_empty() => return Err(NoPin::Cancelled),
                Ok(digits) => match Pin::new(digits.as_bytes()) {
                    Some(pin) => {
                        self.write("", "\n");
                        return Ok(pin);
                    }
                    None => complain("a PIN has 4 to 16 digits"),
                },
                Err(_) => return Err(NoPin::Cancelled),
            }
        }
    }

    /// There is no cancel key except while something is asked: Ctrl-C ends the program, and a card left powered is
    /// reset.
    async fn cancel(&mut self) {
        std::future::pending().await
    }
}
