//! How a visit ended: a receipt for people, or an object for programs. Numbers and names are masked in both.

use serde::Serialize;

use qiyong_firmware::terminal::{Duties, Report};
use qiyong_firmware::ui::{reason_text, status_text};
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::rules::decision::{CardRecord, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;

use qiyong_sim::gbk;
use qiyong_sim::visit_told::VisitTold;

use super::ask::Task;
use crate::advice;

/// What is printed (docs/card.md §4.3); amounts in fen.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Receipt {
    /// The institution where the terminal stands.
    institution: String,
    /// The terminal's name.
    terminal: String,
    /// When, by this machine's clock, in UTC or its zone: YYYY-MM-DD HH:MM:SS.
    time: String,
    /// How it ended; the statuses are what the centre has told the terminal.
    #[serde(flatten)]
    end: VisitTold,
    /// Who can put it right.
    advice: Option<&'static str>,
    /// The card's number, masked; null if the card could not be read, or the till is not told it.
    card: Option<String>,
    /// The holder's name, masked; null if the centre is not asked for it.
    holder: Option<String>,
    /// Approved, and the card had been put into use before.
    already_active: bool,
    /// The whole bill, in fen.
    total: u64,
    /// How many transactions the centre must hear of before the next one: 0 or 1.
    owed: u8,
    /// How many transactions the centre did not take again and again.
    parked: u8,
    #[serde(skip)]
    words: String,
    #[serde(skip)]
    next: Option<&'static str>,
    #[serde(skip)]
    amounts: Vec<(&'static str, String)>,
}

impl Receipt {
    /// `duties` is what the terminal owes the centre afterwards, `record` what that knows of the card.
    pub(crate) fn new(
        institution: InstitutionCode,
        terminal: TerminalId,
        task: &Task,
        (report, duties): (&Report, Duties),
        record: Option<&CardRecord>,
    ) -> Self {
        let bill = match task {
            Task::Serve(operation) => operation.bill(),
            Task::Attend(_) => None,
        };
        let number = report.card.map(|number| masked(number.as_str()));
        let holder = record.map(|record| masked_name(&gbk::name_text(&record.name)));
        let (english, chinese) = match (report.reason, report.effects.activates, report.standing) {
            (Some(reason), ..) => reason_text(reason),
            (None, true, _) => ("Card activated", "卡已启用"),
            (None, false, Some(standing)) if bill.is_none() => status_text(standing.status),
            (None, false, _) => match task {
                Task::Serve(_) => ("Card was active already", "此卡已启用"),
                Task::Attend(Formality::SignOff) => ("Signed off", "终端已签退"),
                Task::Attend(Formality::Echo) => ("The centre answers", "中心已应答"),
                Task::Attend(Formality::SettleBatch) => ("Batch settled", "对账完成"),
            },
        };
        // The cause knows more than the reason, which may have several.
        let advice = report.cause.map(|cause| cause.advice()).or(report.reason.map(|reason| reason.advice()));
        let done = report.reason.is_none() && matches!(task, Task::Serve(operation) if *operation != Operation::Query);
        let mut amounts = Vec::new();
        if let Some(bill) = bill.filter(|_| report.reason.is_none()) {
            amounts.push(("total   总额", bill.total().to_string()));
            amounts.push(("charged 账户支付", report.effects.charge.to_string()));
        }
        amounts.extend(report.balance.map(|balance| ("balance 余额", balance.to_string())));
        Self {
            institution: institution.to_string(),
            terminal: terminal.as_str().to_string(),
            time: jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H:%M:%S").to_string(),
            end: VisitTold::by_terminal(task.as_str(), report),
            advice: advice.map(advice::word),
            card: number,
            holder,
            already_active: done && !report.effects.activates,
            total: bill.map_or(0, |bill| bill.total().0),
            owed: u8::from(duties.reversal || duties.confirmation),
            parked: duties.parked,
            words: format!("{english} {chinese}"),
            next: advice.map(advice::sentence),
            amounts,
        }
    }

    /// For people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} {}", self.end.outcome, self.words)];
        let mut line = |name: &str, value: Option<&str>| lines.extend(value.map(|value| format!("   {name}  {value}")));
        line("card    卡号", self.card.as_deref());
        line("holder  姓名", self.holder.as_deref());
        for (name, amount) in &self.amounts {
            line(name, Some(amount));
        }
        line("cause   原因", self.end.cause.as_deref());
        line("advice  建议", self.next);
        line("PIN     密码", self.end.pin_changed.then_some("changed 已修改"));
        line("PIN     密码", self.end.pin_unchanged);
        line("number  流水号", self.end.stan.map(|stan| format!("{stan:06}")).as_deref());
        line("place   机构", Some(&format!("{}, terminal {}", self.institution, self.terminal)));
        line("time    时间", Some(&self.time));
        line("owed    待报", (self.owed > 0).then_some("the centre is told first, at the next visit"));
        line("parked  挂起", (self.parked > 0).then(|| format!("{}: sign off to send again", self.parked)).as_deref());
        lines
    }
}

/// The first character and the last two.
fn masked(number: &str) -> String {
    let last = number.chars().count().saturating_sub(2);
    number.chars().enumerate().map(|(at, c)| if at == 0 || at >= last { c } else { '*' }).collect()
}

/// The first character: usually the family name.
fn masked_name(name: &str) -> String {
    name.chars().enumerate().map(|(at, c)| if at == 0 { c } else { '*' }).collect()
}
