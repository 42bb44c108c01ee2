import { firstValueFrom, NEVER, Subject, type Observable } from 'rxjs';
import {
  MessageType,
  OperationError,
  SessionErrorCode,
  type ServerSession,
  type Submit,
  type SubmitEnd,
} from '../../../src';
import { sessionOpen } from '../../../src/client/options';
import { openBody } from '../../../src/protocol/session/open-blocks';
import type { PatchRequest } from '../../../src';
import { encodeSessionExtension } from '../../../src/protocol/session/session-extension';
import { CacheErrorCode } from '../../../src/wire/messages/cache';
import { FlowScope } from '../../../src/wire/messages/flow-update';
import {
  SessionOpenAckMetadata,
  SessionOpenMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import { EMPTY, packet } from '../../../src/wire/packet';
import { REFERENCE_FIELDS, referenceBody } from '../actors/submit-fields';
import { counting, Outcome, upTo } from './outcome';
import { RECONNECT, VirtualStage, type VirtualStageOptions } from './virtual-stage';

// What the simulation has found, each as small as it gets.

const { FrameCancel, FrameSubmit, Error: ErrorMessage, SessionOpen, SessionOpenAck } = MessageType;

describe('found by the simulation', () => {
  let stage: VirtualStage;
  let sessions: readonly ServerSession[];

  function begin(options: VirtualStageOptions, respond: (submit: Submit) => Observable<Uint8Array>): void {
    stage = new VirtualStage(options);
    sessions = stage.answer(respond);
  }

  afterEach(() => stage.end());

  it('a resume that arrives in the turn in which the outbox overflows saves the session', async () => {
    const answer = new Subject<Uint8Array>();
    begin({ server: { outbox: { maxResults: 1 } } }, () => answer);
    const { session } = await stage.open();
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
    const { session } = await stage.open();
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
    const { session } = await stage.open();
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

  it('what is unsubscribed while a resume is under way is cancelled after it', async () => {
    const ends: SubmitEnd[] = [];
    begin({ conditions: { latencyMs: [5, 5] } }, (submit) => {
      submit.ended$.subscribe((end) => ends.push(end));
      return NEVER;
    });
    const { session } = await stage.open();
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
    const { session } = await stage.open();
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
    const { session } = await stage.open();
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
    const { session } = await stage.open({ allowResume: true });
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
    const { session } = await stage.open();
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
    const { client, session } = await stage.open({ requestedSessionId: 77 });
    const closed = session.close();
    const again = client.openSession({ requestedSessionId: 77 });
    await expect(again).rejects.toMatchObject({ errorCode: SessionErrorCode.SessionLimitReached });
    await stage.settled(closed);
    const reopened = await stage.settled(client.openSession({ requestedSessionId: 77 }));
    expect(reopened.sessionId).toBe(77);
    expect(stage.sent.filter(({ packet: { header } }) => header.messageType === SessionOpen)).toHaveLength(2);
  });
});
