//! An echo on the runtime's server: a task for each session, as its API asks for.

use std::error::Error;

use nnrp_core::{ResultPushMetadata, RESULT_PUSH_METADATA_LEN};
use nnrp_runtime::{NnrpServer, NnrpServerConfig, NnrpServerSession, RuntimeError};
use serde_json::json;

use crate::parent::{listen, tell};

const STATUS_OK: u16 = 200;

pub fn run() -> Result<(), Box<dyn Error>> {
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
    let metadata = ResultPushMetadata {
        status_code: STATUS_OK,
        ..ResultPushMetadata::parse(&[0; RESULT_PUSH_METADATA_LEN])?
    };
    let outcome = loop {
        let submit = match session.receive_submit().await {
            Ok(submit) => submit,
            Err(error) => break error,
        };
        if let Err(error) = session.send_result(submit.frame_id, metadata, submit.body).await {
            break error;
        }
    };
    // Takes the session's id out of the registry, for the next load.
    session.close().await?;
    Err(outcome)
}
