import {
  HEADER_ONLY,
  MessageType,
  messageTypeName,
  metadataRecords,
  preview3,
  records,
} from '../../src/wire';

describe('preview3', () => {
  it('has a name for logs', () => {
    expect(preview3.name).toBe('NNRP/1 preview3');
  });

  // Protocol section 2: 0 where there is no record.
  it.each([
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
    [0x14, 32],
    [0x15, 28],
    [0x16, 20],
    [0x17, 32],
    [0x18, 16],
    [0x19, 16],
    [0x1a, 16],
    [0x1b, 24],
    [0x1c, 24],
    [0x20, 0],
    [0x21, 0],
  ] as const)('type %i has %i bytes of metadata', (type, length) => {
    expect(preview3.metadata.get(type)?.length ?? 0).toBe(length);
  });

  it('pairs each type with the record of its name', () => {
    for (const [type, { name }] of preview3.metadata) {
      const words = messageTypeName(type).toLowerCase().split('_');
      expect(name).toBe(
        `${words.map((word) => word.replace(/^./, (first) => first.toUpperCase())).join('')}Metadata`,
      );
    }
  });

  it('knows each type as one with a record, as header-only, or as CLOSE', () => {
    const withoutRecord = Object.values(MessageType).filter((type) => !preview3.metadata.has(type));
    expect(new Set(withoutRecord)).toEqual(new Set([MessageType.Close, ...preview3.headerOnly]));
    expect(preview3.headerOnly).toBe(HEADER_ONLY);
    expect([...HEADER_ONLY].map(messageTypeName)).toEqual(['FRAME_CANCEL', 'RESULT_DROP', 'PING', 'PONG']);
  });
});

describe('records', () => {
  it('lists the records of all messages and the header, and five that bodies have', () => {
    const ofMessages = Object.values(metadataRecords).map(({ name }) => name);
    const rest = Object.keys(records).filter((name) => !ofMessages.includes(name));
    expect(rest).toEqual([
      'CommonHeader',
      'BodyRegionPrelude',
      'ObjectReferenceBlock',
      'TypedPayloadDescriptor',
      'SchemaDescriptorHeader',
    ]);
  });
});
