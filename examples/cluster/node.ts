// A node of a cluster, as a container runs it: `npx tsx node.ts`, or as the Dockerfile does, in the environment that
// compose.yaml or kubernetes.yaml say.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { interval, map, take } from 'rxjs';
import { createServer, tcp, webSocket, type Server } from 'nnrp-rx';
import { redisCluster } from 'nnrp-rx/redis';

/** What the environment says, in each file alike. */
export interface NodeEnvironment {
  /** Of the Redis or Valkey that all nodes share. */
  readonly REDIS_URL: string;
  /** The secret that all nodes share: 32 random bytes, as text. */
  readonly TOKEN_KEY: string;
  /** The host by which the other nodes reach this one. */
  readonly LINK_HOST: string;
  /** The addresses and ranges of the proxies in front, with commas between them. */
  readonly TRUST_PROXY?: string;
  /** Milliseconds that answers get to finish when the node is stopped. */
  readonly GRACE_MS?: string;
}

/** Where a node listens. */
export const PORTS = { webSocket: 4480, tcp: 4433, link: 4490, health: 8080 };

/** A node that runs. */
export interface RunningNode {
  readonly server: Server;
  /** Where it listens for clients and probes. */
  readonly ports: Omit<typeof PORTS, 'link'>;
  /** Hands its clients over to the others, and ends when that is done. */
  stop(): Promise<void>;
}

export async function startNode(env: NodeEnvironment, ports = PORTS): Promise<RunningNode> {
  const trustProxy = env.TRUST_PROXY?.split(',') ?? [];
  const server = createServer({
    listen: [
      webSocket({ port: ports.webSocket, host: '0.0.0.0', trustProxy }),
      tcp({ port: ports.tcp, host: '0.0.0.0', trustProxy }),
    ],
    tokenKey: env.TOKEN_KEY,
    cluster: redisCluster({
      url: env.REDIS_URL,
      link: tcp({ port: ports.link, host: '0.0.0.0' }),
      address: `tcp://${env.LINK_HOST}:${ports.link}`,
    }),
  });
  server.failures$.subscribe((failure) => console.error(failure.message));
  server.health$.subscribe((health) => console.log(JSON.stringify(health)));
  server.sessions$.subscribe((session) => {
    // The model goes here.
    session.respond(({ text }) => {
      const words = `You said: ${text}`.split(/(?= )/);
      return interval(50).pipe(
        take(words.length),
        map((index) => words[index]!),
      );
    });
  });
  const [overWebSocket, overTcp] = await server.listening();
  const probes = createHttpServer(server.answerProbe).listen(ports.health);
  await once(probes, 'listening');
  const address = probes.address();
  const health = typeof address === 'object' ? address!.port : 0;
  return {
    server,
    ports: { webSocket: overWebSocket!.port, tcp: overTcp!.port, health },
    stop: async () => {
      await server.close({ handOver: true, graceMs: Number(env.GRACE_MS ?? 10_000) });
      probes.close();
    },
  };
}

if (require.main === module) {
  void startNode(process.env as unknown as NodeEnvironment).then((node) => {
    process.once('SIGTERM', () => void node.stop().then(() => process.exit(0)));
  });
}
