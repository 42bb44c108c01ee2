//! The commands of a server and of its sessions.

use std::collections::{BTreeSet, HashMap};

use nnrp_core::{
    CacheObjectId, CacheObjectKind, FlowUpdateMetadata, ResultPushMetadata, SessionCloseMetadata,
    SessionMigrateAckMetadata, SessionMigrateMetadata, SessionOpenMetadata, SessionPatchAckMetadata,
};
use nnrp_runtime::{NnrpServer, NnrpServerConfig, NnrpServerPolicy, NnrpServerSession};
use serde::Deserialize;
use serde_json::{json, Value};

use crate::failure::{Failure, Outcome};
use crate::fields::{to_hex, Field, Hex, Plain};
use crate::peer::{show_lifecycle, OnHandle, Peer, Thing, WithMetadata};
use crate::records::{Fields, Record};

/// A session with the two requests that the runtime wants back when it answers them.
pub struct ServerSession {
    session: NnrpServerSession,
    close_request: Option<SessionCloseMetadata>,
    migrate_request: Option<SessionMigrateMetadata>,
    /// The runtime's registry cannot be listed, only asked by id.
    operation_ids: BTreeSet<u64>,
}

impl ServerSession {
    pub async fn close(self) -> Result<(), Failure> {
        Ok(self.session.close().await?)
    }

    pub fn snapshot(&self) -> Value {
        let operations = self.session.operations();
        let mut snapshot = show_lifecycle(self.session.lifecycle(), self.session.session_id());
        snapshot["operation_count"] = json!(operations.operation_count());
        snapshot["operations"] = self
            .operation_ids
            .iter()
            .filter_map(|id| operations.operation(*id))
            .map(|record| {
                json!({
                    "operation_id": record.descriptor.operation_id.show(),
                    "state": record.state as u8,
                })
            })
            .collect();
        snapshot["cache_object_count"] = json!(self.session.cache_object_count());
        snapshot
    }
}

/// Rejects the SESSION_OPENs whose client_session_tag is listed, with the code listed for it.
struct ListedErrors(HashMap<u64, u32>);

impl NnrpServerPolicy for ListedErrors {
    fn validate_session_open(&self, open: &SessionOpenMetadata) -> Result<(), u32> {
        match self.0.get(&open.client_session_tag) {
            Some(code) => Err(*code),
            None => Ok(()),
        }
    }
}

/// What is left out keeps the runtime's default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    supported_profiles: Option<Vec<u16>>,
    supported_cache_objects: Option<Vec<Plain<CacheObjectKind>>>,
    max_cache_objects: Option<usize>,
    max_cache_object_bytes: Option<u32>,
    resume_token_bytes: Option<u32>,
    max_in_flight_operations: Option<u16>,
    granted_operation_credit: Option<u16>,
    lease_ttl_ms: Option<u32>,
    resume_window_ms: Option<u32>,
    #[serde(default)]
    policy_errors: HashMap<u64, u32>,
}

pub async fn bind(peer: &mut Peer, arguments: Bind) -> Outcome {
    let standard = NnrpServerConfig::default();
    let config = NnrpServerConfig {
        supported_profiles: arguments
            .supported_profiles
            .unwrap_or(standard.supported_profiles),
        supported_cache_objects: arguments
            .supported_cache_objects
            .map_or(standard.supported_cache_objects, |kinds| {
                kinds.into_iter().map(|kind| kind.0).collect()
            }),
        max_cache_objects: arguments.max_cache_objects.unwrap_or(standard.max_cache_objects),
        max_cache_object_bytes: arguments
            .max_cache_object_bytes
            .unwrap_or(standard.max_cache_object_bytes),
        resume_token_bytes: arguments
            .resume_token_bytes
            .unwrap_or(standard.resume_token_bytes),
        max_in_flight_operations: arguments
            .max_in_flight_operations
            .unwrap_or(standard.max_in_flight_operations),
        granted_operation_credit: arguments
            .granted_operation_credit
            .unwrap_or(standard.granted_operation_credit),
        lease_ttl_ms: arguments.lease_ttl_ms.unwrap_or(standard.lease_ttl_ms),
        resume_window_ms: arguments.resume_window_ms.unwrap_or(standard.resume_window_ms),
        transport: standard.transport,
        schema_registry: standard.schema_registry,
        application_policy: standard.application_policy,
    }
    .with_application_policy(ListedErrors(arguments.policy_errors));
    let server = NnrpServer::bind_tcp("127.0.0.1:0", config).await?;
    let port = server.local_addr()?.port();
    Ok(json!({ "handle": peer.keep(Thing::Server(server)), "port": port }))
}

pub async fn accept(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let session = peer.server(arguments.handle)?.accept().await?;
    let mut answer = json!({
        "session_id": session.session_id(),
        "client_open": session.client_open().to_json(),
    });
    answer["handle"] = json!(peer.keep(Thing::ServerSession(ServerSession {
        session,
        close_request: None,
        migrate_request: None,
        operation_ids: BTreeSet::new(),
    })));
    Ok(answer)
}

pub fn session_count(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    Ok(json!({ "count": peer.server(arguments.handle)?.session_count()? }))
}

pub async fn receive_submit(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let entry = peer.server_session(arguments.handle)?;
    let submit = entry.session.receive_submit().await?;
    entry.operation_ids.insert(submit.frame_id.into());
    Ok(json!({
        "frame_id": submit.frame_id,
        "metadata": submit.metadata.to_json(),
        "body": to_hex(&submit.body),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendResult {
    handle: u64,
    frame_id: u32,
    #[serde(default)]
    metadata: Fields<ResultPushMetadata>,
    #[serde(default)]
    body: Hex,
}

pub async fn send_result(peer: &mut Peer, arguments: SendResult) -> Outcome {
    let session = &mut peer.server_session(arguments.handle)?.session;
    session
        .send_result(arguments.frame_id, arguments.metadata.0, arguments.body.0)
        .await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendResultDrop {
    handle: u64,
    frame_id: u32,
}

pub async fn send_result_drop(peer: &mut Peer, arguments: SendResultDrop) -> Outcome {
    let session = &mut peer.server_session(arguments.handle)?.session;
    session.send_result_drop(arguments.frame_id).await?;
    Ok(json!({}))
}

pub async fn receive_cancel(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let session = &mut peer.server_session(arguments.handle)?.session;
    let cancel = session.receive_cancel().await?;
    Ok(json!({ "frame_id": cancel.frame_id }))
}

pub async fn receive_patch(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let session = &mut peer.server_session(arguments.handle)?.session;
    let patch = session.receive_patch().await?;
    Ok(json!({ "metadata": patch.to_json() }))
}

pub async fn send_patch_ack(peer: &mut Peer, arguments: WithMetadata<SessionPatchAckMetadata>) -> Outcome {
    let session = &mut peer.server_session(arguments.handle)?.session;
    session.send_patch_ack(arguments.metadata.0).await?;
    Ok(json!({}))
}

pub async fn send_flow_update(peer: &mut Peer, arguments: WithMetadata<FlowUpdateMetadata>) -> Outcome {
    let session = &mut peer.server_session(arguments.handle)?.session;
    session.send_flow_update(arguments.metadata.0).await?;
    Ok(json!({}))
}

pub async fn receive_migrate(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let entry = peer.server_session(arguments.handle)?;
    let request = entry.session.receive_migrate().await?.metadata;
    entry.migrate_request = Some(request);
    Ok(json!({ "metadata": request.to_json() }))
}

pub async fn send_migrate_ack(
    peer: &mut Peer,
    arguments: WithMetadata<SessionMigrateAckMetadata>,
) -> Outcome {
    let entry = peer.server_session(arguments.handle)?;
    let request = entry.migrate_request.ok_or_else(|| {
        Failure::bad_command("send_migrate_ack answers a receive_migrate, and there was none")
    })?;
    entry
        .session
        .send_migrate_ack(&request, arguments.metadata.0)
        .await?;
    entry.migrate_request = None;
    Ok(json!({}))
}

pub async fn receive_close(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let entry = peer.server_session(arguments.handle)?;
    let close = entry.session.receive_close().await?;
    entry.close_request = Some(close);
    Ok(json!({ "metadata": close.to_json() }))
}

pub async fn ack_close(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let entry = peer.server_session(arguments.handle)?;
    let close = entry
        .close_request
        .ok_or_else(|| Failure::bad_command("ack_close answers a receive_close, and there was none"))?;
    entry.session.ack_close(&close).await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackCacheObject {
    handle: u64,
    object: Fields<CacheObjectId>,
}

pub fn track_cache_object(peer: &mut Peer, arguments: TrackCacheObject) -> Outcome {
    let session = &mut peer.server_session(arguments.handle)?.session;
    session.track_cache_object(arguments.object.0)?;
    Ok(json!({ "count": session.cache_object_count() }))
}
