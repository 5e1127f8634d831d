//! The package of Debian on a fresh system, which has what every Debian has and nothing else: it installs, the demo says what it says
//! here, pages and completions are found, and what is removed leaves nothing.
//!
//! The system comes from the mirror that this machine's apt is set up with. Making it and being in it is for root.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use super::build::Parts;
use super::pack;
use crate::chores::debian::{self, as_root};
use crate::chores::step;

/// How long the mirror may take, in seconds, while programs are built beside it.
const PATIENCE: &str = "900";
/// What `timeout` ends with when it has ended a program.
const TIMED_OUT: i32 = 124;
/// Where dpkg keeps what it knows and has done, which grows by each package.
const ITS_OWN: [&str; 4] = ["./var/lib/dpkg", "./var/log", "./var/cache", "./proc"];
/// Files that no package may lack.
const MUST_HAVE: [&str; 9] = [
    "/usr/bin/qiyong",
    "/usr/share/man/man1/qiyong.1.gz",
    "/usr/share/bash-completion/completions/qiyong",
    "/usr/share/zsh/vendor-completions/_qiyong",
    "/usr/share/fish/vendor_completions.d/qiyong.fish",
    "/usr/share/qiyong/rp2040/harness.mjs",
    "/usr/share/doc/qiyong/copyright",
    "/usr/share/doc/qiyong/docs/first-purchase.svg",
    "/usr/share/doc/qiyong/docs/schemas/README.md",
];

/// A system that is being made.
pub(super) struct Root {
    at: PathBuf,
    making: Child,
    said: PathBuf,
}

/// A system that is there. It is removed in the end.
pub(super) struct Fresh(PathBuf);

/// How a tree of a package is spoilt, and what is said of that.
type Fault = (&'static str, fn(&Path) -> Result<()>, &'static str);

/// What must be noticed.
const FAULTS: [Fault; 4] = [
    (
        "a page of the manual is missing",
        |tree| Ok(fs::remove_file(tree.join("usr/share/man/man1/qiyong-demo.1.gz"))?),
        "qiyong-demo.1.gz is not in it",
    ),
    (
        "a file is not the one whose sum is there",
        |tree| Ok(fs::write(tree.join("usr/share/doc/qiyong/third-party"), "")?),
        "sums differ",
    ),
    (
        "something is left behind",
        |tree| {
            let script = tree.join("DEBIAN/postinst");
            fs::write(&script, "#!/bin/sh\ntouch /usr/share/left-behind\n")?;
            Ok(fs::set_permissions(script, std::os::unix::fs::PermissionsExt::from_mode(0o755))?)
        },
        "left-behind",
    ),
    (
        "something is needed that no Debian has",
        |tree| {
            let control = tree.join("DEBIAN/control");
            let said = fs::read_to_string(&control)?;
            Ok(fs::write(&control, said.replace("Section:", "Depends: libqiyong0\nSection:"))?)
        },
        "libqiyong0",
    ),
];

impl Root {
    /// Begins to make one, while others do something else.
    pub(super) fn begin(at: &Path) -> Result<Self> {
        remove(at)?;
        let folder = at.parent().context("a folder for the root")?;
        fs::create_dir_all(folder)?;
        let (sources, codename) = mirror()?;
        let said = folder.join("root.log");
        let mut make = as_root("timeout");
        make.args(["--kill-after=10", PATIENCE, "mmdebstrap"]).args([
            "--variant=essential",
            "--quiet",
            "--aptopt=Acquire::Languages \"none\"",
        ]);
        // What apt is told about the way to its mirrors here.
        let way = step::ask(step::command("apt-config").arg("dump")).unwrap_or_default();
        let way = way.lines().filter(|line| line.starts_with("Acquire::http") && !line.contains("::User-Agent"));
        make.args(way.map(|line| format!("--aptopt={line}")));
        make.arg(&codename).arg(at).arg(sources);
        step::say(format!("making a fresh {codename} by mmdebstrap, meanwhile"));
        let out = File::create(&said)?;
        let making = make.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).spawn();
        Ok(Self { at: at.into(), making: making.context("cannot start mmdebstrap")?, said })
    }

    /// Waits for it.
    pub(super) fn finish(mut self) -> Result<Fresh> {
        let (begin, fresh) = (Instant::now(), Fresh(self.at.clone()));
        let status = self.making.wait()?;
        ensure!(
            status.code() != Some(TIMED_OUT),
            "no fresh root within {PATIENCE} s: {}",
            fs::read_to_string(&self.said)?
        );
        ensure!(status.success(), "mmdebstrap: {status}: {}", fs::read_to_string(&self.said)?);
        step::say(format!("the fresh root was waited for {:.1} s", begin.elapsed().as_secs_f64()));
        Ok(fresh)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // It has ended, unless what was built meanwhile failed; then it ends by itself.
        if matches!(self.making.try_wait(), Ok(None)) {
            let _ = self.making.wait();
            let _ = remove(&self.at);
        }
    }
}

impl Fresh {
    /// The package of the tree `deb` in this folder: as it is it passes, and with each fault it does not.
    pub(super) fn try_package(&self, folder: &Path, parts: &Parts) -> Result<()> {
        let pages: Vec<&str> = parts.pages.iter().map(|(page, _)| page.as_str()).collect();
        let demo = Command::new(&parts.qiyong).arg("demo").output()?;
        ensure!(demo.status.success() && demo.stdout.len() > 1000, "the demo itself: {}", demo.status);
        let begin = Instant::now();
        let sound = format!("qiyong_{}_amd64.deb", env!("CARGO_PKG_VERSION"));
        self.check(&folder.join(sound), &pages, &demo.stdout).context("the package of Debian")?;
        println!(
            "the package of Debian on a fresh root: installed, run and removed in {:.1} s",
            begin.elapsed().as_secs_f64()
        );
        let before = self.files()?;
        for (fault, spoil, words) in FAULTS {
            let spoilt = folder.join("spoilt");
            if spoilt.exists() {
                fs::remove_dir_all(&spoilt)?;
            }
            step::run(step::command("cp").args(["-a", "--reflink=auto"]).arg(folder.join("deb")).arg(&spoilt))?;
            spoil(&spoilt)?;
            pack::deb(folder, "spoilt", "spoilt.deb", 0, "1")?;
            let found = self.check(&folder.join("spoilt.deb"), &pages, &demo.stdout);
            let Err(found) = found else { bail!("nobody noticed that {fault}") };
            ensure!(format!("{found:#}").contains(words), "{fault}: what was noticed is another thing: {found:#}");
            println!("{fault}: {found:#}");
            self.inside(&["dpkg", "--purge", "qiyong"])?;
            self.inside(&["rm", "-f", "/usr/share/left-behind", "/tmp/qiyong.deb"])?;
            ensure!(self.files()? == before, "{fault}: the system could not be made what it was");
        }
        Ok(())
    }

    /// Installs this package, uses it, and removes it.
    fn check(&self, deb: &Path, pages: &[&str], demo: &[u8]) -> Result<()> {
        let before = self.files()?;
        let copied = as_root("cp").arg(deb).arg(self.0.join("tmp/qiyong.deb")).status()?;
        ensure!(copied.success(), "cp: {copied}");
        self.says(&["dpkg", "--install", "/tmp/qiyong.deb"])?;
        let listed = self.says(&["dpkg", "--listfiles", "qiyong"])?;
        let listed: BTreeSet<_> = listed.lines().collect();
        for page in pages {
            let page = format!("/usr/share/man/man1/{page}.gz");
            ensure!(listed.contains(&*page), "{page} is not in it");
        }
        for file in MUST_HAVE {
            ensure!(listed.contains(file), "{file} is not in it");
        }
        let differs = self.inside(&["dpkg", "--verify", "qiyong"])?;
        ensure!(differs.stdout.is_empty(), "sums differ: {}", String::from_utf8_lossy(&differs.stdout).trim());
        let played = self.inside(&["qiyong", "demo"])?;
        ensure!(played.status.success() && played.stdout == demo, "the demo is another one: {}", told(&played));
        let completes =
            self.says(&["bash", "-c", ". /usr/share/bash-completion/completions/qiyong && complete -p qiyong"])?;
        ensure!(completes.contains("_qiyong"), "bash completes by {completes}");
        for page in ["qiyong", "qiyong-centre-serve"] {
            let found = step::ask(step::command("man").arg("-M").arg(self.0.join("usr/share/man")).args(["-w", page]));
            ensure!(found.is_some_and(|path| path.ends_with(&format!("{page}.1.gz"))), "man finds no page {page}");
        }
        self.says(&["dpkg", "--remove", "qiyong"])?;
        self.says(&["rm", "/tmp/qiyong.deb"])?;
        let after = self.files()?;
        let left: Vec<_> = before.symmetric_difference(&after).collect();
        ensure!(left.is_empty(), "when it is gone, the system differs in {left:?}");
        Ok(())
    }

    /// Every file and folder that dpkg does not keep for itself.
    fn files(&self) -> Result<BTreeSet<String>> {
        let mut find = as_root("find");
        let output = find.current_dir(&self.0).arg(".").stdin(Stdio::null()).output()?;
        let all = String::from_utf8_lossy(&output.stdout).into_owned();
        let ours = |path: &&str| !ITS_OWN.iter().any(|folder| Path::new(path).starts_with(folder));
        let files: BTreeSet<_> = all.lines().filter(ours).map(str::to_owned).collect();
        ensure!(files.len() > 1000, "{} files are no system", files.len());
        Ok(files)
    }

    /// What a program in there prints.
    fn says(&self, command: &[&str]) -> Result<String> {
        let output = self.inside(command)?;
        ensure!(output.status.success(), "{}: {}", command.join(" "), told(&output));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn inside(&self, command: &[&str]) -> Result<Output> {
        let mut chroot = as_root("chroot");
        chroot.arg(&self.0).args(command).env("LC_ALL", "C.UTF-8").env("DEBIAN_FRONTEND", "noninteractive");
        chroot.stdin(Stdio::null()).output().with_context(|| command.join(" "))
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = remove(&self.0);
    }
}

/// The file in which apt has the archive of this Debian, with how it is signed, and the Debian's name.
fn mirror() -> Result<(String, String)> {
    let codename = debian::codename().context("/etc/os-release names no Debian, which this is tried on")?;
    let known = || {
        let entry = debian::source("$(COMPONENT) $(CODENAME) $(SOURCESENTRY)", &format!("main {codename}"))?;
        // Behind the colon stands where in the file.
        Some(entry.rsplit_once(':').map(|(file, _)| file.to_owned()).unwrap_or(entry))
    };
    let sources = known().or_else(|| {
        debian::apt_get(&["update"]);
        known()
    });
    Ok((sources.with_context(|| format!("apt has no mirror with main of {codename}"))?, codename))
}

fn remove(at: &Path) -> Result<()> {
    if !at.exists() {
        return Ok(());
    }
    let status = as_root("rm").arg("-rf").arg("--one-file-system").arg(at).status()?;
    ensure!(status.success(), "cannot remove {}: root, or sudo without a password, is needed", at.display());
    Ok(())
}

fn told(output: &Output) -> String {
    format!("{} {}", output.status, String::from_utf8_lossy(&output.stderr).trim())
}
