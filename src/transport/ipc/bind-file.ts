import * as fs from 'node:fs';
import * as net from 'node:net';
import type { ListenerSink } from '../endpoint';
import { listenFileError } from '../network-errors';
import { isPipe } from './options';

/** Where to bind, and with which rights. */
export interface FileBinding {
  readonly url: string;
  readonly path: string;
  /** Default `0o600`. */
  readonly mode?: number | undefined;
  /** Default 511. */
  readonly backlog?: number | undefined;
}

/**
 * Binds a server to a socket's file and tells the sink, or why it cannot, in one clear sentence. A file that nobody
 * listens on any more is taken over. The function that is returned stops it, which removes the file.
 */
export function bindFile(server: net.Server, sink: ListenerSink, binding: FileBinding): () => void {
  const { url, path, mode = 0o600, backlog = 511 } = binding;
  let isOver = false;
  const listen = (): void => {
    server.listen({ path, backlog });
  };
  const fail = (error: unknown): void => {
    sink.error(listenFileError(url, error));
  };
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || isPipe(path)) {
      fail(error);
      return;
    }
    takeOver(path, (isFree) => {
      if (isOver) return;
      // Once: whoever has been faster has it.
      if (isFree) server.removeAllListeners('error').on('error', fail);
      if (isFree) listen();
      else fail(error);
    });
  });
  server.on('listening', () => {
    try {
      if (!isPipe(path)) fs.chmodSync(path, mode);
    } catch (error) {
      fail(error);
      return;
    }
    sink.listening({ kind: 'ipc', host: path, port: 0, url });
  });
  listen();
  return () => {
    isOver = true;
    server.close();
  };
}

/**
 * Removes a socket's file that nobody listens on, and says whether the path is free then. Only a refused connection
 * shows that: a server that is just busy is not robbed of its clients.
 */
function takeOver(path: string, done: (isFree: boolean) => void): void {
  const found = socketAt(path);
  if (found === undefined) {
    done(!fs.existsSync(path));
    return;
  }
  const probe = net.connect({ path }, () => {
    probe.destroy();
    done(false);
  });
  probe.once('error', ({ code }: NodeJS.ErrnoException) => {
    done(code === 'ENOENT' || (code === 'ECONNREFUSED' && removed(path, found)));
  });
}

/** Whether the file was removed: it is still the one that was found, and not that of somebody who was faster. */
function removed(path: string, found: fs.Stats): boolean {
  try {
    const now = socketAt(path);
    if (now?.ino !== found.ino || now.ctimeMs !== found.ctimeMs) return false;
    fs.unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The socket at a path; undefined where there is none, or something else, which is nobody's to remove. */
function socketAt(path: string): fs.Stats | undefined {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  return found?.isSocket() === true ? found : undefined;
}
