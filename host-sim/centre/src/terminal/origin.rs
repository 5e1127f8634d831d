//! What is known of the place that a request comes from: from this centre's own files, or from the place's home centre, which
//! has looked there (docs/centre.md §19).

use qiyong_protocol::centre::Request;
use qiyong_protocol::rules::decision::Institution;

use crate::error::CentreError;
use crate::terminal::files::Files;
use crate::terminal::lag;
use crate::terminal::leases::{self, Hold};

/// What the home centre of a terminal says to the home centre of a card: the terminal has the lease of its name, and its clock
/// is right.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// What it knows of the institution.
    pub(crate) institution: Institution,
    /// A transaction with this number was passed on before.
    pub(crate) again: bool,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    /// From a terminal of this centre.
    Here,
    /// From the home centre of its terminal.
    Told(&'a Told),
}

impl Origin<'_> {
    /// What is known of the institution today; `None`: it is not known.
    pub(crate) fn institution(
        self,
        files: Files<'_>,
        request: &Request<'_>,
    ) -> Result<Option<Institution>, CentreError> {
        match self {
            Self::Here => files.store.institution(request.institution, files.now.date()),
            Self::Told(told) => Ok(Some(told.institution.clone())),
        }
    }

    /// Whether the terminal has the lease of its name, and may begin a transaction.
    pub(crate) fn hold(self, files: Files<'_>, request: &Request<'_>) -> Result<Hold, CentreError> {
        match self {
            Self::Here => leases::hold(files.store, request),
            Self::Told(_) => Ok(Hold::Held),
        }
    }

    /// Whether the terminal has the lease of its name.
    pub(crate) fn is_held(self, files: Files<'_>, request: &Request<'_>) -> Result<bool, CentreError> {
        Ok(self.hold(files, request)? != Hold::None)
    }

    /// Whether the clock of the terminal, which stands at this place, is right.
    pub(crate) fn has_right_clock(
        self,
        files: Files<'_>,
        place: &Institution,
        request: &Request<'_>,
    ) -> Result<bool, CentreError> {
        match self {
            Self::Here => lag::is_right(files, place.area, request.time),
            Self::Told(_) => Ok(true),
        }
    }

    /// Whether a transaction whose number is not known here may still be decided.
    pub(crate) const fn may_be_new(self) -> bool {
        match self {
            Self::Here => true,
            Self::Told(told) => !told.again,
        }
    }
}
