import type { BystanderCommands, BystanderParameters } from '../workers/bystander';
import type { ServerCommands, ServerParameters, ServerReady } from '../workers/server';
import { WorkerProcess } from './worker-process';

export type ServerProcess = WorkerProcess<ServerCommands, ServerReady>;
export type BystanderProcess = WorkerProcess<BystanderCommands, undefined>;

/** A server in a process of its own, on a port of loopback. */
export function startServer(parameters: ServerParameters): Promise<ServerProcess> {
  return WorkerProcess.start('server', parameters);
}

/** A client that does nothing out of the ordinary, in a process of its own: how it fares is measured. */
export function startBystander(parameters: BystanderParameters): Promise<BystanderProcess> {
  return WorkerProcess.start('bystander', parameters);
}
