import type { SessionCarrier } from '../../../src/client/session/session-carrier';
import { partialResult } from '../../../src/protocol/operation/result';
import { text } from '../../support/packets';
import { skipTo, Stage } from './support';

describe('Submissions', () => {
  it('sends nothing before somebody subscribes, and numbers from 1', () => {
    const stage = new Stage();
    const cold$ = stage.results({ body: 'x' });
    expect(stage.carrier.sent).toEqual([]);
    expect(stage.submissions.lastFrameId).toBe(0);
    cold$.subscribe();
    cold$.subscribe();
    expect(stage.carrier.sent).toEqual(['submit 1', 'submit 2']);
    expect(stage.submissions.lastFrameId).toBe(2);
  });

  it('knows which frame ids were sent', () => {
    const stage = new Stage();
    stage.submit('a');
    expect([0, 1, 2].map((id) => stage.submissions.wasSent(id))).toEqual([false, true, false]);
  });

  it('emits parts, then the last result, and completes', () => {
    const stage = new Stage();
    stage.submit('a');
    stage.submissions.take(partialResult(1, text('one')));
    stage.complete(1);
    stage.complete(1);
    expect(stage.outcomes.get('a')).toEqual(['one', 'end', '|']);
    expect(stage.submissions.lastResultFrameId).toBe(1);
    expect(stage.news()).toEqual(['submit 1']);
    expect(stage.idleCount).toBe(1);
  });

  it('lets what is beyond the credit wait, and sends it in order as results come', () => {
    const stage = new Stage({ credit: 2 });
    for (const name of ['a', 'b', 'c', 'd']) stage.submit(name);
    expect(stage.news()).toEqual(['submit 1', 'submit 2']);
    expect(stage.submissions.credit.now()).toEqual({ granted: 2, inFlight: 2, waiting: 2 });
    stage.complete(2);
    expect(stage.news()).toEqual(['submit 3']);
    stage.submissions.fail(1, 'dropped');
    expect(stage.news()).toEqual(['submit 4']);
    expect(stage.submissions.inFlight.ids()).toEqual([3, 4]);
  });

  it('never has more in flight than the session may, whatever the credit', () => {
    const stage = new Stage({ credit: 9, maxInFlight: 1 });
    stage.submit('a');
    stage.submit('b');
    expect(stage.news()).toEqual(['submit 1']);
  });

  it('forgets one that is unsubscribed while it waits', () => {
    const stage = new Stage({ credit: 1 });
    for (const name of ['a', 'b', 'c']) stage.submit(name);
    stage.unsubscribe('b');
    expect(stage.news()).toEqual(['submit 1']);
    stage.complete(1);
    expect(stage.news()).toEqual(['submit 2']);
    stage.complete(2);
    expect(stage.outcomes.get('c')).toEqual(['end', '|']);
    expect(stage.outcomes.get('b')).toEqual([]);
  });

  it('cancels one that is unsubscribed in flight, and sends the next once the turn has ended', async () => {
    const stage = new Stage({ credit: 1 });
    stage.submit('a');
    stage.submit('b');
    stage.news();
    stage.unsubscribe('a');
    expect(stage.news()).toEqual(['cancel 1']);
    await Promise.resolve();
    expect(stage.news()).toEqual(['submit 2']);
    // Its results may still be on their way.
    stage.complete(1);
    expect(stage.outcomes.get('a')).toEqual([]);
  });

  it('sends nothing of a group that is unsubscribed one by one', async () => {
    const stage = new Stage({ credit: 2 });
    const group = ['a', 'b', 'c', 'd', 'e'];
    for (const name of [...group, 'another']) stage.submit(name);
    stage.news();
    for (const name of group) stage.unsubscribe(name);
    expect(stage.submissions.credit.now()).toMatchObject({ inFlight: 0, waiting: 1 });
    await Promise.resolve();
    expect(stage.news()).toEqual(['cancel 1', 'cancel 2', 'submit 3']);
    stage.complete(3);
    expect(stage.outcomes.get('another')).toEqual(['end', '|']);
  });

  it('sends nothing of a group whose signal aborts, even where one that ends has the next go', async () => {
    const stage = new Stage({ credit: 2 });
    const group = new AbortController();
    stage.results({ signal: group.signal }).subscribe({
      error: () => {
        stage.submissions.cancel(2);
      },
    });
    for (const name of ['b', 'c', 'd']) stage.submit(name, { signal: group.signal });
    stage.submit('another');
    stage.news();
    group.abort(new Error('enough'));
    await Promise.resolve();
    expect(stage.news()).toEqual(['cancel 1', 'cancel 2', 'submit 3']);
    stage.complete(3);
    expect(stage.outcomes.get('another')).toEqual(['end', '|']);
    for (const name of ['b', 'c', 'd']) {
      expect(stage.outcomes.get(name)).toEqual([expect.objectContaining({ reason: 'cancelled' })]);
    }
  });

  it('sends no cancel for what has ended', () => {
    const stage = new Stage();
    stage.submit('a');
    stage.complete(1);
    stage.unsubscribe('a');
    expect(stage.news()).toEqual(['submit 1']);
  });

  it('cancels by id: whoever waits for it hears so', () => {
    const stage = new Stage();
    stage.submit('a');
    stage.submissions.cancel(1);
    stage.submissions.cancel(1);
    stage.submissions.cancel(99);
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
    expect(stage.outcomes.get('a')).toEqual([
      expect.objectContaining({ name: 'OperationError', reason: 'cancelled', sessionId: 7, frameId: 1 }),
    ]);
  });

  it('fails one with what the server says of it', () => {
    const stage = new Stage();
    stage.submit('a');
    stage.submissions.fail(1, 'refused', { errorCode: 0x30001, text: 'not cached' });
    stage.submissions.fail(5, 'refused');
    expect(stage.outcomes.get('a')).toEqual([
      expect.objectContaining({ reason: 'refused', errorCode: 0x30001, frameId: 1 }),
    ]);
  });

  it('takes nothing that cannot be sent: no id, no credit, no place among those that wait', () => {
    const stage = new Stage({ credit: 1 });
    const bad = { metadata: { latencyBudgetMs: -1 } };
    stage.submit('a', bad);
    stage.submit('b');
    stage.submit('c', bad);
    stage.submit('d');
    const refused = [expect.objectContaining({ kind: 'ValueOutOfRange' })];
    expect([stage.outcomes.get('a'), stage.outcomes.get('c')]).toEqual([refused, refused]);
    expect(stage.submissions.credit.now()).toEqual({ granted: 1, inFlight: 1, waiting: 1 });
    stage.complete(1);
    expect(stage.news()).toEqual(['submit 1', 'submit 2']);
  });
});

describe('frame ids of Submissions', () => {
  it('run out after 2³² − 1: whoever submits then is told to open another session', () => {
    const stage = new Stage({ credit: 4 });
    skipTo(stage.submissions, 0xffffffff);
    stage.submit('last');
    stage.submit('one too many');
    stage.submit('another');
    expect(stage.news()).toEqual(['submit 4294967295']);
    const overflow = expect.objectContaining({
      name: 'RuntimeError',
      kind: 'frame-id-overflow',
      reach: 'session',
      origin: 'local',
      message: 'session 7 has used all of its frame ids; open another',
    }) as unknown;
    expect(stage.outcomes.get('one too many')).toEqual([overflow]);
    expect(stage.outcomes.get('another')).toEqual([overflow]);
    stage.complete(0xffffffff);
    expect(stage.outcomes.get('last')).toEqual(['end', '|']);
    expect(stage.submissions.credit.now()).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('run out for those that waited, too', () => {
    const stage = new Stage({ credit: 1 });
    skipTo(stage.submissions, 0xffffffff);
    for (const name of ['last', 'waits', 'waits too']) stage.submit(name);
    stage.complete(0xffffffff);
    for (const name of ['waits', 'waits too']) {
      expect(stage.outcomes.get(name)).toMatchObject([{ kind: 'frame-id-overflow' }]);
    }
  });
});

describe('submits that are larger than the server takes', () => {
  /** What a submit errors with. */
  const tooLarge: unknown = expect.objectContaining({
    reason: 'too-large',
    outcome: 'not-run',
    message: expect.stringMatching(
      /larger than the server takes .*: its body has 11 bytes, and 10 are the most$/,
    ) as unknown,
  });
  const undeliverable: unknown = expect.objectContaining({ reason: 'undeliverable', outcome: 'given-up' });
  const [ten, eleven] = [{ body: 'x'.repeat(10) }, { body: 'x'.repeat(11) }];
  const long = { body: 'x'.repeat(32 * 1024) };
  const lastWord = { errorCode: 0x10001, text: "the server's limit packetMs (300) was exceeded" };

  /** Goes on over another connection, as the last has ended. */
  function resume(
    stage: Stage,
    lastReceivedId: number,
    lost: SessionCarrier['lost'] = { lastWord: undefined },
  ): string[] {
    stage.carrier.lost = lost;
    stage.submissions.detach();
    stage.submissions.told.tell();
    stage.attach({ credit: 4 }, lastReceivedId);
    return stage.news();
  }

  it('are never sent, and the others are', () => {
    const stage = new Stage({ credit: 1 });
    stage.carrier.mostTaken = 50;
    stage.submit('a', ten);
    stage.submit('b', eleven);
    stage.submit('c', ten);
    stage.complete(1);
    expect(stage.news()).toEqual(['submit 1', 'submit 2']);
    expect(stage.outcomes.get('b')).toEqual([tooLarge]);
    expect(stage.submissions.credit.now()).toMatchObject({ inFlight: 1, waiting: 0 });
  });

  it('are told by the limit of the connection that they go over: sent again or for the first time', () => {
    const stage = new Stage({ credit: 3 });
    stage.submit('received', eleven);
    stage.submit('not received', eleven);
    stage.submit('small', ten);
    stage.submit('waiting', eleven);
    stage.news();
    stage.carrier.mostTaken = 50;
    expect(resume(stage, 1)).toEqual(['submit 3']);
    expect(stage.outcomes.get('not received')).toEqual([tooLarge]);
    expect(stage.outcomes.get('waiting')).toEqual([tooLarge]);
    expect(stage.submissions.inFlight.ids()).toEqual([1, 3]);
  });

  it('are not offered a third time where two connections have ended before, if the server has not said', () => {
    const stage = new Stage({ credit: 3 });
    for (const name of ['a', 'b', 'c']) stage.submit(name);
    stage.news();
    expect(resume(stage, 1)).toEqual(['submit 2', 'submit 3']);
    expect(resume(stage, 1)).toEqual(['submit 3']);
    expect([stage.outcomes.get('b'), stage.outcomes.get('c')]).toEqual([[undeliverable], []]);
    // The one behind it gets its two chances, too, and has one more where it was received.
    expect(resume(stage, 3)).toEqual([]);
    expect(stage.submissions.inFlight.ids()).toEqual([1, 3]);
  });

  it('are offered again and again where the server takes them: it has said so', () => {
    const stage = new Stage();
    stage.carrier.mostTaken = 50;
    stage.submit('a', ten);
    stage.news();
    for (let times = 0; times < 500; times++) expect(resume(stage, 0)).toEqual(['submit 1']);
  });

  it('are not offered a third time where the server has said twice why it ends the connection', () => {
    const stage = new Stage({ credit: 3 });
    stage.carrier.mostTaken = 50;
    for (const name of ['a', 'b']) stage.submit(name, ten);
    stage.news();
    expect(resume(stage, 0, { lastWord })).toEqual(['submit 1', 'submit 2']);
    expect(resume(stage, 0)).toEqual(['submit 1', 'submit 2']);
    expect(resume(stage, 0, { lastWord })).toEqual(['submit 2']);
    const [error] = stage.outcomes.get('a')!;
    expect(error).toMatchObject({ reason: 'undeliverable', outcome: 'given-up', ...lastWord });
    expect((error as Error).message).toMatch(/send less at a time: .* packetMs \(300\) was exceeded$/);
    expect(stage.outcomes.get('b')).toEqual([]);
    // What was said of one is not said of the next.
    for (let times = 0; times < 5; times++) expect(resume(stage, 0)).toEqual(['submit 2']);
  });

  it('leave their place to what waits, which is sent behind those that are sent again', () => {
    const stage = new Stage({ credit: 2, maxInFlight: 2 });
    stage.carrier.mostTaken = 50;
    for (const name of ['a', 'b', 'c']) stage.submit(name, ten);
    stage.news();
    const again = (): string[] => {
      stage.carrier.lost = { lastWord };
      stage.submissions.detach();
      stage.submissions.told.tell();
      stage.attach({ credit: 2, maxInFlight: 2 }, 0);
      return stage.news();
    };
    expect([again(), again()]).toEqual([
      ['submit 1', 'submit 2'],
      ['submit 2', 'submit 3'],
    ]);
  });

  it('are not offered a sixth time where nobody says why each connection ends, if they are long', () => {
    const stage = new Stage();
    stage.carrier.mostTaken = 100_000;
    stage.submit('a', long);
    stage.news();
    for (let times = 0; times < 4; times++) expect(resume(stage, 0)).toEqual(['submit 1']);
    expect(resume(stage, 0)).toEqual([]);
    expect(stage.outcomes.get('a')).toEqual([expect.objectContaining({ reason: 'undeliverable', text: '' })]);
  });

  it('have as many chances again once one is received', () => {
    const stage = new Stage();
    stage.carrier.mostTaken = 100_000;
    for (const name of ['a', 'b']) stage.submit(name, long);
    stage.news();
    for (let times = 0; times < 4; times++) resume(stage, 0);
    for (let times = 0; times < 4; times++) expect(resume(stage, 1)).toEqual(['submit 2']);
    expect(resume(stage, 1)).toEqual([]);
  });

  it('are offered over each connection that the session moves to: what they were sent over has not ended', () => {
    const stage = new Stage();
    stage.submit('a', long);
    stage.news();
    for (let times = 0; times < 10; times++) {
      stage.carrier.lost = undefined;
      stage.submissions.detach();
      stage.submissions.told.tell();
      stage.attach({ credit: 4 }, 0);
      expect(stage.news()).toEqual(['submit 1']);
    }
  });
});
