import type { SchedulerLike } from 'rxjs';
import { TOKEN_DELTA } from '../protocol/token-delta';
import type { TransportKind } from '../transport/transport';
import { Profile } from '../wire/messages/payload-kind';
import { PriorityClass, SessionFlag, SessionOpenMetadata } from '../wire/messages/session-open';
import { EMPTY } from '../wire/packet';

export interface ClientOptions {
  /** The kind of transport that may be connected with. Default: that of the endpoint. */
  readonly transport?: TransportKind;
  /** Milliseconds to connect in. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Runs every timer of the client. Default `asyncScheduler`; a test may pass one of virtual time. */
  readonly scheduler?: SchedulerLike;
}

export interface SessionOptions {
  /** 0 lets the server choose. Default 1. */
  readonly requestedSessionId?: number;
  /** Default: token. */
  readonly profileId?: number;
  /** Default: the token delta schema. */
  readonly schemaId?: number;
  readonly schemaVersion?: number;
  /** Default: balanced. */
  readonly priorityClass?: PriorityClass;
  /** Milliseconds. Default 500. */
  readonly defaultDeadlineMs?: number;
  /** Operations. Default 4. */
  readonly maxInFlightOperations?: number;
  /** Milliseconds. Default 30,000. */
  readonly leaseTtlHintMs?: number;
  /** Whether the session should survive its connection. Default false. */
  readonly allowResume?: boolean;
  /**
   * Bytes of resume token to announce; above 0 this is a resume of `requestedSessionId`. Default 0. The
   * reference's servers want the length and no bytes.
   */
  readonly resumeTokenBytes?: number;
  /** What the server's policy judges. Default none. */
  readonly auth?: Uint8Array;
  /** Default: the requested session id. */
  readonly clientSessionTag?: bigint;
}

/** SESSION_OPEN's metadata with every default of protocol section 10 filled in. */
export function sessionOpen(options: SessionOptions): SessionOpenMetadata {
  const { requestedSessionId = 1, allowResume = false, auth = EMPTY } = options;
  return SessionOpenMetadata.of({
    requestedSessionId,
    profileId: options.profileId ?? Profile.Token,
    priorityClass: options.priorityClass ?? PriorityClass.Balanced,
    sessionFlags: allowResume ? SessionFlag.AllowResume : 0,
    schemaId: options.schemaId ?? TOKEN_DELTA.schemaId,
    schemaVersion: options.schemaVersion ?? TOKEN_DELTA.schemaVersion,
    defaultDeadlineMs: options.defaultDeadlineMs ?? 500,
    maxInFlightOperations: options.maxInFlightOperations ?? 4,
    leaseTtlHintMs: options.leaseTtlHintMs ?? 30_000,
    resumeTokenBytes: options.resumeTokenBytes ?? 0,
    authBytes: auth.length,
    clientSessionTag: options.clientSessionTag ?? BigInt(requestedSessionId),
  });
}
