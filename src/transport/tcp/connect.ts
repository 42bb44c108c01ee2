import * as net from 'node:net';

/** The system's own probes notice a peer that is gone, where the protocol has no way to ask it. */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 15_000 };

/** Told once: either of the two. */
export interface ConnectSink {
  connected(socket: net.Socket): void;
  failed(error: unknown): void;
}

/** Connects without Nagle's delay; the function that is returned gives up, while there is something to. */
export function connectSocket(host: string, port: number, sink: ConnectSink): () => void {
  const socket = new net.Socket().setNoDelay().setKeepAlive(true, KEEP_ALIVE.keepAliveInitialDelay);
  const fail = (error: unknown): void => {
    sink.failed(error);
  };
  socket.once('error', fail);
  socket.once('connect', () => {
    socket.off('error', fail);
    sink.connected(socket);
  });
  try {
    socket.connect({ host, port });
  } catch (error) {
    // Node throws where the port is none, and leaves what it has made until then.
    socket.destroy();
    fail(error);
  }
  return () => {
    if (socket.connecting) socket.destroy();
  };
}
