//! Whether a card is genuine, and its proof that the terminal may read it.
//!
//! Cards of version 3.00 show personal data only to a terminal that the centre vouches for: the terminal forwards the
//! card's challenge to the centre, whose security module computes the cryptogram (docs/card.md §1.5, §1.9). The
//! terminal itself holds no keys.

use rand_core::Rng;

use qiyong_protocol::card::codes::IdentCode;
use qiyong_protocol::card::commands;
use qiyong_protocol::card::files::{Generation, key};
use qiyong_protocol::card::keys::{Algorithm, Cryptogram};
use qiyong_protocol::centre::{Answer, Authenticate, Body};
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::rules::reason::Reason;

use super::reading::{Cause, Said};
use super::{Board, Stop, Terminal};
use crate::slot::{CardSlot, ResponseBuffer, SlotError};

impl<B: Board> Terminal<B> {
    /// The two steps of the centre's security module: what the card must answer, and what it must hear.
    pub(super) async fn authenticate(
        &mut self,
        generation: Generation,
        ident: &IdentCode,
        historical: &[u8],
        algorithm: Algorithm,
        internal: &[u8; 16],
        said: &mut Said,
    ) -> Result<(), Stop> {
        // First the internal authentication, which costs the card nothing: its keys come from the ident code and the
        // historical bytes, so that its answer proves that these were read right.
        let (answer, sw) = self.eight_bytes(&commands::internal_authenticate(internal)).await?;
        said.update(&answer.unwrap_or_default());
        said.update(&sw.0.to_be_bytes());
        let mut ours = [0; 8];
        self.random.fill_bytes(&mut ours);
        let external = match generation {
            Generation::V1 | Generation::V2 => None,
            Generation::V3 => Some((self.challenge().await?, ours)),
        };
        let body =
            Body::Authenticate(Authenticate { ident: *ident, historical, algorithm, internal: *internal, external });
        let Answer::Authenticated { internal: expected, external } = self.ask(body).await? else {
            // A centre that answers something else has not answered.
            return Err(Stop::here(Reason::NoAnswer));
        };
        if answer.map(Cryptogram) != Some(expected) {
            return Err(Stop { again: true, ..Stop::here(Reason::CardNotGenuine) });
        }
        // The card's challenge is good for the very next command only.
        let Some(cryptogram) = external else { return Ok(()) };
        let data = commands::external_auth_data(cryptogram, ours);
        let command = commands::external_authenticate(key::READ_SSSE, &data);
        // The card is genuine, and has the keys that the centre knows. So whatever fails from here on is the line's fault:
        // challenge or cryptogram changed on their way, which T=0 does not see. It may have cost the card a try, which the next
        // success gives back; the last try is not spent on that.
        match self.status_of(&command).await {
            Ok(StatusWord::OK) => Ok(()),
            // The card blocked its key after too many wrong cryptograms.
            Ok(StatusWord::BLOCKED) => Err(Stop::here(Reason::CardLocked)),
            Ok(sw) => {
                let again = sw.verification_tries().is_some_and(|left| left > 1);
                Err(Stop { again, ..Cause::Status { ins: command.ins, sw }.into() })
            }
            Err(error) => Err(Stop { again: !matches!(error, SlotError::Removed), ..error.into() }),
        }
    }

    /// The card's challenge for EXTERNAL AUTHENTICATE.
    async fn challenge(&mut self) -> Result<[u8; 8], Stop> {
        let command = commands::get_challenge();
        match self.eight_bytes(&command).await? {
            (Some(challenge), _) => Ok(challenge),
            (None, StatusWord::OK) => Err(Cause::Length { ins: command.ins }.into()),
            (None, sw) => Err(Cause::Status { ins: command.ins, sw }.into()),
        }
    }

    /// The answer to a command, if it is done and answered with eight bytes, which are no secret; and its status word.
    async fn eight_bytes(&mut self, command: &Command<'_>) -> Result<(Option<[u8; 8]>, StatusWord), SlotError> {
        let mut buffer: ResponseBuffer = [0; 258];
        let response = self.slot.transmit(command, &mut buffer).await?;
        Ok((response.data.try_into().ok().filter(|_| response.sw.is_ok()), response.sw))
    }
}
