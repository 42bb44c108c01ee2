import type { ConnectEndpoint } from '../../transport/endpoint';

/** Milliseconds that a server is taken to be what it was. */
const REMEMBERED_MS = 10 * 60 * 1000;

/** Past so many the one that was noted first is asked again. */
const MAX_REMEMBERED = 1024;

/** Until when servers are taken to speak preview3 alone, in milliseconds of the clock that they were noted by. */
const until = new Map<string | ConnectEndpoint, number>();

/** A server has answered no hello, and has opened a session without one. */
export function rememberPreview3(endpoint: ConnectEndpoint, now: number): void {
  const place = placeOf(endpoint);
  until.delete(place);
  until.set(place, now + REMEMBERED_MS);
  const [oldest] = until.keys();
  if (until.size > MAX_REMEMBERED && oldest !== undefined) until.delete(oldest);
}

/** A server that was taken to speak preview3 has not answered in it. */
export function forgetPreview3(endpoint: ConnectEndpoint): void {
  until.delete(placeOf(endpoint));
}

/** Whether a server need not be asked again what it speaks. */
export function speaksPreview3(endpoint: ConnectEndpoint, now: number): boolean {
  return now < (until.get(placeOf(endpoint)) ?? 0);
}

/** A URL makes a new endpoint each time that somebody connects to it; without a host, as `memory:`, it may be anybody's. */
function placeOf(endpoint: ConnectEndpoint): string | ConnectEndpoint {
  return endpoint.url.includes('://') ? endpoint.url : endpoint;
}
