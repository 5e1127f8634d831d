//! Room: of a file the disk it lies on; of a server what it says of itself. A server's disk is not visible from here.

use std::path::Path;

use super::finding::{Check, Finding};
use super::patient::{Patient, bytes};
use crate::error::CentreError;
use crate::store::place::Place;

/// Less than this is free: nothing can be relied on.
const LEAST: u64 = 64 << 20;
/// This much is room enough on a large disk, whatever share of it that is.
const ENOUGH: u64 = 4 << 30;
/// What a slot of a standby that is gone may keep of the log before it is wrong.
const KEPT: u64 = 1 << 30;

pub(super) fn examine(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    match patient.place {
        Place::File(path) => Ok(vec![of_file(patient, path)]),
        Place::Server(_) => of_server(patient),
    }
}

fn of_file(patient: &Patient<'_>, path: &Path) -> Finding {
    let size = std::fs::metadata(path).map_or(0, |about| about.len());
    let Some(space) = (patient.around.space)(path) else {
        let words = ("the system does not say how much room the disk has", "系统未提供磁盘空间信息");
        return Finding::well(Check::Space, words.0, words.1).look("look at the disk yourself", "请自行查看磁盘空间");
    };
    let well = Finding::well(
        Check::Space,
        format!("the file has {}, its disk {} free of {}", bytes(size), bytes(space.free), bytes(space.all)),
        format!("数据库文件 {}，磁盘剩余 {}，共 {}", bytes(size), bytes(space.free), bytes(space.all)),
    );
    // A copy, or the rewriting of the file after an old version, needs its size once more.
    if space.free < LEAST.max((space.all / 100).min(ENOUGH / 10)) {
        well.wrong(
            "make room at once: a full disk refuses every act (nothing is lost, and nothing is done)",
            "请立即清理磁盘：磁盘写满后所有业务都会被拒绝（数据不会丢失，但无法办理）",
        )
    } else if space.free < size.saturating_mul(2).max((space.all / 10).min(ENOUGH)) {
        well.look("make room for the file's growth, and for a copy of it", "请为数据库增长及备份预留空间")
    } else {
        well
    }
}

fn of_server(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    let row = patient.row("SELECT pg_database_size(current_database()) AS size")?;
    let size = row.map_or(Ok(0), |row| row.get::<i64>("size"))?;
    let size = bytes(u64::try_from(size).unwrap_or(0));
    let mut all = vec![Finding::well(
        Check::Space,
        format!(
            "the database has {size}; the server's disk is not visible from here: watch data_directory and pg_wal there"
        ),
        format!("数据库 {size}；此处看不到服务器磁盘，请在服务器上监视 data_directory 与 pg_wal"),
    )];
    let slots = "SELECT CAST(slot_name AS TEXT) AS name,
                        CAST(coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                             ELSE pg_current_wal_lsn() END, restart_lsn), 0) AS BIGINT) AS kept
                 FROM pg_replication_slots WHERE NOT active ORDER BY slot_name";
    for row in patient.rows(slots)? {
        let (name, kept) = (row.get::<String>("name")?, u64::try_from(row.get::<i64>("kept")?).unwrap_or(0));
        let finding = Finding::well(
            Check::Space,
            format!("nobody reads the replication slot {name}, for which the server keeps {} of its log", bytes(kept)),
            format!("复制槽 {name} 无人读取，服务器为其保留日志 {}", bytes(kept)),
        );
        let (next_en, next_zh) = (
            "start its standby again, or drop the slot (pg_drop_replication_slot): the log grows until the disk is full",
            "请重新启动对应备库，或删除该复制槽（pg_drop_replication_slot）；否则日志会写满磁盘",
        );
        all.push(if kept >= KEPT { finding.wrong(next_en, next_zh) } else { finding.look(next_en, next_zh) });
    }
    Ok(all)
}
