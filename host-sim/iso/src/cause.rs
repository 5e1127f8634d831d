//! Why a connection was closed.

use crate::frame::FrameError;

/// The cause, for counting and for the log. None tells what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The client closed it between two frames.
    Left,
    /// The client closed it within a frame.
    HalfFrame,
    /// What came is no frame.
    NoFrame(FrameError),
    /// What came is a frame without a message in it.
    NoMessage,
    /// What came is an answer: the client is no terminal.
    AnAnswer,
    /// A frame did not end in time.
    SlowFrame,
    /// Nothing came for long.
    Idle,
    /// The client did not make room for its answer in time.
    DoesNotRead,
    /// The centre could not answer, and what became of the request is not known.
    Unanswered,
    /// The system says that the connection is broken.
    Broken,
    /// The server ends.
    End,
    /// All connections are taken.
    Full,
    /// All connections that one address may have are taken.
    Crowded,
}

impl Cause {
    /// Its word in figures and in the log.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::HalfFrame => "half-frame",
            Self::NoFrame(FrameError::TooLong { .. }) => "frame-too-long",
            Self::NoFrame(FrameError::TooShort { .. }) => "frame-too-short",
            Self::NoFrame(FrameError::Tpdu { .. }) => "wrong-tpdu",
            Self::NoMessage => "no-message",
            Self::AnAnswer => "an-answer",
            Self::SlowFrame => "slow-frame",
            Self::Idle => "idle",
            Self::DoesNotRead => "does-not-read",
            Self::Unanswered => "unanswered",
            Self::Broken => "broken",
            Self::End => "server-ends",
            Self::Full => "full",
            Self::Crowded => "too-many-of-one-address",
        }
    }

    /// Whether terminals that work as they should close, or are closed, so.
    pub(crate) const fn is_usual(self) -> bool {
        matches!(self, Self::Left | Self::Idle | Self::End)
    }
}
