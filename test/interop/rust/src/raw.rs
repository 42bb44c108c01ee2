//! Sockets without a runtime on them: any bytes out, packets in as nnrp-core reads them.

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use nnrp_core::{CommonHeader, COMMON_HEADER_LEN};
use serde::Deserialize;
use serde_json::{json, Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::failure::{Failure, Outcome};
use crate::fields::{to_hex, Hex};
use crate::peer::{OnHandle, Peer, Thing};
use crate::records::{encode_packet, show_packet, HeaderFields};

const LONGEST_PACKET: usize = 64 * 1024 * 1024;
const READ_STEP: usize = 64 * 1024;

pub struct RawListener(TcpListener);

/// Keeps what it has read, so that a read that ran out of time loses nothing.
pub struct RawStream {
    stream: TcpStream,
    received: Vec<u8>,
}

impl RawStream {
    fn new(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::new(),
        })
    }

    async fn fill(&mut self, length: usize) -> Result<(), Failure> {
        while self.received.len() < length {
            let wanted = (length - self.received.len()).min(READ_STEP);
            self.received.reserve(wanted);
            let read = (&mut self.stream)
                .take(wanted as u64)
                .read_buf(&mut self.received)
                .await?;
            if read == 0 {
                return Err(if self.received.is_empty() {
                    Failure::new("EndOfStream", "the connection ended where a packet could start")
                } else {
                    std::io::Error::new(
                        ErrorKind::UnexpectedEof,
                        format!("the connection ended {} bytes into a packet", self.received.len()),
                    )
                    .into()
                });
            }
        }
        Ok(())
    }

    async fn read_packet(&mut self) -> Outcome {
        self.fill(COMMON_HEADER_LEN).await?;
        let length = CommonHeader::parse(&self.received[..COMMON_HEADER_LEN])?.packet_len()?;
        if length > LONGEST_PACKET {
            return Err(Failure::new(
                "TooLong",
                format!("a packet of {length} bytes is beyond this tool's {LONGEST_PACKET}"),
            ));
        }
        self.fill(length).await?;
        let (header, metadata, body) = CommonHeader::parse_packet(&self.received)?;
        let packet = show_packet(&header, metadata, body);
        self.received.clear();
        Ok(packet)
    }

    async fn expect_end(&mut self) -> Outcome {
        if self.received.is_empty() {
            match self.stream.read_buf(&mut self.received).await {
                Ok(0) => return Ok(json!({ "end": "eof" })),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return Ok(json!({ "end": "reset" }));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new(
            "UnexpectedBytes",
            format!("expected the end, got {}", to_hex(&self.received)),
        ))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    port: u16,
}

pub async fn connect(peer: &mut Peer, arguments: Connect) -> Outcome {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, arguments.port)).await?;
    let stream = RawStream::new(stream)?;
    Ok(json!({ "handle": peer.keep(Thing::RawStream(stream)) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {}

pub async fn listen(peer: &mut Peer, _arguments: Listen) -> Outcome {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    Ok(json!({ "handle": peer.keep(Thing::RawListener(RawListener(listener))), "port": port }))
}

pub async fn accept(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    let (stream, _) = peer.raw_listener(arguments.handle)?.0.accept().await?;
    let stream = RawStream::new(stream)?;
    Ok(json!({ "handle": peer.keep(Thing::RawStream(stream)) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    handle: u64,
    bytes: Hex,
}

pub async fn send(peer: &mut Peer, arguments: Send) -> Outcome {
    let raw = peer.raw_stream(arguments.handle)?;
    raw.stream.write_all(&arguments.bytes.0).await?;
    Ok(json!({}))
}

pub async fn read_packet(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    peer.raw_stream(arguments.handle)?.read_packet().await
}

pub async fn expect_end(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    peer.raw_stream(arguments.handle)?.expect_end().await
}

/// Ends the writing side only; reading goes on.
pub async fn shutdown(peer: &mut Peer, arguments: OnHandle) -> Outcome {
    peer.raw_stream(arguments.handle)?.stream.shutdown().await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encode {
    message_type: u8,
    #[serde(default)]
    header: HeaderFields,
    #[serde(default)]
    record: Map<String, Value>,
    #[serde(default)]
    body: Hex,
}

pub fn encode(arguments: Encode) -> Outcome {
    let bytes = encode_packet(
        arguments.message_type,
        arguments.header,
        &arguments.record,
        arguments.body.0,
    )?;
    Ok(json!({ "bytes": to_hex(&bytes) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decode {
    bytes: Hex,
}

pub fn decode(arguments: Decode) -> Outcome {
    let (header, metadata, body) = CommonHeader::parse_packet(&arguments.bytes.0)?;
    Ok(show_packet(&header, metadata, body))
}
