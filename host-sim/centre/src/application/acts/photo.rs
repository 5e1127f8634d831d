//! The photo: checked, kept, shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::file::Faults;
use super::{CLERK, Standing, own};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::Day;
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::application::photo::{self, Landmarks, Origin, PhotoRules};
use crate::application::record;
use crate::application::refused::Refused;
use crate::application::state::{State, Step, after};

/// A file of a million bytes in base64.
const LONGEST: usize = 1_333_336;

/// Where a photo comes from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = PhotoSource)]
pub enum Source {
    /// 现场拍摄: taken at the window, now
    OnSite,
    /// 自备: brought along
    Supplied,
}

/// The bytes, where the photo comes from, and what the area's rules say of it.
fn judged(
    desk: &Desk<'_>,
    jpeg: &str,
    (source, taken): (Source, Option<Day>),
    landmarks: Option<&Landmarks>,
) -> Result<(Vec<u8>, Vec<Refusal>), Refusal> {
    let bytes = Some(jpeg).filter(|text| text.len() <= LONGEST).and_then(|text| STANDARD.decode(text).ok());
    let bytes = bytes.ok_or(Refused::PhotoField)?;
    let origin = match (source, taken) {
        (Source::OnSite, None) => Origin::OnSite,
        (Source::Supplied, Some(day)) => Origin::Supplied(day.0),
        _ => return Err(Refused::PhotoDay.into()),
    };
    let rules: PhotoRules = desk.parameter()?;
    let faults = photo::check(&rules, &bytes, landmarks, origin, desk.today());
    let refusals = faults.into_iter().map(|fault| Refused::Photo(fault, Box::new(rules.clone())).into());
    Ok((bytes, refusals.collect()))
}

/// Adds the photo of an application, or replaces it. One that breaks a rule is refused for the first that it breaks.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationPhoto)]
pub struct AddPhoto {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
    /// The JPEG file in base64, at most 1,000,000 bytes
    #[schema(max_length = 1_333_336)]
    pub jpeg: String,
    /// Where it comes from
    pub source: Source,
    /// The day on which a supplied photo was taken
    pub taken: Option<Day>,
    /// Where the face is, if the camera's software says
    pub landmarks: Option<Landmarks>,
}

impl Act for AddPhoto {
    const NAME: &'static str = "application.photo";
    const ROLES: &'static [Role] = CLERK;
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let application = own(desk, &self.number)?;
        // A return for nothing but the photo leaves the form signed.
        let only =
            application.state == State::Returned && application.returned.iter().all(|reason| reason.is_of_photo());
        let step = if only { Step::PhotoOnly } else { Step::Photo };
        if after(application.state, step).is_none() {
            return Err(Refused::State(application.state, step).into());
        }
        let (bytes, faults) = judged(desk, &self.jpeg, (self.source, self.taken), self.landmarks.as_ref())?;
        if let Some(fault) = faults.into_iter().next() {
            return Err(fault);
        }
        record::set_photo(desk, &application, &bytes, self.taken.map(|day| day.0))?;
        record::set_state(desk, &self.number, step)?;
        Standing::now(desk, &self.number)
    }
}

/// Says every rule of the area that a photo breaks, and keeps nothing.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationCheckPhoto)]
pub struct CheckPhoto {
    /// The JPEG file in base64, at most 1,000,000 bytes
    #[schema(max_length = 1_333_336)]
    pub jpeg: String,
    /// Where it comes from
    pub source: Source,
    /// The day on which a supplied photo was taken
    pub taken: Option<Day>,
    /// Where the face is, if the camera's software says
    pub landmarks: Option<Landmarks>,
}

impl Act for CheckPhoto {
    const NAME: &'static str = "application.check-photo";
    const ROLES: &'static [Role] = CLERK;
    const READS: bool = true;
    type Answer = Faults;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Faults, Refusal> {
        let (_, faults) = judged(desk, &self.jpeg, (self.source, self.taken), self.landmarks.as_ref())?;
        Ok(Faults::of(faults))
    }
}

/// A photo.
#[derive(Serialize, ToSchema)]
#[schema(as = PhotoShown)]
pub struct Photo {
    /// The JPEG file in base64
    pub jpeg: String,
}

/// Shows the photo of an application of the operator's outlet, or one below it; to producers of any. Whoever looks is on record, so this is no act that only reads.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationShowPhoto)]
pub struct ShowPhoto {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
}

impl Act for ShowPhoto {
    const NAME: &'static str = "application.show-photo";
    const ROLES: &'static [Role] = &[Role::Clerk, Role::Reviewer, Role::Producer, Role::Issuer];
    type Answer = Photo;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Photo, Refusal> {
        // Whoever makes cards makes those of all outlets.
        if desk.operator().role == Role::Producer {
            record::find(desk, &self.number)?;
        } else {
            own(desk, &self.number)?;
        }
        let photo = record::photo(desk, &self.number)?.ok_or(General::NotFound("photo"))?;
        Ok(Photo { jpeg: STANDARD.encode(photo.as_slice()) })
    }
}
