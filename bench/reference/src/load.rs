//! A load of one session on one connection: counts results by their bytes and sends a submit for each.
//! The packets are made once, one for each place of the window; only frame ids are written.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Instant;

use nnrp_core::{
    ClientHelloMetadata, CommonHeader, FrameSubmitMetadata, MessageType, SessionOpenMetadata,
    SessionPriorityClass, CLIENT_HELLO_METADATA_LEN, COMMON_HEADER_LEN, FRAME_SUBMIT_METADATA_LEN,
    RESULT_PUSH_METADATA_LEN, SERVER_HELLO_ACK_METADATA_LEN, SESSION_OPEN_ACK_METADATA_LEN,
    SESSION_OPEN_METADATA_LEN, STANDARD_PROFILE_TOKEN, TOKEN_DELTA_SCHEMA_ID, TOKEN_DELTA_SCHEMA_VERSION,
};
use serde::Deserialize;
use serde_json::json;

use crate::latency::Latency;
use crate::parent::{listen, tell, Phase, Phases};

const SESSION_ID: u32 = 1;
const TYPE_AT: usize = 6;
const FRAME_ID_AT: usize = 24;
/// Of FRAME_SUBMIT in preview4, where preview3 has zeros.
const OPERATION_ID_AT: usize = COMMON_HEADER_LEN + 40;
const READ_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Revision {
    #[default]
    Preview3,
    Preview4,
}

/// One connection with one session, as the bench words it.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadParameters {
    pub port: u16,
    pub window: usize,
    pub body_bytes: usize,
    pub warm_ms: u64,
    pub run_ms: u64,
    #[serde(default)]
    pub revision: Revision,
}

pub fn run(parameters: LoadParameters) -> Result<(), Box<dyn Error>> {
    let asked = listen();
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, parameters.port))?;
    socket.set_nodelay(true)?;
    if parameters.revision == Revision::Preview4 {
        socket.write_all(&client_hello()?)?;
        let mut ack = [0; COMMON_HEADER_LEN + SERVER_HELLO_ACK_METADATA_LEN];
        socket.read_exact(&mut ack)?;
    }
    socket.write_all(&session_open(parameters)?)?;
    let mut ack = [0; COMMON_HEADER_LEN + SESSION_OPEN_ACK_METADATA_LEN];
    socket.read_exact(&mut ack)?;
    let mut submits = Submits::new(parameters)?;
    let mut buffer = vec![0; READ_BYTES];
    tell(json!({ "ready": true }));
    while asked.recv().is_ok() {
        run_once(parameters, &mut submits, &mut socket, &mut buffer)?;
        tell(json!({ "rests": true }));
    }
    Ok(())
}

fn run_once(
    parameters: LoadParameters,
    submits: &mut Submits,
    socket: &mut TcpStream,
    buffer: &mut [u8],
) -> Result<(), Box<dyn Error>> {
    let mut latency = Latency::new();
    let mut phases = Phases::start(parameters.warm_ms, parameters.run_ms);
    let mut sent = VecDeque::from([(Instant::now(), parameters.window)]);
    submits.send(parameters.window, socket)?;

    let result_bytes = COMMON_HEADER_LEN + RESULT_PUSH_METADATA_LEN + parameters.body_bytes;
    let mut received = 0;
    let mut in_flight = parameters.window;
    while in_flight > 0 {
        let read = socket.read(buffer)?;
        if read == 0 {
            return Err("the server has ended the connection".into());
        }
        // Wherever a read starts with a packet, that packet is what it is taken for.
        if received == 0 && read > TYPE_AT && buffer[TYPE_AT] != MessageType::ResultPush as u8 {
            return Err(format!("message type {} instead of a result", buffer[TYPE_AT]).into());
        }
        received += read;
        let results = received / result_bytes;
        received -= results * result_bytes;
        let now = Instant::now();
        in_flight -= results;
        settle(&mut sent, results, now, &mut latency);
        match phases.advance(now) {
            Phase::Unchanged => {}
            Phase::Warm => latency.forget(),
            Phase::Done { seconds, cpu } => tell_result(&latency, seconds, cpu),
        }
        if results > 0 && !phases.is_over() {
            in_flight += results;
            sent.push_back((now, results));
            submits.send(results, socket)?;
        }
    }
    Ok(())
}

pub fn tell_result(latency: &Latency, seconds: f64, cpu: u64) {
    tell(json!({
        "operations": latency.count(),
        "seconds": seconds,
        "p50": latency.percentile(50),
        "p99": latency.percentile(99),
        "cpu": cpu,
    }));
}

fn settle(sent: &mut VecDeque<(Instant, usize)>, results: usize, now: Instant, latency: &mut Latency) {
    let mut left = results;
    while left > 0 {
        let (at, count) = sent.front_mut().expect("no more results than submits");
        let settled = left.min(*count);
        latency.record((now - *at).as_micros() as u64, settled as u64);
        *count -= settled;
        left -= settled;
        if *count == 0 {
            sent.pop_front();
        }
    }
}

/// The window's packets; a place is free when the result of its last packet is here.
struct Submits {
    ring: Vec<u8>,
    packet_bytes: usize,
    window: usize,
    place: usize,
    frame_id: u32,
    revision: Revision,
}

impl Submits {
    fn new(parameters: LoadParameters) -> Result<Self, Box<dyn Error>> {
        let mut header = CommonHeader::new(
            MessageType::FrameSubmit,
            FRAME_SUBMIT_METADATA_LEN as u32,
            u32::try_from(parameters.body_bytes)?,
        );
        header.session_id = SESSION_ID;
        let metadata = FrameSubmitMetadata::parse(&[0; FRAME_SUBMIT_METADATA_LEN])?;
        let mut packet = header.to_bytes()?.to_vec();
        packet.extend_from_slice(&metadata.to_bytes()?);
        packet.resize(packet.len() + parameters.body_bytes, 0);
        Ok(Self {
            ring: packet.repeat(parameters.window),
            packet_bytes: packet.len(),
            window: parameters.window,
            place: 0,
            frame_id: 0,
            revision: parameters.revision,
        })
    }

    /// In two writes where the ring ends between.
    fn send(&mut self, count: usize, socket: &mut TcpStream) -> std::io::Result<()> {
        let first = count.min(self.window - self.place);
        self.write(first, socket)?;
        if count > first {
            self.write(count - first, socket)?;
        }
        Ok(())
    }

    fn write(&mut self, count: usize, socket: &mut TcpStream) -> std::io::Result<()> {
        let start = self.place * self.packet_bytes;
        let end = start + count * self.packet_bytes;
        for packet in self.ring[start..end].chunks_exact_mut(self.packet_bytes) {
            self.frame_id += 1;
            packet[FRAME_ID_AT..FRAME_ID_AT + 4].copy_from_slice(&self.frame_id.to_le_bytes());
            if self.revision == Revision::Preview4 {
                packet[OPERATION_ID_AT..OPERATION_ID_AT + 4].copy_from_slice(&self.frame_id.to_le_bytes());
            }
        }
        self.place = (self.place + count) % self.window;
        socket.write_all(&self.ring[start..end])
    }
}

/// Its layout is that of both revisions.
fn client_hello() -> Result<Vec<u8>, Box<dyn Error>> {
    let hello = ClientHelloMetadata {
        min_version_major: 1,
        max_version_major: 1,
        supported_wire_format_bitmap: 1,
        supported_profile_bitmap: 3,
        supported_payload_kind_bitmap: 0x73,
        supported_codec_bitmap: 0,
        supported_compression_bitmap: 0,
        supported_dtype_bitmap: 0,
        supported_layout_bitmap: 0,
        cache_digest_bitmap: 0,
        cache_object_bitmap: 0,
        cache_namespace_count: 0,
        max_lane_count: 1,
        max_cache_entries: 0,
        max_cache_bytes: 0,
        target_cadence_x100: 0,
        latency_budget_ms: 0,
        quality_tier: 0,
        degrade_policy: 0,
        requested_session_id: 0,
        auth_bytes: 0,
        control_extension_bytes: 0,
    };
    let header = CommonHeader::new(MessageType::ClientHello, CLIENT_HELLO_METADATA_LEN as u32, 0);
    let mut bytes = header.to_bytes()?.to_vec();
    let mut metadata = vec![0; CLIENT_HELLO_METADATA_LEN];
    hello.write(&mut metadata)?;
    bytes.extend_from_slice(&metadata);
    Ok(bytes)
}

fn session_open(parameters: LoadParameters) -> Result<Vec<u8>, Box<dyn Error>> {
    let open = SessionOpenMetadata {
        requested_session_id: SESSION_ID,
        profile_id: STANDARD_PROFILE_TOKEN,
        priority_class: SessionPriorityClass::Balanced,
        session_flags: 0,
        schema_id: TOKEN_DELTA_SCHEMA_ID,
        schema_version: TOKEN_DELTA_SCHEMA_VERSION,
        default_deadline_ms: 500,
        // The server of preview4 takes no more.
        max_in_flight_operations: match parameters.revision {
            Revision::Preview3 => 4,
            Revision::Preview4 => u16::try_from(parameters.window)?,
        },
        lease_ttl_hint_ms: 30_000,
        resume_token_bytes: 0,
        auth_bytes: 0,
        session_extension_bytes: 0,
        client_session_tag: u64::from(SESSION_ID),
    };
    let header = CommonHeader::new(MessageType::SessionOpen, SESSION_OPEN_METADATA_LEN as u32, 0);
    let mut bytes = header.to_bytes()?.to_vec();
    let mut metadata = vec![0; SESSION_OPEN_METADATA_LEN];
    open.write(&mut metadata)?;
    bytes.extend_from_slice(&metadata);
    Ok(bytes)
}
