import { groupBy, type GroupedObservable, type OperatorFunction } from 'rxjs';
import type { MessageType } from '../src/wire/message-type';
import type { Packet } from '../src/wire/packet';

/**
 * Splits packets into one stream for each message type, whose `key` it is.
 *
 * A stream is emitted when the first packet of its type arrives. Subscribe to it at once: packets that
 * nobody listens for are not kept. There are at most as many streams as message types; they end with
 * the source.
 *
 * @example
 * packets$.pipe(splitByMessageType()).subscribe((type$) => {
 *   type$.pipe(count()).subscribe((total) => console.log(messageTypeName(type$.key), total));
 * });
 *
 * @returns Streams by message type. The source's error is theirs too.
 */
export function splitByMessageType(): OperatorFunction<Packet, GroupedObservable<MessageType, Packet>> {
  return groupBy(({ header }) => header.messageType);
}
