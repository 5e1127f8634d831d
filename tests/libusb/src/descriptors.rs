//! libusb's structures, in its own layout (`libusb.h`), out of the bytes of a configuration's descriptors (USB 2.0 section 9.6). They are
//! made once and kept for the life of the program, since C has pointers to them.

use std::ptr;

/// `libusb_device_descriptor`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
#[allow(missing_docs, reason = "the fields are those of the standard's table")]
pub struct DeviceDescriptor {
    pub length: u8,
    pub kind: u8,
    pub usb: u16,
    pub class: u8,
    pub subclass: u8,
    pub protocol: u8,
    pub max_packet_size: u8,
    pub vendor: u16,
    pub product: u16,
    pub device: u16,
    pub manufacturer_string: u8,
    pub product_string: u8,
    pub serial_string: u8,
    pub configurations: u8,
}

/// `libusb_endpoint_descriptor`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the fields are those of the standard's table")]
pub struct EndpointDescriptor {
    pub length: u8,
    pub kind: u8,
    pub address: u8,
    pub attributes: u8,
    pub max_packet_size: u16,
    pub interval: u8,
    pub refresh: u8,
    pub synch_address: u8,
    pub extra: *const u8,
    pub extra_len: i32,
}

/// `libusb_interface_descriptor`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the fields are those of the standard's table")]
pub struct InterfaceDescriptor {
    pub length: u8,
    pub kind: u8,
    pub number: u8,
    pub setting: u8,
    pub endpoints_len: u8,
    pub class: u8,
    pub subclass: u8,
    pub protocol: u8,
    pub string: u8,
    pub endpoints: *const EndpointDescriptor,
    pub extra: *const u8,
    pub extra_len: i32,
}

/// `libusb_interface`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "a list and its length")]
pub struct Interface {
    pub settings: *const InterfaceDescriptor,
    pub settings_len: i32,
}

/// `libusb_config_descriptor`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the fields are those of the standard's table")]
pub struct ConfigDescriptor {
    pub length: u8,
    pub kind: u8,
    pub total_length: u16,
    pub interfaces_len: u8,
    pub value: u8,
    pub string: u8,
    pub attributes: u8,
    pub max_power: u8,
    pub interfaces: *const Interface,
    pub extra: *const u8,
    pub extra_len: i32,
}

const INTERFACE: u8 = 4;
const ENDPOINT: u8 = 5;

fn keep<T: 'static>(all: Vec<T>) -> (*const T, i32) {
    let kept: &'static [T] = all.leak();
    (kept.as_ptr(), kept.len() as i32)
}

/// The device's descriptor; `None` if the bytes are none.
pub fn device(bytes: &[u8]) -> Option<DeviceDescriptor> {
    let &[length, kind, a, b, class, subclass, protocol, max_packet_size, c, d, e, f, g, h, i, j, k, configurations] =
        bytes.first_chunk::<18>()?;
    let word = |low, high| u16::from_le_bytes([low, high]);
    Some(DeviceDescriptor {
        length,
        kind,
        usb: word(a, b),
        class,
        subclass,
        protocol,
        max_packet_size,
        vendor: word(c, d),
        product: word(e, f),
        device: word(g, h),
        manufacturer_string: i,
        product_string: j,
        serial_string: k,
        configurations,
    })
}

/// The descriptors of a configuration, one after the other.
fn each(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while let Some((one, rest)) = bytes.first().and_then(|len| bytes.split_at_checked((*len).into())) {
        if one.len() < 2 {
            break;
        }
        all.push(one);
        bytes = rest;
    }
    all
}

/// The configuration's structures; `None` if the bytes are none. Alternative settings become interfaces of their own.
pub fn configuration(bytes: &[u8]) -> Option<ConfigDescriptor> {
    let &[length, kind, low, high, _, value, string, attributes, max_power] = bytes.first_chunk::<9>()?;
    let mut interfaces: Vec<(InterfaceDescriptor, Vec<EndpointDescriptor>, Vec<u8>)> = Vec::new();
    for one in each(bytes.get(length.into()..)?) {
        match (one, interfaces.last_mut()) {
            (&[length, INTERFACE, number, setting, count, class, subclass, protocol, string], _) => {
                let interface = InterfaceDescriptor {
                    length,
                    kind: INTERFACE,
                    number,
                    setting,
                    endpoints_len: count,
                    class,
                    subclass,
                    protocol,
                    string,
                    endpoints: ptr::null(),
                    extra: ptr::null(),
                    extra_len: 0,
                };
                interfaces.push((interface, Vec::new(), Vec::new()));
            }
            (&[length, ENDPOINT, address, attributes, low, high, interval, ..], Some((_, endpoints, _))) => {
                endpoints.push(EndpointDescriptor {
                    length,
                    kind: ENDPOINT,
                    address,
                    attributes,
                    max_packet_size: u16::from_le_bytes([low, high]),
                    interval,
                    refresh: 0,
                    synch_address: 0,
                    extra: ptr::null(),
                    extra_len: 0,
                });
            }
            (other, Some((_, _, extra))) => extra.extend(other),
            (_, None) => {}
        }
    }
    let finish = |(interface, endpoints, extra): (InterfaceDescriptor, Vec<EndpointDescriptor>, Vec<u8>)| {
        let (endpoints, _) = keep(endpoints);
        let (extra, extra_len) = keep(extra);
        let (settings, settings_len) = keep(vec![InterfaceDescriptor { endpoints, extra, extra_len, ..interface }]);
        Interface { settings, settings_len }
    };
    let (interfaces, count) = keep(interfaces.into_iter().map(finish).collect());
    Some(ConfigDescriptor {
        length,
        kind,
        total_length: u16::from_le_bytes([low, high]),
        interfaces_len: count as u8,
        value,
        string,
        attributes,
        max_power,
        interfaces,
        extra: ptr::null(),
        extra_len: 0,
    })
}
