//! The origin of a page: scheme, host and port, as a browser writes them into the header `Origin`.
//!
//! Not here: whether it may ask (`guard`), and patterns. An origin is listed in full, since every name below a hospital's is
//! not the hospital's.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use thiserror::Error;

/// The most bytes of an origin: a name has 253 at most.
const MAX: usize = 300;

/// An origin, in the one form that browsers give it: lower case, and no port where it is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// A text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OriginError {
    /// It begins with neither `https://` nor `http://`.
    #[error("an origin begins with https:// or http://")]
    Scheme,
    /// Behind the host and its port stands more, such as a path.
    #[error("an origin ends with the host or its port, such as https://his.example:8443, without a path")]
    Rest,
    /// There is no host, or it has characters that no host has. A name in Chinese is written as `xn--`.
    #[error("an origin must have one host, of letters, digits, dots and hyphens; other names are written as xn--")]
    Host,
    /// The port is none.
    #[error("a port is a number from 1 to 65535")]
    Port,
}

impl Origin {
    /// That of pages which a server at this address gives over http.
    pub(crate) fn of_this_machine(address: SocketAddr) -> Self {
        Self(format!("http://{address}"))
    }

    /// As a browser writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text.len() > MAX {
            return Err(OriginError::Host);
        }
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or(OriginError::Scheme)?;
        let own_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(OriginError::Scheme),
        };
        if rest.contains(['/', '?', '#', '@']) {
            return Err(OriginError::Rest);
        }
        let (host, port) = host_and_port(rest)?;
        Ok(Self(match port {
            Some(port) if port != own_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }))
    }
}

/// The host and the port of a text such as `localhost:8080` or `[::1]`.
///
/// # Errors
/// It is none.
pub(crate) fn host_and_port(text: &str) -> Result<(&str, Option<u16>), OriginError> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            address.parse::<std::net::Ipv6Addr>().map_err(|_| OriginError::Host)?;
            let host = text.get(..address.len() + 2).ok_or(OriginError::Host)?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(OriginError::Rest)?) })
        }
        None => {
            let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
            let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if host.is_empty() || !host.bytes().all(good) {
                return Err(OriginError::Host);
            }
            (host, port)
        }
    };
    let port = port.map(|port| {
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        port.parse().ok().filter(|port| digits && *port > 0).ok_or(OriginError::Port)
    });
    Ok((host, port.transpose()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_a_browser_writes_it() {
        let read = |text: &str| text.parse::<Origin>().map(|origin| origin.0);
        for (text, written) in [
            ("https://his.example", "https://his.example"),
            ("HTTPS://His.Example:443", "https://his.example"),
            ("http://10.1.2.3:80", "http://10.1.2.3"),
            ("http://10.1.2.3:443", "http://10.1.2.3:443"),
            ("https://[::1]:8443", "https://[::1]:8443"),
            ("https://xn--gtvz22d.example", "https://xn--gtvz22d.example"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(written));
        }
        for (text, error) in [
            ("null", OriginError::Scheme),
            ("*", OriginError::Scheme),
            ("his.example", OriginError::Scheme),
            ("file://", OriginError::Scheme),
            ("https://his.example/", OriginError::Rest),
            ("https://his.example/reception", OriginError::Rest),
            ("https://me@his.example", OriginError::Rest),
            ("https://[::1]x", OriginError::Rest),
            ("https://", OriginError::Host),
            ("https://*.example", OriginError::Host),
            ("https://医院.example", OriginError::Host),
            ("https://a b", OriginError::Host),
            ("https://[1]", OriginError::Host),
            ("https://his.example:0", OriginError::Port),
            ("https://his.example:+1", OriginError::Port),
            ("https://his.example:65536", OriginError::Port),
            ("https://his.example:1:2", OriginError::Port),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
        assert_eq!(read(&format!("https://{}", "a".repeat(300))), Err(OriginError::Host));
    }
}
