import { RuntimeError } from '../protocol/runtime-error';
import { lostConnection, noConnection, textOf } from './connection-errors';

const REFUSED_CERTIFICATE = 'it refused the certificate shown to it; it has to trust who signed it';
const NO_COMMON_VERSION = 'there is no TLS version that both sides allow; 1.2 is the least here';
const NOT_NNRP = 'it does not agree on the protocol nnrp/1; is it an NNRP peer?';
const NOT_TLS = 'it does not speak TLS';
const UNTRUSTED = "its certificate is signed by nobody that is trusted here; give the signer's as `ca`";

/** What an operating system's code means to whoever listens. */
const LISTEN_FAULTS: Faults = {
  EADDRINUSE: 'the port is in use; choose another, or 0 for any free one',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not permitted; ports below 1024 need privileges',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name could not be looked up, try again',
};

/** The same of a socket's file. */
const LISTEN_FILE_FAULTS: Faults = {
  EADDRINUSE: 'somebody listens there, or it is no socket; choose another path, or remove the file',
  // The system says no other thing of a folder that is not there.
  EACCES: 'its folder does not exist, or whoever listens may not write into it',
};

/** What it means to whoever connects. */
const CONNECT_FAULTS: Faults = {
  ECONNREFUSED: 'nothing listens there; is the server running?',
  ENOENT: 'nothing listens there; is the server running?',
  ECONNRESET: 'whoever listens there closed the connection at once; is it a server of this transport?',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name could not be looked up, try again',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EADDRNOTAVAIL: 'this machine has no address to connect from',
  EACCES: 'not permitted by this machine',
};

/**
 * What TLS says: OpenSSL's reasons as `tlsName` writes them, and codes of Node's. Alerts are what the other
 * end has told; how their names begin depends on OpenSSL's version.
 */
const TLS_FAULTS: Faults = {
  ALERT_CERTIFICATE_REQUIRED: 'it requires a client certificate; give `cert` and `key`',
  ALERT_HANDSHAKE_FAILURE:
    'it refused the TLS handshake; it may require a client certificate (`cert` and `key`)',
  ALERT_BAD_CERTIFICATE: REFUSED_CERTIFICATE,
  ALERT_CERTIFICATE_UNKNOWN: REFUSED_CERTIFICATE,
  ALERT_UNKNOWN_CA: REFUSED_CERTIFICATE,
  ALERT_CERTIFICATE_EXPIRED: 'it says that the certificate shown to it has expired; renew it',
  ALERT_CERTIFICATE_REVOKED: 'it says that the certificate shown to it is revoked; get another',
  ALERT_PROTOCOL_VERSION: NO_COMMON_VERSION,
  UNSUPPORTED_PROTOCOL: NO_COMMON_VERSION,
  ALERT_NO_APPLICATION_PROTOCOL: NOT_NNRP,
  NO_APPLICATION_PROTOCOL: NOT_NNRP,
  WRONG_VERSION_NUMBER: NOT_TLS,
  PACKET_LENGTH_TOO_LONG: NOT_TLS,
  HTTP_REQUEST: 'it speaks HTTP without TLS',
  PEER_DID_NOT_RETURN_A_CERTIFICATE: 'it shows no certificate, and one is required',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_HAS_EXPIRED: 'its certificate has expired, and has to be renewed there',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; are the clocks right?',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for other names; connect to one of them, or say which in `serverName`',
};

type Faults = Readonly<Record<string, string>>;

/** A failure to listen, as one clear sentence with host and port. */
export function listenError(place: string, cause: unknown): RuntimeError {
  return cannotListen(place, LISTEN_FAULTS, cause);
}

/** A failure to listen on a socket's file. */
export function listenFileError(place: string, cause: unknown): RuntimeError {
  return cannotListen(place, LISTEN_FILE_FAULTS, cause);
}

function cannotListen(place: string, faults: Faults, cause: unknown): RuntimeError {
  const message = `cannot listen on ${place}: ${reason(faults, cause)}`;
  return new RuntimeError('io', message, { reach: 'server', origin: 'local', cause });
}

/** A failure to connect, as one clear sentence with host and port. */
export function connectError(place: string, cause: unknown): RuntimeError {
  return noConnection(place, cause, reason(CONNECT_FAULTS, cause));
}

/** A fault of an established connection. */
export function connectionError(peer: string, cause: unknown): RuntimeError {
  return lostConnection(peer, cause, reason({}, cause));
}

/** Whether a connection failed by what TLS has told of it: another one to the same place would, too. */
export function isTlsFault(error: unknown): boolean {
  if (isOpensslFault(error)) return true;
  return error instanceof RuntimeError && (codeOf(error.cause) ?? '') in TLS_FAULTS;
}

/** The same where OpenSSL has said it, alerts among that: a page's client has this, and not the table. */
export function isOpensslFault(error: unknown): boolean {
  return error instanceof RuntimeError && opensslReasonOf(error.cause) !== undefined;
}

/** A peer that connected, and did not become a transport. */
export function handshakeError(
  phase: 'PROXY' | 'TLS' | 'WebSocket',
  peer: string,
  cause: unknown,
): RuntimeError {
  return new RuntimeError('io', `the ${phase} handshake with ${peer} failed: ${reason({}, cause)}`, {
    reach: 'connection',
    origin: 'peer',
    cause,
  });
}

/** A peer that connected, and took too long to become a transport. */
export function handshakeTimedOut(
  phase: 'PROXY' | 'TLS' | 'WebSocket',
  peer: string,
  ms: number,
): RuntimeError {
  return new RuntimeError('io', `the ${phase} handshake with ${peer} was not finished within ${ms} ms`, {
    reach: 'connection',
    origin: 'peer',
  });
}

/** Another protocol than the one that was asked for, or none, was agreed on. */
export function notAgreed(): Error {
  return new Error(NOT_NNRP);
}

/** The stream ended before the packet that it had begun. */
export function endInsidePacket(peer: string, missing: string): RuntimeError {
  return new RuntimeError('io', `the connection to ${peer} ended inside a packet, ${missing}`, {
    reach: 'connection',
    origin: 'peer',
  });
}

function reason(faults: Faults, cause: unknown): string {
  // Node tries every address of a name and reports them together. That one of them refused says more
  // than that there is no way to another.
  const attempts = attemptsOf(cause);
  const told = attempts.find((attempt) => codeOf(attempt) === 'ECONNREFUSED') ?? attempts[0] ?? cause;
  const code = codeOf(told) ?? '';
  const opensslReason = opensslReasonOf(told);
  return (
    faults[code] ??
    TLS_FAULTS[code] ??
    TLS_FAULTS[tlsName(opensslReason ?? '')] ??
    (opensslReason === undefined ? textOf(told) : `TLS failed: ${opensslReason}`)
  );
}

// By their properties: where code runs in a context of its own, Node's errors are no instances of its Error.

function attemptsOf(cause: unknown): readonly unknown[] {
  return isObject(cause) && 'errors' in cause && Array.isArray(cause.errors) ? cause.errors : [];
}

/**
 * OpenSSL's messages have places in its sources, and end with a line break; the reason is what counts.
 * Where writing failed, Node has it in the message only.
 */
function opensslReasonOf(cause: unknown): string | undefined {
  return isObject(cause) && 'message' in cause && typeof cause.message === 'string'
    ? /:error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)/.exec(cause.message)?.[1]
    : undefined;
}

/** A reason by the name that it has in the table: `tlsv1 alert unknown ca` is `ALERT_UNKNOWN_CA`. */
function tlsName(opensslReason: string): string {
  const name = opensslReason.toUpperCase().replace(/ /g, '_');
  return name.replace(/^.*(?=ALERT_)/, '');
}

function codeOf(cause: unknown): string | undefined {
  return isObject(cause) && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
