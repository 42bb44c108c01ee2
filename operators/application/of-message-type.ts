import { filter, type Observable } from 'rxjs';
import type { MessageType } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';

/** A message of some type: `Message`, what a session emits, or anything else that says its type so. */
export interface TypedMessage {
  readonly messageType: MessageType;
}

/** A packet whose message type is known. */
export type PacketOf<T extends MessageType> = Packet & { readonly header: { readonly messageType: T } };

/** The part of a union of messages, or of a packet, whose message type is one of `T`. */
export type OfMessageType<In, T extends MessageType> = In extends TypedMessage
  ? Extract<In, { readonly messageType: T }>
  : In extends Packet
    ? In & PacketOf<T>
    : never;

/**
 * Lets pass what is of one of some message types, and narrows the type of the stream to it. Takes
 * streams of messages and streams of packets.
 *
 * @example
 * packets$
 *   .pipe(map((packet) => decodeMessage(packet)), ofMessageType(MessageType.FlowUpdate))
 *   .subscribe(({ metadata }) => console.log(metadata.sessionCredit));
 *
 * @example
 * const results$ = packets$.pipe(ofMessageType(MessageType.ResultPush, MessageType.ResultDrop));
 */
export function ofMessageType<T extends MessageType>(
  ...types: readonly [T, ...T[]]
): <In extends TypedMessage | Packet>(source: Observable<In>) => Observable<OfMessageType<In, T>> {
  const wanted: ReadonlySet<MessageType> = new Set(types);
  return <In extends TypedMessage | Packet>(source: Observable<In>) =>
    source.pipe(
      filter((input): input is In & OfMessageType<In, T> =>
        wanted.has('messageType' in input ? input.messageType : input.header.messageType),
      ),
    );
}
