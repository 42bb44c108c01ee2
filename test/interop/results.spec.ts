import { from } from 'rxjs';
import { decodeTokens } from '../../src/protocol/content/token-decoder';
import { encodeTokens } from '../../src/protocol/content/token-delta';
import { BudgetPolicy, InputProfile, LossTolerance, SubmitMode } from '../../src/wire/messages/frame-submit';
import { PayloadKind, Profile } from '../../src/wire/messages/payload-kind';
import { ResultClass, ResultFlag } from '../../src/wire/messages/result-push';
import { text } from '../support/packets';
import { Inbox } from './inbox';
import type { RustClientEvent, RustClientSession } from './rust-peer';
import { stage } from './stage';

const on = stage();
const MIB = 1024 * 1024;
const utf8 = new TextDecoder();

/** One text a token; a character of several bytes is in one of them. */
const CALL_ME = ['Call', ' me', ' Ishmael', ' — “🐋”'];

function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >>> 8)) & 0xff);
}

async function nextResult(rust: RustClientSession): Promise<RustClientEvent & { event: 'result' }> {
  const event = await rust.awaitEvent();
  if (event.event !== 'result') throw new Error(`expected a result, got ${event.event}`);
  return event;
}

describe('results, of this server to the Rust client', () => {
  it('answers a submit with one result', async () => {
    const { rust, session } = await on.rustClient();
    const submits = new Inbox(session.submits$);

    expect(await rust.submit({ body: text('prompt') })).toBe(1);
    const submit = await submits.next();
    expect(submit.frameId).toBe(1);
    expect(utf8.decode(submit.body)).toBe('prompt');

    session.sendResult(submit.complete(text('answer'), { inferenceMs: 12 }));
    const result = await nextResult(rust);
    expect(result.frameId).toBe(1);
    expect(utf8.decode(result.body)).toBe('answer');
    expect(result.metadata).toMatchObject({ statusCode: 200, inferenceMs: 12, resultClass: 0 });
    expect(session.lastOperationId).toBe(1);
  });

  it('reads every field of a submit as the Rust client wrote it', async () => {
    const { rust, session } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    const metadata = {
      srcWidth: 1920,
      srcHeight: 1080,
      tileWidth: 64,
      tileHeight: 32,
      tileCount: 510,
      sectionCount: 3,
      frameClass: 4,
      inputProfile: InputProfile.DenseLumaFrame,
      tileIndexMode: 3,
      latencyBudgetMs: 33,
      targetFpsX100: 6000,
      retryOfFrame: 0xfffffffe,
      tileBaseId: 7,
      cameraBytes: 96,
      budgetPolicy: BudgetPolicy.AllowPartial | BudgetPolicy.AllowDrop,
      lossTolerancePolicy: LossTolerance.InheritSession,
      dependencyFrameId: 5,
      payloadKindBitmap: PayloadKind.Tensor | PayloadKind.OpaqueBytes,
      payloadFrameCount: 2,
    } as const;
    await rust.submit({ metadata, body: noise(3) });
    expect((await submits.next()).metadata).toEqual({
      ...metadata,
      tileIndexBytes: 0,
      submitMode: SubmitMode.Inline,
      objectRefMask: 0,
    });
  });

  it('streams tokens: partial results, then the one that completes', async () => {
    const { rust, session } = await on.rustClient();
    session.respond(() => from(CALL_ME));

    const { body, fields } = encodeTokens(['the', ' first', ' line']);
    const { payloadKindBitmap, payloadFrameCount } = fields;
    await rust.submit({ metadata: { payloadKindBitmap, payloadFrameCount }, body });

    for (const token of CALL_ME) {
      const part = await nextResult(rust);
      expect(part.frameId).toBe(1);
      expect(part.metadata).toMatchObject({
        statusCode: 200,
        resultFlags: ResultFlag.Partial,
        resultClass: ResultClass.Partial,
        activeProfileId: Profile.Token,
        payloadKindBitmap: PayloadKind.TokenChunk,
        payloadFrameCount: 1,
      });
      expect(decodeTokens(part)).toEqual([token]);
    }
    const last = await nextResult(rust);
    expect(last.metadata).toMatchObject({ resultFlags: 0, resultClass: ResultClass.Complete });
    expect(decodeTokens(last)).toEqual([]);
  });

  it('reads the tokens that the Rust client submits', async () => {
    const { rust, session } = await on.rustClient();
    session.respond((submit) => from(decodeTokens(submit)));

    const { body, fields } = encodeTokens(CALL_ME);
    const { payloadKindBitmap, payloadFrameCount } = fields;
    await rust.submit({ metadata: { payloadKindBitmap, payloadFrameCount }, body });

    const answer: string[] = [];
    for (const _ of CALL_ME) answer.push(...decodeTokens(await nextResult(rust)));
    expect(answer).toEqual(CALL_ME);
  });

  it('interleaves the parts of operations, and ends them in any order', async () => {
    const { rust, session } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    for (const prompt of ['a', 'b', 'c']) await rust.submit({ body: text(prompt) });
    const [a, b, c] = await submits.take(3);

    session.sendResult(b!.partial(text('b1')));
    session.sendResult(a!.partial(text('a1')));
    session.sendResult(b!.partial(text('b2')));
    session.sendResult(c!.complete(text('c.')));
    session.sendResult(a!.complete(text('a.')));
    session.sendResult(b!.complete(text('b.')));

    const heard: string[] = [];
    while (heard.length < 6) {
      const { frameId, body } = await nextResult(rust);
      heard.push(`${frameId} ${utf8.decode(body)}`);
    }
    expect(heard).toEqual(['2 b1', '1 a1', '2 b2', '3 c.', '1 a.', '2 b.']);
  });

  it('works on as many submits as are allowed in flight, and the others wait their turn', async () => {
    const { rust, session } = await on.rustClient({ maxInFlightOperations: 4 });
    const submits = new Inbox(session.submits$);
    for (let id = 1; id <= 50; id += 1) expect(await rust.submit({ body: text(`no ${id}`) })).toBe(id);
    // Answered after all of them were read.
    await rust.patchSession({});

    const working = submits.untaken();
    expect(working.map(({ frameId }) => frameId)).toEqual([1, 2, 3, 4]);
    for (let id = 1; id <= 50; id += 1) {
      const submit = working.shift()!;
      session.sendResult(submit.complete(submit.body));
      const { frameId, body } = await nextResult(rust);
      expect(`${frameId}: ${utf8.decode(body)}`).toBe(`${id}: no ${id}`);
      working.push(...submits.untaken());
      expect(working).toHaveLength(Math.min(4, 50 - id));
    }
    expect(session.lastOperationId).toBe(50);
  });

  it('carries a body of 1 MiB there and back', async () => {
    const { rust, session } = await on.rustClient();
    session.respond((submit) => [submit.partial(submit.body), submit.complete(submit.body)]);
    const body = noise(MIB);

    await rust.submit({ body });
    for (const _ of ['partial', 'complete']) {
      const result = await nextResult(rust);
      expect(result.body).toHaveLength(MIB);
      expect(Buffer.compare(result.body, body)).toBe(0);
    }
  });
});

describe('results, of a Rust server to this client', () => {
  it('takes one result', async () => {
    const { rust, session } = await on.rustServer();
    const answer = new Inbox(session.submit({ body: 'prompt' }));

    const submit = await rust.receiveSubmit();
    expect(submit.frameId).toBe(1);
    expect(utf8.decode(submit.body)).toBe('prompt');

    await rust.sendResult({ frameId: 1, metadata: { statusCode: 418, queueMs: 3 }, body: text('answer') });
    const [result] = await answer.rest();
    expect(result).toMatchObject({ frameId: 1, metadata: { statusCode: 418, queueMs: 3 } });
    expect(utf8.decode(result!.body)).toBe('answer');
    expect((await rust.snapshot()).operationCount).toBe(1);
  });

  it('reads every field of a result as the Rust server wrote it', async () => {
    const { rust, session } = await on.rustServer();
    const answer = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    const metadata = {
      statusCode: 0xffff,
      resultFlags: ResultFlag.Stale | ResultFlag.Fallback,
      sectionCount: 1,
      tileCount: 2,
      activeProfileId: 3,
      inferenceMs: 4,
      queueMs: 5,
      serverTotalMs: 6,
      tileBaseId: 7,
      tileIndexBytes: 8,
      resultClass: ResultClass.StaleReuse,
      appliedBudgetPolicy: 0x0f,
      reusedFrameId: 0xffffffff,
      coveredTileCount: 9,
      droppedTileCount: 10,
      payloadKindBitmap: 0x7f,
      payloadFrameCount: 11,
    } as const;
    await rust.sendResult({ frameId: 1, metadata });
    expect((await answer.rest()).map((result) => result.metadata)).toEqual([metadata]);
  });

  it('streams tokens: partial results, then the one that completes', async () => {
    const { rust, session } = await on.rustServer();
    const prompt = encodeTokens(['the', ' first', ' line']);
    const { payloadKindBitmap, payloadFrameCount } = prompt.fields;
    const answer = new Inbox(
      session.submit({ body: prompt.body, metadata: { payloadKindBitmap, payloadFrameCount } }),
    );

    expect(decodeTokens(await rust.receiveSubmit())).toEqual(['the', ' first', ' line']);
    for (const token of CALL_ME) {
      const { body, fields } = encodeTokens([token]);
      const metadata = {
        statusCode: 200,
        resultFlags: ResultFlag.Partial,
        resultClass: ResultClass.Partial,
        ...fields,
      };
      await rust.sendResult({ frameId: 1, metadata, body });
      expect(decodeTokens(await answer.next())).toEqual([token]);
    }
    await rust.sendResult({ frameId: 1, metadata: { statusCode: 200 } });
    expect(await answer.rest()).toMatchObject([{ metadata: { resultClass: ResultClass.Complete } }]);
  });

  it.each([ResultClass.StaleReuse, ResultClass.Degraded])('completes with result class %i', async (last) => {
    const { rust, session } = await on.rustServer();
    const answer = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    await rust.sendResult({ frameId: 1, metadata: { resultClass: ResultClass.Partial } });
    await rust.sendResult({ frameId: 1, metadata: { resultClass: last } });
    expect((await answer.rest()).map(({ metadata }) => metadata.resultClass)).toEqual([
      ResultClass.Partial,
      last,
    ]);
  });

  it('interleaves the parts of operations, which end in any order', async () => {
    const { rust, session } = await on.rustServer({ grantedOperationCredit: 4 });
    const answers = ['a', 'b', 'c'].map((body) => new Inbox(session.submit({ body })));
    for (const prompt of ['a', 'b', 'c']) {
      expect(utf8.decode((await rust.receiveSubmit()).body)).toBe(prompt);
    }

    const send = async (frameId: number, resultClass: ResultClass, body: string): Promise<void> => {
      await rust.sendResult({ frameId, metadata: { resultClass }, body: text(body) });
    };
    await send(2, ResultClass.Partial, 'b1');
    await send(1, ResultClass.Partial, 'a1');
    await send(2, ResultClass.Partial, 'b2');
    await send(3, ResultClass.Complete, 'c.');
    await send(1, ResultClass.Complete, 'a.');
    await send(2, ResultClass.Complete, 'b.');

    const heard = await Promise.all(answers.map((answer) => answer.rest()));
    expect(heard.map((results) => results.map(({ body }) => utf8.decode(body)))).toEqual([
      ['a1', 'a.'],
      ['b1', 'b2', 'b.'],
      ['c.'],
    ]);
  });

  it('carries a body of 1 MiB there and back', async () => {
    const { rust, session } = await on.rustServer();
    const body = noise(MIB);
    const answer = new Inbox(session.submit({ body }));

    const submit = await rust.receiveSubmit();
    expect(Buffer.compare(submit.body, body)).toBe(0);
    await rust.sendResult({ frameId: 1, body: submit.body });
    const [result] = await answer.rest();
    expect(result!.body).toHaveLength(MIB);
    expect(Buffer.compare(result!.body, body)).toBe(0);
  });
});
