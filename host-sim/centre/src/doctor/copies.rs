//! Standbys and how far they are behind (docs/operating.md §8); the archive of the log (§4).

use super::finding::{Check, Finding};
use super::patient::{Patient, bytes};
use super::tables::stands_by;
use crate::error::CentreError;

/// So many bytes, or milliseconds, behind is to be looked at, and is wrong.
const BYTES: (i64, i64) = (16 << 20, 1 << 30);
const MILLIS: (i64, i64) = (10_000, 300_000);

/// Those that follow this server, as far as this user may see them.
const STANDBYS: &str =
    "SELECT application_name AS name, coalesce(state, '') AS state, coalesce(sync_state, '') AS kind,
        CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS BIGINT) AS bytes,
        CAST(coalesce(extract(epoch FROM replay_lag) * 1000, 0) AS BIGINT) AS ms
    FROM pg_stat_replication WHERE replay_lsn IS NOT NULL ORDER BY application_name";

const MAY_SEE: &str =
    "SELECT pg_has_role(current_user, 'pg_monitor', 'USAGE') OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
                       AS may, current_setting('synchronous_standby_names') AS names";

pub(super) fn examine(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    if !patient.store().is_at_a_server() {
        let words =
            ("a file has no standbys; its copies are yours to take (docs/operating.md §4)", "文件没有备库；请自行备份");
        return Ok(vec![Finding::well(Check::Copies, words.0, words.1)]);
    }
    if stands_by(patient)? {
        return Ok(vec![follower(patient)?]);
    }
    let Some(about) = patient.row(MAY_SEE)? else { return Ok(Vec::new()) };
    if !about.get::<bool>("may")? {
        let words = ("this user may not see who follows the server", "该用户无权查看备库");
        return Ok(vec![
            Finding::well(Check::Copies, words.0, words.1).look("GRANT pg_monitor to it", "请授予 pg_monitor"),
        ]);
    }
    let mut all = Vec::new();
    let (mut standbys, mut synchronous) = (0, 0);
    for row in patient.rows(STANDBYS)? {
        standbys += 1;
        let (name, kind, state): (String, String, String) = (row.get("name")?, row.get("kind")?, row.get("state")?);
        let (behind, ms): (i64, i64) = (row.get("bytes")?, row.get("ms")?);
        synchronous += u32::from(kind == "sync" || kind == "quorum");
        let size = bytes(u64::try_from(behind).unwrap_or(0));
        let well = Finding::well(
            Check::Copies,
            format!("standby {name} ({kind}, {state}) is {size} and {ms} ms behind"),
            format!("备库 {name}（{kind}，{state}）落后 {size}、{ms} 毫秒"),
        );
        let (next_en, next_zh) = (
            "look at the standby's disk and network; what it lacks is lost if this server is",
            "请检查备库的磁盘与网络；主库一旦丢失，落后的部分即丢失",
        );
        all.push(if behind >= BYTES.1 || ms >= MILLIS.1 {
            well.wrong(next_en, next_zh)
        } else if behind >= BYTES.0 || ms >= MILLIS.0 || state != "streaming" {
            well.look(next_en, next_zh)
        } else {
            well
        });
    }
    let names: String = about.get("names")?;
    if !names.is_empty() && synchronous == 0 {
        let finding = Finding::well(
            Check::Copies,
            format!("synchronous_standby_names is `{names}`, and no synchronous standby is there: every act waits"),
            format!("synchronous_standby_names 为 `{names}`，但没有同步备库：所有业务都在等待"),
        );
        all.push(finding.wrong(
            "start a standby of that name, or take the setting back and reload",
            "请启动同名备库，或取消该设置并重新加载",
        ));
    }
    if standbys < patient.around.standbys {
        let must = patient.around.standbys;
        let finding = Finding::well(
            Check::Copies,
            format!("{standbys} standbys follow, and there must be {must}"),
            format!("备库 {standbys} 个，应有 {must} 个"),
        );
        all.push(finding.wrong("start those that are missing", "请启动缺少的备库"));
    }
    if all.is_empty() {
        all.push(Finding::well(
            Check::Copies,
            "no standby follows this server, and none is asked for (--standbys)",
            "没有备库，也未要求（--standbys）",
        ));
    }
    Ok(all)
}

/// A server that follows another one: the centre cannot work on it.
fn follower(patient: &Patient<'_>) -> Result<Finding, CentreError> {
    let row = patient.row(
        "SELECT CAST(coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000, 0) AS BIGINT) AS ms",
    )?;
    let ms = row.map_or(Ok(0), |row| row.get::<i64>("ms"))?;
    let finding = Finding::well(
        Check::Copies,
        format!("this server is a standby; the last transaction that it has is {ms} ms old"),
        format!("该服务器为备库；其最后一个事务为 {ms} 毫秒前"),
    );
    Ok(finding.look("let the centre work on the server that it follows", "请让中心连接主库"))
}

/// Whether the log is kept, so that a moment can be restored.
pub(super) fn archive(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    if !patient.store().is_at_a_server() {
        return Ok(Vec::new());
    }
    let row = patient.row(
        "SELECT current_setting('archive_mode') AS mode, archived_count AS archived, failed_count AS failed,
                coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS fails
         FROM pg_stat_archiver",
    )?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let (archived, failed) = (row.get::<i64>("archived")?, row.get::<i64>("failed")?);
    if row.get::<String>("mode")? == "off" {
        let words = (
            "the server's log is not archived: what was done since the last backup is lost with the disk",
            "服务器日志未归档：磁盘损坏时，上次备份之后的业务将丢失",
        );
        let next =
            ("set archive_mode and archive_command (docs/operating.md §4)", "请设置 archive_mode 与 archive_command");
        return Ok(vec![Finding::well(Check::Archive, words.0, words.1).look(next.0, next.1)]);
    }
    let well = Finding::well(
        Check::Archive,
        format!("{archived} segments of the log were archived, {failed} attempts failed"),
        format!("已归档日志 {archived} 段，失败 {failed} 次"),
    );
    Ok(vec![if row.get("fails")? {
        well.wrong(
            "the last attempt failed: look into the server's log; the disk fills until it succeeds",
            "最近一次归档失败：请查看服务器日志；成功之前磁盘会持续增长",
        )
    } else {
        well
    }])
}
