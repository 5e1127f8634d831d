//! A slip as an SVG picture of half an A4 page, which every browser shows and prints.
//!
//! The Chinese text is text, not outlines: whoever prints it needs one of the fonts of `FONTS`, which Windows, macOS and
//! Linux desktops have. SVG was taken instead of PDF because a PDF needs the font inside, several megabytes of it.

use svg::node::element::{Line, Rectangle, Text};
use svg::{Document, Node};

use super::paper::Slip;

/// The fonts that are tried, in this order.
const FONTS: &str = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',SimSun,sans-serif";

/// The width of the page in mm; a unit of the picture is 1 mm.
const WIDTH: f64 = 210.0;
const HEIGHT: f64 = 148.0;
const LEFT: f64 = 15.0;
const RIGHT: f64 = WIDTH - LEFT;

impl Slip {
    /// The picture.
    pub fn svg(&self) -> String {
        let mut page = Document::new()
            .set("viewBox", (0, 0, WIDTH, HEIGHT))
            .set("width", "210mm")
            .set("height", "148mm")
            .set("font-family", FONTS)
            .set("font-size", 4)
            .add(Rectangle::new().set("width", WIDTH).set("height", HEIGHT).set("fill", "white"));
        let mut put = |x: f64, y: f64, anchor: &str, size: f64, text: &str| {
            let node = Text::new(text).set("x", x).set("y", y).set("text-anchor", anchor).set("font-size", size);
            page.append(node);
        };
        put(WIDTH / 2.0, 16.0, "middle", 7.0, "非税收入缴款通知书 Payment slip");
        let unit = &self.unit;
        let fields = [
            ("通知书号码 Number", &self.number),
            ("号码校验码 Number check", &self.number_check),
            ("缴款码 Payment code", &self.payment_code),
            ("全书校验码 Slip check", &self.whole_check),
            ("受理编号 Application", &self.application),
            ("填制日期 Issued", &self.issued.to_string()),
            ("缴款人 Payer", &self.payer.0),
            ("缴款期限 Due", &self.due.to_string()),
            ("执收单位编码 Unit code", &unit.code),
            ("执收单位 Unit", &unit.name),
            ("收款银行 Bank", &unit.bank),
            ("收款人 Account holder", &unit.account_holder),
            ("收款账号 Account", &unit.account),
        ];
        for (at, (label, value)) in fields.iter().enumerate() {
            let (column, row) = ((at % 2) as f64, (at / 2) as f64);
            let (x, y) = (LEFT + column * 92.0, 26.0 + row * 8.0);
            put(x, y, "start", 2.8, label);
            put(x + 36.0, y, "start", fitting(value, 54.0), value);
        }
        let mut y = 88.0;
        let columns = [LEFT, 45.0, 115.0, 135.0, 160.0, RIGHT];
        for (x, label) in
            columns.iter().zip(["编码 Code", "项目 Item", "单位 Unit", "数量 Qty", "单价 Rate", "金额 Amount"])
        {
            put(*x, y, if *x == RIGHT { "end" } else { "start" }, 3.0, label);
        }
        for item in &self.items {
            y += 7.0;
            let (quantity, rate, amount) = (item.quantity.to_string(), yuan(item.rate), yuan(item.amount));
            let cells = [&item.code, &item.name, &item.unit, &quantity, &rate, &amount];
            for (x, cell) in columns.iter().zip(cells) {
                let size = if *x == 45.0 { fitting(cell, 66.0) } else { 4.0 };
                put(*x, y, if *x == RIGHT { "end" } else { "start" }, size, cell);
            }
        }
        let sum = 88.0 + 7.0 * 5.0;
        put(LEFT, sum, "start", 4.5, &format!("合计(大写) {}", capitals(self.total)));
        put(RIGHT, sum, "end", 4.5, &format!("¥ {}", yuan(self.total)));
        put(
            LEFT,
            sum + 14.0,
            "start",
            3.0,
            "请在缴款期限内凭缴款码缴款。 Pay by the day above; name the payment code.",
        );
        [83.0, 90.0, sum - 6.0, sum + 3.0].into_iter().fold(page, |page, y| page.add(rule(y))).to_string()
    }
}

fn rule(y: f64) -> Line {
    let line = Line::new().set("x1", LEFT).set("x2", RIGHT).set("y1", y).set("y2", y);
    line.set("stroke", "black").set("stroke-width", 0.3)
}

/// The font size, up to 4 mm, at which a text is at most `width` mm wide, if its characters are square.
pub(crate) fn fitting(text: &str, width: f64) -> f64 {
    let squares: f64 = text.chars().map(|character| if character.is_ascii() { 0.6 } else { 1.0 }).sum();
    (width / squares.max(1.0)).min(4.0)
}

/// An amount in yuan, with two digits of fen.
pub(crate) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

/// An amount in the capital numerals of Chinese vouchers, such as 贰拾元整. The crates for such numerals know no money, and need
/// arithmetic of unlimited size for it.
pub(crate) fn capitals(fen: i64) -> String {
    const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
    let digit = |number: u64| DIGITS.get((number % 10) as usize).copied().unwrap_or('零');
    let total = fen.unsigned_abs();
    let (whole, jiao, rest) = (total / 100, total / 10 % 10, total % 10);
    let mut text = String::from(if fen < 0 { "负" } else { "" });
    let mut zero = false;
    for place in (0..16).rev() {
        let power = 10u64.pow(place);
        let number = whole / power % 10;
        let group_has_digits = !(whole / 10u64.pow(place / 4 * 4)).is_multiple_of(10_000);
        if number != 0 {
            if zero {
                text.push('零');
            }
            text.push(digit(number));
            text.push_str(["", "拾", "佰", "仟"].get(place as usize % 4).copied().unwrap_or_default());
        }
        // A zero is spoken before the next digit, if a digit came before it.
        zero = number == 0 && whole >= power;
        if place % 4 == 0 && group_has_digits {
            text.push_str(["元", "万", "亿", "万亿"].get(place as usize / 4).copied().unwrap_or_default());
        }
    }
    if whole % 10_000 == 0 && (whole > 0 || (jiao == 0 && rest == 0)) {
        text.push_str(if whole == 0 { "零元" } else { "元" });
    }
    match (jiao, rest) {
        (0, 0) => text.push('整'),
        (0, rest) => {
            text.push_str(if whole > 0 { "零" } else { "" });
            text.push(digit(rest));
            text.push('分');
        }
        (jiao, rest) => {
            text.push(digit(jiao));
            text.push('角');
            if rest > 0 {
                text.push(digit(rest));
                text.push('分');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capital_numerals_of_vouchers() {
        let expected = [
            (0, "零元整"),
            (2_000, "贰拾元整"),
            (2_005, "贰拾元零伍分"),
            (5, "伍分"),
            (50, "伍角"),
            (3_010, "叁拾元壹角"),
            (100_500, "壹仟零伍元整"),
            (1_000_000, "壹万元整"),
            (1_000_530, "壹万零伍元叁角"),
            (10_010_000, "壹拾万零壹佰元整"),
            (12_345_678_912, "壹亿贰仟叁佰肆拾伍万陆仟柒佰捌拾玖元壹角贰分"),
            (10_000_000_000, "壹亿元整"),
            (10_000_000_100, "壹亿零壹元整"),
        ];
        for (fen, text) in expected {
            assert_eq!(capitals(fen), text, "{fen}");
        }
        assert_eq!(yuan(-2_005), "-20.05");
    }
}
