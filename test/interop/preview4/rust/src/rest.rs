//! What a client does besides asking: it is refused, says that it lives, puts objects, patches, migrates, asks at length.

use nnrp_core::{CacheObjectKind, CachePutMetadata, SessionPatchMetadata, TransportId};
use nnrp_runtime::{
    NnrpClient, NnrpClientConfig, NnrpClientRoleEvent, NnrpClientSession, NnrpRuntimeEventMetadata,
    NnrpRuntimeEventTail,
};

use crate::client::submit;
use crate::Outcome;

/// An id of a session that the server of the test refuses.
const REFUSED_ID: u32 = 13;
const LARGE_BYTES: usize = 1024 * 1024;
const QUALITY_TIER: u32 = 1 << 1;

pub async fn rest(port: u16) -> Outcome {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let kinds = [CacheObjectKind::PromptSegment];
    let config = NnrpClientConfig::default().with_cache_hints(kinds);
    let client = NnrpClient::connect_tcp(address, config.clone()).await?;
    let unwelcome = NnrpClientConfig {
        requested_session_id: REFUSED_ID,
        ..config
    };
    if let Err(error) = client.open_session_with(unwelcome).await {
        println!("{error}");
    }
    let mut session = client.open_session().await?;
    session.send_ping().await?;
    session.receive_pong().await?;
    println!("pong");
    session.send_cache_put(put(), vec![7; 8]).await?;
    let ack = session.receive_cache_ack().await?;
    println!("{:?} for {} ms", ack.status, ack.accepted_ttl_ms);
    let ack = session.patch_session(patch()).await?;
    println!("{:?}: tier {}", ack.ack_status, ack.effective_quality_tier);
    let request = session.build_migration_request(TransportId::WebSocket, 0, 0);
    let ack = session.migrate_transport(request).await?;
    println!("migrates: {}", ack.accept_code);
    session.submit_encoded(submit(101), vec![7; LARGE_BYTES]).await?;
    println!("result of {} bytes", result_bytes(&mut session).await?);
    session.close().await?;
    println!("closed");
    Ok(())
}

async fn result_bytes(session: &mut NnrpClientSession) -> Result<usize, Box<dyn std::error::Error>> {
    loop {
        let NnrpClientRoleEvent::Runtime(event) = session.await_event().await? else {
            continue;
        };
        if let (NnrpRuntimeEventMetadata::ResultPush(_), NnrpRuntimeEventTail::Body(body)) =
            (event.metadata, event.tail)
        {
            return Ok(body.len());
        }
    }
}

fn put() -> CachePutMetadata {
    CachePutMetadata {
        cache_namespace: 7,
        cache_key_hi: 1 << 63,
        cache_key_lo: 9,
        object_kind: CacheObjectKind::PromptSegment,
        ttl_ms: 5000,
        object_bytes: 8,
        codec_bitmap: 0,
        flags: 0,
    }
}

fn patch() -> SessionPatchMetadata {
    SessionPatchMetadata {
        profile_id: 0,
        patch_mask: QUALITY_TIER,
        target_cadence_x100: 0,
        quality_tier: 3,
        degrade_policy: 0,
        active_lane_mask: 0,
        preferred_codec_bitmap: 0,
        preferred_compression_bitmap: 0,
        profile_patch_bytes: 0,
    }
}
