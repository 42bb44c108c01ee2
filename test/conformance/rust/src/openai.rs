//! What the suite asks of a server in its OpenAI-compatible profile, level 1: a typed JSON request, whose answer comes in
//! parts of raw JSON and ends with a typed body. The crate nnrp-conformance has no executor of it; the suite's runner has.

use std::error::Error;

use nnrp_conformance::wire_endpoint::{ReferenceTransport, WireReferenceEndpoint};
use nnrp_core::{
    BodyRegionPrelude, PayloadKind, PayloadKindBitmap, TypedPayloadRegion, BODY_REGION_PRELUDE_LEN,
};
use nnrp_runtime::{
    NnrpClientRoleEvent, NnrpRuntimeEvent, NnrpRuntimeEventMetadata as Metadata,
    NnrpRuntimeEventTail as Tail, NnrpSubmitHeaderContext, NnrpSubmitIdentity, NnrpSubmitPolicy,
    NnrpSubmitRequest, NnrpTypedPayloadInputFrame, NnrpTypedPayloadSubmitInput,
};
use serde_json::{json, Value};

use crate::Seen;

const SCENARIOS: [(&str, ReferenceTransport); 3] = [
    ("wire.profile.openai-compatible.level1", ReferenceTransport::Tcp),
    (
        "wire.profile.openai-compatible.level1.ipc",
        ReferenceTransport::Ipc,
    ),
    (
        "wire.profile.openai-compatible.level1.websocket",
        ReferenceTransport::WebSocket,
    ),
];

const OPERATION: u64 = 901;
/// `stream_semantics`: all of a value at once.
const SNAPSHOT: u16 = 1;

pub fn transport_of(scenario: &str) -> Option<ReferenceTransport> {
    SCENARIOS
        .iter()
        .find(|(name, _)| *name == scenario)
        .map(|(_, transport)| *transport)
}

pub async fn run(endpoint: &WireReferenceEndpoint) -> Result<Seen, Box<dyn Error>> {
    let mut session = endpoint.connect().await?.open_session().await?;
    session.submit_nowait(question()?).await?;
    let mut frames = vec!["Request".to_string()];
    loop {
        let event = match session.await_event().await? {
            NnrpClientRoleEvent::Runtime(event) => event,
            NnrpClientRoleEvent::Lifecycle(_) => return Err("an operation ended without a result".into()),
        };
        let NnrpRuntimeEvent { metadata, tail, .. } = &event;
        match (metadata, tail) {
            (Metadata::Progress(told), _) if told.operation_id == OPERATION => {}
            (Metadata::PartialResult(told), Tail::Body(body)) if told.operation_id == OPERATION => {
                let part: Value = serde_json::from_slice(body)?;
                if part["type"] == "response.output_text.delta" {
                    frames.push("PartialResult".to_string());
                }
            }
            (Metadata::ResultPush(told), Tail::Body(body)) => {
                if frames.len() == 1 {
                    return Err("the answer ended before any of its text".into());
                }
                let end = typed(told.payload_kind_bitmap, told.payload_frame_count, body)?;
                if end["type"] != "response.completed" {
                    return Err(format!("the answer ended with {end}").into());
                }
                frames.push("ResultPush".to_string());
                break;
            }
            _ => return Err(format!("unexpected {:?}", event.header.message_type).into()),
        }
    }
    session.close().await?;
    Ok(Seen {
        terminal: "Success".to_string(),
        frames,
        ..Seen::default()
    })
}

fn question() -> Result<NnrpSubmitRequest, Box<dyn Error>> {
    let asked = json!({
        "schema_version": "openai-compatible/1",
        "operation": "chat.completions.create",
        "request_id": "1",
        "body": { "model": "any", "messages": [{ "role": "user", "content": "ping" }], "stream": true },
    });
    Ok(NnrpSubmitRequest::typed_payload(NnrpTypedPayloadSubmitInput {
        identity: NnrpSubmitIdentity {
            operation_id: OPERATION,
            frame_id: 1,
            header: NnrpSubmitHeaderContext::default(),
        },
        policy: NnrpSubmitPolicy::default(),
        frames: vec![NnrpTypedPayloadInputFrame {
            profile_id: 0,
            payload_kind: PayloadKind::StructuredEvent,
            descriptor_flags: 0,
            schema_id: 0,
            schema_version: 0,
            stream_semantics: SNAPSHOT,
            payload: asked.to_string().into_bytes(),
        }],
    })?)
}

/// The JSON of a body that is one structured event, and says so.
fn typed(kinds: PayloadKindBitmap, count: u16, body: &[u8]) -> Result<Value, Box<dyn Error>> {
    if kinds.0 != PayloadKindBitmap::STRUCTURED_EVENT || count != 1 {
        return Err("the end is not one structured event".into());
    }
    let prelude = body
        .get(..BODY_REGION_PRELUDE_LEN)
        .ok_or("the end has no prelude")?;
    let prelude = BodyRegionPrelude::parse(prelude)?;
    let others = prelude.inline_object_bytes
        + prelude.object_reference_bytes
        + prelude.extension_descriptor_bytes
        + prelude.extension_payload_bytes;
    let descriptors_end = BODY_REGION_PRELUDE_LEN + prelude.typed_payload_descriptor_bytes as usize;
    if others != 0 || descriptors_end + prelude.typed_payload_frame_bytes as usize != body.len() {
        return Err("the end has other regions than those of a typed payload".into());
    }
    let (descriptors, payload) = (
        &body[BODY_REGION_PRELUDE_LEN..descriptors_end],
        &body[descriptors_end..],
    );
    let region = TypedPayloadRegion::parse(kinds, count, descriptors, payload)?;
    let frames = region.frame_views()?;
    let frame = frames.first().ok_or("the end has no frame")?;
    let found = frame.descriptor;
    let is_plain = found.profile_id == 0
        && found.schema_id == 0
        && found.schema_version == 0
        && found.descriptor_flags == 0;
    if !is_plain || found.stream_semantics != SNAPSHOT {
        return Err(format!("the end is described as {found:?}").into());
    }
    Ok(serde_json::from_slice(frame.payload)?)
}
