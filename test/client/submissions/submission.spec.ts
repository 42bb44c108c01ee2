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
      body: new Uint8Array(0),
      subscriber,
      frameId: 0,
    });
  });

  it('sends a string as UTF-8, and bytes as they are', () => {
    expect(submission({ body: 'é' }, subscriber).body).toEqual(Uint8Array.of(0xc3, 0xa9));
    const body = Uint8Array.of(1, 2);
    expect(submission({ body }, subscriber).body).toBe(body);
  });

  it('has the fields that are given', () => {
    const { metadata } = submission({ metadata: { latencyBudgetMs: 30 } }, subscriber);
    expect(metadata).toEqual(FrameSubmitMetadata.of({ latencyBudgetMs: 30 }));
  });
});
