//! A card file and a PSAM's file: the virtual cards of `qiyong-sim`, asked APDU by APDU without a line between. Only here the
//! driver knows of it.

use std::io::ErrorKind;
use std::path::Path;

use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::card::file::CardFileError;
use qiyong_sim::psam::VirtualPsam;
use qiyong_sim::psam::file::PsamFileError;
use zeroize::Zeroizing;

use crate::apdu::Card;
use crate::code::Code;
use crate::failure::Failure;

/// A card from a file, which nobody else can use meanwhile.
pub(super) struct FileCard(DeskCard);

impl FileCard {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        // What cannot be kept is told by the card's answer, 6581.
        DeskCard::open(path, |_| {}).map(Self).map_err(|error| match error {
            CardFileError::Io { error, .. } if error.kind() == ErrorKind::NotFound => Code::NoCard.into(),
            CardFileError::InUse { .. } => Code::Busy.into(),
            error => Code::Reader.with(error.to_string()),
        })
    }
}

impl Card for FileCard {
    fn power(&mut self) -> Result<Vec<u8>, Failure> {
        self.0.card.reset();
        Ok(self.0.card.atr.clone())
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<(Zeroizing<Vec<u8>>, StatusWord), Failure> {
        // A file that was taken away is a card that was pulled.
        if !self.0.path.exists() {
            return Err(Code::NoCard.with("卡已取出"));
        }
        let (data, sw) = self.0.card.process(command);
        Ok((Zeroizing::new(data), sw))
    }
}

/// A PSAM from a file. Nothing in it changes, so that many programs may use it at once.
pub(super) struct PsamFile(VirtualPsam);

impl PsamFile {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        VirtualPsam::load(path).map(Self).map_err(|error| match error {
            PsamFileError::Io(error) if error.kind() == ErrorKind::NotFound => Code::NoPsam.into(),
            error => Code::Reader.with(error.to_string()),
        })
    }
}

impl Card for PsamFile {
    fn power(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(self.0.reset())
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<(Zeroizing<Vec<u8>>, StatusWord), Failure> {
        Ok(self.0.process(command))
    }
}
