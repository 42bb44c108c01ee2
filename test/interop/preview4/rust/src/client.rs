//! A client that asks.

use std::time::Duration;

use nnrp_core::{
    BudgetPolicy, FrameSubmitMetadata, InputProfile, LossTolerancePolicy, PayloadKindBitmap, SubmitMode,
    TileIndexMode,
};
use nnrp_runtime::{
    NnrpClient, NnrpClientConfig, NnrpClientRoleEvent, NnrpClientSession, NnrpRuntimeEventMetadata,
    NnrpRuntimeEventTail,
};

use crate::Outcome;

const USER_CANCELLED: u16 = 1;

/// Open, submit, stream, cancel, resume, close.
pub async fn client(port: u16) -> Outcome {
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
        let NnrpClientRoleEvent::Runtime(event) = session.await_event().await? else {
            continue;
        };
        let text = match &event.tail {
            NnrpRuntimeEventTail::Body(body) => String::from_utf8_lossy(body).into_owned(),
            _ => String::new(),
        };
        // A text of this project's servers stands behind its region's tables.
        let text = text
            .chars()
            .filter(|each| each.is_ascii_lowercase())
            .collect::<String>();
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

pub fn submit(operation_id: u64) -> FrameSubmitMetadata {
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
