import { firstValueFrom } from 'rxjs';
import type { LimitTripped } from '../../../src/server/limits/limit-tripped';
import type { ServerOptions } from '../../../src/server/options';
import { createServer, type Server } from '../../../src/server/server';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';
import { encodePacket } from '../../../src/wire/encode-packet';
import { EMPTY } from '../../../src/wire/packet';
import { Profile } from '../../../src/wire/messages/payload-kind';
import { open, resumeToken, scriptedTokens } from '../../../src/testing';
import { tcp } from '../../../src/transport/tcp/tcp';
import { Peer } from '../../support/peer';
import { until } from '../../support/until';
import { VirtualTime } from '../../support/virtual-time';
import { errorsOf, FAREWELL } from '../limits/support';

const TOKEN = resumeToken(1);
const WRONG = new Uint8Array(24).fill(9);
const OWN = 1;

let server: Server;
let limits: LimitTripped[];
let time: VirtualTime;

/** Over real sockets, since what counts is the address. */
async function serve(options: Partial<ServerOptions> = {}): Promise<void> {
  time = new VirtualTime();
  limits = [];
  server = createServer({
    listen: tcp({ port: 0 }),
    scheduler: time,
    keepAlive: { idleMs: 0 },
    randomBytes: scriptedTokens(),
    ...options,
  });
  server.limits$.subscribe((tripped) => limits.push(tripped));
}

afterEach(() => server.close());

async function connect(): Promise<Peer> {
  const [address] = await server.listening();
  return new Peer(await firstValueFrom(tcp({ port: address!.port }).connect()));
}

async function ask(peer: Peer, packet: Packet): Promise<Packet> {
  peer.send(packet);
  const answer = await peer.next();
  if (answer === undefined) throw new Error('the connection ended instead of an answer');
  return answer;
}

/** The status that a peer of its own gets for a token. */
async function attempt(token: Uint8Array, sessionId = OWN): Promise<number> {
  const peer = await connect();
  const { sessionStatus } = SessionOpenAckMetadata.decode(
    (await ask(peer, open(sessionId).resuming(token))).metadata,
  );
  await peer.close();
  return sessionStatus;
}

async function detached(): Promise<void> {
  const peer = await connect();
  await ask(peer, open(OWN).resumable());
  await peer.close();
  await until(() => server.connectionCount === 0, 'the end of the connection');
}

describe('wrong resume tokens', () => {
  it('end their connection with the sixth', async () => {
    await serve();
    await detached();
    const peer = await connect();
    for (let count = 0; count < 5; count++) await ask(peer, open(OWN).resuming(WRONG));
    expect(limits).toEqual([]);
    await ask(peer, open(OWN).resuming(WRONG));
    const word = await peer.next();
    expect(errorsOf([word!])).toEqual([FAREWELL]);
    expect(await peer.ended()).toBeUndefined();
    expect(limits).toEqual([
      {
        limit: 'maxTokenFailures',
        peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
        sessionId: OWN,
        allowed: 5,
        observed: 6,
        consequence: 'connection-closed',
      },
    ]);
  });

  it('may be followed by the right one', async () => {
    await serve();
    await detached();
    const peer = await connect();
    for (let count = 0; count < 5; count++) await ask(peer, open(OWN).resuming(WRONG));
    const { metadata } = await ask(peer, open(OWN).resuming(TOKEN));
    expect(SessionOpenAckMetadata.decode(metadata).sessionStatus).toBe(SessionStatus.Resumed);
    expect(limits).toEqual([]);
    await peer.close();
  });

  it('past 20 a minute from an address cost each its connection, and nobody a right token', async () => {
    await serve();
    await detached();
    for (let count = 0; count < 20; count++) expect(await attempt(WRONG)).toBe(SessionStatus.Rejected);
    expect(limits).toEqual([]);
    const peer = await connect();
    await ask(peer, open(OWN).resuming(WRONG));
    expect(errorsOf([(await peer.next())!])).toEqual([FAREWELL]);
    expect(await peer.ended()).toBeUndefined();
    expect(limits).toMatchObject([
      {
        limit: 'addressTokenFailures',
        sessionId: OWN,
        allowed: 20,
        observed: 21,
        consequence: 'connection-closed',
      },
    ]);
    expect(await attempt(TOKEN)).toBe(SessionStatus.Resumed);
    expect(limits).toHaveLength(1);
  });

  it('at 20 a minute, every minute, cost no connection', async () => {
    await serve({ resumeWindowMs: 1e9 });
    await detached();
    for (let minute = 0; minute < 3; minute++) {
      for (let count = 0; count < 20; count++) {
        time.advance(3000);
        await attempt(WRONG);
      }
    }
    expect(limits).toEqual([]);
    expect(await attempt(TOKEN)).toBe(SessionStatus.Resumed);
  });

  it('of an id that is not known are no guesses, nor is a right one of what cannot be resumed', async () => {
    await serve({ limits: { maxTokenFailures: 0, addressTokenFailures: { burst: 0, perSecond: 0 } } });
    await detached();
    const peer = await connect();
    for (let count = 0; count < 50; count++) await ask(peer, open(1000 + count).resuming(WRONG));
    const tensor = open(OWN).with({ profileId: Profile.Tensor });
    await ask(peer, tensor.resuming(TOKEN));
    const { metadata } = await ask(peer, open(OWN).resuming(TOKEN));
    expect(SessionOpenAckMetadata.decode(metadata).sessionStatus).toBe(SessionStatus.Resumed);
    expect(limits).toEqual([]);
    await peer.close();
  });

  it('without the tag of this server are no guesses, those with it are', async () => {
    await serve({ tokenKey: 'a key that nobody else has' });
    await detached();
    const peer = await connect();
    for (let count = 0; count < 50; count++) await ask(peer, open(OWN).resuming(WRONG));
    expect(limits).toEqual([]);
    const other = await connect();
    const { body, metadata } = await ask(other, open(OWN + 1).resumable());
    const token = body.slice(0, SessionOpenAckMetadata.decode(metadata).resumeTokenBytes);
    for (let count = 0; count < 6; count++) await ask(peer, open(OWN).resuming(token));
    expect(errorsOf([(await peer.next())!])).toEqual([FAREWELL]);
    expect(limits).toMatchObject([{ limit: 'maxTokenFailures', sessionId: OWN, observed: 6 }]);
    await other.close();
  });

  it('are all answered alike', async () => {
    await serve({
      supportedProfiles: [Profile.Token, Profile.Tensor],
      limits: { maxTokenFailures: Infinity },
    });
    await detached();
    const peer = await connect();
    const tensor = open(OWN).with({ profileId: Profile.Tensor });
    const kinds: readonly (readonly [string, Packet])[] = [
      ['wrong', open(OWN).resuming(WRONG)],
      ['too short', open(OWN).resuming(TOKEN.subarray(0, 8))],
      ['left out', open(OWN).resuming(TOKEN).withBody(EMPTY).with({ resumeTokenBytes: 24 })],
      ['of nobody', open(77).resuming(WRONG)],
      // An answer says again what was asked for; these two ask for the same.
      ['wrong, and for another profile', tensor.resuming(WRONG)],
      ['right, and for another profile', tensor.resuming(TOKEN)],
    ];
    const answers = new Map<string, string>();
    for (const [kind, packet] of kinds) {
      const answer = await ask(peer, packet);
      expect(SessionOpenAckMetadata.decode(answer.metadata)).toMatchObject({
        sessionStatus: SessionStatus.Rejected,
        sessionErrorCode: SessionErrorCode.ResumeRejected,
      });
      answers.set(kind, Buffer.from(encodePacket(answer)).toString('hex'));
    }
    for (const kind of ['too short', 'left out', 'of nobody']) {
      expect(answers.get(kind)).toBe(answers.get('wrong'));
    }
    expect(answers.get('right, and for another profile')).toBe(answers.get('wrong, and for another profile'));
    expect(limits).toEqual([]);
    await peer.close();
  });

  it('are nothing where tokens are not what counts', async () => {
    await serve({ resume: 'off' });
    for (let count = 0; count < 25; count++) expect(await attempt(WRONG)).toBe(SessionStatus.Rejected);
    expect(limits).toEqual([]);
  });
});
