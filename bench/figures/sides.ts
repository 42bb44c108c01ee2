import type { Side } from '../harness/compare';
import type { ConnectingParameters } from '../load/parameters';
import type { NnrpPeer } from '../peers/nnrp';

const wire: Side['load'] = (parameters) => ({ file: 'load/wire', parameters });

/** This project's server, as an application uses it. */
export function nnrpServer(transport: NnrpPeer['transport'], api: NnrpPeer['api'] = 'results'): Side {
  const parameters: NnrpPeer = { transport, api };
  return { name: `nnrp-rx ${api}`, measured: 'peer', peer: { file: 'peers/nnrp', parameters }, load: wire };
}

export const bareEcho: Side = {
  name: 'bare echo',
  measured: 'peer',
  peer: { file: 'peers/echo-tcp', parameters: {} },
  load: wire,
};

export const wsEcho: Side = {
  name: 'ws echo',
  measured: 'peer',
  peer: { file: 'peers/echo-ws', parameters: {} },
  load: wire,
};

/** Its load writes HTTP/2 itself: a client of the same library would be busier than the server. */
export const grpcServer: Side = {
  name: 'grpc-js bidi',
  measured: 'peer',
  peer: { file: 'peers/grpc', parameters: {} },
  load: (parameters) => ({ file: 'load/http2', parameters }),
};

/** This project's client; the bare echo answers it. */
export const nnrpClient: Side = {
  name: 'nnrp-rx client',
  measured: 'load',
  peer: bareEcho.peer,
  load: (parameters) => ({ file: 'load/nnrp-client', parameters }),
};

/** This project's client, which connects to this project's server, opens a session and closes, again and again. */
export function connecting(revision: ConnectingParameters['revision']): Side {
  return {
    name: revision,
    measured: 'load',
    peer: nnrpServer('tcp').peer,
    load: (parameters) => ({ file: 'load/connecting', parameters: { ...parameters, revision } }),
  };
}

export const bareClient: Side = {
  name: 'bare client',
  measured: 'load',
  peer: bareEcho.peer,
  load: (parameters) => ({ file: 'load/bare-client', parameters }),
};
