//! The functions of C, with the names, arguments and results of libusb-1.0. A pointer that C hands in is what `libusb.h` says that it is:
//! that is each function's condition for being safe.
#![allow(unsafe_code, reason = "a library that C calls")]
#![allow(clippy::missing_safety_doc, reason = "see the module's page")]
#![allow(missing_docs, reason = "they are documented in libusb.h")]

use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::Mutex;

use crate::descriptors::{ConfigDescriptor, DeviceDescriptor, configuration, device};
use crate::wire::{Request, Status, answered, begin, carry};

const ERROR_IO: c_int = -1;
const ERROR_INVALID: c_int = -2;
const ERROR_NO_DEVICE: c_int = -4;
const ERROR_NOT_FOUND: c_int = -5;
const ERROR_TIMEOUT: c_int = -7;
const ERROR_PIPE: c_int = -9;
/// The limit of a request for a descriptor, in ms.
const DESCRIPTOR_MS: u32 = 1000;

/// The longest limit of a submitted transfer that counts, in ms.
const SHORT_MS: u32 = 1000;

/// The one device; only its address is used.
static DEVICE: u8 = 1;

/// `libusb_transfer` up to its buffer.
#[repr(C)]
pub struct Transfer {
    handle: *mut c_void,
    flags: u8,
    endpoint: c_uchar,
    kind: c_uchar,
    timeout: c_uint,
    status: c_int,
    length: c_int,
    actual_length: c_int,
    callback: Option<extern "C" fn(*mut Transfer)>,
    user_data: *mut c_void,
    buffer: *mut c_uchar,
    packets: c_int,
}

/// Transfers that C has submitted and not heard of: their address, and their connection.
static SUBMITTED: Mutex<Vec<(usize, UnixStream)>> = Mutex::new(Vec::new());

fn submitted<T>(what: impl FnOnce(&mut Vec<(usize, UnixStream)>) -> T) -> T {
    what(&mut SUBMITTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

const fn code(status: Status) -> c_int {
    match status {
        Status::Done => 0,
        Status::Stall => ERROR_PIPE,
        Status::TimedOut => ERROR_TIMEOUT,
        Status::Cancelled => ERROR_IO,
        Status::Gone => ERROR_NO_DEVICE,
    }
}

fn descriptor(kind: u8, index: u8, language: u16, most: u16) -> Result<Vec<u8>, c_int> {
    let ([a, b], [c, d]) = (language.to_le_bytes(), most.to_le_bytes());
    let setup = [0x80, 6, index, kind, a, b, c, d];
    match carry(&Request { is_control: true, within_ms: DESCRIPTOR_MS, most: most.into(), setup, ..Request::default() })
    {
        (Status::Done, bytes) => Ok(bytes),
        (status, _) => Err(code(status)),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_init(context: *mut *mut c_void) -> c_int {
    if !context.is_null() {
        unsafe { *context = ptr::from_ref(&DEVICE).cast_mut().cast() };
    }
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_exit(_context: *mut c_void) {}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_get_device_list(_context: *mut c_void, list: *mut *mut *mut c_void) -> isize {
    let one: *mut c_void = ptr::from_ref(&DEVICE).cast_mut().cast();
    unsafe { *list = Box::leak(Box::new([one, ptr::null_mut()])).as_mut_ptr() };
    1
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_free_device_list(list: *mut *mut c_void, _unreference: c_int) {
    if !list.is_null() {
        drop(unsafe { Box::from_raw(list.cast::<[*mut c_void; 2]>()) });
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_get_bus_number(_device: *mut c_void) -> u8 {
    1
}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_get_device_address(_device: *mut c_void) -> u8 {
    DEVICE
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_get_device_descriptor(_device: *mut c_void, to: *mut DeviceDescriptor) -> c_int {
    match descriptor(1, 0, 0, 18).map(|bytes| device(&bytes)) {
        Ok(Some(descriptor)) => {
            unsafe { *to = descriptor };
            0
        }
        Ok(None) => ERROR_IO,
        Err(code) => code,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_get_active_config_descriptor(
    _device: *mut c_void,
    to: *mut *const ConfigDescriptor,
) -> c_int {
    match descriptor(2, 0, 0, 1024).map(|bytes| configuration(&bytes)) {
        Ok(Some(descriptor)) => {
            unsafe { *to = Box::leak(Box::new(descriptor)) };
            0
        }
        Ok(None) => ERROR_IO,
        Err(code) => code,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_free_config_descriptor(_descriptor: *mut ConfigDescriptor) {}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_get_string_descriptor_ascii(
    _handle: *mut c_void,
    index: u8,
    to: *mut c_uchar,
    length: c_int,
) -> c_int {
    const ENGLISH: u16 = 0x0409;
    if index == 0 || length <= 0 {
        return ERROR_INVALID;
    }
    match descriptor(3, index, ENGLISH, 255) {
        Ok(bytes) => {
            let text: Vec<u8> = bytes.get(2..).unwrap_or_default().iter().copied().step_by(2).collect();
            let count = text.len().min(length as usize - 1);
            unsafe {
                ptr::copy_nonoverlapping(text.as_ptr(), to, count);
                *to.add(count) = 0;
            }
            count as c_int
        }
        Err(code) => code,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_open(device: *mut c_void, handle: *mut *mut c_void) -> c_int {
    unsafe { *handle = device };
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_close(_handle: *mut c_void) {}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_claim_interface(_handle: *mut c_void, _number: c_int) -> c_int {
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_release_interface(_handle: *mut c_void, _number: c_int) -> c_int {
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_error_name(error: c_int) -> *const c_char {
    let name = match error {
        0 => c"LIBUSB_SUCCESS",
        ERROR_NO_DEVICE => c"LIBUSB_ERROR_NO_DEVICE",
        ERROR_TIMEOUT => c"LIBUSB_ERROR_TIMEOUT",
        ERROR_PIPE => c"LIBUSB_ERROR_PIPE",
        _ => c"LIBUSB_ERROR_IO",
    };
    name.as_ptr()
}

/// The bytes for the device, or none where the transfer is to the host.
unsafe fn given(to_host: bool, data: *const c_uchar, length: usize) -> Vec<u8> {
    if to_host || data.is_null() {
        return Vec::new();
    }
    unsafe { std::slice::from_raw_parts(data, length) }.to_vec()
}

/// Writes what has come; returns how much of it there was room for.
unsafe fn taken(bytes: &[u8], to: *mut c_uchar, length: usize) -> c_int {
    let count = bytes.len().min(length);
    if count > 0 {
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, count) };
    }
    count as c_int
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_control_transfer(
    _handle: *mut c_void,
    kind: u8,
    request: u8,
    value: u16,
    index: u16,
    data: *mut c_uchar,
    length: u16,
    timeout: c_uint,
) -> c_int {
    let ([a, b], [c, d], [e, f]) = (value.to_le_bytes(), index.to_le_bytes(), length.to_le_bytes());
    let to_host = kind & 0x80 != 0;
    let request = Request {
        is_control: true,
        within_ms: timeout,
        most: length.into(),
        setup: [kind, request, a, b, c, d, e, f],
        data: unsafe { given(to_host, data, length.into()) },
        ..Request::default()
    };
    match carry(&request) {
        (Status::Done, bytes) if to_host => unsafe { taken(&bytes, data, length.into()) },
        (Status::Done, _) => length.into(),
        (status, _) => code(status),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_bulk_transfer(
    _handle: *mut c_void,
    endpoint: c_uchar,
    data: *mut c_uchar,
    length: c_int,
    actual: *mut c_int,
    timeout: c_uint,
) -> c_int {
    let (to_host, room) = (endpoint & 0x80 != 0, length.max(0) as usize);
    let request = Request {
        address: endpoint,
        within_ms: timeout,
        most: room as u32,
        data: unsafe { given(to_host, data, room) },
        ..Request::default()
    };
    let (status, bytes) = carry(&request);
    let count = match (status, to_host) {
        (Status::Done, false) => length,
        _ => unsafe { taken(&bytes, data, room) },
    };
    if !actual.is_null() {
        unsafe { *actual = count };
    }
    code(status)
}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_alloc_transfer(_packets: c_int) -> *mut Transfer {
    Box::into_raw(Box::new(Transfer {
        handle: ptr::null_mut(),
        flags: 0,
        endpoint: 0,
        kind: 0,
        timeout: 0,
        status: 0,
        length: 0,
        actual_length: 0,
        callback: None,
        user_data: ptr::null_mut(),
        buffer: ptr::null_mut(),
        packets: 0,
    }))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_free_transfer(transfer: *mut Transfer) {
    if !transfer.is_null() {
        drop(unsafe { Box::from_raw(transfer) });
    }
}

/// An interrupt endpoint is silent until something happens, so a long limit is none: the device's time stands still meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_submit_transfer(transfer: *mut Transfer) -> c_int {
    let (endpoint, length, limit) = unsafe { ((*transfer).endpoint, (*transfer).length, (*transfer).timeout) };
    let within_ms = if limit <= SHORT_MS { limit } else { 0 };
    let request = Request { address: endpoint, within_ms, most: length.max(0) as u32, ..Request::default() };
    match begin(&request) {
        Ok(stream) => {
            submitted(|all| all.push((transfer as usize, stream)));
            0
        }
        Err(_) => ERROR_NO_DEVICE,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn libusb_cancel_transfer(transfer: *mut Transfer) -> c_int {
    let ended = submitted(|all| {
        let (_, stream) = all.iter().find(|(address, _)| *address == transfer as usize)?;
        stream.shutdown(Shutdown::Both).ok()
    });
    ended.map_or(ERROR_NOT_FOUND, |()| 0)
}

/// Waits for the transfer that was submitted first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn libusb_handle_events_completed(_context: *mut c_void, completed: *mut c_int) -> c_int {
    if !completed.is_null() && unsafe { *completed } != 0 {
        return 0;
    }
    let first = submitted(|all| {
        let (address, stream) = all.first()?;
        Some((*address, stream.try_clone().ok()?))
    });
    let Some((address, mut stream)) = first else { return 0 };
    let (status, bytes) = answered(&mut stream);
    submitted(|all| all.retain(|(other, _)| *other != address));
    let transfer = address as *mut Transfer;
    unsafe {
        (*transfer).status = match status {
            Status::Done => 0,
            Status::TimedOut => 2,
            Status::Cancelled => 3,
            Status::Stall => 4,
            Status::Gone => 5,
        };
        (*transfer).actual_length = taken(&bytes, (*transfer).buffer, (*transfer).length.max(0) as usize);
        if let Some(callback) = (*transfer).callback {
            callback(transfer);
        }
    }
    0
}
