//! A session with a PostgreSQL server, in which every wait has a bound (docs/operating.md §2).
//!
//! A server that is busy and one that is no more look alike from here: neither says anything. So whoever has waited for a while asks
//! the server for another connection and for one answer. If it gives none, it is no more, and the session is given up, although its
//! socket may be as sound as ever; if it does, the statement may take its time, up to a bound that no statement needs.
//!
//! Not here: when a session is made anew, and what a loss means for a transaction (`postgres`).

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, NoTls, Row, Statement};

use super::failure::DatabaseError;
use super::place::Server;

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
    server: Server,
    /// `None` while it is dropped.
    client: Option<Client>,
    carrier: Option<Carrier>,
    prepared: HashMap<String, Statement>,
    runtime: Option<Runtime>,
}

impl Session {
    /// A new session, which has been given `settings`.
    ///
    /// # Errors
    /// The server does not let it in, or does not answer within the time that its address gives each host.
    pub(super) fn open(server: &Server, settings: &str) -> Result<Self, DatabaseError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(DatabaseError::System)?;
        let opened = runtime.block_on(async {
            let open = async {
                let (client, mut carrier) = connect(server).await?;
                carried(&mut carrier, client.batch_execute(settings)).await?;
                Ok::<_, DatabaseError>((client, carrier))
            };
            timeout(server.patience_of_all(), open).await.unwrap_or(Err(DatabaseError::Silent))
        });
        // What it still does, such as the look-up of a name, holds nobody up.
        let runtime = Some(runtime);
        let mut session =
            Self { server: server.clone(), client: None, carrier: None, prepared: HashMap::new(), runtime };
        let (client, carrier) = opened?;
        (session.client, session.carrier) = (Some(client), carrier);
        Ok(session)
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
        let Self { server, client: Some(client), carrier, prepared, runtime: Some(runtime) } = self else {
            return Err(DatabaseError::Lost);
        };
        let done = runtime.block_on(watched(server, longest, carried(carrier, work(client, prepared))));
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

async fn connect(server: &Server) -> Result<(Client, Option<Carrier>), DatabaseError> {
    let connected = match &server.encryption {
        None => {
            let (client, connection) = server.config.connect(NoTls).await?;
            (client, Some(Box::pin(connection) as Carrier))
        }
        Some(connector) => {
            let connected = server.config.connect(connector.clone()).await;
            let (client, connection) = connected.map_err(DatabaseError::of_connection)?;
            (client, Some(Box::pin(connection) as Carrier))
        }
    };
    Ok(connected)
}

/// Does `work` of a client's while its messages are carried; fails with what ends the connection.
async fn carried<T>(
    carrier: &mut Option<Carrier>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, DatabaseError> {
    let mut work = pin!(work);
    let done = std::future::poll_fn(|context| {
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

/// Does `work` as long as the server is there, and no longer than `longest`.
async fn watched<T>(
    server: &Server,
    longest: Duration,
    work: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    let mut work = pin!(work);
    let begun = Instant::now();
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = sleep(server.patience()) => {}
        }
        let there = tokio::select! {
            biased;
            done = &mut work => return done,
            there = is_there(server) => there,
        };
        if !there || begun.elapsed() > longest {
            return Err(DatabaseError::Silent);
        }
    }
}

/// Whether the server gives an answer to whoever comes now, be it that it lets nobody in.
async fn is_there(server: &Server) -> bool {
    let ask = async {
        let (client, mut carrier) = connect(server).await?;
        carried(&mut carrier, client.batch_execute("SELECT 1")).await
    };
    match timeout(server.patience_of_all(), ask).await {
        Ok(Err(error)) => error.is_answer(),
        Ok(Ok(())) => true,
        Err(_) => false,
    }
}
