//! Places for connections: so many in all, and so many for one address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::cause::Cause;
use crate::limits::Limits;

/// All places of a server.
pub(crate) struct Places {
    all: Arc<Semaphore>,
    connections: u32,
    per_address: u32,
    taken: Mutex<HashMap<IpAddr, u32>>,
}

/// A place, until it is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    address: IpAddr,
    _one: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            all: Arc::new(Semaphore::new(limits.connections as usize)),
            connections: limits.connections,
            per_address: limits.per_address,
            taken: Mutex::default(),
        })
    }

    /// A place for a client of this address.
    ///
    /// # Errors
    /// There is none: all are taken, or all that this address may have.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, Cause> {
        let address = network(address);
        let one = self.all.clone().try_acquire_owned().map_err(|_| Cause::Full)?;
        let mut taken = self.taken();
        let own = taken.entry(address).or_default();
        if *own >= self.per_address {
            return Err(Cause::Crowded);
        }
        *own += 1;
        drop(taken);
        Ok(Place { places: self.clone(), address, _one: one })
    }

    /// Waits until everybody has left, but not for longer than this.
    pub(crate) async fn until_empty(&self, patience: Duration) {
        let _ = timeout(patience, self.all.acquire_many(self.connections)).await;
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Entry::Occupied(mut own) = self.places.taken().entry(self.address) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

/// Whom an address stands for: in IPv6 a client has a network of 64 bits to itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_in_all_and_for_each_address_and_come_free_again() {
        let places = Places::new(&Limits { connections: 3, per_address: 2, ..Limits::default() });
        let take = |text: &str| places.take(text.parse().unwrap());
        let first = take("10.0.0.1").unwrap();
        let _second = take("::ffff:10.0.0.1").unwrap();
        assert_eq!(take("10.0.0.1").err(), Some(Cause::Crowded), "the same address, however it is written");
        let third = take("2001:db8::1").unwrap();
        assert_eq!(take("10.0.0.2").err(), Some(Cause::Full));
        drop(third);
        let _third = take("10.0.0.2").unwrap();
        drop(first);
        assert!(take("10.0.0.1").is_ok());
        assert_eq!(places.taken().len(), 2, "no address is kept that has no place");
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("2001:db8:1:3::1"), "2001:db8:1:3::");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
