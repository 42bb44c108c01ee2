import { map, of, toArray, type Observable } from 'rxjs';
import { ofMessageType, type PacketOf } from '../../../operators/application/of-message-type';
import { decodeMessage, type AnyMessage, type Message } from '../../../src/wire/message';
import { MessageType } from '../../../src/wire/message-type';
import type { FrameSubmitMetadata } from '../../../src/wire/messages/frame-submit';
import type { Packet } from '../../../src/wire/packet';
import { marbles } from '../../support/marbles';
import { itIsAnOperator } from '../../support/operator-cases';
import { cancelPacket, closePacket, pingPacket, submitPacket } from '../../support/packets';
import { holds, type Same } from '../../support/types';

const { FrameSubmit, FrameCancel, SessionClose, Ping, ResultPush } = MessageType;

const packets = {
  s: submitPacket({ frameId: 1 }),
  c: cancelPacket({ frameId: 1 }),
  x: closePacket(),
  p: pingPacket(),
};
const messages = {
  s: decodeMessage(packets.s),
  c: decodeMessage(packets.c),
  x: decodeMessage(packets.x),
  p: decodeMessage(packets.p),
};

describe('ofMessageType', () => {
  itIsAnOperator<Packet, Packet>({
    create: () => ofMessageType(FrameSubmit, FrameCancel, SessionClose),
    inputs: { a: packets.s, b: packets.c, c: packets.x },
    outputs: { a: packets.s, b: packets.c, c: packets.x },
  });

  it('lets pass messages of one type', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot<AnyMessage>('-s-c-x-(ps)-c-|', messages);
      const subs = '                   ^-------------!';
      const expected = '               -s-----s------|';

      expectObservable(source$.pipe(ofMessageType(FrameSubmit))).toBe(expected, messages);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('lets pass packets of one type', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot<Packet>('-s-c-x-(ps)-c-|', packets);
      const expected = '           ---c--------c-|';

      expectObservable(source$.pipe(ofMessageType(FrameCancel))).toBe(expected, packets);
    });
  });

  it('lets pass several types, in their order', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot<AnyMessage>('-s-c-x-(ps)-c-|', messages);
      const expected = '               -s---x-(ps)---|';

      expectObservable(source$.pipe(ofMessageType(Ping, SessionClose, FrameSubmit))).toBe(expected, messages);
    });
  });

  it('completes without a value where nothing is of the type', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot<AnyMessage>('-s-c-x-(ps)-c-|', messages);
      const expected = '               --------------|';

      expectObservable(source$.pipe(ofMessageType(ResultPush))).toBe(expected, messages);
    });
  });

  it('takes messages that have no header, as a request of a server session', () => {
    type Request = { readonly messageType: typeof FrameSubmit; readonly prompt: string };
    const seen: Request[] = [];
    of<(Request | Message<typeof FrameCancel>)[]>(
      { messageType: FrameSubmit, prompt: 'Call me' },
      messages.c as Message<typeof FrameCancel>,
    )
      .pipe(ofMessageType(FrameSubmit))
      .subscribe((request) => seen.push(request));
    expect(seen).toEqual([{ messageType: FrameSubmit, prompt: 'Call me' }]);
  });

  describe('narrows the type', () => {
    const messages$: Observable<AnyMessage> = of(messages.s, messages.c, messages.x, messages.p);
    const packets$: Observable<Packet> = of(packets.s, packets.c, packets.x, packets.p);

    it('to the message of one type', () => {
      const submits$ = messages$.pipe(ofMessageType(FrameSubmit));
      holds<Same<typeof submits$, Observable<Message<typeof FrameSubmit>>>>();

      const budgets: number[] = [];
      submits$.subscribe(({ metadata }) => budgets.push(metadata.latencyBudgetMs));
      expect(budgets).toEqual([0]);
    });

    it('to the union of several', () => {
      const either$ = messages$.pipe(ofMessageType(FrameSubmit, SessionClose));
      holds<Same<typeof either$, Observable<Message<typeof FrameSubmit> | Message<typeof SessionClose>>>>();

      const told: string[] = [];
      either$.subscribe((message) => {
        if (message.messageType === FrameSubmit) told.push(`submit ${message.metadata.latencyBudgetMs}`);
        else told.push(`close ${message.metadata.closeReason}`);
      });
      expect(told).toEqual(['submit 0', 'close 0']);
    });

    it('to the packet of one type', () => {
      const submits$ = packets$.pipe(ofMessageType(FrameSubmit));
      holds<Same<typeof submits$, Observable<Packet & PacketOf<typeof FrameSubmit>>>>();

      const types: (typeof FrameSubmit)[] = [];
      submits$.subscribe(({ header }) => types.push(header.messageType));
      expect(types).toEqual([FrameSubmit]);
    });

    it('so that the operators after it see it', () => {
      const metadata$ = packets$.pipe(
        map((packet) => decodeMessage(packet)),
        ofMessageType(FrameSubmit),
        map(({ metadata }) => metadata),
        toArray(),
      );
      holds<Same<typeof metadata$, Observable<FrameSubmitMetadata[]>>>();

      let count = 0;
      metadata$.subscribe(({ length }) => (count = length));
      expect(count).toBe(1);
    });

    it('for one operator in a constant and streams of both shapes', () => {
      const submitsOf = ofMessageType(FrameSubmit);
      const fromMessages$ = submitsOf(messages$);
      const fromPackets$ = submitsOf(packets$);
      holds<Same<typeof fromMessages$, Observable<Message<typeof FrameSubmit>>>>();
      holds<Same<typeof fromPackets$, Observable<Packet & PacketOf<typeof FrameSubmit>>>>();

      const seen: unknown[] = [];
      fromMessages$.subscribe((message) => seen.push(message));
      fromPackets$.subscribe((packet) => seen.push(packet));
      expect(seen).toStrictEqual([messages.s, packets.s]);
    });

    it('to never, where the union has no such message', () => {
      const cancels$ = messages$.pipe(ofMessageType(FrameSubmit), ofMessageType(FrameCancel));
      holds<Same<typeof cancels$, Observable<never>>>();

      let count = 0;
      cancels$.subscribe(() => count++);
      expect(count).toBe(0);
    });

    it('and takes neither no type nor a number that is none', () => {
      // @ts-expect-error: without a type nothing would ever pass
      const none = ofMessageType();
      // @ts-expect-error: 0x7f is no message type
      const unknown = ofMessageType(0x7f);

      let count = 0;
      none(messages$).subscribe(() => count++);
      unknown(messages$).subscribe(() => count++);
      expect(count).toBe(0);
    });
  });
});
