import {
  bytesOrText,
  milliseconds,
  oneOf,
  oneOrListOf,
  required,
  rule,
  secret,
  text,
  type Rule,
} from '../../protocol/options/rules';
import { partly, takeOptions, type Rules } from '../../protocol/options/take-options';
import { TCP_RULES } from '../tcp/options';
import type { Pem, TlsCertificate, TlsSettings } from './credentials';
import type { SocketTransportOptions } from '../socket-options';

export interface TlsOptions extends Partial<SocketTransportOptions>, TlsSettings {
  /** 0 lets the system choose when listening. */
  readonly port: number;
  /** Default `127.0.0.1`: a server that is to be reached from elsewhere says so. */
  readonly host?: string;
  /** Connections that wait to be accepted. Default 511. */
  readonly backlog?: number;
  /**
   * Listening: milliseconds from the accept that a TLS handshake has; then the connection is cut. Default
   * 5,000. (For connecting, see `ClientOptions.connectTimeoutMs`.)
   */
  readonly handshakeTimeoutMs?: number;
  /** Listening: as `TcpOptions.trustProxy`; the header comes before TLS. */
  readonly trustProxy?: readonly string[];
  /**
   * A peer that says another protocol than `nnrp/1` by ALPN is refused. One that says none, as the reference's
   * peers do, is taken with `prefer`, and refused with `require`, which is for a port or a certificate that is
   * shared with HTTPS. Default `prefer`. (WebSockets say HTTP there, and have no such choice.)
   */
  readonly alpn?: 'prefer' | 'require';
}

/** A copy: keys are wiped from memory once they were given, and read again with each connection. */
const pem: Rule<Pem> = { ...bytesOrText, expected: 'a string or a Uint8Array in PEM format' };

const CERTIFICATE_RULES: Rules<TlsCertificate> = {
  cert: required(pem),
  key: required(pem),
  passphrase: secret(rule('a string', (value) => typeof value === 'string')),
};

export const TLS_RULES: Rules<TlsSettings> = {
  ...partly(CERTIFICATE_RULES),
  ca: oneOrListOf(pem),
  clientCertificates: oneOf('none', 'request', 'require'),
  serverName: text,
  minVersion: oneOf('TLSv1.2', 'TLSv1.3'),
};

export const TLS_OPTION_RULES: Rules<TlsOptions> = {
  ...TCP_RULES,
  ...TLS_RULES,
  handshakeTimeoutMs: milliseconds,
  alpn: oneOf('prefer', 'require'),
};

/** Throws a `TypeError` that names what a certificate lacks, or what cannot be what it is. */
export function takeCertificate(certificate: unknown): TlsCertificate {
  return takeOptions('replaceCertificate', certificate, CERTIFICATE_RULES);
}
