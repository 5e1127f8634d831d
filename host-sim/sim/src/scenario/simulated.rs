//! A world as a stage for scenarios. What happens in a world is for [`crate::world`].

use std::cell::RefCell;

use qiyong_protocol::rules::decision::Operation;

use super::centre::Centre;
use super::file::Scenario;
use super::stage::{RunError, Stage, Visited};
use crate::line::{Hardware, SharedCard};
use crate::time::VirtualTime;
use crate::world::event::Event;
use crate::world::visit::{Unplayed, Visit};
use crate::world::{World, WorldTerminal};

/// A world with the terminals of a scenario.
pub struct Simulated<C> {
    world: World<C>,
    terminals: Vec<WorldTerminal>,
}

impl<C: Centre> Simulated<C> {
    /// The world of this scenario; `centre` has been prepared for the scenario.
    pub fn new(scenario: &Scenario, centre: C) -> Self {
        let mut world = World::new(VirtualTime::new(scenario.clock), centre);
        // As on the emulated bench, so that both take the same time.
        world.hardware = Hardware::of_a_board();
        let terminal =
            |(number, (_, institution)): (u32, &(String, _))| world.terminal(*institution, number, scenario.seed);
        let terminals = (1..).zip(&scenario.terminals).map(terminal).collect();
        Self { world, terminals }
    }
}

impl<C: Centre> Stage for Simulated<C> {
    type Centre = C;

    fn centre(&self) -> &RefCell<C> {
        &self.world.centre
    }

    fn visit(
        &mut self,
        terminal: usize,
        operation: &Operation,
        card: Option<SharedCard>,
        visit: Visit,
    ) -> Result<Visited, RunError> {
        self.world.events.borrow_mut().clear();
        let terminal = &mut self.terminals[terminal];
        let known = terminal.findings().len();
        let report = terminal.serve(operation, card, visit);
        let mut events: Vec<_> = self.world.events.borrow_mut().drain(..).collect();
        for finding in terminal.findings().iter().skip(known) {
            // Where it belongs: before whatever follows it.
            let place = events.iter().position(|(cycle, _)| *cycle >= finding.at).unwrap_or(events.len());
            events.insert(place, (finding.at, Event::Finding(*finding)));
        }
        match self.world.centre_failure.borrow_mut().take() {
            Some(failure) => Err(RunError::Centre(failure)),
            None => Ok(Visited { report: report?, took: terminal.took(), events }),
        }
    }

    fn unplayed(&mut self, terminal: usize) -> Vec<Unplayed> {
        self.terminals.get(terminal).map(|terminal| terminal.unplayed().to_vec()).unwrap_or_default()
    }
}
