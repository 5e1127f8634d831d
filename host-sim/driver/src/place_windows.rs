//! Where the file lies from which this code was loaded, asked of Windows. From then on it stays loaded, as build.rs has it on Linux.
#![allow(unsafe_code, reason = "the standard library names the program's file only, not a library's")]

use std::ffi::OsString;
use std::os::windows::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::ptr;

use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleFileNameW, GetModuleHandleExW,
};

/// The longest path of Windows, in units of 16 bits.
const PATH_MAX: usize = 32_768;

/// Its folder.
pub(crate) fn folder() -> Option<PathBuf> {
    const FLAGS: u32 = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let mut module = ptr::null_mut();
    let mut path = vec![0_u16; PATH_MAX];
    // SAFETY: by these flags the name is an address in the module, which is not unloaded any more.
    let found = unsafe { GetModuleHandleExW(FLAGS, folder as fn() -> Option<PathBuf> as *const u16, &mut module) };
    if found == 0 {
        return None;
    }
    // SAFETY: the path gets at most as many units as there are.
    let length = unsafe { GetModuleFileNameW(module, path.as_mut_ptr(), path.len() as u32) };
    let path = OsString::from_wide(path.get(..length as usize).filter(|path| !path.is_empty())?);
    Path::new(&path).parent().map(Path::to_path_buf)
}
