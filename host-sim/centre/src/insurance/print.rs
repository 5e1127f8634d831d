//! A premium slip as an SVG picture of half an A4 page: what is due of each kind, and by which account and reference it is
//! paid (docs/centre.md §6.7.5). Its letters and amounts are drawn as on the slips of card fees.

use jiff::civil::Date;
use svg::node::element::{Line as Rule, Rectangle, Text};
use svg::{Document, Node};

use crate::slip::print::{capitals, fitting, yuan};

use super::kinds::Kind;
use super::slips::Slip;

/// What is due of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindDue {
    /// The kind.
    pub kind: Kind,
    /// For so many persons.
    pub persons: usize,
    /// The employers' parts, in fen.
    pub employer: i64,
    /// The persons' own parts, in fen.
    pub own: i64,
    /// The late fee of the day on which it is printed, in fen.
    pub late_fee: i64,
}

/// In mm; a unit of the picture is 1 mm.
const PAGE: (f64, f64) = (210.0, 148.0);
const EDGES: (f64, f64) = (15.0, 195.0);
/// The columns of the table: kind, persons, employer, own, late fee.
const COLUMNS: [(f64, &str, &str); 5] = [
    (EDGES.0, "start", "险种 Kind"),
    (95.0, "end", "人数 Persons"),
    (130.0, "end", "单位 Employer"),
    (163.0, "end", "个人 Own"),
    (EDGES.1, "end", "滞纳金 Late fee"),
];

/// The picture of a slip as it stands on `day`.
#[must_use]
pub fn svg(slip: &Slip, payer_name: &str, rows: &[KindDue], day: Date) -> String {
    let mut page = Document::new()
        .set("viewBox", (0, 0, PAGE.0, PAGE.1))
        .set("width", "210mm")
        .set("height", "148mm")
        .set("font-family", "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',SimSun,sans-serif")
        .add(Rectangle::new().set("width", PAGE.0).set("height", PAGE.1).set("fill", "white"));
    let mut put = |(x, y): (f64, f64), anchor: &str, size: f64, text: &str| {
        page.append(Text::new(text).set("x", x).set("y", y).set("text-anchor", anchor).set("font-size", size));
    };
    put((PAGE.0 / 2.0, 16.0), "middle", 7.0, "社会保险费缴费通知单 Premium slip");
    let (made, due, printed) = (slip.made.to_string(), slip.due.to_string(), day.to_string());
    let month = slip.month.to_string();
    let fields = [
        [("通知单号（付款附言） Number and reference", slip.number.as_str()), ("费款所属期 Month", &month)],
        [("缴费人 Payer", payer_name), ("缴费人编号 Payer's number", &slip.payer)],
        [("收款人 Account holder", &slip.holder), ("收款银行 Bank", &slip.bank)],
        [("收款账号 Account", &slip.account), ("缴费期限 Due", &due)],
        [("填制日期 Made", &made), ("打印日期 Printed", &printed)],
    ];
    for (row, pair) in (0_u8..).zip(&fields) {
        for (column, (label, value)) in (0_u8..).zip(pair) {
            let (x, y) = (EDGES.0 + f64::from(column) * 100.0, 25.0 + f64::from(row) * 10.0);
            put((x, y), "start", 2.6, label);
            put((x, y + 4.5), "start", fitting(value, 90.0), value);
        }
    }
    for (x, anchor, label) in COLUMNS {
        put((x, 82.0), anchor, 3.0, label);
    }
    for (at, row) in (0_u8..).zip(rows) {
        let cells =
            [row.kind.zh().to_owned(), row.persons.to_string(), yuan(row.employer), yuan(row.own), yuan(row.late_fee)];
        for ((x, anchor, _), cell) in COLUMNS.iter().zip(&cells) {
            put((*x, 89.0 + f64::from(at) * 6.0), anchor, 4.0, cell);
        }
    }
    let total: i64 = rows.iter().map(|row| row.employer + row.own + row.late_fee).sum();
    put((EDGES.0, 129.0), "start", 4.5, &format!("合计（大写） {}", capitals(total)));
    put((EDGES.1, 129.0), "end", 4.5, &format!("¥ {}", yuan(total)));
    put((EDGES.0, 139.0), "start", 3.0, "付款时请在附言中填写通知单号。 Name the slip's number with the payment.");
    let rule = |y: f64| {
        let line = Rule::new().set("x1", EDGES.0).set("x2", EDGES.1).set("y1", y).set("y2", y);
        line.set("stroke", "black").set("stroke-width", 0.3)
    };
    [77.0, 84.0, 122.0].into_iter().fold(page, |page, y| page.add(rule(y))).to_string()
}
