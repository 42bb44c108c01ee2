//! An echo on the server of the Rust runtime of preview4, driven as the one beside it: it says its port in a line of
//! JSON, answers `usage`, and ends at `stop`.

// A server has no runs of its own.
#[allow(dead_code)]
#[path = "../../src/parent.rs"]
mod parent;

use std::error::Error;

use nnrp_core::{PayloadKindBitmap, ResultClass, ResultPushMetadata};
use nnrp_runtime::{NnrpServer, NnrpServerConfig, NnrpServerEvent, NnrpServerSession, RuntimeError};
use serde_json::json;

use parent::{listen, tell};

const STATUS_OK: u16 = 200;

fn main() -> Result<(), Box<dyn Error>> {
    // One thread: with one connection, and with a load on the other core, more of them only wake each other.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let config = NnrpServerConfig {
        max_in_flight_operations: u16::MAX,
        granted_operation_credit: u16::MAX,
        ..NnrpServerConfig::default()
    };
    let server = NnrpServer::bind_tcp("127.0.0.1:0", config).await?;
    tell(json!({ "port": server.local_addr()?.port() }));
    listen();
    loop {
        let session = server.accept().await?;
        tokio::spawn(async move {
            // A load ends its connection between packets; the runtime has no other word for it.
            let _ = echo(session).await;
        });
    }
}

async fn echo(mut session: NnrpServerSession) -> Result<(), RuntimeError> {
    loop {
        let NnrpServerEvent::Submit(operation) = session.await_event().await? else {
            continue;
        };
        let body = operation.body().to_vec();
        operation.send_result(&mut session, result(), body).await?;
    }
}

fn result() -> ResultPushMetadata {
    ResultPushMetadata {
        status_code: STATUS_OK,
        result_flags: 0,
        section_count: 0,
        tile_count: 0,
        active_profile_id: 0,
        inference_ms: 0,
        queue_ms: 0,
        server_total_ms: 0,
        tile_base_id: 0,
        tile_index_bytes: 0,
        result_class: ResultClass::Complete,
        applied_budget_policy: 0,
        reused_frame_id: 0,
        covered_tile_count: 0,
        dropped_tile_count: 0,
        payload_kind_bitmap: PayloadKindBitmap(0),
        payload_frame_count: 0,
    }
}
