//! Who is signed in on the page. A session is in memory only: the browser has a random number, this table the token, so the
//! token never goes back to the browser, and each request asks the centre anew whether somebody still holds it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::limits::Limits;

/// A signed-in browser.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) token: Zeroizing<String>,
    /// What each form carries, so that another site's form does not act for the operator.
    pub(crate) csrf: String,
    last: Instant,
}

impl Session {
    /// Whether a form carries what this session's forms carry.
    pub(crate) fn sent_it(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }
}

/// All sessions, by the hash of their random number.
pub(crate) struct Sessions {
    all: Mutex<HashMap<[u8; 32], Session>>,
    most: usize,
    idle: Duration,
}

/// The system has no random numbers.
#[derive(Debug)]
pub(crate) struct NoRandom;

impl Sessions {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { all: Mutex::default(), most: limits.sessions.max(1), idle: limits.session_for }
    }

    /// A new session for the holder of this token; returns its random number.
    pub(crate) fn begin(&self, token: &str) -> Result<String, NoRandom> {
        let (id, csrf) = (random()?, random()?);
        let mut all = self.lock();
        if all.len() >= self.most {
            let oldest = all.iter().min_by_key(|(_, session)| session.last).map(|(key, _)| *key);
            oldest.map(|key| all.remove(&key));
        }
        let session = Session { token: Zeroizing::new(token.into()), csrf, last: Instant::now() };
        all.insert(key(&id), session);
        Ok(id)
    }

    /// The session of this random number, which from now on was used.
    pub(crate) fn find(&self, id: &str) -> Option<Session> {
        let now = Instant::now();
        let mut all = self.lock();
        all.retain(|_, session| now.duration_since(session.last) < self.idle);
        let session = all.get_mut(&key(id))?;
        session.last = now;
        Some(session.clone())
    }

    /// Ends a session.
    pub(crate) fn end(&self, id: &str) {
        self.lock().remove(&key(id));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        // Nothing under this lock can leave the table half changed.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

/// 256 random bits in hex.
pub(crate) fn random() -> Result<String, NoRandom> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_when_it_is_idle_and_the_oldest_one_when_there_are_too_many() {
        let limits = Limits { sessions: 2, session_for: Duration::from_secs(60), ..Limits::default() };
        let sessions = Sessions::new(&limits);
        let mut ids = Vec::new();
        for token in ["one", "two", "three"] {
            ids.push(sessions.begin(token).unwrap());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let tokens = |sessions: &Sessions| {
            let found = ids.iter().map(|id| sessions.find(id).map(|session| session.token.to_string()));
            found.collect::<Vec<_>>()
        };
        assert_eq!(tokens(&sessions), [None, Some("two".into()), Some("three".into())]);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(sessions.find(&ids[2]).is_some());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(tokens(&sessions), [None, None, Some("three".into())], "a use keeps it alive");
        sessions.end(&ids[2]);
        assert!(sessions.find(&ids[2]).is_none());
    }

    #[test]
    fn only_the_sessions_own_form_is_accepted() {
        let sessions = Sessions::new(&Limits::default());
        let [one, other] = ["one", "two"].map(|token| sessions.find(&sessions.begin(token).unwrap()).unwrap());
        assert!(one.sent_it(&one.csrf));
        assert!(!one.sent_it(&other.csrf) && !one.sent_it("") && !one.sent_it(&one.csrf[1..]));
    }
}
