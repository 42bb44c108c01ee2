import type { Observable } from 'rxjs';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import type { AnyMessage } from '../../wire/message';
import type { InFlight } from '../submissions/in-flight';
import type { SessionCarrier } from './session-carrier';

/** Hears of a message. Throws an `NnrpError` that says what is wrong. */
export type MessageListener = (message: AnyMessage) => void;

/** A session, for what only some have: it is bundled with those alone. */
export interface SessionPort {
  readonly carrier: SessionCarrier;
  readonly state$: Observable<SessionConnectivity>;
  readonly submissions: { readonly inFlight: InFlight };
  readonly messages: {
    /** Hear what only preview4 has, and nobody else has taken. */
    readonly others: MessageListener[];
  };
}
