import { firstValueFrom, NEVER } from 'rxjs';
import { connect, createServer, memory, ServerRefusalError, type Client, type Server } from '../../../src';
import { MessageType } from '../../../src/wire/message-type';
import { ErrorMetadata } from '../../../src/wire/messages/error-message';
import {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../../src/wire/messages/flow-update';
import { packet, type Packet } from '../../../src/wire/packet';
import type { Peer } from '../../support/peer';
import { settled } from '../../support/async';
import { Served, told } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';
import { accept, played } from '../support';

function connectionFlow(fields: Partial<FlowUpdateMetadata>): Packet {
  const update = FlowUpdateMetadata.of({ scopeKind: FlowScope.Connection, creditEpoch: 1, ...fields });
  return packet({ messageType: MessageType.FlowUpdate }, FlowUpdateMetadata.encode(update));
}

async function openOn({ client, peer }: { client: Client; peer: Peer }, sessionId: number) {
  const opening = client.openSession({ requestedSessionId: sessionId });
  await peer.next();
  peer.send(accept(sessionId));
  return opening;
}

describe('a link', () => {
  it('takes an ERROR of the connection for the answer to an open, and goes on with the next', async () => {
    const { client, peer } = await played();
    const first = client.openSession({ requestedSessionId: 1 });
    const second = client.openSession({ requestedSessionId: 2 });
    const error = ErrorMetadata.encode(ErrorMetadata.of({ errorCode: 0x20001, diagnosticBytes: 2 }));
    await peer.next();
    peer.send(packet({ messageType: MessageType.Error }, error, Uint8Array.of(0x6e, 0x6f)));
    await expect(first).rejects.toThrow(new ServerRefusalError(0x20001, 'no'));
    await peer.next();
    peer.send(accept(2));
    expect((await second).sessionId).toBe(2);
    await client.close();
  });

  it('shares the credit of the connection among its sessions', async () => {
    const sides = await played();
    const sessions = [await openOn(sides, 1), await openOn(sides, 2)];
    const updated = firstValueFrom(sessions[1]!.flowUpdates$);
    sides.peer.send(
      connectionFlow({
        updateReason: FlowUpdateReason.Grant,
        connectionCredit: 1,
        flowFlags: FlowFlag.CreditValid,
      }),
    );
    await updated;
    const running = sessions.map((session) =>
      session.submit({ body: 'x' }).subscribe({ error: () => undefined }),
    );
    expect(sides.client.usage).toMatchObject({ operationsInFlight: 1, operationsWaiting: 1 });
    running[0]!.unsubscribe();
    expect(await firstValueFrom(sessions[1]!.credit$)).toMatchObject({ inFlight: 1, waiting: 0 });
    await sides.client.close();
  });

  it('holds sessions back that are opened after a stop of the connection', async () => {
    const sides = await played();
    const first = await openOn(sides, 1);
    const updated = firstValueFrom(first.flowUpdates$);
    sides.peer.send(
      connectionFlow({ updateReason: FlowUpdateReason.Pause, backpressureLevel: BackpressureLevel.Hard }),
    );
    await updated;
    const second = await openOn(sides, 2);
    second.submit({ body: 'x' }).subscribe({ error: () => undefined });
    expect(await firstValueFrom(second.credit$)).toMatchObject({ inFlight: 0, waiting: 1 });
    sides.peer.send(connectionFlow({ updateReason: FlowUpdateReason.Resume, creditEpoch: 2 }));
    await firstValueFrom(second.flowUpdates$);
    expect(await firstValueFrom(second.credit$)).toMatchObject({ inFlight: 1, waiting: 0 });
    await sides.client.close();
  });
});

describe('closes that cross', () => {
  let client: Client;
  let server: Server;

  afterEach(async () => {
    await client.close();
    await server.close();
  });

  it.each([0, 200])('both come to their end, with %i ms to drain in', async (drainTimeoutMs) => {
    const endpoint = memory();
    server = createServer({ listen: endpoint });
    const opened = firstValueFrom(server.sessions$);
    client = await connect(endpoint);
    const session = await client.openSession();
    const serverSession = await opened;
    serverSession.respond(() => NEVER);
    session.submit({ body: 'x' }).subscribe({ error: () => undefined });
    const violations: unknown[] = [];
    client.violations$.subscribe((violation) => violations.push(violation));
    server.violations$.subscribe((violation) => violations.push(violation));
    await Promise.all([session.close(), serverSession.close({ drainTimeoutMs })]);
    expect(violations).toEqual([]);
    expect([server.sessionCount, client.usage.sessions]).toEqual([0, 0]);
  });
});

describe('a client', () => {
  it.each([1, 10, 100])('whose keep-alive asks every %d ms is not cut for it', async (idleMs) => {
    const time = new VirtualTime();
    const served = new Served({ scheduler: time });
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const client = await served.connect({ scheduler: time, keepAlive: { idleMs } });
    const states = told((await client.openSession()).state$);
    for (let ms = 0; ms < 10_000; ms++) {
      time.advance(1);
      await settled();
    }
    expect(states).toEqual(['open']);
    expect(served.limits).toEqual([]);
    await served.end();
  });
});
