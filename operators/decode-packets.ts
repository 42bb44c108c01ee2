import { concatMap, concatWith, defer, EMPTY, throwError, type OperatorFunction } from 'rxjs';
import { protocolError, RuntimeError } from '../src/protocol/runtime-error';
import type { Packet } from '../src/wire/packet';
import { PacketDecoder, type PacketLimits } from '../src/wire/packet-decoder';

/**
 * Cuts a stream of bytes into packets, however it was split into chunks (protocol section 1). Every
 * subscription has a decoder of its own. A packet may be a view of the chunk that it came in.
 *
 * @example
 * const packets$ = fromEvent(socket, 'data', (chunk: Uint8Array) => chunk).pipe(
 *   takeUntil(fromEvent(socket, 'end')),
 *   decodePackets({ maxBodyBytes: 64 * 1024 }),
 * );
 *
 * @param limits What one packet may measure, in bytes. Default `DEFAULT_PACKET_LIMITS`.
 * @returns Packets. Errors with a `RuntimeError` of reach `connection`: `protocol`, with the `NnrpError`
 * as its cause, at a broken frame, after the packets before it; `io` where the source completes inside
 * a packet.
 */
export function decodePackets(limits: Partial<PacketLimits> = {}): OperatorFunction<Uint8Array, Packet> {
  return (source) =>
    defer(() => {
      const decoder = new PacketDecoder(limits);
      return source.pipe(
        // Not mergeMap: a chunk that arrives while the packets of another are handled comes after them.
        concatMap((chunk) => packetsOf(decoder, chunk)),
        concatWith(
          defer(() => (decoder.isInsidePacket ? throwError(() => endInsidePacket(decoder)) : EMPTY)),
        ),
      );
    });
}

function* packetsOf(decoder: PacketDecoder, chunk: Uint8Array): Generator<Packet, void, undefined> {
  yield* decoder.push(chunk);
  if (decoder.fault !== undefined) throw protocolError(decoder.fault, 'connection');
}

function endInsidePacket({ bufferedBytes }: PacketDecoder): RuntimeError {
  const message = `the stream of bytes ended inside a packet, after ${bufferedBytes} bytes of it`;
  return new RuntimeError('io', message, { reach: 'connection', origin: 'peer' });
}
