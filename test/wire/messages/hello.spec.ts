import { ClientHelloMetadata, ServerHelloAckMetadata } from '../../../src/wire';
import { faultOf } from '../fault-of';

const hello = ClientHelloMetadata.of({
  minVersionMajor: 1,
  maxVersionMajor: 1,
  supportedWireFormatBitmap: 1,
  supportedProfileBitmap: 2,
  supportedPayloadKindBitmap: 2,
});

/** A hello that breaks a rule, as bytes: the encoder would refuse it. */
function bytesOf(edits: Readonly<Record<number, number>>): Uint8Array {
  return Object.assign(ClientHelloMetadata.encode(hello), edits);
}

describe('ClientHelloMetadata', () => {
  it.each([
    [{ minVersionMajor: 0 }],
    [{ maxVersionMajor: 255 }],
    [{ minVersionMajor: 0, maxVersionMajor: 255 }],
    [{ supportedWireFormatBitmap: 0xffff }],
    [{ supportedProfileBitmap: 0xffff_ffff, supportedPayloadKindBitmap: 0x8000_0000 }],
  ])('takes %j', (edits) => {
    const given = { ...hello, ...edits };
    expect(ClientHelloMetadata.decode(ClientHelloMetadata.encode(given))).toEqual(given);
  });

  it.each([
    [{ minVersionMajor: 2 }, { 0: 2 }, 'CLIENT_HELLO version window must be ordered'],
    [
      { minVersionMajor: 2, maxVersionMajor: 3 },
      { 0: 2, 1: 3 },
      'CLIENT_HELLO version window must include NNRP/1',
    ],
    [
      { minVersionMajor: 0, maxVersionMajor: 0 },
      { 0: 0, 1: 0 },
      'CLIENT_HELLO version window must include NNRP/1',
    ],
    [
      { supportedWireFormatBitmap: 0xfffe },
      { 2: 0xfe, 3: 0xff },
      'CLIENT_HELLO supported_wire_format_bitmap must include wire_format 0',
    ],
    [{ supportedProfileBitmap: 0 }, { 4: 0 }, 'CLIENT_HELLO supported_profile_bitmap'],
    [{ supportedPayloadKindBitmap: 0 }, { 8: 0 }, 'CLIENT_HELLO supported_payload_kind_bitmap'],
  ])('refuses %j, on writing and on reading', (edits, bytes, rule) => {
    const fault = { kind: 'InvalidProtocolCombination', rule };
    expect(faultOf(() => ClientHelloMetadata.encode({ ...hello, ...edits }))).toEqual(fault);
    expect(faultOf(() => ClientHelloMetadata.decode(bytesOf(bytes)))).toEqual(fault);
  });
});

describe('ServerHelloAckMetadata', () => {
  it('knows one server flag', () => {
    const ack = ServerHelloAckMetadata.of({ serverFlags: 1 });
    expect(ServerHelloAckMetadata.decode(ServerHelloAckMetadata.encode(ack))).toEqual(ack);
    const bytes = Object.assign(ServerHelloAckMetadata.encode(ack), { 76: 2 });
    expect(faultOf(() => ServerHelloAckMetadata.decode(bytes))).toEqual({
      kind: 'ReservedBitsSet',
      field: 'server_hello_ack.server_flags',
      value: 2,
      allowed: 1,
    });
  });
});
