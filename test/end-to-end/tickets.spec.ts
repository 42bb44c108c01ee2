import { EmptyError } from 'rxjs';
import { SessionRejectedError } from '../../src/client/errors';
import { accept } from '../../src/server/opening/policy';
import type { ServerOptions } from '../../src/server/options';
import type { ServerSession } from '../../src/server/session/session';
import { CloseReason } from '../../src/wire/messages/session-close';
import { SessionErrorCode } from '../../src/wire/messages/session-open';
import type { RevisionName } from '../../src/wire/message';
import { settled } from '../support/async';
import { endServed, Served, told } from '../support/served';
import { seen, ticketOf, TicketStage } from './ticket-stage';

afterEach(endServed);

describe.each<RevisionName>(['preview3', 'preview4'])('a ticket of a session in %s', (revision) => {
  const retain = { retain: {} };

  it('gives a page that is loaded again the answers that run, whole, and goes on with them', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    const ticket = await ticketOf(session);
    told(session.submit({ body: 'one' }));
    told(session.submit({ body: 'two' }));
    await stage.give(0, ['a', 'b']);
    await stage.give(1, ['x']);
    await stage.leave();
    await stage.give(0, ['c']);
    const again = seen(await stage.resume(ticket));
    await stage.give(0, ['d'], 'end');
    await stage.give(1, ['y']);
    expect(again).toEqual([
      { operationId: 1, asked: 'one', isWhole: true, text: ['a', 'b', 'c', 'd', '|'] },
      { operationId: 2, asked: 'two', isWhole: true, text: ['x', 'y'] },
    ]);
    expect(stage.served.failures).toEqual([]);
    expect(stage.served.violations).toEqual([]);
  });

  it('gives an answer that ended while nobody was there, or just before, and for so long only', async () => {
    const stage = new TicketStage({ retain: { ms: 1000 } }, revision);
    const session = await stage.open();
    told(session.submit({ body: 'one' }));
    await stage.give(0, ['a', 'b'], 'end');
    const ticket = await ticketOf(session);
    await stage.pass(900);
    await stage.leave();
    const again = await stage.resume(ticket);
    await settled();
    expect(seen(again)).toMatchObject([{ asked: 'one', isWhole: true }]);
    const second = await ticketOf(again);
    await stage.pass(100);
    expect(stage.served.server.usage.retainedBytes).toBe(0);
    expect((await stage.resume(second)).operations).toEqual([]);
  });

  it('numbers what is submitted after, and survives a cut like any other session', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    told(session.submit({ body: 'one' }));
    await stage.give(0, ['a']);
    const ticket = await ticketOf(session);
    await stage.leave();
    const again = await stage.resume(ticket, { reconnect: { minDelayMs: 10, jitter: 0 } });
    const [one] = seen(again);
    const two = told(again.submit({ body: 'two' }).text$);
    await stage.give(1, ['x']);
    stage.served.endpoint.cut();
    await stage.give(0, ['b']);
    await stage.pass(10);
    await stage.give(0, ['c'], 'end');
    await stage.give(1, ['y'], 'end');
    expect(one?.text).toEqual(['a', 'b', 'c', '|']);
    expect(two).toEqual(['x', 'y', '|']);
    expect(stage.answers.length).toBe(2);
  });

  it('renews itself with the token', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    const tickets = told(session.ticket$);
    expect(tickets.length).toBe(1);
    stage.served.endpoint.cut();
    await stage.pass(200);
    expect(tickets.length).toBe(2);
    expect(tickets[1]).not.toBe(tickets[0]);
    await session.close();
    expect(tickets.at(-1)).toBe('|');
    await expect(ticketOf(session)).rejects.toBeInstanceOf(EmptyError);
  });

  it('gives the session to the later of two, and the earlier does not come back for it', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    const ticket = await ticketOf(session);
    const answer = told(session.submit({ body: 'one' }).text$);
    const states = told(session.state$);
    await stage.give(0, ['a']);
    const again = await stage.resume(ticket, { reconnect: {} });
    const [one] = seen(again);
    const statesAgain = told(again.state$);
    await settled();
    expect(states).toEqual(['open', 'closed', '|']);
    expect(session.ended).toMatchObject({ by: 'taken-over', mayOpenAgain: false });
    expect(answer).toMatchObject(['a', { reason: 'taken-over' }]);
    await stage.pass(60_000);
    await stage.give(0, ['b'], 'end');
    expect(one?.text).toEqual(['a', 'b', '|']);
    expect(statesAgain).toEqual(['resumed']);
    // The same ticket, of a tab that was duplicated before.
    const third = await stage.resume(ticket);
    await settled();
    expect(again.ended).toMatchObject({ by: 'taken-over' });
    expect(seen(third)).toMatchObject([{ asked: 'one', isWhole: true }]);
  });

  it.each(['there', 'away'])(
    'ends what waits of the earlier as what is in flight, where that is %s',
    async (where) => {
      const stage = new TicketStage(retain, revision);
      const session = await stage.open();
      const ticket = await ticketOf(session);
      const ends = Array.from({ length: 6 }, (_, n) => told(session.submit({ body: String(n) })));
      await settled();
      // What is submitted later, also as it hears of the end of another, ends so, too.
      const again: unknown[][] = [];
      session
        .submit({ body: 'last' })
        .subscribe({ error: () => again.push(told(session.submit({ body: 'more' }))) });
      if (where === 'away') await stage.leave();
      await stage.resume(ticket);
      await stage.pass(10_000);
      expect(stage.answers.length).toBe(4);
      const sent = { reason: 'taken-over', outcome: 'unknown', sessionEnd: { by: 'taken-over' } };
      const unsent = {
        reason: 'taken-over',
        outcome: 'not-run',
        frameId: 0,
        message: expect.stringContaining('and it was never sent') as string,
        sessionEnd: { by: 'taken-over' },
      };
      expect(ends.flat()).toMatchObject([sent, sent, sent, sent, unsent, unsent]);
      expect(again).toMatchObject([[unsent]]);
    },
  );

  it('is refused to the earlier where that was away when it was taken over', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    const ticket = await ticketOf(session);
    await stage.leave();
    const again = await stage.resume(ticket);
    await stage.pass(10_000);
    expect(session.ended).toMatchObject({ by: 'taken-over', mayOpenAgain: false });
    expect(again.ended).toBeUndefined();
    expect(stage.served.server.usage.sessions).toBe(1);
  });

  it('is refused as taken over also where the later one has come back by itself since', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    const ticket = await ticketOf(session);
    const answer = told(session.submit({ body: 'one' }).text$);
    await stage.leave();
    const again = await stage.resume(ticket, { reconnect: { minDelayMs: 10, jitter: 0 } });
    await stage.leave();
    await stage.pass(10);
    // What the server hears of it says that it has its new token.
    told(again.submit({ body: 'two' }));
    await stage.pass(10_000);
    expect(answer).toMatchObject([{ reason: 'taken-over' }]);
    expect(session.ended).toMatchObject({ by: 'taken-over', mayOpenAgain: false });
    expect(again.ended).toBeUndefined();
    // Its ticket is older than one that was used.
    await expect(stage.resume(ticket)).rejects.toMatchObject({ errorCode: SessionErrorCode.ResumeRejected });
  });

  it('is of no use once a newer one was used', async () => {
    const stage = new TicketStage(retain, revision);
    const first = await ticketOf(await stage.open());
    const second = await ticketOf(await stage.resume(first));
    await stage.resume(second);
    await expect(stage.resume(first)).rejects.toMatchObject({ errorCode: SessionErrorCode.ResumeRejected });
  });

  it('gives what comes after those that it counts where the server keeps nothing', async () => {
    const stage = new TicketStage({}, revision);
    const session = await stage.open();
    told(session.submit({ body: 'one' }));
    await stage.give(0, ['a', 'b']);
    const ticket = await ticketOf(session);
    await stage.give(0, ['c']);
    await stage.leave();
    await stage.give(0, ['d']);
    const again = seen(await stage.resume(ticket));
    await stage.give(0, ['e'], 'end');
    expect(again).toEqual([{ operationId: 1, asked: 'one', isWhole: false, text: ['c', 'd', 'e', '|'] }]);
  });

  it('is refused where that would leave a gap', async () => {
    const stage = new TicketStage({}, revision);
    const session = await stage.open();
    const ticket = await ticketOf(session);
    told(session.submit({ body: 'one' }));
    await stage.give(0, ['a', 'b']);
    // Proves what was received, so that the server keeps it no more.
    await stage.pass(15_000);
    await stage.leave();
    const refused = stage.resume(ticket);
    await expect(refused).rejects.toBeInstanceOf(SessionRejectedError);
    await expect(refused).rejects.toMatchObject({ errorCode: SessionErrorCode.ResumeRejected });
  });

  it('gives answers that are larger than the server keeps from where it was given', async () => {
    const stage = new TicketStage({ retain: { bytes: 4096 } }, revision);
    const session = await stage.open();
    told(session.submit({ body: 'one' }));
    await stage.give(0, ['a', 'x'.repeat(4096), 'b']);
    told(session.submit({ body: 'two' }));
    await stage.give(1, ['y']);
    const ticket = await ticketOf(session);
    await stage.leave();
    await stage.give(0, ['c']);
    expect(seen(await stage.resume(ticket))).toMatchObject([
      { operationId: 1, asked: 'one', isWhole: false },
      { operationId: 2, asked: 'two', isWhole: true },
    ]);
    expect(stage.served.server.usage.retainedBytes).toBeLessThanOrEqual(4096);
  });

  it('leaves out what ended long ago, whatever of it was proved', async () => {
    const stage = new TicketStage({ retain: { ms: 1000 } }, revision);
    const session = await stage.open();
    const ticket = await ticketOf(session);
    told(session.submit({ body: 'one' }));
    await stage.give(0, ['a'], 'end');
    await stage.pass(15_000);
    told(session.submit({ body: 'two' }));
    await stage.give(1, ['b'], 'end');
    await stage.pass(1000);
    told(session.submit({ body: 'three' }));
    await stage.give(2, ['c']);
    await stage.leave();
    expect(seen(await stage.resume(ticket))).toMatchObject([{ asked: 'three', isWhole: true }]);
  });

  it('is refused where an answer ended meanwhile, and there was no room to keep it', async () => {
    const stage = new TicketStage({ retain: { bytes: 2048 } }, revision);
    const session = await stage.open();
    const ticket = await ticketOf(session);
    told(session.submit({ body: 'one' }));
    await stage.give(0, ['a']);
    await stage.pass(15_000);
    await stage.leave();
    await stage.give(0, ['x'.repeat(2048)], 'end');
    await expect(stage.resume(ticket)).rejects.toBeInstanceOf(SessionRejectedError);
  });

  it('gives nobody what its client has cancelled', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    const asked = session.submit({ body: 'one' }).subscribe({ error: () => undefined });
    await stage.give(0, ['a']);
    const ticket = await ticketOf(session);
    asked.unsubscribe();
    await settled();
    await stage.leave();
    expect((await stage.resume(ticket)).operations).toEqual([]);
  });

  it('cancels an answer that its new page does not want', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    told(session.submit({ body: 'one' }));
    await stage.give(0, ['a']);
    const ticket = await ticketOf(session);
    await stage.leave();
    const again = await stage.resume(ticket);
    again.operations[0]!.results.subscribe().unsubscribe();
    await settled();
    expect(stage.answers[0]!.observed).toBe(false);
    expect(stage.served.server.usage).toMatchObject({ operationsInFlight: 0, retainedBytes: 0 });
    expect(() => again.operations[0]!.results[Symbol.asyncIterator]()).toThrow(TypeError);
  });

  it('tells all that was sent, however long', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    const body = 'question '.repeat(20_000);
    told(session.submit({ body, metadata: { latencyBudgetMs: 60_000 } }));
    await stage.give(0, ['a']);
    const ticket = await ticketOf(session);
    await stage.leave();
    const [operation] = (await stage.resume(ticket)).operations;
    expect(operation?.sent?.text).toBe(body);
    expect(operation?.sent?.metadata.latencyBudgetMs).toBe(60_000);
  });

  it('is for the owner alone', async () => {
    const policy: ServerOptions['policy'] = ({ auth }) =>
      accept(undefined, { owner: new TextDecoder().decode(auth) });
    const stage = new TicketStage({ ...retain, policy }, revision);
    const client = await stage.served.connect({ scheduler: stage.time, revision });
    const session = await client.openSession({ reconnect: {}, auth: 'me' });
    const ticket = await ticketOf(session);
    await expect(stage.resume(ticket, { auth: 'you' })).rejects.toBeInstanceOf(SessionRejectedError);
    expect(session.ended).toBeUndefined();
    expect((await stage.resume(ticket, { auth: 'me' })).sessionId).toBe(session.sessionId);
  });

  it('has a session of any id in its place, once the server has ended it', async () => {
    const asked: number[] = [];
    const policy: ServerOptions['policy'] = ({ open }) => {
      asked.push(open.requestedSessionId);
      return true;
    };
    const stage = new TicketStage({ ...retain, policy }, revision);
    const served: ServerSession[] = [];
    stage.served.server.sessions$.subscribe((session) => served.push(session));
    const ticket = await ticketOf(await stage.open());
    const again = await stage.resume(ticket, { reconnect: {} });
    const { sessionId } = again;
    const states = told(again.state$);
    void served[0]!.close({ closeReason: CloseReason.ServerShutdown });
    await stage.pass(2_000);
    expect(states).toEqual(['resumed', 'reconnecting', 'reopened']);
    expect(asked).toEqual([0, sessionId, 0]);
  });

  it('keeps nothing once the session is over', async () => {
    const stage = new TicketStage(retain, revision);
    const session = await stage.open();
    told(session.submit({ body: 'one' }));
    await stage.give(0, ['a'], 'end');
    expect(stage.served.server.usage.retainedBytes).toBeGreaterThan(0);
    await session.close();
    expect(stage.served.server.usage.retainedBytes).toBe(0);
  });
});

it('is taken up in its revision, whatever the client speaks besides', async () => {
  const stage = new TicketStage({ retain: {} }, 'preview4');
  const session = await stage.open();
  told(session.submit({ body: 'one' }));
  await stage.give(0, ['a']);
  const ticket = await ticketOf(session);
  await stage.leave();
  const client = await stage.served.connect({ scheduler: stage.time });
  const again = seen(await client.resumeSession(ticket));
  await stage.give(0, ['b'], 'end');
  expect(again).toMatchObject([{ text: ['a', 'b', '|'] }]);
});

it('has no ticket where the session cannot be resumed', async () => {
  const served = new Served();
  const { client } = await served.session();
  expect(told(client.ticket$)).toEqual(['|']);
});
