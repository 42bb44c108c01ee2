import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { ECHO } from '../bare/grpc-service';
import { serveAt } from '../harness/program';

// Bidirectional streaming of opaque bytes: what a gRPC service would do for the same work.
const server = new Server();
server.addService(ECHO, {
  echo: (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', (message: Buffer) => call.write(message));
    call.on('end', () => {
      call.end();
    });
    // The load ends without a word.
    call.on('error', () => undefined);
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  serveAt(port);
});
