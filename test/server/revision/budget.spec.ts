import { concat, EMPTY, from, NEVER, of, Subject, type Observable } from 'rxjs';
import { encodeTokens } from '../../../src/protocol/content/token-delta';
import type { Budget } from '../../../src/protocol/operation/budget';
import type { Submit, SubmitEnd } from '../../../src/server/session/session-message';
import type { ServerSession } from '../../../src/server/session/session';
import { clientHello, inPreview4, open, submit } from '../../../src/testing';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import { BudgetFlag, type BudgetMetadata } from '../../../src/wire/preview4/control/scheduling';
import { DropReason } from '../../../src/wire/preview4/results';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { until } from '../../support/until';
import { heardInWords } from './heard';
import type { ServerOptions } from '../../../src/server/options';

afterEach(endServed);

const SESSION = { sessionId: 42 };

function submit4(frameId: number): Packet {
  return inPreview4(MessageType.FrameSubmit, { ...SESSION, frameId }, { operationId: BigInt(frameId) });
}

function budget(frameId: number, fields: Partial<BudgetMetadata>): Packet {
  return inPreview4(
    MessageType.BudgetUpdate,
    { ...SESSION, frameId },
    { operationId: BigInt(frameId), ...fields },
  );
}

interface Handled {
  readonly given: Submit;
  readonly budgets: Budget[];
  end?: SubmitEnd;
  /** Answers when it is told to, after what `first` gives. */
  readonly more: Subject<string>;
}

type Options = Parameters<ServerSession['respond']>[1];

/** A server whose handlers answer as a test says, and a client of the reference. */
class Stage {
  private constructor(
    readonly served: Served,
    readonly handled: Handled[],
    private readonly peer: Peer,
  ) {}

  static async open(first: () => Observable<string> = () => EMPTY, options: Options = {}): Promise<Stage> {
    const served = new Served({ maxInFlightOperations: 8 });
    const all: Handled[] = [];
    served.server.sessions$.subscribe((session) =>
      session.respond((given) => {
        const handled: Handled = { given, budgets: [], more: new Subject() };
        all.push(handled);
        given.budget$.subscribe((left) => handled.budgets.push(left));
        given.ended$.subscribe((end) => (handled.end = end));
        return concat(first(), handled.more);
      }, options),
    );
    const peer = await Peer.connect(served.listen);
    peer.send(clientHello(), open(42));
    await peer.next();
    await peer.next();
    return new Stage(served, all, peer);
  }

  at(index: number): Handled {
    const handled = this.handled[index];
    if (handled === undefined) throw new Error(`handler ${index} has not begun`);
    return handled;
  }

  say(index: number, ...texts: readonly string[]): void {
    for (const text of texts) this.at(index).more.next(text);
  }

  /** What has come until a PING is answered. */
  async heard(...sent: readonly Packet[]): Promise<unknown[]> {
    return heardInWords(this.peer, SESSION.sessionId, sent);
  }
}

const part = (frameId: number): unknown => ['PARTIAL_RESULT', frameId];
const exceeded = (frameId: number): unknown => ['RESULT_DROP_REASON', frameId, DropReason.BudgetExceeded];
const UNBOUNDED = {
  tokens: Infinity,
  bandwidthBytes: Infinity,
  computeUnits: Infinity,
  memoryBytes: Infinity,
};

describe('a budget that a client says', () => {
  it('ends an answer at the token that is too much', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1), budget(1, { tokenBudget: 3 }));
    stage.say(0, 'a', 'b', 'c');
    expect(await stage.heard()).toEqual([part(1), part(1), part(1)]);
    expect(stage.at(0).end).toBeUndefined();
    stage.say(0, 'd', 'e');
    expect(await stage.heard()).toEqual([exceeded(1)]);
    expect(stage.at(0).end).toBe('budget-exceeded');
    expect(stage.at(0).more.observed).toBe(false);
    expect(stage.served.failures).toEqual([]);
  });

  it('lets an answer end that is within it to the last', async () => {
    const stage = await Stage.open(() => of('a', 'b'));
    expect(await stage.heard(budget(1, { tokenBudget: 2 }), submit4(1))).toEqual([part(1), part(1)]);
    stage.at(0).more.complete();
    expect(await stage.heard()).toEqual([['RESULT_PUSH', 1]]);
    expect(stage.at(0).end).toBe('completed');
  });

  it('may come before its submit, whose handler can read it', async () => {
    const stage = await Stage.open(() => NEVER);
    await stage.heard(
      budget(1, { tokenBudget: 7, computeBudgetUnits: 5n, memoryBudgetBytes: 6n, bandwidthBudgetBytes: 4n }),
      submit4(1),
      submit4(2),
    );
    expect(stage.at(0).budgets).toEqual([{ tokens: 7, computeUnits: 5, memoryBytes: 6, bandwidthBytes: 4 }]);
    expect(stage.at(1).budgets).toEqual([UNBOUNDED]);
  });

  it('is no more than a client can say again, also where more is added', async () => {
    const stage = await Stage.open(() => NEVER);
    const largest = 2n ** 64n - 1n;
    const all = {
      computeBudgetUnits: largest,
      memoryBudgetBytes: 2n ** 53n,
      bandwidthBudgetBytes: 2n ** 53n - 1n,
    };
    await stage.heard(budget(1, all), submit4(1));
    await stage.heard(budget(1, { computeBudgetUnits: 5n, flags: BudgetFlag.Increment }));
    const most = Number.MAX_SAFE_INTEGER;
    const taken = { tokens: Infinity, computeUnits: most, memoryBytes: most, bandwidthBytes: most };
    expect(stage.at(0).budgets).toEqual([taken, taken]);
  });

  it('counts from each update on, adds to what is left, and is lifted', async () => {
    const stage = await Stage.open(() => NEVER);
    await stage.heard(submit4(1), budget(1, { tokenBudget: 2, bandwidthBudgetBytes: 1000n }));
    await stage.heard(budget(1, { tokenBudget: 5, flags: BudgetFlag.Increment }));
    await stage.heard(budget(1, { tokenBudget: 4 }));
    await stage.heard(budget(1, { tokenBudget: 3, flags: BudgetFlag.Replace }));
    await stage.heard(budget(1, { flags: BudgetFlag.Replace }));
    await stage.heard(budget(1, { tokenBudget: 9, flags: BudgetFlag.Increment }));
    const { budgets } = stage.at(0);
    expect(budgets.map(({ tokens }) => tokens)).toEqual([Infinity, 2, 7, 4, 3, Infinity, 9]);
    expect(budgets.map(({ bandwidthBytes }) => bandwidthBytes)).toEqual([
      Infinity,
      1000,
      1000,
      1000,
      Infinity,
      Infinity,
      Infinity,
    ]);
  });

  it('gives an answer that has run out more in time', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1), budget(1, { tokenBudget: 1 }));
    stage.say(0, 'a');
    await stage.heard(budget(1, { tokenBudget: 1, flags: BudgetFlag.Increment }));
    stage.say(0, 'b');
    expect(await stage.heard()).toEqual([part(1)]);
    expect(stage.at(0).budgets.map(({ tokens }) => tokens)).toEqual([Infinity, 1, 0, 1, 0]);
  });

  it('is of bytes of results, too', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1));
    stage.say(0, 'four');
    await stage.heard(budget(1, { bandwidthBudgetBytes: 150n }));
    stage.say(0, 'four', 'four', 'four');
    expect(await stage.heard()).toEqual([part(1), part(1), exceeded(1)]);
  });

  it('is shared by all operations of a session where it is of that', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1), budget(0, { tokenBudget: 4 }), submit4(2), budget(2, { tokenBudget: 1 }));
    stage.say(0, 'a', 'b');
    stage.say(1, 'c', 'd');
    expect(await stage.heard(submit4(3))).toEqual([part(1), part(1), part(2), exceeded(2)]);
    stage.say(2, 'e', 'f');
    stage.say(0, 'g');
    expect(await stage.heard()).toEqual([part(3), exceeded(3), exceeded(1)]);
  });

  it('is news to all that share it whenever it runs out', async () => {
    const stage = await Stage.open(() => EMPTY, { overBudget: 'continue' });
    const more = budget(0, { tokenBudget: 1, flags: BudgetFlag.Replace });
    await stage.heard(submit4(1), submit4(2), more);
    stage.say(0, 'a');
    await stage.heard(more);
    stage.say(0, 'b');
    for (const index of [0, 1])
      expect(stage.at(index).budgets.map(({ tokens }) => tokens)).toEqual([Infinity, 1, 0, 1, 0]);
  });

  it.each([
    ['tokens', { tokens: 3 }, 'abc'],
    ['bytes', { bandwidthBytes: encodeTokens(['a', 'b']).body.length + 1 }, 'ab'],
  ])('cuts a gathered text to what is left of it: %s', async (_, left, expected) => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond(() => from(['a', 'b', 'c', 'd', 'e']), { coalesce: true }),
    );
    const session = await served.open({}, { revision: 'preview4' });
    let text = '';
    const reason = await new Promise((resolve) => {
      session
        .submit({ body: 'ask', budget: left })
        .text$.subscribe({ next: (each) => (text += each), error: resolve });
    });
    expect(reason).toMatchObject({ reason: 'budget-exceeded' });
    expect(text).toBe(expected);
  });

  it('is the handler’s to see to where it says so', async () => {
    const stage = await Stage.open(() => EMPTY, { overBudget: 'continue' });
    await stage.heard(submit4(1), budget(1, { tokenBudget: 1 }));
    stage.say(0, 'a', 'b', 'c');
    expect(await stage.heard()).toEqual([part(1), part(1), part(1)]);
    expect(stage.at(0).budgets.map(({ tokens }) => tokens)).toEqual([Infinity, 1, 0]);
    expect(stage.at(0).end).toBeUndefined();
  });

  it('does not end twice what its handler ends when it hears that it has run out', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.submits$.subscribe((given) => {
        given.budget$.subscribe(({ bandwidthBytes }) => {
          if (bandwidthBytes === 0) session.sendResult(given.complete());
        });
        session.results.next(given.partial(new Uint8Array(1)));
      }),
    );
    const peer = await Peer.connect(served.listen);
    peer.send(clientHello(), open(42), budget(1, { bandwidthBudgetBytes: 1n }), submit4(1));
    const seen: string[] = [];
    while (seen.length < 4)
      seen.push(messageTypeName((await peer.next())?.header.messageType ?? MessageType.Close));
    expect(seen).toEqual(['SERVER_HELLO_ACK', 'SESSION_OPEN_ACK', 'PARTIAL_RESULT', 'RESULT_PUSH']);
    expect(served.failures).toEqual([]);
  });

  it.each([
    ['of an operation, with the frame of none', 0, { operationId: 1n }],
    ['of another operation', 1, { operationId: 2n }],
    ['of the session, with a frame', 1, { operationId: 0n }],
  ])('is refused %s', async (_, frameId, fields) => {
    const stage = await Stage.open();
    expect(await stage.heard(submit4(1), budget(frameId, { tokenBudget: 1, ...fields }))).toEqual([
      ['ERROR', frameId],
    ]);
    expect(stage.at(0).budgets).toEqual([UNBOUNDED]);
  });

  it('is nothing of an operation that has ended', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1));
    stage.at(0).more.complete();
    expect(await stage.heard(budget(1, { tokenBudget: 1 }))).toEqual([['RESULT_PUSH', 1]]);
  });

  it('is not known in preview3', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await Peer.connect(served.listen);
    peer.send(open(42), submit(42, 1, 'ask'), budget(1, { tokenBudget: 1 }));
    await peer.next();
    expect((await peer.next())?.header.messageType).toBe(MessageType.Error);
  });
});

describe('a budget of a client’s submit', () => {
  /** A server that answers with a token whenever it is told to, and hears of budgets. */
  function serveTokens(options: Partial<ServerOptions> = {}) {
    const served = new Served({ maxInFlightOperations: 1, ...options });
    const tokens = new Subject<string>();
    const heard: number[] = [];
    served.server.sessions$.subscribe((session) =>
      session.respond((given) => {
        given.budget$.subscribe((left) => heard.push(left.tokens));
        return tokens;
      }),
    );
    return { served, tokens, heard };
  }

  it('binds an answer that is made at once', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => of('a', 'b', 'c')));
    const session = await served.open({}, { revision: 'preview4' });
    const answer = session.submit({ body: 'ask', budget: { tokens: 2 } });
    await expect(answer.whole()).rejects.toMatchObject({ reason: 'budget-exceeded' });
  });

  it('ends its answer, and is more where it is updated', async () => {
    const { served, tokens, heard } = serveTokens();
    const session = await served.open({}, { revision: 'preview4' });
    const answer = session.submit({ body: 'ask', budget: { tokens: 2 } });
    const came: number[] = [];
    let failure: unknown;
    answer.subscribe({ next: () => came.push(1), error: (error: unknown) => (failure = error) });
    await until(() => heard.at(-1) === 2, 'the budget to be 2');
    tokens.next('a');
    tokens.next('b');
    answer.update({ budget: { tokens: 1 } });
    await until(() => heard.at(-1) === 1, 'the budget to be 1');
    tokens.next('c');
    tokens.next('d');
    await until(() => failure !== undefined, 'the end');
    expect(came).toHaveLength(3);
    expect(failure).toMatchObject({ reason: 'budget-exceeded' });
  });

  it('is the newest where it is updated while its submit waits', async () => {
    const { served, heard } = serveTokens();
    const session = await served.open({}, { revision: 'preview4' });
    const first = session.submit({ body: 'ask' }).subscribe();
    const answer = session.submit({ body: 'ask', budget: { tokens: 2 } });
    const answering = answer.subscribe();
    answer.update({ budget: { tokens: 9 } });
    await until(() => heard.length === 1, 'a handler');
    first.unsubscribe();
    await until(() => heard.at(-1) === 9, 'the budget to be 9');
    expect(heard).not.toContain(2);
    answering.unsubscribe();
  });

  it('is said again where it is updated while there is no connection', async () => {
    const { served, heard } = serveTokens();
    const session = await served.open({ reconnect: {} }, { revision: 'preview4' });
    const states = told(session.state$);
    const answer = session.submit({ body: 'ask', budget: { tokens: 2 } });
    const answering = answer.subscribe();
    await until(() => heard.at(-1) === 2, 'the budget to be 2');
    const release = served.endpoint.hold();
    served.endpoint.cut();
    await until(() => states.at(-1) === 'reconnecting', 'the cut');
    answer.update({ budget: { tokens: 5 } });
    release();
    await until(() => heard.at(-1) === 5, 'the budget to be 5');
    answering.unsubscribe();
  });

  it('is not told in preview3', async () => {
    const { served, tokens, heard } = serveTokens();
    const session = await served.open({}, { revision: 'preview3' });
    const answer = session.submit({ body: 'ask', budget: { tokens: 1 } });
    const whole = answer.whole();
    await until(() => heard.length === 1, 'a handler');
    answer.update({ budget: { tokens: 1 } });
    for (const text of ['a', 'b', 'c']) tokens.next(text);
    tokens.complete();
    expect((await whole).text).toBe('abc');
    expect(heard).toEqual([Infinity]);
    expect(served.violations).toEqual([]);
  });

  it.each([[{ tokens: 0 }], [{ tokens: 1.5 }], [{ computeUnits: '1' }], [{ token: 1 }], [7]])(
    'is not %j',
    async (odd) => {
      const { served } = serveTokens();
      const session = await served.open({}, { revision: 'preview4' });
      const answer = session.submit({ body: 'ask', budget: odd as Partial<Budget> });
      await expect(answer.whole()).rejects.toThrow(/budget|tokens|computeUnits|token/);
      expect(() => {
        answer.update({ budget: odd as Partial<Budget> });
      }).toThrow(/budget|tokens|computeUnits|token/);
    },
  );
});
