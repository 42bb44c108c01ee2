import type { Socket } from 'node:net';

/** Node's own count, for its timeouts and not documented; its `Socket` tells only of whole writes. */
interface CountedHandle {
  readonly bytesWritten?: unknown;
  readonly writeQueueSize?: unknown;
  /** Of TLS: what takes its records. */
  readonly _parent?: CountedHandle | null;
}

/**
 * How many bytes of a socket's (over TLS: of its records) the operating system has taken so far; to be
 * compared with an earlier number. A write of several MiB to a slow peer takes minutes, and moves all the
 * time: whole writes alone would look like a peer that does not read.
 */
export function takenBytes(socket: Socket): number {
  const { bytesWritten, writeQueueSize } = handleOf(socket);
  if (typeof bytesWritten === 'number' && typeof writeQueueSize === 'number') {
    return bytesWritten - writeQueueSize;
  }
  // A stream that is around a socket counts nothing.
  const { bytesWritten: written = 0 }: { readonly bytesWritten?: number } = socket;
  return written - socket.writableLength;
}

/** How many bytes the operating system was offered and had no room for. */
export function backlogBytes(socket: Socket): number {
  const { writeQueueSize } = handleOf(socket);
  return typeof writeQueueSize === 'number' ? writeQueueSize : socket.writableLength;
}

function handleOf(socket: Socket): CountedHandle {
  const { _handle: handle } = socket as { readonly _handle?: CountedHandle | null };
  return handle?._parent ?? handle ?? {};
}
