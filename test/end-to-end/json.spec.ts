import { firstValueFrom, NEVER } from 'rxjs';
import { connect, createServer, memory, SessionErrorCode, type ServerSession } from '../../src';
import { captureEndpoint, open } from '../../src/testing';
import { until } from '../support/until';

// What users log: where a bigint is in it, at any depth, or something that refers to itself, JSON.stringify throws.
describe('what an application is given', () => {
  it('can be logged as JSON', async () => {
    const { endpoint, captures } = captureEndpoint(memory());
    const given: Record<string, unknown> = {};
    const all: unknown[] = [];
    const server = createServer({
      listen: endpoint,
      policy: (request) => {
        given.request = request;
        return SessionErrorCode.None;
      },
    });
    server.violations$.subscribe((violation) => (given.violation = violation));
    let session: ServerSession | undefined;
    server.sessions$.subscribe((opened) => {
      session = opened;
      opened.subscribe((message) => all.push(message));
      opened.patches$.subscribe((request) => {
        given.patch = request;
        request.ack();
      });
      opened.respond((submit) => {
        given.submit = submit;
        return submit.body.length > 0 ? 'answer' : NEVER;
      });
    });
    await server.listening();

    const client = await connect(endpoint);
    const opened = await client.openSession({
      requestedSessionId: 1,
      auth: 'secret',
      clientSessionTag: 2n ** 64n - 1n,
    });
    given.clientGranted = opened.granted;
    given.serverGranted = session!.granted;
    given.open = session!.open;
    given.patchAck = await opened.patch({ profileId: 2 });
    given.result = await firstValueFrom(opened.submit({ body: 'x' }));
    const standing = opened.submit({}).subscribe();
    await until(() => session!.operations.length > 0, 'the operation');
    given.operations = session!.operations.slice();
    standing.unsubscribe();
    given.closeAck = await opened.close();
    const stranger = await firstValueFrom(endpoint.connect());
    stranger.packets$.subscribe();
    stranger.send(open(1).withMetadata(new Uint8Array(48).fill(0xff)));
    await until(() => given.violation !== undefined, 'the violation');
    given.usages = [server.usage, client.usage];
    given.captures = captures.map(({ events }) => events);
    given.messages = all;
    given.live = { server, session, client, opened, stream: opened.submit({ body: 'question' }) };
    await client.close();
    await server.close();

    const told = Object.fromEntries(Object.entries(given).map(([name, it]) => [name, JSON.stringify(it)]));
    expect(Object.values(told)).not.toContain(undefined);
    expect(told.live).not.toContain('secret');
    expect(all.length).toBeGreaterThanOrEqual(5);
    expect(JSON.parse(told.open!)).toMatchObject({ clientSessionTag: '18446744073709551615' });
    expect(JSON.parse(told.closeAck!)).toMatchObject({ lastOperationId: '2' });
    expect(JSON.parse(told.violation!)).toMatchObject({
      error: { kind: 'protocol', cause: { name: 'NnrpError' } },
      header: { traceId: '0' },
    });
    expect(JSON.parse(told.operations!)).toMatchObject([{ sessionId: 1, frameId: 2, metadata: {} }]);
  });
});
