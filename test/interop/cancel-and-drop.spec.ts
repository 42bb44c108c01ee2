import { endWith, firstValueFrom, map, startWith, Subject } from 'rxjs';
import { decodeTokens } from '../../src/protocol/content/token-decoder';
import { OperationState } from '../../src/protocol/operation/operation';
import { ErrorScope } from '../../src/wire/messages/error-message';
import { MessageType } from '../../src/wire/message-type';
import { ResultClass } from '../../src/wire/messages/result-push';
import { bytesOf, cancelPacket, openPacket, text } from '../support/packets';
import { Inbox } from './inbox';
import { openMetadata } from './open-metadata';
import { rustError, stage } from './stage';

const on = stage();

describe('cancel, of the Rust client', () => {
  it('unsubscribes the handler at once, and nothing more is sent', async () => {
    const { rust, session } = await on.rustClient();
    const tokens = new Subject<string>();
    const cancels = new Inbox(session.cancels$);
    session.respond(({ frameId }) => (frameId === 1 ? tokens.pipe(startWith('one')) : ['two']));

    await rust.submit({ body: text('count') });
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
    expect(tokens.observed).toBe(true);

    await rust.cancelFrame(1);
    expect((await cancels.next()).frameId).toBe(1);
    expect(tokens.observed).toBe(false);
    tokens.next('too late');

    // The session goes on; what follows the cancel is the next operation's.
    await rust.submit({ body: text('again') });
    const event = await rust.awaitEvent();
    expect(event).toMatchObject({ event: 'result', frameId: 2 });
    if (event.event === 'result') expect(decodeTokens(event)).toEqual(['two']);
  });

  it('takes an operation out of the queue that nobody has started', async () => {
    const { rust, session } = await on.rustClient({ maxInFlightOperations: 4 });
    const submits = new Inbox(session.submits$);
    for (let id = 1; id <= 6; id += 1) await rust.submit({});
    const [first] = await submits.take(4);

    const cancels = new Inbox(session.cancels$);
    await rust.cancelFrame(5);
    expect((await cancels.next()).frameId).toBe(5);
    session.sendResult(first!.complete());
    expect((await submits.next()).frameId).toBe(6);
  });

  it('ends an operation by hand as well: its result is refused, and `ended$` says why', async () => {
    const { rust, session } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    await rust.submit({});
    const submit = await submits.next();

    await rust.cancelFrame(1);
    expect(await firstValueFrom(submit.ended$)).toBe('cancelled');
    expect(() => {
      session.sendResult(submit.complete());
    }).toThrow('operation 1 is unknown');
    // The pipeline form has nothing to say: a cancel and a result cross every day.
    session.results.next(submit.complete());

    await rust.submit({});
    session.sendResult((await submits.next()).complete());
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 2 });
  });

  it('is no fault where it crosses with the last result', async () => {
    const { rust, session } = await on.rustClient();
    session.respond(() => ['done']);
    await rust.submit({});
    const events = [await rust.awaitEvent(), await rust.awaitEvent()];
    expect(events).toMatchObject([{ frameId: 1 }, { frameId: 1 }]);

    await rust.cancelFrame(1);
    await rust.submit({});
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 2 });
  });

  it('of an operation that never was is answered with ERROR, which the Rust client does not take', async () => {
    const { port, rust, violations } = await on.rustClient();
    await rust.cancelFrame(99);
    expect(await violations.next()).toBe('protocol: operation 99 is unknown');
    expect(await rustError(rust.awaitEvent())).toBe(
      'UnexpectedMessage: client expected RESULT_PUSH, RESULT_DROP, or FLOW_UPDATE',
    );

    const raw = await on.rust.rawConnect(port);
    await raw.send(bytesOf(openPacket({ metadata: openMetadata({ requestedSessionId: 42 }) })));
    await raw.readPacket();
    await raw.send(bytesOf(cancelPacket({ frameId: 99 })));
    const error = await raw.readPacket();
    expect(error.header).toMatchObject({ messageType: MessageType.Error, sessionId: 42, frameId: 99 });
    expect(error.record).toMatchObject({
      errorScope: ErrorScope.Session,
      isFatal: false,
      relatedSessionId: 42,
      relatedFrameId: 99,
    });
    expect(await violations.next()).toBe('protocol: operation 99 is unknown');
  });
});

describe('cancel, of this client at a Rust server', () => {
  it('is what unsubscribing sends', async () => {
    const { rust, session } = await on.rustServer();
    const answer = new Inbox(session.submit({ body: 'count' }));
    await rust.receiveSubmit();
    await rust.sendResult({ frameId: 1, metadata: { resultClass: ResultClass.Partial } });
    await answer.next();

    answer.unsubscribe();
    expect(await rust.receiveCancel()).toBe(1);
    expect((await rust.snapshot()).operations).toEqual([
      { operationId: 1n, state: OperationState.Cancelled },
    ]);
  });

  it('is what `cancel` sends, and whoever waits hears of it', async () => {
    const { rust, session } = await on.rustServer();
    const answer = new Inbox(session.submit({}));
    await rust.receiveSubmit();

    session.cancel(1);
    await expect(answer.next()).rejects.toMatchObject({ reason: 'cancelled', sessionId: 1, frameId: 1 });
    expect(await rust.receiveCancel()).toBe(1);
  });

  it('makes results that are under way late, and no fault of the server', async () => {
    const { rust, session } = await on.rustServer();
    const cancelled = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    cancelled.unsubscribe();
    const next = new Inbox(session.submit({}));

    await rust.sendResult({ frameId: 1, metadata: { resultClass: ResultClass.Partial } });
    await rust.sendResult({ frameId: 1 });
    await rust.sendResultDrop(1);
    await rust.receiveCancel();
    expect((await rust.receiveSubmit()).frameId).toBe(2);
    await rust.sendResult({ frameId: 2 });
    expect(await next.rest()).toHaveLength(1);
    expect(cancelled.untaken()).toEqual([]);
  });

  it('sends nothing for a submit that waited for credit', async () => {
    const { rust, session } = await on.rustServer({ grantedOperationCredit: 1 });
    const first = new Inbox(session.submit({}));
    const waiting = new Inbox(session.submit({}));
    const third = new Inbox(session.submit({ body: 'third' }));
    waiting.unsubscribe();

    expect((await rust.receiveSubmit()).frameId).toBe(1);
    await rust.sendResult({ frameId: 1 });
    await first.rest();
    const submit = await rust.receiveSubmit();
    expect(submit.frameId).toBe(2);
    expect(new TextDecoder().decode(submit.body)).toBe('third');
    await rust.sendResult({ frameId: 2 });
    await third.rest();
  });
});

describe('drop, of this server', () => {
  it('is an event of the Rust client', async () => {
    const { rust, session } = await on.rustClient();
    session.submits$.pipe(map((submit) => submit.drop())).subscribe(session.results);
    await rust.submit({});
    expect(await rust.awaitEvent()).toEqual({ event: 'result_drop', frameId: 1 });
  });

  it('follows parts of an answer too', async () => {
    const { rust, session } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    await rust.submit({});
    const submit = await submits.next();
    session.sendResult(submit.partial(text('half')));
    session.sendResult(submit.drop());
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
    expect(await rust.awaitEvent()).toEqual({ event: 'result_drop', frameId: 1 });
  });

  it('is what a cancel of the application sends', async () => {
    const { rust, session } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    for (const _ of [1, 2]) await rust.submit({});
    const [, second] = await submits.take(2);
    expect(session.cancel(1)).toEqual([1]);
    session.sendResult(second!.complete());
    expect(await rust.awaitEvent()).toEqual({ event: 'result_drop', frameId: 1 });
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 2 });
  });

  it('is what a handler that throws costs, and nothing else', async () => {
    const { rust, session, failures } = await on.rustClient();
    session.respond(({ frameId }) => {
      if (frameId === 1) throw new Error('out of memory');
      return ['fine'];
    });
    await rust.submit({});
    expect(await rust.awaitEvent()).toEqual({ event: 'result_drop', frameId: 1 });
    expect(await failures.next()).toContain('out of memory');

    await rust.submit({});
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 2 });
  });

  it('is what results that fail cost every operation', async () => {
    const { rust, session, failures } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    for (const _ of [1, 2]) await rust.submit({});
    await submits.take(2);
    session.results.error(new Error('the model is gone'));
    expect(await rust.awaitEvent()).toEqual({ event: 'result_drop', frameId: 1 });
    expect(await rust.awaitEvent()).toEqual({ event: 'result_drop', frameId: 2 });
    expect(await failures.next()).toContain('the model is gone');
  });
});

describe('drop, of a Rust server', () => {
  it('errors the submit with a reason', async () => {
    const { rust, session } = await on.rustServer();
    const answer = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    await rust.sendResultDrop(1);
    await expect(answer.next()).rejects.toMatchObject({
      name: 'OperationError',
      reason: 'dropped',
      sessionId: 1,
      frameId: 1,
    });
  });

  it('follows parts of an answer, and leaves other operations alone', async () => {
    const { rust, session } = await on.rustServer();
    const dropped = new Inbox(session.submit({}));
    const other = new Inbox(session.submit({}).pipe(endWith('completed')));
    await rust.receiveSubmit();
    await rust.receiveSubmit();

    await rust.sendResult({ frameId: 1, metadata: { resultClass: ResultClass.Partial } });
    await rust.sendResultDrop(1);
    await rust.sendResult({ frameId: 2 });
    expect(await dropped.next()).toMatchObject({ frameId: 1 });
    await expect(dropped.next()).rejects.toMatchObject({ reason: 'dropped', frameId: 1 });
    expect(await other.rest()).toEqual([expect.objectContaining({ frameId: 2 }), 'completed']);
  });

  it('of an operation that was never submitted is a violation of the server', async () => {
    const { rust, session, violations } = await on.rustServer();
    const answer = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    await rust.sendResultDrop(2);
    expect(await violations.next()).toBe(
      'unexpected-message: client received RESULT_DROP of operation 2, which it never submitted',
    );
    await rust.sendResult({ frameId: 1 });
    expect(await answer.rest()).toHaveLength(1);
  });
});
