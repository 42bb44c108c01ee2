import type { Socket } from 'node:net';
import { readProxyHeader } from './proxy-header';

/** Told once: either of the two, unless the connection ends first. */
export interface HeaderSink {
  /** Where the client is, as the proxy says; undefined where it does not say. */
  taken(client: string | undefined): void;
  failed(error: Error): void;
}

/** Takes the header off the front of a socket that nobody reads, and leaves what comes behind it unread. */
export function takeProxyHeader(socket: Socket, sink: HeaderSink): void {
  let gathered: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    gathered = gathered.length === 0 ? chunk : Buffer.concat([gathered, chunk]);
    const header = readProxyHeader(gathered);
    if (header.kind === 'unfinished') return;
    socket.off('data', onData).pause();
    if (header.kind === 'broken') {
      sink.failed(new Error(header.reason));
      return;
    }
    if (gathered.length > header.length) socket.unshift(gathered.subarray(header.length));
    sink.taken(header.client);
  };
  socket.on('data', onData).resume();
}
