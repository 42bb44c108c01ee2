import {
  completeResult,
  dropResult,
  isTerminal,
  partialResult,
  STATUS_OK,
} from '../../../src/protocol/operation/result';
import { resultPacket } from '../../../src/protocol/operation/result-packet';
import { encodePacket } from '../../../src/wire/encode-packet';
import { NnrpError } from '../../../src/wire/errors';
import { header } from '../../../src/wire/header';
import { MessageType } from '../../../src/wire/message-type';
import { ResultClass, ResultFlag, ResultPushMetadata } from '../../../src/wire/messages/result-push';
import { decodePacket } from '../../../src/wire/packet';

const body = Uint8Array.of(1, 2);

describe('a result', () => {
  it('is a part of an answer, marked as such twice', () => {
    expect(partialResult(7, body)).toEqual({
      type: 'push',
      frameId: 7,
      body,
      metadata: ResultPushMetadata.of({
        statusCode: STATUS_OK,
        resultFlags: ResultFlag.Partial,
        resultClass: ResultClass.Partial,
      }),
    });
  });

  it('is the end of an answer, or all of it', () => {
    const metadata = ResultPushMetadata.of({ statusCode: 200, resultClass: ResultClass.Complete });
    expect(completeResult(7, body)).toEqual({ type: 'push', frameId: 7, body, metadata });
    expect(completeResult(7).body).toHaveLength(0);
  });

  it('is no answer', () => {
    expect(dropResult(7)).toEqual({ type: 'drop', frameId: 7 });
  });

  it('has the fields that are given, over the usual ones', () => {
    expect(completeResult(1, body, { statusCode: 418, inferenceMs: 9 }).metadata).toMatchObject({
      statusCode: 418,
      inferenceMs: 9,
    });
    expect(partialResult(1, body, { resultClass: ResultClass.Degraded }).metadata.resultClass).toBe(
      ResultClass.Degraded,
    );
  });

  it.each([
    ['a drop', dropResult(1), true],
    ['a complete result', completeResult(1), true],
    ['a degraded one', completeResult(1, body, { resultClass: ResultClass.Degraded }), true],
    ['a stale one', completeResult(1, body, { resultClass: ResultClass.StaleReuse }), true],
    ['a partial one', partialResult(1, body), false],
    ['one whose flags alone say partial', completeResult(1, body, { resultFlags: ResultFlag.Partial }), true],
  ])('ends its operation or not: %s', (_, result, ends) => {
    expect(isTerminal(result)).toBe(ends);
  });

  it.each([
    ['a part', partialResult(7, body)],
    ['an end', completeResult(7, body)],
    ['an end without a body', completeResult(7)],
    ['a part with fields of its own', partialResult(7, body, { inferenceMs: 9 })],
    ['an end with fields of its own', completeResult(7, body, { statusCode: 418 })],
  ])('is sent as its metadata says: %s', (_, result) => {
    const sent = resultPacket(42, result);
    const { header: sentHeader, metadata } = decodePacket(encodePacket(sent));
    expect(sentHeader).toEqual(
      header({
        messageType: MessageType.ResultPush,
        sessionId: 42,
        frameId: 7,
        metaLen: 64,
        bodyLen: result.body.length,
      }),
    );
    expect(ResultPushMetadata.decode(metadata)).toEqual(result.metadata);
    expect(sent.body).toBe(result.body);
  });

  it('is not sent with a field that has no such value', () => {
    const result = completeResult(7, body, { resultClass: 9 as ResultClass });
    expect(() => resultPacket(42, result)).toThrow(NnrpError);
  });
});
