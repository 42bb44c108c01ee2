import { integer, required, rule, type Rule } from '../../protocol/options/rules';
import type { Rules } from '../../protocol/options/take-options';
import { SOCKET_RULES, type SocketTransportOptions } from '../socket-options';

/** Where to listen, or to connect to, on one machine. */
export interface IpcOptions extends Partial<SocketTransportOptions> {
  /**
   * Of the socket in the file system, at most 107 bytes (103 where it is no Linux), or of a named pipe of Windows,
   * `\\.\pipe\name`.
   */
  readonly path: string;
  /**
   * Listening: the rights of the socket's file, for whoever may write it may connect. It has them once it is bound;
   * what keeps others out until then, and for good, are the rights of its folder. Named pipes have none. Default
   * `0o600`: the user that listens.
   */
  readonly mode?: number;
  /** Connections that wait to be accepted. Default 511. */
  readonly backlog?: number;
}

/** What the system has room for: it would bind another path, cut off in the middle, without a word. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

const path: Rule<string> = rule(
  `a path of 1 to ${MAX_PATH_BYTES} bytes, or that of a named pipe, \\\\.\\pipe\\name`,
  (value) =>
    typeof value === 'string' &&
    value !== '' &&
    !value.includes('\0') &&
    (isPipe(value) || Buffer.byteLength(value) <= MAX_PATH_BYTES),
  'string',
);

export const IPC_RULES: Rules<IpcOptions> = {
  ...SOCKET_RULES,
  path: required(path),
  mode: integer(0, 0o777),
  backlog: integer(0, 2 ** 31 - 1),
};

/** Whether a path is that of a named pipe, which is in no file system. */
export function isPipe(path: string): boolean {
  return /^\\\\[.?]\\pipe\\/i.test(path);
}
