import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { isAtPath } from './upgrade-rules';

/** Any server of Node's that speaks HTTP/1. */
export type WebServer = HttpServer | HttpsServer;

/** One path of a web server that is somebody else's. */
export interface SharedPath {
  readonly path: string;
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  /** The web server listens. */
  listening(): void;
  /** The web server cannot listen, or not any more. */
  failed(error: Error): void;
}

const shared = new WeakMap<WebServer, SharedPaths>();

/** Serves a path until the function that comes back is called. Throws where another has the path. */
export function sharePath(server: WebServer, path: SharedPath): () => void {
  const paths = shared.get(server) ?? new SharedPaths(server);
  shared.set(server, paths);
  return paths.add(path);
}

/** All paths of one web server, with one listener of each event: Node takes more than ten for a leak. */
class SharedPaths {
  private readonly paths = new Set<SharedPath>();

  constructor(private readonly server: WebServer) {}

  add(path: SharedPath): () => void {
    for (const { path: taken } of this.paths) {
      if (isAtPath({ url: path.path }, taken)) {
        throw new Error(`${taken} has a listener already; give each its own path`);
      }
    }
    if (this.paths.size === 0) {
      this.server.on('upgrade', this.onUpgrade).on('listening', this.onListening).on('error', this.onError);
    }
    this.paths.add(path);
    if (this.server.listening) path.listening();
    return () => {
      this.paths.delete(path);
      if (this.paths.size > 0) return;
      this.server
        .off('upgrade', this.onUpgrade)
        .off('listening', this.onListening)
        .off('error', this.onError);
    };
  }

  private readonly onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    const paths = [...this.paths];
    const [first] = paths;
    // Who listens alone answers also what is not its own; nobody else would.
    const isAlone = this.server.listenerCount('upgrade') === 1;
    const path =
      paths.find((candidate) => isAtPath(request, candidate.path)) ?? (isAlone ? first : undefined);
    path?.upgrade(request, stream, head);
  };

  private readonly onListening = (): void => {
    for (const path of [...this.paths]) path.listening();
  };

  private readonly onError = (error: Error): void => {
    for (const path of [...this.paths]) path.failed(error);
  };
}
