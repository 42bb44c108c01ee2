import { firstValueFrom, isObservable, take, toArray } from 'rxjs';
import type { Part } from '../../../src/protocol/content/parts/part';
import { encodeParts } from '../../../src/protocol/content/parts/encode-parts';
import { completeResult, partialResult } from '../../../src/protocol/operation/result';
import { encodeSummary } from '../../../src/protocol/operation/answer-summary';
import { settled } from '../../support/async';
import { text } from '../../support/packets';
import { told } from '../../support/served';
import { Stage } from './support';

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

const submitted = (): ReturnType<Stage['results']> => stage.results({ body: 'x' });

type Given = Parameters<typeof encodeParts>[0];

function partial(...parts: Given): void {
  const { body, metadata } = encodeParts(parts);
  const { payloadKindBitmap = 0, payloadFrameCount = 0 } = metadata;
  stage.submissions.take(partialResult(1, body, { payloadKindBitmap, payloadFrameCount }));
}

function bytes(...values: readonly number[]): void {
  stage.submissions.take(partialResult(1, Uint8Array.from(values)));
}

function end(summary = {}): void {
  const { body, fields } = encodeSummary(summary);
  stage.submissions.take(completeResult(1, body, fields));
}

const event: Part = { kind: 'event', value: { step: 1 } };
const audio: Part = { kind: 'audio', bytes: text('…') };
const summary: Part = { kind: 'summary', finishReason: 'stop' };

async function loop(parts: AsyncIterable<Part>): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const each of parts) seen.push(each);
    seen.push('|');
  } catch (error) {
    seen.push((error as Error).message);
  }
  return seen;
}

describe('the parts of an answer', () => {
  it('are an Observable, cold', () => {
    const { parts$ } = submitted();
    expect([isObservable(parts$), stage.news()]).toEqual([true, []]);
    const parts = told(parts$);
    partial({ kind: 'text', text: 'Call' }, event, audio);
    bytes(0xf0, 0x9f);
    partial(event);
    bytes(0x90, 0xb3);
    end({ finishReason: 'stop' });
    const whole = ['Call', '🐳'].map((text) => ({ kind: 'text', text }));
    expect(parts).toEqual([whole[0], event, audio, event, whole[1], summary, '|']);
  });

  it('are pulled by a loop, one by one, whatever results they came in', async () => {
    const seen = loop(submitted().parts$);
    partial(event, audio);
    await settled();
    partial();
    bytes(0xe2, 0x82);
    stage.submissions.take(completeResult(1));
    expect(await seen).toEqual([event, audio, { kind: 'text', text: '\ufffd' }, '|']);
    expect(stage.backlog.byteLength).toBe(0);
  });

  it('are all told, also where who hears of one causes the next result', () => {
    const seen: Part[] = [];
    submitted().parts$.subscribe((part) => {
      seen.push(part);
      if (seen.length === 1) partial(audio, event);
    });
    partial(event, audio);
    expect(seen).toHaveLength(4);
    expect(seen.filter(({ kind }) => kind === 'audio')).toHaveLength(2);
  });

  it('go to those who ask, in the order in which they ask', async () => {
    const iterator = submitted().parts$[Symbol.asyncIterator]();
    const asked = [1, 2, 3].map(() => iterator.next());
    partial(event, audio);
    stage.submissions.take(completeResult(1));
    expect((await Promise.all(asked)).map(({ value }) => value as unknown)).toEqual([
      event,
      audio,
      undefined,
    ]);
  });

  it('cancel where nobody wants more of them', async () => {
    const first = firstValueFrom(submitted().parts$.pipe(take(1), toArray()));
    partial(event, audio);
    expect(await first).toEqual([event]);
    const iterator = submitted().parts$[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await iterator.return!();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(stage.news()).toEqual(['submit 1', 'cancel 1', 'submit 2', 'cancel 2']);
  });

  it('cost the operation where a body is not what it says', async () => {
    const seen = loop(submitted().parts$);
    stage.submissions.take(partialResult(1, text('{'), { payloadKindBitmap: 0x10, payloadFrameCount: 1 }));
    expect(await seen).toEqual(['the source is too short: 32 bytes expected, 1 present']);
    await settled();
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
  });
});
