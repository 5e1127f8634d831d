//! Version and tables: what the database says it is, and whether it is that.

use super::finding::{Check, Finding};
use super::patient::Patient;
use super::turns;
use crate::error::CentreError;
use crate::store::look;

/// The version there and here.
pub(super) fn version(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    let (there, here) = (&patient.found.version, look::today());
    let well = Finding::well(
        Check::Version,
        format!("the database is of version {there}, this program of version {here}"),
        format!("数据库版本 {there}，程序版本 {here}"),
    );
    Ok(vec![match there.parse() {
        Ok(there) if there == here => well,
        Ok(there) if look::can_be_opened(there) => well.look(
            "the next program of this version that opens it brings it to its own, in one transaction; take a copy before, and \
             stop the programs of the version before (docs/operating.md §2)",
            "本版本程序下次打开时将在一个事务中升级；请先备份，并停止旧版本程序",
        ),
        _ => well.wrong(
            "use the program that wrote it, or a later one, or restore a copy",
            "请使用写入它的程序或更新版本，或恢复备份",
        ),
    }])
}

/// Tables and indices; of a file all pages, unless it shall be quick.
pub(super) fn examine(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    if !patient.is_of_today() {
        let words = ("not examined: of another version", "未检查：版本不同");
        return Ok(vec![Finding::well(Check::Tables, words.0, words.1)]);
    }
    if patient.store().is_at_a_server() && stands_by(patient)? {
        let words =
            ("not compared: a standby cannot make the tables of today to compare with", "未比较：备用服务器只读");
        return Ok(vec![Finding::well(Check::Tables, words.0, words.1)]);
    }
    if patient.store().is_at_a_server() && turns::is_held_up(patient)? {
        let words = ("not compared: somebody has the writers' turn", "未比较：写入权被占用");
        return Ok(vec![Finding::well(Check::Tables, words.0, words.1)]);
    }
    let looked =
        if patient.around.quick { patient.store().has_the_tables_of_today() } else { patient.store().look_through() };
    let words = ("tables and indices are as this program makes them", "表与索引与本程序所建一致");
    Ok(vec![match looked {
        Ok(()) => Finding::well(Check::Tables, words.0, words.1),
        Err(error) => {
            let zh = error.damage().map_or_else(|| error.to_string(), |damage| damage.zh());
            let finding = Finding::well(Check::Tables, error.to_string(), zh);
            if error.damage().is_none() {
                return Err(error);
            }
            finding.wrong(
                "stop the centre and restore a copy; nobody but this program may change its tables",
                "请停止中心并恢复备份；除本程序外任何人不得更改表结构",
            )
        }
    }])
}

/// Whether the server follows another one.
pub(super) fn stands_by(patient: &Patient<'_>) -> Result<bool, CentreError> {
    patient.row("SELECT pg_is_in_recovery() AS stands_by")?.map_or(Ok(false), |row| row.get("stands_by"))
}
