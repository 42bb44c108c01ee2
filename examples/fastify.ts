// A web application of Fastify, and NNRP at a path of the same port: fastifyApp(answer).listen({ port: 8080 })
import fastify, { type FastifyInstance } from 'fastify';
import { createServer, webSocket, type Answers, type Submit } from 'nnrp-rx';

export function fastifyApp(answer: (submit: Submit) => Answers): FastifyInstance {
  const app = fastify();
  app.get('/health', () => ({ sessions: nnrp.usage.sessions }));
  const nnrp = createServer({ listen: webSocket({ server: app.server, path: '/nnrp' }) });
  nnrp.sessions$.subscribe((session) => {
    session.respond(answer);
  });
  // Sessions end before the port does: an upgraded connection would keep it open.
  app.addHook('preClose', () => nnrp.close());
  return app;
}
