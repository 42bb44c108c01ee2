import type { SocketTransportOptions } from '../../../src/transport/socket-options';
import type { Transport } from '../../../src/transport/transport';
import { HEADER_LENGTH } from '../../../src/wire/header';
import { encodePacket } from '../../../src/wire/encode-packet';
import { type RawSocket } from '../../support/raw-socket';
import { pause } from '../../support/until';
import { closedLater, expectFault, frameIds, leavesNothingOpen, numbered, Recording } from '../support';
import { handshake, maskedControlFrame, maskedFrame } from './web-socket-peer';
import { receive } from './support';

leavesNothingOpen();

describe('a WebSocket transport', () => {
  type Options = Partial<SocketTransportOptions>;

  /** A transport as a server accepts it, and a client of which any bytes can come. */
  async function acceptRaw(options: Options = {}): Promise<{ transport: Transport; raw: RawSocket }> {
    const { reception, port } = await receive(options);
    const { raw } = await handshake(port);
    return { raw: closedLater(raw), transport: await reception.accept() };
  }

  it('has the kind websocket, and names the peer by its address', async () => {
    const { transport, raw } = await acceptRaw();
    expect(transport.kind).toBe('websocket');
    expect(transport.peer).toBe(`127.0.0.1:${raw.socket.localPort}`);
  });

  it('errors at a reset, and says so', async () => {
    const { transport, raw } = await acceptRaw();
    const read = new Recording(transport.packets$);
    await pause(5);
    raw.reset();
    expectFault((await read.over()).error, {
      kind: 'io',
      reach: 'connection',
      message: `the connection to ${transport.peer} failed: read ECONNRESET`,
    });
  });

  it('errors where the stream ends without a closing handshake', async () => {
    const { transport, raw } = await acceptRaw();
    const read = new Recording(transport.packets$);
    raw.finish(maskedFrame(0x82, encodePacket(numbered(1))));
    const { values, error } = await read.over();
    expect(frameIds(values)).toEqual([1]);
    expectFault(error, { kind: 'io', reach: 'connection' });
  });

  it('cuts off a peer that has ended the stream and takes nothing', async () => {
    const { transport, raw } = await acceptRaw({ closeTimeoutMs: 50 });
    const read = new Recording(transport.packets$);
    raw.pause();
    for (let id = 0; id < 16; id++) transport.send(numbered(id, 2_000_000));
    await pause(20);
    raw.finish();
    expectFault((await read.over()).error, { kind: 'io' });
    expect(transport.queuedBytes).toBe(0);
  });

  it('cuts off a peer that has begun to close and takes nothing', async () => {
    const { transport, raw } = await acceptRaw({ closeTimeoutMs: 50 });
    const read = new Recording(transport.packets$);
    raw.pause();
    for (let id = 0; id < 16; id++) transport.send(numbered(id, 2_000_000));
    await pause(20);
    raw.write(maskedControlFrame(0x88, Uint8Array.of(1000 >> 8, 1000 & 0xff)));
    expect((await read.over()).error).toBeUndefined();
    expect(transport.queuedBytes).toBe(0);
  });

  it('refuses a message that is too long at its length, before it comes', async () => {
    const limits = { maxMetadataBytes: 0, maxBodyBytes: 1000 };
    const { transport, raw } = await acceptRaw({ limits, closeTimeoutMs: 3_000 });
    const read = new Recording(transport.packets$);
    raw.write(maskedFrame(0x82, new Uint8Array(), 1041));
    // At once, although the peer does not answer the closing handshake.
    expectFault((await read.over()).error, { kind: 'protocol', reach: 'connection' });
    raw.destroy();
  });

  it('refuses a message of many frames once they are too long together', async () => {
    const { transport, raw } = await acceptRaw({ limits: { maxMetadataBytes: 0, maxBodyBytes: 1000 } });
    const read = new Recording(transport.packets$);
    raw.write(maskedFrame(0x02, new Uint8Array(1040)));
    await pause(10);
    expect(read.isOver).toBe(false);
    raw.write(maskedFrame(0x00, new Uint8Array(), 1));
    expectFault((await read.over()).error, { kind: 'protocol' });
  });

  it.each([
    ['without a mask', Uint8Array.of(0x82, 0x00), /MASK/],
    ['that is compressed', maskedFrame(0xc2, new Uint8Array(1)), /RSV1/],
    ['of an unknown kind', maskedFrame(0x83, new Uint8Array(1)), /opcode/],
  ])('refuses a frame %s', async (_, frame, message) => {
    const { transport, raw } = await acceptRaw();
    const read = new Recording(transport.packets$);
    raw.write(frame);
    const { error } = await read.over();
    expectFault(error, { kind: 'protocol', reach: 'connection', origin: 'peer' });
    expect((error as Error).message).toMatch(message);
    await raw.ended();
  });

  it.each([
    ['undefined', undefined, HEADER_LENGTH + 4 * 1024 * 1024 + 1],
    ['more than 32 bits can say', 2 ** 32 - HEADER_LENGTH, 2 ** 33],
  ])('has a limit where it is %s', async (_, maxBodyBytes, length) => {
    const limits = { maxMetadataBytes: 0, maxBodyBytes } as { maxBodyBytes: number };
    const { transport, raw } = await acceptRaw({ limits });
    const read = new Recording(transport.packets$);
    raw.write(maskedFrame(0x82, new Uint8Array(), length));
    expectFault((await read.over()).error, { kind: 'protocol' });
  });
});
