//! The commands of a client and of its session. The runtime has one session on one connection.

use std::net::Ipv4Addr;

use nnrp_core::{
    FrameSubmitMetadata, SessionCloseMetadata, SessionMigrateMetadata, SessionPatchMetadata,
    SessionPriorityClass,
};
use nnrp_runtime::{NnrpClient, NnrpClientConfig, NnrpClientEvent};
use serde::Deserialize;
use serde_json::json;

use crate::failure::Outcome;
use crate::fields::{to_hex, Hex, Plain};
use crate::peer::{show_lifecycle, OnHandle, Peer, Thing, WithMetadata};
use crate::records::{Fields, Record};

/// What is left out keeps the runtime's default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    port: u16,
    requested_session_id: Option<u32>,
    profile_id: Option<u16>,
    schema_id: Option<u32>,
    schema_version: Option<u32>,
    priority_class: Option<Plain<SessionPriorityClass>>,
    default_deadline_ms: Option<u32>,
    max_in_flight_operations: Option<u16>,
    lease_ttl_hint_ms: Option<u32>,
    allow_resume: Option<bool>,
    resume_token_bytes: Option<u32>,
}

pub async fn connect(peer: &mut Peer, arguments: Connect) -> Outcome {
    let standard = NnrpClientConfig::default();
    let config = NnrpClientConfig {
        requested_session_id: arguments
            .requested_session_id
            .unwrap_or(standard.requested_session_id),
        profile_id: arguments.profile_id.unwrap_or(standard.profile_id),
        schema_id: arguments.schema_id.unwrap_or(standard.schema_id),
        schema_version: arguments.schema_version.unwrap_or(standard.schema_version),
        priority_class: arguments
            .priority_class
            .map_or(standard.priority_class, |class| class.0),
        default_deadline_ms: arguments
            .default_deadline_ms
            .unwrap_or(standard.default_deadline_ms),
        max_in_flight_operations: arguments
            .max_in_flight_operations
            .unwrap_or(standard.max_in_flight_operations),
        lease_ttl_hint_ms: arguments.lease_ttl_hint_ms.unwrap_or(standard.lease_ttl_hint_ms),
        allow_resume: arguments.allow_resume.unwrap_or(standard.allow_resume),
        resume_token_bytes: arguments
            .resume_token_bytes
            .unwrap_or(standard.resume_token_bytes),
        transport: standard.transport,
        cache_hints: standard.cache_hints,
    };
    let client = NnrpClient::connect_tcp((Ipv4Addr::LOCALHOST, arguments.port), config).await?;
    Ok(json!({ "handle": peer.keep(Thing::Client(client)) }))
}

/// Uses the client up, also when the session is refused: the runtime opens once on a connection.
pub async fn open_session(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let session = peer.take_client(arguments.handle)?.open_session().await?;
    let mut answer = show_lifecycle(session.lifecycle(), session.session_id());
    answer["handle"] = json!(peer.keep(Thing::ClientSession(session)));
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    handle: u64,
    #[serde(default)]
    metadata: Fields<FrameSubmitMetadata>,
    #[serde(default)]
    body: Hex,
}

pub async fn submit(peer: &mut Peer, arguments: Submit) -> Outcome {
    let session = peer.client_session(arguments.handle)?;
    let frame_id = session.submit(arguments.metadata.0, arguments.body.0).await?;
    Ok(json!({ "frame_id": frame_id }))
}

pub async fn await_event(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let session = peer.client_session(arguments.handle)?;
    Ok(match session.await_event().await? {
        NnrpClientEvent::Result(result) => json!({
            "event": "result",
            "frame_id": result.frame_id,
            "metadata": result.metadata.to_json(),
            "body": to_hex(&result.body),
        }),
        NnrpClientEvent::ResultDrop { frame_id } => {
            json!({ "event": "result_drop", "frame_id": frame_id })
        }
        NnrpClientEvent::FlowUpdate(metadata) => {
            json!({ "event": "flow_update", "metadata": metadata.to_json() })
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelFrame {
    handle: u64,
    frame_id: u32,
}

pub async fn cancel_frame(peer: &mut Peer, arguments: CancelFrame) -> Outcome {
    let session = peer.client_session(arguments.handle)?;
    session.cancel_frame(arguments.frame_id).await?;
    Ok(json!({}))
}

pub async fn patch_session(peer: &mut Peer, arguments: WithMetadata<SessionPatchMetadata>) -> Outcome {
    let session = peer.client_session(arguments.handle)?;
    let ack = session.patch_session(arguments.metadata.0).await?;
    Ok(json!({ "metadata": ack.to_json() }))
}

pub async fn migrate_transport(peer: &mut Peer, arguments: WithMetadata<SessionMigrateMetadata>) -> Outcome {
    let session = peer.client_session(arguments.handle)?;
    let ack = session.migrate_transport(arguments.metadata.0).await?;
    Ok(json!({ "metadata": ack.to_json() }))
}

pub async fn close_with(peer: &mut Peer, arguments: WithMetadata<SessionCloseMetadata>) -> Outcome {
    let session = peer.client_session(arguments.handle)?;
    let ack = session.close_with(arguments.metadata.0).await?;
    Ok(json!({ "metadata": ack.to_json() }))
}

pub async fn close_transport(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    peer.take_client_session(arguments.handle)?
        .close_transport()
        .await?;
    Ok(json!({}))
}
