//! `nnrp-conformance-run SCENARIO ENDPOINT`: runs a live wire scenario of the suite, against whoever is at that endpoint,
//! and prints in JSON what it has seen. The crate nnrp-conformance has the executors, but for those in `openai.rs`.

mod openai;

use std::error::Error;
use std::time::Duration;

use nnrp_conformance::wire_endpoint::WireReferenceEndpoint;
use nnrp_conformance::wire_external::{run_wire_external_case, WireExternalCase};
use serde_json::json;

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
pub struct Seen {
    pub terminal: String,
    pub frames: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, scenario, endpoint] = &arguments[..] else {
        return Err("SCENARIO ENDPOINT".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let Seen { terminal, frames } =
        runtime.block_on(async { tokio::time::timeout(PATIENCE, run(scenario, endpoint)).await })??;
    println!("{}", json!({ "terminal": terminal, "frames": frames }));
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
    Ok(Seen {
        terminal: format!("{:?}", report.terminal),
        frames: report
            .observed_frames
            .iter()
            .map(|seen| format!("{:?}", seen.frame))
            .collect(),
    })
}
