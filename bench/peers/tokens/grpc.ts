import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { TOKENS_SERVICE } from '../../bare/grpc-service';
import { Model } from './model';

// Server streaming, a call for each answer; a message is the token's text.
const model = new Model();
const server = new Server();
server.addService(TOKENS_SERVICE, {
  tokens: (call: ServerWritableStream<Buffer, string>) => {
    const stop = model.answer((token) => {
      call.write(token);
    });
    call.on('cancelled', stop);
    // The load ends without a word.
    call.on('error', stop);
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  model.serve(port);
});
