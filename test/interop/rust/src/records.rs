//! The metadata records of nnrp-core to and from JSON objects with the protocol's field names.

use nnrp_core::{CommonHeader, HeaderFlags, MessageType};
use serde::{de::Error as _, Deserialize, Deserializer};
use serde_json::{json, Map, Value};

use crate::failure::{Failure, Outcome};
use crate::fields::{to_hex, Field};

pub trait Record: Sized {
    /// A field that the record does not have is an error: a misspelt field must not pass as a 0.
    fn from_json(fields: &Map<String, Value>) -> Result<Self, String>;
    fn to_json(&self) -> Value;
}

/// A record inside the arguments of a command; left out, it is the record of all defaults.
pub struct Fields<T>(pub T);

impl<T: Record> Default for Fields<T> {
    fn default() -> Self {
        Self(T::from_json(&Map::new()).expect("every field has a default"))
    }
}

impl<'de, T: Record> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        T::from_json(&fields).map(Self).map_err(D::Error::custom)
    }
}

macro_rules! record {
    ($name:ident: $($field:ident)*) => {
        impl Record for nnrp_core::$name {
            fn from_json(fields: &Map<String, Value>) -> Result<Self, String> {
                if let Some(unknown) = fields.keys().find(|key| ![$(stringify!($field)),*].contains(&key.as_str())) {
                    return Err(format!("{} has no field {unknown}", stringify!($name)));
                }
                Ok(Self {
                    $($field: Field::read(fields.get(stringify!($field)))
                        .map_err(|reason| format!("{}: {reason}", stringify!($field)))?,)*
                })
            }

            fn to_json(&self) -> Value {
                let mut fields = Map::new();
                $(fields.insert(stringify!($field).to_owned(), self.$field.show());)*
                Value::Object(fields)
            }
        }
    };
}

/// Records that are the metadata of one message type, which decode and encode need to find by that type.
macro_rules! metadata_records {
    ($($message:ident $name:ident { $($field:ident)* })*) => {
        $(record!($name: $($field)*);)*

        fn decode_metadata(message_type: MessageType, metadata: &[u8]) -> Option<Outcome> {
            match message_type {
                $(MessageType::$message => Some(
                    nnrp_core::$name::parse(metadata)
                        .map(|record| Record::to_json(&record))
                        .map_err(Failure::from),
                ),)*
                _ => None,
            }
        }

        fn encode_metadata(message_type: MessageType, fields: &Map<String, Value>) -> Result<Vec<u8>, Failure> {
            match message_type {
                $(MessageType::$message => {
                    let record = nnrp_core::$name::from_json(fields).map_err(Failure::bad_command)?;
                    Ok(record.to_bytes()?.to_vec())
                })*
                _ if fields.is_empty() => Ok(Vec::new()),
                _ => Err(Failure::bad_command(format!("{message_type:?} has no metadata"))),
            }
        }
    };
}

record!(CacheObjectId: cache_namespace cache_key_hi cache_key_lo object_kind);

metadata_records! {
    ClientHello ClientHelloMetadata {
        min_version_major max_version_major supported_wire_format_bitmap supported_profile_bitmap
        supported_payload_kind_bitmap supported_codec_bitmap supported_compression_bitmap
        supported_dtype_bitmap supported_layout_bitmap cache_digest_bitmap cache_object_bitmap
        cache_namespace_count max_lane_count max_cache_entries max_cache_bytes target_cadence_x100
        latency_budget_ms quality_tier degrade_policy requested_session_id auth_bytes
        control_extension_bytes
    }
    ServerHelloAck ServerHelloAckMetadata {
        selected_version_major selected_wire_format auth_status session_id accepted_profile_bitmap
        accepted_payload_kind_bitmap accepted_codec_bitmap accepted_compression_bitmap
        accepted_dtype_bitmap accepted_layout_bitmap cache_digest_bitmap cache_object_bitmap
        max_cache_entries max_cache_bytes max_lane_count max_concurrent_frames target_cadence_x100
        latency_budget_ms quality_tier degrade_policy max_body_bytes token_ttl_ms retry_after_ms
        control_extension_bytes server_flags
    }
    SessionPatch SessionPatchMetadata {
        profile_id patch_mask target_cadence_x100 quality_tier degrade_policy active_lane_mask
        preferred_codec_bitmap preferred_compression_bitmap profile_patch_bytes
    }
    SessionPatchAck SessionPatchAckMetadata {
        ack_status reject_reason applied_patch_mask rejected_patch_mask retry_after_ms
        effective_profile_id effective_target_cadence_x100 effective_quality_tier
        effective_degrade_policy effective_lane_mask effective_codec_bitmap
        effective_compression_bitmap profile_patch_ack_bytes
    }
    Error ErrorMetadata {
        error_code error_scope is_fatal retry_after_ms related_session_id related_frame_id
        related_view_id diagnostic_bytes
    }
    SessionOpen SessionOpenMetadata {
        requested_session_id profile_id priority_class session_flags schema_id schema_version
        default_deadline_ms max_in_flight_operations lease_ttl_hint_ms resume_token_bytes auth_bytes
        session_extension_bytes client_session_tag
    }
    SessionOpenAck SessionOpenAckMetadata {
        session_id accepted_profile_id accepted_priority_class session_status schema_id schema_version
        granted_operation_credit max_in_flight_operations lease_ttl_ms resume_window_ms
        resume_token_bytes session_extension_bytes server_session_tag route_scope_id
        session_error_code session_flags_ack
    }
    SessionClose SessionCloseMetadata {
        close_reason in_flight_policy drain_timeout_ms last_operation_id session_error_code
        session_close_tag
    }
    SessionCloseAck SessionCloseAckMetadata { close_status last_operation_id session_error_code }
    FrameSubmit FrameSubmitMetadata {
        src_width src_height tile_width tile_height tile_count section_count frame_class
        input_profile tile_index_mode latency_budget_ms target_fps_x100 retry_of_frame tile_base_id
        camera_bytes tile_index_bytes submit_mode budget_policy loss_tolerance_policy object_ref_mask
        dependency_frame_id payload_kind_bitmap payload_frame_count
    }
    ResultPush ResultPushMetadata {
        status_code result_flags section_count tile_count active_profile_id inference_ms queue_ms
        server_total_ms tile_base_id tile_index_bytes result_class applied_budget_policy
        reused_frame_id covered_tile_count dropped_tile_count payload_kind_bitmap payload_frame_count
    }
    CachePut CachePutMetadata {
        cache_namespace cache_key_hi cache_key_lo object_kind ttl_ms object_bytes codec_bitmap flags
    }
    CacheAck CacheAckMetadata {
        cache_namespace cache_key_hi cache_key_lo status accepted_ttl_ms max_object_bytes detail_code
    }
    CacheInvalidate CacheInvalidateMetadata {
        invalidate_scope cache_namespace cache_key_hi cache_key_lo reason_code
    }
    FlowUpdate FlowUpdateMetadata {
        scope_kind update_reason backpressure_level connection_credit session_credit operation_credit
        operation_id retry_after_ms credit_epoch flow_flags
    }
    ResultHint ResultHintMetadata { applied_budget_policy congestion_state reason retry_after_ms }
    TransportProbe TransportProbeMetadata { probe_id probe_payload_bytes client_send_ts_us }
    TransportProbeAck TransportProbeAckMetadata { probe_id server_recv_ts_us }
    SessionMigrate SessionMigrateMetadata {
        old_transport_id new_transport_id last_result_frame_id client_migrate_ts_us
    }
    SessionMigrateAck SessionMigrateAckMetadata {
        accept_code resume_from_frame_id grace_window_ms server_migrate_ts_us
    }
}

/// The header fields that a caller may choose; the others follow from the packet.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeaderFields {
    flags: u32,
    session_id: u32,
    frame_id: u32,
    view_id: u16,
    route_id: u16,
    trace_id: Option<crate::fields::Plain<u64>>,
}

/// One packet as JSON. `record` is null where the type has no metadata or nnrp-core rejects it; the second
/// case gives `record_error`.
pub fn show_packet(header: &CommonHeader, metadata: &[u8], body: &[u8]) -> Value {
    let mut packet = json!({
        "header": {
            "version_major": header.version_major,
            "wire_format": header.wire_format,
            "message_type": header.message_type as u8,
            "header_len": header.header_len,
            "flags": header.flags.0,
            "meta_len": header.meta_len,
            "body_len": header.body_len,
            "session_id": header.session_id,
            "frame_id": header.frame_id,
            "view_id": header.view_id,
            "route_id": header.route_id,
            "trace_id": header.trace_id.show(),
        },
        "metadata": to_hex(metadata),
        "body": to_hex(body),
        "record": null,
    });
    match decode_metadata(header.message_type, metadata) {
        Some(Ok(record)) => packet["record"] = record,
        Some(Err(failure)) => packet["record_error"] = failure.to_json()["error"].clone(),
        None => {}
    }
    packet
}

pub fn encode_packet(
    message_type: u8,
    chosen: HeaderFields,
    record: &Map<String, Value>,
    body: Vec<u8>,
) -> Result<Vec<u8>, Failure> {
    let message_type = MessageType::try_from_u8(message_type)?;
    let metadata = encode_metadata(message_type, record)?;
    let mut header = CommonHeader::new(message_type, 0, 0);
    header.flags = HeaderFlags(chosen.flags);
    header.session_id = chosen.session_id;
    header.frame_id = chosen.frame_id;
    header.view_id = chosen.view_id;
    header.route_id = chosen.route_id;
    header.trace_id = chosen.trace_id.map_or(0, |trace_id| trace_id.0);
    Ok(nnrp_runtime::RuntimePacket::new(header, metadata, body)?.to_bytes()?)
}
