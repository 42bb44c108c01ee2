import { createServer, tcp, type Server, type Violation } from '../../../src';
import {
  MessageType,
  messageTypeName,
  packet,
  preview3,
  Preview3MessageType,
  SessionOpenAckMetadata,
  type Packet,
} from '../../../src/wire';
import { open, ping } from '../../../src/testing';
import { Peer } from '../../support/peer';
import { figure } from '../support/figure';
import { ServerModel, type Verdict } from './model';
import { ConnectionModel } from './session-model';
import { TERMS } from './terms';

const SESSION = 42;
/** Smaller than the defaults, so that packets of the greatest length are quick to send. */
const LIMITS = { maxMetadataBytes: 256, maxBodyBytes: 4096 };

/** What a session or a connection refuses for its metadata's length alone, and how it says so. */
const RULED_BY_LENGTH: readonly MessageType[] = [
  MessageType.SessionPatch,
  MessageType.SessionClose,
  MessageType.SessionCloseAck,
  MessageType.FrameSubmit,
  MessageType.CachePut,
  MessageType.CacheInvalidate,
  MessageType.SessionMigrate,
];

interface Case {
  readonly type: MessageType;
  readonly metaLen: number;
  readonly bodyLen: number;
  readonly sessionId: number;
}

const cases = Object.values(Preview3MessageType).flatMap((type): Case[] => {
  const record = preview3.messages[type]?.record;
  const exact = record?.length ?? 0;
  const metaLens = [...new Set([0, 1, Math.max(0, exact - 1), exact, exact + 1, LIMITS.maxMetadataBytes])];
  return metaLens.flatMap((metaLen) =>
    [0, 1, LIMITS.maxBodyBytes].flatMap((bodyLen) =>
      [0, SESSION, SESSION + 1].map((sessionId) => ({ type, metaLen, bodyLen, sessionId })),
    ),
  );
});

describe('whole packets of every type, of lengths that are theirs and that are not', () => {
  let server: Server;
  let violations: Violation[];
  let endpoint: ReturnType<typeof tcp>;

  beforeEach(async () => {
    violations = [];
    server = createServer({ listen: tcp({ port: 0, limits: LIMITS }), ...TERMS });
    server.violations$.subscribe((violation) => violations.push(violation));
    server.sessions$.subscribe((session) => session.respond(() => new Uint8Array(1)));
    const [address] = await server.listening();
    endpoint = tcp({ port: address!.port });
  });

  afterEach(async () => {
    await server.close({ graceMs: 0 });
  });

  /** Opens a session over a connection of its own, and what the model says of the two. */
  async function opened(): Promise<{ peer: Peer; model: ServerModel; connection: ConnectionModel }> {
    const model = new ServerModel(() => 0);
    const connection = new ConnectionModel();
    const peer = await Peer.connect(endpoint);
    const asked = open(SESSION);
    model.receive(connection, asked);
    const answer = (await peer.send(asked).next())!;
    model.opened(SessionOpenAckMetadata.decode(answer.metadata), answer.body);
    return { peer, model, connection };
  }

  /** What became of a packet: whether the connection has ended, and what was refused. */
  async function fate(peer: Peer, whole: Packet): Promise<Verdict> {
    // The answer to a PING comes after all that the packet was answered with.
    peer.send(whole, ping(7));
    for (;;) {
      const answer = await peer.next();
      const { messageType, frameId } = answer?.header ?? {};
      if (answer !== undefined && !(messageType === MessageType.Pong && frameId === 7)) continue;
      return { isRefused: violations.length > 0, endsConnection: answer === undefined };
    }
  }

  it('come to exactly what the rules say', async () => {
    for (const { type, metaLen, bodyLen, sessionId } of cases) {
      const { peer, model, connection } = await opened();
      const fields = { messageType: type, sessionId, frameId: 1 };
      const whole = packet(fields, new Uint8Array(metaLen), new Uint8Array(bodyLen));
      violations.length = 0;
      const what = `${messageTypeName(type)} of session ${sessionId}, ${metaLen} and ${bodyLen} bytes`;
      expect({ what, ...(await fate(peer, whole)) }).toEqual({ what, ...model.receive(connection, whole) });
      const record = preview3.messages[type]?.record;
      if (sessionId === SESSION && RULED_BY_LENGTH.includes(type) && metaLen !== record?.length) {
        expect(violations.map(({ error }) => error.message)).toEqual([
          `server received malformed ${messageTypeName(type)} metadata length`,
        ]);
      }
      peer.destroy();
      while (server.sessionCount > 0) await new Promise(setImmediate);
    }
    figure({ name: 'packets whose lengths were judged', value: cases.length, unit: 'packets', atLeast: 900 });
  }, 120_000);
});
