//! A PostgreSQL server of a test's own: in a temporary directory, reached over a socket in it, and stopped with its owner.
//!
//! Not here: what a centre does with it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where Debian has the programs of its PostgreSQL.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// The user of Debian's package. A server does not run as root.
const USER: &str = "postgres";
/// How long a server may take to begin or to end. A last watchdog: a second is usual.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much a server cares for what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// What it has confirmed is on the disk.
    Durable,
    /// Nothing is forced to the disk: for tests that do not cut it off.
    Hasty,
}

/// A server.
pub struct Postgres {
    folder: TempDir,
    child: Option<Child>,
    care: Care,
}

impl Postgres {
    /// A new server that listens.
    ///
    /// # Panics
    /// It cannot be made or started; the package `postgresql` has its programs.
    pub fn start(care: Care) -> Self {
        let mut new = Self::nowhere(care);
        let data = new.data();
        let made = program("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync"])
            .stdout(Stdio::null())
            .status()
            .unwrap_or_else(|error| panic!("initdb: {error}; install the package `postgresql`"));
        assert!(made.success(), "initdb failed");
        new.set_up();
        new.again();
        new
    }

    /// Another server with a copy of this one's files, made while this one works (`pg_basebackup`, with the log of what is written
    /// meanwhile). It does not run yet.
    ///
    /// # Panics
    /// It cannot be copied.
    pub fn copied(&self) -> Self {
        let copy = Self::nowhere(self.care);
        let mut backup = self.client("pg_basebackup");
        backup.arg("-D").arg(copy.data()).args(["--wal-method=stream", "--checkpoint=fast", "--no-sync"]);
        let made = backup.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        copy.set_up();
        copy
    }

    /// Stops it, and begins it again with this care.
    ///
    /// # Panics
    /// It does not come up in time.
    pub fn begin_again(&mut self, care: Care) {
        self.stop();
        self.care = care;
        self.set_up();
        self.again();
    }

    /// Its settings, for its own socket. Each line of its log that begins a record shows that.
    fn set_up(&self) {
        let durable = if self.care == Care::Durable { "on" } else { "off" };
        let settings = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nfsync = {durable}\nfull_page_writes = {durable}\n\
             synchronous_commit = {durable}\nmax_connections = 200\nshared_buffers = 64MB\nlog_min_messages = warning\n\
             log_line_prefix = '@@ '\n",
            self.folder.path().display()
        );
        fs::write(self.data().join("postgresql.auto.conf"), settings).unwrap();
    }

    /// A server that follows this one under a name, from a copy of all that it has.
    ///
    /// # Panics
    /// It cannot be made or started.
    pub fn standby(&self, name: &str) -> Self {
        let mut new = Self::nowhere(self.care);
        let from = format!("host={} user={USER} application_name={name}", self.folder.path().display());
        let mut copy = program("pg_basebackup");
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname", &from, "--pgdata"]);
        assert!(copy.arg(new.data()).status().is_ok_and(|status| status.success()), "pg_basebackup failed");
        new.configure(&format!("unix_socket_directories = '{}'\n", new.folder.path().display()));
        new.again();
        new
    }

    /// A folder for a server that has no files yet: somebody puts them into [`Postgres::data`].
    #[must_use]
    pub fn nowhere(care: Care) -> Self {
        Self { folder: folder(), child: None, care }
    }

    /// Adds lines to its settings, which it reads when it begins.
    ///
    /// # Panics
    /// They cannot be written.
    pub fn configure(&self, settings: &str) {
        let file = self.data().join("postgresql.auto.conf");
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(file, before + settings).unwrap();
    }

    /// A shell of the user who runs the server, which finds its programs and, by `PGHOST` and `PGUSER`, the server.
    ///
    /// # Panics
    /// There is no `PATH`.
    pub fn shell(&self) -> Command {
        let mut shell = as_its_user(Path::new("bash"));
        let path = std::env::var("PATH").unwrap();
        shell.env("PATH", format!("{PROGRAMS}:{path}")).env("PGHOST", self.folder.path()).env("PGUSER", USER);
        shell
    }

    /// A new folder of the user who runs the server.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn folder(&self) -> TempDir {
        folder()
    }

    /// Starts it again after [`Postgres::stop`] or [`Postgres::kill`].
    ///
    /// # Panics
    /// It does not come up in time.
    pub fn again(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let log = File::options().append(true).create(true).open(self.log()).unwrap();
        let child = program("postgres").arg("-D").arg(self.data()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.child = Some(child);
        let until = Instant::now() + PATIENCE;
        while !self.answers() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            let said = || self.said();
            assert!(ended.is_none() && Instant::now() < until, "the server does not come up: {}", said());
            std::thread::yield_now();
        }
    }

    fn answers(&self) -> bool {
        let asked = self.client("psql").args(["-X", "-q", "-c", "SELECT 1", "postgres"]).output();
        asked.is_ok_and(|asked| asked.status.success())
    }

    /// The address of a database over TCP, after [`Postgres::encrypt`] at this address of the machine.
    #[must_use]
    pub fn address_at(&self, host: &str, database: &str, query: &str) -> String {
        format!("postgres://{USER}@{host}/{database}?{query}")
    }

    /// Stops it as an operator would who cannot wait: transactions are broken off, everything else is kept.
    pub fn stop(&mut self) {
        self.end("INT");
    }

    /// Kills it with all its processes, as a failure of power would.
    pub fn kill(&mut self) {
        self.end("KILL");
    }

    /// Stops all its processes where they are: it takes connections, as the system does for it, and says nothing.
    ///
    /// # Panics
    /// It does not run.
    pub fn hold(&self) {
        // The first process first: it makes no more of them then.
        self.signal_all("STOP");
    }

    /// Lets it go on after [`Postgres::hold`].
    ///
    /// # Panics
    /// It does not run.
    pub fn let_go(&self) {
        self.signal_all("CONT");
    }

    fn signal_all(&self, signal: &str) {
        let first = self.child.as_ref().expect("it runs").id();
        assert!(tell(first, signal), "it runs");
        // One that has ended meanwhile needs no signal.
        children(first).into_iter().for_each(|child| _ = tell(child, signal));
    }

    /// Begins it again with a certificate and its key, both PEM: at this address of the machine, for encrypted connections alone.
    ///
    /// # Panics
    /// It does not come up in time.
    pub fn encrypt(&mut self, address: &str, certificate: &str, key: &str) {
        self.stop();
        let keys = [("server.crt", certificate), ("server.key", key)];
        for (name, text) in keys {
            let path = self.data().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            own(&path).unwrap();
        }
        let rules = "local all all trust\nhostssl all all 127.0.0.0/8 trust\n";
        fs::write(self.data().join("pg_hba.conf"), rules).unwrap();
        self.configure(&format!("listen_addresses = '{address}'\nssl = on\n"));
        self.again();
    }

    fn end(&mut self, signal: &str) {
        let Some(mut child) = self.child.take() else { return };
        let first = child.id();
        let mut others = Vec::new();
        if signal == "KILL" {
            // Each of its processes leads a group of its own. The first one is held, so that it makes no more of them meanwhile.
            tell(first, "STOP");
            others = children(first);
        }
        tell(first, signal);
        others.iter().for_each(|other| _ = tell(*other, signal));
        // Whoever was held takes a signal only then.
        [first].iter().chain(&children(first)).for_each(|held| _ = tell(*held, "CONT"));
        let until = Instant::now() + PATIENCE;
        while child.try_wait().is_ok_and(|ended| ended.is_none()) || others.iter().any(|other| lives(*other)) {
            if Instant::now() > until {
                let _ = child.kill();
                return;
            }
            std::thread::yield_now();
        }
    }

    /// A program of PostgreSQL's that talks to this server.
    pub fn client(&self, name: &str) -> Command {
        let mut client = program(name);
        client.env("PGHOST", self.folder.path()).env("PGUSER", USER).stdin(Stdio::null());
        client
    }

    /// Carries out statements in a database; what `psql` writes, without heads and lines.
    ///
    /// # Panics
    /// One failed.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let done = self
            .client("psql")
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statements])
            .output();
        let done = done.unwrap();
        assert!(done.status.success(), "{statements}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// A new, empty database.
    pub fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.address(name)
    }

    /// The address of a database.
    pub fn address(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={USER}", self.folder.path().display())
    }

    /// The address of a database at whichever of these servers may be written to. A second of silence is borne.
    #[must_use]
    pub fn address_of_the_first(servers: &[&Self], database: &str) -> String {
        let hosts: Vec<String> = servers.iter().map(|server| server.host().replace('/', "%2F")).collect();
        let hosts = hosts.join(",");
        format!("postgres://{USER}@{hosts}/{database}?target_session_attrs=read-write&connect_timeout=1")
    }

    /// Where it listens, as PostgreSQL's own programs are told (`PGHOST`).
    #[must_use]
    pub fn host(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// Whether it forces to the disk what it confirms.
    pub const fn care(&self) -> Care {
        self.care
    }

    /// The directory of its files.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it has written to its log.
    ///
    /// # Panics
    /// The log cannot be read.
    pub fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A program of PostgreSQL's, as that user.
fn program(name: &str) -> Command {
    as_its_user(&Path::new(PROGRAMS).join(name))
}

/// A program as the user who may run a server, in a group of its own.
fn as_its_user(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.process_group(0).current_dir("/");
    if rustix::process::getuid().is_root()
        && let Some((user, group)) = user()
    {
        command.uid(user).gid(group);
    }
    command
}

/// A new folder of the user who runs the server.
fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("qiyong-pg").tempdir().unwrap();
    own(folder.path()).unwrap();
    folder
}

/// The processes that this one has begun.
fn children(parent: u32) -> Vec<u32> {
    let of = |pid: u32| said_of(pid, "PPid:").and_then(|parent| parent.parse::<u32>().ok());
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| of(*pid) == Some(parent)).collect()
}

/// Whether a process is there and has not ended, whether or not somebody has taken notice of its end.
fn lives(pid: u32) -> bool {
    said_of(pid, "State:").is_some_and(|state| !state.starts_with(['Z', 'X']))
}

/// What the system says of a process under this name.
fn said_of(pid: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
}

/// Sends a process a signal; whether it was there.
fn tell(pid: u32, signal: &str) -> bool {
    let told = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).stderr(Stdio::null()).status();
    told.is_ok_and(|told| told.success())
}

/// Gives a file or a folder to the user of the server.
fn own(folder: &Path) -> io::Result<()> {
    if rustix::process::getuid().is_root()
        && let Some((user, group)) = user()
    {
        chown(folder, Some(user), Some(group))?;
    }
    Ok(())
}

fn user() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.split(':').next() == Some(USER))?;
    let mut ids = line.split(':').skip(2).map(str::parse);
    Some((ids.next()?.ok()?, ids.next()?.ok()?))
}
