import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { RuntimeError } from '../../../src/protocol/runtime-error';
import { encodePacket } from '../../../src/wire/encode-packet';
import type { Transport } from '../../../src/transport/transport';
import type { RawSocket } from '../../support/raw-socket';
import { settled } from '../../support/async';
import { until } from '../../support/until';
import {
  closedLater,
  expectFault,
  frameIds,
  leavesNothingOpen,
  numbered,
  Recording,
  throwing,
} from '../support';
import { handshake, maskedControlFrame, maskedFrame, WebSocketPeer } from './web-socket-peer';
import { receive } from './support';

leavesNothingOpen();

const [BINARY, FIRST_PART, LAST_PART, TEXT, CLOSE, PING] = [0x82, 0x02, 0x80, 0x81, 0x88, 0x89];
const CLOSED_NORMALLY = maskedControlFrame(CLOSE, Uint8Array.of(1000 >> 8, 1000 & 0xff));

function message(frameId: number): Uint8Array {
  return maskedFrame(BINARY, encodePacket(numbered(frameId, 200)));
}

async function accept(): Promise<{ transport: Transport; raw: RawSocket }> {
  const { reception, port } = await receive();
  const { raw } = await handshake(port);
  return { raw: closedLater(raw), transport: await reception.accept() };
}

it('the newest listener of a stream is the one that its WebSocket has just put there', async () => {
  const server = new WebSocketServer({ port: 0 });
  await once(server, 'listening');
  const port = (server.address() as { port: number }).port;
  const listeners = new Promise<(() => void)[]>((resolve) => {
    server.on('connection', (_: WebSocket, { socket }) => {
      resolve(socket.listeners('data') as (() => void)[]);
    });
  });
  const peer = closedLater(await WebSocketPeer.connect(port));
  expect((await listeners).map(({ name }) => name)).toEqual(['socketOnData']);
  peer.destroy();
  server.close();
});

it('packets come in their order, whoever reads the frames', async () => {
  const { transport, raw } = await accept();
  const read = new Recording(transport.packets$);
  const bytes = encodePacket(numbered(3, 200));
  raw.write(
    Buffer.concat([
      message(1),
      maskedControlFrame(PING, Uint8Array.of(7)),
      message(2),
      maskedFrame(FIRST_PART, bytes.subarray(0, 100)),
      maskedFrame(LAST_PART, bytes.subarray(100)),
      message(4),
    ]),
  );
  await read.count(4);
  raw.write(message(5), message(6));
  expect(frameIds(await read.count(6))).toEqual([1, 2, 3, 4, 5, 6]);
  const pong = Buffer.from([0x8a, 1, 7]);
  await until(() => Buffer.from(raw.received).includes(pong), 'the pong');
});

it.each([
  { how: 'cut here', parts: [message(1)] },
  {
    how: 'read by the WebSocket',
    parts: [
      maskedFrame(FIRST_PART, encodePacket(numbered(1, 200)).subarray(0, 100)),
      maskedFrame(LAST_PART, encodePacket(numbered(1, 200)).subarray(100)),
    ],
  },
])('what answers messages that are $how stands before the closing frame', async ({ parts }) => {
  const { transport, raw } = await accept();
  const before = raw.receivedLength;
  const read = new Recording(transport.packets$, ({ header: { frameId } }) => {
    transport.send(numbered(frameId));
  });
  raw.write(Buffer.concat([...parts, message(2), CLOSED_NORMALLY]));
  expect((await read.over()).error).toBeUndefined();
  await raw.ended();
  const answers = [1, 2].map((frameId) => encodePacket(numbered(frameId)));
  const frames = answers.map((answer) => Buffer.concat([Uint8Array.of(BINARY, answer.length), answer]));
  const closed = Uint8Array.of(CLOSE, 2, 1000 >> 8, 1000 & 0xff);
  expect(Buffer.from(raw.received.subarray(before))).toEqual(Buffer.concat([...frames, closed]));
});

it('a reader that throws leaves nothing gathered', async () => {
  const { transport, raw } = await accept();
  const { stream } = transport as unknown as { readonly stream: Socket };
  const before = raw.receivedLength;
  throwing(transport.packets$).subscribe();
  const bytes = message(1);
  expect(() => stream.emit('data', Buffer.from(bytes))).toThrow('a reader that throws');
  const sent = encodePacket(numbered(2));
  transport.send(numbered(2));
  const received = await raw.receives(before + 2 + sent.length);
  expect(received.subarray(before + 2)).toEqual(sent);
  transport.destroy();
});

it('who has read its share of a turn is read on in the next, unless it is paused', async () => {
  const { transport } = await accept();
  const { stream } = transport as unknown as { readonly stream: Socket };
  new Recording(transport.packets$);
  const packet = maskedFrame(BINARY, encodePacket(numbered(1, 1024 * 1024)));
  stream.emit('data', Buffer.from(packet));
  expect(stream.isPaused()).toBe(true);
  await until(() => !stream.isPaused(), 'the next turn');
  stream.emit('data', Buffer.from(packet));
  transport.pause?.();
  await settled();
  expect(stream.isPaused()).toBe(true);
  transport.resume?.();
  expect(stream.isPaused()).toBe(false);
  transport.destroy();
});

it('what comes behind a fault is not told', async () => {
  const { transport, raw } = await accept();
  const read = new Recording(transport.packets$);
  raw.write(Buffer.concat([message(1), maskedFrame(TEXT, Buffer.from('hello')), message(2)]));
  const { values, error } = await read.over();
  expectFault(error, { kind: 'protocol', reach: 'connection' });
  expect(frameIds(values)).toEqual([1]);
});

it.each([
  { how: 'breaks off', last: [], kind: 'io' },
  { how: 'breaks off behind a closing frame', last: [CLOSED_NORMALLY], kind: undefined },
])('what a stream that $how has left unread is told', async ({ last, kind }) => {
  const { transport, raw } = await accept();
  const { stream } = transport as unknown as { readonly stream: Socket };
  const read = new Recording(transport.packets$);
  // What is cut here of a message, and what nobody has read of it, are one.
  const second = message(2);
  raw.write(message(1), second.subarray(0, 100));
  await until(() => transport.unfinished?.bytes === 86, 'a part of a message');
  transport.pause?.();
  raw.write(Buffer.concat([second.subarray(100), message(3), ...last]));
  await until(() => stream.readableLength > 0, 'bytes that nobody reads');
  stream.destroy();
  const { values, error } = await read.over();
  expect(frameIds(values)).toEqual([1, 2, 3]);
  expect((error as RuntimeError | undefined)?.kind).toBe(kind);
});
