// A web application of NestJS, and NNRP at a path of the same port. It needs `experimentalDecorators`.
import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server as WebServer } from 'node:http';
import { createServer, webSocket, type Answer, type Server } from 'nnrp-rx';

/** What answers, whoever asks. */
@Injectable()
export class Oracle {
  async *answer(question: string): AsyncGenerator<Answer> {
    for (const word of `You asked: ${question}`.split(/(?= )/)) yield word;
  }
}

@Injectable()
class Gateway implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private server: Server | undefined;

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(Oracle) private readonly oracle: Oracle,
  ) {}

  onApplicationBootstrap(): void {
    const server = this.host.httpAdapter.getHttpServer() as WebServer;
    this.server = createServer({ listen: webSocket({ server, path: '/nnrp' }) });
    this.server.sessions$.subscribe((session) => {
      session.respond(({ text }) => this.oracle.answer(text));
    });
  }

  get sessions(): number {
    return this.server?.usage.sessions ?? 0;
  }

  /** Sessions end before the port does: an upgraded connection would keep it open. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.server?.close();
  }
}

@Controller()
class Health {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Get('health')
  health(): object {
    return { sessions: this.gateway.sessions };
  }
}

@Module({ controllers: [Health], providers: [Gateway, Oracle] })
export class AppModule {}
