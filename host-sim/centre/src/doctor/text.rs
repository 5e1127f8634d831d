//! Texts: names are Chinese, and numbers of all kinds are compared by their bytes.

use super::finding::{Check, Finding};
use super::patient::Patient;
use crate::error::CentreError;

const SERVER: &str = "SELECT pg_encoding_to_char(encoding) AS encoding, CAST(datcollate AS TEXT) AS language,
        coalesce(datcollversion <> pg_database_collation_actual_version(oid), false) AS moved,
        current_setting('server_version') AS version
    FROM pg_database WHERE datname = current_database()";

/// Texts that are not in the order of their bytes, as this program makes them.
const OTHER_ORDER: &str = "SELECT table_name || '.' || column_name AS name FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' ORDER BY name LIMIT 1";

pub(super) fn examine(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    let (encoding, about) = if patient.store().is_at_a_server() {
        let Some(row) = patient.row(SERVER)? else { return Ok(Vec::new()) };
        let (version, language): (String, String) = (row.get("version")?, row.get("language")?);
        (row.get::<String>("encoding")?, Some((format!("PostgreSQL {version}, {language}"), row.get::<bool>("moved")?)))
    } else {
        (patient.row("PRAGMA encoding")?.map_or(Ok(String::new()), |row| row.get("encoding"))?, None)
    };
    let of = about.as_ref().map_or_else(|| "SQLite".to_owned(), |(of, _)| of.clone());
    let well = Finding::well(
        Check::Text,
        format!("{of}: texts are {encoding}, in the order of their bytes"),
        format!("{of}：文本编码 {encoding}，按字节排序"),
    );
    if encoding != "UTF8" && encoding != "UTF-8" {
        return Ok(vec![well.wrong(
            "make a database with ENCODING 'UTF8' TEMPLATE template0, and move the centre there",
            "请以 ENCODING 'UTF8' TEMPLATE template0 新建数据库并迁移",
        )]);
    }
    let Some((_, moved)) = about else { return Ok(vec![well]) };
    let mut all = Vec::new();
    if let Some(row) = patient.row(OTHER_ORDER)? {
        let column: String = row.get("name")?;
        let finding = Finding::well(
            Check::Text,
            format!("the column {column} is not in the order of its bytes (COLLATE \"C\")"),
            format!("列 {column} 未按字节排序（COLLATE \"C\"）"),
        );
        all.push(finding.wrong("somebody changed it: restore it, or a copy", "该列被改动：请改回，或恢复备份"));
    }
    if moved {
        let words = (
            "the system's order of texts is of another version than the database was made with",
            "系统排序规则版本与建库时不同",
        );
        let next = (
            "the centre's columns do not use it; for others: REINDEX, then ALTER DATABASE … REFRESH COLLATION VERSION",
            "中心的列不使用它；其他列请 REINDEX，再执行 ALTER DATABASE … REFRESH COLLATION VERSION",
        );
        all.push(Finding::well(Check::Text, words.0, words.1).look(next.0, next.1));
    }
    if all.is_empty() {
        all.push(well);
    }
    Ok(all)
}
