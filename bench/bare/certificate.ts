import { generate } from 'selfsigned';

/** A certificate of an elliptic curve, as most have; whoever connects to the bench trusts anybody. */
export async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
  });
  return { cert, key };
}
