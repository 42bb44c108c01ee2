import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { createServer, type Server } from '../../../src/server/server';
import { memory } from '../../../src/transport/memory';
import { encodePacket } from '../../../src/wire/encode-packet';
import { HEADER_LENGTH } from '../../../src/wire/header';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionOpenMetadata,
} from '../../../src/wire/messages/session-open';
import { decodePacket } from '../../../src/wire/packet';
import { fromHex, toHex } from '../../support/hex';
import { Peer } from '../../support/peer';
import vectors from '../../vectors/preview4/session-open.json';

interface Step {
  readonly do: string;
  readonly connection: number;
  readonly sent?: string;
  readonly answer?: string | null;
  readonly ended?: boolean;
  readonly session_count?: number;
  readonly token?: { readonly of_step: number; readonly one_bit_wrong: boolean } | null;
}

interface Scenario {
  readonly config: (typeof vectors.cases)[number]['config'];
  readonly steps: readonly Step[];
}

const scenarios: readonly Scenario[] = vectors.cases;

/** What every scenario's policy does, in the vectors' words. */
const POLICY = 'reject client_session_tag 13 with 0x00010001, diagnostic no';

function serverOf({ config }: Scenario, endpoint: ReturnType<typeof memory>): Server {
  expect(config.policy).toBe(POLICY);
  return createServer({
    listen: endpoint,
    revisions: ['preview4'],
    // Ids are chosen from 1 on, as the reference does.
    randomBytes,
    supportedProfiles: config.supported_profiles,
    maxInFlightOperations: config.max_in_flight_operations,
    grantedOperationCredit: config.granted_operation_credit,
    leaseTtlMs: config.lease_ttl_ms,
    resumeWindowMs: config.resume_window_ms,
    policy: ({ open }) =>
      open.clientSessionTag === 13n
        ? { verdict: 'refuse', code: SessionErrorCode.AuthFailed, text: 'no' }
        : { verdict: 'accept' },
    // Without token bytes the reference resumes nothing.
    ...(config.resume_token_bytes === 0
      ? { resume: 'off' as const }
      : { resumeTokenBytes: config.resume_token_bytes }),
  });
}

/** The body of an ack with its resume token cut out: that is random. */
function withoutToken(bytes: Uint8Array): { hex: string; token: Uint8Array } {
  const head = HEADER_LENGTH + SessionOpenAckMetadata.length;
  const { resumeTokenBytes } = SessionOpenAckMetadata.decode(bytes.subarray(HEADER_LENGTH));
  const token = bytes.subarray(head, head + resumeTokenBytes);
  return { hex: toHex(bytes.subarray(0, head)) + toHex(bytes.subarray(head + resumeTokenBytes)), token };
}

const TOKEN_AT = HEADER_LENGTH + SessionOpenMetadata.length;

describe('SESSION_OPEN, as the reference answers it in preview4', () => {
  it('comes in 120 scenarios of 761 steps', () => {
    expect(scenarios).toHaveLength(120);
    expect(scenarios.flatMap(({ steps }) => steps)).toHaveLength(761);
  });

  it.each(scenarios.map((scenario, index) => [index, scenario] as const))(
    'scenario %i',
    async (_, scenario) => {
      const endpoint = memory();
      const server = serverOf(scenario, endpoint);
      server.sessions$.subscribe();
      const peers = new Map<number, Peer>();
      const tokens = new Map<number, Uint8Array>();
      for (const [index, step] of scenario.steps.entries()) {
        if (step.do === 'drop') {
          peers.get(step.connection)?.destroy();
          // Some windows are over at once.
          if (scenario.config.resume_window_ms < 10) await setTimeout(200);
          continue;
        }
        const sent = fromHex(step.sent!);
        if (step.token !== null && step.token !== undefined) {
          sent.set(tokens.get(step.token.of_step)!, TOKEN_AT);
          if (step.token.one_bit_wrong) sent[TOKEN_AT]! ^= 1;
        }
        const peer = peers.get(step.connection) ?? (await Peer.connect(endpoint));
        peers.set(step.connection, peer);
        const answer = await peer.send(decodePacket(sent)).next();
        if (step.answer === null || step.answer === undefined) {
          expect(answer).toBeUndefined();
        } else if (step.do === 'open') {
          const { hex, token } = withoutToken(encodePacket(answer!));
          tokens.set(index, token);
          expect(hex).toBe(withoutToken(fromHex(step.answer)).hex);
        } else {
          expect(toHex(encodePacket(answer!))).toBe(step.answer);
        }
        if (step.ended === true) await peer.ended();
        if (step.session_count !== undefined) expect(server.sessionCount).toBe(step.session_count);
      }
      await server.close({ graceMs: 0 });
    },
  );
});
