import { BehaviorSubject } from 'rxjs';
import { CreditEpoch } from '../../../../src/protocol/flow/credit-epoch';
import {
  DEFAULT_OUTBOX_LIMITS,
  HELD_RESULT_BYTES,
  type OutboxLimits,
} from '../../../../src/protocol/operation/result-outbox';
import { resultPacket as encodeResult } from '../../../../src/protocol/operation/result-packet';
import { TextResult } from '../../../../src/protocol/content/text-result';
import { ServerReports } from '../../../../src/server/reports';
import { SlotPool } from '../../../../src/server/limits/slot-pool';
import { preview3 } from '../../../../src/wire/preview3';
import type { Attachment } from '../../../../src/server/session/results/attachment';
import { unsentBytes } from '../../../../src/server/session/results/away-room';
import { SessionOutlet } from '../../../../src/server/session/results/session-outlet';
import type { Transport } from '../../../../src/transport/transport';
import { ours } from '../../../../src/wire/bytes/own-bytes';
import { MessageType } from '../../../../src/wire/message-type';
import type { Packet } from '../../../../src/wire/packet';
import type { TextPacket } from '../../../../src/wire/text-packet';
import { flowUpdatePacket, resultPacket } from '../../../support/packets';

/** A connection that notes the frame ids of what it is given. */
function connection(peer: string, { isAnnounced = true, largestPacket = Infinity } = {}) {
  const sent: number[] = [];
  const errors: number[] = [];
  const pressure$ = new BehaviorSubject(false);
  let proofs = 0;
  const transport: Pick<Transport, 'peer' | 'kind' | 'pressure$' | 'send'> = {
    peer,
    kind: 'memory',
    pressure$,
    send: ({ header }) => {
      sent.push(header.frameId);
      if (header.messageType === MessageType.Error) errors.push(header.frameId);
    },
  };
  const attachment: Attachment = {
    revision: preview3,
    isReference: false,
    isRelayed: false,
    takesUp: () => true,
    transport: transport as Transport,
    isAnnounced,
    proof: { receipt: () => undefined },
    largestPacket,
    creditEpoch: new CreditEpoch(),
    slots: new SlotPool(Infinity, { peer }, new ServerReports()),
    answer: (packet) => {
      transport.send(packet);
    },
    requestProof: () => {
      proofs += 1;
    },
    released: () => undefined,
    giveUp: () => undefined,
  };
  return { attachment, sent, errors, pressure$, proofs: () => proofs };
}

function result(frameId: number, body = ''): Packet {
  return resultPacket({ frameId, body });
}

const OUTBOX: OutboxLimits = { maxResults: 8, maxBytes: 10_000 };

function outlet(outbox: OutboxLimits | undefined = OUTBOX, options?: { isAnnounced?: boolean }) {
  const first = connection('first', options);
  return { first, outlet: new SessionOutlet(first.attachment, { outbox }) };
}

describe('SessionOutlet', () => {
  it('tells a client that takes none so large the same again where it comes back and takes more', () => {
    const { outlet: out } = outlet();
    out.detach();
    for (const [id, body] of ['a', 'b'.repeat(1000), 'c'].entries()) out.sendResult(result(id + 1, body));
    const small = connection('small', { largestPacket: 500 });
    expect(out.attach(small.attachment, 0).map(({ frameId }) => frameId)).toEqual([2]);
    const held = out.heldBytes;
    out.detach();
    const large = connection('large');
    expect(out.attach(large.attachment, 1)).toEqual([]);
    expect([small.sent, small.errors]).toEqual([[1, 2, 3], [2]]);
    expect([large.sent, large.errors]).toEqual([[2, 3], [2]]);
    // And what stands in its place is what counts.
    expect(held).toBeLessThan(1500);
    out.acknowledge(3);
    expect(out.heldBytes).toBe(0);
  });

  it('by default keeps two minutes of 100 tokens a second for a client that is away', () => {
    const { outlet: out } = outlet(DEFAULT_OUTBOX_LIMITS);
    out.detach();
    for (let id = 1; id <= 120 * 100; id++) expect(out.sendResult(result(id, ' understanding'))).toBe('kept');
    expect(out.heldBytes).toBeLessThan(6 * 1024 * 1024);
    // What bounds them is what they take.
    let more = 0;
    while (out.sendResult(result(1, ' understanding')) === 'kept') more += 1;
    expect(more).toBeLessThan(12_000);
  });

  it('asks for proof each 256 results, however much room there is', () => {
    const { outlet: out, first } = outlet({ maxResults: Infinity, maxBytes: Infinity });
    for (let id = 1; id < 256; id++) out.sendResult(result(id));
    expect(first.proofs()).toBe(0);
    out.sendResult(result(256));
    expect(first.proofs()).toBe(1);
  });

  it('sends straight to its transport, and keeps results until their receipt is proved', () => {
    const { outlet: out, first } = outlet();
    out.send(flowUpdatePacket({ frameId: 0 }));
    expect([1, 2].map((id) => out.sendResult(result(id)))).toEqual(['sent', 'sent']);
    expect(first.sent).toEqual([0, 1, 2]);
    expect(out).toMatchObject({ heldResults: 2, sentResults: 2 });
    expect(out.heldBytes).toBe(2 * (HELD_RESULT_BYTES + 40 + 64));
    out.acknowledge(1);
    expect(out.heldResults).toBe(1);
  });

  it('keeps nothing of a session that ends with its connection', () => {
    const first = connection('first');
    const out = new SessionOutlet(first.attachment, { outbox: undefined });
    out.sendResult(result(1));
    expect(out).toMatchObject({ heldResults: 0, heldBytes: 0, sentResults: 0 });
    expect(out.canResume(undefined)).toBe(false);
    out.detach();
    expect(out.sendResult(result(2))).toBe('full');
  });

  it('keeps nothing for a client that cannot say what it has received', () => {
    const { outlet: out, first } = outlet(OUTBOX, { isAnnounced: false });
    out.sendResult(result(1));
    expect(first.sent).toEqual([1]);
    expect(out.heldResults).toBe(0);
    expect(first.proofs()).toBe(0);
  });

  it('asks for proof from a quarter of its outbox on, and drops the oldest of what was sent at its end', () => {
    const { outlet: out, first } = outlet();
    out.sendResult(result(1));
    expect(first.proofs()).toBe(0);
    out.sendResult(result(2));
    expect(first.proofs()).toBe(1);
    for (let id = 3; id <= 20; id++) expect(out.sendResult(result(id))).toBe('sent');
    expect(out.heldResults).toBe(8);
    expect(out.canResume(11)).toBe(false);
    expect(out.canResume(12)).toBe(true);
  });

  it('holds results back while there is no connection, and forgets the rest', () => {
    const { outlet: out, first } = outlet();
    out.detach();
    expect(out.current).toBeUndefined();
    out.send(flowUpdatePacket());
    out.sendResult(result(1));
    expect(first.sent).toEqual([]);
    const second = connection('second');
    out.attach(second.attachment, 0);
    expect(second.sent).toEqual([1]);
  });

  it('replays what a client lacks, in order, then goes on', () => {
    const { outlet: out } = outlet();
    for (const id of [1, 2, 3]) out.sendResult(result(id));
    out.detach();
    out.sendResult(result(4));
    const second = connection('second');
    out.attach(second.attachment, 2);
    out.sendResult(result(5));
    expect(second.sent).toEqual([3, 4, 5]);
    expect(out).toMatchObject({ heldResults: 3, sentResults: 5, peer: 'second' });
  });

  it('sends at most once to a client that cannot say what it has', () => {
    const { outlet: out } = outlet();
    out.sendResult(result(1));
    out.detach();
    out.sendResult(result(2));
    const second = connection('second', { isAnnounced: false });
    out.attach(second.attachment, undefined);
    expect(second.sent).toEqual([2]);
    expect(out.heldResults).toBe(0);
  });

  it('says when there is no room to wait', () => {
    const { outlet: out } = outlet();
    out.detach();
    const kept = Array.from({ length: 9 }, (_, index) => out.sendResult(result(index + 1)));
    expect(kept).toEqual([...Array<string>(8).fill('kept'), 'full']);
    const small = outlet({ maxResults: 100, maxBytes: 2 * HELD_RESULT_BYTES + 250 }).outlet;
    small.detach();
    expect([1, 2, 3].map((id) => small.sendResult(result(id)))).toEqual(['kept', 'kept', 'full']);
  });

  it('knows who can go on without a gap', () => {
    const { outlet: out } = outlet();
    for (const id of [1, 2, 3]) out.sendResult(result(id));
    out.acknowledge(1);
    expect([0, 1, 3, 4, undefined].map((count) => out.canResume(count))).toEqual([
      false,
      true,
      true,
      false,
      true,
    ]);
  });

  it('has the name of its last peer while it has none', () => {
    const { outlet: out } = outlet();
    out.detach();
    expect([out.peer, out.kind]).toEqual(['first', 'memory']);
  });

  it('shows the pressure of its connection, and of its outbox while there is none', () => {
    const { outlet: out, first } = outlet();
    const seen: unknown[] = [];
    out.pressure$.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('|') });
    first.pressure$.next(true);
    first.pressure$.next(true);
    expect(seen.splice(0)).toEqual([false, true]);
    out.detach();
    first.pressure$.next(true);
    expect(seen.splice(0)).toEqual([false]);
    for (const id of [1, 2, 3]) out.sendResult(result(id));
    expect(seen.splice(0)).toEqual([]);
    out.sendResult(result(4));
    expect(seen.splice(0)).toEqual([true]);
    const second = connection('second');
    out.attach(second.attachment, 4);
    second.pressure$.next(true);
    expect(seen.splice(0)).toEqual([false, true]);
    out.close();
    expect(seen.splice(0)).toEqual([false, '|']);
  });

  it('asks to wait at once where its outbox is half full when the connection is lost', () => {
    const { outlet: out } = outlet();
    for (const id of [1, 2, 3, 4]) out.sendResult(result(id));
    const seen: boolean[] = [];
    out.pressure$.subscribe((value) => seen.push(value));
    out.detach();
    expect(seen).toEqual([false, true]);
  });

  it('sends and keeps nothing once it is closed', () => {
    const { outlet: out, first } = outlet();
    out.sendResult(result(1));
    out.close();
    out.send(flowUpdatePacket());
    expect(first.sent).toEqual([1]);
    expect(out).toMatchObject({ heldResults: 0, heldBytes: 0, current: undefined });
  });
});

it('leaves a text what it is where it asks whose it is', () => {
  const { outlet: out } = outlet();
  out.detach();
  const texts = [1, 2, 1].map((frameId) => encodeResult(1, new TextResult(frameId, 'token')) as TextPacket);
  for (const text of texts) out.sendResult(text);
  const each = HELD_RESULT_BYTES + texts[0]!.byteLength;
  expect(unsentBytes(out)).toEqual(
    new Map([
      [1, 2 * each],
      [2, each],
    ]),
  );
  out.discardUnsent(1);
  expect(unsentBytes(out)).toEqual(new Map([[2, each]]));
  expect(texts.map(({ isText }) => isText)).toEqual([true, true, true]);
});

it('keeps results as they were when they came, whatever becomes of their buffer', () => {
  for (const length of [3, 20_000]) {
    const { outlet: out } = outlet({ maxResults: 8, maxBytes: 100_000 });
    const buffer = new Uint8Array(length).fill(1);
    const { header, metadata } = result(1);
    const packet = { header: { ...header, bodyLen: length }, metadata, body: buffer };
    out.sendResult(packet);
    buffer.fill(2);
    out.detach();
    out.sendResult(packet);
    buffer.fill(3);
    const bodies: Uint8Array[] = [];
    const { attachment } = connection('second');
    const send = ({ body }: Packet): void => void bodies.push(body);
    out.attach({ ...attachment, transport: { ...attachment.transport, send } }, 0);
    expect(bodies).toEqual([new Uint8Array(length).fill(1), new Uint8Array(length).fill(2)]);
  }
});

describe('what an outlet keeps of an echo', () => {
  const READ_BYTES = 64 * 1024;
  const LIMITS: OutboxLimits = { maxResults: 1024, maxBytes: 4 * 1024 * 1024 };

  /** A result whose body is a view of all that came in one read. */
  function echo(frameId: number, length: number): Packet {
    const read = new Uint8Array(READ_BYTES).fill(frameId % 251);
    const { header, metadata } = result(frameId);
    const body = ours(read.subarray(100, 100 + length));
    return { header: { ...header, bodyLen: length }, metadata, body };
  }

  /** What a transport is given. */
  function recording(options?: { isAnnounced?: boolean }) {
    const packets: Packet[] = [];
    const { attachment } = connection('any', options);
    const transport = { ...attachment.transport, send: (packet: Packet) => packets.push(packet) };
    return { packets, attachment: { ...attachment, transport: transport as unknown as Transport } };
  }

  function buffersOf(packets: readonly Packet[]): number {
    const buffers = new Set(packets.map(({ body }) => body.buffer));
    return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** What waits for a client that comes back and has nothing. */
  function waiting(out: SessionOutlet): Packet[] {
    const later = recording();
    out.attach(later.attachment, 0);
    return later.packets;
  }

  it.each(['attached', 'detached'])(
    'is its bytes and not the read that they came with, while %s',
    (state) => {
      const out = new SessionOutlet(recording().attachment, { outbox: LIMITS });
      if (state === 'detached') out.detach();
      for (let id = 1; id <= 1024; id++)
        expect(out.sendResult(echo(id, 64))).toBe(state === 'detached' ? 'kept' : 'sent');
      expect(out.heldBytes).toBe(1024 * (HELD_RESULT_BYTES + 40 + 64 + 64));
      const packets = waiting(out);
      expect(packets).toHaveLength(1024);
      expect(buffersOf(packets)).toBe(1024 * 64);
      for (const { header, body } of packets)
        expect(body).toEqual(new Uint8Array(64).fill(header.frameId % 251));
    },
  );

  it('is all of a read of which it is most, and counts as that', () => {
    const out = new SessionOutlet(recording().attachment, { outbox: LIMITS });
    const most = echo(1, 40_000);
    out.sendResult(most);
    expect(out.heldBytes).toBe(HELD_RESULT_BYTES + 40 + 64 + READ_BYTES);
    expect(waiting(out)[0]).toBe(most);
  });

  it('is no copy for a client that cannot come back', () => {
    for (const [outbox, isAnnounced] of [
      [undefined, true],
      [undefined, false],
      [LIMITS, false],
    ] as const) {
      const { packets, attachment } = recording({ isAnnounced });
      const out = new SessionOutlet(attachment, { outbox });
      const packet = echo(1, 64);
      out.sendResult(packet);
      expect(packets[0]).toBe(packet);
      expect(out.heldResults).toBe(0);
    }
  });
});
