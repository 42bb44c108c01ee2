import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** One port in front of several, that goes round them with each connection, and can cut what it carries. */
export class Balancer {
  private readonly server: Server;
  private readonly carried = new Set<Socket>();
  private ports: number[] = [];
  private turn = 0;
  connections = 0;

  constructor() {
    this.server = createServer((client) => {
      this.carry(client);
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
  }

  add(port: number): void {
    this.ports.push(port);
  }

  remove(port: number): void {
    this.ports = this.ports.filter((each) => each !== port);
  }

  /** Cuts a share of the connections, each for itself. */
  cut(share: number): void {
    for (const socket of this.carried) if (Math.random() < share) socket.resetAndDestroy();
  }

  close(): void {
    this.cut(1);
    this.server.close();
  }

  private carry(client: Socket): void {
    const port = this.ports[this.turn++ % this.ports.length];
    if (port === undefined) {
      client.destroy();
      return;
    }
    this.connections += 1;
    const node = connect({ port, host: '127.0.0.1', noDelay: true });
    client.setNoDelay();
    this.carried.add(client);
    client.on('error', () => undefined).pipe(node);
    node.on('error', () => undefined).pipe(client);
    client.on('close', () => {
      this.carried.delete(client);
      node.destroy();
    });
    node.on('close', () => client.destroy());
  }
}
