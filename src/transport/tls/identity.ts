import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { PeerIdentity } from '../peer-identity';

/** Reads the identity of the other end, where it has shown a certificate and TLS has verified it. */
export function identityOf(socket: Socket): PeerIdentity | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const { subject, issuer, fingerprint256, subjectAltName } = certificate;
  const commonNames = namesOf(subject).filter((name) => name.startsWith('CN='));
  return {
    subject: namesOf(subject).join(','),
    commonName: commonNames.length === 1 ? unescaped(commonNames[0]!.slice('CN='.length)) : undefined,
    issuer: namesOf(issuer).join(','),
    fingerprint: fingerprint256,
    subjectAltNames: altNamesOf(subjectAltName),
  };
}

/**
 * Node gives a line to each part of a name; what could be mistaken for a separator is escaped. Either may be
 * missing.
 */
function namesOf(name: string | undefined): string[] {
  return (name ?? '').split('\n').filter((line) => line !== '');
}

/** Undoes the escapes of RFC 4514: `\,` and, of bytes that cannot be printed, `\0A`. */
function unescaped(value: string): string {
  return value.replace(/\\([0-9A-F]{2})|\\(.)/g, (_, hex: string | undefined, plain: string | undefined) =>
    hex === undefined ? (plain ?? '') : String.fromCharCode(parseInt(hex, 16)),
  );
}

/** Names are separated by commas; one that has a comma or a quote of its own comes as a JSON string. */
function altNamesOf(text: string | undefined): string[] {
  const names = (text ?? '').match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return names.map((name) => {
    const [, type = '', value = ''] = /^\s*([^:]*):(.*)$/s.exec(name) ?? [];
    return `${type}:${value.startsWith('"') ? String(JSON.parse(value)) : value}`;
  });
}
