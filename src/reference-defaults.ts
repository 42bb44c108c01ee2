import type { SessionOptions } from './client/options';
import { TOKEN_DELTA } from './protocol/content/token-delta';
import type { ServerOptions } from './server/options';
import { Profile } from './wire/messages/payload-kind';
import { PriorityClass } from './wire/messages/session-open';

/**
 * What the reference's runtime of preview3 asks for and grants where it is told nothing (protocol sections 9 and 10), for
 * programs that are to look like it on the wire.
 *
 * @example
 * createServer({ listen: tcp({ port: 4433 }), ...REFERENCE_DEFAULTS.server });
 * await client.openSession(REFERENCE_DEFAULTS.session);
 */
export const REFERENCE_DEFAULTS = {
  server: {
    supportedProfiles: [Profile.Token],
    maxCacheObjects: 0,
    maxCacheObjectBytes: 0,
    resumeTokenBytes: 24,
    maxInFlightOperations: 4,
    grantedOperationCredit: 2,
    leaseTtlMs: 30_000,
    resumeWindowMs: 120_000,
  },
  session: {
    requestedSessionId: 1,
    profileId: Profile.Token,
    schemaId: TOKEN_DELTA.schemaId,
    schemaVersion: TOKEN_DELTA.schemaVersion,
    priorityClass: PriorityClass.Balanced,
    defaultDeadlineMs: 500,
    maxInFlightOperations: 4,
    leaseTtlHintMs: 30_000,
  },
} as const satisfies {
  readonly server: Omit<ServerOptions, 'listen'>;
  readonly session: SessionOptions;
};
