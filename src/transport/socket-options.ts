import { integer, limit, milliseconds, required, text } from '../protocol/options/rules';
import { optionsOf, partly, type Rules } from '../protocol/options/take-options';
import type { PacketLimits } from '../wire/packet-decoder';
import { pressure } from './option-rules';
import type { PressureMarks } from './outgoing/send-pressure';

/** Options of every connection over a socket, at either end. */
export interface SocketTransportOptions {
  /** Bounds of a peer's packets. Default: 4 KiB of metadata, 4 MiB of body. */
  readonly limits: Partial<PacketLimits>;
  /** When a peer that does not read counts as slow. Default: from 1 MiB on, until 256 KiB. */
  readonly pressure: Partial<PressureMarks>;
  /**
   * Milliseconds that a connection has to end in once either side has said that it is to. A peer that
   * has not taken what was queued by then, or has not ended its side, is cut off. Default 5,000.
   */
  readonly closeTimeoutMs: number;
}

export const SOCKET_RULES: Rules<SocketTransportOptions> = {
  limits: optionsOf(partly({ maxMetadataBytes: limit, maxBodyBytes: limit })),
  pressure,
  closeTimeoutMs: milliseconds,
};

export const port = required(integer(0, 0xffff));
export const host = text;
