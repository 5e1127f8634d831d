//! What the doctor says of one thing.

use serde::Serialize;
use strum::{Display, VariantArray};

use crate::error::CentreError;

/// What was looked at.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, VariantArray)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Check {
    /// The machine's clock, the server's, and the times of the records.
    Clock,
    /// The master keys, the key file, and whether it opens what is sealed.
    Keys,
    /// The version of the database, and of this program.
    Version,
    /// Tables and indices, and whether the file's parts fit together.
    Tables,
    /// The chains of audit and ledger.
    Chain,
    /// Room on the disk.
    Space,
    /// Standbys, and how far they are behind.
    Copies,
    /// The archive from which a moment can be restored.
    Archive,
    /// Whether what is confirmed is on the disk.
    Durability,
    /// Long transactions, and who has the writers' turn.
    Turns,
    /// Encoding and order of texts.
    Text,
}

/// How it is.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Well,
    /// Somebody should look at it.
    Look,
    /// It must be mended.
    Wrong,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, in English.
    pub en: String,
    /// The same in Chinese.
    pub zh: String,
    /// The way out, in English; empty if all is well.
    pub next_en: String,
    /// The same in Chinese.
    pub next_zh: String,
}

impl Finding {
    pub(super) fn well(check: Check, en: impl Into<String>, zh: impl Into<String>) -> Self {
        let none = String::new;
        Self { check, verdict: Verdict::Well, en: en.into(), zh: zh.into(), next_en: none(), next_zh: none() }
    }

    /// The same, to be looked at, with what to do.
    pub(super) fn look(mut self, next_en: impl Into<String>, next_zh: impl Into<String>) -> Self {
        self.verdict = Verdict::Look;
        (self.next_en, self.next_zh) = (next_en.into(), next_zh.into());
        self
    }

    /// The same, wrong, with what to do.
    pub(super) fn wrong(self, next_en: impl Into<String>, next_zh: impl Into<String>) -> Self {
        Self { verdict: Verdict::Wrong, ..self.look(next_en, next_zh) }
    }

    /// A check that could not be made.
    pub(super) fn failed(check: Check, error: &CentreError) -> Self {
        let well = Self::well(check, format!("not examined: {error}"), format!("未能检查：{error}"));
        well.look("mend what is said here, and ask again", "请排除所述问题后重新检查")
    }
}
