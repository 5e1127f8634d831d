//! `qiyong card new --from-centre`: takes the card of a line of a batch out of a centre, as its maker does. What stands on it
//! is the centre's affair, and the keys come sealed under a key that is drawn for this card alone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use qiyong_centre::acts::desk::Operator;
use qiyong_centre::production::transport::{CardData, TransportKey};
use qiyong_centre::{ActRequest, Centre};
use qiyong_protocol::card::codes::Region;
use qiyong_sim::card::os::VirtualCard;

use crate::centre;

/// Which card of which centre.
#[derive(Args, Debug)]
pub(crate) struct FromCentre {
    /// Make the card of a line of a batch of this centre: its database. The batch was made by `qiyong centre production batch`
    #[arg(
        long,
        value_name = "FILE",
        requires = "batch",
        conflicts_with_all = [
            "profile", "number", "id_number", "holder", "issued", "expires", "pin", "pin_tries", "protocol", "serial",
            "inverse", "forged"
        ]
    )]
    from_centre: Option<OsString>,
    /// The file with the keys of a centre that is at a server; what QIYONG_KEYS names if left out
    #[arg(long, value_name = "FILE", requires = "from_centre")]
    keys: Option<PathBuf>,
    /// The batch's number
    #[arg(long, requires = "from_centre")]
    batch: Option<String>,
    /// The line of the batch, from 1
    #[arg(long, requires = "from_centre", default_value_t = 1, value_name = "NUMBER")]
    line: i64,
    /// The operator as whom the maker works, of the role producer
    #[arg(long = "as", value_name = "OPERATOR", requires = "from_centre", default_value = "producer")]
    operator: String,
    /// Report the card back to the centre once its file is written
    #[arg(long, requires = "from_centre")]
    report: bool,
}

/// A card that was taken out of a centre, and the centre that waits for the report.
pub(crate) struct Taken<'a> {
    pub(crate) card: VirtualCard,
    centre: Centre,
    area: Region,
    operator: Operator,
    args: &'a FromCentre,
    data: CardData,
}

impl FromCentre {
    /// The card, if one of a centre was asked for.
    pub(crate) fn take(&self, area: Region) -> Result<Option<Taken<'_>>, String> {
        let (Some(db), Some(batch)) = (&self.from_centre, &self.batch) else { return Ok(None) };
        let place = centre::db::place(db, self.keys.as_deref()).map_err(|error| format!("--from-centre: {error}"))?;
        let mut centre = centre::open(&place)?;
        let operator = centre.operator(area, &self.operator).map_err(|error| error.to_string())?;
        let operator = operator
            .ok_or_else(|| format!("no operator {} works in {area} today; name one with --as", self.operator))?;
        let key = TransportKey::draw().map_err(|error| error.to_string())?;
        let body = json!({"batch": batch, "line": self.line, "transport_key": key.to_text()});
        let answer = act(&mut centre, (area, &operator), "production.personalise", body)?;
        let data: CardData = serde_json::from_value(answer).map_err(|error| {
            format!("the centre's answer: {error}; use the version of qiyong that has made the batch")
        })?;
        let (new, issued) = data.unpack(&key).ok_or(
            "the centre's answer was not sealed under the key that it got: report it to whoever maintains the program",
        )?;
        let card = VirtualCard::personalised(&new, &issued);
        Ok(Some(Taken { card, centre, area, operator, args: self, data }))
    }
}

impl Taken<'_> {
    /// The line under which the program shows the card.
    pub(crate) fn summary(&self, out: &Path) -> String {
        let CardData { generation, number, atr, .. } = &self.data;
        format!("{}: a {generation} card, number {number}, of line {}, ATR {atr}", out.display(), self.args.line)
    }

    /// Reports the card back, if that was asked for.
    pub(crate) fn report(mut self) -> Result<(), String> {
        if !self.args.report {
            return Ok(());
        }
        let data = &self.data;
        let made = json!({
            "number": data.number, "id_number": data.id_number, "name": data.name, "issued": data.issued,
            "expires": data.expires, "ident": data.ident, "atr": data.atr, "bank_card": data.bank_card
        });
        let body = json!({"batch": self.args.batch, "line": self.args.line, "made": made});
        act(&mut self.centre, (self.area, &self.operator), "production.report", body).map(drop)
    }
}

fn act(centre: &mut Centre, (area, operator): (Region, &Operator), act: &str, body: Value) -> Result<Value, String> {
    centre.carry_out(ActRequest { area, operator, act, body, key: None }).map_err(|refusal| refusal.to_string())
}
