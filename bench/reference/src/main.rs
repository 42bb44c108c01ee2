//! The far ends that the bench of nnrp-rx is compared with: `server` and `client` on the Rust runtime, and
//! `load`, which drives any NNRP server from one connection with packets that were made before.
//!
//! `nnrp-bench-reference MODE PARAMETERS`, the parameters as JSON. What it has to say are lines of JSON on
//! standard output; what it is asked are lines on standard input: `usage`, `run`, `stop`.

mod client;
mod latency;
mod load;
mod parent;
mod server;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap_or_default();
    let parameters = arguments.next().unwrap_or_else(|| "{}".into());
    match mode.as_str() {
        "server" => server::run(),
        "client" => client::run(serde_json::from_str(&parameters)?),
        "load" => load::run(serde_json::from_str(&parameters)?),
        other => Err(format!("there is no mode {other:?}; there are server, client and load").into()),
    }
}
