//! The simulated bench as a stage for scenarios.

use std::cell::RefCell;

use qiyong_protocol::rules::decision::Operation;

use super::file::Scenario;
use super::run::{RunError, Stage, Visited};
use crate::bench::{Bench, BenchTerminal, Visit};
use crate::centre::Centre;
use crate::time::VirtualTime;

/// A bench with the terminals of a scenario.
pub(super) struct Simulated {
    bench: Bench,
    terminals: Vec<BenchTerminal>,
}

impl Simulated {
    pub(super) fn new(scenario: &Scenario, centre: Centre) -> Self {
        let bench = Bench::new(VirtualTime::new(scenario.clock), centre);
        let terminal =
            |(number, (_, institution)): (u32, &(String, _))| bench.terminal(*institution, number, scenario.seed);
        let terminals = (1..).zip(&scenario.terminals).map(terminal).collect();
        Self { bench, terminals }
    }
}

impl Stage for Simulated {
    fn centre(&self) -> &RefCell<Centre> {
        &self.bench.centre
    }

    fn visit(&mut self, terminal: usize, operation: &Operation, visit: Visit) -> Visited {
        self.bench.events.borrow_mut().clear();
        let report = self.terminals[terminal].serve(operation, visit);
        match self.bench.centre_failure.borrow_mut().take() {
            Some(failure) => Err(RunError::Message(failure)),
            None => Ok((report, self.bench.events.borrow_mut().drain(..).collect())),
        }
    }

    fn violations(&mut self) -> Vec<String> {
        self.terminals.iter_mut().flat_map(BenchTerminal::violations).collect()
    }
}
