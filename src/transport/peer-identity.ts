/**
 * The identity of a peer, by its certificate. There is one only where the certificate was verified: its chain
 * leads to a certificate that this side trusts, and it is within its time.
 */
export interface PeerIdentity {
  /** The distinguished name, escaped as in RFC 4514: `C=NL,O=Lab,CN=alice`. */
  readonly subject: string;
  /** Undefined where the subject has none, or several. */
  readonly commonName: string | undefined;
  /** The distinguished name of who signed it. */
  readonly issuer: string;
  /** SHA-256 of the certificate: `AB:CD:…`. */
  readonly fingerprint: string;
  /** As OpenSSL names them: `DNS:alice.example`, `URI:spiffe://example/alice`, `IP Address:127.0.0.1`. */
  readonly subjectAltNames: readonly string[];
}
