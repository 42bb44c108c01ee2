import { endWith, map, mergeMap, of, tap } from 'rxjs';
import { CancelScope, OperationState } from '../../src/protocol/operation/operation';
import type { ServerSession } from '../../src/server/session/session';
import type { Submit } from '../../src/server/session/session-message';
import { EndCode } from '../../src/protocol/operation/end-code';
import { MessageType, messageTypeName } from '../../src/wire/message-type';
import { ErrorScope } from '../../src/wire/messages/error-message';
import { HintReason } from '../../src/wire/messages/result-hint';
import { ResultClass } from '../../src/wire/messages/result-push';
import {
  cancel,
  drop,
  error,
  flow,
  hint,
  open,
  openAck,
  raw,
  result,
  sessionClose,
  sessionCloseAck,
  submit,
} from '../../src/testing';
import { pause } from '../support/until';
import { violation } from './support';

const packets = {
  o: open(42),
  A: openAck(42),
  s: submit(42, 1, 'hi'),
  t: submit(42, 2),
  u: submit(42, 3),
  p: result(42, 1, 'Call').partial(),
  q: result(42, 1, ' me').partial(),
  S: result(42, 1),
  T: result(42, 2),
  U: result(42, 3),
  D: drop(42, 1),
  c: cancel(42, 1),
};
const foreign = 'server received submit for another session';

const { WaitingTool: w, Running: r, Partial: p, Completed: c } = OperationState;
const states = { w, r, p, c };
const statesOf = ({ submits$ }: ServerSession) => submits$.pipe(mergeMap(({ state$ }) => state$));

async function* sleepy() {
  for (const token of ['Call', ' me']) {
    await pause(1000);
    yield token;
  }
}

function failing(times: number) {
  return ({ frameId }: Submit) => {
    if (frameId <= times) throw new Error('out of memory');
    return [];
  };
}

describe('a submit', () => {
  it('is answered part by part', () =>
    flow(({ serve, clientPeer, cold, expectQuiescent }) => {
      serve({ respond: () => cold('--a-b|', { a: 'Call', b: ' me' }) });
      const peer = clientPeer(packets);
      peer.sends('  os');
      peer.expects('A--p-qS');
      expectQuiescent();
    }));

  it('is answered by an async generator, which sleeps in virtual time', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve({ respond: sleepy });
      clientPeer(packets).sends('os').expects('A 1s p 999ms (qS)');
      expectQuiescent();
    }));

  it('is answered by hand', () =>
    flow(({ serve, clientPeer }) => {
      const answer = (each: Submit) => of(each.partial(Uint8Array.of(7))).pipe(endWith(each.complete()));
      serve({ onSession: ({ submits$, results }) => submits$.pipe(mergeMap(answer)).subscribe(results) });
      const B = [result(42, 1, Uint8Array.of(7)).partial(), result(42, 1)];
      clientPeer({ ...packets, B })
        .sends('os')
        .expects('AB');
    }));

  it('whose handler throws is dropped, and costs no other', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: failing(1) });
      clientPeer(packets).sends('ost').expects('ADT');
    }));

  it('is refused where its id was used, running or ended', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('--|') });
      const E = violation(1, 'operation 1 already exists');
      clientPeer({ ...packets, E })
        .sends('oss-s')
        .expects('A-ESE');
    }));

  it('needs an id', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const E = violation(0, 'operation_id must be non-zero');
      clientPeer({ ...packets, x: submit(42, 0), E })
        .sends('ox')
        .expects('AE');
    }));

  it('of another session is refused, and costs nothing else', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (each) => each.complete() });
      clientPeer({ ...packets, x: submit(7, 1), E: violation(1, foreign, 7) })
        .sends('  oxs')
        .expects('AES');
    }));

  it('waits until somebody subscribes', () =>
    flow(({ serve, session, clientPeer, act }) => {
      serve();
      act('---r', { r: () => session(42).respond((each) => each.complete()) });
      clientPeer({ ...packets, B: [packets.S, packets.T] })
        .sends('ost')
        .expects('A--B');
    }));
});

describe('a broken message', () => {
  const short = (type: MessageType) => raw(type, { sessionId: 42, frameId: 3 }, new Uint8Array(7));

  it.each(
    [
      MessageType.FrameSubmit,
      MessageType.SessionPatch,
      MessageType.SessionMigrate,
      MessageType.SessionClose,
      MessageType.SessionCloseAck,
      MessageType.CachePut,
      MessageType.CacheInvalidate,
    ].map((type) => [messageTypeName(type), type] as const),
  )('of type %s is refused for its length', (name, type) =>
    flow(({ serve, clientPeer }) => {
      serve();
      const E = violation(3, `server received malformed ${name} metadata length`);
      clientPeer({ ...packets, x: short(type), E })
        .sends('ox')
        .expects('AE');
    }),
  );

  it('of type FRAME_CANCEL is refused for having a body', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const E = violation(1, 'server received malformed FRAME_CANCEL lengths');
      clientPeer({ ...packets, x: packets.c.withBody('x'), E })
        .sends('ox')
        .expects('AE');
    }));

  it('with a reserved field is refused', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const x = submit(42, 1).withMetadata(submit(42, 1).metadata.slice().fill(1, 15, 16));
      const E = violation(1, 'reserved field frame_submit.reserved0 is not zero');
      clientPeer({ ...packets, x, E })
        .sends('ox')
        .expects('AE');
    }));

  it('that only servers send is refused', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const E = violation(1, 'server received unexpected RESULT_PUSH');
      clientPeer({ ...packets, E })
        .sends('oS')
        .expects('AE');
    }));

  it('of a closed session is refused', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const closing = { x: sessionClose(42), X: sessionCloseAck(42), E: violation(1, foreign) };
      clientPeer({ ...packets, ...closing })
        .sends('oxs')
        .expects('AXE');
    }));
});

describe('a cancel', () => {
  it('of a running operation unsubscribes its handler, and is not answered', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const answer$ = cold('-a-a-a-a-a|', { a: 'Call' });
      serve({ respond: () => answer$ });
      const peer = clientPeer(packets);
      peer.sends('  os--c-');
      peer.expects('A-p-p--');
      expectSubscriptions(answer$.subscriptions).toBe('-^--!');
    }));

  it('of a waiting operation lets the next one start', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('---|'), maxInFlightOperations: 1 });
      const A = openAck(42).with({ maxInFlightOperations: 1, grantedOperationCredit: 1 });
      clientPeer({ ...packets, A, c: cancel(42, 2) })
        .sends('ostuc')
        .expects('A---S--U');
    }));

  it('that crosses with the last result is no fault', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (each) => each.complete() });
      clientPeer(packets).sends('os-c').expects('AS--');
    }));

  it('of an unknown operation is refused', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ ...packets, E: violation(1, 'operation 1 is unknown') })
        .sends('oc')
        .expects('AE');
    }));

  it('reaches the subtree where the server is configured so, and tells of the others', () =>
    flow(({ serve, clientPeer, cold }) => {
      const below = (each: Submit) => each.relate(each.frameId === 1 ? {} : { parentId: 1 });
      const respond = (each: Submit) => cold('----|').pipe(tap({ subscribe: () => below(each) }));
      serve({ cancelScope: CancelScope.Subtree, respond });
      clientPeer({ ...packets, B: [drop(42, 2), drop(42, 3)] })
        .sends('ostuc')
        .expects('A---B');
    }));

  it('reaches the group where the server is configured so', () =>
    flow(({ serve, clientPeer, cold }) => {
      const group = (each: Submit) => each.relate({ groupId: each.frameId === 2 ? 8 : 9 });
      const respond = (each: Submit) => cold('----|').pipe(tap({ subscribe: () => group(each) }));
      serve({ cancelScope: CancelScope.Group, respond });
      clientPeer({ ...packets, F: drop(42, 3) })
        .sends('ostuc-')
        .expects('A---F-T');
    }));
});

describe('the application', () => {
  it('gives an operation up', () =>
    flow(({ serve, clientPeer }) => {
      const giveUp = (each: Submit) => (each.frameId === 1 ? each.fail() : each.supersede());
      serve({ onSession: ({ submits$ }) => submits$.subscribe(giveUp) });
      clientPeer({ ...packets, F: drop(42, 2) })
        .sends('ost')
        .expects('ADF');
    }));

  it('is late, and an announced client is told why', () =>
    flow(({ serve, clientPeer }) => {
      serve({ onSession: ({ submits$ }) => submits$.subscribe((each) => each.expire()) });
      clientPeer(packets).sends('os').expects('AD');
      const late = error({ sessionId: 7, frameId: 1 }, EndCode.Late).with({ errorScope: ErrorScope.Frame });
      const B = [hint(7, 1, { reason: HintReason.BudgetExceeded }), late];
      const announced = { o: open(7).announced(), A: openAck(7).announced(), s: submit(7, 1), B };
      clientPeer(announced).sends('os').expects('AB');
    }));

  it('sees the deadline of a submit: its budget, else the session’s', () =>
    flow(({ serve, clientPeer, expectObservable }) => {
      const submits$ = serve().sessions$.pipe(mergeMap((each) => each.submits$));
      expectObservable(submits$.pipe(map(({ deadline }) => deadline))).toBe('-ab', { a: 501, b: 22 });
      const x = submit(42, 2).with({ latencyBudgetMs: 20 });
      clientPeer({ ...packets, x })
        .sends('osx')
        .expects('A');
    }));

  it('lets an operation wait for a tool, and go on with its next part', () =>
    flow(({ serve, clientPeer, expectObservable, cold }) => {
      const waiting = (each: Submit) => tap<string>({ subscribe: () => each.waitForTool() });
      const server = serve({ respond: (each) => cold('---(a|)', { a: 'Call' }).pipe(waiting(each)) });
      expectObservable(server.sessions$.pipe(mergeMap(statesOf))).toBe('-w--(rpc)', states);
      clientPeer({ ...packets, B: [packets.p, packets.S] })
        .sends('os')
        .expects('A---B');
    }));

  it('cancels an operation itself, and the client is told', () =>
    flow(({ serve, session, clientPeer, cold, act }) => {
      serve({ respond: () => cold('----|') });
      act('--c', { c: () => session(42).cancel(1) });
      clientPeer(packets).sends('os').expects('A-D');
    }));

  it('may end an answer with another class of result', () =>
    flow(({ serve, clientPeer }) => {
      const fields = { resultClass: ResultClass.Degraded };
      serve({ respond: (each) => each.complete(undefined, fields) });
      clientPeer({ ...packets, X: packets.S.with(fields) })
        .sends('os')
        .expects('AX');
    }));
});
