import { AnswerStore } from '../../src/react/answer-store';
import type { ClientSession } from '../../src/client/session/session';
import { encodeSummary } from '../../src/protocol/operation/answer-summary';
import { failure } from '../../src/protocol/operation/failure';
import { endServed, Served } from '../support/served';
import { quiet, Stage } from './stage';

afterEach(endServed);

const ignore = (): void => undefined;

/** A store that somebody listens to, and what a render of each of its changes would show. */
function mounted(store: AnswerStore): string[] {
  const rendered: string[] = [];
  store.subscribe(() => {
    const { status, text } = store.snapshot();
    rendered.push(`${status}: ${text}`);
  });
  return rendered;
}

describe('an answer in a component', () => {
  let stage: Stage;
  let session: ClientSession;

  beforeEach(async () => {
    stage = new Stage();
    session = await stage.open();
  });

  it('is idle, waits, streams and is complete', async () => {
    const store = new AnswerStore(session, undefined);
    expect(store.snapshot()).toEqual({ status: 'idle', text: '' });
    const rendered = mounted(store);
    store.ask('Call me');
    await quiet();
    for (const text of ['Ish', 'mael']) {
      stage.answers[0]!.next(text);
      await quiet();
    }
    stage.answers[0]!.complete();
    await quiet();
    expect(stage.asked).toEqual(['Call me']);
    expect(rendered).toEqual(['waiting: ', 'streaming: Ish', 'streaming: Ishmael', 'complete: Ishmael']);
    expect(store.snapshot()).toEqual({ status: 'complete', text: 'Ishmael', summary: {} });
  });

  it('has the summary that the last result carries', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((opened) => {
      opened.submits$.subscribe((submit) => {
        const { body, fields } = encodeSummary({ finishReason: 'stop' });
        opened.sendResult(submit.complete(body, fields));
      });
    });
    const store = new AnswerStore(await served.open(), undefined);
    mounted(store);
    store.ask('Call me');
    await quiet();
    expect(store.snapshot()).toEqual({ status: 'complete', text: '', summary: { finishReason: 'stop' } });
  });

  it.each([undefined, null, {}, Promise.resolve()])('is not one of %p: that is no session', (given) => {
    expect(() => new AnswerStore(given as never, undefined)).toThrow(
      /^the session of useAnswer must be a ClientSession, opened before it is rendered, got /,
    );
  });

  it('says why there is none', async () => {
    const store = new AnswerStore(session, undefined);
    mounted(store);
    store.ask('Call me');
    await quiet();
    stage.answers[0]!.error(failure(429, 'later'));
    await quiet();
    expect(store.snapshot()).toMatchObject({
      status: 'failed',
      text: '',
      error: { reason: 'failed', status: 429, text: 'later' },
    });
  });

  it('is stopped with the text that there is', async () => {
    const store = new AnswerStore(session, undefined);
    mounted(store);
    store.ask('Call me');
    await quiet();
    stage.answers[0]!.next('Ish');
    await quiet();
    store.stop();
    await quiet();
    expect(store.snapshot()).toEqual({ status: 'stopped', text: 'Ish' });
    expect(stage.over).toBe(1);
    store.stop();
    expect(store.snapshot()).toEqual({ status: 'stopped', text: 'Ish' });
  });

  it('gives way to the next', async () => {
    const store = new AnswerStore(session, undefined);
    mounted(store);
    store.ask('one');
    await quiet();
    stage.answers[0]!.next('1');
    await quiet();
    store.ask('two');
    expect(store.snapshot()).toEqual({ status: 'waiting', text: '' });
    await quiet();
    expect(stage.over).toBe(1);
    stage.answers[0]!.next('1');
    stage.answers[1]!.next('2');
    await quiet();
    expect(store.snapshot()).toEqual({ status: 'streaming', text: '2' });
  });

  it('is submitted once, whatever is asked in one turn', async () => {
    const store = new AnswerStore(session, undefined);
    mounted(store);
    store.ask('one');
    store.ask('two');
    await quiet();
    expect(stage.asked).toEqual(['two']);
  });

  it('may be asked for in the turn in which its component mounts, as a child does', async () => {
    const store = new AnswerStore(session, undefined);
    store.ask('Call me');
    mounted(store);
    await quiet();
    expect(stage.asked).toEqual(['Call me']);
  });

  it('is never submitted where nobody listens', async () => {
    const store = new AnswerStore(session, undefined);
    store.ask('Call me');
    await quiet();
    expect(stage.asked).toEqual([]);
    expect(store.snapshot()).toEqual({ status: 'stopped', text: '' });
  });

  it('survives to be mounted twice in one turn, and stops when it is unmounted', async () => {
    const store = new AnswerStore(session, undefined);
    store.subscribe(ignore)();
    const unmount = store.subscribe(ignore);
    store.ask('Call me');
    await quiet();
    unmount();
    const unmountAgain = store.subscribe(ignore);
    await quiet();
    expect(stage.over).toBe(0);
    unmountAgain();
    await quiet();
    expect([stage.asked, stage.over]).toEqual([['Call me'], 1]);
  });

  it('goes on where a page that was loaded again has taken it up', async () => {
    session.submit({ body: 'Call me' }).subscribe({ error: ignore });
    await quiet();
    stage.answers[0]!.next('Ish');
    await quiet();
    const resumed = await stage.reload(session);
    const store = new AnswerStore(resumed, resumed.operations[0]);
    expect(store.snapshot()).toEqual({ status: 'waiting', text: '' });
    store.subscribe(ignore)();
    const rendered = mounted(store);
    await quiet();
    stage.answers[0]!.next('mael');
    stage.answers[0]!.complete();
    await quiet();
    expect(rendered.at(-1)).toBe('complete: Ishmael');
    expect(stage.asked).toEqual(['Call me']);
  });

  it.each([
    ['is replaced', (store: AnswerStore) => store.ask('Call me again')],
    ['is stopped', (store: AnswerStore) => store.stop()],
    ['is left', ignore],
  ])('that was taken up, and %s before it is followed, is cancelled', async (_, leave) => {
    session.submit({ body: 'Call me' }).subscribe({ error: ignore });
    await quiet();
    stage.answers[0]!.next('Ish');
    await quiet();
    const resumed = await stage.reload(session);
    const store = new AnswerStore(resumed, resumed.operations[0]);
    expect(stage.over).toBe(0);
    const unmount = store.subscribe(ignore);
    leave(store);
    if (leave === ignore) unmount();
    await quiet();
    expect(stage.over).toBe(1);
  });
});
