import { Observable, type Subscriber } from 'rxjs';
import { submission } from '../../../src/client/submissions/submission';
import type { ResultPush } from '../../../src/protocol/operation/result';
import { FrameSubmitMetadata } from '../../../src/wire/messages/frame-submit';

describe('a submission', () => {
  let subscriber: Subscriber<ResultPush>;

  beforeEach(() => {
    new Observable<ResultPush>((each) => {
      subscriber = each;
    }).subscribe();
  });

  it('has no id before it is sent, and nothing that was not said', () => {
    expect(submission({}, subscriber)).toEqual({
      metadata: FrameSubmitMetadata.of(),
      metadataBytes: FrameSubmitMetadata.encode(FrameSubmitMetadata.of()),
      body: new Uint8Array(0),
      subscriber,
      traceId: 0n,
      listener: undefined,
      calls: undefined,
      isCounted: true,
      frameId: 0,
      hasId: false,
      outweighs: false,
      parts: 0,
    });
  });

  it('sends a string as UTF-8, and bytes as they are', () => {
    expect(submission({ body: 'é' }, subscriber).body).toEqual(Uint8Array.of(0xc3, 0xa9));
    const body = Uint8Array.of(1, 2);
    expect(submission({ body }, subscriber).body).toBe(body);
  });

  it('has the fields that are given', () => {
    const { metadata, metadataBytes } = submission({ metadata: { latencyBudgetMs: 30 } }, subscriber);
    expect(metadata).toEqual(FrameSubmitMetadata.of({ latencyBudgetMs: 30 }));
    expect(FrameSubmitMetadata.decode(metadataBytes)).toEqual(metadata);
  });

  it.each([[7], [{}], [[1, 2]], [new ArrayBuffer(4)], [new DataView(new ArrayBuffer(4))], [null]])(
    'is none where the body is neither bytes nor a string: %p',
    (body) => {
      const make = () => submission({ body: body as unknown as string }, subscriber);
      expect(make).toThrow(/^the body of a submit must be a Uint8Array, got \w+$/);
    },
  );
});
