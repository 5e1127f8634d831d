//! A stand-in for libusb-1.0 for one program, libccid: the 22 functions that it calls. There is one bus with one device, which is
//! whatever answers at the socket that `QIYONG_USB` names. What the device is, is read from its own descriptors.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`wire`] | transfers over the socket |
//! | [`descriptors`] | libusb's structures out of descriptors' bytes |
//! | [`boundary`] | the functions of C; the only place in the house with `unsafe` |

pub mod boundary;
pub mod descriptors;
pub mod wire;
