//! The PC/SC service of Windows, which answers at once or says that it does not run: nothing is asked before it.

use pcsc::{Context, Scope};

use crate::reader_error::ReaderError;

/// A context of the service.
pub(crate) fn context() -> Result<Context, ReaderError> {
    Context::establish(Scope::User).map_err(ReaderError::looking)
}

/// It does, or its functions say that it does not.
pub(crate) const fn answers() -> Result<(), ReaderError> {
    Ok(())
}
