//! Action × role × place, as a table of tests: which role may do which act stands in `roles.txt`, written by hand and read
//! here; each cell is tried at the operator's own outlet, at another outlet and from another area. Whoever may not is refused
//! before the body is looked at, and that is on record.
//!
//! Not here: whose records an outlet may touch; the rooms' tests say so of each act, and the table which these are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use strum::VariantArray;

use qiyong_protocol::card::codes::Region;

use crate::acts::desk::Operator;
use crate::acts::role::Role;
use crate::tests::acts::Bench;
use crate::tests::closing::closing_line;
use crate::{ADMINISTRATOR, ActRequest, Chain, Founding, registry};

const TABLE: &str = include_str!("roles.txt");

/// The acts of the table, each with who may. The first line names the roles of the columns.
fn table() -> BTreeMap<&'static str, BTreeSet<Role>> {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let roles: Vec<Role> = lines.next().unwrap().split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert_eq!(roles.iter().collect::<BTreeSet<_>>().len(), Role::VARIANTS.len(), "a column for each role");
    let mut table = BTreeMap::new();
    for line in lines {
        let (act, cells) = line.split_once(' ').unwrap();
        let cells: Vec<_> = cells.split_whitespace().collect();
        assert_eq!(cells.len(), roles.len(), "{line}");
        let may = roles.iter().zip(cells).filter(|(_, cell)| match *cell {
            "yes" => true,
            "-" => false,
            other => panic!("{other}: {line}"),
        });
        assert!(table.insert(act, may.map(|(role, _)| *role).collect()).is_none(), "{line}");
    }
    table
}

/// Where an operator stands.
#[derive(Clone, Copy, Debug)]
enum From {
    OwnOutlet,
    OtherOutlet,
    OtherArea,
}

#[test]
fn every_act_is_for_the_roles_of_the_table_and_refused_to_all_others() {
    let table = table();
    let acts: BTreeSet<_> = registry::acts().map(|entry| entry.name).collect();
    assert_eq!(acts, table.keys().copied().collect(), "an act without a line, or a line without an act");
    let mut bench = Bench::new();
    let suzhou = Region::new("320500").unwrap();
    bench.centre.found(&Founding { area: suzhou, agency: "苏州".into() }).unwrap();
    let other = json!({
        "code": "32010401", "kind": "outlet", "region": "320104", "name": "秦淮网点", "approval": "2", "establishment": "2"
    });
    bench.done(ADMINISTRATOR, "outlet.open", other);
    for role in Role::VARIANTS {
        let word: &str = role.into();
        let body = json!({"id": format!("other-{word}"), "role": role, "outlet": "32010401", "name": "x"});
        bench.done(ADMINISTRATOR, "operator.add", body);
    }
    let (mut allowed, mut refused, mut unknown) = (0, 0, 0);
    for (act, may) in &table {
        for role in Role::VARIANTS {
            for from in [From::OwnOutlet, From::OtherOutlet, From::OtherArea] {
                let word: &str = role.into();
                let own = !matches!(from, From::OtherOutlet);
                let (id, outlet) =
                    if own { (word.to_owned(), "32010201") } else { (format!("other-{word}"), "32010401") };
                let operator = Operator { id, role: *role, outlet: outlet.into() };
                let area = if matches!(from, From::OtherArea) { suzhou } else { bench.area };
                let request = ActRequest { area, operator: &operator, act, body: json!({"nonsense": 1}), key: None };
                let result = bench.centre.carry_out(request);
                let code = result.map_or_else(|refusal| refusal.code, |_| "done");
                let (expected, count) = match from {
                    From::OtherArea => (code == "operator-unknown", &mut unknown),
                    _ if may.contains(role) => (code == "field-invalid", &mut allowed),
                    _ => (code == "role-not-allowed", &mut refused),
                };
                assert!(expected, "{act} as {word} from {from:?}: {code}");
                *count += 1;
            }
        }
    }
    let on_record = |bench: &Bench, area, outcome: &str| {
        let sql = "SELECT count(*) AS count FROM audit WHERE area = $1 AND outcome = $2";
        let row = bench.centre.office(area).store().find(sql, crate::store::value::values![area, outcome]).unwrap();
        row.unwrap().get::<i64>("count").unwrap()
    };
    assert_eq!(on_record(&bench, bench.area, "role-not-allowed"), refused);
    assert_eq!(on_record(&bench, suzhou, "operator-unknown"), unknown);
    let chains = bench.centre.verify().unwrap();
    assert!(chains.iter().all(|(_, chain, broken)| matches!(chain, Chain::Whole(_)) && broken.is_none()));
    let cells = table.len() * Role::VARIANTS.len() * 3;
    closing_line(&format!(
        "act × role × place: {cells} cells, {allowed} allowed, {refused} refused for the role, {unknown} for the area"
    ));
}

/// The table that is written down, and not the code, is what is compared: whichever cell is changed is found.
#[test]
fn a_changed_cell_is_found() {
    let table = table();
    let agrees = |changed: &BTreeMap<&'static str, BTreeSet<Role>>| {
        registry::acts().all(|entry| changed[entry.name] == entry.roles.iter().copied().collect())
    };
    assert!(agrees(&table));
    for act in table.keys() {
        for role in Role::VARIANTS {
            let mut changed = table.clone();
            let may = changed.get_mut(act).unwrap();
            if !may.remove(role) {
                may.insert(*role);
            }
            assert!(!agrees(&changed), "{act} {role:?}");
        }
    }
}
