//! The words for the fields of a form.

use strum::EnumCount;

use super::words;
use crate::acts::words::Words;
use crate::application::codes::{ApplicationKind, Category};
use crate::application::documents::Bearer;
use crate::application::form_fault::{FormFault, Situation};
use crate::application::rules::ProofKind;

pub(super) const ALL: &[&str; FormFault::COUNT] = &[
    "name-invalid",
    "country-invalid",
    "country-of-document",
    "document-not-accepted",
    "register-too-old",
    "born-missing",
    "born-differs",
    "born-to-come",
    "sex-missing",
    "sex-differs",
    "ethnicity-invalid",
    "mobile-invalid",
    "telephone-invalid",
    "contact-missing",
    "postcode-invalid",
    "email-invalid",
    "bank-not-served",
    "reason-missing",
    "reason-wrong",
    "old-card-missing",
    "old-card-of-first",
    "employer-missing",
    "employer-wrong",
    "employer-code",
    "community-wrong",
    "school-missing",
    "school-wrong",
    "minor-employed",
    "guardian-missing",
    "guardian-wrong",
    "guardian-minor",
    "minor-applicant",
    "agent-missing",
    "agent-wrong",
    "acting-for-self",
    "employer-by-list",
    "proof-missing",
    "proof-expired",
];

const AGAIN: (&str, &str) = ("Correct the field and send it again.", "请更正该字段后重新提交。");
const COMPARE: (&str, &str) = ("Compare it with the original.", "请与证件原件核对。");

pub(super) fn words_of(fault: &FormFault) -> Words {
    person(fault).or_else(|| card(fault)).or_else(|| belonging(fault)).unwrap_or_else(|| acting(fault))
}

fn person(fault: &FormFault) -> Option<Words> {
    Some(match fault {
        FormFault::Name(field) => words(
            "name-invalid",
            "a name has 1 to 50 bytes of letters of GB 18030, without blanks at its ends",
            "姓名为 1 至 50 字节的 GB 18030 文字，首尾无空格",
            AGAIN,
        )
        .field(*field),
        FormFault::Country => words(
            "country-invalid",
            "a country is three capital letters of GB/T 2659.1",
            "国家地区为 GB/T 2659.1 的三位大写字母代码",
            AGAIN,
        )
        .field("form.holder.country"),
        FormFault::CountryOfDocument(bearer) => {
            let (en, zh) = match bearer {
                Bearer::Mainland => ("citizens of the mainland: CHN", "内地居民证件，国家地区应为 CHN"),
                Bearer::Foreign => ("foreigners: not CHN, HKG, MAC, TWN", "外国人证件，不得为 CHN、HKG、MAC、TWN"),
                Bearer::HongKongMacauTaiwan | Bearer::Anybody => (
                    "people of Hong Kong, Macao or Taiwan: HKG, MAC, TWN or CHN",
                    "港澳台居民证件，应为 HKG、MAC、TWN 或 CHN",
                ),
            };
            words("country-of-document", format!("this kind of document is for {en}"), zh, COMPARE)
                .field("form.holder.country")
        }
        FormFault::DocumentKind(_) => words(
            "document-not-accepted",
            "this kind of document is not accepted for an application here",
            "本地申领不接受该类证件",
            ("Show another document.", "请出示其他有效证件。"),
        )
        .field("form.holder.document.kind"),
        FormFault::RegisterTooOld(years) => words(
            "register-too-old",
            format!("the household register is accepted of holders under {years} years"),
            format!("户口簿仅适用于未满 {years} 周岁的人员"),
            ("Show the ID card.", "请出示居民身份证。"),
        )
        .field("form.holder.document.kind"),
        FormFault::BornMissing => words(
            "born-missing",
            "the document's number does not tell the day of birth",
            "证件号码不含出生日期，须填写",
            AGAIN,
        )
        .field("form.holder.born"),
        FormFault::BornDiffers => words(
            "born-differs",
            "the document's number tells another day of birth",
            "与证件号码中的出生日期不一致",
            COMPARE,
        )
        .field("form.holder.born"),
        FormFault::NotBorn => words("born-to-come", "the day of birth is yet to come", "出生日期晚于今日", COMPARE)
            .field("form.holder.born"),
        FormFault::SexMissing => {
            words("sex-missing", "the document's number does not tell the sex", "证件号码不含性别，须填写", AGAIN)
                .field("form.holder.sex")
        }
        FormFault::SexDiffers => {
            words("sex-differs", "the document's number tells another sex", "与证件号码中的性别不一致", COMPARE)
                .field("form.holder.sex")
        }
        FormFault::Ethnicity => {
            words("ethnicity-invalid", "GB/T 3304 has 1 to 56, 97 and 98", "民族代码为 1 至 56、97 或 98", AGAIN)
                .field("form.holder.ethnicity")
        }
        FormFault::Mobile(field) => words(
            "mobile-invalid",
            "a mobile number has eleven digits and begins with 1",
            "手机号为 1 开头的 11 位数字",
            AGAIN,
        )
        .field(*field),
        FormFault::Telephone(field) => words(
            "telephone-invalid",
            "a telephone number has 5 to 20 digits, hyphens or plus signs",
            "电话为 5 至 20 位数字、连字符或加号",
            AGAIN,
        )
        .field(*field),
        FormFault::ContactMissing => {
            words("contact-missing", "one telephone number is needed", "至少填写一个联系电话", AGAIN)
                .field("form.holder.mobile")
        }
        FormFault::Postcode => words("postcode-invalid", "a postcode has six digits", "邮政编码为 6 位数字", AGAIN)
            .field("form.holder.postcode"),
        FormFault::Email => {
            words("email-invalid", "an e-mail address is name@host.domain", "电子邮箱格式为 name@host.domain", AGAIN)
                .field("form.holder.email")
        }
        _ => return None,
    })
}

fn card(fault: &FormFault) -> Option<Words> {
    Some(match fault {
        FormFault::Bank => words(
            "bank-not-served",
            "this bank does not issue cards here",
            "该银行在本地不发放社保卡",
            ("Choose a bank of the list (parameter.list).", "请从银行列表中选择。"),
        )
        .field("form.bank"),
        FormFault::ReasonMissing => {
            words("reason-missing", "a replacement or renewal has a reason", "补换或换领须填写原因", AGAIN)
                .field("form.reason")
        }
        FormFault::Reason(kind) => {
            let (en, zh) = match kind {
                ApplicationKind::New => ("a first card has no reason", "新办不填写原因"),
                ApplicationKind::Replacement => ("a replacement has any reason but expiry", "补换的原因不能为到期"),
                ApplicationKind::Renewal => ("a renewal has the reason expiry", "到期换领的原因为到期"),
            };
            words("reason-wrong", en, zh, AGAIN).field("form.reason")
        }
        FormFault::OldCardMissing => words(
            "old-card-missing",
            "a replacement or renewal names the old card",
            "补换或换领须填写原卡号",
            ("Enter the number; it is on the card and in card.list.", "请填写原卡号，卡面或系统中可查。"),
        )
        .field("form.old_card"),
        FormFault::OldCard => {
            words("old-card-of-first", "a first card replaces none", "新办不填写原卡号", AGAIN).field("form.old_card")
        }
        _ => return None,
    })
}

const fn of(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::Employee => ("an employee", "职工"),
        Category::Flexible => ("a flexible worker", "灵活就业人员"),
        Category::Resident => ("a resident", "居民"),
        Category::Student => ("a student", "学生"),
        Category::Retired => ("a retired person", "退休人员"),
    }
}

fn belonging(fault: &FormFault) -> Option<Words> {
    let not = |code, field: &'static str, category: Category, (en, zh): (&str, &str)| {
        let (who_en, who_zh) = of(category);
        words(code, format!("{who_en} has no {en}"), format!("{who_zh}不填写{zh}"), AGAIN).field(field)
    };
    Some(match fault {
        FormFault::EmployerMissing => {
            words("employer-missing", "an employee has an employer", "职工须填写单位", AGAIN).field("form.employer")
        }
        FormFault::Employer(category) => not("employer-wrong", "form.employer", *category, ("employer", "单位")),
        FormFault::EmployerCode => words(
            "employer-code",
            "the employer's code has 18 characters of GB 32100 with a check character",
            "统一社会信用代码为 18 位，含校验位 (GB 32100)",
            AGAIN,
        )
        .field("form.employer.code"),
        FormFault::Community(category) => not("community-wrong", "form.community", *category, ("community", "社区")),
        FormFault::SchoolMissing => {
            words("school-missing", "a student has a school", "学生须填写学校", AGAIN).field("form.school")
        }
        FormFault::School(category) => not("school-wrong", "form.school", *category, ("school", "学校")),
        _ => return None,
    })
}

fn acting(fault: &FormFault) -> Words {
    let years = |code, years: &u8, (en, zh): (&str, &str), field: &'static str| {
        words(code, format!("{en} {years} years"), format!("{zh} {years} 周岁"), AGAIN).field(field)
    };
    match fault {
        FormFault::MinorEmployed(age) => {
            years("minor-employed", age, ("an employee has at least", "职工应年满"), "form.category")
        }
        FormFault::GuardianMissing(age) => years(
            "guardian-missing",
            age,
            ("a guardian is needed for holders under", "须填写监护人: 未满"),
            "form.guardian",
        ),
        FormFault::Guardian(age) => {
            years("guardian-wrong", age, ("a guardian is for holders under", "监护人仅适用于未满"), "form.guardian")
        }
        FormFault::GuardianMinor(age) => {
            years("guardian-minor", age, ("a guardian has at least", "监护人应年满"), "form.guardian.document")
        }
        FormFault::MinorApplicant => words(
            "minor-applicant",
            "for a minor the guardian applies, and for nobody else",
            "未成年人由监护人申请；其他人不适用",
            AGAIN,
        )
        .field("form.applicant"),
        FormFault::AgentMissing => {
            words("agent-missing", "an agent who applies is named", "代办人申请须填写代办人", AGAIN).field("form.agent")
        }
        FormFault::Agent => words("agent-wrong", "an agent is named only if one applies", "非代办不填写代办人", AGAIN)
            .field("form.agent"),
        FormFault::SamePerson(field) => {
            words("acting-for-self", "guardian or agent is the holder", "监护人或代办人与持卡人为同一人", AGAIN)
                .field(*field)
        }
        FormFault::ProofExpired(at) => words(
            "proof-expired",
            "the proof is no longer valid",
            "证明材料已过期",
            ("Bring a valid one.", "请提供有效的证明材料。"),
        )
        .field(format!("form.proofs[{at}].until")),
        FormFault::ProofMissing(situation, sets) => proof(*situation, sets),
        _ => words(
            "employer-by-list",
            "an employer applies by a list, and by nothing else",
            "单位申请须通过名单办理",
            ("Use application.file-list.", "请使用单位名单受理。"),
        )
        .field("form.applicant"),
    }
}

fn proof(situation: Situation, sets: &[Vec<ProofKind>]) -> Words {
    let (en, zh) = match situation {
        Situation::ForeignWorker => ("a foreigner who works here", "在本地就业的外国人"),
        Situation::HmtWorker => ("somebody of Hong Kong, Macao or Taiwan who works here", "在本地就业的港澳台居民"),
        Situation::NonlocalWorker => ("a worker whose household is elsewhere", "外地户籍职工"),
        Situation::Agent => ("an agent", "代办人"),
        Situation::Guardian => ("a guardian", "监护人"),
        Situation::Exemption => ("a waived fee", "免收工本费"),
        Situation::Damage => ("a damaged card", "卡损坏"),
    };
    let word = |kind: &ProofKind| <&str>::from(kind);
    let set = |set: &Vec<ProofKind>| set.iter().map(word).collect::<Vec<_>>().join(" + ");
    let sets = sets.iter().map(set).collect::<Vec<_>>().join(" / ");
    words(
        "proof-missing",
        format!("for {en} one of these is needed: {sets}"),
        format!("{zh}须提供以下证明之一: {sets}"),
        ("Bring it and enter it under proofs.", "请补充并登记证明材料。"),
    )
    .field("form.proofs")
}
