//! The chains of audit and ledger, from their beginnings.

use super::finding::{Check, Finding};
use super::patient::Patient;
use crate::error::CentreError;
use crate::store::audit::{self, Chain};
use crate::{founding, ledger, settlement};

pub(super) fn examine(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    let nothing = |en: &str, zh: &str| Ok(vec![Finding::well(Check::Chain, en, zh)]);
    if !patient.is_of_today() {
        return nothing("not followed: of another version", "未检查：版本不同");
    }
    if patient.found.without_keys.is_some() {
        return nothing("not followed: the keys are missing", "未检查：缺少密钥");
    }
    let store = patient.store();
    let mut all = Vec::new();
    for area in founding::recorded_areas(store)? {
        let chain = audit::verify(store, &store.vault, area)?;
        let ledger = match ledger::check::verify(store, &store.vault, area)? {
            None => settlement::records::verify(store, area)?,
            wrong => wrong,
        };
        let (next_en, next_zh) = (
            "stop the centre, keep this database for whoever investigates, and restore a copy in which `qiyong centre verify` is whole",
            "请停止中心，保留现场以供调查，并恢复 `qiyong centre verify` 通过的备份",
        );
        let broken = |en: String, zh: String| Finding::well(Check::Chain, en, zh).wrong(next_en, next_zh);
        match (&chain, &ledger) {
            (Chain::Whole(records), None) => all.push(Finding::well(
                Check::Chain,
                format!("{area}: {records} audit records, the chain is whole, and the ledger adds up"),
                format!("{area}：审计记录 {records} 条，链完整，总账平衡"),
            )),
            _ => {
                if let Chain::Broken(record) = chain {
                    all.push(broken(
                        format!("{area}: audit record {record} is not as it was written, or is missing"),
                        format!("{area}：审计记录 {record} 被改动或缺失"),
                    ));
                }
                if let Some(what) = ledger {
                    all.push(broken(
                        format!("{area}: {what} is not as it was written, or does not add up"),
                        format!("{area}：{what} 被改动或不平衡"),
                    ));
                }
            }
        }
    }
    if all.is_empty() { nothing("no area has been founded", "尚未设立统筹区") } else { Ok(all) }
}
