//! What the referee has found.

use serde::{Serialize, Serializer};

use super::remark::Remark;
use super::rule::Rule;

/// The terminal broke a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// When, in ticks of the line's time.
    pub at: u64,
}

/// Something seen that is not held against the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remarked {
    /// What.
    pub what: Remark,
    /// When, in ticks of the line's time.
    pub at: u64,
}

/// What is told of a finding to programs.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Told {
    /// The rule's name.
    rule: &'static str,
    /// The clause of ISO/IEC 7816-3.
    clause: &'static str,
    /// When, in ticks of the line's time.
    at: u64,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Told { rule: self.rule.name(), clause: self.rule.clause(), at: self.at }.serialize(serializer)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Finding {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RefereeFinding".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Told::json_schema(generator)
    }
}

/// The findings so far. A rule broken again and again is noted once until the next reset, so that a long session does not
/// bury everything else.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    findings: Vec<Finding>,
    remarks: Vec<Remarked>,
    /// Where the present session's findings and remarks begin.
    session: (usize, usize),
}

impl Notes {
    /// A reset: rules broken before it are noted anew.
    pub(super) const fn reset(&mut self) {
        self.session = (self.findings.len(), self.remarks.len());
    }

    /// Notes a broken rule, unless it `holds`.
    pub(super) fn expect(&mut self, holds: bool, rule: Rule, at: u64) {
        let known = self.findings.get(self.session.0..).unwrap_or_default().iter().any(|finding| finding.rule == rule);
        if !holds && !known {
            self.findings.push(Finding { rule, at });
        }
    }

    /// Notes a remark, once until the next reset.
    pub(super) fn remark(&mut self, what: Remark, at: u64) {
        let known = self.remarks.get(self.session.1..).unwrap_or_default().iter().any(|remark| remark.what == what);
        if !known {
            self.remarks.push(Remarked { what, at });
        }
    }

    pub(super) fn remarks(&self) -> &[Remarked] {
        &self.remarks
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
