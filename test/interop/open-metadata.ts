import type { SessionOptions } from '../../src';
import { Profile } from '../../src/wire/messages/payload-kind';
import { PriorityClass, SessionFlag, SessionOpenMetadata } from '../../src/wire/messages/session-open';

/** What a client of this library and the Rust client can both ask for. */
export type Wish = Pick<
  SessionOptions,
  | 'requestedSessionId'
  | 'profileId'
  | 'schemaId'
  | 'schemaVersion'
  | 'priorityClass'
  | 'defaultDeadlineMs'
  | 'maxInFlightOperations'
  | 'leaseTtlHintMs'
  | 'allowResume'
  | 'resumeTokenBytes'
>;

/** The SESSION_OPEN of a wish, the defaults spelled out from protocol section 10. */
export function openMetadata({ allowResume = false, ...wish }: Wish = {}): SessionOpenMetadata {
  const requestedSessionId = wish.requestedSessionId ?? 1;
  return SessionOpenMetadata.of({
    requestedSessionId,
    profileId: Profile.Token,
    priorityClass: PriorityClass.Balanced,
    sessionFlags: allowResume ? SessionFlag.AllowResume : 0,
    schemaId: 0x1001,
    schemaVersion: 3,
    defaultDeadlineMs: 500,
    maxInFlightOperations: 4,
    leaseTtlHintMs: 30_000,
    clientSessionTag: BigInt(requestedSessionId),
    ...wish,
  });
}

/** Everything that a SESSION_OPEN of both clients can say. */
export const WISHES: readonly (Wish & { readonly what: string })[] = [
  { what: 'all defaults' },
  { what: 'an id', requestedSessionId: 0x01020304 },
  { what: 'no id', requestedSessionId: 0 },
  { what: 'the greatest id', requestedSessionId: 0xffffffff },
  { what: 'another profile', profileId: Profile.Tensor },
  { what: 'another schema', schemaId: 0x0a0b0c0d, schemaVersion: 0x01020304 },
  { what: 'no profile and no schema', profileId: 0, schemaId: 0, schemaVersion: 0 },
  { what: 'interactive priority', priorityClass: PriorityClass.Interactive },
  { what: 'background priority', priorityClass: PriorityClass.Background },
  { what: 'a deadline and a lease', defaultDeadlineMs: 0x11223344, leaseTtlHintMs: 0x55667788 },
  { what: 'more in flight', maxInFlightOperations: 0xfffe },
  { what: 'a session to be resumed', allowResume: true },
  { what: 'a resume', requestedSessionId: 7, allowResume: true, resumeTokenBytes: 24 },
];
