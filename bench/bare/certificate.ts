/** A certificate of an elliptic curve, as most have; whoever connects to the bench trusts anybody. */
export async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  // Loaded here: it takes 8 MB, which are none of those who need no certificate.
  const { generate } = await import('selfsigned');
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
  });
  return { cert, key };
}
