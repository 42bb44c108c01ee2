import { firstValueFrom, NEVER } from 'rxjs';
import { REFERENCE_DEFAULTS } from '../../src';
import { endServed, Served } from '../support/served';

const both = ['preview3', 'preview4'] as const;

afterEach(endServed);

describe('what sessions ask for and servers grant by default', () => {
  it.each(both)('lets any number of clients have a session each: %s', async (revision) => {
    const served = new Served();
    const client = await served.connect({ revision });
    const opened = [
      await client.openSession(),
      await client.openSession(),
      await served.open(undefined, { revision }),
      await served.open(undefined, { revision }),
    ];
    expect(new Set(opened.map(({ sessionId }) => sessionId)).size).toBe(4);
  });

  it.each(both)('asks for no more than a server has that runs one at a time: %s', async (revision) => {
    const served = new Served({ maxInFlightOperations: 1 });
    const session = await served.open(undefined, { revision });
    expect(await firstValueFrom(session.credit$)).toMatchObject({ granted: 1 });
  });

  it.each(both)('has as many in flight as the server runs: %s', async (revision) => {
    const served = new Served({ maxInFlightOperations: 6 });
    const { client, server } = await served.session(undefined, { revision });
    server.respond(() => NEVER);
    const subscriptions = Array.from({ length: 8 }, () =>
      client.submit({}).subscribe({ error: () => undefined }),
    );
    expect(await firstValueFrom(client.credit$)).toEqual({ granted: 6, inFlight: 6, waiting: 2 });
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  it('keeps the credit that a server is given', async () => {
    const served = new Served({ maxInFlightOperations: 6, grantedOperationCredit: 3 });
    expect(await firstValueFrom((await served.open()).credit$)).toMatchObject({ granted: 3 });
  });

  it('are the reference’s where those are asked for', async () => {
    const served = new Served(REFERENCE_DEFAULTS.server);
    const { client, server } = await served.session(REFERENCE_DEFAULTS.session);
    expect(client.sessionId).toBe(1);
    expect(server.open).toMatchObject({
      requestedSessionId: 1,
      profileId: 2,
      priorityClass: 1,
      schemaId: 0x1001,
      schemaVersion: 3,
      defaultDeadlineMs: 500,
      maxInFlightOperations: 4,
      leaseTtlHintMs: 30_000,
      clientSessionTag: 1n,
    });
    expect(server.granted).toMatchObject({
      grantedOperationCredit: 2,
      maxInFlightOperations: 4,
      leaseTtlMs: 30_000,
      resumeWindowMs: 120_000,
    });
  });
});
