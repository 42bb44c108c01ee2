import type { ConnectEndpoint } from '../../transport/endpoint';
import { tcp } from '../../transport/tcp/tcp';
import { ipc } from '../../transport/ipc/ipc';

/** A node by the address that it has told. Throws a `RangeError` where it is of no kind that needs no more than that. */
export function nodeEndpointAt(address: string): ConnectEndpoint {
  const path = /^(?:unix|npipe):\/\/(.+)$/.exec(address)?.[1];
  if (path !== undefined) return ipc({ path });
  const { protocol, hostname, port } = new URL(address);
  if (protocol !== 'tcp:') {
    throw new RangeError(
      `a node of the cluster is at ${address}; say by the option connect how such an address is reached`,
    );
  }
  return tcp({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
}
