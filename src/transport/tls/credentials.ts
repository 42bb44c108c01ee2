import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type SecureContextOptions,
  type Server,
} from 'node:tls';
import { RuntimeError } from '../../protocol/runtime-error';
import type { ConnectEndpoint, ListenEndpoint } from '../endpoint';
import { KEEP_ALIVE } from '../tcp/connect';

/** Options that servers over TLS have in common. How long a handshake may take is not left to Node. */
export const SECURE_SERVER = { noDelay: true, ...KEEP_ALIVE, handshakeTimeout: 2 ** 31 - 1 };

/** What one end shows of itself. */
export interface TlsCertificate {
  /** The certificate in PEM format, text or bytes, followed by those between it and the one that the peers trust. */
  readonly cert: string | Uint8Array;
  /** The private key of `cert`, in PEM format. */
  readonly key: string | Uint8Array;
  /** Of `key`, where it is encrypted. */
  readonly passphrase?: string;
}

/** The certificates of a TLS endpoint, and what it asks of those of its peers. */
export interface TlsSettings extends Partial<TlsCertificate> {
  /**
   * Whose signatures count. Default, connecting: the authorities that Node trusts. Listening there is no
   * default: whoever asks for client certificates says who issues them.
   */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /**
   * What a server wants of its clients' certificates. Default `none`.
   *
   * - `none`: they are not asked for one
   * - `request`: those that show one that `ca` has signed have an identity; the others are welcome, too
   * - `require`: only those that show one that `ca` has signed are let in
   */
  readonly clientCertificates?: 'none' | 'request' | 'require';
  /** Connecting only: the name that the server's certificate has to have. Default: the host. */
  readonly serverName?: string;
  /** The oldest version to speak. Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** Text or bytes in PEM format: `-----BEGIN CERTIFICATE-----`. */
export type Pem = TlsCertificate['cert'];

/** An endpoint over TLS. */
export interface SecureEndpoint extends ListenEndpoint, ConnectEndpoint {
  /**
   * Shows another certificate from now on, listening and connecting. Connections that there are live on.
   * Throws a `RuntimeError` of kind `io` where it cannot be used, a `TypeError` where it is none; the one before
   * is then still in place.
   */
  replaceCertificate(certificate: TlsCertificate): void;
}

/** A fault in what the application has given, said without what it has given: keys stay out of errors. */
export class CredentialsFault extends Error {
  override readonly name = 'CredentialsFault';
}

/** What is shown and trusted over TLS, now: the certificate of running servers can be replaced. */
export class TlsCredentials {
  private readonly servers = new Set<Server>();
  private certificate: Partial<TlsCertificate>;

  constructor(private readonly settings: TlsSettings) {
    const { cert, key, passphrase } = settings;
    this.certificate = {
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(passphrase === undefined ? {} : { passphrase }),
    };
  }

  /** What a server is made with. Throws a `CredentialsFault`. */
  listening(): SecureContextOptions & {
    readonly requestCert: boolean;
    readonly rejectUnauthorized: boolean;
  } {
    const { clientCertificates = 'none', ca = [] } = this.settings;
    if (!isWhole(this.certificate)) {
      throw new CredentialsFault('a server needs a certificate; give `cert` and `key`');
    }
    if (clientCertificates !== 'none' && ca.length === 0) {
      throw new CredentialsFault(
        `client certificates can only be verified against who issues them; give \`ca\``,
      );
    }
    return {
      ...this.context(this.certificate),
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: clientCertificates === 'require',
    };
  }

  /** What a client connects with. Throws a `CredentialsFault`. */
  connecting(host: string): ConnectionOptions {
    const { serverName = host } = this.settings;
    const { certificate } = this;
    const isShown = certificate.cert !== undefined || certificate.key !== undefined;
    if (isShown && !isWhole(certificate)) {
      throw new CredentialsFault('a certificate and its key belong together; give `cert` and `key`');
    }
    return {
      ...this.context(isWhole(certificate) ? certificate : undefined),
      // The name of an address is not sent; it is checked all the same.
      servername: isIP(serverName) === 0 ? serverName : '',
      checkServerIdentity: (_, peer) => checkServerIdentity(serverName, peer),
    };
  }

  /** Has the server show new certificates, until the function that is returned is called. */
  keepFresh(server: Server): () => void {
    this.servers.add(server);
    return () => {
      this.servers.delete(server);
    };
  }

  replace(certificate: TlsCertificate, place: string): void {
    let context: SecureContextOptions;
    try {
      context = this.context(certificate);
    } catch (error) {
      throw new RuntimeError(
        'io',
        `cannot replace the certificate of ${place}: ${(error as CredentialsFault).message}; the one before stays`,
        { reach: 'server', origin: 'application', cause: error },
      );
    }
    this.certificate = certificate;
    for (const server of this.servers) server.setSecureContext(context);
  }

  private context(certificate: TlsCertificate | undefined): SecureContextOptions {
    const { ca, minVersion = 'TLSv1.2' } = this.settings;
    const context: SecureContextOptions = {
      minVersion,
      ...(ca === undefined ? {} : { ca: (isList(ca) ? ca : [ca]).map(pem) }),
      ...(certificate === undefined ? {} : checked(certificate)),
    };
    attempt(
      () => createSecureContext(context),
      'TLS cannot be set up with the certificates given; `cert` and `ca` have to be PEM, and `cert` strong enough',
    );
    return context;
  }
}

function checked({ cert, key, passphrase }: TlsCertificate): SecureContextOptions {
  const given = { cert: pem(cert), key: pem(key), ...(passphrase === undefined ? {} : { passphrase }) };
  const certificate = attempt(
    () => new X509Certificate(given.cert),
    'the certificate cannot be read; it has to be PEM, the text and not the name of a file',
  );
  const privateKey = attempt(
    () => createPrivateKey({ key: given.key, ...(passphrase === undefined ? {} : { passphrase }) }),
    'the key cannot be read; it has to be PEM, the text and not the name of a file, and an encrypted one needs its passphrase',
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CredentialsFault('the key is not that of the certificate');
  }
  return given;
}

function attempt<T>(make: () => T, fault: string): T {
  try {
    return make();
  } catch (error) {
    // Node repeats arguments of a wrong type, but not the text of keys.
    throw new CredentialsFault(fault, { cause: error });
  }
}

function isWhole(certificate: Partial<TlsCertificate>): certificate is TlsCertificate {
  return certificate.cert !== undefined && certificate.key !== undefined;
}

function isList(ca: Pem | readonly Pem[]): ca is readonly Pem[] {
  return Array.isArray(ca);
}

function pem(text: Pem): string | Buffer {
  return typeof text === 'string' ? text : Buffer.from(text);
}
