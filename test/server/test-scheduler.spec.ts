import { asapScheduler, NEVER } from 'rxjs';
import { dropLate } from '../../operators/application/drop-late';
import { respondToSubmits } from '../../operators/application/respond-to-submits';
import { createServer, type Server } from '../../src/server/server';
import { open, probe, submit } from '../../src/testing';
import { memory } from '../../src/transport/memory';
import { monotonicScheduler } from '../../src/transport/time/monotonic-scheduler';
import type { Transport } from '../../src/transport/transport';
import { MessageType, messageTypeName } from '../../src/wire/message-type';
import { TransportProbeAckMetadata } from '../../src/wire/messages/transport-probe';
import type { Packet } from '../../src/wire/packet';
import { marbles } from '../support/marbles';

/** What a server without a scheduler of its own does, under `TestScheduler.run`. */
function play(
  serve: (server: Server) => void,
  send: (transport: Transport) => void,
): (Packet & { at: number })[] {
  const seen: (Packet & { at: number })[] = [];
  marbles(({ flush }) => {
    const endpoint = memory();
    serve(createServer({ listen: endpoint }));
    endpoint.connect().subscribe((transport) => {
      transport.packets$.subscribe((packet) => seen.push({ ...packet, at: monotonicScheduler.now() }));
      send(transport);
    });
    flush();
  });
  return seen;
}

function summary(packets: readonly (Packet & { at: number })[]): (readonly [number, string])[] {
  return packets.map(({ at, header }) => [at, messageTypeName(header.messageType)]);
}

describe('a server under TestScheduler.run', () => {
  it('asks a quiet peer, and gives it up, in virtual time', () => {
    const seen = play(
      ({ sessions$ }) => sessions$.subscribe(),
      (transport) => {
        transport.send(open(1).announced());
      },
    );
    expect(summary(seen)).toEqual([
      [0, 'SESSION_OPEN_ACK'],
      [15_000, 'PING'],
    ]);
  });

  it('drops what is late in virtual time', () => {
    const seen = play(
      ({ sessions$ }) =>
        sessions$.subscribe(({ submits$, results }) => {
          submits$
            .pipe(
              dropLate({ when: 'until-end' }),
              respondToSubmits(() => NEVER),
            )
            .subscribe(results);
        }),
      (transport) => {
        transport.send(open(1));
        transport.send(submit(1, 1).with({ latencyBudgetMs: 40 }));
      },
    );
    expect(summary(seen)).toEqual([
      [0, 'SESSION_OPEN_ACK'],
      [40, 'RESULT_DROP'],
    ]);
  });

  it('tells virtual time as the date', () => {
    const seen = play(
      () => undefined,
      (transport) => {
        asapScheduler.schedule(() => {
          transport.send(probe(1));
        }, 1234);
      },
    );
    const ack = seen.find(({ header }) => header.messageType === MessageType.TransportProbeAck);
    expect(TransportProbeAckMetadata.decode(ack!.metadata).serverRecvTsUs).toBe(1_234_000n);
  });
});
