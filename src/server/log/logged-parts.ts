import type { TimestampProvider } from 'rxjs';
import type { SentSubmit } from '../../protocol/session/told-operation';
import type { CloseReason } from '../../wire/messages/session-close';
import type { Packet } from '../../wire/packet';
import type { Revision } from '../../wire/revision';
import type { SessionTokens } from '../opening/resume-token';
import type { SessionRecord } from './session-record';

/** An operation, as far as it is logged. */
export interface LoggedOperation {
  readonly frameId: number;
  readonly sent: SentSubmit;
  readonly deadline: number;
  readonly objects: readonly unknown[];
}

/** A result, as far as it is logged. */
interface LoggedResult {
  readonly packet: Packet;
}

/** An answer that is kept for whoever has a ticket, as far as it is logged. */
interface LoggedAnswer {
  readonly frameId: number;
  readonly sent: SentSubmit;
  readonly results: readonly LoggedResult[];
  /** Until when, in milliseconds of the scheduler; undefined while its operation runs. */
  readonly until: number | undefined;
}

/** Those of a session. */
interface LoggedAnswers {
  readonly size: number;
  readonly byteLength: number;
  all(): readonly LoggedAnswer[];
  get(frameId: number): LoggedAnswer | undefined;
}

/** A session, as far as it is logged. */
export interface LoggedParts extends Omit<SessionRecord, 'revision' | 'owner'> {
  readonly sessionId: number;
  readonly revision: Revision;
  readonly claim: {
    readonly tokens: SessionTokens | undefined;
    readonly isTakenOver: boolean;
    readonly owner: string | undefined;
  };
  readonly outlet: {
    readonly lastResult: number;
    readonly sentResults: number;
    readonly releasedResults: number;
    readonly heldBytes: number;
    /** Undefined while the client is away. */
    readonly current: object | undefined;
    /** Undefined where none are kept. */
    readonly retained: LoggedAnswers | undefined;
    heldAfter(received: number): readonly LoggedResult[];
    seal(): void;
    logged(count: number): void;
    /** What was withheld is said. */
    release(): void;
  };
  readonly operations: {
    readonly lastOperationId: number;
    all(): readonly LoggedOperation[];
    get(frameId: number): LoggedOperation | undefined;
  };
  /** Whether its server ends, and how it has asked the session to, where it has. */
  readonly isShutDown: boolean;
  readonly asked: { readonly closeReason: CloseReason } | undefined;
  readonly server: {
    readonly scheduler: TimestampProvider;
    readonly settings: {
      readonly wallClock: TimestampProvider;
      readonly outbox: { readonly maxBytes: number };
    };
  };
  superseded(): void;
  cut(): void;
}

/** Where sessions say that there is something to log. */
export interface Writer<Session> {
  readonly node: string;
  /** Milliseconds that what is logged is kept. */
  readonly ttlMs: number;
  /** Once, until the session is asked what. */
  changed(session: Session): void;
  /** Nothing more is told of a session. */
  forget(session: Session): void;
  /** Hears whether the log has what it was told of a session. */
  askAbout(session: Session): void;
  /** Whether nothing may be said of a session to its client yet. */
  isInDoubt(session: Session): boolean;
}
