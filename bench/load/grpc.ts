import { credentials, makeGenericClientConstructor, type ClientDuplexStream } from '@grpc/grpc-js';
import { parameters, tell } from '../child';
import { ECHO } from '../grpc-service';
import { Latency } from './latency';
import type { LoadParameters } from './parameters';

const load = parameters<LoadParameters>();
const latency = new Latency();
const body = Buffer.alloc(load.bodyBytes);
const EchoClient = makeGenericClientConstructor(ECHO, 'Echo');

for (let index = 0; index < load.connections; index++) {
  const client = new EchoClient(`127.0.0.1:${load.port}`, credentials.createInsecure());
  const echo = client['echo'] as unknown as () => ClientDuplexStream<Buffer, Buffer>;
  const call = echo.call(client);
  const sent: number[] = [];
  const send = (): void => {
    sent.push(performance.now());
    call.write(body);
  };
  call.on('data', () => {
    latency.record(sent.shift() ?? 0, 1);
    send();
  });
  for (let operation = 0; operation < load.window; operation++) send();
}
setTimeout(() => {
  latency.start();
  setTimeout(() => {
    tell(latency.result());
  }, load.runMs);
}, load.warmMs);
