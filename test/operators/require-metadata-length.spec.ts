import { of } from 'rxjs';
import { requireMetadataLength } from '../../operators/require-metadata-length';
import { unexpectedMessage } from '../../src/protocol/runtime-error';
import { MessageType, messageTypeName, Preview3MessageType } from '../../src/wire/message-type';
import { preview3 } from '../../src/wire/preview3';
import { marbles, particulars } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';
import { cancelPacket, rawPacket, resultPacket, submitPacket } from '../support/packets';

const { FrameSubmit, FrameCancel } = MessageType;

const packets = {
  s: submitPacket({ frameId: 1, body: 'Call me Ishmael.' }),
  c: cancelPacket({ frameId: 1 }),
  r: resultPacket({ frameId: 1 }),
  l: rawPacket(FrameSubmit, { frameId: 2, metaLen: 73 }),
  k: rawPacket(FrameSubmit, { frameId: 2, metaLen: 71 }),
  d: rawPacket(FrameCancel, { frameId: 2, metaLen: 1 }),
  x: rawPacket(FrameSubmit, { frameId: 3, metaLen: 8 }),
};

describe('requireMetadataLength', () => {
  itIsAnOperator({
    create: () => requireMetadataLength(),
    inputs: { a: packets.s, b: packets.c, c: packets.r },
    outputs: { a: packets.s, b: packets.c, c: packets.r },
  });

  const malformed = unexpectedMessage('server received malformed FRAME_SUBMIT metadata length');

  it('errors at the first packet whose metadata is longer than its record, and unsubscribes', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-s-r-l-s-|', packets);
      const subs = '       ^----!';
      const expected = '   -s-r-#';

      expectObservable(source$.pipe(requireMetadataLength())).toBe(expected, packets, malformed);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('errors at metadata that is shorter than its record', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-s-k-|', packets);
      const expected = '   -s-#';

      expectObservable(source$.pipe(requireMetadataLength())).toBe(expected, packets, malformed);
    });
  });

  it('errors at metadata of a type that has no record', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-c-d-|', packets);
      const expected = '   -c-#';

      const fault = unexpectedMessage('server received malformed FRAME_CANCEL metadata length');
      expectObservable(source$.pipe(requireMetadataLength())).toBe(expected, packets, fault);
    });
  });

  it('takes a length in place of that of the record', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-x-s-|', packets);
      const expected = '   -x-#';

      expectObservable(source$.pipe(requireMetadataLength(8))).toBe(expected, packets, malformed);
    });
  });

  it('takes a length of 0 as one', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-c-s-|', packets);
      const expected = '   -c-#';

      expectObservable(source$.pipe(requireMetadataLength(0))).toBe(expected, packets, malformed);
    });
  });

  it('names the end that checks', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-l-|', packets);
      const expected = '   -#';

      const fault = unexpectedMessage('client received malformed FRAME_SUBMIT metadata length');
      const result$ = source$.pipe(requireMetadataLength(undefined, { role: 'client' }));
      expectObservable(result$).toBe(expected, packets, fault);
    });
  });

  it.each(Object.values(Preview3MessageType).map((type) => [messageTypeName(type), type] as const))(
    'knows the length of %s',
    (name, type) => {
      const length = preview3.messages[type]?.record?.length ?? 0;
      const told = [length, length + 1].map((metaLen) => {
        let outcome: unknown = 'passed';
        of(rawPacket(type, { metaLen }))
          .pipe(requireMetadataLength())
          .subscribe({ error: (error: unknown) => (outcome = particulars(error)) });
        return outcome;
      });
      const fault = unexpectedMessage(`server received malformed ${name} metadata length`);
      expect(told).toEqual(['passed', particulars(fault)]);
    },
  );
});
