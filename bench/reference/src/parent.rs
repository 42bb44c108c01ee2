//! What the bench asks and is told.

use std::io::{stdin, stdout, BufRead, Write};
use std::sync::mpsc::{channel, Receiver};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{json, Value};

pub fn tell(message: Value) {
    let mut output = stdout().lock();
    // A parent that is gone does not listen; standard input ends then, too.
    let _ = writeln!(output, "{message}").and_then(|()| output.flush());
}

/// Hears the parent on a thread of its own: answers `usage`, hands on each `run`; `stop` and the end of standard
/// input end the process.
pub fn listen() -> Receiver<()> {
    let (runs, asked) = channel();
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            match line.as_str() {
                "usage" => tell(json!({ "cpu": cpu_micros(), "at": now_micros() })),
                // A server does not run.
                "run" => drop(runs.send(())),
                "stop" => break,
                _ => {}
            }
        }
        std::process::exit(0);
    });
    asked
}

/// CPU of all threads so far, in user and in system.
pub fn cpu_micros() -> u64 {
    // SAFETY: a rusage is plain numbers, and the call fills in the one that it is given.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    micros(usage.ru_utime) + micros(usage.ru_stime)
}

fn micros(time: libc::timeval) -> u64 {
    time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64
}

fn now_micros() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros() as u64)
}

/// The phases of a run: until it is warm nothing counts, and once it has told what was counted nothing more is sent.
pub struct Phases {
    warm_at: Instant,
    end_at: Instant,
    cpu: u64,
    is_warm: bool,
    is_over: bool,
}

pub enum Phase {
    Unchanged,
    /// What was counted so far is to be forgotten.
    Warm,
    /// What was counted is to be told, with the seconds that it took and the CPU micros.
    Done {
        seconds: f64,
        cpu: u64,
    },
}

impl Phases {
    pub fn start(warm_ms: u64, run_ms: u64) -> Self {
        let warm_at = Instant::now() + std::time::Duration::from_millis(warm_ms);
        Self {
            warm_at,
            end_at: warm_at + std::time::Duration::from_millis(run_ms),
            cpu: 0,
            is_warm: false,
            is_over: false,
        }
    }

    /// Whether what is in flight is all that there will be.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// To be asked often: once for every read.
    pub fn advance(&mut self, now: Instant) -> Phase {
        if !self.is_warm && now >= self.warm_at {
            self.is_warm = true;
            self.end_at += now - self.warm_at;
            self.warm_at = now;
            self.cpu = cpu_micros();
            tell(json!({ "warm": true }));
            return Phase::Warm;
        }
        if self.is_warm && !self.is_over && now >= self.end_at {
            self.is_over = true;
            return Phase::Done {
                seconds: (now - self.warm_at).as_secs_f64(),
                cpu: cpu_micros() - self.cpu,
            };
        }
        Phase::Unchanged
    }
}
