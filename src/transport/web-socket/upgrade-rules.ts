import type { IncomingMessage } from 'node:http';
import { forwardedFor } from './forwarded-for';
import { pathOf } from './path-of';
import type { TrustedProxies } from '../tcp/trusted-proxies';
import { ignoreRejection } from '../../protocol/ignore-rejection';

/** Rules that say which requests may become a WebSocket. */
export interface UpgradeRules {
  readonly path: string;
  readonly subProtocol: string | undefined;
  readonly origins: Origins | undefined;
  readonly proxies: TrustedProxies | undefined;
}

/**
 * Which web pages may connect, by the `Origin` that browsers send: a list, as in
 * `['https://app.example']`, or a function, which lets in with `true` and nothing else. Who sends none is no
 * browser: a list lets it in, a function is asked with undefined.
 */
export type Origins = readonly string[] | ((origin: string | undefined) => boolean);

/** An answer of HTTP that is not a WebSocket. */
export interface Refusal {
  readonly status: 400 | 403 | 404;
  readonly text: string;
}

/** Why a request is not let in; undefined where it is. */
export function refusalOf(request: IncomingMessage, rules: UpgradeRules): Refusal | undefined {
  const { path, subProtocol, origins, proxies } = rules;
  if (!isAtPath(request, path)) return { status: 404, text: `NNRP is served at ${path}` };
  if (forwardedFor(request, proxies).kind === 'broken') {
    return { status: 400, text: 'X-Forwarded-For does not say who the client is' };
  }
  const { origin } = request.headers;
  if (origins !== undefined && !isAllowed(origin, origins)) {
    return { status: 403, text: 'web pages of this origin may not connect' };
  }
  if (subProtocol !== undefined && !offers(request.headers['sec-websocket-protocol'], subProtocol)) {
    return { status: 400, text: `the sub-protocol ${subProtocol} is required` };
  }
  return undefined;
}

export function isAtPath({ url }: Pick<IncomingMessage, 'url'>, path: string): boolean {
  return withoutQuery(pathOf(url ?? '')) === withoutQuery(path);
}

function withoutQuery(path: string): string {
  return path.replace(/[?].*/s, '');
}

function isAllowed(origin: string | undefined, origins: Origins): boolean {
  if (typeof origins !== 'function') {
    return origin === undefined || origins.some((allowed) => sameOrigin(allowed, origin));
  }
  try {
    // A program without types may give a promise: that is no yes, whatever comes of it.
    const answer: unknown = origins(origin);
    ignoreRejection(answer);
    return answer === true;
  } catch {
    // A function that fails has allowed nothing.
    return false;
  }
}

/** Scheme and host are the same in either case. */
function sameOrigin(allowed: string, origin: string): boolean {
  return allowed.toLowerCase() === origin.toLowerCase();
}

function offers(header: string | undefined, subProtocol: string): boolean {
  return (header ?? '').split(',').some((offered) => offered.trim() === subProtocol);
}
