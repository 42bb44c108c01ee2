/** What a client of HTTP/2 writes by hand: frames that are made once. */
export const FRAME_HEADER = 9;
export const DATA = 0x0;
export const HEADERS = 0x1;
export const RST_STREAM = 0x3;
export const SETTINGS = 0x4;
export const PING = 0x6;
export const GOAWAY = 0x7;
const WINDOW_UPDATE = 0x8;
export const ACK = 0x1;
export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;
const INITIAL_WINDOW_SIZE = 0x4;
/** What may come without being asked for again: more than a run ever brings. */
const LARGEST_WINDOW = 0x7fffffff;
export const INITIAL_WINDOW = 0xffff;

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** A gRPC message of zeros. */
export function message(stream: number, flags: number, bytes: number): Buffer {
  const header = Buffer.alloc(MESSAGE_HEADER);
  header.writeUInt32BE(bytes, 1);
  return frame(DATA, flags, stream, Buffer.concat([header, Buffer.alloc(bytes)]));
}

/** In front of a message: not compressed, and its length. */
export const MESSAGE_HEADER = 5;

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The start of a connection: a client that never has to open a window again. */
export function preface(): Buffer {
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, INITIAL_WINDOW_SIZE]), u32(LARGEST_WINDOW)])),
    frame(WINDOW_UPDATE, 0, 0, u32(LARGEST_WINDOW - INITIAL_WINDOW)),
  ]);
}

/** The headers of a gRPC call: names and values as HPACK has them when it neither indexes nor compresses. */
export function call(stream: number, path: string): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const headers = Buffer.concat([
    // :method POST and :scheme http, of the static table; then :path, :authority and content-type of its
    // names.
    Buffer.from([0x83, 0x86]),
    Buffer.from([0x04]),
    text(path),
    Buffer.from([0x01]),
    text('127.0.0.1'),
    Buffer.from([0x0f, 0x10]),
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ]);
  return frame(HEADERS, END_HEADERS, stream, headers);
}
