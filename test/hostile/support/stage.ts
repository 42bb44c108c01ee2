import type { BystanderCommands, BystanderParameters } from '../workers/bystander';
import type { ClientsCommands, ClientsParameters } from '../workers/clients';
import type { ServerCommands, ServerParameters, ServerReady } from '../workers/server';
import { WorkerProcess } from './worker-process';

export type ServerProcess = WorkerProcess<ServerCommands, ServerReady>;
export type BystanderProcess = WorkerProcess<BystanderCommands, undefined>;

export type ClientsProcess = WorkerProcess<ClientsCommands, undefined>;

/** A server in a process of its own, on a port of loopback. */
export function startServer(parameters: ServerParameters): Promise<ServerProcess> {
  return WorkerProcess.start('server', parameters);
}

/** A client that does nothing out of the ordinary, in a process of its own: how it fares is measured. */
export function startBystander(parameters: BystanderParameters): Promise<BystanderProcess> {
  return WorkerProcess.start('bystander', parameters);
}

/** Clients that keep to the protocol, in one process; ready once each has opened its session. */
export function startClients(parameters: ClientsParameters): Promise<ClientsProcess> {
  return WorkerProcess.start('clients', parameters);
}
