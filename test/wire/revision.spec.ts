import {
  isHeaderOnly,
  MessageType,
  messageTypeName,
  preview3,
  Preview3MessageType,
  preview4,
} from '../../src/wire';

const revisions = [
  { revision: preview3, types: Object.values<MessageType>(Preview3MessageType), name: 'NNRP/1 preview3' },
  { revision: preview4, types: Object.values(MessageType), name: 'NNRP/1 preview4' },
];

/** Bytes of metadata that are the same in both (protocol section 2): 0 where there is no record. */
const LENGTHS: readonly (readonly [number, number])[] = [
  [0x01, 64],
  [0x02, 80],
  [0x03, 36],
  [0x04, 48],
  [0x05, 0],
  [0x06, 32],
  [0x07, 48],
  [0x08, 56],
  [0x09, 24],
  [0x0a, 16],
  [0x10, 72],
  [0x11, 0],
  [0x12, 64],
  [0x13, 0],
  [0x17, 32],
  [0x18, 16],
  [0x19, 16],
  [0x1a, 16],
  [0x1b, 24],
  [0x1c, 24],
  [0x20, 0],
  [0x21, 0],
];

const LENGTHS_OF_PREVIEW3: typeof LENGTHS = [
  [0x14, 32],
  [0x15, 28],
  [0x16, 20],
];

const LENGTHS_OF_PREVIEW4: typeof LENGTHS = [
  [0x14, 40],
  [0x15, 40],
  [0x16, 32],
  ...[0x30, 0x31, 0x32, 0x33, 0x34, 0x35].map((type) => [type, 32] as const),
  [0x36, 40],
  [0x37, 32],
  [0x38, 40],
  ...[0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40].map((type) => [type, 32] as const),
  [0x41, 48],
  [0x42, 48],
  [0x43, 32],
  [0x44, 40],
  [0x45, 40],
  [0x46, 56],
  [0x47, 32],
  [0x48, 32],
  [0x49, 32],
];

describe.each(revisions)('$name', ({ revision, types, name }) => {
  const { messages } = revision;

  it('has a name for logs', () => {
    expect(revision.name).toBe(name);
  });

  it('has a row for each of its types and for no other number', () => {
    const known = messages.flatMap((row, type) => (row === undefined ? [] : [type]));
    expect(known).toEqual(types);
    expect(messages).toHaveLength(256);
  });

  it.each([...LENGTHS, ...(revision === preview3 ? LENGTHS_OF_PREVIEW3 : LENGTHS_OF_PREVIEW4)])(
    'type %i has %i bytes of metadata',
    (type, length) => {
      expect(messages[type]?.record?.length ?? 0).toBe(length);
    },
  );

  it('carries records of its own', () => {
    const records = new Set<unknown>(Object.values(revision.records));
    for (const row of messages) if (row?.record !== undefined) expect(records).toContain(row.record);
  });

  it('has four messages that are a header and nothing else', () => {
    const headerOnly = types.filter((type) => isHeaderOnly(revision, type)).map(messageTypeName);
    expect(headerOnly).toEqual(['FRAME_CANCEL', 'RESULT_DROP', 'PING', 'PONG']);
  });

  it('names in its rows only fields that are there, and only once what it calls a message', () => {
    const shortNames = new Set<string>();
    for (const type of types) {
      const { record, body, operation, shortName } = messages[type]!;
      const fields = Object.keys(record?.definition.fields ?? {});
      if (typeof body === 'object') expect(fields).toEqual(expect.arrayContaining([...body]));
      if (operation !== 'none' && operation !== 'frame') expect(fields).toContain(operation);
      shortNames.add(shortName);
    }
    expect(shortNames.size).toBe(types.length);
  });

  it('counts what must arrive once', () => {
    const counted = types.filter((type) => messages[type]?.counted !== 'uncounted').map(messageTypeName);
    const ofBoth = ['ERROR', 'RESULT_PUSH', 'RESULT_DROP'];
    expect(counted).toEqual(
      revision === preview3 ? ofBoth : [...ofBoth, 'PARTIAL_RESULT', 'RESULT_DROP_REASON'],
    );
  });
});

describe('preview3', () => {
  it('pairs each type with the record of its name', () => {
    preview3.messages.forEach((row, type) => {
      if (row?.record === undefined) return;
      const words = messageTypeName(type).toLowerCase().split('_');
      const name = words.map((word) => word.replace(/^./, (first) => first.toUpperCase())).join('');
      expect(row.record.name).toBe(`${name}Metadata`);
    });
  });
});
