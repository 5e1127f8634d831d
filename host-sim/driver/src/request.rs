//! What a caller asks for, one variant a function. Texts are as the caller gave them, without the NUL.

use crate::pki;
use crate::reset::Job;

/// A request. `kind` is iType.
#[derive(Clone, Copy)]
pub(crate) enum Request<'a> {
    /// iReadCardBas.
    Basic { kind: i32 },
    /// iReadCardBas_HSM_Step1.
    BasicStep1 { kind: i32 },
    /// iReadCardBas_HSM_Step2.
    BasicStep2 { key: &'a [u8] },
    /// iReadCard.
    Read { kind: i32, auth: i32, card: &'a [u8], files: &'a [u8] },
    /// iReadCard_HSM_Step1.
    ReadStep1 { kind: i32, card: &'a [u8], files: &'a [u8] },
    /// iReadCard_HSM_Step2.
    ReadStep2 { key: &'a [u8] },
    /// iVerifyPIN.
    VerifyPin { kind: i32 },
    /// iChangePIN.
    ChangePin { kind: i32 },
    /// iWriteCard.
    Write { kind: i32, card: &'a [u8], files: &'a [u8], data: &'a [u8] },
    /// iWriteCard_HSM_Step1.
    WriteStep1 { kind: i32, card: &'a [u8], files: &'a [u8] },
    /// iWriteCard_HSM_Step2.
    WriteStep2 { key: &'a [u8], data: &'a [u8] },
    /// iReloadPIN, iUnblockPIN.
    Reset { job: Job, kind: i32, card: &'a [u8] },
    /// The same, step 1.
    ResetStep1 { job: Job, kind: i32, card: &'a [u8] },
    /// The same, step 2.
    ResetStep2 { job: Job, key: &'a [u8] },
    /// The same, step 3.
    ResetStep3 { job: Job, key: &'a [u8] },
    /// iDoDebit.
    Debit { kind: i32, card: &'a [u8], pay: &'a [u8] },
    /// iDoDebit_HSM_Step1.
    DebitStep1 { kind: i32, card: &'a [u8], pay: &'a [u8] },
    /// iDoDebit_HSM_Step2.
    DebitStep2 { key: &'a [u8] },
    /// iReadDebitRecord.
    DebitRecords { kind: i32 },
    /// iReadCardPublicInfo.
    CardInfo,
    /// iReadPersonPublicInfo.
    PersonInfo,
    /// iGetReaderInfo.
    ReaderInfo,
    /// iReadCardBas_HSM_Step1To2, iReadCard_HSM_Step1To2: the library asks the centre.
    ReadStep1To2 { kind: i32, question: &'a [u8] },
    /// iDoDebit_HSM_Step1To2.
    DebitStep1To2 { question: &'a [u8] },
    /// iCommReadCardBas: the centre's address and a token for it.
    Remote { kind: i32, address: &'a [u8], token: &'a [u8] },
    /// One of the functions for signatures and envelopes.
    Pki(pki::Request<'a>),
    /// Something that is not built, with its iType, if it has one.
    NotBuilt { kind: Option<i32> },
}

impl Request<'_> {
    /// Whether it needs a card that waits for it.
    pub(crate) const fn continues(&self) -> bool {
        matches!(
            self,
            Self::BasicStep2 { .. }
                | Self::ReadStep2 { .. }
                | Self::WriteStep2 { .. }
                | Self::ResetStep2 { .. }
                | Self::ResetStep3 { .. }
                | Self::DebitStep2 { .. }
        )
    }

    /// iType, if the function has it.
    pub(crate) const fn kind(&self) -> Option<i32> {
        match *self {
            Self::Basic { kind }
            | Self::BasicStep1 { kind }
            | Self::Read { kind, .. }
            | Self::ReadStep1 { kind, .. }
            | Self::VerifyPin { kind }
            | Self::ChangePin { kind }
            | Self::Write { kind, .. }
            | Self::WriteStep1 { kind, .. }
            | Self::Reset { kind, .. }
            | Self::ResetStep1 { kind, .. }
            | Self::Debit { kind, .. }
            | Self::DebitStep1 { kind, .. }
            | Self::DebitRecords { kind }
            | Self::ReadStep1To2 { kind, .. }
            | Self::Remote { kind, .. } => Some(kind),
            Self::NotBuilt { kind } => kind,
            Self::CardInfo
            | Self::Pki(_)
            | Self::PersonInfo
            | Self::ReaderInfo
            | Self::DebitStep1To2 { .. }
            | Self::BasicStep2 { .. }
            | Self::ReadStep2 { .. }
            | Self::WriteStep2 { .. }
            | Self::ResetStep2 { .. }
            | Self::ResetStep3 { .. }
            | Self::DebitStep2 { .. } => None,
        }
    }
}
