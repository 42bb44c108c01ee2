import type { ConnectEndpoint } from '../../transport/endpoint';

/** Milliseconds that a server is taken to be what it was. */
const REMEMBERED_MS = 10 * 60 * 1000;

/** Until when servers are taken to speak preview3 alone, in milliseconds of the clock that they were noted by. */
const UNTIL = new WeakMap<ConnectEndpoint, number>();

/** A server has not answered a hello, and another connection to it was made. */
export function rememberPreview3(endpoint: ConnectEndpoint, now: number): void {
  UNTIL.set(endpoint, now + REMEMBERED_MS);
}

/** Whether a server need not be asked again what it speaks. */
export function speaksPreview3(endpoint: ConnectEndpoint, now: number): boolean {
  return now < (UNTIL.get(endpoint) ?? 0);
}
