import { judgePackets } from '../../operators/judge-packets';
import { limitPackets, type PacketBudget, type PacketExcess } from '../../operators/limit-packets';
import { RuntimeError } from '../../src/protocol/runtime-error';
import { MessageType } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';
import type { RateClass } from '../../src/wire/revision';
import { marbles } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';
import { cancelPacket, pingPacket, rawPacket, submitPacket } from '../support/packets';

const packets = {
  s: submitPacket({ frameId: 1 }),
  c: cancelPacket({ frameId: 1 }),
  p: pingPacket({ frameId: 1 }),
  /** A PING with a body, which nobody may send. */
  b: rawPacket(MessageType.Ping, { sessionId: 0, bodyLen: 1 }),
  u: rawPacket(0x7f as MessageType),
};

/** So many PINGs, and as many packets of no known type as there are. */
function pings(allowed: number): PacketBudget & { readonly charged: (RateClass | undefined)[] } {
  const charged: (RateClass | undefined)[] = [];
  return {
    charged,
    charge: (_, rate) => {
      charged.push(rate);
      const observed = charged.filter((each) => each === 'ping').length;
      return rate === 'ping' && observed > allowed ? { limit: 'pings', allowed, observed } : undefined;
    },
  };
}

const fault = new RuntimeError('unexpected-message', 'server received more than pings (1) allows', {
  reach: 'connection',
  origin: 'peer',
});

describe('limitPackets', () => {
  itIsAnOperator<Packet, Packet>({
    create: () => limitPackets(pings(0)),
    inputs: { a: packets.s, b: packets.c, c: packets.u },
    outputs: { a: packets.s, b: packets.c, c: packets.u },
  });

  it('errors at the first packet that is too much, and unsubscribes the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot<Packet>('-p-s-p-s-|', packets);
      const subs = '               ^----!';
      const expected = '           -p-s-#';

      expectObservable(source$.pipe(limitPackets(pings(1)))).toBe(expected, packets, fault);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('tells of each and goes on, where somebody is told', () => {
    marbles(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const source$ = hot<Packet>('-p-s-p-s-p-|', packets);
      const subs = '               ^----------!';
      const expected = '           -p-s---s---|';

      const told: [PacketExcess, Packet][] = [];
      const calm = limitPackets(pings(1), { onViolation: (...each) => told.push(each) });
      expectObservable(source$.pipe(calm)).toBe(expected, packets);
      expectSubscriptions(source$.subscriptions).toBe(subs);
      flush();
      expect(told).toEqual([
        [{ limit: 'pings', allowed: 1, observed: 2 }, packets.p],
        [{ limit: 'pings', allowed: 1, observed: 3 }, packets.p],
      ]);
    });
  });

  it('charges what nobody knows as what has no class', () => {
    const budget = pings(1);
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<Packet>('su|', packets).pipe(limitPackets(budget))).toBe('su|', packets);
    });
    expect(budget.charged).toEqual(['submit', undefined]);
  });

  it('has what is dropped later paid for', () => {
    marbles(({ cold, expectObservable }) => {
      const source$ = cold<Packet>('bpp|', packets);
      const told: string[] = [];
      const onViolation = (): void => void told.push('dropped');
      const judged$ = source$.pipe(limitPackets(pings(2)), judgePackets({ onViolation }));
      const tooMany = new RuntimeError('unexpected-message', 'server received more than pings (2) allows', {
        reach: 'connection',
        origin: 'peer',
      });
      expectObservable(judged$).toBe('-p#', packets, tooMany);
    });
  });

  it('names the end that receives', () => {
    marbles(({ cold, expectObservable }) => {
      const message = 'client received more than pings (0) allows';
      const said = new RuntimeError('unexpected-message', message, { reach: 'connection', origin: 'peer' });
      const strict = limitPackets(pings(0), { role: 'client' });
      expectObservable(cold<Packet>('p|', packets).pipe(strict)).toBe('#', packets, said);
    });
  });

  it('errors with what the budget throws, and with what onViolation throws', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const bug = new Error('a bug');
      const raise = (): never => {
        throw bug;
      };
      const source$ = hot<Packet>('-p-p-|', packets);
      const subs = '               ^!';

      expectObservable(source$.pipe(limitPackets({ charge: raise }))).toBe('-#', packets, bug);
      expectObservable(source$.pipe(limitPackets(pings(0), { onViolation: raise }))).toBe('-#', packets, bug);
      expectSubscriptions(source$.subscriptions).toBe([subs, subs]);
    });
  });
});
