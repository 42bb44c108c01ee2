import { generate } from 'selfsigned';
import type { TlsCertificate } from '../../src/transport/tls/credentials';

export interface Issued extends TlsCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Subject {
  readonly name: string;
  readonly organisation?: string;
  /** Default: of a server on this machine. */
  readonly uris?: readonly string[];
  readonly notAfter?: Date;
  readonly passphrase?: string;
}

/** Somebody who signs certificates, made for the test and never written down. */
export class Authority {
  private constructor(private readonly own: Issued) {}

  static async make(name: string): Promise<Authority> {
    const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
      ...EC,
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
      ],
    });
    return new Authority({ cert, key });
  }

  /** What those who trust it have as `ca`. */
  get cert(): string {
    return this.own.cert;
  }

  async issue({ name, organisation, uris, notAfter, passphrase }: Subject): Promise<Issued> {
    const { cert, private: key } = await generate(
      [
        ...(organisation === undefined ? [] : [{ shortName: 'O', value: organisation }]),
        { name: 'commonName', value: name },
      ],
      {
        ...EC,
        ca: this.own,
        ...(notAfter === undefined
          ? {}
          : { notBeforeDate: new Date(notAfter.getTime() - 86_400_000), notAfterDate: notAfter }),
        ...(passphrase === undefined ? {} : { passphrase }),
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          {
            name: 'subjectAltName',
            altNames:
              uris === undefined
                ? [
                    { type: 2, value: 'localhost' },
                    { type: 7, ip: '127.0.0.1' },
                    { type: 7, ip: '::1' },
                  ]
                : uris.map((value) => ({ type: 6, value })),
          },
        ],
      },
    );
    return { cert, key, ...(passphrase === undefined ? {} : { passphrase }) };
  }
}

const EC = { keyType: 'ec', algorithm: 'sha256' } as const;

/** Who there is in a test: a server and a client of one authority, and an authority of nobody here. */
export interface Lab {
  readonly authority: Authority;
  readonly stranger: Authority;
  readonly server: Issued;
  readonly alice: Issued;
}

export async function makeLab(): Promise<Lab> {
  const [authority, stranger] = await Promise.all([Authority.make('Lab CA'), Authority.make('Other CA')]);
  const server = await authority.issue({ name: 'server' });
  const alice = await authority.issue({ name: 'alice', organisation: 'Lab', uris: ['spiffe://lab/alice'] });
  return { authority, stranger, server, alice };
}
