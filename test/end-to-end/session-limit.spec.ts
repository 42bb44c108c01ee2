import { acceptedOpen } from '../../src/client/session/open';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionOpenMetadata,
  SessionStatus,
} from '../../src/wire/messages/session-open';
import { endServed, Served } from '../support/served';

afterEach(endServed);

const errorCode = SessionErrorCode.SessionLimitReached;
const refused = (text: string) => ({
  errorCode,
  text,
  message: `the server refused the session: SessionLimitReached: ${text}`,
});

describe('a session that a limit refuses', () => {
  it('asked for too many operations', async () => {
    const served = new Served({ maxInFlightOperations: 3 });
    await expect(served.open({ maxInFlightOperations: 4 })).rejects.toMatchObject(
      refused('maxInFlightOperations 4 is too many, ask for at most 3'),
    );
  });

  it('asked for an id that another client has', async () => {
    const served = new Served();
    await served.open({ requestedSessionId: 7 });
    await expect(served.open({ requestedSessionId: 7 })).rejects.toMatchObject(
      refused('session id 7 is in use, ask for another or, with 0, for any'),
    );
  });

  it('asked for an id that its own client has, without a word to the server', async () => {
    const client = await new Served().connect();
    await client.openSession({ requestedSessionId: 7 });
    await expect(client.openSession({ requestedSessionId: 7 })).rejects.toMatchObject({
      errorCode,
      text: 'session id 7 is in use, ask for another or, with 0, for any (by this client, on this connection)',
    });
  });

  it('is one more than its connection may have', async () => {
    const client = await new Served({ limits: { maxSessionsPerConnection: 2 } }).connect();
    for (const requestedSessionId of [1, 2]) await client.openSession({ requestedSessionId });
    await expect(client.openSession({ requestedSessionId: 3 })).rejects.toMatchObject(
      refused('the connection has 2 sessions, the most that it may; close one, or connect once more'),
    );
  });

  const TOO_MANY = 'the connection has the sessions that it may have; close one, or connect once more';
  it.each<[string, Partial<SessionOpenMetadata>, string]>([
    [
      'more operations than the ack grants',
      { maxInFlightOperations: 5 },
      'maxInFlightOperations 5 is too many, ask for at most 4',
    ],
    ['any id', { requestedSessionId: 0 }, TOO_MANY],
    [
      'an id',
      { requestedSessionId: 7 },
      `session id 7 is in use, ask for another or, with 0, for any; or ${TOO_MANY}`,
    ],
  ])('is explained where the server gives no text: it asked for %s', (_, wishes, text) => {
    const open = SessionOpenMetadata.of({ requestedSessionId: 7, maxInFlightOperations: 4, ...wishes });
    const ack = SessionOpenAckMetadata.of({
      sessionStatus: SessionStatus.Rejected,
      sessionErrorCode: errorCode,
      maxInFlightOperations: 4,
    });
    expect(() => acceptedOpen(open, { ack, body: new Uint8Array(0) })).toThrow(
      expect.objectContaining(refused(text)) as Error,
    );
  });
});
