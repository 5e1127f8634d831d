//! The C ABI: the exported functions from one table, and what passes through pointers. The only file with `unsafe`.
//!
//! A caller's text ends with NUL. A caller's buffer has at least 256 bytes; an answer or a message and its NUL are written, and
//! nothing behind the NUL. A null pointer gives −14, and nothing is written. A panic gives −999.
#![allow(unsafe_code, reason = "a C ABI passes pointers, and loads another library")]
#![allow(non_snake_case, reason = "names of functions and parameters are the norm's")]

use std::ffi::{CStr, c_char, c_int, c_long};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use libloading::Library;
use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::{Failure, TEXT_MAX};
use crate::fields;
use crate::gate::Gate;
use crate::pki;
use crate::request::Request;
use crate::reset::Job;
use crate::session::Session;
use crate::settings::Settings;

/// The function of a PIN pad's library, as its vendors spell it.
const KEY_IN: &[u8] = b"KeybordGetInputPassword\0";
/// The room that it gets for digits and their NUL.
const KEYED_MAX: usize = 256;

static SESSION: Gate<Session> = Gate::new(Session::new());

/// How a parameter is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// An int.
    Number,
    /// A text that ends with NUL.
    Text,
    /// A buffer for a field of the answer, of 256 bytes.
    Field,
}

/// An exported function.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Its parameters before the last one.
    pub parameters: &'static [(&'static str, Parameter)],
    /// The last one, the caller's buffer; empty: there is none.
    pub buffer: &'static str,
}

/// A parameter as it comes.
trait Passed<'a> {
    /// What a request contains of it.
    type Taken;

    /// # Safety
    /// A pointer is null, or points to a text that ends with NUL and does not change during `'a`.
    unsafe fn take(self) -> Option<Self::Taken>;
}

impl Passed<'_> for c_int {
    type Taken = c_int;

    unsafe fn take(self) -> Option<c_int> {
        Some(self)
    }
}

impl<'a> Passed<'a> for *const c_char {
    type Taken = &'a [u8];

    unsafe fn take(self) -> Option<&'a [u8]> {
        // SAFETY: not null, and the caller promises the rest.
        (!self.is_null()).then(|| unsafe { CStr::from_ptr(self) }.to_bytes())
    }
}

macro_rules! passed {
    (Number) => { c_int };
    (Text) => { *const c_char };
}

/// How many bytes a buffer has room for besides the NUL: what every buffer has, or what the caller says.
macro_rules! room {
    () => {
        Some(TEXT_MAX)
    };
    ($size:ident) => {
        usize::try_from($size).ok().and_then(|size| size.checked_sub(1)).filter(|room| *room >= TEXT_MAX)
    };
}

macro_rules! exports {
    ($($about:literal $name:ident($($parameter:ident: $kind:ident),*; $buffer:ident) $(room $size:ident)?
        => $request:expr;)*) => {
        $(
            #[doc = $about]
            ///
            /// # Safety
            /// Texts end with NUL; the buffer has 256 bytes or, where iSize is given, so many, and nobody else uses it during the
            /// call. Pointers may be null.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($parameter: passed!($kind),)* $buffer: *mut c_char) -> i64 {
                // SAFETY: the caller promises what `take` and `reply` ask for.
                unsafe {
                    $(let Some($parameter) = $parameter.take() else { return Code::Parameter.number() };)*
                    // Not all functions are built.
                    let _ = ($($parameter,)*);
                    let Some(room) = room!($($size)?) else { return Code::Parameter.number() };
                    reply($buffer, room, || ask(&$request))
                }
            }
        )*

        /// What a function of this name is asked for with these values; `None`: there is none, or its values are others.
        fn request_of<'a>(name: &str, values: &[Value<'a>]) -> Option<Request<'a>> {
            let mut values = values.iter();
            let request = match name {
                $(stringify!($name) => {
                    $(let Some(Value::$kind($parameter)) = values.next().copied() else { return None };)*
                    let _ = ($($parameter,)*);
                    $request
                })*
                _ => return None,
            };
            values.next().is_none().then_some(request)
        }

        /// Those with one buffer.
        const WITH_BUFFER: &[Function] = &[$(Function {
            name: stringify!($name),
            about: $about,
            parameters: &[$((stringify!($parameter), Parameter::$kind)),*],
            buffer: stringify!($buffer),
        }),*];
    };
}

/// Functions with a buffer for each field of the answer, and perhaps a last one for the message.
macro_rules! exports_of_fields {
    ($($about:literal $name:ident($($field:ident),*; $($message:ident)?) => $request:expr;)*) => {
        $(
            #[doc = $about]
            ///
            /// # Safety
            /// Each buffer has 256 bytes, and nobody else uses it during the call. Pointers may be null.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($field: *mut c_char,)* $($message: *mut c_char)?) -> i64 {
                // SAFETY: the caller promises what `reply_fields` asks for.
                unsafe { reply_fields(&[$($field),*], &[$($message)?], || ask(&$request)) }
            }
        )*

        /// Those with several buffers.
        const OF_FIELDS: &[Function] = &[$(Function {
            name: stringify!($name),
            about: $about,
            parameters: &[$((stringify!($field), Parameter::Field)),*],
            buffer: concat!($(stringify!($message))?),
        }),*];
    };
}

/// Functions of which only the name is known: whatever they are passed is not looked at.
macro_rules! exports_unknown {
    ($($name:ident)*) => {
        $(
            /// Only the name is known. Not built: -13, and nothing is read or written.
            #[unsafe(no_mangle)]
            pub extern "C" fn $name() -> i64 {
                Code::NotSupported.number()
            }
        )*

        /// Those of which only the name is known.
        const UNKNOWN: &[Function] = &[$(Function {
            name: stringify!($name),
            about: "Only the name is known. Not built: -13, and nothing is read or written.",
            parameters: &[],
            buffer: "",
        }),*];
    };
}

exports! {
    "Reads the holder's and the card's data: eleven fields."
    iReadCardBas(iType: Number; pOutInfo) => Request::Basic { kind: iType };
    "The same with a security module, step 1: what the module is asked."
    iReadCardBas_HSM_Step1(iType: Number; pOutInfo) => Request::BasicStep1 { kind: iType };
    "Step 2: takes the module's result, and reads."
    iReadCardBas_HSM_Step2(pKey: Text; pOutInfo) => Request::BasicStep2 { key: pKey };
    "Reads records by file and tag; iAuthType 1 by the PIN, 2 by a key of the PSAM."
    iReadCard(iType: Number, iAuthType: Number, pCardInfo: Text, pFileAddr: Text; pOutInfo)
        => Request::Read { kind: iType, auth: iAuthType, card: pCardInfo, files: pFileAddr };
    "The same with a security module, step 1."
    iReadCard_HSM_Step1(iType: Number, pCardInfo: Text, pFileAddr: Text; pOutInfo)
        => Request::ReadStep1 { kind: iType, card: pCardInfo, files: pFileAddr };
    "Step 2: takes the module's result, and reads."
    iReadCard_HSM_Step2(pKey: Text; pOutInfo) => Request::ReadStep2 { key: pKey };
    "Checks the PIN, which the holder keys on the pad."
    iVerifyPIN(iType: Number; pOutInfo) => Request::VerifyPin { kind: iType };
    "Changes the PIN, which the holder keys on the pad: the old one, the new one, and the new one again."
    iChangePIN(iType: Number; pOutInfo) => Request::ChangePin { kind: iType };
    "Writes records of one file by a key of the PSAM."
    iWriteCard(iType: Number, pCardInfo: Text, pFileAddr: Text, pWriteData: Text; pOutInfo)
        => Request::Write { kind: iType, card: pCardInfo, files: pFileAddr, data: pWriteData };
    "The same with a security module, step 1."
    iWriteCard_HSM_Step1(iType: Number, pCardInfo: Text, pFileAddr: Text; pOutInfo)
        => Request::WriteStep1 { kind: iType, card: pCardInfo, files: pFileAddr };
    "Step 2: takes the module's result, and writes."
    iWriteCard_HSM_Step2(pKey: Text, pWriteData: Text; pOutInfo)
        => Request::WriteStep2 { key: pKey, data: pWriteData };
    "Sets a new PIN, which the holder keys on the pad twice, by a key of the PSAM."
    iReloadPIN(iType: Number, pCardInfo: Text; pOutInfo)
        => Request::Reset { job: Job::Reload, kind: iType, card: pCardInfo };
    "The same with a security module, step 1."
    iReloadPIN_HSM_Step1(iType: Number, pCardInfo: Text; pOutInfo)
        => Request::ResetStep1 { job: Job::Reload, kind: iType, card: pCardInfo };
    "Step 2: takes the module's result and the new PIN; the text has the PIN, for the module alone."
    iReloadPIN_HSM_Step2(pKey: Text; pOutInfo) => Request::ResetStep2 { job: Job::Reload, key: pKey };
    "Step 3: takes the data of the command, and passes it to the card."
    iReloadPIN_HSM_Step3(pKey: Text; pOutInfo) => Request::ResetStep3 { job: Job::Reload, key: pKey };
    "Gives a PIN, which the holder keys on the pad, its tries back, by a key of the PSAM."
    iUnblockPIN(iType: Number, pCardInfo: Text; pOutInfo)
        => Request::Reset { job: Job::Unblock, kind: iType, card: pCardInfo };
    "The same with a security module, step 1."
    iUnblockPIN_HSM_Step1(iType: Number, pCardInfo: Text; pOutInfo)
        => Request::ResetStep1 { job: Job::Unblock, kind: iType, card: pCardInfo };
    "Step 2: takes the module's result and the PIN; the text has the PIN, for the module alone."
    iUnblockPIN_HSM_Step2(pKey: Text; pOutInfo) => Request::ResetStep2 { job: Job::Unblock, key: pKey };
    "Step 3: takes the data of the command, and passes it to the card."
    iUnblockPIN_HSM_Step3(pKey: Text; pOutInfo) => Request::ResetStep3 { job: Job::Unblock, key: pKey };
    "Has the card note a payment, by the holder's PIN and a key of the PSAM."
    iDoDebit(iType: Number, pCardInfo: Text, pPayInfo: Text; pOutInfo)
        => Request::Debit { kind: iType, card: pCardInfo, pay: pPayInfo };
    "The same with a security module, step 1."
    iDoDebit_HSM_Step1(iType: Number, pCardInfo: Text, pPayInfo: Text; pOutInfo)
        => Request::DebitStep1 { kind: iType, card: pCardInfo, pay: pPayInfo };
    "Step 2: takes the module's result, and the card notes the payment."
    iDoDebit_HSM_Step2(pKey: Text; pOutInfo) => Request::DebitStep2 { key: pKey };
    "Reads the newest payments that the card has noted, by the holder's PIN."
    iReadDebitRecord(iType: Number; pOutInfo) => Request::DebitRecords { kind: iType };
    "The library asks the centre between the steps of iReadCardBas."
    iReadCardBas_HSM_Step1To2(iType: Number, pAuthSourceInfo: Text; pAuthInfo)
        => Request::ReadStep1To2 { kind: iType, question: pAuthSourceInfo };
    "The library asks the centre between the steps of iReadCard."
    iReadCard_HSM_Step1To2(iType: Number, pAuthSourceInfo: Text; pAuthInfo)
        => Request::ReadStep1To2 { kind: iType, question: pAuthSourceInfo };
    "The library asks the centre between the steps of iDoDebit."
    iDoDebit_HSM_Step1To2(pMAC1SourceInfo: Text; pMAC1) => Request::DebitStep1To2 { question: pMAC1SourceInfo };
    "Not built: -13. A window's program asks the centre itself."
    iWriteCard_HSM_Step1To2(iType: Number, pAuthSourceInfo: Text; pAuthInfo)
        => Request::NotBuilt { kind: Some(iType) };
    "The library asks the centre between the steps of iReloadPIN."
    iReloadPIN_HSM_Step1To2(iType: Number, pAuthSourceInfo: Text; pAuthInfo)
        => Request::ReadStep1To2 { kind: iType, question: pAuthSourceInfo };
    "Not built: -13. A window's program asks the centre itself, with the holder's document."
    iReloadPIN_HSM_Step2To3(iType: Number, pAuthSourceInfo: Text; pAuthInfo)
        => Request::NotBuilt { kind: Some(iType) };
    "The library asks the centre between the steps of iUnblockPIN."
    iUnblockPIN_HSM_Step1To2(iType: Number, pAuthSourceInfo: Text; pAuthInfo)
        => Request::ReadStep1To2 { kind: iType, question: pAuthSourceInfo };
    "Not built: -13. A window's program asks the centre itself, with the holder's document."
    iUnblockPIN_HSM_Step2To3(iType: Number, pAuthSourceInfo: Text; pAuthInfo)
        => Request::NotBuilt { kind: Some(iType) };
    "iReadCardBas with a centre on this machine as security module; the password is a token for it."
    iCommReadCardBas(wsdlAddress: Text, userId: Text, password: Text, authKey: Text, iType: Number; pOutInfo)
        => Request::Remote { kind: iType, address: wsdlAddress, token: password };
    "Signs data with the card's key; iType: 1 r and s, 2 ASN.1. The answer is base64."
    PKI_SignData(pUserPin: Text, pInData: Text, iType: Number; pOutInfo)
        => Request::Pki(pki::Request::Sign { pin: pUserPin, data: pInData, form: iType });
    "Verifies a signature in base64; pCert is base64, too, or empty for the card's. pUserPin is not used."
    PKI_VerifySign(pUserPin: Text, pCert: Text, pClearText: Text, pSignature: Text, iType: Number; pOutInfo)
        => Request::Pki(pki::Request::Verify {
            certificate: pCert, data: pClearText, signature: pSignature, form: iType
        });
    "Seals data into an envelope for the owner of pCert, or of the card if it is empty. Ours."
    PKI_SealEnvelope(pCert: Text, pInData: Text, iSize: Number; pOutInfo) room iSize
        => Request::Pki(pki::Request::Seal { certificate: pCert, data: pInData });
    "Opens an envelope with the card's key. Ours."
    PKI_OpenEnvelope(pUserPin: Text, pEnvelope: Text, iSize: Number; pOutInfo) room iSize
        => Request::Pki(pki::Request::Open { pin: pUserPin, envelope: pEnvelope });
    "Reads a certificate of the card; iType: 1 for signatures, 2 for envelopes. Ours."
    PKI_ReadCert(iType: Number, iSize: Number; pOutInfo) room iSize
        => Request::Pki(pki::Request::ReadCertificate { which: iType });
    "Changes the PIN of the card's PKI application. Ours."
    PKI_ChangePIN(pOldPin: Text, pNewPin: Text; pOutInfo)
        => Request::Pki(pki::Request::ChangePin { old: pOldPin, new: pNewPin });
}

/// A value of a parameter, for callers in Rust.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// An int.
    Number(c_int),
    /// A text in GBK.
    Text(&'a [u8]),
}

/// Calls a function by its name, without pointers: what the local service for pages does. It shares the session, and with it
/// its turn, with callers in C. The answer is GBK.
///
/// # Errors
/// Those of the function; −14 also if there is none of this name, a value is not of its parameter's kind, or a text contains NUL.
pub fn call(name: &str, values: &[Value<'_>], settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if values.iter().any(|value| matches!(value, Value::Text(text) if text.contains(&0))) {
        return Err(Code::Parameter.into());
    }
    ask_with(&request_of(name, values).ok_or(Code::Parameter)?, settings)
}

exports_of_fields! {
    "Reads the card's data, field by field."
    iReadCardPublicInfo(KSBM, KLB, GFBB, JGBM, FKRQ, KYXQ, KH; pErrMsg) => Request::CardInfo;
    "Reads the holder's data, field by field."
    iReadPersonPublicInfo(SHBZHM, XM, XB, MZ, CSD, CSRQ; pErrMsg) => Request::PersonInfo;
    "Gives the device's number and the PSAM's number for the terminal; there is no message."
    iGetReaderInfo(pReaderSN, pPsamTermNo;) => Request::ReaderInfo;
}

exports_unknown! {
    iReadIdentityInfo iReadPBOCAccount iReadPBOCAccount_Ext iPKBGetPIN iPKBVerifyPIN iPKBChangePIN DeviceBeep iCheckCard
    iEnterCard iExitCard SwitchMode iGetCardType iWriteCardBas iWriteCardBas_HSM_Step1 iWriteCardBas_HSM_Step2
    iReadSignatureKey iWriteCA iReadBankNumber iReadICCardNum iReadIdentityCard iInitParms iReadCardBasExt
}

const COUNT: usize = WITH_BUFFER.len() + OF_FIELDS.len() + UNKNOWN.len();

/// Every exported function.
pub const FUNCTIONS: &[Function] = &{
    let mut all = [WITH_BUFFER[0]; COUNT];
    let (tables, mut at, mut table) = ([WITH_BUFFER, OF_FIELDS, UNKNOWN], 0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[at] = tables[table][row];
            (at, row) = (at + 1, row + 1);
        }
        table += 1;
    }
    all
};

/// Carries out a request when no other thread does one.
fn ask(request: &Request<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    ask_with(request, &Settings::load()?)
}

fn ask_with(request: &Request<'_>, settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    SESSION.with(settings.busy, |session| session.answer(request, settings, key_in)).unwrap_or(Err(Code::Busy.into()))
}

/// Writes what `work` gives into the caller's buffer, and returns the code. An answer that has no room is none.
///
/// # Safety
/// `buffer` is null, or has `room` bytes and one more that nobody else uses; `room` is at least [`TEXT_MAX`].
unsafe fn reply(buffer: *mut c_char, room: usize, work: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, Failure>) -> i64 {
    if buffer.is_null() {
        return Code::Parameter.number();
    }
    // What a panic may leave half done is the session's, which the gate then throws away.
    let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Code::Unknown.into()));
    let (number, text) = match outcome.and_then(|text| fitting(text, room)) {
        Ok(text) => (0, text),
        Err(failure) => (failure.code.number(), Zeroizing::new(failure.gbk())),
    };
    // SAFETY: not null, and the caller promises the rest.
    unsafe { put(buffer, &text, room) };
    number
}

/// Writes the fields of what `work` gives into a buffer each, or the message into the last one, and returns the code. What is not
/// given is left empty.
///
/// # Safety
/// Every buffer is null or has 256 bytes that nobody else uses.
unsafe fn reply_fields(
    fields: &[*mut c_char],
    message: &[*mut c_char],
    work: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, Failure>,
) -> i64 {
    if fields.iter().chain(message).any(|buffer| buffer.is_null()) {
        return Code::Parameter.number();
    }
    let split = |text: Zeroizing<Vec<u8>>| {
        let parts = fields::split(&text)?;
        Ok(parts.into_iter().map(|part| Zeroizing::new(part.to_vec())).collect::<Vec<_>>())
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| work().and_then(split)));
    let (number, parts, words) = match outcome.unwrap_or_else(|_| Err(Code::Unknown.into())) {
        Ok(parts) => (0, parts, Vec::new()),
        Err(failure) => (failure.code.number(), Vec::new(), failure.gbk()),
    };
    let (words, mut parts) = (Zeroizing::new(words), parts.into_iter());
    for buffer in fields {
        let text = parts.next().unwrap_or_default();
        // SAFETY: the caller promises the buffer's 256 bytes.
        unsafe { put(*buffer, &text, TEXT_MAX) };
    }
    for buffer in message {
        // SAFETY: the same.
        unsafe { put(*buffer, &words, TEXT_MAX) };
    }
    number
}

/// Writes a text of this library's own, at most `room` bytes of it, and the NUL.
///
/// # Safety
/// The buffer has `room` bytes and one more that nobody else uses.
unsafe fn put(buffer: *mut c_char, text: &[u8], room: usize) {
    let length = text.len().min(room);
    // SAFETY: at most `room` bytes and the NUL, for which the buffer is large enough; the text is this library's own.
    unsafe {
        buffer.copy_from_nonoverlapping(text.as_ptr().cast(), length);
        buffer.add(length).write(0);
    }
}

/// The text, if there is room for it.
fn fitting(text: Zeroizing<Vec<u8>>, room: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match text.len() {
        length if length > room => Err(Code::Length.with(format!("缓冲区须有{}字节", length + 1))),
        _ => Ok(text),
    }
}

/// Calls the PIN pad's library; see [`crate::pin::Keyboard`]. The library stays loaded: vendors' libraries start threads.
fn key_in(library: &Path, voice: u8, seconds: u8) -> Result<(i32, Zeroizing<Vec<u8>>), Failure> {
    type KeyIn = unsafe extern "C" fn(u8, *mut c_char, u8) -> c_long;
    let wrong = |_| Code::Library.with(library.display().to_string());
    // SAFETY: its initialisers run. Whoever put it beside this library, or named it in the settings, vouches for it.
    let loaded = ManuallyDrop::new(unsafe { Library::new(library) }.map_err(wrong)?);
    // SAFETY: the name belongs to this type, by its vendors' description.
    let function = unsafe { loaded.get::<KeyIn>(KEY_IN) }.map_err(wrong)?;
    let mut keyed = Zeroizing::new([0; KEYED_MAX]);
    // SAFETY: the digits, at most 16, and a NUL go into a buffer that is far longer.
    let result = unsafe { function(voice, keyed.as_mut_ptr().cast::<c_char>(), seconds) };
    let digits = keyed.iter().copied().take_while(|byte| *byte != 0);
    let mut copy = Zeroizing::new(Vec::with_capacity(KEYED_MAX));
    copy.extend(digits);
    // A library whose function returns an int leaves the upper half undefined.
    Ok((result as i32, copy))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A caller in Rust reaches what a caller in C does, and no text that a caller in C could not pass.
    #[test]
    fn each_function_has_its_name_and_its_values() {
        for function in WITH_BUFFER {
            let values = function.parameters.iter().map(|(_, kind)| match kind {
                Parameter::Number => Value::Number(1),
                Parameter::Text | Parameter::Field => Value::Text(b""),
            });
            let values: Vec<_> = values.collect();
            assert!(request_of(function.name, &values).is_some(), "{}", function.name);
            let more: Vec<_> = values.iter().copied().chain([Value::Number(1)]).collect();
            assert!(request_of(function.name, &more).is_none(), "{}", function.name);
            assert!(values.is_empty() || request_of(function.name, &values[1..]).is_none(), "{}", function.name);
        }
        assert!(request_of("iReadCardBas", &[Value::Text(b"1")]).is_none());
        let code = |name, values: &[Value<'_>]| call(name, values, &Settings::default()).unwrap_err().code;
        assert_eq!(code("iFormat", &[]), Code::Parameter);
        assert_eq!(code("iReadCardBas_HSM_Step2", &[Value::Text(b"1\x002")]), Code::Parameter);
        assert_eq!(code("iReadCardBas", &[Value::Number(7)]), Code::CardType);
    }
}
