import fc from 'fast-check';
import {
  comparePackets,
  error,
  matches,
  open,
  openAck,
  ping,
  raw,
  result,
  resumeToken,
  submit,
} from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { encodePacket } from '../../../src/wire/encode-packet';
import { decodePacket } from '../../../src/wire/packet';
import { packets } from '../../support/arbitraries';

describe('comparePackets', () => {
  it('finds nothing between a packet and itself, on the wire or off it', () => {
    fc.assert(
      fc.property(packets(), (packet) => {
        expect(comparePackets(packet, packet)).toEqual([]);
        expect(comparePackets(packet, decodePacket(encodePacket(packet)))).toEqual([]);
      }),
    );
  });

  it('tells any two packets apart that differ on the wire', () => {
    fc.assert(
      fc.property(packets(), packets(), (a, b) => {
        const isSame = Buffer.compare(encodePacket(a), encodePacket(b)) === 0;
        expect(matches(a, b)).toBe(isSame);
      }),
    );
  });

  it('tells packets apart that differ in one byte', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(
        bytes(64),
        bytes(30),
        fc.nat(93),
        fc.integer({ min: 1, max: 255 }),
        (meta, body, at, change) => {
          const whole = [...meta, ...body];
          whole[at] = whole[at]! ^ change;
          const make = (all: readonly number[]) =>
            raw(
              MessageType.ResultPush,
              {},
              Uint8Array.from(all.slice(0, 64)),
              Uint8Array.from(all.slice(64)),
            );
          expect(matches(make([...meta, ...body]), make(whole))).toBe(false);
        },
      ),
    );
  });

  it('names the fields that differ, by header, record and body', () => {
    const actual = result(42, 2, 'dal').withHeader({ traceId: 7n });
    expect(comparePackets(result(42, 1, 'del').partial(), actual)).toEqual([
      { path: 'header.frameId', expected: '1', actual: '2' },
      { path: 'header.traceId', expected: '0', actual: '7' },
      { path: 'metadata.resultFlags', expected: '0x4', actual: '0' },
      { path: 'metadata.resultClass', expected: 'Partial (1)', actual: 'Complete (0)' },
      { path: 'body', expected: 'tokens "del"', actual: 'tokens "dal"' },
    ]);
  });

  it('names codes', () => {
    expect(comparePackets(error({}, 0x30001), error({}, 0x20001))).toEqual([
      { path: 'metadata.errorCode', expected: 'Miss (0x30001)', actual: '0x20001' },
    ]);
  });

  it('says only that the types differ where they do', () => {
    expect(comparePackets(ping(1), submit(42, 1))).toEqual([
      { path: 'header.messageType', expected: 'PING', actual: 'FRAME_SUBMIT' },
    ]);
  });

  it('cuts the body of an open and its ack into blocks', () => {
    const [a, b] = [
      open(42).resuming(resumeToken(1, 2)).auth('abc'),
      open(42).resuming(resumeToken(2, 2)).auth('abd').announced(),
    ];
    expect(comparePackets(a, b).filter(({ path }) => path.startsWith('body'))).toEqual([
      { path: 'body.resumeToken', expected: '0x0101 (2 bytes)', actual: '0x0202 (2 bytes)' },
      { path: 'body.auth', expected: '"abc"', actual: '"abd"' },
      {
        path: 'body.sessionExtension',
        expected: '(absent)',
        actual:
          'announced, holdsOperations true, takesRefusalText true, takesFailures true, knowsTickets true, takesTools true, comesBack true, renewsAuth true',
      },
    ]);
    expect(comparePackets(openAck(42).announced(1), openAck(42).announced(2))).toEqual([
      {
        path: 'body.sessionExtension',
        expected: 'announced, lastOperationId 1, holdsOperations true, takesTools true',
        actual: 'announced, lastOperationId 2, holdsOperations true, takesTools true',
      },
    ]);
  });

  it('compares broken metadata by its bytes', () => {
    const broken = (byte: number) => raw(MessageType.FrameSubmit, {}, Uint8Array.of(1, byte));
    expect(comparePackets(broken(1), broken(2))).toEqual([
      { path: 'metadata', expected: '0x0101 (2 bytes)', actual: '0x0102 (2 bytes)' },
    ]);
    expect(comparePackets(submit(0, 0), broken(2)).map(({ path }) => path)).toContain('metadata');
  });

  it('shows the first byte that differs where the rest reads alike', () => {
    const long = (end: string) => submit(42, 1, `${'x'.repeat(100)}${end}`);
    expect(comparePackets(long('a'), long('b'))).toEqual([
      { path: 'body, byte 100', expected: '0x61', actual: '0x62' },
    ]);
    expect(comparePackets(long(''), long('b'))[0]?.expected).toContain('100 bytes');
    const token = result(42, 1, 'a');
    const other = token.withBody(Uint8Array.from(token.body, (byte, at) => (at === 34 ? 3 : byte)));
    expect(comparePackets(token, other)).toEqual([
      { path: 'body, byte 34', expected: '0x02', actual: '0x03' },
    ]);
  });

  it('passes over what the expected packet ignores, and nothing else', () => {
    const [a, b] = [result(42, 1, 'a').with({ queueMs: 1 }), result(42, 1, 'b').with({ queueMs: 2 })];
    expect(matches(a.ignoring('body', 'metadata.queueMs'), b)).toBe(true);
    expect(matches(a.ignoring('body'), b)).toBe(false);
    expect(matches(a.ignoring('body', 'metadata'), b)).toBe(true);
    expect(matches(a, b.ignoring('body', 'metadata'))).toBe(false);
    expect(matches(a.ignoring('bod'), a.withBody('x'))).toBe(false);
  });
});
