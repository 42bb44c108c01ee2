import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { fastifyApp } from '../../examples/fastify';
import { AppModule } from '../../examples/nest';
import { connect } from '../../src';

interface App {
  readonly port: number;
  close(): Promise<unknown>;
}

const APPS: Readonly<Record<string, () => Promise<App>>> = {
  async fastify() {
    const app = fastifyApp(({ text }) => `You asked: ${text}`);
    await app.listen({ host: '127.0.0.1', port: 0 });
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
  },
  async nest() {
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
    return { port, close: () => app.close() };
  },
};

it.each(Object.entries(APPS))(
  '%s has NNRP at a path of its port, and ends it as it closes',
  async (_, start) => {
    const app = await start();
    const client = await connect(`ws://127.0.0.1:${app.port}/nnrp`);
    const session = await client.openSession();
    expect((await session.submit({ body: 'Who?' }).whole()).text).toBe('You asked: Who?');
    const health = await fetch(`http://127.0.0.1:${app.port}/health`);
    expect(await health.json()).toEqual({ sessions: 1 });
    await app.close();
    expect(session.ended?.by).toBe('server');
    await client.close();
  },
);
