//! What the acts of a till have in common: whose till it is, the shape of a line, and how a settlement is shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::rules::institution::{Channel, InstitutionCode};

use crate::acts::desk::Desk;
use crate::acts::fields::{Amount, Moment};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::settlement::catalogue::LineSplit;
use crate::settlement::codes::{Insutype, MedType};
use crate::settlement::exact::{Count, Price};
use crate::settlement::records::Settlement;
use crate::settlement::refusal::Refused;
use crate::settlement::setlinfo::Setlinfo;
use crate::settlement::visit::FeeLine;

/// Tills.
pub(super) const TILLS: &[Role] = &[Role::Hospital, Role::Pharmacy];

/// The hospital or pharmacy for which the operator acts.
pub(super) fn institution(desk: &Desk<'_>) -> Result<InstitutionCode, Refusal> {
    let code = InstitutionCode::new(desk.outlet()).ok().filter(|code| code.channel() != Channel::Bank);
    Ok(code.ok_or(Refused::NoInstitution)?)
}

/// Whether such treatment is given at such a place.
pub(super) fn fits(institution: InstitutionCode, med_type: MedType) -> Result<(), Refusal> {
    let pharmacy = institution.channel() == Channel::Pharmacy;
    if pharmacy == (med_type == MedType::Pharmacy) { Ok(()) } else { Err(Refused::MedType.into()) }
}

/// A number that the sender has given: 1 to 30 letters and digits.
pub(super) fn check_number(field: &str, number: &str) -> Result<(), Refusal> {
    if (1..=30).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(General::not_allowed(field, "1 to 30 letters and digits", "1至30位字母或数字").into())
}

/// A keyed hash of what is asked under a message number.
pub(super) fn request(office: &Office<'_>, act: &impl Serialize) -> Result<[u8; 32], Refusal> {
    let wrong = || General::not_allowed("", "a body that can be written as JSON", "可写为JSON的请求体");
    let body = zeroize::Zeroizing::new(serde_json::to_string(act).map_err(|_| wrong())?);
    Ok(office.hash("settlement", &body))
}

/// A line of a bill (`feedetail`, `drugdetail`).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The sender's number of the line, unique in the bill: 1 to 30 letters and digits
    #[schema(pattern = "^[0-9A-Za-z]{1,30}$")]
    pub feedetl_sn: String,
    /// When the fee arose, today or earlier
    pub fee_ocur_time: Moment,
    /// The item's code in the catalogue: 1 to 50 printable ASCII characters
    #[schema(pattern = "^[!-~]{1,50}$")]
    pub med_list_codg: String,
    /// How many, with at most four decimals
    pub cnt: Count,
    /// The price of one, in yuan with at most six decimals
    pub pric: Price,
    /// Count times price, in fen, a half rounded up
    pub det_item_fee_sumamt: Amount,
}

/// The lines as they are kept.
pub(super) fn kept(lines: &[Line]) -> Result<Vec<FeeLine>, Refusal> {
    let keep = |(at, line): (usize, &Line)| {
        check_number(&format!("feedetail[{at}].feedetl_sn"), &line.feedetl_sn)?;
        check_code(&format!("feedetail[{at}].med_list_codg"), &line.med_list_codg)?;
        Ok(FeeLine {
            serial: line.feedetl_sn.clone(),
            day: line.fee_ocur_time.0.date(),
            code: line.med_list_codg.clone(),
            count: line.cnt,
            price: line.pric,
            amount: line.det_item_fee_sumamt.0,
        })
    };
    lines.iter().enumerate().map(keep).collect()
}

/// An item's code: 1 to 50 printable ASCII characters.
pub(super) fn check_code(field: &str, code: &str) -> Result<(), Refusal> {
    if (1..=50).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(General::not_allowed(field, "1 to 50 printable ASCII characters", "1至50位可打印ASCII字符").into())
}

/// What a bill would cost whom.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrialView {
    /// The visit, if there is one
    pub mdtrt_id: Option<i64>,
    /// The person's insurance
    pub insutype: Insutype,
    /// The code of the person's class, if the national interface has one
    pub psn_type: Option<String>,
    /// Whether the pooled fund pays for the person on the day of the bill
    pub insured: bool,
    /// Under which code it is counted
    pub clr_type: String,
    /// The amounts, in fen
    pub setlinfo: Setlinfo,
    /// The split of each line
    pub detlcutinfo: Vec<LineSplit>,
}

/// A settlement, or an undo with negative amounts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SettlementView {
    /// Its number
    pub setl_id: i64,
    /// The visit
    pub mdtrt_id: i64,
    /// The sender's number of the message
    pub medins_setl_id: String,
    /// The institution's code
    pub fixmedins_code: String,
    /// The person's number
    pub psn_no: String,
    /// The person's insurance
    pub insutype: Insutype,
    /// Under which code it is counted
    pub clr_type: String,
    /// When it was booked
    pub setl_time: Moment,
    /// It undoes the settlement with this number
    pub undoes: Option<i64>,
    /// The settlement with this number undoes it (`refd_setl_flag`)
    pub undone_by: Option<i64>,
    /// The amounts, in fen
    pub setlinfo: Setlinfo,
    /// The split of each line
    pub detlcutinfo: Vec<LineSplit>,
}

impl From<Settlement> for SettlementView {
    fn from(settlement: Settlement) -> Self {
        Self {
            setl_id: settlement.number,
            mdtrt_id: settlement.visit,
            medins_setl_id: settlement.message,
            fixmedins_code: settlement.institution.as_str().to_owned(),
            psn_no: settlement.person,
            insutype: settlement.insutype,
            clr_type: settlement.clr_type,
            setl_time: Moment(settlement.time),
            undoes: settlement.undoes,
            undone_by: settlement.undone_by,
            setlinfo: settlement.setlinfo,
            detlcutinfo: settlement.lines,
        }
    }
}
