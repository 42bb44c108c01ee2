import fc from 'fast-check';
import { NEVER } from 'rxjs';
import { CreditEpoch } from '../../../../src/protocol/flow/credit-epoch';
import { DEFAULT_OUTBOX_LIMITS } from '../../../../src/protocol/operation/result-outbox';
import { completeResult, partialResult, type ResultPush } from '../../../../src/protocol/operation/result';
import { partMetadata } from '../../../../src/protocol/operation/result-packet';
import { TextResult } from '../../../../src/protocol/content/text-result';
import { decodeTokens } from '../../../../src/protocol/content/token-decoder';
import { dialectOf } from '../../../../src/protocol/revision/dialect';
import { SlotPool } from '../../../../src/server/limits/slot-pool';
import { ServerReports } from '../../../../src/server/reports';
import type { Attachment } from '../../../../src/server/session/results/attachment';
import { unsentBytes } from '../../../../src/server/session/results/away-room';
import { SessionOutlet } from '../../../../src/server/session/results/session-outlet';
import { SessionSender } from '../../../../src/server/session/results/session-sender';
import type { Transport } from '../../../../src/transport/transport';
import { encodePacket } from '../../../../src/wire/encode-packet';
import { MessageType } from '../../../../src/wire/message-type';
import { ResultPushMetadata } from '../../../../src/wire/messages/result-push';
import { decodePacket, type Packet } from '../../../../src/wire/packet';
import { preview3 } from '../../../../src/wire/preview3';
import { preview4 } from '../../../../src/wire/preview4';
import type { Revision } from '../../../../src/wire/revision';
import { PartialResultMetadata } from '../../../../src/wire/preview4/results';

interface Way {
  readonly revision?: Revision;
  readonly isAnnounced?: boolean;
  readonly largestPacket?: number;
}

/** A session's way out, and the packets of each connection that has carried it. */
class Session {
  readonly connections: Packet[][] = [];
  readonly outlet: SessionOutlet;
  private readonly sender: SessionSender;
  private readonly operations = new Map<
    number,
    { frameId: number; idLow: number; idHigh: 0; partCount: number }
  >();

  constructor(private readonly way: Way = {}) {
    this.outlet = new SessionOutlet(this.connection(), {
      outbox: { maxResults: Infinity, maxBytes: Infinity },
    });
    this.sender = new SessionSender(42, this.outlet, { maxUnreadBytes: Infinity });
    this.sender.answers = dialectOf(way.revision ?? preview3).answers;
  }

  send(result: ResultPush): void {
    const { frameId } = result;
    const operation = this.operations.get(frameId) ?? { frameId, idLow: frameId, idHigh: 0, partCount: 0 };
    this.operations.set(frameId, operation);
    this.sender.result(result, operation);
  }

  attach(received: number): void {
    this.outlet.attach(this.connection(), received);
  }

  private connection(): Attachment {
    const { revision = preview3, isAnnounced = true, largestPacket = Infinity } = this.way;
    const packets: Packet[] = [];
    this.connections.push(packets);
    const transport: Pick<Transport, 'peer' | 'kind' | 'pressure$' | 'send'> = {
      peer: 'client',
      kind: 'memory',
      pressure$: NEVER,
      send: (packet) => packets.push(decodePacket(encodePacket(packet))),
    };
    return {
      revision,
      isReference: false,
      isRelayed: false,
      takesUp: () => true,
      transport: transport as Transport,
      isAnnounced,
      proof: { receipt: () => undefined },
      largestPacket,
      creditEpoch: new CreditEpoch(),
      slots: new SlotPool(Infinity, { peer: 'client' }, new ServerReports()),
      answer: () => undefined,
      requestProof: () => undefined,
      released: () => undefined,
      giveUp: () => undefined,
    };
  }
}

function textsOf({ header, metadata, body }: Packet): readonly string[] {
  const isPart = header.messageType === MessageType.PartialResult;
  return decodeTokens({ metadata: isPart ? partMetadata(body) : ResultPushMetadata.decode(metadata), body });
}

const REVISIONS: readonly (readonly [string, Revision])[] = [
  ['preview3', preview3],
  ['preview4', preview4],
];

type Step =
  | { readonly do: 'text' | 'bytes' | 'end'; readonly frameId: number }
  | { readonly do: 'lose'; readonly loses: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('text' as const), frameId: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('bytes', 'end'), frameId: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('lose' as const), loses: fc.integer({ min: 0, max: 5 }) }),
  },
);

describe.each(REVISIONS)('texts for a client that is away, in %s', (_, revision) => {
  it('come once and in order, with the borders in which they were first sent', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const session = new Session({ revision });
        const sent = new Map<number, string[]>();
        const received: Packet[] = [];
        const ended = new Set<number>();
        let words = 0;
        const noteSent = (frameId: number, word: string): void => {
          sent.set(frameId, [...(sent.get(frameId) ?? []), word]);
        };
        let lost: number | undefined;
        for (const each of steps) {
          if (each.do === 'lose') {
            // Away and back again: what it had not read when the connection was lost, it lacks.
            if (lost === undefined) {
              lost = Math.min(each.loses, session.connections.at(-1)!.length);
              const came = session.connections.at(-1)!;
              received.push(...came.slice(0, came.length - lost));
              session.outlet.detach();
            } else {
              const before = session.connections.at(-1)!;
              session.attach(received.length);
              const again = session.connections.at(-1)!.slice(0, lost);
              expect(again.map(encodePacket)).toEqual(before.slice(before.length - lost).map(encodePacket));
              lost = undefined;
            }
            continue;
          }
          const { frameId } = each;
          if (ended.has(frameId)) continue;
          if (each.do === 'text') {
            const word = ` ${words++}`;
            noteSent(frameId, word);
            session.send(new TextResult(frameId, word));
          } else if (each.do === 'bytes') {
            session.send(partialResult(frameId, Uint8Array.of(0x62)));
            noteSent(frameId, 'b');
          } else {
            session.send(completeResult(frameId));
            ended.add(frameId);
          }
        }
        if (lost !== undefined) session.attach(received.length);
        received.push(...session.connections.at(-1)!);
        const came = new Map<number, string[]>();
        const parts = new Map<number, bigint>();
        for (const packet of received) {
          const { frameId, messageType } = packet.header;
          const texts = textsOf(packet);
          if (texts.length > 0) came.set(frameId, [...(came.get(frameId) ?? []), ...texts]);
          if (messageType !== MessageType.PartialResult) continue;
          // Parts are numbered without a gap.
          const { resultSequence } = PartialResultMetadata.decode(packet.metadata);
          expect(resultSequence).toBe((parts.get(frameId) ?? 0n) + 1n);
          parts.set(frameId, resultSequence);
        }
        expect(came).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });

  it('take at most 40 bytes a token, and less than 1 MiB of an outbox for two minutes of them', () => {
    const session = new Session({ revision });
    session.outlet.detach();
    for (let word = 0; word < 50; word++) session.send(new TextResult(1, 'whale'));
    session.attach(0);
    const bytes = session.connections[1]!.reduce((sum, packet) => sum + encodePacket(packet).length, 0);
    expect(bytes / 50).toBeLessThanOrEqual(40);
    session.outlet.detach();
    const { heldBytes } = session.outlet;
    for (let word = 0; word < 120 * 100; word++) session.send(new TextResult(2, 'whale'));
    expect(session.outlet.heldBytes - heldBytes).toBeLessThan(DEFAULT_OUTBOX_LIMITS.maxBytes / 8);
    session.attach(1);
    const late = session.connections[2]!;
    expect(late.flatMap(textsOf)).toEqual(Array.from({ length: 12_000 }, () => 'whale'));
    expect(Math.max(...late.map(({ body }) => body.length))).toBeLessThanOrEqual(4096);
  });

  it('are in no packet larger than the client took', () => {
    const session = new Session({ revision, largestPacket: 400 });
    session.outlet.detach();
    for (let word = 0; word < 100; word++) session.send(new TextResult(1, ' whale'));
    session.attach(0);
    const packets = session.connections[1]!;
    expect(Math.max(...packets.map(({ body }) => 40 + body.length))).toBeLessThanOrEqual(400);
    expect(packets.length).toBeLessThan(30);
    expect(packets.flatMap(textsOf)).toHaveLength(100);
  });

  it('count for what they take', () => {
    const session = new Session({ revision });
    session.outlet.detach();
    session.send(new TextResult(1, 'Call'));
    session.send(new TextResult(2, 'Loomings'));
    const { heldBytes } = session.outlet;
    session.send(new TextResult(1, ' me'));
    expect(session.outlet.heldBytes).toBe(heldBytes + 24 + 3 + 40);
    expect(unsentBytes(session.outlet).get(1)).toBeGreaterThan(unsentBytes(session.outlet).get(2)!);
    session.outlet.discardUnsent(1);
    expect(session.outlet.heldResults).toBe(1);
    session.send(new TextResult(1, 'anew'));
    session.attach(0);
    expect(session.connections[1]!.map(textsOf)).toEqual([['Loomings'], ['anew']]);
    session.outlet.acknowledge(2);
    expect(session.outlet.heldBytes).toBe(0);
  });
});

it('gives a client of preview4 that is none of this project one text a part', () => {
  const session = new Session({ revision: preview4, isAnnounced: false });
  session.outlet.detach();
  for (const word of ['Call', ' me']) session.send(new TextResult(1, word));
  session.attach(0);
  expect(session.connections[1]!.map(textsOf)).toEqual([['Call'], [' me']]);
});
