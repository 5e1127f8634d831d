//! Screen and keys of the operator and the holder: those of this machine.
//!
//! On an interactive terminal a PIN is read without echo, except for stars; a row that says what is to be done can be edited, and has
//! those of before above it; and a question is asked again after a wrong answer. From a pipe each answer is the next row, and a wrong
//! one ends the operation: the row after it is the answer to something else.

use std::fmt;
use std::io::{self, IsTerminal};

use rustyline::config::Config;
use rustyline::history::MemHistory;
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroizing;

use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::pin::Pin;

use crate::output::{self, complain, prompt};
use crate::rows;
use crate::story;

/// The desk.
pub(crate) struct Desk {
    /// Standard output is for a program: what people see goes to standard error.
    json: bool,
    interactive: bool,
    /// Edits rows, where a person keys them.
    editor: Option<Editor>,
}

type Editor = rustyline::Editor<(), MemHistory>;

impl Desk {
    pub(crate) fn new(json: bool) -> Self {
        let interactive = io::stdin().is_terminal();
        // It writes to standard output.
        let edits = interactive && !json && io::stdout().is_terminal();
        let editor = edits.then(|| Editor::with_history(Config::default(), MemHistory::new()).ok()).flatten();
        Self { json, interactive, editor }
    }

    /// Asks for a row; `None` at the end of input.
    fn ask(&mut self, question: &str) -> Option<Zeroizing<String>> {
        prompt(question, self.json);
        rows::next().ok()?.map(|row| Zeroizing::new(row.trim().to_string()))
    }

    /// Asks what is to be done; `None` at the end of input. The editor's own buffers are not wiped: no secret belongs here.
    pub(super) fn ask_operation(&mut self, question: &str) -> Option<Zeroizing<String>> {
        let Some(editor) = &mut self.editor else { return self.ask(question) };
        editor.readline(&output::question(question)).ok().map(Zeroizing::new)
    }

    /// Such a row was understood: the cursor keys bring it back.
    pub(super) fn remember(&mut self, row: &str) {
        if let Some(editor) = &mut self.editor {
            // At most it is not brought back.
            let _ = editor.add_history_entry(row);
        }
    }

    /// Asks a question until somebody answers it; who keys nothing gives up.
    ///
    /// # Errors
    /// Nothing was keyed, or from a pipe a wrong answer.
    pub(super) fn answer<T, E: fmt::Display>(
        &mut self,
        question: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, String> {
        loop {
            let row = self.ask(question).filter(|row| !row.is_empty());
            let row = row.ok_or_else(|| format!("{question}: nothing was keyed; begin again, and key an answer"))?;
            match read(&row) {
                Ok(answer) => return Ok(answer),
                Err(problem) if self.interactive => complain(&problem.to_string()),
                Err(problem) => return Err(problem.to_string()),
            }
        }
    }

    /// Shows a row.
    pub(super) fn tell(&self, row: &str) {
        output::tell(row, self.json);
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
        for row in [format!("┌{frame}"), format!("│ {line}"), format!("└{frame}")] {
            output::show(&row, self.json);
        }
    }

    async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin> {
        loop {
            let what = match which {
                WhichPin::Present => "PIN (nothing: cancel)",
                WhichPin::New => "new PIN (nothing: cancel)",
                WhichPin::NewAgain => "new PIN again (nothing: cancel)",
            };
            prompt(what, self.json);
            match self.key_pin() {
                Ok(digits) if digits.is_empty() => return Err(NoPin::Cancelled),
                Ok(digits) => match Pin::new(digits.as_bytes()) {
                    Some(pin) => {
                        output::show("", self.json);
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
