import { firstValueFrom, map, NEVER, timer, type Observable } from 'rxjs';
import {
  MessageType,
  SessionErrorCode,
  SessionRejectedError,
  type Submit,
  type SubmitEnd,
} from '../../../src';
import { counting, Outcome, upTo } from './outcome';
import { RECONNECT, VirtualStage, type VirtualStageOptions } from './virtual-stage';

// What the simulation has found of sessions that move, each as small as it gets.

const { SessionOpen } = MessageType;

describe('a move, found by the simulation:', () => {
  let stage: VirtualStage;

  function begin(options: VirtualStageOptions, respond: (submit: Submit) => Observable<Uint8Array>): void {
    stage = new VirtualStage(options);
    stage.answer(respond);
  }

  afterEach(() => stage.end());

  it('a session that moves has not received what its old connection still brings, and does not say so', async () => {
    let opens = 0;
    const policy = (): Observable<number> =>
      timer(opens++ === 0 ? 0 : 20, stage.scheduler).pipe(map(() => SessionErrorCode.None));
    begin({ server: { outbox: { maxResults: 40 }, policy } }, () => counting(stage, 80));
    const { session } = await stage.open();
    const outcome = new Outcome(session);
    await stage.elapse(30);
    await stage.settled(session.moveTo(stage.webSocket));
    await stage.elapse(200);
    expect([outcome.parts, outcome.end]).toEqual([upTo(80), 'complete']);
  });

  it('a session whose new connection is lost on the way stays where it was', async () => {
    begin({}, () => counting(stage, 40));
    const { session } = await stage.open({ allowResume: true });
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
    const { client, session } = await stage.open();
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
    const { client, session } = await stage.open();
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
    const { session } = await stage.open({
      requestedSessionId: 9,
      reconnect: { ...RECONNECT, reopen: true },
    });
    const outcome = new Outcome(session);
    await stage.elapse(10);
    await expect(stage.settled(session.moveTo(stage.webSocket))).rejects.toBeInstanceOf(SessionRejectedError);
    await stage.elapse(50);
    expect([outcome.end, ends]).toEqual(['error', ['closed']]);
    expect([stage.server.sessionCount, session.sessionId]).toEqual([1, 9]);
    expect(await firstValueFrom(session.state$)).toBe('reopened');
  });

  it.each([
    ['goes on where one is opened', SessionErrorCode.None, 'open', false],
    ['is closed where none is', SessionErrorCode.AuthFailed, 'rejected', true],
  ])('a connection that was moved from waits for its open, and %s', async (_, code, became, isClosed) => {
    const late = (): Observable<number> => timer(100, stage.scheduler).pipe(map(() => code));
    const verdicts = [() => SessionErrorCode.None, late];
    const policy = (): number | Observable<number> => verdicts.shift()?.() ?? SessionErrorCode.None;
    begin({ server: { policy, migrateGraceMs: 10 } }, () => NEVER);
    const { client, session } = await stage.open();
    const opened = client.openSession().then(
      ({ state }) => state,
      () => 'rejected',
    );
    await stage.settled(session.moveTo(stage.webSocket));
    await stage.elapse(50);
    expect(stage.ends(1).client.isOver).toBe(false);
    expect(await stage.settled(opened)).toBe(became);
    await stage.elapse(50);
    expect([stage.ends(1).client.isOver, stage.ends(2).client.isOver]).toEqual([isClosed, false]);
  });

  it('a session that can neither move nor stay yet has not received what its connection brings meanwhile', async () => {
    const verdicts = [SessionErrorCode.None, SessionErrorCode.AuthFailed, SessionErrorCode.AuthFailed];
    begin({ server: { policy: () => verdicts.shift() ?? SessionErrorCode.None } }, () => counting(stage, 40));
    const reconnect = { ...RECONNECT, minDelayMs: 10, maxDelayMs: 10, reopen: true };
    const { session } = await stage.open({ reconnect });
    const outcome = new Outcome(session);
    await stage.elapse(10);
    await expect(stage.settled(session.moveTo(stage.webSocket))).rejects.toBeInstanceOf(SessionRejectedError);
    await stage.elapse(200);
    expect([outcome.parts, outcome.end, stage.connections.length]).toEqual([upTo(40), 'complete', 2]);
  });

  it('a client that is closed while a session moves has nothing left', async () => {
    begin({ conditions: { latencyMs: [5, 5] } }, () => NEVER);
    const { client, session } = await stage.open();
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
});
