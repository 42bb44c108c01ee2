//! A peer on the Rust NNRP runtime, driven line by line.
//!
//! Each line on standard input is one command, `{"command": "accept", "handle": 1, "timeout_ms": 500}`;
//! each gets one line on standard output, `{"ok": ...}` or `{"error": {"kind", "message", "detail"?}}`, in
//! the same order. Commands run one after the other. The program ends when standard input does.
//!
//! What lives longer than a command (a server, a session, a socket) is named by a number, its handle. A
//! command that runs out of its time answers with the kind `Timeout`. If it only reads, its handle lives on
//! (but a packet that had arrived in part is lost with it); if it writes, its handle is dropped and the
//! connection with it, because a packet written in part cannot be continued.

mod client;
mod failure;
mod fields;
mod peer;
mod raw;
mod records;
mod server;

use std::io::{self, BufRead, Write};
use std::time::Duration;

use serde_json::{json, Map, Value};

use crate::failure::{Failure, Outcome};
use crate::peer::Peer;

const DEFAULT_TIMEOUT_MS: u64 = 5_000;
const LONGEST_TIMEOUT_MS: u64 = 60_000;

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut peer = Peer::default();
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let answer = match runtime.block_on(answer(&mut peer, &line?)) {
            Ok(value) => json!({ "ok": value }),
            Err(failure) => failure.to_json(),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

async fn answer(peer: &mut Peer, line: &str) -> Outcome {
    let mut arguments: Map<String, Value> = serde_json::from_str(line)
        .map_err(|error| Failure::bad_command(format!("the line is not a JSON object: {error}")))?;
    let Some(Value::String(command)) = arguments.remove("command") else {
        return Err(Failure::bad_command("the line names no command"));
    };
    let timeout_ms = match arguments.remove("timeout_ms") {
        None => DEFAULT_TIMEOUT_MS,
        Some(value) => value
            .as_u64()
            .filter(|milliseconds| (1..=LONGEST_TIMEOUT_MS).contains(milliseconds))
            .ok_or_else(|| {
                Failure::bad_command(format!(
                    "timeout_ms must be 1 to {LONGEST_TIMEOUT_MS}, not {value}"
                ))
            })?,
    };
    let written_handle = peer::writes(&command).then(|| arguments.get("handle").cloned());
    let time = Duration::from_millis(timeout_ms);
    match tokio::time::timeout(time, peer.run(&command, Value::Object(arguments))).await {
        Ok(outcome) => outcome,
        Err(_) => {
            if let Some(handle) = written_handle.flatten().and_then(|value| value.as_u64()) {
                peer.forget(handle);
            }
            Err(Failure::new(
                "Timeout",
                format!("{command} did not finish within {timeout_ms} ms"),
            ))
        }
    }
}
