import { Results } from '../../../src/client/session/messages/results';
import { EndCode } from '../../../src/protocol/operation/end-code';
import { TOO_LARGE_CODE } from '../../../src/server/connection/error-packet';
import { decodeMessage, type MessageOf } from '../../../src/wire/message';
import { MessageType } from '../../../src/wire/message-type';
import { CacheErrorCode } from '../../../src/wire/messages/cache';
import { ErrorMetadata, ErrorScope } from '../../../src/wire/messages/error-message';
import { packet } from '../../../src/wire/packet';
import { text } from '../../support/packets';
import { Stage } from '../submissions/support';

describe('ERROR that ends an operation', () => {
  it.each([
    [404, 'failed', 404, 'given-up'],
    [100, 'failed', 100, 'given-up'],
    [599, 'failed', 599, 'given-up'],
    [99, 'refused', undefined, 'given-up'],
    [600, 'refused', undefined, 'given-up'],
    [EndCode.Late, 'late', 504, 'given-up'],
    [EndCode.Superseded, 'superseded', 409, 'given-up'],
    [EndCode.Draining, 'draining', 503, 'not-run'],
    [EndCode.NoRoom, 'no-room', 503, 'not-run'],
    [EndCode.OverCredit, 'over-credit', 429, 'not-run'],
    [EndCode.Undeliverable, 'undeliverable', undefined, 'given-up'],
    [CacheErrorCode.Miss, 'refused', undefined, 'given-up'],
    [TOO_LARGE_CODE, 'refused', undefined, 'given-up'],
  ])('with code %d is %s', (errorCode, reason, status, outcome) => {
    const stage = new Stage();
    const results = new Results(stage.submissions, stage.carrier);
    stage.submit('a');
    const metadata = ErrorMetadata.of({
      errorCode,
      errorScope: ErrorScope.Frame,
      relatedFrameId: 1,
      retryAfterMs: 250,
      diagnosticBytes: 3,
    });
    const header = { messageType: MessageType.Error, sessionId: 7, frameId: 1 };
    const error = packet(header, ErrorMetadata.encode(metadata), text('why'));
    results.onError(decodeMessage(error) as MessageOf<typeof MessageType.Error>);
    expect(stage.outcomes.get('a')).toMatchObject([
      { name: 'OperationError', reason, status, outcome, errorCode, text: 'why', retryAfterMs: 250 },
    ]);
    expect(results.received).toBe(1);
  });
});
