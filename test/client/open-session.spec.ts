import { SessionStatus } from '../../src/wire/messages/session-open';
import { settled } from '../support/async';
import { openAckPacket } from '../support/packets';
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
    [SessionStatus.RetryLater, 0, 'the server cannot take the session now: None'],
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

  it('rejects everybody who waits where the connection is lost in between', async () => {
    const { client, peer } = await played();
    const lost = { kind: 'io', message: 'the connection to memory:right has ended; connect again' };
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
    const { client } = await played();
    const opening = expect(client.openSession()).rejects.toMatchObject({ kind: 'io' });
    await client.close();
    await opening;
  });
});
