//! `client <port>` does all that a client does and prints what it sees; `server` prints its port and answers.

use std::error::Error;
use std::time::Duration;

use nnrp_core::{
    BudgetPolicy, FrameSubmitMetadata, InputProfile, LossTolerancePolicy, PartialResultMetadata,
    PayloadKindBitmap, ResultClass, ResultDropReasonMetadata, ResultPushMetadata, SubmitMode,
    TileIndexMode,
};
use nnrp_runtime::{
    NnrpClient, NnrpClientConfig, NnrpClientRoleEvent, NnrpClientSession, NnrpRuntimeEventMetadata,
    NnrpRuntimeEventTail, NnrpServer, NnrpServerConfig, NnrpServerEvent, NnrpServerOperation,
    NnrpServerSession,
};

type Outcome = Result<(), Box<dyn Error>>;

const USER_CANCELLED: u16 = 1;
const PEER_CANCELLED: u16 = 3;
const SERVER_ROLE: u8 = 2;

fn main() -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("client") => runtime.block_on(client(arguments[2].parse()?)),
        Some("server") => runtime.block_on(server()),
        _ => Err("client <port>, or server".into()),
    }
}

/// Open, submit, stream, cancel, resume, close.
async fn client(port: u16) -> Outcome {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let config = NnrpClientConfig::default().with_resume(24);
    let client = NnrpClient::connect_tcp(address, config.clone()).await?;
    let mut session = client.open_session().await?;
    println!("opened");
    session.submit_encoded(submit(101), b"stream".to_vec()).await?;
    print_until_end(&mut session).await?;
    session.submit_encoded(submit(102), b"wait".to_vec()).await?;
    session.cancel_operation(102, USER_CANCELLED).await?;
    print_until_end(&mut session).await?;
    let ticket = session.recovery_ticket().ok_or("no ticket")?;
    session.close_transport().await?;
    drop(client);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let client = NnrpClient::connect_tcp(address, config).await?;
    let mut session = client.resume_session(ticket).await?;
    println!("resumed");
    session.submit_encoded(submit(103), b"stream".to_vec()).await?;
    print_until_end(&mut session).await?;
    session.close().await?;
    println!("closed");
    Ok(())
}

/// Prints what comes of an operation, up to what ends it.
async fn print_until_end(session: &mut NnrpClientSession) -> Outcome {
    loop {
        let NnrpClientRoleEvent::Runtime(event) = session.await_event().await? else { continue };
        let text = match &event.tail {
            NnrpRuntimeEventTail::Body(body) => String::from_utf8_lossy(body).into_owned(),
            _ => String::new(),
        };
        // A text of this project's servers stands behind its region's tables.
        let text = text.chars().filter(|each| each.is_ascii_lowercase()).collect::<String>();
        match event.metadata {
            NnrpRuntimeEventMetadata::PartialResult(part) => {
                println!("part {} of {}: {text}", part.result_sequence, part.operation_id);
            }
            NnrpRuntimeEventMetadata::ResultPush(_) => {
                println!("result");
                return Ok(());
            }
            NnrpRuntimeEventMetadata::ResultDropReason(reason) => {
                println!("dropped {} of {}", reason.drop_reason_code, reason.operation_id);
                return Ok(());
            }
            _ => {}
        }
    }
}

async fn server() -> Outcome {
    let config = NnrpServerConfig::default().with_resume_token_bytes(24);
    let server = NnrpServer::bind_tcp("127.0.0.1:0", config).await?;
    println!("{}", server.local_addr()?.port());
    loop {
        let session = server.accept().await?;
        if let Err(error) = serve(session).await {
            eprintln!("{error}");
        }
    }
}

/// Answers "wait" once it is cancelled, and all else in two parts.
async fn serve(mut session: NnrpServerSession) -> Outcome {
    let mut waiting: Option<NnrpServerOperation> = None;
    loop {
        match session.await_event().await? {
            NnrpServerEvent::Submit(operation) if operation.body() == b"wait" => waiting = Some(operation),
            NnrpServerEvent::Submit(operation) => answer(&mut session, &operation).await?,
            NnrpServerEvent::Runtime(event) => match event.metadata {
                NnrpRuntimeEventMetadata::ControlRequest(_) => {
                    if let Some(operation) = waiting.take() {
                        let reason = dropped(operation.operation_id());
                        operation.send_result_drop(&mut session, reason, Vec::new()).await?;
                    }
                }
                NnrpRuntimeEventMetadata::SessionClose(close) => {
                    session.ack_close(&close).await?;
                    return Ok(());
                }
                _ => {}
            },
            NnrpServerEvent::Lifecycle(_) => {}
        }
    }
}

async fn answer(session: &mut NnrpServerSession, operation: &NnrpServerOperation) -> Outcome {
    for (sequence, text) in [(1, "one"), (2, "two")] {
        let body = text.as_bytes().to_vec();
        let part = PartialResultMetadata {
            operation_id: operation.operation_id(),
            result_sequence: sequence,
            object_id: 0,
            delta_sequence: 0,
            body_bytes: body.len() as u32,
            flags: 0,
        };
        operation.send_partial_result(session, part, body).await?;
    }
    operation.send_result(session, result(), b"end".to_vec()).await?;
    Ok(())
}

fn dropped(operation_id: u64) -> ResultDropReasonMetadata {
    ResultDropReasonMetadata {
        operation_id,
        result_sequence: 1,
        drop_reason_code: PEER_CANCELLED,
        source_role: SERVER_ROLE,
        flags: 0,
        diagnostic_bytes: 0,
    }
}

fn submit(operation_id: u64) -> FrameSubmitMetadata {
    FrameSubmitMetadata {
        src_width: 0,
        src_height: 0,
        tile_width: 0,
        tile_height: 0,
        tile_count: 0,
        section_count: 0,
        frame_class: 0,
        input_profile: InputProfile::Unspecified,
        tile_index_mode: TileIndexMode::DenseRange,
        latency_budget_ms: 0,
        target_fps_x100: 0,
        retry_of_frame: 0,
        tile_base_id: 0,
        camera_bytes: 0,
        tile_index_bytes: 0,
        operation_id,
        submit_mode: SubmitMode::Inline,
        budget_policy: BudgetPolicy::NONE,
        loss_tolerance_policy: LossTolerancePolicy::InheritSession,
        object_ref_mask: 0,
        dependency_frame_id: 0,
        payload_kind_bitmap: PayloadKindBitmap(0),
        payload_frame_count: 0,
    }
}

fn result() -> ResultPushMetadata {
    ResultPushMetadata {
        status_code: 200,
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
