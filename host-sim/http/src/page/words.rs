//! The page's Chinese for the names of fields and for words that answers contain. A name without an entry is shown as it is:
//! it is then what the interface calls it, in both languages.

use super::lang::Lang;

/// Fields, as the acts call them: English, Chinese.
const FIELDS: &[(&str, &str)] = &[
    ("account", "账户"),
    ("act", "业务"),
    ("acts", "可办业务"),
    ("address", "地址"),
    ("amount", "金额"),
    ("application", "申请"),
    ("area", "统筹区"),
    ("balance", "余额"),
    ("birth", "出生日期"),
    ("card", "卡号"),
    ("checks", "检查"),
    ("code", "代码"),
    ("day", "日期"),
    ("document", "证件"),
    ("entries", "明细"),
    ("expires", "有效期至"),
    ("financial", "金融功能"),
    ("history", "历史"),
    ("institution", "机构"),
    ("kind", "种类"),
    ("name", "姓名"),
    ("next", "下一步"),
    ("number", "编号"),
    ("operator", "操作员"),
    ("outlet", "网点"),
    ("person", "人员"),
    ("phone", "电话"),
    ("reason", "原因"),
    ("reference", "参考号"),
    ("role", "角色"),
    ("sex", "性别"),
    ("since", "自"),
    ("social", "社保功能"),
    ("state", "状态"),
    ("status", "状态"),
    ("subject", "事项"),
    ("time", "时间"),
    ("until", "期限"),
    ("who", "办理角色"),
];

/// Words of answers: as they are written, Chinese.
const VALUES: &[(&str, &str)] = &[
    ("activated", "已启用"),
    ("administrator", "管理员"),
    ("approved", "已批准"),
    ("auditor", "稽核"),
    ("bank-counter", "银行柜面"),
    ("cashier", "收费"),
    ("centre-busy", "中心忙"),
    ("clerk", "受理"),
    ("done", "已完成"),
    ("hospital", "医院"),
    ("hotline", "12333"),
    ("inactive", "未启用"),
    ("issuer", "发卡"),
    ("none", "无应答"),
    ("passed-on", "转其他区域"),
    ("pharmacy", "药店"),
    ("premium-officer", "征缴"),
    ("producer", "制卡"),
    ("refused", "已拒绝"),
    ("region-down", "区域不可用"),
    ("reviewer", "复核"),
    ("settlement-officer", "结算"),
    ("wrong-form", "格式有误"),
    ("wrong-mac", "MAC 有误"),
];

/// How a field is called.
pub(crate) fn field(lang: Lang, name: &str) -> String {
    lang.say(&name.replace(['_', '-'], " "), found(FIELDS, name)).into()
}

/// How a word in an answer is shown.
pub(crate) fn value(lang: Lang, word: &str) -> &str {
    lang.say(word, found(VALUES, word))
}

fn found<'a>(table: &[(&str, &'static str)], name: &'a str) -> &'a str {
    table.iter().find(|(known, _)| *known == name).map_or(name, |(_, chinese)| chinese)
}
