//! `nnrp-conformance-run SCENARIO ENDPOINT`: runs a live wire scenario of the suite, whose executors the crate
//! nnrp-conformance has, against whoever is at that endpoint, and prints in JSON what it has seen.

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

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, scenario, endpoint] = &arguments[..] else {
        return Err("SCENARIO ENDPOINT".into());
    };
    let case = CASES
        .into_iter()
        .find(|case| case.scenario_id() == scenario)
        .ok_or("the suite has no such scenario")?;
    let endpoint = WireReferenceEndpoint::plain(case.transport(), endpoint.as_str());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, run_wire_external_case(case, &endpoint)).await
    })??;
    let frames: Vec<String> = report
        .observed_frames
        .iter()
        .map(|seen| format!("{:?}", seen.frame))
        .collect();
    let terminal = format!("{:?}", report.terminal);
    println!("{}", json!({ "terminal": terminal, "frames": frames }));
    Ok(())
}
