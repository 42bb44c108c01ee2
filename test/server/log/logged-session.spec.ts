import type { LoggedOperation, LoggedParts } from '../../../src/server/log/logged-parts';
import { LoggedSession } from '../../../src/server/log/logged-session';
import { hashToken } from '../../../src/server/opening/resume-token';
import { MessageType } from '../../../src/wire/message-type';
import { SessionOpenAckMetadata, SessionOpenMetadata } from '../../../src/wire/messages/session-open';
import { EMPTY, packet, type Packet } from '../../../src/wire/packet';
import { preview3 } from '../../../src/wire/preview3';

const clock = { now: () => 0 };

/** A session with so many results, and nobody who has proved to have one. */
class Stage {
  results = 0;
  readonly running: LoggedOperation[] = [];
  /** Of a result. */
  body = EMPTY;
  ends = 0;
  changes = 0;
  readonly session: LoggedSession;

  /** Where another node had it, the results that there were before the first of each operation. */
  constructor(since?: ReadonlyMap<number, number>) {
    const parts: LoggedParts = {
      sessionId: 5000,
      open: SessionOpenMetadata.of({}),
      granted: SessionOpenAckMetadata.of({ sessionId: 5000 }),
      revision: preview3,
      claim: {
        tokens: { current: hashToken(EMPTY), previous: undefined, former: [] },
        isTakenOver: false,
        owner: undefined,
      },
      outlet: this.outlet(),
      operations: {
        lastOperationId: 1,
        all: () => this.running,
        get: (frameId) => this.running.find((each) => each.frameId === frameId),
      },
      isShutDown: false,
      asked: undefined,
      server: { scheduler: clock, settings: { wallClock: clock, outbox: { maxBytes: Infinity } } },
      superseded: () => {
        this.ends += 1;
      },
      cut: () => undefined,
    };
    const writer = {
      node: 'n',
      ttlMs: 1000,
      changed: () => {
        this.changes += 1;
      },
      forget: () => undefined,
      askAbout: () => undefined,
      isInDoubt: () => false,
    };
    const taken = since && { last: 0, bytes: 0, updates: 0, nextToken: Uint8Array.of(2), since };
    this.session = new LoggedSession(parts, writer, 1, () => Uint8Array.of(1), taken);
  }

  begin(frameId = 1): void {
    const begun = { ...submit, frameId };
    this.running.push(begun);
    this.session.began(begun);
  }

  end(frameId = 1): void {
    this.running.splice(
      this.running.findIndex((each) => each.frameId === frameId),
      1,
    );
    this.session.changed(frameId);
  }

  say() {
    const update = this.session.update(0);
    if (update.kind === 'over') throw new Error('the session is over');
    return update;
  }

  private outlet(): LoggedParts['outlet'] {
    const results = (): number => this.results;
    const part = (): Packet =>
      packet({ messageType: MessageType.ResultPush, sessionId: 5000, frameId: 1 }, EMPTY, this.body);
    return {
      get lastResult() {
        return results();
      },
      sentResults: 0,
      releasedResults: 0,
      heldBytes: 0,
      current: {},
      retained: undefined,
      heldAfter: (received) => Array.from({ length: results() - received }, () => ({ packet: part() })),
      seal: () => undefined,
      logged: () => undefined,
      release: () => undefined,
    };
  }
}

const kept = { kind: 'kept' } as const;
const submit: LoggedOperation = {
  frameId: 1,
  sent: { metadata: EMPTY, body: EMPTY },
  deadline: Infinity,
  objects: [],
};

it('is said whole first, then what follows', () => {
  const stage = new Stage();
  stage.results = 2;
  expect(stage.say()).toMatchObject({ kind: 'whole', after: 0, last: 2, trimTo: 0 });
  stage.session.answered(kept);
  stage.results = 3;
  const next = stage.say();
  expect(next).toMatchObject({ kind: 'more', after: 2, last: 3, tokens: undefined, fields: [] });
});

it('is said again where nobody has answered, and in place of what the log has lost', () => {
  const stage = new Stage();
  stage.begin();
  stage.say();
  stage.session.unanswered();
  expect(stage.say()).toMatchObject({ kind: 'whole' });
  stage.session.answered(kept);
  stage.results = 4;
  stage.say();
  stage.session.answered({ kind: 'at', last: 1 });
  const again = stage.say();
  expect(again).toMatchObject({ kind: 'more', after: 1, last: 4 });
  expect(again.fields.map(([name]) => name)).toEqual(['last', '1']);
  expect(again.tokens).toBeDefined();
  stage.session.answered({ kind: 'missing' });
  expect(stage.say()).toMatchObject({ kind: 'whole', after: 0, last: 4 });
});

it('is said whole again where its results became others while a call was out', () => {
  const stage = new Stage();
  stage.results = 2;
  stage.say();
  stage.session.rewritten();
  stage.session.answered(kept);
  expect(stage.say()).toMatchObject({ kind: 'whole', after: 0, last: 2 });
});

it('says nothing of an operation that has ended before it was said', () => {
  const stage = new Stage();
  stage.say();
  stage.session.answered(kept);
  stage.begin();
  stage.end();
  stage.begin(2);
  expect(stage.say().fields.map(([name, value]) => [name, value === undefined])).toEqual([['2', false]]);
  stage.session.answered(kept);
  stage.end(2);
  expect(stage.say().fields).toEqual([['2', undefined]]);
});

it('says the end of an operation that the log may have heard of, also where nobody has answered', () => {
  const stage = new Stage();
  stage.say();
  stage.session.answered(kept);
  stage.begin();
  stage.say();
  stage.session.unanswered();
  stage.end();
  expect(stage.say().fields).toContainEqual(['1', undefined]);
  stage.session.unanswered();
  expect(stage.say().fields).toContainEqual(['1', undefined]);
});

it('says the end of an operation that the log has of the node before', () => {
  const stage = new Stage(new Map([[1, 0]]));
  stage.begin();
  stage.begin(2);
  stage.end();
  stage.end(2);
  const said = stage.say();
  expect(said.kind).toBe('more');
  expect(said.fields.filter(([name]) => name !== 'last')).toEqual([['1', undefined]]);
});

it('says the end of an operation whose body was to be logged too', () => {
  const stage = new Stage();
  stage.begin();
  stage.say();
  stage.session.answered(kept);
  stage.session.keepBodies();
  stage.end();
  expect(stage.say().fields).toEqual([['1', undefined]]);
});

it('says the end of an operation with the last of its results, and not before', () => {
  const stage = new Stage();
  stage.body = new Uint8Array(100_000);
  stage.begin();
  stage.say();
  stage.session.answered(kept);
  stage.results = 4;
  stage.end();
  expect(stage.say()).toMatchObject({ last: 3, fields: [] });
  stage.session.answered(kept);
  expect(stage.say()).toMatchObject({ last: 4, fields: [['1', undefined]] });
});

it('says its token again where it has given one away', () => {
  const stage = new Stage();
  stage.say();
  stage.session.answered(kept);
  expect(stage.say().tokens).toBeUndefined();
  stage.session.takeToken();
  stage.session.answered(kept);
  expect(stage.say().tokens).toBeDefined();
});

it('ends where it is another node’s, and says nothing more', () => {
  const stage = new Stage();
  stage.say();
  stage.session.answered({ kind: 'fenced' });
  const { changes } = stage;
  stage.session.note();
  stage.session.over();
  expect([stage.ends, stage.changes]).toEqual([1, changes]);
});
