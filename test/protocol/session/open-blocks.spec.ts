import { openBlocks } from '../../../src/protocol/session/open-blocks';
import { SessionOpenMetadata } from '../../../src/wire/messages/session-open';
import { faultOf } from '../../protocol/support';

const body = Uint8Array.of(1, 1, 2, 2, 2, 3);

function open(
  resumeTokenBytes: number,
  authBytes: number,
  sessionExtensionBytes: number,
): SessionOpenMetadata {
  return SessionOpenMetadata.of({ resumeTokenBytes, authBytes, sessionExtensionBytes });
}

function lengths(metadata: SessionOpenMetadata, bytes: Uint8Array): number[] {
  const { resumeToken, auth, extension } = openBlocks(metadata, bytes);
  return [resumeToken.length, auth.length, extension.length];
}

describe("SESSION_OPEN's blocks", () => {
  it('are token, auth and extension, in this order', () => {
    expect(openBlocks(open(2, 3, 1), body)).toEqual({
      resumeToken: Uint8Array.of(1, 1),
      auth: Uint8Array.of(2, 2, 2),
      extension: Uint8Array.of(3),
    });
  });

  it('are views, which copy nothing', () => {
    const { auth } = openBlocks(open(2, 3, 1), body);
    expect(auth.buffer).toBe(body.buffer);
    expect(auth.byteOffset).toBe(2);
  });

  it('may lack the token that is announced, as the reference sends it', () => {
    expect(lengths(open(24, 3, 3), body)).toEqual([0, 3, 3]);
    expect(lengths(open(24, 0, 0), new Uint8Array(0))).toEqual([0, 0, 0]);
  });

  it('are none of an empty body, whatever is announced', () => {
    expect(lengths(open(24, 5, 6), new Uint8Array(0))).toEqual([0, 0, 0]);
  });

  it('are all where the token has no bytes', () => {
    expect(lengths(open(0, 2, 4), body)).toEqual([0, 2, 4]);
  });

  it.each([
    ['a byte too many', open(2, 2, 1), 5],
    ['a byte too few', open(2, 3, 2), 7],
    ['a body that nobody announced', open(0, 0, 0), 0],
    ['lengths that overflow', open(0xffffffff, 0xffffffff, 0xffffffff), 3 * 0xffffffff],
  ])('are refused: %s', (_, metadata, declared) => {
    expect(faultOf(() => openBlocks(metadata, body))).toEqual({
      kind: 'PacketLengthMismatch',
      declared,
      actual: 6,
    });
  });
});
