//! A session with a PostgreSQL server, in which every wait has a bound (docs/operating.md §2).
//!
//! A server that is busy and one that is no more look alike from here: neither says anything. So whoever has waited for a while asks
//! the server for another connection and for one answer. If it gives none, it is no more, and the session is given up, although its
//! socket may be as sound as ever; if it does, the statement may take its time, up to a bound that no statement needs.
//!
//! An address may name several servers. The first that lets the session in, and is of the kind that the address asks for, has it; each
//! is given its own time, so that one that is silent does not take the others'. Whoever waits asks the one that has the session: another
//! may answer because it has taken that one's place.
//!
//! Not here: when a session is made anew, and what a loss means for a transaction (`postgres`).

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::error::Severity;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::DatabaseError;
use super::place::{Server, patience};

/// Longer than the server lets any statement take (`SESSION`, statement_timeout) and whoever waits for it.
const LONGEST: Duration = Duration::from_secs(11 * 60);
/// A script of a migration has many statements.
const LONGEST_SCRIPT: Duration = Duration::from_secs(3600);
/// How long a good-bye may take, which needs nothing of the server.
const FAREWELL: Duration = Duration::from_secs(1);

/// What carries a session's messages. It ends with the session.
type Carrier = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A session.
pub(super) struct Session {
    /// The one of its hosts that let the session in.
    host: Config,
    encryption: Option<MakeRustlsConnect>,
    /// `None` while it is dropped.
    client: Option<Client>,
    carrier: Option<Carrier>,
    /// The server has warned of something since this was last cleared.
    warned: Arc<AtomicBool>,
    prepared: HashMap<String, Statement>,
    runtime: Option<Runtime>,
}

impl Session {
    /// A new session, which has been given `settings`.
    ///
    /// # Errors
    /// No host lets it in, or answers within the time that the address gives each: what the last one met.
    pub(super) fn open(server: &Server, settings: &str) -> Result<Self, DatabaseError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(DatabaseError::System)?;
        let warned = Arc::new(AtomicBool::new(false));
        let opened = runtime.block_on(async {
            let mut met = DatabaseError::Silent;
            for host in server.hosts() {
                match greet(&host, server.encryption.as_ref(), settings, &warned).await {
                    Ok((client, carrier)) => return Ok((host, client, carrier)),
                    Err(error) => met = error,
                }
            }
            Err::<(Config, Client, Option<Carrier>), _>(met)
        });
        match opened {
            Ok((host, client, carrier)) => {
                let (client, prepared, runtime) = (Some(client), HashMap::new(), Some(runtime));
                Ok(Self { host, encryption: server.encryption.clone(), client, carrier, warned, prepared, runtime })
            }
            Err(error) => {
                // What it still does, such as the look-up of a name, holds nobody up.
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Whether it is of no use any more.
    pub(super) fn is_closed(&self) -> bool {
        self.carrier.is_none() || self.client.as_ref().is_none_or(Client::is_closed)
    }

    /// Carries out a statement; how many rows it changed.
    ///
    /// # Errors
    /// The server refused it, or is gone.
    pub(super) fn execute(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, DatabaseError> {
        self.carry_out(LONGEST, async |client, prepared| {
            let statement = prepare(client, prepared, sql).await?;
            client.execute(&statement, values).await
        })
    }

    /// The names of a statement's columns, and the rows that it finds.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub(super) fn query(
        &mut self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<(Vec<String>, Vec<Row>), DatabaseError> {
        self.carry_out(LONGEST, async |client, prepared| {
            let statement = prepare(client, prepared, sql).await?;
            let columns = statement.columns().iter().map(|column| column.name().to_owned()).collect();
            Ok((columns, client.query(&statement, values).await?))
        })
    }

    /// Carries out a statement without parameters, or a few.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.carry_out(LONGEST, async |client, _| client.batch_execute(sql).await)
    }

    /// Ends a transaction, by a script that does.
    ///
    /// # Errors
    /// As [`Session::execute`]; and the server has warned of something, as it does when it was told not to wait for its standby any
    /// more ([`DatabaseError::Warned`]).
    pub(super) fn commit(&mut self, script: &str) -> Result<(), DatabaseError> {
        self.warned.store(false, Ordering::Relaxed);
        self.batch(script)?;
        if self.warned.load(Ordering::Relaxed) { Err(DatabaseError::Warned) } else { Ok(()) }
    }

    /// Carries out a script.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub(super) fn script(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.carry_out(LONGEST_SCRIPT, async |client, _| client.batch_execute(sql).await)
    }

    fn carry_out<T>(
        &mut self,
        longest: Duration,
        work: impl AsyncFnOnce(&Client, &mut HashMap<String, Statement>) -> Result<T, Error>,
    ) -> Result<T, DatabaseError> {
        let Self { host, encryption, client: Some(client), carrier, prepared, runtime: Some(runtime), .. } = self
        else {
            return Err(DatabaseError::Lost);
        };
        let work = carried(carrier, work(client, prepared));
        let done = runtime.block_on(watched(host, encryption.as_ref(), longest, work));
        if matches!(done, Err(DatabaseError::Silent)) {
            // It is not asked to take its leave, either.
            self.carrier = None;
        }
        done
    }
}

/// Takes its leave, so that the server need not find out; what was not committed is taken back there.
impl Drop for Session {
    fn drop(&mut self) {
        self.client = None;
        let Some(runtime) = self.runtime.take() else { return };
        if let Some(carrier) = self.carrier.take()
            && Handle::try_current().is_err()
        {
            let _ = runtime.block_on(async { timeout(FAREWELL, carrier).await });
        }
        runtime.shutdown_background();
    }
}

async fn prepare(client: &Client, kept: &mut HashMap<String, Statement>, sql: &str) -> Result<Statement, Error> {
    if let Some(statement) = kept.get(sql) {
        return Ok(statement.clone());
    }
    let statement = client.prepare(sql).await?;
    kept.insert(sql.to_owned(), statement.clone());
    Ok(statement)
}

/// A connection to this host, which has been told `words`, within its time.
async fn greet(
    host: &Config,
    encryption: Option<&MakeRustlsConnect>,
    words: &str,
    warned: &Arc<AtomicBool>,
) -> Result<(Client, Option<Carrier>), DatabaseError> {
    let greet = async {
        let (client, mut carrier) = connect(host, encryption, warned).await?;
        carried(&mut carrier, client.batch_execute(words)).await?;
        Ok::<_, DatabaseError>((client, carrier))
    };
    timeout(patience(host), greet).await.unwrap_or(Err(DatabaseError::Silent))
}

async fn connect(
    host: &Config,
    encryption: Option<&MakeRustlsConnect>,
    warned: &Arc<AtomicBool>,
) -> Result<(Client, Option<Carrier>), DatabaseError> {
    let connected = match encryption {
        None => {
            let (client, connection) = host.connect(NoTls).await?;
            (client, carrier(connection, warned))
        }
        Some(connector) => {
            let connected = host.connect(connector.clone()).await;
            let (client, connection) = connected.map_err(DatabaseError::of_connection)?;
            (client, carrier(connection, warned))
        }
    };
    Ok(connected)
}

/// Carries a connection's messages to its end, and notes that the server warns of something.
fn carrier<S, T>(mut connection: Connection<S, T>, warned: &Arc<AtomicBool>) -> Option<Carrier>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let warned = Arc::clone(warned);
    Some(Box::pin(async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notice(notice) = message?
                && notice.parsed_severity() == Some(Severity::Warning)
            {
                warned.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }))
}

/// Does `work` of a client's while its messages are carried; fails with what ends the connection.
async fn carried<T>(
    carrier: &mut Option<Carrier>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, DatabaseError> {
    let mut work = pin!(work);
    let done = poll_fn(|context| {
        if let Some(carries) = carrier
            && let Poll::Ready(ended) = carries.as_mut().poll(context)
        {
            *carrier = None;
            if let Err(error) = ended {
                return Poll::Ready(Err(error));
            }
        }
        work.as_mut().poll(context)
    });
    Ok(done.await?)
}

/// Does `work` as long as the host is there, and no longer than `longest`.
async fn watched<T>(
    host: &Config,
    encryption: Option<&MakeRustlsConnect>,
    longest: Duration,
    work: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    let mut work = pin!(work);
    let begun = Instant::now();
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = sleep(patience(host)) => {}
        }
        let there = tokio::select! {
            biased;
            done = &mut work => return done,
            there = is_there(host, encryption) => there,
        };
        if !there || begun.elapsed() > longest {
            return Err(DatabaseError::Silent);
        }
    }
}

/// Whether the host gives an answer to whoever comes now, be it that it lets nobody in.
async fn is_there(host: &Config, encryption: Option<&MakeRustlsConnect>) -> bool {
    match greet(host, encryption, "SELECT 1", &Arc::default()).await {
        Ok(_) => true,
        Err(error) => error.is_answer(),
    }
}
