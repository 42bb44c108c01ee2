import { MessageType } from '../../src/wire/message-type';
import { ErrorScope } from '../../src/wire/messages/error-message';
import { encodePacket } from '../../src/wire/encode-packet';
import { packet, type Packet } from '../../src/wire/packet';
import { FrameSubmitMetadata } from '../../src/wire/messages/frame-submit';
import {
  bytesOf,
  cancelPacket,
  closePacket,
  migratePacket,
  openPacket,
  patchPacket,
  pingPacket,
  rawPacket,
  resultPacket,
  SESSION,
  submitPacket,
} from '../support/packets';
import { BROKEN_FRAMES, UNKNOWN_TYPE } from './broken-frames';
import { openMetadata } from './open-metadata';
import type { RustServerSession } from './rust-peer';
import { rustError, stage } from './stage';

const on = stage();
const utf8 = new TextDecoder();

const OPEN = openPacket({ metadata: openMetadata({ requestedSessionId: SESSION }) });
const SWITCH = { oldTransportId: 2, newTransportId: 1 } as const;

/** A packet whose metadata was changed behind the back of its record. */
function changed(whole: Packet, at: number, value: number): Packet {
  const metadata = Uint8Array.from(whole.metadata);
  metadata[at] = value;
  return packet(whole.header, metadata);
}

interface Fault {
  readonly what: string;
  readonly packets: readonly Packet[];
  /** What the ERROR of this server says. */
  readonly here: string;
  /** What the Rust server waits for, and what it says. */
  readonly receive: keyof RustServerSession & `receive${string}`;
  readonly there: string;
}

const submit = submitPacket({ frameId: 1 });

/** Well-framed packets of a client that have no place in session 42; the last of each is the fault. */
const FAULTS: readonly Fault[] = [
  ...(
    [
      ['submit', submitPacket({ sessionId: 99, frameId: 1 }), 'receiveSubmit'],
      ['cancel', cancelPacket({ sessionId: 99, frameId: 1 }), 'receiveCancel'],
      ['patch', patchPacket({ sessionId: 99 }), 'receivePatch'],
      ['migrate', migratePacket({ sessionId: 99, metadata: SWITCH }), 'receiveMigrate'],
      ['close', closePacket({ sessionId: 99 }), 'receiveClose'],
    ] as const
  ).map(([name, foreign, receive]) => ({
    what: `${name} for another session`,
    packets: [foreign],
    here: `unexpected-message: server received ${name} for another session`,
    receive,
    there: `UnexpectedMessage: server received ${name} for another session`,
  })),
  ...(
    [
      ['FRAME_SUBMIT', rawPacket(MessageType.FrameSubmit, { frameId: 1, metaLen: 71 }), 'receiveSubmit'],
      ['FRAME_SUBMIT', rawPacket(MessageType.FrameSubmit, { frameId: 1, metaLen: 73 }), 'receiveSubmit'],
      ['SESSION_PATCH', rawPacket(MessageType.SessionPatch, { metaLen: 0 }), 'receivePatch'],
      ['SESSION_MIGRATE', rawPacket(MessageType.SessionMigrate, { metaLen: 25 }), 'receiveMigrate'],
    ] as const
  ).map(([name, malformed, receive]) => ({
    what: `${name} with ${malformed.header.metaLen} bytes of metadata`,
    packets: [malformed],
    here: `unexpected-message: server received malformed ${name} metadata length`,
    receive,
    there: `UnexpectedMessage: server received malformed ${name} metadata length`,
  })),
  {
    what: 'SESSION_CLOSE with 23 bytes of metadata',
    packets: [rawPacket(MessageType.SessionClose, { metaLen: 23 })],
    here: 'unexpected-message: server received malformed SESSION_CLOSE metadata length',
    receive: 'receiveClose',
    there: 'Protocol SourceTooShort: source is too short: expected at least 24 bytes, got 23',
  },
  {
    what: 'FRAME_CANCEL with a body',
    packets: [rawPacket(MessageType.FrameCancel, { frameId: 1, bodyLen: 1 })],
    here: 'unexpected-message: server received malformed FRAME_CANCEL lengths',
    receive: 'receiveCancel',
    there: 'UnexpectedMessage: server received malformed FRAME_CANCEL lengths',
  },
  {
    what: 'a reserved field that is not zero',
    packets: [changed(submit, 15, 1)],
    here: 'protocol: reserved field frame_submit.reserved0 is not zero',
    receive: 'receiveSubmit',
    there: 'Protocol NonZeroReservedField: reserved field is non-zero: frame_submit.reserved0',
  },
  {
    what: 'a value outside its enum',
    packets: [changed(submit, 52, 9)],
    here: 'protocol: 9 is no submit_mode',
    receive: 'receiveSubmit',
    there: 'Protocol UnknownEnumValue: unknown submit_mode value: 0x9',
  },
  {
    what: 'bits that nobody knows',
    packets: [changed(patchPacket(), 4, 0x80)],
    here: 'protocol: session_patch.patch_mask has reserved bits set: 0x80, allowed are 0x7f',
    receive: 'receivePatch',
    there: 'Protocol ReservedBitsSet: reserved bits are set: value 0x80, allowed mask 0x7f',
  },
  {
    what: 'fields that break a rule',
    packets: [changed(submit, 0, 1)],
    here: 'protocol: non-tensor FRAME_SUBMIT must clear tensor tile fields',
    receive: 'receiveSubmit',
    there:
      'Protocol InvalidProtocolCombination: invalid protocol combination: ' +
      'non-tensor FRAME_SUBMIT must clear tensor tile fields',
  },
  {
    what: 'a migration to no transport',
    packets: [changed(migratePacket({ metadata: SWITCH }), 4, 0)],
    here: 'protocol: SESSION_MIGRATE new_transport_id must name a transport',
    receive: 'receiveMigrate',
    there: expect.stringContaining('Protocol InvalidProtocolCombination: ') as string,
  },
  {
    what: 'a second submit of a frame id',
    packets: [submit, submit],
    here: 'protocol: operation 1 already exists',
    receive: 'receiveSubmit',
    there: 'Protocol OperationAlreadyExists: operation already exists: 1',
  },
  {
    what: 'a submit of frame id 0',
    packets: [submitPacket({ frameId: 0 })],
    here: 'protocol: operation_id must be non-zero',
    receive: 'receiveSubmit',
    there: expect.stringContaining('Protocol InvalidOperationRelationship: ') as string,
  },
  {
    what: 'a cancel of an operation that never was',
    packets: [cancelPacket({ frameId: 5 })],
    here: 'protocol: operation 5 is unknown',
    receive: 'receiveCancel',
    there: 'Protocol UnknownOperation: operation is unknown: 5',
  },
  {
    what: 'a message that only servers send',
    packets: [resultPacket({ frameId: 1 })],
    here: 'unexpected-message: server received unexpected RESULT_PUSH',
    receive: 'receiveSubmit',
    there: 'UnexpectedMessage: server expected FRAME_SUBMIT',
  },
];

describe('a well-framed fault of a client', () => {
  it.each(FAULTS)('costs its packet at this server: $what', async ({ packets, here }) => {
    const { port, sessions, violations } = await on.serve();
    const raw = await on.rust.rawConnect(port);
    await raw.send(bytesOf(OPEN));
    await raw.readPacket();
    const session = await sessions.next();

    await raw.send(bytesOf(...packets));
    const { sessionId, frameId } = packets.at(-1)!.header;
    const error = await raw.readPacket();
    expect(error.header).toMatchObject({ messageType: MessageType.Error, sessionId, frameId });
    expect(error.record).toMatchObject({
      errorScope: ErrorScope.Session,
      isFatal: false,
      relatedSessionId: sessionId,
      relatedFrameId: frameId,
      diagnosticBytes: error.body.length,
    });
    expect(`${here.split(': ')[0]}: ${utf8.decode(error.body)}`).toBe(here);
    expect(await violations.next()).toBe(here);

    // The session goes on.
    session.respond(({ frameId: id }) => (id === 7 ? ['fine'] : []));
    await raw.send(bytesOf(submitPacket({ frameId: 7 })));
    let answer = await raw.readPacket();
    while (answer.header.frameId !== 7) answer = await raw.readPacket();
    expect(answer.header.messageType).toBe(MessageType.ResultPush);
  });

  it.each(FAULTS)('is an error of the Rust server: $what', async ({ packets, receive, there }) => {
    const server = await on.rust.bind();
    const raw = await on.connectRaw(server.port);
    raw.write(bytesOf(OPEN, ...packets));
    const session = await server.accept();
    for (const _ of packets.slice(1)) await session[receive]();
    expect(await rustError(session[receive]())).toEqual(there);
  });
});

describe('a broken frame of a client', () => {
  it.each(BROKEN_FRAMES)('costs the connection at this server: $what', async ({ bytes, here }) => {
    const { server, port, sessions, violations } = await on.serve();
    const bystander = await (await on.rust.connect({ port })).openSession();
    (await sessions.next()).respond(() => ['still here']);
    const raw = await on.rust.rawConnect(port);
    await raw.send(bytesOf(OPEN));
    await raw.readPacket();
    expect(server.sessionCount).toBe(2);

    await raw.send(bytes);
    expect(await raw.expectEnd()).toMatch(/^(eof|reset)$/);
    expect(await violations.next()).toBe(here);
    expect(server.sessionCount).toBe(1);
    expect(server.connectionCount).toBe(1);

    await bystander.submit({});
    expect(await bystander.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
  });

  it('costs nothing but itself where its type alone is unknown', async () => {
    const { server, port, violations } = await on.serve();
    const raw = await on.rust.rawConnect(port);
    await raw.send(bytesOf(OPEN));
    await raw.readPacket();
    await raw.send(UNKNOWN_TYPE.bytes);
    await raw.readPacket();
    expect(await violations.next()).toBe(UNKNOWN_TYPE.here);
    expect(server.sessionCount).toBe(1);

    const rust = await on.rust.bind();
    (await on.connectRaw(rust.port)).write(UNKNOWN_TYPE.bytes);
    expect(await rustError(rust.accept())).toBe(UNKNOWN_TYPE.there);
  });

  it.each(BROKEN_FRAMES)('is an error of the Rust server: $what', async ({ bytes, there }) => {
    const server = await on.rust.bind();
    const raw = await on.connectRaw(server.port);
    raw.write(bytesOf(OPEN));
    const session = await server.accept();
    raw.write(bytes);
    expect(await rustError(session.receiveSubmit())).toBe(there);

    // As the first thing on a connection, too.
    (await on.connectRaw(server.port)).write(bytes);
    expect(await rustError(server.accept())).toBe(there);
    expect(await server.sessionCount()).toBe(1);
  });

  it('leaves what came before it answered', async () => {
    const { port, sessions, violations } = await on.serve();
    const raw = await on.rust.rawConnect(port);
    await raw.send(bytesOf(OPEN, pingPacket({ frameId: 3 })));
    expect((await raw.readPacket()).header.messageType).toBe(MessageType.SessionOpenAck);
    expect((await raw.readPacket()).header).toMatchObject({ messageType: MessageType.Pong, frameId: 3 });
    (await sessions.next()).respond(() => ['in time']);
    await raw.send(bytesOf(submitPacket({ frameId: 1 }), pingPacket()));
    await raw.send(BROKEN_FRAMES[0]!.bytes);
    expect((await raw.readPacket()).header.messageType).toBe(MessageType.ResultPush);
    expect((await raw.readPacket()).header.messageType).toBe(MessageType.ResultPush);
    expect((await raw.readPacket()).header.messageType).toBe(MessageType.Pong);
    await raw.expectEnd();
    await violations.next();
  });

  it.each([
    ['4 GiB', 0xffffffff, 0, 'the message declares 4294967295 bytes, the limit is 4096'],
    ['more than 4 GiB', 0xffffffff, 2, 'the message declares 4294967297 bytes, the limit is 4294967295'],
    ['a body of more than 4 MiB', 0, 4 * 1024 * 1024 + 1, 'the message declares 4194305 bytes'],
  ])('that declares %s is not waited for', async (_, metaLen, bodyLen, reason) => {
    const { port, violations } = await on.serve();
    const raw = await on.rust.rawConnect(port);
    const bytes = encodePacket(submit).slice(0, 40);
    const view = new DataView(bytes.buffer);
    view.setUint32(12, metaLen, true);
    view.setUint32(16, bodyLen, true);
    await raw.send(bytes);
    expect(await raw.expectEnd()).toMatch(/^(eof|reset)$/);
    expect(await violations.next()).toContain(reason);
  });

  const CUTS: readonly [string, number][] = [
    ['the first byte', 1],
    ['half a header', 20],
    ['the header', 40],
    ['the metadata', 40 + FrameSubmitMetadata.length],
    ['all but the last byte', 40 + FrameSubmitMetadata.length + 99],
  ];
  const whole = bytesOf(submitPacket({ frameId: 1, body: 'x'.repeat(100) }));

  it.each(CUTS)('is a packet that ends after %s, for both servers', async (_, length) => {
    const { server, port, sessions } = await on.serve();
    const here = await on.rust.rawConnect(port);
    await here.send(bytesOf(OPEN));
    await here.readPacket();
    const session = await sessions.next();
    const submits: unknown[] = [];
    const over = new Promise<void>((resolve) => {
      session.submits$.subscribe({ next: (value) => submits.push(value), complete: resolve });
    });
    await here.send(whole.subarray(0, length));
    await here.shutdown();
    expect(await here.expectEnd()).toMatch(/^(eof|reset)$/);
    await over;
    expect(submits).toEqual([]);
    expect(server.sessionCount).toBe(0);
    expect(server.connectionCount).toBe(0);

    const rustServer = await on.rust.bind();
    const there = await on.connectRaw(rustServer.port);
    there.write(bytesOf(OPEN));
    const rustSession = await rustServer.accept();
    there.write(whole.subarray(0, length)).finish();
    expect(await rustError(rustSession.receiveSubmit())).toBe('Io UnexpectedEof');
  });

  it('arrives whole in whatever pieces it comes, for both servers', async () => {
    const bytes = bytesOf(submitPacket({ frameId: 1, body: 'in pieces' }));
    const { port, sessions } = await on.serve();
    const here = await on.connectRaw(port);
    here.write(bytesOf(OPEN));
    await here.nextPacket();
    (await sessions.next()).respond((received) => [received.complete(received.body)]);
    const rustServer = await on.rust.bind();
    const there = await on.connectRaw(rustServer.port);
    there.write(bytesOf(OPEN));
    const rustSession = await rustServer.accept();

    for (const byte of bytes) {
      for (const socket of [here, there]) socket.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    expect(utf8.decode((await here.nextPacket()).body)).toBe('in pieces');
    expect(utf8.decode((await rustSession.receiveSubmit()).body)).toBe('in pieces');
  });
});

it('this server outlives a hundred connections of noise', async () => {
  const { server, port, sessions, violations } = await on.serve();
  const rust = await (await on.rust.connect({ port })).openSession();
  (await sessions.next()).respond(() => ['unmoved']);
  const sockets = await Promise.all(Array.from({ length: 100 }, () => on.connectRaw(port)));
  sockets.forEach((socket, index) => {
    const noise = Uint8Array.from({ length: 40 + index }, (_, at) => (at * 7 + index * 13) & 0xff);
    socket.write(noise);
  });
  await Promise.all(sockets.map((socket) => socket.nextEnd()));
  const told = await violations.take(100);
  expect(new Set(told).size).toBe(1);
  expect(server.connectionCount).toBe(1);
  await rust.submit({});
  expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
});
