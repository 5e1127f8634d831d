//! How a visit ended: a receipt for people, or an object for programs. Numbers and names are masked in both.

use serde::Serialize;

use qiyong_firmware::terminal::{Duties, Report};
use qiyong_firmware::ui::{reason_text, status_text};
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use qiyong_sim::gbk;
use qiyong_sim::visit_told::VisitTold;

use super::ask::Task;
use crate::advice;
use crate::output::{Output, Verdict};
use qiyong::lang;

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
    /// How it ended, for people: a question is answered, and not approved.
    #[serde(skip)]
    heading: &'static str,
    #[serde(skip)]
    words: String,
    #[serde(skip)]
    next: Option<&'static str>,
    /// Which functions of the card are in use.
    #[serde(skip)]
    parts: Vec<String>,
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
        let (is_done, only_asks) = (report.reason.is_none(), task.changes_nothing());
        let mut parts = Vec::new();
        if is_done && only_asks {
            let standing = report.standing.map(|standing| (standing.social, standing.financial));
            let in_use = |is: bool| if is { "in use 已启用" } else { "not in use 未启用" };
            if let Some((social, financial)) = standing {
                parts.push(format!("   social  社保功能  {}", in_use(social)));
                parts.push(format!("   account 金融账户  {}", in_use(financial)));
            }
        } else {
            let put = |is: bool| is.then_some("put into use 已启用");
            parts.extend(put(report.effects.activates).map(|words| format!("   social  社保功能  {words}")));
            parts.extend(put(report.effects.activates_financial).map(|words| format!("   account 金融账户  {words}")));
        }
        if let Some(bill) = bill.filter(|_| is_done) {
            parts.push(format!("   total   总额  {}", bill.total()));
            if bill.fund() > Fen(0) {
                parts.push(format!("   fund    统筹支付  {}", bill.fund()));
            }
            parts.push(format!("   charged 账户支付  {}", report.effects.charge));
        }
        parts.extend(report.balance.map(|balance| format!("   balance 余额  {balance}")));
        Self {
            institution: institution.to_string(),
            terminal: terminal.as_str().to_string(),
            time: jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H:%M:%S").to_string(),
            end: VisitTold::by_terminal(task.as_str(), report),
            advice: advice.map(advice::word),
            card: number,
            holder,
            already_active: is_done && !only_asks && !report.effects.activates,
            total: bill.map_or(0, |bill| bill.total().0),
            owed: u8::from(duties.reversal || duties.confirmation),
            parked: duties.parked,
            words: lang::both(english, chinese),
            heading: if is_done && only_asks { "done" } else { report.outcome.as_str() },
            next: advice.map(advice::sentence),
            parts,
        }
    }

    /// For people.
    pub(crate) fn print(&self, output: &mut Output) {
        let verdict = if self.end.reason.is_none() { Verdict::Done } else { Verdict::No };
        output.verdict(verdict, &format!("{} {}", lang::say(self.heading), self.words));
        self.lines().iter().for_each(|line| output.line(line));
    }

    /// All but the first line.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = |line: Option<String>| lines.extend(line);
        line(self.card.as_ref().map(|card| format!("   card    卡号  {card}")));
        line(self.holder.as_ref().map(|holder| format!("   holder  姓名  {holder}")));
        self.parts.iter().for_each(|part| line(Some(part.clone())));
        line(self.end.cause.as_ref().map(|cause| format!("   cause   原因  {cause}")));
        line(self.next.map(|next| format!("   advice  建议  {next}")));
        line(self.end.pin_changed.then(|| "   PIN     密码  changed 已修改".to_owned()));
        line(self.end.pin_unchanged.map(|why| format!("   PIN     密码  {why}")));
        line(self.end.stan.map(|stan| format!("   number  流水号  {stan:06}")));
        line(Some(format!("   place   机构  {}, terminal {}", self.institution, self.terminal)));
        line(Some(format!("   time    时间  {}", self.time)));
        line((self.owed > 0).then(|| "   owed    待报  the centre is told first, at the next visit".to_owned()));
        line((self.parked > 0).then(|| format!("   parked  挂起  {}: sign off to send again", self.parked)));
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
