//! The clock: the machine's against the server's, and against what is on record. Dates decide here, so a clock that jumps books
//! sales on other days.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, Unit};

use super::finding::{Check, Finding};
use super::patient::Patient;
use crate::error::CentreError;
use crate::founding;
use crate::store::database::Database;
use crate::store::value::{Row, values};

/// So far two clocks may be apart without a word, and so far without being wrong: five minutes are what a terminal is refused for.
const APART: (i64, i64) = (2, 60);

pub(super) fn examine(patient: &Patient<'_>) -> Result<Vec<Finding>, CentreError> {
    let mut all = Vec::new();
    if let Some(time) = patient.store().stopped_clock()? {
        all.push(
            Finding::well(
                Check::Clock,
                format!("the centre's clock is a test clock, and stands at {time}"),
                format!("中心时钟为测试时钟，停在 {time}"),
            )
            .look(
                "right for trials; a centre that works must have keys of its own, whose clock runs",
                "仅用于试验；正式中心须使用自有密钥，其时钟自走",
            ),
        );
    }
    if patient.store().is_at_a_server() {
        all.push(server(patient)?);
    }
    all.push(records(patient)?);
    Ok(all)
}

/// The server's clock was read somewhere between two looks at the machine's.
fn server(patient: &Patient<'_>) -> Result<Finding, CentreError> {
    let before = (patient.around.now)();
    let row = patient.row("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS ms")?;
    let after = (patient.around.now)();
    let there = row.map_or(Ok(0), |row| row.get::<i64>("ms"))?;
    let ahead = (there - after.as_millisecond()).max(before.as_millisecond() - there).max(0);
    let (en, zh) = (
        format!("this machine's clock and the database server's are {ahead} ms apart"),
        format!("本机时钟与数据库服务器时钟相差 {ahead} 毫秒"),
    );
    let well = Finding::well(Check::Clock, en, zh);
    let (next_en, next_zh) = (
        "let both machines follow one time server (chronyc tracking), and stop the centre before a clock is set back",
        "请让两台机器同步到同一时间服务器（chronyc tracking）；时钟回拨前请先停止中心",
    );
    Ok(match ahead / 1_000 {
        seconds if seconds >= APART.1 => well.wrong(next_en, next_zh),
        seconds if seconds >= APART.0 => well.look(next_en, next_zh),
        _ => well,
    })
}

/// Nothing that has happened lies in the future.
fn records(patient: &Patient<'_>) -> Result<Finding, CentreError> {
    if !patient.is_of_today() {
        return Ok(Finding::well(Check::Clock, "the records are of another version", "记录属于其他版本"));
    }
    let store = patient.store();
    let read = |row: Option<Row>| row.map_or(Ok(None), |row| row.get::<Option<String>>("last"));
    let mut last = read(store.find("SELECT received AS last FROM journal ORDER BY id DESC LIMIT 1", &[])?)?;
    for area in founding::areas(store)? {
        // Text of one form, whose order is that of time.
        let sql = "SELECT time AS last FROM audit WHERE area = $1 ORDER BY number DESC LIMIT 1";
        last = last.max(read(store.find(sql, values![area])?)?);
    }
    let Some(last) = last else {
        return Ok(Finding::well(Check::Clock, "nothing is on record yet", "尚无记录"));
    };
    let now = match patient.store().stopped_clock()? {
        Some(time) => time,
        None => civil((patient.around.now)()),
    };
    let well = Finding::well(
        Check::Clock,
        format!("the last record is of {last}, and it is {now} now"),
        format!("最后一条记录的时间为 {last}，现在是 {now}"),
    );
    let future = last
        .parse::<DateTime>()
        .is_ok_and(|last| last.since((Unit::Second, now)).is_ok_and(|ahead| ahead.get_seconds() > APART.0));
    Ok(if future {
        well.wrong(
            "something was recorded in what is the future now: the clock was set back, or ran ahead then. Set it right before \
             anybody works, and have what was booked on wrong days corrected",
            "有记录的时间在未来：时钟曾被回拨或走快。请先校准时钟再办理业务，并更正记错日期的业务",
        )
    } else {
        well
    })
}

/// China Standard Time, in seconds.
fn civil(now: Timestamp) -> DateTime {
    let now = Offset::constant(8).to_datetime(now);
    now.with().subsec_nanosecond(0).build().unwrap_or(now)
}
