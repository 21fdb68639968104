use crate::environment::variable;
use crate::workspace_root;
use std::collections::HashMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// PostgreSQL and Redis of one test's own, to be killed, frozen and wiped; stopped and deleted when dropped.
pub struct Servers {
    directory: TempDir,
    environment: HashMap<String, String>,
}

impl Servers {
    #[must_use]
    pub fn start() -> Self {
        Self::start_these(&[])
    }

    /// Only one of them: `postgres` or `redis`.
    #[must_use]
    pub fn start_one(server: &str) -> Self {
        Self::start_these(&[server])
    }

    fn start_these(servers: &[&str]) -> Self {
        let directory = tempfile::Builder::new().prefix("vk-servers-").tempdir().unwrap();
        dev(&["servers", "start"], directory.path(), servers);
        let environment = read_environment(&directory.path().join("env"));
        Self { directory, environment }
    }

    /// `DATABASE_URL`, `DATABASE_OWNER_URL`, `DATABASE_SYSTEM_URL`, `REDIS_URL`.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        &self.environment[name]
    }

    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Stops and starts one of them: `postgres` or `redis`.
    pub fn restart(&self, server: &str) {
        self.stop(server);
        self.start_again(server);
    }

    pub fn stop(&self, server: &str) {
        dev(&["servers", "stop"], self.directory.path(), &[server]);
    }

    /// Kills one of them: neither it nor its children get to do anything more.
    pub fn kill(&self, server: &str) {
        let pid = std::fs::read_to_string(self.directory.path().join("run").join(format!("{server}.pid")))
            .expect("it was started");
        let status = Command::new("kill").args(["-KILL", pid.trim()]).status();
        assert!(status.expect("kill runs").success(), "cannot kill {server}");
    }

    pub fn start_again(&self, server: &str) {
        dev(&["servers", "start"], self.directory.path(), &[server]);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        dev(&["servers", "remove"], self.directory.path(), &[]);
    }
}

fn dev(verb: &[&str], directory: &Path, rest: &[&str]) {
    let output = Command::new(workspace_root().join("dev"))
        .args(verb)
        .arg(directory)
        .args(rest)
        .stdin(Stdio::null())
        .output()
        .expect("./dev runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "./dev {verb:?} {rest:?} failed: {}{said}",
        String::from_utf8_lossy(&output.stdout)
    );
}

fn read_environment(path: &Path) -> HashMap<String, String> {
    let text = std::fs::read_to_string(path).expect("./dev servers start writes env");
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A `visualkit` process; killed when dropped.
pub struct Process {
    child: Child,
    pub log: PathBuf,
}

impl Process {
    /// Starts `visualkit` with these arguments and environment, and nothing else of this process's environment.
    #[must_use]
    pub fn start(arguments: &[&str], environment: &[(&str, &str)], log: &Path) -> Self {
        let file = std::fs::File::create(log).unwrap();
        let child = command(arguments, environment)
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .expect("visualkit starts");
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Starts it with nobody to read what it prints; what it complains of is in the log.
    #[must_use]
    pub fn start_unread(arguments: &[&str], environment: &[(&str, &str)], log: &Path) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command(arguments, environment)
            .stdout(writer)
            .stderr(std::fs::File::create(log).unwrap())
            .spawn()
            .expect("visualkit starts");
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Runs `visualkit` to its end.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let output = command(arguments, environment).output().expect("visualkit runs");
        let (out, error) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "visualkit {arguments:?} failed: {out}{error}");
        out.into_owned()
    }

    /// SIGKILL: it is dead when this returns.
    pub fn kill(&mut self) {
        self.child.kill().expect("it was started");
        self.wait();
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Runs `visualkit` to its end, whatever that is: the exit code, what it printed, what it complained of.
    #[must_use]
    pub fn outcome(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let output = command(arguments, environment).output().expect("visualkit runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// Its process id, which is part of the names of its workers.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `KILL`, `TERM`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(status.expect("kill runs").success(), "cannot signal the process");
    }

    /// Waits for the end and says whether it was a clean one.
    pub fn wait(&mut self) -> bool {
        self.child.wait().expect("the process can be waited for").success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `visualkit` with this environment and nothing else, but on the [backend](dispatch_backend) that the tests run on.
fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary());
    let backend = dispatch_backend().map(|backend| ("VISUALKIT__DISPATCH__BACKEND", backend));
    command
        .args(arguments)
        .env_clear()
        .envs(backend)
        .envs(environment.iter().copied())
        .current_dir(workspace_root())
        .stdin(Stdio::null());
    command
}

/// What brings ids to workers, in this process and in those that are started, when it is not the default.
#[must_use]
pub fn dispatch_backend() -> Option<String> {
    variable("TEST_DISPATCH_BACKEND")
}

/// A port that nobody listens on; somebody else may take it first, which ends the test and says so.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A port that nobody listens on, out of the kernel's reach for outgoing connections: it is still free after the process that had it is dead.
#[must_use]
pub fn lasting_port() -> u16 {
    let from = u16::try_from(std::process::id() % 10_000).unwrap_or(0);
    let mut ports = (0..10_000).map(|offset| 20_000 + (from + offset) % 10_000);
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("one of them is free")
}

/// Where a process finds the model and its runtime, as environment variables.
#[must_use]
pub fn model_settings() -> Vec<(String, String)> {
    let path = |name: &str, default: &str| {
        let path = variable(name).map_or_else(|| workspace_root().join(default), PathBuf::from);
        path.display().to_string()
    };
    vec![
        (
            "VISUALKIT__MODELS__DIR".to_owned(),
            path("VISUALKIT_MODELS_DIR", ".dev/tools/models"),
        ),
        (
            "VISUALKIT__MODELS__ONNXRUNTIME".to_owned(),
            path("VISUALKIT_ONNXRUNTIME", ".dev/tools/onnxruntime/libonnxruntime.so"),
        ),
    ]
}

/// The binary that `cargo build -p cli` made beside the tests'.
#[must_use]
pub fn binary() -> PathBuf {
    if let Some(path) = variable("VISUALKIT_BIN") {
        return PathBuf::from(path);
    }
    let here = std::env::current_exe().expect("a test knows where it is");
    let built = here
        .ancestors()
        .nth(2)
        .expect("tests are in target/<profile>/deps")
        .join("visualkit");
    assert!(
        built.exists(),
        "{} is not there: run cargo build -p cli first",
        built.display()
    );
    built
}
