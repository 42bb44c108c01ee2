// What the entry for Node has and a page has not: named, so that a program for both builds and loads.

/** Throws: no page can listen. Import it where Node's entry is taken. */
export function createServer(): never {
  throw absent('createServer', 'listens, which no page can');
}

/** Throws: no page has sockets. */
export function tcp(): never {
  throw absent('tcp', 'needs a socket, which no page has; connect with webSocket or a ws:// URL');
}

/** Throws: no page has sockets. */
export function tls(): never {
  throw absent('tls', 'needs a socket, which no page has; connect with webSocket or a wss:// URL');
}

/** Throws: no page has sockets. */
export function ipc(): never {
  throw absent('ipc', 'needs a socket, which no page has; connect with webSocket or a wss:// URL');
}

function absent(name: string, why: string): Error {
  return new Error(`${name} ${why}; it is there in Node, Deno and Bun`);
}
