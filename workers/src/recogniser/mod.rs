//! Text recognition (OCR): pages that are pictures are read by Tesseract, where it is installed.
//!
//! A page comes as drawn by our own parser process: no byte of a tenant's file reaches the recogniser. It runs in a process under limits of its own, which
//! [`recognise_page`] puts on itself before it becomes the recogniser.
mod child;
mod error;
mod languages;

pub use self::child::{COMMAND, recognise_page};
pub(crate) use self::error::RecogniserError;

use crate::child_process::{ChildLimits, Ended, Limits, Program, run};
use config::{RecognitionMode, RecognitionSettings};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// The hOCR of a page of small print is some 300 KB.
const OUTPUT_BYTES: usize = 8 << 20;
/// Finds lines that are turned, too; needs the data `osd`.
const SEGMENT_BY_DIRECTION: &str = "1";
const SEGMENT: &str = "3";
/// Tesseract's data for directions and scripts, which is no language.
const DIRECTIONS: &str = "osd";

/// Reads pages in child processes; cheap to clone.
#[derive(Clone, Debug)]
pub struct Recogniser {
    program: Arc<Path>,
    settings: Arc<RecognitionSettings>,
    installed: Arc<OnceCell<Installed>>,
}

/// The Tesseract of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    pub path: PathBuf,
    /// By Tesseract's names, such as `deu` and `chi_sim`.
    pub languages: Vec<String>,
    turned: bool,
}

/// A page to be read.
pub(crate) struct Page {
    /// PGM.
    pub(crate) picture: Vec<u8>,
    pub(crate) dots_per_inch: u32,
}

impl Recogniser {
    /// `program` is a `visualkit` of this version.
    #[must_use]
    pub fn new(program: PathBuf, settings: &RecognitionSettings) -> Self {
        Self {
            program: program.into(),
            settings: Arc::new(settings.clone()),
            installed: Arc::default(),
        }
    }

    /// The most pages of one document that are read.
    pub(crate) fn pages_max(&self) -> usize {
        self.settings.pages_max
    }

    /// For drawing all of them.
    pub(crate) fn drawing_time(&self) -> Duration {
        Duration::from_millis(self.settings.drawing_timeout_ms)
    }

    /// What pages are read with; `None` where it is switched off or not installed. Once found it is not looked for again.
    ///
    /// # Errors
    /// It is there, and cannot say what it reads.
    pub async fn installed(&self) -> Result<Option<&Installed>, String> {
        let path = match self.settings.mode {
            RecognitionMode::Off => None,
            RecognitionMode::Auto => find(&self.settings.program),
        };
        let Some(path) = path else { return Ok(None) };
        let installed = self.installed.get_or_try_init(|| self.ask(path)).await;
        installed.map(Some).map_err(|error| error.to_string())
    }

    async fn ask(&self, path: PathBuf) -> Result<Installed, RecogniserError> {
        let ended = self.run(&path, vec!["--list-langs".into()], Vec::new()).await?;
        let listed = String::from_utf8_lossy(&ended.output).into_owned();
        // A name a line, among a sentence that says where they are.
        let (directions, languages): (Vec<String>, Vec<String>) = listed
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty() && !line.contains(' '))
            .partition(|line| line == DIRECTIONS);
        if languages.is_empty() {
            return Err(RecogniserError::Unavailable {
                why: format!("{} has no language data", path.display()),
            });
        }
        tracing::info!(program = %path.display(), languages = languages.join(" "), "text recognition is installed");
        Ok(Installed {
            path,
            languages,
            turned: !directions.is_empty(),
        })
    }

    /// What pages of a base of this language (BCP 47) are read in, as Tesseract names it: `deu+eng`.
    pub(crate) fn languages(&self, with: &Installed, base: &str) -> String {
        languages::chosen(base, &self.settings.languages, &with.languages)
    }

    /// Reads a page in these [`languages`](Self::languages), as [hOCR](https://kba.github.io/hocr-spec/1.2/). Dropping the future kills the process.
    pub(crate) async fn read(&self, with: &Installed, page: Page, languages: &str) -> Result<String, RecogniserError> {
        let segment = if with.turned { SEGMENT_BY_DIRECTION } else { SEGMENT };
        let arguments = ["stdin", "stdout", "-l", languages, "--psm", segment, "--dpi"];
        let mut arguments: Vec<OsString> = arguments.into_iter().map(OsString::from).collect();
        arguments.push(page.dots_per_inch.to_string().into());
        arguments.extend(["-c", "tessedit_create_hocr=1"].map(OsString::from));
        let began = Instant::now();
        let ended = self.run(&with.path, arguments, page.picture).await;
        let outcome = ended.as_ref().map_or_else(RecogniserError::outcome, |_| "read");
        metrics::histogram!("recognition_duration_seconds", "outcome" => outcome).record(began.elapsed().as_secs_f64());
        String::from_utf8(ended?.output).map_err(|_| RecogniserError::Failed {
            how: "what it gave is not UTF-8".to_owned(),
        })
    }

    async fn run(&self, path: &Path, arguments: Vec<OsString>, input: Vec<u8>) -> Result<Ended, RecogniserError> {
        let settings = &self.settings;
        let mut environment = vec![("OMP_THREAD_LIMIT", "1".into())];
        // Where its data is, when an operator has put it elsewhere.
        environment.extend(of_this_machine("TESSDATA_PREFIX").map(|at| ("TESSDATA_PREFIX", at)));
        let program = Program {
            path: &self.program,
            command: COMMAND,
            arguments: std::iter::once(path.into()).chain(arguments).collect(),
            environment,
        };
        let limits = Limits {
            child: ChildLimits {
                memory_bytes: settings.memory_mb << 20,
                cpu_secs: settings.page_timeout_ms.div_ceil(1000) + 1,
            },
            time: Duration::from_millis(settings.page_timeout_ms),
            output_bytes: OUTPUT_BYTES,
        };
        let ended = run(&program, "", Arc::new(input), &limits).await?;
        if ended.status.success() {
            return Ok(ended);
        }
        Err(RecogniserError::of_exit(ended.status, &ended.complaints))
    }
}

/// Where a program is: by its path, or by its name in `PATH`.
fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    let path = of_this_machine("PATH")?;
    let places = std::env::split_paths(&path);
    places.map(|place| place.join(program)).find(|path| path.is_file())
}

#[expect(
    clippy::disallowed_methods,
    reason = "where programs and their data are is said by the machine, and is no setting of ours"
)]
fn of_this_machine(variable: &str) -> Option<OsString> {
    std::env::var_os(variable)
}
