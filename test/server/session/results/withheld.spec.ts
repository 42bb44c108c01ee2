import { BehaviorSubject } from 'rxjs';
import { CreditEpoch } from '../../../../src/protocol/flow/credit-epoch';
import type { LoggedSession } from '../../../../src/server/log/logged-session';
import { SlotPool } from '../../../../src/server/limits/slot-pool';
import { ServerReports } from '../../../../src/server/reports';
import type { Attachment } from '../../../../src/server/session/results/attachment';
import { SessionOutlet } from '../../../../src/server/session/results/session-outlet';
import type { Transport } from '../../../../src/transport/transport';
import { encodePacket } from '../../../../src/wire/encode-packet';
import { MessageType } from '../../../../src/wire/message-type';
import { packet, type Packet } from '../../../../src/wire/packet';
import { preview3 } from '../../../../src/wire/preview3';
import { flowUpdatePacket, resultPacket } from '../../../support/packets';

/** A connection that notes the frame ids of what it is given, and how: `1`, or `1 answered`. */
function connection(peer: string, isRelayed = false) {
  const said: string[] = [];
  const packets: Packet[] = [];
  const pressure$ = new BehaviorSubject(false);
  const transport: Pick<Transport, 'peer' | 'kind' | 'pressure$' | 'send' | 'destroy'> = {
    peer,
    kind: 'memory',
    pressure$,
    destroy: () => said.push('cut'),
    send: (each) => {
      encodePacket(each);
      packets.push(each);
      said.push(String(each.header.frameId));
    },
  };
  const attachment: Attachment = {
    revision: preview3,
    isReference: false,
    isRelayed,
    takesUp: () => true,
    transport: transport as Transport,
    isAnnounced: true,
    proof: { receipt: () => undefined },
    largestPacket: Infinity,
    creditEpoch: new CreditEpoch(),
    slots: new SlotPool(Infinity, { peer }, new ServerReports()),
    answer: ({ header: { frameId } }) => said.push(`${frameId} answered`),
    requestProof: () => undefined,
    released: () => said.push('left'),
    giveUp: () => undefined,
  };
  return { attachment, said, packets };
}

/** A session that may be another node's by now, or not. */
function stage({ maxBytes = 10_000, isRelayed = false } = {}) {
  const first = connection('first', isRelayed);
  const outlet = new SessionOutlet(first.attachment, { outbox: { maxResults: Infinity, maxBytes } });
  let cuts = 0;
  const log = {
    isInDoubt: true,
    note: () => undefined,
    attached: () => undefined,
    cut: () => (cuts += 1),
  };
  outlet.log = log as unknown as LoggedSession;
  const trusted = (): void => {
    log.isInDoubt = false;
    outlet.release();
  };
  return { first, outlet, log, trusted, cuts: () => cuts };
}

const result = (frameId: number, body = ''): Packet => resultPacket({ frameId, body });

it('says nothing of a session that may be another node’s, then all of it in order', () => {
  const { first, outlet, trusted } = stage();
  outlet.send(flowUpdatePacket({ frameId: 1 }));
  expect(outlet.sendResult(result(2))).toBe('kept');
  outlet.answer(flowUpdatePacket({ frameId: 3 }));
  expect(outlet.sendResult(result(4))).toBe('kept');
  expect(first.said).toEqual([]);
  trusted();
  expect(first.said).toEqual(['1', '2', '3 answered', '4']);
  expect(outlet.sendResult(result(5))).toBe('sent');
  expect(first.said).toEqual(['1', '2', '3 answered', '4', '5']);
});

it('says what comes meanwhile behind what waits', () => {
  const { first, outlet, log, trusted } = stage();
  outlet.sendResult(result(1));
  // The time is over, and nobody has said so yet.
  log.isInDoubt = false;
  outlet.sendResult(result(2));
  expect(first.said).toEqual([]);
  trusted();
  expect(first.said).toEqual(['1', '2']);
});

it('says what there was when it was said: whose bytes they are may use them again', () => {
  const { first, outlet, trusted } = stage();
  const body = Uint8Array.of(1, 2, 3);
  outlet.send(packet({ messageType: MessageType.CacheAck, sessionId: 1 }, new Uint8Array(0), body));
  body.fill(0);
  trusted();
  expect(first.packets.map((each) => [...each.body])).toEqual([[1, 2, 3]]);
});

it('refuses at the call what cannot be encoded, and keeps the rest', () => {
  const { first, outlet, trusted } = stage();
  const bad = packet({ messageType: MessageType.CacheAck, sessionId: -1 }, new Uint8Array(0));
  expect(() => encodePacket(bad)).toThrow();
  expect(() => {
    outlet.send(bad);
  }).toThrow();
  outlet.sendResult(result(1));
  trusted();
  expect(first.said).toEqual(['1']);
});

it('has sent no result that it has only withheld: nobody can prove to have it', () => {
  const { outlet, trusted } = stage();
  outlet.sendResult(result(1));
  expect(outlet.sentResults).toBe(0);
  outlet.acknowledge(outlet.sentResults);
  expect(outlet.heldResults).toBe(1);
  trusted();
  expect(outlet.sentResults).toBe(1);
  outlet.acknowledge(1);
  expect(outlet.heldResults).toBe(0);
});

it('gives results to the connection that its client comes back over, and to no other', () => {
  const { first, outlet, log, trusted } = stage();
  outlet.sendResult(result(1));
  outlet.send(flowUpdatePacket({ frameId: 2 }));
  outlet.detach();
  outlet.sendResult(result(3));
  trusted();
  expect(first.said).toEqual(['2']);
  log.isInDoubt = false;
  const second = connection('second');
  outlet.attach(second.attachment, 0);
  expect(second.said).toEqual(['1', '3']);
  expect(outlet.sentResults).toBe(2);
});

it('asks the application to wait while much is withheld, and its client to come back for more than that', () => {
  const { first, outlet, trusted, cuts } = stage({ maxBytes: 10_000 });
  const pressed: boolean[] = [];
  outlet.pressure$.subscribe((isPressed) => pressed.push(isPressed));
  for (let frameId = 1; !pressed.includes(true); frameId++)
    outlet.sendResult(result(frameId, 'a'.repeat(100)));
  expect(cuts()).toBe(0);
  for (let frameId = 1; cuts() === 0; frameId++) outlet.send(flowUpdatePacket({ frameId }));
  expect(first.said).toEqual([]);
  trusted();
  // Its transport has it now.
  expect(pressed.at(-1)).toBe(false);
});

it('says the last word of a session that has ended meanwhile', () => {
  const { first, outlet, trusted } = stage();
  outlet.answer(flowUpdatePacket({ frameId: 1 }));
  outlet.close();
  expect(first.said).toEqual([]);
  trusted();
  expect(first.said).toEqual(['1 answered']);
});

describe('a session that leaves', () => {
  const core = { sessionId: 1 };

  it('leaves another node’s connection behind what it has to say there', () => {
    const { first, outlet, trusted } = stage({ isRelayed: true });
    outlet.answer(flowUpdatePacket({ frameId: 1 }));
    outlet.leave(core);
    outlet.close();
    expect(first.said).toEqual([]);
    trusted();
    expect(first.said).toEqual(['1 answered', 'left']);
  });

  it('leaves it, and says nothing, where it turns out to be another node’s', () => {
    const { first, outlet, trusted } = stage({ isRelayed: true });
    outlet.answer(flowUpdatePacket({ frameId: 1 }));
    outlet.leave(core);
    outlet.lose();
    expect(first.said).toEqual(['cut', 'left']);
    trusted();
    expect(first.said).toEqual(['cut', 'left']);
  });

  it.each([
    ['its own node’s', false],
    ['another node’s, where nothing waits', true],
  ])('leaves a connection that is %s at once', (_, isRelayed) => {
    const { first, outlet } = stage({ isRelayed });
    if (!isRelayed) outlet.answer(flowUpdatePacket({ frameId: 1 }));
    outlet.leave(core);
    expect(first.said).toEqual(['left']);
  });
});
