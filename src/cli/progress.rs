//! A progress bar per stage on a terminal, plain lines elsewhere, JSON lines with `--json`.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Tells a person (or a log) which stage runs and how far it is.
pub struct Progress {
    voice: Voice,
    bar: Option<ProgressBar>,
    stage: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    Bars,
    Lines,
    Json,
}

impl Progress {
    pub fn new(json: bool) -> Progress {
        let voice = match (json, std::io::stderr().is_terminal()) {
            (true, _) => Voice::Json,
            (false, true) => Voice::Bars,
            (false, false) => Voice::Lines,
        };
        Progress { voice, bar: None, stage: "" }
    }

    /// Whether a machine listens.
    pub fn is_json(&self) -> bool {
        self.voice == Voice::Json
    }

    /// Begin a stage of `length` steps.
    pub fn stage(&mut self, name: &'static str, length: usize) {
        self.stage = name;
        if self.voice == Voice::Bars {
            let style = ProgressStyle::with_template("{prefix:<9} {bar:32} {pos:>3}/{len} {wide_msg}");
            let bar = ProgressBar::new(length as u64)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_prefix(name);
            bar.enable_steady_tick(Duration::from_millis(100));
            self.bar = Some(bar);
        }
    }

    /// One step of the stage is about to be done; `what` names it.
    pub fn step(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
            bar.inc(1);
        }
    }

    /// The stage is over; `result` is its one-line outcome.
    pub fn done(&mut self, result: &str) {
        match self.voice {
            Voice::Bars => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_with_message(result.to_owned());
                }
            }
            Voice::Lines => eprintln!("{:<9} {result}", self.stage),
            Voice::Json => {
                eprintln!(
                    "{}",
                    serde_json::json!({ "at": super::job::now().to_string(), "stage": self.stage, "result": result })
                );
            }
        }
    }
}
