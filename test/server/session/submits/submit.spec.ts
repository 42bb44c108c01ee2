import { BehaviorSubject } from 'rxjs';
import { OperationState } from '../../../../src/protocol/operation/operation';
import type { OperationEntry } from '../../../../src/protocol/operation/operation-entry';
import { isTerminal } from '../../../../src/protocol/operation/result';
import type { ToolRequest } from '../../../../src/protocol/content/tool-call';
import { ReceivedSubmit, type OperationControl } from '../../../../src/server/session/submits/submit';
import { MessageType } from '../../../../src/wire/message-type';
import { FrameSubmitMetadata } from '../../../../src/wire/messages/frame-submit';
import { settled } from '../../../support/async';
import { submitPacket, text } from '../../../support/packets';

/** What a submit asks of its session, in order. */
class Asked implements OperationControl {
  readonly log: unknown[] = [];
  readonly pressure$ = new BehaviorSubject(false);

  relate(...call: Parameters<OperationControl['relate']>): void {
    this.log.push(['relate', ...call]);
  }

  move({ frameId }: ReceivedSubmit, to: number): void {
    this.log.push(['move', frameId, to]);
  }

  giveUp({ frameId }: ReceivedSubmit, end: string): void {
    this.log.push(['giveUp', frameId, end]);
  }

  readonly session: OperationControl['session'] = {
    progress: {
      say: ({ frameId }, { percent }) => {
        this.log.push(['progress', frameId, percent]);
      },
    },
    sender: {
      degrade: (frameId, { tokens }) => {
        this.log.push(['degrade', frameId, tokens]);
      },
    },
  };

  keepSlot(): void {
    this.log.push('keepSlot');
  }

  freeSlot(): void {
    this.log.push('freeSlot');
  }

  callTool({ frameId }: ReceivedSubmit, request: ToolRequest): Promise<unknown> {
    this.log.push(['callTool', frameId, request]);
    return Promise.reject(new Error('no tool'));
  }

  endCalls({ frameId }: ReceivedSubmit): void {
    this.log.push(['endCalls', frameId]);
  }

  subscriberFailed({ frameId }: ReceivedSubmit, cause: unknown): void {
    this.log.push(['subscriberFailed', frameId, cause]);
  }
}

function make() {
  const asked = new Asked();
  const metadata = FrameSubmitMetadata.of({ latencyBudgetMs: 20 });
  const packet = submitPacket({ sessionId: 3, frameId: 9, metadata, body: 'prompt' });
  return {
    asked,
    packet,
    submit: new ReceivedSubmit(packet, { objects: [], arrivedAt: 0, deadline: 120 }, asked),
  };
}

/** What the registry does. */
function move(operation: OperationEntry, state: OperationState): void {
  operation.state = state;
}

/** What a stream tells now and later. */
function watch(submit: ReceivedSubmit): { readonly ended: unknown[]; readonly states: unknown[] } {
  const seen = { ended: [] as unknown[], states: [] as unknown[] };
  submit.ended$.subscribe({ next: (end) => seen.ended.push(end), complete: () => seen.ended.push('|') });
  submit.state$.subscribe({
    next: (state) => seen.states.push(state),
    complete: () => seen.states.push('|'),
  });
  return seen;
}

describe('Submit', () => {
  it('is the message that came', () => {
    const { submit } = make();
    expect(submit).toMatchObject({
      messageType: MessageType.FrameSubmit,
      sessionId: 3,
      frameId: 9,
      deadline: 120,
      objects: [],
      state: OperationState.Accepted,
    });
    expect(submit.metadata.latencyBudgetMs).toBe(20);
    expect(submit.body).toEqual(text('prompt'));
  });

  it('reads its metadata once, also where it had to wait and the read that it came with is gone', () => {
    const { packet, asked } = make();
    const read = new Uint8Array(65_536);
    read.set(packet.metadata, 100);
    const metadata = read.subarray(100, 100 + packet.metadata.length);
    const waiting = new ReceivedSubmit(
      { ...packet, metadata },
      { objects: [], arrivedAt: 0, deadline: 120 },
      asked,
    );
    waiting.keepBytes();
    read.fill(0xff);
    expect(waiting.metadata).toEqual(FrameSubmitMetadata.of({ latencyBudgetMs: 20 }));
    expect(waiting.metadata).toBe(waiting.metadata);
  });

  it('makes results of its operation', () => {
    const { submit } = make();
    const results = [submit.partial(text('a')), submit.complete(text('b')), submit.complete(), submit.drop()];
    expect(results.map(({ type, frameId }) => [type, frameId])).toEqual([
      ['push', 9],
      ['push', 9],
      ['push', 9],
      ['drop', 9],
    ]);
    expect(results.map(isTerminal)).toEqual([false, true, true, true]);
    expect(submit.partial(text('a'), { inferenceMs: 5 }).metadata.inferenceMs).toBe(5);
  });

  it.each(['dropped', 'failed', 'superseded', 'late', 'cancelled', 'closed', 'disconnected'] as const)(
    'aborts its signal where it ends otherwise than completed: %s',
    (end) => {
      const { submit } = make();
      const { signal } = submit;
      expect(submit.signal).toBe(signal);
      expect(signal.aborted).toBe(false);
      submit.finish(end);
      expect(signal.reason).toMatchObject({ name: 'AbortError', message: `operation 9 has ended: ${end}` });
    },
  );

  it('has a signal that is aborted already where it is read after such an end, and never where it completed', () => {
    const { submit } = make();
    submit.finish('cancelled');
    expect(submit.signal.aborted).toBe(true);
    const { submit: answered } = make();
    const { signal } = answered;
    answered.finish('completed');
    expect([signal.aborted, make().submit.signal.aborted]).toEqual([false, false]);
  });

  it('leaves what is done about it to its session', () => {
    const { submit, asked } = make();
    submit.relate({ parentId: 4, groupId: 2 });
    submit.waitForTool();
    submit.continue();
    submit.fail();
    submit.supersede();
    submit.expire();
    expect(asked.log).toEqual([
      ['relate', 9, { parentId: 4, groupId: 2 }],
      ['move', 9, OperationState.WaitingTool],
      ['move', 9, OperationState.Running],
      ['giveUp', 9, 'failed'],
      ['giveUp', 9, 'superseded'],
      ['giveUp', 9, 'late'],
    ]);
  });

  it('tells its state now and at each change, and how it ends', () => {
    const { submit } = make();
    move(submit, OperationState.Running);
    submit.stateChanged();
    const seen = watch(submit);
    move(submit, OperationState.Partial);
    submit.stateChanged();
    expect(seen).toEqual({ ended: [], states: [OperationState.Running, OperationState.Partial] });
    move(submit, OperationState.Cancelled);
    submit.finish('cancelled');
    expect(seen).toEqual({
      ended: ['cancelled', '|'],
      states: [OperationState.Running, OperationState.Partial, OperationState.Cancelled, '|'],
    });
  });

  it('tells late subscribers at once that it is over', () => {
    const { submit } = make();
    move(submit, OperationState.Completed);
    submit.finish('completed');
    expect(watch(submit)).toEqual({ ended: ['completed', '|'], states: [OperationState.Completed, '|'] });
  });

  it('ends once', () => {
    const { submit } = make();
    const seen = watch(submit);
    submit.finish('late');
    submit.finish('completed');
    expect(seen.ended).toEqual(['late', '|']);
  });

  it('is over for whoever hears of its end', () => {
    const { submit } = make();
    let during: unknown;
    submit.ended$.subscribe(() => {
      during = [submit.state, watch(submit)];
    });
    move(submit, OperationState.Cancelled);
    submit.finish('closed');
    expect(during).toEqual([
      OperationState.Cancelled,
      { ended: ['closed', '|'], states: [OperationState.Cancelled, '|'] },
    ]);
  });
});

describe('the slot of a submit', () => {
  function work() {
    let settle: { resolve(): void; reject(error: unknown): void } | undefined;
    const promise = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    return { promise, ...settle! };
  }

  it('needs no word where the work is done before the operation ends', async () => {
    const { submit, asked } = make();
    const { promise, resolve } = work();
    submit.keepSlotUntil(promise);
    resolve();
    await settled();
    submit.finish('completed');
    expect(asked.log).toEqual([]);
  });

  it('is kept beyond the end until all of the work has settled, failed or not', async () => {
    const { submit, asked } = make();
    const works = [work(), work(), work()];
    submit.keepSlotUntil(works[0]!.promise);
    submit.keepSlotUntil(works[1]!.promise);
    submit.finish('cancelled');
    // As an iterator that is closed when the operation ends.
    submit.keepSlotUntil(works[2]!.promise);
    expect(asked.log).toEqual(['keepSlot']);
    works[0]!.resolve();
    works[1]!.reject(new Error('stopped'));
    await settled();
    expect(asked.log).toEqual(['keepSlot']);
    works[2]!.resolve();
    await settled();
    expect(asked.log).toEqual(['keepSlot', 'freeSlot']);
  });

  it('may be kept from the end on', async () => {
    const { submit, asked } = make();
    const { promise, resolve } = work();
    submit.ended$.subscribe(() => {
      submit.keepSlotUntil(promise);
    });
    submit.finish('closed');
    expect(asked.log).toEqual(['keepSlot']);
    resolve();
    await settled();
    expect(asked.log).toEqual(['keepSlot', 'freeSlot']);
  });
});
