//! A server that answers.

use nnrp_core::{
    CacheAckMetadata, CacheAckStatus, CacheObjectKind, CachePutMetadata, PartialResultMetadata,
    PayloadKindBitmap, ResultClass, ResultDropReasonMetadata, ResultPushMetadata, SessionMigrateAckMetadata,
    SessionMigrateMetadata, SessionPatchAckMetadata, SessionPatchAckStatus, SessionPatchMetadata,
    SessionPatchRejectReason,
};
use nnrp_runtime::{
    NnrpRuntimeEventMetadata, NnrpServer, NnrpServerConfig, NnrpServerEvent, NnrpServerOperation,
    NnrpServerSession,
};

use crate::Outcome;

const PEER_CANCELLED: u16 = 3;
const SERVER_ROLE: u8 = 2;

pub async fn server() -> Outcome {
    let config = NnrpServerConfig::default()
        .with_resume_token_bytes(24)
        .with_supported_cache_objects([CacheObjectKind::PromptSegment])
        .with_cache_limits(8, 1024);
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
            NnrpServerEvent::Submit(operation) => {
                answer(&mut session, &operation).await?;
                answer_request(&mut session, operation.body()).await?;
            }
            NnrpServerEvent::Runtime(event) => match event.metadata {
                NnrpRuntimeEventMetadata::ControlRequest(_) => {
                    if let Some(operation) = waiting.take() {
                        let reason = dropped(operation.operation_id());
                        operation
                            .send_result_drop(&mut session, reason, Vec::new())
                            .await?;
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

/// These messages have calls of their own: the runtime has to be told that one is to come.
async fn answer_request(session: &mut NnrpServerSession, announced: &[u8]) -> Outcome {
    match announced {
        b"put" => {
            let (put, object) = session.receive_cache_put().await?;
            session.send_cache_ack(accepted(&put, object.len())).await?;
        }
        b"patch" => {
            let patch = session.receive_patch().await?;
            session.send_patch_ack(applied(&patch)).await?;
        }
        b"migrate" => {
            let migration = session.receive_migrate().await?.metadata;
            session
                .send_migrate_ack(&migration, resumes_after(&migration))
                .await?;
        }
        b"ping" => {
            session.receive_ping().await?;
            session.send_pong().await?;
        }
        _ => {}
    }
    Ok(())
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

fn accepted(put: &CachePutMetadata, bytes: usize) -> CacheAckMetadata {
    CacheAckMetadata {
        cache_namespace: put.cache_namespace,
        cache_key_hi: put.cache_key_hi,
        cache_key_lo: put.cache_key_lo,
        status: CacheAckStatus::Accepted,
        accepted_ttl_ms: put.ttl_ms,
        max_object_bytes: bytes as u32,
        detail_code: 0,
    }
}

fn applied(patch: &SessionPatchMetadata) -> SessionPatchAckMetadata {
    SessionPatchAckMetadata {
        ack_status: SessionPatchAckStatus::Accepted,
        reject_reason: SessionPatchRejectReason::None,
        applied_patch_mask: patch.patch_mask,
        rejected_patch_mask: 0,
        retry_after_ms: 0,
        effective_profile_id: patch.profile_id,
        effective_target_cadence_x100: patch.target_cadence_x100,
        effective_quality_tier: patch.quality_tier,
        effective_degrade_policy: patch.degrade_policy,
        effective_lane_mask: patch.active_lane_mask,
        effective_codec_bitmap: patch.preferred_codec_bitmap,
        effective_compression_bitmap: patch.preferred_compression_bitmap,
        profile_patch_ack_bytes: 0,
    }
}

fn resumes_after(migration: &SessionMigrateMetadata) -> SessionMigrateAckMetadata {
    SessionMigrateAckMetadata {
        accept_code: 0,
        resume_from_frame_id: migration.last_result_frame_id + 1,
        grace_window_ms: 1000,
        server_migrate_ts_us: 0,
    }
}
