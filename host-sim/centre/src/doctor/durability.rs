//! Whether what the database confirms is on the disk.

use super::finding::{Check, Finding};
use super::patient::Patient;
use crate::error::CentreError;

pub(super) fn examine(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    if patient.store().is_at_a_server() { server(patient) } else { file(patient) }
}

/// `synchronous`: 0 off, 1 normal, 2 full, 3 extra.
fn file(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    let journal = patient.row("PRAGMA journal_mode")?.map_or(Ok(String::new()), |row| row.get("journal_mode"))?;
    let synchronous = patient.row("PRAGMA synchronous")?.map_or(Ok(0), |row| row.get::<i64>("synchronous"))?;
    let well = Finding::well(
        Check::Durability,
        format!("SQLite: synchronous {synchronous}, journal {journal}"),
        format!("SQLite：synchronous {synchronous}，日志方式 {journal}"),
    );
    let (next_en, next_zh) = (
        "this SQLite confirms what is not on the disk, and a failure of power loses or breaks it: use this project's own",
        "该 SQLite 在写盘前即确认，断电会丢失或损坏数据：请使用本项目自带的 SQLite",
    );
    Ok(vec![match (journal.as_str(), synchronous) {
        ("off" | "memory", _) | (_, 0) => well.wrong(next_en, next_zh),
        (_, 1) => well.look(next_en, next_zh),
        _ => well,
    }])
}

fn server(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    // What a session is given when it begins; the centre's own asks for more.
    let settings = patient.rows(
        "SELECT name, coalesce(reset_val, '') AS value FROM pg_settings
         WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names', 'data_checksums')",
    )?;
    let value = |name: &str| {
        let row = settings.iter().find(|row| row.get::<String>("name").is_ok_and(|is| is == name));
        row.map_or(Ok(String::new()), |row| row.get::<String>("value"))
    };
    let (fsync, pages, commit) = (value("fsync")?, value("full_page_writes")?, value("synchronous_commit")?);
    let followed = !value("synchronous_standby_names")?.is_empty();
    let mut all = Vec::new();
    let say = |name: &str, value: &str, en: &str, zh: &str| {
        Finding::well(Check::Durability, format!("{name} is {value}: {en}"), format!("{name} 为 {value}：{zh}"))
    };
    let back = |name: &str| {
        (
            format!("ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf()"),
            format!("请执行 ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf()"),
        )
    };
    for (name, value, en, zh) in [
        (
            "fsync",
            &fsync,
            "what is confirmed may be lost, and the database with it, at a failure of power",
            "断电会丢失已确认的数据，甚至整个数据库",
        ),
        (
            "full_page_writes",
            &pages,
            "a failure of power may tear a page that nothing mends",
            "断电可能撕裂页面且无法修复",
        ),
    ] {
        if value != "on" {
            let (next_en, next_zh) = back(name);
            all.push(say(name, value, en, zh).wrong(next_en, next_zh));
        }
    }
    let (next_en, next_zh) = back("synchronous_commit");
    if commit == "off" {
        let (en, zh) =
            ("the centre's own sessions ask for on; nobody else's do", "中心自身的会话要求 on，其他会话不会");
        all.push(say("synchronous_commit", &commit, en, zh).look(next_en, next_zh));
    } else if followed && (commit == "local" || commit == "remote_write") {
        let (en, zh) = ("an act does not wait until the standby has it on its disk", "业务不等待备库落盘");
        all.push(say("synchronous_commit", &commit, en, zh).look(next_en, next_zh));
    }
    if all.is_empty() {
        let sums = value("data_checksums")?;
        all.push(Finding::well(
            Check::Durability,
            format!("fsync and full_page_writes are on, synchronous_commit is {commit}, data_checksums {sums}"),
            format!("fsync、full_page_writes 为 on，synchronous_commit 为 {commit}，data_checksums 为 {sums}"),
        ));
    }
    Ok(all)
}
