"""A client on nnrp-py and its native library, for the interop tests of nnrp-rx.

`client.py PORT` opens a session, has an answer streamed, cancels another, prints its ticket and waits to be killed.
`client.py PORT TICKET` resumes the session of that ticket, has an answer streamed, and closes.
What it sees are lines on standard output.
"""

import asyncio
import signal
import sys

from nnrp.client import (
    NativeClientOptions,
    NativeClientProviderRoute,
    NativeClientSessionOptions,
    NativeSessionRecoveryTicket,
    SubmitIdentity,
    SubmitPolicy,
    SubmitRequest,
    TokenChunk,
    TokenSubmitInput,
    connect_native_client_connection,
)
from nnrp.core import MessageType, TransportPolicy, unpack_body
from nnrp.runtime import NativeRuntimeEvent

TOKEN_BYTES = 24
TIMEOUT_S = 10
USER_CANCELLED = 1


def say(line):
    print(line, flush=True)


def submit(session, number, text):
    chunks = (TokenChunk(text.encode()),)
    identity = SubmitIdentity(operation_id=100 + number, frame_id=number)
    request = SubmitRequest.token(TokenSubmitInput(identity=identity, policy=SubmitPolicy(), chunks=chunks))
    return session.submit_operation(request)


async def print_until_end(session):
    """Prints what comes of an operation, up to what ends it."""
    while True:
        event = await session.next_event(timeout=TIMEOUT_S)
        # What its own library says of an operation's life is no event of the wire.
        if not isinstance(event, NativeRuntimeEvent):
            continue
        metadata = event.metadata.value
        match event.header.message_type:
            case MessageType.PARTIAL_RESULT:
                text = bytes(unpack_body(event.tail.body).typed_payload_frame_region).decode()
                say(f"part {metadata.result_sequence} of {metadata.operation_id}: {text}")
            case MessageType.RESULT_PUSH:
                say("result")
                return
            case MessageType.RESULT_DROP_REASON:
                say(f"dropped {int(metadata.drop_reason_code)} of {metadata.operation_id}")
                return


async def stay(connection):
    session = await connection.open_session()
    say("opened")
    submit(session, 1, "stream")
    await print_until_end(session)
    waiting = submit(session, 2, "wait")
    connection.cancel_runtime_operation(
        session,
        operation_id=waiting.operation_id,
        control_sequence=1,
        reason_code=USER_CANCELLED,
    )
    await print_until_end(session)
    say(f"ticket {session.recovery_ticket().to_bytes().hex()}")
    signal.pause()


async def come_back(connection, ticket):
    session = await connection.resume_session(ticket)
    say("resumed")
    submit(session, 3, "stream")
    await print_until_end(session)
    session.close()
    say("closed")


def main(port, ticket=None):
    options = NativeClientOptions(
        "nnrp://127.0.0.1",
        provider_routes={"tcp": NativeClientProviderRoute(provider_endpoint=f"tcp://127.0.0.1:{port}")},
        transport_policy=TransportPolicy.FORCE_TCP,
        session_defaults=NativeClientSessionOptions(allow_resume=True, resume_token_bytes=TOKEN_BYTES),
    )
    with connect_native_client_connection(options) as connection:
        if ticket is None:
            asyncio.run(stay(connection))
        else:
            asyncio.run(come_back(connection, NativeSessionRecoveryTicket.from_bytes(bytes.fromhex(ticket))))


main(*sys.argv[1:])
