import { firstValueFrom, map, NEVER, Observable, Subject, take, timer } from 'rxjs';
import {
  MessageType,
  OperationError,
  SessionErrorCode,
  SessionRejectedError,
  type ClientSession,
  type ServerSession,
  type Submit,
  type SubmitEnd,
} from '../../src';
import { sessionOpen } from '../../src/client/options';
import { openBody } from '../../src/protocol/session/open-blocks';
import type { PatchRequest } from '../../src';
import { encodeSessionExtension } from '../../src/protocol/session/session-extension';
import { CacheErrorCode } from '../../src/wire/messages/cache';
import { FlowScope } from '../../src/wire/messages/flow-update';
import {
  SessionOpenAckMetadata,
  SessionOpenMetadata,
  SessionStatus,
} from '../../src/wire/messages/session-open';
import { EMPTY, packet } from '../../src/wire/packet';
import { REFERENCE_FIELDS, referenceBody } from './actors/submit-fields';
import { VirtualStage, type VirtualStageOptions } from './virtual-stage';

// What the simulation has found, each as small as it gets.

const RECONNECT = { minDelayMs: 1, maxDelayMs: 5, jitter: 0, reopen: false };
const { FrameCancel, FrameSubmit, Error: ErrorMessage, SessionOpen, SessionOpenAck } = MessageType;

/** What became of a submit, as its client saw it. */
class Outcome {
  readonly parts: number[] = [];
  end: string | undefined;
  error: unknown;
  readonly subscription;

  constructor(session: ClientSession, request: Parameters<ClientSession['submit']>[0] = {}) {
    this.subscription = session.submit(request).subscribe({
      next: ({ body }) => {
        if (body.length > 0) this.parts.push(body[0] ?? -1);
      },
      error: (error: unknown) => {
        this.end = 'error';
        this.error = error;
      },
      complete: () => {
        this.end = 'complete';
      },
    });
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Numbers, one a millisecond, as the parts of an answer. */
function counting(stage: VirtualStage, count: number): Observable<Uint8Array> {
  return new Observable((subscriber) =>
    timer(1, 1, stage.scheduler)
      .pipe(take(count))
      .subscribe({
        next: (tick) => {
          subscriber.next(Uint8Array.of(tick));
        },
        complete: () => {
          subscriber.complete();
        },
      }),
  );
}

describe('found by the simulation', () => {
  let stage: VirtualStage;
  let sessions: ServerSession[];

  function begin(options: VirtualStageOptions, respond: (submit: Submit) => Observable<Uint8Array>): void {
    stage = new VirtualStage(options);
    sessions = [];
    stage.server.sessions$.subscribe((session) => {
      sessions.push(session);
      session.respond(respond);
    });
  }

  async function open(
    options: Parameters<Awaited<ReturnType<VirtualStage['connect']>>['openSession']>[0] = {},
  ) {
    const client = await stage.connect();
    const session = await stage.settled(
      client.openSession({ defaultDeadlineMs: 0, reconnect: RECONNECT, ...options }),
    );
    return { client, session };
  }

  /** Everything ends, and nothing is left. */
  afterEach(async () => {
    await stage.settled(stage.server.close());
    await stage.elapse(200_000);
    expect([stage.scheduler.pendingCount, stage.network.openCount, stage.server.sessionCount]).toEqual([
      0, 0, 0,
    ]);
  });

  it('a resume that arrives in the turn in which the outbox overflows saves the session', async () => {
    const answer = new Subject<Uint8Array>();
    begin({ server: { outbox: { maxResults: 1 } } }, () => answer);
    const { session } = await open();
    const outcome = new Outcome(session);
    await stage.elapse(10);
    // Sent and not proved: there is no room for so much as a drop.
    answer.next(Uint8Array.of(0));
    stage.cut(1);
    stage.on(['delivering', 'server', 2, SessionOpen], () => {
      answer.next(Uint8Array.of(1));
    });
    await stage.elapse(50);
    expect([outcome.parts, outcome.end]).toEqual([[0], 'error']);
    expect(stage.server.sessionCount).toBe(1);
  });

  it('acks of patches go out in the order of the patches, whichever is answered first', async () => {
    begin({}, () => NEVER);
    const { session } = await open();
    const requests: PatchRequest[] = [];
    sessions[0]?.patches$.subscribe((request) => requests.push(request));
    const asked = [11, 22].map((targetCadenceX100) => session.patch({ targetCadenceX100, patchMask: 1 }));
    await stage.elapse(10);
    for (const request of requests.reverse()) request.ack();
    const acks = await stage.settled(Promise.all(asked));
    expect(acks.map(({ metadata }) => metadata.effectiveTargetCadenceX100)).toEqual([11, 22]);
  });

  it('a patch of a connection that is gone is not acked to the next', async () => {
    begin({}, () => NEVER);
    const { session } = await open();
    const requests: PatchRequest[] = [];
    sessions[0]?.patches$.subscribe((request) => requests.push(request));
    const lost = session.patch({ targetCadenceX100: 11, patchMask: 1 });
    const failure = expect(lost).rejects.toThrow('its connection is lost');
    await stage.elapse(10);
    stage.cut(1);
    await stage.elapse(50);
    await failure;
    const asked = session.patch({ targetCadenceX100: 22, patchMask: 1 });
    await stage.elapse(10);
    for (const request of requests) request.ack();
    expect((await stage.settled(asked)).metadata.effectiveTargetCadenceX100).toBe(22);
  });

  it('a session that moves has not received what its old connection still brings, and does not say so', async () => {
    let opens = 0;
    const policy = (): Observable<number> =>
      timer(opens++ === 0 ? 0 : 20, stage.scheduler).pipe(map(() => SessionErrorCode.None));
    begin({ server: { outbox: { maxResults: 40 }, policy } }, () => counting(stage, 80));
    const { session } = await open();
    const outcome = new Outcome(session);
    await stage.elapse(30);
    await stage.settled(session.moveTo(stage.webSocket));
    await stage.elapse(200);
    expect([outcome.parts, outcome.end]).toEqual([upTo(80), 'complete']);
  });

  it('a session whose new connection is lost on the way stays where it was', async () => {
    begin({}, () => counting(stage, 40));
    const { session } = await open({ allowResume: true });
    const outcome = new Outcome(session);
    await stage.elapse(10);
    stage.on(['delivering', 'server', 2, SessionOpen], () => {
      stage.cut(2);
    });
    await expect(stage.settled(session.moveTo(stage.webSocket))).rejects.toThrow();
    await stage.elapse(100);
    expect([outcome.parts, outcome.end]).toEqual([upTo(40), 'complete']);
    expect(stage.connections).toHaveLength(2);
  });

  it('a session that loses both connections while it moves comes back like any other', async () => {
    begin({}, () => counting(stage, 60));
    const { client, session } = await open();
    let isOver = false;
    client.ended$.subscribe({ complete: () => (isOver = true), error: () => (isOver = true) });
    const outcome = new Outcome(session);
    await stage.elapse(10);
    for (const connection of [2, 1]) {
      stage.on(['delivering', 'server', connection, SessionOpen], () => {
        stage.cut(connection);
      });
    }
    // The first SESSION_OPEN of connection 1 was the one that opened the session.
    await expect(stage.settled(session.moveTo(stage.webSocket))).rejects.toThrow();
    await stage.elapse(200);
    expect([outcome.parts, outcome.end, isOver]).toEqual([upTo(60), 'complete', false]);
    expect(stage.connections.length).toBeGreaterThan(2);
  });

  it('a session that may not come back where it moves to is closed where it was', async () => {
    const policy = ({ transport }: { readonly transport: string }): number =>
      transport === 'tcp' ? SessionErrorCode.None : SessionErrorCode.AuthFailed;
    const ends: SubmitEnd[] = [];
    begin({ server: { policy } }, (submit) => {
      submit.ended$.subscribe((end) => ends.push(end));
      return NEVER;
    });
    const { client, session } = await open();
    const sibling = await stage.settled(client.openSession());
    const outcome = new Outcome(session);
    await stage.elapse(10);
    await expect(stage.settled(session.moveTo(stage.webSocket))).rejects.toBeInstanceOf(SessionRejectedError);
    await stage.elapse(20);
    expect([outcome.end, ends]).toEqual(['error', ['closed']]);
    expect([stage.server.sessionCount, sibling.state]).toEqual([1, 'open']);
  });

  it('a session in whose place another is opened, as it may neither move nor stay, is closed where it was', async () => {
    const refused = [
      SessionErrorCode.ResumeRejected,
      SessionErrorCode.ResumeRejected,
      SessionErrorCode.ResumeRejected,
    ];
    const verdicts = [SessionErrorCode.None, ...refused];
    const ends: SubmitEnd[] = [];
    begin({ server: { policy: () => verdicts.shift() ?? SessionErrorCode.None } }, (submit) => {
      submit.ended$.subscribe((end) => ends.push(end));
      return NEVER;
    });
    const { session } = await open({ requestedSessionId: 9, reconnect: { ...RECONNECT, reopen: true } });
    const outcome = new Outcome(session);
    await stage.elapse(10);
    await expect(stage.settled(session.moveTo(stage.webSocket))).rejects.toBeInstanceOf(SessionRejectedError);
    await stage.elapse(50);
    expect([outcome.end, ends]).toEqual(['error', ['closed']]);
    expect([stage.server.sessionCount, session.sessionId]).toEqual([1, 9]);
    expect(await firstValueFrom(session.state$)).toBe('reopened');
  });

  it('a session that can neither move nor stay yet has not received what its connection brings meanwhile', async () => {
    const verdicts = [SessionErrorCode.None, SessionErrorCode.AuthFailed, SessionErrorCode.AuthFailed];
    begin({ server: { policy: () => verdicts.shift() ?? SessionErrorCode.None } }, () => counting(stage, 40));
    const reconnect = { ...RECONNECT, minDelayMs: 10, maxDelayMs: 10, reopen: true };
    const { session } = await open({ reconnect });
    const outcome = new Outcome(session);
    await stage.elapse(10);
    await expect(stage.settled(session.moveTo(stage.webSocket))).rejects.toBeInstanceOf(SessionRejectedError);
    await stage.elapse(200);
    expect([outcome.parts, outcome.end, stage.connections.length]).toEqual([upTo(40), 'complete', 2]);
  });

  it('what waits for credit is not sent over a connection that is lost, whoever gives credit back', async () => {
    begin({}, () => NEVER);
    const client = await stage.connect();
    const session = await stage.settled(client.openSession());
    const sibling = await stage.settled(client.openSession());
    const reopening = await stage.settled(client.openSession({ reconnect: { ...RECONNECT, reopen: true } }));
    sessions[0]?.grant(1, { scope: FlowScope.Connection });
    await stage.elapse(10);
    const [first, second, third] = [new Outcome(session), new Outcome(sibling), new Outcome(reopening)];
    await stage.elapse(10);
    stage.cut(1);
    await stage.elapse(5);
    expect([first.error, second.error]).toMatchObject([{ outcome: 'unknown' }, { outcome: 'not-run' }]);
    await stage.elapse(50);
    expect(third.end).toBeUndefined();
    expect(await firstValueFrom(reopening.credit$)).toMatchObject({ inFlight: 1, waiting: 0 });
  });

  it('a client that is closed while a session moves has nothing left', async () => {
    begin({ conditions: { latencyMs: [5, 5] } }, () => NEVER);
    const { client, session } = await open();
    const outcome = new Outcome(session);
    await stage.elapse(20);
    let closed: Promise<void> | undefined;
    stage.on(['sending', 'client', 2, SessionOpen], () => {
      closed = client.close();
    });
    // It arrives, so that the server can be told of its end there.
    await stage.settled(session.moveTo(stage.webSocket));
    await stage.settled(closed ?? Promise.reject(new Error('it did not come so far')));
    expect(outcome.error).toMatchObject({ reason: 'session-closed' });
    expect(client.usage).toMatchObject({ links: 0, sessions: 0, operationsInFlight: 0, acksAwaited: 0 });
  });

  it('what is unsubscribed while a resume is under way is cancelled after it', async () => {
    const ends: SubmitEnd[] = [];
    begin({ conditions: { latencyMs: [5, 5] } }, (submit) => {
      submit.ended$.subscribe((end) => ends.push(end));
      return NEVER;
    });
    const { session } = await open();
    const outcome = new Outcome(session);
    await stage.elapse(20);
    stage.on(['delivering', 'server', 2, SessionOpen], () => {
      outcome.subscription.unsubscribe();
    });
    stage.cut(1);
    await stage.elapse(60);
    expect(ends).toEqual(['cancelled']);
  });

  it('a refusal that was lost with its connection comes after the resume, and counts as a result', async () => {
    begin({}, () => counting(stage, 60));
    const { session } = await open();
    stage.on(['sending', 'server', 1, ErrorMessage], () => {
      stage.cut(1);
    });
    const refused = new Outcome(session, {
      body: referenceBody(1, session.revision),
      metadata: REFERENCE_FIELDS,
    });
    await stage.elapse(5);
    const answered = new Outcome(session);
    await stage.elapse(30);
    expect(refused.error).toBeInstanceOf(OperationError);
    expect(refused.error).toMatchObject({ reason: 'refused', errorCode: CacheErrorCode.Miss });
    stage.cut(2);
    await stage.elapse(100);
    expect([answered.parts, answered.end]).toEqual([upTo(60), 'complete']);
  });

  it('a server that closes waits for no drain of a client longer than its own grace', async () => {
    begin({}, () => NEVER);
    const { session } = await open();
    new Outcome(session);
    await stage.elapse(10);
    void session.close({ drainTimeoutMs: 50_000 }).catch(() => undefined);
    await stage.elapse(10);
    const before = stage.scheduler.now();
    await stage.settled(stage.server.close({ graceMs: 40 }));
    expect(stage.scheduler.now() - before).toBeLessThan(100);
  });

  it('an attempt to resume that arrives after a newer one is refused', async () => {
    const verdicts = [new Subject<number>(), new Subject<number>()];
    let asked = 0;
    begin(
      { server: { policy: () => (asked++ === 0 ? SessionErrorCode.None : (verdicts.shift() ?? 0)) } },
      () => NEVER,
    );
    const held = [...verdicts];
    const { session } = await open({ allowResume: true });
    const token = session.granted.resumeTokenBytes;
    const opened = stage.sent.find(({ packet: { header } }) => header.messageType === SessionOpenAck);
    const resumeToken = opened?.packet.body.slice(0, token) ?? EMPTY;
    const statuses: SessionStatus[] = [];
    for (const resumeAttempt of [1, 2]) {
      const transport = await stage.settled(
        new Promise<{
          send(sent: ReturnType<typeof packet>): void;
          packets$: Observable<{ header: { messageType: number }; metadata: Uint8Array }>;
        }>((resolve) => {
          stage.tcp.connect().subscribe(resolve);
        }),
      );
      transport.packets$.subscribe({
        next: ({ header, metadata }) => {
          if (header.messageType !== SessionOpenAck) return;
          statuses[resumeAttempt] = SessionOpenAckMetadata.decode(metadata).sessionStatus;
        },
        error: () => undefined,
      });
      const extension = encodeSessionExtension({ receivedResults: 0, wantedOperations: [], resumeAttempt });
      const blocks = { resumeToken, auth: EMPTY, extension };
      const request = sessionOpen(
        { requestedSessionId: session.sessionId, allowResume: true, maxInFlightOperations: 1 },
        blocks,
      );
      transport.send(
        packet({ messageType: SessionOpen }, SessionOpenMetadata.encode(request), openBody(blocks)),
      );
      await stage.elapse(10);
    }
    const [first, second] = held;
    second?.next(SessionErrorCode.None);
    first?.next(SessionErrorCode.None);
    await stage.elapse(10);
    expect(statuses.slice(1)).toEqual([SessionStatus.Rejected, SessionStatus.Resumed]);
  });

  it('a cancel leaves before the submit that takes its place', async () => {
    begin({ server: { grantedOperationCredit: 4 } }, () => NEVER);
    const { session } = await open();
    sessions[0]?.grant(1, { scope: FlowScope.Connection });
    await stage.elapse(10);
    const first = new Outcome(session);
    new Outcome(session);
    await stage.elapse(10);
    first.subscription.unsubscribe();
    await stage.elapse(10);
    const order = stage.sent.flatMap(({ packet: { header } }) =>
      header.messageType === FrameSubmit || header.messageType === FrameCancel ? [header.messageType] : [],
    );
    expect(order).toEqual([FrameSubmit, FrameCancel, FrameSubmit]);
  });

  it('a session id is not asked for again before its session is known to be over', async () => {
    begin({}, () => NEVER);
    const { client, session } = await open({ requestedSessionId: 77 });
    const closed = session.close();
    const again = client.openSession({ requestedSessionId: 77 });
    await expect(again).rejects.toMatchObject({ errorCode: SessionErrorCode.SessionLimitReached });
    await stage.settled(closed);
    const reopened = await stage.settled(client.openSession({ requestedSessionId: 77 }));
    expect(reopened.sessionId).toBe(77);
    expect(stage.sent.filter(({ packet: { header } }) => header.messageType === SessionOpen)).toHaveLength(2);
  });
});
