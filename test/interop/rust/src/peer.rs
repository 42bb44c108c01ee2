//! The handles of this process and which command goes where.

use std::collections::HashMap;

use nnrp_core::{ConnectionLifecycle, ConnectionLifecycleState, SessionLifecycleState};
use nnrp_runtime::{NnrpClient, NnrpClientSession, NnrpServer};
use serde::{de::DeserializeOwned, Deserialize};
use serde_json::{json, Value};

use crate::failure::{Failure, Outcome};
use crate::fields::Field;
use crate::raw::{RawListener, RawStream};
use crate::records::{Fields, Record};
use crate::server::ServerSession;
use crate::{client, raw, server};

pub enum Thing {
    Server(NnrpServer),
    ServerSession(ServerSession),
    Client(NnrpClient),
    ClientSession(NnrpClientSession),
    RawListener(RawListener),
    RawStream(RawStream),
}

impl Thing {
    fn name(&self) -> &'static str {
        match self {
            Self::Server(_) => "a server",
            Self::ServerSession(_) => "a server session",
            Self::Client(_) => "a client",
            Self::ClientSession(_) => "a client session",
            Self::RawListener(_) => "a raw listener",
            Self::RawStream(_) => "a raw connection",
        }
    }
}

#[derive(Default)]
pub struct Peer {
    things: HashMap<u64, Thing>,
    last_handle: u64,
}

macro_rules! borrowed {
    ($($name:ident: $variant:ident($type:ty), $expected:literal;)*) => {$(
        pub fn $name(&mut self, handle: u64) -> Result<&mut $type, Failure> {
            match self.things.get_mut(&handle) {
                Some(Thing::$variant(thing)) => Ok(thing),
                other => Err(wrong_handle(handle, $expected, other.as_deref())),
            }
        }
    )*};
}

/// These take the thing out of the table: its handle is gone, however the command ends.
macro_rules! taken {
    ($($name:ident: $variant:ident($type:ty), $expected:literal;)*) => {$(
        pub fn $name(&mut self, handle: u64) -> Result<$type, Failure> {
            match self.things.remove(&handle) {
                Some(Thing::$variant(thing)) => Ok(thing),
                other => {
                    let failure = wrong_handle(handle, $expected, other.as_ref());
                    self.things.extend(other.map(|thing| (handle, thing)));
                    Err(failure)
                }
            }
        }
    )*};
}

impl Peer {
    borrowed! {
        server: Server(NnrpServer), "a server";
        server_session: ServerSession(ServerSession), "a server session";
        client_session: ClientSession(NnrpClientSession), "a client session";
        raw_listener: RawListener(RawListener), "a raw listener";
        raw_stream: RawStream(RawStream), "a raw connection";
    }

    taken! {
        take_server_session: ServerSession(ServerSession), "a server session";
        take_client: Client(NnrpClient), "a client";
        take_client_session: ClientSession(NnrpClientSession), "a client session";
    }

    pub fn keep(&mut self, thing: Thing) -> u64 {
        self.last_handle += 1;
        self.things.insert(self.last_handle, thing);
        self.last_handle
    }

    pub fn forget(&mut self, handle: u64) -> Option<Thing> {
        self.things.remove(&handle)
    }

    pub async fn run(&mut self, command: &str, arguments: Value) -> Outcome {
        match command {
            "bind" => server::bind(self, parse(arguments)?).await,
            "accept" => server::accept(self, parse(arguments)?).await,
            "session_count" => server::session_count(self, parse(arguments)?),
            "receive_submit" => server::receive_submit(self, parse(arguments)?).await,
            "send_result" => server::send_result(self, parse(arguments)?).await,
            "send_result_drop" => server::send_result_drop(self, parse(arguments)?).await,
            "receive_cancel" => server::receive_cancel(self, parse(arguments)?).await,
            "receive_patch" => server::receive_patch(self, parse(arguments)?).await,
            "send_patch_ack" => server::send_patch_ack(self, parse(arguments)?).await,
            "send_flow_update" => server::send_flow_update(self, parse(arguments)?).await,
            "receive_migrate" => server::receive_migrate(self, parse(arguments)?).await,
            "send_migrate_ack" => server::send_migrate_ack(self, parse(arguments)?).await,
            "receive_close" => server::receive_close(self, parse(arguments)?).await,
            "ack_close" => server::ack_close(self, parse(arguments)?).await,
            "track_cache_object" => server::track_cache_object(self, parse(arguments)?),

            "connect" => client::connect(self, parse(arguments)?).await,
            "open_session" => client::open_session(self, parse(arguments)?).await,
            "submit" => client::submit(self, parse(arguments)?).await,
            "await_event" => client::await_event(self, parse(arguments)?).await,
            "cancel_frame" => client::cancel_frame(self, parse(arguments)?).await,
            "patch_session" => client::patch_session(self, parse(arguments)?).await,
            "migrate_transport" => client::migrate_transport(self, parse(arguments)?).await,
            "close_with" => client::close_with(self, parse(arguments)?).await,
            "close_transport" => client::close_transport(self, parse(arguments)?).await,

            "raw_connect" => raw::connect(self, parse(arguments)?).await,
            "raw_listen" => raw::listen(self, parse(arguments)?).await,
            "raw_accept" => raw::accept(self, parse(arguments)?).await,
            "raw_send" => raw::send(self, parse(arguments)?).await,
            "raw_read_packet" => raw::read_packet(self, parse(arguments)?).await,
            "raw_expect_end" => raw::expect_end(self, parse(arguments)?).await,
            "raw_shutdown" => raw::shutdown(self, parse(arguments)?).await,
            "encode_packet" => raw::encode(parse(arguments)?),
            "decode_packet" => raw::decode(parse(arguments)?),

            "close" => self.close(parse(arguments)?).await,
            "snapshot" => self.snapshot(parse(arguments)?),
            "drop" => self.drop_handle(parse(arguments)?),
            _ => Err(Failure::bad_command(format!("there is no command {command}"))),
        }
    }

    /// The runtime's own `close` of a session, of whichever side it is.
    async fn close(&mut self, arguments: OnHandle) -> Outcome {
        if matches!(self.things.get(&arguments.handle), Some(Thing::ClientSession(_))) {
            self.take_client_session(arguments.handle)?.close().await?;
        } else {
            self.take_server_session(arguments.handle)?.close().await?;
        }
        Ok(json!({}))
    }

    fn snapshot(&mut self, arguments: OnHandle) -> Outcome {
        if matches!(self.things.get(&arguments.handle), Some(Thing::ClientSession(_))) {
            let session = self.client_session(arguments.handle)?;
            Ok(show_lifecycle(session.lifecycle(), session.session_id()))
        } else {
            Ok(self.server_session(arguments.handle)?.snapshot())
        }
    }

    /// Dropping a session object closes its socket and tells the runtime nothing: a connection cut.
    fn drop_handle(&mut self, arguments: OnHandle) -> Outcome {
        match self.forget(arguments.handle) {
            Some(_) => Ok(json!({})),
            None => Err(wrong_handle(arguments.handle, "something", None)),
        }
    }
}

/// Whether a command may leave a packet half written when its time runs out.
pub fn writes(command: &str) -> bool {
    command.starts_with("send_")
        || matches!(
            command,
            "ack_close"
                | "submit"
                | "cancel_frame"
                | "patch_session"
                | "migrate_transport"
                | "close_with"
                | "raw_send"
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnHandle {
    pub handle: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "T: Record")]
pub struct WithMetadata<T> {
    pub handle: u64,
    #[serde(default)]
    pub metadata: Fields<T>,
}

fn parse<T: DeserializeOwned>(arguments: Value) -> Result<T, Failure> {
    serde_json::from_value(arguments).map_err(|error| Failure::bad_command(error.to_string()))
}

fn wrong_handle(handle: u64, expected: &str, found: Option<&Thing>) -> Failure {
    let found = found.map_or("gone", Thing::name);
    Failure::new(
        "UnknownHandle",
        format!("handle {handle} should be {expected} but is {found}"),
    )
}

/// What the runtime knows of the connection and of the one session on it.
pub fn show_lifecycle(lifecycle: &ConnectionLifecycle, session_id: u32) -> Value {
    let session = lifecycle.session(session_id).map(|session| {
        json!({
            "state": match session.state {
                SessionLifecycleState::Open => "open",
                SessionLifecycleState::Resumed => "resumed",
                SessionLifecycleState::Closing => "closing",
                SessionLifecycleState::Draining => "draining",
                SessionLifecycleState::Closed => "closed",
            },
            "profile_id": session.profile_id,
            "priority_class": session.priority_class.show(),
            "schema_id": session.schema_id,
            "schema_version": session.schema_version,
            "max_in_flight_operations": session.max_in_flight_operations,
            "route_scope_id": session.route_scope_id,
            "last_operation_id": session.last_operation_id.show(),
            "session_error_code": session.session_error_code,
        })
    });
    json!({
        "session_id": session_id,
        "connection_state": match lifecycle.state() {
            ConnectionLifecycleState::Open => "open",
            ConnectionLifecycleState::Closing => "closing",
            ConnectionLifecycleState::Closed => "closed",
        },
        "session": session,
    })
}
