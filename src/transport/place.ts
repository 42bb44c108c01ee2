/** A host and a port as people write them; an IPv6 address in brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The end of a socket that is not this one. */
export function peerPlace(socket: {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string {
  return hostAndPort(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
}
