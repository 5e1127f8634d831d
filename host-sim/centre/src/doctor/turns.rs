//! Who has the writers' turn, and who holds others up. Acts take turns on a database, so that one transaction that does not end stops
//! everybody.

use super::finding::{Check, Finding};
use super::patient::Patient;
use crate::error::CentreError;
use crate::store::database::Database;
use crate::store::look::LOCK;
use crate::store::value::{Row, values};

pub(super) fn examine(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    if patient.store().is_at_a_server() { server(patient) } else { file(patient) }
}

fn file(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    Ok(vec![if patient.store().gets_a_turn()? {
        Finding::well(Check::Turns, "nobody holds the file up", "无人占用文件")
    } else {
        let seconds = patient.around.patience.as_secs();
        let finding = Finding::well(
            Check::Turns,
            format!("another program has not ended its transaction on the file for {seconds} s"),
            format!("另一程序占用文件的事务已超过 {seconds} 秒"),
        );
        finding.wrong("see which (fuser FILE), and end it", "请查明占用者（fuser 文件名）并结束它")
    }])
}

/// Who has the lock, and for how long.
const HOLDERS: &str = "SELECT CAST(l.pid AS BIGINT) AS pid, coalesce(a.application_name, '') AS name,
        coalesce(host(a.client_addr), 'socket') AS host, coalesce(a.state, '') AS state,
        CAST(coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0) AS BIGINT) AS seconds,
        (SELECT count(*) FROM pg_locks w WHERE w.locktype = 'advisory' AND w.objid = l.objid AND w.database = l.database
            AND NOT w.granted) AS waiting
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND CAST(l.objid AS BIGINT) = CAST($1 AS BIGINT)
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Other transactions of this database that have been open for long: the server keeps what they might still want to see.
const OTHERS: &str = "SELECT CAST(pid AS BIGINT) AS pid, coalesce(application_name, '') AS name,
        coalesce(host(client_addr), 'socket') AS host, coalesce(state, '') AS state,
        CAST(extract(epoch FROM clock_timestamp() - xact_start) AS BIGINT) AS seconds, CAST(0 AS BIGINT) AS waiting
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
        AND extract(epoch FROM clock_timestamp() - xact_start) >= CAST($1 AS BIGINT)
        AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
            AND CAST(objid AS BIGINT) = CAST($2 AS BIGINT))
    ORDER BY xact_start LIMIT 5";

fn server(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    let patience = i64::try_from(patient.around.patience.as_secs()).unwrap_or(i64::MAX);
    let store = patient.store();
    let mut all = Vec::new();
    for row in store.rows(HOLDERS, values![LOCK])? {
        let (who, seconds) = (session(&row)?, row.get::<i64>("seconds")?);
        let waiting: i64 = row.get("waiting")?;
        let well = Finding::well(
            Check::Turns,
            format!("{who} has had the writers' turn for {seconds} s, and {waiting} wait"),
            format!("{who} 占用写入权 {seconds} 秒，{waiting} 个会话在等待"),
        );
        all.push(if seconds >= patience { long(well, &row, true)? } else { well });
    }
    for row in store.rows(OTHERS, values![patience, LOCK])? {
        let (who, seconds) = (session(&row)?, row.get::<i64>("seconds")?);
        let finding = Finding::well(
            Check::Turns,
            format!("{who} has had a transaction open for {seconds} s"),
            format!("{who} 的事务已打开 {seconds} 秒"),
        );
        all.push(long(finding, &row, false)?);
    }
    if all.is_empty() {
        all.push(Finding::well(
            Check::Turns,
            "nobody has the writers' turn, and no transaction is old",
            "无人占用写入权，也没有长事务",
        ));
    }
    Ok(all)
}

/// Whether somebody has had a server's turn for too long.
pub(super) fn is_held_up(patient: &Patient<'_>) -> Result<bool, CentreError> {
    let patience = i64::try_from(patient.around.patience.as_secs()).unwrap_or(i64::MAX);
    let holders = patient.store().rows(HOLDERS, values![LOCK])?;
    Ok(holders.iter().any(|row| row.get::<i64>("seconds").is_ok_and(|seconds| seconds >= patience)))
}

fn session(row: &Row) -> Result<String, CentreError> {
    let (pid, name): (i64, String) = (row.get("pid")?, row.get("name")?);
    let (host, state): (String, String) = (row.get("host")?, row.get("state")?);
    Ok(format!("session {pid} (`{name}`, {host}, {state})"))
}

fn long(finding: Finding, row: &Row, has_the_turn: bool) -> Result<Finding, CentreError> {
    let pid: i64 = row.get("pid")?;
    let (next_en, next_zh) = (
        format!("see what it does (pg_stat_activity); if it does nothing, SELECT pg_terminate_backend({pid})"),
        format!("请查看其操作（pg_stat_activity）；如无进展，执行 SELECT pg_terminate_backend({pid})"),
    );
    Ok(if has_the_turn { finding.wrong(next_en, next_zh) } else { finding.look(next_en, next_zh) })
}
