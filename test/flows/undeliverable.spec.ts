import { EndCode } from '../../src/protocol/operation/end-code';
import type { Server } from '../../src/server/server';
import type { Submit } from '../../src/server/session/session-message';
import {
  drop,
  error,
  flow,
  migrate,
  migrateAck,
  open,
  openAck,
  result,
  resumeToken,
  submit,
} from '../../src/testing';

const LONG = Buffer.alloc(20 * 1024, 'x');
const TEXT = `a part of its answer, with a body of ${LONG.length} bytes, has not arrived over any of them; have it answered in smaller ones`;
const FAILURE = `connections of its client have ended, one after another, while a result of operation 1 of session 42 was on its way, with a body of ${LONG.length} bytes: it is not sent again, and ends the operation; send it in parts`;

const X = result(42, 1, LONG);
const p = result(42, 1, LONG).partial();
const T = result(42, 2);
const E = error({ sessionId: 42, frameId: 1 }, EndCode.Undeliverable, TEXT).ofFrame();
const M = migrateAck(42, 2).ignoring('metadata.serverMigrateTsUs').with({ graceWindowMs: 1000 });
const opening = {
  o: open(42).resumable().announced(),
  A: openAck(42).withToken(resumeToken(1)).announced(),
  s: submit(42, 1),
  t: submit(42, 2),
  X,
  p,
  T,
};

/** A client comes back with the token of so manieth ack. */
function back(shown: number, receivedResults = 0) {
  return open(42)
    .resuming(resumeToken(shown))
    .announced({ receivedResults, wantedOperations: [1, 2] });
}

/** It is given so manieth ack. */
function welcome(given: number) {
  return openAck(42).resumed(resumeToken(given)).announced(2);
}

/** Six connections, and of each the ack that the client has had of the one before. */
const six = Object.fromEntries([...'abcdef'].map((name, index) => [name, back(index + 1)]));

/** What it is sent over each: the ack, and what it lacks; over the last one other things. */
function sent<T>(lacking: readonly T[], last: readonly T[]) {
  return Object.fromEntries(
    [...'GHIJKL'].map((name, index) => [name, [welcome(index + 2), ...(name === 'L' ? last : lacking)]]),
  );
}

/** The client has the first result over the fourth connection, and lacks the second from then on. */
const progress = {
  d: back(4, 1),
  e: back(5, 1),
  f: back(6, 1),
  J: [welcome(5), p, T],
  K: [welcome(6), p, T],
};

/** One connection after another: the time before it, what opens it and what it is sent. */
const steps = [...'abcdef'].map((name, index) => ['--'.repeat(index + 2), name, 'GHIJKL'[index]!] as const);

function failuresOf(server: Server): string[] {
  const failures: string[] = [];
  server.failures$.subscribe(({ message }) => failures.push(message));
  return failures;
}

/** Answers operation 1 with something long, and all others at once. */
function long(each: Submit) {
  return each.frameId === 1 ? each.complete(LONG) : each.complete();
}

describe('a result that connections end before', () => {
  it('is given up after five that it was sent again over; what is behind it arrives', () =>
    flow(({ serve, clientPeer, act }) => {
      const failures = failuresOf(serve({ respond: long }));
      const peer = clientPeer({ ...opening, ...six, ...sent([X, T], [E, T]) });
      peer.sends('  ost#a#b#c#d#e#f');
      peer.expects('AXT-G-H-I-J-K-L');
      act('-------------x', { x: () => expect(failures).toEqual([]) });
      act('---------------x', { x: () => expect(failures).toEqual([FAILURE]) });
    }));

  it('ends its operation: the handler is unsubscribed, and what it gave besides is not sent', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const answer$ = cold('-ab', { a: LONG, b: LONG });
      serve({ respond: (each) => (each.frameId === 1 ? answer$ : each.complete()) });
      const peer = clientPeer({ ...opening, ...six, ...sent([p, p, T], [E, drop(42, 1), T]) });
      peer.sends('  os--t#a#b#c#d#e#f');
      peer.expects('A-ppT-G-H-I-J-K-L');
      expectSubscriptions(answer$.subscriptions).toBe('-^--------------!');
    }));

  it('stays refused where the client does not hear of that either', () =>
    flow(({ serve, clientPeer, act }) => {
      const failures = failuresOf(serve({ respond: long }));
      const again = { g: back(7), M: [welcome(8), E, T] };
      const peer = clientPeer({ ...opening, ...six, ...sent([X, T], [E, T]), ...again });
      peer.sends('  ost#a#b#c#d#e#f#g');
      peer.expects('AXT-G-H-I-J-K-L-M');
      act('-----------------x', { x: () => expect(failures).toHaveLength(1) });
    }));

  it('is sent again for as long as the client has no ack before it', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: long });
      const unheard = Object.fromEntries([...'abcdef'].map((name) => [name, back(1)]));
      const peer = clientPeer({ ...opening, ...unheard, ...sent([X, T], [X, T]) });
      peer.sends('  ost#a#b#c#d#e#f');
      peer.expects('AXT-G-H-I-J-K-L');
    }));

  it('is sent again where another has come meanwhile', () =>
    flow(({ serve, clientPeer, cold }) => {
      const answer$ = cold('ab', { a: LONG, b: LONG });
      serve({ respond: (each) => (each.frameId === 1 ? answer$ : each.complete()) });
      const peer = clientPeer({ ...opening, ...six, ...sent([p, p, T], [p, T]), ...progress });
      peer.sends('  os-t#a#b#c#d#e#f');
      peer.expects('AppT-G-H-I-J-K-L');
    }));

  it('is sent again where the client has left each connection for another', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: long });
      const moves = { ...opening, ...six, ...sent([X, T], [X, T]), m: migrate(42, 2), M };
      clientPeer(moves).sends('ostm').expects('AXTM');
      const peers = steps.map(([before, name]) => clientPeer(moves).sends(`${before}${name}m`));
      for (const [index, peer] of peers.entries()) peer.expects(`${steps[index]![0]}${steps[index]![2]}M`);
    }));
});
