//! The C ABI: the exported functions from one table, and what passes through pointers. The only file with `unsafe`.
//!
//! A caller's text ends with NUL. A caller's buffer has at least 256 bytes; an answer or a message and its NUL are written, and
//! nothing behind the NUL. A null pointer gives −14, and nothing is written. A panic gives −999.
#![allow(unsafe_code, reason = "a C ABI passes pointers, and loads another library")]
#![allow(non_snake_case, reason = "names of functions and parameters are the norm's")]

use std::ffi::{CStr, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::{Failure, TEXT_MAX};
use crate::gate::Gate;
use crate::session::{Request, Session};
use crate::settings::Settings;

/// The most bytes of a caller's text: what no function here needs is not looked through.
const INPUT_MAX: usize = 4096;

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
}

/// Carries out a request when no other thread does one.
fn ask(request: &Request<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let settings = Settings::load()?;
    SESSION.with(settings.busy, |session| session.answer(request, &settings)).unwrap_or(Err(Code::Busy.into()))
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
