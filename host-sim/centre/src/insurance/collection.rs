//! The file in which a bank says what it collected (docs/centre.md §6.7.5, §16). No layout of the trade was found, so this one is
//! our own, with a version: comma-separated values in UTF-8, a head, and a row for each line of a slip.
//!
//! ```text
//! qiyong-collection,1,AREA,BANK,FILE NUMBER,DAY,ROWS,TOTAL
//! AREA,SLIP,PAYER,INSURED,KIND,BEGIN,END,BASE,AMOUNT,LATE FEE,ACCOUNT,RESULT,DAY
//! ```
//!
//! Amounts are yuan with two decimals, days `2024-07-24`. Result `00` means collected; any other is the bank's reason. The
//! head's rows and total (amounts and late fees of all rows with result 00) must be those of the file.

use jiff::civil::Date;

use super::kinds::Kind;

/// The first field of a file.
pub const MARK: &str = "qiyong-collection";
/// The version that is read.
pub const VERSION: &str = "1";
/// The result of a row that was collected.
pub const COLLECTED: &str = "00";
/// A file has at most so many rows.
pub const MOST_ROWS: usize = 100_000;

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The coordinating area.
    pub area: String,
    /// The bank.
    pub bank: String,
    /// The bank's number for this file.
    pub number: String,
    /// The day for which it is.
    pub day: Date,
}

/// A row: what became of one line of a slip.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Its line in the file, from 2.
    pub line: usize,
    /// The coordinating area.
    pub area: String,
    /// The slip's number.
    pub slip: String,
    /// Who pays: the number of a unit or a person.
    pub payer: String,
    /// The number of the insured person.
    pub insured: String,
    /// The kind of insurance.
    pub kind: Kind,
    /// The first day of the period.
    pub begin: Date,
    /// The last day of the period.
    pub end: Date,
    /// In fen.
    pub base: i64,
    /// In fen, without the late fee.
    pub amount: i64,
    /// In fen.
    pub late_fee: i64,
    /// The account from which it was taken.
    pub account: String,
    /// The bank's result.
    pub result: String,
    /// The day on which it was taken.
    pub day: Date,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its head.
    pub head: Head,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// Shows neither the account nor the persons.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {} of slip {}", self.line, self.slip)
    }
}

/// Why a file is not taken: nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no such file.
    #[error("the first line is no head; it must begin with {MARK},{VERSION}")]
    Head,
    /// A field is wrong.
    #[error("line {line}, field {field}: {allowed}")]
    Field {
        /// From 1.
        line: usize,
        /// Its name.
        field: &'static str,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A row has another number of fields, or is not UTF-8, or has open quotes.
    #[error("line {line} cannot be read; a row has 13 fields in UTF-8, separated by commas")]
    Row {
        /// From 1.
        line: usize,
    },
    /// The head says another number of rows: the file was cut, or rows were added.
    #[error("the head says {said} rows, and the file has {found}; ask the bank for the whole file")]
    Rows {
        /// By the head.
        said: usize,
        /// In the file.
        found: usize,
    },
    /// The head says another total.
    #[error("the head says a total of {said} fen, and the rows have {found}; ask the bank for the right file")]
    Total {
        /// By the head, in fen.
        said: i64,
        /// By the rows, in fen.
        found: i64,
    },
    /// It is too long.
    #[error("the file has more than {MOST_ROWS} rows; ask the bank to divide it")]
    TooLong,
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Result<File, Unreadable> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut records = reader.records();
    let head = records.next().and_then(Result::ok).ok_or(Unreadable::Head)?;
    let fields: Vec<&str> = head.iter().collect();
    let &[MARK, VERSION, area, bank, number, day, said_rows, said_total] = fields.as_slice() else {
        return Err(Unreadable::Head);
    };
    let at = At { line: 1 };
    let head = Head {
        area: at.word("area", area)?,
        bank: at.word("bank", bank)?,
        number: at.word("file number", number)?,
        day: at.day("day", day)?,
    };
    let said_rows = at.count("rows", said_rows)?;
    let said_total = at.yuan("total", said_total)?;
    let mut rows = Vec::new();
    for record in records {
        let line = rows.len() + 2;
        if rows.len() == MOST_ROWS {
            return Err(Unreadable::TooLong);
        }
        let record = record.map_err(|_| Unreadable::Row { line })?;
        rows.push(At { line }.row(&record)?);
    }
    if rows.len() != said_rows {
        return Err(Unreadable::Rows { said: said_rows, found: rows.len() });
    }
    let found = rows.iter().filter(|row| row.result == COLLECTED).map(|row| row.amount + row.late_fee).sum();
    if found != said_total {
        return Err(Unreadable::Total { said: said_total, found });
    }
    Ok(File { head, rows })
}

/// Where a field stands.
#[derive(Clone, Copy)]
struct At {
    line: usize,
}

impl At {
    fn row(self, record: &csv::StringRecord) -> Result<Row, Unreadable> {
        let fields: Vec<&str> = record.iter().collect();
        let &[area, slip, payer, insured, kind, begin, end, base, amount, late_fee, account, result, day] =
            fields.as_slice()
        else {
            return Err(Unreadable::Row { line: self.line });
        };
        Ok(Row {
            line: self.line,
            area: self.word("area", area)?,
            slip: self.word("slip", slip)?,
            payer: self.word("payer", payer)?,
            insured: self.word("insured", insured)?,
            kind: kind.parse().map_err(|_| {
                self.wrong("kind", "one of pension, medical, maternity, unemployment, injury, resident")
            })?,
            begin: self.day("begin", begin)?,
            end: self.day("end", end)?,
            base: self.yuan("base", base)?,
            amount: self.yuan("amount", amount)?,
            late_fee: self.yuan("late fee", late_fee)?,
            account: self.word("account", account)?,
            result: self.word("result", result)?,
            day: self.day("day", day)?,
        })
    }

    const fn wrong(self, field: &'static str, allowed: &'static str) -> Unreadable {
        Unreadable::Field { line: self.line, field, allowed }
    }

    fn word(self, field: &'static str, text: &str) -> Result<String, Unreadable> {
        let fits =
            (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits { Ok(text.to_owned()) } else { Err(self.wrong(field, "1 to 40 letters, digits and hyphens")) }
    }

    fn day(self, field: &'static str, text: &str) -> Result<Date, Unreadable> {
        let wrong = self.wrong(field, "a day as 2024-07-24");
        let day: Date = text.parse().map_err(|_| wrong.clone())?;
        if day.to_string() == text && day.year() >= 1900 { Ok(day) } else { Err(wrong) }
    }

    fn count(self, field: &'static str, text: &str) -> Result<usize, Unreadable> {
        text.parse().map_err(|_| self.wrong(field, "a whole number"))
    }

    /// Yuan with two decimals, up to a thousand million yuan, in fen.
    fn yuan(self, field: &'static str, text: &str) -> Result<i64, Unreadable> {
        let wrong = || self.wrong(field, "yuan with two decimals, as 439.11, up to 1000000000.00");
        let (yuan, fen) = text.split_once('.').ok_or_else(wrong)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !(1..=10).contains(&yuan.len()) || fen.len() != 2 || !digits(yuan) || !digits(fen) {
            return Err(wrong());
        }
        let amount: i64 = format!("{yuan}{fen}").parse().map_err(|_| wrong())?;
        if amount <= 100_000_000_000 { Ok(amount) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "qiyong-collection,1,320100,95533,B0001,2024-07-24,2,536.69\n";
    const ROWS: [&str; 2] = [
        "320100,S1,U1,P1,medical,2024-07-01,2024-07-31,4879.00,536.69,0.00,6227001,00,2024-07-24\n",
        "320100,S1,U1,P1,pension,2024-07-01,2024-07-31,4879.00,1170.96,0.00,6227001,51,2024-07-24\n",
    ];

    fn file() -> String {
        [HEAD, ROWS[0], ROWS[1]].concat()
    }

    /// docs/centre.md §6.7.5: a file of our own.
    #[test]
    fn a_file_is_read_row_by_row() {
        let file = read(file().as_bytes()).unwrap();
        assert_eq!((file.head.bank.as_str(), file.head.day, file.rows.len()), ("95533", date(2024, 7, 24), 2));
        let row = &file.rows[0];
        assert_eq!(
            (row.line, row.kind, row.base, row.amount, row.end),
            (2, Kind::Medical, 487_900, 53_669, date(2024, 7, 31))
        );
        assert!(!format!("{row:?}").contains("6227001"));
    }

    type Expected = Box<dyn Fn(&Unreadable) -> bool>;

    #[test]
    fn what_is_wrong_is_named_by_line_and_field() {
        let field = |line, field| move |error: &Unreadable| matches!(error, Unreadable::Field { line: l, field: f, .. } if (*l, *f) == (line, field));
        let changed = |from: &str, to: &str| file().replacen(from, to, 1);
        let cases: Vec<(String, Expected)> = vec![
            (String::new(), Box::new(|error| *error == Unreadable::Head)),
            (changed(",1,3201", ",2,3201"), Box::new(|error| *error == Unreadable::Head)),
            (changed("B0001", ""), Box::new(field(1, "file number"))),
            (changed("medical", "dental"), Box::new(field(2, "kind"))),
            (changed("2024-07-01", "2024-7-1"), Box::new(field(2, "begin"))),
            (changed("1170.96", "-1170.96"), Box::new(field(3, "amount"))),
            (changed("1170.96", "1170.9"), Box::new(field(3, "amount"))),
            (changed("1170.96", "1000000000.01"), Box::new(field(3, "amount"))),
            (changed("P1,pension", "P1;DROP TABLE,pension"), Box::new(field(3, "insured"))),
            (changed(",6227001", ""), Box::new(|error| *error == Unreadable::Row { line: 2 })),
            ([HEAD, ROWS[0]].concat(), Box::new(|error| *error == Unreadable::Rows { said: 2, found: 1 })),
            (
                changed("2,536.69", "2,536.68"),
                Box::new(|error| matches!(error, Unreadable::Total { said: 53_668, found: 53_669 })),
            ),
        ];
        for (text, expected) in cases {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(expected(&error), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_file_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..200) {
            let _ = read(&bytes);
            let file = file();
            let _ = read(&[&file.as_bytes()[..cut.min(file.len())], &bytes].concat());
        }
    }
}
