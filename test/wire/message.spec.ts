import {
  decodeMessage,
  MessageType,
  packet,
  preview3,
  SessionCloseMetadata,
  CloseReason,
  EMPTY,
} from '../../src/wire';
import { faultOf } from './fault-of';

const close = SessionCloseMetadata.of({ closeReason: CloseReason.IdleTimeout, lastOperationId: 7n });
const body = Uint8Array.of(1);

describe('decodeMessage', () => {
  it('decodes the metadata by the message type', () => {
    const given = packet(
      { messageType: MessageType.SessionClose, sessionId: 42, frameId: 3 },
      SessionCloseMetadata.encode(close),
      body,
    );
    const message = decodeMessage(given);
    expect(message).toEqual({
      messageType: MessageType.SessionClose,
      sessionId: 42,
      frameId: 3,
      header: given.header,
      metadata: close,
      body,
    });
    expect(message.body).toBe(body);
    // The type discriminates: this compiles without a cast.
    if (message.messageType !== MessageType.SessionClose) throw new Error('another type');
    expect(message.metadata.lastOperationId).toBe(7n);
  });

  it('has no metadata where the type has none', () => {
    const message = decodeMessage(packet({ messageType: MessageType.Ping }));
    expect(message).toMatchObject({ messageType: MessageType.Ping, metadata: undefined, body: EMPTY });
  });

  it('throws the fault of the record', () => {
    const short = packet({ messageType: MessageType.SessionClose }, new Uint8Array(23));
    expect(faultOf(() => decodeMessage(short))).toEqual({ kind: 'SourceTooShort', expected: 24, actual: 23 });
  });

  it('asks the revision which record it is', () => {
    const later = { ...preview3, metadata: new Map() };
    const given = packet({ messageType: MessageType.SessionClose }, SessionCloseMetadata.encode(close));
    expect(decodeMessage(given, later).metadata).toBeUndefined();
  });
});
