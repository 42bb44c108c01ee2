import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { PORTS, type NodeEnvironment } from '../../examples/cluster/node';
import { DEFAULT_SERVER_LIMITS } from '../../src';

const FOLDER = join(__dirname, '../../examples/cluster');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

/** Whether each variable has to be given. */
const VARIABLES: Readonly<Record<keyof NodeEnvironment, boolean>> = {
  REDIS_URL: true,
  TOKEN_KEY: true,
  LINK_HOST: true,
  TRUST_PROXY: false,
  GRACE_MS: false,
};
const names = Object.keys(VARIABLES);
const required = Object.entries(VARIABLES).flatMap(([name, isRequired]) => (isRequired ? name : []));

interface Service {
  readonly build?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
}

describe('compose.yaml', () => {
  const { services } = parse(read('compose.yaml'), { merge: true }) as {
    services: Readonly<Record<string, Service>>;
  };
  const nodes = Object.entries(services).filter(([, { build }]) => build !== undefined);

  it('has two nodes, which are told all that they need and nothing else', () => {
    expect(nodes.map(([name]) => name)).toEqual(['one', 'two']);
    for (const [name, { environment = {} }] of nodes) {
      expect(Object.keys(environment).filter((each) => !names.includes(each))).toEqual([]);
      expect(Object.keys(environment)).toEqual(expect.arrayContaining(required));
      expect(environment).toMatchObject({ LINK_HOST: name, REDIS_URL: 'redis://redis:6379' });
    }
  });

  it('gives a node as long as it takes to stop', () => {
    for (const [, { environment, stop_grace_period }] of nodes) {
      const least = Number(environment?.GRACE_MS) + DEFAULT_SERVER_LIMITS.closeOvertimeMs;
      expect(1000 * parseInt(stop_grace_period!, 10)).toBeGreaterThan(least);
    }
  });

  it('names services and files that there are', () => {
    const all = Object.values(services);
    const needed = all.flatMap(({ depends_on = [] }) =>
      Array.isArray(depends_on) ? (depends_on as string[]) : Object.keys(depends_on),
    );
    expect(needed.filter((name) => !(name in services))).toEqual([]);
    const files = all.flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]!));
    expect(files.filter((file) => !existsSync(join(FOLDER, file)))).toEqual([]);
    expect(existsSync(join(FOLDER, 'Dockerfile'))).toBe(true);
  });

  it('has a proxy that goes to the ports of the nodes', () => {
    const { webSocket, tcp, health } = PORTS;
    const configuration = read('haproxy.cfg');
    const servers = [...configuration.matchAll(/^ {2}server (\w+) (\w+):(\d+)/gm)].map(([, , host, port]) => [
      host,
      port,
    ]);
    expect(servers).toEqual([webSocket, tcp].flatMap((port) => nodes.map(([name]) => [name, String(port)])));
    expect(configuration).toContain(`check port ${health} `);
    const bound = [...configuration.matchAll(/^ {2}bind :(\d+)/gm)].map(([, port]) => `${port}:${port}`);
    expect(services.proxy?.ports).toEqual(bound);
  });
});

interface Variable {
  readonly name: string;
  readonly value?: string;
}

interface Resource {
  readonly kind: string;
  readonly spec: {
    readonly ports?: readonly { readonly port: number; readonly targetPort: string }[];
    readonly template?: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly env: readonly Variable[];
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
          readonly readinessProbe: { readonly httpGet: { readonly port: string } };
          readonly livenessProbe: { readonly tcpSocket: { readonly port: string } };
          readonly lifecycle: {
            readonly preStop: { readonly exec: { readonly command: readonly string[] } };
          };
        }[];
      };
    };
  };
}

describe('kubernetes.yaml', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'));
  const resources = documents.map((document) => document.toJS() as Resource);
  const { containers, terminationGracePeriodSeconds } = resources.find(({ kind }) => kind === 'Deployment')!
    .spec.template!.spec;
  const [node] = containers as [(typeof containers)[0]];
  const port = (wanted: string) => node.ports.find(({ name }) => name === wanted)?.containerPort;

  it('is what it is taken for', () => {
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    expect(resources.map(({ kind }) => kind)).toEqual([
      'Deployment',
      'Service',
      'Service',
      'NetworkPolicy',
      'PodDisruptionBudget',
    ]);
  });

  it('tells a node all that it needs and nothing else', () => {
    expect(node.env.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it('names the ports of a node', () => {
    const { webSocket, tcp, link, health } = PORTS;
    expect(['web-socket', 'tcp', 'link', 'health'].map(port)).toEqual([webSocket, tcp, link, health]);
    const { readinessProbe, livenessProbe } = node;
    expect([readinessProbe.httpGet.port, livenessProbe.tcpSocket.port].map(port)).toEqual([health, health]);
    const [service] = resources.find(({ kind }) => kind === 'Service')!.spec.ports!;
    expect([service?.port, port(service!.targetPort)]).toEqual([tcp, tcp]);
  });

  it('gives a node as long as it takes to stop', () => {
    const [sleep, seconds] = node.lifecycle.preStop.exec.command;
    const graceMs = Number(node.env.find(({ name }) => name === 'GRACE_MS')?.value);
    const least = 1000 * Number(seconds) + graceMs + DEFAULT_SERVER_LIMITS.closeOvertimeMs;
    expect(sleep).toBe('sleep');
    expect(1000 * terminationGracePeriodSeconds).toBeGreaterThan(least);
  });
});
