//! A world as a stage for scenarios. What happens in a world is for [`crate::world`].

use std::cell::RefCell;

use qiyong_protocol::rules::decision::Operation;

use super::centre::Centre;
use super::file::Scenario;
use super::stage::{RunError, Stage, Visited};
use crate::line::SharedCard;
use crate::time::VirtualTime;
use crate::world::visit::Visit;
use crate::world::{World, WorldTerminal};

/// A world with the terminals of a scenario.
pub struct Simulated<C> {
    world: World<C>,
    terminals: Vec<WorldTerminal>,
}

impl<C: Centre> Simulated<C> {
    /// The world of this scenario; `centre` has been prepared for the scenario.
    pub fn new(scenario: &Scenario, centre: C) -> Self {
        let world = World::new(VirtualTime::new(scenario.clock), centre);
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

    fn visit(&mut self, terminal: usize, operation: &Operation, card: Option<SharedCard>, visit: Visit) -> Visited {
        self.world.events.borrow_mut().clear();
        let report = self.terminals[terminal].serve(operation, card, visit);
        match self.world.centre_failure.borrow_mut().take() {
            Some(failure) => Err(RunError::Centre(failure)),
            None => Ok((report?, self.world.events.borrow_mut().drain(..).collect())),
        }
    }

    fn violations(&mut self) -> Vec<String> {
        self.terminals.iter_mut().flat_map(WorldTerminal::violations).collect()
    }
}
