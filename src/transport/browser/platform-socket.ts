/** The platform's own WebSocket (WHATWG), as far as it is used, in a browser, a worker, Deno or Bun. */
export interface PlatformSocket {
  readonly readyState: number;
  /** Bytes that were sent and are not on their way yet. */
  readonly bufferedAmount: number;
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number): void;
}

type PlatformSocketConstructor = new (url: string, protocols: string[]) => PlatformSocket;

/** `WebSocket.OPEN`. */
export const OPEN = 1;

/** Opens one. Throws where the platform has none, or the URL or the sub-protocol is none. */
export function openPlatformSocket(url: string, subProtocol: string | undefined): PlatformSocket {
  const { WebSocket: Constructor } = globalThis as { readonly WebSocket?: PlatformSocketConstructor };
  if (Constructor === undefined) throw new Error('this platform has no WebSocket of its own');
  const socket = new Constructor(url, subProtocol === undefined ? [] : [subProtocol]);
  socket.binaryType = 'arraybuffer';
  return socket;
}
