import fc from 'fast-check';
import { completeResult } from '../../../src/protocol/operation/result';
import { resultPacket, timedComplete } from '../../../src/protocol/operation/result-packet';
import { encodePacket } from '../../../src/wire/encode-packet';
import { MessageType } from '../../../src/wire/message-type';
import { ResultPushMetadata } from '../../../src/wire/messages/result-push';
import { packet } from '../../../src/wire/packet';

const u16 = fc.integer({ min: 0, max: 0xffff });
const times = fc.record({ queueMs: u16, inferenceMs: u16, serverTotalMs: u16 });
const BODY = new Uint8Array([1, 2, 3]);

describe('timedComplete', () => {
  it('is on the wire what the codec makes of the same fields, however many there were before', () => {
    fc.assert(
      fc.property(fc.array(times, { minLength: 1, maxLength: 400 }), (all) => {
        for (const each of all) {
          const metadata = timedComplete(each);
          const sent = resultPacket(5, { type: 'push', frameId: 7, metadata, body: BODY });
          const encoded = ResultPushMetadata.encode(completeResult(7, BODY, each).metadata);
          const fields = { messageType: MessageType.ResultPush, sessionId: 5, frameId: 7 };
          expect(encodePacket(sent)).toEqual(encodePacket(packet(fields, encoded, BODY)));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is one object for operations that took equally long', () => {
    const each = { queueMs: 1, inferenceMs: 2, serverTotalMs: 3 };
    expect(timedComplete(each)).toBe(timedComplete({ ...each }));
    expect(timedComplete({ ...each, queueMs: 2 })).not.toBe(timedComplete(each));
  });
});
