//! `client <port>` asks, `rest <port>` does what else a client does; both print what they see. `server` prints its port
//! and answers.

mod client;
mod rest;
mod server;

use std::error::Error;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("client") => runtime.block_on(client::client(arguments[2].parse()?)),
        Some("rest") => runtime.block_on(rest::rest(arguments[2].parse()?)),
        Some("server") => runtime.block_on(server::server()),
        _ => Err("client <port>, rest <port>, or server".into()),
    }
}
