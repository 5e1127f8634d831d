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
use crate::gate::Gate;
use crate::session::{Request, Session};
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
    /// The last one, the caller's buffer.
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

macro_rules! exports {
    ($($about:literal $name:ident($($parameter:ident: $kind:ident),*; $buffer:ident) => $request:expr;)*) => {
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

        $(
            #[doc = $about]
            ///
            /// # Safety
            /// Texts end with NUL; the buffer has 256 bytes, and nobody else uses it during the call. Pointers may be null.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($parameter: passed!($kind),)* $buffer: *mut c_char) -> i64 {
                // SAFETY: the caller promises what `take` and `reply` ask for.
                unsafe {
                    $(let Some($parameter) = $parameter.take() else { return Code::Parameter.number() };)*
                    // Not all functions are built.
                    let _ = ($($parameter,)*);
                    reply($buffer, || ask(&$request))
                }
            }
        )*

        /// Every exported function.
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: stringify!($name),
            about: $about,
            parameters: &[$((stringify!($parameter), Parameter::$kind)),*],
            buffer: stringify!($buffer),
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
    "Writes records. Not built: -13."
    iWriteCard(iType: Number, pCardInfo: Text, pFileAddr: Text, pWriteData: Text; pOutInfo)
        => Request::NotBuilt { kind: Some(iType) };
    "Writes records with a security module, step 1. Not built: -13."
    iWriteCard_HSM_Step1(iType: Number, pCardInfo: Text, pFileAddr: Text; pOutInfo)
        => Request::NotBuilt { kind: Some(iType) };
    "Step 2. Not built: -13."
    iWriteCard_HSM_Step2(pKey: Text, pWriteData: Text; pOutInfo) => Request::NotBuilt { kind: None };
    "Sets a new PIN. Not built: -13."
    iReloadPIN(iType: Number, pCardInfo: Text; pOutInfo) => Request::NotBuilt { kind: Some(iType) };
    "Sets a new PIN with a security module, step 1. Not built: -13."
    iReloadPIN_HSM_Step1(iType: Number, pCardInfo: Text; pOutInfo) => Request::NotBuilt { kind: Some(iType) };
    "Step 2. Not built: -13."
    iReloadPIN_HSM_Step2(pKey: Text; pOutInfo) => Request::NotBuilt { kind: None };
    "Step 3. Not built: -13."
    iReloadPIN_HSM_Step3(pKey: Text; pOutInfo) => Request::NotBuilt { kind: None };
    "Gives a locked PIN its tries back. Not built: -13."
    iUnblockPIN(iType: Number, pCardInfo: Text; pOutInfo) => Request::NotBuilt { kind: Some(iType) };
    "The same with a security module, step 1. Not built: -13."
    iUnblockPIN_HSM_Step1(iType: Number, pCardInfo: Text; pOutInfo) => Request::NotBuilt { kind: Some(iType) };
    "Step 2. Not built: -13."
    iUnblockPIN_HSM_Step2(pKey: Text; pOutInfo) => Request::NotBuilt { kind: None };
    "Step 3. Not built: -13."
    iUnblockPIN_HSM_Step3(pKey: Text; pOutInfo) => Request::NotBuilt { kind: None };
    "Debits the card. Not built: -13."
    iDoDebit(iType: Number, pCardInfo: Text, pPayInfo: Text; pOutInfo) => Request::NotBuilt { kind: Some(iType) };
    "Debits the card with a security module, step 1. Not built: -13."
    iDoDebit_HSM_Step1(iType: Number, pCardInfo: Text, pPayInfo: Text; pOutInfo)
        => Request::NotBuilt { kind: Some(iType) };
    "Step 2. Not built: -13."
    iDoDebit_HSM_Step2(pKey: Text; pOutInfo) => Request::NotBuilt { kind: None };
    "Reads what was debited. Not built: -13."
    iReadDebitRecord(iType: Number; pOutInfo) => Request::NotBuilt { kind: Some(iType) };
    "Signs data; iType is of the signature. Not built: -13."
    PKI_SignData(pUserPin: Text, pInData: Text, iType: Number; pOutInfo) => Request::NotBuilt { kind: None };
    "Verifies a signature; iType is of the signature. Not built: -13."
    PKI_VerifySign(pUserPin: Text, pCert: Text, pClearText: Text, pSignature: Text, iType: Number; pOutInfo)
        => Request::NotBuilt { kind: None };
}

/// Carries out a request when no other thread does one.
fn ask(request: &Request<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    ask_with(request, &Settings::load()?)
}

fn ask_with(request: &Request<'_>, settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    SESSION.with(settings.busy, |session| session.answer(request, settings, key_in)).unwrap_or(Err(Code::Busy.into()))
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

/// Writes what `work` gives into the caller's buffer, and returns the code.
///
/// # Safety
/// `buffer` is null or has 256 bytes that nobody else uses.
unsafe fn reply(buffer: *mut c_char, work: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, Failure>) -> i64 {
    if buffer.is_null() {
        return Code::Parameter.number();
    }
    // What a panic may leave half done is the session's, which the gate then throws away.
    let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Code::Unknown.into()));
    let (number, text) = match outcome {
        Ok(text) => (0, text),
        Err(failure) => (failure.code.number(), Zeroizing::new(failure.gbk())),
    };
    let length = text.len().min(TEXT_MAX);
    // SAFETY: at most 255 bytes and the NUL, and the buffer has 256; the text is this library's own.
    unsafe {
        buffer.copy_from_nonoverlapping(text.as_ptr().cast(), length);
        buffer.add(length).write(0);
    }
    number
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
        for function in FUNCTIONS.iter().filter(|function| function.buffer == "pOutInfo") {
            let value = |kind| if kind == Parameter::Number { Value::Number(1) } else { Value::Text(b"") };
            let values = function.parameters.iter().map(|(_, kind)| value(*kind));
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
