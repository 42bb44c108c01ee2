//! `nnrp-conformance-run SCENARIO ENDPOINT`: runs a live wire scenario of the suite, against whoever is at that endpoint,
//! and prints in JSON what it has seen. The crate nnrp-conformance has the executors, but for those in `openai.rs`.

mod openai;

use std::error::Error;
use std::time::Duration;

use nnrp_conformance::wire_endpoint::WireReferenceEndpoint;
use nnrp_conformance::wire_external::{run_wire_external_case, WireExternalCase, WireExternalFrame};
use serde_json::{json, Value};

const PATIENCE: Duration = Duration::from_secs(20);

const CASES: [WireExternalCase; 7] = [
    WireExternalCase::CancelAbortClient,
    WireExternalCase::DeadlineBeforeSubmitClient,
    WireExternalCase::PriorityDeadlineProxy,
    WireExternalCase::ProgressBackpressureServer,
    WireExternalCase::CapabilityRouteCacheClient,
    WireExternalCase::CancelAbortIpcClient,
    WireExternalCase::ProgressBackpressureWebSocketServer,
];

/// How a scenario has gone.
#[derive(Default)]
pub struct Seen {
    pub terminal: String,
    pub frames: Vec<String>,
    /// Why there was no answer, where the peer has said so.
    pub drop_reason: Option<u16>,
    /// The frame of each TRACE_CONTEXT.
    pub traces: Vec<Value>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, scenario, endpoint] = &arguments[..] else {
        return Err("SCENARIO ENDPOINT".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let seen =
        runtime.block_on(async { tokio::time::timeout(PATIENCE, run(scenario, endpoint)).await })??;
    let mut told = json!({ "terminal": seen.terminal, "frames": seen.frames });
    if let Some(code) = seen.drop_reason {
        told["dropReason"] = json!(code);
        told["traces"] = json!(seen.traces);
    }
    println!("{told}");
    Ok(())
}

async fn run(scenario: &str, endpoint: &str) -> Result<Seen, Box<dyn Error>> {
    if let Some(transport) = openai::transport_of(scenario) {
        return openai::run(&WireReferenceEndpoint::plain(transport, endpoint)).await;
    }
    let case = CASES
        .into_iter()
        .find(|case| case.scenario_id() == scenario)
        .ok_or("the suite has no such scenario")?;
    let endpoint = WireReferenceEndpoint::plain(case.transport(), endpoint);
    let report = run_wire_external_case(case, &endpoint).await?;
    let frames = &report.observed_frames;
    Ok(Seen {
        terminal: format!("{:?}", report.terminal),
        frames: frames.iter().map(|seen| format!("{:?}", seen.frame)).collect(),
        drop_reason: report.result_drop_reason.map(|reason| reason.drop_reason_code),
        traces: frames
            .iter()
            .filter(|seen| matches!(seen.frame, WireExternalFrame::TraceContext))
            .map(|seen| seen.detail["frame_id"].clone())
            .collect(),
    })
}
