import { firstValueFrom, isObservable, take, toArray } from 'rxjs';
import { encodeSummary } from '../../../src/protocol/operation/answer-summary';
import { completeResult, partialResult } from '../../../src/protocol/operation/result';
import { encodeTokens } from '../../../src/protocol/content/token-delta';
import { settled } from '../../support/async';
import { text } from '../../support/packets';
import { endServed, Served, told } from '../../support/served';
import { Stage } from './support';

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(endServed);

const submitted = (): ReturnType<Stage['results']> => stage.results({ body: 'x' });

function part(...words: readonly string[]): void {
  const { body, fields } = encodeTokens(words);
  stage.submissions.take(partialResult(1, body, fields));
}

function bytes(...values: readonly number[]): void {
  stage.submissions.take(partialResult(1, Uint8Array.from(values)));
}

function end(): void {
  stage.submissions.take(completeResult(1));
}

async function loop(texts: AsyncIterable<string>): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const each of texts) seen.push(each);
    seen.push('|');
  } catch (error) {
    seen.push(error);
  }
  return seen;
}

describe('the text of an answer', () => {
  it('is an Observable, cold', async () => {
    const { text$ } = submitted();
    expect([isObservable(text$), stage.news()]).toEqual([true, []]);
    const texts = told(text$);
    part('Call', ' me');
    part();
    bytes(0xf0, 0x9f, 0x90);
    bytes(0xb3);
    end();
    expect(texts).toEqual(['Call me', '🐳', '|']);
  });

  it('is pulled by a loop, in whole characters, none of them empty', async () => {
    const seen = loop(submitted().text$);
    part('Call');
    part();
    bytes(0xf0, 0x9f, 0x90);
    await settled();
    bytes(0xb3);
    bytes(0xe2, 0x82);
    end();
    expect(await seen).toEqual(['Call', '🐳', '\ufffd', '|']);
    expect(stage.backlog.byteLength).toBe(0);
  });

  it('goes to those who ask, in the order in which they ask', async () => {
    const iterator = submitted().text$[Symbol.asyncIterator]();
    const asked = [1, 2, 3].map(() => iterator.next());
    part('');
    part('a');
    part('b');
    end();
    expect((await Promise.all(asked)).map(({ value }) => value)).toEqual(['a', 'b', undefined]);
  });

  it('cancels at once where its loop is left, though it waits', async () => {
    const iterator = submitted().text$[Symbol.asyncIterator]();
    const waiting = iterator.next();
    expect(await iterator.return!()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
  });

  it('cancels where it is unsubscribed from', async () => {
    const first = firstValueFrom(submitted().text$.pipe(take(1), toArray()));
    part('a');
    expect(await first).toEqual(['a']);
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
  });

  it('fails where a body is not what its record says, and cancels', async () => {
    const seen = loop(submitted().text$);
    const { fields } = encodeTokens(['a']);
    stage.submissions.take(partialResult(1, text('no regions'), fields));
    expect(await seen).toEqual([expect.objectContaining({ name: 'NnrpError' })]);
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
  });

  it('fails the first of those who wait, and leaves nothing to the others', async () => {
    const iterator = submitted().text$[Symbol.asyncIterator]();
    const asked = [1, 2].map(() => iterator.next());
    bytes(0xf0, 0x9f);
    stage.submissions.fail(1, 'dropped');
    await expect(asked[0]).rejects.toMatchObject({ reason: 'dropped' });
    expect(await asked[1]).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('ends with the error of its operation', async () => {
    const seen = loop(submitted().text$);
    part('a');
    stage.submissions.fail(1, 'failed', { errorCode: 429, text: 'slowly' });
    expect(await seen).toEqual(['a', expect.objectContaining({ status: 429 })]);
  });
});

describe('an answer that is wanted whole', () => {
  it('has all of its text', async () => {
    const whole = submitted().whole();
    part('Call', ' me');
    bytes(0xf0, 0x9f, 0x90);
    bytes(0xb3);
    end();
    expect(await whole).toEqual({ text: 'Call me🐳' });
  });

  it('rejects with the error of its operation', async () => {
    const whole = submitted().whole();
    part('a');
    stage.submissions.fail(1, 'failed', { errorCode: 429 });
    await expect(whole).rejects.toMatchObject({ status: 429 });
  });

  it('has what its last result says of it', async () => {
    const summary = { usage: { inputTokens: 9, outputTokens: 2 }, model: 'small', finishReason: 'stop' };
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond(async function* (submit) {
        yield 'Call';
        yield ' me';
        const { body, fields } = encodeSummary(summary);
        yield submit.complete(body, fields);
      }),
    );
    const session = await served.open();
    expect(await session.submit({}).whole()).toEqual({ text: 'Call me', ...summary });
    expect(await loop(session.submit({}).text$)).toEqual(['Call', ' me', '|']);
  });

  it.each([
    ['null'],
    ['"summary"'],
    ['{"type":"other","model":"x"}'],
    ['{"type":"summary","usage":{"inputTokens":-1,"outputTokens":2},"model":7,"finishReason":null}'],
    ['{'],
  ])('leaves out what is none: %s', async (json) => {
    const whole = submitted().whole();
    const { body, fields } = encodeSummary({});
    const length = body.length;
    // As long as the event that it replaces: only its JSON is another.
    const event = text(json.padEnd(18).slice(0, 18));
    const changed = new Uint8Array(body);
    changed.set(event, length - 18);
    stage.submissions.take(completeResult(1, changed, fields));
    expect(await whole).toEqual({ text: '' });
  });
});
