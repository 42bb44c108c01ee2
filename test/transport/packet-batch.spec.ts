import fc from 'fast-check';
import { PacketBatch } from '../../src/transport/outgoing/packet-batch';
import { NnrpError } from '../../src/wire/errors';
import { MessageType } from '../../src/wire/message-type';
import { PacketTemplate } from '../../src/wire/packet-template';
import { give } from '../../src/wire/bytes/own-bytes';
import { encodePacket } from '../../src/wire/encode-packet';
import { EMPTY, type Packet } from '../../src/wire/packet';
import { packets } from '../support/arbitraries';
import { bytesOf } from '../support/packets';
import { numbered } from './support';

const COPIED = 16 * 1024;
const ROOM = 72 * 1024;

function batchOf(packets: readonly Packet[]): PacketBatch {
  const batch = new PacketBatch();
  for (const packet of packets) batch.add(packet);
  return batch;
}

/** The packet, whose body nobody writes to again. */
function given(packet: Packet): Packet {
  give(packet.body);
  return packet;
}

function whole(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

describe('PacketBatch', () => {
  it('is empty at first, and once it was taken', () => {
    const batch = new PacketBatch();
    expect(batch.isEmpty).toBe(true);
    expect(batch.byteLength).toBe(0);
    expect(batch.take()).toEqual([]);
    batch.add(numbered(1, 9));
    expect(batch.isEmpty).toBe(false);
    expect(batch.byteLength).toBe(50);
    batch.take();
    expect(batch.isEmpty).toBe(true);
    expect(batch.byteLength).toBe(0);
    expect(batch.take()).toEqual([]);
  });

  it('makes one part of small packets, as long as a buffer lasts', () => {
    const sent = Array.from({ length: 700 }, (_, id) => numbered(id, id % 7));
    const batch = batchOf(sent);
    expect(batch.byteLength).toBe(bytesOf(...sent).length);
    const chunks = batch.take();
    expect(chunks).toHaveLength(1);
    expect(Buffer.compare(chunks[0]!, bytesOf(...sent))).toBe(0);
  });

  it('leaves bodies of more than 16 KiB where they are, if they were given away', () => {
    const copied = given(numbered(1, COPIED));
    const left = given(numbered(2, COPIED + 1));
    const chunks = batchOf([copied, left, numbered(3)]).take();
    expect(chunks).toHaveLength(3);
    expect(chunks[1]).toBe(left.body);
    expect(Buffer.compare(whole(chunks), bytesOf(copied, left, numbered(3)))).toBe(0);
  });

  it.each([
    ['first', [COPIED + 1, 3], 3],
    ['last', [3, COPIED + 1], 2],
    ['in a row', [COPIED + 1, COPIED + 1, COPIED + 1], 6],
    ['between small ones', [1, COPIED + 1, 2, 3, COPIED + 1, 4], 5],
  ])('keeps the order where large bodies are %s', (_, lengths, count) => {
    const sent = lengths.map((length, index) => given(numbered(index + 1, length)));
    const chunks = batchOf(sent).take();
    expect(chunks).toHaveLength(count);
    expect(Buffer.compare(whole(chunks), bytesOf(...sent))).toBe(0);
  });

  it.each([0, 1, COPIED, COPIED + 1, ROOM - 41, ROOM - 40, ROOM, 1024 * 1024])(
    'has read a body of %i bytes once it is added, and does not write to it',
    (length) => {
      const sent = numbered(1, length);
      const before = encodePacket(sent);
      const batch = batchOf([numbered(2), sent]);
      sent.body.fill(255);
      expect(Buffer.compare(whole(batch.take()), whole([bytesOf(numbered(2)), before]))).toBe(0);
    },
  );

  it('makes one part of a body that it copies and what stands around it, where a buffer has room', () => {
    const sent = [numbered(1), numbered(2, 60 * 1024), numbered(3)];
    expect(batchOf(sent).take()).toHaveLength(1);
  });

  it('writes what encoding each packet writes', () => {
    const rounds = fc.array(fc.array(packets(), { maxLength: 80 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(rounds, (taken) => {
        const batch = new PacketBatch();
        for (const sent of taken) {
          for (const packet of sent) batch.add(packet);
          expect(batch.byteLength).toBe(bytesOf(...sent).length);
          expect(whole(batch.take())).toEqual(bytesOf(...sent));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('writes packets of a template between others', () => {
    const template = new PacketTemplate(MessageType.ResultPush, Uint8Array.of(1, 2, 3));
    const sent = [0, 5, COPIED, COPIED + 1].flatMap((length, index) => [
      template.packet(42, index, new Uint8Array(length).fill(index)),
      numbered(index, length),
    ]);
    const batch = batchOf(sent);
    expect(batch.byteLength).toBe(bytesOf(...sent).length);
    expect(Buffer.compare(whole(batch.take()), bytesOf(...sent))).toBe(0);
  });

  it('takes a header as it is when the packet is added', () => {
    const sent = numbered(1);
    const before = encodePacket(sent);
    const batch = batchOf([sent]);
    sent.header.frameId = 2;
    sent.header.bodyLen = 1;
    expect(whole(batch.take())).toEqual(before);
  });

  it('refuses what cannot be encoded, and is as it was', () => {
    const { header, metadata, body } = numbered(2, 5);
    const batch = batchOf([numbered(1)]);
    const broken: readonly Packet[] = [
      { header: { ...header, bodyLen: 4 }, metadata, body },
      { header: { ...header, metaLen: 2, bodyLen: 4 }, metadata, body },
      { header: { ...header, metaLen: 0xffff_ffff }, metadata, body },
      { header: { ...header, frameId: 1.5 }, metadata, body },
      { header: { ...header, traceId: -1n }, metadata, body },
      { header: { ...header, versionMajor: 2 }, metadata, body },
    ];
    for (const packet of broken) expect(() => batch.add(packet)).toThrow(NnrpError);
    expect(batch.byteLength).toBe(41);
    batch.add(numbered(3));
    expect(whole(batch.take())).toEqual(bytesOf(numbered(1), numbered(3)));
  });

  it('forgets what waits when it is cleared', () => {
    const batch = batchOf([numbered(1), numbered(2)]);
    batch.clear();
    expect(batch.isEmpty).toBe(true);
    expect(batch.byteLength).toBe(0);
    batch.add(numbered(3));
    expect(whole(batch.take())).toEqual(bytesOf(numbered(3)));
  });

  it('goes on in another buffer where one is full', () => {
    const sent = Array.from({ length: 5000 }, (_, id) => numbered(id, id % 100));
    const parts = batchOf(sent).take();
    expect(parts.length).toBe(Math.ceil(bytesOf(...sent).length / ROOM));
    expect(Buffer.compare(whole(parts), bytesOf(...sent))).toBe(0);
  });

  it('has room for a packet that is larger than a buffer', () => {
    const { header } = numbered(1);
    const metadata = new Uint8Array(2 * ROOM).fill(7);
    const large: Packet = {
      header: { ...header, metaLen: metadata.length, bodyLen: 0 },
      metadata,
      body: EMPTY,
    };
    expect(whole(batchOf([numbered(1), large, numbered(2)]).take())).toEqual(
      bytesOf(numbered(1), large, numbered(2)),
    );
  });

  it('does not write over what was taken', () => {
    const batch = batchOf([numbered(1)]);
    const first = batch.take();
    batch.add(numbered(2));
    const second = batch.take();
    batch.clear();
    batch.add(numbered(3));
    expect(whole([...first, ...second, ...batch.take()])).toEqual(
      bytesOf(numbered(1), numbered(2), numbered(3)),
    );
    // Small parts that wait for a slow peer share a buffer.
    expect(second[0]!.buffer).toBe(first[0]!.buffer);
  });

  it('takes a small buffer for a packet, a larger one for several, and a large one for many', () => {
    const batch = batchOf([numbered(1)]);
    expect(batch.take()[0]!.buffer.byteLength).toBe(512);
    batch.reuse();
    for (let id = 0; id < 20; id++) batch.add(numbered(id, 60));
    expect(batch.take()[0]!.buffer.byteLength).toBe(4 * 1024);
    batch.reuse();
    const many = Array.from({ length: 200 }, (_, id) => numbered(id, 60));
    for (const packet of many) batch.add(packet);
    const parts = batch.take();
    expect(parts).toHaveLength(1);
    expect(parts[0]!.buffer.byteLength).toBe(ROOM);
    expect(Buffer.compare(parts[0]!, bytesOf(...many))).toBe(0);
  });

  it('begins with the room that it needed last', () => {
    const batch = batchOf(Array.from({ length: 20 }, (_, id) => numbered(id, 60)));
    batch.take();
    batch.reuse();
    batch.add(numbered(1));
    expect(batch.take()[0]!.buffer.byteLength).toBe(4 * 1024);
    batch.reuse();
    batch.add(numbered(1));
    expect(batch.take()[0]!.buffer.byteLength).toBe(512);
  });

  it('does not write over what was taken from a small buffer when it takes a large one', () => {
    const batch = batchOf([numbered(1)]);
    const first = batch.take();
    const many = Array.from({ length: 200 }, (_, id) => numbered(id, 60));
    for (const packet of many) batch.add(packet);
    // The small one is free for nobody: the first part may not be written yet.
    const other = batchOf([numbered(9)]);
    const rest = batch.take();
    expect(rest).toHaveLength(1);
    expect(whole([...first, ...rest])).toEqual(bytesOf(numbered(1), ...many));
    expect(whole(other.take())).toEqual(bytesOf(numbered(9)));
  });

  it('holds no buffer once all is written, and hands it to the next', () => {
    const batch = batchOf([numbered(1)]);
    const [taken] = batch.take();
    batch.reuse();
    const another = batchOf([numbered(2)]);
    const [next] = another.take();
    expect(next!.buffer).toBe(taken!.buffer);
    expect(next!.byteOffset).toBe(0);
    batch.add(numbered(3));
    expect(whole([next!, ...batch.take()])).toEqual(bytesOf(numbered(2), numbered(3)));
  });

  it('keeps its buffer while something waits in it', () => {
    const batch = batchOf([numbered(1)]);
    batch.reuse();
    const another = batchOf([numbered(2)]);
    expect(whole([...batch.take(), ...another.take()])).toEqual(bytesOf(numbered(1), numbered(2)));
  });
});
