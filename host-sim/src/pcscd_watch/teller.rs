//! Rows for whoever reads standard output, written by a thread of its own: a reader that stops, such as a pager, stops nobody else.

use qiyong::lang;

use super::queue::{Next, Queue};
use super::writer::{Ended, Writer};
use crate::output::{Output, complain};
use crate::system::Refused;

/// Tells rows once it has begun; those that came before as well.
#[derive(Default)]
pub(crate) struct Teller(Writer<Row, Output>);

/// A row: names of others, which are in no language, and our words after them.
struct Row {
    names: String,
    words: String,
}

impl Teller {
    /// Tells a row.
    pub(crate) fn row(&self, names: String, words: String) {
        let bytes = names.len() + words.len();
        self.0.push(Row { names, words }, bytes);
    }

    /// From now on rows are written.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn begin(&self) -> Result<(), String> {
        Ok(self.0.begin(write).map_err(Refused::Threads)?)
    }

    /// Waits a moment until all is written. What went wrong with that is `output`'s.
    pub(crate) fn end(&self, output: &mut Output) {
        match self.0.end() {
            Ended::NotBegun => {}
            Ended::Written(written) => output.take_over(written),
            // Standard output takes nothing.
            Ended::Left(lines) => complain(&missing(lines)),
        }
    }
}

fn write(queue: &Queue<Row>) -> Output {
    let mut output = Output::default();
    while let Some(next) = queue.next() {
        match next {
            Next::Item(Row { names, words }) => output.as_it_is(&format!("{names}{}", lang::say(&words))),
            Next::Missing(lines) => output.line(&missing(lines)),
        }
        if output.has_failed() {
            queue.leave();
        }
    }
    output
}

fn missing(lines: u64) -> String {
    format!("{lines} lines were not written, since nobody read them in time")
}
