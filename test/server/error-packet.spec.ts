import fc from 'fast-check';
import {
  answerTooLarge,
  cacheMiss,
  errorPacket,
  VIOLATION_CODE,
} from '../../src/server/connection/error-packet';
import { header } from '../../src/wire/header';
import { MessageType } from '../../src/wire/message-type';
import { CacheErrorCode } from '../../src/wire/messages/cache';
import { ErrorMetadata, ErrorScope } from '../../src/wire/messages/error-message';
import { encodePacket } from '../../src/wire/encode-packet';
import { decodePacket, type Packet } from '../../src/wire/packet';

const cause = header({
  messageType: MessageType.FrameSubmit,
  sessionId: 42,
  frameId: 7,
  viewId: 3,
  traceId: 9n,
});
const strict = new TextDecoder('utf-8', { fatal: true });

const textOf = ({ body }: Packet): string => strict.decode(body);

function answer(diagnostic: string): Packet {
  return errorPacket(cause, { errorCode: VIOLATION_CODE, errorScope: ErrorScope.Session }, diagnostic);
}

describe('an ERROR', () => {
  it('names the packet that it answers, and says why in text', () => {
    const packet = answer('server received PONG');
    expect(packet.header).toMatchObject({
      messageType: MessageType.Error,
      sessionId: 42,
      frameId: 7,
      viewId: 3,
    });
    expect(ErrorMetadata.decode(packet.metadata)).toEqual({
      errorCode: 0x20001,
      errorScope: ErrorScope.Session,
      isFatal: false,
      retryAfterMs: 0,
      relatedSessionId: 42,
      relatedFrameId: 7,
      relatedViewId: 3,
      diagnosticBytes: 20,
    });
    expect(textOf(packet)).toBe('server received PONG');
  });

  it('says more where it is told to', () => {
    const fields = { errorCode: 5, errorScope: ErrorScope.Connection, isFatal: true, retryAfterMs: 100 };
    expect(ErrorMetadata.decode(errorPacket(cause, fields, 'x').metadata)).toMatchObject(fields);
  });

  it('has a text of at most 256 bytes, and no half characters', () => {
    expect(textOf(answer('a'.repeat(1000)))).toBe('a'.repeat(256));
    expect(textOf(answer(`${'a'.repeat(255)}é`))).toBe('a'.repeat(255));
    expect(textOf(answer('🐋'.repeat(100)))).toBe('🐋'.repeat(64));
  });

  it('in the place of an answer is no larger than its client takes', () => {
    expect(textOf(answerTooLarge(1, 2, 1000, 9))).toBe('its answe');
    expect(textOf(answerTooLarge(1, 2, 1000, 0))).toBe('');
    expect(textOf(answerTooLarge(1, 2, 10_000, 1000))).toContain('10000 bytes, and 1000 are the most');
  });

  it('is a whole packet, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const packet = decodePacket(encodePacket(answer(text)));
        const { diagnosticBytes } = ErrorMetadata.decode(packet.metadata);
        expect(diagnosticBytes).toBe(packet.body.length);
        expect(diagnosticBytes).toBeLessThanOrEqual(256);
        expect(text.replace(/^\ufeff/, '').startsWith(textOf(packet))).toBe(true);
      }),
    );
  });

  it.each([
    [CacheErrorCode.Miss, 'the submit refers to an object that is not cached'],
    [CacheErrorCode.LeaseExpired, 'the submit refers to an object whose lease has expired'],
  ])('tells a submit of a cache miss, code %i', (code, text) => {
    const packet = cacheMiss(cause, code);
    expect(ErrorMetadata.decode(packet.metadata)).toMatchObject({
      errorCode: code,
      errorScope: ErrorScope.Frame,
      relatedFrameId: 7,
    });
    expect(textOf(packet)).toBe(text);
  });
});
