import { MessageType, messageTypeName } from '../../src/wire';

describe('messageTypeName', () => {
  it.each([
    [MessageType.ClientHello, 'CLIENT_HELLO'],
    [MessageType.Close, 'CLOSE'],
    [MessageType.SessionOpenAck, 'SESSION_OPEN_ACK'],
    [MessageType.FrameSubmit, 'FRAME_SUBMIT'],
    [MessageType.Pong, 'PONG'],
    [0, '0x00'],
    [0x7f, '0x7f'],
    [0xff, '0xff'],
  ])('%i is %s', (type, name) => {
    expect(messageTypeName(type)).toBe(name);
  });
});

describe('MessageType', () => {
  it('has the 25 types of preview3, each once', () => {
    const types = Object.values(MessageType);
    expect(types).toHaveLength(25);
    expect(new Set(types).size).toBe(25);
    expect(types).toEqual([...types].sort((a, b) => a - b));
  });
});
