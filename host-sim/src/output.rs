//! Writes to standard output and error, and gives the exit status: 0 done, 1 the answer is no, 2 bad input or
//! environment. Here is the only door for words: what a person reads is said in the language in force, and in colour where a terminal
//! shows it.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use qiyong::lang::{self, Lang};

/// How a command ended. Of several, the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Done.
    Done,
    /// Done, and the answer is no.
    No,
    /// The input, or the machine, does not allow it.
    BadInput,
}

impl Verdict {
    /// Its colour.
    const fn style(self) -> Style {
        let color = match self {
            Self::Done => AnsiColor::Green,
            Self::No | Self::BadInput => AnsiColor::Red,
        };
        Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
    }
}

/// `text` with control characters escaped: a name or title from a file must not control the terminal that shows it.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Runs a verb: what it says is wrong goes to standard error, with exit status 2.
pub(crate) fn run(verb: impl FnOnce(&mut Output) -> Result<Verdict, String>) -> ExitCode {
    let mut output = Output::default();
    let verdict = verb(&mut output).unwrap_or_else(|problem| {
        output.complain(&problem);
        Verdict::BadInput
    });
    output.finish(verdict)
}

/// Writes a complaint to standard error, where nobody may be listening.
pub(crate) fn complain(problem: &str) {
    let red = Verdict::No.style().bold();
    let _ = writeln!(anstream::stderr(), "{red}qiyong:{red:#} {}", words(problem));
}

/// A text for people, as it is shown: in their language, and harmless.
pub(crate) fn words(text: &str) -> String {
    harmless(&lang::say(text))
}

/// Writes a note to standard error, where nobody may be listening: what a person is told while standard output is for results.
pub(crate) fn aside(text: &str) {
    let _ = writeln!(anstream::stderr(), "{}", words(text));
}

/// Tells a person something in the middle of a verb; `json`: standard output is for results, and words go to standard error.
pub(crate) fn tell(text: &str, json: bool) {
    Output::default().tell(text, json);
}

/// The same of what is in no language, or in both, such as a screen.
pub(crate) fn show(text: &str, json: bool) {
    if json {
        let _ = writeln!(anstream::stderr(), "{}", harmless(text));
    } else {
        Output::default().as_it_is(text);
    }
}

/// A question, before what is keyed.
pub(crate) fn question(text: &str) -> String {
    match lang::in_force() {
        Lang::En => format!("{}: ", words(text)),
        Lang::Zh => format!("{}：", words(text)),
    }
}

/// Asks a question; `json`: standard output is for results.
pub(crate) fn prompt(text: &str, json: bool) {
    let said = question(text);
    let _ = if json {
        write!(anstream::stderr(), "{said}").and_then(|()| std::io::stderr().flush())
    } else {
        write!(anstream::stdout(), "{said}").and_then(|()| std::io::stdout().flush())
    };
}

/// Standard output, written line by line. A reader that goes away early (`| head`) is no error; a full disk is.
#[derive(Debug, Default)]
pub(crate) struct Output {
    failure: Option<std::io::Error>,
    /// What was written, with its colours, if it is kept.
    kept: Option<String>,
}

impl Output {
    /// Writes a line to standard output.
    pub(crate) fn line(&mut self, line: &str) {
        self.write(&words(line));
    }

    /// Writes a line that somebody else has written, such as a scenario's title: in no other language.
    pub(crate) fn as_it_is(&mut self, line: &str) {
        self.write(&harmless(line));
    }

    /// Tells a person something; `json`: standard output is for results, and words go to standard error.
    pub(crate) fn tell(&mut self, text: &str, json: bool) {
        if json { aside(text) } else { self.line(text) }
    }

    /// Writes a line that tells how something ended, in its colour.
    pub(crate) fn verdict(&mut self, verdict: Verdict, line: &str) {
        let style = verdict.style();
        self.write(&format!("{style}{}{style:#}", words(line)));
    }

    /// From now on what is written is kept as well.
    pub(crate) fn keep(&mut self) {
        self.kept = Some(String::new());
    }

    /// What was kept, with its colours.
    pub(crate) fn kept(&self) -> &str {
        self.kept.as_deref().unwrap_or_default()
    }

    /// The stream leaves colours out, where nobody sees them.
    fn write(&mut self, line: &str) {
        if let Some(kept) = &mut self.kept {
            kept.push_str(line);
            kept.push('\n');
        }
        if self.failure.is_none() {
            self.failure = writeln!(anstream::stdout(), "{line}").err();
        }
    }

    /// Writes a text of this program's own as it is: a script or a page of the manual.
    pub(crate) fn own_text(&mut self, text: &[u8]) {
        if self.failure.is_none() {
            self.failure = std::io::stdout().write_all(text).err();
        }
    }

    /// Writes a value as JSON, in one line, to standard output.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.write(&harmless(&text)),
            Err(error) => self.failure = Some(error.into()),
        }
    }

    /// Whether writing to standard output has failed, as it does when nobody reads it any more.
    #[cfg(any(unix, feature = "probe"))]
    pub(crate) const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What another one could not write is this one's failure.
    #[cfg(unix)]
    pub(crate) fn take_over(&mut self, other: Self) {
        self.failure = self.failure.take().or(other.failure);
    }

    /// Writes a complaint to standard error; nobody may be listening there.
    pub(crate) fn complain(&mut self, problem: &str) {
        complain(problem);
    }

    /// The exit status for `verdict`, unless writing failed.
    pub(crate) fn finish(mut self, verdict: Verdict) -> ExitCode {
        let status = match verdict {
            Verdict::Done => 0,
            Verdict::No => 1,
            Verdict::BadInput => 2,
        };
        written(self.failure.take(), ExitCode::from(status))
    }
}

/// The exit status after something was written to standard output: `done`, unless that failed. Nobody needs to have read it.
pub(crate) fn written(failure: Option<std::io::Error>, done: ExitCode) -> ExitCode {
    match failure.filter(|error| error.kind() != ErrorKind::BrokenPipe) {
        Some(error) => {
            complain(&format!("cannot write the result: {error}; check that where it goes has room"));
            ExitCode::from(2)
        }
        None => done,
    }
}
