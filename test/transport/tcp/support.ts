import { tcp } from '../../../src/transport/tcp/tcp';
import type { SocketTransportOptions } from '../../../src/transport/socket-options';
import type { Transport } from '../../../src/transport/transport';
import { RawSocket } from '../../support/raw-socket';
import { closedLater, Reception } from '../support';

/** A transport as a server accepts it, and a peer of which any bytes and any end can come. */
export async function accept(
  options: Partial<SocketTransportOptions> = {},
): Promise<{ transport: Transport; peer: RawSocket }> {
  const reception = closedLater(new Reception(tcp({ port: 0, closeTimeoutMs: 100, ...options }).listen()));
  const { port } = await reception.address();
  const peer = closedLater(await RawSocket.connect(port));
  return { transport: await reception.accept(), peer };
}
