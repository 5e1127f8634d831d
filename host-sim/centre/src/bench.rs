//! What a bench needs of a centre that is not there for anybody else: one that is made new instead of another one, and one that is
//! killed in the middle of a message.

use crate::hsm::Hsm;
use crate::store::Store;
use crate::{Centre, CentreError};

impl Centre {
    /// A new centre with the test keys in memory that [`Centre::renew`] makes new, for whoever needs thousands, one after the other.
    ///
    /// # Errors
    /// SQLite cannot make a database in memory.
    pub fn renewable() -> Result<Self, CentreError> {
        Self::over(Store::renewable(&Hsm::test_keys())?)
    }

    /// Makes a centre new that [`Centre::renewable`] has made. Its clock stays as it is.
    ///
    /// # Errors
    /// The database failed; then the centre is good for nothing.
    pub fn renew(&mut self) -> Result<(), CentreError> {
        self.store.renew()
    }

    /// From now on it carries out so many statements, beginnings and ends of transactions included, and then none: as if it had been
    /// killed. A server's database goes on.
    pub fn die_after(&mut self, statements: u32) {
        self.store.die_after(statements);
    }

    /// Starts again after [`Centre::die_after`]: of what it knew only that is left that was committed.
    ///
    /// # Errors
    /// The database failed, or lacks the keys.
    pub fn start_again(&mut self) -> Result<(), CentreError> {
        self.store.start_again();
        self.hsm = self.store.hsm()?;
        Ok(())
    }
}
