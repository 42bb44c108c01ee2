import { createServer, type Server } from '../../src/server/server';
import type { ServerSession } from '../../src/server/session/session';
import { memory } from '../../src/transport/memory';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import { MessageType } from '../../src/wire/message-type';
import { SessionCloseMetadata } from '../../src/wire/messages/session-close';
import { SessionErrorCode } from '../../src/wire/messages/session-open';
import { encodePacket } from '../../src/wire/encode-packet';
import { packet } from '../../src/wire/packet';
import vectors from '../vectors/session-open.json';
import { fromHex, toHex } from '../support/hex';
import { Peer } from '../support/peer';

interface Step {
  readonly open: string;
  readonly ack_packet: string | null;
  readonly accepted: boolean;
  readonly session_count: number;
  readonly then_close: { readonly session_of_step: number; readonly session_count: number } | null;
}

interface Scenario {
  readonly config: (typeof vectors.cases)[number]['config'];
  readonly steps: readonly Step[];
}

const scenarios: readonly Scenario[] = vectors.cases;

/** What every scenario's policy does, in the vectors' words. */
const POLICY = 'reject client_session_tag 13 with 0x00010001';

function serverOf({ config }: Scenario, endpoint: ReturnType<typeof memory>): Server {
  expect(config.policy).toBe(POLICY);
  return createServer({
    listen: endpoint,
    supportedProfiles: config.supported_profiles,
    resumeTokenBytes: config.resume_token_bytes,
    maxInFlightOperations: config.max_in_flight_operations,
    grantedOperationCredit: config.granted_operation_credit,
    leaseTtlMs: config.lease_ttl_ms,
    resumeWindowMs: config.resume_window_ms,
    policy: ({ open }) =>
      open.clientSessionTag === 13n ? SessionErrorCode.AuthFailed : SessionErrorCode.None,
    resume: 'by-id',
  });
}

async function openOn(
  endpoint: ConnectEndpoint,
  metadata: Uint8Array,
): Promise<{ peer: Peer; ack: string | null }> {
  const peer = await Peer.connect(endpoint);
  const answer = await peer.send(packet({ messageType: MessageType.SessionOpen }, metadata)).next();
  return { peer, ack: answer === undefined ? null : toHex(encodePacket(answer)) };
}

async function closeSession(peer: Peer, sessionId: number): Promise<void> {
  peer.send(
    packet(
      { messageType: MessageType.SessionClose, sessionId },
      SessionCloseMetadata.encode(SessionCloseMetadata.of()),
    ),
  );
  expect((await peer.next())?.header).toMatchObject({ messageType: MessageType.SessionCloseAck, sessionId });
}

describe('SESSION_OPEN, as the reference answers it', () => {
  it('comes in 140 scenarios of 485 steps', () => {
    expect(scenarios).toHaveLength(140);
    expect(scenarios.flatMap(({ steps }) => steps)).toHaveLength(485);
  });

  it.each(scenarios.map((scenario, index) => [index, scenario] as const))(
    'scenario %i',
    async (_, scenario) => {
      const endpoint = memory();
      const server = serverOf(scenario, endpoint);
      const emitted: ServerSession[] = [];
      server.sessions$.subscribe((session) => emitted.push(session));
      const opened: { peer: Peer; sessionId: number }[] = [];
      for (const step of scenario.steps) {
        const before = emitted.length;
        const { peer, ack } = await openOn(endpoint, fromHex(step.open));
        expect(ack).toBe(step.ack_packet);
        expect(emitted.length - before).toBe(step.accepted ? 1 : 0);
        expect(server.sessionCount).toBe(step.session_count);
        if (ack === null) await peer.ended();
        opened.push({ peer, sessionId: emitted.at(-1)?.sessionId ?? 0 });
        if (step.then_close !== null) {
          const { peer: closing, sessionId } = opened[step.then_close.session_of_step]!;
          await closeSession(closing, sessionId);
          expect(server.sessionCount).toBe(step.then_close.session_count);
        }
      }
      await server.close();
      expect(server.sessionCount).toBe(0);
    },
  );
});
