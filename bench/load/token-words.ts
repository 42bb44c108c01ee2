import { SESSION_ID } from '../bare/packets';
import { FRAMINGS } from './framing';
import { ACK, call, END_STREAM, frame, message, preface, SETTINGS } from './http2-frames';
import type { RevisionName } from '../../src/wire/message';
import { greeting, openPacket, submitPacket, writeFrame } from './packets';
import type { TokensParameters } from './parameters';

/** What is said on a connection, and what has to come before the next. */
export interface Word {
  readonly bytes: Buffer;
  readonly awaits?: string;
}

/** How each protocol asks for the answers of a connection; the last word asks for all of them. */
export function wordsOf({ protocol, answers }: TokensParameters, index: number): Word[] {
  const first = index * answers + 1;
  const ids = Array.from({ length: answers }, (_, turn) => first + turn);
  switch (protocol) {
    case 'nnrp':
    case 'nnrp-tls':
      return [
        { bytes: Buffer.from(openPacket(index + 1)), awaits: 'NNRP' },
        { bytes: submits(index + 1, answers) },
      ];
    case 'nnrp-preview4':
      return [
        { bytes: Buffer.from(greeting('preview4')!.hello), awaits: 'NNRP' },
        { bytes: Buffer.from(openPacket(index + 1)), awaits: 'NNRP' },
        { bytes: submits(index + 1, answers, { revision: 'preview4' }) },
      ];
    case 'nnrp-ws': {
      const open = openPacket(index + 1);
      return [
        { bytes: upgrade('/'), awaits: '\r\n\r\n' },
        { bytes: Buffer.concat([binaryPrefix(open.length), open]), awaits: 'NNRP' },
        { bytes: submits(index + 1, answers, { prefix: binaryPrefix }) },
      ];
    }
    case 'ws':
      return [
        { bytes: upgrade('/'), awaits: '\r\n\r\n' },
        { bytes: Buffer.concat(ids.map((id) => text(JSON.stringify({ id })))) },
      ];
    case 'socket.io':
      return [
        { bytes: upgrade('/socket.io/?EIO=4&transport=websocket'), awaits: '0{' },
        { bytes: text('40'), awaits: '40{' },
        { bytes: Buffer.concat(ids.map((id) => text(`42["ask",${id}]`))) },
      ];
    case 'sse':
      if (answers !== 1) throw new Error('a response is one answer');
      return [{ bytes: Buffer.from(`GET /${first} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`) }];
    case 'grpc': {
      const calls = ids.flatMap((_, turn) => [
        call(2 * turn + 1, '/bench.Tokens/Tokens'),
        message(2 * turn + 1, END_STREAM, 4),
      ]);
      return [{ bytes: preface(), awaits: '' }, { bytes: Buffer.concat([settingsAck(), ...calls]) }];
    }
  }
}

/** One submit for each answer, all in one session. */
function submits(
  sessionId: number,
  answers: number,
  {
    prefix = () => Buffer.alloc(0),
    revision = 'preview3',
  }: { readonly prefix?: (length: number) => Buffer; readonly revision?: RevisionName } = {},
): Buffer {
  return Buffer.concat(
    Array.from({ length: answers }, (_, turn) => {
      const submit = Buffer.from(submitPacket(4, revision));
      submit.writeUInt32LE(sessionId, SESSION_ID);
      writeFrame(submit, 0, turn + 1, revision);
      return Buffer.concat([prefix(submit.length), submit]);
    }),
  );
}

function binaryPrefix(length: number): Buffer {
  return FRAMINGS.ws.requestPrefix(length);
}

function upgrade(path: string): Buffer {
  return Buffer.from(FRAMINGS.ws.hello!.replace('GET / ', `GET ${path} `));
}

/** A text message of under 126 bytes, with a mask of zeros. */
function text(message: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), Buffer.from(message)]);
}

function settingsAck(): Buffer {
  return frame(SETTINGS, ACK, 0, Buffer.alloc(0));
}
