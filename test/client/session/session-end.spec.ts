import type { ClientSession } from '../../../src/client/session/session';
import { accept, refuse } from '../../../src/server/opening/policy';
import { CloseReason, InFlightPolicy } from '../../../src/wire/messages/session-close';
import { SessionErrorCode } from '../../../src/wire/messages/session-open';
import { settled } from '../../support/async';
import { endServed, Served, told } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';

afterEach(endServed);

/** How a session ended when its `state$` has completed. */
function endOf(session: ClientSession): { seen: unknown } {
  const end: { seen: unknown } = { seen: 'open' };
  session.state$.subscribe({
    complete: () => {
      end.seen = session.ended;
    },
  });
  return end;
}

describe('how a session ended', () => {
  it('is not said while it is open', async () => {
    expect((await new Served().open()).ended).toBeUndefined();
  });

  it('is by its client, where that closes it', async () => {
    const session = await new Served().open();
    const end = endOf(session);
    await session.close();
    expect(end.seen).toEqual({
      by: 'client',
      closeReason: undefined,
      errorCode: 0,
      text: '',
      mayOpenAgain: true,
    });
  });

  it.each([
    ['closes', CloseReason.Normal, true],
    ['shuts down', CloseReason.ServerShutdown, true],
    ['has revoked it', CloseReason.AuthRevoked, false],
    ['has seen the protocol broken', CloseReason.ProtocolError, false],
  ] as const)('is by the server, where that %s', async (_, closeReason, mayOpenAgain) => {
    const { client, server } = await new Served().session();
    const end = endOf(client);
    void server.close({ closeReason });
    await settled();
    expect(end.seen).toMatchObject({ by: 'server', closeReason, mayOpenAgain });
  });

  it('is said by the errors of its operations and requests, too', async () => {
    const { client, server } = await new Served().session({ requestedSessionId: 1 });
    const seen = told(client.submit({}));
    const asked = client.patch({});
    void server.close({
      closeReason: CloseReason.AuthRevoked,
      inFlightPolicy: InFlightPolicy.Abort,
      sessionErrorCode: 7,
    });
    await expect(asked).rejects.toThrow(
      'session 1 cannot answer: it is closed (by the server, AuthRevoked, 0x7)',
    );
    seen.push(...told(client.submit({})));
    const sessionEnd = {
      by: 'server',
      closeReason: CloseReason.AuthRevoked,
      errorCode: 7,
      mayOpenAgain: false,
    };
    expect(seen).toMatchObject([
      { reason: 'session-closed', frameId: 1, sessionEnd },
      { reason: 'session-closed', frameId: 0, sessionEnd },
    ]);
    expect(JSON.stringify(seen[0])).toContain('"by":"server"');
    expect(seen.map((error) => (error as Error).message)).toEqual([
      'operation 1 of session 1 has no result: its session is closed (AuthRevoked, 0x7)',
      'a submit of session 1 has no result: its session is closed (AuthRevoked, 0x7)',
    ]);
  });

  it('is by its connection, where it does not survive that', async () => {
    const served = new Served();
    const end = endOf(await served.open());
    served.endpoint.cut();
    await settled();
    expect(end.seen).toMatchObject({ by: 'connection', closeReason: undefined, mayOpenAgain: true });
  });

  it('says why it was not resumed', async () => {
    const time = new VirtualTime();
    let isWelcome = true;
    const served = new Served({
      scheduler: time,
      keepAlive: { idleMs: 0 },
      policy: () => (isWelcome ? accept() : refuse('auth-failed', 'the account is closed')),
    });
    const client = await served.connect({ scheduler: time, keepAlive: { idleMs: 0 } });
    const session = await client.openSession({ reconnect: { jitter: 0 } });
    const end = endOf(session);
    isWelcome = false;
    served.endpoint.cut();
    await settled();
    time.advance(100);
    for (let turn = 0; turn < 5; turn++) await settled();
    expect(end.seen).toEqual({
      by: 'server',
      closeReason: undefined,
      errorCode: SessionErrorCode.AuthFailed,
      text: 'the account is closed',
      mayOpenAgain: false,
    });
  });

  it('says what went wrong last where its time was over', async () => {
    const time = new VirtualTime();
    const served = new Served({ scheduler: time, keepAlive: { idleMs: 0 } });
    const client = await served.connect({ scheduler: time, keepAlive: { idleMs: 0 } });
    let isOpen = false;
    const session = await client.openSession({
      reconnect: {},
      auth: () => {
        if (isOpen) throw new Error('offline');
        return '';
      },
    });
    isOpen = true;
    const states = told(session.state$);
    served.endpoint.cut();
    await settled();
    for (let at = 0; at < 150; at++) {
      time.advance(1000);
      await settled();
    }
    expect(states).toEqual(['open', 'reconnecting', 'expired', '|']);
    expect(session.ended).toMatchObject({
      by: 'connection',
      text: 'the function `auth` gave nothing to open a session with: offline',
      mayOpenAgain: true,
    });
  });
});
