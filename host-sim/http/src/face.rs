//! What every request of this face shares: the acts, the centre behind its queue, and the figures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use prometheus_client::registry::Registry;
use serde_json::Value;

use qiyong_centre::acts::refusal::Refusal;

use crate::acts::{Act, Acts};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::openapi;
use crate::page::session::Sessions;
use crate::problem::Problem;
use crate::rate::Rate;
use crate::recent::Recent;
use crate::writer::Writer;

/// One server's state.
pub(crate) struct Face<A> {
    pub(crate) acts: BTreeMap<&'static str, Act>,
    pub(crate) writer: Writer<A>,
    pub(crate) limits: Limits,
    pub(crate) rate: Rate,
    pub(crate) metrics: Metrics,
    pub(crate) sessions: Sessions,
    /// The last hour of `metrics`.
    pub(crate) recent: Recent,
    /// `/openapi.json`.
    pub(crate) document: String,
    /// The fields that are amounts in fen.
    pub(crate) money: BTreeSet<String>,
}

impl<A: Acts> Face<A> {
    /// `others` are the figures of other faces of the centre.
    pub(crate) fn new(centre: A, limits: Limits, others: Vec<Arc<Registry>>) -> Arc<Self> {
        let acts: BTreeMap<_, _> = centre.acts().iter().map(|entry| (entry.name, Act::of(entry))).collect();
        Arc::new(Self {
            document: openapi::document(acts.values()).to_string(),
            money: acts.values().flat_map(|act| act.shapes.money()).collect(),
            acts,
            writer: Writer::new(centre, limits),
            rate: Rate::new(&limits),
            metrics: Metrics::new(others),
            sessions: Sessions::new(&limits),
            recent: Recent::new(),
            limits,
        })
    }

    /// Lets the holder of this token carry out an act; says who that is, for the log.
    pub(crate) async fn carry_out(
        &self,
        token: &str,
        act: &'static str,
        request: Value,
        key: Option<String>,
    ) -> Result<(String, Result<Value, Refusal>), Problem> {
        let token = token.to_string();
        let job = move |acts: &mut A| {
            let Some(holder) = acts.holder(&token)? else {
                return Ok::<_, Refusal>(None);
            };
            let done = acts.carry_out(&holder, act, request, key.as_deref());
            Ok(Some((A::name(&holder).to_string(), done)))
        };
        self.writer.with(job).await??.ok_or_else(Problem::no_token)
    }

    /// The answers of several acts that only read, in one turn.
    pub(crate) async fn read_all(
        &self,
        token: &str,
        requests: Vec<(&'static str, Value)>,
    ) -> Result<Vec<Value>, Problem> {
        let token = token.to_string();
        let job = move |acts: &mut A| {
            let Some(holder) = acts.holder(&token)? else {
                return Ok::<_, Refusal>(None);
            };
            let answers = requests.into_iter().map(|(act, request)| acts.carry_out(&holder, act, request, None));
            answers.collect::<Result<_, _>>().map(Some)
        };
        self.writer.with(job).await??.ok_or_else(Problem::no_token)
    }

    /// Whether anybody holds this token.
    pub(crate) async fn is_held(&self, token: &str) -> Result<bool, Problem> {
        let token = token.to_string();
        Ok(self.writer.with(move |acts: &mut A| acts.holder(&token)).await??.is_some())
    }
}

/// The bearer token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (one, None) = (all.next()?, all.next()) else {
        return None;
    };
    let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
