import { useState, useSyncExternalStore } from 'react';
import type { ResumedOperation } from '../client/session/resumed-operation';
import type { ClientSession } from '../client/session/session';
import type { SubmitRequest } from '../client/submissions/submission';
import { AnswerStore, type AnswerState } from './answer-store';

/** An answer as it stands, and what can be done about it. */
export type LiveAnswer = AnswerState & {
  /** Submits, once at the end of the turn; an answer that runs is stopped. The same function at each render. */
  readonly ask: (request: SubmitRequest | string) => void;
  /** Cancels: the handler is unsubscribed, the text stays. The same function at each render. */
  readonly stop: () => void;
};

/**
 * The answer of a session, rendered as it comes. It is stopped when the component unmounts, and where it is given
 * another session. StrictMode, which mounts twice, submits once.
 *
 * @param session - Opened before: with `use(opening)` under a `Suspense`, say.
 * @param resumed - What to begin with: an operation of a session that was resumed with a ticket, read by this hook alone.
 *
 * @example
 * const answer = useAnswer(session);
 * return (
 *   <>
 *     <p>{answer.text}</p>
 *     <button onClick={() => answer.ask('Call me')}>Ask</button>
 *     <button onClick={answer.stop}>Stop</button>
 *   </>
 * );
 */
export function useAnswer(session: ClientSession, resumed?: ResumedOperation): LiveAnswer {
  const [kept, keep] = useState(() => new AnswerStore(session, resumed));
  let store = kept;
  if (store.session !== session) {
    store = new AnswerStore(session, resumed);
    keep(store);
  }
  const state = useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
  return { ...state, ask: store.ask, stop: store.stop };
}
