import { MessageType, messageTypeName, Preview3MessageType } from '../../src/wire';

describe('messageTypeName', () => {
  it.each([
    [MessageType.ClientHello, 'CLIENT_HELLO'],
    [MessageType.Close, 'CLOSE'],
    [MessageType.SessionOpenAck, 'SESSION_OPEN_ACK'],
    [MessageType.FrameSubmit, 'FRAME_SUBMIT'],
    [MessageType.Pong, 'PONG'],
    [MessageType.ResultDropReason, 'RESULT_DROP_REASON'],
    [0, '0x00'],
    [0x7f, '0x7f'],
    [0xff, '0xff'],
  ])('%i is %s', (type, name) => {
    expect(messageTypeName(type)).toBe(name);
  });
});

describe.each([
  ['Preview3MessageType', Preview3MessageType, 25],
  ['MessageType', MessageType, 51],
])('%s', (_, enumeration, count) => {
  it('has each type once, in order', () => {
    const types = Object.values<number>(enumeration);
    expect(types).toHaveLength(count);
    expect(new Set(types).size).toBe(count);
    expect(types).toEqual([...types].sort((a, b) => a - b));
  });
});
