//! The result of a run in JUnit's XML, which build servers read: a test case a file.

use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use qiyong_sim::scenario::report::FileReport;
use qiyong_sim::whole_file;

/// The name of the run.
const NAME: &str = "qiyong scenario run";

/// What is gathered of a run.
pub(super) struct Junit {
    suite: TestSuite,
    took: Duration,
}

impl Junit {
    pub(super) fn new() -> Self {
        Self { suite: TestSuite::new(NAME), took: Duration::ZERO }
    }

    /// Adds a file, which took so long in real time.
    pub(super) fn add(&mut self, report: &FileReport, took: Duration) {
        let FileReport { file, title, .. } = report;
        let mut case = TestCase::new(title.as_deref().unwrap_or(file), status(report));
        case.set_classname(file.as_str()).set_time(took);
        let notes: Vec<String> =
            report.never_fired.iter().filter(|what| !what.must_fire).map(|what| what.sentence()).collect();
        if !notes.is_empty() {
            case.set_system_out(notes.join("\n"));
        }
        self.took += took;
        self.suite.add_test_case(case);
    }

    /// Writes it, completely or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write(mut self, path: &Path) -> Result<(), String> {
        let mut report = Report::new(NAME);
        self.suite.set_time(self.took);
        report.set_time(self.took).add_test_suite(self.suite);
        let wrong =
            |error: &dyn std::fmt::Display| format!("{}: the report cannot be written: {error}", path.display());
        let text = report.to_string().map_err(|error| wrong(&error))?;
        whole_file::write(path, text.as_bytes()).map_err(|error| wrong(&error))
    }
}

fn status(report: &FileReport) -> TestCaseStatus {
    let FileReport { passed, error, skipped, differences, .. } = report;
    match (passed, error, skipped) {
        (Some(true), ..) => TestCaseStatus::success(),
        (_, Some(error), _) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("unplayed").set_message(error.as_str());
            status
        }
        (_, _, Some(why)) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            status
        }
        _ => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let first = differences.first().map(String::as_str).unwrap_or_default();
            status.set_type("difference").set_message(first).set_description(differences.join("\n"));
            status
        }
    }
}
