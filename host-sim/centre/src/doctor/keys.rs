//! The keys: that the files which hold them are their owner's alone (docs/operating.md §1), that the key file is the database's, and that the master keys are
//! no test keys.

use super::finding::{Check, Finding};
use super::patient::Patient;
use crate::error::CentreError;
use crate::store::look;
use crate::store::value::Row;

/// How many persons' seals are tried.
const TRIED: usize = 20;

pub(super) fn examine(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    let mut all = Vec::new();
    for (path, fault) in look::modes(patient.place) {
        if let Some(error) = fault {
            let finding =
                Finding::well(Check::Keys, error.to_string(), format!("{} 含密钥，而他人可读写", path.display()));
            all.push(finding.wrong(
                "find out who read it. If anybody did, the keys are known: let new ones be made. Then chmod 600",
                "请查明何人读取过；如已泄露，须更换密钥；然后 chmod 600",
            ));
        }
    }
    if let Some(error) = &patient.found.without_keys {
        if all.is_empty() {
            let finding = Finding::well(Check::Keys, error.to_string(), "密钥文件无法读取，或不是本中心生成的密钥文件");
            all.push(finding.wrong(
                "put back the key file that was kept apart; without it nothing personal can be read",
                "请恢复另行保管的密钥文件；没有它，任何个人数据都无法读取",
            ));
        }
        return Ok(all);
    }
    if !patient.is_of_today() {
        all.push(Finding::well(
            Check::Keys,
            "whether they open what is sealed is seen when the database is of today's version",
            "数据库为当前版本后方可检查密钥能否打开密封内容",
        ));
        return Ok(all);
    }
    match opened(patient) {
        Ok(is_test) => all.push(about(is_test)),
        Err(error) => all.push(
            Finding::well(Check::Keys, format!("the key file does not open what is sealed: {error}"), "密钥文件无法打开密封内容").wrong(
                "it is another database's, or the database was changed: put back the key file that belongs to it, else a copy of both",
                "密钥文件属于另一数据库，或数据库被改动：请恢复配套的密钥文件，或两者的备份",
            ),
        ),
    }
    Ok(all)
}

/// Opens all master keys, and some persons; whether they are the test keys.
fn opened(patient: &Patient<'_>) -> Result<bool, CentreError> {
    let store = patient.store();
    let hsm = store.hsm()?;
    let sealed = |row: &Row| store.vault.unseal(&row.get::<Vec<u8>>("sealed")?).map(drop);
    patient
        .rows(&format!("SELECT sealed FROM persons ORDER BY area, number LIMIT {TRIED}"))?
        .iter()
        .try_for_each(sealed)?;
    Ok(hsm.has_test_keys())
}

fn about(is_test: bool) -> Finding {
    if is_test {
        Finding::well(
            Check::Keys,
            "the published test keys, which protect nothing; the key file opens what is sealed",
            "使用公开的测试密钥，不提供任何保护；密钥文件可打开密封内容",
        )
        .look(
            "right for trials; a centre that works is made without --test-keys",
            "仅用于试验；正式中心创建时不得使用 --test-keys",
        )
    } else {
        Finding::well(
            Check::Keys,
            "keys of its own, for their owner alone; the key file opens what is sealed",
            "自有密钥，仅属主可读；密钥文件可打开密封内容",
        )
    }
}
