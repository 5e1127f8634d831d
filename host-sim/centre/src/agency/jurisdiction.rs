//! For which outlets an outlet acts: for itself, and for those below it; the agency acts for all of its area. Not here:
//! which act asks. Those whose subject belongs to an outlet do: an application, its slip, a card before its hand-over.

use super::OutletKind;
use crate::acts::desk::Desk;
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::CentreError;
use crate::store::value::values;

/// Outlets do not stand deeper than this below the agency.
const DEPTH: usize = 8;

/// Whether `own` acts for what belongs to `outlet`. An outlet that was closed still stands where it stood, so that what it
/// left behind has somebody who acts for it.
///
/// # Errors
/// The database failed.
pub fn serves(office: &Office<'_>, own: &str, outlet: &str) -> Result<bool, CentreError> {
    if own == outlet {
        return Ok(true);
    }
    let find = |code: &str| {
        let sql = "SELECT kind, parent FROM outlets WHERE area = $1 AND code = $2";
        office.store().find(sql, values![office.area(), code])
    };
    let Some(row) = find(own)? else { return Ok(false) };
    if row.get::<OutletKind>("kind")? == OutletKind::Agency {
        return Ok(true);
    }
    let mut below = outlet.to_owned();
    for _ in 0..DEPTH {
        let Some(row) = find(&below)? else { return Ok(false) };
        let Some(parent) = row.get::<Option<String>>("parent")? else { return Ok(false) };
        if parent == own {
            return Ok(true);
        }
        below = parent;
    }
    Ok(false)
}

/// Refuses what belongs to an outlet for which the desk does not act.
///
/// # Errors
/// It does, or the database failed.
pub fn own_outlet(desk: &Desk<'_>, outlet: &str) -> Result<(), Refusal> {
    if serves(desk, desk.outlet(), outlet)? { Ok(()) } else { Err(General::OtherOutlet.into()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::serves;
    use crate::ADMINISTRATOR;
    use crate::tests::acts::Bench;

    #[test]
    fn an_outlet_acts_for_itself_and_for_what_stands_below_it() {
        let mut bench = Bench::new();
        let mut open = |code: &str, kind: &str, parent: &str| {
            let body = json!({
                "code": code, "kind": kind, "region": "320104", "parent": parent, "name": code,
                "approval": "1", "establishment": "1"
            });
            bench.done(ADMINISTRATOR, "outlet.open", body);
        };
        open("32010490", "branch", "32010099");
        open("32010401", "outlet", "32010490");
        open("32010402", "outlet", "32010490");
        bench.done(ADMINISTRATOR, "outlet.close", json!({"code": "32010402"}));
        let table = [
            ("32010401", "32010401", true),
            ("32010490", "32010401", true),
            ("32010490", "32010402", true),
            ("32010099", "32010401", true),
            ("32010099", "32010201", true),
            ("32010401", "32010490", false),
            ("32010401", "32010402", false),
            ("32010490", "32010201", false),
            ("32010201", "32010401", false),
            ("32010201", "32010499", false),
            ("32010499", "32010201", false),
        ];
        for (own, outlet, may) in table {
            assert_eq!(bench.within(|office| serves(office, own, outlet).unwrap()), may, "{own} for {outlet}");
        }
    }
}
