import { map } from 'rxjs';
import { SessionStatus } from '../../src/wire/messages/session-open';
import { settled } from '../support/async';
import { openAckPacket, resultPacket } from '../support/packets';
import { told } from '../support/served';
import { accept, NOTHING, played } from './support';

describe('openSession', () => {
  it('takes sessions one after the other, as an ack does not say which open it answers', async () => {
    const { client, peer } = await played();
    const opening = [5, 6].map((requestedSessionId) => client.openSession({ requestedSessionId }));
    await settled();
    expect(peer.waiting).toBe(1);
    expect(client.usage).toMatchObject({ acksAwaited: 2, sessions: 0 });
    peer.send(accept(5));
    await settled();
    expect(peer.waiting).toBe(2);
    peer.send(accept(6));
    expect((await Promise.all(opening)).map(({ sessionId }) => sessionId)).toEqual([5, 6]);
    expect(client.usage).toMatchObject({ acksAwaited: 0, sessions: 2 });
    await client.close();
  });

  it.each([
    [SessionStatus.Rejected, 0x10001, 'the server refused the session: AuthFailed'],
    [SessionStatus.RetryLater, 0, 'the server cannot take the session now'],
  ] as const)(
    'rejects where the server says no (%i), and the connection goes on',
    async (status, code, message) => {
      const { client, peer } = await played();
      const opening = expect(client.openSession()).rejects.toMatchObject({
        status,
        errorCode: code,
        message,
      });
      peer.send(openAckPacket({ metadata: { sessionStatus: status, sessionErrorCode: code } }));
      await opening;
      const again = client.openSession();
      await settled();
      peer.send(accept(1));
      expect((await again).sessionId).toBe(1);
      await client.close();
    },
  );

  it('rejects where the ack does not fit, and the next open is answered', async () => {
    const { client, peer } = await played();
    const opening = client.openSession();
    const next = client.openSession({ requestedSessionId: 2 });
    peer.send(openAckPacket({ metadata: { sessionId: 0 } }), accept(2));
    await expect(opening).rejects.toMatchObject({ kind: 'InvalidProtocolCombination' });
    expect((await next).sessionId).toBe(2);
    await client.close();
  });

  it('rejects where the ack is for another session than it asked for, and nothing else suffers', async () => {
    const { client, peer } = await played();
    const violations = told(client.violations$);
    const before = client.openSession({ requestedSessionId: 4 });
    peer.send(accept(4));
    const answers = told((await before).submit({ body: 'x' }).pipe(map(({ frameId }) => frameId)));
    const opening = client.openSession({ requestedSessionId: 5 });
    const next = client.openSession({ requestedSessionId: 6 });
    // One that the client has, too: it goes on as it was.
    peer.send(accept(4), accept(6), resultPacket({ sessionId: 4, frameId: 1 }));
    await expect(opening).rejects.toMatchObject({
      name: 'NnrpError',
      kind: 'InvalidProtocolCombination',
      message: 'SESSION_OPEN_ACK must be for the session that was asked for: that is 5, not 4',
    });
    expect((await next).sessionId).toBe(6);
    expect(answers).toEqual([1, '|']);
    expect(violations).toEqual([]);
    expect(client.usage).toMatchObject({ links: 1, sessions: 2, acksAwaited: 0 });
    await client.close();
  });

  it('takes any id where the server is to choose, but that of a session which it has', async () => {
    const { client, peer } = await played();
    const [first, second, third] = [0, 0, 0].map((requestedSessionId) =>
      client.openSession({ requestedSessionId }),
    );
    peer.send(accept(77), accept(77), accept(78));
    expect((await first!).sessionId).toBe(77);
    await expect(second).rejects.toMatchObject({ kind: 'SessionAlreadyExists', fault: { sessionId: 77 } });
    expect((await third!).sessionId).toBe(78);
    expect((await first!).state).toBe('open');
    expect(client.usage).toMatchObject({ sessions: 2 });
    await client.close();
  });

  it('rejects everybody who waits where the connection is lost in between', async () => {
    const { client, peer } = await played();
    const lost = { kind: 'io', message: expect.stringContaining('has ended the connection') as string };
    const opening = [1, 2].map((id) =>
      expect(client.openSession({ requestedSessionId: id })).rejects.toMatchObject(lost),
    );
    await settled();
    peer.destroy();
    await Promise.all(opening);
    await expect(client.openSession()).rejects.toMatchObject({ kind: 'io' });
    expect(client.usage).toEqual(NOTHING);
  });

  it('rejects where the client is closed meanwhile', async () => {
    const { client } = await played({ closeTimeoutMs: 10 });
    const opening = expect(client.openSession()).rejects.toMatchObject({ kind: 'io' });
    await client.close();
    await opening;
  });
});
