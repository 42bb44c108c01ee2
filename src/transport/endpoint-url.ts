import { describeValue } from '../protocol/describe-value';

/** Where a URL says to connect to. */
export interface EndpointUrl<Scheme extends string> {
  readonly scheme: Scheme;
  readonly host: string;
  readonly port: number;
  /** With its query: `/nnrp?room=1`. */
  readonly path: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { ws: 80, wss: 443 };

/** Reads `wss://chat.example/nnrp`. Throws a `TypeError` that says what a URL may be here. */
export function parseEndpointUrl<Scheme extends string>(
  text: string,
  schemes: readonly Scheme[],
): EndpointUrl<Scheme> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = schemes.find((name) => `${name}:` === url?.protocol);
  if (url === undefined || scheme === undefined) {
    const begins = schemes.map((name) => `${name}://`).join(', ');
    throw new TypeError(`the URL to connect to must begin with one of ${begins}, got ${described(text)}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(`the URL to connect to has a user or a password; give it to openSession as \`auth\``);
  }
  const isSocket = scheme === 'tcp' || scheme === 'tls';
  if (url.hash !== '' || (isSocket && (!['', '/'].includes(url.pathname) || url.search !== ''))) {
    const part = isSocket ? 'a path, a query or a fragment, which a socket has none of' : 'a fragment';
    throw new TypeError(`the URL to connect to has ${part}, got ${described(text)}`);
  }
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port);
  if (port === undefined || url.hostname === '') {
    throw new TypeError(
      `the URL to connect to needs a host and a port, ${scheme}://127.0.0.1:4433 say, got ${described(text)}`,
    );
  }
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port, path: url.pathname + url.search };
}

/** Makes an endpoint of each URL, in a list or not; anything else is judged where it is used. */
export function endpointsOf<Endpoint>(
  to: string | Endpoint | readonly (string | Endpoint)[],
  endpointOf: (url: string) => Endpoint,
): Endpoint | readonly Endpoint[] {
  const each = (item: string | Endpoint): Endpoint => (typeof item === 'string' ? endpointOf(item) : item);
  return Array.isArray(to) ? (to as readonly (string | Endpoint)[]).map(each) : each(to as string | Endpoint);
}

/** A URL as it may be shown: a password may be in it, and a token in its query. */
function described(text: string): string {
  return describeValue(text.replace(/\/\/[^/?#]*@/, '//…@').replace(/\?[^#]*/, '?…'));
}
