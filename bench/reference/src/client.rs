//! The runtime's client, with as many operations in flight as the window says.

use std::collections::VecDeque;
use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Instant;

use nnrp_core::{FrameSubmitMetadata, FRAME_SUBMIT_METADATA_LEN};
use nnrp_runtime::{NnrpClient, NnrpClientConfig, NnrpClientSession};
use serde_json::json;

use crate::latency::Latency;
use crate::load::{tell_result, LoadParameters};
use crate::parent::{listen, tell, Phase, Phases};

pub fn run(parameters: LoadParameters) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(submit_and_await(parameters))
}

async fn submit_and_await(parameters: LoadParameters) -> Result<(), Box<dyn Error>> {
    let asked = listen();
    let address = (Ipv4Addr::LOCALHOST, parameters.port);
    let client = NnrpClient::connect_tcp(address, NnrpClientConfig::default()).await?;
    let mut session = client.open_session().await?;
    tell(json!({ "ready": true }));
    // Waits on the only thread: at rest there is nothing else to do.
    while asked.recv().is_ok() {
        run_once(parameters, &mut session).await?;
        tell(json!({ "rests": true }));
    }
    Ok(())
}

async fn run_once(parameters: LoadParameters, session: &mut NnrpClientSession) -> Result<(), Box<dyn Error>> {
    let metadata = FrameSubmitMetadata::parse(&[0; FRAME_SUBMIT_METADATA_LEN])?;
    let mut latency = Latency::new();
    let mut phases = Phases::start(parameters.warm_ms, parameters.run_ms);
    let mut sent = VecDeque::new();
    for _ in 0..parameters.window {
        session.submit(metadata, vec![0; parameters.body_bytes]).await?;
        sent.push_back(Instant::now());
    }
    // The echo answers in order.
    while let Some(at) = sent.pop_front() {
        session.await_result().await?;
        let now = Instant::now();
        latency.record((now - at).as_micros() as u64, 1);
        match phases.advance(now) {
            Phase::Unchanged => {}
            Phase::Warm => latency.forget(),
            Phase::Done { seconds, cpu } => tell_result(&latency, seconds, cpu),
        }
        if !phases.is_over() {
            sent.push_back(now);
            session.submit(metadata, vec![0; parameters.body_bytes]).await?;
        }
    }
    Ok(())
}
